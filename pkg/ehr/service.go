package ehr

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Decision DecisionPoint
	// SystemID is the creating_system_id of versions and the system_id of
	// audits and new EHRs.
	SystemID string
	// Projections derive records from each version, in order.
	Projections []Projection
	// NewID makes identifiers of versioned objects and contributions; nil is
	// UUID version 7. NewEHRID makes those of EHRs; nil is version 4.
	NewID, NewEHRID func() uuid.UUID
	Limits          Limits
}

// Limits bound what one request may ask for. Zero takes the default.
type Limits struct {
	// ContentBytes is the greatest size of one RM object (default 16 MiB).
	ContentBytes int
	// TemplateBytes is the greatest size of an OPT (default 16 MiB).
	TemplateBytes int
}

// Service is the use cases. It is safe for concurrent use.
type Service struct {
	cfg Config
}

// New makes a Service; errs.Invalid if the configuration lacks something.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Store == nil:
		return nil, errs.New(errs.Invalid, "ehr.New", "no store")
	case cfg.Decision == nil:
		return nil, errs.New(errs.Invalid, "ehr.New", "no decision point")
	case cfg.SystemID == "":
		return nil, errs.New(errs.Invalid, "ehr.New", "no system id")
	}
	return &Service{cfg: cfg}, nil
}

var errPending = errs.New(errs.Unsupported, "ehr", "not available yet")

// CreateEHR creates an EHR with its EHR_STATUS and EHR_ACCESS in one
// contribution (RM ehr, EHR Creation). Conflict if the id or the subject is taken.
func (s *Service) CreateEHR(ctx context.Context, who Actor, in CreateEHR) (EHR, error) {
	return EHR{}, errPending
}

// EHR finds an EHR by its id.
func (s *Service) EHR(ctx context.Context, who Actor, id uuid.UUID) (EHR, error) {
	return EHR{}, errPending
}

// EHRBySubject finds an EHR by the external reference of its subject.
func (s *Service) EHRBySubject(ctx context.Context, who Actor, id, namespace string) (EHR, error) {
	return EHR{}, errPending
}

// EHRStatus reads the EHR_STATUS: the latest version, or the one extant at a time
// that is not zero. NotFound before the EHR's creation.
func (s *Service) EHRStatus(ctx context.Context, who Actor, ehrID uuid.UUID, at time.Time) (VersionRecord, error) {
	return VersionRecord{}, errPending
}

// EHRStatusVersion reads one version of the EHR_STATUS.
func (s *Service) EHRStatusVersion(ctx context.Context, who Actor, ehrID uuid.UUID, uid VersionUID) (VersionRecord, error) {
	return VersionRecord{}, errPending
}

// UpdateEHRStatus commits a new version of the EHR_STATUS, also if the EHR is
// not modifiable.
func (s *Service) UpdateEHRStatus(ctx context.Context, who Actor, in UpdateEHRStatus) (Committed, error) {
	return Committed{}, errPending
}

// CreateComposition validates and commits version 1 of a COMPOSITION. Whatever
// uid the content carries is replaced by the server's.
func (s *Service) CreateComposition(ctx context.Context, who Actor, in CreateComposition) (Committed, error) {
	return Committed{}, errPending
}

// UpdateComposition validates and commits the next version of a COMPOSITION.
// A uid in the content must name the same versioned object.
func (s *Service) UpdateComposition(ctx context.Context, who Actor, in UpdateComposition) (Committed, error) {
	return Committed{}, errPending
}

// DeleteComposition commits a logical deletion. Conflict with the latest
// VersionUID if another version is named, Invalid if it is deleted already.
func (s *Service) DeleteComposition(ctx context.Context, who Actor, in DeleteComposition) (Committed, error) {
	return Committed{}, errPending
}

// Composition reads a COMPOSITION: the latest version, or the one extant at a
// time that is not zero. A deleted one is a record marked Deleted, not an error.
func (s *Service) Composition(ctx context.Context, who Actor, ehrID, object uuid.UUID, at time.Time) (VersionRecord, error) {
	return VersionRecord{}, errPending
}

// CompositionVersion reads one version of a COMPOSITION.
func (s *Service) CompositionVersion(ctx context.Context, who Actor, ehrID uuid.UUID, uid VersionUID) (VersionRecord, error) {
	return VersionRecord{}, errPending
}

// Versions lists the versions of a versioned object of the kind, oldest first,
// without content.
func (s *Service) Versions(ctx context.Context, who Actor, ehrID uuid.UUID, kind Kind, object uuid.UUID) ([]VersionMeta, error) {
	return nil, errPending
}

// PutTemplate compiles and stores an operational template (OPT 1.4 XML).
// Unprocessable if it does not compile, Conflict if its id is taken.
func (s *Service) PutTemplate(ctx context.Context, who Actor, opt []byte) (TemplateInfo, error) {
	return TemplateInfo{}, errPending
}

// Templates lists the stored templates by id.
func (s *Service) Templates(ctx context.Context, who Actor) ([]TemplateInfo, error) {
	return nil, errPending
}

// Template reads a stored template with its OPT as uploaded.
func (s *Service) Template(ctx context.Context, who Actor, id string) (Template, error) {
	return Template{}, errPending
}
