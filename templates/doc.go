// Package templates reads operational templates in the OPT 1.4 XML form and
// compiles them into constraint trees that never change.
//
//	OPT bytes ──► reader (XML tokens) ──► compile (RM types, names, terms, index) ──► *Template
//
// A [Template] is a tree of [Object] and [Attribute] that alternates as in the
// archetype object model: an object constrains an RM object and has attributes,
// an attribute has the objects that may stand as its value or members. Leaves
// carry a [Constraint]. What an attribute may hold is decided by the Reference
// Model, never by the spelling of the XML, because real templates get
// containers, node ids and type names wrong in ways that are harmless; each such
// irregularity is kept as a [Note].
//
// [Template.Dump] prints the whole tree; tests compare that print.
package templates
