package ehr

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// pending are the versions that a contribution has made so far. Those after them
// may follow them, delete their objects and attest them.
type pending struct {
	// made are all of them by versionKey, last the one of each object that it will
	// be; preceding says whom a version has followed.
	made      map[string]*NewVersion
	last      map[uuid.UUID]*NewVersion
	preceding map[string]bool
}

// versionKey is the same for equal version uids.
func versionKey(uid VersionUID) string { return strings.ToLower(uid.String()) }

// add takes in a version: once, and not after one that follows it.
func (p *pending) add(v *NewVersion) error {
	const op = "ehr.CommitContribution"
	key := versionKey(v.UID)
	if p.made[key] != nil {
		return errs.New(errs.Invalid, op, "a contribution may have a version only once: another one of it has the same uid")
	}
	if p.preceding[key] {
		return errs.New(errs.Invalid, op, "the version must stand before those of the contribution that follow it")
	}
	if p.made == nil {
		p.made, p.last, p.preceding = map[string]*NewVersion{}, map[uuid.UUID]*NewVersion{}, map[string]bool{}
	}
	made := *v
	p.made[key] = &made
	if !v.Preceding.IsZero() {
		p.preceding[versionKey(v.Preceding)] = true
	}
	keepLast(p.last, &made)
	return nil
}

// lastVersions are, of the versions of a contribution, the one that each object
// will be. Branches do not change what an object is.
func lastVersions(versions []NewVersion) map[uuid.UUID]*NewVersion {
	out := make(map[uuid.UUID]*NewVersion, len(versions))
	for i := range versions {
		keepLast(out, &versions[i])
	}
	return out
}

func keepLast(of map[uuid.UUID]*NewVersion, v *NewVersion) {
	if last := of[v.UID.Object]; !v.UID.IsBranch() && (last == nil || v.UID.Trunk > last.UID.Trunk) {
		of[v.UID.Object] = v
	}
}

// deletable finds the kind of an object that is to be deleted.
func (p *changeSet) deletable(ctx context.Context, uid VersionUID) (Kind, error) {
	kind, err := p.kindOf(ctx, uid.Object)
	if err == nil && kind == KindEHRStatus {
		return 0, errs.New(errs.Invalid, "ehr.CommitContribution", "an EHR_STATUS cannot be deleted")
	}
	return kind, err
}

// kindOf finds the kind of an object.
func (p *changeSet) kindOf(ctx context.Context, object uuid.UUID) (Kind, error) {
	if v := p.pending.last[object]; v != nil {
		return v.Kind, nil
	}
	if p.ehrID == Demographics {
		return p.s.partyKind(ctx, object)
	}
	var err error
	for _, kind := range []Kind{KindComposition, KindFolder, KindEHRStatus} {
		if _, err = p.s.cfg.Store.Version(ctx, p.ehrID, kind, VersionSelector{Object: object}); !errs.Is(err, errs.NotFound) {
			return kind, err
		}
	}
	return 0, err
}
