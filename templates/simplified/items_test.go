package simplified_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates/simplified"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// itemCase is one item of the formats: what is sent, what it becomes, and what
// of it is written.
type itemCase struct {
	// Area and Item are the row of the page.
	Area string `json:"area"`
	Item string `json:"item"`
	// Base is the document that the members are added to.
	Base string `json:"base"`
	// Flat are the members; @ stands for the place of the base, root for the id
	// of the template's root. The value - drops a member of the base.
	Flat map[string]json.RawMessage `json:"flat"`
	// Want are parts of the canonical JSON that it becomes.
	Want []string `json:"want"`
	// Writes are keys of the FLAT document that is written, with their values.
	Writes map[string]json.RawMessage `json:"writes"`
	// Written tells in words how it is written, if not by its own keys.
	Written string `json:"written"`
	// Refused is a part of the message of the only problem.
	Refused string `json:"refused"`
	Note    string `json:"note"`
}

type itemBase struct {
	Template string                     `json:"template"`
	Place    string                     `json:"place"`
	Flat     map[string]json.RawMessage `json:"flat"`
}

// TestItems tries every item of the formats, and writes the page of them.
func TestItems(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "corpus/templates")
	data, err := os.ReadFile("testdata/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Bases map[string]itemBase `json:"bases"`
		Cases []itemCase          `json:"cases"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	subjects := map[string]subject{}
	for _, b := range doc.Bases {
		if _, ok := subjects[b.Template]; !ok {
			subjects[b.Template] = load(t, filepath.Join(dir, b.Template))
		}
	}
	for _, c := range doc.Cases {
		t.Run(c.Area+"/"+c.Item, func(t *testing.T) {
			t.Parallel()
			base, ok := doc.Bases[c.Base]
			if !ok {
				t.Fatalf("no base %q", c.Base)
			}
			tryItem(t, subjects[base.Template], base, c)
		})
	}
	var page strings.Builder
	page.WriteString(itemsPage)
	area := ""
	for _, c := range doc.Cases {
		if c.Area != area {
			area = c.Area
			fmt.Fprintf(&page, "\n## %s\n\n| Item | Read | Written | |\n|---|---|---|---|\n", area)
		}
		read := "as `" + strings.Join(slices.Sorted(keys(c.Flat)), "`, `") + "`"
		if c.Refused != "" {
			read = "refused: " + c.Refused
		}
		written := "the same"
		inContext := true
		for k := range c.Flat {
			inContext = inContext && strings.HasPrefix(k, "ctx/")
		}
		switch {
		case c.Written != "":
			written = c.Written
		case inContext:
			written = "each value at its own key"
		}
		if len(c.Writes) > 0 {
			written = "`" + strings.Join(slices.Sorted(keys(c.Writes)), "`, `") + "`"
		} else if c.Refused != "" {
			written = ""
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", c.Item, escape(read), escape(written), c.Note)
	}
	const golden = "../../docs/conformance/simplified.md"
	if *update {
		if err := os.WriteFile(golden, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("%s is out of date; run the test with -update: %s", golden, diff)
	}
}

func keys(m map[string]json.RawMessage) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func escape(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func tryItem(t *testing.T, s subject, base itemBase, c itemCase) {
	t.Helper()
	members := map[string]json.RawMessage{}
	place := func(k string) string {
		return strings.Replace(strings.Replace(k, "@", base.Place, 1), "root", s.wt.Tree.ID, 1)
	}
	for k, v := range base.Flat {
		members[place(k)] = v
	}
	for k, v := range c.Flat {
		if string(v) == `"-"` {
			delete(members, place(k))
			continue
		}
		members[place(k)] = v
	}
	in, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	n, problems := simplified.Decode(in, simplified.Flat, s.wt, s.tpl, simplified.Options{})
	if c.Refused != "" {
		if len(problems) == 0 || !rm.HasErrors(problems) || !strings.Contains(problems[0].Message, c.Refused) {
			t.Fatalf("got %+v", problems)
		}
		return
	}
	if n == nil || rm.HasErrors(problems) {
		t.Fatalf("%+v\n%s", problems, in)
	}
	canonical := string(rm.AppendJSON(nil, n))
	if len(c.Want) == 0 {
		t.Error("the case wants nothing")
	}
	for _, want := range c.Want {
		if !strings.Contains(canonical, want) {
			t.Errorf("no %s in %s", want, canonical)
		}
	}
	out, err := simplified.Encode(n, simplified.Flat, s.wt, s.tpl)
	if err != nil {
		t.Fatal(err)
	}
	var written map[string]json.RawMessage
	if err := json.Unmarshal(out, &written); err != nil {
		t.Fatal(err)
	}
	for k, want := range c.Writes {
		if got := string(written[place(k)]); got != string(want) {
			t.Errorf("writes %s: got %q, want %q\n%s", place(k), got, want, out)
		}
	}
	if len(c.Writes) == 0 {
		for k, v := range c.Flat {
			got, ok := written[place(k)]
			switch {
			case string(v) == `"-"`, !ok && (strings.HasPrefix(k, "ctx/") || c.Written != ""):
			case string(got) != string(v):
				t.Errorf("writes %s: got %s, want %s\n%s", place(k), got, v, out)
			}
		}
	}
	roundTrip(t, c.Item, s, n)
}

const itemsPage = `# FLAT and STRUCTURED, item by item

Every row is a case of ` + "`templates/simplified/testdata/items.json`" + ` that ` + "`TestItems`" + ` reads, compares with what it has to become
as canonical JSON, writes and takes through both formats; this page is generated by it
(` + "`go test ./templates/simplified -run TestItems -update`" + `). ` + "`@`" + ` is the place of the value and ` + "`root`" + ` the id of the
template. What is written is read back before it is sent, so that whatever has no suffix becomes ` + "`|raw`" + `.
Every key that the tables of the specification have is in one of the rows (` + "`TestEveryRowOfTheSpecification`" + `).
How the formats are used over REST is in [rest.md](rest.md#formats).
`
