package termstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store/termstore"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T, limits termstore.Limits) *termstore.Store {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s, err := termstore.New(pool, limits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, texts ...string) []*local.Resource {
	t.Helper()
	var list []*local.Resource
	for _, text := range texts {
		r, err := local.ParseCSV([]byte(text), local.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r...)
	}
	return list
}

const (
	v1 = "#valueset,urn:vs,1,VS\nsystem,code\nurn:s,a\n"
	v2 = "#valueset,urn:vs,2,VS\nsystem,code\nurn:s,a\nurn:s,b\n"
	cm = "#conceptmap,urn:cm,,\nsource,source_code,target,target_code\nurn:s,a,urn:t,b\n"
)

func TestLoadListRemove(t *testing.T) {
	t.Parallel()
	s := open(t, termstore.Limits{Resources: 3, Concepts: 10})
	ctx := t.Context()
	last := int64(-1)
	check := func(concepts int, changed bool) {
		t.Helper()
		set, n, err := s.Read(ctx)
		if err != nil || set.Concepts() != concepts || n > last != changed || n < last {
			t.Fatalf("%d concepts, revision %d after %d, %v; want %d", set.Concepts(), n, last, err, concepts)
		}
		last = n
	}
	check(0, true)
	if err := s.Load(ctx, parse(t, v1, v2, cm)); err != nil {
		t.Fatal(err)
	}
	check(4, true)
	list, err := s.List(ctx)
	if err != nil || len(list) != 3 || list[0].Kind != local.ConceptMap || list[2].Version != "2" || list[2].Concepts != 2 ||
		list[2].Name != "VS" || list[2].Bytes == 0 || list[2].Loaded.IsZero() {
		t.Errorf("%+v %v", list, err)
	}
	// The same again replaces; too much is refused, and so is what does not fit.
	if err := s.Load(ctx, parse(t, v1)); err != nil {
		t.Error(err)
	}
	check(4, true)
	if err := s.Load(ctx, parse(t, "#valueset,urn:more,1,\nsystem,code\nurn:s,a\n")); !errs.Is(err, errs.TooLarge) {
		t.Errorf("a fourth resource: %v", err)
	}
	self, err := local.Parse([]byte(`{"resourceType":"ValueSet","url":"urn:vs","version":"1","compose":{"include":[{"valueSet":["urn:vs|1"]}]}}`), local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(ctx, self); !errs.Is(err, errs.Invalid) {
		t.Errorf("a value set that imports itself: %v", err)
	}
	check(4, false)
	version := "1"
	if n, err := s.Remove(ctx, "urn:vs", &version); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n, err := s.Remove(ctx, "urn:vs", nil); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if _, err := s.Remove(ctx, "urn:vs", nil); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v, want not found", err)
	}
	check(1, true)
}

func TestWatcherFollows(t *testing.T) {
	t.Parallel()
	s := open(t, termstore.Limits{})
	w, err := termstore.Watch(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.Run(ctx, 10*time.Millisecond); close(ended) }()
	if err := s.Load(t.Context(), parse(t, v1)); err != nil {
		t.Fatal(err)
	}
	valid := func(code string) bool {
		r, err := w.Set().ValidateCode(t.Context(), "urn:vs", terminology.Code{System: "urn:s", Code: code})
		return err == nil && r.Valid
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not seen: %s", what)
			}
		}
	}
	until("the value set", func() bool { return valid("a") })
	if err := s.Load(t.Context(), parse(t, v2)); err != nil {
		t.Fatal(err)
	}
	until("its next version", func() bool { return valid("b") })
	if _, err := s.Remove(t.Context(), "urn:vs", nil); err != nil {
		t.Fatal(err)
	}
	until("its removal", func() bool { return !w.Set().Has("urn:vs") })
	stop()
	<-ended
}
