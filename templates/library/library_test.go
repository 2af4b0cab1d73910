package library_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// invalid is a composition that a template must not accept: the template's
// complete example with one thing made wrong. Exactly one of Set, Remove and
// Repeat is given.
type invalid struct {
	Template string
	// Why says what is wrong in the terms of the domain.
	Why string
	// Path leads to what is edited. A predicate is an archetype node id, and
	// stands for the first item that has it, or an index.
	Path string
	Set  json.RawMessage
	// Remove takes the value away; of a list, every item of the node id.
	Remove bool
	// Repeat adds the item to its list once more.
	Repeat bool
	// Want are the errors, each as code and RM path.
	Want []string
}

func compiled(t *testing.T, id string) *templates.Template {
	t.Helper()
	data, err := fs.ReadFile(library.Files, id+".opt")
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func errorsOf(tpl *templates.Template, data []byte) []string {
	n, problems := rm.DecodeJSON(data, tpl.Root.Class, rm.JSONOptions{})
	if n != nil {
		problems = append(problems, validate.All(tpl, n, validate.Options{})...)
	}
	var out []string
	for _, p := range problems {
		if p.Severity == rm.Error {
			out = append(out, p.Code+" "+p.Path)
		}
	}
	return out
}

func TestInvalidCompositionsAreRefused(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/invalid.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []invalid
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, c := range cases {
		count[c.Template]++
		t.Run(c.Template+", "+c.Why, func(t *testing.T) {
			t.Parallel()
			tpl := compiled(t, c.Template)
			tree, err := example.Instance(tpl, example.Options{Detail: example.Complete})
			if err != nil {
				t.Fatal(err)
			}
			data := rm.AppendJSON(nil, tree)
			if got := errorsOf(tpl, data); got != nil {
				t.Fatalf("the example is not valid to begin with: %v", got)
			}
			var doc any
			dec := json.NewDecoder(bytes.NewReader(data))
			dec.UseNumber()
			if err := dec.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if err := c.edit(doc); err != nil {
				t.Fatal(err)
			}
			if data, err = json.Marshal(doc); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.Want, errorsOf(tpl, data)); diff != "" || len(c.Want) == 0 {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if id := strings.TrimSuffix(name, ".opt"); count[id] < 4 {
			t.Errorf("%s has %d invalid compositions", id, count[id])
		}
	}
}

var step = regexp.MustCompile(`^([a-z_]+)(?:\[([^\]]+)\])?$`)

// edit makes the change in a decoded JSON document.
func (c *invalid) edit(doc any) error {
	parts := strings.Split(strings.TrimPrefix(c.Path, "/"), "/")
	for i, part := range parts {
		m := step.FindStringSubmatch(part)
		object, ok := doc.(map[string]any)
		if m == nil || !ok {
			return fmt.Errorf("%s: no attribute %s", c.Path, part)
		}
		last := i == len(parts)-1
		key, predicate := m[1], m[2]
		if _, ok := object[key]; !ok {
			return fmt.Errorf("%s: no attribute %s in the example", c.Path, key)
		}
		if predicate == "" {
			switch {
			case !last:
				doc = object[key]
			case c.Remove:
				delete(object, key)
			case c.Set != nil:
				object[key] = c.Set
			default:
				return fmt.Errorf("%s: only an item of a list can be repeated", c.Path)
			}
			continue
		}
		list, ok := object[key].([]any)
		if !ok {
			return fmt.Errorf("%s: %s is not a list", c.Path, key)
		}
		is := func(item any) bool {
			o, ok := item.(map[string]any)
			return ok && o["archetype_node_id"] == predicate
		}
		at := slices.IndexFunc(list, is)
		if n, err := strconv.Atoi(predicate); err == nil && n < len(list) {
			at = n
		}
		if at < 0 {
			return fmt.Errorf("%s: no %s in the example", c.Path, part)
		}
		switch {
		case !last:
			doc = list[at]
		case c.Remove:
			object[key] = slices.DeleteFunc(list, is)
		case c.Repeat:
			object[key] = append(list, list[at])
		default:
			list[at] = c.Set
		}
	}
	return nil
}
