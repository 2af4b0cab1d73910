package reading

import (
	"encoding/binary"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Shape is what some parts of a source have in common with others that are
// projected alike: everything but their free texts.
type Shape struct {
	// Key holds the classes, attributes and fixed texts. Two sources have one key if
	// and only if they agree in all of these.
	Key []byte
	// nodes are the objects and free texts, in the order of the key.
	nodes []*rm.Node
	parts []added
	// last are answers of costly forms: one entry says the same time again and again.
	last [4]answer
	next int
}

type answer struct {
	form    *Form
	of      string
	carried string
	ok      bool
}

// added is a tree of a Shape.
type added struct {
	root    *rm.Node
	without Part
}

// Reset takes back what has been added after a mark; Mark{} is the beginning.
func (s *Shape) Reset(m Mark) {
	s.Key, s.nodes, s.parts = s.Key[:m.key], s.nodes[:m.nodes], s.parts[:m.parts]
}

// Mark is how far a Shape has come.
type Mark struct{ key, nodes, parts int }

// Mark is where the Shape is now.
func (s *Shape) Mark() Mark { return Mark{len(s.Key), len(s.nodes), len(s.parts)} }

// Forget lets go of the nodes.
func (s *Shape) Forget() {
	clear(s.nodes[:cap(s.nodes)])
	clear(s.parts[:cap(s.parts)])
	s.Reset(Mark{})
	s.last = [4]answer{}
}

// Part is an attribute of one node, of whose members the Shape has those only that
// are added by themselves.
type Part struct {
	Of   *rm.Node
	Attr string
}

// Add adds a tree, without the members of a part.
func (s *Shape) Add(n *rm.Node, without Part) {
	s.parts = append(s.parts, added{n, without})
	s.add(n, without, false, nil)
}

// Answer appends what becomes of the free texts that questions ask for; false if
// one is answered in another way.
func (s *Shape) Answer(dst []string, list []Question) ([]string, bool) {
	for i := range list {
		text, ok := s.answer(list[i].form, s.nodes[list[i].place].Text)
		if ok != list[i].has {
			return dst, false
		}
		dst = append(dst, text)
	}
	return dst, true
}

func (s *Shape) answer(f *Form, text string) (string, bool) {
	if !f.Costly {
		return f.Of(text)
	}
	for i := range s.last {
		if a := &s.last[i]; a.form == f && a.of == text {
			return a.carried, a.ok
		}
	}
	a := answer{form: f, of: text}
	a.carried, a.ok = f.Of(text)
	s.last[s.next] = a
	s.next = (s.next + 1) % len(s.last)
	return a.carried, a.ok
}

// Resolve reports whether references to parties are resolved to the same as before.
func (s *Shape) Resolve(list []Resolution, f func(*rm.Node) string) bool {
	for _, r := range list {
		typ := ""
		if f != nil {
			typ = f(s.nodes[r.place])
		}
		if typ != r.typ {
			return false
		}
	}
	return true
}

// At is what tells the node at a place from others.
func (s *Shape) At(place int) Key { return Key{s.nodes[place]} }

// add appends the key of a node so that where it ends follows from the key. named
// is set for the name of a LOCATABLE. If marks is not nil the nodes are noted there.
// A class is one byte: package rm has no more of them.
func (s *Shape) add(n *rm.Node, without Part, named bool, marks map[*rm.Node]mark) {
	class := n.Class.Number()
	s.nodes = append(s.nodes, n)
	if marks != nil {
		note(marks, n, mark{place: len(s.nodes) - 1})
	}
	if n.Class.Primitive != rm.NotPrimitive {
		s.Key = appendText(append(s.Key, byte(class)), n.Text) // by itself, which happens nowhere
		return
	}
	of := rules[class*attributes : (class+1)*attributes]
	key := append(s.Key, byte(class), byte(len(n.Attrs)))
	for i := range n.Attrs {
		a := &n.Attrs[i]
		number := a.Def.Number()
		if n == without.Of && a.Def.Name == without.Attr {
			key = append(key, byte(number), byte(number>>8), 0)
			if marks != nil {
				m := marks[n]
				m.part = a.Def.Name
				marks[n] = m
			}
			continue
		}
		if count := len(a.Items) + 1; count < 0x80 {
			key = append(key, byte(number), byte(number>>8), byte(count))
		} else {
			key = binary.AppendUvarint(append(key, byte(number), byte(number>>8)), uint64(count))
		}
		rule := of[number]
		for _, item := range a.Items {
			switch {
			case item.Class.Primitive == rm.NotPrimitive:
				s.Key = key
				s.add(item, without, rule == isName, marks)
				key = s.Key
			case rule == isFixed || named:
				key = appendText(append(key, byte(item.Class.Number())), item.Text)
				if marks != nil {
					note(marks, item, mark{place: -1})
				}
			default:
				key = append(key, byte(item.Class.Number()))
				s.nodes = append(s.nodes, item)
				if marks != nil {
					note(marks, item, mark{place: len(s.nodes) - 1, free: true})
				}
			}
		}
	}
	s.Key = key
}

func appendText(b []byte, text string) []byte {
	if len(text) < 0x80 {
		return append(append(b, byte(len(text))), text...)
	}
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func note(marks map[*rm.Node]mark, n *rm.Node, m mark) {
	if before, ok := marks[n]; ok {
		m.twice, m.free = true, m.free || before.free
	}
	marks[n] = m
}

// rule is what the text of an attribute is, if it is a primitive.
type rule uint8

const (
	isFree rule = iota
	isFixed
	isName // the name of a LOCATABLE, whose text is fixed
)

// fixedTexts are the attributes with fixed texts, by class: what says of which kind
// something is rather than what somebody has recorded. Those of integers and
// booleans are fixed too, but for counts.
var fixedTexts = map[string]string{
	"LOCATABLE":            "archetype_node_id",
	"CODE_PHRASE":          "code_string preferred_term",
	"TERMINOLOGY_ID":       "value",
	"ARCHETYPE_ID":         "value",
	"TEMPLATE_ID":          "value",
	"ARCHETYPED":           "rm_version",
	"TERM_MAPPING":         "match",
	"DV_CODED_TEXT":        "value",
	"DV_SCALE":             "value",
	"DV_DURATION":          "value",
	"DV_QUANTIFIED":        "magnitude_status",
	"DV_QUANTITY":          "units units_system units_display_name",
	"DV_PROPORTION":        "denominator",
	"DV_IDENTIFIER":        "issuer assigner type",
	"DV_PARSABLE":          "formalism",
	"OBJECT_REF":           "namespace type",
	"FEEDER_AUDIT_DETAILS": "system_id",
	"ACTIVITY":             "action_archetype_id",
}

// rules are those of all attributes of all classes, by number.
var rules, attributes = func() ([]rule, int) {
	classes := rm.Classes()
	count := 0
	for _, c := range classes {
		for _, a := range c.Attributes() {
			count = max(count, a.Number()+1)
		}
	}
	out := make([]rule, len(classes)*count)
	for _, c := range classes {
		for _, a := range c.Attributes() {
			r := isFree
			switch a.Type.Primitive {
			case rm.BooleanPrimitive:
				r = isFixed
			case rm.IntegerPrimitive:
				if a.Name != "magnitude" {
					r = isFixed
				}
			}
			for of, names := range fixedTexts {
				if c.IsA(rm.Lookup(of)) && strings.Contains(" "+names+" ", " "+a.Name+" ") {
					r = isFixed
				}
			}
			if a.Name == "name" && c.IsA(rm.ClassLocatable) {
				r = isName
			}
			out[c.Number()*count+a.Number()] = r
		}
	}
	return out, count
}()
