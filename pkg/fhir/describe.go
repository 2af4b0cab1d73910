package fhir

import (
	"net/http"
	"slices"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
)

// Group is the group of the operations in the documentation.
var Group = apidoc.Group{
	Tag: "fhir", Title: "FHIR R4",
	Description: "The same record for partners, read-only: resources that mappings project from compositions in the transaction of the commit. /metadata tells the types, elements and search parameters.",
}

// Schemas are the schemas that Operations names.
func Schemas() []apidoc.Schema {
	resource := func(name, text string) apidoc.Schema {
		return apidoc.Schema{Name: name, JSON: `{"type":"object","description":"` + text + `","properties":{"resourceType":{"type":"string"}},"required":["resourceType"]}`}
	}
	return []apidoc.Schema{
		resource("Resource", "A FHIR R4 resource."), resource("Bundle", "A FHIR R4 Bundle of type searchset."),
		resource("CapabilityStatement", "A FHIR R4 CapabilityStatement."), resource("OperationOutcome", "A FHIR R4 OperationOutcome."),
	}
}

// Operations describes the operations that the API offers, with paths below the
// base path given.
func Operations(basePath string) []apidoc.Operation {
	typ := apidoc.Param{Name: "type", In: "path", Required: true, Description: "The resource type, such as Observation."}
	format := []apidoc.Param{
		{Name: "_format", In: "query", Description: "json; wins over Accept."},
		{Name: "_pretty", In: "query", Type: "boolean", Description: "Indent the answer."},
	}
	search := []apidoc.Param{
		{Name: "patient", In: "query", Description: "The patient: the ehr_id, or Patient/ehr_id. Most searches need it."},
		{Name: "code", In: "query", Description: "system|code; more after a comma."},
		{Name: "date", In: "query", Repeats: true, Description: "A date with eq, ge, gt, le, lt before it."},
		{Name: "_count", In: "query", Type: "integer", Description: "Size of a page, to 500."},
	}
	op := func(id, method, path, summary, text string, params []apidoc.Param, schema string, open bool, faults ...int) apidoc.Operation {
		o := apidoc.Operation{
			Tag: Group.Tag, ID: id, Method: method, Path: basePath + path, Summary: summary, Description: text, Anonymous: open,
			Params: slices.Concat(params, format),
			Responses: []apidoc.Response{{
				Status: http.StatusOK, Description: "Done; the body is what was asked for.",
				Body: &apidoc.Body{Media: []string{MediaType}, Schema: schema},
			}},
		}
		if !open {
			faults = append(faults, http.StatusUnauthorized, http.StatusForbidden)
		}
		for _, code := range append(faults, http.StatusNotAcceptable, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable) {
			o.Responses = append(o.Responses, apidoc.Response{
				Status: code, Description: faultTexts[code], Body: &apidoc.Body{Media: []string{MediaType}, Schema: "OperationOutcome"},
			})
		}
		return o
	}
	id := apidoc.Param{Name: "id", In: "path", Required: true, Description: "The id of the resource."}
	since := []apidoc.Param{
		{Name: "_since", In: "query", Description: "Only what has changed since this time."},
		{Name: "_count", In: "query", Type: "integer", Description: "Size of a page, to 500."},
	}
	history := func(oid, path, summary string, params ...apidoc.Param) apidoc.Operation {
		return op(oid, http.MethodGet, path, summary, "", slices.Concat(params, since), "Bundle", false, http.StatusBadRequest, http.StatusNotFound)
	}
	post := op("fhir_search_post", http.MethodPost, "/{type}/_search", "Search by form", "The same search with its parameters in the body.",
		[]apidoc.Param{typ}, "Bundle", false, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	post.Body = &apidoc.Body{Media: []string{"application/x-www-form-urlencoded"}, Description: "The search parameters."}
	return []apidoc.Operation{
		op("fhir_capabilities", http.MethodGet, "/metadata", "Read the CapabilityStatement", "", nil, "CapabilityStatement", true),
		op("fhir_search", http.MethodGet, "/{type}", "Search", "A parameter that is not known is refused, unless Prefer: handling=lenient.",
			slices.Concat([]apidoc.Param{typ}, search), "Bundle", false, http.StatusBadRequest, http.StatusNotFound),
		post,
		op("fhir_read", http.MethodGet, "/{type}/{id}", "Read a resource", "",
			[]apidoc.Param{typ, id}, "Resource", false, http.StatusNotFound, http.StatusGone),
		op("fhir_vread", http.MethodGet, "/{type}/{id}/_history/{version}", "Read a version of a resource", "",
			[]apidoc.Param{typ, id, {Name: "version", In: "path", Required: true, Description: "meta.versionId"}}, "Resource", false, http.StatusNotFound, http.StatusGone),
		history("fhir_history", "/{type}/{id}/_history", "Read the history of a resource", typ, id),
		history("fhir_history_type", "/{type}/_history", "Read the history of a type", typ),
		history("fhir_history_all", "/_history", "Read the history of everything"),
	}
}

// faultTexts are what the statuses of failures mean.
var faultTexts = map[int]string{
	400: "A parameter is wrong.",
	401: "No or wrong credentials.",
	403: "The actor may not do this.",
	404: "There is no such type or resource.",
	406: "Only JSON is offered.",
	410: "The resource is gone: a later version of its composition no longer gives it.",
	413: "The body exceeds a limit; the message names it.",
	414: "The URL exceeds a limit; the message names it.",
	415: "The body is no form.",
	431: "The headers exceed a limit; the message names it.",
	500: "A fault of the server, which says no more.",
	503: "Overloaded, or the database is away.",
}
