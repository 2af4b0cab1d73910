package validate

import (
	"strconv"

	"github.com/cairn-ehr/cairn/archetypes/assert"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// maxSlots bounds how deeply the contents of slots are checked one in another.
const maxSlots = 64

// archetype checks what only the archetype of a root knows: its constraints, if
// it fills a slot of which the template says no more, and its invariants.
func (v *validator) archetype(o *templates.Object, n *rm.Node) {
	id := n.NodeID()
	if !isArchetypeID(id) {
		return
	}
	a := v.opt.Archetypes.Archetype(id)
	if a == nil {
		return
	}
	if o.Kind == templates.Slot && a.Template != nil && v.opt.Policy.SlotContent != Off && len(v.slots) < maxSlots {
		former := v.demote
		v.demote = former || v.opt.Policy.SlotContent == AsWarning
		v.slots = append(v.slots, o)
		// The root of the archetype checks its own invariants.
		v.object(a.Template.Root, n)
		v.slots = v.slots[:len(v.slots)-1]
		v.demote = former
		return
	}
	level := v.opt.Policy.Invariant.or(AsError)
	if level == Off {
		return
	}
	for i := range a.Invariants {
		inv := &a.Invariants[i]
		name := inv.Tag
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		switch truth, err := assert.Eval(inv.Expr, n); {
		case errs.Is(err, errs.TooLarge):
			if v.fail() {
				v.report(finding{code: CodeEffort, constraint: "ARCHETYPE.invariants: " + name, at: o, message: errs.As(err).Msg})
			}
		case err != nil:
			if v.warn() {
				v.report(finding{
					code: CodeUnchecked, constraint: "ARCHETYPE.invariants: " + name, at: o, severity: rm.Warning,
					message: "The invariant " + name + " of " + id + " is not checked: " + errs.As(err).Msg,
				})
			}
		case truth == assert.False:
			if render, severity := v.level(level); render {
				v.report(finding{
					code: CodeInvariant, constraint: "ARCHETYPE.invariants: " + name, at: o, severity: severity,
					message: "The invariant " + name + " of the archetype " + id + " does not hold",
				})
			}
		}
	}
}
