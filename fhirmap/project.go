package fhirmap

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// run is the projection of one object with the state of the resource in hand.
type run struct {
	*workspace
	lib *Library
	in  Input
	out Result

	root, version, archetype *ref
	plan                     *plan
	res                      *cursor
	only                     *restriction // onlyThese, or nil
	onlyThese                restriction
	// origin is what the resource in hand is made of, flow the ACTION that says how
	// far it has come, once that has been asked for.
	origin, flow *ref
	flowKnown    bool
	// courses are the workflows of the ACTIONs of one resource, once one was asked
	// for; doubted says that the resource in hand may not say how far its own has come.
	courses      map[string]*course
	coursesKnown bool
	doubted      bool
	// pending are the losses of the resource in hand.
	pending []Loss
	// spoiled are the places of the resource in hand that several values were
	// for, of which none stands.
	spoiled []spoiled
	// gated is set when the preprocessor condition excluded the entry.
	gated bool
	// uses are the nodes that are carried while the log records.
	uses []reading.Key
	// shaped is what the shape has been made of, but for its last part.
	shaped shaped
	paper  paper
	// above is the node whose identity is the beginning of place.
	above    *ref
	aboveLen int
	// known is the pattern that the last resource was kept by.
	known *pattern
	// subject is what self gives.
	subject string
	depth   int
}

// refusal ends the work on a resource.
type refusal struct{ loss Loss }

func (r *refusal) Error() string { return r.loss.Code }

// absenceArchetypes state that information is absent. They become no resource:
// an absence is not a finding, and R4 has no resource that says it.
var absenceArchetypes = []string{"openEHR-EHR-EVALUATION.absence."}

// Project makes the FHIR resources of one version. It fails only when the input
// itself is unusable (errs.Invalid); what cannot be projected is a Loss of the
// result.
func (lib *Library) Project(in Input) (out Result, err error) {
	const op = "fhirmap.Project"
	switch {
	case in.Root == nil || in.Root.Class == nil:
		return Result{}, errs.New(errs.Invalid, op, "there is no object to project")
	case in.EHRID == "" && !in.Root.Class.IsA(classParty) || in.ObjectID == "" || in.SystemID == "":
		return Result{}, errs.New(errs.Invalid, op, "a projection needs the ids of the EHR, the versioned object and the system")
	case in.Root.Class.IsA(classParty) && !r4.ValidPrimitive("id", in.ObjectID):
		return Result{}, errs.New(errs.Invalid, op, "the id of the party cannot be the id of a resource")
	case in.EHRID != "" && !r4.ValidPrimitive("id", in.EHRID):
		return Result{}, errs.New(errs.Invalid, op, "the EHR id cannot be the id of a Patient resource")
	}
	w := workspaces.Get().(*workspace)
	// A fault of the engine is an error like any other: a commit must not fail
	// because a mapping does. What it was at may quote the record, so only the
	// kind of fault and the stack are told. Memory it was interrupted in is not
	// used again.
	defer func() {
		if v := recover(); v != nil {
			out, err = Result{}, errs.Wrap(errs.Internal, op, "the mapping engine failed",
				fmt.Errorf("panic with a %T\n%s", v, debug.Stack()))
			return
		}
		w.release()
	}()
	x := &run{workspace: w, lib: lib, in: in, root: &ref{node: w.log.Node(in.Root)}}
	if in.Lifecycle != lifecycleComplete {
		x.out.Losses = append(x.out.Losses, Loss{
			Kind: LossUnmapped, Code: "not-complete", Path: "/",
			Archetype: in.Root.NodeID(), Message: "only versions whose lifecycle state is complete are shown in FHIR",
		})
		return x.out, nil
	}
	x.supply()
	switch {
	case in.Root.Class == rm.ClassComposition:
		x.composition()
	case in.Root.Class.Name == "EHR_STATUS":
		x.entry(x.root, lib.statusPlans(in.Root.NodeID()))
	case in.Root.Class.IsA(classParty):
		x.party()
	default:
		return Result{}, errs.New(errs.Invalid, op, "only a COMPOSITION, EHR_STATUS or party is projected, not a "+in.Root.Class.Name)
	}
	sort.Strings(x.out.Types)
	x.out.Types = slices.Compact(x.out.Types)
	x.supplied()
	return x.out, nil
}

// versionNode is the VERSION around the object, as far as it is known, for the
// variable $version.
func versionNode(in Input) *rm.Node {
	var fields []rm.Field
	if in.VersionUID != "" {
		fields = append(fields, rm.Child("uid", rm.ID("OBJECT_VERSION_ID", in.VersionUID)))
	}
	if in.Lifecycle != "" {
		fields = append(fields, rm.Child("lifecycle_state", rm.CodedText(lifecycleNames[in.Lifecycle], "openehr", in.Lifecycle)))
	}
	if !in.Committed.IsZero() {
		fields = append(fields, rm.Child("commit_audit", rm.Object("AUDIT_DETAILS", rm.Child("time_committed", rm.DateTime(in.Committed)))))
	}
	return rm.Object("ORIGINAL_VERSION", fields...)
}

const lifecycleComplete = "532"

var lifecycleNames = map[string]string{
	"532": "complete", "553": "incomplete", "523": "deleted", "800": "inactive", "801": "abandoned",
}

// statusPlans finds the plans for an EHR_STATUS: those of its archetype, or of
// the archetype that openEHR gives every EHR_STATUS without one of its own. The
// attributes mapped are those of the class, which every archetype has.
func (lib *Library) statusPlans(archetype string) []*plan {
	if p := lib.starts[archetype]; len(p) > 0 {
		return p
	}
	return lib.starts["openEHR-EHR-EHR_STATUS.generic.v1"]
}

// party runs the plans of a party's archetype, or of its template.
func (x *run) party() {
	id := x.in.Root.ArchetypeID()
	if id == "" {
		id = x.in.Root.NodeID()
	}
	plans := x.lib.starts[id]
	if byArchetype, bound := x.lib.templates[x.in.Root.String("archetype_details", "template_id", "value")]; bound {
		plans = byArchetype[id]
	}
	if len(plans) == 0 {
		x.entry(x.root, nil)
		return
	}
	// That a PERSON is no practitioner is no loss.
	if x.whole(plans, id); len(x.out.Resources) > 0 {
		x.leftovers(x.root, plans[0], id)
	}
}

// composition runs the plans of every entry, in the order of the document.
func (x *run) composition() {
	template := x.in.Root.String("archetype_details", "template_id", "value")
	byArchetype, bound := x.lib.templates[template]
	x.entries(x.root, func(e *ref) {
		id := e.node.ArchetypeID()
		if id == "" {
			id = e.node.NodeID()
		}
		plans := x.lib.starts[id]
		if bound {
			plans = byArchetype[id]
		}
		x.entry(e, plans)
	})
	id := x.in.Root.ArchetypeID()
	plans := x.lib.starts[id]
	if bound {
		plans = byArchetype[id]
	}
	x.whole(plans, id)
}

// whole runs the plans of a composition as such, after those of its entries, to
// whose resources they can refer. That they exclude it is no loss: its content
// is that of the entries.
func (x *run) whole(plans []*plan, archetype string) {
	clear(x.used)
	x.kept = x.kept[:0]
	for _, p := range plans {
		x.out.Types = p.appendTypes(x.out.Types)
		x.archetype, x.plan = x.root, p
		x.split(x.root, archetype)
	}
}

// entries visits the ENTRYs below a composition or section.
func (x *run) entries(at *ref, visit func(*ref)) {
	for _, name := range [...]string{"content", "items"} {
		a, ok := at.node.Attr(name, false)
		if !ok {
			continue
		}
		for i := range a.Len() {
			child := x.ref(a.At(i), at, a.Def(), i)
			if child.node.Class().IsA(rm.ClassEntry) {
				visit(child)
			} else {
				x.entries(child, visit)
			}
		}
	}
}

// entry runs plans over one entry and reports what none of them carried.
func (x *run) entry(e *ref, plans []*plan) {
	id := e.node.ArchetypeID()
	if id == "" {
		id = e.node.NodeID()
	}
	if slices.ContainsFunc(absenceArchetypes, func(p string) bool { return strings.HasPrefix(id, p) }) {
		x.out.Losses = append(x.out.Losses, Loss{
			Kind: LossAbsence, Code: "absence", Archetype: id, Path: e.path(),
			Message: "the record states that information is absent: an empty result is not a negative finding",
		})
		return
	}
	if len(plans) == 0 {
		x.out.Losses = append(x.out.Losses, Loss{
			Kind: LossUnmapped, Code: "no-mapping", Archetype: id, Path: e.path(),
			Message: "no mapping covers the archetype",
		})
		return
	}
	clear(x.used)
	x.kept = x.kept[:0]
	made := len(x.out.Resources)
	refused, carried := false, false
	for _, p := range plans {
		x.out.Types = p.appendTypes(x.out.Types)
		x.archetype, x.plan = e, p
		if e.node.Class().Name == "ACTION" && gathers(plans) {
			if c := x.courseOf(e); c != nil {
				refused, carried = x.ofWorkflow(e, id, c)
				continue
			}
		}
		refused = x.split(e, id) || refused
	}
	switch {
	case carried || len(x.out.Resources) > made:
		x.leftovers(e, plans[0], id)
		if x.in.Person != nil && e == x.root {
			x.leftovers(x.ref(x.log.Node(x.in.Person), nil, nil, 0), plans[0], x.in.Person.ArchetypeID())
		}
	case !refused:
		x.out.Losses = append(x.out.Losses, Loss{
			Kind: LossUnmapped, Code: "not-applicable", Archetype: id, Path: e.path(),
			Mapping: plans[0].file.Name.Value, Message: "the conditions of the mapping exclude the entry",
		})
	}
}

// split makes one resource of the entry, or one for each occurrence of the
// hierarchy's path. It reports whether any was refused.
func (x *run) split(e *ref, archetype string) (refused bool) {
	x.only = nil
	if x.plan.split == nil {
		return x.resource(e, archetype)
	}
	origins := x.eval(x.plan.split, e)
	defer x.drop(&origins)
	if len(x.plan.unique) == 0 { // every one is a group of its own
		for i := range origins.nodes {
			refused = x.group(origins.nodes[i:i+1], archetype) || refused
		}
		return refused
	}
	for _, group := range x.groups(origins.nodes) {
		refused = x.group(group, archetype) || refused
	}
	return refused
}

// group makes one resource of occurrences of the hierarchy's path.
func (x *run) group(group []*ref, archetype string) (refused bool) {
	at := group[0]
	if at.attr.Container {
		x.onlyThese = restriction{owner: at.parent.node, attr: at.attr.Name, indexes: x.onlyThese.indexes[:0]}
		for _, n := range group {
			x.onlyThese.indexes = append(x.onlyThese.indexes, n.index)
		}
		x.only = &x.onlyThese
	}
	refused = x.resource(at, archetype)
	x.only = nil
	return refused
}

// groups are the occurrences of a hierarchy that make one resource each: every
// one its own or, with unique, those of one list that agree in what is there.
// What has no value there agrees with nothing, since nobody can say that it does.
func (x *run) groups(origins []*ref) [][]*ref {
	groups := make([][]*ref, 0, len(origins))
	keys := map[string]int{}
	for _, n := range origins {
		key, certain := []byte(nil), len(x.plan.unique) > 0 && n.attr.Container
		for i := range x.plan.unique {
			found := x.eval(&x.plan.unique[i], n)
			certain = certain && len(found.nodes) > 0 && !found.undecided
			for _, v := range found.nodes {
				certain = certain && !absent(v.node)
				value := v.node.Unwatched()
				if value.Class == rm.ClassElement {
					value = value.Get("value")
				}
				if value != nil {
					key = append(rm.AppendJSON(key, value), 0)
				}
			}
			key = append(key, 1)
			x.drop(&found)
		}
		if certain {
			key = fmt.Appendf(key, "%p %s", n.parent.node.Unwatched(), n.attr.Name)
			if i, ok := keys[string(key)]; ok {
				groups[i] = append(groups[i], n)
				continue
			}
			keys[string(key)] = len(groups)
		}
		groups = append(groups, []*ref{n})
	}
	return groups
}

// resource runs the plan in hand and keeps the outcome if it is sound.
func (x *run) resource(origin *ref, archetype string) (refused bool) {
	p := x.plan
	fill := func(l Loss) Loss {
		l.Type, l.Archetype, l.Mapping = p.target.Name, archetype, p.file.Name.Value
		if l.Path == "" {
			l.Path = origin.path()
		}
		return l
	}
	learning := false
	if x.outline(origin) {
		found, tries := p.recipes.find(x.shape.Key)
		for _, r := range found {
			if x.cook(r, origin, archetype) {
				return false
			}
		}
		if learning = p.recipes.worth(x.shape.Key, tries, len(found), &x.lib.kept); learning {
			x.record()
		}
	}
	root, err := x.attempt(origin)
	var learned *recipe
	if learning {
		learned = x.recorded(origin, fill)
	}
	if err == nil && len(root.Fields) == 1 && x.gated {
		if learning {
			if learned != nil {
				learned.losses = nil // nothing is told of what is excluded
			}
			p.recipes.learn(x.shape.Key, learned, &x.lib.kept)
		}
		return false
	}
	if x.doubted && root.Get("status") != nil {
		root.Set(p.target, "status", x.nodes.String("unknown"))
		root.Remove("statusReason")
	}
	id := x.resourceID(p.target, p.file.Name.Value, origin)
	kept := x.keep(&p.made, root, p.target, id, err, origin, fill, x.lib.profiles[p])
	if learning {
		if !kept || !learned.writes(x.known, x.text, x.holes, root) {
			learned = nil
		}
		p.recipes.learn(x.shape.Key, learned, &x.lib.kept)
	}
	return !kept
}

// attempt runs the plan in hand.
func (x *run) attempt(origin *ref) (*r4.Node, *refusal) {
	p := x.plan
	x.nodes.Reset()
	x.cursors.n = 0
	root := x.nodes.Object(r4.Field{Name: "resourceType", Value: x.nodes.String(p.target.Name)})
	x.res = x.cursor(nil, nil)
	x.res.node, x.res.typ = root, p.target
	x.pending, x.spoiled, x.gated = x.pending[:0], x.spoiled[:0], false
	x.origin, x.flow, x.flowKnown = origin, nil, false
	return root, x.runPlan(p, x.archetype, x.res)
}

// keep takes a finished resource into the result if it is sound, with the
// losses that were noted on the way. What is known of one like it is not found
// out again.
func (x *run) keep(made *patterns, root *r4.Node, target *r4.Type, id string, err *refusal, origin *ref, fill func(Loss) Loss, claims []string) bool {
	node := x.nodes.FreeString(r4.FreeID, id)
	node.From = fromID
	root.Set(target, "id", node)
	var known *pattern
	seen := false
	x.own = x.own[:0]
	if err == nil {
		x.text, x.holes = root.AppendHoles(x.text[:0], x.holes[:0])
		x.key = r4.AppendKey(x.key[:0], x.text, x.holes)
		known, seen = made.find(x.key)
		if known != nil {
			var ok bool
			if x.own, ok = known.mould.Fill(x.own, x.holes, &x.times); !ok {
				known = nil
			}
		}
		if known == nil {
			err = sound(root, target)
		}
	}
	for _, l := range x.pending {
		x.out.Losses = append(x.out.Losses, fill(l))
	}
	if err != nil {
		l := err.loss
		l.Kind = LossRefused
		x.out.Losses = append(x.out.Losses, fill(l))
		return false
	}
	x.known = known
	of := known
	var search []SearchValue
	var own []r4.Own
	if known != nil {
		own = x.paper.own.copied(x.own)
	} else {
		x.search = r4.AppendSearchValues(x.search[:0], root)
		of = &pattern{}
		of.profiles, of.losses = met(root, claims)
		if !seen && target.Name != "Patient" && made.worth(x.key, &x.lib.kept) {
			learned := *of
			learned.mould = r4.NewMould(root, x.holes)
			made.learn(x.key, &learned, &x.lib.kept)
		}
		search = slices.Clone(x.search)
	}
	for _, l := range of.losses {
		x.out.Losses = append(x.out.Losses, fill(l))
	}
	x.out.Resources = append(x.out.Resources, Resource{
		Type: target.Name, ID: id, JSON: x.paper.text.copied(x.text), Profiles: of.profiles, Search: search, Mould: of.mould, Own: own,
		Mapping: x.plan.file.Name.Value, MappingVersion: x.plan.file.Version, Path: origin.path(),
	})
	return true
}

// refer makes another resource and puts a reference to it at the place. Where
// the source has nothing for it there is neither.
func (x *run) refer(s *step, n *ref, place *cursor) *refusal {
	x.log.Spoil()
	if joined, err := x.joinedInstead(s, n, place); joined || err != nil {
		return err
	}
	t := s.refer.target
	root := x.nodes.Object(r4.Field{Name: "resourceType", Value: x.nodes.String(t.Name)})
	into := x.cursor(place, nil)
	into.node, into.typ = root, t
	outer := x.pending
	x.pending = nil
	err := x.runSteps(s.refer.methods, n, into)
	defer func() { x.pending = outer }()
	if err == nil && len(root.Fields) == 1 {
		outer = append(outer, x.pending...)
		return nil
	}
	model := s.file.Name.Value
	fill := func(l Loss) Loss {
		l.Type, l.Archetype, l.Mapping = t.Name, n.archetype(), model
		if l.Path == "" {
			l.Path = n.path()
		}
		return l
	}
	id := x.resourceID(t, model+"/"+s.m.Name, n)
	if !x.keep(&s.refer.made, root, t, id, err, n, fill, nil) {
		l := Loss{Kind: LossDropped, Code: "reference-refused", Path: n.path(), Target: s.dstType.String(), Message: "the resource that method " + s.m.Name + " would refer to was refused"}
		outer = append(outer, l)
		if s.critical || s.needed {
			return &refusal{l}
		}
		return nil
	}
	place.put(x.nodes.Object(r4.Field{Name: "reference", Value: x.nodes.String(t.Name + "/" + id)}), s.dstType.typ.Type)
	return nil
}

// link refers to the resource that another model has made of the source. Where
// there is none there is no reference.
func (x *run) link(s *step, n *ref, place *cursor) *refusal {
	x.log.Spoil()
	t := s.link.target
	id := x.resourceID(t, s.link.file.Name.Value, n)
	if !slices.ContainsFunc(x.out.Resources, func(r Resource) bool { return r.Type == t.Name && r.ID == id }) {
		return x.unable(s, "reference-refused", n, "there is no resource of the model "+s.link.file.Name.Value+" to refer to")
	}
	place.put(x.nodes.Object(r4.Field{Name: "reference", Value: x.nodes.String(t.Name + "/" + id)}), s.dstType.typ.Type)
	return nil
}

// sound checks a finished resource: it says whom it is about and is valid R4.
func sound(root *r4.Node, target *r4.Type) *refusal {
	for _, name := range [...]string{"subject", "patient"} {
		if target.Element(name) != nil && root.Get(name) == nil {
			return &refusal{Loss{
				Code: "missing-mandatory", Target: target.Name + "." + name,
				Message: "nothing says whom the resource is about",
			}}
		}
	}
	for _, p := range r4.ValidateNode(root) {
		if p.Warning {
			continue
		}
		code := "invalid-" + p.Code
		if p.Code == "cardinality" {
			code = "missing-mandatory"
		}
		return &refusal{Loss{Code: code, Target: p.Path, Message: p.Message}}
	}
	return nil
}

// met are the profiles that the resource really meets of those that a plan
// claims, and the losses of the others.
func met(root *r4.Node, claims []string) (list []string, losses []Loss) {
	if n := len(claims); n == 2 && slices.Equal(claims[:1], r4.ProfileParents(claims[1])) && len(r4.CheckProfile(claims[1], root)) == 0 {
		return slices.Clip(claims), nil // it demands all that its parent does
	}
	list = claims // shared until one is not met
	for i, url := range claims {
		if r4.ProfileType(url) != "" {
			if problems := r4.CheckProfile(url, root); len(problems) > 0 {
				losses = append(losses, Loss{
					Kind: LossReduced, Code: "profile-not-met",
					Target: problems[0].Path, Message: url + ": " + problems[0].Message,
				})
				if len(list) == len(claims) {
					list = append([]string(nil), claims[:i]...)
				}
				continue
			}
		} // else a context's own profile, which only it can answer for
		if len(list) < len(claims) {
			list = append(list, url)
		}
	}
	return slices.Clip(list), losses
}
