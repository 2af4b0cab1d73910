package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/pkg/access"
	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/event"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Version is what the binary was built from: a module version or a commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v = "0.1.0-" + s.Value[:12]
		}
	}
	if v == "" || v == "(devel)" {
		v = "0.1.0-dev"
	}
	return v
}

// Server is a running Cairn.
type Server struct {
	options  Options
	log      *slog.Logger
	db       *database
	store    *store.Store
	Service  *ehr.Service
	handler  http.Handler
	ready    *telemetry.Readiness
	listener net.Listener
	profile  *profile
	terms    *terminologies
	events   *event.Service
	projects *projector
	open     bool // no authentication
	queries  *queries
	accesses *access.Log   // nil for none
	workload *aql.Workload // nil for none
}

// Run serves until the context ends, then shuts down gracefully.
func Run(ctx context.Context, o Options) error {
	s, err := Start(ctx, o)
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Start opens everything a server needs and begins to listen; nothing is
// answered before Serve.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	began := time.Now()
	s := &Server{options: o}
	relaxGC()
	if s.log, err = telemetry.NewLogger(os.Stderr, o.LogFormat, o.LogLevel); err != nil {
		return nil, err
	}
	authenticate, open, err := o.authenticator()
	if err != nil {
		return nil, err
	}
	s.open = open
	if s.options.OpenEHRBase, err = normalBase(o.OpenEHRBase); err != nil {
		return nil, err
	}
	if s.options.FHIRBase, err = normalBase(o.FHIRBase); err != nil {
		return nil, err
	}
	if under(s.options.OpenEHRBase, s.options.FHIRBase) || under(s.options.FHIRBase, s.options.OpenEHRBase) {
		return nil, errs.New(errs.Invalid, "server.Start", "the paths of the two APIs must not lie in each other")
	}
	// The port is taken first: a second server on it fails before it touches
	// the database.
	if s.listener, err = net.Listen("tcp", o.Listen); err != nil {
		return nil, errs.Wrap(errs.Unavailable, "server.Start", "cannot listen on "+o.Listen, err)
	}
	defer func() {
		if err != nil {
			s.listener.Close()
			s.close()
		}
	}()
	if o.CPUProfile != "" {
		if s.profile, err = startProfile(o.CPUProfile); err != nil {
			return nil, err
		}
	}
	if s.db, err = openDatabase(ctx, o, s.log); err != nil {
		return nil, err
	}
	if s.store, err = store.Open(ctx, store.Config{URL: s.db.url, Conns: o.PoolSize, QueryConns: o.QueryPoolSize, GroupWindow: o.GroupWindow, ReadWindow: o.ReadWindow}); err != nil {
		return nil, err
	}
	if err = s.build(ctx, authenticate); err != nil {
		return nil, err
	}
	if err = s.projects.begin(ctx); err != nil {
		return nil, err
	}
	s.log.Info("started", "version", Version(), "listen", s.listener.Addr().String(),
		"openehr", s.options.OpenEHRBase, "fhir", s.options.FHIRBase,
		"embedded_postgres", s.db.cluster != nil, "took_ms", time.Since(began).Milliseconds())
	if s.open {
		s.log.Warn("no authentication is configured: serving this machine's loopback address only")
	}
	return s, nil
}

// Origin is the base of URLs by which this machine reaches the server.
func (s *Server) Origin() string { return "http://" + s.listener.Addr().String() }

// build makes the use cases and the handlers of both APIs.
func (s *Server) build(ctx context.Context, authenticate auth.Authenticator) (err error) {
	o := s.options
	var decision ehr.DecisionPoint = ehr.AllowAll{}
	if s.accesses, err = s.accessLog(); err != nil {
		return err
	}
	if s.accesses != nil {
		decision, authenticate = s.accesses.Decision(decision), s.accesses.Authenticator(authenticate)
	}
	mapping, err := loadMappings(s.log, o.Projecting)
	if err != nil {
		return err
	}
	metrics := telemetry.NewMetrics(Version())
	if s.terms, err = s.openTerminologies(ctx, metrics, mapping.lib); err != nil {
		return err
	}
	updates, err := ehr.ParseTemplateUpdates(o.TemplateUpdates)
	if err != nil {
		return err
	}
	policy, err := validate.ParsePolicy(o.ValidationPolicy)
	if err != nil {
		return err
	}
	known, err := s.readArchetypes()
	if err != nil {
		return err
	}
	queued, err := later(o)
	if err != nil {
		return err
	}
	s.Service, err = ehr.New(ehr.Config{
		Terminology: s.terms, Policy: policy, Archetypes: known, TemplateUpdates: updates, OnePersistent: o.OnePersistent,
		Store: s.store, Decision: decision, SystemID: o.SystemID, Projections: []ehr.Projection{mapping}, Later: queued,
		Limits: ehr.Limits{
			ContentBytes: o.Max.ownBytes(), TemplateBytes: o.Max.ownBytes(), Depth: o.Max.Depth, Items: o.Max.Items,
			Tags: o.Max.Tags, Changes: o.Max.Versions,
		},
	})
	if err != nil {
		return err
	}
	s.projects = &projector{store: s.store, projections: []ehr.Projection{mapping}, queueOnly: o.Reproject == "manual", waited: newWaited(), log: s.log}
	metrics.Registry.MustRegister(newProjectionMetrics(s.store), s.projects.waited)
	runner, err := s.queryRunner(decision)
	if err != nil {
		return err
	}
	s.queries = runner
	openehr, err := rest.New(rest.Config{
		Records: s.Service, Queries: runner, Authenticate: rest.Authenticator(authenticate),
		BasePath: o.OpenEHRBase, Origin: o.BaseURL, SystemID: o.SystemID,
		MaxBody: o.Max.Body, MaxExpansion: o.Max.Expansion, MaxDepth: o.Max.Depth, MaxItems: o.Max.Items, Guard: o.Max.check,
		IdempotencyLifetime: o.IdempotencyTTL,
		Compat103:           o.Compat103, PreferIdentifier: o.PreferIdentifier,
		EraseEHRs: o.AdminDelete == "ehr" || o.AdminDelete == "all", EraseAllEHRs: o.AdminDelete == "all",
		Solution: "Cairn", Version: Version(), Vendor: "The Cairn project",
		RequestID: func(r *http.Request) string { return telemetry.RequestID(r.Context()) },
		Log:       s.log,
	})
	if err != nil {
		return err
	}
	partner, err := s.fhirHandler(ctx, decision, mapping.lib, authenticate)
	if err != nil {
		return err
	}
	s.ready = telemetry.NewReadiness(s.log, 2*time.Second, telemetry.Check{Name: "database", Run: s.store.Ping})
	r := chi.NewRouter()
	r.Use(telemetry.WithRequestIDs(uuid.NewString), telemetry.AccessLog(s.log, time.Now), metrics.Middleware(time.Now))
	if s.accesses != nil {
		r.Use(s.accesses.Middleware)
		metrics.Registry.MustRegister(newAccessMetrics(s.accesses))
	}
	r.Method(http.MethodGet, telemetry.MetricsPath, metrics.Handler(s.log))
	r.Method(http.MethodGet, telemetry.LivePath, telemetry.Live())
	r.Method(http.MethodGet, telemetry.ReadyPath, s.ready.Handler())
	r.Get("/", s.index)
	if o.Status {
		r.Get(statusPath, s.status(time.Now()))
	}
	if err := s.reference(r); err != nil {
		return err
	}
	r.NotFound(notFound)
	// A method that HTTP does not know never reaches a mounted handler; each
	// API has its own words for it.
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case under(o.OpenEHRBase, req.URL.Path):
			openehr.ServeHTTP(w, req)
		case under(o.FHIRBase, req.URL.Path):
			partner.ServeHTTP(w, req)
		default:
			writeJSON(w, http.StatusMethodNotAllowed, map[string]any{"message": "this resource does not allow the method", "code": "method_not_allowed"})
		}
	})
	r.Mount(o.OpenEHRBase, openehr)
	r.Method(http.MethodGet, o.FHIRBase+fhir.SocketPath, s.events)
	r.Handle(o.FHIRBase, wholePatterns(partner))
	r.Handle(o.FHIRBase+"/*", wholePatterns(partner))
	s.handler = r
	return nil
}

// wholePatterns is for a handler whose own router has patterns of whole paths:
// what the router above has matched would stand twice in the pattern of a route,
// by which requests are logged and counted.
func wholePatterns(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := chi.RouteContext(r.Context()); route != nil {
			route.RoutePatterns = route.RoutePatterns[:0]
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers requests until the context ends or the embedded Postgres is
// lost, then lets running requests finish and closes everything.
func (s *Server) Serve(ctx context.Context) (err error) {
	o := s.options
	h := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    o.Max.headerBytes(),
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	background, stopBackground := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { paceGC(background) })
	work.Go(func() { s.keepMaterialised(background, s.queries.engine) })
	if s.accesses != nil {
		work.Go(func() { s.accesses.Run(background) })
		if o.AccessRetention > 0 {
			work.Go(func() { s.dropAccesses(background) })
		}
	}
	if s.workload != nil {
		work.Go(func() {
			s.workload.Collect(background, func(err error) { s.log.Warn("the shapes of queries were not saved", "error", err) })
		})
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(s.listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		s.log.Info("shutting down")
		s.ready.Drain()
	case <-s.db.done():
		err = errs.Wrap(errs.Unavailable, "server.Serve", "the embedded Postgres has ended", s.db.cluster.Err())
	}
	stop, cancel := context.WithTimeout(context.Background(), o.ShutdownTimeout)
	defer cancel()
	if shut := h.Shutdown(stop); shut != nil {
		s.log.Warn("requests were cut off at shutdown", "error", shut)
		if closeErr := h.Close(); closeErr != nil {
			s.log.Warn("closing connections", "error", closeErr)
		}
	}
	stopBackground()
	work.Wait()
	if closeErr := s.close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	s.log.Info("stopped")
	return err
}

// Close ends a server that is not to serve.
func (s *Server) Close() error { return errors.Join(s.listener.Close(), s.close()) }

func (s *Server) close() error {
	if s.events != nil {
		stop, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.events.Stop(stop); err != nil {
			s.log.Warn("deliveries were cut off at shutdown", "error", err)
		}
	}
	if s.terms != nil {
		s.terms.close()
	}
	if s.projects != nil && s.projects.done != nil {
		s.projects.end()
	}
	if s.store != nil {
		s.store.Close()
	}
	var err error
	if s.db != nil {
		err = s.db.close()
	}
	if s.profile != nil {
		err = errors.Join(err, s.profile.end())
	}
	return err
}

// Base is the paths of the two APIs.
type Base struct{ OpenEHR, FHIR string }

// Base gives the paths of the two APIs as configured.
func (s *Server) Base() Base { return Base{s.options.OpenEHRBase, s.options.FHIRBase} }
