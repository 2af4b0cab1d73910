package ehr

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// attest makes the attestations of a version that was committed before (RM
// common, generic: Attestation). The change's own audit is one of them if it is
// an ATTESTATION; it gives them their committer if they name none.
func (p *changeSet) attest(ctx context.Context, c *Contribution, in *Change) error {
	const op = "ehr.CommitContribution"
	uid := in.Preceding
	switch {
	case uid.IsZero():
		uid = in.UID
	case !in.UID.IsZero() && !in.UID.Equal(uid):
		return errs.New(errs.Invalid, op, "an attestation names one version: uid and preceding_version_uid differ")
	}
	list := in.Attestations
	if in.Audit.Attestation != nil {
		list = append([]AuditInput{in.Audit}, list...)
	}
	switch {
	case uid.IsZero():
		return errs.New(errs.Invalid, op, "an attestation needs the uid of the version attested (uid or preceding_version_uid)")
	case len(list) == 0:
		return errs.New(errs.Invalid, op, "a change of type 666 attestation needs attestations, or a commit_audit that is one")
	case in.Signature != "":
		return errs.New(errs.Invalid, op, "an attestation cannot change the signature of a version; it has its own proof")
	case len(in.OtherInputs) > 0:
		return errs.New(errs.Invalid, op, "an attestation makes no version that could have other_input_version_uids")
	}
	kind, err := p.kindOf(ctx, uid.Object)
	if err != nil {
		return err
	}
	if err := p.s.decide(ctx, p.who, ActionUpdate, target(p.ehrID, kind.String())); err != nil {
		return err
	}
	if in.Content.JSON != nil || in.Content.Root != nil {
		if err := p.unchanged(ctx, kind, uid, in.Content); err != nil {
			return err
		}
	}
	for i := range list {
		if list[i].Committer == nil {
			list[i].Committer = in.Audit.Committer
		}
		a, err := p.attestation(list[i])
		if err != nil {
			return inAttestation(err, i)
		}
		a.Version = uid
		c.Attestations = append(c.Attestations, a)
	}
	p.attested = append(p.attested, ContributionVersion{uid, kind})
	return nil
}

// unchanged refuses content that is not what the attested version has: it would
// be lost, and something else would be signed than what the client has shown.
func (p *changeSet) unchanged(ctx context.Context, kind Kind, uid VersionUID, content Content) error {
	const op = "ehr.CommitContribution"
	var raw []byte
	var lifecycle int
	if v, ok := p.pending.made[versionKey(uid)]; ok {
		uid, raw, lifecycle = v.UID, v.Raw, v.LifecycleState
	} else {
		rec, err := p.s.cfg.Store.Version(ctx, p.ehrID, kind, selectVersion(uid))
		if err != nil {
			return err
		}
		uid, raw, lifecycle = rec.UID, rec.Raw, rec.Meta.LifecycleState
	}
	root, _, err := p.s.decode(op, content, rm.ClassLocatable, lifecycle)
	if err != nil {
		return err
	}
	same := root.With("uid", rm.ID("OBJECT_VERSION_ID", uid.String()))
	if !bytes.Equal(rm.AppendJSON(nil, same), raw) {
		return errs.New(errs.Unprocessable, op, "an attestation changes no content: the data differs from that of the version attested")
	}
	return nil
}

// attestationTypes are the change types of an ATTESTATION in a version's list.
var attestationTypes = slices.Concat([]int{ChangeAttestation}, changeTypes[creating], changeTypes[updating])

// attestation completes one with what the server knows. Its committer is the
// attesting party, or else that of the set.
func (p *changeSet) attestation(in AuditInput) (NewAttestation, error) {
	const op = "ehr.attestation"
	a := NewAttestation{ChangeType: in.ChangeType}
	if a.ChangeType == 0 {
		a.ChangeType = ChangeAttestation
	}
	if !slices.Contains(attestationTypes, a.ChangeType) {
		return a, errs.New(errs.Invalid, op, "the change type is not one of an attestation, which is 666")
	}
	if in.Attestation == nil {
		return a, errs.New(errs.Invalid, op, "an attestation needs reason and is_pending")
	}
	named := in.Committer != nil
	var err error
	if a.Committer, a.Description, err = p.s.party(p.who, in); err != nil {
		return a, err
	}
	if !named {
		a.Committer = p.set.committer
	}
	a.More, err = moreOf(in.Attestation)
	return a, err
}

// moreOf checks what an ATTESTATION has beyond AUDIT_DETAILS and writes it.
func moreOf(in *AttestationInput) ([]byte, error) {
	const op = "ehr.attestation"
	if in.Reason == nil || !in.Reason.Is("DV_TEXT") {
		return nil, errs.New(errs.Invalid, op, "an attestation needs a reason, a DV_TEXT")
	}
	if in.AttestedView != nil && !in.AttestedView.Is("DV_MULTIMEDIA") {
		return nil, errs.New(errs.Invalid, op, "the attested_view must be a DV_MULTIMEDIA")
	}
	for _, item := range in.Items {
		if !item.Is("DV_EHR_URI") {
			return nil, errs.New(errs.Invalid, op, "the items of an attestation must be DV_EHR_URIs")
		}
	}
	n := rm.Object("ATTESTATION",
		rm.Child("attested_view", in.AttestedView),
		rm.Str("proof", in.Proof),
		rm.Child("items", in.Items...),
		rm.Child("reason", in.Reason),
		rm.Bool("is_pending", in.IsPending))
	// What it lacks as an AUDIT_DETAILS is in columns of its own.
	if err := refuse(errs.Unprocessable, op, "the attestation is not valid", validate.All(nil, n, validate.Options{Incomplete: true})); err != nil {
		return nil, err
	}
	return rm.AppendJSON(nil, n), nil
}

// envelope fills in what a version has around its content.
func (p *changeSet) envelope(v *NewVersion, in *Change) error {
	const op = "ehr.CommitContribution"
	v.Signature = in.Signature
	var err error
	if in.Audit.Attestation != nil {
		if v.AuditAttestation, err = moreOf(in.Audit.Attestation); err != nil {
			return err
		}
	}
	if v.Item != nil {
		if len(in.Attestations) > 0 {
			return errs.New(errs.Invalid, op, "an IMPORTED_VERSION has no attestations of its own: they are its item's")
		}
		return nil
	}
	for i := range in.Attestations {
		a, err := p.attestation(in.Attestations[i])
		if err != nil {
			return inAttestation(err, i)
		}
		v.Attestations = append(v.Attestations, a)
	}
	for _, s := range in.OtherInputs {
		id, err := rm.ParseObjectVersionID(s)
		if err != nil {
			return errs.New(errs.Invalid, op, "other_input_version_uids must be version uids (object_id::creating_system_id::version_tree_id)")
		}
		if rm.EqualID(id.String(), v.UID.String()) || rm.EqualID(id.String(), v.Preceding.String()) {
			return errs.New(errs.Invalid, op, "other_input_version_uids must be other versions than the new one and the preceding one")
		}
	}
	v.OtherInputs = in.OtherInputs
	return nil
}

// inAttestation says which attestation of a version is wrong.
func inAttestation(err error, i int) error {
	e := errs.As(err)
	if e == nil || e.Kind == errs.Internal {
		return err
	}
	out := *e
	out.Msg = "attestations[" + strconv.Itoa(i) + "]: " + e.Msg
	return &out
}

// codeOf is the code of a coded text of the openEHR terminology.
func codeOf(n *rm.Node) (int, bool) {
	code, err := strconv.Atoi(n.String("defining_code", "code_string"))
	return code, err == nil && n.String("defining_code", "terminology_id", "value") == "openehr"
}
