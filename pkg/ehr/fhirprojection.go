package ehr

import (
	"strconv"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// fhirProjection projects versions by FHIR Connect mappings.
type fhirProjection struct {
	library *fhirmap.Library
	version string
}

// FHIRProjection is the projection of compositions and EHR_STATUS into FHIR
// resources by a library of mappings. The version identifies the library's
// state.
func FHIRProjection(library *fhirmap.Library, version string) Projection {
	return fhirProjection{library, version}
}

func (p fhirProjection) Name() string    { return "fhir" }
func (p fhirProjection) Version() string { return p.version }

// Project runs the mappings. A deletion, and an object of another class than
// the mappings know, give nothing.
func (p fhirProjection) Project(in ProjectionInput) Projected {
	if in.Root == nil || in.Kind != KindComposition && in.Kind != KindEHRStatus {
		return Projected{}
	}
	result, err := p.library.Project(fhirmap.Input{
		Root: in.Root, EHRID: in.EHRID, Subject: in.subject(),
		ObjectID: in.ObjectID, VersionUID: in.VersionUID, SystemID: in.SystemID,
		Lifecycle: strconv.Itoa(in.LifecycleState),
	})
	if err != nil {
		// Nothing was projected, and a reader is told so.
		return Projected{Losses: []Loss{{Kind: string(fhirmap.LossUnmapped), Code: "not-projectable", Path: "/",
			Message: "the object cannot be projected"}}}
	}
	out := Projected{Types: result.Types}
	if len(result.Resources) > 0 {
		out.Resources = make([]Resource, len(result.Resources))
	}
	for i, r := range result.Resources {
		search := make([]SearchValue, len(r.Search))
		for k, v := range r.Search {
			search[k] = SearchValue{Param: v.Param, System: v.System, Code: v.Code, String: v.Text,
				Low: v.Low, High: v.High, Number: v.Number}
		}
		out.Resources[i] = Resource{Type: r.Type, ID: r.ID, JSON: r.JSON, Profiles: r.Profiles,
			Mapping: r.Mapping, MappingVersion: r.MappingVersion, Search: search}
	}
	if len(result.Losses) > 0 {
		out.Losses = make([]Loss, len(result.Losses))
	}
	for i, l := range result.Losses {
		out.Losses[i] = Loss{Kind: string(l.Kind), Code: l.Code, Type: l.Type, Archetype: l.Archetype,
			Mapping: l.Mapping, Path: l.Path, Target: l.Target, Message: l.Message}
	}
	return out
}

// subject is EHR_STATUS.subject as the EHR's row has it.
func (in ProjectionInput) subject() *rm.Node {
	if in.Kind == KindEHRStatus {
		return in.Root.Get("subject")
	}
	if in.SubjectID == "" {
		return rm.Object("PARTY_SELF")
	}
	return rm.Object("PARTY_SELF", rm.Child("external_ref", rm.Object("PARTY_REF",
		rm.Str("namespace", in.SubjectNamespace), rm.Str("type", in.SubjectType),
		rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", in.SubjectID))))))
}
