package mutate

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// codedAttributes are the attributes that the reference model codes, by the
// name of the attribute: the openEHR group, or the name of the code set. They
// are unambiguous within content.
var codedAttributes = map[string]struct{ group, set string }{
	"category":                  {group: "composition_category"},
	"setting":                   {group: "setting"},
	"null_flavour":              {group: "null_flavours"},
	"math_function":             {group: "event_math_function"},
	"current_state":             {group: "instruction_states"},
	"transition":                {group: "instruction_transitions"},
	"mode":                      {group: "participation_mode"},
	"relationship":              {group: "subject_relationship"},
	"purpose":                   {group: "term_mapping_purpose"},
	"language":                  {set: "languages"},
	"territory":                 {set: "countries"},
	"encoding":                  {set: "character_sets"},
	"charset":                   {set: "character_sets"},
	"normal_status":             {set: "normal_statuses"},
	"media_type":                {set: "media_types"},
	"compression_algorithm":     {set: "compression_algorithms"},
	"integrity_check_algorithm": {set: "integrity_check_algorithms"},
}

// coded gives coded attributes codes of other groups and terminologies, once
// for each class and attribute.
func (m *maker) coded(n *rm.Node, at place) {
	if n.Class.Name == "ISM_TRANSITION" {
		m.ism(n, at)
	}
	for i := range n.Attrs {
		def := n.Attrs[i].Def
		rule, ok := codedAttributes[def.Name]
		for k, item := range n.Attrs[i].Items {
			here := at.enter(def, k)
			if ok && k == 0 {
				m.codedValue(n.Class.Name+"."+def.Name, rule.group, rule.set, item, here)
			}
			if item.Class.Primitive == rm.NotPrimitive {
				m.coded(item, here)
			}
		}
	}
}

func (m *maker) codedValue(name, group, set string, n *rm.Node, at place) {
	path := []string{"code_string"}
	terms := []string{"terminology_id", "value"}
	switch {
	case group != "" && n.Class == rm.ClassDVCodedText:
		path, terms = append([]string{"defining_code"}, path...), append([]string{"defining_code"}, terms...)
	case set != "" && n.Class == rm.ClassCodePhrase:
	default:
		return // an attribute of that name in another class
	}
	if !m.first("coded " + name) {
		return
	}
	m.add(Mutation{Code: validate.CodeTermTerminology, Path: at.String(), Edit: name + " of another terminology"}, at,
		setDeep(n, "no-such-terminology", terms...))
	if set != "" {
		m.add(Mutation{Code: validate.CodeTermCodeSet, Path: at.String(), Edit: name + " not in the code set"}, at,
			setDeep(n, "no such code", path...))
		return
	}
	// A code of another group of the same terminology.
	other := "433"
	if terminology.OpenEHR.Has(group, other) {
		other = "253"
	}
	m.add(Mutation{Code: validate.CodeTermGroup, Path: at.String(), Edit: name + " of another group"}, at, setDeep(n, other, path...))
	// In a language without an openEHR translation any rubric may be right.
	lang := m.root.String("language", "code_string")
	code := n.String("defining_code", "code_string")
	if _, translated := terminology.OpenEHR.Rubric(group, code, lang); translated || lang == "" {
		m.add(Mutation{Code: validate.CodeTermRubric, Path: at.String(), Edit: name + " with another rubric", Warning: true}, at,
			setText(n, "value", "no such rubric"))
	}
}

// ism puts a state that the transition does not lead to.
func (m *maker) ism(n *rm.Node, at place) {
	transition := n.String("transition", "defining_code", "code_string")
	if transition == "" || !m.first("ism") {
		return
	}
	for _, state := range terminology.OpenEHR.Group("instruction_states").Codes() {
		if !terminology.TransitionAllowed(transition, state) {
			m.add(Mutation{Code: validate.CodeISM, Path: at.String(), Edit: "state that the transition does not lead to"}, at,
				setDeep(n, state, "current_state", "defining_code", "code_string"))
			return
		}
	}
}
