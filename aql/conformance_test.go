package aql_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite generated documents")

var (
	declared  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	goTest    = regexp.MustCompile("^`((?:Test|Fuzz)\\w+)`$")
	statement = regexp.MustCompile(`\bS(\d+)\b`)
)

// TestConformancePageNamesItsTests: every row of a table with tests on the page
// names some, all of them exist, and every statement that the page refers to is
// there.
func TestConformancePageNamesItsTests(t *testing.T) {
	t.Parallel()
	const root = "../"
	page, err := os.ReadFile(root + "docs/conformance/aql.md")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			return err
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			functions[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	tests, rows, items := false, 0, 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			tests = false
			continue
		}
		if strings.HasPrefix(line, "|-") {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "| "), `\|`, "\x00"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		switch {
		case last == "Test":
			tests = true
			continue
		case !tests:
			continue
		}
		rows++
		if m := statement.FindStringSubmatch(cells[0]); m != nil && strings.TrimSpace(cells[0]) == m[0] {
			numbers[m[1]] = true
		} else {
			items++
		}
		for _, name := range strings.Split(last, ", ") {
			if m := goTest.FindStringSubmatch(name); m != nil {
				if !functions[m[1]] {
					t.Errorf("there is no test %s: %s", m[1], line)
				}
				continue
			}
			if _, err := os.Stat("aqltest/testdata/scripts/" + name + ".aqltest"); err != nil {
				t.Errorf("there is no script %q: %s", name, line)
			}
		}
	}
	for _, m := range statement.FindAllStringSubmatch(string(page), -1) {
		if !numbers[m[1]] {
			t.Errorf("the page refers to a statement S%s that it does not have", m[1])
		}
	}
	if len(numbers) < 60 || items < 40 {
		t.Errorf("only %d rows found, %d of them statements and %d items", rows, len(numbers), items)
	}
}

// TestExamplesAreOnThePage keeps the list of the specification's examples on the
// page that of TestExamplesOfTheSpecification.
func TestExamplesAreOnThePage(t *testing.T) {
	t.Parallel()
	const path = "../docs/conformance/aql.md"
	const begin, end = "-run ExamplesAreOnThePage -update -->\n", "<!-- end of examples -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the examples", path)
	}
	answers := map[string]string{}
	for name, rows := range specRows {
		count := "no rows"
		if n, ok := strings.CutPrefix(rows, "COUNT "); ok {
			count = n + " rows"
		} else if rows != "" {
			count = rowCount(rows)
		}
		answers[name] = count
	}
	for _, name := range specRefused {
		answers[name] = "`syntax`: not AQL by its own grammar"
	}
	var list strings.Builder
	list.WriteString("\n| File | Number | Answer |\n|---|---:|---|\n")
	for _, name := range slices.SortedFunc(maps.Keys(answers), byFileAndNumber) {
		file, number, _ := strings.Cut(name, " ")
		fmt.Fprintf(&list, "| %s | %s | %s |\n", file, number, answers[name])
	}
	list.WriteString("\n")
	want := before + begin + list.String() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("%s is out of date; run go test ./aql -run ExamplesAreOnThePage -update", path)
	}
}

// rowCount tells how many rows a text of specRows has. Rows are separated by
// blanks, which texts in quotes have too.
func rowCount(rows string) string {
	n, quoted := 1, false
	for _, r := range rows {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			n++
		}
	}
	if n == 1 {
		return "1 row"
	}
	return strconv.Itoa(n) + " rows"
}

func byFileAndNumber(a, b string) int {
	fileA, a, _ := strings.Cut(a, " ")
	fileB, b, _ := strings.Cut(b, " ")
	if c := strings.Compare(fileA, fileB); c != 0 {
		return c
	}
	m, _ := strconv.Atoi(a)
	n, _ := strconv.Atoi(b)
	return m - n
}
