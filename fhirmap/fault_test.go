package fhirmap_test

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestFaultOfTheEngineIsAnError hands over a tree that no codec builds.
func TestFaultOfTheEngineIsAnError(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	broken := &rm.Node{Class: rm.Lookup("COMPOSITION"), Attrs: []rm.Attr{{Items: []*rm.Node{{Text: "secret"}}}}}
	res, err := lib.Project(fhirmap.Input{
		Root: broken, EHRID: "e1", ObjectID: "o1", VersionUID: "o1::s::1", SystemID: "s", Lifecycle: "532",
	})
	if !errs.Is(err, errs.Internal) {
		t.Fatalf("got %v, want an internal error", err)
	}
	if len(res.Resources) > 0 || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %d resources and %v", len(res.Resources), err)
	}
}
