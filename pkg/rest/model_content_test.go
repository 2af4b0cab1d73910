package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// forms are a composition in every format, with a place for its number.
type forms map[string]string

const theNumber = "4711.50"

// magnitude is how a composition's number is written in it.
func magnitude(n int) string { return fmt.Sprintf("%d.50", n) }

// newForms reads a composition in every format, to be sent again with another
// number.
func newForms(a *api) forms {
	a.t.Helper()
	id := a.newEHR()
	uid := a.create(id, composition(a.t, "70.50", theNumber))
	f := forms{}
	for _, media := range []string{"application/json", "application/xml", "application/openehr.wt.flat+json", "application/openehr.wt.structured+json"} {
		body := string(a.do("GET", "/ehr/"+id+"/composition/"+uid, nil, "Accept: "+media).status(http.StatusOK).body)
		if strings.Count(body, theNumber) != 1 || strings.Count(body, uid) != 1 {
			a.t.Fatalf("%s has not one number and one uid: %s", media, body)
		}
		f[media] = strings.Replace(body, uid, "THE-UID", 1)
	}
	return f
}

// draw makes a composition in some format: its body and headers.
func (f forms) draw(t *rapid.T, number int, uid string) (body []byte, lines []string) {
	media := rapid.SampledFrom([]string{"application/json", "application/xml", "application/openehr.wt.flat+json", "application/openehr.wt.structured+json"}).Draw(t, "written in")
	lines = []string{"Content-Type: " + media}
	if strings.Contains(media, "openehr") {
		lines = append(lines, "openehr-template-id: "+templateID)
	}
	return []byte(strings.NewReplacer(theNumber, magnitude(number), "THE-UID", uid).Replace(f[media])), lines
}

// number is one that no other content has.
func (m *record) number() int {
	m.serial++
	return 100 + m.serial
}

// lifecycle draws the state that a version is committed in, and its header.
func lifecycle(t *rapid.T) (code, line string) {
	code = rapid.SampledFrom([]string{"532", "532", "553"}).Draw(t, "lifecycle")
	return code, `openehr-version: lifecycle_state.code_string="` + code + `"`
}

// prefer draws what is asked back; the status of a success follows from it.
func prefer(t *rapid.T, created bool) (line string, code int) {
	p := rapid.SampledFrom([]string{"minimal", "identifier", "representation"}).Draw(t, "prefer")
	switch {
	case created:
		code = http.StatusCreated
	case p == "minimal":
		code = http.StatusNoContent
	default:
		code = http.StatusOK
	}
	return "Prefer: return=" + p, code
}

func (m *record) createComposition(t *rapid.T) {
	n := m.number()
	body, lines := m.forms.draw(t, n, uuid.NewString()+"::"+systemID+"::1")
	state, line := lifecycle(t)
	asked, code := prefer(t, true)
	onObject, onVersion, tagLines := drawTagHeaders(t)
	res := m.do("POST", m.path("/composition"), body, slices.Concat(lines, tagLines, []string{line, asked})...)
	if !m.modifiable {
		res.status(http.StatusConflict).fault()
		return
	}
	uid := res.status(code).tag()
	if !strings.HasSuffix(uid, "::"+systemID+"::1") {
		t.Fatalf("created as %s", uid)
	}
	o := &modelled{kind: ehr.KindComposition, path: "composition", id: object(uid), tags: tagSet{}}
	m.written(o, &modelledVersion{uid: uid, lifecycle: state, number: n})
	o.tagged(o.versions[0], onObject, onVersion)
}

// match draws the version that a change claims to be based on: mostly the
// latest, else an older one, one of a branch, or none.
func (o *modelled) match(t *rapid.T) string {
	switch rapid.IntRange(0, 7).Draw(t, "match") {
	case 0, 1:
		return draw(t, o.versions, "based on").uid
	case 2:
		return o.id + "::" + systemID + "::99"
	}
	return o.latest().uid
}

// outcome is what a change of a composition that is based on a version comes to:
// 0 for success, and the version that a refusal names.
func (m *record) outcome(o *modelled, based string, deletion bool) (code int, latest string) {
	v := o.find(based)
	stale := http.StatusPreconditionFailed
	if deletion {
		stale = http.StatusConflict
	}
	switch {
	case !m.modifiable:
		return http.StatusConflict, ""
	case v == nil && deletion && o.latest().deleted():
		return http.StatusBadRequest, ""
	case v == nil:
		return stale, o.latest().uid
	}
	tip := o.tip(v)
	switch {
	case deletion && tip.deleted():
		return http.StatusBadRequest, ""
	case tip != v:
		return stale, tip.uid
	case tip.deleted():
		return http.StatusConflict, ""
	}
	return 0, ""
}

func (m *record) updateComposition(t *rapid.T) {
	o := draw(t, m.compositions, "object")
	based := o.match(t)
	n := m.number()
	body, lines := m.forms.draw(t, n, rapid.SampledFrom([]string{based, o.id + "::" + systemID + "::1"}).Draw(t, "uid"))
	state, line := lifecycle(t)
	asked, success := prefer(t, false)
	onObject, onVersion, tagLines := drawTagHeaders(t)
	if oneIn(t, 10, "matches nothing") {
		based = rapid.SampledFrom([]string{"nonsense", m.status.latest().uid}).Draw(t, "of another")
	}
	lines = slices.Concat(lines, tagLines, []string{line, asked, `If-Match: "` + based + `"`})
	res := m.do("PUT", m.path("/composition/%s", o.id), body, lines...)
	if object(based) != o.id {
		if got := res.status(http.StatusPreconditionFailed).tag(); got != o.latest().uid {
			t.Fatalf("the latest is said to be %s, is %s", got, o.latest().uid)
		}
		return
	}
	if code, latest := m.outcome(o, based, false); code != 0 {
		res.status(code).fault()
		if latest != "" && res.tag() != latest {
			t.Fatalf("the latest is said to be %s, is %s", res.tag(), latest)
		}
		return
	}
	v := &modelledVersion{uid: following(based), preceding: based, lifecycle: state, number: n}
	if got := res.status(success).tag(); got != v.uid {
		t.Fatalf("committed as %s, want %s", got, v.uid)
	}
	m.written(o, v)
	o.tagged(v, onObject, onVersion)
}

func (m *record) deleteComposition(t *rapid.T) {
	o := draw(t, m.compositions, "object")
	based := o.match(t)
	res := m.do("DELETE", m.path("/composition/%s", based), nil)
	if code, latest := m.outcome(o, based, true); code != 0 {
		res.status(code).fault()
		if latest != "" && res.tag() != latest {
			t.Fatalf("the latest is said to be %s, is %s", res.tag(), latest)
		}
		return
	}
	v := &modelledVersion{uid: following(based), preceding: based, lifecycle: "523"}
	if got := res.status(http.StatusNoContent).empty().tag(); got != v.uid {
		t.Fatalf("deleted as %s, want %s", got, v.uid)
	}
	m.written(o, v)
}

// branch begins a branch at a version of the trunk, or tries to with a number
// that is not the next.
func (m *record) branch(t *rapid.T) {
	o := draw(t, m.compositions, "object")
	v := draw(t, o.versions, "version")
	if v.onBranch() {
		t.Skip("a branch of a branch goes from the trunk")
	}
	next := 1
	for o.find(fmt.Sprintf("%s.%d.1", v.uid, next)) != nil {
		next++
	}
	n := next + rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "number")
	b := &modelledVersion{uid: fmt.Sprintf("%s.%d.1", v.uid, n), preceding: v.uid, lifecycle: "532", number: m.number()}
	res := m.commits(m.id, "251", change(codedText("251"), codedText("532"), v.uid, composition(m.t, "70.50", magnitude(b.number)), `,"uid":{"value":"`+b.uid+`"}`))
	switch {
	case m.modifiable && n != next:
		res.status(http.StatusBadRequest).fault()
	case !m.modifiable, v.deleted():
		res.status(http.StatusConflict).fault()
	default:
		res.status(http.StatusCreated)
		m.written(o, b)
	}
}

func (m *record) attest(t *rapid.T) {
	o := draw(t, m.compositions, "object")
	v := draw(t, o.versions, "version")
	uid := v.uid
	nothing := oneIn(t, 5, "of nothing")
	if nothing {
		uid = o.id + "::" + systemID + "::77"
	}
	res := m.commits(m.id, "666", attesting(uid, attestation("ATTESTATION", "right", false)))
	switch {
	case nothing:
		res.status(http.StatusNotFound).fault()
	case !m.modifiable:
		res.status(http.StatusConflict).fault()
	default:
		id := res.status(http.StatusCreated).tag()
		v.attestations++
		m.contributions[id] = append(m.contributions[id], v.uid)
	}
}

// eraseComposition deletes a composition physically: nothing of it is left.
func (m *record) eraseComposition(t *rapid.T) {
	if !oneIn(t, 3, "erase") {
		t.Skip("not now")
	}
	o := draw(t, m.compositions, "object")
	m.do("DELETE", "/admin"+m.path("/composition/%s", o.id), nil).status(http.StatusNoContent).empty()
	m.do("DELETE", "/admin"+m.path("/composition/%s", o.id), nil).status(http.StatusNotFound).fault()
	m.compositions = slices.DeleteFunc(m.compositions, func(c *modelled) bool { return c == o })
	for _, path := range []string{m.path("/composition/%s", o.id), m.path("/composition/%s/tags", o.id), m.container(o), m.container(o) + "/revision_history"} {
		m.do("GET", path, nil).status(http.StatusNotFound).fault()
	}
	for _, v := range o.versions {
		m.do("GET", m.path("/composition/%s", v.uid), nil).status(http.StatusNotFound).fault()
	}
	for id, uids := range m.contributions {
		left := slices.DeleteFunc(slices.Clone(uids), func(uid string) bool { return object(uid) == o.id })
		if m.contributions[id] = left; len(left) == 0 {
			m.do("GET", m.path("/contribution/%s", id), nil).status(http.StatusNotFound).fault()
			delete(m.contributions, id)
		}
	}
}

// eraseEHR deletes the EHR physically, and makes another with its id, in which
// nothing of the first is found.
func (m *record) eraseEHR(t *rapid.T) {
	if !oneIn(t, 6, "erase") {
		t.Skip("not now")
	}
	gone := m.all()
	m.do("DELETE", "/admin/ehr/"+m.id, nil).status(http.StatusNoContent).empty()
	m.do("GET", m.path(""), nil).status(http.StatusNotFound).fault()
	m.do("GET", m.path("/tags"), nil).status(http.StatusNotFound).fault()
	m.begin(m.id)
	m.do("GET", m.path("/directory"), nil).status(http.StatusNotFound).fault()
	for _, o := range gone {
		for _, v := range o.versions {
			m.do("GET", m.path("/%s/%s", o.path, v.uid), nil).status(http.StatusNotFound).fault()
		}
	}
}
