package rest_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

func TestErasureIsDisabled(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	for _, path := range []string{"/admin/ehr/" + id, "/admin/ehr/all", "/admin/ehr/all?ehr_id=" + id} {
		a.do("DELETE", path, nil).status(http.StatusMethodNotAllowed).has("Allow", "OPTIONS").fault()
	}
	// One may be enabled without the other.
	some := newAPI(t, func(c *rest.Config) { c.EraseEHRs = true })
	some.do("DELETE", "/admin/ehr/all", nil).status(http.StatusMethodNotAllowed).fault()
	a.do("GET", "/ehr/"+id, nil).status(http.StatusOK)
}

func TestErasure(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	ids := []string{a.newEHR(), a.newEHR(), a.newEHR(), a.newEHR(), a.newEHR()}
	v := a.create(ids[0], composition(t))
	exists := func(want ...bool) {
		t.Helper()
		for i, w := range want {
			code := http.StatusNotFound
			if w {
				code = http.StatusOK
			}
			a.do("GET", "/ehr/"+ids[i], nil).status(code)
		}
	}
	a.do("DELETE", "/admin/ehr/"+ids[0], nil, "Authorization: none").status(http.StatusUnauthorized)
	a.do("DELETE", "/admin/ehr/"+uuid.NewString(), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/x", nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/"+ids[0], nil).status(http.StatusNoContent).empty()
	a.do("DELETE", "/admin/ehr/"+ids[0], nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/"+ids[0]+"/composition/"+v, nil).status(http.StatusNotFound).fault()
	a.do("POST", "/ehr/"+ids[0]+"/composition", composition(t)).status(http.StatusNotFound).fault()

	a.do("DELETE", "/admin/ehr/all?ehr_id="+ids[1]+"&ehr_id="+uuid.NewString(), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/all?ehr_id="+ids[1]+"&ehr_id=x", nil).status(http.StatusBadRequest).fault()
	a.do("DELETE", "/admin/ehr/all?ehr_id=", nil).status(http.StatusBadRequest).fault()
	a.do("DELETE", "/admin/ehr/all?ehrid="+ids[1], nil).status(http.StatusBadRequest).fault()
	// Nor must what cannot be read.
	for _, q := range []string{"%zz", ";ehr_id=" + ids[1], "ehr_id=%zz", "ehr_id=" + ids[1] + "&ehr_id=%", "ehr_id=" + ids[1] + ";ehr_id=" + ids[2]} {
		a.do("DELETE", "/admin/ehr/all?"+q, nil).status(http.StatusBadRequest).fault()
	}
	exists(false, true, true, true, true)
	a.do("DELETE", "/admin/ehr/all?ehr_id="+ids[1]+"&ehr_id="+ids[2]+"&ehr_id="+ids[1], nil).status(http.StatusNoContent)
	exists(false, false, false, true, true)
	a.do("DELETE", "/admin/ehr/all", nil).status(http.StatusNoContent)
	exists(false, false, false, false, false)

	var n int
	if err := a.db.Pool().QueryRow(t.Context(), `select count(*) from ehr_tombstone where actor = 'u1'`).Scan(&n); err != nil || n != len(ids) {
		t.Errorf("%d tombstones, %v", n, err)
	}
	// What belongs to no EHR is still there.
	a.do("GET", "/definition/template/adl1.4/"+escape(templateID), nil, "Accept: application/xml").status(http.StatusOK)
	a.do("POST", "/ehr/"+a.newEHR()+"/composition", composition(t)).status(http.StatusCreated)
}

func TestErasureOfDefinitionsAndCompositions(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	id := a.newEHR()
	one, other := a.create(id, composition(t), `openehr-item-tag: key="k"`), a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/"
	a.do("PUT", path+object(one), composition(t), `If-Match: "`+one+`"`).status(http.StatusNoContent)

	a.do("DELETE", "/admin/template/"+escape(templateID), nil).status(http.StatusConflict).fault()
	a.do("DELETE", "/admin/ehr/"+id+"/composition/"+uuid.NewString(), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/"+id+"/composition/"+one, nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/"+uuid.NewString()+"/composition/"+object(one), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/ehr/"+id+"/composition/"+object(one), nil).status(http.StatusNoContent).empty()
	a.do("GET", path+one, nil).status(http.StatusNotFound)
	a.do("GET", path+object(one), nil).status(http.StatusNotFound)
	a.do("GET", path+object(other), nil).status(http.StatusOK)
	if contributions, versions := a.counts(); contributions != 2 || versions != 3 {
		t.Errorf("%d contributions, %d versions", contributions, versions)
	}

	// With the last content its template may go, and come again.
	a.do("DELETE", "/admin/ehr/"+id+"/composition/"+object(other), nil).status(http.StatusNoContent)
	a.do("DELETE", "/admin/template/"+escape(templateID), nil).status(http.StatusNoContent).empty()
	a.do("DELETE", "/admin/template/"+escape(templateID), nil).status(http.StatusNotFound).fault()
	a.do("GET", "/definition/template/adl1.4/"+escape(templateID), nil).status(http.StatusNotFound)
	a.do("POST", path[:len(path)-1], composition(t)).status(http.StatusUnprocessableEntity).fault()
	a.do("POST", "/definition/template/adl1.4", template(t, templateID), "Content-Type: application/xml").status(http.StatusCreated)
	a.create(id, composition(t))

	a.do("PUT", "/definition/query/x::q/1.0.0", []byte("SELECT 1"), "Content-Type: text/plain").status(http.StatusOK)
	a.do("DELETE", "/admin/query/x::q/1", nil).status(http.StatusNotFound).fault()
	a.do("DELETE", "/admin/query/x::q/1.0.0", nil).status(http.StatusNoContent).empty()
	a.do("DELETE", "/admin/query/x::q/1.0.0", nil).status(http.StatusNotFound).fault()
	a.do("GET", "/definition/query/x::q/1.0.0", nil).status(http.StatusNotFound)

	var n int
	if err := a.db.Pool().QueryRow(t.Context(), `select count(*) from erased where actor = 'u1'`).Scan(&n); err != nil || n != 4 {
		t.Errorf("%d notes of deletions, %v", n, err)
	}

	some := newAPI(t, func(c *rest.Config) { c.EraseEHRs = true })
	some.do("DELETE", "/admin/template/x", nil).status(http.StatusMethodNotAllowed).fault()
	some.do("DELETE", "/admin/query/x/1.0.0", nil).status(http.StatusMethodNotAllowed).fault()
	newAPI(t).do("DELETE", "/admin/ehr/"+id+"/composition/"+object(one), nil).status(http.StatusMethodNotAllowed).fault()
}

// TestErasureOfParties: a party goes with its versions, tags and kept answers,
// and leaves a note.
func TestErasureOfParties(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs = true })
	const path = "/demographic/person"
	key := "Idempotency-Key: " + uuid.NewString()
	body := party("PERSON", "Jo")
	uid := a.do("POST", path, body, key, `openehr-item-tag: key="k"`).status(http.StatusCreated).tag()
	a.do("PUT", path+"/"+object(uid), party("PERSON", "Joe"), `If-Match: "`+uid+`"`).status(http.StatusNoContent)
	role := a.newParty("ROLE", party("ROLE", "Nurse", performer("PERSON", object(uid))))
	erase := "/admin/demographic/versioned_party/"
	a.do("DELETE", erase+uuid.NewString(), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", erase+uid, nil).status(http.StatusNotFound).fault()
	a.do("DELETE", erase+object(uid), nil, "Authorization: none").status(http.StatusUnauthorized)
	a.do("DELETE", erase+object(uid), nil).status(http.StatusNoContent).empty()
	a.do("DELETE", erase+object(uid), nil).status(http.StatusNotFound).fault()
	for _, gone := range []string{path + "/" + uid, path + "/" + object(uid), "/demographic/versioned_party/" + object(uid), path + "/" + object(uid) + "/tags"} {
		a.do("GET", gone, nil).status(http.StatusNotFound)
	}
	a.do("GET", "/demographic/role/"+object(role), nil).status(http.StatusOK)
	// The answer that was kept for repetitions is gone, too.
	again := a.do("POST", path, body, key).status(http.StatusCreated).has("Idempotency-Replayed", "").tag()
	if object(again) == object(uid) {
		t.Error("the deleted party is answered with")
	}
	var kind, id, actor string
	var versions int
	if err := a.db.Pool().QueryRow(t.Context(), `select kind, id, actor, versions from erased where ehr_id is null`).Scan(&kind, &id, &actor, &versions); err != nil ||
		kind != "PERSON" || id != object(uid) || actor != "u1" || versions != 2 {
		t.Errorf("%s %s by %s, %d versions, %v", kind, id, actor, versions, err)
	}
	newAPI(t).do("DELETE", erase+object(role), nil).status(http.StatusMethodNotAllowed).fault()
}
