package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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

// modelObject is a versioned object: its versions in the order of their commit.
type modelObject struct {
	id       uuid.UUID
	versions []*modelVersion
	tags     []ehr.ItemTag
}

type modelVersion struct {
	uid, preceding ehr.VersionUID
	raw            string // "" for a deletion
	lifecycle      int
	at, superseded time.Time
	imported       bool
	attestations   int
	tags           []ehr.ItemTag
}

// latest is the version of the trunk with the greatest number.
func (o *modelObject) latest() *modelVersion {
	var last *modelVersion
	for _, v := range o.versions {
		if !v.uid.IsBranch() && (last == nil || v.uid.Trunk > last.uid.Trunk) {
			last = v
		}
	}
	return last
}

func (o *modelObject) find(uid ehr.VersionUID) *modelVersion {
	for _, v := range o.versions {
		if v.uid.Equal(uid) {
			return v
		}
	}
	return nil
}

// trunk finds a version of the trunk, of any system.
func (o *modelObject) trunk(n int) *modelVersion {
	for _, v := range o.versions {
		if !v.uid.IsBranch() && v.uid.Trunk == n {
			return v
		}
	}
	return nil
}

// tip is the last version of a branch; nil if there is no such branch.
func (o *modelObject) tip(system string, trunk, branch int) *modelVersion {
	var last *modelVersion
	for _, v := range o.versions {
		if v.uid.System == system && v.uid.Trunk == trunk && v.uid.Branch == branch && (last == nil || v.uid.BranchVersion > last.uid.BranchVersion) {
			last = v
		}
	}
	return last
}

// branches is the greatest number of a branch of a trunk version.
func (o *modelObject) branches(trunk int) int {
	n := 0
	for _, v := range o.versions {
		if v.uid.Trunk == trunk {
			n = max(n, v.uid.Branch)
		}
	}
	return n
}

func (o *modelObject) draw(t *rapid.T, name string) *modelVersion {
	return o.versions[rapid.IntRange(0, len(o.versions)-1).Draw(t, name)]
}

// testModel runs random operations on the store and on the model, and compares
// every answer.
func testModel(t *testing.T, s ehr.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newEHR(open)
		mustCommit(t, s, c)
		m := &model{store: s, t: t, id: c.EHRID, kind: ehr.KindComposition, status: c.Versions[0].UID, modifiable: true}
		actions := m.actions()
		actions["flip status"] = m.flip
		rt.Repeat(actions)
	})
}

// testPartyModel is testModel for a kind of party, for which there is no
// EHR_STATUS.
func testPartyModel(t *testing.T, s ehr.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(parties).Draw(rt, "kind")
		m := &model{store: s, t: t, id: ehr.Demographics, kind: kind, modifiable: true}
		rt.Repeat(m.actions())
	})
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"create":          m.create,
		"write":           m.write,
		"write stale":     m.writeStale,
		"write several":   m.writeSeveral,
		"write a history": m.writeHistory,
		"begin a branch":  m.branch,
		"go on a branch":  m.goOn,
		"import":          m.importTrunk,
		"import a branch": m.importBranch,
		"attest":          m.attest,
		"write tagged":    m.writeTagged,
		"put tags":        m.putTags,
		"delete tags":     m.deleteTags,
		"erase":           m.erase,
		"read at time":    m.readAt,
		"":                m.check,
	}
}

// of makes a version one of the model's kind.
func (m *model) of(v ehr.NewVersion) ehr.NewVersion {
	if v.Kind = m.kind; m.kind != ehr.KindComposition {
		v.Archetypes, v.Category = nil, 0
	}
	return v
}

func (m *model) read(uid ehr.VersionUID) (ehr.VersionRecord, error) {
	sel := ehr.VersionSelector{Object: uid.Object, Trunk: uid.Trunk}
	if uid.IsBranch() {
		sel = ehr.VersionSelector{Object: uid.Object, Branch: uid}
	}
	return m.store.Version(m.t.Context(), m.id, m.kind, sel)
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

// try commits versions, of the objects given, and compares the outcome: kind is
// the error to be met, 0 for none, and latest what it must name.
func (m *model) try(t *rapid.T, kind errs.Kind, latest *modelVersion, objects []*modelObject, versions ...ehr.NewVersion) {
	if !m.modifiable {
		kind, latest = errs.Conflict, nil
	}
	at, err := m.store.Commit(m.t.Context(), contribution(m.id, versions...))
	if kind != 0 {
		m.want(t, err, kind)
		if got := errs.As(err).Detail; latest != nil && got != latest.uid {
			t.Fatalf("latest is said to be %v, is %v", got, latest.uid)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range objects {
		m.written(t, o, versions[i], at)
	}
}

// written is what a version does to its object.
func (m *model) written(t *rapid.T, o *modelObject, v ehr.NewVersion, at time.Time) {
	n := &modelVersion{
		uid: v.UID, preceding: v.Preceding, raw: string(v.Raw), lifecycle: v.LifecycleState, at: at,
		imported: v.Item != nil, attestations: len(v.Attestations),
	}
	if p := o.find(v.Preceding); p != nil && !n.imported && !at.After(p.at) {
		t.Fatalf("%v was committed at %v, not after %v", v.UID, at, p.at)
	}
	last := o.latest()
	switch {
	case v.UID.IsBranch() || last != nil && last.uid.Trunk > v.UID.Trunk:
		n.superseded = at // it never was the latest
	case last != nil:
		if !at.After(last.at) {
			t.Fatalf("%v was committed at %v, not after %v", v.UID, at, last.at)
		}
		last.superseded = at
	}
	if len(o.versions) == 0 {
		m.objects = append(m.objects, o)
	}
	o.versions = append(o.versions, n)
}

func (m *model) create(t *rapid.T) {
	lifecycle := rapid.SampledFrom([]int{ehr.LifecycleComplete, ehr.LifecycleIncomplete}).Draw(t, "lifecycle")
	o := &modelObject{id: uuid.New()}
	v := version(at(o.id, SystemID, 1), m.kind, lifecycle, m.document())
	m.try(t, 0, nil, []*modelObject{o}, v)
}

// next draws a version that follows another, lawfully or not, and says which
// error it must meet.
func (m *model) next(t *rapid.T, uid ehr.VersionUID, p *modelVersion) (v ehr.NewVersion, kind errs.Kind) {
	lifecycle := rapid.SampledFrom([]int{
		ehr.LifecycleComplete, ehr.LifecycleIncomplete, ehr.LifecycleInactive,
		ehr.LifecycleAbandoned, ehr.LifecycleDeleted,
	}).Draw(t, "lifecycle")
	raw := m.document()
	if lifecycle == ehr.LifecycleDeleted {
		raw = ""
	}
	v = version(uid, m.kind, lifecycle, raw)
	v.Preceding = p.uid
	was := p.lifecycle
	switch {
	case was == ehr.LifecycleDeleted:
		return v, errs.Conflict
	case was == ehr.LifecycleAbandoned && (lifecycle == ehr.LifecycleComplete || lifecycle == ehr.LifecycleInactive),
		lifecycle == ehr.LifecycleAbandoned && (was == ehr.LifecycleComplete || was == ehr.LifecycleInactive):
		return v, errs.Unprocessable
	}
	return v, 0
}

func (m *model) write(t *rapid.T) {
	o := m.object(t)
	p := o.latest()
	v, kind := m.next(t, p.uid.Next(SystemID), p)
	m.try(t, kind, nil, []*modelObject{o}, v)
}

func (m *model) writeStale(t *rapid.T) {
	o := m.object(t)
	last := o.latest()
	preceding := at(o.id, SystemID, rapid.IntRange(1, last.uid.Trunk+3).Draw(t, "trunk"))
	if p := o.trunk(preceding.Trunk); p != nil {
		preceding = p.uid
	}
	if preceding == last.uid {
		t.Skip("the latest")
	}
	m.try(t, errs.Precondition, last, nil, m.of(follow(preceding.Next(SystemID), preceding, m.document())))
}

// writeSeveral commits versions of several objects at once: all or none.
func (m *model) writeSeveral(t *rapid.T) {
	if len(m.objects) < 2 {
		t.Skip("too few objects")
	}
	lawful := m.modifiable
	var versions []ehr.NewVersion
	for _, o := range m.objects[:2] {
		v, kind := m.next(t, o.latest().uid.Next(SystemID), o.latest())
		versions, lawful = append(versions, v), lawful && kind == 0
	}
	at, err := m.store.Commit(m.t.Context(), contribution(m.id, versions...))
	if (err == nil) != lawful {
		t.Fatalf("error %v, lawful %v", err, lawful)
	}
	if err == nil {
		for i, o := range m.objects[:2] {
			m.written(t, o, versions[i], at)
		}
	}
}

// writeHistory commits several versions of an object, new or known, in one
// contribution and in any order, beside one of another object.
func (m *model) writeHistory(t *rapid.T) {
	o, p := &modelObject{id: uuid.New()}, (*modelVersion)(nil)
	if len(m.objects) > 0 && rapid.Bool().Draw(t, "known object") {
		o = m.object(t)
		p = o.latest()
	}
	beside := &modelObject{id: uuid.New()}
	objects := []*modelObject{beside}
	versions := []ehr.NewVersion{version(at(beside.id, SystemID, 1), m.kind, ehr.LifecycleComplete, m.document())}
	var kind errs.Kind
	var latest *modelVersion
	for i := range rapid.IntRange(2, 4).Draw(t, "versions") {
		var v ehr.NewVersion
		var wrong errs.Kind
		if p == nil {
			v = version(at(o.id, SystemID, 1), m.kind, ehr.LifecycleComplete, m.document())
		} else {
			v, wrong = m.next(t, p.uid.Next(SystemID), p)
		}
		if wrong == errs.Conflict && i > 0 {
			wrong = errs.Invalid // the deletion is one of this contribution
		} else if wrong == errs.Conflict {
			latest = p
		}
		if kind == 0 {
			kind = wrong
		}
		p = &modelVersion{uid: v.UID, lifecycle: v.LifecycleState}
		objects, versions = append(objects, o), append(versions, v)
	}
	order := rapid.Permutation([]int{0, 1, 2, 3, 4}[:len(versions)]).Draw(t, "order")
	m.history(t, kind, latest, objects, versions, order)
}

// history is try for several versions of an object: their times are read back.
func (m *model) history(t *rapid.T, kind errs.Kind, latest *modelVersion, objects []*modelObject, versions []ehr.NewVersion, order []int) {
	if !m.modifiable {
		kind, latest = errs.Conflict, nil
	}
	c := contribution(m.id, versions...)
	c.Versions = make([]ehr.NewVersion, len(versions))
	for to, from := range order {
		c.Versions[to] = versions[from]
	}
	when, err := m.store.Commit(m.t.Context(), c)
	if kind != 0 {
		m.want(t, err, kind)
		if got := errs.As(err).Detail; latest != nil && got != latest.uid {
			t.Fatalf("latest is said to be %v, is %v", got, latest.uid)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range objects {
		rec, err := m.read(versions[i].UID)
		if err != nil || rec.Meta.ContributionID != c.ID {
			t.Fatalf("%v: %+v, %v", versions[i].UID, rec, err)
		}
		m.written(t, o, versions[i], rec.Meta.Audit.TimeCommitted)
	}
	if last := objects[len(objects)-1].latest(); !last.at.Equal(when) {
		t.Fatalf("the contribution was committed at %v, its last version at %v", when, last.at)
	}
	rec, err := m.store.Contribution(m.t.Context(), m.id, c.ID)
	if err != nil || len(rec.Versions) != len(versions) || !rec.Audit.TimeCommitted.Equal(when) {
		t.Fatalf("%+v, %v", rec, err)
	}
}

// branch begins a branch at any version, or tries to with a number that is not
// the next.
func (m *model) branch(t *rapid.T) {
	o := m.object(t)
	p := o.draw(t, "version")
	next := o.branches(p.uid.Trunk) + 1
	n := next + rapid.SampledFrom([]int{0, 0, 0, -1, 1}).Draw(t, "number")
	if n == 0 {
		t.Skip("no number")
	}
	v, kind := m.next(t, at(o.id, SystemID, p.uid.Trunk, n, 1), p)
	var latest *modelVersion
	switch taken := o.tip(SystemID, p.uid.Trunk, n); {
	case taken != nil:
		if taken == p { // its own next would be n.n.2
			t.Skip("the branch itself")
		}
		kind, latest = errs.Precondition, taken
	case n != next:
		kind = errs.Unprocessable
	}
	m.try(t, kind, latest, []*modelObject{o}, v)
}

// goOn follows a version of a branch of this system, its last one or not.
func (m *model) goOn(t *rapid.T) {
	o := m.object(t)
	p := o.draw(t, "version")
	if !p.uid.IsBranch() || p.uid.System != SystemID {
		t.Skip("not on a branch")
	}
	v, kind := m.next(t, p.uid.Next(SystemID), p)
	var latest *modelVersion
	if tip := o.tip(SystemID, p.uid.Trunk, p.uid.Branch); tip != p {
		kind, latest = errs.Precondition, tip
	}
	m.try(t, kind, latest, []*modelObject{o}, v)
}

const elsewhere = "they.example"

// importTrunk imports a version of the trunk: of a new object, the next one, one
// after a gap, an older one, or one that has no place.
func (m *model) importTrunk(t *rapid.T) {
	o, top := &modelObject{id: uuid.New()}, 0
	if len(m.objects) > 0 && rapid.IntRange(0, 3).Draw(t, "known object") > 0 {
		o = m.object(t)
		top = o.latest().uid.Trunk
	}
	n := rapid.IntRange(1, top+3).Draw(t, "trunk")
	raw := m.document()
	if rapid.IntRange(0, 5).Draw(t, "deleted") == 0 {
		raw = ""
	}
	v := m.of(imported(at(o.id, elsewhere, n), ehr.VersionUID{}, raw))
	if n > 1 {
		v.Preceding = at(o.id, elsewhere, n-1)
	}
	var kind errs.Kind
	before := o.trunk(n - 1)
	switch {
	case o.trunk(n) != nil,
		before != nil && before.uid.System != elsewhere,
		n > top && top > 0 && o.latest().lifecycle == ehr.LifecycleDeleted:
		kind = errs.Conflict
	}
	m.try(t, kind, nil, []*modelObject{o}, v)
}

func (m *model) importBranch(t *rapid.T) {
	o := m.object(t)
	trunk := rapid.IntRange(1, o.latest().uid.Trunk+1).Draw(t, "trunk")
	uid := at(o.id, elsewhere, trunk, rapid.IntRange(1, 2).Draw(t, "branch"), rapid.IntRange(1, 3).Draw(t, "branch version"))
	v := m.of(imported(uid, at(o.id, elsewhere, trunk), m.document()))
	tip := o.tip(elsewhere, uid.Trunk, uid.Branch)
	var kind errs.Kind
	switch {
	case o.trunk(trunk) == nil:
		kind = errs.Unprocessable
	case o.find(uid) != nil:
		kind = errs.Conflict
	case uid.BranchVersion > 1 && (tip == nil || tip.uid.BranchVersion != uid.BranchVersion-1):
		kind = errs.Unprocessable
	}
	m.try(t, kind, nil, []*modelObject{o}, v)
}

// attest adds an attestation to a version, or tries to add one to nothing.
func (m *model) attest(t *rapid.T) {
	o := m.object(t)
	v := o.draw(t, "version")
	c := contribution(m.id, composition(o.id, 1, ""))
	c.Versions, c.Attestations = nil, []ehr.NewAttestation{{
		Version: v.uid, ChangeType: ehr.ChangeAttestation, Committer: c.Committer, More: []byte(`{"is_pending":false}`),
	}}
	var kind errs.Kind
	switch {
	case rapid.IntRange(0, 4).Draw(t, "of nothing") == 0:
		c.Attestations[0].Version.Trunk += 1000
		kind = errs.NotFound
	case !m.modifiable:
		kind = errs.Conflict
	case v.imported:
		kind = errs.Unprocessable
	}
	_, err := m.store.Commit(m.t.Context(), c)
	switch {
	case kind != 0:
		m.want(t, err, kind)
	case err != nil:
		t.Fatal(err)
	default:
		v.attestations++
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
	shift := rapid.IntRange(-1, 1).Draw(t, "microseconds")
	when := o.draw(t, "version").at.Add(time.Duration(shift) * time.Microsecond)
	var want *modelVersion
	for _, v := range o.versions {
		if !v.at.After(when) && !v.uid.IsBranch() && (want == nil || v.uid.Trunk > want.uid.Trunk) {
			want = v
		}
	}
	rec, err := m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id, At: when})
	if want == nil {
		m.want(t, err, errs.NotFound)
		return
	}
	m.compare(t, want, rec, err)
}

// check compares the EHR, and of two of its objects in turn the latest version,
// any other with its details, and the list.
func (m *model) check(t *rapid.T) {
	ctx := m.t.Context()
	for i := range min(2, len(m.objects)) {
		o := m.objects[(m.serial+i)%len(m.objects)]
		rec, err := m.store.Version(ctx, m.id, m.kind, ehr.VersionSelector{Object: o.id})
		m.compare(t, o.latest(), rec, err)
		v := o.versions[m.serial%len(o.versions)]
		rec, err = m.read(v.uid)
		m.compare(t, v, rec, err)
		meta, err := m.store.VersionDetails(ctx, m.id, m.kind, v.uid)
		if err != nil || len(meta.Attestations) != v.attestations || (meta.Item != nil) != v.imported || !meta.Preceding.Equal(v.preceding) {
			t.Fatalf("details %+v, %v; want %+v", meta, err, v)
		}
		list, err := m.store.Versions(ctx, m.id, m.kind, o.id)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(o.versions)
		slices.SortStableFunc(want, func(a, b *modelVersion) int {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.uid.Branch, 0)-cmp.Compare(b.uid.Branch, 0))
		})
		var got, expected []string
		for i := range list {
			got = append(got, list[i].UID.String())
		}
		for _, v := range want {
			expected = append(expected, v.uid.String())
		}
		if !slices.Equal(got, expected) {
			t.Fatalf("versions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(expected, "\n"))
		}
		m.checkTags(t, o)
	}
	if m.id == ehr.Demographics {
		return
	}
	e, err := m.store.EHR(ctx, m.id)
	if err != nil || e.IsModifiable != m.modifiable || e.StatusUID != m.status {
		t.Fatalf("EHR %+v, %v", e, err)
	}
}

func (m *model) compare(t *rapid.T, v *modelVersion, rec ehr.VersionRecord, err error) {
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(rec.UID, string(rec.Raw), rec.Deleted, rec.Meta.LifecycleState, rec.Meta.Audit.TimeCommitted, rec.Meta.TimeSuperseded)
	want := fmt.Sprint(v.uid, v.raw, v.raw == "", v.lifecycle, v.at, v.superseded)
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func (m *model) want(t *rapid.T, err error, kind errs.Kind) {
	if !errs.Is(err, kind) {
		t.Fatalf("error %v, want one of kind %v", err, kind)
	}
}
