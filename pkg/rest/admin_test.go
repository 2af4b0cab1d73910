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
