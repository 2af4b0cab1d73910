package fhirmap

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Print writes the compiled plans as text: what runs for which archetype, each
// method with its source and target as they were resolved, the types found, the
// conditions and what they apply to. Models that others call are written once.
func (lib *Library) Print(w io.Writer) error {
	p := &printer{printed: map[*plan]bool{}}
	p.starts("", lib.starts)
	ids := make([]string, 0, len(lib.templates))
	for id := range lib.templates {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		p.starts(" in template "+strconv.Quote(id), lib.templates[id])
	}
	for len(p.called) > 0 {
		list := p.called
		p.called = nil
		for _, c := range list {
			if !p.printed[c] {
				p.plan("called model", c)
			}
		}
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b       strings.Builder
	printed map[*plan]bool
	called  []*plan
}

func (p *printer) starts(where string, byArchetype map[string][]*plan) {
	ids := make([]string, 0, len(byArchetype))
	for id := range byArchetype {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		for _, pl := range byArchetype[id] {
			p.plan("for "+id+where, pl)
		}
	}
}

func (p *printer) plan(head string, pl *plan) {
	p.printed[pl] = true
	fmt.Fprintf(&p.b, "%s: %s %s makes %s\n", head, pl.file.Name.Value, pl.file.Version, pl.target.Name)
	if pl.gate != nil {
		p.line(1, "only if %s", pl.gate)
	}
	if pl.split != nil {
		p.line(1, "one for each %s", pl.split)
		for i := range pl.unique {
			p.line(1, "joined where %s agrees", &pl.unique[i])
		}
	}
	p.steps(1, pl.methods)
}

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) steps(depth int, list []*step) {
	for _, s := range list {
		p.step(depth, s)
	}
}

func (p *printer) step(depth int, s *step) {
	action := "within"
	switch {
	case s.slot != nil:
		action = "call " + s.slot.file.Name.Value + " for"
		if !p.printed[s.slot] && !slices.Contains(p.called, s.slot) {
			p.called = append(p.called, s.slot)
		}
	case s.link != nil:
		action = "refer to what " + s.link.file.Name.Value + " makes of"
	case s.join != nil:
		action = "refer to what is shown of the target of LINKs " + strconv.Quote(s.join.meaning) + " of type " + strconv.Quote(s.join.typ) + " in"
	case s.refer != nil:
		action = "refer to another " + s.refer.target.Name + " from"
	case len(s.manual) > 0:
		action = "set"
	case s.transfer:
		action = "copy"
	}
	line := strconv.Quote(s.m.Name) + ": " + action
	if s.hasSrc {
		line += " " + s.src.String()
	}
	line += " -> " + s.dst.String() + " (" + s.dstType.String() + ")"
	switch {
	case s.critical:
		line += ", critical"
	case s.needed:
		line += ", needed"
	}
	p.line(depth, "%s", line)
	for _, k := range s.gates {
		p.line(depth+1, "only if %s", k)
	}
	for _, k := range s.filters {
		p.line(depth+1, "of those only if %s", k)
	}
	for _, m := range s.manual {
		line := strconv.Quote(m.name)
		for i, k := range m.gates {
			line += map[bool]string{true: " if ", false: " and "}[i == 0] + k.String()
		}
		if len(m.assign) == 0 {
			line += ": declared loss"
		}
		p.line(depth+1, "%s", line)
		for i := range m.assign {
			a := &m.assign[i]
			p.line(depth+2, "%s = %s (%s)", a.path.String(), a.value.Append(nil), a.typ.Name)
		}
	}
	if s.refer != nil {
		p.steps(depth+1, s.refer.joins)
		p.steps(depth+1, s.refer.methods)
	}
	p.steps(depth+1, s.children)
}

// String is the path with its base; steps that were implied are in parentheses.
func (p opath) String() string {
	b := map[base]string{
		fromParent: ".", fromArchetype: "$archetype", fromComposition: "$composition", fromVersion: "$version", fromSelf: "$self", fromWorkflow: "$workflow", fromNothing: "$reference",
	}[p.base] + strings.Repeat("/..", p.up)
	for i := range p.segs {
		seg := &p.segs[i]
		part := "/" + seg.attr
		if seg.nodeID != "" {
			part += "[" + seg.nodeID
			if seg.name != "" {
				part += ", " + strconv.Quote(seg.name)
			}
			part += "]"
		}
		if seg.implied {
			part = "(" + part + ")"
		}
		b += part
	}
	return b
}

// String is the path with its base and the types of its choices.
func (p *fpath) String() string {
	b := map[base]string{fromParent: ".", fromResource: "$resource", fromNothing: "$reference"}[p.base] + strings.Repeat("^", p.up)
	for i := range p.steps {
		s := &p.steps[i]
		if b != "." {
			b += "."
		}
		b += s.name
		if s.elem != nil && s.elem.Choice && s.typ.Type != nil {
			b += ".ofType(" + s.typ.Type.Name + ")"
		}
		for _, pin := range s.pins {
			b += "[" + strings.Join(pin.path, ".") + " = " + strconv.Quote(pin.value) + "]"
		}
		if s.index >= 0 {
			b += "[" + strconv.Itoa(s.index) + "]"
		}
	}
	if p.leads != "" {
		b += ".ofType(" + p.leads + ")"
	}
	return b
}

// String is the condition with its operands in full.
func (k *condition) String() string {
	b := k.root.String()
	var attrs, criteria []string
	for _, a := range k.attrs {
		attrs = append(attrs, a.String())
	}
	if len(attrs) > 0 {
		b += " {" + strings.Join(attrs, ", ") + "}"
	}
	b += " " + string(k.op)
	for c := range k.criteria {
		criteria = append(criteria, strconv.Quote(c))
	}
	sort.Strings(criteria)
	if len(criteria) > 0 {
		b += " " + strings.Join(criteria, ", ")
	}
	return b
}
