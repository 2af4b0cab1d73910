package server

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
	"github.com/cairn-ehr/cairn/pkg/store/termstore"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
	"github.com/cairn-ehr/cairn/pkg/terminology/resolve"
)

// TerminologyOptions say where the codes of external terminologies are checked.
type TerminologyOptions struct {
	URL         string        `env:"CAIRN_TERMINOLOGY_URL" help:"Base URL of a FHIR R4 terminology server. Without one, only what is loaded is known."`
	Token       string        `env:"CAIRN_TERMINOLOGY_TOKEN" help:"Bearer token for the terminology server."`
	TokenFile   string        `env:"CAIRN_TERMINOLOGY_TOKEN_FILE" type:"path" help:"File with the bearer token."`
	Policy      []string      `env:"CAIRN_TERMINOLOGY_POLICY" help:"What is done about codes that nobody can tell of, as TERMINOLOGY=strict|warn|off; default=… is for all others. Default: warn."`
	Budget      time.Duration `default:"2s" env:"CAIRN_TERMINOLOGY_BUDGET" help:"Time that the codes of one composition may take."`
	Timeout     time.Duration `default:"5s" env:"CAIRN_TERMINOLOGY_TIMEOUT" help:"Time limit of one request to the terminology server."`
	TTL         time.Duration `name:"ttl" default:"1h" env:"CAIRN_TERMINOLOGY_TTL" help:"How long answers are kept."`
	NegativeTTL time.Duration `name:"negative-ttl" default:"5m" env:"CAIRN_TERMINOLOGY_NEGATIVE_TTL" help:"How long answers are kept that something does not exist."`
	Batch       int           `default:"100" env:"CAIRN_TERMINOLOGY_BATCH" help:"Most questions in one request; 1 never batches."`
	Failures    int           `default:"5" env:"CAIRN_TERMINOLOGY_FAILURES" help:"Failures in a row after which the terminology server is left alone."`
	Cooldown    time.Duration `default:"30s" env:"CAIRN_TERMINOLOGY_COOLDOWN" help:"How long it is left alone before it is tried again."`
	Poll        time.Duration `default:"5s" env:"CAIRN_TERMINOLOGY_POLL" help:"How often to look for changes of what is loaded."`
}

// terminologies are the sources of answers on external codes.
type terminologies struct {
	*resolve.Resolver
	// mapped are the concept maps that mappings translate by.
	mapped *local.Set
	remote *fhirts.Client // nil without a server
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// openTerminologies reads what is loaded, with the concept maps of the mappings, and
// makes the client of the server.
func (s *Server) openTerminologies(ctx context.Context, metrics *telemetry.Metrics, lib *fhirmap.Library) (*terminologies, error) {
	o := s.options.Terminology
	policies, err := resolve.ParsePolicies(o.Policy)
	if err != nil {
		return nil, err
	}
	if o.Poll <= 0 {
		o.Poll = 5 * time.Second
	}
	loaded, err := termstore.New(s.store.Pool(), termstore.Limits{})
	if err != nil {
		return nil, err
	}
	watcher, err := termstore.Watch(ctx, loaded, s.log)
	if err != nil {
		return nil, err
	}
	counts := observed{telemetry.NewTerminologyMetrics(metrics)}
	cfg := resolve.Config{Local: watcher.Set, Policies: policies, Budget: o.Budget, Observer: counts}
	t := &terminologies{}
	if o.URL != "" {
		token, err := o.token()
		if err != nil {
			return nil, err
		}
		if t.remote, err = fhirts.New(fhirts.Config{
			URL: o.URL, Token: token, Timeout: o.Timeout, BatchSize: o.Batch, TTL: o.TTL, NegativeTTL: o.NegativeTTL,
			Failures: o.Failures, Cooldown: o.Cooldown, Observer: counts, Log: s.log,
		}); err != nil {
			return nil, err
		}
		cfg.Remote = t.remote
	}
	t.Resolver = resolve.New(cfg)
	if t.mapped, err = mappedConcepts(lib); err != nil {
		return nil, err
	}
	ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	t.done.Go(func() { watcher.Run(ctx, o.Poll) })
	return t, nil
}

// mappedConcepts are the concept maps of the mappings.
func mappedConcepts(lib *fhirmap.Library) (*local.Set, error) {
	var list []*local.Resource
	for _, m := range lib.ConceptMaps() {
		more, err := local.Parse(m.Resource, local.Limits{})
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return local.Build(list)
}

// Translations implements terminology.Translator: what is loaded, or known to a
// terminology server, goes before the concept maps of the mappings.
func (t *terminologies) Translations(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error) {
	return either(t.Resolver.Translations, t.mapped.Translations)(ctx, conceptMap, code)
}

// Origins implements terminology.Translator in the same way.
func (t *terminologies) Origins(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error) {
	return either(t.Resolver.Origins, t.mapped.Origins)(ctx, conceptMap, code)
}

type translating func(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error)

// either asks another where one does not know the concept map.
func either(one, other translating) translating {
	return func(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error) {
		out, err := one(ctx, conceptMap, code)
		if !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Unsupported) {
			return out, err
		}
		more, without := other(ctx, conceptMap, code)
		if errs.Is(without, errs.NotFound) {
			return out, err
		}
		return more, without
	}
}

func (t *terminologies) close() {
	t.stop()
	t.done.Wait()
	if t.remote != nil {
		t.remote.Close()
	}
}

func (o TerminologyOptions) token() (string, error) {
	if o.TokenFile == "" {
		return o.Token, nil
	}
	if o.Token != "" {
		return "", errs.New(errs.Invalid, "server.Options", "give --terminology-token or --terminology-token-file, not both")
	}
	text, err := os.ReadFile(o.TokenFile)
	if err != nil {
		return "", errs.Wrap(errs.Invalid, "server.Options", "the file of the terminology server's token cannot be read", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// observed counts what happens.
type observed struct{ m *telemetry.TerminologyMetrics }

func (o observed) Request(operation, outcome string, took time.Duration) {
	o.m.Request(operation, outcome, took)
}
func (o observed) Cached(hits, misses int)    { o.m.Cached(hits, misses) }
func (o observed) Breaker(state fhirts.State) { o.m.Breaker(int(state)) }
func (o observed) Answered(by string, status terminology.AnswerStatus) {
	o.m.Answered(by, status.String())
}

// Terminologies are the loaded resources of a database, for maintenance.
type Terminologies = termstore.Store

// Terminologies runs a command on the loaded value sets, code systems and
// concept maps of the database. A running server goes on; it notices changes.
func (d Database) Terminologies(ctx context.Context, do func(context.Context, *Terminologies) error) error {
	work := func(url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return errs.Wrap(errs.Unavailable, "server.Terminologies", "the database does not answer", err)
		}
		defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // everything is committed
		loaded, err := termstore.New(conn, termstore.Limits{})
		if err != nil {
			return err
		}
		return do(ctx, loaded)
	}
	if d.DatabaseURL != "" {
		return work(d.DatabaseURL)
	}
	dir, err := filepath.Abs(d.DataDir)
	if err != nil {
		return err
	}
	running, err := pgembed.Look(dir)
	switch {
	case err == nil:
		return work(running.ConnString(databaseName))
	case !errors.Is(err, pgembed.ErrNotRunning):
		return err
	}
	// Nobody serves: the cluster runs for as long as the command does.
	db, err := openDatabase(ctx, Options{DataDir: d.DataDir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(work(db.url), db.close())
}
