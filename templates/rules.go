package templates

// Codes of the problems that ReadOPT reports. They are never renamed.
const (
	CodeXML         = "opt.xml"
	CodeLimit       = "opt.limit"
	CodeElement     = "opt.element"
	CodeDuplicate   = "opt.duplicate"
	CodeMissing     = "opt.missing"
	CodeValue       = "opt.value"
	CodeType        = "opt.type"
	CodeConformance = "opt.conformance"
	CodeInterval    = "opt.interval"
)

// Rule describes a problem code of this package.
type Rule struct {
	Code string
	// Text says what is wrong, Spec which document says so.
	Text, Spec string
}

// Rules lists every problem code of this package.
func Rules() []Rule {
	const schema = "OPT 1.4 schema (Template.xsd, Archetype.xsd, OpenehrProfile.xsd)"
	return []Rule{
		{CodeXML, "not well-formed XML, an encoding that is not read, or a document type declaration", "XML 1.0"},
		{CodeLimit, "larger, deeper or with more nodes than allowed", "none; protects the server"},
		{CodeElement, "an element that the schema does not have there", schema},
		{CodeDuplicate, "an element or attribute constraint that may occur once occurs again", schema},
		{CodeMissing, "a mandatory element is absent or empty", schema},
		{CodeValue, "a text that is not of the type of its element, or names what does not exist", schema},
		{CodeType, "a constraint type or an RM type that does not exist", schema + "; RM class tables"},
		{CodeConformance, "an RM type or attribute that the RM does not have there", "AM 1.4 AOM, C_OBJECT.rm_type_name, C_ATTRIBUTE.rm_attribute_name"},
		{CodeInterval, "a lower limit above the upper", "BASE, Interval"},
	}
}
