package local

import (
	"context"
	"maps"
	"slices"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// conceptMap is a loaded concept map.
type conceptMap struct {
	url, version   string
	source, target string // value sets; often ""
	groups         []mapGroup
}

type mapGroup struct {
	source, target string
	elements       map[string][]terminology.Translation
	displays       map[string]string // of the sources
	// known are codes that the map speaks of, even if only to say that there is
	// nothing equivalent.
	known map[string]bool
	// provided keeps a code that the map does not speak of; fixed is the code
	// for all such.
	provided bool
	fixed    *terminology.Code
}

func newConceptMap(doc *fhirConceptMap) *conceptMap {
	m := &conceptMap{url: doc.URL, version: doc.Version, source: doc.SourceURI + doc.SourceCanonical, target: doc.TargetURI + doc.TargetCanonical}
	for _, g := range doc.Group {
		out := mapGroup{source: g.Source, target: g.Target, elements: map[string][]terminology.Translation{}, displays: map[string]string{}, known: map[string]bool{}}
		for _, e := range g.Element {
			out.known[e.Code] = true
			if e.Display != "" {
				out.displays[e.Code] = e.Display
			}
			for _, t := range e.Target {
				to := terminology.Code{System: g.Target, Version: g.TargetVersion, Code: t.Code, Display: t.Display}
				out.elements[e.Code] = append(out.elements[e.Code], terminology.Translation{Code: to, Equivalence: t.Equivalence})
			}
		}
		if u := g.Unmapped; u != nil {
			switch u.Mode {
			case "provided":
				out.provided = true
			case "fixed":
				out.fixed = &terminology.Code{System: g.Target, Version: g.TargetVersion, Code: u.Code, Display: u.Disp}
			}
		}
		m.groups = append(m.groups, out)
	}
	return m
}

// Translate implements terminology.Service. The reference is the URL of a
// concept map, or parameters source and target that name value sets.
func (s *Set) Translate(ctx context.Context, reference string, code terminology.Code) ([]terminology.Code, error) {
	all, err := s.Translations(ctx, reference, code)
	if err != nil {
		return nil, err
	}
	var out []terminology.Code
	for _, t := range all {
		if terminology.Faithful(t.Equivalence) && t.Code.Code != "" {
			out = append(out, t.Code)
		}
	}
	return out, nil
}

// groups are those of the map in which the codes of one side are of a system.
func (s *Set) groups(reference, system string, side func(*mapGroup) string) ([]*mapGroup, error) {
	found, err := s.conceptMap(reference)
	if err != nil {
		return nil, err
	}
	var list []*mapGroup
	for i := range found.groups {
		if g := &found.groups[i]; s.systemURI(side(g)) == s.systemURI(system) {
			list = append(list, g)
		}
	}
	return list, nil
}

// Translations implements terminology.Translator.
func (s *Set) Translations(_ context.Context, reference string, code terminology.Code) ([]terminology.Translation, error) {
	groups, err := s.groups(reference, code.System, func(g *mapGroup) string { return g.source })
	if err != nil {
		return nil, err
	}
	var out []terminology.Translation
	for _, g := range groups {
		switch {
		case g.known[code.Code]:
			out = append(out, g.elements[code.Code]...)
		case g.provided:
			out = append(out, terminology.Translation{Code: terminology.Code{System: g.target, Code: code.Code, Display: code.Display}, Equivalence: "equal"})
		case g.fixed != nil:
			out = append(out, terminology.Translation{Code: *g.fixed, Equivalence: "wider"})
		}
	}
	return out, nil
}

// Origins implements terminology.Translator. The codes for which a map has only one
// fixed translation are not known, and so are none.
func (s *Set) Origins(_ context.Context, reference string, code terminology.Code) ([]terminology.Translation, error) {
	groups, err := s.groups(reference, code.System, func(g *mapGroup) string { return g.target })
	if err != nil {
		return nil, err
	}
	var out []terminology.Translation
	for _, g := range groups {
		for _, from := range slices.Sorted(maps.Keys(g.elements)) {
			for _, t := range g.elements[from] {
				if t.Code.Code == code.Code && code.Code != "" {
					out = append(out, terminology.Translation{
						Code: terminology.Code{System: g.source, Code: from, Display: g.displays[from]}, Equivalence: terminology.Inverse(t.Equivalence),
					})
				}
			}
		}
		if g.provided && code.Code != "" && !g.known[code.Code] {
			out = append(out, terminology.Translation{Code: terminology.Code{System: g.source, Code: code.Code, Display: code.Display}, Equivalence: "equal"})
		}
	}
	return out, nil
}

// conceptMap finds the map of a reference: its URL, or the value sets that it is
// between.
func (s *Set) conceptMap(reference string) (*conceptMap, error) {
	ref, err := terminology.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	source, target := ref.Params["source"], ref.Params["target"]
	if ref.URL == "" && source == "" && target == "" {
		return nil, errs.New(errs.Invalid, "local.Set", "the reference names no concept map")
	}
	for _, m := range s.maps {
		byURL := ref.URL != "" && m.url == ref.URL && (ref.Version == "" || m.version == ref.Version)
		byScope := ref.URL == "" && (source == "" || m.source == source) && (target == "" || m.target == target)
		if byURL || byScope {
			return m, nil
		}
	}
	return nil, notFound("the concept map %s is not loaded", reference)
}
