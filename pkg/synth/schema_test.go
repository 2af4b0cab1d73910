package synth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// TestCanonicalJSONMeetsThePublishedSchema checks what the codec writes, for
// every kind of synthetic object, against the openEHR JSON Schema of RM 1.1.0.
func TestCanonicalJSONMeetsThePublishedSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(testshared.Dir(t), "specs", "json-schema", "openehr_rm_1.1.0_all.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.CompileString("openehr_rm_1.1.0_all.json", string(text))
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, data []byte) {
		t.Helper()
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := synth.New(5)
	for i := range 6 {
		p := g.Patient(i)
		check("EHR_STATUS", p.EHRStatus())
		for k := range min(p.Compositions(), 5) {
			template, tree := p.Tree(k)
			check(template, rm.AppendJSON(nil, tree))
		}
	}
	if err := schema.Validate(map[string]any{"_type": "COMPOSITION", "name": map[string]any{"value": "x"}}); err == nil {
		t.Error("the schema accepts a COMPOSITION without content and context, so it checks nothing")
	}
}
