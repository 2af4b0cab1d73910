package ehr

import (
	"context"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// imported makes the IMPORTED_VERSION of an ORIGINAL_VERSION that another system
// created (RM common, Copying). The item is kept as it came; its content must be
// as valid as any other, because it is queried and projected like any other.
func (p *changeSet) imported(ctx context.Context, in *Change) (NewVersion, error) {
	const op = "ehr.CommitContribution"
	item, warnings, err := p.s.decode(op, in.Import, rm.ClassOriginalVersion, 0)
	if err != nil {
		return NewVersion{}, err
	}
	p.warnings = warnings
	data := item.Get("data")
	envelope := item.With("data")
	if err := refuse(errs.Unprocessable, op, "the item is not a valid ORIGINAL_VERSION", rm.CheckInvariants(envelope, rm.CheckOptions{})); err != nil {
		return NewVersion{}, err
	}
	uid, err := ParseVersionUID(item.String("uid", "value"))
	if err != nil {
		return NewVersion{}, err
	}
	var preceding VersionUID
	if s := item.String("preceding_version_uid", "value"); s != "" {
		if preceding, err = ParseVersionUID(s); err != nil {
			return NewVersion{}, err
		}
		if preceding.Object != uid.Object {
			return NewVersion{}, errs.New(errs.Invalid, op, "the item's preceding_version_uid names another object than its uid")
		}
	}
	lifecycle, ok := codeOf(item.Get("lifecycle_state"))
	if !ok {
		return NewVersion{}, errs.New(errs.Invalid, op, "the item's lifecycle_state is not a code of the openehr terminology")
	}
	if (lifecycle == LifecycleDeleted) != (data == nil) {
		return NewVersion{}, errs.New(errs.Invalid, op, "an item without data must be a deletion (lifecycle_state 523), and a deletion has no data")
	}
	in.Audit.LifecycleState = 0
	audit, err := p.audit(importing, in.Audit)
	if err != nil {
		return NewVersion{}, err
	}
	audit.lifecycle = lifecycle

	if data == nil {
		kind, err := p.deletable(ctx, uid)
		if err != nil {
			return NewVersion{}, err
		}
		if err := p.s.decide(ctx, p.who, ActionDelete, target(p.ehrID, kind.String())); err != nil {
			return NewVersion{}, err
		}
		v := p.s.version(uid, preceding, kind, audit, nil)
		v.Item = rm.AppendJSON(nil, envelope)
		return v, nil
	}
	kind, err := p.kind(data)
	if err != nil {
		return NewVersion{}, err
	}
	if kind == KindEHRStatus {
		return NewVersion{}, errs.New(errs.Unprocessable, op, "an EHR_STATUS cannot be imported: an EHR has its own")
	}
	on := target(p.ehrID, data.Class.Name)
	on.TemplateID = data.String("archetype_details", "template_id", "value")
	if err := p.s.decide(ctx, p.who, ActionCreate, on); err != nil {
		return NewVersion{}, err
	}
	if err := belongsTo(op, data, uid.Object); err != nil {
		return NewVersion{}, err
	}
	p.member = "/item/data"
	template, more, err := p.s.validate(ctx, op, data, on.TemplateID, lifecycle)
	if err != nil {
		return NewVersion{}, err
	}
	p.warnings = append(p.warnings, more...)
	v := p.s.version(uid, preceding, kind, audit, data)
	if data.String("uid", "value") != uid.String() {
		// Content is always read with the uid of its version; what stood in its
		// place is part of the item.
		envelope = envelope.With("data", rm.Object(data.Class.Name).With("uid", data.List("uid")...))
	}
	v.Item = rm.AppendJSON(nil, envelope)
	if kind != KindFolder {
		v.Template = template
	}
	if kind == KindComposition {
		v.Category, v.StartTime = category(data), startTime(data)
	}
	return v, nil
}

// ImportedItem is the ORIGINAL_VERSION of an imported version as it came.
func (r VersionRecord) ImportedItem() (*rm.Node, error) {
	item, err := rm.DecodeStored(r.Meta.Item, rm.ClassOriginalVersion)
	if err != nil || r.Deleted {
		return item, err
	}
	data, err := rm.DecodeStored(r.Raw, rm.ClassLocatable)
	if err != nil {
		return nil, err
	}
	if stub := item.Get("data"); stub != nil {
		data = data.With("uid", stub.List("uid")...)
	}
	return item.With("data", data), nil
}
