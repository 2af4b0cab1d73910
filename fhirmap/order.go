package fhirmap

import (
	"slices"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// An INSTRUCTION does not say how far it has come. On the way back what a resource
// says of it becomes an ACTION beside the INSTRUCTION, which names its ACTIVITY
// (docs/adr/0039): $workflow is then that ACTION.

// action is the ACTION beside the INSTRUCTION in hand; nil if the template has
// none there, or several, so that which is meant cannot be told.
func (b *backward) action() *part {
	order := b.archetype
	if b.flow != nil || order.object == nil || order.object.Parent == nil || order.up == nil {
		return b.flow
	}
	var found *part
	for _, o := range order.object.Parent.Children {
		if prohibited(o) || o.ArchetypeID == "" || !o.Class.IsA(rm.ClassEntry) || o.Class.Name != "ACTION" {
			continue
		}
		if found != nil {
			return nil
		}
		found = b.newPart(o.Class, o, order.up)
	}
	if found != nil {
		order.up.add(order.object.Parent.Name, found)
		b.flow = found
	}
	return found
}

// follows says of which ACTIVITY the ACTION is, and when it was: at some time
// before it was told (RM ehr, ACTION.time).
func (b *backward) follows() {
	a := b.flow
	if a == nil || a.empty() || b.event == nil || b.event.class == nil || b.event.class.Name != "ACTIVITY" {
		return
	}
	a.once("subject", rm.Object("PARTY_SELF"))
	if !b.in.Time.IsZero() {
		a.once("time", rm.Object("DV_DATE_TIME", rm.Str("value", b.in.Time.Format("2006-01-02T15:04:05.999Z07:00")), rm.Str("magnitude_status", "<")))
	}
	path := ""
	for p := b.event.up; p.up != nil; p = p.up {
		path = "/" + p.object.Parent.Name + "[" + p.object.Key() + "]" + path
	}
	a.once("instruction_details", rm.Object("INSTRUCTION_DETAILS",
		rm.Child("instruction_id", rm.Object("LOCATABLE_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", b.in.object())),
			rm.Str("namespace", "local"), rm.Str("type", "COMPOSITION"), rm.Str("path", path))),
		rm.Str("activity_id", "activities["+b.event.object.Key()+"]")))
	b.bound = true
}

// object is the id of the versioned object that the composition is to have.
func (in *ComposeInput) object() string {
	if in.ObjectID == "" {
		return trialObject
	}
	return in.ObjectID
}

// said is what the ACTIONs of a composition say about orders.
func said(root *rm.Node) []WorkflowAction {
	var out []WorkflowAction
	var visit func(n *rm.Node)
	visit = func(n *rm.Node) {
		for _, name := range [...]string{"content", "items"} {
			for _, m := range n.List(name) {
				if m.Class.Name == "ACTION" {
					out = append(out, saysOf(m, lifecycleComplete))
				} else if !m.Class.IsA(rm.ClassEntry) {
					visit(m)
				}
			}
		}
	}
	visit(root)
	return out
}

// untold reports whether a loss is that no resource is made of the ACTION by which
// the composition says how far its order has come: the resource of the order says it.
func (b *backward) untold(l Loss) bool {
	return b.bound && l.Kind == LossUnmapped && l.Archetype == b.flow.object.ArchetypeID &&
		!slices.ContainsFunc(b.root.fields[b.flow.object.Parent.Name], func(p *part) bool { return p != b.flow && p.object == b.flow.object })
}
