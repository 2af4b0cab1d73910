// Package mutate measures the validator by mutation: it takes a composition
// that is valid against its template and makes copies with one violating edit
// each, one for every constraint of the template, of the openEHR terminology
// and of the reference model that the composition shows. The validator has to
// find each with the code of the rule, at the place of the edit.
//
// The edits are made without the validator's help: nodes are bound to the
// template by identity and name only, and where that leaves a doubt nothing is
// edited. A mutant that is not a violation would count against the validator,
// so an edit is made only where the constraint at hand, and no sibling of it,
// allows the new value.
package mutate
