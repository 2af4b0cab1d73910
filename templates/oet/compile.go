package oet

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

// Options is what a compilation needs beside the source.
type Options struct {
	// Archetypes finds the archetypes that the source names by exact id.
	Archetypes interface {
		Archetype(id string) *archetypes.Archetype
	}
	// Templates finds sources that the source embeds by name; nil if there are none.
	Templates func(name string) (*Source, error)
	// Language is the code of the operational template's language; "" for the
	// original language of the root archetype. Terms that an archetype does
	// not have in it are given in the archetype's original language.
	Language string
}

// Compile makes the operational template (OPT 1.4 XML, namespace v1) of a
// source. All that is wrong is reported, each as an *Error, joined.
func Compile(src *Source, opt Options) ([]byte, error) {
	c := &compiler{opt: opt, src: src}
	root := c.item(src.Definition, 0)
	if root != nil {
		root.occurrences = archetypes.Multiplicity{Lower: 1, Upper: 1}
		if c.opt.Language == "" {
			c.opt.Language = root.root.OriginalLanguage.Code
		}
		c.prune(root, "")
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.write(root)
}

type compiler struct {
	opt  Options
	src  *Source
	errs []error

	notes    map[*node]string // annotations given on nodes
	hidden   map[*node]bool
	defaults map[*node]string
}

func (c *compiler) fail(line int, path, format string, args ...any) {
	c.errs = append(c.errs, &Error{Line: line, Path: path, Msg: fmt.Sprintf(format, args...)})
}

const maxEmbedding = 20

// item makes the node of an archetype in the source with all that is in it;
// nil if it is not known, which has been reported.
func (c *compiler) item(it *Item, depth int) *node {
	if depth > maxEmbedding {
		c.fail(it.Line, "", "templates or archetypes are nested more than %d levels deep", maxEmbedding)
		return nil
	}
	n := c.rootNode(it, depth)
	if n == nil {
		return nil
	}
	if it.Class != "" && it.Class != n.class {
		c.fail(it.Line, "", "archetype %s is of class %s, not %s", it.ArchetypeID, n.class, it.Class)
	}
	if it.NameRule != nil {
		c.nameRule(n, it.NameRule, it.Path)
	}
	if it.Name != "" {
		c.rename(n, n, it.Name)
	}
	var late []*Rule
	for _, r := range it.Rules {
		// Rules on what is inside a filled slot wait until it is filled.
		if strings.Contains(r.Path, "[openEHR-") {
			late = append(late, r)
			continue
		}
		c.rule(n, r)
	}
	for _, child := range it.Items {
		c.place(n, child, it.Items, depth)
	}
	for _, r := range late {
		c.rule(n, r)
	}
	c.note(n, it.Annotation, it.Hide, "")
	return n
}

func (c *compiler) rootNode(it *Item, depth int) *node {
	if it.TemplateID != "" {
		if c.opt.Templates == nil {
			c.fail(it.Line, "", "embedded template %s: no templates to embed were given", it.TemplateID)
			return nil
		}
		embedded, err := c.opt.Templates(it.TemplateID)
		if err != nil {
			c.fail(it.Line, "", "embedded template %s: %v", it.TemplateID, err)
			return nil
		}
		if embedded.Definition.ArchetypeID != it.ArchetypeID {
			c.fail(it.Line, "", "embedded template %s is of archetype %s, not %s", it.TemplateID, embedded.Definition.ArchetypeID, it.ArchetypeID)
			return nil
		}
		n := c.item(embedded.Definition, depth+1)
		if n != nil {
			n.templateID = it.TemplateID
		}
		return n
	}
	a := c.opt.Archetypes.Archetype(it.ArchetypeID)
	if a == nil {
		c.fail(it.Line, "", "archetype %s is not in the repository", it.ArchetypeID)
		return nil
	}
	x := &expander{archetype: a}
	n, err := x.expand(a.Definition)
	if err != nil {
		c.fail(it.Line, "", "%v", err)
		return nil
	}
	n.root = a
	n.id = ""
	return n
}

// note keeps what concerns presentation rather than validity.
func (c *compiler) note(n *node, annotation string, hide bool, def string) {
	if annotation != "" {
		if c.notes == nil {
			c.notes = map[*node]string{}
		}
		c.notes[n] = annotation
	}
	if hide {
		if c.hidden == nil {
			c.hidden = map[*node]bool{}
		}
		c.hidden[n] = true
	}
	if def != "" {
		if c.defaults == nil {
			c.defaults = map[*node]string{}
		}
		c.defaults[n] = def
	}
}

// place puts an archetype into a slot or container of n.
func (c *compiler) place(n *node, it *Item, siblings []*Item, depth int) {
	child := c.item(it, depth+1)
	if child == nil {
		return
	}
	steps, err := archetypes.ParsePath(it.Path)
	if err != nil || len(steps) == 0 {
		c.fail(it.Line, it.Path, "not a path to a slot or container")
		return
	}
	last := steps[len(steps)-1]
	parent, _, err := find(n, steps[:len(steps)-1])
	if err != nil {
		c.fail(it.Line, it.Path, "%v", err)
		return
	}
	a := parent.attr(last.Attribute)
	if a == nil {
		class := baseClass(parent.class)
		if class == nil {
			c.fail(it.Line, it.Path, "the reference model has no class %s", parent.class)
			return
		}
		if a, err = newAttr(class, last.Attribute); err != nil {
			c.fail(it.Line, it.Path, "%v", err)
			return
		}
		parent.attrs = append(parent.attrs, a)
	}
	if last.ID == "" {
		c.placeOpen(parent, a, child, it)
		return
	}
	for i, slot := range a.children {
		if slot.id != last.ID || last.Name != "" && slot.name != last.Name {
			continue
		}
		if !slot.isSlot() {
			c.fail(it.Line, it.Path, "is not a slot")
			return
		}
		c.checkSlot(slot, child, it)
		slot.filled = true
		child.occurrences = slot.occurrences
		shared := 0
		for _, other := range siblings {
			if other.Path == it.Path {
				shared++
			}
		}
		if shared > 1 {
			child.occurrences.Lower = 0 // any of several satisfies the slot
		}
		c.limit(child, it.Min, it.Max, slot.occurrences, it)
		if a.cardinality == nil && it.Min != nil && *it.Min > 0 {
			a.existence.Lower = 1 // to demand the one value is to demand the attribute
		}
		a.children = append(a.children[:i:i], append([]*node{child}, a.children[i:]...)...)
		return
	}
	c.fail(it.Line, it.Path, "there is no slot %s in %s of %s", last.ID, last.Attribute, describe(parent))
}

func (c *compiler) placeOpen(parent *node, a *attr, child *node, it *Item) {
	def := baseClass(parent.class).Attribute(a.name)
	if class := baseClass(child.class); def == nil || class == nil || !class.IsA(def.Type) {
		c.fail(it.Line, it.Path, "%s cannot stand in %s of %s", child.class, a.name, describe(parent))
		return
	}
	if a.cardinality == nil && len(a.children) > 0 {
		c.fail(it.Line, it.Path, "%s of %s is not a container and is constrained already", a.name, describe(parent))
		return
	}
	child.occurrences = archetypes.Multiplicity{Lower: 0, Upper: archetypes.Unbounded}
	if a.cardinality == nil {
		child.occurrences = archetypes.Multiplicity{Lower: 1, Upper: 1}
	}
	c.limit(child, it.Min, it.Max, child.occurrences, it)
	a.children = append(a.children, child)
}

// limit sets the occurrences of a placed archetype within those of its place.
func (c *compiler) limit(n *node, low, high *int, place archetypes.Multiplicity, it *Item) {
	if low != nil {
		n.occurrences.Lower = *low
	}
	if high != nil && *high != archetypes.Unbounded {
		n.occurrences.Upper = *high
	}
	outside := n.occurrences.Upper == archetypes.Unbounded && place.Upper != archetypes.Unbounded ||
		place.Upper != archetypes.Unbounded && n.occurrences.Upper > place.Upper ||
		n.occurrences.Upper != archetypes.Unbounded && n.occurrences.Lower > n.occurrences.Upper
	if outside {
		c.fail(it.Line, it.Path, "occurrences %s are not within the %s of the place", n.occurrences, place)
	}
}

// checkSlot reports an archetype that the slot's rules do not permit.
func (c *compiler) checkSlot(slot, child *node, it *Item) {
	if class, want := baseClass(child.class), baseClass(slot.class); class == nil || want == nil || !class.IsA(want) {
		c.fail(it.Line, it.Path, "slot takes %s, archetype %s is %s", slot.class, child.root.ID, child.class)
		return
	}
	ok, err := slotPermits(slot.leaf.Slot, child.root.ID)
	switch {
	case err != nil:
		c.fail(it.Line, it.Path, "%v", err)
	case !ok:
		c.fail(it.Line, it.Path, "slot does not permit archetype %s", child.root.ID)
	}
}

// slotPermits applies the include and exclude rules: what an include matches
// is permitted; without includes everything is that no exclude matches.
func slotPermits(s *archetypes.Slot, id string) (bool, error) {
	if len(s.Includes) == 0 {
		excluded, err := anyMatches(s.Excludes, id)
		return !excluded, err
	}
	included, err := anyMatches(s.Includes, id)
	if err != nil || !included {
		return false, err
	}
	for _, x := range s.Excludes {
		// "exclude everything" beside includes means "nothing but the includes".
		if pattern, ok := x.ArchetypeIDPattern(); ok && pattern == ".*" {
			continue
		}
		excluded, err := anyMatches([]archetypes.Assertion{x}, id)
		if err != nil || excluded {
			return false, err
		}
	}
	return true, nil
}

func anyMatches(list []archetypes.Assertion, id string) (bool, error) {
	for _, a := range list {
		pattern, ok := a.ArchetypeIDPattern()
		if !ok {
			return false, fmt.Errorf("slot rule %q is not supported: only rules on archetype_id/value are", a)
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return false, fmt.Errorf("slot rule %q: %w", a, err)
		}
		if re.MatchString(id) {
			return true, nil
		}
	}
	return false, nil
}

func describe(n *node) string {
	switch {
	case n.root != nil:
		return n.class + "[" + n.root.ID + "]"
	case n.id != "":
		return n.class + "[" + n.id + "]"
	}
	return n.class
}

// find follows steps that each select one object. It gives that object and the
// archetype root it belongs to.
func find(n *node, steps []archetypes.Step) (found, root *node, err error) {
	root = n
	for _, s := range steps {
		a := n.attr(s.Attribute)
		if a == nil {
			return nil, nil, fmt.Errorf("there is no constraint on %s of %s", s.Attribute, describe(n))
		}
		next := a.pick(s)
		if next == nil {
			return nil, nil, fmt.Errorf("there is no node [%s] in %s of %s", predicateText(s), s.Attribute, describe(n))
		}
		if n = next; n.root != nil {
			root = n
		}
	}
	return n, root, nil
}

func predicateText(s archetypes.Step) string {
	if s.Name == "" {
		return s.ID
	}
	return s.ID + ", '" + s.Name + "'"
}

// pick is the child that a step selects: by name if the step has one, else
// preferring children that keep the archetype's name.
func (a *attr) pick(s archetypes.Step) *node {
	var first, unnamed *node
	for _, n := range a.children {
		if s.ID != "" && n.id != s.ID && (n.root == nil || n.root.ID != s.ID) {
			continue
		}
		if s.Name != "" && n.name == s.Name {
			return n
		}
		if first == nil {
			first = n
		}
		if unnamed == nil && n.name == "" {
			unnamed = n
		}
	}
	if unnamed != nil {
		return unnamed // a name that is the archetype's own selects it too
	}
	if s.Name != "" {
		return nil
	}
	return first
}

// prune takes out what rules excluded and the slots that were filled.
func (c *compiler) prune(n *node, path string) {
	for _, a := range n.attrs {
		had := len(a.children) > 0
		kept := a.children[:0]
		excluded := false
		for _, child := range a.children {
			if child.removed || child.occurrences.Upper == 0 {
				excluded = true
				continue
			}
			if child.filled {
				continue
			}
			kept = append(kept, child)
			step := "/" + a.name
			if child.root != nil {
				step += "[" + child.root.ID + "]"
			} else if child.id != "" {
				step += "[" + child.id + "]"
			}
			c.prune(child, path+step)
		}
		a.children = kept
		if had && len(kept) == 0 && excluded {
			c.forbid(n, a, path)
		}
	}
}

// forbid makes an attribute absent whose last permitted value was excluded.
func (c *compiler) forbid(n *node, a *attr, path string) {
	class := baseClass(n.class)
	if def := class.Attribute(a.name); def != nil && def.Mandatory {
		c.fail(0, path+"/"+a.name, "all permitted values are excluded, but %s.%s is mandatory", class.Name, a.name)
		return
	}
	a.existence = archetypes.Multiplicity{}
	if a.cardinality != nil {
		a.cardinality.Interval = archetypes.Multiplicity{}
	}
}
