package aql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/analyze"
)

// everywhere has each kind of literal wherever a query can have one. %[1]s is
// a string literal, %[2]s a number, %[3]s an archetype concept, %[4]s digits,
// %[5]s three digits of a year.
const everywhere = `SELECT %[1]s AS a, %[2]s AS b, c/name/value, o/data[at%[4]s, %[1]s]/events[name/value = %[1]s and sample_count > %[2]s]/time,
  o[name/value = %[1]s]/uid/value, x/value, CONCAT(%[1]s, c/name/value), SUBSTRING(%[1]s, %[4]s), ROUND(x/value/magnitude * %[2]s, %[4]s), x/value/magnitude - %[2]s
FROM EHR e[ehr_id/value = %[1]s] CONTAINS VERSION v[uid/value = %[1]s and version_at_time = '2%[5]s'] CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.%[3]s.v%[4]s, %[1]s]
  CONTAINS ((OBSERVATION o[openEHR-EHR-OBSERVATION.%[3]s.v%[4]s, %[3]s::%[3]s|r|] CONTAINS ELEMENT x[at%[4]s and value/magnitude < %[2]s])
    OR (EVALUATION ev[uid/value != %[1]s or links/meaning/value = %[1]s] NOT CONTAINS CLUSTER k[openEHR-EHR-CLUSTER.%[3]s.v%[4]s]))
WHERE c/name/value = %[1]s AND x/value > %[2]s AND x/value/value != %[1]s AND c/name LIKE %[1]s
  AND (c/uid/value = %[1]s OR e/system_id/value MATCHES {%[1]s, %[1]s} OR x/value MATCHES {%[1]s, %[2]s} OR x/value/magnitude MATCHES {%[2]s})
  AND CONTAINS(c/name/value, %[1]s) AND LENGTH(%[1]s) > %[2]s AND c/name/value matches {/a%[3]s[0-9]*%[4]s/} AND x/value/magnitude matches {|%[2]s..%[4]s|}
  AND c/name/value MATCHES {%[1]s, CONCAT(%[1]s, c/name/value)} AND %[1]s != c/language/code_string AND CONCAT(c/name/value, %[1]s) LIKE CONCAT(%[1]s, '*')
  AND EXISTS o/protocol/items[at%[4]s, %[1]s] AND NOT e/ehr_id/value != %[1]s AND e/ehr_id/value MATCHES {%[1]s}
ORDER BY x/value, LENGTH(CONCAT(c/name/value, %[1]s)) LIMIT %[4]s OFFSET %[4]s`

func shape(t *testing.T, text string) string {
	q, err := aql.Compile(text, aql.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	sql, args, err := q.SQL(t.Context(), aql.Request{}, known{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(sql, "$"+fmt.Sprint(len(args))); n == 0 {
		t.Fatalf("%d arguments for\n%s", len(args), sql)
	}
	return sql
}

func literal(s string) string {
	return "'" + strings.NewReplacer("'", `\'`, `\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// FuzzLiteralsDoNotReachTheSQL compiles a query with other literals in every
// place and demands the same statement.
func FuzzLiteralsDoNotReachTheSQL(f *testing.F) {
	f.Add("'; drop table ehr; --", 12.5, "a_b", uint32(7))
	f.Add(`\" $1 || $a0 ? (@) "`, -1e9, "select", uint32(0))
	want := map[string]string{}
	f.Fuzz(func(t *testing.T, s string, n float64, name string, code uint32) {
		dt, ti, du := analyze.TemporalText(s)
		if strings.ContainsRune(s, 0) || !strings.HasPrefix(strings.ToValidUTF8(s, "?"), s) || dt || ti || du {
			t.Skip() // not a string of AQL, or one that compares as a date
		}
		for _, r := range name {
			if (r < 'a' || r > 'z') && r != '_' {
				t.Skip()
			}
		}
		if n != n || n > 1e100 || n < -1e100 {
			t.Skip()
		}
		fill := func(s string, n float64, name string, code uint32) string {
			return fmt.Sprintf(everywhere, literal(s), strings.Replace(fmt.Sprintf("%.6f", n), "e+", "e", 1), "x"+name, fmt.Sprint(int64(code)+1), fmt.Sprintf("%03d", code%1000))
		}
		if want[""] == "" {
			want[""] = shape(t, fill("plain", 1, "y", 1))
		}
		if diff := cmp.Diff(want[""], shape(t, fill(s, n, name, code))); diff != "" {
			t.Errorf("the statement depends on the literals: %s", diff)
		}
	})
}

// The words of a statement are those of SQL, of Cairn's schema and of the
// Reference Model.
func TestSQLHoldsNoTextOfTheQuery(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(everywhere, literal("zqxstring"), "987654321", "zqxname", "24680", "468")
	sql := shape(t, text)
	for _, word := range []string{"zqx", "987654321", "24680", "openEHR-"} {
		if strings.Contains(sql, word) {
			t.Errorf("%q is in the statement:\n%s", word, sql)
		}
	}
}
