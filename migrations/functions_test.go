package migrations_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

const answer = `create function answer() returns int language sql return `

func wantAnswer(t *testing.T, url, call, want string) {
	t.Helper()
	var got string
	if err := connect(t, url).QueryRow(t.Context(), `select `+call).Scan(&got); err != nil || got != want {
		t.Errorf("%s is %q, %v; want %q", call, got, err, want)
	}
}

func functions(t *testing.T, url string) []string {
	t.Helper()
	var out []string
	for _, o := range objects(t, url) {
		if name, ok := strings.CutPrefix(o, "function "); ok {
			out = append(out, name)
		}
	}
	return out
}

func TestFunctionsAreAppliedWhenTheyChange(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	files := fstest.MapFS{
		"0001_a.up.sql":      file("create function answer() returns int language sql return 1"),
		"functions/a.sql":    file(answer + "2;\ncreate function twice() returns int language sql return 2 * answer();"),
		"functions/note.txt": file("not SQL"),
	}
	steps := []struct {
		name   string
		change func()
		call   string
		want   string
		left   []string
	}{
		{"one of a numbered migration is replaced", func() {}, "twice()::text", "4", []string{"answer()", "twice()"}},
		{"nothing changed", func() {}, "twice()::text", "4", []string{"answer()", "twice()"}},
		{"another body and signature, one less", func() {
			files["functions/a.sql"] = file("CREATE OR REPLACE FUNCTION answer(x int, out y text) language plpgsql as $$ begin y := 'x' || x; end $$")
		}, "answer(3)", "x3", []string{"answer(x integer, OUT y text)"}},
		{"moved to another file", func() {
			files["functions/b.sql"] = files["functions/a.sql"]
			delete(files, "functions/a.sql")
		}, "answer(3)", "x3", []string{"answer(x integer, OUT y text)"}},
		{"two overloads", func() {
			files["functions/b.sql"] = file(answer + "5;\ncreate function answer(x int) returns int language sql return x;")
		}, "(answer() + answer(2))::text", "7", []string{"answer()", "answer(x integer)"}},
	}
	for _, step := range steps {
		step.change()
		if err := migrations.UpFrom(ctx, files, url); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		t.Run(step.name, func(t *testing.T) {
			wantAnswer(t, url, step.call, step.want)
			if diff := cmp.Diff(step.left, functions(t, url)); diff != "" {
				t.Errorf("functions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFunctionsThatFailChangeNothing(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	files := fstest.MapFS{
		"0001_a.up.sql":   file("create table a (x int)"),
		"functions/a.sql": file(answer + "1"),
		"functions/b.sql": file("create function other() returns int language sql return 1"),
	}
	if err := migrations.UpFrom(ctx, files, url); err != nil {
		t.Fatal(err)
	}
	files["functions/a.sql"] = file(answer + "2")
	files["functions/b.sql"] = file("create function other() returns int\nlanguage sql return nonsense")
	err := migrations.UpFrom(ctx, files, url)
	if err == nil || !strings.Contains(err.Error(), "functions of b.sql, line 2") {
		t.Errorf("error %v, want it to name file and line", err)
	}
	wantAnswer(t, url, "(answer() + other())::text", "2")
	files["functions/b.sql"] = file("create function answer(x int) returns int language sql return x")
	if err := migrations.UpFrom(ctx, files, url); err == nil || !strings.Contains(err.Error(), "answer is in a.sql and in b.sql") {
		t.Errorf("a function in two files: %v", err)
	}
	files["functions/b.sql"] = file("select 1")
	if err := migrations.UpFrom(ctx, files, url); err == nil || !strings.Contains(err.Error(), "b.sql creates no function") {
		t.Errorf("a file without function: %v", err)
	}
	delete(files, "functions/b.sql")
	if err := migrations.UpFrom(ctx, files, url); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, url, "answer()::text", "2")
	if diff := cmp.Diff([]string{"answer()"}, functions(t, url)); diff != "" {
		t.Errorf("the function of a file that is gone (-want +got):\n%s", diff)
	}
}

// An older program neither migrates a newer database nor replaces its functions.
func TestFunctionsOfANewerProgramStay(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	old := fstest.MapFS{"0001_a.up.sql": file("create table a (x int)"), "functions/a.sql": file(answer + "1")}
	newer := fstest.MapFS{"0001_a.up.sql": old["0001_a.up.sql"], "0002_b.up.sql": file("create table b (x int)"), "functions/a.sql": file(answer + "2")}
	for _, files := range []fstest.MapFS{old, newer} {
		if err := migrations.UpFrom(ctx, files, url); err != nil {
			t.Fatal(err)
		}
	}
	if err := migrations.UpFrom(ctx, old, url); !errs.Is(err, errs.Conflict) {
		t.Errorf("error %v, want a conflict", err)
	}
	wantAnswer(t, url, "answer()::text", "2")
}

func TestManyApplyFunctionsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	files := fstest.MapFS{"0001_a.up.sql": file("create table a (x int)"), "functions/a.sql": file(answer + "1")}
	if err := migrations.UpFrom(ctx, files, url); err != nil {
		t.Fatal(err)
	}
	files["functions/a.sql"] = file(answer + "2")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := migrations.UpFrom(ctx, files, url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantAnswer(t, url, "answer()::text", "2")
}
