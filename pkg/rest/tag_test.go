package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// tags reads a list of ITEM_TAGs as "id key=value path" lines.
func (r *result) tags() []string {
	r.t.Helper()
	return r.tagsOf("EHR")
}

// systemTags is the same for tags in the demographic repository.
func (r *result) systemTags() []string {
	r.t.Helper()
	return r.tagsOf("SYSTEM")
}

func (r *result) tagsOf(owner string) []string {
	r.t.Helper()
	var list []struct {
		Key, Value string
		Path       string `json:"target_path"`
		Target     struct {
			Type string
			ID   struct {
				Type  string `json:"_type"`
				Value string
			}
		}
		Owner struct {
			Type string
			ID   struct{ Value string }
		} `json:"owner_id"`
	}
	r.json(&list)
	out := []string{}
	for _, t := range list {
		class := "HIER_OBJECT_ID"
		if strings.Contains(t.Target.ID.Value, "::") {
			class = "OBJECT_VERSION_ID"
		}
		if t.Owner.Type != owner || t.Owner.ID.Value == "" || t.Target.ID.Type != class {
			r.t.Errorf("%+v", t)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s=%s %s", t.Target.Type, t.Target.ID.Value, t.Key, t.Value, t.Path)))
	}
	return out
}

func TestTrap30TagsAreNotCRUDShaped(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	of := func(uid string) string { return "/ehr/" + id + "/composition/" + uid + "/tags" }
	contributions, versions := a.counts()

	if got := a.do("GET", of(v1), nil).status(http.StatusOK).tags(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	// PUT replaces the list; key and target_path identify a tag.
	a.do("PUT", of(v1), []byte(`[{"key":"old"}]`)).status(http.StatusNoContent).empty()
	body := []byte(`[{"key":"flag","value":"b","target_path":"/context/start_time/value"},{"key":"flag","value":"a"},{"key":"done"}]`)
	got := a.do("PUT", of(v1), body, "Prefer: return=representation").status(http.StatusOK).has("Preference-Applied", "return=representation").tags()
	want := []string{"COMPOSITION " + v1 + " done=", "COMPOSITION " + v1 + " flag=a", "COMPOSITION " + v1 + " flag=b /context/start_time/value"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// The version and the versioned object are targets of their own.
	a.do("PUT", of(object(v1)), []byte(`[{"key":"category","value":"final"}]`)).status(http.StatusNoContent)
	if got := a.do("GET", of(v1), nil).tags(); len(got) != 3 {
		t.Errorf("%v", got)
	}
	a.do("PUT", "/ehr/"+id+"/ehr_status/"+object(a.do("GET", "/ehr/"+id+"/ehr_status", nil).tag())+"/tags", []byte(`[{"key":"flag","value":"é \"q\"; k=\\"}]`)).status(http.StatusNoContent)

	for query, want := range map[string]int{
		"": 5, "?tag_key=flag": 3, "?tag_value=a": 1, "?tag_key=flag&tag_value=final": 0,
		"?tag_target_path=" + url.QueryEscape("/context/start_time/value"): 1,
	} {
		if got := a.do("GET", "/ehr/"+id+"/tags"+query, nil).status(http.StatusOK).tags(); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	a.do("GET", "/ehr/"+id+"/tags?tag_key=a&tag_key=b", nil).status(http.StatusBadRequest).fault()

	// DELETE is by key, whatever the path.
	a.do("DELETE", of(v1)+"/flag", nil).status(http.StatusNoContent).empty()
	if diff := cmp.Diff(want[:1], a.do("GET", of(v1), nil).tags()); diff != "" {
		t.Error(diff)
	}
	a.do("DELETE", of(v1)+"/flag", nil).status(http.StatusNotFound).fault()
	a.do("PUT", of(v1), []byte(`[]`), "Prefer: return=identifier").status(http.StatusOK)
	if got := a.do("GET", of(v1), nil).tags(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	// Nothing of this is a version.
	if c, v := a.counts(); c != contributions || v != versions {
		t.Errorf("tags made %d contributions and %d versions", c-contributions, v-versions)
	}
}

func TestTagsAreRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil).tag()
	path := "/ehr/" + id + "/composition/" + v1 + "/tags"
	long := strings.Repeat("x", 5000)
	for _, bad := range []string{
		``, `{}`, `null`, `[{}]`, `[{"key":""}]`, `[{"key":" a"}]`, `[{"key":"a","value":""}]`, `[{"key":"a"},{"key":"a","value":"x"}]`,
		`[{"key":"a","target_path":"x"}]`, `[{"key":"a","target_path":"/["}]`, `[{"key":"a","secret":1}]`, `[{"key":"a\u0000"}]`, `[{"key":"` + long + `"}]`, `[{"key":"a","value":"` + long + `"}]`,
	} {
		a.do("PUT", path, []byte(bad)).status(http.StatusBadRequest).fault()
	}
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprintf(`{"key":"k%d"}`, i))
	}
	a.do("PUT", path, []byte("["+strings.Join(many, ",")+"]")).status(http.StatusRequestEntityTooLarge).fault()
	a.do("PUT", path, []byte("["+strings.Join(many[1:], ",")+"]")).status(http.StatusNoContent)
	a.do("PUT", path, []byte(`[]`), "Content-Type: application/xml").status(http.StatusUnsupportedMediaType)
	a.do("GET", path, nil, "Accept: application/xml").status(http.StatusNotAcceptable)

	composition := "/ehr/" + id + "/composition/"
	for _, missing := range []string{
		composition + uuid.NewString() + "/tags", composition + "x/tags", composition + nextOf(v1) + "/tags", composition + status + "/tags",
		composition + object(v1) + "::elsewhere::1/tags", "/ehr/" + id + "/ehr_status/" + v1 + "/tags",
		"/ehr/" + uuid.NewString() + "/composition/" + v1 + "/tags", "/ehr/" + a.newEHR() + "/composition/" + v1 + "/tags",
	} {
		a.do("GET", missing, nil).status(http.StatusNotFound).fault()
		a.do("PUT", missing, []byte(`[{"key":"a"}]`)).status(http.StatusNotFound).fault()
		a.do("DELETE", missing+"/a", nil).status(http.StatusNotFound).fault()
	}
	a.do("GET", "/ehr/"+uuid.NewString()+"/tags", nil).status(http.StatusNotFound).fault()
	a.do("DELETE", path+"/%00", nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/"+id+"/tags?tag_key=%00", nil).status(http.StatusBadRequest).fault()
}

func TestTagHeaders(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	const onObject = `key="category",value="final"`
	const onVersion = `key="flag",value="a;b,\"c\"",target_path="/context/start_time/value"; key="reviewed"`
	res := a.do("POST", "/ehr/"+id+"/composition", composition(t), "openehr-item-tag: "+onObject, "openehr-version-item-tag: "+onVersion).status(http.StatusCreated).
		has("openehr-item-tag", onObject).has("openehr-version-item-tag", onVersion)
	v1 := res.tag()
	path := "/ehr/" + id + "/composition/"
	a.do("GET", path+v1, nil).status(http.StatusOK).has("openehr-item-tag", onObject).has("openehr-version-item-tag", onVersion)
	a.do("GET", path+object(v1), nil).status(http.StatusOK).has("openehr-item-tag", onObject)
	if got := a.do("GET", "/ehr/"+id+"/tags", nil).tags(); len(got) != 3 {
		t.Errorf("%v", got)
	}

	// A header that is not there leaves the object's tags; a new version has none.
	v2 := a.do("PUT", path+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).has("openehr-item-tag", "").tag()
	a.do("GET", path+v2, nil).has("openehr-item-tag", onObject).has("openehr-version-item-tag", "")
	// Lines add up, an empty value removes.
	v3 := a.do("PUT", path+object(v1), composition(t), `If-Match: "`+v2+`"`, "openehr-item-tag:", `openehr-version-item-tag: key="b"`, `openehr-version-item-tag: key=a`).status(http.StatusNoContent).tag()
	a.do("GET", path+v3, nil).has("openehr-item-tag", "").has("openehr-version-item-tag", `key="a"; key="b"`)
	a.do("GET", path+v1, nil).has("openehr-version-item-tag", onVersion)

	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	s2 := a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+status.tag()+`"`, `openehr-version-item-tag: key="k"`).status(http.StatusNoContent).tag()
	a.do("GET", "/ehr/"+id+"/ehr_status/"+s2, nil).has("openehr-version-item-tag", `key="k"`)
	a.do("GET", "/ehr/"+id+"/ehr_status/"+s2, nil, `If-None-Match: W/"`+s2+`"`).status(http.StatusNotModified)

	// A wrong tag refuses the commit, and a refused commit sets no tag.
	contributions, _ := a.counts()
	for _, bad := range []string{`key="a",secret="b"`, `value="a"`, `key="a`, `key="a",value=""`, `key="a"; key="a"`, `=`} {
		a.do("POST", "/ehr/"+id+"/composition", composition(t), "openehr-item-tag: "+bad).status(http.StatusBadRequest).fault()
	}
	a.do("PUT", path+object(v1), composition(t), `If-Match: "`+v1+`"`, `openehr-item-tag: key="stale"`).status(http.StatusPreconditionFailed)
	if c, _ := a.counts(); c != contributions {
		t.Errorf("%d contributions of refused commits", c-contributions)
	}
	if got := a.do("GET", "/ehr/"+id+"/tags?tag_key=stale", nil).tags(); len(got) != 0 {
		t.Errorf("%v", got)
	}

	// Too many for a header are left out, not cut.
	var tags []string
	for i := range 10 {
		tags = append(tags, fmt.Sprintf(`{"key":"k%d","value":"%s"}`, i, strings.Repeat("x", 1000)))
	}
	a.do("PUT", path+v3+"/tags", []byte("["+strings.Join(slices.Clone(tags), ",")+"]")).status(http.StatusNoContent)
	a.do("GET", path+v3, nil).status(http.StatusOK).has("openehr-version-item-tag", "")
}

// TestTagsOfTheDirectory: a FOLDER is taggable, so the directory and its versions
// have tags like any other object, by the headers and by resources of Cairn's own.
func TestTagsOfTheDirectory(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/directory"
	const onObject, onVersion = `key="k",value="v"`, `key="k",target_path="/folders[1]"; key="w"`
	v1 := a.do("POST", path, directory("a"), "openehr-item-tag: "+onObject, "openehr-version-item-tag: "+onVersion).status(http.StatusCreated).
		has("openehr-item-tag", onObject).has("openehr-version-item-tag", onVersion).tag()
	for _, read := range []string{path, path + "/" + v1, path + "?path=episodes", path + "?version_at_time=2999-01-01T00:00:00Z"} {
		a.do("GET", read, nil).status(http.StatusOK).has("openehr-item-tag", onObject).has("openehr-version-item-tag", onVersion)
	}
	v2 := a.do("PUT", path, directory("b"), `If-Match: "`+v1+`"`, `openehr-version-item-tag: key="x"`).status(http.StatusNoContent).tag()
	a.do("GET", path, nil).status(http.StatusOK).has("openehr-item-tag", onObject).has("openehr-version-item-tag", `key="x"`)
	want := []string{"FOLDER " + v1 + " k= /folders[1]", "FOLDER " + v1 + " w="}
	if diff := cmp.Diff(want, a.do("GET", path+"/"+v1+"/tags", nil).status(http.StatusOK).tags()); diff != "" {
		t.Error(diff)
	}
	want = slices.Concat([]string{"FOLDER " + object(v1) + " k=v"}, want, []string{"FOLDER " + v2 + " x="})
	if diff := cmp.Diff(want, a.do("GET", "/ehr/"+id+"/tags", nil).status(http.StatusOK).tags()); diff != "" {
		t.Error(diff)
	}
	a.do("PUT", path+"/"+object(v1)+"/tags", []byte(`[{"key":"o"}]`), "Prefer: return=representation").status(http.StatusOK)
	a.do("DELETE", path+"/"+v2+"/tags/x", nil).status(http.StatusNoContent).empty()
	a.do("DELETE", path+"/"+v2+"/tags/x", nil).status(http.StatusNotFound).fault()
	a.do("GET", path, nil).status(http.StatusOK).has("openehr-item-tag", `key="o"`).has("openehr-version-item-tag", "")
	a.do("PUT", path, directory("b"), `If-Match: "`+v2+`"`, "openehr-item-tag:").status(http.StatusNoContent)
	a.do("GET", path, nil).status(http.StatusOK).has("openehr-item-tag", "")
	for _, missing := range []string{uuid.NewString(), nextOf(nextOf(v2)), "x", a.create(id, composition(t))} {
		a.do("GET", path+"/"+missing+"/tags", nil).status(http.StatusNotFound).fault()
		a.do("PUT", path+"/"+missing+"/tags", []byte(`[{"key":"o"}]`)).status(http.StatusNotFound).fault()
	}
}

// TestTagsMayBeSentAsTheyWereRead: a list that was read replaces itself, and
// never the list of another target.
func TestTagsMayBeSentAsTheyWereRead(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.beyond = true // the documents have no target in what is sent
	id := a.newEHR()
	v := a.create(id, composition(t))
	of := func(uid string) string { return "/ehr/" + id + "/composition/" + uid + "/tags" }
	a.do("PUT", of(v), []byte(`[{"key":"k","value":"1","target_path":"/x"},{"key":"l"}]`)).status(http.StatusNoContent)
	read := a.do("GET", of(v), nil).status(http.StatusOK)
	changed := []byte(strings.Replace(string(read.body), `"value":"1"`, `"value":"2"`, 1))
	a.do("PUT", of(v), changed).status(http.StatusNoContent)
	if got := a.do("GET", of(v), nil).status(http.StatusOK).body; string(got) != string(changed) {
		t.Errorf("%s, want %s", got, changed)
	}
	other := a.create(id, composition(t))
	for _, path := range []string{of(object(v)), of(other), "/ehr/" + id + "/ehr_status/" + a.do("GET", "/ehr/"+id+"/ehr_status", nil).tag() + "/tags"} {
		a.do("PUT", path, changed).status(http.StatusBadRequest).fault()
	}
	for _, bad := range []string{`[{"key":"k","_type":"ELEMENT"}]`, `[{"key":"k","owner_id":{"id":{"value":"` + uuid.NewString() + `"}}}]`, `[{"key":"k","target":{"id":{"value":"` + v + `"},"type":"FOLDER"}}]`, `[{"key":"k","target":{"x":1}}]`} {
		a.do("PUT", of(v), []byte(bad)).status(http.StatusBadRequest).fault()
	}
}

// TestTagHeadersAreNeverDropped: a write that sets no tags refuses the headers.
func TestTagHeadersAreNeverDropped(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v, dir := a.create(id, composition(t)), a.do("POST", "/ehr/"+id+"/directory", folder("root")).status(http.StatusCreated).tag()
	person := a.newParty("PERSON", party("PERSON", "Jo"))
	contributions, _ := a.counts()
	for _, header := range []string{`openehr-item-tag: key="k"`, `openehr-version-item-tag: key="k"`, "openehr-item-tag:"} {
		a.do("POST", "/ehr", nil, header).status(http.StatusNotImplemented).fault()
		a.do("PUT", "/ehr/"+uuid.NewString(), nil, header).status(http.StatusNotImplemented).fault()
		a.do("POST", "/ehr/"+id+"/contribution", set("249", change(codedText("249"), codedText("532"), "", composition(t))), header).status(http.StatusNotImplemented).fault()
		a.do("DELETE", "/ehr/"+id+"/composition/"+v, nil, header).status(http.StatusNotImplemented).fault()
		a.do("DELETE", "/ehr/"+id+"/directory", nil, header, `If-Match: "`+dir+`"`).status(http.StatusNotImplemented).fault()
		a.do("DELETE", "/demographic/person/"+person, nil, header).status(http.StatusNotImplemented).fault()
	}
	if c, _ := a.counts(); c != contributions {
		t.Errorf("%d contributions", c-contributions)
	}
}
