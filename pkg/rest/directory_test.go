package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// directory is a tree with two levels below its root, two FOLDERs of one name,
// and a name with a slash.
func directory(episode string) []byte {
	sub := func(name string, more ...string) string { return string(folder(name, more...)) }
	item := `,"items":[{"_type":"OBJECT_REF","id":{"_type":"HIER_OBJECT_ID","value":"8849182c-82ad-4088-a07f-48ead4180515"},"namespace":"local","type":"VERSIONED_COMPOSITION"}]`
	return folder("root", `,"folders":[`+sub("episodes", `,"folders":[`+sub(episode, item)+`,`+sub("2025/26")+`]`)+`,`+sub("twin")+`,`+sub("twin")+`]`)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/directory"
	a.do("GET", path, nil).status(http.StatusNotFound).fault()
	a.do("PUT", path, directory("a"), `If-Match: "`+uuid.NewString()+"::"+systemID+`::1"`).status(http.StatusNotFound).fault()
	a.do("DELETE", path, nil, `If-Match: "x"`).status(http.StatusNotFound).fault()

	res := a.do("POST", path, directory("a"), "Prefer: return=representation",
		`openehr-audit-details: description.value="first"`).status(http.StatusCreated)
	v1 := res.tag()
	res.has("Location", origin+base+path+"/"+url.PathEscape(v1))
	if n := res.tree("FOLDER"); n.String("uid", "value") != v1 || n.NameValue() != "root" {
		t.Errorf("%s", res.body)
	}
	a.do("POST", path, directory("b")).status(http.StatusConflict).fault()
	time.Sleep(2 * time.Millisecond)

	a.do("PUT", path, directory("b")).status(http.StatusBadRequest).fault()
	a.do("PUT", path, directory("b"), `If-Match: "x"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v1+`"`)
	v2 := a.do("PUT", path, directory("b"), `If-Match: W/"`+v1+`"`).status(http.StatusNoContent).tag()
	a.do("PUT", path, directory("c"), `If-Match: "`+v1+`"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v2+`"`)
	a.do("DELETE", path, nil, `If-Match: "`+v1+`"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v2+`"`)
	a.do("DELETE", path, nil).status(http.StatusBadRequest).fault()

	latest := a.do("GET", path, nil).status(http.StatusOK).has("ETag", `W/"`+v2+`"`)
	a.do("GET", path, nil, "If-None-Match: "+latest.header.Get("ETag")).status(http.StatusNotModified)
	a.do("GET", path, nil, "Accept: application/xml").status(http.StatusOK).has("Content-Type", "application/xml")
	for query, want := range map[string]string{
		"":                           "root",
		"?path=":                     "root",
		"?path=episodes":             "episodes",
		"?path=/episodes/b/":         "b",
		"?path=episodes%2Fb":         "b",
		"?path=episodes/2025%252F26": "2025/26",
	} {
		res := a.do("GET", path+query, nil).status(http.StatusOK)
		if got := res.tree("FOLDER").NameValue(); got != want {
			t.Errorf("%s is %s, want %s", query, got, want)
		}
	}
	if n := a.do("GET", path+"/"+v1+"?path=episodes/a", nil).status(http.StatusOK).tree("FOLDER"); len(n.List("items")) != 1 {
		t.Error("the item is lost")
	}
	for _, missing := range []string{
		"?path=episodes/a", "?path=root", "?path=episodes/b/c", "?version_at_time=2001-01-01T00:00:00Z",
		"/" + v1 + "?path=episodes/b", "/" + v1 + "0", "/x", "/" + uuid.NewString() + "::" + systemID + "::1",
	} {
		a.do("GET", path+missing, nil).status(http.StatusNotFound).fault()
	}
	for _, bad := range []string{"?path=twin", "?path=a&path=b", "?version_at_time=x"} {
		a.do("GET", path+bad, nil).status(http.StatusBadRequest).fault()
	}

	// The EHR refers to its directory.
	if body := a.do("GET", "/ehr/"+id, nil).body; !strings.Contains(string(body), `"directory":{"_type":"OBJECT_REF","id":{"_type":"HIER_OBJECT_ID","value":"`+object(v1)+`"},"namespace":"local","type":"VERSIONED_FOLDER"}`) {
		t.Errorf("%s", body)
	}

	v3 := a.do("DELETE", path, nil, `If-Match: "`+v2+`"`, `openehr-audit-details: description.value="wrong"`).status(http.StatusNoContent).tag()
	a.do("GET", path, nil).status(http.StatusNoContent).has("ETag", `W/"`+v3+`"`).empty()
	a.do("GET", path+"?path=episodes", nil).status(http.StatusNoContent)
	a.do("GET", path+"/"+v3, nil).status(http.StatusNoContent).has("ETag", `W/"`+v3+`"`).empty()
	a.do("GET", path+"/"+v2, nil, `If-None-Match: "`+v2+`"`).status(http.StatusNotModified).empty()
	a.do("DELETE", path, nil, `If-Match: "`+v3+`"`).status(http.StatusBadRequest).fault()
	a.do("PUT", path, directory("c"), `If-Match: "`+v3+`"`).status(http.StatusConflict).fault()
	if body := a.do("GET", "/ehr/"+id, nil).body; strings.Contains(string(body), "directory") {
		t.Errorf("%s", body)
	}

	// Another directory after the deletion; the old one is still there at its time.
	time.Sleep(2 * time.Millisecond)
	w1 := a.do("POST", path, directory("d")).status(http.StatusCreated).tag()
	if object(w1) == object(v1) {
		t.Error("the new directory is the old one")
	}
	a.do("PUT", path, directory("e"), `If-Match: "`+v3+`"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+w1+`"`)
	a.do("GET", path, nil).status(http.StatusOK).has("ETag", `W/"`+w1+`"`)
	modified := res.header.Get("Last-Modified")
	if modified == "" {
		t.Error("no Last-Modified")
	}
	var at time.Time
	if err := a.db.Pool().QueryRow(t.Context(), `select time_committed from version where kind = 3 and ver = 1 order by time_committed limit 1`).Scan(&at); err != nil {
		t.Fatal(err)
	}
	a.do("GET", path+"?version_at_time="+url.QueryEscape(at.UTC().Format(time.RFC3339Nano)), nil).status(http.StatusOK).has("ETag", `W/"`+v1+`"`)
}

func TestDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.Compat103 = true })
	id := a.newEHR()
	path := "/ehr/" + id + "/directory"
	for _, bad := range []string{"", "x", `{"_type":"COMPOSITION"}`, `{"_type":"FOLDER","archetype_node_id":"at1"}`, `{"_type":"FOLDER","name":{"value":"x"},"archetype_node_id":"at1","secret":1}`} {
		a.do("POST", path, []byte(bad)).status(http.StatusBadRequest).fault()
	}
	a.do("POST", "/ehr/"+uuid.NewString()+"/directory", directory("a")).status(http.StatusNotFound).fault()
	a.do("POST", path, directory("a"), "Content-Type: text/plain").status(http.StatusUnsupportedMediaType)
	a.do("POST", path, directory("a"), `openehr-item-tag: key=""`).status(http.StatusBadRequest).fault()
	a.do("GET", path, nil).status(http.StatusNotFound)
	a.do("POST", path, directory("a"), `openehr-audit-details: change_type.code_string="251"`).status(http.StatusBadRequest).fault()

	// A body of another object, and a stale match with the Location of 1.0.3.
	v1 := a.do("POST", path, directory("a")).status(http.StatusCreated).tag()
	other := folder("x", `,"uid":{"_type":"HIER_OBJECT_ID","value":"`+uuid.NewString()+`"}`)
	a.do("PUT", path, other, `If-Match: "`+v1+`"`).status(http.StatusBadRequest).fault()
	a.do("PUT", path, directory("a"), `If-Match: "`+nextOf(v1)+`"`).status(http.StatusPreconditionFailed).
		has("Location", origin+base+path+"/"+url.PathEscape(v1))

	// Not modifiable.
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	locked := strings.Replace(string(status.body), `"is_modifiable":true`, `"is_modifiable":false`, 1)
	a.do("PUT", "/ehr/"+id+"/ehr_status", []byte(locked), `If-Match: "`+status.tag()+`"`).status(http.StatusNoContent)
	a.do("PUT", path, directory("a"), `If-Match: "`+v1+`"`).status(http.StatusConflict).fault()
	a.do("DELETE", path, nil, `If-Match: "`+v1+`"`).status(http.StatusConflict).fault()
	a.do("GET", path, nil).status(http.StatusOK)
}
