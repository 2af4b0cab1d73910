// Package event delivers the events of FHIR subscriptions. Commits write what
// they change into an outbox in their own transaction. A loop compares it with
// the subscriptions and numbers the events of each; those of rest-hooks are sent
// by one job per subscription, which River keeps in the database, those of
// websockets by the connection.
package event

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// Config is what the service is made of. URL, Reader and Log are required.
type Config struct {
	// URL is the PostgreSQL database of the record.
	URL string
	// Reader is where the subscriptions and events are.
	Reader *fhirstore.Reader
	Log    *slog.Logger
	// Endpoints are those that notifications may be sent to. Without any, rest-hooks
	// are off, and no jobs are kept.
	Endpoints Endpoints
	// Attempts is how often a notification is sent without success before the
	// subscription is in error (default 15).
	Attempts int
	// Backoff is the time before the first repetition, which doubles with each
	// until LongestBackoff (defaults 2 s and 15 min).
	Backoff, LongestBackoff time.Duration
	// Retention is how long events are kept, delivered or not (default 7 days).
	Retention time.Duration
	// Poll is the time between two looks for changes while there are subscriptions
	// (default 250 ms).
	Poll time.Duration
	// Slice is the longest that one run of a job takes; a process that dies holds
	// up deliveries for a little more than that (default 30 s, at least 2 s).
	Slice time.Duration
}

// Service is a running service.
type Service struct {
	Config
	pool   *pgxpool.Pool
	river  *river.Client[pgx.Tx] // nil without endpoints
	schema string                // of River's tables
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	news   news
	open   chan struct{} // a place for each websocket
}

// Timing of the loop when nothing calls for haste.
const (
	idle      = time.Second
	dueEvery  = 2 * time.Second
	tidyEvery = time.Minute
	afterFail = 5 * time.Second
)

// maxSockets is the most websockets that are open at once.
const maxSockets = 500

// concurrent is how many endpoints are sent to at once.
const concurrent = 8

// schemaSQL names the schema of River's tables, so that systems that share a
// database by their search_path do not share jobs.
const schemaSQL = `select case current_schema() when 'public' then 'river' else current_schema() || '_river' end`

// Start begins to deliver; Stop ends that. The context is that of starting.
func Start(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Attempts <= 0 {
		cfg.Attempts = 15
	}
	if cfg.Backoff <= 0 {
		cfg.Backoff = 2 * time.Second
	}
	if cfg.LongestBackoff <= 0 {
		cfg.LongestBackoff = 15 * time.Minute
	}
	if cfg.Retention <= 0 {
		cfg.Retention = 7 * 24 * time.Hour
	}
	if cfg.Poll <= 0 {
		cfg.Poll = 250 * time.Millisecond
	}
	if cfg.Slice <= 0 {
		cfg.Slice = 30 * time.Second
	}
	cfg.Slice = max(cfg.Slice, 2*time.Second)
	s := &Service{Config: cfg, open: make(chan struct{}, maxSockets)}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	err := cfg.Reader.Restored(ctx)
	switch {
	case err != nil:
	case len(cfg.Endpoints) == 0:
		err = cfg.Reader.Unsendable(ctx, "this server sends nothing to endpoints any more")
	default:
		err = s.startRiver(ctx)
	}
	if err != nil {
		s.cancel()
		if s.pool != nil {
			s.pool.Close()
		}
		return nil, err
	}
	s.done.Go(s.loop)
	return s, nil
}

func (s *Service) startRiver(ctx context.Context) error {
	const op = "event.Start"
	pc, err := pgxpool.ParseConfig(s.URL)
	if err != nil {
		return errs.Wrap(errs.Invalid, op, "the database url is not valid", err)
	}
	pc.MaxConns = concurrent + 4 // each delivery holds a lock on one
	pc.ConnConfig.RuntimeParams["application_name"] = "cairn event"
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if s.pool, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	if err := s.pool.QueryRow(ctx, schemaSQL).Scan(&s.schema); err != nil {
		return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	driver := riverpgxv5.New(s.pool)
	log := slog.New(onlyErrors{s.Log.Handler()})
	err = s.makeTables(ctx, driver, s.schema, log)
	if err != nil {
		return errs.Wrap(errs.Unavailable, op, "the tables of jobs could not be made: the database role has to be allowed to create the schema "+s.schema, err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &deliverer{service: s, client: s.Endpoints.client()})
	if s.river, err = river.NewClient(driver, &river.Config{
		Schema: s.schema, Workers: workers, Logger: log,
		Queues:               map[string]river.QueueConfig{queue: {MaxWorkers: concurrent}},
		JobTimeout:           2 * s.Slice,
		RescueStuckJobsAfter: 2*s.Slice + time.Second,
		// Nothing of the past is needed: what was delivered is in the subscription.
		CompletedJobRetentionPeriod: 10 * time.Minute, CancelledJobRetentionPeriod: 24 * time.Hour, DiscardedJobRetentionPeriod: 24 * time.Hour,
	}); err == nil {
		err = s.river.Start(s.ctx)
	}
	if err != nil {
		return errs.Wrap(errs.Internal, op, "", err)
	}
	return nil
}

// makeTables brings River's tables up to this version, one process after another:
// the library takes a transaction for each step and does not lock.
func (s *Service) makeTables(ctx context.Context, driver *riverpgxv5.Driver, schema string, log *slog.Logger) error {
	return s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(riverLock)); err != nil {
			return err
		}
		defer conn.Conn().Close(context.WithoutCancel(ctx)) // and the lock with it
		var exists bool
		if err := conn.QueryRow(ctx, `select to_regnamespace($1) is not null`, pgx.Identifier{schema}.Sanitize()).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			if _, err := conn.Exec(ctx, `create schema `+pgx.Identifier{schema}.Sanitize()); err != nil {
				return err
			}
		}
		migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Schema: schema, Logger: log})
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

// riverLock is the key of the advisory lock of whoever makes River's tables.
const riverLock = 0x636169726e726976

// Stop ends deliveries, closes all websockets and waits for both. What was being
// sent is sent again by the next process.
func (s *Service) Stop(ctx context.Context) error {
	s.cancel()
	var err error
	if s.river != nil {
		err = s.river.StopAndCancel(ctx)
	}
	s.done.Wait()
	if s.pool != nil {
		s.pool.Close()
	}
	if err != nil {
		return fmt.Errorf("stopping deliveries: %w", err)
	}
	return nil
}

// loop compares what has changed with the subscriptions, and sees to what the
// time brings.
func (s *Service) loop() {
	var due, tidy time.Time
	for {
		wait, err := s.turn(&due, &tidy)
		if err != nil && s.ctx.Err() == nil {
			s.Log.Warn("the events of subscriptions are held up", "error", err)
			wait = afterFail
		}
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Service) turn(due, tidy *time.Time) (time.Duration, error) {
	now := time.Now()
	if now.After(*tidy) {
		if err := s.Reader.Tidy(s.ctx, s.Retention); err != nil {
			return 0, err
		}
		*tidy = now.Add(tidyEvery)
	}
	listening, err := s.Reader.Listening(s.ctx)
	if err != nil || !listening {
		return idle, err
	}
	for more := true; more; {
		n, err := s.Reader.Match(s.ctx, s.wake)
		if err != nil {
			return 0, err
		}
		if more = n > 0; more {
			s.news.spread()
		}
	}
	if s.river != nil && now.After(*due) {
		if err := s.release(); err != nil {
			return 0, err
		}
		numbers, err := s.Reader.Due(s.ctx)
		if err != nil {
			return 0, err
		}
		if len(numbers) > 0 {
			if _, err := s.river.InsertMany(s.ctx, jobs(numbers)); err != nil {
				return 0, err
			}
		}
		*due = now.Add(dueEvery)
	}
	return s.Poll, nil
}

// held is how long a job may be without its lock, which it takes as its first act.
const held = "5 seconds"

// release makes jobs available again that a process has begun and not ended
// because it was killed: the lock of a delivery is lost with its connection. River
// would wait for the longest time that the job could have taken. What was counted
// as an attempt was none of the endpoint's.
func (s *Service) release() error {
	const op = "event.release"
	table := pgx.Identifier{s.schema, "river_job"}.Sanitize()
	tag, err := s.pool.Exec(s.ctx, `
		with stuck as materialized (
			select id, (args->>'subscription')::integer as subscription from `+table+`
			where kind = $1 and state = 'running' and attempted_at < now() - $2::interval)
		update `+table+` j set state = 'available', scheduled_at = now(), attempt = greatest(attempt - 1, 0)
		from (select id from stuck where `+fhirstore.SubscriptionFree("subscription")+`) f
		where j.id = f.id and j.state = 'running'`, delivery{}.Kind(), held)
	if err != nil {
		return errs.Wrap(errs.Unavailable, op, "", err)
	}
	if n := tag.RowsAffected(); n > 0 {
		s.Log.Info("deliveries of a process that has ended go on", "subscriptions", n)
	}
	return nil
}

// wake makes the jobs of subscriptions that have events, with them.
func (s *Service) wake(ctx context.Context, tx pgx.Tx, numbers []int32) error {
	if s.river == nil {
		return nil
	}
	_, err := s.river.InsertManyTx(ctx, tx, jobs(numbers))
	return err
}

const queue = "fhir_subscription"

// delivery is the arguments of a job: there is one at a time for a subscription,
// until it has nothing more to send.
type delivery struct {
	Subscription int32 `json:"subscription"`
}

// Kind is River's name of the job.
func (delivery) Kind() string { return "fhir_delivery" }

// InsertOpts make the job the only one of its subscription.
func (delivery) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: queue, MaxAttempts: 1000, // the worker counts, and says what comes of it
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStateRetryable,
		}},
	}
}

func jobs(numbers []int32) []river.InsertManyParams {
	out := make([]river.InsertManyParams, len(numbers))
	for i, n := range numbers {
		out[i].Args = delivery{n}
	}
	return out
}

// onlyErrors is a handler of logs that leaves out what is no error: failures of
// endpoints are logged by this package, without what they were sent.
type onlyErrors struct{ slog.Handler }

// Enabled leaves out everything below errors.
func (h onlyErrors) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && h.Handler.Enabled(ctx, l)
}

// WithAttrs keeps the restriction.
func (h onlyErrors) WithAttrs(a []slog.Attr) slog.Handler { return onlyErrors{h.Handler.WithAttrs(a)} }

// WithGroup keeps the restriction.
func (h onlyErrors) WithGroup(n string) slog.Handler { return onlyErrors{h.Handler.WithGroup(n)} }

// news tells all who wait that there are events.
type news struct {
	mu sync.Mutex
	ch chan struct{}
}

func (n *news) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *news) spread() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
