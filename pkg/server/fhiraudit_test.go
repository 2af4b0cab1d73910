package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// Every version of a record, and every physical deletion, has an AuditEvent that
// tells who did what to what.
func TestAuditEvents(t *testing.T) {
	t.Parallel()
	s := runningWith(t, testOptions(t), 21, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	id, bodies := admit(t, s, 21, 1)
	first := commit(t, s, id, bodies[0])
	next := replaced(t, s, id, first, bodies[0])
	removed(t, s, id, next)
	kept := commit(t, s, id, bodies[1])
	search := "AuditEvent?patient=" + id.String()
	of := func(query string) (list []string) {
		for _, n := range p.all(search+query, "match") {
			entity := ""
			for _, e := range n.List("entity") {
				if v := e.Str("what", "identifier", "value"); v != "" {
					entity = strings.TrimPrefix(v, "ehr:")
				} else if e.Str("what", "reference") != "Patient/"+id.String() {
					t.Errorf("entity %s", e.Append(nil))
				}
			}
			list = append(list, n.Str("action")+" "+entity)
		}
		return list
	}
	all := of("&_count=2")
	third := strings.TrimSuffix(next.String(), "2") + "3"
	for _, want := range []string{"C " + first.String(), "U " + next.String(), "D " + third, "C " + kept.String()} {
		if !slices.Contains(all, want) {
			t.Errorf("there is no %s in %v", want, all)
		}
	}
	if len(all) != 6 { // with EHR_STATUS and EHR_ACCESS
		t.Errorf("%d events: %v", len(all), all)
	}
	if got := of("&action=D"); len(got) != 1 || got[0] != "D "+third {
		t.Errorf("deletions: %v", got)
	}
	var deletion *r4.Node
	for _, n := range p.all(search+"&action=D", "match") {
		deletion = n
	}
	actor := deletion.List("agent")[0]
	if actor.Str("altId") != "local" || actor.Get("requestor").Text != "true" {
		t.Errorf("the actor is %s", actor.Append(nil))
	}
	read := p.get("AuditEvent/" + deletion.Str("id"))
	if string(read.Append(nil)) != string(deletion.Append(nil)) {
		t.Errorf("read %s, found %s", read.Append(nil), deletion.Append(nil))
	}
	for query, want := range map[string]int{
		"&altid=local": 2, "&altid=nobody": 0, "&date=lt2000-01-01": 0, "&date=ge2000": 6, "&entity=Patient/" + id.String(): 6,
		"&entity=Patient/" + uuid.NewString(): 0, "&_id=" + deletion.Str("id") + ",x": 1, "&agent-name=no%20such": 0,
	} {
		if got := of(query); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	for path, want := range map[string]int{
		"AuditEvent/x": 404, "AuditEvent/version-1-1-99": 404, "AuditEvent/erased-999": 404, "AuditEvent/" + deletion.Str("id") + "/_history/2": 404,
		"AuditEvent/_history": 501, "AuditEvent?site=x": 400, search + "&_sort=action": 400, search + "&_sort=date,_lastUpdated": 400, "Patient?_has:AuditEvent:patient:action=C": 400,
	} {
		if status, n := p.do("GET", path, "", ""); status != want {
			t.Errorf("%s: %d %s", path, status, n.Append(nil))
		}
	}
	if h := p.get("AuditEvent/" + deletion.Str("id") + "/_history/1"); h.Str("id") != deletion.Str("id") {
		t.Errorf("version: %s", h.Append(nil))
	}

	// What is left when there is nothing left.
	eraser := ehr.Actor{ID: "registrar", Purpose: "court order"}
	if err := s.store.EraseComposition(t.Context(), eraser, id, kept.Object); err != nil {
		t.Fatal(err)
	}
	if got := of(""); len(got) != 6 || !slices.Contains(got, "D "+kept.Object.String()) || slices.Contains(got, "C "+kept.String()) {
		t.Errorf("after a physical deletion: %v", got)
	}
	if err := s.store.EraseEHRs(t.Context(), eraser, []uuid.UUID{id}); err != nil {
		t.Fatal(err)
	}
	list := p.all(search, "match")
	if len(list) != 2 {
		t.Errorf("after the deletion of the EHR: %v", names(list))
	}
	for _, n := range list {
		a := n.List("agent")[0]
		if a.Str("altId") != "registrar" || a.List("purposeOfUse")[0].Str("text") != "court order" || n.Str("outcomeDesc") == "" {
			t.Errorf("%s", n.Append(nil))
		}
		if status, _ := p.do("GET", "AuditEvent/"+n.Str("id"), "", ""); status != http.StatusOK {
			t.Errorf("%s: %d", n.Str("id"), status)
		}
	}
}
