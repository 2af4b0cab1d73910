package rm

import (
	"fmt"
	"strconv"
	"strings"
)

// Path is a path into an instance: attributes with optional predicates
// (Architecture Overview, Paths and Locators). The zero value is the root.
type Path struct {
	Steps []Step
}

// Step is one attribute of a path and what its value has to satisfy. All
// conditions given apply together.
type Step struct {
	Attribute string
	// NodeID is an at-code or archetype id to compare with archetype_node_id,
	// "" for any.
	NodeID string
	// Name, if HasName, is compared with name/value.
	Name    string
	HasName bool
	// Index, if HasIndex, selects a member of the container by its position,
	// counted from zero, as problem paths do. It stands alone.
	Index    int
	HasIndex bool
}

// The limits of a path.
const (
	maxPathLength = 8192
	maxPathSteps  = 256
)

// ParsePath reads a path such as
//
//	/content[openEHR-EHR-OBSERVATION.pulse.v2 and name/value='Pulse']/data[at0002]
//
// A predicate is a node id, a name condition, or a node id with a name, written
// [at0001], [name/value='x'], [at0001 and name/value='x'] or [at0001, 'x']; or
// a position [0]. archetype_node_id='at0001' is understood as at0001. Names are
// quoted with ' or ", and \ stands before a quote or backslash in them. The
// leading slash may be absent; "/" and "" are the root. Other conditions and
// the // pattern of XPath are refused.
func ParsePath(s string) (Path, error) {
	p := pathParser{s: s}
	path, err := p.parse()
	if err != nil {
		return Path{}, fmt.Errorf("path %q, position %d: %w", clip(s), p.i+1, err)
	}
	return path, nil
}

type pathParser struct {
	s string
	i int
}

func (p *pathParser) parse() (path Path, err error) {
	if len(p.s) > maxPathLength {
		return path, fmt.Errorf("longer than %d bytes", maxPathLength)
	}
	p.accept('/')
	for p.i < len(p.s) || len(path.Steps) > 0 {
		var step Step
		start := p.i
		for p.i < len(p.s) && isWord(p.s[p.i]) {
			p.i++
		}
		if step.Attribute = p.s[start:p.i]; step.Attribute == "" || isDigit(step.Attribute[0]) {
			return path, errText("an attribute name is expected")
		}
		if p.accept('[') {
			if err := p.predicate(&step); err != nil {
				return path, err
			}
		}
		path.Steps = append(path.Steps, step)
		if len(path.Steps) > maxPathSteps {
			return path, fmt.Errorf("more than %d steps", maxPathSteps)
		}
		if p.i == len(p.s) {
			break
		}
		if !p.accept('/') {
			return path, errText("a slash is expected")
		}
	}
	return path, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *pathParser) accept(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *pathParser) blanks() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t' || p.s[p.i] == '\n' || p.s[p.i] == '\r') {
		p.i++
	}
}

// word takes the longest run of characters that ids and attribute paths have.
func (p *pathParser) word() string {
	start := p.i
	for p.i < len(p.s) && (isWord(p.s[p.i]) || strings.IndexByte(".-:+/@", p.s[p.i]) >= 0) {
		p.i++
	}
	return p.s[start:p.i]
}

// predicate reads what follows an opening bracket, the closing one included.
func (p *pathParser) predicate(step *Step) error {
	for first := true; ; first = false {
		p.blanks()
		if err := p.condition(step, first); err != nil {
			return err
		}
		p.blanks()
		if p.accept(']') {
			return nil
		}
		switch {
		case step.HasIndex:
			return errText("a position stands alone in its brackets")
		case step.NodeID != "" && !step.HasName && p.accept(','):
			p.blanks()
			name, err := p.quoted()
			if err != nil {
				return err
			}
			step.Name, step.HasName = name, true
			p.blanks()
			if !p.accept(']') {
				return errText("a closing bracket is expected")
			}
			return nil
		case strings.EqualFold(p.word(), "and"):
		default:
			return errText("'and' or a closing bracket is expected")
		}
	}
}

func (p *pathParser) condition(step *Step, first bool) error {
	word := p.word()
	p.blanks()
	if !p.accept('=') {
		switch {
		case word == "":
			return errText("a node id, a name condition or a position is expected")
		case strings.Trim(word, "0123456789") == "":
			n, err := strconv.ParseInt(word, 10, 32)
			if err != nil || !first {
				return errText("the position is out of range or not alone in its brackets")
			}
			step.Index, step.HasIndex = int(n), true
			return nil
		case strings.ContainsAny(word, "/@"):
			return fmt.Errorf("condition %q is not supported", clip(word))
		case step.NodeID != "":
			return errText("a second node id")
		}
		step.NodeID = word
		return nil
	}
	p.blanks()
	value, err := p.quoted()
	if err != nil {
		return err
	}
	switch {
	case word == "name/value" && !step.HasName:
		step.Name, step.HasName = value, true
	case strings.TrimPrefix(word, "@") == "archetype_node_id" && step.NodeID == "":
		if !validNodeID(value) {
			return fmt.Errorf("%q is not a node id", clip(value))
		}
		step.NodeID = value
	default:
		return fmt.Errorf("a condition on %q is not supported, or there are two", clip(word))
	}
	return nil
}

func validNodeID(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isWord(s[i]) && strings.IndexByte(".-:+", s[i]) < 0 {
			return false
		}
	}
	return strings.Trim(s, "0123456789") != ""
}

func (p *pathParser) quoted() (string, error) {
	if p.i == len(p.s) || p.s[p.i] != '\'' && p.s[p.i] != '"' {
		return "", errText("a quoted text is expected")
	}
	quote := p.s[p.i]
	var b strings.Builder
	for i := p.i + 1; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == quote:
			p.i = i + 1
			return b.String(), nil
		case c == '\\':
			i++
			if i == len(p.s) {
				return "", errText("the quoted text does not end")
			}
			if c := p.s[i]; c != '\\' && c != '\'' && c != '"' {
				p.i = i
				return "", fmt.Errorf("unknown escape %q", p.s[i-1:i+1])
			}
			b.WriteByte(p.s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", errText("the quoted text does not end")
}

// String renders the path so that ParsePath reads it back. Names are written
// in the long form.
func (path Path) String() string {
	if len(path.Steps) == 0 {
		return "/"
	}
	var b strings.Builder
	for i := range path.Steps {
		s := &path.Steps[i]
		b.WriteByte('/')
		b.WriteString(s.Attribute)
		if s.NodeID == "" && !s.HasName && !s.HasIndex {
			continue
		}
		b.WriteByte('[')
		switch {
		case s.HasIndex:
			b.WriteString(strconv.Itoa(s.Index))
		case s.HasName:
			if s.NodeID != "" {
				b.WriteString(s.NodeID + " and ")
			}
			b.WriteString("name/value=")
			writeQuoted(&b, s.Name)
		default:
			b.WriteString(s.NodeID)
		}
		b.WriteByte(']')
	}
	return b.String()
}

// Resolve finds the nodes the path leads to from root, in document order. A
// step without a predicate takes all members of a container. Node ids compare
// without regard to case, as identifiers do; names compare exactly.
func (path Path) Resolve(root *Node) []*Node {
	if root == nil {
		return nil
	}
	current := []*Node{root}
	for i := range path.Steps {
		step := &path.Steps[i]
		var next []*Node
		for _, n := range current {
			items := n.List(step.Attribute)
			if step.HasIndex {
				if step.Index < len(items) {
					next = append(next, items[step.Index])
				}
				continue
			}
			for _, item := range items {
				if step.Matches(item) {
					next = append(next, item)
				}
			}
		}
		current = next
	}
	return current
}

// Matches reports whether a node satisfies the step's node id and name.
func (s *Step) Matches(n *Node) bool {
	return (s.NodeID == "" || EqualID(n.NodeID(), s.NodeID)) && (!s.HasName || n.NameValue() == s.Name)
}
