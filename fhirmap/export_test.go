package fhirmap

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
