//go:build unix

package validate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// pair is a document with its template.
type pair struct {
	tpl  *templates.Template
	data []byte
}

// libraryPairs are the examples of the shipped templates at all levels.
func libraryPairs(b *testing.B) []pair {
	b.Helper()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		b.Fatalf("no templates: %v", err)
	}
	var out []pair
	for _, name := range names {
		opt, err := fs.ReadFile(library.Files, name)
		if err != nil {
			b.Fatal(err)
		}
		tpl, err := templates.ReadOPT(opt, templates.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		for _, detail := range []example.Detail{example.Required, example.Medium, example.Complete} {
			tree, err := example.Instance(tpl, example.Options{Detail: detail})
			if err != nil {
				b.Fatal(err)
			}
			out = append(out, pair{tpl, rm.AppendJSON(nil, tree)})
		}
	}
	return out
}

func corpusTemplates(b *testing.B) map[string][]byte {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(b), "corpus", "templates", "*.opt"))
	if err != nil {
		b.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[f], err = os.ReadFile(f); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

// corpusPairs are the real compositions whose template is at hand.
func corpusPairs(b *testing.B) []pair {
	b.Helper()
	byID := map[string]*templates.Template{}
	for _, opt := range corpusTemplates(b) {
		if tpl, err := templates.ReadOPT(opt, templates.Limits{}); err == nil {
			byID[tpl.ID] = tpl
		}
	}
	files, err := filepath.Glob(filepath.Join(testshared.Dir(b), "corpus", "compositions", "json", "*.json"))
	if err != nil {
		b.Fatal(err)
	}
	var out []pair
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		root, _ := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
		if root == nil {
			continue
		}
		if tpl := byID[root.String("archetype_details", "template_id", "value")]; tpl != nil {
			out = append(out, pair{tpl, rm.AppendJSON(nil, root)}) // without blanks
		}
	}
	if len(out) == 0 {
		b.Fatal("no compositions")
	}
	return out
}

// processor is the processor time that this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report gives the rate by processor time, which other processes on the machine
// disturb less than the clock.
func report(b *testing.B, size int, began time.Duration) {
	b.Helper()
	spent := (processor(b) - began).Seconds()
	b.ReportMetric(float64(size)*float64(b.N)/1e6/spent, "cpu-MB/s")
	b.ReportMetric(spent*1e3/float64(b.N), "cpu-ms/op")
}

// BenchmarkThroughput decodes and validates documents in every layer, one after
// another: the rate is bytes of canonical JSON without blanks per second of one
// core.
func BenchmarkThroughput(b *testing.B) {
	for name, pairs := range map[string]func(*testing.B) []pair{"library": libraryPairs, "corpus": corpusPairs} {
		b.Run(name, func(b *testing.B) {
			list := pairs(b)
			size := 0
			for _, p := range list {
				size += len(p.data)
			}
			b.SetBytes(int64(size))
			began := processor(b)
			for b.Loop() {
				for _, p := range list {
					root, _ := rm.DecodeJSON(p.data, p.tpl.Root.Class, rm.JSONOptions{})
					validate.All(p.tpl, root, validate.Options{})
				}
			}
			report(b, size, began)
			b.ReportMetric(float64(len(list)), "documents")
		})
	}
}

// BenchmarkCompile compiles the largest templates, and tells the memory that
// each keeps beside the file itself.
func BenchmarkCompile(b *testing.B) {
	largest := func(all map[string][]byte) (name string) {
		for n, opt := range all {
			if name == "" || len(opt) > len(all[name]) {
				name = n
			}
		}
		return name
	}
	shipped := map[string][]byte{}
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range names {
		if shipped[n], err = fs.ReadFile(library.Files, n); err != nil {
			b.Fatal(err)
		}
	}
	for where, all := range map[string]func() map[string][]byte{
		"library": func() map[string][]byte { return shipped }, "corpus": func() map[string][]byte { return corpusTemplates(b) },
	} {
		b.Run(where, func(b *testing.B) {
			files := all()
			name := largest(files)
			opt := files[name]
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			tpl, err := templates.ReadOPT(opt, templates.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.Logf("%s: %d KB, %d objects, %d KB compiled", strings.TrimSuffix(filepath.Base(name), ".opt"), len(opt)>>10, tpl.Objects(), (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>10)
			b.SetBytes(int64(len(opt)))
			began := processor(b)
			for b.Loop() {
				if _, err := templates.ReadOPT(opt, templates.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
			report(b, len(opt), began)
			runtime.KeepAlive(tpl)
		})
	}
}
