// Package aql answers queries in the Archetype Query Language 1.1.
//
//	text ──► parse ──► analyze ──► plan ──► sqlgen ──► exec ──► rows of JSON
//	         (ast)     names,      what to  SQL with   one read-only
//	                   RM types,   find     bound      transaction,
//	                   refusals    where    values     streamed
//
// Each stage prints: the syntax tree as AQL that parses to an equal tree, the
// plan as a tree, the statement with a list of what is bound to it.
// [Query.Explain] shows them all.
//
// An [Engine] compiles each text once and keeps the result; parameters, the EHR
// of the request and paging are bound at each run.
//
// # Row semantics
//
// Where the specification is silent Cairn's choices are the numbered statements
// of docs/conformance/aql.md. The ones that meet the eye most: a row for every
// combination of objects that FROM binds, a path through a container gives a
// row for every member, paths share the members of their common prefix, what
// is missing is null, and a comparison with what is missing does not hold.
//
// # Paging
//
// LIMIT and OFFSET of the query and fetch and offset of the request intersect:
// the request pages through the result that the query by itself has. TOP
// cannot be combined with fetch or offset.
package aql
