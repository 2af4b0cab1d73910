package archetypes

import (
	"fmt"
	"strings"
)

// Step is one step of a path: an attribute with the predicate that selects a
// member.
type Step struct {
	Attribute string
	ID        string // at-code or archetype id; "" if none
	Name      string // name the member must have; "" if none
}

// ParsePath takes an archetype path such as /data[at0001]/items[at0004]
// apart. Names may follow the id after a comma or as "and name/value='x'".
// The path "/" has no steps.
func ParsePath(path string) ([]Step, error) {
	rest := strings.TrimSpace(path)
	if rest == "" || rest[0] != '/' {
		return nil, fmt.Errorf("path %q does not begin with a slash", path)
	}
	var steps []Step
	for rest = rest[1:]; rest != ""; {
		i := 0
		for i < len(rest) && isWordByte(rest[i]) {
			i++
		}
		if i == 0 {
			return nil, fmt.Errorf("path %q: expected an attribute name at %q", path, rest)
		}
		s := Step{Attribute: rest[:i]}
		rest = rest[i:]
		if strings.HasPrefix(rest, "[") {
			end := closingBracket(rest)
			if end < 0 {
				return nil, fmt.Errorf("path %q: \"[\" without its \"]\"", path)
			}
			if err := s.predicate(rest[1:end]); err != nil {
				return nil, fmt.Errorf("path %q: %w", path, err)
			}
			rest = rest[end+1:]
		}
		steps = append(steps, s)
		if rest == "" {
			break
		}
		if rest[0] != '/' || len(rest) == 1 {
			return nil, fmt.Errorf("path %q: unexpected %q", path, rest)
		}
		rest = rest[1:]
	}
	return steps, nil
}

// closingBracket is the index of the bracket that closes s[0], passing quoted names.
func closingBracket(s string) int {
	var quote byte
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

func (s *Step) predicate(text string) error {
	text = strings.TrimSpace(text)
	id := text
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isWordByte(c) && c != '.' && c != '-' {
			id = text[:i]
			break
		}
	}
	rest := strings.TrimSpace(text[len(id):])
	s.ID = id
	if rest == "" {
		return nil
	}
	switch {
	case strings.HasPrefix(rest, ","):
		rest = strings.TrimSpace(rest[1:])
	case strings.HasPrefix(rest, "and "):
		rest = strings.TrimSpace(rest[len("and "):])
		if !strings.HasPrefix(rest, "name/value") {
			return fmt.Errorf("predicate [%s] is not supported", text)
		}
		rest = strings.TrimSpace(rest[len("name/value"):])
		if !strings.HasPrefix(rest, "=") {
			return fmt.Errorf("predicate [%s] is not supported", text)
		}
		rest = strings.TrimSpace(rest[1:])
	}
	if len(rest) < 2 || rest[0] != '\'' && rest[0] != '"' || rest[len(rest)-1] != rest[0] {
		return fmt.Errorf("predicate [%s] is not supported", text)
	}
	s.Name = rest[1 : len(rest)-1]
	return nil
}

// Resolve finds the object constraint at an absolute path below root.
func Resolve(root *Object, path string) (*Object, error) {
	steps, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	o := root
	for _, s := range steps {
		a := o.Attribute(s.Attribute)
		if a == nil {
			return nil, fmt.Errorf("there is no attribute %s in %s[%s]", s.Attribute, o.RMType, o.NodeID)
		}
		var next *Object
		for _, c := range a.Children {
			if s.ID == "" || c.NodeID == s.ID {
				next = c
				break
			}
		}
		if next == nil {
			return nil, fmt.Errorf("there is no node %s in %s of %s[%s]", s.ID, s.Attribute, o.RMType, o.NodeID)
		}
		o = next
	}
	return o, nil
}
