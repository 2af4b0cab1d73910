package example

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Detail is how much of a template an example shows.
type Detail uint8

// The levels of detail.
const (
	// Required has only what the template and the reference model demand, and the
	// context of a composition.
	Required Detail = iota
	// Medium has every node once, without protocol and state, and of
	// alternatives the first.
	Medium
	// Complete has every node, those that may repeat once for each alternative
	// of their value, and protocol and state.
	Complete
)

// ParseDetail finds a level by the name that the REST API gives it: required,
// medium or complete.
func ParseDetail(s string) (Detail, bool) {
	i := slices.Index([]string{"required", "medium", "complete"}, strings.ToLower(s))
	return Detail(max(i, 0)), i >= 0
}

// Options say what kind of example is wanted.
type Options struct {
	Detail Detail
	// Language of names and texts; "" for the template's own.
	Language string
	// Territory is an ISO 3166-1 code; "" for DE.
	Territory string
	// Time is the time of all events; the zero time for 1 March 2024, 10:30 in
	// UTC. Its location gives the offset.
	Time time.Time
	// Composer is the name of the composer; "" for "Example composer".
	Composer string
	// Filled leaves out optional structures that hold nothing, such as a tree with
	// an open slot only, which the simplified formats have no key for.
	Filled bool
}

// maxNodes limits the size of an example.
const maxNodes = 200_000

// Instance makes an example of the template's root class, usually a
// COMPOSITION. It fails when a constraint cannot be satisfied, as a mandatory
// slot that no archetype can be named for.
func Instance(tpl *templates.Template, opt Options) (*rm.Node, error) {
	if opt.Language == "" {
		opt.Language = tpl.Language
	}
	if opt.Language == "" {
		opt.Language = "en"
	}
	if opt.Territory == "" {
		opt.Territory = "DE"
	}
	if opt.Time.IsZero() {
		opt.Time = time.Date(2024, 3, 1, 10, 30, 0, 0, time.UTC)
	}
	if opt.Composer == "" {
		opt.Composer = "Example composer"
	}
	g := &generator{tpl: tpl, opt: opt}
	n, err := g.object(tpl.Root, place{})
	if err != nil {
		return nil, err
	}
	if n.Class.IsA(rm.Lookup("PARTY")) && len(n.List("relationships")) > 0 {
		n = n.With("uid", rm.ID("HIER_OBJECT_ID", exampleParty))
	}
	return n, nil
}

type generator struct {
	tpl   *templates.Template
	opt   Options
	count int
}

// place is where an object is generated.
type place struct {
	owner *rm.Class     // class of the parent; nil at the root
	attr  *rm.Attribute // attribute of the parent
	param *rm.Class     // type parameter of the parent
	// alternative is which alternative of an ELEMENT's value is wanted.
	alternative int
}

func (g *generator) fail(o *templates.Object, format string, args ...any) error {
	return fmt.Errorf("%s: %s", o.Path(), fmt.Sprintf(format, args...))
}

// concrete chooses the class of an instance.
func concrete(c *rm.Class) *rm.Class {
	if !c.Abstract {
		return c
	}
	if name, ok := usual[c.Name]; ok {
		return rm.Lookup(name)
	}
	for _, d := range c.Concrete() {
		return d
	}
	return c
}

var usual = map[string]string{
	"EVENT": "POINT_EVENT", "ITEM_STRUCTURE": "ITEM_TREE", "ITEM": "ELEMENT", "DATA_VALUE": "DV_TEXT",
	"PARTY_PROXY": "PARTY_SELF", "CONTENT_ITEM": "SECTION", "DV_ENCAPSULATED": "DV_PARSABLE",
	"DATA_STRUCTURE": "ITEM_TREE", "UID_BASED_ID": "HIER_OBJECT_ID", "OBJECT_ID": "GENERIC_ID",
	"DV_ORDERED": "DV_COUNT", "DV_QUANTIFIED": "DV_COUNT", "DV_AMOUNT": "DV_COUNT", "DV_ABSOLUTE_QUANTITY": "DV_DATE_TIME",
	"DV_TEMPORAL": "DV_DATE_TIME", "Ordered": "DV_COUNT", "Any": "DV_TEXT", "ENTRY": "EVALUATION", "CARE_ENTRY": "EVALUATION",
	"PARTY": "PERSON", "ACTOR": "PERSON",
}

// object makes an instance of one object constraint.
func (g *generator) object(o *templates.Object, at place) (*rm.Node, error) {
	if g.count++; g.count > maxNodes {
		return nil, g.fail(o, "the example exceeds %d nodes", maxNodes)
	}
	switch o.Kind {
	case templates.InternalRef:
		if o.Target == nil {
			return nil, g.fail(o, "reference %s leads nowhere", o.Reference)
		}
		return g.object(o.Target, at)
	case templates.Slot:
		return g.slot(o)
	case templates.ConstraintRef:
		return g.codePhrase(o, nil), nil
	case templates.Leaf:
		return g.leaf(o, at)
	}
	class := concrete(o.Class)
	if class.Primitive != rm.NotPrimitive {
		return primitive(class, defaultPrimitive(class)), nil
	}
	b := &builder{class: class}
	if class.IsA(rm.Lookup("LOCATABLE")) {
		g.locatable(b, o)
	}
	for _, def := range class.Attributes() {
		if b.has(def.Name) {
			continue
		}
		a := o.Attribute(def.Name)
		if a == nil || a.Def == nil {
			if n := g.free(class, o, def, b); n != nil {
				b.set(def.Name, n)
			}
			continue
		}
		items, err := g.attribute(a, class, o, at, b)
		if err != nil {
			return nil, err
		}
		for _, n := range items {
			if n != nil && !takes(def, n.Class) {
				// A constraint on an attribute of an abstract class may be for
				// another of its descendants.
				return nil, g.fail(o, "the constraint on %s is for %s, which %s does not take", def.Name, n.Class, class)
			}
		}
		b.set(def.Name, items...)
	}
	g.finish(b, o)
	return b.node(), nil
}

// takes reports whether an attribute can hold an instance of the class.
func takes(def *rm.Attribute, class *rm.Class) bool {
	if class.Primitive != rm.NotPrimitive {
		return class.Primitive == def.Type.Primitive || class.Primitive == rm.IntegerPrimitive && def.Type.Primitive == rm.RealPrimitive
	}
	return class.IsA(def.Type)
}

// builder collects the attributes of an instance.
type builder struct {
	class  *rm.Class
	fields []rm.Field
	names  map[string][]*rm.Node
}

func (b *builder) has(name string) bool { _, ok := b.names[name]; return ok }

func (b *builder) set(name string, items ...*rm.Node) {
	var kept []*rm.Node
	for _, n := range items {
		if n != nil {
			kept = append(kept, n)
		}
	}
	if len(kept) == 0 {
		return
	}
	if b.names == nil {
		b.names = map[string][]*rm.Node{}
	}
	b.names[name] = kept
}

func (b *builder) remove(name string) { delete(b.names, name) }

// text is the text of a primitive attribute; "" if absent.
func (b *builder) text(name string) string {
	if l := b.names[name]; len(l) > 0 {
		return l[0].Text
	}
	return ""
}

func (b *builder) node() *rm.Node {
	for _, def := range b.class.Attributes() {
		if items := b.names[def.Name]; len(items) > 0 {
			b.fields = append(b.fields, rm.Child(def.Name, items...))
		}
	}
	return rm.Object(b.class.Name, b.fields...)
}

// locatable sets node id, name and archetype details.
func (g *generator) locatable(b *builder, o *templates.Object) {
	id := o.Key()
	if id == "" {
		id = "at0000"
	}
	b.set("archetype_node_id", primitive(rm.ClassString, id))
	b.set("name", g.name(o))
	if o.Kind == templates.ArchetypeRoot && o.ArchetypeID != "" {
		details := []rm.Field{rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", o.ArchetypeID)), rm.Str("rm_version", "1.1.0")}
		if o.Parent == nil {
			details = append(details, rm.Child("template_id", rm.ID("TEMPLATE_ID", g.tpl.ID)))
		}
		b.set("archetype_details", rm.Object("ARCHETYPED", details...))
	}
}

func (g *generator) name(o *templates.Object) *rm.Node {
	if a := o.Attribute("name"); a != nil && len(a.Children) > 0 {
		if n, err := g.object(a.Children[0], place{owner: o.Class, attr: a.Def}); err == nil && n.Is("DV_TEXT") {
			return n
		}
	}
	if len(o.Names) > 0 {
		return rm.Text(o.Names[0])
	}
	code := o.NodeID
	if o.Kind == templates.ArchetypeRoot && code == "" {
		code = "at0000"
	}
	if text := o.Terms.Text(code, g.opt.Language); text != "" {
		return rm.Text(text)
	}
	return rm.Text(o.Class.Name)
}

// wanted reports whether an optional attribute is shown at this detail.
func (g *generator) wanted(name string) bool {
	switch g.opt.Detail {
	case Required:
		return false
	case Medium:
		return name != "protocol" && name != "state" && name != "null_flavour"
	}
	return name != "null_flavour"
}

// attribute makes the values of a constrained attribute.
func (g *generator) attribute(a *templates.Attribute, class *rm.Class, o *templates.Object, at place, b *builder) ([]*rm.Node, error) {
	mandatory := a.Def.Mandatory || demanded(a) || class.Name == "ELEMENT" && a.Name == "value" && !b.has("null_flavour")
	if !a.Existence.Unbounded && a.Existence.Upper == 0 {
		return nil, nil
	}
	if !mandatory && !g.wanted(a.Name) && (class.Name != "COMPOSITION" || a.Name != "context") {
		return nil, nil
	}
	if a.Container() {
		return g.members(a, class, o, mandatory)
	}
	if len(a.Children) == 0 {
		if n := g.value(class, o, a.Def, b); n != nil {
			return []*rm.Node{n}, nil
		}
		return nil, nil
	}
	// Alternatives: the wanted one, or the first that can be made.
	var first error
	for i := range a.Children {
		child := a.Children[i]
		if class.Name == "ELEMENT" && a.Name == "value" {
			child = a.Children[(i+at.alternative)%len(a.Children)]
		}
		n, err := g.object(child, place{owner: class, attr: a.Def, param: o.Param})
		if err == nil && g.opt.Filled && !mandatory && hollow(n) {
			return nil, nil
		}
		if err == nil {
			return []*rm.Node{n}, nil
		}
		if first == nil {
			first = err
		}
	}
	if mandatory {
		return nil, first
	}
	return nil, nil
}

// hollow reports a structure in which nothing is.
func hollow(n *rm.Node) bool {
	return n.Is("ITEM_STRUCTURE") && n.Attr("items") == nil && n.Attr("rows") == nil && n.Attr("item") == nil
}

// demanded reports whether the template demands a value. The existence of a
// container says little: tools write 0..1 where members are mandatory and 1..1
// where none is.
func demanded(a *templates.Attribute) bool {
	if !a.Container() {
		return a.Existence.Lower > 0
	}
	for _, c := range a.Children {
		if c.Occurrences.Lower > 0 {
			return true
		}
	}
	return a.Cardinality != nil && a.Cardinality.Interval.Lower > 0
}

// members makes the members of a container.
func (g *generator) members(a *templates.Attribute, class *rm.Class, o *templates.Object, mandatory bool) ([]*rm.Node, error) {
	least := a.Def.MinItems
	most := -1
	if c := a.Cardinality; c != nil {
		least = max(least, c.Interval.Lower)
		if !c.Interval.Unbounded {
			most = c.Interval.Upper
		}
	}
	counts := make([]int, len(a.Children))
	total := 0
	for i, c := range a.Children {
		counts[i] = c.Occurrences.Lower
		if g.opt.Detail != Required && c.Kind != templates.Slot && counts[i] == 0 {
			counts[i] = 1
		}
		if g.opt.Detail == Complete && c.Kind != templates.Slot {
			counts[i] = max(counts[i], len(alternatives(c)))
		}
		if u := c.Occurrences; !u.Unbounded {
			counts[i] = min(counts[i], u.Upper)
		}
		total += counts[i]
	}
	if mandatory || total > 0 {
		total += raise(a, counts, least-total)
	}
	if over := lower(a, counts, total, most); over > 0 {
		return nil, fmt.Errorf("%s: mandatory members exceed the cardinality by %d", a.Path(), over)
	}
	var out []*rm.Node
	for i, c := range a.Children {
		for k := range counts[i] {
			n, err := g.object(c, place{owner: class, attr: a.Def, alternative: k})
			if err != nil {
				if c.Occurrences.Lower > k {
					return nil, err
				}
				break
			}
			out = append(out, n)
		}
	}
	if len(out) < least && (mandatory || len(out) > 0) {
		if len(a.Children) > 0 {
			return nil, fmt.Errorf("%s: cannot make the %d members that are needed", a.Path(), least)
		}
		for len(out) < least {
			out = append(out, g.open(a.Def, o))
		}
	}
	return out, nil
}

// alternatives are the alternatives of an ELEMENT's value.
func alternatives(o *templates.Object) []*templates.Object {
	if a := o.Attribute("value"); a != nil && o.Class.Name == "ELEMENT" {
		return a.Children
	}
	return nil
}

// raise adds members until so many more are there: first of nodes that are not
// slots, then of slots. It gives how many were added.
func raise(a *templates.Attribute, counts []int, missing int) int {
	added := 0
	for _, slots := range []bool{false, true} {
		for i, c := range a.Children {
			if (c.Kind == templates.Slot) != slots {
				continue
			}
			for added < missing && (c.Occurrences.Unbounded || counts[i] < c.Occurrences.Upper) {
				counts[i]++
				added++
			}
		}
	}
	return added
}

// lower takes optional members away, from the last, until the cardinality
// fits. It gives how many are still too many.
func lower(a *templates.Attribute, counts []int, total, most int) int {
	if most < 0 {
		return 0
	}
	for i := len(counts) - 1; i >= 0 && total > most; i-- {
		for counts[i] > a.Children[i].Occurrences.Lower && total > most {
			counts[i]--
			total--
		}
	}
	return max(total-most, 0)
}

// open makes a member of a container that the template leaves open.
func (g *generator) open(def *rm.Attribute, o *templates.Object) *rm.Node {
	return g.fresh(concrete(def.Type), o)
}

// slot fills a slot with a made-up archetype whose id its rules allow.
func (g *generator) slot(o *templates.Object) (*rm.Node, error) {
	class := concrete(o.Class)
	id := ""
	for _, candidate := range slotCandidates(o, class) {
		if o.Slot.Allows(candidate) {
			id = candidate
			break
		}
	}
	if id == "" {
		return nil, g.fail(o, "mandatory slot: no archetype id satisfies its rules")
	}
	n := g.fresh(class, o)
	return n.With("archetype_node_id", primitive(rm.ClassString, id)).With("archetype_details",
		rm.Object("ARCHETYPED", rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", id)), rm.Str("rm_version", "1.1.0"))), nil
}

var quotedPattern = regexp.MustCompile(`\{/?(.*?)/?\}`)

func slotCandidates(o *templates.Object, class *rm.Class) []string {
	var out []string
	for _, a := range o.Slot.Includes {
		m := quotedPattern.FindStringSubmatch(a.Text)
		if m == nil {
			continue
		}
		for _, alternative := range strings.Split(m[1], "|") {
			if s, err := shortest(alternative); err == nil {
				out = append(out, s)
			}
		}
	}
	return append(out, "openEHR-EHR-"+class.Name+".example.v1", "openEHR-DEMOGRAPHIC-"+class.Name+".example.v1")
}
