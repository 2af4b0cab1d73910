package aql_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// leaves are paths of the test compositions that end at primitive values, by
// the class of the variable.
var leaves = map[string][]string{
	"COMPOSITION": {"context/start_time/value", "name/value", "composer/name", "uid/value", "content/name/value", "content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/origin/value"},
	"SECTION":     {"name/value", "items/name/value", "items[openEHR-EHR-EVALUATION.clinical_synopsis.v1]/data[at0001]/items[at0002]/value/value"},
	"OBSERVATION": {
		"name/value", "data[at0001]/origin/value", "data/events/time/value", "data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude",
		"data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/units", "data[at0001]/events[at0006]/time/value", "data[at0001]/events[at0002]/data[at0003]/items[at0005]/value/value",
		"data[at0001]/events[at0006, 'Any event']/data[at0003]/items[at0005]/value/magnitude", "data[at0001]/events[at0006]/data[at0003]/items[at0004, 'Systolic']/value/magnitude",
		"data[at0001]/events[at0006]/data[at0003]/items[at0005]/null_flavour/defining_code/code_string", "data/events/name/value",
		"data[at0001]/events[at0002]/data[at0003]/items[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]/items[at0024]/value/defining_code/code_string",
		"data[at0001]/events[at0002]/data[at0003]/items[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]/items[at0001]/value/magnitude",
	},
	"CLUSTER": {
		"name/value", "items[at0024]/value/value", "items[at0024]/value/defining_code/code_string", "items[at0001]/value/magnitude", "items[at0001]/value/units",
		"items[at0001]/value/value", "items[openEHR-EHR-CLUSTER.note.v0]/items[at0001]/value/value", "items[at0024]/value/defining_code/terminology_id/value",
	},
	"POINT_EVENT": {"time/value", "name/value", "data[at0003]/items[at0004]/value/magnitude", "data[at0003]/items[at0005]/value/magnitude", "data/items[at0004]/value/units", "data[at0003]/items[at0005]/value/value"},
	"EVALUATION":  {"name/value", "data[at0001]/items[at0002]/value/value"},
	"EHR":         {"ehr_id/value", "time_created/value"},
	"ELEMENT": {
		"value/magnitude", "value/value", "name/value", "value/units", "value/defining_code/code_string", "value/defining_code/terminology_id/value",
		"null_flavour/value", "value/magnitude", "value/symbol/value",
	},
}

func init() {
	for i := 1; i < 30; i++ {
		for _, tail := range []string{"value/value", "value/magnitude", "value/symbol/value", "value/defining_code/code_string", "value/id", "value/numerator"} {
			leaves["EVALUATION"] = append(leaves["EVALUATION"], fmt.Sprintf("data[at0001]/items[at%04d]/%s", i, tail))
		}
	}
	leaves["EVENT"], leaves["ENTRY"] = leaves["POINT_EVENT"], leaves["EVALUATION"]
}

// leafPath is a path that the index may hold.
func (g *generator) leafPath() string {
	v := pick(g, g.vars...)
	if v.class.Name == "COMPOSITION" && g.IntN(10) == 0 {
		return v.name // as a whole
	}
	if leaves[v.class.Name] == nil {
		return v.name + "/name/value"
	}
	return v.name + "/" + pick(g, leaves[v.class.Name]...)
}

// TestStrategiesAgree runs random queries from the node index and from the
// documents, while the registry grows between them, and compares the rows.
func TestStrategiesAgree(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	target, _ := newTarget(t, 3, aql.Options{Timeout: 2 * time.Second})
	ehr := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := target.CreateEHR(t.Context(), aqltest.EHR{ID: ehr, Status: status, Created: refCreated}); err != nil {
		t.Fatal(err)
	}
	files := []string{"bp.json", "lab.json", "values.json", "nested.json", "bp.json", "lab.json", "bp.json"}
	var objects []uuid.UUID
	versions := map[uuid.UUID]int{}
	g := &generator{Rand: rand.New(rand.NewPCG(s, 3)), leafy: true}
	commit := func(i int) {
		data, err := os.ReadFile(filepath.Join("aqltest/testdata/compositions", files[i]))
		if err != nil {
			t.Fatal(err)
		}
		n := g.vary(decodeComposition(t, data))
		object := uuid.New()
		if len(objects) > 2 && g.IntN(3) == 0 || len(objects) > 60 {
			object = pick(g, objects...)
		} else {
			objects = append(objects, object)
		}
		versions[object]++
		v := aqltest.Version{EHR: ehr, Object: object, Number: versions[object], Committed: time.Now()}
		v.Content = n.With("uid", rm.ID("OBJECT_VERSION_ID", fmt.Sprintf("%s::%s::%d", v.Object, aqltest.System, v.Number)))
		if g.IntN(12) == 0 && v.Number > 1 {
			v.Content = nil
			objects = slices.DeleteFunc(objects, func(o uuid.UUID) bool { return o == object })
		}
		if err := target.Commit(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	params := map[string]any{"ehr": ehr.String(), "code": "at0004", "p": "mg"}
	indexed, found := 0, 0
	// reasons counts why queries were not compared.
	reasons, kinds := map[string]int{}, map[string]int{}
	for i := range *queries {
		if i%25 == 0 && i < 1500 || i%200 == 0 {
			commit((i / 25) % len(files))
		}
		text, q := g.compilable()
		var err error
		if strings.Contains(text, " LIMIT ") {
			// Which of several equal rows are within a limit is not defined.
			text = text[:strings.Index(text, " LIMIT ")]
			if q, err = target.Engine().Compile(text); err != nil {
				t.Fatal(err)
			}
		}
		r := aql.Request{Params: params}
		if g.IntN(3) == 0 {
			r.EHR = ehr
		}
		explained, err := target.Engine().Explain(t.Context(), text, r, false)
		if errs.Is(err, errs.Invalid) {
			continue // a parameter of the wrong type
		}
		if err != nil {
			t.Fatal(err)
		}
		if explained.Strategy != "node index" {
			reasons[explained.Reason]++
			continue
		}
		indexed++
		for name, is := range map[string]bool{
			"ELEMENT": strings.Contains(explained.SQL, "n.num"), "OR in FROM": strings.Contains(explained.SQL, ".num is not null or "),
			"NOT CONTAINS": strings.Contains(text, " NOT CONTAINS "), "outer joins": strings.Contains(explained.SQL, "left join node"),
			"several class expressions": strings.Count(explained.SQL, "node_") > 3, "aggregates": strings.HasPrefix(explained.Plan[0], "aggregate"), "DISTINCT": strings.Contains(text, "SELECT DISTINCT"),
			"ORDER BY": strings.Contains(text, " ORDER BY "), "whole compositions": strings.Contains(explained.SQL, "join document"),
		} {
			if is {
				kinds[name]++
			}
		}
		var got, want unordered
		err = target.Engine().RunQuery(t.Context(), q, r, &got)
		r.Strategy = aql.Documents
		wantErr := target.Engine().RunQuery(t.Context(), q, r, &want)
		if errs.Is(wantErr, errs.Timeout) || errs.Is(err, errs.Timeout) || errs.Is(wantErr, errs.TooLarge) {
			continue
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("seed %d\n%s\nindex: %v\ndocuments: %v\n%s", s, text, err, wantErr, explained.SQL)
		}
		// The order of rows with equal keys is not defined; sorting keys that are
		// selected are compared in order.
		if key, ok := orderedBy(text); ok {
			if a, b := column(got.rows, key), column(want.rows, key); !slices.Equal(a, b) {
				t.Errorf("seed %d\n%s\norder by index: %v\nby documents: %v", s, text, a, b)
			}
		}
		slices.Sort(got.rows)
		slices.Sort(want.rows)
		found += len(want.rows)
		if !slices.Equal(got.rows, want.rows) {
			t.Errorf("seed %d\n%s\nindex %d rows: %.1500v\ndocuments %d rows: %.1500v\n%s", s, text, len(got.rows), got.rows, len(want.rows), want.rows, explained.SQL)
			if t.Failed() && indexed > 2000 {
				return
			}
		}
	}
	for _, r := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return reasons[b] - reasons[a] }) {
		t.Logf("%5d %s", reasons[r], r)
	}
	t.Logf("of those answered from the index: %v", kinds)
	t.Logf("seed %d: %d queries, %d answered from the index, %d rows", s, *queries, indexed, found)
	if indexed < *queries/4 || kinds["ELEMENT"] < indexed/100 || kinds["OR in FROM"] < indexed/100 {
		t.Errorf("seed %d: only %d of %d queries were answered from the index, of these %v", s, indexed, *queries, kinds)
	}
}

// unordered collects rows whatever the order of the attributes of objects: the
// documents give an object that is no valid one in the order of the database.
type unordered struct{ collect }

func (u *unordered) Row(cells [][]byte) error {
	for i, cell := range cells {
		if len(cell) == 0 || cell[0] != '{' {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(cell))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		var err error
		if cells[i], err = json.Marshal(v); err != nil {
			return err
		}
	}
	return u.collect.Row(cells)
}

// orderedBy is the position of the column that a query sorts by, if it is the
// first one.
func orderedBy(text string) (int, bool) {
	_, key, ok := strings.Cut(text, " ORDER BY ")
	if !ok {
		return 0, false
	}
	key = strings.TrimSuffix(key, " DESC")
	cols := strings.TrimPrefix(strings.TrimPrefix(text, "SELECT "), "DISTINCT ")
	return 0, strings.HasPrefix(cols, key+",") || strings.HasPrefix(cols, key+" FROM")
}

func column(rows []string, i int) []string {
	out := make([]string, len(rows))
	for k, r := range rows {
		out[k] = strings.Split(r, "|")[i]
	}
	return out
}

func decodeComposition(t testing.TB, data []byte) *rm.Node {
	t.Helper()
	n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return n
}

// vary changes a composition here and there: names, magnitudes, units, members
// left out or given twice.
func (g *generator) vary(n *rm.Node) *rm.Node {
	out := &rm.Node{Class: n.Class, Text: n.Text}
	for _, a := range n.Attrs {
		b := rm.Attr{Def: a.Def}
		for _, m := range a.Items {
			v := g.vary(m)
			switch {
			case a.Def.Container && g.IntN(25) == 0:
				continue
			case a.Def.Container && (m.Class != rm.ClassElement && g.IntN(40) == 0 || g.IntN(4000) == 0):
				b.Items = append(b.Items, v)
			case a.Def.Name == "magnitude":
				v = &rm.Node{Class: m.Class, Text: pick(g, m.Text, "5.50", "7", "165", "12.0")}
			case a.Def.Name == "units" && g.IntN(6) == 0:
				v = &rm.Node{Class: m.Class, Text: "kPa"}
			case a.Def.Name == "value" && n.Class.Name == "ELEMENT" && g.IntN(20) == 0:
				v = pick(g, rm.Text("free text"), rm.CodedText("coded", "local", "at0001"), rm.Object("DV_COUNT", rm.Int("magnitude", 3)),
					rm.Object("DV_DATE", rm.Str("value", "2020-03")))
			case a.Def.Name == "value" && n.Class.Name == "ELEMENT" && g.IntN(2000) == 0:
				v = pick(g, rm.Object("DV_QUANTITY", rm.Str("units", "mg")), rm.Object("DV_TEXT"), rm.Object("DV_MULTIMEDIA"))
			case a.Def.Name == "name" && m.Class.IsA(rm.ClassDVText) && g.IntN(10) == 0:
				v = pick(g, rm.Text("Other"), rm.CodedText("Systolic", "local", "at0004"), rm.Object("DV_TEXT"))
			}
			b.Items = append(b.Items, v)
		}
		if len(b.Items) > 0 {
			out.Attrs = append(out.Attrs, b)
		}
	}
	return out
}
