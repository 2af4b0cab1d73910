// Package catalogue lists the operations of the FHIR API, and describes each for the
// documentation: parameters, headers, bodies, statuses and their schemas. It serves
// none of them; a test of package fhir holds the list against the routes.
package catalogue

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/apidoc"
)

// Group is the group of the operations in the documentation.
var Group = apidoc.Group{
	Tag: "fhir", Title: "FHIR R4",
	Description: "The same record for partners: resources that mappings project from compositions in the transaction of the commit, and subscriptions. /metadata tells the types, elements and search parameters.",
}

// Schemas are the schemas that [Operations] names.
func Schemas() []apidoc.Schema {
	resource := func(name, text string) apidoc.Schema {
		return apidoc.Schema{Name: name, JSON: `{"type":"object","description":"` + text + `","properties":{"resourceType":{"type":"string"}},"required":["resourceType"]}`}
	}
	return []apidoc.Schema{
		resource("Resource", "A FHIR R4 resource."), resource("Bundle", "A FHIR R4 Bundle."), resource("Parameters", "A FHIR R4 Parameters resource."),
		resource("CapabilityStatement", "A FHIR R4 CapabilityStatement."), resource("Subscription", "A FHIR R4 Subscription."), resource("OperationOutcome", "A FHIR R4 OperationOutcome."),
	}
}

// KeyHeader makes a request that is sent again have the effect and the answer of
// the first.
const KeyHeader = "Idempotency-Key"

var media = []string{r4.MediaTypeJSON, r4.MediaTypeXML}

// Operations describes the operations that the API offers, with paths below the
// base path given.
func Operations(basePath string) []apidoc.Operation {
	typ := apidoc.Param{Name: "type", In: "path", Required: true, Description: "The resource type, such as Observation."}
	format := []apidoc.Param{
		{Name: "_format", In: "query", Description: "json or xml; wins over Accept."},
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
				Body: &apidoc.Body{Media: media, Schema: schema},
			}},
		}
		if !open {
			faults = append(faults, http.StatusUnauthorized, http.StatusForbidden)
		}
		for _, code := range append(faults, http.StatusNotAcceptable, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable) {
			o.Responses = append(o.Responses, apidoc.Response{
				Status: code, Description: faultTexts[code], Body: &apidoc.Body{Media: media, Schema: "OperationOutcome"},
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
	// An operation by POST takes its parameters from the body.
	withBody := func(o apidoc.Operation, schema, text string) apidoc.Operation {
		o.Body = &apidoc.Body{Media: media, Schema: schema, Description: text}
		return o
	}
	patientOperation := func(oid, method, path, summary, text string, params ...apidoc.Param) apidoc.Operation {
		o := op(oid, method, path, summary, text, params, "Bundle", false, http.StatusBadRequest, http.StatusNotFound, http.StatusGone)
		if method == http.MethodPost {
			o = withBody(o, "Parameters", "The parameters, or a form with them.")
			o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType).Responses[1:3]...)
		}
		return o
	}
	also := func(status int, o apidoc.Operation) apidoc.Operation {
		o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, status).Responses[1])
		return o
	}
	everything := []apidoc.Param{
		id,
		{Name: "start", In: "query", Description: "Leave out what is dated earlier."},
		{Name: "end", In: "query", Description: "Leave out what is dated later."},
		since[0],
		{Name: "_type", In: "query", Description: "Resource types, separated by commas."},
		{Name: "_count", In: "query", Type: "integer", Description: "Size of a page, to 5000."},
	}
	part := []apidoc.Param{
		{Name: "_summary", In: "query", Description: "A part of the resource: true, text or data."},
		{Name: "_elements", In: "query", Description: "Elements of the resource, separated by commas; with those that are mandatory or change the meaning."},
	}
	lastn := []apidoc.Param{search[0], search[1], {Name: "max", In: "query", Type: "integer", Description: "How many of each code; 1 by default."}}
	validate := func(oid, path string, params ...apidoc.Param) apidoc.Operation {
		return withBody(op(oid, http.MethodPost, path, "Validate a resource", "The answer says in what the resource departs from the R4 definitions; profiles are not looked at. With mode=create, where writing is on, it says what a create would be answered.",
			slices.Concat(params, []apidoc.Param{{Name: "mode", In: "query", Description: "create: what would a create be answered?"}}), "OperationOutcome", false, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType), "Resource", "The resource.")
	}
	kickOff := func(oid, method, path, summary string) apidoc.Operation {
		o := op(oid, method, path, summary, "An asynchronous request (Bulk Data Access): Content-Location is where its status is found.", []apidoc.Param{
			{Name: "Prefer", In: "header", Required: true, Description: "respond-async"},
			{Name: "_type", In: "query", Description: "Resource types, separated by commas."},
			{Name: "_since", In: "query", Description: "Only what has changed since this time; deletions are listed too."},
			{Name: "_outputFormat", In: "query", Description: r4.MediaTypeNDJSON},
			{Name: "_elements", In: "query", Description: "Elements of the resources, with or without the type before a dot, separated by commas."},
			{Name: "_typeFilter", In: "query", Repeats: true, Description: "Queries of the form Type?parameters, one of which a resource of the type has to meet; several after a comma."},
		}, "OperationOutcome", false, http.StatusBadRequest)
		o.Responses[0].Status, o.Responses[0].Description = http.StatusAccepted, "Accepted."
		if method == http.MethodPost {
			o = withBody(o, "Parameters", "The parameters; each patient as a reference in a parameter patient.")
			o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType).Responses[1:3]...)
		}
		return o
	}
	exportOp := func(oid, method, path, summary, text, body string, statuses ...int) apidoc.Operation {
		o := op(oid, method, path, summary, text, []apidoc.Param{{Name: "export", In: "path", Required: true, Description: "The id of the export."}}, "Resource", false, http.StatusNotFound)
		if strings.Contains(path, "{file}") {
			o.Params = append(o.Params, apidoc.Param{Name: "file", In: "path", Required: true, Description: "The name of the file."})
		}
		o.Responses = o.Responses[1:]
		for _, status := range statuses {
			r := apidoc.Response{Status: status, Description: map[int]string{200: "Done.", 202: "Accepted, or not complete yet."}[status]}
			if status == http.StatusOK {
				r.Body = &apidoc.Body{Media: []string{body}, Schema: "Resource"}
			}
			o.Responses = append(o.Responses, r)
		}
		return o
	}
	create := withBody(op("fhir_create", http.MethodPost, "/{type}", "Create a resource",
		"Where --fhir-write is on: the resource becomes a composition of the only template that takes it without any loss, validated and committed like any other; else it is refused with the reasons. "+
			"/metadata tells the types.", []apidoc.Param{
			typ,
			{Name: "openehr-template-id", In: "header", Description: "The template, if several take the resource; or a meta.tag of the system http://openehr.org/templates."},
			{Name: "If-None-Exist", In: "header", Description: "A search: nothing is created if it finds a resource."},
			{Name: "Prefer", In: "header", Description: "return=representation (the default), minimal or OperationOutcome; handling=lenient does without the display of codes and of the patient."},
			{Name: KeyHeader, In: "header", Description: "Repeating the request with the same key has the effect and the answer of the first."},
		}, "Resource", false,
		http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity), "Resource", "The resource.")
	create.Responses[0].Description = "If-None-Exist has found a resource: it is the answer, and nothing was created."
	create.Responses = slices.Insert(create.Responses, 1, apidoc.Response{
		Status: http.StatusCreated, Description: "Created; Location, ETag and Last-Modified are those of the resource.",
		Body: &apidoc.Body{Media: media, Schema: "Resource"},
	})
	for i := range create.Responses {
		if create.Responses[i].Status == http.StatusUnprocessableEntity {
			create.Responses[i].Description = "The resource cannot be stored without loss, or is not valid: the OperationOutcome lists every reason with its element."
		}
	}
	own := []apidoc.Param{{Name: "id", In: "path", Required: true, Description: "The id of the Subscription."}}
	subscription := func(oid, method, path, summary, text string, status int, params []apidoc.Param, schema string, faults ...int) apidoc.Operation {
		o := op(oid, method, path, summary, text, params, schema, false, faults...)
		o.Responses[0].Status = status
		if status == http.StatusNoContent {
			o.Responses[0].Body, o.Responses[0].Description = nil, "Deleted."
		}
		if method == http.MethodPost || method == http.MethodPut {
			o = withBody(o, schema, "The parameters.")
			o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType).Responses[1:3]...)
			if strings.HasPrefix(oid, "fhir_subscription_create") || strings.HasPrefix(oid, "fhir_subscription_replace") {
				o.Body.Schema, o.Body.Description = "Subscription", "The Subscription, by the profile backport-subscription."
				o.Responses = append(o.Responses, apidoc.Response{Status: http.StatusUnprocessableEntity, Description: "The subscription cannot be obeyed; the issues say why.", Body: &apidoc.Body{Media: media, Schema: "OperationOutcome"}})
			}
		}
		return o
	}
	ownGroup := []apidoc.Param{{Name: "id", In: "path", Required: true, Description: "The id of the Group."}}
	groupOp := func(oid, method, path, summary, text string, status int, params []apidoc.Param, schema string, faults ...int) apidoc.Operation {
		o := op(oid, method, path, summary, text, params, schema, false, faults...)
		o.Responses[0].Status = status
		switch method {
		case http.MethodDelete:
			o.Responses[0].Body, o.Responses[0].Description = nil, "Deleted."
		case http.MethodPost, http.MethodPut:
			o = withBody(o, "Resource", "The Group.")
			o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType).Responses[1:3]...)
			o.Responses = append(o.Responses, apidoc.Response{Status: http.StatusUnprocessableEntity, Description: "The group cannot be kept; the issues say why.", Body: &apidoc.Body{Media: media, Schema: "OperationOutcome"}})
		}
		return o
	}
	groupSearch := post
	groupSearch.ID, groupSearch.Path, groupSearch.Summary, groupSearch.Params = "fhir_group_search_post", basePath+"/Group/_search", "List one's groups, by form", format
	groupKickOff := func(oid, method, summary string) apidoc.Operation {
		o := kickOff(oid, method, "/Group/{id}/$export", summary)
		o.Params = slices.Concat(ownGroup, o.Params)
		o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusNotFound).Responses[1])
		return o
	}
	canonical := apidoc.Param{Name: "url", In: "query", Description: "The canonical URL."}
	code := []apidoc.Param{{Name: "system", In: "query", Description: "The code system."}, {Name: "code", In: "query", Description: "The code."}}
	display := apidoc.Param{Name: "display", In: "query", Description: "A term of the code, which is checked too."}
	terms := func(oid, method, path, summary, text, schema string, params ...apidoc.Param) apidoc.Operation {
		o := op(oid, method, path, summary, text, params, schema, false, http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity)
		if method == http.MethodPost {
			o = withBody(o, "Parameters", "The parameters, where coding and codeableConcept are possible too; or a form with them.")
			o.Responses = append(o.Responses, op("", "", "", "", "", nil, "", true, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType).Responses[1:3]...)
		}
		return o
	}
	filter := []apidoc.Param{{Name: "status", In: "query", Description: "requested, active, error or off; more after a comma."}}
	between := slices.Concat(own, []apidoc.Param{
		{Name: "eventsSinceNumber", In: "query", Type: "integer", Description: "The first event."},
		{Name: "eventsUntilNumber", In: "query", Type: "integer", Description: "The last event."},
		{Name: "content", In: "query", Description: "empty, id-only or full-resource; no more than the subscription asked for."},
	})
	some := slices.Concat(filter, []apidoc.Param{{Name: "id", In: "query", Repeats: true, Description: "Ids of subscriptions."}})
	subscriptions := []apidoc.Operation{
		subscription("fhir_subscription_create", http.MethodPost, "/Subscription", "Subscribe to a topic", "Only the owner sees a subscription. Location is where it is.", 201, nil, "Resource", 400, 409),
		subscription("fhir_subscription_search", http.MethodGet, "/Subscription", "List one's subscriptions", "", 200, filter, "Bundle", 400),
		subscription("fhir_subscription_read", http.MethodGet, "/Subscription/{id}", "Read a subscription", "Headers are never shown.", 200, own, "Resource", 404),
		subscription("fhir_subscription_replace", http.MethodPut, "/Subscription/{id}", "Change, resume or turn off a subscription", "", 200, own, "Resource", 400, 404, 412),
		subscription("fhir_subscription_status", http.MethodGet, "/Subscription/{id}/$status", "Read the status of a subscription", "", 200, own, "Bundle", 404),
		subscription("fhir_subscription_status_post", http.MethodPost, "/Subscription/{id}/$status", "Read the status of a subscription, by POST", "", 200, own, "Parameters", 400, 404),
		subscription("fhir_subscription_statuses", http.MethodGet, "/Subscription/$status", "Read the status of one's subscriptions", "", 200, some, "Bundle", 400),
		subscription("fhir_subscription_statuses_post", http.MethodPost, "/Subscription/$status", "Read the status of one's subscriptions, by POST", "", 200, nil, "Parameters", 400),
		subscription("fhir_subscription_events", http.MethodGet, "/Subscription/{id}/$events", "Read the events of a subscription", "At most 100, from eventsSinceNumber on.", 200, between, "Bundle", 400, 404),
		subscription("fhir_subscription_events_post", http.MethodPost, "/Subscription/{id}/$events", "Read the events of a subscription, by POST", "", 200, own, "Parameters", 400, 404),
		subscription("fhir_subscription_token", http.MethodGet, "/Subscription/{id}/$get-ws-binding-token", "Get a token for a websocket", "", 200, own, "Parameters", 404),
		subscription("fhir_subscription_token_post", http.MethodPost, "/Subscription/{id}/$get-ws-binding-token", "Get a token for a websocket, by POST", "", 200, own, "Parameters", 400, 404),
		subscription("fhir_subscription_tokens", http.MethodGet, "/Subscription/$get-ws-binding-token", "Get a token for a websocket of several subscriptions", "", 200, some, "Parameters", 400, 404),
		subscription("fhir_subscription_tokens_post", http.MethodPost, "/Subscription/$get-ws-binding-token", "Get a token for a websocket of several subscriptions, by POST", "", 200, nil, "Parameters", 400, 404),
	}
	search4 := post
	search4.ID, search4.Path, search4.Summary, search4.Params = "fhir_subscription_search_post", basePath+"/Subscription/_search", "List one's subscriptions, by form", format
	// What the examples of the others use is deleted last.
	subscriptions = append(subscriptions, search4,
		subscription("fhir_subscription_delete", http.MethodDelete, "/Subscription/{id}", "Delete a subscription", "", 204, own, "", 404))
	definitions := func(typ, plural string) []apidoc.Operation {
		params := []apidoc.Param{{Name: "_id", In: "query", Description: "Ids; more after a comma."}, {Name: "_count", In: "query", Type: "integer", Description: "Size of a page, to 500."}}
		for _, p := range DefinitionParams(typ) {
			params = append(params, apidoc.Param{Name: p.Name, In: "query", Description: "By " + p.Name + "; more after a comma."})
		}
		name := strings.ToLower(typ)
		form := post
		form.ID, form.Path, form.Summary, form.Params = "fhir_"+name+"s_post", basePath+"/"+typ+"/_search", "Find "+plural+", by form", format
		return []apidoc.Operation{
			op("fhir_"+name+"s", http.MethodGet, "/"+typ, "Find "+plural, "What is loaded, and what comes with the server. What is long is shown without its codes, and tagged SUBSETTED.", params, "Bundle", false, http.StatusBadRequest),
			form,
			op("fhir_"+name+"_read", http.MethodGet, "/"+typ+"/{id}", "Read one of the "+plural, "", append([]apidoc.Param{id}, part...), "Resource", false, http.StatusBadRequest, http.StatusNotFound),
		}
	}
	// What an operation on a type answers, it answers on one of the type.
	onOne := func(list []apidoc.Operation) (out []apidoc.Operation) {
		for _, o := range list {
			at := strings.LastIndex(o.Path, "/$")
			o.ID, o.Path, o.Summary = o.ID+"_of_one", o.Path[:at]+"/{id}"+o.Path[at:], o.Summary+", of the one at the address"
			o.Params = append([]apidoc.Param{id}, slices.DeleteFunc(slices.Clone(o.Params), func(p apidoc.Param) bool {
				return p.Name == "url" || p.Name == "system" && strings.HasSuffix(o.Path, "$subsumes")
			})...)
			out = append(out, o)
		}
		return out
	}
	terminology := []apidoc.Operation{
		terms("fhir_lookup", http.MethodGet, "/CodeSystem/$lookup", "Look up a code", "What is known of a code, by the loaded code systems or the terminology server.", "Parameters", code...),
		terms("fhir_lookup_post", http.MethodPost, "/CodeSystem/$lookup", "Look up a code, by POST", "", "Parameters"),
		terms("fhir_subsumes", http.MethodGet, "/CodeSystem/$subsumes", "Compare two codes", "Whether one is a kind of the other.", "Parameters",
			apidoc.Param{Name: "system", In: "query", Description: "The code system."}, apidoc.Param{Name: "codeA", In: "query", Description: "A code."}, apidoc.Param{Name: "codeB", In: "query", Description: "Another code."}),
		terms("fhir_subsumes_post", http.MethodPost, "/CodeSystem/$subsumes", "Compare two codes, by POST", "", "Parameters"),
		terms("fhir_validate_system_code", http.MethodGet, "/CodeSystem/$validate-code", "Validate a code of a code system", "", "Parameters", canonical, code[1], display),
		terms("fhir_validate_system_code_post", http.MethodPost, "/CodeSystem/$validate-code", "Validate a code of a code system, by POST", "", "Parameters"),
		terms("fhir_validate_code", http.MethodGet, "/ValueSet/$validate-code", "Validate a code of a value set", "", "Parameters", slices.Concat([]apidoc.Param{canonical}, code, []apidoc.Param{display})...),
		terms("fhir_validate_code_post", http.MethodPost, "/ValueSet/$validate-code", "Validate a code of a value set, by POST", "", "Parameters"),
		terms("fhir_expand", http.MethodGet, "/ValueSet/$expand", "List the codes of a value set", "At most 10,000 at once.", "Resource", canonical,
			apidoc.Param{Name: "filter", In: "query", Description: "Part of a display, or the beginning of a code."}, apidoc.Param{Name: "count", In: "query", Type: "integer", Description: "How many."},
			apidoc.Param{Name: "offset", In: "query", Type: "integer", Description: "How many are left out."}),
		terms("fhir_expand_post", http.MethodPost, "/ValueSet/$expand", "List the codes of a value set, by POST", "", "Resource"),
		terms("fhir_translate", http.MethodGet, "/ConceptMap/$translate", "Translate a code", "By a loaded concept map; with reverse, the codes that it translates to the one given.", "Parameters", slices.Concat([]apidoc.Param{canonical}, code,
			[]apidoc.Param{
				{Name: "targetsystem", In: "query", Description: "The code system of the translation."},
				{Name: "reverse", In: "query", Description: "true asks for the codes that are translated to the code."},
			})...),
		terms("fhir_translate_post", http.MethodPost, "/ConceptMap/$translate", "Translate a code, by POST", "", "Parameters"),
	}
	terminology = append(terminology, onOne(terminology[2:])...)
	for _, d := range [][2]string{{"CodeSystem", "code systems"}, {"ValueSet", "value sets"}, {"ConceptMap", "concept maps"}} {
		terminology = append(terminology, definitions(d[0], d[1])...)
	}
	subscriptions = append(subscriptions, terminology...)
	return append(subscriptions, []apidoc.Operation{
		op("fhir_capabilities", http.MethodGet, "/metadata", "Read the CapabilityStatement", "", nil, "CapabilityStatement", true),
		op("fhir_search", http.MethodGet, "/{type}", "Search", "A parameter that is not known is refused, unless Prefer: handling=lenient.",
			slices.Concat([]apidoc.Param{typ}, search), "Bundle", false, http.StatusBadRequest, http.StatusNotFound),
		post,
		create,
		op("fhir_read", http.MethodGet, "/{type}/{id}", "Read a resource", "",
			append([]apidoc.Param{typ, id}, part...), "Resource", false, http.StatusBadRequest, http.StatusNotFound, http.StatusGone),
		op("fhir_vread", http.MethodGet, "/{type}/{id}/_history/{version}", "Read a version of a resource", "",
			[]apidoc.Param{typ, id, {Name: "version", In: "path", Required: true, Description: "meta.versionId"}, part[0], part[1]}, "Resource", false, http.StatusBadRequest, http.StatusNotFound, http.StatusGone),
		history("fhir_history", "/{type}/{id}/_history", "Read the history of a resource", typ, id),
		history("fhir_history_type", "/{type}/_history", "Read the history of a type", typ),
		history("fhir_history_all", "/_history", "Read the history of everything"),
		patientOperation("fhir_everything", http.MethodGet, "/Patient/{id}/$everything", "Read all of a patient", "", everything...),
		patientOperation("fhir_everything_post", http.MethodPost, "/Patient/{id}/$everything", "Read all of a patient, by POST", "", id),
		patientOperation("fhir_summary", http.MethodGet, "/Patient/{id}/$summary", "Read an International Patient Summary", "A document bundle by the profiles of IPS 2.0.", id),
		patientOperation("fhir_summary_post", http.MethodPost, "/Patient/{id}/$summary", "Read an International Patient Summary, by POST", "", id),
		patientOperation("fhir_document", http.MethodGet, "/Composition/{id}/$document", "Read a composition as a document", "A document bundle of the latest version: the Composition, its Patient, and the resources made of it.", id,
			apidoc.Param{Name: "persist", In: "query", Type: "boolean", Description: "Only false: documents are not kept."}),
		also(http.StatusPreconditionFailed, patientOperation("fhir_summary_by_identifier", http.MethodGet, "/Patient/$summary", "Read an International Patient Summary, by an identifier of the patient", "404 if no patient who can be searched has it, 412 if several have.",
			apidoc.Param{Name: "identifier", In: "query", Required: true, Description: "The identifier, as system|value."})),
		also(http.StatusPreconditionFailed, patientOperation("fhir_summary_by_identifier_post", http.MethodPost, "/Patient/$summary", "Read an International Patient Summary, by an identifier of the patient and POST", "")),
		patientOperation("fhir_document_by_id", http.MethodGet, "/Composition/$document", "Read the composition named as a document", "",
			apidoc.Param{Name: "id", In: "query", Required: true, Description: "The id of the Composition, or its address here."},
			apidoc.Param{Name: "persist", In: "query", Type: "boolean", Description: "Only false: documents are not kept."}),
		patientOperation("fhir_document_by_id_post", http.MethodPost, "/Composition/$document", "Read the composition named as a document, by POST", ""),
		patientOperation("fhir_document_post", http.MethodPost, "/Composition/{id}/$document", "Read a composition as a document, by POST", "", id),
		patientOperation("fhir_lastn", http.MethodGet, "/Observation/$lastn", "Find the newest observations of each code", "The patient is required.", lastn...),
		patientOperation("fhir_lastn_post", http.MethodPost, "/Observation/$lastn", "Find the newest observations of each code, by POST", ""),
		validate("fhir_validate", "/{type}/$validate", typ), validate("fhir_validate_any", "/$validate"),
		validate("fhir_validate_instance", "/{type}/{id}/$validate", typ, id),
		kickOff("fhir_export", http.MethodGet, "/$export", "Export the resources of all patients"),
		kickOff("fhir_export_post", http.MethodPost, "/$export", "Export the resources of patients, by POST"),
		kickOff("fhir_export_patient", http.MethodGet, "/Patient/$export", "Export the resources of all patients, at the level of Patient"),
		kickOff("fhir_export_patient_post", http.MethodPost, "/Patient/$export", "Export the resources of patients, by POST, at the level of Patient"),
		exportOp("fhir_export_status", http.MethodGet, "/$export-status/{export}", "Read the status or manifest of an export", "200 with the manifest once it is complete, 202 until then.", "application/json", 200, 202),
		exportOp("fhir_export_file", http.MethodGet, "/$export-file/{export}/{file}", "Read a file of an export", "One resource per line, as of the transactionTime of the manifest; it can be read again.", r4.MediaTypeNDJSON, 200),
		exportOp("fhir_export_drop", http.MethodDelete, "/$export-status/{export}", "Drop an export", "", "", 202),
		groupOp("fhir_group_create", http.MethodPost, "/Group", "Make a group of patients", "A list for exports, seen by its owner alone: of type person, actual, with members, name, identifier and active.", 201, nil, "Resource", 400, 409),
		groupOp("fhir_group_search", http.MethodGet, "/Group", "List one's groups", "Without their members.", 200, []apidoc.Param{
			{Name: "identifier", In: "query", Description: "system|value; more after a comma."},
			{Name: "member", In: "query", Description: "A patient, as Patient/ehr_id."},
			{Name: "_count", In: "query", Type: "integer", Description: "Size of a page, to 500."},
		}, "Bundle", 400),
		groupSearch,
		groupOp("fhir_group_read", http.MethodGet, "/Group/{id}", "Read a group", "Members whose EHR was deleted physically are gone.", 200, ownGroup, "Resource", 404),
		groupOp("fhir_group_replace", http.MethodPut, "/Group/{id}", "Change a group", "With If-Match only if it is at that version.", 200, ownGroup, "Resource", 400, 404, 412),
		groupKickOff("fhir_export_group", http.MethodGet, "Export the resources of a group"),
		groupKickOff("fhir_export_group_post", http.MethodPost, "Export the resources of members of a group, by POST"),
		groupOp("fhir_group_delete", http.MethodDelete, "/Group/{id}", "Delete a group", "", 204, ownGroup, "", 404),
		withBody(op("fhir_batch", http.MethodPost, "/", "Send several requests at once", "A Bundle of type batch, or transaction: then all succeed or none. A transaction either reads, or creates resources of one patient.", nil, "Bundle", false,
			http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity), "Bundle", "The requests."),
	}...)
}

// faultTexts are what the statuses of failures mean.
var faultTexts = map[int]string{
	400: "A parameter is wrong.",
	401: "No or wrong credentials.",
	403: "The actor may not do this.",
	404: "There is no such type or resource.",
	405: "The address does not offer the method, or writing is switched off.",
	406: "Only JSON and XML are offered.",
	409: "It clashes with what is there: the EHR is not modifiable, for example, or there are too many subscriptions.",
	412: "Several resources match the condition, or the subscription has changed since it was read.",
	410: "The resource is gone: a later version of its composition no longer gives it.",
	413: "The body exceeds a limit; the message names it.",
	414: "The URL exceeds a limit; the message names it.",
	415: "The body is of a type that is not taken here.",
	422: "A request of the transaction failed.",
	431: "The headers exceed a limit; the message names it.",
	500: "A fault of the server, which says no more.",
	503: "Overloaded, or the database is away.",
}
