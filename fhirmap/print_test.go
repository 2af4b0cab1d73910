package fhirmap_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
)

// TestPrint keeps the text of compiled plans, which was checked by hand.
func TestPrint(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.Load(os.DirFS("testdata/print"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := lib.Print(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/print/plans.txt", []byte(b.String()))
}

// TestPrintShipped asks that every model that runs or is called appears, and
// that the text is the same each time.
func TestPrintShipped(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	var b, again strings.Builder
	if err := lib.Print(&b); err != nil {
		t.Fatal(err)
	}
	if err := lib.Print(&again); err != nil || b.String() != again.String() {
		t.Errorf("a second print differs, or %v", err)
	}
	for _, f := range lib.Files() {
		if f.Kind == fhirconnect.ModelFile && !strings.Contains(b.String(), ": "+f.Name.Value+" "+f.Version+" makes ") {
			t.Errorf("%s does not appear", f.Name.Value)
		}
	}
}
