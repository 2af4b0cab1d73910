package library_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/simplified"
	"github.com/cairn-ehr/cairn/templates/validate"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// TestRealisticDocumentsAreAccepted: each template accepts what was written by
// hand for it, in FLAT or, for what is no composition, in canonical JSON.
func TestRealisticDocumentsAreAccepted(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		id := strings.TrimSuffix(name, ".opt")
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			tpl := compiled(t, id)
			data, err := os.ReadFile("testdata/valid/" + id + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var members map[string]json.RawMessage
			if err := json.Unmarshal(data, &members); err != nil {
				t.Fatal(err)
			}
			var n *rm.Node
			var problems []rm.Problem
			if _, canonical := members["_type"]; canonical {
				n, problems = rm.DecodeJSON(data, tpl.Root.Class, rm.JSONOptions{})
			} else {
				n, problems = simplified.Decode(data, simplified.Flat, webtemplate.Build(tpl), tpl, simplified.Options{})
			}
			if n != nil {
				problems = append(problems, validate.All(tpl, n, validate.Options{})...)
			}
			for _, p := range problems {
				t.Errorf("%s %s: %s", p.Code, p.Path, p.Message)
			}
		})
	}
}
