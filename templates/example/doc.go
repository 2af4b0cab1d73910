// Package example makes example instances of compiled templates. An example
// follows from the template and the options alone, so the same template always
// gives the same bytes, and it passes Cairn's full validation.
//
//	tree, err := example.Instance(tpl, example.Options{Detail: example.Medium})
//	json := rm.AppendJSON(nil, tree)
//
// Values are the first that a constraint allows: the first unit and the lower
// limit of its magnitude, the first code, the shortest string that a pattern
// matches. What a template leaves open gets a value of the reference model's
// type, as texts "Example", and codes of the openEHR terminology where an
// attribute is bound to one of its groups.
package example
