package fhirmap

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// LinkTarget is what the target of a LINK is shown as (RM common, LINK.target).
type LinkTarget struct {
	// Resources are those made of the target, or of parts of it.
	Resources []LinkedResource
	// Reason says why there is no resource, or what of the LINK a reference does
	// not say: one of the Link constants; "" for none.
	Reason LinkReason
}

// LinkedResource is a resource and the literal reference to it.
type LinkedResource struct {
	Type      string `json:"type"`
	Reference string `json:"reference"`
}

// LinkReason says why a LINK is not, or not exactly, a reference. It is the code of
// the Loss.
type LinkReason string

// The reasons. All but LinkVersion mean that there is no reference.
const (
	// LinkUnknown is a projection that knows of no other objects.
	LinkUnknown LinkReason = "link-unknown"
	// LinkElsewhere is a target that is not an object of the same EHR here.
	LinkElsewhere LinkReason = "link-elsewhere"
	// LinkMissing is a target that is no COMPOSITION, is not there or is deleted.
	LinkMissing LinkReason = "link-target"
	// LinkPath is a path that leads to nothing in the target, or to several nodes,
	// or that has positions of another version.
	LinkPath LinkReason = "link-path"
	// LinkNotShown is a target of which no resource is made that can be referred
	// to, LinkAmbiguous one of which several are.
	LinkNotShown  LinkReason = "link-not-shown"
	LinkAmbiguous LinkReason = "link-ambiguous"
	// LinkWaiting is a target that is not projected yet.
	LinkWaiting LinkReason = "link-waiting"
	// LinkTooMany is a target that was not looked at because the object has too many
	// LINKs.
	LinkTooMany LinkReason = "link-too-many"
	// LinkVersion is a LINK to a version that is not the latest: the reference is to
	// the resource, not to that version of it.
	LinkVersion LinkReason = "link-version"
)

var linkReasons = map[LinkReason]string{
	LinkUnknown:   "nothing is known here of what the LINK leads to",
	LinkElsewhere: "the LINK does not lead to an object of this record",
	LinkMissing:   "what the LINK leads to is not a composition that is there, or is deleted",
	LinkPath:      "the path in the target of the LINK does not lead to one node",
	LinkNotShown:  "no resource that can be referred to here is made of what the LINK leads to",
	LinkAmbiguous: "several resources that can be referred to here are made of what the LINK leads to",
	LinkWaiting:   "what the LINK leads to waits to be projected",
	LinkTooMany:   "the object has too many LINKs to follow them all",
	LinkVersion:   "the LINK is to a version that is not the latest",
}

// joinStep is the compiled key link: which LINKs are meant, and whether they say
// which resource a method with reference refers to.
type joinStep struct {
	meaning, typ string
	whole        bool
}

// meant reports whether a LINK has the meaning and the type of the method.
func (j *joinStep) meant(link reading.Node) bool {
	return link.String("meaning", "value") == j.meaning && link.String("type", "value") == j.typ
}

// join compiles the key link.
func (c *compiler) join(s *step, sc scope) {
	l := s.m.Link
	if !slices.ContainsFunc(sc.openehr.classes, func(k *rm.Class) bool { return k.Name == "LINK" }) {
		c.fail(s.m.OpenEHR.Position, fhirconnect.CodeType, "with link, the openEHR path ends at the links of an object, not at %s", sc.openehr)
		return
	}
	if t := s.dstType.typ.Type; t != nil && t.Kind == r4.Resource {
		if sc.referred != nil && sc.referred == s.dstType.typ.Type && len(s.dst.steps) == 0 && s.dst.base == fromParent && s.dst.up == 0 {
			if len(s.m.Children) > 0 {
				c.fail(s.m.FHIR.Position, fhirconnect.CodeUnsupported, "not supported: followedBy beside link at the resource of a reference: its elements are those that the other composition gives it")
				return
			}
			s.join = &joinStep{l.Meaning.Value, l.Type.Value, true}
			return
		}
		c.fail(s.m.FHIR.Position, fhirconnect.CodeUnsupported, "not supported: link at a %s as a whole; it stands at the Reference to the resource that the other composition becomes", t.Name)
		return
	}
	if s.atReference().Type == nil {
		c.fail(s.m.FHIR.Position, fhirconnect.CodeType, "with link, the FHIR path ends at a Reference, not at %s", s.dstType)
		return
	}
	s.join = &joinStep{l.Meaning.Value, l.Type.Value, false}
}

// joinedInstead refers to the resource of another composition where the source has a
// LINK to it, so that none is made; joined says whether it does.
func (x *run) joinedInstead(s *step, n *ref, place *cursor) (joined bool, _ *refusal) {
	for _, j := range s.refer.joins {
		skip := false
		for _, k := range j.gates {
			switch x.holds(k, n) {
			case no:
				skip = true
			case undecided:
				return false, x.unable(j, "condition-undecidable", n, "its condition cannot be decided")
			}
		}
		if skip {
			continue
		}
		sources := x.eval(&j.src, n)
		defer x.drop(&sources)
		for _, l := range sources.nodes {
			if skip, err := x.filtered(j, l); err != nil {
				return false, err
			} else if skip {
				continue
			}
			if joined && !s.dst.repeats() {
				return true, x.unable(j, string(LinkAmbiguous), l, "the element takes one reference, and there are several such LINKs")
			}
			to := place
			if joined {
				to = x.cursor(place.up, place.step)
			}
			done, err := x.joined(j, l, to)
			if err != nil {
				return false, err
			}
			joined = joined || done
		}
	}
	return joined, nil
}

// repeats reports whether the path ends at a list.
func (p *fpath) repeats() bool {
	n := len(p.steps)
	return n > 0 && p.steps[n-1].elem.List() && p.steps[n-1].index < 0 && len(p.steps[n-1].pins) == 0
}

// joined refers to the only resource of a type that the element takes which the
// target of a LINK is shown as; done is false where there is no such resource.
func (x *run) joined(s *step, n *ref, place *cursor) (done bool, _ *refusal) {
	x.log.Spoil()
	found := LinkTarget{Reason: LinkUnknown}
	if x.in.Link != nil {
		found = x.in.Link(n.node.String("target", "value"))
	}
	types := s.dstType.typ.Targets
	var to []LinkedResource
	for _, r := range found.Resources {
		if len(types) == 0 || slices.Contains(types, "Resource") || slices.Contains(types, r.Type) {
			to = append(to, r)
		}
	}
	reason := found.Reason
	switch {
	case reason != "" && reason != LinkVersion:
	case len(to) == 0:
		reason = LinkNotShown
	case len(to) > 1:
		reason = LinkAmbiguous
	default:
		if reason == LinkVersion {
			x.lose(LossReduced, string(LinkVersion), n, s.dstType.String(), "method "+s.m.Name+": "+linkReasons[LinkVersion])
		}
		place.put(x.nodes.Object(r4.Field{Name: "reference", Value: x.nodes.String(to[0].Reference)}), s.dstType.typ.Type)
		return true, nil
	}
	return false, x.unable(s, string(reason), n, linkReasons[reason])
}

// ShownAt projects an object and gives the resources that are made of the node at
// a path in it, or of what is below; "" is the whole object.
func (lib *Library) ShownAt(in Input, path string) (LinkTarget, error) {
	res, err := lib.Project(in)
	if err != nil {
		return LinkTarget{}, err
	}
	node := in.Root
	if path != "" {
		p, err := rm.ParsePath(path)
		if err != nil {
			return LinkTarget{Reason: LinkPath}, nil
		}
		found := p.Resolve(in.Root)
		if len(found) != 1 {
			return LinkTarget{Reason: LinkPath}, nil
		}
		node = found[0]
	}
	var out LinkTarget
	for _, r := range res.Resources {
		nodes := nodesOn(in.Root, r.Path)
		if len(nodes) > 0 && slices.Contains(gathered, r.Type) {
			// What is made of a workflow may be made of another composition.
			if says := saysOf(nodes[len(nodes)-1], in.Lifecycle); workflowKey(&says) != "" {
				continue
			}
		}
		if slices.Contains(nodes, node) {
			out.Resources = append(out.Resources, LinkedResource{r.Type, r.Type + "/" + r.ID})
		}
	}
	if len(out.Resources) == 0 {
		out.Reason = LinkNotShown
	}
	return out, nil
}

// nodesOn are the nodes that the path of a Resource leads through, from the root
// on; nil if it does not lead anywhere.
func nodesOn(root *rm.Node, path string) []*rm.Node {
	out := []*rm.Node{root}
	for step := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if step == "" {
			continue
		}
		name, position, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		i := 0
		if indexed {
			var err error
			if i, err = strconv.Atoi(position); err != nil {
				return nil
			}
		}
		list := out[len(out)-1].List(name)
		if i < 0 || i >= len(list) {
			return nil
		}
		out = append(out, list[i])
	}
	return out
}

// linkPath is the path of a Resource in terms of node ids, so that it holds for
// later versions too. Where these do not tell members of a list apart it ends
// at their owner.
func linkPath(root *rm.Node, path string) string {
	nodes := nodesOn(root, path)
	var b strings.Builder
	for i, step := range strings.Split(strings.Trim(path, "/"), "/") {
		if i+1 >= len(nodes) {
			break
		}
		name, _, indexed := strings.Cut(step, "[")
		n := nodes[i+1]
		if !indexed && n.NodeID() == "" {
			fmt.Fprintf(&b, "/%s", name)
			continue
		}
		id := n.NodeID()
		twins := 0
		for _, other := range nodes[i].List(name) {
			if other.NodeID() == id {
				twins++
			}
		}
		if id == "" || twins != 1 {
			break
		}
		fmt.Fprintf(&b, "/%s[%s]", name, id)
	}
	return b.String()
}

// Place is what a resource is made of in its composition.
type Place struct {
	// Path is the RM path with node ids, "" for the whole composition.
	Path string
	// Certain is set if a LINK there stands for this resource alone, among those of
	// its type.
	Certain bool
}

func placeOf(root *rm.Node, list []Resource, k int) Place {
	out := Place{Path: linkPath(root, list[k].Path)}
	node := root
	if out.Path != "" {
		p, err := rm.ParsePath(out.Path)
		if err != nil {
			return out
		}
		found := p.Resolve(root)
		if len(found) != 1 {
			return out
		}
		node = found[0]
	}
	same := 0
	for _, r := range list {
		if r.Type == list[k].Type && slices.Contains(nodesOn(root, r.Path), node) {
			same++
		}
	}
	out.Certain = same == 1
	return out
}

// PlaceOf finds what a resource of an object is made of; false if there is none.
func (lib *Library) PlaceOf(in Input, typ, id string) (Place, bool, error) {
	res, err := lib.Project(in)
	if err != nil {
		return Place{}, false, err
	}
	k := slices.IndexFunc(res.Resources, func(r Resource) bool { return r.Type == typ && r.ID == id })
	if k < 0 {
		return Place{}, false, nil
	}
	return placeOf(in.Root, res.Resources, k), true, nil
}

// Join is a resource of another composition.
type Join struct {
	// Type of the resource.
	Type string `json:"type"`
	// Target is the ehr: URI by which a LINK names what the resource is made of.
	Target string `json:"target"`
}

// joined finds the resources of other compositions while what was composed is
// projected again: a reference to one comes back as it came.
func (in *ComposeInput) joined(target string) LinkTarget {
	for text, j := range in.Joins {
		if j.Target == target {
			return LinkTarget{Resources: []LinkedResource{{j.Type, text}}}
		}
	}
	return LinkTarget{Reason: LinkMissing}
}

// distinctJoins refuses resources that one LINK would stand for.
func (in *ComposeInput) distinctJoins() error {
	seen := map[string]bool{}
	for _, j := range in.Joins {
		if j.Target == "" || seen[j.Target] {
			return errs.New(errs.Invalid, "fhirmap.Compose", "two references would become the same LINK")
		}
		seen[j.Target] = true
	}
	return nil
}

// joins reports whether what a Reference leads to is known.
func (b *backward) joins(v *fplace) bool {
	_, known := b.in.Joins[v.node.Str("reference")]
	return known
}

// join makes the LINK of a Reference.
func (b *backward) join(s *step, to *part, v *fplace) *Difference {
	if other := b.takers[v.node]; other != nil && other != s {
		return &Difference{s.dstType.String(), fmt.Sprintf("the methods %s and %s both take the element; which is meant cannot be told", other.m.Name, s.m.Name)}
	}
	j := b.in.Joins[v.node.Str("reference")]
	b.takers[v.node] = s
	to.once("meaning", rm.Text(s.join.meaning))
	to.once("type", rm.Text(s.join.typ))
	to.once("target", rm.Object("DV_EHR_URI", rm.Str("value", j.Target)))
	return nil
}

// JoinElements are the elements of a type of resource whose references become
// LINKs: those at which a mapping of the type has a method with link, and none
// makes the resource that it refers to.
func (lib *Library) JoinElements(typ string) []string {
	joins, makes := map[string]bool{}, map[string]bool{}
	seen := map[*plan]bool{}
	var visit func(list []*step)
	visit = func(list []*step) {
		for _, s := range list {
			path := ""
			if n := len(s.dst.steps); n > 0 {
				path = s.dst.steps[n-1].elem.Path
			} else if s.dstType.elem != nil {
				path = s.dstType.elem.Path
			}
			if s.join != nil {
				joins[path] = true
			}
			if s.refer != nil && len(s.refer.joinsBack) > 0 {
				joins[path] = true
			} else if s.refer != nil || s.link != nil {
				makes[path] = true
			}
			if s.slot != nil && !seen[s.slot] {
				seen[s.slot] = true
				visit(s.slot.back)
			}
			visit(s.back)
		}
	}
	for _, plans := range lib.starts {
		for _, p := range plans {
			if p.target.Name == typ && !seen[p] {
				seen[p] = true
				visit(p.back)
			}
		}
	}
	var out []string
	for path := range joins {
		if !makes[path] {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}
