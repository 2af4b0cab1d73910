package fhirmap

import "io/fs"

// What the tests from outside look at of the inside.
var (
	Decimals   = decimals
	PathOfLink = linkPath
	NodesOn    = nodesOn
	Number     = number
	Plain      = plain
	Proven     = proven
	Said       = said
)

// ReadCase reads a test case for the tests from inside. It is casetest.Read, which the
// tests from outside set, since casetest imports this package.
var ReadCase func(dir fs.FS) (Input, error)
