package local

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// filter selects concepts of a code system (FHIR R4, ValueSet.compose.include.filter).
type filter struct {
	property, op, value string
	list                []string       // of in and not-in
	re                  *regexp.Regexp // of regex
}

// newFilter reads a filter; Unsupported for an operator that is not evaluated.
func newFilter(property, op, value string) (filter, error) {
	f := filter{property: property, op: op, value: value}
	if property == "" || value == "" {
		return f, errs.New(errs.Invalid, "local.newFilter", "a filter lacks its property or value")
	}
	switch op {
	case "is-a", "descendent-of", "is-not-a", "generalizes":
		if property != "concept" && property != "code" {
			return f, errs.New(errs.Unsupported, "local.newFilter", "the filter "+op+" applies to the property concept only, not to "+property)
		}
	case "in", "not-in":
		for part := range strings.SplitSeq(value, ",") {
			f.list = append(f.list, strings.TrimSpace(part))
		}
	case "=", "exists":
	case "regex":
		re, err := regexp.Compile("^(?:" + value + ")$")
		if err != nil {
			return f, errs.New(errs.Unsupported, "local.newFilter", "the regular expression of a filter cannot be evaluated")
		}
		f.re = re
	default:
		return f, errs.New(errs.Unsupported, "local.newFilter", "the filter operator "+op+" is not supported")
	}
	return f, nil
}

// has reports whether the filter selects the concept.
func (f *filter) has(s *codeSystem, c *concept) bool {
	switch f.op {
	case "is-a":
		return s.isA(c, f.value)
	case "descendent-of":
		return !s.same(c.code, f.value) && s.isA(c, f.value)
	case "is-not-a":
		return !s.isA(c, f.value)
	case "generalizes":
		of := s.find(f.value)
		return of != nil && s.isA(of, c.code)
	}
	values := c.values(f.property)
	switch f.op {
	case "exists":
		return (len(values) > 0) == (f.value == "true")
	case "=":
		return slices.Contains(values, f.value)
	case "in":
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(f.list, v) })
	case "not-in":
		return !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(f.list, v) })
	case "regex":
		return slices.ContainsFunc(values, f.re.MatchString)
	}
	return false
}
