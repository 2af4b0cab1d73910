package server

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// finder compares what searches of a type find with what its resources say.
type finder struct {
	*partner
	typ, of string
	all     []*r4.Node
	values  map[string][]r4.SearchValue // of each resource, by its id
}

func newFinder(p *partner, typ, of string) *finder {
	f := &finder{p, typ, of, p.all(typ+"?_count=500&"+of, "match"), map[string][]r4.SearchValue{}}
	for _, n := range f.all {
		f.values[n.Str("id")] = r4.SearchValues(n)
	}
	return f
}

// check searches by a parameter and compares what it finds with the resources that
// have a value that meets the condition.
func (f *finder) check(param, value string, negate bool, meets func(r4.SearchValue) bool) {
	f.t.Helper()
	var want, got []string
	for id, list := range f.values {
		if slices.ContainsFunc(list, meets) != negate {
			want = append(want, id)
		}
	}
	for _, n := range f.partner.all(f.typ+"?_count=500&"+f.of+"&"+param+"="+url.QueryEscape(value), "match") {
		got = append(got, n.Str("id"))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		f.t.Errorf("%s?%s=%s finds %v, not %v", f.typ, param, value, got, want)
	}
}

// Resources that are made when they are asked for are found by every value that
// they show of each of their parameters, and by no other.
func TestMadeParameters(t *testing.T) {
	t.Parallel()
	s := runningWith(t, testOptions(t), 14, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	box, err := s.LoadSandbox(t.Context(), 14, 1)
	if err != nil {
		t.Fatal(err)
	}
	filled := map[string]bool{}
	before := "&date=lt" + url.QueryEscape(time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano))
	time.Sleep(time.Second)
	for _, typ := range []string{"Composition", "DocumentReference", "Provenance", "AuditEvent"} {
		of := "patient=" + box.Example.EHRID
		if typ == "AuditEvent" {
			of += before // each search makes another
		}
		f := newFinder(p, typ, of)
		if len(f.all) < 4 {
			t.Fatalf("%d of %s", len(f.all), typ)
		}
		for _, param := range r4.SearchParams(typ) {
			seen := map[string]bool{}
			for _, list := range f.values {
				for _, v := range list {
					name, modifier, _ := strings.Cut(v.Param, ":")
					key := v.System + "|" + v.Code + "|" + v.Text + v.Low.String() + v.High.String() + modifier
					if name != param.Name || modifier != "" && modifier != "identifier" || seen[key] || len(seen) > 8 {
						continue
					}
					seen[key] = true
					equal := func(w r4.SearchValue) bool { return w.Param == v.Param && w.System == v.System && w.Code == v.Code }
					switch {
					case v.Kind == r4.SearchToken && v.Code != "" && (modifier == "" || typ != "AuditEvent" || v.System != ""):
						f.check(v.Param, v.System+"|"+v.Code, false, equal)
						f.check(v.Param, v.Code, false, func(w r4.SearchValue) bool { return w.Param == v.Param && w.Code == v.Code })
						if modifier == "" {
							f.check(v.Param+":not", v.System+"|"+v.Code, true, equal)
							f.check(v.Param, "http://nobody.example.org|"+v.Code, false, func(r4.SearchValue) bool { return false })
						}
					case v.Kind == r4.SearchReference && v.Code != "" && name != "patient" && name != "subject":
						f.check(v.Param, v.Code, false, equal)
					case v.Kind == r4.SearchURI:
						f.check(v.Param, v.Code, false, equal)
					case v.Kind == r4.SearchString:
						f.check(v.Param, v.Text[:1+len(v.Text)/2], false, func(w r4.SearchValue) bool {
							return w.Param == v.Param && strings.HasPrefix(w.Text, v.Text[:1+len(v.Text)/2])
						})
						f.check(v.Param+":contains", v.Text[1:], false, func(w r4.SearchValue) bool { return w.Param == v.Param && strings.Contains(w.Text, v.Text[1:]) })
					case v.Kind == r4.SearchDate && !v.Low.IsZero():
						f.check(v.Param, "sa"+v.Low.UTC().Format("2006-01-02T15:04:05.000000Z"), false, func(w r4.SearchValue) bool { return w.Param == v.Param && w.Low.After(v.Low) })
						if !v.High.IsZero() {
							f.check(v.Param, "lt"+v.High.UTC().Format("2006-01-02T15:04:05.000000Z"), false, func(w r4.SearchValue) bool { return w.Param == v.Param && w.Low.Before(v.High) })
						}
					}
				}
			}
			if len(seen) > 0 {
				filled[typ+"."+param.Name] = true
			} else {
				t.Logf("%s.%s is not filled in this record", typ, param.Name)
			}
			// None of them is found by what is nowhere.
			if param.Kind == r4.SearchReference && param.Name != "patient" && param.Name != "subject" {
				f.check(param.Name, "Practitioner/5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1a03", false, func(r4.SearchValue) bool { return false })
			}
		}
	}
	for _, name := range []string{
		"Composition.author", "Composition.entry", "Composition.period", "Composition.title", "DocumentReference.author", "DocumentReference.language",
		"DocumentReference.location", "DocumentReference.period", "DocumentReference.setting", "DocumentReference.contenttype",
		"Provenance.agent", "Provenance.agent-type", "Provenance.entity", "Provenance.when", "AuditEvent.entity-role", "AuditEvent.entity-type", "AuditEvent.entity-name",
	} {
		if !filled[name] {
			t.Errorf("nothing was compared for %s", name)
		}
	}

	// The order that is asked for, over pages, whichever way.
	for typ, by := range map[string]string{"Composition": "date", "DocumentReference": "_lastUpdated", "Provenance": "recorded", "AuditEvent": "date"} {
		of := typ + "?patient=" + box.Example.EHRID
		if typ == "AuditEvent" {
			of += before
		}
		count := len(p.all(of+"&_count=500", "match"))
		for _, sort := range []string{by, "-" + by} {
			list := p.all(of+"&_count=3&_sort="+sort, "match")
			at := func(n *r4.Node) time.Time {
				v, err := time.Parse(time.RFC3339, n.Str("meta", "lastUpdated"))
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			if len(list) != count || !slices.IsSortedFunc(list, func(a, b *r4.Node) int {
				if sort != by {
					a, b = b, a
				}
				return at(a).Compare(at(b))
			}) {
				t.Errorf("%s by %s: %d of %d: %v", typ, sort, len(list), count, names(list))
			}
		}
		page := p.get(of + "&_total=accurate&_count=1")
		if page.Str("total") != strconv.Itoa(count) {
			t.Errorf("%s has no total", typ)
		}
	}

	// What leads from one to the other.
	patient := "patient=" + box.Example.EHRID
	for path, want := range map[string]string{
		"Observation?_count=500&" + patient + "&_revinclude=Provenance:target": "Provenance",
		"Composition?_count=500&" + patient + "&_include=Composition:entry":    "Observation",
		"Composition?_count=500&" + patient + "&_revinclude=Provenance:target": "",
		"Observation?_count=20&" + patient + "&_revinclude=Composition:entry":  "Composition",
		"Provenance?_count=20&" + patient + "&_include=Provenance:target":      "Observation",
	} {
		got := p.all(path, "include")
		if has := slices.ContainsFunc(got, func(n *r4.Node) bool { return n.Str("resourceType") == want }); has != (want != "") {
			t.Errorf("%s includes %v", path, names(got))
		}
	}
	for path, expression := range map[string]string{
		"Composition?title=x": "http.title", "DocumentReference?language=en": "http.language", "Provenance?agent=Practitioner/x": "http.agent",
		"Composition?" + patient + "&encounter=x": "http.encounter", "AuditEvent?" + patient + "&site=x": "http.site", "Composition?" + patient + "&_sort=title": "http._sort",
		"AuditEvent?" + patient + "&action:text=x": "http.action:text", "Patient?_has:Composition:patient:type=x": "http._has:Composition:patient:type",
		"Composition?" + patient + "&title:missing=true": "http.title:missing",
	} {
		status, n := p.do("GET", path, "", "")
		if issues := n.List("issue"); status != 400 || len(issues) != 1 || issues[0].List("expression")[0].Text != expression {
			t.Errorf("%s: %d %s", path, status, n.Append(nil))
		}
	}
}

// Documents, Provenance and AuditEvents refer to parties that are registered here as
// stored resources do, and by identifier again once there is nothing to refer to.
func TestReferencesOfMade(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	org := object(r.put("organisation", partyText(t, "Organisation"), ""))
	first := r.put("person", partyText(t, "Person"), "")
	doctor := object(first)
	role := r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, doctor), "")
	id, bodies := admit(t, r.s, 21, 1)
	uid := commit(t, r.s, id, partyIn(t, bodies[0], "composer", "PERSON", doctor))
	commit(t, r.s, id, partyIn(t, bodies[1], "composer", "PERSON", "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1a09"))
	of := "?patient=" + id.String()
	author := func(typ string) *r4.Node {
		t.Helper()
		list := r.all(typ+of+"&_source=ehr:"+uid.String(), "match")
		if len(list) != 1 {
			t.Fatalf("%d of %s", len(list), typ)
		}
		if typ == "Provenance" {
			return list[0].List("agent")[0].Get("who")
		}
		return list[0].List("author")[0]
	}
	for _, typ := range []string{"Composition", "DocumentReference", "Provenance"} {
		if got := author(typ); got.Str("reference") != "Practitioner/"+doctor || got.Str("identifier", "value") != doctor || got.Str("display") == "" {
			t.Errorf("%s: %s", typ, got.Append(nil))
		}
		param := map[bool]string{true: "agent", false: "author"}[typ == "Provenance"]
		for query, want := range map[string]int{"=Practitioner/" + doctor: 1, "=Organization/" + doctor: 0, ":identifier=" + doctor: 1, ":Practitioner=" + doctor: 1} {
			if got := r.all(typ+of+"&"+param+query, "match"); len(got) != want {
				t.Errorf("%s by %s%s: %v", typ, param, query, names(got))
			}
		}
	}
	for _, path := range []string{"Composition" + of + "&_include=Composition:author", "DocumentReference" + of + "&_include=DocumentReference:author", "Provenance" + of + "&_include=Provenance:agent"} {
		if got := names(r.all(path, "include")); !slices.Equal(got, []string{"Practitioner/" + doctor}) {
			t.Errorf("%s: %v", path, got)
		}
	}
	document := string(r.get("Composition/" + r.found("Composition" + of + "&author=Practitioner/" + doctor)[0] + "/$document").Append(nil))
	if !strings.Contains(document, `/Practitioner/`+doctor+`","resource"`) {
		t.Error("the document is without its author")
	}

	// Versions of parties have AuditEvents, which are in nobody's record.
	events := func(query string) (list []string) {
		for _, n := range r.all("AuditEvent?type=110110"+query, "match") {
			e := n.List("entity")
			if len(e) == 1 && e[0].Str("name") != "" {
				list = append(list, n.Str("action")+" "+e[0].Str("name")+" "+strings.TrimPrefix(e[0].Str("what", "identifier", "value"), "ehr:"))
			}
		}
		return list
	}
	r.put("person", partyText(t, "Person", "Falkner", "Faulkner"), first)
	next := doctor + strings.TrimSuffix(strings.TrimPrefix(first, doctor), "1") + "2"
	for _, want := range []string{"C PERSON " + first, "U PERSON " + next, "C ROLE " + role} {
		if got := events("&entity-type=2"); !slices.Contains(got, want) {
			t.Errorf("there is no %s in %v", want, got)
		}
	}
	if got := events("&entity-name=person&action=U"); !slices.Equal(got, []string{"U PERSON " + next}) {
		t.Errorf("%v", got)
	}
	if got := events("&patient=" + id.String()); len(got) > 0 {
		t.Errorf("in the record of a patient: %v", got)
	}
	if got := r.all("AuditEvent?entity:identifier="+url.QueryEscape("urn:ietf:rfc:3986|ehr:"+next), "match"); len(got) != 1 {
		t.Errorf("by the version: %v", names(got))
	}

	r.remove("role", role)
	if got := author("Composition"); got.Get("reference") != nil || got.Str("identifier", "value") != doctor {
		t.Errorf("%s", got.Append(nil))
	}
	r.erase(first)
	if got := events("&action=D&entity-name=person"); !slices.Equal(got, []string{"D PERSON " + doctor}) {
		t.Errorf("after the deletion: %v", got)
	}
	if got := events("&entity-name=person&action=C,U"); len(got) > 0 {
		t.Errorf("after the deletion: %v", got)
	}
}

// partyIn is a composition whose attribute is a party that is registered here, or
// looks like one.
func partyIn(t *testing.T, body []byte, attribute, typ, party string) []byte {
	t.Helper()
	return replacedIn(t, body, attribute, map[string]any{
		"_type": "PARTY_IDENTIFIED", "name": "Dr. Renate Falkner", "external_ref": map[string]any{
			"_type": "PARTY_REF", "namespace": "local", "type": typ, "id": map[string]any{"_type": "HIER_OBJECT_ID", "value": party},
		},
	})
}

// replacedIn is a document with another value of an attribute.
func replacedIn(t *testing.T, body []byte, attribute string, value any) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	doc[attribute] = value
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What refers to a party that is deleted physically is put in the queue with it, and
// refers to it by identifier when that is done.
func TestErasedPartyIsNotReferredTo(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	org := r.put("organisation", partyText(t, "Organisation"), "")
	other := r.put("organisation", partyText(t, "Organisation"), "")
	id, bodies := admit(t, r.s, 21, 1)
	provided := func(k int, party string) {
		t.Helper()
		var doc struct{ Content []any }
		if err := json.Unmarshal(bodies[k], &doc); err != nil {
			t.Fatal(err)
		}
		var provide func([]any)
		provide = func(items []any) {
			for _, item := range items {
				if entry := item.(map[string]any); entry["_type"] == "SECTION" {
					inner, _ := entry["items"].([]any)
					provide(inner)
				} else {
					entry["provider"] = map[string]any{"_type": "PARTY_IDENTIFIED", "name": "St. Agnes", "external_ref": map[string]any{
						"_type": "PARTY_REF", "namespace": "local", "type": "ORGANISATION", "id": map[string]any{"_type": "HIER_OBJECT_ID", "value": object(party)},
					}}
				}
			}
		}
		provide(doc.Content)
		commit(t, r.s, id, replacedIn(t, bodies[k], "content", doc.Content))
	}
	provided(0, org)
	provided(1, other)
	of := "?_count=500&patient=" + id.String()
	referring := func(typ, party string) (list []string) {
		for _, n := range r.all(typ+of, "match") {
			if strings.Contains(string(n.Append(nil)), `"reference":"Organization/`+object(party)) {
				list = append(list, n.Str("id"))
			}
		}
		return list
	}
	types := []string{"Observation", "Condition", "AllergyIntolerance"}
	count := func(party string) (n int) {
		for _, typ := range types {
			n += len(referring(typ, party))
		}
		return n
	}
	before, kept := count(org), count(other)
	if before == 0 || kept == 0 {
		t.Fatalf("%d and %d refer to the organisations", before, kept)
	}
	// What is put into the queue, and in which transaction.
	db := r.s.store.Pool()
	if _, err := db.Exec(t.Context(), `
		create table seen (ehr_no bigint, vo_no bigint, xid text);
		create function see() returns trigger language plpgsql as 'begin insert into seen values (new.ehr_no, new.vo_no, pg_current_xact_id()::text); return new; end';
		create trigger see after insert on fhir_queue for each row execute function see()`); err != nil {
		t.Fatal(err)
	}
	r.erase(org)
	var queued int
	if err := db.QueryRow(t.Context(), `select count(*) from seen join erased x on x.xmin::text = seen.xid and x.id = $1`, object(org)).Scan(&queued); err != nil {
		t.Fatal(err)
	}
	if queued != 1 {
		t.Errorf("%d objects were put into the queue with the deletion", queued)
	}
	eventually(t, "nothing refers to what was deleted", func() bool { return count(org) == 0 })
	if got := r.status("Organization/" + object(org)); got != 404 {
		t.Errorf("%d", got)
	}
	named := 0
	for _, typ := range types {
		for _, n := range r.all(typ+of, "match") {
			if strings.Contains(string(n.Append(nil)), `"identifier":{"value":"`+object(org)) {
				named++
			}
		}
	}
	if named != before {
		t.Errorf("%d of %d name it by identifier", named, before)
	}
	if got := count(other); got != kept {
		t.Errorf("%d of %d refer to the other", got, kept)
	}
}
