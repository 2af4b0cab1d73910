package aql_test

import (
	"encoding/json"
	"flag"
	"fmt"
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

var (
	seed    = flag.Uint64("seed", 0, "seed of the random queries; 0 takes the clock")
	queries = flag.Int("queries", 500, "number of random queries")
)

// generator writes random queries over the test compositions.
type generator struct {
	*rand.Rand
	n    int
	vars []variable // of the query, those that can be referred to
	// leafy queries have class expressions and paths that the node index knows.
	leafy bool
}

type variable struct {
	name  string
	class *rm.Class
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

var (
	insideClasses = []string{"OBSERVATION", "EVALUATION", "ENTRY", "SECTION", "CLUSTER", "ELEMENT", "POINT_EVENT", "EVENT", "HISTORY", "ITEM_TREE", "LOCATABLE", "PARTICIPATION", "DV_QUANTITY", "DV_TEXT"}
	inside        = map[string][]string{
		"COMPOSITION": insideClasses, "SECTION": insideClasses[:11], "OBSERVATION": {"POINT_EVENT", "EVENT", "HISTORY", "CLUSTER", "ELEMENT", "ITEM_TREE"},
		"EVALUATION": {"CLUSTER", "ELEMENT", "ITEM_TREE", "DV_TEXT"}, "ENTRY": {"CLUSTER", "ELEMENT", "EVENT"}, "CLUSTER": {"CLUSTER", "ELEMENT", "DV_QUANTITY"},
		"POINT_EVENT": {"ITEM_TREE", "CLUSTER", "ELEMENT"}, "EVENT": {"ELEMENT"}, "HISTORY": {"EVENT", "ELEMENT"}, "ITEM_TREE": {"CLUSTER", "ELEMENT"},
		"LOCATABLE": {"LOCATABLE", "ELEMENT"}, "ELEMENT": {"DV_TEXT", "DATA_VALUE"},
	}
	archetypes = []string{
		"openEHR-EHR-COMPOSITION.encounter.v1", "openEHR-EHR-COMPOSITION.report-result.v1", "openEHR-EHR-OBSERVATION.blood_pressure.v2",
		"openEHR-EHR-OBSERVATION.laboratory_test_result.v1", "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1", "openEHR-EHR-CLUSTER.note.v0", "openEHR-EHR-EVALUATION.values.v0",
	}
)

// compilable is a query that the compiler accepts.
func (g *generator) compilable() (string, *aql.Query) {
	for {
		text := g.query()
		if q, err := aql.Compile(text, aql.Limits{}); err == nil {
			return text, q
		}
	}
}

func (g *generator) query() string {
	g.vars, g.n = nil, 0
	from := g.from()
	cols := make([]string, 1+g.IntN(3))
	aggregate := g.IntN(5) == 0
	var keys []string
	for i := range cols {
		switch {
		case aggregate && g.IntN(4) == 0:
			keys = append(keys, pick(g, g.path(), g.operand(1)))
			cols[i] = keys[len(keys)-1]
		case aggregate:
			cols[i] = g.aggregate()
		case g.IntN(8) == 0:
			cols[i] = g.literal()
		default:
			cols[i] = pick(g, g.path(), g.operand(2))
		}
	}
	q := "SELECT " + pick(g, "", "", "DISTINCT ") + strings.Join(cols, ", ") + " FROM " + from
	where := g.demands()
	if g.IntN(3) > 0 {
		where = append(where, g.condition(2))
	}
	if len(where) > 0 {
		q += " WHERE (" + strings.Join(where, ") AND (") + ")"
	}
	if len(keys) > 0 {
		q += " GROUP BY " + strings.Join(keys, ", ")
		if g.IntN(2) == 0 {
			q += " HAVING " + pick(g, "COUNT(*) > 1", keys[0]+" != NULL", g.aggregate()+" >= "+g.literal())
		}
	}
	if !aggregate && g.IntN(3) == 0 {
		q += " ORDER BY " + pick(g, cols[0], g.path()) + pick(g, "", " DESC")
	}
	return q + pick(g, "", " LIMIT 20", " LIMIT 3 OFFSET 1")
}

// demands are conditions without which the index does not answer ELEMENT.
func (g *generator) demands() (list []string) {
	for _, v := range g.vars {
		if g.leafy && v.class == rm.ClassElement && g.IntN(6) > 0 {
			list = append(list, v.name+pick(g, "/value/magnitude > 5", "/value/units = 'mm[Hg]'", "/value/value LIKE '*e*'", "/value/value != 'x'",
				"/value/magnitude <= 165", "/value/defining_code/code_string != '718-7'", "/value/symbol/value MATCHES {'Mild', 'Severe', '++'}"))
		}
	}
	return list
}

func (g *generator) aggregate() string {
	return pick(g, "COUNT(*)", "COUNT("+g.path()+")", "COUNT(DISTINCT "+g.path()+")", "MAX("+g.path()+")", "MIN("+g.operand(1)+")",
		"SUM("+g.path()+")", "AVG("+g.number(1)+")", "1", "COUNT(*) + 1", "ROUND(AVG("+g.number(0)+"), 2)")
}

// operand is a path, a function or arithmetic.
func (g *generator) operand(depth int) string {
	switch g.IntN(4) {
	case 0:
		return g.text(depth)
	case 1:
		return g.number(depth)
	case 2:
		return g.path() + pick(g, " - ", " + ") + pick(g, g.path(), "'P1M'", "'2019-05-03'", "2", "$p")
	}
	return g.path()
}

func (g *generator) text(depth int) string {
	if depth == 0 {
		return pick(g, g.path(), g.path(), "'Systolic'", "'mg'")
	}
	t := func() string { return g.text(depth - 1) }
	return pick(g, "CONCAT("+t()+", "+t()+")", "CONCAT_WS('-', "+t()+", "+t()+", 'x')", "SUBSTRING("+t()+", "+pick(g, "1", "0", "2", "-3")+")",
		"SUBSTRING("+t()+", 2, "+pick(g, "3", "0", "LENGTH("+t()+")")+")", t())
}

func (g *generator) number(depth int) string {
	if depth == 0 {
		return pick(g, g.path(), g.path(), "2", "0.5", "LENGTH("+g.text(0)+")", "POSITION('s', "+g.text(0)+")")
	}
	n := func() string { return g.number(depth - 1) }
	return pick(g, "ABS("+n()+")", "FLOOR("+n()+")", "CEIL("+n()+")", "ROUND("+n()+", 1)", "MOD("+n()+", 3)", "("+n()+") * ("+n()+")", "("+n()+") + ("+n()+")",
		"-("+n()+")", "("+n()+") / ("+n()+")", n())
}

func (g *generator) from() string {
	c := g.containment("COMPOSITION", 2, true)
	shape := g.IntN(6)
	if g.leafy && (shape == 1 || shape == 2) && g.IntN(4) > 0 {
		shape = 0 // what the index does not answer is seldom of interest
	}
	switch shape {
	case 0:
		g.vars = append(g.vars, variable{"e", rm.Lookup("EHR")})
		return "EHR e CONTAINS " + c
	case 1:
		g.vars = append(g.vars, variable{"e", rm.Lookup("EHR")})
		return "EHR e[ehr_id/value=$ehr] CONTAINS (" + c + ") " + pick(g, "AND", "OR") + " (" + g.containment("COMPOSITION", 1, true) + ")"
	case 2:
		return "VERSION v" + pick(g, "", "[ALL_VERSIONS]", "[LATEST_VERSION]", "[version_at_time = '2021-04-01T00:00:00Z']", "[version_at_time = '2021-06-15T00:00:00Z']") + " CONTAINS " + c
	case 3:
		g.vars = []variable{{"e", rm.Lookup("EHR")}}
		return "EHR e CONTAINS " + g.containment(pick(g, "CLUSTER", "ELEMENT", "OBSERVATION", "EHR_STATUS"), 1, true)
	}
	return c
}

func (g *generator) containment(class string, depth int, visible bool) string {
	g.n++
	name := fmt.Sprintf("x%d", g.n)
	if visible {
		g.vars = append(g.vars, variable{name, rm.Lookup(class)})
	}
	s := class + " " + name + g.sourcePredicate(class)
	below := inside[class]
	if g.leafy {
		below = slices.DeleteFunc(slices.Clone(below), func(c string) bool { return leaves[c] == nil })
	}
	if depth == 0 || len(below) == 0 || g.IntN(3) == 0 {
		return s
	}
	switch g.IntN(5) {
	case 0:
		return s + " NOT CONTAINS " + g.containment(pick(g, below...), depth-1, false)
	case 1:
		return s + " CONTAINS ((" + g.containment(pick(g, below...), depth-1, visible) + ") " + pick(g, "AND", "OR") + " (" + g.containment(pick(g, below...), depth-1, visible) + "))"
	}
	return s + " CONTAINS " + g.containment(pick(g, below...), depth-1, visible)
}

func (g *generator) sourcePredicate(class string) string {
	locatable := rm.Lookup(class).IsA(rm.ClassLocatable)
	if !locatable || g.IntN(2) == 0 {
		return ""
	}
	for _, id := range archetypes {
		if strings.Contains(id, "-"+class+".") && g.IntN(2) == 0 {
			return "[" + id + "]"
		}
	}
	if g.leafy {
		return pick(g, "", "", "", "[at0006]", "[name/value = 'Any event']", "[name/value = 'Other']")
	}
	return pick(g, "", "[at0001]", "[at0004]", "[at0002, 'Any event']", "[name/value = 'Systolic']", "[$code]", "[name/value != 'x' and archetype_node_id != 'y']")
}

// path goes some attributes down from a variable.
func (g *generator) path() string {
	if g.leafy && g.IntN(12) > 0 {
		return g.leafPath()
	}
	v := pick(g, g.vars...)
	s := v.name
	types := v.class.Concrete()
	if v.class.Name == "EHR" {
		return s + "/" + pick(g, "ehr_id/value", "system_id/value", "time_created/value", "ehr_status/is_queryable", "ehr_status/subject/external_ref/id/value", "ehr_status/name")
	}
	for depth := 1 + g.IntN(6); depth > 0; depth-- {
		attrs := pick(g, types...).Attributes()
		if len(attrs) == 0 {
			break
		}
		a := pick(g, attrs...)
		for _, preferred := range []string{"content", "data", "events", "items", "value", "name", "magnitude"} {
			if x := pick(g, types...).Attribute(preferred); x != nil && g.IntN(2) == 0 {
				a = x
				break
			}
		}
		if a.Type == nil || a.Type == rm.ClassAny {
			break
		}
		s += "/" + a.Name
		if a.Type.Primitive != rm.NotPrimitive {
			break
		}
		if types = a.Type.Concrete(); len(types) == 0 {
			break
		}
		if types[0].IsA(rm.ClassLocatable) && g.IntN(4) == 0 {
			s += pick(g, "[at0001]", "[at0004]", "[at0006]", "[name/value = 'Result']", "[at0010, 'mg']")
		}
	}
	return s
}

func (g *generator) literal() string {
	return pick(g, "5", "12.5", "-1", "true", "'mg'", "'2019-05-03'", "'2020-03-01T09:00:00Z'", "'P1M'", "'10:30:00'", "'Systolic'", "$p")
}

func (g *generator) condition(depth int) string {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return "(" + g.condition(depth-1) + ") AND (" + g.condition(depth-1) + ")"
		case 1:
			return "(" + g.condition(depth-1) + ") OR (" + g.condition(depth-1) + ")"
		case 2:
			return "NOT (" + g.condition(depth-1) + ")"
		}
	}
	switch g.IntN(9) {
	case 6:
		return "CONTAINS(" + g.text(1) + ", " + pick(g, "'i'", "''", g.path()) + ")"
	case 7:
		return pick(g, g.path(), g.text(1)) + " MATCHES {" + pick(g, "/.*e.*/", "/[A-Z][a-z]+( [a-z]+)?/", `/\d{4}-\d\d.*/`) + "}"
	case 8:
		return pick(g, g.path(), g.number(1)) + " MATCHES {" + pick(g, "|5..12.5|", "|>1|", "|2..<100|, 7", "|'2019'..'2019-06'|", g.path()+", |<=2|") + "}"
	case 0:
		return "EXISTS " + g.path()
	case 1:
		return pick(g, g.path(), g.text(1)) + " LIKE " + pick(g, "'*e*'", "'2020-??-*'", "'S%'", "CONCAT("+g.path()+", '*')")
	case 2:
		return g.path() + " MATCHES {" + g.literal() + ", " + g.literal() + "}"
	case 3:
		return g.operand(1) + pick(g, " = ", " < ", " != ") + g.operand(1)
	case 4:
		return g.path() + pick(g, " = ", " != ") + "NULL"
	}
	return pick(g, g.path(), g.operand(2)) + pick(g, " = ", " > ", " <= ", " != ") + g.literal()
}

// TestRandomQueriesRun: whatever the compiler accepts the database runs.
func TestRandomQueriesRun(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	target, ehr := newTarget(t, 2, aql.Options{Timeout: 2 * time.Second})
	for _, file := range []string{"bp.json", "lab.json", "values.json"} {
		data, err := os.ReadFile(filepath.Join("aqltest/testdata/compositions", file))
		if err != nil {
			t.Fatal(err)
		}
		n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if err := target.Commit(t.Context(), aqltest.Version{EHR: ehr, Object: uuid.New(), Number: 1, Content: n, Committed: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	g := &generator{Rand: rand.New(rand.NewPCG(s, 1))}
	params := map[string]any{"ehr": ehr.String(), "code": "at0004", "p": json.Number("7")}
	compiled, rows, wrong := 0, 0, 0
	for range *queries {
		text := g.query()
		if _, err := target.Engine().Compile(text); err != nil {
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Unsupported) {
				t.Errorf("%s\n%v", text, err)
			}
			continue
		}
		compiled++
		var got collect
		err := target.Engine().Run(t.Context(), text, aql.Request{Params: params}, &got)
		switch e := errs.As(err); {
		case err == nil:
			rows += len(got.rows)
		case errs.Is(err, errs.Timeout):
		case e != nil && e.Code == "parameter":
			wrong++
		default:
			t.Errorf("seed %d\n%s\n%v", s, text, err)
		}
	}
	t.Logf("seed %d: %d queries compiled, %d with a parameter of the wrong type, %d rows", s, compiled, wrong, rows)
	if compiled < *queries/5 || rows < *queries/5 {
		t.Errorf("seed %d: only %d queries compiled and %d rows found", s, compiled, rows)
	}
}

// FuzzCompile: no text brings the compiler down, and what it accepts has a
// statement.
func FuzzCompile(f *testing.F) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	for range 50 {
		f.Add(g.query())
	}
	f.Add(fmt.Sprintf(everywhere, "'x'", "1", "y", "2", "024"))
	f.Fuzz(func(t *testing.T, text string) {
		q, err := aql.Compile(text, aql.Limits{})
		if err != nil {
			if errs.As(err) == nil {
				t.Fatalf("%v", err)
			}
			return
		}
		params := map[string]any{}
		for _, name := range q.Params() {
			params[name] = "1"
		}
		if _, _, err := q.SQL(t.Context(), aql.Request{Params: params}, known{}); err != nil && errs.As(err) == nil {
			t.Fatalf("%v", err)
		}
		if q.Explain(aql.Request{EHR: uuid.Max}) == "" {
			t.Fatal("nothing to explain")
		}
	})
}
