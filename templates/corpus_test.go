package templates

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// rejected are the files of the corpus that are no usable templates, with the
// code of the first problem and why that is right.
var rejected = map[string]struct{ code, reason string }{}

func TestEveryTemplateOfTheCorpusCompilesOrIsRejectedForAStatedReason(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "corpus", "templates")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := ReadOPT(data, Limits{})
		want, reject := rejected[f.Name()]
		switch {
		case err == nil && reject:
			t.Errorf("%s compiles, but: %s", f.Name(), want.reason)
		case err == nil:
			if tpl.ID == "" || tpl.Root == nil || tpl.Objects() < 2 {
				t.Errorf("%s compiles to nothing", f.Name())
			}
			for _, n := range tpl.Notes {
				t.Log(f.Name(), n)
			}
		case !reject:
			for _, p := range errs.As(err).Detail.([]rm.Problem) {
				t.Errorf("%s: %s %s", f.Name(), p.Path, p.Message)
			}
		case errs.As(err).Code != want.code:
			t.Errorf("%s: code %s, want %s: %v", f.Name(), errs.As(err).Code, want.code, err)
		}
	}
}

func BenchmarkReadOPTLargest(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(testshared.Dir(b), "corpus", "templates", "ips.v0.opt"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadOPT(data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
