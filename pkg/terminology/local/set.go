package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// MaxExpansion is the greatest number of codes that Expand gives.
const MaxExpansion = 50_000

// Set is what was loaded. It is immutable and may be used from any number of
// goroutines. The zero value has the openEHR terminology only.
type Set struct {
	systems map[string][]*codeSystem // by url, newest version first
	byName  map[string]*codeSystem   // by lower-case name
	values  map[string][]*valueSet
	maps    []*conceptMap
	shown   map[Kind][]*terminology.Definition
	count   int
}

var (
	_ terminology.Service    = (*Set)(nil)
	_ terminology.Translator = (*Set)(nil)
)

// Build makes a Set of resources. Two of one kind, url and version are an
// error, and so is a value set whose own imports lead back to it.
func Build(list []*Resource) (*Set, error) {
	s := &Set{systems: map[string][]*codeSystem{}, byName: map[string]*codeSystem{}, values: map[string][]*valueSet{}, shown: map[Kind][]*terminology.Definition{}}
	seen := map[string]bool{}
	for _, r := range list {
		key := string(r.Kind) + " " + r.URL + "|" + r.Version
		if seen[key] {
			return nil, errs.New(errs.Invalid, "local.Build", key+" occurs twice")
		}
		seen[key] = true
		s.count += r.Concepts
		d, err := r.definition()
		if err != nil {
			return nil, err
		}
		s.shown[r.Kind] = append(s.shown[r.Kind], d)
		switch r.Kind {
		case CodeSystem:
			c := newCodeSystem(r.system)
			d.Has = func(code string) bool { return c.find(code) != nil }
			s.systems[r.URL] = append(s.systems[r.URL], c)
			for _, name := range []string{r.Name, r.Title} {
				if name != "" {
					s.byName[strings.ToLower(name)] = c
				}
			}
		case ValueSet:
			v, err := newValueSet(r.set)
			if err != nil {
				return nil, err
			}
			s.values[r.URL] = append(s.values[r.URL], v)
		case ConceptMap:
			s.maps = append(s.maps, newConceptMap(r.mapped))
		}
	}
	for _, list := range s.systems {
		slices.SortFunc(list, func(a, b *codeSystem) int { return compareVersions(b.version, a.version) })
	}
	for _, list := range s.values {
		slices.SortFunc(list, func(a, b *valueSet) int { return compareVersions(b.version, a.version) })
	}
	slices.SortFunc(s.maps, func(a, b *conceptMap) int { return compareVersions(b.version, a.version) })
	sizes := map[*valueSet]int{}
	for _, list := range s.values {
		for _, v := range list {
			if _, err := s.importSize(v, sizes, 0); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// Concepts is the number of codes and mappings in the set.
func (s *Set) Concepts() int { return s.count }

// importSize counts the value sets that deciding v may visit, each as often as
// it is imported; an error if v leads back to itself or if they are too many.
func (s *Set) importSize(v *valueSet, sizes map[*valueSet]int, depth int) (int, error) {
	const visiting = -1
	size := sizes[v]
	if size == visiting || depth > maxImports {
		return 0, errs.New(errs.Invalid, "local.Build", "the value set "+v.url+" imports itself, or imports nest too deeply")
	}
	if size > 0 {
		return size, nil
	}
	sizes[v] = visiting
	size = 1
	for _, list := range [][]include{v.include, v.exclude} {
		for _, inc := range list {
			for _, url := range inc.valueSets {
				imported, _, err := s.resolve(url)
				if err != nil || imported == nil {
					continue // what is not loaded is said when it is asked for
				}
				n, err := s.importSize(imported, sizes, depth+1)
				if err != nil {
					return 0, err
				}
				if size += n; size > maxImported {
					return 0, errs.New(errs.TooLarge, "local.Build", "the value set "+v.url+" imports too many others")
				}
			}
		}
	}
	sizes[v] = size
	return size, nil
}

// Imports nest no deeper than maxImports, and one value set leads to no more
// than maxImported others.
const (
	maxImports  = 32
	maxImported = 10_000
)

// compareVersions orders versions: numbers within them by value.
func compareVersions(a, b string) int {
	as, bs := strings.FieldsFunc(a, isSeparator), strings.FieldsFunc(b, isSeparator)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		c := cmp.Compare(as[i], bs[i])
		if errX == nil && errY == nil {
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func isSeparator(r rune) bool { return r == '.' || r == '-' || r == '_' || r == '+' }

// systemURI is the URI of the code system that an id names, which may also be
// the name of a loaded system.
func (s *Set) systemURI(id string) string {
	if uri := terminology.SystemURI(id); uri != "" {
		return uri
	}
	if c := s.byName[strings.ToLower(id)]; c != nil {
		return c.url
	}
	return id
}

// SystemURI is the URI of the code system that a terminology id of openEHR data
// names, by the ids that are commonly used or by the name or title of a loaded
// system; "" if it is unknown.
func (s *Set) SystemURI(id string) string {
	if uri := s.systemURI(id); uri != id || terminology.SystemURI(id) != "" {
		return uri
	}
	return ""
}

// system finds a loaded code system; nil if there is none.
func (s *Set) system(uri, version string) *codeSystem {
	for _, c := range s.systems[uri] {
		if version == "" || c.version == version {
			return c
		}
	}
	return nil
}

// valueSet finds a loaded value set by its canonical URL, with or without
// version.
func (s *Set) valueSet(canonical string) *valueSet {
	if list := s.values[canonical]; len(list) > 0 {
		return list[0]
	}
	url, version, _ := strings.Cut(canonical, "|")
	for _, v := range s.values[url] {
		if version == "" || v.version == version {
			return v
		}
	}
	return nil
}

func notFound(format string, args ...any) error {
	return errs.New(errs.NotFound, "local.Set", fmt.Sprintf(format, args...))
}

// resolve finds what a reference names: a value set, which may be implicit.
func (s *Set) resolve(text string) (*valueSet, terminology.Reference, error) {
	ref, err := terminology.ParseReference(text)
	if err != nil {
		return nil, ref, err
	}
	canonical := ref.URL
	if ref.Version != "" && canonical != "" {
		canonical += "|" + ref.Version
	}
	switch {
	case ref.Group != "":
		return nil, ref, nil
	case ref.System == terminology.System:
		return nil, ref, nil
	case ref.System != "":
		uri := s.systemURI(ref.System)
		if s.system(uri, ref.Version) == nil {
			return nil, ref, notFound("the code system %s is not loaded", ref.System)
		}
		return &valueSet{url: text, include: []include{{system: uri, version: ref.Version}}}, ref, nil
	case ref.URL == "":
		return nil, ref, errs.New(errs.Invalid, "local.Set", "the reference names no value set")
	}
	if v := s.valueSet(canonical); v != nil {
		return v, ref, nil
	}
	// The text itself may be what a subset was loaded as.
	if v := s.valueSet(strings.TrimSpace(text)); v != nil {
		return v, ref, nil
	}
	if s.system(ref.URL, ref.Version) != nil {
		return &valueSet{url: text, include: []include{{system: ref.URL, version: ref.Version}}}, ref, nil
	}
	if v, err := s.implicit(ref.URL); v != nil || err != nil {
		return v, ref, err
	}
	return nil, ref, notFound("the value set %s is not loaded", canonical)
}

// Has reports whether the set holds what the reference names, so that it can
// at least try to answer.
func (s *Set) Has(reference string) bool {
	_, _, err := s.resolve(reference)
	return err == nil
}

// ValidateCode implements terminology.Service. It is NotFound when the set has
// too little to decide.
func (s *Set) ValidateCode(_ context.Context, reference string, code terminology.Code) (terminology.Result, error) {
	v, ref, err := s.resolve(reference)
	if err != nil {
		return terminology.Result{}, err
	}
	if v == nil {
		return validateOpenEHR(ref, code), nil
	}
	verdict, display, reason := s.member(v, s.systemURI(code.System), code.Code)
	switch verdict {
	case unknown:
		return terminology.Result{}, notFound("%s", reason)
	case yes:
		return terminology.Result{Valid: true, Display: display}, nil
	}
	return terminology.Result{Message: "the value set does not have the code"}, nil
}

// Expand implements terminology.Service.
func (s *Set) Expand(_ context.Context, reference string) ([]terminology.Code, error) {
	v, ref, err := s.resolve(reference)
	if err != nil {
		return nil, err
	}
	var all []terminology.Code
	if v == nil {
		all = expandOpenEHR(ref)
	} else if all, err = s.expand(v); err != nil {
		return nil, err
	}
	if f := strings.ToLower(ref.Params["filter"]); f != "" {
		all = slices.DeleteFunc(all, func(c terminology.Code) bool {
			return !strings.Contains(strings.ToLower(c.Display), f) && !strings.HasPrefix(strings.ToLower(c.Code), f)
		})
	}
	return all, nil
}

// Lookup implements terminology.Service.
func (s *Set) Lookup(_ context.Context, code terminology.Code) (terminology.Concept, error) {
	uri := s.systemURI(code.System)
	if uri == terminology.System {
		return lookupOpenEHR(code)
	}
	sys := s.system(uri, code.Version)
	if sys == nil {
		return terminology.Concept{}, notFound("the code system %s is not loaded", code.System)
	}
	c := sys.find(code.Code)
	if c == nil {
		return terminology.Concept{}, notFound("the code system %s has no code %s", sys.url, code.Code)
	}
	out := terminology.Concept{
		Code:       terminology.Code{System: sys.url, Version: sys.version, Code: c.code, Display: c.display},
		Definition: c.definition, SystemName: sys.name, Designations: c.designations,
	}
	for _, p := range c.properties {
		if p.Name != "parent" && p.Name != "child" {
			out.Properties = append(out.Properties, p)
		}
	}
	for _, p := range c.parents {
		out.Properties = append(out.Properties, terminology.Property{Name: "parent", Value: p.code})
	}
	return out, nil
}

// Subsumes implements terminology.Service.
func (s *Set) Subsumes(_ context.Context, a, b terminology.Code) (terminology.Outcome, error) {
	uri := s.systemURI(a.System)
	if uri != s.systemURI(b.System) {
		return terminology.NotSubsumed, errs.New(errs.Invalid, "local.Set", "the codes are of different systems")
	}
	if uri == terminology.System { // its groups are lists
		for _, code := range []terminology.Code{a, b} {
			if _, err := lookupOpenEHR(code); err != nil {
				return terminology.NotSubsumed, err
			}
		}
		if a.Code == b.Code {
			return terminology.Equivalent, nil
		}
		return terminology.NotSubsumed, nil
	}
	sys := s.system(uri, a.Version)
	if sys == nil {
		return terminology.NotSubsumed, notFound("the code system %s is not loaded", a.System)
	}
	ca, cb := sys.find(a.Code), sys.find(b.Code)
	switch {
	case ca == nil:
		return terminology.NotSubsumed, notFound("the code system %s has no code %s", sys.url, a.Code)
	case cb == nil:
		return terminology.NotSubsumed, notFound("the code system %s has no code %s", sys.url, b.Code)
	case ca == cb:
		return terminology.Equivalent, nil
	case !sys.subsuming:
		return terminology.NotSubsumed, errs.New(errs.Unsupported, "local.Set", "the hierarchy of "+sys.url+" does not say what is a kind of what")
	case sys.isA(cb, a.Code):
		return terminology.Subsumes, nil
	case sys.isA(ca, b.Code):
		return terminology.SubsumedBy, nil
	}
	return terminology.NotSubsumed, nil
}
