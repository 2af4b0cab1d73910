package ehr

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
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
	// Audit of the set, whose time is that of its last version. Its change type is that of the changes if it is 0 and
	// they have one in common, else 251 modification; its LifecycleState is the
	// default of the changes'.
	Audit   AuditInput
	Changes []Change
	// AtOnce has everything projected before the commit, for a caller that needs
	// what is derived, also where Config.Later leaves it to the queue.
	AtOnce bool
}

// Change is one new version in a contribution. Several may be of one object: they
// stand in the order in which they follow each other.
type Change struct {
	// Preceding is the version that the new one follows; zero creates an object.
	Preceding VersionUID
	// UID is the client's choice of the new version's uid; zero leaves it to
	// the server.
	UID VersionUID
	// Content is a COMPOSITION, EHR_STATUS or FOLDER, or in the demographic
	// repository a party. A deletion (change type 523) has none; what is given is
	// not looked at. Nor has an attestation (change type 666) of the version
	// Preceding; what is given must be what that version has.
	Content Content
	// Import is the ORIGINAL_VERSION of an IMPORTED_VERSION. Preceding, UID,
	// Content and OtherInputs are the item's and not looked at.
	Import Content
	// Audit of the version: its committer, if it names one, must be the set's.
	Audit AuditInput
	// Signature is VERSION.signature, kept verbatim.
	Signature string
	// OtherInputs are other_input_version_uids, of any system and object.
	OtherInputs []string
	// Attestations are ATTESTATIONs of the version. Each has its AuditInput.Attestation
	// set, its change type is 666 attestation by default, and its committer, who
	// need not be the set's, is the attesting party.
	Attestations []AuditInput
}

// ContributionRecord is a contribution as committed.
type ContributionRecord struct {
	ID    uuid.UUID
	Audit Audit
	// Versions of the contribution, by object.
	Versions []ContributionVersion
	// Made are the versions that were made, in the order of the changes. Only
	// CommitContribution fills it in.
	Made []MadeVersion
}

// MadeVersion is a version that was just committed, with what was derived from it.
type MadeVersion struct {
	UID       VersionUID
	Projected Projected
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
	c.AtOnce = in.AtOnce
	if in.ID != uuid.Nil {
		c.ID = in.ID
	}
	p := &changeSet{s: s, who: who, ehrID: in.EHRID, set: set, lifecycle: in.Audit.LifecycleState}
	c.Versions = make([]NewVersion, 0, len(in.Changes))
	for i := range in.Changes {
		if err := p.add(ctx, &c, &in.Changes[i]); err != nil {
			return none, nil, inVersion(err, i, p.member)
		}
		if len(c.Versions) > len(p.places) { // an attestation makes none
			p.places = append(p.places, place{i, p.member})
		}
		for _, w := range p.warnings {
			p.all = append(p.all, moved(w, i, p.member))
		}
	}
	if found, err := p.references(ctx, c.Versions); err != nil {
		return none, nil, err
	} else {
		for i, list := range found {
			at := p.places[i]
			if err := refuse(errs.Unprocessable, op, "the content is not valid", list); err != nil {
				return none, nil, inVersion(err, at.change, at.member)
			}
			for _, w := range list {
				p.all = append(p.all, moved(w, at.change, at.member))
			}
		}
	}

	var at time.Time
	if p.status != nil {
		// The store commits a new EHR_STATUS alone, so nothing else can change
		// the subject meanwhile.
		at, err = s.commitStatus(ctx, &c, p.status.Subject)
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
		out.Made = append(out.Made, MadeVersion{c.Versions[i].UID, c.Versions[i].Projected})
	}
	out.Versions = append(out.Versions, p.attested...)
	out.Versions = sortVersions(out.Versions)
	return out, p.all, nil
}

// sortVersions orders a contribution's versions and drops repetitions: one that
// is attested several times is one version.
func sortVersions(list []ContributionVersion) []ContributionVersion {
	slices.SortFunc(list, func(a, b ContributionVersion) int {
		if n := bytes.Compare(a.UID.Object[:], b.UID.Object[:]); n != 0 {
			return n
		}
		return cmp.Or(a.UID.Trunk-b.UID.Trunk, a.UID.Branch-b.UID.Branch, a.UID.BranchVersion-b.UID.BranchVersion,
			strings.Compare(strings.ToLower(a.UID.System), strings.ToLower(b.UID.System)))
	})
	return slices.CompactFunc(list, func(a, b ContributionVersion) bool { return a.UID.Equal(b.UID) })
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
	for _, ch := range in.Changes {
		if a.changeType == ChangeAttestation && ch.Audit.ChangeType != ChangeAttestation {
			return a, errs.New(errs.Invalid, "ehr.audit", "the change type of a contribution is 666 attestation only if all its changes are attestations")
		}
	}
	for i := 0; in.Audit.Committer == nil && i < len(in.Changes); i++ {
		in.Audit.Committer = in.Changes[i].Audit.Committer
	}
	var err error
	a.committer, a.description, err = s.party(who, in.Audit)
	return a, err
}

// setChangeTypes are those of any operation.
var setChangeTypes = slices.Concat(changeTypes[creating], changeTypes[updating], changeTypes[deleting], []int{ChangeAttestation})

// changeSet is a contribution in the making.
type changeSet struct {
	s         *Service
	who       Actor
	ehrID     uuid.UUID
	set       commitAudit
	lifecycle int
	pending   pending
	status    *StatusFields
	attested  []ContributionVersion // versions of before
	member    string                // of the version at hand that holds the content: /data, /item
	places    []place               // of the versions that are made
	// warnings of the version made last, and of all with their places.
	warnings, all []rm.Problem
}

// place is where a version's content stands in the request.
type place struct {
	change int
	member string
}

// add adds one change to the contribution.
func (p *changeSet) add(ctx context.Context, c *Contribution, in *Change) error {
	p.warnings, p.member = nil, "/data"
	var v NewVersion
	var err error
	switch {
	case in.Import.JSON != nil || in.Import.Root != nil:
		p.member = "/item"
		v, err = p.imported(ctx, in)
	case in.Audit.ChangeType == ChangeAttestation:
		return p.attest(ctx, c, in)
	default:
		v, err = p.version(ctx, in)
	}
	if err == nil {
		err = p.envelope(&v, in)
	}
	if err == nil {
		err = p.pending.add(&v)
	}
	if err == nil {
		c.Versions = append(c.Versions, v)
	}
	return err
}

// version makes the version of one change.
func (p *changeSet) version(ctx context.Context, in *Change) (NewVersion, error) {
	const op = "ehr.CommitContribution"
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
		kind, err := p.deletable(ctx, in.Preceding)
		if err != nil {
			return NewVersion{}, err
		}
		if err := p.s.decide(ctx, p.who, action, target(p.ehrID, kind.String())); err != nil {
			return NewVersion{}, err
		}
		return p.s.version(uid, in.Preceding, kind, audit, nil), nil
	}

	if root, p.warnings, err = p.s.decode(op, in.Content, rm.ClassLocatable, audit.lifecycle); err != nil {
		return NewVersion{}, err
	}
	kind, err := p.kind(root)
	if err != nil {
		return NewVersion{}, err
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
	v.ChosenObject = what == creating && !in.UID.IsZero()
	if kind == KindEHRStatus {
		v.Status = p.status
	}
	return v, nil
}

// kind is that of content, which must belong into the repository.
func (p *changeSet) kind(root *rm.Node) (Kind, error) {
	const op = "ehr.CommitContribution"
	kind, ok := kinds[root.Class.Name]
	switch parties := p.ehrID == Demographics; {
	case parties && !kind.IsParty():
		return 0, errs.New(errs.Invalid, op, "a version in a contribution to the demographic repository holds an AGENT, a GROUP, an ORGANISATION, a PERSON or a ROLE")
	case !ok || !parties && kind.IsParty():
		return 0, errs.New(errs.Invalid, op, "a version in a contribution holds a COMPOSITION, an EHR_STATUS or a FOLDER")
	}
	return kind, nil
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
	system := p.s.cfg.SystemID
	var uid VersionUID
	switch {
	case !in.Preceding.IsZero():
		uid = in.Preceding.Next(system)
	case in.UID.IsZero():
		uid = VersionUID{Object: p.s.cfg.NewID(), System: system, Trunk: 1}
	default:
		uid = VersionUID{Object: in.UID.Object, System: system, Trunk: 1}
	}
	// A branch goes on in the system that began it.
	foreign := in.Preceding.IsBranch() && !strings.EqualFold(in.Preceding.System, system)
	begins := !in.Preceding.IsZero() && in.UID.Object == in.Preceding.Object && in.UID.Trunk == in.Preceding.Trunk && in.UID.BranchVersion == 1
	switch {
	case in.UID.IsZero() && foreign:
		return uid, errs.New(errs.Invalid, op, "the preceding version is on a branch of another system: the new version needs a uid that begins a branch of this one")
	case in.UID.IsZero():
	case !strings.EqualFold(in.UID.System, system):
		return uid, errs.New(errs.Invalid, op, "a version that another system created can be committed only as an IMPORTED_VERSION")
	case begins:
		uid.Trunk, uid.Branch, uid.BranchVersion = in.UID.Trunk, in.UID.Branch, in.UID.BranchVersion
	case !in.UID.Equal(uid) || foreign:
		return uid, errs.New(errs.Invalid, op, "the uid of a version must follow its preceding_version_uid, or begin a branch at it (n.b.1)")
	}
	return uid, nil
}

// newStatus checks that an EHR_STATUS follows the latest one.
func (p *changeSet) newStatus(ctx context.Context, what operation, preceding VersionUID, root *rm.Node) error {
	const op = "ehr.CommitContribution"
	if what == creating {
		return errs.New(errs.Conflict, op, "the EHR has its EHR_STATUS: a contribution can only modify it")
	}
	if last, ok := p.pending.last[preceding.Object]; ok {
		if !preceding.Equal(last.UID) {
			return errs.New(errs.Invalid, op, "the versions of the EHR_STATUS in a contribution must follow each other")
		}
	} else {
		e, err := p.s.cfg.Store.EHR(ctx, p.ehrID)
		if err != nil {
			return err
		}
		if !preceding.Equal(e.StatusUID) {
			return notLatest(op, e.StatusUID)
		}
	}
	p.status = statusFields(root)
	return nil
}

// inVersion says which version of a contribution is wrong.
func inVersion(err error, i int, member string) error {
	e := errs.As(err)
	if e == nil || e.Kind == errs.Internal {
		return err
	}
	out := *e
	out.Msg = "versions[" + strconv.Itoa(i) + "]: " + e.Msg
	if list, ok := e.Detail.([]rm.Problem); ok {
		at := make([]rm.Problem, len(list))
		for k, p := range list {
			at[k] = moved(p, i, member)
		}
		out.Detail = at
	}
	return &out
}

// moved is a problem of a version's content as one of the contribution.
func moved(p rm.Problem, i int, member string) rm.Problem {
	prefix := "/versions[" + strconv.Itoa(i) + "]" + member
	if p.Path == "/" {
		p.Path = ""
	}
	p.Path = prefix + p.Path
	return p
}

// references checks what the versions refer to.
func (p *changeSet) references(ctx context.Context, versions []NewVersion) ([][]rm.Problem, error) {
	if p.ehrID == Demographics {
		return p.s.checkReferences(ctx, versions)
	}
	return p.s.checkLinks(ctx, p.ehrID, versions)
}
