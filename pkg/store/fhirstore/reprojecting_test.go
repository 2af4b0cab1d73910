package fhirstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// byContent is a projection of a composition by what it says (COMPOSITION.name)
// and by the version of the rules: which resources there are depends on both.
type byContent struct {
	version int
	before  func(in ehr.ProjectionInput)
}

func (b byContent) Name() string    { return "test" }
func (b byContent) Version() string { return fmt.Sprint(b.version) }
func (b byContent) Project(in ehr.ProjectionInput) ehr.Projected {
	if in.Kind != ehr.KindComposition || in.Root == nil {
		return ehr.Projected{}
	}
	if b.before != nil {
		b.before(in)
	}
	n := int(in.Trunk) + int(in.ObjectID[0])
	out := ehr.Projected{Types: []string{"Observation"}}
	for k := range 4 {
		if (n+k*b.version)%3 == 0 {
			continue
		}
		r := observation(fmt.Sprintf("%s-%d", in.ObjectID, k))
		says := 0
		if (n+k)%2 == 0 { // the others come out the same by all rules
			says = b.version
		}
		r.JSON = fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s-%d","trunk":%d,"says":%d}`, in.ObjectID, k, in.Trunk, says)
		r.MappingVersion = b.Version()
		out.Resources = append(out.Resources, r)
	}
	if (n+b.version)%2 == 0 {
		out.Losses = []ehr.Loss{{Kind: "unmapped", Code: fmt.Sprint("by ", b.version), Message: "nothing maps it"}}
	}
	return out
}

// commitBy commits the next version of an object as a program with rules does.
func (r *record) commitBy(ctx context.Context, object uuid.UUID, trunk int, b byContent, deleted bool) error {
	r.t.Helper()
	v := ehr.NewVersion{UID: ehr.VersionUID{Object: object, System: system, Trunk: trunk}, Kind: ehr.KindComposition, LifecycleState: 523, ChangeType: 523}
	if trunk > 1 {
		v.Preceding = v.UID
		v.Preceding.Trunk--
	}
	if !deleted {
		v.LifecycleState, v.ChangeType, v.Raw = 532, 251, composition
		root, problems := rm.DecodeJSON(composition, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		if root == nil {
			return fmt.Errorf("%v", problems)
		}
		v.Projected = b.Project(ehr.ProjectionInput{Kind: v.Kind, Root: root, ObjectID: object.String(), Trunk: trunk})
	}
	_, err := r.s.Commit(ctx, ehr.Contribution{
		EHRID: r.ehrID, ID: uuid.New(), SystemID: system, Actor: "u", ChangeType: 249, Committer: []byte(`{"_type":"PARTY_SELF"}`),
		Rules: ehr.Rules([]ehr.Projection{b}), Versions: []ehr.NewVersion{v},
	})
	return err
}

var composition = []byte(`{"_type":"COMPOSITION"}`)

// current is all that is derived from the latest versions, but when it was made.
func current(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	rows, err := s.Pool().Query(t.Context(), `
		select v.object_id || ' ' || r.resource_type || '/' || r.resource_id, r.ver, k.mapping_version, r.byte_from, r.byte_len, r.search::text, c.raw
		from fhir_resource r join fhir_kind k using (kind_no) join version v using (ehr_no, vo_no, ver)
		left join fhir_content c using (ehr_no, vo_no, ver, revision)
		where r.superseded is null and r.byte_len is not null`)
	if err != nil {
		t.Fatal(err)
	}
	var key, mapping string
	var ver, from, length int
	var search *string
	var raw []byte
	if _, err = pgx.ForEachRow(rows, []any{&key, &ver, &mapping, &from, &length, &search, &raw}, func() error {
		content, err := s.Content(raw)
		if err != nil {
			return err
		}
		var resource map[string]any
		if err := json.Unmarshal(content[from:from+length], &resource); err != nil {
			return err
		}
		if search == nil {
			search = new(string)
		}
		if _, twice := out[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		out[key] = fmt.Sprint(ver, " ", mapping, " ", *search, " ", resource)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	rows, err = s.Pool().Query(t.Context(), `
		select v.object_id::text, f.ver, f.mapped::text, f.losses::text from fhir_loss f join version v using (ehr_no, vo_no, ver)
		where v.time_superseded is null`)
	if err != nil {
		t.Fatal(err)
	}
	var mapped, losses string
	if _, err = pgx.ForEachRow(rows, []any{&key, &ver, &mapped, &losses}, func() error {
		out["losses of "+key] = fmt.Sprint(ver, mapped, losses)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// sound checks what holds of the versions of resources at any time.
func sound(t *testing.T, s *store.Store) {
	t.Helper()
	for what, sql := range map[string]string{
		"superseded before they were made": `select count(*) from fhir_resource where superseded <= last_updated`,
		"current twice": `select count(*) from (select from fhir_resource where superseded is null
			group by ehr_no, resource_type, resource_id having count(*) > 1) x`,
		"successors at another time": `select count(*) from (select superseded, lead(last_updated) over w as next from fhir_resource
			window w as (partition by ehr_no, resource_type, resource_id order by ver, revision)) x where superseded is distinct from next`,
		"current of a version replaced": `select count(*) from fhir_resource r join version v using (ehr_no, vo_no, ver)
			where r.superseded is null and r.byte_len is not null and v.time_superseded is not null`,
		"without a version": `select count(*) from (select ehr_no, vo_no, ver from fhir_resource union all select ehr_no, vo_no, ver from fhir_content
			union all select ehr_no, vo_no, ver from fhir_loss) d left join version v using (ehr_no, vo_no, ver) where v.ver is null`,
		"without content": `select count(*) from fhir_resource r left join fhir_content c using (ehr_no, vo_no, ver, revision)
			where r.byte_len is not null and c.ver is null`,
		"queued without a version": `select count(*) from fhir_queue q where not exists (select from version v where v.ehr_no = q.ehr_no and v.vo_no = q.vo_no)`,
	} {
		var n int
		if err := s.Pool().QueryRow(t.Context(), sql).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
}

func (r *record) reproject(b byContent, opt store.ReprojectOptions) error {
	r.t.Helper()
	opt.Projections = []ehr.Projection{b}
	if opt.Failed == nil {
		opt.Failed = func(uid string, err error) { r.t.Error(uid, err) }
	}
	return r.s.Reproject(r.t.Context(), opt)
}

func (r *record) use(b byContent) {
	r.t.Helper()
	if err := r.s.UseRules(r.t.Context(), ehr.Rules([]ehr.Projection{b}), false); err != nil {
		r.t.Fatal(err)
	}
}

// objects are the same ids in each run of a test.
func objects(n int) []uuid.UUID {
	list := make([]uuid.UUID, n)
	for i := range list {
		list[i] = uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i)})
	}
	return list
}

// history is the versions of an object: how many, and whether the last deletes.
func history(i int) (versions int, deleted bool) { return 1 + i%3, i%3 > 0 && i%5 == 0 }

func (r *record) fill(list []uuid.UUID, b byContent) {
	r.t.Helper()
	for i, object := range list {
		versions, deleted := history(i)
		for trunk := 1; trunk <= versions; trunk++ {
			if err := r.commitBy(r.t.Context(), object, trunk, b, deleted && trunk == versions); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// What a change of rules leads to is what there would be if the rules had been
// those from the beginning: at once, after an interruption, and after several
// changes.
func TestReprojectedIsAsProjectedAfresh(t *testing.T) {
	t.Parallel()
	list := objects(40)
	fresh := newRecord(t, open(t), true)
	fresh.use(byContent{version: 3})
	fresh.fill(list, byContent{version: 3})
	want := current(t, fresh.s)
	if len(want) < 60 {
		t.Fatalf("only %d resources", len(want))
	}

	rec := newRecord(t, open(t), true)
	rec.use(byContent{version: 1})
	rec.fill(list, byContent{version: 1})
	if cmp.Equal(want, current(t, rec.s)) {
		t.Fatal("the rules make no difference")
	}
	rec.use(byContent{version: 2})
	if err := rec.reproject(byContent{version: 2}, store.ReprojectOptions{Batch: 7}); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	sound(t, rec.s)

	// The next change is cut off after the third batch, in the middle of a batch
	// (nothing of which is stored), and then goes on.
	rec.use(byContent{version: 3})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	batches := 0
	cut := store.ReprojectOptions{Batch: 5, Projections: []ehr.Projection{byContent{version: 3, before: func(ehr.ProjectionInput) {
		if batches == 3 {
			cancel()
		}
	}}}, Progress: func(store.ProjectionState) { batches++ }}
	if err := rec.s.Reproject(ctx, cut); err == nil {
		t.Fatal("not cut off")
	}
	st, err := rec.s.ProjectionState(t.Context())
	if err != nil || !st.Pending || st.Done != 15 {
		t.Fatalf("cut off: %+v, %v", st, err)
	}
	if cmp.Equal(want, current(t, rec.s)) {
		t.Fatal("all was done when it was cut off")
	}
	var again atomic.Int64
	if err := rec.reproject(byContent{version: 3, before: func(ehr.ProjectionInput) { again.Add(1) }}, store.ReprojectOptions{Batch: 5}); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	if st, err = rec.s.ProjectionState(t.Context()); err != nil || st.Pending || st.Done != st.Total || st.Failed != 0 || st.Queued != 0 || st.Changed == 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if n := again.Load(); n == 0 || n >= int64(len(list)-10) {
		t.Errorf("%d were projected after the interruption, of %d", n, len(list))
	}
	if diff := cmp.Diff(want, current(t, rec.s)); diff != "" {
		t.Error(diff)
	}
	sound(t, rec.s)
}

// Programs with the rules before and with the new ones commit, and EHRs are
// erased, while what is stored is projected.
func TestReprojectBesideCommits(t *testing.T) {
	t.Parallel()
	rec := newRecord(t, open(t), true)
	old, next := byContent{version: 1}, byContent{version: 2}
	list := objects(60)
	rec.use(old)
	for _, o := range list {
		if err := rec.commitBy(t.Context(), o, 1, old, false); err != nil {
			t.Fatal(err)
		}
	}
	other := newRecord(t, rec.s, true)
	var doomed []uuid.UUID
	for i := range 20 {
		o := uuid.New()
		if err := other.commitBy(t.Context(), o, 1, old, false); err != nil {
			t.Fatal(err)
		}
		if i < 10 {
			doomed = append(doomed, o)
		}
	}
	rec.use(next)
	var wg sync.WaitGroup
	last := make([]int, len(list))
	for w := range 2 {
		wg.Go(func() {
			for round := range 4 {
				for i := w; i < len(list); i += 2 {
					by, trunk := next, round+2
					if (i/2+round)%2 == 0 {
						by = old
					}
					if err := rec.commitBy(t.Context(), list[i], trunk, by, round == 3 && i%7 == 0); err != nil {
						t.Error(err, errors.Unwrap(err))
						return
					}
					last[i] = trunk
				}
			}
		})
	}
	wg.Go(func() {
		for _, o := range doomed {
			if err := rec.s.EraseComposition(t.Context(), who, other.ehrID, o); err != nil {
				t.Error(err, errors.Unwrap(err))
			}
		}
		if err := rec.s.EraseEHRs(t.Context(), who, []uuid.UUID{other.ehrID}); err != nil {
			t.Error(err, errors.Unwrap(err))
		}
	})
	committed := make(chan struct{})
	go func() { wg.Wait(); close(committed) }()
	for over := false; ; {
		// Again and again, so that all is met in all states.
		if err := rec.s.UseRules(t.Context(), ehr.Rules([]ehr.Projection{next}), true); err != nil {
			t.Fatal(err)
		}
		if err := rec.reproject(next, store.ReprojectOptions{Batch: 8}); err != nil {
			t.Fatal(err, errors.Unwrap(err))
		}
		if over {
			break
		}
		select {
		case <-committed:
			over = true
			// The last run is of the queue alone: nothing else is left.
			if err := rec.reproject(next, store.ReprojectOptions{QueueOnly: true}); err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			checkProjected(t, rec, list, last, next)
		default:
		}
	}
	checkProjected(t, rec, list, last, next)
}

func checkProjected(t *testing.T, rec *record, list []uuid.UUID, last []int, by byContent) {
	t.Helper()
	sound(t, rec.s)
	fresh := newRecord(t, open(t), true)
	for i, o := range list {
		deleted := i%7 == 0
		for trunk := 1; trunk <= last[i]; trunk++ {
			if err := fresh.commitBy(t.Context(), o, trunk, by, deleted && trunk == last[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(current(t, fresh.s), current(t, rec.s)); diff != "" {
		t.Error(diff)
	}
	st, err := rec.s.ProjectionState(t.Context())
	if err != nil || st.Queued != 0 || st.Pending {
		t.Errorf("%+v, %v", st, err)
	}
}

// Of two projectors one gives way, and one with rules that are not in force.
func TestReprojectRefusals(t *testing.T) {
	t.Parallel()
	rec := newRecord(t, open(t), true)
	rec.use(byContent{version: 1})
	rec.fill(objects(3), byContent{version: 1})
	rec.use(byContent{version: 2})
	if err := rec.reproject(byContent{version: 1}, store.ReprojectOptions{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("rules before: %v", err)
	}
	within := 0
	patient := make(chan error, 1)
	err := rec.reproject(byContent{version: 2, before: func(ehr.ProjectionInput) {
		if within++; within == 1 {
			go func() { patient <- rec.reproject(byContent{version: 2}, store.ReprojectOptions{Patience: time.Minute}) }()
		}
		if err := rec.reproject(byContent{version: 2}, store.ReprojectOptions{}); !errs.Is(err, errs.Conflict) {
			t.Errorf("two at a time: %v", err)
		}
	}}, store.ReprojectOptions{})
	if err != nil || within == 0 {
		t.Error(within, err)
	}
	if within > 0 {
		if err := <-patient; err != nil {
			t.Errorf("one that waits: %v", err)
		}
	}
}
