package validate

import "github.com/cairn-ehr/cairn/pkg/rm"

// Codes of the problems this package reports. They are part of the API and
// never renamed; Rules tells what each means.
const (
	CodeRoot            = "tpl.root"
	CodeTemplateID      = "tpl.template_id"
	CodeType            = "tpl.type"
	CodeNode            = "tpl.node"
	CodeExtraNode       = "tpl.extra_node"
	CodeSlot            = "tpl.slot"
	CodeOccurrences     = "tpl.occurrences"
	CodeCardinality     = "tpl.cardinality"
	CodeUnique          = "tpl.unique"
	CodeExistence       = "tpl.existence"
	CodeName            = "tpl.name"
	CodeStringList      = "tpl.string.list"
	CodeStringPattern   = "tpl.string.pattern"
	CodeInteger         = "tpl.integer"
	CodeReal            = "tpl.real"
	CodeBoolean         = "tpl.boolean"
	CodeTemporalPattern = "tpl.temporal.pattern"
	CodeTemporalRange   = "tpl.temporal.range"
	CodeTimezone        = "tpl.temporal.timezone"
	CodeDurationFields  = "tpl.duration.fields"
	CodeDurationRange   = "tpl.duration.range"
	CodeUnits           = "tpl.quantity.units"
	CodeMagnitude       = "tpl.quantity.magnitude"
	CodePrecision       = "tpl.quantity.precision"
	CodeProperty        = "tpl.quantity.property"
	CodeOrdinal         = "tpl.ordinal"
	CodeCodeTerminology = "tpl.code.terminology"
	CodeCodeList        = "tpl.code.list"
	CodeCodeRubric      = "tpl.code.rubric"
	CodeValueSet        = "tpl.code.value_set"
	CodeUndecided       = "tpl.code.undecided"
	CodeState           = "tpl.state"
	CodeIntegral        = "tpl.proportion.integral"
	CodeInvariant       = "tpl.invariant"
	CodeUnchecked       = "tpl.unchecked"
	CodeEffort          = "tpl.effort"

	// References within the EHR, which need the record.
	CodeLinkTarget    = "link.target"
	CodeLinkPath      = "link.path"
	CodeLinkUnchecked = "link.unchecked"

	CodeTermGroup       = "term.group"
	CodeTermCodeSet     = "term.code_set"
	CodeTermTerminology = "term.terminology"
	CodeTermRubric      = "term.rubric"
	CodeISM             = "term.ism"
)

// Rule describes a problem code of this package.
type Rule struct {
	rm.Rule
	// Spec is the part of the specification that demands it.
	Spec string
	// Policy names the field of Policy that sets the level, if there is one.
	Policy string
}

// Rules lists every problem code of this package: those of the openEHR
// terminology, then those of the template.
func Rules() []Rule {
	rule := func(code, text, spec string) Rule { return Rule{Rule: rm.Rule{Code: code, Text: text}, Spec: spec} }
	policy := func(code string, severity rm.Severity, text, spec, field string) Rule {
		return Rule{rm.Rule{Code: code, Severity: severity, Text: text}, spec, field}
	}
	return []Rule{
		rule(CodeTermGroup, "the code of a coded attribute belongs to its openEHR vocabulary group",
			"RM class invariants (COMPOSITION.Category_validity, ELEMENT.Inv_null_flavour_valid …); TERM, Vocabularies"),
		policy(CodeTermCodeSet, rm.Error, "the code of a coded attribute belongs to its code set; a media type or character set that is well-formed but not listed only warns",
			"RM class invariants (COMPOSITION.Territory_valid, DV_MULTIMEDIA.Media_type_valid …); TERM, Code Sets", "CodeSet"),
		policy(CodeTermTerminology, rm.Error, "terminology_id of a coded attribute is openehr, or the id of its code set; the historic id Unicode for character sets only warns",
			"RM class invariants; TERM, Code Sets", "CodeSetName"),
		policy(CodeTermRubric, rm.Warning, "the value of a text coded in the openEHR terminology is the rubric in the language of the composition, or the English one",
			"RM data_types, DV_CODED_TEXT.value; no invariant", "Rubric"),
		rule(CodeISM, "the transition of an ACTION leads to its current state", "RM ehr, The Standard Instruction State Machine"),

		rule(CodeRoot, "the archetype of the root is that of the template", "AM 1.4 OPT, C_ARCHETYPE_ROOT.archetype_id"),
		rule(CodeTemplateID, "archetype_details names the template that is validated against", "RM common, ARCHETYPED.template_id"),
		rule(CodeType, "a value is of the class of its constraint or of a descendant; the limits of an interval are of the type parameter", "AM 1.4 AOM, C_OBJECT.rm_type_name"),
		rule(CodeNode, "the node id of a single value is that of the template", "AM 1.4 AOM, C_OBJECT.node_id; RM common, LOCATABLE.archetype_node_id"),
		rule(CodeExtraNode, "a member of a constrained container is a node of the template or fills a slot", "AM 1.4 AOM, C_ATTRIBUTE.children"),
		rule(CodeSlot, "an archetype in a slot satisfies an include and no exclude", "AM 1.4 AOM, ARCHETYPE_SLOT.includes, excludes"),
		rule(CodeOccurrences, "a node occurs as often as its occurrences say", "AM 1.4 AOM, C_OBJECT.occurrences"),
		rule(CodeCardinality, "a container has as many members as its cardinality says; an absent container has none (policy)", "AM 1.4 AOM, CARDINALITY.interval; CNF, CONT-COMP"),
		rule(CodeUnique, "the members of a container differ where the cardinality says so", "AM 1.4 AOM, CARDINALITY.is_unique"),
		rule(CodeExistence, "an attribute is present or absent as its existence says; a null flavour stands for the value of an ELEMENT", "AM 1.4 AOM, C_ATTRIBUTE.existence"),
		rule(CodeName, "the name of a node is one that the template fixes", "AM 1.4 AOM, C_OBJECT on LOCATABLE.name"),
		rule(CodeStringList, "a string is one of the list, unless the list is open", "AM 1.4 AOM, C_STRING.list, list_open"),
		rule(CodeStringPattern, "a string matches the regular expression as a whole", "AM 1.4 AOM, C_STRING.pattern"),
		rule(CodeInteger, "an integer is in the list and range", "AM 1.4 AOM, C_INTEGER.list, range"),
		rule(CodeReal, "a number is in the list and range", "AM 1.4 AOM, C_REAL.list, range"),
		rule(CodeBoolean, "a boolean is one that is allowed", "AM 1.4 AOM, C_BOOLEAN.true_valid, false_valid"),
		rule(CodeTemporalPattern, "a date, time or date/time as written has the components that the pattern demands, and none that it prohibits", "AM 1.4 AOM, C_DATE, C_TIME, C_DATE_TIME pattern"),
		rule(CodeTemporalRange, "a date, time or date/time may lie in the range; a partial one fails only if it cannot", "AM 1.4 AOM, C_DATE, C_TIME, C_DATE_TIME range"),
		rule(CodeTimezone, "a time zone is present or absent as the constraint says", "AM 1.4 AOM, timezone_validity"),
		rule(CodeDurationFields, "a duration has no fields but those of the pattern; zero fields do not count", "AM 1.4 AOM, C_DURATION.pattern"),
		rule(CodeDurationRange, "a duration lies in the range, by the average lengths of months and years", "AM 1.4 AOM, C_DURATION.range; BASE, Time_definitions"),
		rule(CodeUnits, "the unit of a quantity is one of the list, literally", "AM 1.4 openEHR profile, C_DV_QUANTITY.list"),
		rule(CodeMagnitude, "the magnitude lies in the range of its unit", "AM 1.4 openEHR profile, C_QUANTITY_ITEM.magnitude"),
		rule(CodePrecision, "the precision, if given, lies in the range of its unit", "AM 1.4 openEHR profile, C_QUANTITY_ITEM.precision"),
		policy(CodeProperty, rm.Error, "the unit belongs to the physical property, where the template lists no units: openEHR lists it there, or lists it nowhere and it has a dimension of the property in UCUM; nothing is said of units that are not UCUM, or arbitrary",
			"AM 1.4 openEHR profile, C_DV_QUANTITY.property; TERM, PropertyUnitData", "Property"),
		rule(CodeOrdinal, "value and symbol of an ordinal or scale are a pair of the list", "AM 1.4 openEHR profile, C_DV_ORDINAL.list"),
		rule(CodeCodeTerminology, "the terminology of a code is that of the constraint; versions in parentheses do not count", "AM 1.4 openEHR profile, C_CODE_PHRASE.terminology_id"),
		rule(CodeCodeList, "a code is one of the list", "AM 1.4 openEHR profile, C_CODE_PHRASE.code_list"),
		policy(CodeCodeRubric, rm.Warning, "the value of a text with a local code is the text of the code in the language of the composition, or in the template's",
			"RM data_types, DV_CODED_TEXT.value; no invariant", "Rubric"),
		rule(CodeValueSet, "a code belongs to the external value set, or to one of those that an ac-code is bound to",
			"AM 1.4 OPT, C_CODE_REFERENCE.referenceSetUri; AOM, CONSTRAINT_REF"),
		policy(CodeUndecided, rm.Warning, "somebody can tell whether a code belongs to its external value set; an error where the policy of its terminology is strict",
			"AM 1.4 OPT, C_CODE_REFERENCE.referenceSetUri; AOM, CONSTRAINT_REF", "ValueSet"),
		rule(CodeState, "the state of a DV_STATE is one of the state machine", "AM 1.4 openEHR profile, C_DV_STATE"),
		rule(CodeIntegral, "numerator and denominator are integers where the template demands is_integral", "RM data_types, DV_PROPORTION.is_integral"),
		policy(CodeInvariant, rm.Error, "the invariants of an archetype hold, where the archetype itself is known",
			"AM 1.4 AOM, ARCHETYPE.invariants; ADL 1.4, assertions", "Invariant"),
		policy(CodeUnchecked, rm.Warning, "a constraint that cannot be evaluated here was not checked", "none", ""),
		policy(CodeLinkTarget, rm.Warning, "the object that an ehr: URI or the instruction of an ACTION refers to is in the EHR and not deleted",
			"RM ehr, INSTRUCTION_DETAILS.instruction_id; RM common, LINK.target; Architecture overview, EHR URIs", "Link"),
		policy(CodeLinkPath, rm.Warning, "that object has something at the path of the reference, and the instruction has the activity",
			"RM ehr, INSTRUCTION_DETAILS.activity_id; Architecture overview, Paths and Locators", "Link"),
		policy(CodeLinkUnchecked, rm.Warning, "there are no more references to other objects than are checked", "none; protects the server", "Link"),
		rule(CodeEffort, "the instance can be validated within the limit of checks", "none; protects the server"),
	}
}
