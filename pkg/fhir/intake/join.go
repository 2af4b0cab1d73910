package intake

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// JoinElements are the elements of a type whose references lead to resources of
// other compositions, to which LINKs are made.
func (i *Intake) JoinElements(typ string) []string { return i.cfg.Mappings.JoinElements(typ) }

// linkURI names a place in a COMPOSITION (Architecture overview, "EHR URIs").
func linkURI(record, object uuid.UUID, path string) string {
	return "ehr:/" + record.String() + "/compositions/" + object.String() + path
}

// Join is how others refer to what a prepared resource becomes: to itself, or with
// a url to one that came with it. false if a LINK to it could not be told from one
// to another resource. The composition gets the id of its versioned object now.
func (p *Prepared) Join(url string) (fhirmap.Join, bool) {
	typ, place := p.Type, p.composed.Place
	if url != "" {
		l, there := p.composed.Linked[url]
		if !there {
			return fhirmap.Join{}, false
		}
		typ, place = p.linkedTypes[url], l.Place
	}
	if !place.Certain {
		return fhirmap.Join{}, false
	}
	if p.object == uuid.Nil {
		p.object = uuid.New()
	}
	return fhirmap.Join{Type: typ, Target: linkURI(p.EHRID, p.object, place.Path)}, true
}

// Locate is how others refer to a resource that is stored, made of a version in
// the record of a patient. errs.NotFound if it is not made of the latest version
// of a composition there, or a LINK to it could not be told from one to another.
func (i *Intake) Locate(ctx context.Context, who ehr.Actor, record uuid.UUID, typ, id, source string) (fhirmap.Join, error) {
	const op = "intake.Locate"
	uid, err := ehr.ParseVersionUID(source)
	if err != nil {
		return fhirmap.Join{}, errs.New(errs.NotFound, op, "the resource is not made of a composition")
	}
	rec, err := i.cfg.Records.Composition(ctx, who, record, uid.Object, time.Time{})
	if err != nil {
		return fhirmap.Join{}, err
	}
	root, problems := rm.DecodeJSON(rec.Raw, rm.ClassComposition, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(rec.Raw)}})
	if rm.HasErrors(problems) {
		return fhirmap.Join{}, errs.New(errs.Internal, op, "a stored composition cannot be read")
	}
	place, there, err := i.cfg.Mappings.PlaceOf(fhirmap.Input{
		Root: root, EHRID: record.String(), ObjectID: uid.Object.String(), VersionUID: rec.UID.String(),
		SystemID: rec.Meta.Audit.SystemID, Lifecycle: strconv.Itoa(rec.Meta.LifecycleState),
	}, typ, id)
	if err != nil {
		return fhirmap.Join{}, err
	}
	if !there || !place.Certain {
		return fhirmap.Join{}, errs.New(errs.NotFound, op, "what the resource is made of cannot be linked to")
	}
	return fhirmap.Join{Type: typ, Target: linkURI(record, uid.Object, place.Path)}, nil
}
