package server

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// fhirProjection makes FHIR resources of versions by the mapping library.
type fhirProjection struct {
	lib     *fhirmap.Library
	version string
	labels  func(template string) string // nil: all have the same
	apart   bool                         // each object may have labels of its own
	// gathered are the archetypes of ACTIONs of which all those of a workflow make
	// one resource.
	gathered []string
	log      *slog.Logger
}

// library compiles the mappings.
func (o Projecting) library() (*fhirmap.Library, error) {
	const op = "server.Start"
	switch {
	case len(o.FHIRMappings) == 0 && o.FHIRMappingsOnly:
		return nil, errs.New(errs.Invalid, op, "--fhir-mappings-only needs --fhir-mappings")
	case len(o.FHIRMappings) == 0:
		return fhirmap.LoadShipped()
	}
	lib, problems, err := fhirmap.CompilePaths(o.FHIRMappings, !o.FHIRMappingsOnly)
	if err == nil && len(problems) > 0 {
		err = problems
	}
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the mappings of --fhir-mappings cannot be used", err)
	}
	return lib, nil
}

// loadMappings compiles the mapping files. Where templates have labels of their own,
// what is made of several compositions depends on them, and the version says so
// after a hyphen. Where labels depend on content or tags, nothing is made of several
// compositions.
func loadMappings(log *slog.Logger, o Projecting) (*fhirProjection, error) {
	labels, err := o.labels()
	if err != nil {
		return nil, err
	}
	lib, err := o.library()
	if err != nil {
		return nil, err
	}
	digest := lib.Digest()
	p := &fhirProjection{lib: lib, version: hex.EncodeToString(digest[:6]), log: log, gathered: lib.Gathered()}
	if p.apart = labels.ByContent(); p.apart {
		p.version += "-apart"
		return p, nil
	}
	if len(labels.Templates) == 0 {
		return p, nil
	}
	p.labels = func(template string) string {
		list := slices.Clone(labels.Of(template))
		slices.SortFunc(list, func(a, b fhir.Label) int { return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code)) })
		return fmt.Sprintf("%q", list)
	}
	h := sha256.New()
	for _, id := range append([]string{""}, slices.Sorted(maps.Keys(labels.Templates))...) {
		fmt.Fprintf(h, "%q %s\n", id, p.labels(id))
	}
	p.version += "-" + hex.EncodeToString(h.Sum(nil)[:6])
	return p, nil
}

// Gathered are the archetypes of the ACTIONs that are gathered. See ehr.Gatherer.
func (p *fhirProjection) Gathered() []string { return p.gathered }

// Name and Version identify the set of mappings that made a resource.
func (p *fhirProjection) Name() string    { return "fhir" }
func (p *fhirProjection) Version() string { return p.version }

// Project runs the mappings over one version. A fault of the engine is a loss
// of everything in the version, and is logged without any of its content.
func (p *fhirProjection) Project(in ehr.ProjectionInput) ehr.Projected {
	// EHR_ACCESS and the directory have no counterpart among the resources.
	if in.Root == nil || (in.Kind != ehr.KindComposition && in.Kind != ehr.KindEHRStatus && !in.Kind.Shown()) {
		return ehr.Projected{}
	}
	res, err := p.lib.Project(fhirmap.Input{
		Root: in.Root, EHRID: in.EHRID, Subject: func() *rm.Node { return subject(in) },
		ObjectID: in.ObjectID, VersionUID: in.VersionUID, SystemID: in.SystemID,
		Lifecycle: strconv.Itoa(in.LifecycleState), Workflow: workflow(in.Workflow),
		Person: in.Person, Roles: in.Roles, Resolve: registered(in), Link: p.linked(in),
		Related: related(in.Related), Crowded: in.Crowded, Labels: p.labels, Apart: p.apart,
	})
	if err != nil {
		p.log.Error("a version could not be projected to FHIR", "version_uid", in.VersionUID, "error", err)
		return ehr.Projected{Losses: []ehr.Loss{{
			Kind: string(fhirmap.LossRefused), Code: "projection-failed", Path: "/",
			Message: "the version could not be projected; nothing of it appears in FHIR",
		}}}
	}
	out := ehr.Projected{Types: res.Types, Resources: make([]ehr.Resource, 0, len(res.Resources))}
	for i := range res.Resources {
		r := &res.Resources[i]
		e := ehr.Resource{
			Type: r.Type, ID: r.ID, JSON: r.JSON, Profiles: r.Profiles,
			Mapping: r.Mapping, MappingVersion: r.MappingVersion, Search: r.Search, Mould: r.Mould, Own: r.Own,
		}
		out.Resources = append(out.Resources, e)
	}
	for _, l := range res.Losses {
		out.Losses = append(out.Losses, ehr.Loss{
			Kind: string(l.Kind), Code: l.Code, Type: l.Type, Archetype: l.Archetype,
			Mapping: l.Mapping, Path: l.Path, Target: l.Target, Message: l.Message,
		})
	}
	return out
}

// workflow is what ACTIONs say as mappings see it.
func workflow(list []ehr.WorkflowAction) []fhirmap.WorkflowAction {
	out := make([]fhirmap.WorkflowAction, 0, len(list))
	for _, a := range list {
		object, _, _ := strings.Cut(a.Instruction, "::")
		out = append(out, fhirmap.WorkflowAction{
			Lifecycle: strconv.Itoa(a.Lifecycle), Archetype: a.Archetype, State: a.State, Step: a.Step, Time: a.Time,
			Object: object, Version: a.Instruction, Path: a.InstructionPath, Activity: a.Activity, Workflow: a.Workflow,
		})
	}
	return out
}

// related are other compositions as mappings see them.
func related(list []ehr.Related) []fhirmap.Related {
	out := make([]fhirmap.Related, 0, len(list))
	for _, r := range list {
		out = append(out, fhirmap.Related{Root: r.Root, ObjectID: r.ObjectID, VersionUID: r.VersionUID, Lifecycle: strconv.Itoa(r.LifecycleState), Earlier: r.Earlier})
	}
	return out
}

// registered finds the resources of parties that are registered here.
func registered(in ehr.ProjectionInput) func(*rm.Node) string {
	if in.Resource == nil {
		return nil
	}
	return func(ref *rm.Node) string {
		id, ok := ehr.PartyOf(ref, in.SystemID)
		if !ok {
			return ""
		}
		typ := in.Resource(id)
		if !slices.Contains(virtual.ShownAs(ref.String("type")), typ) {
			return ""
		}
		return typ
	}
}

// maxLinks bounds how many LINKs of one version are followed.
const maxLinks = 16

// linked finds what LINKs lead to: the resources that the same mappings make of the
// latest version of the target, or of a node in it.
func (p *fhirProjection) linked(in ehr.ProjectionInput) func(string) fhirmap.LinkTarget {
	record, err := uuid.Parse(in.EHRID)
	if in.Linked == nil || err != nil {
		return nil
	}
	known := map[string]fhirmap.LinkTarget{}
	return func(uri string) fhirmap.LinkTarget {
		out, ok := known[uri]
		if !ok && len(known) >= maxLinks {
			return fhirmap.LinkTarget{Reason: fhirmap.LinkTooMany}
		}
		if !ok {
			out = p.target(in, record, uri)
			known[uri] = out
		}
		return out
	}
}

func (p *fhirProjection) target(in ehr.ProjectionInput, record uuid.UUID, uri string) fhirmap.LinkTarget {
	because := func(r fhirmap.LinkReason) fhirmap.LinkTarget { return fhirmap.LinkTarget{Reason: r} }
	to, ok := ehr.ParseEHRURI(uri, record, in.SystemID)
	if !ok {
		return because(fhirmap.LinkElsewhere)
	}
	t := ehr.LinkTarget{Root: in.Root, SystemID: in.SystemID, LifecycleState: in.LifecycleState}
	uid, trunk := in.VersionUID, in.Trunk
	if to.Object.String() != in.ObjectID {
		t = in.Linked(to.Object)
		uid, trunk = t.UID.String(), t.UID.Trunk
	}
	switch {
	case t.Root == nil:
		return because(fhirmap.LinkMissing)
	case t.Waiting:
		return because(fhirmap.LinkWaiting)
	}
	earlier := to.Trunk != 0 && to.Trunk != trunk
	if earlier && positional(to.Path) {
		return because(fhirmap.LinkPath) // a position is one in the version that was referred to
	}
	out, err := p.lib.ShownAt(fhirmap.Input{
		Root: t.Root, EHRID: in.EHRID, Subject: func() *rm.Node { return subject(in) }, ObjectID: to.Object.String(), VersionUID: uid, SystemID: t.SystemID,
		Lifecycle: strconv.Itoa(t.LifecycleState), Workflow: workflow(in.Workflow),
	}, to.Path)
	if err != nil {
		p.log.Error("what a version refers to could not be projected to FHIR", "version_uid", uid, "error", err)
		return because(fhirmap.LinkNotShown)
	}
	if earlier && out.Reason == "" {
		out.Reason = fhirmap.LinkVersion
	}
	return out
}

// positional reports whether a path tells members of lists apart by their
// positions.
func positional(path string) bool {
	p, err := rm.ParsePath(path)
	return err == nil && slices.ContainsFunc(p.Steps, func(s rm.Step) bool { return s.HasIndex })
}

// subject is the EHR's PARTY_SELF as mappings see it.
func subject(in ehr.ProjectionInput) *rm.Node {
	if in.Kind == ehr.KindEHRStatus {
		return in.Root.Get("subject")
	}
	if in.SubjectID == "" {
		return nil
	}
	return rm.Object("PARTY_SELF", rm.Child("external_ref", rm.Object("PARTY_REF",
		rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", in.SubjectID), rm.Str("scheme", "id"))),
		rm.Str("namespace", in.SubjectNamespace), rm.Str("type", in.SubjectType))))
}
