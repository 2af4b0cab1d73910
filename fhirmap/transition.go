package fhirmap

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// transition fills an ISM_TRANSITION by the only one of those that the template
// allows in which an attribute, current_state or careflow_step, has the code. If
// several have it, which step of the workflow was reached cannot be told, and
// nothing is set.
func (p *part) transition(attr, code string, b *backward) {
	if p.up == nil || p.up.object == nil || !p.empty() {
		return
	}
	a := p.up.object.Attribute("ism_transition")
	if a == nil {
		return
	}
	var found *templates.Object
	for _, o := range a.Children {
		if prohibited(o) || codeOf(o, attr) != code {
			continue
		}
		if found != nil {
			return
		}
		found = o
	}
	if found == nil {
		return
	}
	state := codeOf(found, "current_state")
	rubric, ok := terminology.OpenEHR.Rubric("instruction states", state, b.language)
	if !ok {
		return
	}
	p.once("current_state", rm.CodedText(rubric, "openehr", state))
	if step := codeOf(found, "careflow_step"); step != "" {
		if text := p.up.object.Terms.Text(step, b.language); text != "" {
			p.once("careflow_step", rm.CodedText(text, "local", step))
		}
	}
}

// codeOf is the only code that the coded text at an attribute may have; "" if
// there are several or it is open.
func codeOf(o *templates.Object, attr string) string {
	if c := only(o, attr); c != nil {
		if d := only(c, "defining_code"); d != nil {
			if phrase, ok := d.Constraint.(*templates.CCodePhrase); ok && len(phrase.Codes) == 1 {
				return phrase.Codes[0]
			}
		}
	}
	return ""
}
