package rm

// The codes of problems that decoding reports. Codes are part of the API: they
// are never renamed.
const (
	CodeJSONSyntax    = "json.syntax"    // not JSON, not UTF-8, or data after the value
	CodeJSONDuplicate = "json.duplicate" // an object names a member twice

	CodeLimitBytes   = "limit.bytes"   // the document is longer than allowed
	CodeLimitDepth   = "limit.depth"   // objects and arrays nest deeper than allowed
	CodeLimitNodes   = "limit.nodes"   // more values than allowed
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
