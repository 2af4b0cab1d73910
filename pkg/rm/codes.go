package rm

import "strings"

// The codes of problems that decoding reports. Codes are part of the API: they
// are never renamed.
const (
	CodeJSONSyntax    = "json.syntax"    // not JSON, not UTF-8, or data after the value
	CodeJSONDuplicate = "json.duplicate" // an object names a member twice

	CodeLimitBytes   = "limit.bytes"   // the document is longer than allowed
	CodeLimitDepth   = "limit.depth"   // objects and arrays nest deeper than allowed
	CodeLimitNodes   = "limit.nodes"   // more values than allowed
	CodeLimitItems   = "limit.items"   // one array has more members than allowed
	CodeLimitString  = "limit.string"  // one string or number is longer than allowed
	CodeMoreProblems = "problems.more" // the list of problems was cut

	CodeTypeUnknown  = "rm.type.unknown"  // _type names no RM class
	CodeTypeAbstract = "rm.type.abstract" // _type names an abstract class
	CodeTypeMissing  = "rm.type.missing"  // no _type where the declared type is abstract
	CodeTypeMismatch = "rm.type.mismatch" // the class does not conform to the declared type

	CodeAttributeUnknown = "rm.attribute.unknown" // the class has no such attribute
	CodeAttributeMissing = "rm.attribute.missing" // a mandatory attribute is absent
	CodeContainerEmpty   = "rm.container.empty"   // a container has fewer members than the class demands

	CodeValueKind      = "rm.value.kind"      // string for a number, one object for a list, and so on
	CodeValueNull      = "rm.value.null"      // null as a member of a container
	CodeValueRange     = "rm.value.range"     // a number outside what its type can hold
	CodeValueCharacter = "rm.value.character" // a character that cannot be stored (U+0000)
)

// Rule is a problem code with what has to hold for it not to be reported.
type Rule struct {
	Code, Text string
	Severity   Severity
}

var decodeRules = []Rule{
	{Code: CodeJSONSyntax, Text: "the document is UTF-8 JSON with nothing after its value"},
	{Code: CodeJSONDuplicate, Text: "an object names each member once"},
	{Code: CodeLimitBytes, Text: "the document is no longer than the limit"},
	{Code: CodeLimitDepth, Text: "objects and arrays nest no deeper than the limit"},
	{Code: CodeLimitNodes, Text: "there are no more values than the limit"},
	{Code: CodeLimitString, Text: "no string or number is longer than the limit"},
	{Code: CodeMoreProblems, Text: "the list of problems was cut; an error if one was cut off", Severity: Warning},
	{Code: CodeTypeUnknown, Text: "_type names a class of the Reference Model"},
	{Code: CodeTypeAbstract, Text: "_type names a concrete class"},
	{Code: CodeTypeMissing, Text: "_type is present where the declared type is abstract"},
	{Code: CodeTypeMismatch, Text: "the class conforms to the declared type and type parameter"},
	{Code: CodeAttributeUnknown, Text: "every member is an attribute of the class"},
	{Code: CodeAttributeMissing, Text: "every mandatory attribute is present (only a warning for the inclusion flags of intervals)"},
	{Code: CodeContainerEmpty, Text: "a mandatory container has members"},
	{Code: CodeValueKind, Text: "the JSON value is of the kind that the attribute takes"},
	{Code: CodeValueNull, Text: "a member of a container is not null"},
	{Code: CodeValueRange, Text: "a number fits its type: 64 bits for integers, a double for reals"},
	{Code: CodeValueCharacter, Text: "text does not contain U+0000"},
}

// Rules lists every problem code of this package: those of decoding, then those
// of the invariants, each in the order of the class table's packages.
func Rules() []Rule {
	list := append([]Rule(nil), decodeRules...)
	list = append(list, xmlRules...)
	for i := range invariants {
		c := Rule{Code: invariants[i].code(), Text: invariants[i].text}
		if invariants[i].warning {
			c.Severity = Warning
		}
		list = append(list, c)
	}
	return list
}

// Independent drops from later problems those that an earlier pass explains:
// the ones at, above or below the place of an earlier error. A decoder leaves
// wrong values out of its tree, and what misses them afterwards would tell the
// client of the same mistake again.
func Independent(earlier, later []Problem) []Problem {
	var out []Problem
	for _, p := range later {
		explained := false
		for i := range earlier {
			if earlier[i].Severity == Error && (below(p.Path, earlier[i].Path) || below(earlier[i].Path, p.Path)) {
				explained = true
				break
			}
		}
		if !explained {
			out = append(out, p)
		}
	}
	return out
}

// below reports whether one path lies at or under another.
func below(path, ancestor string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(ancestor, "/"))
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '[')
}
