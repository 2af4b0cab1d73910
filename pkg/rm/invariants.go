package rm

import "strings"

// CheckOptions adjust CheckInvariants.
type CheckOptions struct {
	// MaxProblems is the greatest number of problems listed; 0 means
	// DefaultProblems.
	MaxProblems int
	// Incomplete excuses what is only missing, as the lifecycle state
	// 553|incomplete| does. The data of an ORIGINAL_VERSION in that state is
	// always excused.
	Incomplete bool
	// PathPrefix precedes the paths of problems, as for JSONOptions.
	PathPrefix string
}

// CheckInvariants checks every object of a tree against the invariants of its
// class and of that class's ancestors. It covers the invariants that need
// nothing but the instance; membership of codes in terminology groups is left
// to the terminology layer. The codes of its problems are
// rm.invariant.CLASS.name, listed by Rules.
//
// The tree may lack mandatory attributes: that is the decoder's to report, and
// an invariant on an absent attribute holds.
func CheckInvariants(root *Node, opt CheckOptions) []Problem {
	c := checker{incomplete: opt.Incomplete}
	c.problems.Max = opt.MaxProblems
	c.walk.Start(root, opt.PathPrefix)
	if root != nil {
		c.node(root)
	}
	return c.problems.Problems()
}

// invariant is one rule of a class.
type invariant struct {
	class string
	name  string
	text  string // what holds, for messages and documentation
	check func(c *checker, n *Node)
	// warning marks rules that are no invariants of the specification but
	// catch likely mistakes.
	warning bool
}

func (v *invariant) code() string { return "rm.invariant." + v.class + "." + v.name }

// checker is one walk over a tree.
type checker struct {
	walk       Walk
	problems   Collector
	incomplete bool
	clinical   bool       // within a COMPOSITION or PARTY, where archetyping is mandatory
	current    *invariant // being checked
}

func (c *checker) node(n *Node) {
	class := n.Class
	wasClinical, wasIncomplete := c.clinical, c.incomplete
	if class.archetypedRoot {
		c.clinical = true
	}
	for _, v := range class.invariants {
		c.current = v
		v.check(c, n)
	}
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if a.Def.Type.Primitive != NotPrimitive {
			continue
		}
		if class == ClassOriginalVersion && a.Def.open &&
			n.String("lifecycle_state", "defining_code", "code_string") == lifecycleIncomplete {
			c.incomplete = true
		}
		for k, item := range a.Items {
			c.walk.Enter(a.Def, k, item)
			c.node(item)
			c.walk.Leave()
		}
	}
	c.clinical, c.incomplete = wasClinical, wasIncomplete
}

// fail reports that the current invariant does not hold. The attribute, if not
// "", is the one at fault.
func (c *checker) fail(n *Node, attribute, expected, actual string) {
	c.failWith(n, attribute, expected, actual, c.current.text)
}

// failMember is fail for one member of a container.
func (c *checker) failMember(n *Node, attribute string, index int, expected, actual string) {
	member := n.List(attribute)[index]
	c.walk.Enter(n.Attr(attribute).Def, index, member)
	c.fail(member, "", expected, actual)
	c.walk.Leave()
}

func (c *checker) failWith(n *Node, attribute, expected, actual, message string) {
	def := n.Class.Attribute(attribute)
	if def != nil {
		c.walk.Enter(def, 0, n.Get(attribute))
	}
	p := c.walk.Problem(c.current.code(), message)
	if def != nil {
		c.walk.Leave()
	}
	p.Constraint = c.current.class + "." + c.current.name
	p.Expected, p.Actual = expected, clip(actual)
	if c.current.warning {
		p.Severity = Warning
	}
	c.problems.Add(p)
}

// init hands each class the invariants that apply to it.
func init() {
	names := map[string]bool{}
	for i := range invariants {
		v := &invariants[i]
		declaring := mustLookup(v.class)
		if names[v.code()] {
			panic("rm: invariant " + v.code() + " twice")
		}
		names[v.code()] = true
		for _, class := range declaring.concrete {
			class.invariants = append(class.invariants, v)
		}
	}
	for _, name := range []string{"COMPOSITION", "CONTENT_ITEM", "PARTY"} {
		for _, class := range mustLookup(name).concrete {
			class.archetypedRoot = true
		}
	}
	for _, name := range []string{"COMPOSITION", "ENTRY", "PARTY", "EHR_STATUS", "EHR_ACCESS"} {
		for _, class := range mustLookup(name).concrete {
			class.alwaysRoot = true
		}
	}
}

// notEmpty holds when the string attribute is absent or has text.
func notEmpty(attribute string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		if a := n.Attr(attribute); a != nil && a.Items[0].Text == "" {
			c.fail(n, attribute, "text", "")
		}
	}
}

// oneOf holds when the string attribute is absent or one of the words.
func oneOf(attribute string, words ...string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		a := n.Attr(attribute)
		if a == nil {
			return
		}
		for _, w := range words {
			if a.Items[0].Text == w {
				return
			}
		}
		c.fail(n, attribute, strings.Join(words, " "), a.Items[0].Text)
	}
}

// matches holds when the string attribute is absent or satisfies the function.
func matches(attribute, expected string, valid func(string) bool) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		if a := n.Attr(attribute); a != nil && !valid(a.Items[0].Text) {
			c.fail(n, attribute, expected, a.Items[0].Text)
		}
	}
}

// parses holds when the value is absent or the function reads it.
func parses[T any](expected string, parse func(string) (T, error)) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		a := n.Attr("value")
		if a == nil {
			return
		}
		if _, err := parse(a.Items[0].Text); err != nil {
			c.failWith(n, "value", expected, a.Items[0].Text, err.Error())
		}
	}
}

// refersTo holds when the object references of the attribute name the type.
func refersTo(attribute, typ string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		for i, ref := range n.List(attribute) {
			if t := ref.Attr("type"); t != nil && t.Items[0].Text != typ {
				c.failMember(n, attribute, i, typ, t.Items[0].Text)
			}
		}
	}
}
