package rm

import (
	"strconv"
	"strings"
)

// Walk remembers where a walker of an instance tree stands, cheaply enough to
// keep on every step, and renders that place as text only when a problem has
// to be reported. The zero value stands at the root of a tree it knows nothing
// about; call Start before each use.
//
// A Walk is not safe for concurrent use, but may be reused for one tree after
// another.
type Walk struct {
	prefix string
	root   *Node
	steps  []walkStep
}

type walkStep struct {
	attr  *Attribute
	index int // in the container, -1 for a single-valued attribute
	node  *Node
}

// Start puts the walk at the root of a tree. The prefix, usually empty, is the
// RM path of that root in a larger structure and precedes every path rendered.
func (w *Walk) Start(root *Node, prefix string) {
	w.prefix, w.root, w.steps = prefix, root, w.steps[:0]
}

// Enter goes down to one value of an attribute of the current node. The index
// is zero-based among the attribute's members and ignored for a single-valued
// attribute. The node may be nil when the place has no node, as for a missing
// attribute.
func (w *Walk) Enter(attr *Attribute, index int, node *Node) {
	if !attr.Container {
		index = -1
	}
	w.steps = append(w.steps, walkStep{attr, index, node})
}

// EnterAll goes down to a container as a whole rather than to one member.
func (w *Walk) EnterAll(attr *Attribute) {
	w.steps = append(w.steps, walkStep{attr, -1, nil})
}

// Leave goes back up one step.
func (w *Walk) Leave() { w.steps = w.steps[:len(w.steps)-1] }

// Depth is the number of steps below the root.
func (w *Walk) Depth() int { return len(w.steps) }

// Node is the current node; nil where the place has none.
func (w *Walk) Node() *Node {
	if len(w.steps) == 0 {
		return w.root
	}
	return w.steps[len(w.steps)-1].node
}

// Ancestor is the node n steps above the current one, 0 being the current one;
// nil when there is none.
func (w *Walk) Ancestor(n int) *Node {
	switch i := len(w.steps) - 1 - n; {
	case i >= 0:
		return w.steps[i].node
	case i == -1:
		return w.root
	}
	return nil
}

// Attribute is the attribute through which the current node was entered; nil
// at the root.
func (w *Walk) Attribute() *Attribute {
	if len(w.steps) == 0 {
		return nil
	}
	return w.steps[len(w.steps)-1].attr
}

// Path renders the place as an RM path with zero-based indexes, "/" for the
// root.
func (w *Walk) Path() string {
	if len(w.steps) == 0 && w.prefix == "" {
		return "/"
	}
	var b strings.Builder
	b.WriteString(w.prefix)
	for i := range w.steps {
		s := &w.steps[i]
		b.WriteByte('/')
		b.WriteString(s.attr.Name)
		if s.index >= 0 {
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(s.index))
			b.WriteByte(']')
		}
	}
	return b.String()
}

// AQLPath renders the place with node-id predicates, and with name predicates
// on members of containers, so that siblings of one archetype node are told
// apart. Members that are not LOCATABLE have no predicate. The root is "/".
func (w *Walk) AQLPath() string {
	if len(w.steps) == 0 {
		return "/"
	}
	var b strings.Builder
	for i := range w.steps {
		s := &w.steps[i]
		b.WriteByte('/')
		b.WriteString(s.attr.Name)
		if s.node == nil {
			continue
		}
		id := s.node.NodeID()
		if id == "" {
			continue
		}
		b.WriteByte('[')
		b.WriteString(id)
		if name := s.node.NameValue(); s.attr.Container && name != "" {
			b.WriteString(" and name/value=")
			writeQuoted(&b, name)
		}
		b.WriteByte(']')
	}
	return b.String()
}

// writeQuoted writes a string literal of the path syntax: single quotes, with
// backslash before a quote or a backslash.
func writeQuoted(b *strings.Builder, s string) {
	b.WriteByte('\'')
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('\'')
}

// Problem is an error at the current place; the caller fills in what was
// expected and found.
func (w *Walk) Problem(code, message string) Problem {
	return Problem{Code: code, Path: w.Path(), AQLPath: w.AQLPath(), Message: message}
}

// Collector gathers problems up to a limit and counts the rest. The zero value
// keeps DefaultProblems.
type Collector struct {
	// Max is the greatest number of problems kept; 0 means DefaultProblems.
	Max int

	problems []Problem
	more     int
	// lost means that an error is among those that are only counted.
	lost bool
}

// Add takes a problem.
func (c *Collector) Add(p Problem) {
	limit := c.Max
	if limit <= 0 {
		limit = DefaultProblems
	}
	if len(c.problems) >= limit {
		c.more++
		c.lost = c.lost || p.Severity == Error
		return
	}
	c.problems = append(c.problems, p)
}

// Full reports whether further problems would only be counted.
func (c *Collector) Full() bool { return c.more > 0 }

// Problems is what was gathered, in the order it was found. When the limit was
// reached, a last one with the code problems.more tells how many more there
// were; it stands beyond the limit, and is an error if one of those was.
func (c *Collector) Problems() []Problem {
	if c.more == 0 {
		return c.problems
	}
	severity := Warning
	if c.lost {
		severity = Error
	}
	return append(c.problems[:len(c.problems):len(c.problems)], Problem{
		Code: CodeMoreProblems, Severity: severity, Path: "/",
		Message: strconv.Itoa(c.more) + " more problems are not listed",
	})
}
