package ehr

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	adl "github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// ADL2Info describes a stored ADL 2 template. Its id has the version in it, so
// that each version is a template of its own.
type ADL2Info struct {
	// TemplateID is the id with its version, Name the id up to the version.
	TemplateID, Name, Version string
	// Concept is the text of the root, ArchetypeID what the template
	// specialises, or its own id if that is nothing.
	Concept, ArchetypeID string
	Language, Lifecycle  string
	UID                  string
	Created              time.Time
}

// ADL2Template is a stored ADL 2 template with its text as it was uploaded.
type ADL2Template struct {
	ADL2Info
	ADL []byte
}

// PutADL2 stores an ADL 2 operational template. Its text is kept, and its
// metadata read; it is not compiled. A version, if given, must be that of its
// id. Invalid if it cannot be read, Conflict if its id is taken.
func (s *Service) PutADL2(ctx context.Context, who Actor, text []byte, version string) (ADL2Info, error) {
	const op = "ehr.PutADL2"
	if err := s.decide(ctx, who, ActionDefine, Target{Class: "TEMPLATE"}); err != nil {
		return ADL2Info{}, err
	}
	if len(text) > s.cfg.Limits.TemplateBytes {
		return ADL2Info{}, errs.New(errs.TooLarge, op, "the template is too large")
	}
	a, err := adl.ParseADL2(string(text))
	if err != nil {
		if se := (*adl.SyntaxError)(nil); errors.As(err, &se) {
			return ADL2Info{}, errs.Wrap(errs.Invalid, op, "the template is not valid ADL 2: "+se.Error(), err)
		}
		return ADL2Info{}, errs.Wrap(errs.Internal, op, "", err)
	}
	switch {
	case a.Kind != "operational_template":
		return ADL2Info{}, errs.New(errs.Invalid, op, "the text is of kind "+a.Kind+"; only an operational_template can be stored")
	case !a.ID.Full():
		return ADL2Info{}, errs.New(errs.Invalid, op, "the id "+a.ID.String()+" needs a version of three numbers")
	case version != "" && strings.TrimPrefix(version, "v") != a.ID.Version:
		return ADL2Info{}, errs.New(errs.Invalid, op, "the version asked for is not that of the id "+a.ID.String())
	}
	t := ADL2Template{ADL2Info: ADL2Info{
		TemplateID: a.ID.String(), Name: a.ID.Name, Version: a.ID.Version, Concept: a.Concept, ArchetypeID: a.Parent,
		Language: a.OriginalLanguage.Code, UID: a.UID,
	}, ADL: bytes.Clone(text)}
	if t.ArchetypeID == "" {
		t.ArchetypeID = t.TemplateID
	}
	if a.Description != nil {
		t.Lifecycle = a.Description.LifecycleState
	}
	return s.cfg.Store.InsertADL2(ctx, t, who.ID)
}

// ADL2Templates lists the stored ADL 2 templates by id.
func (s *Service) ADL2Templates(ctx context.Context, who Actor) ([]ADL2Info, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE"}); err != nil {
		return nil, err
	}
	return s.cfg.Store.ADL2Templates(ctx, "")
}

// ADL2Template reads the ADL 2 template of an id, whose version may be left out
// or be a part: that stands for the latest such version, a pre-release only if
// there is nothing else. A version, whole or a part, may be given beside the id,
// and then the id is taken without its own, unless the two contradict.
func (s *Service) ADL2Template(ctx context.Context, who Actor, id, version string) (ADL2Template, error) {
	const op = "ehr.ADL2Template"
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return ADL2Template{}, err
	}
	want, err := adl.ParseADL2ID(id)
	if err != nil {
		return ADL2Template{}, errs.Wrap(errs.NotFound, op, "no such template", err)
	}
	if version != "" {
		version = strings.TrimPrefix(version, "v")
		if !adl.ValidADL2Version(version) {
			return ADL2Template{}, errs.New(errs.Invalid, op, "the version must be one to three numbers, such as 1.0.2")
		}
		if want.Version != "" && !partOf(want.Version, version) && !partOf(version, want.Version) {
			return ADL2Template{}, errs.New(errs.NotFound, op, "no such version of the template")
		}
		if !partOf(version, want.Version) || want.Version == "" {
			want.Version = version
		}
	}
	all, err := s.cfg.Store.ADL2Templates(ctx, want.Name)
	if err != nil {
		return ADL2Template{}, err
	}
	var found *ADL2Info
	for i := range all {
		t := &all[i]
		if partOf(want.Version, t.Version) && (found == nil || newer(t.Version, found.Version)) {
			found = t
		}
	}
	if found == nil {
		return ADL2Template{}, errs.New(errs.NotFound, op, "no such template")
	}
	return s.cfg.Store.ADL2(ctx, found.TemplateID)
}

// partOf reports whether a version that may be cut short stands for another.
func partOf(part, version string) bool {
	if part == "" || part == version {
		return true
	}
	rest, ok := strings.CutPrefix(version, part)
	return ok && (rest[0] == '.' || rest[0] == '-' && strings.Count(part, ".") == 2) && !strings.Contains(part, "-")
}

// newer prefers releases, then the higher version.
func newer(a, b string) bool {
	if x, y := strings.Contains(a, "-"), strings.Contains(b, "-"); x != y {
		return y
	}
	return adl.CompareADL2Versions(a, b) > 0
}

// onlyADL2 reports whether a template that is not stored as ADL 1.4 is stored as
// ADL 2: by its id, or one that is cut short.
func (s *Service) onlyADL2(ctx context.Context, id string) (bool, error) {
	parsed, err := adl.ParseADL2ID(id)
	if err != nil {
		return false, nil
	}
	all, err := s.cfg.Store.ADL2Templates(ctx, parsed.Name)
	if err != nil {
		return false, err
	}
	for _, t := range all {
		if partOf(parsed.Version, t.Version) {
			return true, nil
		}
	}
	return false, nil
}
