package fhir

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// DefaultBasePath is where the API lives when Config names no path.
const DefaultBasePath = "/fhir/r4"

// Page sizes: what a search gives when it does not ask, and the most it gives.
const (
	DefaultCount = 50
	MaxCount     = 500
)

// DefaultMaxQuery is the most bytes of parameters where Config says nothing.
const DefaultMaxQuery = 64 << 10

// Limits on a search: the number of its parameters, and the alternatives of one.
const (
	maxParams       = 64
	maxAlternatives = 100
)

// Coverage is what the API tells of the mappings; *fhirmap.Library is one.
type Coverage interface {
	// Types are the resource types that mappings can produce, sorted.
	Types() []string
	// Profiles are the profiles that resources of a type may claim, sorted.
	Profiles(typ string) []string
}

// Authenticator establishes who makes a request; errs.Unauthenticated or
// errs.Forbidden when it cannot.
type Authenticator func(*http.Request) (ehr.Actor, error)

// Config is what the API is made of. Reader, Coverage and Authenticate are
// required.
type Config struct {
	Reader       Reader
	Coverage     Coverage
	Authenticate Authenticator

	// Terminology answers on value sets, code systems and concept maps, and may be
	// a terminology.Hierarchy, Translator and Catalogue; nil knows none.
	Terminology terminology.Service
	// ConceptMaps are those that mappings translate codes by.
	ConceptMaps []ConceptMap
	// Exporter is for bulk export; nil offers none.
	Exporter Exporter
	// Grouper is for groups of patients; nil offers none.
	Grouper Grouper
	// Subscriber is for subscriptions; nil offers none.
	Subscriber Subscriber
	// Endpoint says whether notifications may be sent to a URL, with the reason
	// if not; nil allows no endpoint.
	Endpoint func(url string) error
	// Labels are the security labels of resources, which the Reader gives to its
	// records; they are found by _security.
	Labels Labels
	// MaxQuery is the most bytes that the parameters of a search or operation have
	// together, in the URL and in a body; DefaultMaxQuery if it is not positive.
	MaxQuery int
	// KeepHeaders says that the Subscriber can keep headers of subscriptions, which
	// it does only encrypted.
	KeepHeaders bool
	// Intake stores resources that clients create; nil offers no writing.
	Intake *intake.Intake
	// IdempotencyLifetime is how long the answer to a request with an
	// Idempotency-Key is kept; 0 is a day.
	IdempotencyLifetime time.Duration
	// BasePath is the path of the API; "" is DefaultBasePath. The handler
	// expects requests whose path still begins with it.
	BasePath string
	// Origin is the external scheme and authority for links, such as
	// https://cdr.example.org; "" takes the request's own.
	Origin string
	// Guard refuses requests before anything of them is read; nil lets all pass.
	Guard func(*http.Request) error
	// Version of the software, for the CapabilityStatement.
	Version string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// RequestID finds the id that a layer outside has given to a request.
	RequestID func(*http.Request) string
	// Log receives server faults; nil discards them.
	Log *slog.Logger
}

// api is the handler's state: the configuration with its defaults filled in.
type api struct {
	Config
	types   map[string]bool
	mapped  []definition // the concept maps of the mappings
	started time.Time
	mux     chi.Router // its own handler, for the requests of a bundle too
}

// allTypes are the resource types that the API offers, sorted: those of mappings
// and those that are made when they are asked for.
func (a *api) allTypes() []string {
	types := append(slices.Clone(a.Coverage.Types()), virtual.Types()...)
	slices.Sort(types)
	return slices.Compact(types)
}

// New makes the handler of the API; errs.Invalid if the configuration lacks
// something. It is safe for concurrent use.
func New(cfg Config) (http.Handler, error) {
	const op = "fhir.New"
	switch {
	case cfg.Reader == nil:
		return nil, errs.New(errs.Invalid, op, "no reader of resources")
	case cfg.Coverage == nil:
		return nil, errs.New(errs.Invalid, op, "no mappings")
	case cfg.Authenticate == nil:
		return nil, errs.New(errs.Invalid, op, "no authenticator")
	}
	var err error
	if cfg.BasePath, err = httpapi.BasePath(cfg.BasePath, DefaultBasePath); err != nil {
		return nil, err
	}
	cfg.Origin = strings.TrimRight(cfg.Origin, "/")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.IdempotencyLifetime <= 0 {
		cfg.IdempotencyLifetime = 24 * time.Hour
	}
	if cfg.MaxQuery <= 0 {
		cfg.MaxQuery = DefaultMaxQuery
	}
	if cfg.Version == "" {
		cfg.Version = "unknown"
	}
	a := &api{Config: cfg, types: map[string]bool{}, started: cfg.Now().UTC()}
	for _, t := range a.allTypes() {
		a.types[t] = true
	}
	if a.mapped, err = mappedDefinitions(cfg.ConceptMaps); err != nil {
		return nil, err
	}
	a.mux = a.routes()
	return a.mux, nil
}
