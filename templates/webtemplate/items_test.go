package webtemplate_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// item is one feature of web templates with a node that shows it.
type item struct {
	// Area and Item are the row of the page, Does what it says.
	Area string `json:"area"`
	Item string `json:"item"`
	Does string `json:"does"`
	// Template is a file of the library, or of the corpus.
	Template string `json:"template"`
	// Node is the path by ids below the root; "" is the root, "/" the document.
	Node string `json:"node"`
	// Want are members as they are, by name or, within others, by a path with
	// dots; null is absent. Children are the ids below.
	Want     map[string]json.RawMessage `json:"want"`
	Children []string                   `json:"children"`
}

func readItems(t *testing.T) []item {
	t.Helper()
	data, err := os.ReadFile("testdata/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []item
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestItems tries every feature of web templates that the page lists.
func TestItems(t *testing.T) {
	t.Parallel()
	for _, it := range readItems(t) {
		t.Run(it.Area+"/"+it.Item, func(t *testing.T) {
			t.Parallel()
			tpl := (*templates.Template)(nil)
			if data, err := fs.ReadFile(library.Files, it.Template); err == nil {
				if tpl, err = templates.ReadOPT(data, templates.Limits{}); err != nil {
					t.Fatal(err)
				}
			} else {
				tpl = readTemplate(t, it.Template)
			}
			var node map[string]any
			if err := json.Unmarshal(webtemplate.Build(tpl).JSON(), &node); err != nil {
				t.Fatal(err)
			}
			if it.Node != "/" {
				node, _ = node["tree"].(map[string]any)
				for _, id := range strings.FieldsFunc(it.Node, func(c rune) bool { return c == '/' }) {
					list := children(node)
					i := slices.IndexFunc(list, func(n map[string]any) bool { return n["id"] == id })
					if i < 0 {
						t.Fatalf("no node %s in %s", id, ids(list))
					}
					node = list[i]
				}
			}
			if it.Want == nil && it.Children == nil {
				t.Fatal("the item wants nothing")
			}
			for name, raw := range it.Want {
				var want any
				if err := json.Unmarshal(raw, &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, member(node, name)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			if got := ids(children(node)); it.Children != nil && got != strings.Join(it.Children, " ") {
				t.Errorf("children %s", got)
			}
		})
	}
}

// member is what stands at a path of names and positions; nil if nothing does.
func member(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// itemsTables are the items as tables of the page.
func itemsTables(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	area := ""
	for _, it := range readItems(t) {
		if it.Area != area {
			area = it.Area
			fmt.Fprintf(&b, "\n### %s\n\n| Item | What Cairn does | Shown by |\n|---|---|---|\n", area)
		}
		shown := "the root"
		switch {
		case it.Node == "/":
			shown = "the document"
		case it.Node != "":
			shown = "`" + it.Node + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s of %s |\n", it.Item, it.Does, shown, strings.TrimSuffix(it.Template, ".opt"))
	}
	return b.String()
}
