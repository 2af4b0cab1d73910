package lint

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// slot looks whether any archetype can fill a slot.
func (l *linter) slot(o *templates.Object) {
	for _, p := range o.Slot.IncludePatterns() {
		if !p.Supported() {
			l.at(o, CodePattern, "the expression /%s/ cannot be evaluated, so that the slot is not checked", p.Source)
			return
		}
	}
	if fillable(o) {
		return
	}
	if o.Occurrences.Lower > 0 {
		l.impossible = true
		l.at(o, CodeSlotEmpty, "the slot is mandatory, but no archetype of class %s can fill it", o.Class)
		return
	}
	if o.Slot.Closed() {
		l.at(o, CodeSlotClosed, "the slot is closed: it excludes every archetype")
		return
	}
	l.at(o, CodeSlotEmpty, "no archetype of class %s can fill the slot", o.Class)
}

var archetypeClass = regexp.MustCompile(`^[A-Za-z]\w*-[A-Za-z]\w*-(\w+)\.[^\s.\[\]/']+\.v[0-9][A-Za-z0-9.-]*$`)

// fillable reports whether an archetype id of the slot's class satisfies its
// rules: one that the includes spell, or any.
func fillable(o *templates.Object) bool {
	var ids []string
	for _, p := range o.Slot.IncludePatterns() {
		ids = append(ids, samples(p.Source)...)
	}
	for _, c := range o.Class.Concrete() {
		ids = append(ids, "openEHR-EHR-"+c.Name+".x.v1", "openEHR-DEMOGRAPHIC-"+c.Name+".x.v1")
	}
	for _, id := range ids {
		m := archetypeClass.FindStringSubmatch(id)
		if m == nil {
			continue
		}
		if class := rm.Lookup(m[1]); class != nil && class.IsA(o.Class) && o.Slot.Allows(id) {
			return true
		}
	}
	return false
}

// maxSamples bounds the strings made of one expression.
const maxSamples = 512

// samples are strings that a regular expression matches: one for each way
// through its alternatives, with wildcards filled so that an archetype id can
// come out.
func samples(source string) []string {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil
	}
	return expand(re)
}

func expand(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x", "."}
	case syntax.OpCharClass:
		for _, c := range "1ax_-." {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= c && c <= re.Rune[i+1] {
					return []string{string(c)}
				}
			}
		}
		if len(re.Rune) > 0 {
			return []string{string(re.Rune[0])}
		}
		return nil
	case syntax.OpStar, syntax.OpPlus:
		if sub := re.Sub[0]; sub.Op == syntax.OpAnyChar || sub.Op == syntax.OpAnyCharNotNL {
			return []string{"x", "x.v1", ".x.v1", "", ".v1"}
		}
		out := expand(re.Sub[0])
		if re.Op == syntax.OpStar {
			out = append(out, "")
		}
		return out
	case syntax.OpQuest:
		return append(expand(re.Sub[0]), "")
	case syntax.OpCapture:
		return expand(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			out = append(out, expand(sub)...)
		}
		return out[:min(len(out), maxSamples)]
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			var next []string
			for _, tail := range expand(sub) {
				for _, head := range out {
					if len(next) < maxSamples {
						next = append(next, head+tail)
					}
				}
			}
			out = next
		}
		return out
	case syntax.OpRepeat:
		out := []string{""}
		if part := expand(re.Sub[0]); len(part) > 0 {
			out[0] = strings.Repeat(part[0], min(max(re.Min, 1), 64))
		}
		return out
	case syntax.OpNoMatch:
		return nil
	}
	return []string{""} // anchors and the empty expression
}
