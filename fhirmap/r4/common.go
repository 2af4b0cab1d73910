package r4

import "slices"

// common are the parameters of all types that are supported.
var common = []SearchParam{
	{Name: "_id", Kind: SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Resource-id"},
	{Name: "_lastUpdated", Kind: SearchDate, Definition: "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated"},
	{Name: "_profile", Kind: SearchURI, Definition: "http://hl7.org/fhir/SearchParameter/Resource-profile"},
	{Name: "_security", Kind: SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Resource-security"},
	{Name: "_source", Kind: SearchURI, Definition: "http://hl7.org/fhir/SearchParameter/Resource-source"},
	{Name: "_tag", Kind: SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Resource-tag"},
}

// CommonParams lists the search parameters that resources of every type are found
// by, beside those of SearchParams.
func CommonParams() []SearchParam { return slices.Clone(common) }
