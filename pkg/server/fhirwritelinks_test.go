package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// derivedFrom is the element with references.
func derivedFrom(to ...string) string {
	list := make([]string, len(to))
	for i, r := range to {
		list[i] = `{"reference":"` + r + `"}`
	}
	return `,"derivedFrom":[` + strings.Join(list, ",") + `]`
}

// linkTargets are those of the LINKs of a composition's first entry.
func linkTargets(root *rm.Node) []string {
	var out []string
	for _, l := range root.List("content")[0].List("links") {
		out = append(out, l.String("target", "value"))
	}
	return out
}

// TestFHIRWriteLinks posts a resource that refers to one that is stored: the
// composition gets a LINK to what that is made of.
func TestFHIRWriteLinks(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 43, 2)
	template := []string{"openehr-template-id", vitalSigns}
	first := p.send("POST", "Observation", weight(ids[0], "71"), template...)
	if first.status != 201 {
		t.Fatal(first)
	}
	at := "Observation/" + first.body.Str("id")
	for _, to := range []string{at, p.base + at} {
		r := p.send("POST", "Observation", weight(ids[0], "72", derivedFrom(to)), template...)
		if r.status != 201 || r.body.Str("derivedFrom", "reference") != at {
			t.Fatalf("%s: %s", to, r)
		}
		object, _, _ := strings.Cut(strings.TrimPrefix(first.body.Str("meta", "source"), "ehr:"), "::")
		want := []string{"ehr:/" + ids[0] + "/compositions/" + object + "/content[openEHR-EHR-OBSERVATION.body_weight.v2]/data[at0002]/events[at0003]"}
		if got := linkTargets(compositionOf(t, p, ids[0], r.body, vitalSigns)); !slices.Equal(got, want) {
			t.Errorf("%s: links to %v, want %v", to, got, want)
		}
		if again := p.send("GET", r.header.Get("Location"), ""); string(again.body.Append(nil)) != string(r.body.Append(nil)) {
			t.Errorf("read as %s", again)
		}
	}
	if r := p.send("POST", "Observation/$validate?mode=create", weight(ids[0], "72", derivedFrom(at)), template...); r.status != 200 || !strings.Contains(r.String(), "would be created") {
		t.Errorf("$validate: %s", r)
	}
	if r := p.send("POST", "Observation", weight(ids[1], "72", derivedFrom(at)), template...); r.status != 422 || !strings.Contains(r.String(), `"Observation.derivedFrom[0].reference"`) {
		t.Errorf("of another patient: %s", r)
	}
}

// TestFHIRWriteLinkedTransaction stores resources that refer to each other as
// compositions of one contribution, joined by LINKs, or none of them.
func TestFHIRWriteLinkedTransaction(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 44, 1)
	id := ids[0]
	url := func(k int) string { return fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-00000000000%d", k) }
	of := func(k int, resource string, more ...string) string {
		return `{"fullUrl":"` + url(k) + `","resource":` + resource + `,"request":{"method":"POST","url":"Observation"` + strings.Join(more, "") + `}}`
	}
	made := func(r reply, k int) *r4.Node { return r.body.List("entry")[k].Get("resource") }
	before := p.count(id)
	r := p.send("POST", "", bundleOf("transaction",
		of(1, weight(id, "61", tagged, derivedFrom(url(2), url(3)))), of(2, weight(id, "62", tagged, derivedFrom(url(3)))), of(3, weight(id, "63", tagged))))
	if r.status != 200 || statuses(r.body) != "201 201 201" || p.count(id) != before+3 {
		t.Fatal(r)
	}
	var contributions []string
	for k, want := range [][]int{{1, 2}, {2}, nil} {
		n := made(r, k)
		var refs []string
		for _, d := range n.List("derivedFrom") {
			refs = append(refs, d.Str("reference"))
		}
		var targets []string
		for _, j := range want {
			targets = append(targets, "Observation/"+made(r, j).Str("id"))
			if got := p.send("GET", targets[len(targets)-1], ""); got.status != 200 {
				t.Errorf("%d refers to %s", k, got)
			}
		}
		if !slices.Equal(refs, targets) {
			t.Errorf("%d refers to %v, want %v", k, refs, targets)
		}
		links := linkTargets(compositionOf(t, p, id, n, vitalSigns))
		for i, j := range want {
			object, _, _ := strings.Cut(strings.TrimPrefix(made(r, j).Str("meta", "source"), "ehr:"), "::")
			if len(links) != len(want) || !strings.HasPrefix(links[i], "ehr:/"+id+"/compositions/"+object+"/content[") {
				t.Errorf("%d has links to %v", k, links)
			}
		}
		uid := strings.TrimPrefix(n.Str("meta", "source"), "ehr:")
		found := rows(t, p.s, "SELECT v/contribution/id/value FROM EHR e CONTAINS VERSION v CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr AND c/uid/value = '"+uid+"'", id)
		if len(found) != 1 {
			t.Fatalf("%d: %v", k, found)
		}
		contributions = append(contributions, fmt.Sprint(found[0][0]))
	}
	if len(slices.Compact(contributions)) != 1 {
		t.Errorf("several contributions: %v", contributions)
	}
	// One that is there already is referred to as well.
	search := `,"ifNoneExist":"patient=` + id + `&code=29463-7&value-quantity=63"`
	again := p.send("POST", "", bundleOf("transaction", of(1, weight(id, "64", tagged, derivedFrom(url(3)))), of(3, weight(id, "63", tagged), search)))
	if again.status != 200 || statuses(again.body) != "201 200" || made(again, 0).Str("derivedFrom", "reference") != "Observation/"+made(r, 2).Str("id") {
		t.Errorf("one that is there: %s", again)
	}
	before = p.count(id)
	for _, c := range []struct{ name, body, at, text string }{
		{"a circle", bundleOf("transaction", of(1, weight(id, "61", tagged, derivedFrom(url(2)))), of(2, weight(id, "62", tagged, derivedFrom(url(1))))), "Bundle.entry[0]", "refers to itself through others"},
		{"itself", bundleOf("transaction", of(1, weight(id, "61", tagged, derivedFrom(url(1))))), "Bundle.entry[0].resource.derivedFrom[0].reference", "of a composition to itself"},
		{"a target that is refused", bundleOf("transaction", of(1, weight(id, "61", tagged, derivedFrom(url(2)))), of(2, weight(id, "62", tagged, `,"method":{"text":"x"}`))), "Bundle.entry[1].resource.method", "would be lost"},
		{"an entry that is not there", bundleOf("transaction", of(1, weight(id, "61", tagged, derivedFrom(url(2))))), "Bundle.entry[0].resource.derivedFrom", "would be lost"},
		{"twice the same", bundleOf("transaction", of(1, weight(id, "61", tagged, derivedFrom("Observation/none"))), of(2, weight(id, "62", tagged))), "Bundle.entry[0].resource.derivedFrom[0].reference", "there is no such Observation here"},
	} {
		r := p.send("POST", "", c.body)
		found := false
		for _, i := range r.body.List("issue") {
			at := i.List("expression")
			found = found || len(at) == 1 && at[0].Text == c.at && strings.Contains(i.Str("details", "text"), c.text)
		}
		if r.status != 422 || !found {
			t.Errorf("%s: %s", c.name, r)
		}
	}
	if p.count(id) != before {
		t.Error("a transaction that was refused has left something")
	}
}

// TestFHIRWriteParties takes references to parties that are registered, as
// references to these.
func TestFHIRWriteParties(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 45, 1)
	r := &registry{p, p.s.Origin() + "/openehr/v1/"}
	org := object(r.put("organisation", partyText(t, "Organisation"), ""))
	doctor := object(r.put("person", partyText(t, "Person"), ""))
	role := object(r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, doctor), ""))
	other := object(r.put("person", partyText(t, "Person"), "")) // no practitioner
	template := []string{"openehr-template-id", vitalSigns}
	for _, c := range []struct{ sent, reference, class, id, name string }{
		{`{"reference":"Practitioner/` + doctor + `","display":"Dr. F."}`, "Practitioner/" + doctor, "PERSON", doctor, "Dr. F."},
		{`{"reference":"` + p.base + `Organization/` + org + `"}`, "Organization/" + org, "ORGANISATION", org, ""},
		{`{"reference":"PractitionerRole/` + role + `","type":"PractitionerRole"}`, "PractitionerRole/" + role, "ROLE", role, ""},
		{`{"reference":"Practitioner/` + doctor + `","identifier":{"value":"` + doctor + `","assigner":{"display":"local"}}}`, "Practitioner/" + doctor, "PERSON", doctor, ""},
	} {
		made := p.send("POST", "Observation", weight(ids[0], "72.5", `,"performer":[`+c.sent+`]`), template...)
		if made.status != 201 {
			t.Errorf("%s: %s", c.sent, made)
			continue
		}
		performer := made.body.List("performer")[0]
		if performer.Str("reference") != c.reference || performer.Str("display") != c.name {
			t.Errorf("%s: shown as %s", c.sent, performer.Append(nil))
		}
		root := compositionOf(t, p, ids[0], made.body, vitalSigns)
		for _, party := range []*rm.Node{root.Get("composer"), root.List("content")[0].Get("provider")} {
			ref := party.Get("external_ref")
			if ref.String("id", "value") != c.id || ref.String("type") != c.class || ref.String("namespace") != "local" || party.String("name") != c.name {
				t.Errorf("%s: stored as %s", c.sent, rm.AppendJSON(nil, party))
			}
		}
	}
	for _, c := range []struct{ sent, at, text string }{
		{`{"reference":"Practitioner/` + other + `"}`, "Observation.performer[0].reference", "no such Practitioner"},
		{`{"reference":"Organization/` + doctor + `"}`, "Observation.performer[0].reference", "no such Organization"},
		{`{"reference":"Practitioner/` + doctor + `","identifier":{"system":"urn:staff","value":"7"}}`, "Observation.performer[0].identifier.system", "would be lost"},
	} {
		refused := p.send("POST", "Observation", weight(ids[0], "72.5", `,"performer":[`+c.sent+`]`), template...)
		if refused.status != 422 || !strings.Contains(refused.String(), `"`+c.at+`"`) || !strings.Contains(refused.String(), c.text) {
			t.Errorf("%s: %s", c.sent, refused)
		}
	}
}

// TestFHIRWriteProblemOfStay records a problem with the stay at which it was found: in
// one transaction, and with one that is stored.
func TestFHIRWriteProblemOfStay(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 48, 2)
	stay := func(of string) string {
		return `{"resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},` +
			`"subject":{"reference":"Patient/` + of + `"},"period":{"start":"2024-03-01T10:00:00+01:00","end":"2024-03-05T10:00:00+01:00"}}`
	}
	problem := func(of, encounter string) string {
		return `{"resourceType":"Condition",` + conditionStatus + `"code":{"coding":[{` + snomed + `"44054006","display":"Type 2 diabetes mellitus"}],"text":"Type 2 diabetes"},` +
			`"subject":{"reference":"Patient/` + of + `"},"encounter":{"reference":"` + encounter + `"},"recordedDate":"2024-03-05","recorder":{"display":"Dr. R"}}`
	}
	header := []string{"openehr-template-id", "Cairn - Problem list.v1"}
	first := p.send("POST", "Encounter", stay(ids[0]))
	if first.status != 201 {
		t.Fatal(first)
	}
	at := "Encounter/" + first.body.Str("id")
	r := p.send("POST", "Condition", problem(ids[0], at), header...)
	if r.status != 201 || p.get("Condition/"+r.body.Str("id")).Str("encounter", "reference") != at {
		t.Fatal(r)
	}
	if got := linkTargets(compositionOf(t, p, ids[0], r.body, "Cairn - Problem list.v1")); len(got) != 1 || !strings.Contains(got[0], "ADMIN_ENTRY.episode_institution.v0") {
		t.Errorf("links to %v", got)
	}
	if r := p.send("POST", "Condition", problem(ids[1], at), header...); r.status != 422 || !strings.Contains(r.String(), "Condition.encounter.reference") {
		t.Errorf("the stay of another patient: %s", r)
	}
	const url = "urn:uuid:00000000-0000-4000-8000-000000000001"
	tagged := strings.Replace(problem(ids[0], url), `"resourceType":"Condition",`, `"resourceType":"Condition","meta":{"tag":[{"system":"http://openehr.org/templates","code":"Cairn - Problem list.v1"}]},`, 1)
	r = p.send("POST", "", bundleOf("transaction",
		`{"resource":`+tagged+`,"request":{"method":"POST","url":"Condition"}}`, `{"fullUrl":"`+url+`","resource":`+stay(ids[0])+`,"request":{"method":"POST","url":"Encounter"}}`))
	if r.status != 200 || statuses(r.body) != "201 201" {
		t.Fatal(r)
	}
	made := r.body.List("entry")
	if got, want := made[0].Get("resource").Str("encounter", "reference"), "Encounter/"+made[1].Get("resource").Str("id"); got != want {
		t.Errorf("the problem is of %s, not %s", got, want)
	}
}
