package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// told are the entries of notifications, as method, type and version.
func told(list []*r4.Node) (out []string) {
	for _, b := range list {
		for _, e := range b.List("entry")[1:] {
			what := e.Str("request", "method") + " " + e.Str("response", "etag")
			if n := e.Get("resource"); n != nil {
				what += " " + n.Str("meta", "source")
			}
			out = append(out, what)
		}
	}
	return out
}

// Who subscribes to documents is told of every complete version of a composition,
// whatever its template, and of its end; in the order of each patient.
func TestSubscriptionDocuments(t *testing.T) {
	t.Parallel()
	e, filtered := newEndpoint(t), newEndpoint(t)
	o := subscriptionOptions(t, e.URL, filtered.URL)
	o.AdminDelete = "ehr"
	w := newWard(t, o)
	early := commit(t, w.s, w.ehr, w.bodies[0]) // before there is a subscription
	id := w.subscribe(wanted{typ: "DocumentReference", endpoint: e.URL, content: fhir.ContentFull, filters: []string{"DocumentReference?patient=" + w.ehr.String()}})
	none := w.subscribe(wanted{typ: "DocumentReference", endpoint: filtered.URL, content: fhir.ContentID, filters: []string{"DocumentReference?type=http://loinc.org|0-0", "DocumentReference?author:identifier=nobody"}})
	e.wait("the handshake", func(list []notice) bool { return len(list) == 1 })
	other, bodies := admit(t, w.s, 21, 2)
	commit(t, w.s, other, bodies[0]) // of somebody else
	first := commit(t, w.s, w.ehr, w.bodies[1])
	next := replaced(t, w.s, w.ehr, first, w.bodies[1])
	removed(t, w.s, w.ehr, next)
	again := replaced(t, w.s, w.ehr, early, w.bodies[0])
	list := events(e.wait("four events", func(list []notice) bool { return len(events(list)) == 4 }))
	for i, n := range list {
		if n.number != fmt.Sprint(i+1) || !strings.Contains(n.focus, "/DocumentReference/") {
			t.Errorf("event %d: %+v", i+1, n)
		}
	}
	want := []string{`POST W/"1" ehr:` + first.String(), `PUT W/"2" ehr:` + next.String(), `DELETE W/"3"`, `PUT W/"2" ehr:` + again.String()}
	if got := told(e.bundles()); !slices.Equal(got, want) {
		t.Errorf("told of %q, not %q", got, want)
	}
	bundle := w.get("Subscription/" + id + "/$events?eventsSinceNumber=2&eventsUntilNumber=3")
	if got := told([]*r4.Node{bundle}); !slices.Equal(got, want[1:3]) {
		t.Errorf("$events: %q", got)
	}
	// A physical deletion takes the events that tell of it.
	if status, _, data := send(t, http.MethodDelete, w.s.Origin()+"/openehr/v1/admin/ehr/"+w.ehr.String()+"/composition/"+first.Object.String(), ""); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, data)
	}
	if got := told([]*r4.Node{w.get("Subscription/" + id + "/$events?eventsSinceNumber=1")}); !slices.Equal(got, want[3:]) {
		t.Errorf("after the deletion: %q", got)
	}
	if got := w.statusOf(none, "events-since-subscription-start"); got != `"0"` {
		t.Errorf("%s events that meet no filter", got)
	}
	if status, n := w.do("POST", "Subscription", "application/fhir+json", wanted{typ: "AuditEvent", endpoint: e.URL}.JSON()); status != http.StatusUnprocessableEntity {
		t.Errorf("a topic of AuditEvent: %d %s", status, n.Append(nil))
	}
	if status, n := w.do("POST", "Subscription", "application/fhir+json", wanted{typ: "DocumentReference", endpoint: e.URL, filters: []string{"DocumentReference?encounter=x"}}.JSON()); status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown filter: %d %s", status, n.Append(nil))
	}
	if !strings.Contains(string(w.get("metadata").Append(nil)), fhir.TopicPrefix+"DocumentReference") {
		t.Error("the topic is not declared")
	}

	// Without such a subscription commits write nothing.
	for _, s := range []string{id, none} {
		if status, _, data := send(t, http.MethodDelete, w.base+"Subscription/"+s, ""); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, data)
		}
	}
	rest := w.subscribe(wanted{typ: "Condition", endpoint: e.URL})
	if err := fhirstore.New(w.s.store, ehr.AllowAll{}).Tidy(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := w.s.store.Pool().QueryRow(t.Context(), `select count(*) from pg_trigger where tgname = 'fhir_publish_document'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d triggers, %v, beside %s", left, err, rest)
	}
}

// A Composition is told of as its document is, and a Provenance once, with each
// projection of a version; a party has one too.
func TestSubscriptionCompositions(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	o := subscriptionOptions(t, e.URL)
	o.AdminDelete = "ehr"
	w := newWard(t, o)
	compositions := w.subscribe(wanted{typ: "Composition", endpoint: e.URL, content: fhir.ContentFull, filters: []string{"Composition?patient=" + w.ehr.String()}})
	provenances := w.subscribe(wanted{typ: "Provenance", endpoint: e.URL, content: fhir.ContentFull, filters: []string{"Provenance?patient=" + w.ehr.String()}})
	population := w.subscribe(wanted{typ: "Provenance", endpoint: e.URL, content: fhir.ContentID})
	amended := w.subscribe(wanted{typ: "Composition", endpoint: e.URL, content: fhir.ContentEmpty, filters: []string{"Composition?status=amended"}})
	first := commit(t, w.s, w.ehr, w.bodies[0])
	next := replaced(t, w.s, w.ehr, first, w.bodies[0])
	removed(t, w.s, w.ehr, next)
	r := &registry{&partner{t, w.s, w.s.Origin() + "/fhir/r4/"}, w.s.Origin() + "/openehr/v1/"}
	r.put("organisation", partyText(t, "Organisation"), "")
	told := func(id string, count int) []string {
		t.Helper()
		eventually(t, "events of "+id, func() bool {
			return w.statusOf(id, "events-since-subscription-start") == fmt.Sprintf("%q", fmt.Sprint(count))
		})
		return told([]*r4.Node{w.get("Subscription/" + id + "/$events?eventsSinceNumber=1")})
	}
	want := []string{`POST W/"1" ehr:` + first.String(), `PUT W/"2" ehr:` + next.String(), `DELETE W/"3"`}
	if got := told(compositions, 3); !slices.Equal(got, want) {
		t.Errorf("told of %q, not %q", got, want)
	}
	made := w.get("Subscription/" + compositions + "/$events?eventsSinceNumber=1&eventsUntilNumber=1").List("entry")[1].Get("resource")
	if composition := "Composition/" + made.Str("id") + "/_history/1"; string(w.get(composition).Append(nil)) != string(made.Append(nil)) {
		t.Errorf("told of as\n%s\nnot as it is read", made.Append(nil))
	}
	last := ehr.VersionUID{Object: next.Object, System: next.System, Trunk: 3}
	want = []string{`POST W/"1" ehr:` + first.String(), `POST W/"1" ehr:` + next.String(), `POST W/"1" ehr:` + last.String()}
	if got := told(provenances, 3); !slices.Equal(got, want) {
		t.Errorf("told of %q, not %q", got, want)
	}
	if got := told(population, 4); len(got) != 4 {
		t.Errorf("with the organisation: %q", got)
	}
	told(amended, 2) // it becomes one, and ends
	for _, filters := range [][]string{{"Composition?entry=Observation/x"}, {"Composition?entry:missing=true"}} {
		if status, n := w.do("POST", "Subscription", "application/fhir+json", wanted{typ: "Composition", endpoint: e.URL, filters: filters}.JSON()); status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %s", filters, status, n.Append(nil))
		}
	}
	capabilities := string(w.get("metadata").Append(nil))
	for _, typ := range []string{"Composition", "Provenance"} {
		if !strings.Contains(capabilities, fhir.TopicPrefix+typ) {
			t.Errorf("the topic of %s is not declared", typ)
		}
	}
	// A physical deletion takes the events that tell of it.
	if status, _, data := send(t, http.MethodDelete, w.s.Origin()+"/openehr/v1/admin/ehr/"+w.ehr.String()+"/composition/"+first.Object.String(), ""); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, data)
	}
	for _, id := range []string{compositions, provenances} {
		if got := w.get("Subscription/" + id + "/$events?eventsSinceNumber=1").List("entry"); len(got) != 1 {
			t.Errorf("after the deletion: %d entries", len(got))
		}
	}
	for _, id := range []string{compositions, amended} {
		if status, _, data := send(t, http.MethodDelete, w.base+"Subscription/"+id, ""); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, data)
		}
	}
	if err := fhirstore.New(w.s.store, ehr.AllowAll{}).Tidy(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := w.s.store.Pool().QueryRow(t.Context(), `select count(*) from pg_trigger where tgname in ('fhir_publish_document', 'fhir_publish_waited')`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d triggers, %v", left, err)
	}
}

// Of documents, too, an event comes after those of what its commit has seen.
func TestSubscriptionDocumentOrder(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	w := newWard(t, subscriptionOptions(t, e.URL))
	other, bodies := admit(t, w.s, 21, 2)
	w.subscribe(wanted{typ: "DocumentReference", endpoint: e.URL, content: fhir.ContentFull})
	e.wait("the handshake", func(list []notice) bool { return len(list) == 1 })
	var group sync.WaitGroup
	committed := make([][]string, 4)
	for writer := range committed {
		of, list := w.ehr, w.bodies
		if writer%2 == 1 {
			of, list = other, bodies
		}
		group.Go(func() {
			for k := range 4 {
				v, err := w.s.Service.CreateComposition(t.Context(), sandboxActor, ehr.CreateComposition{EHRID: of, Content: ehr.Content{JSON: list[(writer+k)%len(list)]}})
				if err != nil {
					t.Error(err)
					return
				}
				committed[writer] = append(committed[writer], "ehr:"+v.UID.String(), "ehr:"+replaced(t, w.s, of, v.UID, list[(writer+k)%len(list)]).String())
			}
		})
	}
	group.Wait()
	e.wait("32 events", func(list []notice) bool { return len(events(list)) == 32 })
	place := map[string]int{}
	for i, what := range told(e.bundles()) {
		place[what[strings.LastIndex(what, " ")+1:]] = i + 1
	}
	for writer, list := range committed {
		last := 0
		for _, source := range list {
			if place[source] <= last {
				t.Errorf("writer %d: %s is told of at %d, what it committed before at %d", writer, source, place[source], last)
			}
			last = place[source]
		}
	}
}

// Changes of parties are told of as changes of the resources that they are shown as:
// of a Practitioner when a ROLE makes a PERSON one, and of a Patient when the PERSON
// of the EHR changes.
func TestSubscriptionParties(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	o := subscriptionOptions(t, e.URL)
	o.AdminDelete = "all"
	s := runningWith(t, o, 33, 1)
	r := &registry{&partner{t, s, s.Origin() + "/fhir/r4/"}, s.Origin() + "/openehr/v1/"}
	focus := map[string]string{} // of the subscriptions, by type
	for _, typ := range []string{"Organization", "Practitioner", "PractitionerRole", "Patient"} {
		focus[typ] = r.subscribe(wanted{typ: typ, endpoint: e.URL, content: fhir.ContentFull})
	}
	e.wait("the handshakes", func(list []notice) bool { return len(list) == len(focus) })
	org := r.put("organisation", partyText(t, "Organisation"), "")
	person := r.put("person", partyText(t, "Person"), "")
	role := r.put("role", partyText(t, "Practitioner role", exampleEmployer, object(org), examplePerformer, object(person)), "")
	id := uuid.New()
	status := `{"_type":"EHR_STATUS","archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1","name":{"_type":"DV_TEXT","value":"EHR status"},"is_modifiable":true,"is_queryable":true,` +
		`"subject":{"_type":"PARTY_SELF","external_ref":{"_type":"PARTY_REF","namespace":"local","type":"PERSON","id":{"_type":"HIER_OBJECT_ID","value":"` + object(person) + `"}}}}`
	if _, err := s.Service.CreateEHR(t.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: []byte(status)}}); err != nil {
		t.Fatal(err)
	}
	r.put("organisation", partyText(t, "Organisation", "St. Agnes Hospital", "St. Agnes Clinic"), org)
	r.put("person", partyText(t, "Person", "Falkner", "Faulkner"), person)
	r.remove("role", role)
	want := map[string][]string{
		"Organization":     {"POST 1", "PUT 2"},
		"Practitioner":     {"POST 1", "PUT 2", "DELETE 2.1"},
		"PractitionerRole": {"POST 1", "DELETE 2"},
		"Patient":          {"POST 1", "PUT 1.1"},
	}
	for typ, list := range want {
		var got []string
		eventually(t, typ, func() bool {
			return r.statusOf(focus[typ], "events-since-subscription-start") == fmt.Sprintf("%q", fmt.Sprint(len(list)))
		})
		for _, entry := range r.get("Subscription/" + focus[typ] + "/$events?eventsSinceNumber=1").List("entry")[1:] {
			got = append(got, entry.Str("request", "method")+" "+strings.Trim(strings.TrimPrefix(entry.Str("response", "etag"), "W/"), `"`))
			if n := entry.Get("resource"); n != nil && n.Str("resourceType") != typ {
				t.Errorf("%s is told of to who asked for %s", n.Str("resourceType"), typ)
			}
		}
		if !slices.Equal(got, list) {
			t.Errorf("%s: %q, not %q", typ, got, list)
		}
	}
	delivered := 0
	for _, list := range want {
		delivered += len(list)
	}
	e.wait("all deliveries", func(list []notice) bool { return len(events(list)) == delivered })
}
