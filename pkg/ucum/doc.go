// Package ucum reads units of measure in the case sensitive notation of UCUM,
// the Unified Code for Units of Measure: their dimension, their factor to the
// base units as an exact number, and the conversion of values, also of units
// on other scales such as Cel, [degF], [pH] and dB.
//
// The table of units, atoms.tsv, and the facts of other implementations that
// the tests compare it with are written by gen/generate.sh.
package ucum

//go:generate gen/generate.sh
