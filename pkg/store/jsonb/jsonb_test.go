package jsonb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store/jsonb"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// keeper tells what the database keeps for a text.
func keeper(t testing.TB) func(text []byte) ([]byte, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.EmptyURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `create cast (jsonb as bytea) without function`); err != nil {
		t.Skipf("the role of the test database cannot create the cast: %v", err)
	}
	return func(text []byte) (kept []byte, err error) {
		err = conn.QueryRow(context.Background(), `select convert_from($1, 'UTF8')::jsonb::bytea`, text).Scan(&kept)
		return kept, err
	}
}

// TestAsTheDatabase: what is written is what the database makes of the text.
func TestAsTheDatabase(t *testing.T) {
	t.Parallel()
	kept := keeper(t)
	var w jsonb.Writer
	compare := func(name string, text []byte) {
		t.Helper()
		got, err := w.Append([]byte("???"), text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		want, err := kept(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(got[3:], want) {
			t.Errorf("%s: %d bytes are not the %d of the database", name, len(got)-3, len(want))
		}
	}
	probe, want := jsonb.Probe()
	compare("probe", []byte(probe))
	if got, err := kept([]byte(probe)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the probe is kept otherwise: %v", err)
	}

	g := synth.New(1, synth.WithMeanSize(18_000))
	n := 0
	for patient := range 5 {
		p := g.Patient(patient)
		for k := range p.Compositions() {
			_, root := p.Tree(k)
			compare("synthetic", rm.AppendJSON(nil, root))
			n++
		}
	}
	t.Logf("%d synthetic compositions", n)
}

// TestCorpusAsTheDatabase does so for JSON of other projects.
func TestCorpusAsTheDatabase(t *testing.T) {
	t.Parallel()
	dir := testshared.Dir(t)
	kept := keeper(t)
	var w jsonb.Writer
	files, left := 0, 0
	err := filepath.WalkDir(filepath.Join(dir, "corpus"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := w.Append(nil, text)
		if err != nil {
			left++
			return nil
		}
		files++
		want, err := kept(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes are not the %d of the database", path, len(got), len(want))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d left to the database", files, left)
	if files < left {
		t.Errorf("of %d files %d cannot be written", files+left, left)
	}
}

// TestLeftToTheDatabase: what is not written is refused, and nothing of it stays.
func TestLeftToTheDatabase(t *testing.T) {
	t.Parallel()
	var w jsonb.Writer
	for _, text := range []string{
		``, ` `, `1`, `"a"`, `null`, `[]`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1}x`, `{"a":1}{}`, `{,}`, `{"a":[1,]}`, `{"a":[1`, `{a:1}`,
		`{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":1e5}`, `{"a":1.5E-3}`, `{"a":NaN}`,
		`{"a":` + strings.Repeat("1", 201) + `}`, `{"a":0.` + strings.Repeat("1", 61) + `}`,
		`{"a":tru}`, `{"a":nul}`, "{\"a\":\"\x01\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u00g0"}`,
		`{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":"\ud800x"}`, `{"a":"\ud800\u0041"}`, `{"a":"\udc00"}`, `{"a":"\ud800\ud800"}`, `{"a":"`, `{"a":"\`, `{"a":"\u`,
		`{"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`,
	} {
		got, err := w.Append([]byte("before"), []byte(text))
		if err == nil || string(got) != "before" {
			t.Errorf("%.60q: %d bytes and error %v", text, len(got), err)
		}
	}
}

// FuzzAsTheDatabase: whatever is written is what the database makes of the text.
func FuzzAsTheDatabase(f *testing.F) {
	probe, _ := jsonb.Probe()
	for _, text := range []string{`{}`, `{"a":[1,2,{"b":null}],"aa":"\ud83d\ude00"}`, `{"n":-120.50,"a":{"a":{"a":[]}}}`, `{"a":1,"a":2}`, probe} {
		f.Add([]byte(text))
	}
	kept := keeper(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var w jsonb.Writer
		got, err := w.Append(nil, text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
		want, err := kept(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q: %x, want %x", text, got, want)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	g := synth.New(1, synth.WithMeanSize(18_000))
	var texts [][]byte
	var size int64
	for number := 0; len(texts) < 100; number++ {
		p := g.Patient(number)
		for k := range p.Compositions() {
			if id, root := p.Tree(k); id == synth.VitalSigns {
				texts = append(texts, rm.AppendJSON(nil, root))
				size += int64(len(texts[len(texts)-1]))
			}
		}
	}
	b.SetBytes(size / int64(len(texts)))
	b.ReportAllocs()
	var w jsonb.Writer
	var buf []byte
	for i := 0; b.Loop(); i++ {
		var err error
		if buf, err = w.Append(buf[:0], texts[i%len(texts)]); err != nil {
			b.Fatal(err)
		}
	}
}
