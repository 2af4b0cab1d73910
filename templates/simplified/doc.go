// Package simplified reads and writes compositions in the simplified formats of
// ITS-REST, FLAT and STRUCTURED, both of which name values by the ids of a web
// template.
//
//	FLAT, STRUCTURED ⇄ items (ids, indexes, suffixes) ⇄ objects (steps of the web template) ⇄ *rm.Node
//
// Reading fills in what the formats leave out: names, node ids and archetype
// details from the template, and the values of the context (ctx). The result is
// typed as canonical JSON is. Writing is checked by reading back: a composition
// that the format cannot express whole is an error, never a part of it.
package simplified
