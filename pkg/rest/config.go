package rest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// DefaultBasePath is where the API lives when Config names no path.
const DefaultBasePath = "/openehr/v1"

// DefaultMaxBody is the greatest size of a request body, in bytes after
// decompression, when Config sets none.
const DefaultMaxBody = 16 << 20

// SpecVersion is the release of ITS-REST that the manifest declares.
const SpecVersion = "1.1.0"

// Authenticator establishes who makes a request; errs.Unauthenticated or
// errs.Forbidden when it cannot.
type Authenticator func(*http.Request) (ehr.Actor, error)

// Records is what the API needs of the use cases; *ehr.Service is one. Errors
// are those that package ehr documents.
type Records interface {
	Once(ctx context.Context, k ehr.OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error)

	CreateEHR(ctx context.Context, who ehr.Actor, in ehr.CreateEHR) (ehr.EHR, error)
	EHR(ctx context.Context, who ehr.Actor, id uuid.UUID) (ehr.EHR, error)
	EHRBySubject(ctx context.Context, who ehr.Actor, id, namespace string) (ehr.EHR, error)

	EHRStatus(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, at time.Time) (ehr.VersionRecord, error)
	EHRStatusVersion(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, uid ehr.VersionUID) (ehr.VersionRecord, error)
	UpdateEHRStatus(ctx context.Context, who ehr.Actor, in ehr.UpdateEHRStatus) (ehr.Committed, error)

	CreateComposition(ctx context.Context, who ehr.Actor, in ehr.CreateComposition) (ehr.Committed, error)
	UpdateComposition(ctx context.Context, who ehr.Actor, in ehr.UpdateComposition) (ehr.Committed, error)
	DeleteComposition(ctx context.Context, who ehr.Actor, in ehr.DeleteComposition) (ehr.Committed, error)
	Composition(ctx context.Context, who ehr.Actor, ehrID, object uuid.UUID, at time.Time) (ehr.VersionRecord, error)
	CompositionVersion(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, uid ehr.VersionUID) (ehr.VersionRecord, error)

	CreateParty(ctx context.Context, who ehr.Actor, in ehr.WriteParty) (ehr.Committed, error)
	UpdateParty(ctx context.Context, who ehr.Actor, in ehr.WriteParty) (ehr.Committed, error)
	DeleteParty(ctx context.Context, who ehr.Actor, in ehr.WriteParty) (ehr.Committed, error)
	Party(ctx context.Context, who ehr.Actor, kind ehr.Kind, object uuid.UUID, at time.Time) (ehr.VersionRecord, error)
	PartyVersion(ctx context.Context, who ehr.Actor, kind ehr.Kind, uid ehr.VersionUID) (ehr.VersionRecord, error)
	PartyKind(ctx context.Context, who ehr.Actor, object uuid.UUID) (ehr.Kind, error)

	CreateDirectory(ctx context.Context, who ehr.Actor, in ehr.WriteDirectory) (ehr.Committed, error)
	UpdateDirectory(ctx context.Context, who ehr.Actor, in ehr.WriteDirectory) (ehr.Committed, error)
	DeleteDirectory(ctx context.Context, who ehr.Actor, in ehr.WriteDirectory) (ehr.Committed, error)
	Directory(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, at time.Time) (ehr.VersionRecord, error)
	DirectoryVersion(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, uid ehr.VersionUID) (ehr.VersionRecord, error)

	VersionDetails(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, rec ehr.VersionRecord) (ehr.VersionRecord, error)
	Versions(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, kind ehr.Kind, object uuid.UUID) ([]ehr.VersionMeta, error)
	EraseEHRs(ctx context.Context, who ehr.Actor, ids ...uuid.UUID) error
	EraseAllEHRs(ctx context.Context, who ehr.Actor) error
	EraseComposition(ctx context.Context, who ehr.Actor, ehrID, object uuid.UUID) error
	EraseParty(ctx context.Context, who ehr.Actor, object uuid.UUID) error
	EraseTemplate(ctx context.Context, who ehr.Actor, id string) error
	EraseQuery(ctx context.Context, who ehr.Actor, name, version string) error

	Tags(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, on ehr.TagTarget) ([]ehr.ItemTag, error)
	EHRTags(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, f ehr.TagFilter) ([]ehr.TaggedItem, error)
	PutTags(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, on ehr.TagTarget, tags []ehr.ItemTag) error
	DeleteTags(ctx context.Context, who ehr.Actor, ehrID uuid.UUID, on ehr.TagTarget, key string) error

	CommitContribution(ctx context.Context, who ehr.Actor, in ehr.CommitContribution) (ehr.ContributionRecord, []rm.Problem, error)
	Contribution(ctx context.Context, who ehr.Actor, ehrID, id uuid.UUID) (ehr.ContributionRecord, error)

	PutTemplate(ctx context.Context, who ehr.Actor, opt []byte) (ehr.StoredTemplate, error)
	Templates(ctx context.Context, who ehr.Actor) ([]ehr.TemplateInfo, error)
	TemplateRevisions(ctx context.Context, who ehr.Actor, id string) ([]ehr.TemplateUse, error)
	Template(ctx context.Context, who ehr.Actor, id string, revision int) (ehr.Template, error)

	PutADL2(ctx context.Context, who ehr.Actor, text []byte, version string) (ehr.ADL2Info, error)
	ADL2Templates(ctx context.Context, who ehr.Actor) ([]ehr.ADL2Info, error)
	ADL2Template(ctx context.Context, who ehr.Actor, id, version string) (ehr.ADL2Template, error)

	PutQuery(ctx context.Context, who ehr.Actor, name, version, text string) (ehr.StoredQuery, error)
	Query(ctx context.Context, who ehr.Actor, name, version string) (ehr.StoredQuery, error)
	Queries(ctx context.Context, who ehr.Actor, pattern string) ([]ehr.StoredQuery, error)
	CompiledTemplate(ctx context.Context, who ehr.Actor, id string, revision int) (*templates.Template, error)
	TemplateExample(ctx context.Context, who ehr.Actor, in ehr.TemplateExample) (*rm.Node, error)
	ADL2Example(ctx context.Context, who ehr.Actor, in ehr.TemplateExample) (*rm.Node, error)
}

// Config is what the API is made of. Records, Queries and Authenticate are
// required.
type Config struct {
	Records      Records
	Queries      QueryRunner
	Authenticate Authenticator

	// BasePath is the path of the API; "" is DefaultBasePath. The handler
	// expects requests whose path still begins with it.
	BasePath string
	// Origin is the external scheme and authority for Location, such as
	// https://cdr.example.org; "" takes the request's own.
	Origin string
	// Compat103 keeps the Location headers of release 1.0.3 on answers to GET,
	// PUT, DELETE and on 409 and 412, where 1.1.0 no longer allows them.
	Compat103 bool
	// PreferIdentifier makes return=identifier the default of Prefer in place
	// of return=minimal.
	PreferIdentifier bool

	// EraseEHRs lets clients delete EHRs and compositions that they name
	// physically, EraseAllEHRs all EHRs at once, templates and stored queries. Without them the operations are answered with 405.
	EraseEHRs, EraseAllEHRs bool

	// IdempotencyLifetime is how long an answer is kept for a client that
	// repeats its request with the same Idempotency-Key; 0 is
	// DefaultIdempotencyLifetime.
	IdempotencyLifetime time.Duration

	// MaxBody is the greatest size of a request body in bytes, after
	// decompression; 0 is DefaultMaxBody.
	MaxBody int64
	// MaxExpansion is the greatest factor by which a compressed body may expand;
	// 0 is DefaultMaxExpansion.
	MaxExpansion int
	// MaxDepth and MaxItems bound the nesting of bodies and the members of one
	// array; 0 takes the defaults of package rm.
	MaxDepth, MaxItems int
	// Guard refuses requests before anything of them is read, such as those with
	// too long a URL; nil lets all pass.
	Guard func(*http.Request) error
	// SystemID is the creating system; a client that names another system in
	// openehr-audit-details is refused.
	SystemID string
	// Solution, Version and Vendor are what the manifest says of the product.
	Solution, Version, Vendor string

	// Zone is where a version_at_time without an offset is local; nil is
	// time.Local.
	Zone *time.Location
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// RequestID finds the id that a layer outside has given to a request; nil,
	// or an empty answer, makes the API choose one.
	RequestID func(*http.Request) string
	// Log receives server faults; nil discards them.
	Log *slog.Logger
}

// api is the handler's state: the configuration with its defaults filled in.
type api struct {
	Config
	manifest     []byte
	webTemplates webTemplates
}

// New makes the handler of the API; errs.Invalid if the configuration lacks
// something. It is safe for concurrent use.
func New(cfg Config) (http.Handler, error) {
	const op = "rest.New"
	switch {
	case cfg.Records == nil:
		return nil, errs.New(errs.Invalid, op, "no use cases")
	case cfg.Queries == nil:
		return nil, errs.New(errs.Invalid, op, "no query runner")
	case cfg.Authenticate == nil:
		return nil, errs.New(errs.Invalid, op, "no authenticator")
	}
	var err error
	if cfg.BasePath, err = httpapi.BasePath(cfg.BasePath, DefaultBasePath); err != nil {
		return nil, err
	}
	cfg.Origin = strings.TrimRight(cfg.Origin, "/")
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	if cfg.MaxExpansion <= 0 {
		cfg.MaxExpansion = DefaultMaxExpansion
	}
	if cfg.IdempotencyLifetime <= 0 {
		cfg.IdempotencyLifetime = DefaultIdempotencyLifetime
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Solution == "" {
		cfg.Solution = "Cairn"
	}
	if cfg.Vendor == "" {
		cfg.Vendor = "Cairn"
	}
	a := &api{Config: cfg}
	a.manifest = a.buildManifest()
	return a.routes(), nil
}
