package validate

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// constraintRef checks a CODE_PHRASE against the value sets bound to an ac-code,
// or the one that is referred to directly. An ac-code without a binding allows
// any code.
func (v *validator) constraintRef(o *templates.Object, n *rm.Node) {
	if !n.Class.IsA(rm.ClassCodePhrase) {
		return
	}
	var references []string
	if o.Terms != nil {
		references = o.Terms.ConstraintBindings[o.Reference]
	}
	if len(references) == 0 && strings.Contains(o.Reference, ":") || strings.Contains(strings.ToLower(o.Reference), "%3a") {
		references = []string{o.Reference}
	}
	if len(references) == 0 {
		return
	}
	v.valueSets(o, "CONSTRAINT_REF.reference", references,
		templates.TerminologyName(n.String("terminology_id", "value")), n.String("code_string"))
}

// valueSets checks that a code belongs to one of the value sets. As long as
// nobody was asked, the questions are noted and the code passes.
func (v *validator) valueSets(o *templates.Object, constraint string, references []string, term, code string) {
	pending := false
	var worst terminology.Answer
	notMember, other := false, false
	for _, reference := range references {
		q := terminology.Question{Reference: reference, Terminology: term, Code: code}
		answer, asked := v.answers[q]
		switch {
		case v.opt.Decide == nil:
			answer.Reason = "there is no terminology service"
		case !asked:
			if !slices.Contains(v.questions, q) {
				v.questions = append(v.questions, q)
			}
			pending = true
			continue
		}
		switch answer.Status {
		case terminology.Member:
			return
		case terminology.NotMember:
			notMember = true
		default:
			if !other || answer.Status > worst.Status {
				worst = answer
			}
			other = true
		}
	}
	if pending || other && worst.Status == terminology.NotAsked {
		return
	}
	f := finding{
		code: CodeValueSet, constraint: constraint, at: o, expected: strings.Join(references, ", "), actual: term + "::" + code,
	}
	if notMember && !other {
		if v.fail() {
			f.message = "The value " + f.actual + " does not belong to the value set " + f.expected
			v.report(f)
		}
		return
	}
	level := v.opt.Policy.ValueSet.or(AsWarning)
	if worst.Status == terminology.Refused || worst.Status == terminology.Unavailable {
		level = AsError
	}
	if render, severity := v.level(level); render {
		f.code, f.severity = CodeUndecided, severity
		f.message = "It is not known whether the value " + f.actual + " belongs to the value set " + f.expected + ": " + worst.Reason
		v.report(f)
	}
}
