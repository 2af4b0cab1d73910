package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// ignorePos compares trees by their content alone.
// The places differ, and so do extensions that print as what they stand for.
var ignorePos = cmp.Options{
	cmp.Comparer(func(a, b ast.Pos) bool { return true }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Extensions" }, cmp.Ignore()),
}

// printed lists queries with their printed form; "" means that it prints as
// it is written.
var printed = []struct{ name, in, out string }{
	{"bare variable", "select c from COMPOSITION c", "SELECT c FROM COMPOSITION c"},
	{"trailing dashes end the query", "SELECT c FROM COMPOSITION c --", "SELECT c FROM COMPOSITION c"},
	{"comments", "SELECT c -- what\nFROM COMPOSITION c -- whence", "SELECT c FROM COMPOSITION c"},
	{"semicolon", "SELECT c FROM COMPOSITION c;", "SELECT c FROM COMPOSITION c"},
	{"distinct and alias", "SELECT DISTINCT c/name/value AS n, 'x' AS s FROM COMPOSITION c", ""},
	{"top", "SELECT TOP 5 c FROM COMPOSITION c", ""},
	{"top with a direction", "SELECT TOP 5 FORWARD c FROM COMPOSITION c", ""},
	{"top backward", "select top 5 backward c FROM COMPOSITION c", "SELECT TOP 5 BACKWARD c FROM COMPOSITION c"},
	{
		"literals", `SELECT 1, -2, 3.5, - 3e10, 1.0E-3, true, FALSE, null, "a'b" FROM EHR e`,
		`SELECT 1, -2, 3.5, -3e10, 1.0E-3, true, false, NULL, 'a\'b' FROM EHR e`,
	},
	{
		"escapes", `SELECT 'a\tb\\c\*d\?e\u00e9\101\052\ud83d\ude00' FROM EHR e`,
		`SELECT 'a\tb\\c\*d\?eéA\*😀' FROM EHR e`,
	},
	{"aggregates", "SELECT COUNT(*), count(DISTINCT e/ehr_id/value), MAX(e/time_created) FROM EHR e", ""},
	{"CONTAINS is a function too", "SELECT CONTAINS(c/name/value, 'x') FROM COMPOSITION c WHERE CONTAINS(c/name/value, 'x')", ""},
	{"functions nest and take functions", "SELECT CONCAT('a', SUBSTRING(c/name/value, 1, 2)) FROM COMPOSITION c WHERE TERMINOLOGY('subsumes', 'x', CONCAT('codeB=', c/name/value)) = true", ""},
	{
		"containment takes all to its right", "SELECT c FROM EHR e CONTAINS COMPOSITION c AND COMPOSITION d OR COMPOSITION f",
		"SELECT c FROM EHR e CONTAINS ((COMPOSITION c AND COMPOSITION d) OR COMPOSITION f)",
	},
	{
		"parentheses group containment", "SELECT c FROM EHR e CONTAINS (COMPOSITION c CONTAINS OBSERVATION o) AND COMPOSITION d",
		"SELECT c FROM EHR e CONTAINS ((COMPOSITION c CONTAINS OBSERVATION o) AND COMPOSITION d)",
	},
	{
		"NOT CONTAINS", "SELECT c FROM COMPOSITION c NOT CONTAINS OBSERVATION [openEHR-EHR-OBSERVATION.x.v1]",
		"SELECT c FROM COMPOSITION c NOT CONTAINS OBSERVATION[openEHR-EHR-OBSERVATION.x.v1]",
	},
	{"versions", "SELECT v FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION c", ""},
	{"latest version", "SELECT v FROM VERSION v[LATEST_VERSION]", ""},
	{"selected versions", "SELECT v FROM VERSION v[commit_audit/time_committed/value > '2020']", ""},
	{"variables that look like codes", "SELECT at1/name/value AS id2 FROM COMPOSITION at1 ORDER BY id2", ""},
	{"archetype ids", "SELECT o FROM OBSERVATION o[openEHR-EHR-OBSERVATION.problem-diagnosis.v1.0.1-rc.2]", ""},
	{"namespaced archetype id", "SELECT o FROM OBSERVATION o[org.example::openEHR-EHR-OBSERVATION.x.v0]", ""},
	{"node predicates", "SELECT o/data[at0001]/events[at0006.1, 'Any']/data[id5]/items[at0004, at0005]/value FROM OBSERVATION o", ""},
	{"name by term", "SELECT o/data[at0002, snomed_ct(3.1)::313267000]/events[at0003, icd10AM::F60.1|Schizoid personality|] FROM OBSERVATION o", ""},
	{"predicate parameters", "SELECT o/data[$a]/events[at1, $n] FROM OBSERVATION o[$arch, 'x']", ""},
	{
		"standard predicates", "SELECT o/data[archetype_node_id=at0001 and name/value='x' or (a/b>=1 and a/b<c/d)] FROM OBSERVATION o",
		"SELECT o/data[(archetype_node_id = at0001 AND name/value = 'x') OR (a/b >= 1 AND a/b < c/d)] FROM OBSERVATION o",
	},
	{
		"regular expression predicate", "SELECT o/data[name/value matches {/a{2}.*\\//}] FROM OBSERVATION o",
		"SELECT o/data[name/value MATCHES {/a{2}.*\\//}] FROM OBSERVATION o",
	},
	{"predicate on a variable", "SELECT o[name/value=$n]/data FROM OBSERVATION o", "SELECT o[name/value = $n]/data FROM OBSERVATION o"},
	{"attributes called like keywords", "SELECT e/offset, d/version, d/order FROM EVENT e", ""},
	{
		"and binds tighter than or", "SELECT e FROM EHR e WHERE e/a = 1 OR e/b = 2 AND e/c = 3",
		"SELECT e FROM EHR e WHERE e/a = 1 OR (e/b = 2 AND e/c = 3)",
	},
	{
		"not binds tightest", "SELECT e FROM EHR e WHERE NOT EXISTS e/a AND NOT (e/b = 2 OR e/c <> 3)",
		"SELECT e FROM EHR e WHERE NOT EXISTS e/a AND NOT (e/b = 2 OR e/c != 3)",
	},
	{
		"like and matches", `SELECT e FROM EHR e WHERE e/a LIKE 'l?ft\**' AND e/b matches {'x', 2, $p, TERMINOLOGY('expand', 'a', 'b')}`,
		`SELECT e FROM EHR e WHERE e/a LIKE 'l?ft\**' AND e/b MATCHES {'x', 2, $p, TERMINOLOGY('expand', 'a', 'b')}`,
	},
	{"matches a function or a parameter", "SELECT e FROM EHR e WHERE e/a MATCHES TERMINOLOGY('expand', 'a', 'b') OR e/a MATCHES $list", ""},
	{
		"matches a URI", "SELECT e FROM EHR e WHERE e/a matches { terminology://snomed-ct/hierarchy?rootConceptId=50043002 }",
		"SELECT e FROM EHR e WHERE e/a MATCHES {terminology://snomed-ct/hierarchy?rootConceptId=50043002}",
	},
	{"operators need no blanks", "SELECT e FROM EHR e WHERE e/a>=140 OR e/b!=$x", "SELECT e FROM EHR e WHERE e/a >= 140 OR e/b != $x"},
	{"path on both sides", "SELECT e FROM EHR e WHERE e/a > f/b", ""},
	{
		"arithmetic", "SELECT e/a + 2 * -e/b - 3 / (e/c) % 2, (e/a+1)*2, e/a/2 FROM EHR e WHERE (e/a - 1) > -(2) AND ((e/b)) = 1",
		"SELECT (e/a + (2 * (-(e/b)))) - ((3 / (e/c)) % 2), (e/a + 1) * 2, e/a / 2 FROM EHR e WHERE e/a - 1 > -(2) AND e/b = 1",
	},
	{
		"groups", "SELECT e/a, COUNT(*) FROM EHR e group by e/a, e/b + 1 having COUNT(*) > 1 ORDER BY COUNT(*) DESC",
		"SELECT e/a, COUNT(*) FROM EHR e GROUP BY e/a, e/b + 1 HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC",
	},
	{"group is a name", "SELECT group/group AS having FROM EHR group GROUP BY group/group", ""},
	{
		"intervals", "SELECT e FROM EHR e WHERE e/a matches {|>=11|, |1..2.5|, |>1..<$n|, |7|, 'x'}",
		"SELECT e FROM EHR e WHERE e/a MATCHES {|>=11|, |1..2.5|, |>1..<$n|, |7|, 'x'}",
	},
	{"matches paths and expressions", "SELECT e FROM EHR e WHERE e/a + 1 MATCHES {e/b, e/c * 2, UPPER(e/d)}", ""},
	{
		"order, limit and offset", "SELECT e FROM EHR e ORDER BY e/a DESCENDING, e/b ASC, al LIMIT 10 OFFSET 20",
		"SELECT e FROM EHR e ORDER BY e/a DESC, e/b, al LIMIT 10 OFFSET 20",
	},
}

func TestPrintParsesToAnEqualTree(t *testing.T) {
	t.Parallel()
	for _, tc := range printed {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, problems := Query(tc.in, Limits{})
			if problems != nil {
				t.Fatal(problems)
			}
			want := tc.out
			if want == "" {
				want = tc.in
			}
			if got := q.String(); got != want {
				t.Errorf("printed\n got %s\nwant %s", got, want)
			}
			again, problems := Query(q.String(), Limits{})
			if problems != nil {
				t.Fatalf("printed form does not parse: %v", problems)
			}
			if diff := cmp.Diff(q, again, ignorePos); diff != "" {
				t.Errorf("the printed form parses to another tree: %s", diff)
			}
		})
	}
}

func TestStringValue(t *testing.T) {
	t.Parallel()
	q, problems := Query(`SELECT 'a\*b\?c\\d' FROM EHR e`, Limits{})
	if problems != nil {
		t.Fatal(problems)
	}
	if got := q.Columns[0].Value.(*ast.String).Value(); got != `a*b?c\d` {
		t.Errorf("value %q", got)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	text := "SELECT é, c/name\n  FROM COMPOSITION c"
	q, problems := Query(strings.Replace(text, "é", "'é'", 1), Limits{})
	if problems != nil {
		t.Fatal(problems)
	}
	full := strings.Replace(text, "é", "'é'", 1)
	p := q.Columns[1].Value.At()
	if got := full[p.Offset:p.End]; got != "c/name" || p.Line != 1 || p.Column != 13 {
		t.Errorf("second column at %+v: %q", p, got)
	}
	s := q.From.(*ast.Source)
	if got := full[s.Offset:s.End]; got != "COMPOSITION c" || s.Line != 2 || s.Column != 8 {
		t.Errorf("source at %+v: %q", s.Pos, got)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, code, message, snippet string }{
		{"nothing", "", "syntax", "line 1, column 1: the query ends too early, expected SELECT", "\n^"},
		{"no FROM", "SELECT c", "syntax", "line 1, column 9: the query ends too early, expected FROM", "SELECT c\n        ^"},
		{
			"wrong word", "SELECT c\nFORM COMPOSITION c", "syntax",
			"line 2, column 1: unexpected FORM, expected FROM", "FORM COMPOSITION c\n^^^^",
		},
		{
			"open string", "SELECT c FROM COMPOSITION c WHERE c/name/value = 'abc", "syntax",
			"line 1, column 50: the string is not closed before the end of its line, expected a path, function or value",
			"SELECT c FROM COMPOSITION c WHERE c/name/value = 'abc\n                                                 ^",
		},
		{
			"limit zero", "SELECT c FROM COMPOSITION c LIMIT 0", "syntax.number", "line 1, column 35: LIMIT takes a number of at least 1",
			"SELECT c FROM COMPOSITION c LIMIT 0\n                                  ^",
		},
		{
			"huge limit", "SELECT c FROM COMPOSITION c LIMIT 99999999999999999999", "syntax.number",
			"line 1, column 35: LIMIT takes a number of at most 9223372036854775807",
			"SELECT c FROM COMPOSITION c LIMIT 99999999999999999999\n                                  ^^^^^^^^^^^^^^^^^^^^",
		},
		{
			"top and limit", "SELECT TOP 1 c FROM COMPOSITION c LIMIT 1", "syntax.top_limit",
			"line 1, column 35: TOP and LIMIT cannot be used together",
			"SELECT TOP 1 c FROM COMPOSITION c LIMIT 1\n                                  ^^^^^^^",
		},
		{
			"unknown escape", `SELECT '\q' FROM EHR e`, "syntax.escape", `line 1, column 8: there is no escape \q in strings`,
			"SELECT '\\q' FROM EHR e\n       ^^^^",
		},
		{
			"lone surrogate", `SELECT '\ud800' FROM EHR e`, "syntax.escape",
			`line 1, column 8: \u takes four hexadecimal digits that name a character`, "SELECT '\\ud800' FROM EHR e\n       ^^^^^^^^",
		},
		{
			"zero character", `SELECT '\0' FROM EHR e`, "syntax.escape",
			`line 1, column 8: a string cannot hold the character U+0000`, "SELECT '\\0' FROM EHR e\n       ^^^^",
		},
		{
			"dotted name", "SELECT at1.1/x FROM EHR at1.1", "syntax.name",
			"line 1, column 8: at1.1 is not a name: a name has letters, digits and underscores only", "SELECT at1.1/x FROM EHR at1.1\n       ^^^^^",
		},
		{
			"select star", "SELECT * FROM EHR e", "syntax", "line 1, column 8: unexpected *, expected a path, function or value, DISTINCT or TOP",
			"SELECT * FROM EHR e\n       ^",
		},
		{"not UTF-8", "SELECT '\xff' FROM EHR e", "encoding", "line 1, column 9: the query is not valid UTF-8", ""},
		{"too long", strings.Repeat(" ", DefaultLength+1), "limit.length", "line 1, column 1: the query has 65537 bytes, the limit is 65536", ""},
		{
			"nested too deep", "SELECT e FROM EHR e WHERE " + strings.Repeat("(", 65), "limit.nesting",
			"line 1, column 91: the query is nested deeper than the limit of 64", "",
		},
		{
			"too many CONTAINS", "SELECT e FROM EHR e" + strings.Repeat(" CONTAINS SECTION", 65), "limit.nesting",
			"line 1, column 1109: the query is nested deeper than the limit of 64", "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, problems := Query(tc.in, Limits{})
			if q != nil || len(problems) == 0 {
				t.Fatalf("accepted as %v", q)
			}
			p := problems[0]
			if p.Code != tc.code || p.Error() != tc.message {
				t.Errorf("got  %s: %s\nwant %s: %s", p.Code, p.Error(), tc.code, tc.message)
			}
			if tc.snippet != "" && p.Snippet != tc.snippet {
				t.Errorf("snippet\n%s\nwant\n%s", p.Snippet, tc.snippet)
			}
		})
	}
}

func TestSnippetOfALongLineIsCut(t *testing.T) {
	t.Parallel()
	_, problems := Query("SELECT "+strings.Repeat("c/name, ", 40)+"! FROM COMPOSITION c", Limits{})
	if len(problems) == 0 {
		t.Fatal("accepted")
	}
	lines := strings.Split(problems[0].Snippet, "\n")
	if len(lines) != 2 || len([]rune(lines[0])) > 122 || []rune(lines[0])[strings.Index(lines[1], "^")] != '!' {
		t.Errorf("snippet\n%s", problems[0].Snippet)
	}
}

func FuzzParse(f *testing.F) {
	for _, tc := range printed {
		f.Add(tc.in)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, problems := Query(text, Limits{Length: 4096})
		if (q == nil) != (len(problems) > 0) {
			t.Fatalf("tree %v with problems %v", q, problems)
		}
		if q == nil {
			return
		}
		again, problems := Query(q.String(), Limits{Length: 1 << 16, Nesting: 1 << 12})
		if problems != nil {
			t.Fatalf("%q printed as %q: %v", text, q, problems)
		}
		if diff := cmp.Diff(q, again, ignorePos); diff != "" {
			t.Fatalf("%q printed as %q: %s", text, q, diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const text = `SELECT e/ehr_id/value, c/context/start_time/value AS t,
  o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude AS sys,
  o/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value/magnitude AS dia
FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1]
  CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]
WHERE o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude >= $sys
ORDER BY c/context/start_time/value DESC LIMIT 10`
	for b.Loop() {
		if _, problems := Query(text, Limits{}); problems != nil {
			b.Fatal(problems)
		}
	}
}
