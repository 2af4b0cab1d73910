package templates

import (
	"fmt"
	"regexp"
	"strings"
)

// SlotRule says which archetypes may fill a slot.
type SlotRule struct {
	Includes, Excludes []*Assertion
}

// Allows reports whether an archetype may fill the slot: it satisfies one of
// the includes if there are any, and none of the excludes. An exclude that
// matches everything beside includes only says that the includes are
// exhaustive (AM 1.4 ADL, "Archetype Slots").
func (s *SlotRule) Allows(archetypeID string) bool {
	if len(s.Includes) > 0 {
		included := false
		for _, a := range s.Includes {
			if a.eval(archetypeID) != no {
				included = true
				break
			}
		}
		if !included {
			return false
		}
	}
	for _, a := range s.Excludes {
		if len(s.Includes) > 0 && a.matchesEverything() {
			continue
		}
		if a.eval(archetypeID) == yes {
			return false
		}
	}
	return true
}

// IncludePatterns lists the regular expressions and literal archetype ids (as
// expressions) that the includes name, in order.
func (s *SlotRule) IncludePatterns() []*Pattern {
	var out []*Pattern
	var collect func(*expression)
	collect = func(e *expression) {
		if e == nil {
			return
		}
		out = append(out, e.patterns...)
		if e.op == opValues {
			for _, v := range e.values {
				out = append(out, newPattern(regexp.QuoteMeta(v)))
			}
		}
		collect(e.left)
		collect(e.right)
	}
	for _, a := range s.Includes {
		collect(a.expr)
	}
	return out
}

// Closed reports whether the slot excludes every archetype and includes none.
func (s *SlotRule) Closed() bool {
	if len(s.Includes) > 0 {
		return false
	}
	for _, a := range s.Excludes {
		if a.matchesEverything() {
			return true
		}
	}
	return false
}

// Assertion is one include or exclude of a slot.
type Assertion struct {
	// Text prints the expression.
	Text string
	expr *expression
}

// Operators of assertions by their number in the OPT schema; only those that
// can decide on an archetype id.
const (
	opEqual     = "2001"
	opNotEqual  = "2002"
	opMatches   = "2007"
	opNot       = "2010"
	opAnd       = "2011"
	opOr        = "2012"
	opXor       = "2013"
	opImplies   = "2014"
	opAttribute = "attribute" // leaf: a property of the archetype
	opPattern   = "pattern"   // leaf: regular expressions
	opValues    = "values"    // leaf: literal strings
)

var opNames = map[string]string{
	opEqual: "=", opNotEqual: "!=", opMatches: "matches", opNot: "not",
	opAnd: "and", opOr: "or", opXor: "xor", opImplies: "implies",
}

// expression is an assertion's tree: an operator with operands, or a leaf.
type expression struct {
	op          string
	left, right *expression
	patterns    []*Pattern
	values      []string
}

// tri is a truth value; an assertion on something other than the archetype id,
// or by an expression that cannot be evaluated, is unknown.
type tri uint8

const (
	unknown tri = iota
	yes
	no
)

func truth(b bool) tri {
	if b {
		return yes
	}
	return no
}

func (a *Assertion) eval(archetypeID string) tri { return a.expr.eval(archetypeID) }

// Everything reports whether the assertion is that of any archetype id.
func (a *Assertion) Everything() bool { return a.matchesEverything() }

func (a *Assertion) matchesEverything() bool {
	e := a.expr
	return e != nil && e.op == opMatches && e.right != nil && e.right.op == opPattern &&
		len(e.right.patterns) == 1 && (e.right.patterns[0].Source == ".*" || e.right.patterns[0].Source == ".+")
}

// decidable reports whether the tree can be evaluated for every archetype id.
func (e *expression) decidable() bool { return e.eval("openEHR-EHR-CLUSTER.x.v1") != unknown }

func (e *expression) eval(id string) tri {
	if e == nil {
		return unknown
	}
	switch e.op {
	case opMatches, opEqual, opNotEqual:
		value, ok := e.left.archetypeProperty(id)
		if !ok || e.right == nil {
			return unknown
		}
		result := e.right.accepts(value)
		if e.op == opNotEqual {
			return negate(result)
		}
		return result
	case opNot:
		return negate(e.left.eval(id))
	case opAnd:
		l, r := e.left.eval(id), e.right.eval(id)
		switch {
		case l == no || r == no:
			return no
		case l == yes && r == yes:
			return yes
		}
	case opOr:
		return or(e.left.eval(id), e.right.eval(id))
	case opImplies:
		return or(negate(e.left.eval(id)), e.right.eval(id))
	case opXor:
		l, r := e.left.eval(id), e.right.eval(id)
		if l != unknown && r != unknown {
			return truth(l != r)
		}
	}
	return unknown
}

func negate(t tri) tri {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

func or(l, r tri) tri {
	switch {
	case l == yes || r == yes:
		return yes
	case l == no && r == no:
		return no
	}
	return unknown
}

// accepts reports whether a leaf of patterns or values has the value.
func (e *expression) accepts(value string) tri {
	switch e.op {
	case opPattern:
		for _, p := range e.patterns {
			if !p.Supported() {
				return unknown
			}
			if p.Match(value) {
				return yes
			}
		}
		return no
	case opValues:
		for _, v := range e.values {
			if v == value {
				return yes
			}
		}
		return no
	}
	return unknown
}

// archetypeProperty is the part of an archetype id that a leaf names.
func (e *expression) archetypeProperty(id string) (string, bool) {
	if e == nil || e.op != opAttribute || len(e.values) != 1 {
		return "", false
	}
	name := strings.TrimPrefix(e.values[0], "/")
	switch name {
	case "archetype_id/value", "archetype_id":
		return id, true
	}
	entity, rest, ok := strings.Cut(id, ".")
	if !ok {
		return "", false
	}
	concept, version := rest, ""
	if i := strings.LastIndex(rest, ".v"); i >= 0 {
		concept, version = rest[:i], rest[i+1:]
	}
	switch strings.TrimPrefix(name, "archetype_id/") {
	case "domain_concept", "short_concept_name", "concept_name", "concept":
		return concept, true
	case "version_id", "version":
		return version, true
	case "qualified_rm_entity":
		return entity, true
	case "rm_entity", "rm_class":
		if i := strings.LastIndexByte(entity, '-'); i >= 0 {
			return entity[i+1:], true
		}
	}
	return "", false
}

// String prints the expression as ADL does.
func (e *expression) String() string {
	if e == nil {
		return "?"
	}
	switch e.op {
	case opAttribute:
		return strings.Join(e.values, "")
	case opPattern:
		parts := make([]string, len(e.patterns))
		for i, p := range e.patterns {
			parts[i] = "/" + p.Source + "/"
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case opValues:
		return fmt.Sprintf("{%q}", e.values)
	case opNot:
		return "not (" + e.left.String() + ")"
	case opAnd, opOr, opXor, opImplies:
		return "(" + e.left.String() + ") " + opNames[e.op] + " (" + e.right.String() + ")"
	}
	name := opNames[e.op]
	if name == "" {
		name = "operator " + e.op
	}
	return e.left.String() + " " + name + " " + e.right.String()
}

// parseStringExpression reads the common textual form of an assertion,
//
//	archetype_id/value matches {/first|second/, /third/}
//
// It gives nil for anything else.
func parseStringExpression(text string) *expression {
	attribute, set, ok := strings.Cut(text, "{")
	set = strings.TrimSpace(set)
	if !ok || !strings.HasSuffix(set, "}") {
		return nil
	}
	set = strings.TrimSpace(strings.TrimSuffix(set, "}"))
	fields := strings.Fields(attribute)
	if len(fields) != 2 {
		return nil
	}
	switch fields[1] {
	case "matches", "is_in", "∈":
	default:
		return nil
	}
	right := &expression{op: opPattern}
	for set != "" {
		if set[0] != '/' {
			return nil
		}
		end := strings.Index(set[1:], "/,")
		part, rest := set, ""
		if end >= 0 {
			part, rest = set[:end+2], set[end+3:]
		}
		if len(part) < 2 || part[len(part)-1] != '/' {
			return nil
		}
		right.patterns = append(right.patterns, newPattern(part))
		set = strings.TrimSpace(rest)
	}
	if len(right.patterns) == 0 {
		return nil
	}
	return &expression{op: opMatches, left: &expression{op: opAttribute, values: []string{fields[0]}}, right: right}
}
