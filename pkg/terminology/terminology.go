// Package terminology holds what openEHR itself defines of coded values: the
// vocabulary groups of the openEHR terminology with their rubrics in five
// languages, the code sets (countries, languages, character sets, media types
// and the openEHR ones), the units listed for each quantity property, and the
// lawful transitions of the standard instruction state machine. The tables are
// those of release 3.1.0 and are embedded.
//
// Codes are unique within a group, not across groups: 532 is "complete" as a
// version lifecycle state and "completed" as an instruction state. Everything
// is therefore asked for by group and code.
package terminology

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed openehr.tsv
var groupTable string

//go:embed codesets.tsv
var codeSetTable string

//go:embed property_units.tsv
var propertyTable string

// ID is the terminology_id of codes from the openEHR vocabulary groups.
const ID = "openehr"

// Version of the openEHR terminology that the tables follow.
const Version = "3.1.0"

// Languages are the languages that rubrics exist in, English first.
var Languages = [...]string{"en", "es", "ja", "pt", "zh"}

// Group is one vocabulary group of the openEHR terminology.
type Group struct {
	// Name is the identifier of the group in the terminology, as
	// composition_category.
	Name  string
	codes []string
	index map[string]int
	// rubrics are in the order of codes, each in the order of Languages.
	rubrics [][len(Languages)]string
}

// Codes lists the codes of the group in the terminology's order. The slice is
// shared and must not be changed.
func (g *Group) Codes() []string { return g.codes }

// Has reports whether the group has the code.
func (g *Group) Has(code string) bool {
	_, ok := g.index[code]
	return ok
}

// Rubric is the term of a code in a language such as "en" or "pt-br"; the
// region is ignored. The second result is false for a code that the group does
// not have and for a language without a translation.
func (g *Group) Rubric(code, lang string) (string, bool) {
	i, ok := g.index[code]
	if !ok {
		return "", false
	}
	if j := strings.IndexByte(lang, '-'); j > 0 {
		lang = lang[:j]
	}
	for k, l := range Languages {
		if l == lang {
			return g.rubrics[i][k], g.rubrics[i][k] != ""
		}
	}
	return "", false
}

// CodeSet is one code set: codes without rubrics.
type CodeSet struct {
	// Name is the identifier in the terminology, as media_types.
	Name string
	// TerminologyID is what terminology_id holds for codes of the set in
	// data, as IANA_media-types.
	TerminologyID string
	codes         []string
	index         map[string]bool
}

// Codes lists the codes of the set. The slice is shared and must not be changed.
func (s *CodeSet) Codes() []string { return s.codes }

// Has reports whether the set has the code, spelled exactly so.
func (s *CodeSet) Has(code string) bool { return s.index[code] }

// Terminology is the openEHR terminology of one release. It never changes and
// may be used from any number of goroutines.
type Terminology struct {
	groups     map[string]*Group
	groupOrder []*Group
	sets       map[string]*CodeSet
	setOrder   []*CodeSet
	properties map[string]map[string]bool // property code → units
	units      map[string][]string        // unit → property codes
}

// OpenEHR is the embedded terminology.
var OpenEHR = mustParse(groupTable, codeSetTable, propertyTable)

// Group finds a vocabulary group by name; nil if there is none. Names with
// blanks, as older releases and the RM's constants spell them, find the same
// group as names with underscores.
func (t *Terminology) Group(name string) *Group {
	if g := t.groups[name]; g != nil {
		return g
	}
	return t.groups[strings.ReplaceAll(name, " ", "_")]
}

// Groups lists the vocabulary groups. The slice is shared and must not be changed.
func (t *Terminology) Groups() []*Group { return t.groupOrder }

// CodeSet finds a code set by name; nil if there is none.
func (t *Terminology) CodeSet(name string) *CodeSet {
	if s := t.sets[name]; s != nil {
		return s
	}
	return t.sets[strings.ReplaceAll(name, " ", "_")]
}

// CodeSets lists the code sets. The slice is shared and must not be changed.
func (t *Terminology) CodeSets() []*CodeSet { return t.setOrder }

// Has reports whether the named group has the code; false for an unknown group.
func (t *Terminology) Has(group, code string) bool {
	g := t.Group(group)
	return g != nil && g.Has(code)
}

// Rubric is the term of a code of a group in a language; false if the group,
// the code or the translation does not exist.
func (t *Terminology) Rubric(group, code, lang string) (string, bool) {
	if g := t.Group(group); g != nil {
		return g.Rubric(code, lang)
	}
	return "", false
}

// AnyRubric is the English rubric of a code in whichever group has it first;
// false if no group does. Use it only where the group is not known.
func (t *Terminology) AnyRubric(code string) (string, bool) {
	for _, g := range t.groupOrder {
		if r, ok := g.Rubric(code, "en"); ok {
			return r, true
		}
	}
	return "", false
}

// ContentRubric is the rubric, in a language of [Languages], of a code that
// stands in content: 532 is there the state "completed" of an instruction, never
// the version lifecycle state "complete", which only versions have (SPECPR-51).
func (t *Terminology) ContentRubric(code, lang string) (string, bool) {
	for _, g := range t.groupOrder {
		if g.Name == "version_lifecycle_state" {
			continue
		}
		if r, ok := g.Rubric(code, lang); ok {
			return r, true
		}
	}
	return "", false
}

// CodeSetHas reports whether the named code set has the code; false for an
// unknown set. A language tag is matched without regard to case, and a listed
// language followed by a listed country counts as listed, because the set is
// defined as RFC 5646 tags of that form (TERM, "Languages").
func (t *Terminology) CodeSetHas(set, code string) bool {
	s := t.CodeSet(set)
	switch {
	case s == nil:
		return false
	case s.index[code]:
		return true
	case s.Name == "languages":
		tag := strings.ToLower(code)
		if s.index[tag] {
			return true
		}
		lang, region, ok := strings.Cut(tag, "-")
		return ok && s.index[lang] && t.sets["countries"].index[strings.ToUpper(region)]
	}
	return false
}

// UnitOfProperty says what the terminology knows of a unit for a quantity
// property such as 125 (pressure): listed for it, listed only for others, or
// not listed at all.
func (t *Terminology) UnitOfProperty(property, unit string) UnitStatus {
	if t.properties[property][unit] {
		return UnitListed
	}
	if len(t.properties[property]) > 0 && len(t.units[unit]) > 0 {
		return UnitOther
	}
	return UnitUnknown
}

// UnitsOfProperty lists the units of a quantity property, in no order; nil if
// none are listed.
func (t *Terminology) UnitsOfProperty(property string) []string {
	return slices.Collect(maps.Keys(t.properties[property]))
}

// UnitStatus is the answer of UnitOfProperty.
type UnitStatus uint8

// The answers of UnitOfProperty.
const (
	UnitUnknown UnitStatus = iota // neither the unit nor a contradiction is known
	UnitListed                    // a unit of the property
	UnitOther                     // listed, but only for other properties
)

func mustParse(groups, sets, properties string) *Terminology {
	t, err := parse(groups, sets, properties)
	if err != nil {
		panic("terminology: embedded tables: " + err.Error())
	}
	return t
}

func parse(groups, sets, properties string) (*Terminology, error) {
	t := &Terminology{
		groups: map[string]*Group{}, sets: map[string]*CodeSet{},
		properties: map[string]map[string]bool{}, units: map[string][]string{},
	}
	err := eachRow(groups, func(f []string) error {
		if len(f) != 2+len(Languages) {
			return fmt.Errorf("%d columns", len(f))
		}
		g := t.groups[f[0]]
		if g == nil {
			g = &Group{Name: f[0], index: map[string]int{}}
			t.groups[f[0]] = g
			t.groupOrder = append(t.groupOrder, g)
		}
		if g.Has(f[1]) {
			return fmt.Errorf("%s has %s twice", f[0], f[1])
		}
		g.index[f[1]] = len(g.codes)
		g.codes = append(g.codes, f[1])
		g.rubrics = append(g.rubrics, [len(Languages)]string(f[2:]))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("groups: %w", err)
	}
	err = eachRow(sets, func(f []string) error {
		if len(f) != 3 || t.sets[f[0]] != nil {
			return fmt.Errorf("malformed or repeated set %q", f[0])
		}
		s := &CodeSet{Name: f[0], TerminologyID: f[1], codes: strings.Fields(f[2]), index: map[string]bool{}}
		for _, c := range s.codes {
			s.index[c] = true
		}
		t.sets[s.Name] = s
		t.setOrder = append(t.setOrder, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("code sets: %w", err)
	}
	err = eachRow(properties, func(f []string) error {
		units := map[string]bool{}
		for _, u := range f[1:] {
			units[u] = true
			t.units[u] = append(t.units[u], f[0])
		}
		t.properties[f[0]] = units
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("properties: %w", err)
	}
	return t, nil
}

func eachRow(table string, row func([]string) error) error {
	n := 0
	for line := range strings.Lines(table) {
		n++
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := row(strings.Split(line, "\t")); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil
}
