// Package cnftest runs the decision tables of the openEHR conformance schedule
// for content (CNF, Platform Conformance Test Schedule, chapters 15 to 17)
// against the validator.
//
// The tables are data, in testdata/*.tsv. A row states a value, a constraint,
// the verdict and the constraints violated. For each row a template with that
// one constraint is written as OPT 1.4 XML and compiled, an instance is written
// as canonical JSON and decoded, and the two go through validate.All.
//
// The columns are separated by tabs:
//
//	table  <id of the test case>  <class>
//	<value>  <constraint>  <accepted|rejected>  <violated>  [<Cairn's answer>  <reason>]
//
// Value and constraint are lists of key=value, separated by "; ". A key that is
// missing is NULL. In a constraint the key is a kind of constraint, preceded by
// the attribute where it is not the value itself. Validities of components are
// written in the schedule's order as M, O and P: mandatory,
// optional, prohibited (month, day, hour, minute, second, fraction, time zone);
// allowed fields of durations as YMWDHMSF, where - is a field not allowed; the
// flags of an interval as T and F in the order lower_unbounded,
// upper_unbounded, lower_included, upper_included.
//
// Where Cairn answers otherwise than the schedule, the row says how and the
// last column names the reason, which testdata/reasons.tsv spells out. The
// answer is the verdict and the codes of all errors.
package cnftest
