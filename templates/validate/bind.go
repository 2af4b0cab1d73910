package validate

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// single checks the value of a single-valued attribute: against the only child,
// or against the alternatives.
func (v *validator) single(a *templates.Attribute, n *rm.Node) {
	switch len(a.Children) {
	case 0:
		return
	case 1:
		v.bound(a.Children[0], n)
	default:
		v.alternatives(a, a.Children, n)
	}
}

// bound checks a node against the one child it can be bound to.
func (v *validator) bound(o *templates.Object, n *rm.Node) {
	if !o.Occurrences.Unbounded && o.Occurrences.Upper == 0 {
		if v.fail() {
			v.report(finding{
				code: CodeOccurrences, constraint: objectName(o) + ": occurrences.upper", at: o,
				expected: o.Occurrences.String(), actual: "1",
				message: "Attribute has 1 occurrences, but must be " + o.Occurrences.String(),
			})
		}
		return
	}
	if !v.identity(o, n) {
		return
	}
	v.object(o, n)
}

// identity checks that the node id of a LOCATABLE is the one of the template,
// or that its archetype may fill the slot.
func (v *validator) identity(o *templates.Object, n *rm.Node) bool {
	if !n.Class.IsA(rm.ClassLocatable) || !n.Class.IsA(o.Class) {
		return true // object reports the type
	}
	id := n.NodeID()
	if o.Kind == templates.Slot {
		if !isArchetypeID(id) || o.Slot.Allows(id) {
			return true
		}
		if v.fail() {
			v.report(slotFinding(id, o, nil))
		}
		return false
	}
	if key := o.Key(); key != "" && !sameID(key, id) {
		if v.fail() {
			v.report(finding{
				code: CodeNode, constraint: "C_OBJECT.node_id", at: o, expected: key, actual: id,
				message: "The node id " + id + " must be " + key,
			})
		}
		return false
	}
	return true
}

func slotFinding(id string, o *templates.Object, a *templates.Attribute) finding {
	f := finding{
		code: CodeSlot, constraint: "ARCHETYPE_SLOT.includes", at: o, attr: a, actual: id,
		message: "The archetype id " + id + " does not match the possible archetype ids.",
	}
	if o != nil {
		var parts []string
		for _, x := range o.Slot.Includes {
			parts = append(parts, "include "+x.Text)
		}
		for _, x := range o.Slot.Excludes {
			parts = append(parts, "exclude "+x.Text)
		}
		f.expected = strings.Join(parts, "; ")
	}
	return f
}

func isArchetypeID(id string) bool {
	return strings.IndexByte(id, '.') > 0 && strings.IndexByte(id, '-') > 0
}

func objectName(o *templates.Object) string {
	if key := o.Key(); key != "" {
		return o.Class.Name + "[" + key + "]"
	}
	return o.Class.Name
}

// choice is the outcome of choosing among alternatives. tried tells that the
// object was checked already and what that counted.
type choice struct {
	object           *templates.Object
	tried            bool
	errors, warnings int
}

// settle checks a node against the chosen object, or takes over what the trial
// counted when that is all there is to say.
func (v *validator) settle(c choice, n *rm.Node) {
	switch {
	case !c.tried:
		v.object(c.object, n)
	case v.quiet > 0:
		v.errors, v.warnings = v.errors+c.errors, v.warnings+c.warnings
	case c.errors > 0 || c.warnings > 0:
		v.object(c.object, n) // once more, to report
	}
}

// alternatives checks a node against several children and keeps the one with
// the fewest errors. Nothing is reported when one has none.
func (v *validator) alternatives(a *templates.Attribute, children []*templates.Object, n *rm.Node) {
	c := v.choose(children, n)
	if c.object == nil {
		if v.fail() {
			v.report(v.noAlternative(a, children, n))
		}
		return
	}
	v.settle(c, n)
}

// choose finds the alternative that the node satisfies, or else the one that it
// fails least; none if it has the type and identity of none.
func (v *validator) choose(children []*templates.Object, n *rm.Node) choice {
	var only *templates.Object
	several := false
	for _, c := range children {
		if v.candidate(c, n) {
			if only != nil {
				several = true
				break
			}
			only = c
		}
	}
	if !several {
		return choice{object: only}
	}
	var best choice
	bestRank := 0
	for _, c := range children {
		if !v.candidate(c, n) {
			continue
		}
		asked := len(v.questions)
		errors, warnings := v.try(c, n)
		if errors == 0 && warnings == 0 && len(v.questions) == asked {
			return choice{object: c, tried: true}
		}
		// Among alternatives that fail, those of the instance's own class and
		// careflow step tell most.
		rank := errors
		if errors > 0 && !(c.Class == n.Class && stepMatches(c, n)) {
			rank += maxEffort
		}
		if best.object == nil || rank < bestRank || rank == bestRank && warnings < best.warnings {
			best, bestRank = choice{c, true, errors, warnings}, rank
		}
	}
	return best
}

// stepMatches prefers, among the transitions of an ACTION, the one of the
// careflow step that the instance names: the problem to report is then that the
// state does not belong to the step.
func stepMatches(o *templates.Object, n *rm.Node) bool {
	step := n.String("careflow_step", "defining_code", "code_string")
	if step == "" || o.Class.Name != "ISM_TRANSITION" {
		return true
	}
	a := o.Attribute("careflow_step")
	if a == nil {
		return true
	}
	for _, coded := range a.Children {
		if code := coded.Attribute("defining_code"); code != nil {
			for _, leaf := range code.Children {
				if c, ok := leaf.Constraint.(*templates.CCodePhrase); ok && c.Has(step) {
					return true
				}
			}
		}
	}
	return false
}

// candidate reports whether the node has the type and identity of a child.
func (v *validator) candidate(o *templates.Object, n *rm.Node) bool {
	if !o.Occurrences.Unbounded && o.Occurrences.Upper == 0 || !conforms(o, n) {
		return false
	}
	if !o.Class.IsA(rm.ClassLocatable) {
		return true
	}
	id := n.NodeID()
	if o.Kind == templates.Slot {
		return !isArchetypeID(id) || o.Slot.Allows(id)
	}
	key := o.Key()
	return key == "" || sameID(key, id)
}

// noAlternative says what the alternatives were when none fits.
func (v *validator) noAlternative(a *templates.Attribute, children []*templates.Object, n *rm.Node) finding {
	var types []string
	ofType := false
	for _, c := range children {
		name := typeName(c)
		if key := c.Key(); key != "" {
			name += "[" + key + "]"
		}
		types = append(types, name)
		ofType = ofType || c.Key() != "" && conforms(c, n)
	}
	f := finding{
		code: CodeType, constraint: "C_OBJECT.rm_type_name", attr: a,
		expected: strings.Join(types, ", "), actual: actualType(n),
	}
	f.message = "Object should be type " + f.expected + ", but was " + f.actual
	if ofType {
		f.code, f.constraint, f.actual = CodeNode, "C_OBJECT.node_id", n.NodeID()
		f.message = "The node id " + f.actual + " must be one of " + f.expected
	}
	return f
}

// container checks the members of a container: each is bound to a child and
// checked against it, then the children's occurrences and the cardinality.
func (v *validator) container(a *templates.Attribute, parent *rm.Node, items []*rm.Node) {
	if c := a.Cardinality; c != nil {
		v.cardinality(a, parent, len(items))
		if c.Unique {
			v.unique(a, items)
		}
	}
	if len(a.Children) == 0 {
		return
	}
	base := len(v.counts)
	for range a.Children {
		v.counts = append(v.counts, 0)
	}
	for i, n := range items {
		v.walk.Enter(a.Def, i, n)
		if c := v.bind(a, n, base); c.object != nil {
			for k, child := range a.Children {
				if child == c.object {
					v.counts[base+k]++
					break
				}
			}
			v.settle(c, n)
		}
		v.walk.Leave()
	}
	for k, c := range a.Children {
		count := v.counts[base+k]
		if c.Occurrences.Has(count) || v.opt.Incomplete && count < c.Occurrences.Lower {
			continue
		}
		if v.fail() {
			end := "upper"
			if count < c.Occurrences.Lower {
				end = "lower"
			}
			v.walk.EnterAll(a.Def)
			v.report(finding{
				code: CodeOccurrences, constraint: objectName(c) + ": occurrences." + end, at: c,
				expected: c.Occurrences.String(), actual: strconv.Itoa(count),
				message: "Attribute has " + strconv.Itoa(count) + " occurrences, but must be " + c.Occurrences.String(),
			})
			v.walk.Leave()
		}
	}
	v.counts = v.counts[:base]
}

func (v *validator) cardinality(a *templates.Attribute, parent *rm.Node, n int) {
	i := a.Cardinality.Interval
	if i.Has(n) || v.opt.Incomplete && n < i.Lower {
		return
	}
	if v.fail() {
		end := "upper"
		if n < i.Lower {
			end = "lower"
		}
		v.walk.EnterAll(a.Def)
		v.report(finding{
			code: CodeCardinality, constraint: parent.Class.Name + "." + a.Name + ": cardinality." + end, attr: a,
			expected: i.String(), actual: strconv.Itoa(n), message: "Attribute does not match cardinality " + i.String(),
		})
		v.walk.Leave()
	}
}

// unique checks a container whose members have to differ.
func (v *validator) unique(a *templates.Attribute, items []*rm.Node) {
	seen := make(map[string]int, len(items))
	for i, n := range items {
		text := string(rm.AppendJSON(nil, n))
		first, twice := seen[text]
		if !twice {
			seen[text] = i
			continue
		}
		if v.fail() {
			v.walk.Enter(a.Def, i, n)
			v.report(finding{
				code: CodeUnique, constraint: "CARDINALITY.is_unique", attr: a,
				message: "The member equals member " + strconv.Itoa(first) + ", but all have to differ",
			})
			v.walk.Leave()
		}
	}
}

// bind finds the child that a member of a container belongs to. When there is
// none it reports that.
func (v *validator) bind(a *templates.Attribute, n *rm.Node, base int) choice {
	if !n.Class.IsA(rm.ClassLocatable) {
		c := v.choose(a.Children, n)
		if c.object == nil && v.fail() {
			v.report(v.noAlternative(a, a.Children, n))
		}
		return c
	}
	id := n.NodeID()
	matching := a.Matching(id)
	if len(matching) == 0 && isArchetypeID(id) {
		for _, c := range a.Children {
			if c.Kind == templates.ArchetypeRoot && sameID(c.ArchetypeID, id) {
				matching = a.Matching(c.ArchetypeID)
				break
			}
		}
	}
	switch len(matching) {
	case 0:
		return v.bindOpen(a, n, id, base)
	case 1:
		return choice{object: matching[0]}
	}
	return v.bindByName(a, n, matching, base)
}

// bindByName tells siblings of one node id apart: those with the node's name
// first, then those that allow any name.
func (v *validator) bindByName(a *templates.Attribute, n *rm.Node, matching []*templates.Object, base int) choice {
	name := n.NameValue()
	var named, open [8]*templates.Object
	ns, os := named[:0], open[:0]
	for _, o := range matching {
		switch {
		case o.Names == nil:
			os = append(os, o)
		case o.HasName(name) || hasNameCode(o, n):
			ns = append(ns, o)
		}
	}
	if len(ns) == 0 {
		ns = os
	}
	switch len(ns) {
	case 0:
		if v.fail() {
			var all []string
			for _, o := range matching {
				all = append(all, o.Names...)
			}
			v.report(finding{
				code: CodeName, constraint: "LOCATABLE.name", attr: a, expected: quoteList(all), actual: name,
				message: "The value " + strconv.Quote(name) + " must be " + oneOf(all),
			})
		}
		return choice{}
	case 1:
		return choice{object: ns[0]}
	}
	// Ambiguous: whichever it satisfies, one with room for it first.
	var best choice
	bestRoom := false
	for _, o := range ns {
		errors, warnings := v.try(o, n)
		room := v.room(a, o, base)
		if best.object == nil || errors < best.errors || errors == best.errors && room && !bestRoom {
			best, bestRoom = choice{o, true, errors, warnings}, room
		}
	}
	return best
}

func hasNameCode(o *templates.Object, n *rm.Node) bool {
	if o.NameCodes == nil {
		return false
	}
	code := n.String("name", "defining_code", "code_string")
	for _, c := range o.NameCodes {
		if c == code {
			return code != ""
		}
	}
	return false
}

// room reports whether one more instance of the child is within its
// occurrences.
func (v *validator) room(a *templates.Attribute, o *templates.Object, base int) bool {
	for k, c := range a.Children {
		if c == o {
			return o.Occurrences.Unbounded || v.counts[base+k] < o.Occurrences.Upper
		}
	}
	return false
}

// bindOpen finds a child for a node whose id the template does not have: one
// without a node id, or a slot.
func (v *validator) bindOpen(a *templates.Attribute, n *rm.Node, id string, base int) choice {
	if open := a.Unidentified(); len(open) > 0 {
		if c := v.choose(open, n); c.object != nil {
			return c
		}
	}
	var refused, full *templates.Object
	for _, s := range a.Slots() {
		switch {
		case !isArchetypeID(id) || !conforms(s, n):
		case !s.Slot.Allows(id):
			refused = s
		case !v.room(a, s, base):
			full = s
		default:
			return choice{object: s}
		}
	}
	if full != nil {
		return choice{object: full}
	}
	if !v.fail() {
		return choice{}
	}
	if refused != nil {
		v.report(slotFinding(id, refused, nil))
		return choice{}
	}
	var keys []string
	for _, c := range a.Children {
		if key := c.Key(); key != "" && !contains(keys, key) {
			keys = append(keys, key)
		}
	}
	v.report(finding{
		code: CodeExtraNode, constraint: "C_ATTRIBUTE.children", attr: a,
		expected: strings.Join(keys, ", "), actual: id,
		message: "The node " + n.Class.Name + "[" + id + "] is not part of the template",
	})
	return choice{}
}
