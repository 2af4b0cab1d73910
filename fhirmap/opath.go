package fhirmap

import (
	"fmt"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// base is where a path begins.
type base uint8

const (
	fromParent    base = iota // the parent method's path: relative, $openehrRoot, $fhirRoot
	fromArchetype             // $archetype
	fromComposition
	fromVersion // $version: Cairn's name for the VERSION around the composition
	fromSelf    // $self: Cairn's name for the subject of the record
	// fromWorkflow is $workflow, Cairn's name for the ACTION that says how far the
	// activity in hand has come.
	fromWorkflow
	fromPerson // $person: Cairn's name for the PERSON that the subject of an EHR_STATUS refers to
	fromRoles  // $roles: Cairn's name for the ROLEs that a PERSON performs
	fromResource
	fromNothing // $reference, or no path at all
)

// opath is a compiled openEHR path.
type opath struct {
	base base
	up   int // number of ../ steps
	segs []oseg
	// prefix is all of segs but the last, for a path from $archetype.
	prefix *prefix
}

// oseg is one step: an attribute, and the predicates its members must meet.
type oseg struct {
	attr   string
	nodeID string // at-code or archetype id
	name   string
	// implied marks the step from an ELEMENT to its value that paths leave out.
	implied bool
}

func (p opath) equal(o opath) bool {
	if p.base != o.base || p.up != o.up || len(p.segs) != len(o.segs) {
		return false
	}
	for i := range p.segs {
		if p.segs[i] != o.segs[i] {
			return false
		}
	}
	return true
}

// parseOpenEHR reads a path as it stands in a mapping file.
func parseOpenEHR(s string) (opath, error) {
	var p opath
	rest := strings.TrimSpace(s)
	if strings.HasPrefix(rest, "$") {
		end := strings.IndexAny(rest, "/[ ")
		if end < 0 {
			end = len(rest)
		}
		switch name := rest[:end]; name {
		case "$archetype":
			p.base = fromArchetype
		case "$composition":
			p.base = fromComposition
		case "$openehrRoot":
			p.base = fromParent
		case "$version":
			p.base = fromVersion
		case "$self":
			p.base = fromSelf
		case "$workflow":
			p.base = fromWorkflow
		case "$person":
			p.base = fromPerson
		case "$roles":
			p.base = fromRoles
		case "$reference":
			p.base = fromNothing
		case "$openEHRRoot", "$openehrroot":
			return p, fmt.Errorf("unknown variable %s; did you mean $openehrRoot?", name)
		case "$resource", "$fhirRoot":
			return p, fmt.Errorf("%s is not a variable of the openEHR side", name)
		default:
			return p, fmt.Errorf("unknown variable %s", name)
		}
		rest = rest[end:]
		if rest == "" {
			return p, nil
		}
		if p.base == fromNothing {
			return p, fmt.Errorf("$reference stands alone")
		}
		if rest[0] != '/' {
			return p, fmt.Errorf("expected / after the variable, found %q", clip(rest))
		}
		rest = rest[1:]
	} else {
		rest = strings.TrimPrefix(rest, "/")
	}
	for strings.HasPrefix(rest, "../") || rest == ".." {
		if len(p.segs) > 0 {
			break
		}
		p.up++
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
		if rest == "" {
			return p, nil
		}
	}
	for {
		n := 0
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if n == 0 {
			return p, fmt.Errorf("expected an attribute name at %q", clip(rest))
		}
		seg := oseg{attr: rest[:n]}
		rest = rest[n:]
		if strings.HasPrefix(rest, "[") {
			end := predicateEnd(rest)
			if end < 0 {
				return p, fmt.Errorf("the predicate %q is not closed", clip(rest))
			}
			if err := seg.predicate(rest[1:end]); err != nil {
				return p, err
			}
			rest = rest[end+1:]
		}
		p.segs = append(p.segs, seg)
		if rest == "" {
			return p, nil
		}
		if rest[0] != '/' || len(rest) == 1 {
			return p, fmt.Errorf("expected / and an attribute, found %q", clip(rest))
		}
		rest = rest[1:]
	}
}

func isNameByte(c byte) bool {
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
}

// predicateEnd finds the closing bracket outside quotes.
func predicateEnd(s string) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ']':
			return i
		}
	}
	return -1
}

// predicate reads [at0001], [openEHR-EHR-…], [at0001, 'name'] or
// [at0001 and name/value='name'].
func (g *oseg) predicate(s string) error {
	s = strings.TrimSpace(s)
	id, name, found := strings.Cut(s, ",")
	if !found {
		var ok bool
		id, name, ok = strings.Cut(s, " and ")
		if ok {
			name = strings.TrimSpace(name)
			rest, has := strings.CutPrefix(name, "name/value")
			rest = strings.TrimSpace(rest)
			name, found = strings.CutPrefix(rest, "=")
			if !has || !found {
				return fmt.Errorf("not supported: predicate [%s]", clip(s))
			}
		}
	}
	id = strings.TrimSpace(id)
	if id == "" || strings.ContainsAny(id, " '\"=<>@") {
		return fmt.Errorf("not supported: predicate [%s]", clip(s))
	}
	g.nodeID = id
	if found {
		name = strings.TrimSpace(name)
		if len(name) < 2 || (name[0] != '\'' && name[0] != '"') || name[len(name)-1] != name[0] {
			return fmt.Errorf("the name in [%s] must be quoted", clip(s))
		}
		g.name = name[1 : len(name)-1]
	}
	return nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// otype is what a path can lead to: the possible classes, and the way back.
type otype struct {
	classes []*rm.Class
	parent  *otype
	// param is the type parameter when it is known, as DV_DATE of DV_INTERVAL.
	param *rm.Class
}

func (t *otype) String() string {
	names := make([]string, 0, len(t.classes))
	for _, c := range t.classes {
		names = append(names, c.Name)
	}
	sort.Strings(names)
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return strings.Join(names, "|")
}

func (t *otype) has(class string) bool {
	for _, c := range t.classes {
		if c.Name == class {
			return true
		}
	}
	return false
}

func typeOf(c *rm.Class) *otype { return &otype{classes: c.Concrete()} }

// resolve follows the steps of a path through the Reference Model and adds the
// implied ones. Every class that can stand in a place is followed, because only
// the instance decides.
func (p *opath) resolve(at *otype) (*otype, error) {
	for range p.up {
		if at = at.parent; at == nil {
			return nil, fmt.Errorf("../ goes above the root")
		}
	}
	out := make([]oseg, 0, len(p.segs)+1)
	for _, seg := range p.segs {
		next := at.step(seg.attr)
		if next == nil && at.has("ELEMENT") {
			value := at.step("value")
			if next = value.step(seg.attr); next != nil && next.classes[0].Name == "Octet" {
				next = nil // the bytes of a DV_MULTIMEDIA are never meant
			}
			if next != nil {
				out = append(out, oseg{attr: "value", implied: true})
			}
		}
		if next == nil {
			return nil, fmt.Errorf("%s has no attribute %q", at, seg.attr)
		}
		if id := seg.nodeID; id != "" && !strings.HasPrefix(id, "at") && !strings.HasPrefix(id, "id") {
			arch, err := rm.ParseArchetypeID(id)
			if err != nil {
				return nil, err
			}
			c := rm.Lookup(arch.Class)
			if c == nil {
				return nil, fmt.Errorf("%s is not an RM class", arch.Class)
			}
			var kept []*rm.Class
			for _, k := range next.classes {
				if k.IsA(c) {
					kept = append(kept, k)
				}
			}
			if len(kept) == 0 {
				return nil, fmt.Errorf("%s cannot stand at %q, which takes %s", id, seg.attr, next)
			}
			next.classes = kept
		}
		out = append(out, seg)
		at = next
	}
	p.segs = out
	return at, nil
}

// step gives the type behind an attribute; nil when no class has it.
func (t *otype) step(attr string) *otype {
	next := &otype{parent: t}
	seen := map[*rm.Class]bool{}
	for _, c := range t.classes {
		a := c.Attribute(attr)
		if a == nil {
			continue
		}
		next.param = a.Param
		for _, k := range a.Type.Concrete() {
			if !seen[k] {
				seen[k] = true
				next.classes = append(next.classes, k)
			}
		}
		if a.Type.Primitive != rm.NotPrimitive && !seen[a.Type] {
			seen[a.Type] = true
			next.classes = append(next.classes, a.Type)
		}
	}
	if len(next.classes) == 0 {
		return nil
	}
	return next
}
