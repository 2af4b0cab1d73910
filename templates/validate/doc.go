// Package validate checks RM instances against compiled templates, the openEHR
// terminology and the reference model, and reports everything that is wrong.
//
//	instance ──┬─► reference model: invariants
//	           ├─► openEHR terminology: coded attributes
//	           └─► template: binding of nodes, occurrences, leaf constraints
//
// [All] runs the three layers. Each is one walk over the instance that
// allocates nothing while the instance is valid; paths and texts are rendered
// only for a problem. The root may be of any class that has templates, not
// only COMPOSITION.
//
// The template layer binds every member of a constrained container to one node
// of the template: by archetype id or node id, then by name (a node with that
// name before one that allows any), and where several nodes remain, to the one
// it satisfies. A single-valued attribute with alternatives is valid if one
// alternative reports no error; otherwise the problems of the closest one are
// reported. What an operational template does not mention is open.
//
// The problem codes are listed at [Codes].
package validate
