package fhirstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// gathering is a store whose reads wait for others as long as it takes.
func gathering(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 8, QueryConns: 2, ReadWindow: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Reads that come at once share statements, and each has what is its own: its
// resource, or that there is none, that it was deleted, or is not for the actor.
func TestReadsTogether(t *testing.T) {
	t.Parallel()
	s := gathering(t)
	rec, other := newRecord(t, s, true), newRecord(t, s, true)
	reader := fhirstore.New(s, denying{other.ehrID.String()})
	object := uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("gone")}})
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b")}})
	other.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("other")}})

	tx, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // committed below
	if _, err := tx.Exec(t.Context(), `lock table fhir_resource`); err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, typ, id string, ver int) (fhir.Record, error) {
		if ver > 0 {
			return reader.ResourceVersion(ctx, who, typ, id, fhir.VersionID{Trunk: ver})
		}
		return reader.Resource(ctx, who, typ, id)
	}
	const none errs.Kind = 255 // no error
	var each sync.WaitGroup
	var begun atomic.Int64
	for range 3 {
		for _, tt := range []struct {
			typ, id string
			ver     int
			kind    errs.Kind
			want    int
		}{
			{"Observation", "a", 0, none, 2},
			{"Observation", "b", 0, none, 2},
			{"Observation", "a", 1, none, 1},
			{"Observation", "a", 2, none, 2},
			{"Observation", "gone", 1, none, 1},
			{"Observation", "gone", 0, errs.Gone, 2},
			{"Observation", "gone", 2, errs.Gone, 2},
			{"Observation", "a", 3, errs.NotFound, 0},
			{"Observation", "none", 0, errs.NotFound, 0},
			{"Observation", "other", 0, errs.NotFound, 0},
			{"Observation", "other", 1, errs.NotFound, 0},
			{"Condition", "a", 0, errs.NotFound, 0},
			{"Practitioner", "a", 0, errs.NotFound, 0},
		} {
			each.Go(func() {
				begun.Add(1)
				got, err := read(t.Context(), tt.typ, tt.id, tt.ver)
				if kind := errs.KindOf(err); err != nil && kind != tt.kind || err == nil && tt.kind != none || got.Version.Trunk != tt.want ||
					err == nil && string(got.JSON) != string(observation(tt.id).JSON) {
					t.Errorf("%s/%s version %d: %+v, %v; want %v, %d", tt.typ, tt.id, tt.ver, got, err, tt.kind, tt.want)
				}
			})
		}
		each.Go(func() {
			begun.Add(1)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if _, err := read(ctx, "Observation", "a", 0); !errs.Is(err, errs.Timeout) {
				t.Errorf("given up: %v", err)
			}
		})
	}
	for begun.Load() < 42 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond) // they have asked, or given up
	// Only those wait for the lock that began with nothing under way. What was given up is
	// being cancelled.
	most := 2 * min(runtime.GOMAXPROCS(0), 4)
	for active, tries := 0, 0; active == 0 || active > most; tries++ {
		if err := tx.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'cairn read' and state = 'active'`).Scan(&active); err != nil {
			t.Fatal(err)
		}
		if tries == 1000 {
			t.Fatalf("%d statements for 42 reads", active)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	each.Wait()
}

// Beside commits every read is as if it were alone: it sees what was committed when
// it was asked for, or later, and a version by its number is that version.
func TestReadsBesideCommits(t *testing.T) {
	t.Parallel()
	s := gathering(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	const records, versions = 4, 25
	resource := func(id string, ver int) ehr.Resource {
		r := observation(id)
		r.JSON = fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","valueInteger":%d}`, id, ver)
		return r
	}
	var latest [records]atomic.Int64 // committed
	done := make(chan struct{})
	var commits, reads sync.WaitGroup
	for i := range records {
		rec, object, id := newRecord(t, s, true), uuid.New(), fmt.Sprintf("o%d", i)
		put := func(ver int) {
			rec.put(object, &ehr.Projected{Resources: []ehr.Resource{resource(id+"x", ver), resource(id, ver)}})
			latest[i].Store(int64(ver))
		}
		put(1)
		commits.Go(func() {
			for ver := 2; ver <= versions; ver++ {
				put(ver)
			}
		})
	}
	go func() { commits.Wait(); close(done) }()
	var read, given atomic.Int64
	for range 10 {
		reads.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				i := rand.IntN(records)
				id, ctx, cancel := fmt.Sprintf("o%d", i), t.Context(), func() {}
				if rand.IntN(5) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(1500))*time.Microsecond)
				}
				before := int(latest[i].Load())
				asked := before
				var got fhir.Record
				var err error
				if rand.IntN(2) == 0 {
					got, err = reader.Resource(ctx, who, "Observation", id)
					asked = got.Version.Trunk
				} else {
					asked = 1 + rand.IntN(before)
					got, err = reader.ResourceVersion(ctx, who, "Observation", id, fhir.VersionID{Trunk: asked})
					before = asked
				}
				switch {
				case err != nil && ctx.Err() != nil && errs.Is(err, errs.Timeout):
					given.Add(1)
				case err != nil:
					t.Error(err)
				case got.ID != id || got.Version.Trunk != asked || asked < before || string(got.JSON) != string(resource(id, asked).JSON):
					t.Errorf("%s was of version %d, is %+v with %s", id, before, got, got.JSON)
				default:
					read.Add(1)
				}
				cancel()
			}
		})
	}
	reads.Wait()
	if read.Load() == 0 || given.Load() == 0 {
		t.Errorf("%d read, %d given up: the test has not tried both", read.Load(), given.Load())
	}
}
