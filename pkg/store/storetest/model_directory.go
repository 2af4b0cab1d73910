package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// directories is the model of the directory of an EHR: trees of FOLDERs of which
// one at a time is not deleted.
type directories struct {
	*model
}

// testDirectoryModel runs random operations on the directory of an EHR.
func testDirectoryModel(t *testing.T, s ehr.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newEHR(open)
		mustCommit(t, s, c)
		m := directories{&model{store: s, t: t, id: c.EHRID, kind: ehr.KindFolder, status: c.Versions[0].UID, modifiable: true}}
		rt.Repeat(map[string]func(*rapid.T){
			"create":             m.create,
			"write":              m.write,
			"write stale":        m.writeStale,
			"write an older one": m.writeOlder,
			"write tagged":       m.writeTagged,
			"put tags":           m.putTags,
			"delete tags":        m.deleteTags,
			"flip status":        m.flip,
			"read at time":       m.readAt,
			"directory at time":  m.directoryAt,
			"":                   m.check,
		})
	})
}

// last is the directory that was created last; nil before the first.
func (m directories) last() *modelObject {
	if len(m.objects) == 0 {
		return nil
	}
	return m.objects[len(m.objects)-1]
}

// create creates a directory, which an EHR must not have already.
func (m directories) create(t *rapid.T) {
	var kind errs.Kind
	if d := m.last(); d != nil {
		if kind = errs.Conflict; d.latest().lifecycle == ehr.LifecycleDeleted {
			kind = 0
			// The time of an object does not follow another's.
			time.Sleep(time.Until(d.latest().at.Add(2 * time.Millisecond)))
		}
	}
	o := &modelObject{id: uuid.New()}
	m.try(t, kind, nil, []*modelObject{o}, version(at(o.id, SystemID, 1), m.kind, ehr.LifecycleComplete, m.document()))
}

// writeOlder tries to go on with a directory that was deleted before the one
// there is.
func (m directories) writeOlder(t *rapid.T) {
	if len(m.objects) < 2 {
		t.Skip("there was one only")
	}
	o := m.objects[rapid.IntRange(0, len(m.objects)-2).Draw(t, "directory")]
	last := o.latest().uid
	m.try(t, errs.Conflict, nil, nil, m.of(follow(last.Next(SystemID), last, m.document())))
}

// directoryAt reads the directory without naming it, now or at a time.
func (m directories) directoryAt(t *rapid.T) {
	sel := ehr.VersionSelector{}
	var want *modelVersion
	if rapid.Bool().Draw(t, "now") {
		if d := m.last(); d != nil {
			want = d.latest()
		}
	} else {
		shift := time.Duration(rapid.IntRange(-1, 1).Draw(t, "microseconds")) * time.Microsecond
		sel.At = m.object(t).draw(t, "version").at.Add(shift)
		for _, d := range m.objects {
			for _, v := range d.versions {
				if !v.at.After(sel.At) {
					want = v
				}
			}
		}
	}
	rec, err := m.store.Version(m.t.Context(), m.id, m.kind, sel)
	if want == nil {
		m.want(t, err, errs.NotFound)
		return
	}
	m.compare(t, want, rec, err)
}

// check compares the directory that the EHR refers to, and the rest as for any
// object.
func (m directories) check(t *rapid.T) {
	var want uuid.UUID
	if d := m.last(); d != nil && d.latest().lifecycle != ehr.LifecycleDeleted {
		want = d.id
	}
	e, err := m.store.EHR(m.t.Context(), m.id)
	if err != nil || e.Directory != want {
		t.Fatalf("the directory is %v, %v; want %v", e.Directory, err, want)
	}
	m.model.check(t)
}
