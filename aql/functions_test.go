package aql_test

import (
	"math/rand/v2"
	"testing"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

// TestFunctions checks the SQL functions that statements use against values
// worked out by hand.
func TestFunctions(t *testing.T) {
	t.Parallel()
	pool := pgtest.Database(t)
	for _, tc := range []struct{ expr, want string }{
		{"aql_datetime('1970-01-01')", "0"},
		{"aql_datetime('1970-01-01T00:00:00Z')", "0"},
		{"aql_datetime('1970-01-01T00:00:01.5+00:00')", "1.5"},
		{"aql_datetime('1970-01-01T01:00:00+01:00')", "0"},
		{"aql_datetime('1969-12-31T23:00:00-01:30')", "1800"},
		{"aql_datetime('2000-03-01')", "951868800"},
		{"aql_datetime('2000-02-29')", "951782400"},
		{"aql_datetime('1900-03-01') - aql_datetime('1900-02-28')", "86400"},
		{"aql_datetime('2024')", "1704067200"},
		{"aql_datetime('2024-02') - aql_datetime('2024')", "2678400"},
		{"aql_datetime('20240203T0405')", "1706933100"},
		{"aql_datetime('20240203T040506,25Z')", "1706933106.25"},
		{"aql_datetime('2024-02-03T04-05:30') = aql_datetime('2024-02-03T09:30:00Z')", "true"},
		{"aql_datetime('2024-02-03T04:05:06')", "1706933106"},
		{"aql_datetime('2024-02-30') is not null", "true"}, // impossible, but no reason to fail
		{"aql_datetime('24-02-03') is null and aql_datetime('') is null and aql_datetime('x') is null", "true"},
		{"aql_datetime('2024-02-03T04:05:06.Z') is null and aql_datetime('2024-02-03T04:05:067Z') is null", "true"},
		{"aql_time('00:00:01')", "1"},
		{"aql_time('T1030')", "37800"},
		{"aql_time('10:30:00.25+01:30')", "32400.25"},
		{"aql_time('23') - aql_time('22:59:59')", "1"},
		{"aql_time('1:00') is null and aql_time('') is null", "true"},
		{"aql_clock('2019-02') is null and aql_clock('20:19-02') is not null", "true"},
		{"aql_duration('P1Y') = 365.24 * 86400 and aql_duration('P1M') = 30.42 * 86400", "true"},
		{"aql_duration('P1W2DT3H4M5.5S')", "788645.5"},
		{"aql_duration('-PT1H')", "-3600"},
		{"aql_duration('P') is null and aql_duration('PT') is null and aql_duration('P1DT') is null and aql_duration('1D') is null", "true"},
		{`aql_compare('{"_type": "DV_QUANTITY", "magnitude": 1, "units": "mg"}', '{"_type": "DV_QUANTITY", "magnitude": 2, "units": "mg"}')`, "-1"},
		{`aql_compare('{"_type": "DV_QUANTITY", "magnitude": 1, "units": "mg"}', '{"_type": "DV_QUANTITY", "magnitude": 1, "units": "g"}') is null`, "true"},
		{`aql_compare('{"_type": "DV_QUANTITY", "magnitude": 1, "units": "mg", "units_system": "x"}', '{"_type": "DV_QUANTITY", "magnitude": 1, "units": "mg"}') is null`, "true"},
		{`aql_compare('{"_type": "DV_QUANTITY", "magnitude": 1, "units": "1"}', '{"_type": "DV_COUNT", "magnitude": 1}') is null`, "true"},
		{`aql_compare('{"_type": "DV_DATE", "value": "2020"}', '{"_type": "DV_DATE_TIME", "value": "2020-01-01T00:00:00Z"}')`, "0"},
		{`aql_compare('{"_type": "DV_TIME", "value": "10:00:00"}', '{"_type": "DV_DATE", "value": "2020"}') is null`, "true"},
		{`aql_compare('{"_type": "DV_DURATION", "value": "PT60M"}', '"PT1H"')`, "0"},
		{`aql_compare('"PT2H"', '{"_type": "DV_DURATION", "value": "PT60M"}')`, "1"},
		{`aql_compare('{"_type": "DV_PROPORTION", "numerator": 1, "denominator": 3, "type": 0}', '{"_type": "DV_PROPORTION", "numerator": 2, "denominator": 6, "type": 0}')`, "0"},
		{`aql_compare('{"_type": "DV_PROPORTION", "numerator": 1, "denominator": 0, "type": 0}', '1') is null`, "true"},
		{`aql_compare('{"_type": "DV_TEXT", "value": "a"}', '{"_type": "DV_CODED_TEXT", "value": "b"}')`, "-1"},
		{`aql_compare('"Z"', '"a"')`, "-1"},
		{`aql_compare('1', '"1"') is null and aql_compare('true', '1') is null and aql_compare('null', '1') is null and aql_compare('[1]', '1') is null`, "true"},
		{`aql_compare('{"_type": "CODE_PHRASE", "terminology_id": {"value": "a"}, "code_string": "b"}', '"a::b"')`, "0"},
		{`aql_num('"1"') is null and aql_text('1') is null and aql_bool('1') is null and aql_num('1.50') = 1.5`, "true"},
		{`aql_timestamp('2020-01-02T03:04:05.6789+01:00')`, "2020-01-02T02:04:05.678Z"},
		{`aql_nests('{"_type": "CLUSTER", "archetype_node_id": "openEHR-EHR-CLUSTER.x.v1", "items": [{"archetype_node_id": "at0001.1"}]}')`, "false"},
		{`aql_nests('{"_type": "CLUSTER", "archetype_node_id": "at0001", "items": [{"archetype_node_id": "openEHR-EHR-CLUSTER.x.v1"}]}')`, "true"},
		{`(select string_agg(f ->> 'n', ',' order by f ->> 'n') from aql_frame('{"n": 1, "items": [{"n": 2, "archetype_node_id": "at1", "items": [{"n": 3}]},
			{"n": 4, "archetype_node_id": "openEHR-EHR-CLUSTER.x.v1", "items": [{"n": 5, "archetype_node_id": "at2"}]}], "name": {"n": 6}}') f)`, "2,3,6"},
	} {
		var got string
		// trailing zeros of the fraction say nothing
		if err := pool.QueryRow(t.Context(), `select regexp_replace((`+tc.expr+`)::text, '^(-?\d+)(\.\d*?[1-9])?\.?0*$', '\1\2')`).Scan(&got); err != nil {
			t.Errorf("%s: %v", tc.expr, err)
			continue
		}
		if got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

// TestTemporalTextAgreesWithTheDatabase: what the analyser takes for a date,
// time or duration is what the functions can read.
func TestTemporalTextAgreesWithTheDatabase(t *testing.T) {
	t.Parallel()
	pool := pgtest.Database(t)
	texts := []string{
		"2020", "2020-01", "2020-01-02", "20200102", "2020-01-02T10", "2020-01-02T10:11", "2020-01-02T10:11:12", "2020-01-02T10:11:12.5",
		"2020-01-02T10:11:12,5Z", "2020-01-02t10:11:12z", "2020-01-02T10:11:12+01", "2020-01-02T10:11:12+0130", "2020-01-02 10:11", "10", "10:11", "10:11:12.125-02:00",
		"T10", "101112", "P1Y2M3W4DT5H6M7.8S", "-P1D", "+PT5M", "P0D", "PT0,5S", "p1d", "P", "PT", "P1DT", "1D", "", "x", "2020-1-2", "12:3",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("0123456789-:TZ+.,PDYMWHS t")
	for range 3000 {
		r := []rune(texts[rnd.IntN(32)])
		for range 1 + rnd.IntN(3) {
			switch i := rnd.IntN(len(r) + 1); {
			case rnd.IntN(2) == 0 || i == len(r):
				r = append(r[:i:i], append([]rune{alphabet[rnd.IntN(len(alphabet))]}, r[i:]...)...)
			default:
				r = append(r[:i:i], r[i+1:]...)
			}
		}
		texts = append(texts, string(r))
	}
	rows, err := pool.Query(t.Context(), `select s, aql_datetime(s) is not null, aql_time(s) is not null, aql_duration(s) is not null from unnest($1::text[]) s`, texts)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var s string
		var db, here [3]bool
		if err := rows.Scan(&s, &db[0], &db[1], &db[2]); err != nil {
			t.Fatal(err)
		}
		here[0], here[1], here[2] = analyze.TemporalText(s)
		if db != here {
			t.Errorf("%q: the database says %v, the analyser %v", s, db, here)
		}
		n++
	}
	if err := rows.Err(); err != nil || n != len(texts) {
		t.Fatalf("%d of %d texts, error %v", n, len(texts), err)
	}
}
