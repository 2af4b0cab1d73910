package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// document is what links have to do with a page: its links, by line, and the anchors
// of its headings.
type document struct {
	links   map[string]int
	anchors map[string]bool
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func readDocument(text string) document {
	d := document{map[string]int{}, map[string]bool{}}
	code := false
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		switch {
		case code:
		case strings.HasPrefix(line, "#"):
			a := anchor(strings.TrimSpace(strings.TrimLeft(line, "#")))
			first := a
			for i := 1; d.anchors[a]; i++ {
				a = first + "-" + strconv.Itoa(i)
			}
			d.anchors[a] = true
		default:
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				d.links[m[1]] = n + 1
			}
		}
	}
	return d
}

// anchor is a heading as links name it: letters, digits and hyphens, in lower case.
func anchor(heading string) string {
	heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// documents are the pages of the repository by path. testdata, which holds what
// others wrote, is left out.
func documents(t *testing.T) map[string]document {
	t.Helper()
	all := map[string]document{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != root && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		all[filepath.ToSlash(rel)] = readDocument(string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLinks: every link within the documentation leads somewhere, and every page of
// docs can be reached from docs/README.md.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := documents(t)
	const index = "docs/README.md"
	if len(all[index].links) == 0 {
		t.Fatalf("%s has no links", index)
	}
	leads := map[string][]string{}
	for page, d := range all {
		for target, line := range d.links {
			if strings.Contains(target, ":") { // elsewhere
				continue
			}
			file, fragment, _ := strings.Cut(target, "#")
			to := page
			if file != "" {
				to = path.Join(path.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s:%d: %s leads nowhere", page, line, target)
				continue
			}
			if other, ok := all[to]; ok && fragment != "" && !other.anchors[fragment] {
				t.Errorf("%s:%d: %s has no heading #%s", page, line, to, fragment)
			}
			leads[page] = append(leads[page], to)
		}
	}
	reached, next := map[string]bool{index: true}, []string{index}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		for _, to := range leads[page] {
			if !reached[to] {
				reached[to] = true
				next = append(next, to)
			}
		}
	}
	for page := range all {
		if within(page, "docs") && !reached[page] {
			t.Errorf("no page that can be reached from %s leads to %s", index, page)
		}
	}
}

func TestReadDocument(t *testing.T) {
	t.Parallel()
	d := readDocument("# A `b` c, d\n[x](y.md#z)\n```\n[not](one.md)\n# nor this\n```\n## Twice\n## Twice\n## [Where](w.md) it is\n")
	for _, a := range []string{"a-b-c-d", "twice", "twice-1", "where-it-is"} {
		if !d.anchors[a] {
			t.Errorf("there is no anchor %s: %v", a, d.anchors)
		}
	}
	if d.links["y.md#z"] != 2 || len(d.links) != 1 {
		t.Errorf("links %v", d.links)
	}
}
