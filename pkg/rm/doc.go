// Package rm holds the openEHR Reference Model 1.1.0: its classes as data,
// instances as generic nodes, the canonical JSON of those instances, paths into
// them, the lexical forms of identifiers and of ISO 8601 values, and the
// invariants of the classes.
//
// There is no Go type for each class. An instance is a tree of [Node], typed by
// pointers into the class table ([Lookup]), which is what storing, querying
// and validating against templates need; code that wants one value asks for it
// by attribute name.
//
// Everything that examines an instance reports a list of [Problem] rather than
// one error. The codes this package uses are listed at [Rules].
package rm
