package server

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// registry registers parties over the openEHR API and looks at them over FHIR.
type registry struct {
	*partner
	openehr string
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	o := testOptions(t)
	o.AdminDelete = "all"
	s := runningWith(t, o, 33, 1)
	return &registry{&partner{t, s, s.Origin() + "/fhir/r4/"}, s.Origin() + "/openehr/v1/"}
}

// partyText is a party of the library, with texts of it replaced.
func partyText(t *testing.T, template string, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile("../../templates/library/testdata/valid/Cairn - " + template + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if template == "Person" {
		delete(p, "relationships")
	}
	if template == "Practitioner role" {
		p["uid"] = map[string]any{"_type": "HIER_OBJECT_ID", "value": "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1aff"}
		p["relationships"].([]any)[0].(map[string]any)["source"].(map[string]any)["id"].(map[string]any)["value"] = "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1aff"
	}
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(string(out))
}

// Whom the example of a ROLE names.
const (
	exampleEmployer  = "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1a02"
	examplePerformer = "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1a03"
)

// put registers a party, or with a version uid the next version of it, and gives
// the uid of the version.
func (r *registry) put(class, body, preceding string) string {
	r.t.Helper()
	method, url := http.MethodPost, r.openehr+"demographic/"+class
	header := []string{"Content-Type", "application/json", "Prefer", "return=identifier"}
	if preceding != "" {
		method, url = http.MethodPut, url+"/"+object(preceding)
		header = append(header, "If-Match", `"`+preceding+`"`)
	}
	status, head, data := send(r.t, method, url, body, header...)
	if status != http.StatusCreated && status != http.StatusOK && status != http.StatusNoContent {
		r.t.Fatalf("%s %s: %d %s", method, url, status, data)
	}
	return strings.Trim(head.Get("ETag"), `W/"`)
}

func (r *registry) remove(class, uid string) {
	r.t.Helper()
	status, _, data := send(r.t, http.MethodDelete, r.openehr+"demographic/"+class+"/"+uid, "")
	if status != http.StatusNoContent {
		r.t.Fatalf("%d %s", status, data)
	}
}

func (r *registry) erase(uid string) {
	r.t.Helper()
	status, _, data := send(r.t, http.MethodDelete, r.openehr+"admin/demographic/versioned_party/"+object(uid), "")
	if status != http.StatusNoContent {
		r.t.Fatalf("%d %s", status, data)
	}
}

func object(uid string) string {
	id, _, _ := strings.Cut(uid, "::")
	return id
}

// status is that of a read.
func (r *registry) status(path string) int {
	r.t.Helper()
	status, _ := r.do("GET", path, "", "")
	return status
}

// found are the ids that a search finds.
func (r *registry) found(path string) []string {
	r.t.Helper()
	var out []string
	for _, n := range r.all(path, "match") {
		out = append(out, n.Str("id"))
	}
	return out
}

func (r *registry) finds(path string, want ...string) {
	r.t.Helper()
	got := r.found(path)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.t.Errorf("%s: %v, want %v", path, got, want)
	}
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	first := r.put("organisation", partyText(t, "Organisation"), "")
	id := object(first)
	n := r.get("Organization/" + id)
	if n.Str("name") != "St. Agnes Hospital" || n.Get("meta").Str("versionId") != "1" || !strings.HasSuffix(n.Get("meta").Str("source"), first) {
		t.Errorf("%s", n.Append(nil))
	}
	for _, q := range []string{
		"name=st. agnes", "name:contains=hospital", "identifier=260123451", "address=am park", "address-city=hannover",
		"address-postalcode=30161", "address-use=work", "_id=" + id, "_lastUpdated=gt2020", "_sort=name", "name=agnes&name:missing=false",
	} {
		want := []string{id}
		if strings.HasPrefix(q, "name=agnes") {
			want = nil
		}
		r.finds("Organization?"+strings.ReplaceAll(q, " ", "%20"), want...)
	}
	r.finds("Organization?name=other")
	if status, _ := r.do("GET", "Organization?patient=x", "", ""); status != http.StatusBadRequest {
		t.Errorf("an organisation has no patient: %d", status)
	}

	second := r.put("organisation", partyText(t, "Organisation", "St. Agnes Hospital", "St. Bride Hospital"), first)
	r.finds("Organization?name=st.%20agnes")
	r.finds("Organization?name=st.%20bride", id)
	if v := r.get("Organization/" + id + "/_history/1"); v.Str("name") != "St. Agnes Hospital" {
		t.Errorf("%s", v.Append(nil))
	}
	if h := r.get("Organization/" + id + "/_history").List("entry"); len(h) != 2 {
		t.Errorf("%d versions", len(h))
	}
	if h := r.get("Organization/_history").List("entry"); len(h) != 2 {
		t.Errorf("%d versions of the type", len(h))
	}
	r.remove("organisation", second)
	if got := r.status("Organization/" + id); got != http.StatusGone {
		t.Errorf("a deleted organisation: %d", got)
	}
	r.finds("Organization?_id=" + id)
	r.erase(second)
	if got := r.status("Organization/" + id); got != http.StatusNotFound {
		t.Errorf("an erased organisation: %d", got)
	}
}

// A PERSON is a practitioner as long as it performs a ROLE of one, whichever was
// registered first.
func TestPractitioner(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	org := object(r.put("organisation", partyText(t, "Organisation"), ""))
	person := r.put("person", partyText(t, "Person"), "")
	id := object(person)
	if got := r.status("Practitioner/" + id); got != http.StatusNotFound {
		t.Fatalf("a person without a role: %d", got)
	}
	if got := r.status("Patient/" + id); got != http.StatusNotFound {
		t.Fatalf("a person of no EHR: %d", got)
	}
	role := r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, id), "")
	n := r.get("Practitioner/" + id)
	if n.List("name")[0].Str("family") != "Falkner" || n.List("identifier")[0].Str("value") != "NI-204711" || n.Str("birthDate") != "" {
		t.Errorf("%s", n.Append(nil))
	}
	plays := r.get("PractitionerRole/" + object(role))
	if plays.Str("practitioner", "reference") != "Practitioner/"+id || plays.Str("organization", "reference") != "Organization/"+org {
		t.Errorf("%s", plays.Append(nil))
	}
	r.finds("Practitioner?family=falkner&given=renate", id)
	r.finds("PractitionerRole?practitioner=Practitioner/"+id, object(role))
	r.finds("PractitionerRole?organization="+org, object(role))
	included := r.all("PractitionerRole?_include=PractitionerRole:practitioner&_include=PractitionerRole:organization", "include")
	if len(included) != 2 {
		t.Errorf("%d included", len(included))
	}
	if back := r.all("Practitioner?_id="+id+"&_revinclude=PractitionerRole:practitioner", "include"); len(back) != 1 {
		t.Errorf("%d included", len(back))
	}

	// The name is that of the PERSON, the number that of the ROLE.
	person = r.put("person", partyText(t, "Person", "Falkner", "Falke"), person)
	r.finds("Practitioner?family=falke", id)
	role = r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, id, "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1aff", object(role), "NI-204711", "NI-1"), role)
	r.finds("Practitioner?identifier=NI-1", id)
	if v := r.get("Practitioner/" + id).Get("meta").Str("versionId"); v != "2.1" {
		t.Errorf("version %s", v)
	}
	r.remove("role", role)
	if got := r.status("Practitioner/" + id); got != http.StatusGone {
		t.Errorf("a practitioner without a role: %d", got)
	}
	if got := r.status("PractitionerRole/" + object(role)); got != http.StatusGone {
		t.Errorf("a deleted role: %d", got)
	}
	// A number that was only in the ROLE goes with it.
	r.erase(role)
	if h := string(r.get("Practitioner/" + id + "/_history").Append(nil)); strings.Contains(h, "NI-1") || strings.Contains(h, "NI-204711") {
		t.Errorf("what was erased is in the history: %s", h)
	}

	// A ROLE first, of somebody who is not known.
	early := uuid.NewString()
	role = r.put("role", partyText(t, "Practitioner role", exampleEmployer, early, examplePerformer, early), "")
	plays = r.get("PractitionerRole/" + object(role))
	if plays.Get("practitioner").Get("reference") != nil || plays.Str("practitioner", "identifier", "value") != early || plays.Get("organization").Get("reference") != nil {
		t.Errorf("%s", plays.Append(nil))
	}
	// Another performs it then.
	role = r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, id, "5f1f2f4e-3c0b-4d6a-9a55-0c8f3c6f1aff", object(role)), role)
	if got := r.status("Practitioner/" + id); got != http.StatusOK {
		t.Errorf("a practitioner again: %d", got)
	}
	r.remove("person", person)
	if got := r.status("Practitioner/" + id); got != http.StatusGone {
		t.Errorf("a deleted practitioner: %d", got)
	}
	if plays = r.get("PractitionerRole/" + object(role)); plays.Get("practitioner").Get("reference") != nil {
		t.Errorf("a reference to nobody: %s", plays.Append(nil))
	}
}

// The Patient of an EHR is the PERSON that its EHR_STATUS refers to, as it is.
func TestPatientOfPerson(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	person := r.put("person", partyText(t, "Person"), "")
	id := uuid.New()
	status := func(namespace, typ, party string) string {
		return `{"_type":"EHR_STATUS","name":{"_type":"DV_TEXT","value":"EHR Status"},"archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1",
			"subject":{"_type":"PARTY_SELF","external_ref":{"_type":"PARTY_REF","namespace":"` + namespace + `","type":"` + typ + `",
			"id":{"_type":"HIER_OBJECT_ID","value":"` + party + `"}}},"is_queryable":true,"is_modifiable":true}`
	}
	create := func(id uuid.UUID, body string) {
		t.Helper()
		if _, err := r.s.Service.CreateEHR(t.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: []byte(body)}}); err != nil {
			t.Fatal(err)
		}
	}
	create(id, status("local", "PERSON", object(person)))
	patient := "Patient/" + id.String()
	is := func(version, family string) *r4.Node {
		t.Helper()
		n := r.get(patient)
		got := ""
		if names := n.List("name"); len(names) > 0 {
			got = names[0].Str("family")
		}
		if got != family || n.Get("meta").Str("versionId") != version {
			t.Errorf("version %s, %q: want %s, %q", n.Get("meta").Str("versionId"), got, version, family)
		}
		return n
	}
	n := is("1", "Falkner")
	if n.Str("gender") != "female" || n.Str("birthDate") != "1961-04-09" || len(n.List("telecom")) != 1 || len(n.List("address")) != 1 {
		t.Errorf("%s", n.Append(nil))
	}
	for _, q := range []string{"family=falkner", "given=ren", "name=renate", "birthdate=1961", "gender=female", "identifier=A123456780", "address-city=hannover", "address=lindenstra", "telecom=%2B49%20511%205550123"} {
		r.finds("Patient?"+q, id.String())
	}
	// Only these references are to that person.
	for i, other := range [][3]string{
		{"elsewhere", "PERSON", object(person)},
		{"demographic", "ORGANISATION", object(person)},
		{"demographic", "PERSON", strings.ToUpper(object(person))},
		{"demographic", "PERSON", person},
	} {
		body := status(other[0], other[1], other[2])
		if strings.Contains(other[2], "::") {
			body = strings.Replace(body, "HIER_OBJECT_ID", "OBJECT_VERSION_ID", 1)
		}
		stranger := uuid.New()
		create(stranger, body)
		if n := r.get("Patient/" + stranger.String()); n.Get("name") != nil || n.Get("birthDate") != nil {
			t.Errorf("%d: %s", i, n.Append(nil))
		}
	}

	person = r.put("person", partyText(t, "Person", "Falkner", "Falke"), person)
	is("1.1", "Falke")
	r.finds("Patient?family=falkner")
	r.finds("Patient?family=falke", id.String())
	if n := r.get(patient + "/_history/1"); n.List("name")[0].Str("family") != "Falkner" {
		t.Errorf("%s", n.Append(nil))
	}
	// What is not shown of a person makes no version.
	person = r.put("person", partyText(t, "Person", "Falkner", "Falke", "Identifier main data", "Number"), person)
	is("1.1", "Falke")

	// The next EHR_STATUS has the person of then.
	e, err := r.s.Service.EHR(t.Context(), sandboxActor, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.s.Service.UpdateEHRStatus(t.Context(), sandboxActor, ehr.UpdateEHRStatus{EHRID: id, Preceding: e.StatusUID, Status: ehr.Content{JSON: []byte(strings.Replace(status("cairn.test", "PERSON", object(person)), "EHR Status", "Status", 1))}}); err != nil {
		t.Fatal(err)
	}
	is("2", "Falke")

	r.remove("person", person)
	if n := is("2.1", ""); n.Get("birthDate") != nil || n.Get("identifier") == nil {
		t.Errorf("%s", n.Append(nil))
	}
	r.erase(person)
	is("2.1", "")
	if h := string(r.get(patient + "/_history").Append(nil)); strings.Contains(h, "Falk") {
		t.Errorf("what was erased is in the history: %s", h)
	}
}

// What a composition says of a registered party is a reference to its resource,
// if there is one at that time, and stays one by identifier otherwise.
func TestReferencesToParties(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	org := object(r.put("organisation", partyText(t, "Organisation"), ""))
	doctor := object(r.put("person", partyText(t, "Person"), ""))
	role := r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, doctor), "")
	other := object(r.put("person", partyText(t, "Person"), "")) // no practitioner
	id, bodies := admit(t, r.s, 21, 1)

	// composed says who has provided the entries of a composition.
	composed := func(k int, namespace, typ, party string) []byte {
		t.Helper()
		var doc map[string]any
		if err := json.Unmarshal(bodies[k], &doc); err != nil {
			t.Fatal(err)
		}
		var provide func(items any)
		provide = func(items any) {
			list, _ := items.([]any)
			for _, item := range list {
				entry := item.(map[string]any)
				if entry["_type"] == "SECTION" {
					provide(entry["items"])
					continue
				}
				entry["provider"] = map[string]any{
					"_type": "PARTY_IDENTIFIED", "name": "Dr. Renate Falkner",
					"external_ref": map[string]any{
						"_type": "PARTY_REF", "namespace": namespace, "type": typ,
						"id": map[string]any{"_type": "HIER_OBJECT_ID", "value": party},
					},
				}
			}
		}
		provide(doc["content"])
		out, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	performer := func(uid ehr.VersionUID) *r4.Node {
		t.Helper()
		for _, n := range r.all("Observation?patient="+id.String()+"&_count=100", "match") {
			if strings.HasPrefix(n.Get("meta").Str("source"), "ehr:"+uid.Object.String()) {
				if list := n.List("performer"); len(list) > 0 {
					return list[0]
				}
			}
		}
		t.Fatal("no observation with a performer")
		return nil
	}
	for k, c := range []struct{ namespace, typ, party, want string }{
		{"local", "PERSON", doctor, "Practitioner/" + doctor},
		{"demographic", "PARTY", org, "Organization/" + org},
		{"local", "PERSON", other, ""},
		{"local", "ORGANISATION", doctor, ""},
		{"elsewhere", "PERSON", doctor, ""},
	} {
		got := performer(commit(t, r.s, id, composed(k, c.namespace, c.typ, c.party)))
		if got.Str("reference") != c.want || got.Str("identifier", "value") != c.party || got.Str("display") != "Dr. Renate Falkner" {
			t.Errorf("%v: %s", c, got.Append(nil))
		}
	}
	of := "Observation?patient=" + id.String()
	if got := len(r.all(of+"&performer=Practitioner/"+doctor, "match")); got == 0 {
		t.Error("nothing is found by its performer")
	}
	included := func(path string) []string {
		t.Helper()
		var out []string
		for _, n := range r.all(path, "include") {
			out = append(out, n.Str("resourceType")+"/"+n.Str("id"))
		}
		slices.Sort(out)
		return out
	}
	both := []string{"Organization/" + org, "Practitioner/" + doctor}
	if got := included(of + "&_count=100&_include=Observation:performer"); !slices.Equal(got, both) {
		t.Errorf("included %v", got)
	}
	if got := included("Patient/" + id.String() + "/$everything"); !slices.Equal(got, both) {
		t.Errorf("everything: %v", got)
	}
	if got := r.all("Practitioner?_id="+doctor+"&_revinclude=Observation:performer", "include"); len(got) == 0 {
		t.Error("nothing refers to the practitioner")
	}
	summary := string(r.get("Patient/" + id.String() + "/$summary").Append(nil))
	for _, ref := range both {
		if strings.Contains(summary, `"reference":"`+ref) != strings.Contains(summary, `/fhir/r4/`+ref+`","resource"`) {
			t.Errorf("the summary refers to %s without it", ref)
		}
	}

	// What was recorded stays so when the role has gone, and so do references.
	r.remove("role", role)
	if got := r.status("Practitioner/" + doctor); got != http.StatusGone {
		t.Errorf("%d", got)
	}
	if got := included(of + "&_count=100&_include=Observation:performer"); !slices.Equal(got, both[:1]) {
		t.Errorf("included %v", got)
	}
	if got := performer(commit(t, r.s, id, composed(5, "local", "PERSON", doctor))); got.Get("reference") != nil {
		t.Errorf("%s", got.Append(nil))
	}
}

// The sandbox registers some of its patients and who cares for them; a second
// start changes nothing.
func TestSandboxParties(t *testing.T) {
	t.Parallel()
	s := runningWith(t, testOptions(t), 7, 8)
	r := &registry{&partner{t, s, s.Origin() + "/fhir/r4/"}, s.Origin() + "/openehr/v1/"}
	for _, again := range []bool{false, true} {
		if again {
			if _, err := s.LoadSandbox(t.Context(), 7, 8); err != nil {
				t.Fatal(err)
			}
		}
		for q, want := range map[string]int{"Organization": 4, "Practitioner": 9, "PractitionerRole?practitioner:missing=false&organization:missing=false": 9, "Patient?name:missing=false&birthdate:missing=false&gender:missing=false&address-city=hannover": 2, "Patient": 8} {
			if got := r.found(q); len(got) != want {
				t.Errorf("%s: %d, want %d", q, len(got), want)
			}
		}
	}
	// A physical deletion finds what refers to a party by these values.
	referring := 0
	for _, n := range r.all("Patient/"+synth.New(7).Patient(3).EHRID+"/$everything?_count=500", "match") {
		known := map[string]bool{}
		for _, v := range r4.SearchValues(n) {
			known[v.Code] = true
		}
		for _, m := range regexp.MustCompile(`"reference":"((Organization|Practitioner|PractitionerRole)/[^"]+)"`).FindAllStringSubmatch(string(n.Append(nil)), -1) {
			if referring++; !known[m[1]] {
				t.Errorf("no search parameter knows that %s/%s refers to %s", n.Str("resourceType"), n.Str("id"), m[1])
			}
		}
	}
	if referring == 0 {
		t.Error("nothing refers to a party")
	}
	for _, e := range r.all("Encounter", "match") {
		if len(e.List("participant")) != 1 || !strings.HasPrefix(e.List("participant")[0].Str("individual", "reference"), "Practitioner/") {
			t.Errorf("nobody registered took part: %s", e.Append(nil))
		}
	}
	// The orders are as far as the steps that name them.
	want, got := map[string]int{}, map[string]int{}
	for i := range 8 {
		p := synth.New(7).Patient(i)
		last := map[string]string{}
		for k := range p.Documents() {
			_, n := p.DocumentTree(k)
			if id := p.DocumentID(k); id != "" {
				last[id] = "unknown"
			}
			for _, e := range n.List("content") {
				if ref := e.Get("instruction_details").Get("instruction_id").String("id", "value"); ref != "" {
					last[ref] = map[string]string{"active": "active", "suspended": "on-hold", "aborted": "stopped", "completed": "completed"}[e.Get("ism_transition").String("current_state", "value")]
				}
			}
		}
		for _, status := range last {
			want[status]++
		}
	}
	for _, o := range r.all("MedicationRequest", "match") {
		got[o.Str("status")]++
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 2 {
		t.Errorf("states of orders: %v %s", got, diff)
	}
	p := synth.New(7).Patient(3)
	n := r.get("Patient/" + p.EHRID)
	if n.List("name")[0].Str("family") != p.Family || n.Str("birthDate") != p.BirthDate || n.Str("gender") != string(p.Sex) || n.Get("meta").Str("versionId") != "1" {
		t.Errorf("%s", n.Append(nil))
	}
	_ = r.get("Patient/" + p.EHRID + "/$summary")
}
