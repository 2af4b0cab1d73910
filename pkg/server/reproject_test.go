package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// earlier is what the mappings may have been before: without conditions, without
// search values, and with another status of observations.
type earlier struct{ ehr.Projection }

func (earlier) Version() string { return "earlier" }

func (e earlier) Project(in ehr.ProjectionInput) ehr.Projected {
	out := e.Projection.Project(in)
	var kept []ehr.Resource
	for _, r := range out.Resources {
		switch r.Type {
		case "Condition":
			out.Losses = append(out.Losses, ehr.Loss{Kind: "unmapped", Archetype: "openEHR-EHR-EVALUATION.problem_diagnosis.v1", Message: "nothing maps it"})
			continue
		case "Observation":
			r.JSON = bytes.ReplaceAll(r.JSON, []byte(`"status":"final"`), []byte(`"status":"amended"`))
			r.Search, r.Mould = nil, nil
		}
		kept = append(kept, r)
	}
	out.Resources = kept
	return out
}

// projected is all that the store holds of current resources and losses, but
// when it was made and how often.
func projected(t *testing.T, s *Server) map[string]string {
	t.Helper()
	out := map[string]string{}
	rows, err := s.store.Pool().Query(t.Context(), `
		select r.resource_type || '/' || r.resource_id, r.ver || ' ' || k.mapping || ' ' || k.mapping_version || ' ' || k.profiles::text || ' ' || coalesce(r.search::text, ''),
			r.byte_from, r.byte_len, c.raw
		from fhir_resource r join fhir_kind k using (kind_no)
		join fhir_content c using (ehr_no, vo_no, ver, revision)
		where r.superseded is null and r.byte_len is not null`)
	if err != nil {
		t.Fatal(err)
	}
	var key, facts string
	var from, length int
	var raw []byte
	if _, err := pgx.ForEachRow(rows, []any{&key, &facts, &from, &length, &raw}, func() error {
		content, err := s.store.Content(raw)
		if err == nil {
			out[key] = facts + " " + string(content[from:from+length])
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	rows, err = s.store.Pool().Query(t.Context(), `select v.object_id::text, f.mapped::text || f.losses::text
		from fhir_loss f join version v using (ehr_no, vo_no, ver) where v.time_superseded is null`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&key, &facts}, func() error { out["losses of "+key] = facts; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// project puts a projection in force and projects all that is stored, beside
// the server's own attempts.
func project(t *testing.T, s *Server, p ehr.Projection) {
	t.Helper()
	list := []ehr.Projection{p}
	if err := s.store.UseRules(t.Context(), ehr.Rules(list), false); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := s.store.Reproject(t.Context(), store.ReprojectOptions{Projections: list, Failed: func(uid string, err error) { t.Error(uid, err) }})
		if err == nil {
			return
		}
		if !errs.Is(err, errs.Conflict) || time.Now().After(deadline) {
			t.Fatal(err, errors.Unwrap(err))
		}
	}
}

// lags are the texts by which a search says that it is not up to date.
func (p *partner) lags(path string) (out []string) {
	p.t.Helper()
	for _, n := range p.all(path, "outcome") {
		for _, i := range n.List("issue") {
			if text := i.Str("details", "text"); strings.Contains(text, "mappings have changed") || strings.Contains(text, "not all shown yet") {
				out = append(out, i.Str("severity")+": "+text)
			}
		}
	}
	return out
}

// The shipped mappings follow earlier ones: partners see new versions of what
// came out differently and nothing else, searches say what is not up to date, and
// in the end all is as if the earlier mappings had never been.
func TestReprojectShippedMappings(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Reproject, o.Status = "manual", true
	s := runningWith(t, o, 21, 3)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	shipped := s.projects.projections[0]
	fresh := projected(t, s)
	if len(fresh) < 150 {
		t.Fatalf("only %d resources and losses", len(fresh))
	}
	conditions := p.all("Condition?clinical-status=active&_count=200", "match")
	finals := p.all("Observation?status=final&_count=200", "match")
	if len(conditions) == 0 || len(finals) == 0 {
		t.Fatal("the sandbox has neither conditions nor observations")
	}
	condition, patient := "Condition/"+conditions[0].Str("id"), conditions[0].Str("subject", "reference")
	observation := "Observation/" + finals[0].Str("id")

	// Nothing is silent about what the earlier mappings left out.
	project(t, s, earlier{shipped})
	if status, n := p.do("GET", condition, "", ""); status != http.StatusGone {
		t.Errorf("%s: %d %s", condition, status, n.Append(nil))
	}
	told := ""
	for _, n := range p.all("Condition?patient="+patient, "outcome") {
		told += string(n.Append(nil))
	}
	if !strings.Contains(told, "problem_diagnosis") {
		t.Errorf("the gap is not told: %s", told)
	}
	if n := p.all("Observation?status=final", "match"); len(n) > 0 {
		t.Errorf("found by values that are no more: %v", names(n))
	}
	if n := p.all("Observation?_id="+finals[0].Str("id"), "match"); len(n) != 1 || n[0].Str("status") != "amended" || n[0].Str("meta", "versionId") != "1.1" {
		t.Errorf("%v", n)
	}

	// A server with the shipped mappings that leaves the work to the operator:
	// it tells of it, and projects its own commits by them.
	later, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := later.close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * projectEvery) // in which nothing is to happen
	var status struct {
		Projection struct {
			Rules   string
			Pending bool
			Queued  int
		} `json:"fhir_projection"`
	}
	if err := json.Unmarshal(fetch(t, s, "GET", "/status", nil), &status); err != nil || !status.Projection.Pending || status.Projection.Rules != ehr.Rules(s.projects.projections) {
		t.Errorf("status: %+v, %v", status, err)
	}
	for _, path := range []string{"Observation?_count=1&patient=" + patient, "Condition?_count=200"} {
		if got := p.lags(path); len(got) == 0 || !strings.HasPrefix(got[0], "information: the mappings have changed") {
			t.Errorf("%s: %v", path, got)
		}
	}
	if text := string(p.get(patient + "/$summary").Append(nil)); !strings.Contains(text, "mappings have changed") {
		t.Errorf("the summary does not say so: %s", text)
	}
	if n := p.all("Observation?status=final", "match"); len(n) > 0 {
		t.Errorf("projected though that was left to the operator: %v", names(n))
	}

	// And one that does it in the background.
	o.Reproject = "auto"
	if later, err = Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		st, err := s.store.ProjectionState(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", st, err)
		}
		if !st.Pending {
			if st.Failed != 0 || st.Queued != 0 || st.Changed == 0 || st.Ended.IsZero() {
				t.Errorf("%+v", st)
			}
			break
		}
	}
	if err := later.close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh, projected(t, s)); diff != "" {
		t.Error(diff)
	}
	if got := p.lags("Observation?_count=1"); got != nil {
		t.Errorf("told though all is done: %v", got)
	}
	if n := p.all("Observation?status=final&_count=200", "match"); !slices.Equal(names(n), names(finals)) {
		t.Errorf("found %v, before %v", names(n), names(finals))
	}
	if got := p.all("Condition?clinical-status=active&_count=200", "match"); !slices.Equal(names(got), names(conditions)) {
		t.Errorf("found %v, before %v", names(got), names(conditions))
	}

	// What is kept: every version, each with its Provenance.
	var kept []string
	for _, e := range p.get(observation + "/_history").List("entry") {
		n := e.Get("resource")
		version := n.Str("meta", "versionId")
		kept = append(kept, e.Str("request", "method")+" "+version+" "+n.Str("status"))
		if n.Str("meta", "source") != finals[0].Str("meta", "source") {
			t.Errorf("version %s is of %s", version, n.Str("meta", "source"))
		}
		if read := p.get(observation + "/_history/" + version); !bytes.Equal(read.Append(nil), n.Append(nil)) {
			t.Errorf("version %s reads %s, in the history %s", version, read.Append(nil), n.Append(nil))
		}
		of := slices.DeleteFunc(p.all("Provenance?target="+observation, "match"), func(n *r4.Node) bool {
			return !slices.ContainsFunc(n.List("target"), func(t *r4.Node) bool { return t.Str("reference") == observation+"/_history/"+version })
		})
		if len(of) != 1 {
			t.Errorf("version %s has %d Provenances", version, len(of))
			continue
		}
		if of[0].Str("recorded") != n.Str("meta", "lastUpdated") {
			t.Errorf("version %s was made %s, recorded %s", version, n.Str("meta", "lastUpdated"), of[0].Str("recorded"))
		}
		if committed := of[0].Str("occurredDateTime"); committed != finals[0].Str("meta", "lastUpdated") {
			t.Errorf("version %s was committed %q", version, committed)
		}
		if read := p.get("Provenance/" + of[0].Str("id")); read.Str("id") != of[0].Str("id") {
			t.Errorf("%s", read.Append(nil))
		}
	}
	if want := []string{"PUT 1.2 final", "PUT 1.1 amended", "POST 1 final"}; !slices.Equal(kept, want) {
		t.Errorf("%s: %v, want %v", observation, kept, want)
	}
	kept = nil
	for _, e := range p.get(condition + "/_history").List("entry") {
		kept = append(kept, e.Str("request", "method")+" "+fmt.Sprint(e.Str("response", "etag")))
	}
	if len(kept) != 3 || !strings.HasPrefix(kept[0], "PUT") || !strings.HasPrefix(kept[1], "DELETE") || !strings.HasPrefix(kept[2], "POST") {
		t.Errorf("%s: %v", condition, kept)
	}
	for _, path := range []string{"1.3", "1.01", "1.", "1.0", "01.1", "1.1.1", "1.70000", "2"} {
		if status, _ := p.do("GET", observation+"/_history/"+path, "", ""); status != http.StatusNotFound {
			t.Errorf("version %s: %d", path, status)
		}
	}
	code, header, _ := send(t, "GET", p.base+observation, "", "If-None-Match", `W/"1.2"`)
	if code != http.StatusNotModified || header.Get("ETag") != `W/"1.2"` {
		t.Errorf("%d %v", code, header)
	}
	if code, _, _ := send(t, "GET", p.base+observation, "", "If-None-Match", `W/"1.1"`); code != http.StatusOK {
		t.Errorf("an earlier version is taken for the current one: %d", code)
	}
	// What came out as before has still its first version.
	if n := p.get(patient); n.Str("meta", "versionId") != "1" {
		t.Errorf("%s", n.Append(nil))
	}
}
