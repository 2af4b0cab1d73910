package archtest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A generated group is files that a program made of other files.
type generated struct {
	dir     string
	sources []string // with the script that runs the program, since its version matters
	results []string
}

var generatedFiles = []generated{{
	dir:     "aql/parse/gen",
	sources: []string{"AqlLexer.g4", "AqlParser.g4", "generate.sh"},
	results: []string{"aql_lexer.go", "aql_parser.go"},
}, {
	dir:     "pkg/ucum",
	sources: []string{"gen/clinical.txt", "gen/facts.mjs", "gen/generate.sh", "gen/package-lock.json", "gen/table.mjs"},
	results: []string{"atoms.tsv", "testdata/facts.tsv"},
}}

// sumFile records the hashes of a group's files when they were generated.
const sumFile = "generated.sum"

// sums is the present content for a group's sumFile.
func (g generated) sums(root string) (string, error) {
	var b strings.Builder
	for _, name := range append(append([]string{}, g.sources...), g.results...) {
		content, err := os.ReadFile(filepath.Join(root, g.dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(content), name)
	}
	return b.String(), nil
}
