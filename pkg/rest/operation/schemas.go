package operation

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Schemas are the schemas that the descriptions name. Those of RM objects say the
// class and its attributes; what the content must be is decided by templates.
func Schemas() []apidoc.Schema {
	out := slices.Clone(ownSchemas)
	for _, class := range []string{"EHR", "EHR_STATUS", "COMPOSITION", "FOLDER", "CONTRIBUTION", "REVISION_HISTORY"} {
		out = append(out, apidoc.Schema{Name: class, JSON: rmSchema(class)})
	}
	for _, abstract := range []struct{ name, of string }{
		{"VERSION", "ORIGINAL_VERSION or IMPORTED_VERSION"},
		{"VERSIONED_OBJECT", "VERSIONED_COMPOSITION, VERSIONED_EHR_STATUS, VERSIONED_FOLDER or VERSIONED_PARTY"},
		{"PARTY", "AGENT, GROUP, ORGANISATION, PERSON or ROLE"},
		{"LOCATABLE", "the class that the template constrains"},
	} {
		out = append(out, apidoc.Schema{Name: abstract.name, JSON: `{"type":"object","description":"Canonical JSON of ` + abstract.of +
			`, as _type says.","properties":{"_type":{"type":"string"}},"required":["_type"]}`})
	}
	return out
}

// rmSchema lists the attributes of a class of the reference model.
func rmSchema(name string) string {
	class := rm.Lookup(name)
	var b strings.Builder
	b.WriteString(`{"type":"object","description":"Canonical JSON of ` + name + ` (RM 1.1.0).","properties":{"_type":{"type":"string","enum":["` + name + `"]}`)
	for _, a := range class.Attributes() {
		item := `{"description":"` + a.Type.Name + `"}`
		if a.Container {
			item = `{"type":"array","items":` + item + `}`
		}
		b.WriteString(`,"` + a.Name + `":` + item)
	}
	b.WriteString(`}}`)
	return b.String()
}

// ownSchemas are those of bodies that are no RM objects.
var ownSchemas = []apidoc.Schema{
	{Name: "Error", JSON: `{"type":"object","required":["message","code","errors","validationErrors","request_id"],"properties":{
"message":{"type":"string"},"code":{"type":"string","description":"Stable name of the failure."},
"errors":{"type":"array","items":{"type":"object","description":"DV_CODED_TEXT"}},
"validationErrors":{"type":"array","items":{"type":"string"}},
"problems":{"type":"array","items":{"type":"object","properties":{"code":{"type":"string"},"severity":{"type":"string","enum":["error","warning"]},
"rm_path":{"type":"string"},"aql_path":{"type":"string"},"template_path":{"type":"string"},"constraint":{"type":"string"},
"expected":{"type":"string"},"actual":{"type":"string"},"message":{"type":"string"},"line":{"type":"integer"},"column":{"type":"integer"},"excerpt":{"type":"string"}}}},
"problems_omitted":{"type":"integer"},"request_id":{"type":"string"}}}`},
	{Name: "Manifest", JSON: `{"type":"object","required":["solution","solution_version","vendor","restapi_specs_version","conformance_profile","endpoints"],"properties":{
"solution":{"type":"string"},"solution_version":{"type":"string"},"vendor":{"type":"string"},"restapi_specs_version":{"type":"string"},
"conformance_profile":{"type":"string"},"endpoints":{"type":"array","items":{"type":"string"}},"operations":{"type":"array","items":{"type":"string"}}}}`},
	{Name: "TemplateList", JSON: `{"type":"array","items":{"type":"object","properties":{"template_id":{"type":"string"},"concept":{"type":"string"},
"archetype_id":{"type":"string"},"created_timestamp":{"type":"string","format":"date-time"}}}}`},
	{Name: "WebTemplate", JSON: `{"type":"object","required":["templateId","version","defaultLanguage","languages","tree"],"properties":{
"templateId":{"type":"string"},"semVer":{"type":"string"},"version":{"type":"string"},"defaultLanguage":{"type":"string"},
"languages":{"type":"array","items":{"type":"string"}},"tree":{"type":"object"}}}`},
	{Name: "TemplateRevisionList", JSON: `{"type":"array","items":{"type":"object","properties":{"template_id":{"type":"string"},"concept":{"type":"string"},
"archetype_id":{"type":"string"},"created_timestamp":{"type":"string","format":"date-time"},"revision":{"type":"integer","minimum":1},"uid":{"type":"string"},
"versions":{"type":"integer","minimum":0}}}}`},
	{Name: "ADL2Template", JSON: `{"type":"object","properties":{"template_id":{"type":"string"},"concept":{"type":"string"},
"archetype_id":{"type":"string"},"created_timestamp":{"type":"string","format":"date-time"},"version":{"type":"string"},"language":{"type":"string"},
"lifecycle_state":{"type":"string"},"uid":{"type":"string"}}}`},
	{Name: "ADL2TemplateList", JSON: `{"type":"array","items":{"$ref":"#/components/schemas/ADL2Template"}}`},
	{Name: "StoredQuery", JSON: `{"type":"object","properties":{"name":{"type":"string"},"type":{"type":"string"},"version":{"type":"string"},
"saved":{"type":"string","format":"date-time"},"q":{"type":"string"}}}`},
	{Name: "StoredQueryList", JSON: `{"type":"array","items":{"$ref":"#/components/schemas/StoredQuery"}}`},
	{Name: "AdhocQuery", JSON: `{"type":"object","required":["q"],"properties":{"q":{"type":"string"},"ehr_id":{"type":"string","format":"uuid"},
"offset":{"type":"integer","minimum":0},"fetch":{"type":"integer","minimum":1},"query_parameters":{"type":"object","additionalProperties":true},"version_at_time":{"type":"string"},"explain":{"enum":[true,false,"analyze"]}}}`},
	{Name: "StoredQueryRun", JSON: `{"type":"object","properties":{"ehr_id":{"type":"string","format":"uuid"},
"offset":{"type":"integer","minimum":0},"fetch":{"type":"integer","minimum":1},"query_parameters":{"type":"object","additionalProperties":true},"version_at_time":{"type":"string"},"explain":{"enum":[true,false,"analyze"]}}}`},
	{Name: "ResultSet", JSON: `{"type":"object","required":["rows"],"properties":{"meta":{"type":"object"},"name":{"type":"string"},"q":{"type":"string"},
"columns":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"path":{"type":"string"}}}},
"rows":{"type":"array","items":{"type":"array","items":{}}}}}`},
	{Name: "ItemTagList", JSON: `{"type":"array","items":{"type":"object","required":["key"],"properties":{"key":{"type":"string"},"value":{"type":"string"},
"target_path":{"type":"string"},"target":{"type":"object","description":"OBJECT_REF; in answers"},"owner_id":{"type":"object","description":"OBJECT_REF; in answers"}}}}`},
}
