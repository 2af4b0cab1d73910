// Package oet compiles template sources (.oet, the openEHR template design
// format) and ADL 1.4 archetypes into operational templates (OPT 1.4 XML).
//
//	.oet ──Read──► Source ─┐
//	                       ├─Compile─► constraint tree ──► OPT 1.4 XML
//	archetypes.Repository ─┘
//
// A source names archetypes, the slots or containers they go into, and rules
// that narrow them by path: occurrences, names, clones, permitted units, codes
// and types. What the compiler does not support is an error that names it;
// nothing of a source is passed over.
//
// [CompileADL2] makes the same form of an operational template of ADL 2, for
// examples of it.
package oet
