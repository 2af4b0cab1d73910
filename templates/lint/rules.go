package lint

// Codes of findings. They are never renamed.
const (
	CodeTemplateID   = "lint.template.id"
	CodeDescription  = "lint.description"
	CodeText         = "lint.text.encoding"
	CodeIrregular    = "lint.irregular"
	CodeInstance     = "lint.instance"
	CodeUnreachable  = "lint.unreachable"
	CodeShadowed     = "lint.unreachable.alternative"
	CodeExistence    = "lint.existence"
	CodeCardinality  = "lint.cardinality"
	CodeBound        = "lint.occurrences.bound"
	CodeAmbiguous    = "lint.sibling.ambiguous"
	CodeSiblingName  = "lint.sibling.name"
	CodeSlotEmpty    = "lint.slot.unfillable"
	CodeSlotClosed   = "lint.slot.closed"
	CodePattern      = "lint.pattern.unsupported"
	CodeEmpty        = "lint.values.empty"
	CodeNoEffect     = "lint.values.no_effect"
	CodeAssumed      = "lint.values.assumed"
	CodeTwice        = "lint.values.twice"
	CodeUCUM         = "lint.units.ucum"
	CodeProperty     = "lint.units.property"
	CodeVocabulary   = "lint.code.vocabulary"
	CodeTerm         = "lint.term.missing"
	CodeTermEmpty    = "lint.term.empty"
	CodeTranslation  = "lint.term.translation"
	CodeUntranslated = "lint.term.untranslated"
	CodeSameText     = "lint.term.same_text"
	CodeBinding      = "lint.binding.terminology"
	CodeBindingCode  = "lint.binding.code"
	CodeReference    = "lint.reference.unbound"

	CodeSource       = "lint.source"
	CodeRuleExcluded = "lint.source.rule_excluded"
	CodeRuleTwice    = "lint.source.rule_twice"
	CodeRuleEmpty    = "lint.source.rule_empty"
	CodeSourceID     = "lint.source.id"
)

// Rule describes a code of this package.
type Rule struct {
	Code     string
	Severity Severity
	// Text says what is wrong, Why what comes of it.
	Text, Why string
}

var rules = []Rule{
	{CodeTemplateID, Error, "the template id has blanks around it, a control character or ::", "ids are compared byte by byte and carried in headers and version ids"},
	{CodeDescription, Warning, "the description lacks a lifecycle state, an author, or a purpose in the template's language", "nobody can tell who answers for it and whether it may be used"},
	{CodeText, Warning, "a text looks as if its character encoding was mistaken", "users see the damage; node names in data carry it on"},
	{CodeIrregular, Remark, "the document deviates from the schema in a way that was tolerated", "other tools may refuse it"},
	{CodeInstance, Error, "no example of the template could be made, or the least one is not valid", "it is likely that no data can satisfy the template"},
	{CodeUnreachable, Warning, "constraints below a node or attribute that must be absent", "they are never looked at"},
	{CodeShadowed, Remark, "an alternative that a wider alternative of its class or an ancestor includes", "it only proposes values, as a list beside free text does: data with others are accepted"},
	{CodeExistence, Error, "an attribute must be absent that the reference model demands", "no data can satisfy both"},
	{CodeCardinality, Error, "the members that must be there exceed the cardinality, or those that can be fall short of it", "no data can satisfy both"},
	{CodeBound, Warning, "a member may occur more often than its container has room", "the upper limit of its occurrences has no effect"},
	{CodeAmbiguous, Error, "two siblings have one node id, and names that do not tell them apart", "data cannot say which of them they mean, nor can a path"},
	{CodeSiblingName, Warning, "two siblings of different node ids have the same name", "users cannot tell them apart, nor can paths by name"},
	{CodeSlotEmpty, Error, "no archetype of its class satisfies the rules of a slot", "nothing can ever be put there"},
	{CodeSlotClosed, Remark, "a slot excludes every archetype", "occurrences of 0 would say the same more clearly"},
	{CodePattern, Warning, "a regular expression uses what the engine does not have, such as looking ahead", "the constraint is not checked"},
	{CodeEmpty, Error, "a value set, list or range that has no value", "no data can satisfy it"},
	{CodeNoEffect, Warning, "a value of a list that the range or pattern beside it excludes, or a pattern of a date or time that no value can have", "it can never be chosen"},
	{CodeAssumed, Warning, "the assumed value is not one that the constraint allows", "readers are to take it for granted where data are silent"},
	{CodeTwice, Warning, "a code, value or unit is listed twice", "one of them is likely meant to be another"},
	{CodeUCUM, Warning, "a unit is not a UCUM code", "it cannot be converted or compared, nor carried to FHIR as a coded unit"},
	{CodeProperty, Error, "a unit belongs to another physical property than the constraint names", "one of the two is wrong"},
	{CodeVocabulary, Error, "a code of the openEHR terminology does not exist, or is not of the group that the reference model demands there", "data with it are refused"},
	{CodeTerm, Error, "a code has no term in the template's language", "forms cannot show it; the name of the node is unknown"},
	{CodeTermEmpty, Warning, "a term has an empty text", "forms cannot show it"},
	{CodeTranslation, Warning, "a code has no text in a language that the archetype has been translated into, or that was asked for", "users of that language see another one"},
	{CodeUntranslated, Warning, "a text is marked as not translated, as in *Pulse(en)", "users of that language see the mark"},
	{CodeSameText, Warning, "two codes of one value set have the same text", "users cannot tell them apart"},
	{CodeBinding, Warning, "a binding or value set names a terminology that is not known", "a misspelt name makes the codes useless; --terminology makes a name known"},
	{CodeBindingCode, Warning, "a binding has an empty code", "it binds to nothing"},
	{CodeReference, Warning, "an ac-code is not bound to a value set", "any code is accepted"},

	{CodeSource, Error, "the source does not compile", "there is no template"},
	{CodeRuleExcluded, Warning, "a rule or archetype lies below a node that another rule of the source excludes", "it has no effect"},
	{CodeRuleTwice, Warning, "two rules address the same node", "which of them holds depends on their order"},
	{CodeRuleEmpty, Warning, "a rule narrows nothing", "it has no effect"},
	{CodeSourceID, Warning, "the id of the source is not a UUID", "tools refuse it or replace it"},
}

// Rules lists every code of this package with its severity. Beside them, what
// does not compile is reported by the codes opt.*.
func Rules() []Rule { return rules }

var severities = func() map[string]Severity {
	m := make(map[string]Severity, len(rules))
	for _, r := range rules {
		m[r.Code] = r.Severity
	}
	return m
}()

func severityOf(code string) Severity { return severities[code] }
