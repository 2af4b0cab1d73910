package webtemplate

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// inContext are the attributes that the context of the simplified formats can
// fill in.
var inContext = map[string]bool{
	"language": true, "territory": true, "composer": true, "category": true, "encoding": true, "subject": true,
	"time": true, "setting": true, "start_time": true, "narrative": true, "timing": true, "action_archetype_id": true,
	"math_function": true, "width": true, "current_state": true, "transition": true, "careflow_step": true,
	"ism_transition": true,
}

// rmLeaf is an attribute of the RM that gets a node although the template does
// not mention it.
type rmLeaf struct{ class, attribute, typ string }

// rmLeaves are in the order of their nodes, which follow those of the template.
var rmLeaves = []rmLeaf{
	{"INTERVAL_EVENT", "width", "DV_DURATION"},
	{"INTERVAL_EVENT", "math_function", "DV_CODED_TEXT"},
	{"EVENT", "time", "DV_DATE_TIME"},
	{"EVENT_CONTEXT", "start_time", "DV_DATE_TIME"},
	{"EVENT_CONTEXT", "setting", "DV_CODED_TEXT"},
	{"ACTIVITY", "timing", "DV_PARSABLE"},
	{"ACTIVITY", "action_archetype_id", "String"},
	{"ACTION", "time", "DV_DATE_TIME"},
	{"INSTRUCTION", "expiry_time", "DV_DATE_TIME"},
	{"INSTRUCTION", "narrative", "DV_TEXT"},
	{"COMPOSITION", "category", "DV_CODED_TEXT"},
	{"ENTRY", "language", "CODE_PHRASE"},
	{"ENTRY", "encoding", "CODE_PHRASE"},
	{"COMPOSITION", "language", "CODE_PHRASE"},
	{"COMPOSITION", "territory", "CODE_PHRASE"},
	{"COMPOSITION", "composer", "PARTY_PROXY"},
	{"ENTRY", "subject", "PARTY_PROXY"},
}

// rmAttributes adds the nodes of attributes that every object of its class has
// and the template does not constrain.
func (b *builder) rmAttributes(o *templates.Object, p place) {
	if o.Class == rm.ClassComposition && o.Attribute("context") == nil {
		def := o.Class.Attribute("context")
		n := rmNode(p.at(def, nil, ""), def, def.Type)
		n.Name = ""
		b.rmLeaves(n.Class, place{node: n, path: n.AQLPath}, nil)
		p.node.Children = append(p.node.Children, n)
	}
	if o.Class.Name == "ACTION" && o.Attribute("ism_transition") == nil {
		b.transition(&templates.Attribute{Def: o.Class.Attribute("ism_transition")}, p)
	}
	b.rmLeaves(o.Class, p, o)
}

// rmLeaves adds the nodes of the values among those attributes.
func (b *builder) rmLeaves(class *rm.Class, p place, o *templates.Object) {
	for _, leaf := range rmLeaves {
		if !class.IsA(rm.Lookup(leaf.class)) || o != nil && o.Attribute(leaf.attribute) != nil && leaf.attribute != "time" {
			continue
		}
		def := class.Attribute(leaf.attribute)
		at := p.at(def, nil, "")
		if hasPath(p.node, at.path) {
			continue
		}
		n := rmNode(at, def, rm.Lookup(leaf.typ))
		b.inputs(n)
		p.node.Children = append(p.node.Children, n)
	}
}

func hasPath(n *Node, path string) bool {
	for _, c := range n.Children {
		if c.AQLPath == path {
			return true
		}
	}
	return false
}

// rmNode is the node of an attribute without a constraint.
func rmNode(at place, def *rm.Attribute, class *rm.Class) *Node {
	n := &Node{
		ID: def.Name, Name: strings.ToUpper(def.Name[:1]) + def.Name[1:], RMType: rmType(class, nil),
		Max: 1, AQLPath: at.path, Steps: at.steps, Class: class, InContext: inContext[def.Name],
	}
	if def.Mandatory {
		n.Min = 1
	}
	if !n.InContext {
		n.Name = def.Name
	}
	return n
}

// transition adds the one node for all alternatives of an ISM_TRANSITION.
func (b *builder) transition(a *templates.Attribute, p place) {
	at := p.at(a.Def, nil, "")
	n := rmNode(at, a.Def, rm.Lookup("ISM_TRANSITION"))
	for _, c := range a.Children {
		if c.Class != nil && c.Class == n.Class {
			n.Transitions = append(n.Transitions, c)
		}
	}
	inner := place{node: n, path: at.path}
	for _, name := range []string{"current_state", "transition", "careflow_step"} {
		def := n.Class.Attribute(name)
		c := rmNode(inner.at(def, nil, ""), def, rm.ClassDVCodedText)
		items := b.states(n.Transitions, name)
		if len(items) > 0 {
			c.Inputs = []Input{{Suffix: "code", Type: "CODED_TEXT", List: items}}
		} else {
			b.inputs(c)
		}
		n.Children = append(n.Children, c)
	}
	p.node.Children = append(p.node.Children, n)
}

// states collects the codes that the alternatives allow for one attribute of
// the transition; for a careflow step with the states it leads to.
func (b *builder) states(transitions []*templates.Object, name string) []Item {
	var items []Item
	index := map[string]int{}
	for _, t := range transitions {
		codes, terms := phrase(t.Attribute(name))
		if codes == nil {
			continue
		}
		states, _ := phrase(t.Attribute("current_state"))
		for _, code := range codes.Codes {
			i, seen := index[code]
			if !seen {
				i = len(items)
				index[code] = i
				items = append(items, b.item(code, codes.Terminology, terms))
			}
			if name == "careflow_step" && states != nil {
				items[i].CurrentStates = append(items[i].CurrentStates, states.Codes...)
			}
		}
	}
	return items
}

// phrase is the constraint on the code of a coded text.
func phrase(a *templates.Attribute) (*templates.CCodePhrase, *templates.Terms) {
	if a == nil {
		return nil, nil
	}
	for _, c := range a.Children {
		if code := c.Attribute("defining_code"); code != nil {
			for _, leaf := range code.Children {
				if p, ok := leaf.Constraint.(*templates.CCodePhrase); ok {
					return p, c.Terms
				}
			}
		}
	}
	return nil, nil
}
