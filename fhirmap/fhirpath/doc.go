// Package fhirpath evaluates expressions of FHIRPath 2.0 over FHIR R4 resources.
// It is what the constraints of structure definitions are checked with.
//
// An element has the type that the definitions give it, so that `value` finds
// any type of a choice, `is` knows subtypes, and a name that the type does not
// have is an error where only names lead to it. Decimals are exact, times keep
// their precision, and quantities compare across units of UCUM.
//
// lowBoundary() and highBoundary() bound what a value can stand for: half a unit
// of the last digit of a number away, rounded outwards to the digits asked for,
// and the first and last moment of a date or time, of any zone where it has none.
//
// Not supported, and reported as such: memberOf, elementDefinition,
// checkModifiers, subsumes, defineVariable and integers of 64 bits. Sub-second
// arithmetic is exact to the nanosecond.
//
// Nothing is found in silence: what cannot be evaluated is an Error with its
// place in the expression.
package fhirpath
