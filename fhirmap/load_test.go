package fhirmap

import "testing"

func TestShippedMappingsCompile(t *testing.T) {
	t.Parallel()
	lib, err := LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	if got := lib.Types(); len(got) != 4 {
		t.Errorf("types: %v", got)
	}
}
