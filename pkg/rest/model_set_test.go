package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// statusBody is the EHR_STATUS with other flags.
func (m *record) statusBody(flags [2]bool) []byte {
	m.t.Helper()
	latest := m.status.latest().flags
	was := fmt.Sprintf(`"is_queryable":%t,"is_modifiable":%t`, latest[0], latest[1])
	body := string(m.do("GET", m.path("/ehr_status"), nil).status(http.StatusOK).body)
	if !strings.Contains(body, was) {
		m.t.Fatalf("%s without %s", body, was)
	}
	return []byte(strings.Replace(body, was, fmt.Sprintf(`"is_queryable":%t,"is_modifiable":%t`, flags[0], flags[1]), 1))
}

func drawFlags(t *rapid.T) [2]bool {
	return [2]bool{rapid.Bool().Draw(t, "queryable"), !oneIn(t, 4, "not modifiable")}
}

// updateStatus changes the flags, which is always allowed.
func (m *record) updateStatus(t *rapid.T) {
	flags := drawFlags(t)
	body := m.statusBody(flags)
	based := m.status.latest().uid
	if oneIn(t, 5, "stale") {
		based = draw(t, []string{following(based), m.status.versions[0].uid, "nonsense"}, "based on")
	}
	asked, code := prefer(t, false)
	onObject, onVersion, lines := drawTagHeaders(t)
	res := m.do("PUT", m.path("/ehr_status"), body, append(lines, asked, `If-Match: "`+based+`"`)...)
	if latest := m.status.latest().uid; based != latest {
		if got := res.status(http.StatusPreconditionFailed).tag(); got != latest {
			t.Fatalf("the latest is said to be %s, is %s", got, latest)
		}
		return
	}
	v := &modelledVersion{uid: following(based), preceding: based, lifecycle: "532", flags: flags}
	if got := res.status(code).tag(); got != v.uid {
		t.Fatalf("committed as %s, want %s", got, v.uid)
	}
	m.written(m.status, v)
	m.status.tagged(v, onObject, onVersion)
}

// commitSet commits changes of several objects in one contribution: all of them,
// or, if one cannot be, none.
func (m *record) commitSet(t *rapid.T) {
	type planned struct {
		o *modelled
		v *modelledVersion
	}
	var plan []planned
	var changes []string
	content, wrong := false, false
	add := func(o *modelled, v *modelledVersion, data []byte) {
		code := map[bool]string{true: "249", false: "251"}[v.preceding == ""]
		if v.deleted() {
			code = "523"
		}
		more := `,"uid":{"value":"` + v.uid + `"}`
		changes = append(changes, change(codedText(code), codedText(v.lifecycle), v.preceding, data, more))
		plan = append(plan, planned{o, v})
		content = content || o.kind != ehr.KindEHRStatus
	}
	for range rapid.IntRange(0, 2).Draw(t, "creations") {
		v := &modelledVersion{uid: uuid.NewString() + "::" + systemID + "::1", lifecycle: "532", number: m.number()}
		add(&modelled{kind: ehr.KindComposition, path: "composition", id: object(v.uid), tags: tagSet{}}, v, composition(m.t, "70.50", magnitude(v.number)))
	}
	for _, o := range m.compositions {
		if !oneIn(t, 3, "change") {
			continue
		}
		based := o.latest()
		if oneIn(t, 6, "stale") {
			based = draw(t, o.versions, "based on")
		}
		v := &modelledVersion{uid: following(based.uid), preceding: based.uid, lifecycle: "532"}
		var data []byte
		if oneIn(t, 3, "delete") {
			v.lifecycle = "523"
		} else {
			v.number = m.number()
			data = composition(m.t, "70.50", magnitude(v.number))
		}
		wrong = wrong || o.tip(based) != based || based.deleted()
		add(o, v, data)
	}
	if rapid.Bool().Draw(t, "the status") {
		flags, latest := drawFlags(t), m.status.latest()
		add(m.status, &modelledVersion{uid: following(latest.uid), preceding: latest.uid, lifecycle: "532", flags: flags}, m.statusBody(flags))
	}
	switch d := m.directory(); {
	case !rapid.Bool().Draw(t, "the directory"):
	case d == nil || d.latest().deleted() || oneIn(t, 5, "another"):
		if wrong = wrong || d != nil && !d.latest().deleted(); d != nil {
			time.Sleep(time.Until(d.latest().at.Add(2 * time.Millisecond)))
		}
		tree := drawFolderTree(t, 2)
		v := &modelledVersion{uid: uuid.NewString() + "::" + systemID + "::1", lifecycle: "532", tree: tree}
		add(&modelled{kind: ehr.KindFolder, path: "directory", id: object(v.uid), tags: tagSet{}}, v, tree.json())
	default:
		v := &modelledVersion{uid: following(d.latest().uid), preceding: d.latest().uid, lifecycle: "532", tree: drawFolderTree(t, 2)}
		if oneIn(t, 3, "delete") {
			v.lifecycle = "523"
			add(d, v, nil)
		} else {
			add(d, v, v.tree.json())
		}
	}
	if len(changes) == 0 {
		t.Skip("nothing to commit")
	}
	key := "Idempotency-Key: " + uuid.NewString()
	body := set("251", changes...)
	res := m.do("POST", m.path("/contribution"), body, key)
	if wrong || content && !m.modifiable {
		res.status(http.StatusConflict).fault()
		return // and check finds nothing of it
	}
	id := res.status(http.StatusCreated).tag()
	if again := m.do("POST", m.path("/contribution"), body, key).status(http.StatusCreated).has("Idempotency-Replayed", "true").tag(); again != id {
		t.Fatalf("%s was repeated as %s", id, again)
	}
	for _, p := range plan {
		m.written(p.o, p.v)
		if p.v.contribution != id {
			t.Fatalf("%s is of contribution %s, want %s", p.v.uid, p.v.contribution, id)
		}
	}
	m.checkContribution(id)
}
