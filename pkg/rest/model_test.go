package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestRecordBehavesLikeItsModel runs random sequences of operations on an EHR
// over HTTP and on a model of what it should hold, and compares every answer:
// compositions with branches, the EHR_STATUS with its flags, directories, item
// tags by header and by resource, contributions of all of them, attestations,
// physical deletion, reads at time, and every format. A failure prints the seed.
func TestRecordBehavesLikeItsModel(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs = true })
	forms := newForms(a)
	var enough budget
	rapid.Check(t, func(rt *rapid.T) {
		if enough.spent() {
			return
		}
		defer func() { enough.take(rt.Failed()) }()
		b := *a
		b.t = rapidTB{t, rt}
		m := &record{api: &b, forms: forms}
		m.begin(uuid.NewString())
		rt.Repeat(map[string]func(*rapid.T){
			"create a composition": m.createComposition,
			"update a composition": m.updateComposition,
			"delete a composition": m.deleteComposition,
			"begin a branch":       m.branch,
			"update the status":    m.updateStatus,
			"create a directory":   m.createDirectory,
			"update the directory": m.updateDirectory,
			"delete the directory": m.deleteDirectory,
			"read a folder":        m.readFolder,
			"replace tags":         m.putTags,
			"delete tags":          m.deleteTags,
			"filter tags":          m.filterTags,
			"commit a set":         m.commitSet,
			"attest":               m.attest,
			"read at a time":       m.readAt,
			"erase a composition":  m.eraseComposition,
			"erase the EHR":        m.eraseEHR,
			"":                     m.check,
		})
	})
}

// budget bounds the checks of a run by time, as each step is many requests; the
// search for a shorter failure is not bounded.
type budget struct {
	mu     sync.Mutex
	begun  time.Time
	failed bool
}

const longEnough = 12 * time.Second

func (b *budget) spent() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.begun.IsZero() {
		b.begun = time.Now()
	}
	return !b.failed && time.Since(b.begun) > longEnough
}

func (b *budget) take(failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = b.failed || failed
}

// rapidTB is a test whose failures are those of a check, so that they are
// reproduced and made shorter.
type rapidTB struct {
	testing.TB
	rt *rapid.T
}

func (t rapidTB) Helper()                        { t.rt.Helper() }
func (t rapidTB) Error(args ...any)              { t.rt.Error(args...) }
func (t rapidTB) Errorf(f string, args ...any)   { t.rt.Errorf(f, args...) }
func (t rapidTB) Fatal(args ...any)              { t.rt.Fatal(args...) }
func (t rapidTB) Fatalf(f string, args ...any)   { t.rt.Fatalf(f, args...) }
func (t rapidTB) FailNow()                       { t.rt.FailNow() }
func (t rapidTB) Fail()                          { t.rt.Fail() }
func (t rapidTB) Failed() bool                   { return t.rt.Failed() }
func (t rapidTB) Log(args ...any)                { t.rt.Log(args...) }
func (t rapidTB) Logf(format string, arg ...any) { t.rt.Logf(format, arg...) }

// record is what an EHR should hold.
type record struct {
	*api
	forms                 forms
	id                    string
	modifiable, queryable bool
	status                *modelled
	compositions          []*modelled
	directories           []*modelled
	// contributions have the versions, and the versions attested, by their uid.
	contributions map[string][]string
	serial        int
}

// modelled is a versioned object: its versions in the order of their commit.
type modelled struct {
	kind     ehr.Kind
	path     string // its resource below the EHR
	id       string
	versions []*modelledVersion
	tags     tagSet
}

type modelledVersion struct {
	uid, preceding string
	lifecycle      string
	// number is what the content is known by; 0 for a deletion.
	number       int
	tree         *folderTree
	flags        [2]bool
	at           time.Time
	attestations int
	contribution string
	tags         tagSet
}

func (v *modelledVersion) deleted() bool { return v.lifecycle == "523" }

func (v *modelledVersion) onBranch() bool {
	return strings.Contains(v.uid[strings.LastIndex(v.uid, ":"):], ".")
}

// latest is the last version of the trunk.
func (o *modelled) latest() *modelledVersion {
	for _, v := range slices.Backward(o.versions) {
		if !v.onBranch() {
			return v
		}
	}
	return nil
}

func (o *modelled) find(uid string) *modelledVersion {
	for _, v := range o.versions {
		if v.uid == uid {
			return v
		}
	}
	return nil
}

// following is the uid of the version that comes after another: its trunk's or
// its branch's next.
func following(uid string) string {
	i := strings.LastIndexAny(uid, ":.") + 1
	n, err := strconv.Atoi(uid[i:])
	if err != nil {
		panic(err)
	}
	return uid[:i] + strconv.Itoa(n+1)
}

// tip is the latest version where a version is: of the trunk or of its branch.
func (o *modelled) tip(v *modelledVersion) *modelledVersion {
	for next := o.find(following(v.uid)); next != nil; next = o.find(following(v.uid)) {
		v = next
	}
	return v
}

// begin creates the EHR with an id and nothing in it.
func (m *record) begin(id string) {
	m.t.Helper()
	m.do("PUT", "/ehr/"+id, nil).status(http.StatusCreated)
	m.id, m.modifiable, m.queryable = id, true, true
	m.compositions, m.directories, m.contributions = nil, nil, map[string][]string{}
	first := m.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK).tag()
	m.status = &modelled{kind: ehr.KindEHRStatus, path: "ehr_status", id: object(first), tags: tagSet{}}
	m.written(m.status, &modelledVersion{uid: first, lifecycle: "532", flags: [2]bool{true, true}})
	// The contribution of an EHR also has its EHR_ACCESS, which has no resource.
	delete(m.contributions, m.status.versions[0].contribution)
}

func (m *record) path(format string, args ...any) string {
	return "/ehr/" + m.id + fmt.Sprintf(format, args...)
}

// written adds a version that was committed, with the time and the contribution
// that the store gave it.
func (m *record) written(o *modelled, v *modelledVersion) {
	m.t.Helper()
	list, err := m.db.Versions(m.t.Context(), uuid.MustParse(m.id), o.kind, uuid.MustParse(o.id))
	if err != nil {
		m.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(have ehr.VersionMeta) bool { return have.UID.String() == v.uid })
	if i < 0 || len(list) < len(o.versions)+1 {
		m.t.Fatalf("%s is not among %d versions", v.uid, len(list))
	}
	v.at, v.contribution = list[i].Audit.TimeCommitted, list[i].ContributionID.String()
	if v.tags == nil {
		v.tags = tagSet{}
	}
	if p := o.find(v.preceding); p != nil && !v.at.After(p.at) {
		m.t.Fatalf("%s at %v is not after %s at %v", v.uid, v.at, p.uid, p.at)
	}
	o.versions = append(o.versions, v)
	m.contributions[v.contribution] = append(m.contributions[v.contribution], v.uid)
	switch {
	case len(o.versions) > 1, o.kind == ehr.KindEHRStatus:
	case o.kind == ehr.KindFolder:
		m.directories = append(m.directories, o)
	default:
		m.compositions = append(m.compositions, o)
	}
	if o.kind == ehr.KindEHRStatus {
		m.queryable, m.modifiable = v.flags[0], v.flags[1]
	}
}

// all are the objects of the EHR.
func (m *record) all() []*modelled {
	return slices.Concat([]*modelled{m.status}, m.compositions, m.directories)
}

// directory is the one that is there, or else was deleted last; nil before the
// first.
func (m *record) directory() *modelled {
	if len(m.directories) == 0 {
		return nil
	}
	return m.directories[len(m.directories)-1]
}

func draw[V any](t *rapid.T, list []V, name string) V {
	if len(list) == 0 {
		t.Skip("none")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(t, name)]
}

// oneIn is true once in n times.
func oneIn(t *rapid.T, n int, name string) bool { return rapid.IntRange(1, n).Draw(t, name) == n }

// aTime draws an instant beside that of a version.
func aTime(t *rapid.T, versions []*modelledVersion) time.Time {
	shift := rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond}).Draw(t, "shift")
	return draw(t, versions, "instant of").at.Add(shift)
}

// extant is the version of the trunk at a time; nil if there was none.
func (o *modelled) extant(when time.Time) *modelledVersion {
	var found *modelledVersion
	for _, v := range o.versions {
		if !v.onBranch() && !v.at.After(when) {
			found = v
		}
	}
	return found
}

// readAt reads an object as of a time, by each resource that does.
func (m *record) readAt(t *rapid.T) {
	o := draw(t, append(slices.Clone(m.compositions), m.status), "object")
	when := aTime(t, o.versions)
	query := "?version_at_time=" + url.QueryEscape(when.Format("2006-01-02T15:04:05.000000Z07:00"))
	v := o.extant(when)
	res := m.do("GET", m.resource(o, o.id)+query, nil)
	container := m.do("GET", m.container(o)+"/version"+query, nil)
	if v == nil {
		res.status(http.StatusNotFound)
		container.status(http.StatusNotFound)
		return
	}
	m.same(res, o, v, "")
	if container.status(http.StatusOK).tag() != v.uid {
		t.Fatalf("at %v: version %s, want %s", when, container.tag(), v.uid)
	}
}

// resource is the path of a version of an object, or of the object.
func (m *record) resource(o *modelled, uid string) string {
	if o.kind != ehr.KindComposition && uid == o.id {
		return m.path("/%s", o.path)
	}
	return m.path("/%s/%s", o.path, uid)
}

func (m *record) container(o *modelled) string {
	if o.kind == ehr.KindEHRStatus {
		return m.path("/versioned_ehr_status")
	}
	return m.path("/versioned_composition/%s", o.id)
}

// same checks an answer that should have a version, read in a media type.
func (m *record) same(res *result, o *modelled, v *modelledVersion, media string) {
	m.t.Helper()
	if res.tag() != v.uid {
		m.t.Fatalf("read %s, want %s", res.tag(), v.uid)
	}
	if v.deleted() {
		res.status(http.StatusNoContent).empty()
		return
	}
	res.status(http.StatusOK)
	o.tags.inHeader(res, "openehr-item-tag")
	v.tags.inHeader(res, "openehr-version-item-tag")
	switch o.kind {
	case ehr.KindFolder:
		v.tree.same(res, v.uid)
	case ehr.KindEHRStatus:
		want := fmt.Sprintf(`"is_queryable":%t,"is_modifiable":%t`, v.flags[0], v.flags[1])
		if !strings.Contains(string(res.body), want) || !strings.Contains(string(res.body), v.uid) {
			m.t.Fatalf("%s without %s", res.body, want)
		}
	default:
		if body := string(res.body); !strings.Contains(body, magnitude(v.number)) || !strings.Contains(body, v.uid) {
			m.t.Fatalf("%s in %s without %s: %s", v.uid, media, magnitude(v.number), body)
		}
	}
}

// check compares the EHR, its tags, and some of what it holds.
func (m *record) check(t *rapid.T) {
	e, problems := rm.DecodeJSON(m.do("GET", m.path(""), nil).status(http.StatusOK).body, rm.Lookup("EHR"), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	directory := ""
	if d := m.directory(); d != nil && !d.latest().deleted() {
		directory = d.id
	}
	if got := paths(e, "ehr_status/id/value", "directory/id/value"); got[0] != m.status.latest().uid || got[1] != directory {
		t.Fatalf("the EHR refers to %v, want %s and %q", got, m.status.latest().uid, directory)
	}
	row, err := m.db.EHR(m.t.Context(), uuid.MustParse(m.id))
	if err != nil || row.IsModifiable != m.modifiable || row.IsQueryable != m.queryable {
		t.Fatalf("%+v, %v; want modifiable %t, queryable %t", row, err, m.modifiable, m.queryable)
	}
	m.checkTags(t, "", func(string, tagID) bool { return true })
	m.checkObject(t, draw(t, m.all(), "object to check"))
	ids := slices.Sorted(maps.Keys(m.contributions))
	if len(ids) > 0 {
		m.checkContribution(draw(t, ids, "contribution to check"))
	}
}

// checkObject compares an object, a version of it, and its history.
func (m *record) checkObject(t *rapid.T, o *modelled) {
	media := rapid.SampledFrom([]string{"application/json", "application/xml", "application/openehr.wt.flat+json", "application/openehr.wt.structured+json"}).Draw(t, "format")
	if o.kind != ehr.KindComposition {
		media = "application/json"
	}
	v := draw(t, o.versions, "version to check")
	res := m.do("GET", m.resource(o, v.uid), nil, "Accept: "+media)
	m.same(res, o, v, media)
	if !v.deleted() {
		m.do("GET", m.resource(o, v.uid), nil, "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified).empty()
	}
	if o.kind == ehr.KindFolder {
		return // it has no container, and is read as the directory only while it is
	}
	m.same(m.do("GET", m.resource(o, o.id), nil), o, o.latest(), "application/json")
	n := m.do("GET", m.container(o)+"/version/"+v.uid, nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
	got := fmt.Sprint(paths(n, "uid/value", "preceding_version_uid/value", "lifecycle_state/defining_code/code_string", "contribution/id/value"), len(n.List("attestations")), n.Get("data") == nil)
	want := fmt.Sprint([]string{v.uid, v.preceding, v.lifecycle, v.contribution}, v.attestations, v.deleted())
	if got != want {
		t.Fatalf("version %s, want %s", got, want)
	}
	history := m.do("GET", m.container(o)+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY")
	var have, should []string
	for _, item := range history.List("items") {
		have = append(have, fmt.Sprint(item.String("version_id", "value"), len(item.List("audits"))))
	}
	for _, v := range o.versions {
		should = append(should, fmt.Sprint(v.uid, 1+v.attestations))
	}
	slices.Sort(have) // versions of one instant have no order
	slices.Sort(should)
	if !slices.Equal(have, should) {
		t.Fatalf("history\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(should, "\n"))
	}
}

func (m *record) checkContribution(id string) {
	m.t.Helper()
	var got []string
	for _, uids := range m.versionsOf(m.id, id) {
		got = append(got, uids...)
	}
	want := slices.Clone(m.contributions[id])
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, slices.Compact(want)) {
		m.t.Fatalf("contribution %s has %v, want %v", id, got, want)
	}
}
