package ehr

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// maxChanges bounds the changes of one contribution.
const maxChanges = 1000

// CommitContribution asks for a set of changes that happen together or not at
// all (RM common, change_control: CONTRIBUTION).
type CommitContribution struct {
	// EHRID is Demographics for a set of changes to parties.
	EHRID uuid.UUID
	// ID is the client's choice of uid; the zero UUID lets the server choose.
	ID uuid.UUID
	// Audit of the set. Its change type is that of the changes if it is 0 and
	// they have one in common, else 251 modification; its LifecycleState is the
	// default of the changes'.
	Audit   AuditInput
	Changes []Change
}

// Change is one new version in a contribution.
type Change struct {
	// Preceding is the version that the new one follows; zero creates an object.
	Preceding VersionUID
	// UID is the client's choice of the new version's uid; zero leaves it to
	// the server.
	UID VersionUID
	// Content is a COMPOSITION, EHR_STATUS or FOLDER, or in the demographic
	// repository a party. A deletion (change type
	// 523) has none; what is given is not looked at.
	Content Content
	// Audit of the version: its committer, if it names one, must be the set's.
	Audit AuditInput
	// Signature is VERSION.signature, kept verbatim.
	Signature string
}

// ContributionRecord is a contribution as committed.
type ContributionRecord struct {
	ID    uuid.UUID
	Audit Audit
	// Versions of the contribution, by object.
	Versions []ContributionVersion
}

// ContributionVersion refers to a version that a contribution committed.
type ContributionVersion struct {
	UID  VersionUID
	Kind Kind
}

// Contribution reads a contribution.
func (s *Service) Contribution(ctx context.Context, who Actor, ehrID, id uuid.UUID) (ContributionRecord, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, "CONTRIBUTION")); err != nil {
		return ContributionRecord{}, err
	}
	return s.cfg.Store.Contribution(ctx, ehrID, id)
}

// CommitContribution validates all changes and commits them at once. What is
// wrong with one of them refuses the whole set; the paths of problems begin
// with /versions[i]/data.
func (s *Service) CommitContribution(ctx context.Context, who Actor, in CommitContribution) (ContributionRecord, []rm.Problem, error) {
	const op = "ehr.CommitContribution"
	none := ContributionRecord{}
	switch n := len(in.Changes); {
	case n == 0:
		return none, nil, errs.New(errs.Invalid, op, "a contribution needs at least one version")
	case n > s.cfg.Limits.Changes:
		return none, nil, errs.New(errs.TooLarge, op, "a contribution may have at most "+strconv.Itoa(s.cfg.Limits.Changes)+" versions")
	}
	set, err := s.setAudit(who, in)
	if err != nil {
		return none, nil, err
	}
	c := s.contribution(in.EHRID, who, set)
	if in.ID != uuid.Nil {
		c.ID = in.ID
	}
	p := &changeSet{s: s, who: who, ehrID: in.EHRID, set: set, lifecycle: in.Audit.LifecycleState}
	c.Versions = make([]NewVersion, len(in.Changes))
	for i := range in.Changes {
		if c.Versions[i], err = p.version(ctx, &in.Changes[i]); err != nil {
			return none, nil, inVersion(err, i)
		}
		for _, w := range p.warnings {
			p.all = append(p.all, moved(w, i))
		}
	}
	if in.EHRID == Demographics {
		found, err := s.checkReferences(ctx, c.Versions)
		if err != nil {
			return none, nil, err
		}
		for i, list := range found {
			if err := refuse(errs.Unprocessable, op, "the content is not valid", list); err != nil {
				return none, nil, inVersion(err, i)
			}
			for _, w := range list {
				p.all = append(p.all, moved(w, i))
			}
		}
	}

	var at time.Time
	if p.status != nil {
		// The store commits a new EHR_STATUS alone, so nothing else can change
		// the subject meanwhile.
		s.project(&c, p.status.Subject)
		at, err = s.cfg.Store.Commit(ctx, c)
		s.contexts.Invalidate(in.EHRID)
	} else {
		var subject ehrContext
		if subject, err = s.context(ctx, in.EHRID); err == nil {
			at, err = s.commitContent(ctx, &c, subject)
		}
	}
	if err != nil {
		return none, nil, err
	}
	out := ContributionRecord{ID: c.ID, Audit: Audit{
		SystemID: c.SystemID, TimeCommitted: at,
		ChangeType: c.ChangeType, Committer: c.Committer, Description: c.Description,
	}}
	for i := range c.Versions {
		out.Versions = append(out.Versions, ContributionVersion{c.Versions[i].UID, c.Versions[i].Kind})
	}
	sortVersions(out.Versions)
	return out, p.all, nil
}

func sortVersions(list []ContributionVersion) {
	slices.SortFunc(list, func(a, b ContributionVersion) int {
		if n := bytes.Compare(a.UID.Object[:], b.UID.Object[:]); n != 0 {
			return n
		}
		return a.UID.Trunk - b.UID.Trunk
	})
}

// setAudit is the audit of a contribution. Whoever commits its versions commits
// the set, so a committer that only they name is its committer.
func (s *Service) setAudit(who Actor, in CommitContribution) (commitAudit, error) {
	a := commitAudit{changeType: in.Audit.ChangeType}
	if a.changeType == 0 {
		a.changeType = in.Changes[0].Audit.ChangeType
		for _, ch := range in.Changes {
			if ch.Audit.ChangeType != a.changeType {
				a.changeType = 0
			}
		}
	}
	if a.changeType == 0 {
		a.changeType = ChangeModification
	}
	if !slices.Contains(setChangeTypes, a.changeType) {
		return a, errs.New(errs.Invalid, "ehr.audit", "the contribution's change type is not one of a contribution")
	}
	for i := 0; in.Audit.Committer == nil && i < len(in.Changes); i++ {
		in.Audit.Committer = in.Changes[i].Audit.Committer
	}
	var err error
	a.committer, a.description, err = s.party(who, in.Audit)
	return a, err
}

// setChangeTypes are those of any operation.
var setChangeTypes = slices.Concat(changeTypes[creating], changeTypes[updating], changeTypes[deleting])

// changeSet is a contribution in the making.
type changeSet struct {
	s         *Service
	who       Actor
	ehrID     uuid.UUID
	set       commitAudit
	lifecycle int
	seen      map[uuid.UUID]bool
	status    *StatusFields
	// warnings of the version made last, and of all with their places.
	warnings, all []rm.Problem
}

// version makes the version of one change.
func (p *changeSet) version(ctx context.Context, in *Change) (NewVersion, error) {
	const op = "ehr.CommitContribution"
	p.warnings = nil
	what, action := updating, ActionUpdate
	switch {
	case in.Audit.ChangeType == ChangeDeleted:
		what, action = deleting, ActionDelete
	case in.Preceding.IsZero():
		what, action = creating, ActionCreate
	}
	if what == deleting && in.Preceding.IsZero() {
		return NewVersion{}, errs.New(errs.Invalid, op, "a deletion needs the preceding_version_uid")
	}
	audit, err := p.audit(what, in.Audit)
	if err != nil {
		return NewVersion{}, err
	}
	uid, err := p.uid(in)
	if err != nil {
		return NewVersion{}, err
	}
	var root *rm.Node
	if what == deleting {
		kind, err := p.s.deletable(ctx, p.ehrID, in.Preceding)
		if err != nil {
			return NewVersion{}, err
		}
		if err := p.s.decide(ctx, p.who, action, target(p.ehrID, kind.String())); err != nil {
			return NewVersion{}, err
		}
		v := p.s.version(uid, in.Preceding, kind, audit, nil)
		v.Signature = in.Signature
		return v, nil
	}

	if root, p.warnings, err = p.s.decode(op, in.Content, rm.ClassLocatable, audit.lifecycle); err != nil {
		return NewVersion{}, err
	}
	kind, ok := kinds[root.Class.Name]
	switch parties := p.ehrID == Demographics; {
	case parties && !kind.IsParty():
		return NewVersion{}, errs.New(errs.Invalid, op, "a version in a contribution to the demographic repository holds an AGENT, a GROUP, an ORGANISATION, a PERSON or a ROLE")
	case !ok || !parties && kind.IsParty():
		return NewVersion{}, errs.New(errs.Invalid, op, "a version in a contribution holds a COMPOSITION, an EHR_STATUS or a FOLDER")
	}
	on := target(p.ehrID, root.Class.Name)
	on.TemplateID = root.String("archetype_details", "template_id", "value")
	if err := p.s.decide(ctx, p.who, action, on); err != nil {
		return NewVersion{}, err
	}
	if what == updating {
		if err := belongsTo(op, root, uid.Object); err != nil {
			return NewVersion{}, err
		}
	}
	if kind == KindEHRStatus {
		if err := p.newStatus(ctx, what, in.Preceding, root); err != nil {
			return NewVersion{}, err
		}
	}
	template, more, err := p.s.validate(ctx, op, root, on.TemplateID, audit.lifecycle)
	if err != nil {
		return NewVersion{}, err
	}
	p.warnings = append(p.warnings, more...)
	v := p.s.content(uid, in.Preceding, kind, audit, root, template)
	v.Signature = in.Signature
	if kind == KindEHRStatus {
		v.Status = p.status
	}
	return v, nil
}

// kinds are the classes that a client may commit.
var kinds = map[string]Kind{
	"COMPOSITION": KindComposition,
	"EHR_STATUS":  KindEHRStatus,
	"FOLDER":      KindFolder,

	"AGENT":        KindAgent,
	"GROUP":        KindGroup,
	"ORGANISATION": KindOrganisation,
	"PERSON":       KindPerson,
	"ROLE":         KindRole,
}

// audit is that of one version. System, time and committer are the set's (RM
// common, Committal and Audits).
func (p *changeSet) audit(what operation, in AuditInput) (commitAudit, error) {
	if in.LifecycleState == 0 && what != deleting {
		in.LifecycleState = p.lifecycle
	}
	audit, err := p.s.audit(what, p.who, in)
	if err != nil {
		return audit, err
	}
	if in.Committer != nil && !bytes.Equal(audit.committer, p.set.committer) {
		return audit, errs.New(errs.Invalid, "ehr.audit", "the committer of a version must be that of the contribution")
	}
	audit.committer = p.set.committer
	return audit, nil
}

// uid is the new version's, as the client has it or else from the preceding one.
func (p *changeSet) uid(in *Change) (VersionUID, error) {
	const op = "ehr.CommitContribution"
	uid := VersionUID{Object: in.Preceding.Object, System: p.s.cfg.SystemID, Trunk: in.Preceding.Trunk + 1}
	switch {
	case in.Preceding.IsZero() && in.UID.IsZero():
		uid.Object = p.s.cfg.NewID()
	case in.Preceding.IsZero():
		uid.Object = in.UID.Object
	}
	switch {
	case in.UID.IsZero() || in.UID.Equal(uid):
	case in.UID.Object == uid.Object && in.UID.Trunk == uid.Trunk:
		return uid, errs.New(errs.Unsupported, op, "versions created by another system cannot be committed yet")
	default:
		return uid, errs.New(errs.Invalid, op, "the uid of a version must follow its preceding_version_uid")
	}
	if p.seen[uid.Object] {
		return uid, errs.New(errs.Invalid, op, "a contribution may have only one version of an object")
	}
	if p.seen == nil {
		p.seen = map[uuid.UUID]bool{}
	}
	p.seen[uid.Object] = true
	return uid, nil
}

// newStatus checks that an EHR_STATUS follows the latest one.
func (p *changeSet) newStatus(ctx context.Context, what operation, preceding VersionUID, root *rm.Node) error {
	const op = "ehr.CommitContribution"
	if what == creating {
		return errs.New(errs.Conflict, op, "the EHR has its EHR_STATUS: a contribution can only modify it")
	}
	e, err := p.s.cfg.Store.EHR(ctx, p.ehrID)
	if err != nil {
		return err
	}
	if !preceding.Equal(e.StatusUID) {
		return notLatest(op, e.StatusUID)
	}
	p.status = statusFields(root)
	return nil
}

// deletable finds the kind of an object that is to be deleted.
func (s *Service) deletable(ctx context.Context, ehrID uuid.UUID, uid VersionUID) (Kind, error) {
	if ehrID == Demographics {
		return s.partyKind(ctx, uid.Object)
	}
	var err error
	for _, kind := range []Kind{KindComposition, KindFolder, KindEHRStatus} {
		if _, err = s.cfg.Store.Versions(ctx, ehrID, kind, uid.Object); err == nil {
			if kind == KindEHRStatus {
				return 0, errs.New(errs.Invalid, "ehr.CommitContribution", "an EHR_STATUS cannot be deleted")
			}
			return kind, nil
		}
		if !errs.Is(err, errs.NotFound) {
			break
		}
	}
	return 0, err
}

// inVersion says which version of a contribution is wrong.
func inVersion(err error, i int) error {
	e := errs.As(err)
	if e == nil || e.Kind == errs.Internal {
		return err
	}
	out := *e
	out.Msg = "versions[" + strconv.Itoa(i) + "]: " + e.Msg
	if list, ok := e.Detail.([]rm.Problem); ok {
		at := make([]rm.Problem, len(list))
		for k, p := range list {
			at[k] = moved(p, i)
		}
		out.Detail = at
	}
	return &out
}

// moved is a problem of a version's data as one of the contribution.
func moved(p rm.Problem, i int) rm.Problem {
	prefix := "/versions[" + strconv.Itoa(i) + "]/data"
	if p.Path == "/" {
		p.Path = ""
	}
	p.Path = prefix + p.Path
	return p
}
