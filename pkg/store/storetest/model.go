package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// model is one EHR, or some parties of the demographic repository, as the store
// should have it.
type model struct {
	store      ehr.Store
	t          *testing.T
	id         uuid.UUID
	kind       ehr.Kind
	status     ehr.VersionUID
	modifiable bool
	objects    []*modelObject
	serial     int
}

type modelObject struct {
	id       uuid.UUID
	versions []modelVersion
}

type modelVersion struct {
	raw       string // "" for a deletion
	lifecycle int
	at        time.Time
}

func (o *modelObject) latest() modelVersion { return o.versions[len(o.versions)-1] }

func (o *modelObject) uid() ehr.VersionUID {
	return ehr.VersionUID{Object: o.id, System: SystemID, Trunk: len(o.versions)}
}

// testModel runs random operations on the store and on the model, and compares
// every answer.
func testModel(t *testing.T, s ehr.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newEHR(open)
		mustCommit(t, s, c)
		m := &model{store: s, t: t, id: c.EHRID, kind: ehr.KindComposition, status: c.Versions[0].UID, modifiable: true}
		rt.Repeat(map[string]func(*rapid.T){
			"create":        m.create,
			"write":         m.write,
			"write stale":   m.writeStale,
			"write several": m.writeSeveral,
			"flip status":   m.flip,
			"read at time":  m.readAt,
			"":              m.check,
		})
	})
}

// testPartyModel is testModel for a kind of party, for which there is no
// EHR_STATUS.
func testPartyModel(t *testing.T, s ehr.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(parties).Draw(rt, "kind")
		m := &model{store: s, t: t, id: ehr.Demographics, kind: kind, modifiable: true}
		rt.Repeat(map[string]func(*rapid.T){
			"create":        m.create,
			"write":         m.write,
			"write stale":   m.writeStale,
			"write several": m.writeSeveral,
			"read at time":  m.readAt,
			"":              m.check,
		})
	})
}

func (m *model) document() string {
	m.serial++
	return document(m.serial)
}

func (m *model) object(t *rapid.T) *modelObject {
	if len(m.objects) == 0 {
		t.Skip("no objects yet")
	}
	return m.objects[rapid.IntRange(0, len(m.objects)-1).Draw(t, "object")]
}

func (m *model) create(t *rapid.T) {
	lifecycle := rapid.SampledFrom([]int{ehr.LifecycleComplete, ehr.LifecycleIncomplete}).Draw(t, "lifecycle")
	o := &modelObject{id: uuid.New()}
	raw := m.document()
	v := version(ehr.VersionUID{Object: o.id, System: SystemID, Trunk: 1}, m.kind, lifecycle, raw)
	at, err := m.store.Commit(m.t.Context(), contribution(m.id, v))
	if !m.modifiable {
		m.want(t, err, errs.Conflict)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	o.versions = []modelVersion{{raw, lifecycle, at}}
	m.objects = append(m.objects, o)
}

// next draws a version that follows the latest, lawfully or not, and says
// which error it must meet.
func (m *model) next(t *rapid.T, o *modelObject) (v ehr.NewVersion, kind errs.Kind, lawful bool) {
	lifecycle := rapid.SampledFrom([]int{
		ehr.LifecycleComplete, ehr.LifecycleIncomplete, ehr.LifecycleInactive,
		ehr.LifecycleAbandoned, ehr.LifecycleDeleted,
	}).Draw(t, "lifecycle")
	uid := o.uid()
	uid.Trunk++
	raw := m.document()
	if lifecycle == ehr.LifecycleDeleted {
		raw = ""
	}
	v = version(uid, m.kind, lifecycle, raw)
	was := o.latest().lifecycle
	switch {
	case !m.modifiable, was == ehr.LifecycleDeleted:
		return v, errs.Conflict, false
	case was == ehr.LifecycleAbandoned && (lifecycle == ehr.LifecycleComplete || lifecycle == ehr.LifecycleInactive),
		lifecycle == ehr.LifecycleAbandoned && (was == ehr.LifecycleComplete || was == ehr.LifecycleInactive):
		return v, errs.Unprocessable, false
	}
	return v, 0, true
}

func (m *model) write(t *rapid.T) {
	o := m.object(t)
	v, kind, lawful := m.next(t, o)
	at, err := m.store.Commit(m.t.Context(), contribution(m.id, v))
	if !lawful {
		m.want(t, err, kind)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.written(t, o, v, at)
}

func (m *model) written(t *rapid.T, o *modelObject, v ehr.NewVersion, at time.Time) {
	if !at.After(o.latest().at) {
		t.Fatalf("committed at %v, not after %v", at, o.latest().at)
	}
	o.versions = append(o.versions, modelVersion{string(v.Raw), v.LifecycleState, at})
}

func (m *model) writeStale(t *rapid.T) {
	o := m.object(t)
	trunk := rapid.IntRange(2, len(o.versions)+3).Draw(t, "trunk")
	if trunk == len(o.versions)+1 {
		t.Skip("the one that follows")
	}
	_, err := m.store.Commit(m.t.Context(), contribution(m.id, version(ehr.VersionUID{Object: o.id, System: SystemID, Trunk: trunk}, m.kind, ehr.LifecycleComplete, m.document())))
	if !m.modifiable {
		m.want(t, err, errs.Conflict)
		return
	}
	m.want(t, err, errs.Precondition)
	if got := errs.As(err).Detail; got != o.uid() {
		t.Fatalf("latest is said to be %v, is %v", got, o.uid())
	}
}

// writeSeveral commits versions of several objects at once: all or none.
func (m *model) writeSeveral(t *rapid.T) {
	if len(m.objects) < 2 {
		t.Skip("too few objects")
	}
	allLawful := true
	var versions []ehr.NewVersion
	for _, o := range m.objects[:2] {
		v, _, lawful := m.next(t, o)
		versions, allLawful = append(versions, v), allLawful && lawful
	}
	at, err := m.store.Commit(m.t.Context(), contribution(m.id, versions...))
	if (err == nil) != allLawful {
		t.Fatalf("error %v, lawful %v", err, allLawful)
	}
	if err == nil {
		for i, o := range m.objects[:2] {
			m.written(t, o, versions[i], at)
		}
	}
}

func (m *model) flip(t *rapid.T) {
	fields := ehr.StatusFields{IsQueryable: true, IsModifiable: rapid.IntRange(0, 3).Draw(t, "modifiable") > 0}
	v := status(m.status, m.status.Trunk+1, fields)
	if _, err := m.store.Commit(m.t.Context(), contribution(m.id, v)); err != nil {
		t.Fatal(err)
	}
	m.status, m.modifiable = v.UID, fields.IsModifiable
}

func (m *model) readAt(t *rapid.T) {
	o := m.object(t)
	i := rapid.IntRange(0, len(o.versions)-1).Draw(t, "version")
	shift := rapid.IntRange(-1, 1).Draw(t, "microseconds")
	at := o.versions[i].at.Add(time.Duration(shift) * time.Microsecond)
	want := 0
	for k, v := range o.versions {
		if !v.at.After(at) {
			want = k + 1
		}
	}
	rec, err := m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id, At: at})
	if want == 0 {
		m.want(t, err, errs.NotFound)
		return
	}
	m.compare(t, o, want, rec, err)
}

// check compares the EHR, and of two of its objects in turn the latest and an
// older version.
func (m *model) check(t *rapid.T) {
	for i := range min(2, len(m.objects)) {
		o := m.objects[(m.serial+i)%len(m.objects)]
		rec, err := m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id})
		m.compare(t, o, len(o.versions), rec, err)
		trunk := 1 + m.serial%len(o.versions)
		rec, err = m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id, Trunk: trunk})
		m.compare(t, o, trunk, rec, err)
	}
	if m.id == ehr.Demographics {
		return
	}
	e, err := m.store.EHR(m.t.Context(), m.id)
	if err != nil || e.IsModifiable != m.modifiable || e.StatusUID != m.status {
		t.Fatalf("EHR %+v, %v", e, err)
	}
}

func (m *model) compare(t *rapid.T, o *modelObject, trunk int, rec ehr.VersionRecord, err error) {
	if err != nil {
		t.Fatal(err)
	}
	v := o.versions[trunk-1]
	var superseded time.Time
	if trunk < len(o.versions) {
		superseded = o.versions[trunk].at
	}
	got := fmt.Sprint(rec.UID, string(rec.Raw), rec.Deleted, rec.Meta.LifecycleState, rec.Meta.Audit.TimeCommitted, rec.Meta.TimeSuperseded)
	want := fmt.Sprint(ehr.VersionUID{Object: o.id, System: SystemID, Trunk: trunk}, v.raw, v.raw == "", v.lifecycle, v.at, superseded)
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func (m *model) want(t *rapid.T, err error, kind errs.Kind) {
	if !errs.Is(err, kind) {
		t.Fatalf("error %v, want one of kind %v", err, kind)
	}
}
