package local

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// valueSet is a loaded or implicit value set.
type valueSet struct {
	url, version     string
	include, exclude []include
	activeOnly       bool
}

// include is one set of codes: those of a system, listed or selected, that are
// also in all of the value sets.
type include struct {
	system, version string
	listed          map[string]string // code → display
	order           []string
	filters         []filter
	valueSets       []string
}

func newValueSet(doc *fhirValueSet) (*valueSet, error) {
	v := &valueSet{url: doc.URL, version: doc.Version}
	if doc.Compose == nil {
		index := map[string]int{}
		var add func([]fhirContains)
		add = func(list []fhirContains) {
			for i := range list {
				c := &list[i]
				if c.Code != "" && !c.Abstract {
					k, ok := index[c.System]
					if !ok {
						k = len(v.include)
						index[c.System] = k
						v.include = append(v.include, include{system: c.System, listed: map[string]string{}})
					}
					v.include[k].add(c.Code, c.Display)
				}
				add(c.Contains)
			}
		}
		add(doc.Expansion.Contains)
		return v, nil
	}
	v.activeOnly = doc.Compose.Inactive != nil && !*doc.Compose.Inactive
	for i, list := range [][]fhirInclude{doc.Compose.Include, doc.Compose.Exclude} {
		for k := range list {
			inc, err := newInclude(&list[k])
			if err != nil {
				return nil, err
			}
			if i == 0 {
				v.include = append(v.include, inc)
			} else {
				v.exclude = append(v.exclude, inc)
			}
		}
	}
	return v, nil
}

func newInclude(doc *fhirInclude) (include, error) {
	inc := include{system: doc.System, version: doc.Version, valueSets: doc.ValueSet}
	if len(doc.Concept) > 0 {
		inc.listed = make(map[string]string, len(doc.Concept))
		for _, c := range doc.Concept {
			inc.add(c.Code, c.Display)
		}
	}
	for _, f := range doc.Filter {
		parsed, err := newFilter(f.Property, f.Op, f.Value)
		if err != nil {
			return inc, err
		}
		inc.filters = append(inc.filters, parsed)
	}
	return inc, nil
}

func (i *include) add(code, display string) {
	if _, ok := i.listed[code]; !ok {
		i.order = append(i.order, code)
	}
	i.listed[code] = display
}

// verdict is what can be said of a membership with what is loaded.
type verdict uint8

const (
	no verdict = iota
	yes
	unknown
)

// member decides whether a value set has a code, with its display, or says what
// is missing to decide.
func (s *Set) member(v *valueSet, system, code string) (out verdict, display, reason string) {
	out = no
	for i := range v.include {
		in, d, r := s.included(&v.include[i], system, code, v.activeOnly)
		switch in {
		case yes:
			out, display, reason = yes, d, ""
		case unknown:
			if out == no {
				out, reason = unknown, r
			}
		}
		if out == yes {
			break
		}
	}
	if out == no {
		return no, "", ""
	}
	for i := range v.exclude {
		in, _, r := s.included(&v.exclude[i], system, code, false)
		switch in {
		case yes:
			return no, "", ""
		case unknown:
			out, reason = unknown, r
		}
	}
	return out, display, reason
}

func (s *Set) included(inc *include, system, code string, activeOnly bool) (out verdict, display, reason string) {
	out = yes
	if inc.system != "" {
		if out, display, reason = s.selected(inc, system, code, activeOnly); out == no {
			return no, "", ""
		}
	}
	for _, url := range inc.valueSets {
		in, d, r := s.imported(url, system, code)
		switch in {
		case no:
			return no, "", ""
		case unknown:
			out, reason = unknown, r
		}
		if display == "" {
			display = d
		}
	}
	return out, display, reason
}

func (s *Set) imported(url, system, code string) (verdict, string, string) {
	v, ref, err := s.resolve(url)
	switch {
	case err != nil:
		return unknown, "", fmt.Sprintf("the imported value set %s is not loaded", url)
	case v == nil:
		r := validateOpenEHR(ref, terminology.Code{System: system, Code: code})
		if r.Valid {
			return yes, r.Display, ""
		}
		return no, "", ""
	}
	return s.member(v, system, code)
}

// selected decides the part of an include that is about its code system.
func (s *Set) selected(inc *include, system, code string, activeOnly bool) (out verdict, display, reason string) {
	if s.systemURI(inc.system) != system {
		return no, "", ""
	}
	sys := s.system(system, inc.version)
	if inc.listed != nil {
		key := code
		if sys != nil && sys.fold {
			if c := sys.find(code); c != nil {
				key = c.code
			}
		}
		d, ok := inc.listed[key]
		if !ok {
			return no, "", ""
		}
		if sys != nil {
			if c := sys.find(code); c != nil {
				if activeOnly && c.inactive {
					return no, "", ""
				}
				if d == "" {
					d = c.display
				}
			}
		}
		return yes, d, ""
	}
	if sys == nil {
		return unknown, "", fmt.Sprintf("the code system %s is not loaded", inc.system)
	}
	c := sys.find(code)
	if c == nil {
		if sys.complete {
			return no, "", ""
		}
		return unknown, "", fmt.Sprintf("only a part of the code system %s is loaded", inc.system)
	}
	if activeOnly && c.inactive {
		return no, "", ""
	}
	for i := range inc.filters {
		if !inc.filters[i].has(sys, c) {
			return no, "", ""
		}
	}
	return yes, c.display, ""
}

// expand lists the codes of a value set; NotFound if something it needs is not
// loaded, TooLarge over MaxExpansion.
func (s *Set) expand(v *valueSet) ([]terminology.Code, error) {
	var out []terminology.Code
	seen := map[[2]string]bool{}
	for i := range v.include {
		candidates, err := s.candidates(&v.include[i])
		if err != nil {
			return nil, err
		}
		for _, c := range candidates {
			key := [2]string{c.System, c.Code}
			if seen[key] {
				continue
			}
			seen[key] = true
			in, display, reason := s.member(v, s.systemURI(c.System), c.Code)
			switch in {
			case unknown:
				return nil, notFound("%s", reason)
			case no:
				continue
			}
			if c.Display == "" {
				c.Display = display
			}
			if out = append(out, c); len(out) > MaxExpansion {
				return nil, errs.New(errs.TooLarge, "local.Set", fmt.Sprintf("the value set has more than %d codes", MaxExpansion))
			}
		}
	}
	return out, nil
}

// candidates lists codes among which are all that an include may give.
func (s *Set) candidates(inc *include) ([]terminology.Code, error) {
	var out []terminology.Code
	if inc.system == "" {
		v, ref, err := s.resolve(inc.valueSets[0])
		switch {
		case err != nil:
			return nil, err
		case v == nil:
			return expandOpenEHR(ref), nil
		}
		return s.expand(v)
	}
	if inc.listed != nil {
		for _, code := range inc.order {
			out = append(out, terminology.Code{System: inc.system, Version: inc.version, Code: code, Display: inc.listed[code]})
		}
		return out, nil
	}
	sys := s.system(s.systemURI(inc.system), inc.version)
	if sys == nil {
		return nil, notFound("the code system %s is not loaded", inc.system)
	}
	if !sys.complete {
		return nil, notFound("only a part of the code system %s is loaded", inc.system)
	}
	for _, c := range sys.list {
		out = append(out, terminology.Code{System: sys.url, Code: c.code, Display: c.display})
	}
	return out, nil
}

// implicit makes the value set that a URL describes without naming one: a
// concept of a loaded system with those below it (AQL, "matches": terminology
// URI), or one of SNOMED CT (HL7 terminology, "Using SNOMED CT with HL7
// Standards": implicit value sets), if that is loaded; nil for other URLs. Of the expression constraint
// language it has a concept, those below it, and lists of these joined by OR.
func (s *Set) implicit(url string) (*valueSet, error) {
	if name, root, ok := strings.Cut(strings.TrimPrefix(url, "terminology://"), "/hierarchy?rootConceptId="); ok && root != "" {
		uri := s.systemURI(name)
		if s.system(uri, "") == nil {
			return nil, notFound("the code system %s is not loaded", name)
		}
		return &valueSet{url: url, include: []include{{system: uri, filters: []filter{{property: "concept", op: "is-a", value: root}}}}}, nil
	}
	base, query, ok := strings.Cut(url, "?fhir_vs")
	if !ok || base != terminology.SNOMED && !strings.HasPrefix(base, terminology.SNOMED+"/") {
		return nil, nil
	}
	if s.system(terminology.SNOMED, "") == nil {
		return nil, notFound("SNOMED CT is not loaded")
	}
	whole := include{system: terminology.SNOMED}
	v := &valueSet{url: url, include: []include{whole}}
	query = strings.TrimPrefix(query, "=")
	if query == "" {
		return v, nil
	}
	kind, rest, _ := strings.Cut(query, "/")
	switch kind {
	case "isa":
		v.include[0].filters = []filter{{property: "concept", op: "is-a", value: rest}}
		return v, nil
	case "ecl":
		v.include = nil
		for part := range strings.SplitSeq(stripTerms(rest), "OR") {
			f, ok := simpleECL(part)
			if !ok {
				return nil, notFound("the expression constraint is more than what is evaluated here")
			}
			inc := whole
			if f.op != "" {
				inc.filters = []filter{f}
			}
			v.include = append(v.include, inc)
		}
		return v, nil
	}
	return nil, notFound("implicit value sets of the kind %s are not evaluated here", kind)
}

// stripTerms takes the |terms| out of an expression constraint.
func stripTerms(s string) string {
	var b strings.Builder
	inside := false
	for _, r := range s {
		if r == '|' {
			inside = !inside
		} else if !inside {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// simpleECL reads one concept with an operator; no operator in the filter
// means every concept.
func simpleECL(s string) (filter, bool) {
	s = strings.TrimSpace(s)
	if s == "*" {
		return filter{}, true
	}
	f := filter{property: "concept", op: "="}
	if rest, ok := strings.CutPrefix(s, "<<"); ok {
		f.op, s = "is-a", rest
	} else if rest, ok := strings.CutPrefix(s, "<"); ok {
		f.op, s = "descendent-of", rest
	}
	f.value = strings.TrimSpace(s)
	if f.value == "" || strings.Trim(f.value, "0123456789") != "" {
		return f, false
	}
	return f, true
}
