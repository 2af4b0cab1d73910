package server

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
)

// carriage is one value that a mapping carries: from a path of an archetype to
// elements of a resource type.
type carriage struct {
	archetype, path, typ string
	elements             []string // "effective*" is any type of a choice
	certain              bool     // no condition decides whether it is carried
	named                bool     // its text stands after the name of the node
}

// carriages reads off the shipped mappings what they carry without changing it.
func carriages(t *testing.T) []carriage {
	t.Helper()
	files, problems := fhirconnect.ReadFiles(fhirmap.Mappings())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out []carriage
	for _, f := range files {
		if f.Kind != fhirconnect.ModelFile || strings.Contains(f.Archetype.Value, ".CLUSTER.") || strings.Contains(f.Archetype.Value, "-EHR_STATUS.") ||
			strings.Contains(f.Archetype.Value, "-CLUSTER.") || strings.Contains(f.Archetype.Value, "-COMPOSITION.") {
			continue
		}
		typ := r4.ProfileType(f.StructureDefinition.Value)
		var walk func(list []*fhirconnect.Method, fhir, openehr string, certain bool)
		walk = func(list []*fhirconnect.Method, fhir, openehr string, certain bool) {
			for _, m := range list {
				to, ok1 := below(fhir, m.FHIR.Value, "$fhirRoot", "$resource", ".")
				from, ok2 := below(openehr, m.OpenEHR.Value, "$openehrRoot", "$archetype", "/")
				if !ok1 || !ok2 || m.Direction == fhirconnect.ToOpenEHR || m.ConceptMap.Value != "" || m.Slot.Value != "" || m.Reference != nil {
					continue
				}
				sure := certain && len(m.Conditions) == 0
				walk(m.Children, to, from, sure)
				if m.Iterate || len(m.Manual) > 0 || m.OpenEHR.Value == "" || from == "" {
					continue
				}
				if elements, ok := properties(to); ok {
					out = append(out, carriage{f.Archetype.Value, from, typ, elements, sure, m.Code.Value == "elementToNamedText"})
				}
			}
		}
		walk(f.Methods, "", "", f.Condition == nil)
	}
	return out
}

// below is a path of a method in full, from the root; false for one that goes
// elsewhere.
func below(parent, path, here, root, sep string) (string, bool) {
	switch {
	case path == "" || path == here:
		return parent, true
	case path == root:
		return "", true
	case strings.HasPrefix(path, root+sep):
		return path[len(root+sep):], true
	case strings.HasPrefix(path, here+sep):
		path = path[len(here+sep):]
	}
	if strings.HasPrefix(path, "$") || strings.HasPrefix(path, "^") || strings.HasPrefix(path, "..") {
		return "", false
	}
	return strings.TrimPrefix(parent+sep+path, sep), true
}

// properties are the names of the elements of a FHIR path; false for one that
// selects by more than that.
func properties(path string) ([]string, bool) {
	if strings.Contains(path, "where(") || strings.Contains(path, "extension(") {
		return nil, false
	}
	var out []string
	for _, s := range strings.Split(path, ".") {
		if typ, ok := strings.CutPrefix(s, "ofType("); ok {
			typ = strings.TrimSuffix(typ, ")")
			out[len(out)-1] += strings.ToUpper(typ[:1]) + typ[1:]
			continue
		}
		name, _, _ := strings.Cut(s, "[")
		out = append(out, name)
	}
	return out, true
}

// primitives are the primitives at a place of a resource and below it.
func primitives(n *r4.Node, elements []string, into map[string]bool) {
	if n == nil {
		return
	}
	if n.Kind == r4.Array {
		for _, item := range n.Items {
			primitives(item, elements, into)
		}
		return
	}
	if len(elements) == 0 {
		if n.Kind != r4.Object {
			into[n.Text] = true
		}
		for i := range n.Fields {
			primitives(n.Fields[i].Value, nil, into)
		}
		return
	}
	for i := range n.Fields {
		name := n.Fields[i].Name
		rest, ok := strings.CutPrefix(name, elements[0])
		// A choice without a type is any of its types.
		if ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z' && r4.Lookup(rest) != nil || slices.Contains([]string{"DateTime", "String", "Boolean", "Integer", "Time", "Instant", "Date"}, rest)) {
			primitives(n.Fields[i].Value, elements[1:], into)
		}
	}
}

// scalar is the text of a value that all doors show alike, and the attribute
// that holds it.
func scalar(v *rm.Node) (text, attr string) {
	switch v.Class.Name {
	case "DV_QUANTITY", "DV_COUNT":
		attr = "magnitude"
	case "DV_PROPORTION":
		attr = "numerator"
	case "DV_IDENTIFIER":
		attr = "id"
	case "DV_TEXT", "DV_CODED_TEXT", "DV_DATE", "DV_DATE_TIME", "DV_BOOLEAN", "DV_URI":
		attr = "value"
	default:
		return "", ""
	}
	return v.String(attr), attr
}

func entriesOf(n *rm.Node) []*rm.Node {
	var out []*rm.Node
	for _, name := range []string{"content", "items"} {
		for _, item := range n.List(name) {
			if item.Is("ENTRY") {
				out = append(out, item)
			} else if item.Is("SECTION") {
				out = append(out, entriesOf(item)...)
			}
		}
	}
	return out
}

// lastStands are the paths of which the record can hold several values and FHIR
// one: the last stands, and the others are losses of the code overwritten.
var lastStands = map[string]bool{
	"openEHR-EHR-OBSERVATION.pregnancy_status.v0/data[at0001]/events/data[at0003]/items[at0009]": true,
}

// examples are complete compositions of all shipped templates, each text in them
// another.
func examples(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		data, err := library.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		if tmpl.Root.Class != rm.ClassComposition {
			continue
		}
		n, err := example.Instance(tmpl, example.Options{Detail: example.Complete, Language: "en"})
		if err != nil {
			t.Fatal(name, err)
		}
		text := string(rm.AppendJSON(nil, n))
		for i := 0; strings.Contains(text, `"value":"Example"`); i++ {
			text = strings.Replace(text, `"value":"Example"`, fmt.Sprintf(`"value":"Words %d of %d"`, i, len(out)), 1)
		}
		out = append(out, text)
	}
	return out
}

// TestEveryLeafAtThreeDoors reads every value that a shipped mapping carries
// unchanged, in random records and in examples of all templates, by openEHR REST, by AQL and as
// FHIR: the same texts, in resources made of the composition that holds them.
func TestEveryLeafAtThreeDoors(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	const patients = 4
	s := running(t, seed, patients)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}

	first := synth.New(seed).Patient(0).EHRID
	for _, body := range examples(t) {
		if status, _, data := send(t, http.MethodPost, s.Origin()+"/openehr/v1/ehr/"+first+"/composition", body, "Content-Type", "application/json"); status != http.StatusCreated {
			t.Fatalf("an example is answered with %d %.500s", status, data)
		}
	}

	type source struct {
		uid   string
		entry *rm.Node
	}
	byArchetype := map[string][]source{}
	made := map[string][]*r4.Node{} // by version
	used := map[string]bool{}
	for i := range patients {
		ehr := synth.New(seed).Patient(i).EHRID
		for _, r := range rows(t, s, "SELECT c/uid/value FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr", ehr) {
			uid := r[0].(string)
			n, problems := rm.DecodeJSON(fetch(t, s, "GET", "/openehr/v1/ehr/"+ehr+"/composition/"+url.PathEscape(uid), nil), rm.ClassComposition, rm.JSONOptions{})
			if rm.HasErrors(problems) {
				t.Fatalf("a composition comes back with %v", problems)
			}
			used[n.String("archetype_details", "template_id", "value")] = true
			for _, e := range entriesOf(n) {
				byArchetype[e.ArchetypeID()] = append(byArchetype[e.ArchetypeID()], source{uid, e})
			}
		}
		for _, n := range p.all("Patient/"+ehr+"/$everything?_count=1000", "match") {
			uid := strings.TrimPrefix(n.Str("meta", "source"), "ehr:")
			made[uid] = append(made[uid], n)
		}
	}

	seen := map[string]bool{}
	values, arrived, missing := 0, 0, map[string]int{}
	for _, c := range carriages(t) {
		path, err := rm.ParsePath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		rest := map[string][]string{} // by attribute
		for _, src := range byArchetype[c.archetype] {
			shown := map[string]bool{}
			some := false
			for _, n := range made[src.uid] {
				if n.Str("resourceType") == c.typ {
					primitives(n, c.elements, shown)
					some = true
				}
			}
			for _, n := range path.Resolve(src.entry) {
				under, name := "", n.String("name", "value")
				if n.Is("ELEMENT") {
					n, under = n.Get("value"), "value/"
				}
				if n == nil {
					continue
				}
				text, attr := scalar(n)
				if text == "" {
					continue
				}
				values++
				rest[under+attr] = append(rest[under+attr], text)
				if !c.certain || !some || lastStands[c.archetype+"/"+c.path] {
					continue // a condition decides, the entry is not shown at all, or one value of several is
				}
				if c.named {
					text = name + ": " + n.String("value")
				}
				if n.String("magnitude_status") == "~" {
					// R4 has no quantity that is approximate: it is told in words.
					if !slices.ContainsFunc(slices.Collect(maps.Keys(shown)), func(s string) bool { return strings.Contains(s, "~") && strings.Contains(s, text) }) {
						missing[fmt.Sprintf("about %s of %s at %s", text, c.path, c.typ)]++
					}
					continue
				}
				if !shown[text] && !(n.Is("DV_DATE_TIME") && shown[text[:10]]) && !(n.Is("DV_TEXT") && shown[strings.TrimSpace(text)]) {
					missing[fmt.Sprintf("%s of %s/%s at %s.%s", rm.AppendJSON(nil, n), c.archetype, c.path, c.typ, strings.Join(c.elements, "."))]++
					continue
				}
				arrived++
			}
		}
		for attr, want := range rest {
			if key := c.archetype + c.path + attr; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			class, _, _ := strings.Cut(strings.TrimPrefix(c.archetype, "openEHR-EHR-"), ".")
			var got []string
			for _, r := range rows(t, s, fmt.Sprintf("SELECT x/%s/%s FROM EHR e CONTAINS COMPOSITION c CONTAINS %s x[%s]", c.path, attr, class, c.archetype), "") {
				switch v := r[0].(type) {
				case string:
					got = append(got, v)
				case json.Number:
					got = append(got, v.String())
				case bool:
					got = append(got, fmt.Sprint(v))
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s/%s/%s: openEHR REST (-) and AQL (+) differ:\n%.2000s", c.archetype, c.path, attr, diff)
			}
		}
	}
	for where, n := range missing {
		t.Errorf("%d values of %s are not there", n, where)
	}
	t.Logf("%d values of %d paths in %d templates; %d of them had to be in FHIR and are", values, len(seen), len(used), arrived)
	if arrived < 500 || len(used) < 15 {
		t.Error("there was too little to compare")
	}
}
