package validate

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// maxEffort bounds the object checks of one validation. Trying alternatives
// within alternatives can multiply; a composition of a megabyte needs about
// 50,000.
const maxEffort = 5_000_000

// validator is the state of one validation. Validators are pooled.
type validator struct {
	walk rm.Walk
	out  rm.Collector
	tpl  *templates.Template
	opt  Options

	// quiet counts nested trials of alternatives: findings are then counted in
	// errors and warnings but not rendered.
	quiet            int
	errors, warnings int
	effort           int
	// demote makes errors warnings, where a policy says so.
	demote bool
	// counts is a stack of counters of container children.
	counts []int
	// lang is the language of the COMPOSITION, for rubrics.
	lang string
	// slots are those whose content is being checked against its archetype.
	slots []*templates.Object
	// questions are those to external terminologies that have no answer yet;
	// answers has the others.
	questions []terminology.Question
	answers   map[terminology.Question]terminology.Answer
}

var pool = sync.Pool{New: func() any { return new(validator) }}

func newValidator(tpl *templates.Template, opt Options) *validator {
	v := pool.Get().(*validator)
	*v = validator{walk: v.walk, counts: v.counts[:0], slots: v.slots[:0], questions: v.questions[:0], tpl: tpl, opt: opt}
	v.out.Max = opt.MaxProblems
	return v
}

// finish gives the problems and puts the validator back.
func (v *validator) finish() []rm.Problem {
	problems := v.out.Problems()
	v.walk.Start(nil, "")
	v.out, v.tpl, v.opt, v.answers = rm.Collector{}, nil, Options{}, nil
	clear(v.questions)
	pool.Put(v)
	return problems
}

// finding is what a rule has to say beside where it stands.
type finding struct {
	code, constraint, expected, actual, message string
	at                                          *templates.Object
	attr                                        *templates.Attribute
	severity                                    rm.Severity
}

// fail counts an error and reports whether it has to be rendered.
func (v *validator) fail() bool {
	if v.demote {
		v.warnings++
	} else {
		v.errors++
	}
	return v.quiet == 0
}

// warn counts a warning and reports whether it has to be rendered.
func (v *validator) warn() bool {
	v.warnings++
	return v.quiet == 0
}

// level counts a finding of a policy level and reports whether and how
// severely it has to be rendered.
func (v *validator) level(l Level) (bool, rm.Severity) {
	switch l {
	case Off:
		return false, rm.Warning
	case AsWarning:
		return v.warn(), rm.Warning
	}
	return v.fail(), rm.Error
}

// report renders a finding at the current place.
func (v *validator) report(f finding) {
	p := v.walk.Problem(f.code, f.message)
	p.Severity, p.Constraint, p.Expected, p.Actual = f.severity, f.constraint, f.expected, f.actual
	if v.demote {
		p.Severity = rm.Warning
	}
	switch {
	case f.at != nil:
		p.TemplatePath = f.at.Path()
	case f.attr != nil:
		p.TemplatePath = f.attr.Path()
	}
	for _, slot := range slices.Backward(v.slots) {
		// A path within an archetype continues that of the slot it fills.
		p.TemplatePath = strings.TrimSuffix(slot.Path()+p.TemplatePath, "/")
	}
	v.out.Add(p)
}

// try runs a check without reporting and gives its number of errors and
// warnings.
func (v *validator) try(o *templates.Object, n *rm.Node) (errors, warnings int) {
	e, w := v.errors, v.warnings
	v.quiet++
	v.object(o, n)
	v.quiet--
	errors, warnings = v.errors-e, v.warnings-w
	v.errors, v.warnings = e, w
	return errors, warnings
}

// template checks the instance against the template. Questions to external
// terminologies are gathered, asked all at once, and the check is made again
// with the answers, because they decide between alternatives. Should an answer
// lead to a further question, that is asked too, up to maxRounds.
func (v *validator) template(root *rm.Node) {
	out, errors, warnings, effort := v.out, v.errors, v.warnings, v.effort
	v.root(root)
	for round := 1; len(v.questions) > 0; round++ {
		questions := slices.Clone(v.questions)
		var answers []terminology.Answer
		if round <= maxRounds {
			answers = v.opt.Decide(questions)
		}
		if v.answers == nil {
			v.answers = make(map[terminology.Question]terminology.Answer, len(questions))
		}
		for i, q := range questions {
			a := terminology.Answer{Status: terminology.Refused, Reason: "no answer was given"}
			if i < len(answers) {
				a = answers[i]
			}
			v.answers[q] = a
		}
		v.out, v.errors, v.warnings, v.effort, v.questions = out, errors, warnings, effort, v.questions[:0]
		v.root(root)
	}
}

// maxRounds bounds how often further questions are asked.
const maxRounds = 4

// root checks the instance as a whole.
func (v *validator) root(n *rm.Node) {
	v.walk.Start(n, v.opt.PathPrefix)
	o := v.tpl.Root
	if n == nil || n.Class == nil || !n.Class.IsA(o.Class) {
		if v.fail() {
			actual := "nothing"
			if n != nil && n.Class != nil {
				actual = n.Class.Name
			}
			v.report(typeFinding(o, actual))
		}
		return
	}
	v.lang = n.String("language", "code_string")
	if i := strings.IndexByte(v.lang, '-'); i > 0 {
		v.lang = v.lang[:i]
	}
	if id := n.NodeID(); !sameID(id, o.ArchetypeID) {
		if v.fail() {
			v.report(finding{
				code: CodeRoot, constraint: "C_ARCHETYPE_ROOT.archetype_id", at: o,
				expected: o.ArchetypeID, actual: id,
				message: "The archetype id " + id + " does not match the possible archetype ids.",
			})
		}
		return
	}
	if id := n.String("archetype_details", "template_id", "value"); id != "" && !sameTemplate(id, v.tpl.ID) {
		if v.fail() {
			v.report(finding{
				code: CodeTemplateID, constraint: "ARCHETYPED.template_id", at: o,
				expected: v.tpl.ID, actual: id, message: "The value " + id + " must be " + v.tpl.ID,
			})
		}
	}
	v.object(o, n)
}

// sameID compares node ids; archetype ids without regard to case (BASE
// identification, "Composite Identifiers and Case").
func sameID(a, b string) bool {
	return a == b || len(a) == len(b) && isArchetypeID(a) && strings.EqualFold(a, b)
}

// sameTemplate compares template ids; data may add the uid of the template's
// revision, as in "Vital signs::3c0d…".
func sameTemplate(data, template string) bool {
	if data == template {
		return true
	}
	base, _, ok := strings.Cut(data, "::")
	return ok && base == template
}

func typeFinding(o *templates.Object, actual string) finding {
	return finding{
		code: CodeType, constraint: "C_OBJECT.rm_type_name", at: o,
		expected: typeName(o), actual: actual,
		message: "Object should be type " + typeName(o) + ", but was " + actual,
	}
}

func typeName(o *templates.Object) string {
	if o.Param != nil {
		return o.Class.Name + "<" + o.Param.Name + ">"
	}
	return o.Class.Name
}

// conforms reports whether the node may stand where the template has o: its
// class is that of o or a descendant, and the limits of an interval are of the
// type parameter.
func conforms(o *templates.Object, n *rm.Node) bool {
	if n.Class != o.Class && !n.Class.IsA(o.Class) {
		return false
	}
	if o.Param != nil && n.Class.IsA(rm.ClassDVInterval) {
		for i := range n.Attrs {
			a := &n.Attrs[i]
			if (a.Def.Name == "lower" || a.Def.Name == "upper") && len(a.Items) > 0 && !a.Items[0].Class.IsA(o.Param) {
				return false
			}
		}
	}
	return true
}

// object checks a node against the object it is bound to.
func (v *validator) object(o *templates.Object, n *rm.Node) {
	if v.effort++; v.effort > maxEffort {
		if v.effort == maxEffort+1 {
			v.errors++
			v.report(finding{code: CodeEffort, at: o, message: "the instance needs too many checks of alternatives"})
		}
		return
	}
	if !conforms(o, n) {
		if v.fail() {
			v.report(typeFinding(o, actualType(n)))
		}
		return
	}
	if o.Target != nil {
		o = o.Target
	}
	if o.Constraint != nil {
		v.leaf(o, n)
	} else if o.Kind == templates.ConstraintRef {
		v.constraintRef(o, n)
	}
	for _, a := range o.Attributes {
		v.attribute(o, a, n)
	}
	if v.opt.Archetypes != nil && (o.Kind == templates.ArchetypeRoot || o.Kind == templates.Slot) {
		v.archetype(o, n)
	}
}

// actualType names the class of a node, with that of the limits of an interval.
func actualType(n *rm.Node) string {
	if n.Class.IsA(rm.ClassDVInterval) {
		for _, limit := range []string{"lower", "upper"} {
			if l := n.Get(limit); l != nil {
				return n.Class.Name + "<" + l.Class.Name + ">"
			}
		}
	}
	return n.Class.Name
}

// attribute checks one constrained attribute of a node.
func (v *validator) attribute(o *templates.Object, a *templates.Attribute, n *rm.Node) {
	if a.Def == nil {
		v.function(o, a, n)
		return
	}
	var items []*rm.Node
	for i := range n.Attrs {
		if d := n.Attrs[i].Def; d == a.Def || d.Name == a.Name {
			items = n.Attrs[i].Items
			break
		}
	}
	if len(items) == 0 {
		if !v.opt.Incomplete {
			v.absent(a, n)
		}
		return
	}
	if !a.Existence.Unbounded && a.Existence.Upper == 0 {
		if v.fail() {
			v.walk.EnterAll(a.Def)
			v.report(existenceFinding(a, n, "upper"))
			v.walk.Leave()
		}
		return
	}
	switch {
	case a.Name == "name" && o.Names != nil:
		v.name(o, a, items[0])
	case a.Def.Container:
		v.container(a, n, items)
	default:
		v.walk.Enter(a.Def, 0, items[0])
		v.single(a, items[0])
		v.walk.Leave()
	}
}

func existenceFinding(a *templates.Attribute, n *rm.Node, end string) finding {
	actual := "0"
	if end == "upper" {
		actual = "1"
	}
	return finding{
		code: CodeExistence, constraint: n.Class.Name + "." + a.Name + ": existence." + end, attr: a,
		expected: a.Existence.String(), actual: actual,
		message: "Attribute " + a.Name + " of class " + n.Class.Name + " does not match existence " + a.Existence.String(),
	}
}

// absent checks an attribute that the instance does not have. A container that
// is not there is taken for one without members, because instances cannot tell
// the two apart: its cardinality and the occurrences of its children count
// whatever its existence says (CNF, COMPOSITION content test cases). The value
// of an ELEMENT may be missing when it has a null flavour instead.
func (v *validator) absent(a *templates.Attribute, n *rm.Node) {
	if a.Def.Container {
		if v.emptyContainer(a, n) || a.Existence.Lower == 0 ||
			a.Def.MinItems == 0 && (a.Cardinality == nil || a.Cardinality.Interval.Lower == 0) {
			return
		}
	} else if a.Existence.Lower == 0 || a.Name == "value" && n.Class.IsA(rm.ClassElement) && n.Attr("null_flavour") != nil {
		return
	}
	if v.fail() {
		v.walk.EnterAll(a.Def)
		v.report(existenceFinding(a, n, "lower"))
		v.walk.Leave()
	}
}

// emptyContainer checks an absent container as an empty one, and reports whether
// it found anything. Where the template lets the container be absent, policy
// decides.
func (v *validator) emptyContainer(a *templates.Attribute, n *rm.Node) bool {
	level := AsError
	if a.Existence.Lower == 0 {
		level = v.opt.Policy.AbsentContainer.or(AsError)
	}
	if level == Off || !a.Existence.Unbounded && a.Existence.Upper == 0 {
		return false
	}
	found, demoted := v.errors+v.warnings, v.demote
	v.demote = demoted || level == AsWarning
	v.container(a, n, nil)
	v.demote = demoted
	return v.errors+v.warnings > found
}

// name checks the name of a node whose template fixes it. A text will do where
// the template asks for a code; a code of the template that is another than the
// one asked for will not, whatever its text says.
func (v *validator) name(o *templates.Object, a *templates.Attribute, name *rm.Node) {
	value := name.String("value")
	coded := o.NameCodes != nil && name.Class.IsA(rm.ClassDVCodedText)
	if coded && slices.Contains(o.NameCodes, name.String("defining_code", "code_string")) {
		return
	}
	contradiction := coded && templates.TerminologyName(name.String("defining_code", "terminology_id", "value")) == "local"
	if o.HasName(value) && !contradiction {
		return
	}
	if !v.fail() {
		return
	}
	f := finding{
		code: CodeName, constraint: "LOCATABLE.name", at: o, expected: quoteList(o.Names), actual: value,
		message: "The value " + strconv.Quote(value) + " must be " + oneOf(o.Names),
	}
	if contradiction {
		f.expected, f.actual = quoteList(o.NameCodes), name.String("defining_code", "code_string")
		f.message = "The code " + strconv.Quote(f.actual) + " must be " + oneOf(o.NameCodes)
	}
	v.walk.Enter(a.Def, 0, name)
	v.report(f)
	v.walk.Leave()
}

func quoteList(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = strconv.Quote(s)
	}
	return strings.Join(parts, ", ")
}

// oneOf phrases a list of allowed values.
func oneOf(list []string) string {
	if len(list) == 1 {
		return strconv.Quote(list[0])
	}
	return "one of " + quoteList(list)
}
