package ehr_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var someone = ehr.Actor{ID: "u1", Name: "Dr Somebody"}

func service(t testing.TB, change func(*ehr.Config)) (*ehr.Service, *store.Store) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 10, QueryConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	cfg := ehr.Config{Store: st, Decision: ehr.AllowAll{}, SystemID: "test.cairn"}
	if change != nil {
		change(&cfg)
	}
	s, err := ehr.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, st
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	s, _ := service(t, nil)
	ctx := t.Context()
	e, err := s.CreateEHR(ctx, someone, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.EHR(ctx, someone, e.ID)
	if err != nil || got != e {
		t.Fatalf("%+v %v want %+v", got, err, e)
	}
	st, err := s.EHRStatus(ctx, someone, e.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%+v", st.Raw, st.Meta)
	dir := testshared.Dir(t)
	opts, _ := filepath.Glob(filepath.Join(dir, "corpus/templates/*.opt"))
	t.Log(len(opts), dir)
	for _, f := range opts {
		b, _ := os.ReadFile(f)
		_, err := s.PutTemplate(ctx, someone, b)
		if err != nil && !errs.Is(err, errs.Conflict) {
			t.Log(f, err)
		}
	}
	_, err = s.CreateComposition(ctx, someone, ehr.CreateComposition{EHRID: uuid.New(), Content: ehr.Content{JSON: []byte("{}")}})
	t.Log(err)
}
