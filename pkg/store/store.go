// Package store keeps the record in PostgreSQL, as ehr.Store says. A contribution is
// one call of the SQL function commit_contribution: one statement, one transaction,
// one round trip (migrations/functions/commit_contribution.sql says how). Reads of one
// object are one statement each, which those that come at once share. The schema is
// never named, so that the connection's search_path decides which openEHR system is
// served.
//
// A commit is made ready in commit.go: in parts that have one version of each object
// (wave.go), with the rows that projections have derived (projected.go; kind.go and
// mould.go spare what resources have in common). group.go sends several at once, once.go
// a request that must not be carried out twice; package wire encodes the arguments and
// jsonb the documents.
//
// What is derived can be derived again: reproject.go and reprojected.go go through all
// versions, related.go, shown.go and workflow.go know what depends on another object and
// derive it anew with the commit that changes that one. reindex.go and slotindex.go are
// about the node index, erase.go and eraseone.go delete physically.
//
// Package fhirstore reads the FHIR resources, termstore keeps terminologies, gather lets
// reads share statements, and storetest is what every store must do.
package store

import (
	"context"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store/gather"
	"github.com/cairn-ehr/cairn/pkg/store/wire"
)

// Config says which database to use and how hard.
type Config struct {
	// URL is a PostgreSQL connection URI or keyword string.
	URL string
	// Conns is the greatest number of connections for commits and reads of
	// single objects (default 16).
	Conns int
	// QueryConns is the same for AQL and FHIR searches, which have connections
	// of their own so that they cannot starve commits (default 8).
	QueryConns int
	// ConnectTimeout bounds the first connection (default 30 s).
	ConnectTimeout time.Duration
	// GroupWindow is the longest that a commit waits for others that are under
	// way, to be stored together with those that wait, too. 0 stores each by itself.
	GroupWindow time.Duration
	// ReadWindow is the longest that a read of one version waits for others that are
	// under way, to be fetched together with those that wait, too (package gather).
	// 0 fetches each by itself.
	ReadWindow time.Duration
}

// Store is the record in a PostgreSQL database. It is safe for concurrent use.
type Store struct {
	main, query *pgxpool.Pool
	onces       *pgxpool.Pool
	reads       *pgxpool.Pool
	readWindow  time.Duration
	latestReads *gather.Group[versionKey, versionRow]
	trunkReads  *gather.Group[versionKey, versionRow]
	group       group
	queued      chan struct{} // see Queued
	concepts    concepts
	kinds       kindNumbers
	facts       kindFacts
	nodes       *nodestore.Index
	kept        *keptstore.Store
	templates   templateNames
	accessParts sync.Map // names of months of the record of accesses that are there
	keptForm    bool     // see wire.KeepsAsWritten
}

var _ ehr.Store = (*Store)(nil)

// cancelTimeout bounds the wait for a statement to obey its cancellation; its
// connection is closed then.
const cancelTimeout = 5 * time.Second

// Open connects to a database whose schema is migrated. Close releases it.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	const op = "store.Open"
	if cfg.Conns <= 0 {
		cfg.Conns = 16
	}
	if cfg.QueryConns <= 0 {
		cfg.QueryConns = 8
	}
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.ConnectTimeout)
	defer cancel()

	s := &Store{group: group{window: cfg.GroupWindow}, readWindow: cfg.ReadWindow, queued: make(chan struct{}, 1)}
	for _, p := range []struct {
		to    **pgxpool.Pool
		name  string
		conns int
		more  map[string]string
	}{
		{&s.main, "cairn", cfg.Conns, nil},
		{&s.query, "cairn query", cfg.QueryConns, nil},
		{&s.onces, "cairn once", max(2, cfg.Conns/4), nil},
		{&s.reads, "cairn read", cfg.Conns, byKeys},
	} {
		var err error
		if *p.to, err = pool(ctx, cfg.URL, p.conns, p.name, p.more); err != nil {
			s.Close()
			return nil, err
		}
	}
	s.gathering()
	s.nodes, s.kept = nodestore.New(s.main), keptstore.New(s.main)
	if err := s.main.Ping(ctx); err != nil {
		s.Close()
		return nil, errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	var err error
	if s.keptForm, err = wire.KeepsAsWritten(ctx, s.main); err != nil {
		s.Close()
		return nil, failure(op, err)
	}
	return s, nil
}

// byKeys are settings for statements that find rows of several keys by indexes. They
// have one plan: they would be planned anew each time, as the planner expects more
// keys than there are. And that plan looks keys up whatever the size of tables was
// when it was made.
var byKeys = map[string]string{
	"plan_cache_mode": "force_generic_plan",
	"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off", "enable_material": "off", "enable_memoize": "off",
}

// pool makes a pool whose sessions have a name and settings of their own.
func pool(ctx context.Context, url string, conns int, name string, settings map[string]string) (*pgxpool.Pool, error) {
	const op = "store.Open"
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the database url is not valid", err)
	}
	cfg.MaxConns = int32(conns)
	cfg.MaxConnIdleTime = 5 * time.Minute
	p := cfg.ConnConfig.RuntimeParams
	p["timezone"] = "UTC"
	// Every statement here is short: compiling it costs more than running it.
	p["jit"] = "off"
	maps.Copy(p, settings)
	if p["application_name"] == "" {
		p["application_name"] = name
	}
	// A cancelled request cancels its statement on the server: otherwise a
	// commit that waits for a lock could still go through unseen, and a query
	// would run on for nobody. Not that of a group of commits (group.go).
	cfg.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelTimeout}
	}
	out, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	return out, nil
}

// Close waits for running statements and closes all connections.
func (s *Store) Close() {
	for _, p := range []*pgxpool.Pool{s.main, s.query, s.onces, s.reads} {
		if p != nil {
			p.Close()
		}
	}
}

// Ping reports whether the database answers; errs.Unavailable if not.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.main.Ping(ctx); err != nil {
		return errs.Wrap(errs.Unavailable, "store.Ping", "the database does not answer", err)
	}
	return nil
}

// Pool is the connections for commits and single reads; QueryPool those for
// AQL and searches. Both belong to the Store.
func (s *Store) Pool() *pgxpool.Pool      { return s.main }
func (s *Store) QueryPool() *pgxpool.Pool { return s.query }

// Gathered reads what many ask for at once in one statement, on connections whose
// statements have one plan for all values.
func Gathered[K, V any](s *Store, fetch func(context.Context, *pgxpool.Pool, []K) ([]V, error)) *gather.Group[K, V] {
	return &gather.Group[K, V]{
		Window: s.readWindow,
		// So many run beside each other without waiting for a processor.
		Free:  min(runtime.GOMAXPROCS(0), int(s.reads.Config().MaxConns)/2),
		Fetch: func(ctx context.Context, keys []K) ([]V, error) { return fetch(ctx, s.reads, keys) },
	}
}

// NodeIndex is the node index, from which most AQL is answered.
func (s *Store) NodeIndex() *nodestore.Index { return s.nodes }

// Kept is the kept results of materialised queries.
func (s *Store) Kept() *keptstore.Store { return s.kept }
