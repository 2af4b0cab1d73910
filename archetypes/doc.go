// Package archetypes reads, checks and writes openEHR archetypes in ADL 1.4
// and ships Cairn's own library of them.
//
//	ADL text ──Parse──► Archetype ──Validate──► problems (ADL 1.4 validity codes)
//	                        │
//	                        ├──Print──► ADL text that parses to an equal Archetype
//	                        └──► templates/oet (compiles templates from it)
//
// An Archetype is the object model of AOM 1.4 reduced to what ADL can say:
// its definition is a tree of Object and Attribute. Numbers, dates and
// durations keep the text they were written in, so that printing is exact.
package archetypes
