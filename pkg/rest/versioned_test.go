package rest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// tree decodes a body as an RM object of the class and checks its invariants.
func (r *result) tree(class string) *rm.Node {
	r.t.Helper()
	n, problems := rm.DecodeJSON(r.body, rm.Lookup(class), rm.JSONOptions{})
	if n == nil || len(problems) > 0 || !n.Is(class) {
		r.t.Fatalf("no valid %s: %v: %s", class, problems, r.body)
	}
	if problems := rm.CheckInvariants(n, rm.CheckOptions{}); rm.HasErrors(problems) {
		r.t.Errorf("%s violates invariants: %v: %s", class, problems, r.body)
	}
	return n
}

// xmlTree is the same for XML.
func (r *result) xmlTree(class string) *rm.Node {
	r.t.Helper()
	r.has("Content-Type", "application/xml")
	n, problems := rm.DecodeXML(r.body, rm.Lookup(class), rm.XMLOptions{})
	if n == nil || rm.HasErrors(problems) {
		r.t.Fatalf("no valid %s: %v: %s", class, problems, r.body)
	}
	return n
}

// paths are the values at paths of a tree.
func paths(n *rm.Node, list ...string) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = n.String(strings.Split(p, "/")...)
	}
	return out
}

func TestVersionedComposition(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t), `openehr-audit-details: description.value="first",committer.name="Dr A"`)
	path := "/ehr/" + id + "/composition/"
	v2 := a.do("PUT", path+object(v1), composition(t, "70.50", "71.25"), `If-Match: "`+v1+`"`,
		`openehr-version: lifecycle_state.code_string="553"`, `openehr-audit-details: change_type.code_string="250"`).status(http.StatusNoContent).tag()
	v3 := a.do("DELETE", path+v2, nil).status(http.StatusNoContent).tag()
	container := "/ehr/" + id + "/versioned_composition/" + object(v1)

	res := a.do("GET", container, nil).status(http.StatusOK)
	n := res.tree("VERSIONED_COMPOSITION")
	first := a.versions(id, v1)[0]
	want := []string{object(v1), id, "EHR", "local", first.Audit.TimeCommitted.Format("2006-01-02T15:04:05.000Z")}
	if diff := cmp.Diff(want, paths(n, "uid/value", "owner_id/id/value", "owner_id/type", "owner_id/namespace", "time_created/value")); diff != "" {
		t.Error(diff)
	}
	a.do("GET", container, nil, "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified).empty()

	history := a.do("GET", container+"/revision_history", nil).status(http.StatusOK).has("ETag", `W/"`+v3+`"`).tree("REVISION_HISTORY")
	var got [][]string
	for _, item := range history.List("items") {
		audits := item.List("audits")
		if len(audits) != 1 {
			t.Fatalf("%d audits", len(audits))
		}
		got = append(got, append(paths(item, "version_id/value"), paths(audits[0], "change_type/value", "change_type/defining_code/code_string",
			"description/value", "committer/name", "system_id")...))
	}
	if diff := cmp.Diff([][]string{
		{v1, "creation", "249", "first", "Dr A", systemID},
		{v2, "amendment", "250", "", "Dr Actor", systemID},
		{v3, "deleted", "523", "", "Dr Actor", systemID},
	}, got); diff != "" {
		t.Error(diff)
	}

	members := []string{
		"uid/value", "preceding_version_uid/value", "lifecycle_state/value", "lifecycle_state/defining_code/code_string",
		"commit_audit/change_type/value", "contribution/type", "data/uid/value",
	}
	for _, test := range []struct {
		uid  string
		want []string
	}{
		{v1, []string{v1, "", "complete", "532", "creation", "CONTRIBUTION", v1}},
		{v2, []string{v2, v1, "incomplete", "553", "amendment", "CONTRIBUTION", v2}},
		{v3, []string{v3, v2, "deleted", "523", "deleted", "CONTRIBUTION", ""}},
	} {
		res := a.do("GET", container+"/version/"+test.uid, nil).status(http.StatusOK).has("ETag", `W/"`+test.uid+`"`)
		n := res.tree("ORIGINAL_VERSION")
		if diff := cmp.Diff(test.want, paths(n, members...)); diff != "" {
			t.Errorf("%s: %s", test.uid, diff)
		}
		var shell struct{ Data json.RawMessage }
		res.json(&shell)
		if test.uid == v3 {
			if shell.Data != nil {
				t.Errorf("a deletion has data: %s", shell.Data)
			}
			continue
		}
		if alone := a.do("GET", path+test.uid, nil).status(http.StatusOK).body; !bytes.Equal(alone, shell.Data) {
			t.Errorf("data %s differs from the composition %s", shell.Data, alone)
		}
	}

	n = a.do("GET", container+"/version/"+v2, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{v2, v1, "incomplete", "553", "amendment", "CONTRIBUTION", v2}, paths(n, members...)); diff != "" {
		t.Error(diff)
	}
	a.do("GET", container+"/revision_history", nil, "Accept: application/xml").status(http.StatusOK).xmlTree("REVISION_HISTORY")
	a.do("GET", container, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("VERSIONED_COMPOSITION")

	// By time: the time that a client reads selects the version that it read it in.
	a.do("GET", container+"/version", nil).status(http.StatusOK).has("ETag", `W/"`+v3+`"`)
	for i, uid := range []string{v1, v2, v3} {
		at := history.List("items")[i].List("audits")[0].String("time_committed", "value")
		a.do("GET", container+"/version?version_at_time="+url.QueryEscape(at), nil).status(http.StatusOK).has("ETag", `W/"`+uid+`"`)
	}
	a.do("GET", container+"/version?version_at_time=2001-01-01T00:00:00Z", nil).status(http.StatusNotFound).fault()
	a.do("GET", container+"/version?version_at_time=2001", nil).status(http.StatusBadRequest).fault()

	other := a.create(id, composition(t))
	for _, missing := range []string{
		"/ehr/" + id + "/versioned_composition/" + uuid.NewString(),
		"/ehr/" + id + "/versioned_composition/" + v1,
		"/ehr/" + uuid.NewString() + "/versioned_composition/" + object(v1),
		"/ehr/" + a.newEHR() + "/versioned_composition/" + object(v1) + "/revision_history",
		"/ehr/" + id + "/versioned_composition/" + uuid.NewString() + "/version",
		container + "/version/" + other,
		container + "/version/" + object(v1) + "::" + systemID + "::9",
		container + "/version/" + object(v1) + "::elsewhere::1",
		container + "/version/x",
	} {
		a.do("GET", missing, nil).status(http.StatusNotFound).fault()
	}
	a.do("GET", container, nil, "Accept: text/html").status(http.StatusNotAcceptable)
}

func TestVersionedEHRStatus(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.Compat103 = true })
	id := a.newEHR()
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK)
	v1 := status.tag()
	v2 := a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	container := "/ehr/" + id + "/versioned_ehr_status"

	n := a.do("GET", container, nil).status(http.StatusOK).tree("VERSIONED_EHR_STATUS")
	if diff := cmp.Diff([]string{object(v1), id}, paths(n, "uid/value", "owner_id/id/value")); diff != "" {
		t.Error(diff)
	}
	items := a.do("GET", container+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY").List("items")
	if len(items) != 2 || items[0].String("version_id", "value") != v1 || items[1].String("version_id", "value") != v2 {
		t.Errorf("%d revisions", len(items))
	}
	n = a.do("GET", container+"/version", nil).status(http.StatusOK).
		has("ETag", `W/"`+v2+`"`).has("Location", origin+base+container+"/version/"+url.PathEscape(v2)).tree("ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{v2, v1, v2}, paths(n, "uid/value", "preceding_version_uid/value", "data/uid/value")); diff != "" {
		t.Error(diff)
	}
	at := items[0].List("audits")[0].String("time_committed", "value")
	a.do("GET", container+"/version?version_at_time="+url.QueryEscape(at), nil).status(http.StatusOK).has("ETag", `W/"`+v1+`"`)
	a.do("GET", container+"/version/"+v1, nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
	a.do("GET", container+"/version/"+uuid.NewString()+"::"+systemID+"::1", nil).status(http.StatusNotFound).fault()
	for _, tail := range []string{"", "/revision_history", "/version"} {
		a.do("GET", "/ehr/"+uuid.NewString()+"/versioned_ehr_status"+tail, nil).status(http.StatusNotFound).fault()
		a.do("HEAD", container+tail, nil).status(http.StatusOK).empty()
	}
}
