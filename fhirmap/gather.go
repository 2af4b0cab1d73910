package fhirmap

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Related is another composition of the record with ACTIONs of workflows that
// those of the object projected are of, or may be.
type Related struct {
	// Root is the COMPOSITION of the latest version.
	Root *rm.Node
	// ObjectID, VersionUID and Lifecycle are as in Input.
	ObjectID, VersionUID, Lifecycle string
	// Earlier tells that the object was there before the one projected.
	Earlier bool
}

// gathered are the resource types of which there is one for all ACTIONs of a
// workflow, in whichever compositions they are.
var gathered = []string{"Procedure"}

// gathers reports whether the resources of plans are made of workflows.
func gathers(plans []*plan) bool {
	return len(plans) == 1 && plans[0].split == nil && slices.Contains(gathered, plans[0].target.Name)
}

// Gathered lists the archetypes of ACTIONs of which all those of a workflow make
// one resource, sorted.
func (lib *Library) Gathered() []string {
	var out []string
	add := func(byArchetype map[string][]*plan) {
		for id, plans := range byArchetype {
			if gathers(plans) && strings.HasPrefix(id, "openEHR-EHR-ACTION.") {
				out = append(out, id)
			}
		}
	}
	add(lib.starts)
	for _, byArchetype := range lib.templates {
		add(byArchetype)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The reasons why ACTIONs of a workflow stay resources of their own.
const (
	workflowMany   = "workflow-many"
	workflowNames  = "workflow-names"
	workflowLabels = "workflow-labels"
	workflowPart   = "workflow-part"
)

var gatherReasons = map[string]string{
	workflowMany:          "the workflow is in more compositions than are read",
	workflowNames:         "the ACTIONs of the workflow are not all of the same thing and about the same person",
	workflowLabels:        "the ACTIONs of the workflow are in compositions with different security labels",
	workflowPart:          "not all ACTIONs of the workflow can be read, or say what they are about",
	workflowReference:     "which ACTIONs are of the workflow is not certain",
	workflowIncomplete:    "an ACTION of the workflow is in a version that is not complete",
	workflowState:         "an ACTION of the workflow is in no instruction state of openEHR",
	workflowTime:          "which ACTION of the workflow is the latest is not certain",
	workflowContradiction: "an ACTION of the workflow goes on from a state that is final",
}

// act is an ACTION of a workflow.
type act struct {
	in    *Input // of its composition
	node  *rm.Node
	plan  *plan
	says  WorkflowAction
	key   string   // of the workflow
	made  *r4.Node // what it says of the resource, by itself; nil if it cannot
	tried bool
	from  time.Time
}

// course is a workflow with its ACTIONs, in the order in which their compositions
// were stored. Those that are shown are complete.
type course struct {
	all, shown []*act
	// apart is why they stay resources of their own, doubtful the ACTIONs that
	// may be of the workflow too.
	apart    string
	doubtful []*act
}

// saysOf is what an ACTION says about its workflow.
func saysOf(n *rm.Node, lifecycle string) WorkflowAction {
	details := n.Get("instruction_details")
	ref := details.Get("instruction_id")
	a := WorkflowAction{
		Lifecycle: lifecycle, Archetype: n.ArchetypeID(), Time: n.String("time", "value"), Workflow: rm.RefKey(n.Get("workflow_id")),
		Step: n.String("ism_transition", "careflow_step", "defining_code", "code_string"),
	}
	if state := n.Get("ism_transition").Get("current_state").Get("defining_code"); state.String("terminology_id", "value") == "openehr" {
		a.State = state.String("code_string")
	}
	object, _, _ := strings.Cut(ref.String("id", "value"), "::")
	if id, err := uuid.Parse(object); err == nil && len(object) == len(uuid.Nil.String()) {
		a.Object, a.Version, a.Path, a.Activity = id.String(), ref.String("id", "value"), ref.String("path"), details.String("activity_id")
	}
	return a
}

// workflowKey tells workflows apart: by the ACTIVITY that is named, else by the
// workflow_id; "" for none. A position counts in the version that it is of.
func workflowKey(a *WorkflowAction) string {
	if a.Object == "" {
		return a.Workflow
	}
	version := ""
	if strings.ContainsAny(a.Path+a.Activity, "0123456789") && positional(a.Path, a.Activity) {
		version = a.Version
	}
	return a.Object + "\x1f" + a.Path + "\x1f" + a.Activity + "\x1f" + version
}

// positional reports whether a path has a position, or is none.
func positional(paths ...string) bool {
	return slices.ContainsFunc(paths, func(text string) bool {
		p, err := rm.ParsePath(text)
		return err != nil || slices.ContainsFunc(p.Steps, indexed)
	})
}

// acts lists the ACTIONs of workflows of all compositions at hand.
func (x *run) acts() []*act {
	var out []*act
	add := func(in *Input) {
		template := in.Root.String("archetype_details", "template_id", "value")
		byArchetype, bound := x.lib.templates[template]
		var visit func(n *rm.Node)
		visit = func(n *rm.Node) {
			for _, name := range [...]string{"content", "items"} {
				for _, m := range n.List(name) {
					if !m.Class.IsA(rm.ClassEntry) {
						visit(m)
						continue
					}
					plans := x.lib.starts[m.ArchetypeID()]
					if bound {
						plans = byArchetype[m.ArchetypeID()]
					}
					if m.Class.Name != "ACTION" || !gathers(plans) {
						continue
					}
					a := &act{in: in, node: m, plan: plans[0], says: saysOf(m, in.Lifecycle)}
					if a.key = workflowKey(&a.says); a.key != "" {
						out = append(out, a)
					}
				}
			}
		}
		visit(in.Root)
	}
	other := func(r *Related) *Input {
		in := x.in
		in.Root, in.ObjectID, in.VersionUID, in.Lifecycle, in.Workflow, in.Related = r.Root, r.ObjectID, r.VersionUID, r.Lifecycle, nil, nil
		return &in
	}
	for i := range x.in.Related {
		if r := &x.in.Related[i]; r.Earlier {
			add(other(r))
		}
	}
	add(&x.in)
	for i := range x.in.Related {
		if r := &x.in.Related[i]; !r.Earlier {
			add(other(r))
		}
	}
	return out
}

// courseOf is the workflow of an ACTION of the object in hand; nil if there is
// nothing but this ACTION to show.
func (x *run) courseOf(e *ref) *course {
	if !x.coursesKnown {
		x.coursesKnown = true
		list := x.acts()
		x.courses = map[string]*course{}
		for _, a := range list {
			f := x.courses[a.key]
			if f == nil {
				f = &course{}
				x.courses[a.key] = f
			}
			f.all = append(f.all, a)
		}
		for _, f := range x.courses {
			x.settle(f, list)
		}
	}
	says := saysOf(e.node.Unwatched(), x.in.Lifecycle)
	f := x.courses[workflowKey(&says)]
	if f == nil || f.apart == "" && len(f.all) == 1 {
		return nil
	}
	return f
}

// settle decides whether the ACTIONs of a workflow make one resource.
func (x *run) settle(f *course, list []*act) {
	if x.in.Crowded {
		f.apart = workflowMany
		return
	}
	for _, a := range f.all {
		if a.in.Lifecycle == lifecycleComplete {
			f.shown = append(f.shown, a)
		}
	}
	first := f.all[0]
	for _, a := range list {
		if a.key == first.key {
			continue
		}
		if slices.ContainsFunc(f.all, func(b *act) bool { return x.doubtful(a, b) }) {
			f.doubtful = append(f.doubtful, a)
		}
	}
	if len(f.all) == 1 && len(f.doubtful) == 0 {
		return
	}
	if len(f.doubtful) > 0 {
		f.apart = workflowReference
		return
	}
	if len(f.shown) == 0 {
		return
	}
	labels := x.labelsOf(f.shown[0])
	for _, a := range f.shown {
		switch {
		case a.plan.file != f.shown[0].plan.file || a.says.Archetype != f.shown[0].says.Archetype:
			f.apart = workflowNames
		case x.labelsOf(a) != labels:
			f.apart = workflowLabels
		case !x.part(a):
			f.apart = workflowPart
		}
		if f.apart != "" {
			return
		}
	}
	for _, name := range [...]string{"code", "subject"} {
		is := jsonOf(f.shown[0].made.Get(name))
		for _, a := range f.shown {
			switch has := jsonOf(a.made.Get(name)); {
			case has == "":
				f.apart = workflowPart
				return
			case has != is:
				f.apart = workflowNames
			}
		}
		if f.apart != "" {
			return
		}
	}
}

// doubtful reports whether two ACTIONs of different workflows may be of one: one
// names an ACTIVITY and the other only the workflow_id of both, or both name one
// composition, in other words, about what may be the same.
func (x *run) doubtful(a, b *act) bool {
	if (a.says.Object == "") != (b.says.Object == "") {
		return a.says.Workflow != "" && a.says.Workflow == b.says.Workflow
	}
	return a.says.Object != "" && a.says.Object == b.says.Object &&
		(!x.part(a) || !x.part(b) || jsonOf(a.made.Get("code")) == jsonOf(b.made.Get("code")))
}

func (x *run) labelsOf(a *act) string {
	if x.in.Apart {
		return a.in.ObjectID
	}
	if x.in.Labels == nil {
		return ""
	}
	return x.in.Labels(a.in.Root.String("archetype_details", "template_id", "value"))
}

func jsonOf(n *r4.Node) string {
	if n == nil {
		return ""
	}
	return string(n.Append(nil))
}

// part makes what one ACTION says of the resource, by itself. What is lost of it
// is told where its own composition is projected.
func (x *run) part(a *act) bool {
	if a.tried {
		return a.made != nil
	}
	a.tried = true
	w := workspaces.Get().(*workspace)
	y := &run{workspace: w, lib: x.lib, in: *a.in, root: &ref{node: w.log.Node(a.in.Root)}}
	y.entries(y.root, func(e *ref) {
		if e.node.Unwatched() != a.node || a.made != nil {
			return
		}
		y.archetype, y.plan = e, a.plan
		y.kept = y.kept[:0]
		root, err := y.attempt(e)
		if err != nil || y.gated {
			return
		}
		if made, err := r4.Parse(root.Append(nil)); err == nil {
			a.made = made
		}
	})
	w.release()
	if t, err := rm.ParseDateTime(a.says.Time); err == nil {
		a.from = t.Earliest()
	}
	return a.made != nil
}

// ofWorkflow deals with an ACTION whose workflow has others. The one resource of
// the workflow is made of its first ACTION, with what all say; of the others only
// the losses are told. ACTIONs that stay apart are resources of their own, which
// say of no state that it is the last where another may have followed.
func (x *run) ofWorkflow(e *ref, archetype string, f *course) (refused, carried bool) {
	p := x.plan
	fill := func(l Loss) Loss {
		l.Type, l.Archetype, l.Mapping = p.target.Name, archetype, p.file.Name.Value
		if l.Path == "" {
			l.Path = e.path()
		}
		return l
	}
	if f.apart != "" {
		x.out.Losses = append(x.out.Losses, fill(Loss{Kind: LossReduced, Code: f.apart, Message: gatherReasons[f.apart]}))
		x.doubted = f.apart != workflowNames && !f.ends(saysOf(e.node.Unwatched(), x.in.Lifecycle))
		refused = x.resource(e, archetype)
		x.doubted = false
		return refused, false
	}
	if _, err := x.attempt(e); err != nil { // as it was when the workflow was judged
		x.out.Losses = append(x.out.Losses, fill(Loss{Kind: LossRefused, Code: err.loss.Code, Message: err.loss.Message}))
		return true, false
	}
	for _, l := range x.pending {
		x.out.Losses = append(x.out.Losses, fill(l))
	}
	x.pending = x.pending[:0]
	if f.shown[0].node != e.node.Unwatched() {
		return false, true
	}
	root, losses := f.merge(p.target)
	id := x.resourceID(p.target, p.file.Name.Value, e)
	root.Set(p.target, "id", r4.NewString(id))
	for _, l := range losses {
		x.out.Losses = append(x.out.Losses, fill(l))
	}
	if err := sound(root, p.target); err != nil {
		l := err.loss
		l.Kind = LossRefused
		x.out.Losses = append(x.out.Losses, fill(l))
		return true, false
	}
	profiles, losses := met(root, x.lib.profiles[p])
	for _, l := range losses {
		x.out.Losses = append(x.out.Losses, fill(l))
	}
	x.out.Resources = append(x.out.Resources, Resource{
		Type: p.target.Name, ID: id, JSON: root.Append(nil), Profiles: profiles, Search: r4.AppendSearchValues(nil, root),
		Mapping: p.file.Name.Value, MappingVersion: p.file.Version, Path: e.path(),
	})
	return false, true
}

// ends reports whether the last of all ACTIONs that may be of the workflow
// certainly says the same as one of them.
func (f *course) ends(says WorkflowAction) bool {
	if f.apart == workflowMany {
		return false
	}
	var all []*WorkflowAction
	for _, a := range slices.Concat(f.all, f.doubtful) {
		all = append(all, &a.says)
	}
	last, reason := latest(all)
	return reason == "" && last.State == says.State
}

// added are the elements that have what all ACTIONs say. Of any other one there
// is what the last of them says that says something of it.
var added = []string{"identifier", "performer", "reasonCode", "reasonReference", "complication", "complicationDetail", "note", "report"}

// merge makes the resource of the workflow.
func (f *course) merge(target *r4.Type) (root *r4.Node, losses []Loss) {
	lose := func(kind LossKind, code, element, message string) {
		losses = append(losses, Loss{Kind: kind, Code: code, Target: target.Name + "." + element, Message: message})
	}
	all := make([]*WorkflowAction, len(f.all))
	for i, a := range f.all {
		all[i] = &a.says
	}
	last, reason := latest(all)
	state, status := "", "unknown"
	if reason != "" {
		lose(LossReduced, reason, "status", gatherReasons[reason])
	} else {
		state = last.State
	}
	parts := slices.Clone(f.shown)
	slices.SortStableFunc(parts, func(a, b *act) int { return a.from.Compare(b.from) })
	var deciding *act
	for _, a := range parts {
		if state != "" && a.says.State == state {
			deciding = a
			status = cmp.Or(a.made.Str("status"), "unknown")
		}
	}
	root = r4.NewObject(r4.Field{Name: "resourceType", Value: r4.NewString(target.Name)})
	root.Set(target, "status", r4.NewString(status))
	if lost := performed(root, target, parts, deciding, state, status); lost {
		lose(LossDropped, "workflow-performed", "performed[x]", "the ACTIONs of the workflow do not agree in when it was")
	}
	var names []string
	for _, a := range parts {
		for _, field := range a.made.Fields {
			if !slices.Contains(names, field.Name) {
				names = append(names, field.Name)
			}
		}
	}
	for _, name := range names {
		switch {
		case name == "resourceType" || name == "id" || name == "status" || strings.HasPrefix(strings.TrimPrefix(name, "_"), "performed"):
		case slices.Contains(added, name):
			root.Set(target, name, union(target, name, parts))
		default:
			var value *r4.Node
			differ, several := false, 0
			for _, a := range parts {
				v := a.made.Get(name)
				if v == nil {
					continue
				}
				several++
				if name == "statusReason" && a.says.State != state {
					differ = true
					continue
				}
				differ = differ || value != nil && jsonOf(v) != jsonOf(value)
				value = v
			}
			if differ && (reason != "" || name == "statusReason" && state == "") {
				value = nil
			}
			if differ {
				lose(LossDropped, "workflow-superseded", name, "ACTIONs of the workflow say something else, and only what the last says is carried, if it is certain which that is")
			}
			if value != nil {
				root.Set(target, name, value)
			}
		}
	}
	return root, losses
}

// union has the members of an element of all parts, each once. Notes have the
// time of their ACTION.
func union(target *r4.Type, name string, parts []*act) *r4.Node {
	var items []*r4.Node
	seen := map[string]bool{}
	for _, a := range parts {
		for _, v := range a.made.List(name) {
			text := jsonOf(v)
			if seen[text] {
				continue
			}
			seen[text] = true
			if at := a.says.Time; name == "note" && v.Get("time") == nil {
				if t, err := rm.ParseDateTime(at); err == nil && t.HasOffset && r4.ValidPrimitive("dateTime", at) {
					v.Set(target.Element(name).Types[0].Type, "time", r4.NewString(at))
				}
			}
			items = append(items, v)
		}
	}
	return &r4.Node{Kind: r4.Array, Items: items}
}

// performed writes when the workflow was carried out: from where an ACTION says
// that it began, or the first one that was active, to where one says that it
// ended, or the one that completed or aborted it. It reports whether that is not
// certain, and then writes nothing.
func performed(root *r4.Node, target *r4.Type, parts []*act, deciding *act, state, status string) (lost bool) {
	var starts, ends, all []string
	note := func(list []string, n *r4.Node) []string {
		if n == nil || slices.Contains(list, n.Text) {
			return list
		}
		return append(list, n.Text)
	}
	first, last := "", ""
	other := false
	for _, a := range parts {
		starts = note(starts, a.made.Get("performedPeriod", "start"))
		ends = note(ends, a.made.Get("performedPeriod", "end"))
		at := a.made.Get("performedDateTime")
		if at != nil && a.says.State == "245" && first == "" {
			first = at.Text
		}
		if at != nil && a == deciding && (state == "531" || state == "532") {
			last = at.Text
		}
		for _, field := range a.made.Fields {
			if !strings.HasPrefix(strings.TrimPrefix(field.Name, "_"), "performed") {
				continue
			}
			other = other || field.Name != "performedPeriod" && field.Name != "performedDateTime"
			if text := field.Name + jsonOf(field.Value); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if len(all) == 0 {
		return false
	}
	if len(all) == 1 && status != "not-done" {
		for _, a := range parts {
			for _, field := range a.made.Fields {
				if strings.HasPrefix(strings.TrimPrefix(field.Name, "_"), "performed") {
					root.Set(target, field.Name, field.Value)
				}
			}
		}
		return false
	}
	if state == "" || status == "not-done" || other || len(starts) > 1 || len(ends) > 1 {
		return true
	}
	start, end := first, last
	if len(starts) == 1 {
		start = starts[0]
	}
	if len(ends) == 1 {
		end = ends[0]
	}
	if start != "" && end != "" {
		from, err1 := rm.ParseDateTime(start)
		to, err2 := rm.ParseDateTime(end)
		if err1 != nil || err2 != nil || to.Latest().Before(from.Earliest()) {
			return true
		}
	}
	if start == end {
		root.Set(target, "performedDateTime", r4.NewString(start))
		return false
	}
	var period []r4.Field
	for _, bound := range []r4.Field{{Name: "start", Value: r4.NewString(start)}, {Name: "end", Value: r4.NewString(end)}} {
		if bound.Value.Text != "" {
			period = append(period, bound)
		}
	}
	if start == "" && len(ends) == 0 {
		root.Set(target, "performedDateTime", r4.NewString(end))
		return false
	}
	root.Set(target, "performedPeriod", r4.NewObject(period...))
	return false
}
