package store_test

import (
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/storetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t testing.TB) *store.Store { return openGrouping(t, 0) }

func openGrouping(t testing.TB, window time.Duration) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 12, QueryConns: 2, GroupWindow: window, ReadWindow: window})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open(t))
}

func TestConformanceInGroups(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openGrouping(t, time.Second))
}

func migrate(t testing.TB, url string) error {
	t.Helper()
	return migrations.Up(t.Context(), url)
}
