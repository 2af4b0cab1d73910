package webtemplate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// corpusTemplates maps the web templates of the corpus to their templates.
var corpusTemplates = map[string]string{
	"AlternativeEvents.json": "AlternativeEvents.opt", "GECCO_Diagnose.json": "GECCO_Diagnose.opt",
	"Testing_Template_N.json": "Testing_Template_N.opt", "addiction.json": "additciton_alcohol.opt",
	"befund_der_blutgasanalyse.json": "Befund_der_Blutgasanalyse.opt", "constrain_test.json": "constrain_test.opt",
	"corona_anamnese.json": "corona_anamnese.opt", "example.initialassesment.json": "example_initialassesment.v0.opt",
	"gecco_serologischer_befund.json": "GECCO_Serologischer Befund.opt", "ips_template.json": "ips.v0.opt",
	"language_test.json": "language_test.opt", "multi_occurrence.json": "ehrbase_multi_occurrence.de.opt",
	"skipped_invalid_node_ids.json": "skipped_invalid_node_ids.opt", "test_all_types.json": "Test_all_types.opt",
}

func readTemplate(t testing.TB, file string) *templates.Template {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testshared.Dir(t), "corpus", "templates", file))
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// difference is one field in which a node is not as in the corpus.
type difference struct{ path, field, want, got string }

// compare lists the differences of two nodes and all below them. Nodes are
// matched by id.
func compare(path string, want, got map[string]any, out *[]difference) {
	add := func(field string, w, g any) {
		text := func(v any) string {
			if v == nil {
				return "-"
			}
			b, err := json.Marshal(v)
			if err != nil {
				panic(err)
			}
			return string(b)
		}
		*out = append(*out, difference{path, field, text(w), text(g)})
	}
	keys := map[string]bool{}
	for k := range want {
		keys[k] = true
	}
	for k := range got {
		keys[k] = true
	}
	delete(keys, "children")
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		w, g := want[k], got[k]
		if k == "inputs" {
			compareInputs(w, g, want["id"] == "current_state", add)
			continue
		}
		if !reflect.DeepEqual(plain(w), plain(g)) {
			add(k, w, g)
		}
	}
	wantChildren, gotChildren := children(want), children(got)
	for _, w := range wantChildren {
		i := slices.IndexFunc(gotChildren, func(g map[string]any) bool { return g["id"] == w["id"] })
		if i < 0 {
			add("child missing "+w["rmType"].(string), w["id"], nil)
			continue
		}
		compare(path+"/"+w["id"].(string), w, gotChildren[i], out)
	}
	for _, g := range gotChildren {
		if !slices.ContainsFunc(wantChildren, func(w map[string]any) bool { return g["id"] == w["id"] }) {
			add("child added "+g["rmType"].(string), nil, g["id"])
		}
	}
	if ids(wantChildren) != ids(gotChildren) && sorted(wantChildren) == sorted(gotChildren) {
		add("order", ids(wantChildren), ids(gotChildren))
	}
}

func compareInputs(w, g any, states bool, add func(string, any, any)) {
	wl, _ := w.([]any)
	gl, _ := g.([]any)
	if len(wl) != len(gl) {
		add("inputs", w, g)
		return
	}
	for i := range wl {
		wi, gi := wl[i].(map[string]any), gl[i].(map[string]any)
		for _, k := range []string{"suffix", "type", "terminology", "listOpen", "defaultValue", "validation", "list"} {
			if k == "list" {
				compareList(wi[k], gi[k], states, add)
			} else if !reflect.DeepEqual(plain(wi[k]), plain(gi[k])) {
				add("inputs."+k, wi[k], gi[k])
			}
		}
	}
}

func compareList(w, g any, states bool, add func(string, any, any)) {
	wl, _ := w.([]any)
	gl, _ := g.([]any)
	if len(wl) != len(gl) {
		add("inputs.list", w, g)
		return
	}
	if states {
		byValue := func(a, b any) int {
			return strings.Compare(fmt.Sprint(a.(map[string]any)["value"]), fmt.Sprint(b.(map[string]any)["value"]))
		}
		wl, gl = slices.Clone(wl), slices.Clone(gl)
		slices.SortFunc(wl, byValue)
		slices.SortFunc(gl, byValue)
	}
	for i := range wl {
		wi, gi := wl[i].(map[string]any), gl[i].(map[string]any)
		keys := map[string]bool{}
		for k := range wi {
			keys[k] = true
		}
		for k := range gi {
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if !reflect.DeepEqual(plain(wi[k]), plain(gi[k])) {
				add("inputs.list."+k, wi[k], gi[k])
			}
		}
	}
}

// plain makes values comparable: texts without differences of white space, and
// sets, such as the ids that a node depends on, in one order.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Join(strings.Fields(v), " ")
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		out := map[string]any{}
		for k, x := range v {
			out[k] = plain(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return out
	}
	return v
}

func children(n map[string]any) []map[string]any {
	var out []map[string]any
	list, _ := n["children"].([]any)
	for _, c := range list {
		out = append(out, c.(map[string]any))
	}
	return out
}

func ids(nodes []map[string]any) string {
	var list []string
	for _, n := range nodes {
		list = append(list, n["id"].(string))
	}
	return strings.Join(list, " ")
}

func sorted(nodes []map[string]any) string {
	list := strings.Fields(ids(nodes))
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestCorpus compares the web templates of the corpus with Cairn's field by
// field. The golden file has every difference with the class it belongs to.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus", "web-templates", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if corpusTemplates[filepath.Base(f)] == "" {
			t.Errorf("%s is compared with nothing", filepath.Base(f))
		}
	}
	var out strings.Builder
	counts, nodes := make([]int, len(classes)), 0
	for _, file := range slices.Sorted(maps.Keys(corpusTemplates)) {
		data, err := os.ReadFile(filepath.Join(testshared.Dir(t), "corpus", "web-templates", file))
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(webtemplate.Build(readTemplate(t, corpusTemplates[file])).JSON(), &got); err != nil {
			t.Fatal(err)
		}
		var list []difference
		wt, gt := want["tree"].(map[string]any), got["tree"].(map[string]any)
		delete(want, "tree")
		delete(got, "tree")
		compare("(template)", want, got, &list)
		compare(wt["id"].(string), wt, gt, &list)
		nodes += count(wt)
		for _, d := range list {
			i := slices.IndexFunc(classes, func(c class) bool { return c.matches(file, d) })
			if i < 0 {
				t.Errorf("%s: %s: %s: unexplained difference: want %.300s, got %.300s", file, d.path, d.field, d.want, d.got)
				continue
			}
			counts[i]++
		}
	}
	fmt.Fprintf(&out, page, itemsTables(t), len(corpusTemplates), nodes)
	for i, c := range classes {
		if counts[i] == 0 {
			t.Errorf("nothing differs any more by the class %q", c.name)
		}
		fmt.Fprintf(&out, "| %s | %d | %s |\n", c.name, counts[i], c.reason)
	}
	const golden = "../../docs/conformance/webtemplate.md"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s is out of date; run the test with -update: %s", golden, diff)
	}
}

// count is the number of nodes of a tree.
func count(n map[string]any) int {
	sum := 1
	for _, c := range children(n) {
		sum += count(c)
	}
	return sum
}
