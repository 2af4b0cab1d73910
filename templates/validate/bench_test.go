package validate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
)

func BenchmarkValidate(b *testing.B) {
	dir := filepath.Join(testshared.Dir(b), "corpus")
	for _, c := range []struct{ name, template, composition string }{
		{"15KB", "ehrbase_multi_occurrence.de.opt", "multi_occurrence.json"},
		{"45KB", "corona_anamnese.opt", "compo_corona.json"},
		{"294KB", "ips.v0.opt", "ips_canonical.json"},
	} {
		opt, err := os.ReadFile(filepath.Join(dir, "templates", c.template))
		if err != nil {
			b.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "compositions", "json", c.composition))
		if err != nil {
			b.Fatal(err)
		}
		tpl, err := templates.ReadOPT(opt, templates.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		root, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		for _, layer := range []struct {
			name string
			run  func() []rm.Problem
		}{
			{"template", func() []rm.Problem { return Template(tpl, root, Options{}) }},
			{"terminology", func() []rm.Problem { return Terminology(root, Options{}) }},
			{"all", func() []rm.Problem { return All(tpl, root, Options{}) }},
		} {
			b.Run(c.name+"/"+layer.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if p := layer.run(); rm.HasErrors(p) {
						b.Fatal(p)
					}
				}
			})
		}
	}
}
