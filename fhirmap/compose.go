package fhirmap

import (
	"fmt"
	"maps"
	"math/big"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/compare"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/ucum"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// The ids of the object as which a composition is projected on trial. Nothing that
// is given out depends on them.
const (
	trialObject = "8849182c-82ad-4088-a07f-48ead4180515"
	trialSystem = "trial.cairn"
)

// ComposeInput is a FHIR resource that is to become a COMPOSITION, with what
// the resource does not say of the composition around it.
type ComposeInput struct {
	// Resource is the resource in JSON.
	Resource []byte
	// Template is the one that the composition follows.
	Template *templates.Template
	// EHRID is the record, whose Patient the resource has to be about.
	EHRID string
	// ObjectID is the id of the versioned object that the composition becomes, a
	// UUID; "" for one that only shows what would be made.
	ObjectID string
	// Composer is the PARTY_PROXY who answers for the composition, unless the
	// mapping takes it from the resource.
	Composer *rm.Node
	// Language (ISO 639-1) and Territory (ISO 3166-1); without a language, that
	// of the template.
	Language, Territory string
	// Time is the start of the context unless the mapping takes it from the
	// resource. The zero time leaves the context out.
	Time time.Time
	// Feeder is the FEEDER_AUDIT of the composition; nil for none. The system it
	// names is also that of the identifiers of the resource, which are refused
	// without one.
	Feeder *rm.Node
	// Linked are other resources that the resource refers to and that become
	// part of the same composition, by the text of the reference. Those that the
	// mapping has no place for refuse the resource.
	Linked map[string]*r4.Node
	// Joins are resources that the resource refers to and that are, or become, part
	// of other compositions, by the text of the reference. Methods with link make
	// LINKs of the references.
	Joins map[string]Join
	// Parties are those registered here that the resource refers to, by the text of
	// the reference.
	Parties map[string]Party
	// Descriptive allows to leave out what only describes: the display of a
	// code, and that of the reference to the patient.
	Descriptive bool
	// Stance of the resource; of types that CanDeny it has to be decided. No
	// linked resource is of such a type.
	Stance Stance
}

// Composed is the outcome of the way back.
type Composed struct {
	// Root is the COMPOSITION. It is valid against the template.
	Root *rm.Node
	// Bound reports that Root names its own versioned object, which therefore has
	// to have the id ComposeInput.ObjectID.
	Bound bool
	// Mapping names the model whose inverse made it.
	Mapping string
	// Profiles are those that the resource made of the composition claims.
	Profiles []string
	// Resources are how many resources a projection of the composition gives, and
	// Index which of them the resource is. Linked are the others.
	Resources, Index int
	Linked           map[string]ComposedLink
	// Place is what the resource is made of.
	Place Place
	// Omitted are elements that do not come back because they say nothing that
	// the others do not say, or, if that is allowed, because they only describe,
	// and elements that are added because the composition has to say them.
	Omitted []Difference
}

// ComposedLink is a linked resource in the projection of the composition.
type ComposedLink struct {
	Index    int
	Profiles []string
	Place    Place
}

// Difference is one element that a resource would lose, gain or change by being
// stored as a composition. It holds no value.
type Difference struct {
	// Path is the place in the resource, with indexes.
	Path string `json:"path"`
	// Message says what would become of it.
	Message string `json:"message"`
}

// Compose makes a composition of a resource by the inverse of the mapping of an
// entry of the template, and only if nothing is lost: the composition is
// validated, projected again, and must give the resource as it came, except for
// id, meta, text, what says nothing that is not said beside it (Composed.Omitted),
// the text of a concept with a code and the unit of a quantity with one. Otherwise the error is errs.Unprocessable and its
// Detail the differences ([]Difference) or the problems ([]rm.Problem).
func (lib *Library) Compose(in ComposeInput) (out Composed, err error) {
	const op = "fhirmap.Compose"
	defer func() { // as in Project
		if v := recover(); v != nil {
			out, err = Composed{}, errs.Wrap(errs.Internal, op, "the mapping engine failed",
				fmt.Errorf("panic with a %T\n%s", v, debug.Stack()))
		}
	}()
	switch {
	case in.Template == nil || in.Template.Root.Class != rm.ClassComposition:
		return Composed{}, errs.New(errs.Invalid, op, "the way back needs the template of a COMPOSITION")
	case !r4.ValidPrimitive("id", in.EHRID):
		return Composed{}, errs.New(errs.Invalid, op, "the way back needs the id of an EHR")
	case in.Composer == nil || in.Territory == "":
		return Composed{}, errs.New(errs.Invalid, op, "the way back needs a composer and a territory")
	}
	n, err := r4.Parse(in.Resource)
	if err != nil {
		return Composed{}, errs.Wrap(errs.Invalid, op, "not a FHIR resource: "+err.Error(), err)
	}
	if err := lib.Admit(n); err != nil {
		return Composed{}, err
	}
	if err := lib.undecided(n.Str("resourceType"), in.Stance); err != nil {
		return Composed{}, err
	}
	if err := lib.misnamed(n, in.Stance); err != nil {
		return Composed{}, err
	}
	if err := in.distinctJoins(); err != nil {
		return Composed{}, err
	}
	for _, url := range slices.Sorted(maps.Keys(in.Linked)) {
		if err := lib.Admit(in.Linked[url]); err != nil {
			return Composed{}, err
		}
		if err := lib.undecided(in.Linked[url].Str("resourceType"), Undecided); err != nil {
			return Composed{}, err
		}
	}
	var found []Composed
	var best error
	least := -1
	for _, t := range lib.entriesFor(in.Template, n.Str("resourceType")) {
		if !in.Stance.suits(t.entry.ArchetypeID) {
			continue
		}
		c, err := lib.composeBy(t.plan, t.entry, n, in)
		if err == nil {
			found = append(found, c)
			continue
		}
		// Of several mappings, the one that came closest explains why: one whose
		// constants are those of the resource, then the one with least to say.
		size := 1 << 20
		if e := errs.As(err); e != nil {
			if list, ok := e.Detail.([]Difference); ok {
				size = len(list)
			}
		}
		if claims, agrees := t.plan.constants(n); !claims || !agrees {
			size += 1 << 21
		}
		if least < 0 || size < least {
			best, least = err, size
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Composed{}, errs.New(errs.Unprocessable, op, "several entries of the template could hold the resource; which is meant cannot be told")
	case best != nil:
		if e := errs.As(best); e != nil {
			if list, ok := e.Detail.(untaken); ok {
				return Composed{}, unprocessable(op, "the composition that would be made of the resource is not valid", list)
			}
		}
		return Composed{}, best
	}
	return Composed{}, errs.New(errs.Unsupported, op, "no mapping of the template makes "+n.Str("resourceType"))
}

// untaken are differences by which a composition is not valid, so that they do not
// tell how close its mapping came.
type untaken []Difference

func unprocessable(op, msg string, list []Difference) error {
	e := errs.New(errs.Unprocessable, op, fmt.Sprintf("%s: %s: %s", msg, list[0].Path, list[0].Message))
	e.Detail = list
	return e
}

// unsafe lists what may reverse or qualify the meaning of a resource in ways
// that a composition would not show.
func unsafe(n *r4.Node, path string, to []Difference) []Difference {
	for _, name := range [...]string{"status", "verificationStatus"} {
		v := n.Get(name)
		codes := []string{v.Str()}
		for _, c := range v.List("coding") {
			codes = append(codes, c.Str("code"))
		}
		for _, code := range codes {
			if code == "entered-in-error" || code == "refuted" {
				to = append(to, Difference{path + "." + name, "a resource that is " + code + " is not made into a composition"})
			}
		}
	}
	var visit func(n *r4.Node, path string)
	visit = func(n *r4.Node, path string) {
		if contradicts(n) {
			to = append(to, Difference{path + ".unit", "the unit for people is another amount than its code says: which of them is meant cannot be told"})
		}
		for i := range n.Fields {
			f := &n.Fields[i]
			if f.Name == "modifierExtension" || f.Name == "implicitRules" || f.Name == "contained" {
				to = append(to, Difference{path + "." + f.Name, "it can alter the meaning of the resource and is not understood"})
				continue
			}
			visit(f.Value, path+"."+f.Name)
		}
		for i, item := range n.Items {
			visit(item, fmt.Sprintf("%s[%d]", path, i))
		}
	}
	visit(n, path)
	return to
}

// contradicts reports whether the unit that people read in a quantity is, as a UCUM
// unit, of the same kind as its code and of another size: g for kg, % for 1.
func contradicts(n *r4.Node) bool {
	unit, code := n.Str("unit"), n.Str("code")
	if n.Get("value") == nil || unit == "" || code == "" || unit == code || n.Str("system") != ucumURI || !ucum.Valid(unit) || !ucum.Valid(code) {
		return false
	}
	for _, amount := range [...]string{"1", "100"} { // scales may meet in one point
		got, err := ucum.Convert(amount, code, unit)
		if err != nil {
			return false // of another kind, as C, which is a coulomb, for Cel
		}
		if x, ok := new(big.Rat).SetString(got); !ok || x.RatString() != amount {
			return true
		}
	}
	return false
}

// wayBack is a plan and the entry of a template that its inverse fills.
type wayBack struct {
	plan  *plan
	entry *templates.Object
}

// entriesFor finds the entries of a template from which a type is made, by the
// mappings of the context files that bind the template if there are any.
func (lib *Library) entriesFor(t *templates.Template, typ string) []wayBack {
	starts := lib.starts
	if byArchetype, bound := lib.templates[t.ID]; bound {
		starts = byArchetype
	}
	var out []wayBack
	var visit func(o *templates.Object)
	visit = func(o *templates.Object) {
		for _, a := range o.Attributes {
			for _, child := range a.Children {
				if prohibited(child) {
					continue
				}
				if !child.Class.IsA(rm.ClassEntry) {
					visit(child)
					continue
				}
				for _, p := range starts[child.ArchetypeID] {
					if p.target.Name == typ {
						out = append(out, wayBack{p, child})
					}
				}
			}
		}
	}
	visit(t.Root)
	return out
}

// elementFor is the element from which a plan fills an attribute that an ENTRY or
// its workflow has to have, by the path of the problem with it; "" for others.
func (p *plan) elementFor(path string) string {
	attr := path[strings.LastIndexByte(path, '/')+1:]
	if attr != "time" && attr != "ism_transition" && attr != "narrative" {
		return ""
	}
	for _, s := range p.back {
		if !s.hasSrc || s.src.base != fromArchetype || len(s.src.segs) != 1 || s.src.segs[0].attr != attr {
			continue
		}
		steps := s.dst.steps
		if len(steps) == 0 && len(s.manual) > 0 && len(s.manual[0].assign) > 0 {
			steps = s.manual[0].assign[0].path.steps
		}
		if len(steps) > 0 {
			return steps[0].elem.Path
		}
	}
	return ""
}

// around are the elements of a resource that a plan takes from the composition
// around the entry: who recorded it, and when. A composition always says it.
func (p *plan) around() map[string]bool {
	out := map[string]bool{}
	for _, s := range p.methods {
		if s.hasSrc && s.transfer && s.src.base == fromComposition && len(s.dst.steps) == 1 {
			if name := s.dst.steps[0].elem.Name; name == "recorder" || name == "recordedDate" {
				out[name] = true
			}
		}
	}
	return out
}

// conceptOf is the path of the concept of a resource that can deny.
func conceptOf(n *r4.Node) string {
	typ := n.Str("resourceType")
	if n.Get("medicationCodeableConcept") != nil {
		return typ + ".medicationCodeableConcept"
	}
	return typ + ".code"
}

// rival finds a mapping of another archetype all of whose constants stand in the
// resource, so that it could have been made of that archetype as well. A denial is
// made of nothing but an exclusion, but what is said to name something could be one.
func (lib *Library) rival(p *plan, n *r4.Node, stance Stance) *plan {
	for _, plans := range lib.starts {
		for _, other := range plans {
			if other.target != p.target || other.file.Archetype.Value == p.file.Archetype.Value || stance == Denies && !stance.suits(other.file.Archetype.Value) {
				continue
			}
			if claims, agrees := other.constants(n); claims && agrees {
				return other
			}
		}
	}
	return nil
}

// constants tells whether a plan writes any constants, and whether all of them
// stand in the resource.
func (p *plan) constants(n *r4.Node) (claims, agrees bool) {
	root := &fplace{node: n}
	agrees = true
	for _, s := range p.methods {
		if s.hasSrc {
			continue
		}
		for _, m := range s.manual {
			if len(m.gates) > 0 || len(m.assign) == 0 {
				continue
			}
			claims = true
			agrees = agrees && slices.ContainsFunc(follow(&s.dst, root, root), func(at *fplace) bool { return assignedIn(m, at) })
		}
		for _, c := range s.children {
			claims = claims || len(c.manual) > 0
		}
		agrees = agrees && slices.ContainsFunc(follow(&s.dst, root, root), func(at *fplace) bool { return fits(s, at) })
	}
	for _, s := range p.methods {
		if s.hasSrc && len(s.src.segs) == 0 && s.src.base == fromArchetype && len(s.children) > 0 {
			agrees = agrees && slices.ContainsFunc(follow(&s.dst, root, root), func(at *fplace) bool { return fits(s, at) })
		}
	}
	return claims, agrees
}

// composeBy runs the inverse of one plan and proves the outcome.
func (lib *Library) composeBy(p *plan, entry *templates.Object, n *r4.Node, in ComposeInput) (Composed, error) {
	const op = "fhirmap.Compose"
	if path := p.several(n); path != "" {
		return Composed{}, unprocessable(op, "the mapping "+p.file.Name.Value+" would open several EVENTs",
			[]Difference{{path, "the parts of the resource differ here, so that each would be an EVENT of its own, and a resource of its own when it is read"}})
	}
	b := &backward{
		in: in, resource: n, takers: map[*r4.Node]*step{}, stated: map[string]bool{}, sources: map[string]*r4.Node{},
		claimed: map[*r4.Node]bool{}, took: map[*part][]*step{},
	}
	root, fault := b.compose(p, entry)
	if fault != nil {
		return Composed{}, unprocessable(op, "the mapping "+p.file.Name.Value+" cannot be run backwards", []Difference{*fault})
	}
	// The tree is read back as any client's would be: what is mandatory must be there.
	tree, problems := rm.DecodeJSON(rm.AppendJSON(nil, root), rm.ClassComposition, rm.JSONOptions{})
	if !rm.HasErrors(problems) {
		problems = validate.All(in.Template, tree, validate.Options{})
	}
	if rm.HasErrors(problems) {
		i := slices.IndexFunc(problems, func(p rm.Problem) bool { return p.Severity == rm.Error })
		if path := p.elementFor(problems[i].Path); path != "" {
			return Composed{}, unprocessable(op, "the composition that "+p.file.Name.Value+" makes of the resource is not valid", []Difference{{
				path, "the composition needs it, and what the resource says of it gives it nothing, or nothing certain: " + problems[i].Path + ": " + problems[i].Message,
			}})
		}
		var lost []Difference
		for _, l := range b.left {
			if d := (Difference{l.path, "nothing certain can be made of the element here, so that the composition would not be valid: " + problems[i].Path + ": " + problems[i].Message}); b.takers[l.node] == nil && !slices.Contains(lost, d) {
				lost = append(lost, d)
			}
		}
		if len(lost) > 0 {
			return Composed{}, unprocessable(op, "the composition that "+p.file.Name.Value+" makes of the resource is not valid", lost)
		}
		e := errs.New(errs.Unprocessable, op, "the composition that "+p.file.Name.Value+" makes of the resource is not valid: "+problems[i].Path+": "+problems[i].Message)
		if e.Detail = problems; b.toldBy(problems[i].Path) != "" {
			e.Detail = untaken{{b.toldBy(problems[i].Path), "the template does not take the value: " + problems[i].Path + ": " + problems[i].Message}}
		}
		return Composed{}, e
	}
	var flow []WorkflowAction
	if b.bound {
		flow = said(tree)
	}
	res, err := lib.Project(Input{Root: tree, EHRID: in.EHRID, Workflow: flow, ObjectID: in.object(), SystemID: trialSystem, Lifecycle: lifecycleComplete, Link: in.joined, Resolve: in.party})
	if err != nil {
		return Composed{}, err
	}
	main := slices.IndexFunc(res.Resources, func(r Resource) bool { return r.Type == p.target.Name && r.Mapping == p.file.Name.Value })
	if len(res.Resources) != 1+len(in.Linked) || main < 0 {
		msg := fmt.Sprintf("the composition gives %d resources instead of %d", len(res.Resources), 1+len(in.Linked))
		var others []string
		for k, r := range res.Resources {
			if k != main && !slices.Contains(others, r.Type) {
				others = append(others, r.Type)
			}
		}
		if len(others) > 0 && len(in.Linked) == 0 {
			if msg = "the composition would be shown as " + strings.Join(others, ", ") + " too, which is another statement"; main < 0 {
				msg = "the composition would be shown as " + strings.Join(others, ", ") + " instead"
			}
		}
		for _, l := range res.Losses {
			if l.Kind == LossRefused {
				msg += "; " + l.Target + ": " + l.Message
				break
			}
		}
		return Composed{}, unprocessable(op, "the resource would not come back", []Difference{{n.Str("resourceType"), msg}})
	}
	diff := compare.Comparison{Descriptive: in.Descriptive, Linked: in.Linked, Around: p.around(), Identifies: identifies}
	if in.Stance == Denies {
		diff.Denial = conceptOf(n) + ".coding"
	}
	made := make([]compare.Made, len(res.Resources))
	for i, r := range res.Resources {
		made[i] = compare.Made{Type: r.Type, ID: r.ID, JSON: r.JSON}
	}
	found, err := diff.All(n, made, main)
	if err != nil {
		return Composed{}, errs.Wrap(errs.Internal, op, "", err)
	}
	links := map[string]ComposedLink{}
	for url, i := range found {
		links[url] = ComposedLink{Index: i, Profiles: res.Resources[i].Profiles, Place: placeOf(tree, res.Resources, i)}
	}
	list := differences(diff.Lost)
	// What the forward mapping reports as lost was put there by the inverse; an
	// ELEMENT that the mapping fills by itself is not of the resource.
	for _, l := range res.Losses {
		if l.Code != "profile-not-met" && !(l.Code == "not-mapped" && b.stated[l.Path]) && !b.untold(l) {
			list = append(list, Difference{l.Target, "not carried back exactly: " + l.Code})
		}
	}
	if len(list) > 0 {
		return Composed{}, unprocessable(op, "the resource would not come back as it is", list)
	}
	if other := lib.rival(p, n, in.Stance); other != nil {
		return Composed{}, unprocessable(op, "what the resource is made of cannot be told",
			[]Difference{{n.Str("resourceType"), "the mapping " + other.file.Name.Value + " could have made it as well as " + p.file.Name.Value}})
	}
	return Composed{
		Root: tree, Bound: b.bound, Mapping: p.file.Name.Value, Profiles: res.Resources[main].Profiles, Omitted: differences(diff.Omitted),
		Resources: len(res.Resources), Index: main, Linked: links, Place: placeOf(tree, res.Resources, main),
	}, nil
}

func differences(found []compare.Difference) []Difference {
	var list []Difference
	for _, d := range found {
		list = append(list, Difference(d))
	}
	return list
}
