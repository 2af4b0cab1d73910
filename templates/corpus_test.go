package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// rejected are the files of the corpus that are no usable templates, with the
// code of the first problem and why that is right. There are none: every file
// compiles.
var rejected = map[string]struct{ code, reason string }{}

// noted are irregularities of files of the corpus that have to be noticed.
var noted = map[string]string{
	"RIPPLE-Conformance Test.opt":  "attribute null_flavor read as null_flavour",
	"ips.v0.opt":                   "constraint on the name of a ISM_TRANSITION, which has none",
	"skipped_invalid_node_ids.opt": "node id at9998 on a EVENT_CONTEXT, which has none",
	"section_cardinality.opt":      "no instance can satisfy COMPOSITION.content: at least 8 members within cardinality 1..1",
}

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
			if note := noted[f.Name()]; !strings.Contains(tpl.Dump(), note) {
				t.Errorf("%s: nothing is said of %q", f.Name(), note)
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
