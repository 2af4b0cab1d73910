package catalogue

import "github.com/cairn-ehr/cairn/fhirmap/r4"

// DefinitionParams are the search parameters of definitions beside _id: of
// CodeSystem, ValueSet and ConceptMap, which no mapping makes.
func DefinitionParams(typ string) []r4.SearchParam {
	common := func(name string, kind r4.SearchKind) r4.SearchParam {
		return r4.SearchParam{Name: name, Kind: kind, Definition: "http://hl7.org/fhir/SearchParameter/conformance-" + name}
	}
	own := func(name string, kind r4.SearchKind) r4.SearchParam {
		return r4.SearchParam{Name: name, Kind: kind, Definition: "http://hl7.org/fhir/SearchParameter/" + typ + "-" + name}
	}
	list := []r4.SearchParam{
		common("identifier", r4.SearchToken), common("name", r4.SearchString), common("status", r4.SearchToken),
		common("title", r4.SearchString), common("url", r4.SearchURI), common("version", r4.SearchToken),
	}
	if typ == "ConceptMap" { // whose identifier is another element
		list[0] = own("identifier", r4.SearchToken)
	}
	switch typ {
	case "CodeSystem":
		list = append(list, own("code", r4.SearchToken), own("content-mode", r4.SearchToken), own("system", r4.SearchURI))
	case "ValueSet":
		list = append(list, own("reference", r4.SearchURI))
	case "ConceptMap":
		list = append(list, own("source-system", r4.SearchURI), own("target-system", r4.SearchURI))
	}
	return list
}
