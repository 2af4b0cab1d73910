package ehr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/validate"
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
	// Later reports whether the projections of compositions of a template are left
	// to a queue, which the store keeps, instead of being made before the commit;
	// nil leaves none. Deletions and EHR_STATUS never wait.
	Later func(templateID string) bool
	// NewID makes identifiers of versioned objects and contributions; nil is
	// UUID version 7. NewEHRID makes those of EHRs; nil is version 4.
	NewID, NewEHRID func() uuid.UUID
	// Policy says how validation treats findings that deployments judge
	// differently.
	Policy validate.Policy
	// OnePersistent refuses a second persistent COMPOSITION of the same template
	// in an EHR, as long as the first is not deleted (Conflict). The RM says
	// nothing of it, and there are clients for either.
	OnePersistent bool
	// Terminology answers which codes belong to the external value sets of
	// templates; nil means that nobody can be asked.
	Terminology Terminology
	// Archetypes are those by which the content of slots and invariants are
	// checked; nil leaves that out.
	Archetypes validate.Archetypes
	// TemplateUpdates says what becomes of the upload of a template whose id is
	// taken.
	TemplateUpdates TemplateUpdates
	Limits          Limits
}

// Limits bound what one request may ask for and what is kept in memory. Zero
// takes the default.
type Limits struct {
	// ContentBytes is the greatest size of one RM object (default 16 MiB).
	ContentBytes int
	// Depth is how deep objects and arrays may nest (default 256), Items how many
	// members one array may have (default 100,000).
	Depth, Items int
	// Tags is how many item tags a target may have (default 100), Changes how
	// many versions a contribution (default 1,000).
	Tags, Changes int
	// TemplateBytes is the greatest size of an OPT (default 16 MiB).
	TemplateBytes int
	// Templates is the number of compiled templates kept (default 512),
	// Contexts that of EHRs whose subject is remembered (default 100,000).
	Templates, Contexts int
}

// Service is the use cases. It is safe for concurrent use.
type Service struct {
	cfg      Config
	contexts *otter.Cache[uuid.UUID, ehrContext]
	// compiled has revisions of templates by number, latest the latest ones by
	// template id.
	compiled *otter.Cache[int32, *compiledTemplate]
	latest   *otter.Cache[string, *compiledTemplate]
	compile  singleflight.Group
}

// New makes a Service; errs.Invalid if the configuration lacks something.
func New(cfg Config) (*Service, error) {
	const op = "ehr.New"
	switch {
	case cfg.Store == nil:
		return nil, errs.New(errs.Invalid, op, "no store")
	case cfg.Decision == nil:
		return nil, errs.New(errs.Invalid, op, "no decision point")
	case cfg.SystemID == "" || strings.Contains(cfg.SystemID, "::") || strings.ContainsFunc(cfg.SystemID, notInSystemID):
		return nil, errs.New(errs.Invalid, op, "the system id must be a name without spaces, control characters and ::")
	}
	if cfg.NewID == nil {
		cfg.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if cfg.NewEHRID == nil {
		cfg.NewEHRID = uuid.New
	}
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&cfg.Limits.ContentBytes, 16<<20)
	set(&cfg.Limits.TemplateBytes, 16<<20)
	set(&cfg.Limits.Tags, maxTags)
	set(&cfg.Limits.Changes, maxChanges)
	set(&cfg.Limits.Templates, 512)
	set(&cfg.Limits.Contexts, 100_000)
	contexts, err := otter.New(&otter.Options[uuid.UUID, ehrContext]{MaximumSize: cfg.Limits.Contexts})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	compiled, err := otter.New(&otter.Options[int32, *compiledTemplate]{MaximumSize: cfg.Limits.Templates})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	latest, err := otter.New(&otter.Options[string, *compiledTemplate]{
		MaximumSize: cfg.Limits.Templates, ExpiryCalculator: otter.ExpiryWriting[string, *compiledTemplate](latestFor),
	})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	return &Service{cfg: cfg, contexts: contexts, compiled: compiled, latest: latest}, nil
}

// notInSystemID tells characters that would make a version uid ambiguous or
// break the headers it is sent in.
func notInSystemID(r rune) bool { return r <= ' ' || r == '"' || r >= 0x7f }

// decide asks the decision point. Whatever it answers but nil refuses.
func (s *Service) decide(ctx context.Context, who Actor, what Action, on Target) error {
	err := s.cfg.Decision.Decide(ctx, who, what, on)
	if err == nil || errs.Is(err, errs.Forbidden) {
		return err
	}
	return errs.Wrap(errs.Forbidden, "ehr.decide", "access could not be decided", err)
}

// target is an object of a class in an EHR or in the demographic repository.
func target(ehrID uuid.UUID, class string) Target {
	if ehrID == Demographics {
		return Target{Class: class}
	}
	return Target{EHRID: ehrID.String(), Class: class}
}

// contribution begins a contribution of the actor.
func (s *Service) contribution(ehrID uuid.UUID, who Actor, a commitAudit) Contribution {
	return Contribution{
		EHRID: ehrID, ID: s.cfg.NewID(), SystemID: s.cfg.SystemID,
		ChangeType: a.changeType, Committer: a.committer, Description: a.description,
		Actor: who.ID, OnBehalfOf: who.OnBehalfOf, Purpose: who.Purpose,
	}
}

// version makes a version of a tree, which gets its uid; nil is a deletion.
func (s *Service) version(uid, preceding VersionUID, kind Kind, a commitAudit, root *rm.Node) NewVersion {
	v := NewVersion{
		UID: uid, Preceding: preceding, Kind: kind,
		LifecycleState: a.lifecycle, ChangeType: a.changeType, Description: a.description,
	}
	if root != nil {
		v.Root = root.With("uid", rm.ID("OBJECT_VERSION_ID", uid.String()))
		v.Raw = encode(v.Root)
		v.Archetypes = archetypes(v.Root)
		if kind == KindFolder && len(v.Archetypes) > 0 && v.Archetypes[0].ArchetypeID != v.Root.ArchetypeID() {
			v.Archetypes = nil // of parts of a directory that has none itself
		}
		if kind == KindComposition && mayHaveWorkflow(v.Archetypes) {
			v.Workflow, v.Orders = Workflow(v.Root, a.lifecycle)
		}
	}
	return v
}

// buffers are for trees being encoded, whose length is not known before.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keptBuffer bounds the buffers that are kept.
const keptBuffer = 1 << 20

func encode(root *rm.Node) []byte {
	b := buffers.Get().(*[]byte)
	*b = rm.AppendJSON((*b)[:0], root)
	out := slices.Clone(*b)
	if cap(*b) <= keptBuffer {
		buffers.Put(b)
	}
	return out
}

// project lets every projection derive its records from the versions. What
// parties are shown as depends on others, so that the store does it.
func (s *Service) project(ctx context.Context, c *Contribution, subject Subject) error {
	if len(s.cfg.Projections) == 0 {
		return nil
	}
	c.Rules = Rules(s.cfg.Projections)
	c.Projections, c.Subject, c.Later = s.cfg.Projections, subject, s.later(c)
	if c.EHRID == Demographics {
		for i := range c.Versions {
			v := &c.Versions[i]
			v.Queued = v.Root != nil && !v.UID.IsBranch() && v.Kind.Shown()
		}
		return nil
	}
	c.Parties = &PartyResources{ctx: ctx, store: s.cfg.Store}
	c.Links = &LinkTargets{ctx: ctx, store: s.cfg.Store, ehrID: c.EHRID, systemID: c.SystemID, versions: c.Versions}
	for i := range c.Versions {
		v := &c.Versions[i]
		v.Projected = Projected{}
		v.Queued = !v.UID.IsBranch() && v.Kind == KindComposition && v.Root != nil && c.Later(v.Template.TemplateID)
	}
	for again := true; again; {
		again = false
		for i := range c.Versions {
			v := &c.Versions[i]
			if v.UID.IsBranch() || v.Queued {
				continue // what is derived follows the trunk
			}
			c.Links.waiting = false
			if err := s.projectOne(ctx, c, v, subject); err != nil {
				return err
			}
			// What refers to what waits waits too, so that no reference leads to what is
			// not there yet.
			if c.Links.waiting && !c.AtOnce && v.Kind == KindComposition && v.Root != nil {
				v.Projected, v.Queued, again = Projected{}, true, true
			}
		}
	}
	if err := c.Links.Err(); err != nil {
		return err
	}
	return c.Parties.Err()
}

// projectOne derives the records of a version.
func (s *Service) projectOne(ctx context.Context, c *Contribution, v *NewVersion, subject Subject) error {
	if v.OfWorkflow() && (v.Orders || v.gathered(Gathered(s.cfg.Projections))) {
		return nil // the store does it, once it has what is said about the workflows
	}
	in := c.Input(v)
	if person, ok := PersonOf(subject, c.SystemID); ok && v.Kind == KindEHRStatus && v.Root != nil {
		var err error
		if in.Person, c.PersonTrunk, err = s.cfg.Store.Person(ctx, person); err != nil {
			return err
		}
		c.Person = person
	}
	v.Projected = Derive(s.cfg.Projections, in)
	return nil
}

// LinkTargets finds what LINKs lead to, each once, for the projections of one
// contribution.
type LinkTargets struct {
	ctx      context.Context
	store    Store
	ehrID    uuid.UUID
	systemID string
	versions []NewVersion // of the contribution
	known    map[uuid.UUID]LinkTarget
	waiting  bool  // one that was found waits to be projected
	err      error // of the first search that failed
}

// Find gives the latest version of a COMPOSITION, as it is after the contribution.
func (l *LinkTargets) Find(object uuid.UUID) LinkTarget {
	for i := len(l.versions) - 1; i >= 0; i-- {
		v := &l.versions[i]
		if v.UID.Object != object || v.UID.IsBranch() {
			continue
		}
		if v.Root == nil || v.Kind != KindComposition {
			return LinkTarget{}
		}
		l.waiting = l.waiting || v.Queued
		return LinkTarget{UID: v.UID, Root: v.Root, SystemID: l.systemID, LifecycleState: v.LifecycleState, Waiting: v.Queued}
	}
	t, ok := l.known[object]
	if !ok && l.err == nil {
		if t, l.err = l.store.LinkTarget(l.ctx, l.ehrID, object); l.known == nil {
			l.known = map[uuid.UUID]LinkTarget{}
		}
		l.known[object] = t
	}
	l.waiting = l.waiting || t.Waiting
	return t
}

// Err is why something could not be found out: what was projected must not be
// stored then.
func (l *LinkTargets) Err() error {
	if l == nil {
		return nil
	}
	return l.err
}

// PartyResources finds what parties are shown as, each once, for the projections
// of one contribution.
type PartyResources struct {
	ctx   context.Context
	store Store
	known map[uuid.UUID]string
	err   error // of the first search that failed
}

// Find gives the type of the resource that a party is shown as; "" if it is not.
func (p *PartyResources) Find(party uuid.UUID) string {
	typ, ok := p.known[party]
	if ok || p.err != nil {
		return typ
	}
	if typ, p.err = p.store.PartyResource(p.ctx, party); p.known == nil {
		p.known = map[uuid.UUID]string{}
	}
	p.known[party] = typ
	return typ
}

// Err is why something could not be found out: what was projected must not be
// stored then.
func (p *PartyResources) Err() error {
	if p == nil {
		return nil
	}
	return p.err
}

// commitStatus projects and commits an EHR_STATUS, again if the PERSON that it
// refers to was changed meanwhile.
func (s *Service) commitStatus(ctx context.Context, c *Contribution, subject Subject) (time.Time, error) {
	for attempt := 0; ; attempt++ {
		if err := s.project(ctx, c, subject); err != nil {
			return time.Time{}, err
		}
		at, err := s.cfg.Store.Commit(ctx, *c)
		if !errors.Is(err, ErrStaleContext) || attempt == 19 {
			return at, err
		}
	}
}

// later reports of templates whether what is made of them is left to the queue.
func (s *Service) later(c *Contribution) func(templateID string) bool {
	if c.AtOnce || s.cfg.Later == nil {
		return func(string) bool { return false }
	}
	return s.cfg.Later
}

// committed describes the only version of a contribution that was stored.
func committed(c *Contribution, at time.Time, warnings []rm.Problem) Committed {
	v := &c.Versions[0]
	return Committed{
		VersionRecord: VersionRecord{
			UID: v.UID, Raw: v.Raw, Deleted: v.Raw == nil,
			Meta: VersionMeta{
				UID: v.UID, Kind: v.Kind, ContributionID: c.ID, LifecycleState: v.LifecycleState,
				Audit: Audit{
					SystemID: c.SystemID, TimeCommitted: at, ChangeType: v.ChangeType,
					Committer: c.Committer, Description: v.Description,
				},
				TemplateID: v.Template.TemplateID, TemplateRevision: v.Template.Revision, Signature: v.Signature, Preceding: v.Preceding,
			},
		},
		Warnings: warnings,
	}
}

// read reads a version of an object after asking the decision point.
func (s *Service) read(ctx context.Context, who Actor, ehrID uuid.UUID, kind Kind, sel VersionSelector) (VersionRecord, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, kind.String())); err != nil {
		return VersionRecord{}, err
	}
	return s.cfg.Store.Version(ctx, ehrID, kind, sel)
}

func (s *Service) readVersion(ctx context.Context, who Actor, ehrID uuid.UUID, kind Kind, uid VersionUID) (VersionRecord, error) {
	if uid.Object == uuid.Nil || uid.Trunk < 1 {
		return VersionRecord{}, errs.New(errs.Invalid, "ehr.readVersion", "the version uid is incomplete")
	}
	rec, err := s.read(ctx, who, ehrID, kind, selectVersion(uid))
	if err == nil && !rec.UID.Equal(uid) {
		// The same number in another system's name.
		return VersionRecord{}, errs.New(errs.NotFound, "ehr.readVersion", "no such version")
	}
	return rec, err
}

func selectVersion(uid VersionUID) VersionSelector {
	if uid.IsBranch() {
		return VersionSelector{Object: uid.Object, Branch: uid}
	}
	return VersionSelector{Object: uid.Object, Trunk: uid.Trunk}
}

// VersionDetails completes a version that was read with what its envelope has
// beyond its content: preceding version, other inputs, attestations, and the item
// of an imported version.
func (s *Service) VersionDetails(ctx context.Context, who Actor, ehrID uuid.UUID, rec VersionRecord) (VersionRecord, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, rec.Meta.Kind.String())); err != nil {
		return VersionRecord{}, err
	}
	meta, err := s.cfg.Store.VersionDetails(ctx, ehrID, rec.Meta.Kind, rec.UID)
	if err != nil {
		return VersionRecord{}, err
	}
	rec.Meta = meta
	return rec, nil
}

// Versions lists the versions of a versioned object of the kind, the one
// committed first first, without content. The zero object is the EHR's only EHR_STATUS or EHR_ACCESS.
func (s *Service) Versions(ctx context.Context, who Actor, ehrID uuid.UUID, kind Kind, object uuid.UUID) ([]VersionMeta, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, kind.String())); err != nil {
		return nil, err
	}
	if object == uuid.Nil && (kind == KindEHRStatus || kind == KindEHRAccess) {
		e, err := s.cfg.Store.EHR(ctx, ehrID)
		if err != nil {
			return nil, err
		}
		if object = e.StatusUID.Object; kind == KindEHRAccess {
			object = e.AccessUID.Object
		}
	}
	return s.cfg.Store.Versions(ctx, ehrID, kind, object)
}
