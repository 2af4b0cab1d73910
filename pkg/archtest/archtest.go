// Package archtest holds the rules about the shape of the repository that its
// tests enforce: which package may import which, that generated files belong to
// their sources, and that links within the documentation lead somewhere. Nothing
// imports it.
package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the repository.
const Module = "github.com/cairn-ehr/cairn"

// A layer is a folder with the packages below it, unless a longer path has a
// layer of its own, and what its code (without tests) may import besides itself.
type layer struct {
	dir     string
	imports []string // folders; whole subtrees
}

// below is what the compilers of queries and mappings stand on.
var below = []string{"pkg/errs", "pkg/compact", "pkg/rm", "pkg/ucum", "pkg/terminology", "archetypes", "templates"}

// mapping are the packages of the mappings, from what all stand on to what stands on
// the engine (fhirmap/doc.go).
var mapping = []string{
	"fhirmap/r4", "fhirmap/fhirpath", "fhirmap/conceptmap", "fhirmap/fhirconnect", "fhirmap/reading", "fhirmap/compare", "fhirmap", "fhirmap/coverage", "fhirmap/casetest",
}

// useCases is what the APIs and the store stand on. The APIs import neither
// each other nor the store; what they need of it they declare as interfaces.
var useCases = slices.Concat([]string{"aql", "pkg/ehr"}, mapping, below)

// layers is the whole rule. A package outside of it fails the test: decide first
// where it belongs.
var layers = []layer{
	{dir: "pkg/errs"},
	{dir: "pkg/compact"},
	{dir: "pkg/rm", imports: []string{"pkg/errs"}},
	{dir: "pkg/ucum", imports: []string{"pkg/errs"}},
	{dir: "pkg/terminology", imports: []string{"pkg/errs", "pkg/rm"}},
	{dir: "archetypes", imports: []string{"pkg/errs", "pkg/rm", "pkg/terminology"}},
	{dir: "templates", imports: []string{"pkg/errs", "pkg/rm", "pkg/ucum", "pkg/terminology", "archetypes"}},
	{dir: "aql", imports: below},
	{dir: "fhirmap/r4"},
	{dir: "fhirmap/fhirpath", imports: []string{"fhirmap/r4", "pkg/ucum"}},
	{dir: "fhirmap/conceptmap", imports: []string{"fhirmap/r4"}},
	{dir: "fhirmap/fhirconnect", imports: []string{"fhirmap/conceptmap"}},
	{dir: "fhirmap/reading", imports: []string{"fhirmap/r4", "pkg/rm"}},
	{dir: "fhirmap/compare", imports: []string{"fhirmap/r4"}},
	{dir: "fhirmap", imports: append([]string{"fhirmap/r4", "fhirmap/compare", "fhirmap/conceptmap", "fhirmap/fhirconnect", "fhirmap/reading"}, below...)},
	{dir: "fhirmap/coverage", imports: append([]string{"fhirmap", "fhirmap/r4"}, below...)},
	{dir: "fhirmap/casetest", imports: append([]string{"fhirmap", "fhirmap/r4"}, below...)},
	{dir: "pkg/ehr", imports: slices.Concat([]string{"aql"}, mapping, below)},
	{dir: "pkg/auth", imports: []string{"pkg/errs", "pkg/ehr"}},
	{dir: "pkg/access", imports: []string{"pkg/errs", "pkg/ehr", "pkg/auth"}},
	{dir: "pkg/store", imports: append([]string{"migrations"}, useCases...)},
	{dir: "pkg/store/fhirstore", imports: append([]string{"migrations", "pkg/store", "pkg/fhir", "pkg/fhir/virtual"}, useCases...)},
	{dir: "pkg/event", imports: append([]string{"pkg/store", "pkg/store/fhirstore", "pkg/fhir"}, useCases...)},
	{dir: "pkg/apidoc", imports: []string{"pkg/errs"}},
	{dir: "pkg/httpapi", imports: []string{"pkg/errs"}},
	{dir: "pkg/rest", imports: append([]string{"pkg/apidoc", "pkg/auth", "pkg/httpapi", "pkg/telemetry"}, useCases...)},
	{dir: "pkg/fhir/virtual", imports: useCases},
	{dir: "pkg/fhir/catalogue", imports: []string{"fhirmap/r4", "pkg/apidoc"}},
	{dir: "pkg/fhir", imports: append([]string{"pkg/fhir/catalogue", "pkg/fhir/virtual", "pkg/apidoc", "pkg/auth", "pkg/httpapi", "pkg/telemetry"}, useCases...)},
	{dir: "pkg/synth", imports: useCases},
	{dir: "pkg/telemetry", imports: []string{"pkg/errs"}},
	{dir: "migrations", imports: []string{"pkg/errs"}},
	{dir: "pkg/pgembed"},
	{dir: "pkg/pgembed/pgtest", imports: []string{"migrations", "pkg/pgembed"}},
	{dir: "pkg/server", imports: append([]string{
		"migrations", "pkg/access", "pkg/apidoc", "pkg/auth", "pkg/event", "pkg/fhir", "pkg/fhir/catalogue", "pkg/fhir/virtual", "pkg/pgembed", "pkg/rest", "pkg/store", "pkg/store/fhirstore", "pkg/synth", "pkg/telemetry",
	}, useCases...)},
	{dir: "cmd", imports: append([]string{"pkg/pgembed", "pkg/server", "pkg/synth", "pkg/telemetry"}, useCases...)},
	{dir: "bench", imports: append([]string{"pkg/pgembed", "pkg/server", "pkg/synth"}, useCases...)},
	{dir: "pkg/archtest"},
	{dir: "pkg/testshared"},
}

// A wall keeps a library, or a package of our own, to the folders that may
// import it.
type wall struct{ imported, inside []string }

var walls = []wall{
	{[]string{"github.com/jackc/pgx/v5"}, []string{"pkg/store", "pkg/event", "pkg/server", "pkg/pgembed", "migrations", "aql/exec", "aql/nodestore", "aql/keptstore", "aql/aqltest", "bench"}},
	{[]string{"github.com/golang-migrate/migrate/v4"}, []string{"migrations"}},
	{[]string{"github.com/antlr4-go/antlr/v4", Module + "/aql/parse/gen"}, []string{"aql/parse"}},
	{[]string{"github.com/go-chi/chi/v5"}, []string{"pkg/rest", "pkg/fhir", "pkg/server", "pkg/telemetry", "pkg/access"}},
	{[]string{"github.com/prometheus/client_golang"}, []string{"pkg/telemetry", "pkg/server", "pkg/store"}},
	{[]string{"github.com/alecthomas/kong"}, []string{"cmd"}},
	{[]string{"github.com/riverqueue/river", "github.com/coder/websocket"}, []string{"pkg/event"}},
	{[]string{"net/http"}, []string{"pkg/httpapi", "pkg/rest", "pkg/fhir", "pkg/event", "pkg/server", "pkg/access", "pkg/auth", "pkg/telemetry", "pkg/terminology", "cmd", "bench"}},
	{[]string{"testing", "github.com/google/go-cmp", "pgregory.net/rapid", "github.com/cockroachdb/datadriven", Module + "/pkg/testshared"}, []string{"aql/aqltest", "pkg/pgembed/pgtest", "pkg/store/storetest", "pkg/testshared"}},
}

// within reports whether a path is the folder or below it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func layerOf(dir string) *layer {
	var found *layer
	for i := range layers {
		if l := &layers[i]; within(dir, l.dir) && (found == nil || len(l.dir) > len(found.dir)) {
			found = l
		}
	}
	return found
}

// judge is what is wrong with a package in the folder dir importing imported;
// empty when it may.
func judge(dir, imported string) string {
	from := layerOf(dir)
	if from == nil {
		return fmt.Sprintf("package %s has no layer: give it one in pkg/archtest", dir)
	}
	for _, w := range walls {
		in := func(d string) bool { return within(dir, d) }
		match := slices.IndexFunc(w.imported, func(p string) bool { return within(imported, p) })
		if match >= 0 && !slices.ContainsFunc(w.inside, in) {
			return fmt.Sprintf("%s imports %s, which only %s may", dir, imported, strings.Join(w.inside, ", "))
		}
	}
	if !within(imported, Module) {
		return ""
	}
	target := strings.TrimPrefix(strings.TrimPrefix(imported, Module), "/")
	to := layerOf(target)
	if to == nil {
		return fmt.Sprintf("%s imports %s, which has no layer: give it one in pkg/archtest", dir, target)
	}
	if to == from || slices.Contains(from.imports, to.dir) {
		return ""
	}
	return fmt.Sprintf("%s imports %s: %s may import only %s", dir, target, from.dir, orNothing(from.imports))
}

func orNothing(dirs []string) string {
	if len(dirs) == 0 {
		return "nothing of Cairn"
	}
	return strings.Join(slices.Sorted(slices.Values(dirs)), ", ")
}

// violations are the imports in the repository at root that the rules forbid,
// as file:line: text. Tests may import what they like.
func violations(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != root && (name == "testdata" || strings.HasPrefix(name, ".") || isModule(file)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if fault := judge(path.Dir(rel), imported); fault != "" {
				found = append(found, fmt.Sprintf("%s:%d: %s", rel, set.Position(spec.Pos()).Line, fault))
			}
		}
		return nil
	})
	return found, err
}

// isModule reports whether a folder is a module of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
