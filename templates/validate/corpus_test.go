package validate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
)

func TestScratch(t *testing.T) {
	dir := filepath.Join(testshared.Dir(t), "corpus")
	tpls := map[string]*templates.Template{}
	files, _ := filepath.Glob(filepath.Join(dir, "templates", "*"))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		tpl, err := templates.ReadOPT(b, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if tpls[tpl.ID] == nil {
			tpls[tpl.ID] = tpl
		}
	}
	files, _ = filepath.Glob(filepath.Join(dir, "compositions", "json", "*"))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		var x struct {
			D struct {
				T struct{ Value string } `json:"template_id"`
			} `json:"archetype_details"`
		}
		if json.Unmarshal(b, &x) != nil {
			continue
		}
		n, problems := rm.DecodeJSON(b, rm.ClassComposition, rm.JSONOptions{})
		for _, p := range problems {
			t.Logf("%s DECODE %s %s %s", filepath.Base(f), p.Code, p.Path, p.Message)
		}
		tpl := tpls[x.D.T.Value]
		if tpl == nil || n == nil {
			t.Logf("%s no template %s", filepath.Base(f), x.D.T.Value)
			continue
		}
		problems = All(tpl, n, Options{})
		t.Logf("%s (%d bytes): %d problems", filepath.Base(f), len(b), len(problems))
		for _, p := range problems {
			t.Logf("    %d %s %s | %s | %s", p.Severity, p.Code, p.Path, p.Message, p.TemplatePath)
		}
	}
}
