package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// The tests of this file are of the list in docs/conformance/rest.md, like those
// of package rest: the behaviours that show only through a query.

const inEHR = " WHERE e/ehr_id/value = $ehr"

// number is the only value of a result with one row, as of COUNT.
func number(t *testing.T, s *Server, q, ehr string) int {
	t.Helper()
	r := rows(t, s, q, ehr)
	if len(r) != 1 || len(r[0]) != 1 {
		t.Fatalf("%s: %v", q, r)
	}
	n, err := r[0][0].(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func texts(t *testing.T, s *Server, q, ehr string) []string {
	t.Helper()
	var out []string
	for _, r := range rows(t, s, q, ehr) {
		out = append(out, fmt.Sprint(r...))
	}
	slices.Sort(out)
	return out
}

const (
	pressures = "EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
	systolic  = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]"
)

// TestTrap13NotQueryableHidesFromPopulationQueries: and not from a query that
// names the EHR.
func TestTrap13NotQueryableHidesFromPopulationQueries(t *testing.T) {
	t.Parallel()
	s := running(t, 13, 2)
	id := synth.New(13).Patient(0).EHRID
	all, own := number(t, s, "SELECT COUNT(*) FROM "+pressures, id), number(t, s, "SELECT COUNT(*) FROM "+pressures+inEHR, id)
	if own == 0 || all <= own {
		t.Fatalf("%d of %d", own, all)
	}
	e, err := s.Service.EHR(t.Context(), sandboxActor, uuid.MustParse(id))
	if err != nil {
		t.Fatal(err)
	}
	now, problems := rm.DecodeJSON(fetch(t, s, "GET", "/openehr/v1/ehr/"+id+"/ehr_status", nil), rm.Lookup("EHR_STATUS"), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	if _, err := s.Service.UpdateEHRStatus(t.Context(), sandboxActor, ehr.UpdateEHRStatus{
		EHRID: e.ID, Preceding: e.StatusUID,
		Status: ehr.Content{Root: now.With("is_queryable", &rm.Node{Class: rm.ClassBoolean, Text: "false"})},
	}); err != nil {
		t.Fatal(err)
	}
	if got := number(t, s, "SELECT COUNT(*) FROM "+pressures, id); got != all-own {
		t.Errorf("a population query finds %d, want %d", got, all-own)
	}
	if got := number(t, s, "SELECT COUNT(*) FROM "+pressures+inEHR, id); got != own {
		t.Errorf("a query that names the EHR finds %d, want %d", got, own)
	}
}

// TestTrap20BranchesAreNotCurrent: neither AQL nor FHIR takes a branch, or an
// older version that is imported, for what is current.
func TestTrap20BranchesAreNotCurrent(t *testing.T) {
	t.Parallel()
	s := running(t, 20, 1)
	id := synth.New(20).Patient(0).EHRID
	owner := uuid.MustParse(id)
	const every = "SELECT v/uid/value FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]" + inEHR
	state := func() string {
		return fmt.Sprint(texts(t, s, "SELECT c/uid/value, "+systolic+"/value/magnitude FROM "+pressures+inEHR, id),
			texts(t, s, "SELECT v/uid/value FROM EHR e CONTAINS VERSION v[LATEST_VERSION] CONTAINS COMPOSITION c"+inEHR, id),
			number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c"+inEHR, id)) +
			strings.Join(byFHIR(t, s, id, "85354-9", "8480-6"), "\n")
	}
	before, versions := state(), texts(t, s, every, id)
	if len(versions) == 0 {
		t.Fatal("nothing to branch from")
	}
	first, err := ehr.ParseVersionUID(strings.Trim(versions[0], "[]"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := s.Service.CompositionVersion(t.Context(), sandboxActor, owner, first)
	if err != nil {
		t.Fatal(err)
	}
	root, problems := rm.DecodeJSON(rec.Raw, rm.ClassComposition, rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	branch := first
	branch.Branch, branch.BranchVersion = 1, 1
	if _, _, err := s.Service.CommitContribution(t.Context(), sandboxActor, ehr.CommitContribution{
		EHRID: owner, Changes: []ehr.Change{{Preceding: first, UID: branch, Content: ehr.Content{Root: root}}},
	}); err != nil {
		t.Fatal(err)
	}
	if after := state(); after != before {
		t.Errorf("a branch has changed what is current from\n%s\nto\n%s", before, after)
	}
	want := append(slices.Clone(versions), branch.String())
	slices.Sort(want)
	if got := texts(t, s, every, id); !slices.Equal(got, want) {
		t.Errorf("all versions:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The branch ends; the trunk does not.
	if _, err := s.Service.DeleteComposition(t.Context(), sandboxActor, ehr.DeleteComposition{EHRID: owner, Version: branch}); err != nil {
		t.Fatal(err)
	}
	if after := state(); after != before {
		t.Errorf("a deletion on a branch has changed what is current from\n%s\nto\n%s", before, after)
	}
	fetch(t, s, "GET", "/openehr/v1/ehr/"+id+"/versioned_composition/"+first.Object.String()+"/version/"+url.PathEscape(branch.String()), nil)
}

// TestTrap21NodeIDsMeanWhatTheirRootSays: the same at-code is another node under
// another archetype, and archetype ids are compared as they are.
func TestTrap21NodeIDsMeanWhatTheirRootSays(t *testing.T) {
	t.Parallel()
	s := running(t, 21, 1)
	id := synth.New(21).Patient(0).EHRID
	units := func(archetype, path string) []string {
		return slices.Compact(texts(t, s, "SELECT DISTINCT o/"+path+"/items[at0004]/value/units FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o["+archetype+"]"+inEHR, id))
	}
	pressure, temperature := units("openEHR-EHR-OBSERVATION.blood_pressure.v2", "data[at0001]/events[at0006]/data[at0003]"),
		units("openEHR-EHR-OBSERVATION.body_temperature.v2", "data[at0002]/events/data[at0001]")
	if len(pressure) != 1 || len(temperature) != 1 || pressure[0] != "mm[Hg]" || temperature[0] != "Cel" {
		t.Errorf("at0004 is in %v and %v", pressure, temperature)
	}
	for archetype, some := range map[string]bool{
		"openEHR-EHR-OBSERVATION.blood_pressure.v2": true, "openEHR-EHR-OBSERVATION.blood_pressure.v1": false,
		"openEHR-EHR-OBSERVATION.blood_pressure.v20": false, "openEHR-EHR-OBSERVATION.blood_pressure-special.v2": false,
	} {
		if n := number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o["+archetype+"]"+inEHR, id); (n > 0) != some {
			t.Errorf("%s: %d", archetype, n)
		}
	}
}

// TestTrap22PathsAreNotUnique: a predicate on the name goes by the name in the
// data.
func TestTrap22PathsAreNotUnique(t *testing.T) {
	t.Parallel()
	s := running(t, 22, 1)
	id := synth.New(22).Patient(0).EHRID
	const events = "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2] CONTAINS EVENT v"
	names := texts(t, s, "SELECT DISTINCT v/name/value FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2] CONTAINS EVENT v"+inEHR, id)
	if len(names) == 0 {
		t.Fatal("no events")
	}
	sum := 0
	for _, name := range names {
		name = strings.Trim(name, "[]")
		n := number(t, s, events+"[at0006, '"+name+"']"+inEHR, id)
		if again := number(t, s, events+"[at0006 and name/value = '"+name+"']"+inEHR, id); again != n || n == 0 {
			t.Errorf("%q: %d and %d", name, n, again)
		}
		sum += n
	}
	if all := number(t, s, events+"[at0006]"+inEHR, id); all != sum {
		t.Errorf("%d events, by name %d", all, sum)
	}
	if n := number(t, s, events+"[at0006, 'nobody is called this']"+inEHR, id); n != 0 {
		t.Errorf("%d events of a name that none has", n)
	}
}

// TestTrap23ContainsMultipliesRows: one row for each combination, whatever is
// selected, at any depth.
func TestTrap23ContainsMultipliesRows(t *testing.T) {
	t.Parallel()
	s := running(t, 23, 1)
	id := synth.New(23).Patient(0).EHRID
	compositions := len(rows(t, s, "SELECT c/uid/value FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o"+inEHR, id))
	observations := number(t, s, "SELECT COUNT(o) FROM EHR e CONTAINS OBSERVATION o"+inEHR, id)
	distinct := number(t, s, "SELECT COUNT(DISTINCT c/uid/value) FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o"+inEHR, id)
	if compositions != observations || distinct >= observations || distinct == 0 {
		t.Errorf("%d rows for %d observations in %d compositions", compositions, observations, distinct)
	}
	elements := number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o CONTAINS ELEMENT x"+inEHR, id)
	if direct := number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS OBSERVATION o CONTAINS ELEMENT x"+inEHR, id); direct != elements || elements <= observations {
		t.Errorf("%d elements, %d by the composition", direct, elements)
	}
}

// TestTrap24Containment: what stands beside each other is a cross product within
// the EHR, and AND belongs to what contains both.
func TestTrap24Containment(t *testing.T) {
	t.Parallel()
	s := running(t, 24, 2)
	id := synth.New(24).Patient(0).EHRID
	n := number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c"+inEHR, id)
	for _, q := range []string{"EHR e CONTAINS COMPOSITION a AND COMPOSITION b", "EHR e CONTAINS (COMPOSITION a AND COMPOSITION b)"} {
		if got := number(t, s, "SELECT COUNT(*) FROM "+q+inEHR, id); got != n*n {
			t.Errorf("%s: %d rows of %d compositions", q, got, n)
		}
	}
	if got := number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION a OR COMPOSITION b"+inEHR, id); got < n {
		t.Errorf("OR: %d rows of %d compositions", got, n)
	}
}

// TestTrap25LikeHasItsOwnWildcards: * and ?, of the whole value; those of SQL
// are plain characters.
func TestTrap25LikeHasItsOwnWildcards(t *testing.T) {
	t.Parallel()
	s := running(t, 25, 1)
	id := synth.New(25).Patient(0).EHRID
	like := func(pattern string) int {
		return number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c"+inEHR+" AND c/archetype_details/archetype_id/value LIKE '"+pattern+"'", id)
	}
	all := like("openEHR-EHR-COMPOSITION.*")
	if all == 0 {
		t.Fatal("no compositions")
	}
	for pattern, want := range map[string]int{
		"*": all, "openEHR?EHR-COMPOSITION.*": all, "*COMPOSITION*": all, "COMPOSITION": 0, "openEHR-EHR-COMPOSITION.%": 0,
		"openEHR_EHR-COMPOSITION.*": 0, "openEHR-EHR-COMPOSITION.\\*": 0, "openehr-ehr-composition.*": 0, "?": 0,
	} {
		if got := like(pattern); got != want {
			t.Errorf("LIKE %q finds %d, want %d", pattern, got, want)
		}
	}
}

// TestTrap28QuantitiesOfOtherUnitsDoNotCompare: magnitudes are bare numbers and
// do.
func TestTrap28QuantitiesOfOtherUnitsDoNotCompare(t *testing.T) {
	t.Parallel()
	s := running(t, 28, 1)
	id := synth.New(28).Patient(0).EHRID
	const from = "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS (OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2] AND OBSERVATION w[openEHR-EHR-OBSERVATION.body_weight.v2])" + inEHR
	const weight = "w/data[at0002]/events[at0003]/data[at0001]/items[at0004]/value"
	pairs := number(t, s, from+" AND "+systolic+"/value/magnitude > 0 AND "+weight+"/magnitude > 0", id)
	compare := func(op, attribute string) int {
		return number(t, s, from+" AND "+systolic+"/value"+attribute+" "+op+" "+weight+attribute, id)
	}
	if n := compare("<", "/magnitude") + compare(">=", "/magnitude"); n != pairs || pairs == 0 {
		t.Errorf("%d of %d pairs of magnitudes compare", n, pairs)
	}
	if n := compare("<", "") + compare(">=", "") + compare("=", ""); n != 0 {
		t.Errorf("%d pairs of mm[Hg] and kg compare", n)
	}
	const diastolic = "o/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value"
	if n := number(t, s, from+" AND "+systolic+"/value > "+diastolic, id); n == 0 {
		t.Error("no pairs of mm[Hg] compare")
	}
}

// TestTrap26LimitTopAndFetch: LIMIT counts distinct rows and comes before the
// page of the request; TOP goes with neither.
func TestTrap26LimitTopAndFetch(t *testing.T) {
	t.Parallel()
	s := running(t, 26, 1)
	id := synth.New(26).Patient(0).EHRID
	page := func(q string, more map[string]any) (int, []string) {
		t.Helper()
		body := map[string]any{"q": q, "query_parameters": map[string]string{"ehr": id}}
		maps.Copy(body, more)
		status, answer := postQuery(t, s, body)
		var out struct{ Rows [][]any }
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatalf("%s: %s", q, answer)
		}
		list := []string{}
		for _, r := range out.Rows {
			list = append(list, fmt.Sprint(r...))
		}
		return status, list
	}
	const times = " c/context/start_time/value AS at FROM EHR e CONTAINS COMPOSITION c" + inEHR
	const ordered = "SELECT" + times + " ORDER BY at"
	_, all := page(ordered, nil)
	if len(all) < 8 || !slices.IsSorted(all) {
		t.Fatalf("%v", all)
	}
	const archetypes = "SELECT DISTINCT o/archetype_node_id FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o" + inEHR
	_, distinct := page(archetypes, nil)
	for _, test := range []struct {
		q    string
		more map[string]any
		want []string
	}{
		{ordered + " LIMIT 5", nil, all[:5]},
		{ordered + " LIMIT 5 OFFSET 2", nil, all[2:7]},
		{ordered + " LIMIT 5 OFFSET 2", map[string]any{"fetch": 2, "offset": 1}, all[3:5]},
		{ordered + " LIMIT 5", map[string]any{"fetch": 7}, all[:5]},
		{ordered + " LIMIT 5", map[string]any{"offset": 5}, nil},
		{ordered, map[string]any{"offset": len(all) - 1, "fetch": 10}, all[len(all)-1:]},
		{"SELECT TOP 3" + times + " ORDER BY at", nil, all[:3]},
		{"SELECT TOP 3 BACKWARD" + times + " ORDER BY at", nil, all[len(all)-3:]},
	} {
		if status, got := page(test.q, test.more); status != 200 || !slices.Equal(got, test.want) {
			t.Errorf("%s %v: %d\n%v\nwant\n%v", test.q, test.more, status, got, test.want)
		}
	}
	if _, got := page(fmt.Sprint(archetypes, " LIMIT ", len(distinct)), nil); len(distinct) < 2 || len(got) != len(distinct) {
		t.Errorf("%d of %d distinct rows within a limit of as many", len(got), len(distinct))
	}
	for _, q := range []string{"SELECT TOP 3" + times + " LIMIT 3", "SELECT TOP 3 BACKWARD" + times, ordered + " LIMIT 0", ordered + " LIMIT -1"} {
		if status, _ := page(q, nil); status != 400 {
			t.Errorf("%s: %d", q, status)
		}
	}
	for _, more := range []map[string]any{{"fetch": 2}, {"offset": 1}, {"offset": 1, "fetch": 2}} {
		if status, _ := page("SELECT TOP 3"+times+" ORDER BY at", more); status != 400 {
			t.Errorf("TOP with %v: %d", more, status)
		}
	}
	// Columns without a name are numbered from 0.
	_, answer := postQuery(t, s, map[string]any{"q": "SELECT e/ehr_id/value, e/ehr_id/value AS own, 1 FROM EHR e" + inEHR, "query_parameters": map[string]string{"ehr": id}})
	var out struct{ Columns []struct{ Name string } }
	if err := json.Unmarshal(answer, &out); err != nil || fmt.Sprint(out.Columns) != "[{#0} {own} {#2}]" {
		t.Errorf("columns %v, %v", out.Columns, err)
	}
}

// TestTrap27DatesCompareAsInstants: whatever their form, offset and precision.
func TestTrap27DatesCompareAsInstants(t *testing.T) {
	t.Parallel()
	s := running(t, 27, 1)
	id := synth.New(27).Patient(0).EHRID
	const start = "c/context/start_time/value"
	found := texts(t, s, "SELECT "+start+" FROM EHR e CONTAINS COMPOSITION c"+inEHR, id)
	if len(found) == 0 {
		t.Fatal("no compositions")
	}
	when, err := time.Parse(time.RFC3339, found[len(found)/2])
	if err != nil {
		t.Fatal(err)
	}
	count := func(op, text string) int {
		return number(t, s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c"+inEHR+" AND "+start+" "+op+" '"+text+"'", id)
	}
	want := map[string]int{}
	for _, op := range []string{"=", "<", ">="} {
		want[op] = count(op, when.Format(time.RFC3339))
	}
	if want["="] == 0 || want["<"]+want[">="] != len(found) {
		t.Fatalf("%v of %d", want, len(found))
	}
	utc, east := when.UTC(), when.In(time.FixedZone("", 5*3600+30*60))
	for _, text := range []string{
		utc.Format("2006-01-02T15:04:05Z"), east.Format("2006-01-02T15:04:05-07:00"), east.Format("20060102T150405-0700"),
		utc.Format("2006-01-02T15:04:05.000Z"), utc.Format("2006-01-02T15:04:05,000000Z"),
	} {
		for op, n := range want {
			if got := count(op, text); got != n {
				t.Errorf("%s %s finds %d, want %d", op, text, got, n)
			}
		}
	}
	// A partial date counts from its first instant.
	before, same := 0, 0
	for _, text := range found {
		if at, err := time.Parse(time.RFC3339, text); err != nil {
			t.Fatal(err)
		} else if at.UTC().Year() < utc.Year() {
			before++
		} else {
			same++
		}
	}
	if got := count("<", utc.Format("2006")); got != before {
		t.Errorf("%d before %d, want %d", got, utc.Year(), before)
	}
	if got := count(">=", utc.Format("2006")); got != same {
		t.Errorf("%d from %d on, want %d", got, utc.Year(), same)
	}
}

// postQuery runs a query and gives the status and the answer.
func postQuery(t *testing.T, s *Server, body map[string]any) (int, []byte) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(s.Origin()+"/openehr/v1/query/aql", "application/json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}
