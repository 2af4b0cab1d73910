package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// partyPaths are the resources of parties by class.
var partyPaths = map[string]string{
	"AGENT": "/demographic/agent", "GROUP": "/demographic/group", "ORGANISATION": "/demographic/organisation",
	"PERSON": "/demographic/person", "ROLE": "/demographic/role",
}

// locatable are the attributes that every node has.
func locatable(class, id, name string) string {
	b := `"_type":"` + class + `","name":{"_type":"DV_TEXT","value":"` + name + `"},"archetype_node_id":"` + id + `"`
	if strings.HasPrefix(id, "openEHR") {
		b += `,"archetype_details":{"_type":"ARCHETYPED","archetype_id":{"_type":"ARCHETYPE_ID","value":"` + id + `"},"rm_version":"1.1.0"}`
	}
	return b
}

// party is a party of the class with a name; more are further attributes. A
// ROLE needs a performer among them.
func party(class, name string, more ...string) []byte {
	tree := `{` + locatable("ITEM_TREE", "at0001", "Tree") + `,"items":[{` + locatable("ELEMENT", "at0002", "Name") +
		`,"value":{"_type":"DV_TEXT","value":"` + name + `"}}]}`
	b := `{` + locatable(class, "openEHR-DEMOGRAPHIC-"+class+".cairn_test.v1", "Test") +
		`,"identities":[{` + locatable("PARTY_IDENTITY", "at0003", "legal name") + `,"details":` + tree + `}]`
	return []byte(b + strings.Join(more, "") + "}")
}

// partyRef is a reference to a party, an attribute of that name.
func partyRef(class, id string) string {
	return `{"_type":"PARTY_REF","id":{"_type":"HIER_OBJECT_ID","value":"` + id + `"},"namespace":"local","type":"` + class + `"}`
}

func performer(class, id string) string { return `,"performer":` + partyRef(class, id) }

// relationship leads from a party to another.
func relationship(source, targetClass, target string) string {
	return `,"relationships":[{` + locatable("PARTY_RELATIONSHIP", "at0004", "member") +
		`,"source":` + partyRef("PERSON", source) + `,"target":` + partyRef(targetClass, target) + `}]`
}

// anyParty is a valid party of the class.
func anyParty(class, name string) []byte {
	if class == "ROLE" {
		return party(class, name, performer("PERSON", uuid.NewString()))
	}
	return party(class, name)
}

// newParty creates a party and gives its version uid.
func (a *api) newParty(class string, body []byte, lines ...string) string {
	a.t.Helper()
	return a.do("POST", partyPaths[class], body, lines...).status(http.StatusCreated).tag()
}

// TestParties drives the operations of each class of party through the life of
// one.
func TestParties(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for class, collection := range partyPaths {
		t.Run(class, func(t *testing.T) {
			a := *a
			a.t = t
			res := a.do("POST", collection, anyParty(class, "First"), `openehr-audit-details: description.value="first",committer.name="Dr A"`).
				status(http.StatusCreated).empty()
			v1 := res.tag()
			path := collection + "/" + object(v1)
			res.has("Location", origin+base+collection+"/"+v1)

			read := a.do("GET", path, nil).status(http.StatusOK).has("ETag", `W/"`+v1+`"`).has("Vary", "Accept")
			if n := read.tree(class); n.String("uid", "value") != v1 {
				t.Errorf("uid %s", n.String("uid", "value"))
			}
			if read.header.Get("Last-Modified") == "" {
				t.Error("no Last-Modified")
			}
			a.do("GET", path, nil, `If-None-Match: W/"`+v1+`"`).status(http.StatusNotModified).empty()
			a.do("HEAD", path, nil).status(http.StatusOK).empty()
			if n := a.do("GET", path, nil, "Accept: application/xml").status(http.StatusOK).xmlTree(class); !n.Is(class) {
				t.Error(n.Class)
			}

			// A class has its own resource.
			for other, elsewhere := range partyPaths {
				if other != class {
					a.do("GET", elsewhere+"/"+object(v1), nil).status(http.StatusNotFound).fault()
					a.do("GET", elsewhere+"/"+v1, nil).status(http.StatusNotFound)
					a.do("DELETE", elsewhere+"/"+v1, nil).status(http.StatusNotFound)
					a.do("PUT", elsewhere+"/"+object(v1), anyParty(other, "Not it"), `If-Match: "`+v1+`"`).status(http.StatusNotFound)
					a.do("POST", elsewhere, anyParty(class, "Wrong")).status(http.StatusBadRequest).fault()
				}
			}

			// Prefer
			var id struct{ UID string }
			a.do("POST", collection, anyParty(class, "Other"), "Prefer: return=identifier").status(http.StatusCreated).json(&id)
			if id.UID == "" {
				t.Error("no identifier")
			}
			a.do("POST", collection, anyParty(class, "Other"), "Prefer: return=representation", "Accept: application/xml").status(http.StatusCreated).xmlTree(class)
			v2 := a.do("PUT", path, anyParty(class, "Second"), `If-Match: "`+v1+`"`, `openehr-version: lifecycle_state.code_string="553"`,
				`openehr-audit-details: change_type.code_string="250"`).status(http.StatusNoContent).empty().tag()
			v3 := a.do("PUT", path, asXML(t, anyParty(class, "Third"), class), "Content-Type: application/xml", `If-Match: W/"`+v2+`"`,
				"Prefer: return=representation").status(http.StatusOK).tag()
			if !strings.HasSuffix(v3, "::3") {
				t.Error(v3)
			}
			a.do("PUT", path, anyParty(class, "Fourth"), `If-Match: "`+v2+`"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v3+`"`).fault()
			a.do("PUT", path, anyParty(class, "Fourth"), `If-Match: "nonsense"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v3+`"`)
			a.do("PUT", path, anyParty(class, "Fourth")).status(http.StatusBadRequest)
			a.do("PUT", collection+"/"+v3, anyParty(class, "Fourth"), `If-Match: "`+v3+`"`).status(http.StatusBadRequest)
			unknown := uuid.NewString()
			a.do("PUT", collection+"/"+unknown, anyParty(class, "Fourth"), `If-Match: "`+unknown+`::x::1"`).status(http.StatusNotFound)

			// Versions and times
			if body := string(a.do("GET", collection+"/"+v1, nil).status(http.StatusOK).body); !strings.Contains(body, "First") {
				t.Error(body)
			}
			container := "/demographic/versioned_party/" + object(v1)
			n := a.do("GET", container, nil).status(http.StatusOK).has("ETag", `W/"`+object(v1)+`"`).tree("VERSIONED_PARTY")
			if diff := cmp.Diff([]string{object(v1), uuid.NewSHA1(uuid.NameSpaceDNS, []byte(systemID)).String(), "SYSTEM", "local"}, paths(n, "uid/value", "owner_id/id/value", "owner_id/type", "owner_id/namespace")); diff != "" {
				t.Error(diff)
			}
			at := n.String("time_created", "value")
			for _, p := range []string{path + "?version_at_time=" + at, container + "/version?version_at_time=" + at} {
				a.do("GET", p, nil).status(http.StatusOK).has("ETag", `W/"`+v1+`"`)
			}
			for _, p := range []string{path, container + "/version"} {
				a.do("GET", p+"?version_at_time=2001-01-01T00:00:00Z", nil).status(http.StatusNotFound).fault()
				a.do("GET", p+"?version_at_time=yesterday", nil).status(http.StatusBadRequest).fault()
			}
			version := a.do("GET", container+"/version/"+v2, nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
			want := []string{v1, "amendment", "553", class, "Dr Actor", ""}
			if diff := cmp.Diff(want, append(paths(version, "preceding_version_uid/value", "commit_audit/change_type/value", "lifecycle_state/defining_code/code_string"),
				version.Get("data").Class.Name, version.String("commit_audit", "committer", "name"), version.String("signature"))); diff != "" {
				t.Error(diff)
			}
			a.do("GET", container+"/version", nil, "Accept: application/xml").status(http.StatusOK).has("ETag", `W/"`+v3+`"`).xmlTree("ORIGINAL_VERSION")

			// Deletion
			a.do("DELETE", collection+"/"+v2, nil).status(http.StatusConflict).has("ETag", `W/"`+v3+`"`).fault()
			a.do("DELETE", path, nil).status(http.StatusBadRequest).fault()
			a.do("DELETE", collection+"/"+unknown+"::"+systemID+"::1", nil).status(http.StatusNotFound)
			v4 := a.do("DELETE", collection+"/"+v3, nil).status(http.StatusNoContent).empty().tag()
			a.do("DELETE", collection+"/"+v4, nil).status(http.StatusBadRequest).fault()
			a.do("GET", path, nil).status(http.StatusNoContent).has("ETag", `W/"`+v4+`"`).empty()
			a.do("GET", collection+"/"+v3, nil).status(http.StatusOK)
			a.do("PUT", path, anyParty(class, "Late"), `If-Match: "`+v4+`"`).status(http.StatusConflict).fault()
			history := a.do("GET", container+"/revision_history", nil).status(http.StatusOK).has("ETag", `W/"`+v4+`"`).tree("REVISION_HISTORY")
			if n := len(history.List("items")); n != 4 {
				t.Errorf("%d revisions", n)
			}
			if deleted := a.do("GET", container+"/version", nil).status(http.StatusOK).tree("ORIGINAL_VERSION"); deleted.Get("data") != nil {
				t.Error("a deletion has data")
			}
		})
	}
}

func TestPartiesThatDoNotExist(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	person := a.newParty("PERSON", party("PERSON", "Jo"))
	other := a.newParty("PERSON", party("PERSON", "Mo"))
	id := uuid.NewString()
	uid := id + "::" + systemID + "::1"
	for _, p := range []string{
		"/demographic/person/" + id, "/demographic/person/" + uid, "/demographic/person/nonsense", "/demographic/person/a::b::c",
		"/demographic/person/" + object(person) + "::elsewhere::1", "/demographic/person/" + strings.Replace(person, "::1", "::2", 1),
		"/demographic/person/00000000-0000-0000-0000-000000000000",
		"/demographic/versioned_party/" + id, "/demographic/versioned_party/" + id + "/revision_history", "/demographic/versioned_party/nonsense",
		"/demographic/versioned_party/" + id + "/version", "/demographic/versioned_party/" + id + "/version/" + uid,
		"/demographic/versioned_party/" + object(person) + "/version/" + other, "/demographic/versioned_party/" + object(person) + "/version/nonsense",
		"/demographic/contribution/" + id, "/demographic/contribution/nonsense",
		"/demographic/person/" + id + "/tags", "/demographic/person/" + uid + "/tags", "/demographic/role/" + person + "/tags", "/demographic/person/nonsense/tags",
	} {
		a.do("GET", p, nil).status(http.StatusNotFound).fault()
	}
	a.do("GET", "/demographic/person", nil).status(http.StatusMethodNotAllowed)
	a.do("GET", "/demographic/party/"+id, nil).status(http.StatusNotFound)
	a.do("GET", "/demographic/person/"+person, nil, "Accept: text/html").status(http.StatusNotAcceptable).fault()
	a.do("POST", "/demographic/person", []byte("<person/>"), "Content-Type: text/html").status(http.StatusUnsupportedMediaType).fault()
	a.do("GET", "/demographic/person/"+person, nil, "Authorization: none").status(http.StatusUnauthorized)
}

// TestDemographicsIsNoEHR: parties cannot be met through an EHR, nor what is in
// an EHR through /demographic.
func TestDemographicsIsNoEHR(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	person := a.newParty("PERSON", party("PERSON", "Jo"), `openehr-item-tag: key="k"`)
	version := a.do("GET", "/demographic/versioned_party/"+object(person)+"/version", nil).tree("ORIGINAL_VERSION")
	contribution := version.String("contribution", "id", "value")
	a.do("GET", "/demographic/contribution/"+contribution, nil).status(http.StatusOK)
	id := a.newEHR()
	note := a.create(id, composition(t))
	noteContribution := a.do("GET", "/ehr/"+id+"/versioned_composition/"+object(note)+"/version", nil).tree("ORIGINAL_VERSION").String("contribution", "id", "value")

	const none = "00000000-0000-0000-0000-000000000000"
	for _, e := range []string{id, none} {
		for _, p := range []string{"/contribution/" + contribution, "/composition/" + person, "/composition/" + person + "/tags", "/versioned_composition/" + object(person)} {
			a.do("GET", "/ehr/"+e+p, nil).status(http.StatusNotFound)
		}
	}
	for _, p := range []string{"", "/tags", "/ehr_status", "/directory", "/versioned_ehr_status"} {
		a.do("GET", "/ehr/"+none+p, nil).status(http.StatusNotFound).fault()
	}
	a.do("POST", "/ehr/"+none+"/contribution", set("249", change(codedText("249"), codedText("532"), "", party("PERSON", "Jo")))).status(http.StatusNotFound)
	a.do("PUT", "/ehr/"+none, nil).status(http.StatusBadRequest)
	a.do("GET", "/demographic/contribution/"+noteContribution, nil).status(http.StatusNotFound)
	a.do("GET", "/demographic/versioned_party/"+object(note), nil).status(http.StatusNotFound)
	a.do("POST", "/ehr/"+id+"/contribution", set("249", change(codedText("249"), codedText("532"), "", party("PERSON", "Jo")))).status(http.StatusBadRequest).fault()
	a.do("POST", "/demographic/contribution", set("249", change(codedText("249"), codedText("532"), "", composition(t)))).status(http.StatusBadRequest).fault()
	a.do("POST", "/demographic/contribution", set("249", change(codedText("249"), codedText("532"), "", folder("x")))).status(http.StatusBadRequest).fault()

	a.do("DELETE", "/admin/ehr/"+none, nil).status(http.StatusNotFound)
	a.do("DELETE", "/admin/ehr/all", nil).status(http.StatusNoContent)
	a.do("GET", "/demographic/person/"+person, nil).status(http.StatusOK).has("openehr-item-tag", `key="k"`)
}

func TestPartiesAreRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	contributions, versions := a.counts()
	self, other := uuid.NewString(), uuid.NewString()
	uid := `,"uid":{"_type":"HIER_OBJECT_ID","value":"` + self + `"}`
	interval := func(lower, upper string) string {
		return `{"_type":"DV_INTERVAL","lower":{"_type":"DV_DATE","value":"` + lower + `"},"upper":{"_type":"DV_DATE","value":"` + upper +
			`"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`
	}
	contact := func(more string) string {
		return `,"contacts":[{` + locatable("CONTACT", "at0005", "mail") + more + `}]`
	}
	for name, test := range map[string]struct {
		class string
		body  []byte
		code  int
		where string
	}{
		"no body":                    {"PERSON", nil, 400, ""},
		"no JSON":                    {"PERSON", []byte("{"), 400, ""},
		"no identities":              {"PERSON", []byte(`{` + locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.x.v1", "P") + `}`), 400, "/identities"},
		"no identity":                {"AGENT", []byte(`{` + locatable("AGENT", "openEHR-DEMOGRAPHIC-AGENT.x.v1", "P") + `,"identities":[]}`), 400, "/identities"},
		"unknown member":             {"GROUP", party("GROUP", "G", `,"members":[]`), 400, "/members"},
		"no archetype":               {"PERSON", []byte(strings.Replace(string(party("PERSON", "x")), `"archetype_node_id":"openEHR-DEMOGRAPHIC-PERSON.cairn_test.v1","archetype_details":{"_type":"ARCHETYPED","archetype_id":{"_type":"ARCHETYPE_ID","value":"openEHR-DEMOGRAPHIC-PERSON.cairn_test.v1"},"rm_version":"1.1.0"}`, `"archetype_node_id":"at0000"`, 1)), 422, "/archetype_details"},
		"archetype of another class": {"ORGANISATION", []byte(strings.ReplaceAll(string(party("ORGANISATION", "x")), "DEMOGRAPHIC-ORGANISATION", "DEMOGRAPHIC-PERSON")), 422, "/archetype_node_id"},
		"unknown template":           {"PERSON", []byte(strings.Replace(string(party("PERSON", "x")), `"rm_version"`, `"template_id":{"_type":"TEMPLATE_ID","value":"no such"},"rm_version"`, 1)), 422, "/archetype_details/template_id"},
		"role without performer":     {"ROLE", party("ROLE", "r"), 400, "/performer"},
		"role performed by a role":   {"ROLE", party("ROLE", "r", performer("ROLE", other)), 422, "/performer/type"},
		"performer is no party":      {"ROLE", party("ROLE", "r", performer("EHR", other)), 422, "/performer/type"},
		"backward validity":          {"ROLE", party("ROLE", "r", performer("PERSON", other), `,"time_validity":`+interval("2020-01-02", "2020-01-01")), 422, "/time_validity"},
		"a role that is a person":    {"PERSON", party("PERSON", "p", `,"roles":[`+partyRef("PERSON", other)+`]`), 422, "/roles[0]/type"},
		"contact without address":    {"PERSON", party("PERSON", "p", contact("")), 400, "/contacts[0]/addresses"},
		"address without details":    {"PERSON", party("PERSON", "p", contact(`,"addresses":[{`+locatable("ADDRESS", "at0006", "home")+`}]`)), 400, "/contacts[0]/addresses[0]/details"},
		"relationship of another":    {"PERSON", party("PERSON", "p", uid, relationship(other, "GROUP", other)), 422, "/relationships[0]/source/id"},
		"relationship without uid":   {"PERSON", party("PERSON", "p", relationship(self, "GROUP", other)), 422, "/relationships[0]/source/id"},
		"relationship to no party":   {"PERSON", party("PERSON", "p", uid, relationship(self, "COMPOSITION", other)), 422, "/relationships[0]/target/type"},
		"half a relationship":        {"PERSON", party("PERSON", "p", `,"relationships":[{`+locatable("PARTY_RELATIONSHIP", "at0004", "x")+`}]`), 400, "/relationships[0]"},
	} {
		res := a.do("POST", partyPaths[test.class], test.body)
		if res.code != test.code {
			t.Errorf("%s: status %d, want %d: %s", name, res.code, test.code, res.body)
			continue
		}
		f := res.fault()
		if !strings.Contains(strings.Join(f.ValidationErrors, "\n")+"\n", test.where) {
			t.Errorf("%s: %q", name, f.ValidationErrors)
		}
	}
	if c, v := a.counts(); c != contributions || v != versions {
		t.Errorf("what was refused is stored")
	}
}

// TestPartyReferences: references to parties of this repository are checked
// where something is known of their target.
func TestPartyReferences(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.beyond = true // they have but UUIDs in PARTY_REF, and no reverse_relationships
	person := object(a.newParty("PERSON", party("PERSON", "Jo")))
	group := object(a.newParty("GROUP", party("GROUP", "Team")))
	gone := a.newParty("ORGANISATION", party("ORGANISATION", "Ltd"))
	a.do("DELETE", partyPaths["ORGANISATION"]+"/"+gone, nil).status(http.StatusNoContent)
	role := a.newParty("ROLE", party("ROLE", "Nurse", performer("PERSON", person)))
	me := uuid.NewString()
	uid := `,"uid":{"_type":"HIER_OBJECT_ID","value":"` + me + `"}`
	for name, test := range map[string]struct {
		class string
		body  []byte
		want  string // the code of the warning, or of the error if its status is 422
		code  int
	}{
		"performer":               {"ROLE", party("ROLE", "r", performer("PERSON", person)), "", 201},
		"performer by superclass": {"ROLE", party("ROLE", "r", performer("ACTOR", person)), "", 201},
		"performer, other case":   {"ROLE", party("ROLE", "r", performer("PERSON", strings.ToUpper(person))), "", 201},
		"performer elsewhere":     {"ROLE", party("ROLE", "r", strings.Replace(performer("PERSON", uuid.NewString()), "local", "nhs.pds", 1)), "", 201},
		"performer unknown":       {"ROLE", party("ROLE", "r", performer("PERSON", uuid.NewString())), "party.reference_unknown", 201},
		"performer deleted":       {"ROLE", party("ROLE", "r", performer("ORGANISATION", object(gone))), "party.reference_deleted", 201},
		"performer's version":     {"ROLE", party("ROLE", "r", strings.Replace(performer("PERSON", person+"::"+systemID+"::1"), "HIER_OBJECT_ID", "OBJECT_VERSION_ID", 1)), "party.reference_version", 201},
		"performer by number":     {"ROLE", party("ROLE", "r", strings.Replace(strings.Replace(performer("PERSON", "17"), "HIER_OBJECT_ID", "GENERIC_ID", 1), `"value":"17"`, `"value":"17","scheme":"s"`, 1)), "party.reference_unknown", 201},
		"performer is a group":    {"ROLE", party("ROLE", "r", performer("PERSON", group)), "party.reference_type", 422},
		"performer is a role":     {"ROLE", party("ROLE", "r", performer("PARTY", object(role))), "party.reference_type", 422},
		"roles":                   {"AGENT", party("AGENT", "a", `,"roles":[`+partyRef("ROLE", object(role))+`]`), "", 201},
		"roles are no persons":    {"AGENT", party("AGENT", "a", `,"roles":[`+partyRef("PARTY", person)+`]`), "party.reference_type", 422},
		"relationship":            {"PERSON", party("PERSON", "p", uid, relationship(me, "GROUP", group)), "", 201},
		"relationship to itself":  {"PERSON", party("PERSON", "p", uid, relationship(me, "PERSON", me)), "", 201},
		"relationship, type":      {"PERSON", party("PERSON", "p", uid, relationship(me, "ROLE", group)), "party.reference_type", 422},
		"relationship, unknown":   {"PERSON", party("PERSON", "p", uid, relationship(me, "GROUP", uuid.NewString())), "party.reference_unknown", 201},
	} {
		res := a.do("POST", partyPaths[test.class], test.body).status(test.code)
		got := res.header.Get("Cairn-Warning")
		if test.code == 422 {
			got = fmt.Sprint(res.fault().Problems)
		}
		if !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}

	// The uid that content comes with is replaced, and with it the source.
	res := a.do("POST", partyPaths["PERSON"], party("PERSON", "p", uid, relationship(me, "GROUP", group)), "Prefer: return=representation").status(http.StatusCreated)
	rel := res.tree("PERSON").List("relationships")[0]
	if diff := cmp.Diff([]string{object(res.tag()), group}, paths(rel, "source/id/value", "target/id/value")); diff != "" {
		t.Error(diff)
	}
	self := object(res.tag())
	a.do("PUT", partyPaths["PERSON"]+"/"+self, party("PERSON", "p", uid), `If-Match: "`+res.tag()+`"`).status(http.StatusBadRequest).fault()
	a.do("PUT", partyPaths["PERSON"]+"/"+self, party("PERSON", "p", relationship(me, "GROUP", group)), `If-Match: "`+res.tag()+`"`).status(http.StatusUnprocessableEntity)
	reverse := `,"reverse_relationships":[{"_type":"LOCATABLE_REF","id":{"_type":"HIER_OBJECT_ID","value":"` + person + `"},"namespace":"local","type":"PARTY_RELATIONSHIP","path":"/relationships[at0004]"}]`
	for _, format := range []string{"application/json", "application/xml"} {
		body := party("PERSON", "p", relationship(self, "GROUP", group), reverse)
		if format == "application/xml" {
			body = asXML(t, body, "PERSON")
		}
		res = a.do("PUT", partyPaths["PERSON"]+"/"+self, body, `If-Match: "`+res.tag()+`"`, "Content-Type: "+format, "Prefer: return=representation").status(http.StatusOK)
		if n := res.tree("PERSON"); n.List("reverse_relationships")[0].String("path") != "/relationships[at0004]" {
			t.Errorf("%s: %s", format, res.body)
		}
	}
}

// personTemplate is a template of PERSON with a name and a birth date.
func personTemplate(id string) []byte {
	text := []opttest.Attr{{Name: "value", Existence: "1..1", Children: []opttest.Obj{{RM: "DV_TEXT", Occ: "1..1"}}}}
	date := []opttest.Attr{{Name: "value", Existence: "1..1", Children: []opttest.Obj{{RM: "DV_DATE", Occ: "1..1"}}}}
	tree := func(node, element, occ string, value []opttest.Attr) []opttest.Attr {
		return []opttest.Attr{{Name: "details", Existence: "1..1", Children: []opttest.Obj{{RM: "ITEM_TREE", ID: node, Occ: "1..1", Attrs: []opttest.Attr{
			{Name: "items", Cardinality: "0..*", Existence: "0..1", Children: []opttest.Obj{{RM: "ELEMENT", ID: element, Occ: occ, Attrs: value}}},
		}}}}}
	}
	root := opttest.Root("PERSON", "openEHR-DEMOGRAPHIC-PERSON.cairn_test.v1", append([]opttest.Attr{
		{Name: "identities", Existence: "1..1", Cardinality: "1..*", Children: []opttest.Obj{
			{RM: "PARTY_IDENTITY", ID: "at0003", Occ: "1..*", Attrs: tree("at0001", "at0002", "1..1", text)},
		}},
	}, tree("at0007", "at0008", "0..1", date)...)...)
	root.Terms = []string{
		"at0000", "Person", "at0001", "Tree", "at0002", "Name", "at0003", "Legal name", "at0007", "Details", "at0008", "Birth date",
	}
	return opttest.Template(id, root)
}

// TestPartiesOnATemplate: a party that names a template is validated against it
// and can be read and written in the simplified formats.
func TestPartiesOnATemplate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const id = "Cairn test person"
	a.do("POST", "/definition/template/adl1.4", personTemplate(id), "Content-Type: application/xml").status(http.StatusCreated)
	named := "openehr-template-id: " + id
	collection := partyPaths["PERSON"]
	flat := `{"person/legal_name:0/name":"Jo Doe","person/birth_date":"1970-05-01"}`
	first := a.do("POST", collection, []byte(flat), "Content-Type: "+flatMedia, named).status(http.StatusCreated)
	canonical := func(uid string) string {
		n := a.do("GET", collection+"/"+uid, nil).status(http.StatusOK).tree("PERSON")
		return string(rm.AppendJSON(nil, n.With("uid")))
	}
	want := canonical(first.tag())
	for _, part := range []string{`"Jo Doe"`, `"1970-05-01"`, `"value":"` + id + `"`} {
		if !strings.Contains(want, part) {
			t.Errorf("no %s in %s", part, want)
		}
	}
	for _, media := range []string{"application/json", "application/xml", flatMedia, structuredMedia} {
		read := a.do("GET", collection+"/"+first.tag(), nil, "Accept: "+media).status(http.StatusOK).has("Content-Type", media)
		written := a.do("POST", collection, read.body, "Content-Type: "+media, named, "Prefer: return=representation", "Accept: "+media).
			status(http.StatusCreated).has("Content-Type", media)
		if got := canonical(written.tag()); got != want {
			t.Errorf("%s: got %s, want %s", media, got, want)
		}
	}
	bad := strings.Replace(want, `"DV_DATE","value":"1970-05-01"`, `"DV_TEXT","value":"long ago"`, 1)
	f := a.do("POST", collection, []byte(bad)).status(http.StatusUnprocessableEntity).fault()
	if !strings.Contains(f.ValidationErrors[0], "/details/items[0]/value") {
		t.Errorf("%q", f.ValidationErrors)
	}
	a.do("PUT", collection+"/"+object(first.tag()), []byte(bad), `If-Match: "`+first.tag()+`"`).status(http.StatusUnprocessableEntity).fault()
	a.do("POST", collection, party("PERSON", "Jo"), named).status(http.StatusUnprocessableEntity)
	a.do("POST", partyPaths["AGENT"], []byte(flat), "Content-Type: "+flatMedia, named).status(http.StatusBadRequest).fault()
	a.do("POST", collection, []byte(flat), "Content-Type: "+flatMedia).status(http.StatusBadRequest).fault()
	a.do("POST", collection, []byte(simple), "Content-Type: "+flatMedia, "openehr-template-id: "+templateID).status(http.StatusBadRequest).fault()

	// Without a template there is nothing that the simplified formats could be about.
	plain := a.newParty("PERSON", party("PERSON", "Jo"))
	a.do("GET", collection+"/"+plain, nil, "Accept: "+flatMedia).status(http.StatusNotAcceptable).fault()
}
