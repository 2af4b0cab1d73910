package validate

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// codedRule says where the code of a coded RM attribute comes from: a
// vocabulary group of the openEHR terminology, or a code set.
type codedRule struct {
	group *terminology.Group
	set   *terminology.CodeSet
	// owner and attribute name the rule in problems.
	owner, attribute string
	// ifOpenEHR applies the group only to codes of the openEHR terminology,
	// where the attribute may also be coded elsewhere.
	ifOpenEHR bool
	// extract marks a code set that lists only part of its registry.
	extract bool
}

// codedAttributes is the table of RM attributes that are coded by openEHR (RM
// class invariants; TERM "Vocabularies", "Code Sets").
var codedAttributes = func() map[*rm.Attribute]*codedRule {
	table := map[*rm.Attribute]*codedRule{}
	for _, r := range []struct{ class, attribute, group, set, flag string }{
		{class: "COMPOSITION", attribute: "category", group: "composition_category"},
		{class: "COMPOSITION", attribute: "language", set: "languages"},
		{class: "COMPOSITION", attribute: "territory", set: "countries"},
		{class: "EVENT_CONTEXT", attribute: "setting", group: "setting"},
		{class: "ENTRY", attribute: "language", set: "languages"},
		{class: "ENTRY", attribute: "encoding", set: "character_sets", flag: "extract"},
		{class: "ELEMENT", attribute: "null_flavour", group: "null_flavours"},
		{class: "INTERVAL_EVENT", attribute: "math_function", group: "event_math_function"},
		{class: "ISM_TRANSITION", attribute: "current_state", group: "instruction_states"},
		{class: "ISM_TRANSITION", attribute: "transition", group: "instruction_transitions"},
		{class: "PARTICIPATION", attribute: "mode", group: "participation_mode"},
		{class: "PARTICIPATION", attribute: "function", group: "participation_function", flag: "openehr"},
		{class: "PARTY_RELATED", attribute: "relationship", group: "subject_relationship"},
		{class: "TERM_MAPPING", attribute: "purpose", group: "term_mapping_purpose"},
		{class: "AUDIT_DETAILS", attribute: "change_type", group: "audit_change_type"},
		{class: "ORIGINAL_VERSION", attribute: "lifecycle_state", group: "version_lifecycle_state"},
		{class: "ATTESTATION", attribute: "reason", group: "attestation_reason", flag: "openehr"},
		{class: "DV_ORDERED", attribute: "normal_status", set: "normal_statuses"},
		{class: "DV_TEXT", attribute: "language", set: "languages"},
		{class: "DV_TEXT", attribute: "encoding", set: "character_sets", flag: "extract"},
		{class: "DV_ENCAPSULATED", attribute: "language", set: "languages"},
		{class: "DV_ENCAPSULATED", attribute: "charset", set: "character_sets", flag: "extract"},
		{class: "DV_MULTIMEDIA", attribute: "media_type", set: "media_types", flag: "extract"},
		{class: "DV_MULTIMEDIA", attribute: "compression_algorithm", set: "compression_algorithms"},
		{class: "DV_MULTIMEDIA", attribute: "integrity_check_algorithm", set: "integrity_check_algorithms"},
	} {
		rule := &codedRule{owner: r.class, attribute: r.attribute, ifOpenEHR: r.flag == "openehr", extract: r.flag == "extract"}
		if r.group != "" {
			rule.group = terminology.OpenEHR.Group(r.group)
		} else {
			rule.set = terminology.OpenEHR.CodeSet(r.set)
		}
		if rule.group == nil && rule.set == nil {
			panic("validate: no vocabulary for " + r.class + "." + r.attribute)
		}
		// Descendants may redeclare the attribute, so each one's is entered.
		for _, class := range rm.Lookup(r.class).Concrete() {
			def := class.Attribute(r.attribute)
			if def == nil {
				panic("validate: no attribute " + r.class + "." + r.attribute)
			}
			table[def] = rule
		}
	}
	return table
}()

// Vocabulary is where the codes of a coded attribute of the RM come from.
type Vocabulary struct {
	// Group or Set is the vocabulary group or code set of the openEHR
	// terminology; the other is nil.
	Group *terminology.Group
	Set   *terminology.CodeSet
	// Open marks an attribute that may also have codes that are not listed:
	// those of other terminologies, or of a registry that the set is part of.
	Open bool
}

// VocabularyOf finds the vocabulary of an attribute of a concrete class; false
// if the RM does not code it.
func VocabularyOf(def *rm.Attribute) (Vocabulary, bool) {
	r := codedAttributes[def]
	if r == nil {
		return Vocabulary{}, false
	}
	return Vocabulary{Group: r.group, Set: r.set, Open: r.ifOpenEHR || r.extract}, true
}

var classISMTransition = rm.Lookup("ISM_TRANSITION")

// terminology walks the whole instance.
func (v *validator) terminology(root *rm.Node) {
	if root == nil {
		return
	}
	v.walk.Start(root, v.opt.PathPrefix)
	v.lang = root.String("language", "code_string")
	v.terms(root)
}

func (v *validator) terms(n *rm.Node) {
	if n.Class == classISMTransition {
		v.ism(n)
	}
	for i := range n.Attrs {
		a := &n.Attrs[i]
		for k, item := range a.Items {
			if item.Class.Primitive != rm.NotPrimitive {
				continue
			}
			switch item.Class {
			case rm.ClassCodePhrase, rm.ClassDVCodedText:
				if rule := codedAttributes[a.Def]; rule != nil {
					v.walk.Enter(a.Def, k, item)
					v.coded(rule, item)
					v.walk.Leave()
				}
				if item.Class == rm.ClassCodePhrase {
					continue // nothing coded inside
				}
			}
			v.walk.Enter(a.Def, k, item)
			v.terms(item)
			v.walk.Leave()
		}
	}
}

// coded checks one coded attribute.
func (v *validator) coded(rule *codedRule, n *rm.Node) {
	phrase := n
	if n.Class == rm.ClassDVCodedText {
		if phrase = n.Get("defining_code"); phrase == nil {
			return
		}
	}
	term := phrase.String("terminology_id", "value")
	if i := strings.IndexByte(term, '('); i > 0 {
		term = term[:i]
	}
	code := phrase.String("code_string")
	if rule.group != nil {
		v.grouped(rule, n, term, code)
		return
	}
	if term != rule.set.TerminologyID && !isOpenEHRName(rule.set, term) {
		level := AsError
		if historicNames[term] == rule.set.Name {
			level = v.opt.Policy.CodeSetName.or(AsWarning)
		}
		if render, severity := v.level(level); render {
			v.report(finding{
				code: CodeTermTerminology, constraint: rule.owner + "." + rule.attribute + ": terminology_id",
				severity: severity, expected: rule.set.TerminologyID, actual: term,
				message: "The value " + term + " must be " + rule.set.TerminologyID,
			})
		}
		if level == AsError {
			return
		}
	}
	if terminology.OpenEHR.CodeSetHas(rule.set.Name, code) {
		return
	}
	level := AsError
	if rule.extract && wellFormed(rule.set.Name, code) {
		level = v.opt.Policy.CodeSet.or(AsWarning)
	}
	if render, severity := v.level(level); render {
		v.report(finding{
			code: CodeTermCodeSet, constraint: rule.owner + "." + rule.attribute, severity: severity,
			expected: "a code of the code set " + rule.set.Name, actual: code,
			message: "The value " + strconv.Quote(code) + " is not in the code set " + rule.set.Name,
		})
	}
}

// historicNames are terminology ids that tools wrote for code sets for years.
var historicNames = map[string]string{"Unicode": "character_sets"}

// isOpenEHRName accepts the name of the set, and the openEHR terminology itself
// for the sets that openEHR issues.
func isOpenEHRName(set *terminology.CodeSet, term string) bool {
	return strings.HasPrefix(set.TerminologyID, "openehr_") && (term == terminology.ID || term == set.Name)
}

// wellFormed reports whether a code that is not listed has the form of its
// registry: type/subtype for a media type, a charset token for a character set.
func wellFormed(set, code string) bool {
	if set == "media_types" {
		major, minor, ok := strings.Cut(code, "/")
		switch major {
		case "application", "audio", "font", "image", "message", "model", "multipart", "text", "video", "example", "chemical":
		default:
			return false
		}
		return ok && isToken(minor)
	}
	return isToken(code)
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// grouped checks a code of a vocabulary group, and its rubric.
func (v *validator) grouped(rule *codedRule, n *rm.Node, term, code string) {
	if term != terminology.ID {
		if rule.ifOpenEHR {
			return
		}
		if v.fail() {
			v.report(finding{
				code: CodeTermTerminology, constraint: rule.owner + "." + rule.attribute + ": terminology_id",
				expected: terminology.ID, actual: term, message: "The value " + term + " must be " + terminology.ID,
			})
		}
		return
	}
	if !rule.group.Has(code) {
		if v.fail() {
			v.report(finding{
				code: CodeTermGroup, constraint: rule.owner + "." + rule.attribute,
				expected: "a code of the group " + rule.group.Name, actual: code,
				message: "The value " + strconv.Quote(code) + " is not in the openEHR group " + rule.group.Name,
			})
		}
		return
	}
	if n.Class != rm.ClassDVCodedText || v.opt.Policy.Rubric == Off {
		return
	}
	value := n.String("value")
	english, _ := rule.group.Rubric(code, "en")
	if value == english {
		return
	}
	rubric, translated := rule.group.Rubric(code, v.lang)
	if !translated || value == rubric {
		// Without an openEHR translation any rendering may be right.
		return
	}
	if render, severity := v.level(v.opt.Policy.Rubric.or(AsWarning)); render {
		expected := strconv.Quote(rubric)
		if rubric != english {
			expected += " or " + strconv.Quote(english)
		}
		v.report(finding{
			code: CodeTermRubric, constraint: rule.owner + "." + rule.attribute + ": rubric", severity: severity,
			expected: expected, actual: value,
			message: "The value " + strconv.Quote(value) + " is not the rubric of openehr::" + code + ", " + expected,
		})
	}
}

// ism checks that the transition of an ACTION can lead to its current state.
func (v *validator) ism(n *rm.Node) {
	transition := n.String("transition", "defining_code", "code_string")
	state := n.String("current_state", "defining_code", "code_string")
	targets := terminology.TransitionTargets(transition)
	if targets == nil || state == "" || terminology.TransitionAllowed(transition, state) ||
		!terminology.OpenEHR.Has("instruction_states", state) {
		return // unknown codes are reported as such
	}
	if v.fail() {
		v.report(finding{
			code: CodeISM, constraint: "ISM_TRANSITION.transition", expected: strings.Join(targets, ", "), actual: state,
			message: "The transition " + transition + " of the instruction state machine does not lead to state " + state,
		})
	}
}
