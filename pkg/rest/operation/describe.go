package operation

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// description is what the documentation says of an operation beyond what its
// method and path tell.
type description struct {
	// summary is a phrase; text may add sentences.
	summary, text string
	// query names query parameters, headers request headers; both are described
	// in queryParameters and requestHeaders. A ! after the name makes it required.
	query, headers []string
	// reads are the media types of the request's body, the default first; body
	// names its schema. The body is required unless it is optional.
	reads    []string
	body     string
	optional bool
	// writes are the media types of the answer's body; result names its schema.
	writes []string
	result string
	// success are the statuses of success, faults those of errors beside the
	// general ones.
	success, faults []int
}

// Headers that groups of operations take.
var (
	commitHeaders = []string{"Prefer", "openehr-version", "openehr-audit-details"}
	taggedHeaders = []string{header.ItemTag, header.VersionItemTag}
	readHeaders   = []string{"If-None-Match", "If-Modified-Since"}
	keyed         = []string{header.IdempotencyKey}
	onlyJSON      = []string{mediatype.JSON}
	onlyText      = []string{mediatype.Text}
)

func joined(lists ...[]string) []string { return slices.Concat(lists...) }

// described holds a description of each operation by method and path. Those of
// the five PARTY types are one, with {party} for the type.
var described = map[string]description{
	"OPTIONS /": {
		summary: "What this server is and offers", text: "The manifest: product, version, specification, profile and the operations that are really offered.",
		writes: onlyJSON, result: "Manifest", success: []int{200},
	},

	"POST /ehr": {
		summary: "Create an EHR", text: "Without a body the subject is PARTY_SELF, and the EHR is modifiable and queryable.",
		headers: joined(commitHeaders, keyed), reads: mediatype.Canonical, body: "EHR_STATUS", optional: true,
		writes: mediatype.Canonical, result: "EHR", success: []int{201}, faults: []int{400, 409},
	},
	"GET /ehr": {
		summary: "Find an EHR by its subject", query: []string{"subject_id!", "subject_namespace!"},
		writes: mediatype.Canonical, result: "EHR", success: []int{200}, faults: []int{400, 404},
	},
	"PUT /ehr/{ehr_id}": {
		summary: "Create an EHR with an id of the client's", headers: commitHeaders, reads: mediatype.Canonical, body: "EHR_STATUS", optional: true,
		writes: mediatype.Canonical, result: "EHR", success: []int{201}, faults: []int{400, 409},
	},
	"GET /ehr/{ehr_id}": {summary: "Read an EHR", writes: mediatype.Canonical, result: "EHR", success: []int{200}, faults: []int{404}},

	"GET /ehr/{ehr_id}/ehr_status": {
		summary: "Read the EHR_STATUS, now or at a time", query: []string{"version_at_time"}, headers: readHeaders,
		writes: mediatype.Canonical, result: "EHR_STATUS", success: []int{200, 304}, faults: []int{400, 404},
	},
	"GET /ehr/{ehr_id}/ehr_status/{version_uid}": {
		summary: "Read a version of the EHR_STATUS", headers: readHeaders,
		writes: mediatype.Canonical, result: "EHR_STATUS", success: []int{200, 304}, faults: []int{404},
	},
	"PUT /ehr/{ehr_id}/ehr_status": {
		summary: "Update the EHR_STATUS", headers: joined([]string{"If-Match!"}, commitHeaders, taggedHeaders), reads: mediatype.Canonical, body: "EHR_STATUS",
		writes: mediatype.Canonical, result: "EHR_STATUS", success: []int{200, 204}, faults: []int{400, 404, 409, 412},
	},
	"GET /ehr/{ehr_id}/versioned_ehr_status":                       container("EHR_STATUS"),
	"GET /ehr/{ehr_id}/versioned_ehr_status/revision_history":      history("EHR_STATUS"),
	"GET /ehr/{ehr_id}/versioned_ehr_status/version":               versionAt("EHR_STATUS"),
	"GET /ehr/{ehr_id}/versioned_ehr_status/version/{version_uid}": versionByID("EHR_STATUS"),

	"POST /ehr/{ehr_id}/composition": {
		summary: "Commit a COMPOSITION",
		text:    "The content is checked against the reference model, its template and the terminology before it is kept. A refused commit lists every problem with its place.",
		headers: joined(commitHeaders, []string{"openehr-template-id"}, taggedHeaders, keyed), reads: mediatype.Content, body: "COMPOSITION",
		writes: mediatype.Content, result: "COMPOSITION", success: []int{201}, faults: []int{400, 404, 409, 422},
	},
	"GET /ehr/{ehr_id}/composition/{uid_based_id}": {
		summary: "Read a COMPOSITION", text: "A version_uid names one version; an object id the latest, or the one at version_at_time.",
		query: []string{"version_at_time"}, headers: readHeaders,
		writes: mediatype.Content, result: "COMPOSITION", success: []int{200, 204, 304}, faults: []int{400, 404},
	},
	"PUT /ehr/{ehr_id}/composition/{uid_based_id}": {
		summary: "Commit a new version of a COMPOSITION", text: "The path takes the object id; the version that the change is based on goes into If-Match.",
		headers: joined([]string{"If-Match!"}, commitHeaders, []string{"openehr-template-id"}, taggedHeaders), reads: mediatype.Content, body: "COMPOSITION",
		writes: mediatype.Content, result: "COMPOSITION", success: []int{200, 204}, faults: []int{400, 404, 409, 412, 422},
	},
	"DELETE /ehr/{ehr_id}/composition/{uid_based_id}": {
		summary: "Delete a COMPOSITION logically", text: "The path takes the latest version_uid. All versions stay readable by their uid.",
		headers: []string{"openehr-audit-details"}, success: []int{204}, faults: []int{400, 404, 409},
	},
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}":                       container("COMPOSITION"),
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/revision_history":      history("COMPOSITION"),
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version":               versionAt("COMPOSITION"),
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version/{version_uid}": versionByID("COMPOSITION"),

	"POST /ehr/{ehr_id}/directory": {
		summary: "Create the directory", text: "An EHR has one directory at a time.",
		headers: joined(commitHeaders, taggedHeaders, keyed), reads: mediatype.Canonical, body: "FOLDER",
		writes: mediatype.Canonical, result: "FOLDER", success: []int{201}, faults: []int{400, 404, 409},
	},
	"PUT /ehr/{ehr_id}/directory": {
		summary: "Commit a new version of the directory", headers: joined([]string{"If-Match!"}, commitHeaders, taggedHeaders), reads: mediatype.Canonical, body: "FOLDER",
		writes: mediatype.Canonical, result: "FOLDER", success: []int{200, 204}, faults: []int{400, 404, 409, 412},
	},
	"DELETE /ehr/{ehr_id}/directory": {
		summary: "Delete the directory logically", headers: []string{"If-Match!", "openehr-audit-details"}, success: []int{204}, faults: []int{400, 404, 409, 412},
	},
	"GET /ehr/{ehr_id}/directory": {
		summary: "Read the directory or a folder of it, now or at a time", query: []string{"version_at_time", "path"}, headers: joined([]string{"Prefer"}, readHeaders),
		writes: mediatype.Canonical, result: "FOLDER", success: []int{200, 204, 304}, faults: []int{400, 404},
	},
	"GET /ehr/{ehr_id}/directory/{version_uid}": {
		summary: "Read a version of the directory or a folder of it", query: []string{"path"}, headers: joined([]string{"Prefer"}, readHeaders),
		writes: mediatype.Canonical, result: "FOLDER", success: []int{200, 204, 304}, faults: []int{400, 404},
	},

	"POST /ehr/{ehr_id}/contribution":                   contributionPost("COMPOSITIONs, EHR_STATUS and FOLDERs"),
	"GET /ehr/{ehr_id}/contribution/{contribution_uid}": contributionGet(),
	"POST /demographic/contribution":                    contributionPost("parties"),
	"GET /demographic/contribution/{contribution_uid}":  contributionGet(),

	"GET /ehr/{ehr_id}/tags":                                     tagsOfAll("an EHR"),
	"GET /ehr/{ehr_id}/composition/{uid_based_id}/tags":          tagsGet("COMPOSITION"),
	"PUT /ehr/{ehr_id}/composition/{uid_based_id}/tags":          tagsPut("COMPOSITION"),
	"DELETE /ehr/{ehr_id}/composition/{uid_based_id}/tags/{key}": tagsDelete("COMPOSITION"),
	"GET /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           tagsGet("EHR_STATUS"),
	"PUT /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           tagsPut("EHR_STATUS"),
	"DELETE /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags/{key}":  tagsDelete("EHR_STATUS"),
	"GET /ehr/{ehr_id}/directory/{uid_based_id}/tags":            tagsGet("FOLDER"),
	"PUT /ehr/{ehr_id}/directory/{uid_based_id}/tags":            tagsPut("FOLDER"),
	"DELETE /ehr/{ehr_id}/directory/{uid_based_id}/tags/{key}":   tagsDelete("FOLDER"),
	"GET /demographic/tags":                                      tagsOfAll("the parties"),

	"POST /definition/template/adl1.4": {
		summary: "Upload an operational template (OPT 1.4)", headers: joined([]string{"Prefer"}, keyed), reads: []string{mediatype.XML}, body: "OPT",
		text:   "A template whose id is taken is refused, or becomes a new revision, as the server is configured; the answer lists what it would change.",
		writes: mediatype.Template, result: "WebTemplate", success: []int{200, 201}, faults: []int{400, 409},
	},
	"GET /definition/template/adl1.4/{template_id}/revision": {
		summary: "List the revisions of a template", text: "With how many versions of compositions refer to each. An operation of Cairn's own.",
		writes: onlyJSON, result: "TemplateRevisionList", success: []int{200}, faults: []int{404},
	},
	"GET /definition/template/adl1.4": {summary: "List the ADL 1.4 templates", writes: onlyJSON, result: "TemplateList", success: []int{200}},
	"GET /definition/template/adl1.4/{template_id}": {
		summary: "Read a template", text: "As it was uploaded, or as web template, which is also what application/json gets.", query: []string{"revision"},
		writes: mediatype.Template, result: "WebTemplate", success: []int{200}, faults: []int{404},
	},
	"GET /definition/template/adl1.4/{template_id}/example": exampleGet(mediatype.Content, "revision"),
	"POST /definition/template/adl2": {
		summary: "Upload an ADL 2 template", text: "Its text is kept and served; content is not validated against it.", query: []string{"version"}, headers: joined([]string{"Prefer"}, keyed), reads: onlyText, body: "ADL2",
		writes: []string{mediatype.Text, mediatype.JSON}, result: "ADL2Template", success: []int{201}, faults: []int{400, 409},
	},
	"GET /definition/template/adl2":                         {summary: "List the ADL 2 templates", writes: onlyJSON, result: "ADL2TemplateList", success: []int{200}},
	"GET /definition/template/adl2/{template_id}":           {summary: "Read an ADL 2 template", text: "An id without its version, or with a part of it, is the latest that it fits.", writes: []string{mediatype.Text, mediatype.JSON}, result: "ADL2Template", success: []int{200}, faults: []int{400, 404}},
	"GET /definition/template/adl2/{template_id}/example":   exampleGet(mediatype.Canonical),
	"GET /definition/template/adl2/{template_id}/{version}": {summary: "Read a version of an ADL 2 template", text: "Deprecated: the id has the version.", writes: []string{mediatype.Text, mediatype.JSON}, result: "ADL2Template", success: []int{200}, faults: []int{400, 404}},

	"GET /definition/query/{qualified_query_name}": {
		summary: "List stored queries", text: "All versions of the query of the name, or of every query whose name begins with it.",
		writes: onlyJSON, result: "StoredQueryList", success: []int{200}, faults: []int{400},
	},
	"PUT /definition/query/{qualified_query_name}": {
		summary: "Store a query, with the next free version", query: []string{"query_type"}, headers: []string{"Prefer"}, reads: onlyText, body: "AQL",
		writes: onlyJSON, result: "StoredQuery", success: []int{200}, faults: []int{400},
	},
	"PUT /definition/query/{qualified_query_name}/{version}": {
		summary: "Store a query with a version", text: "A version that exists does not change.", query: []string{"query_type"}, headers: []string{"Prefer"}, reads: onlyText, body: "AQL",
		writes: onlyJSON, result: "StoredQuery", success: []int{200}, faults: []int{400, 409},
	},
	"GET /definition/query/{qualified_query_name}/{version}": {
		summary: "Read a stored query", headers: []string{"If-None-Match"}, writes: onlyJSON, result: "StoredQuery", success: []int{200, 304}, faults: []int{400, 404},
	},

	"GET /query/aql": {
		summary: "Execute a query given in the URL", query: []string{"q!", "ehr_id", "offset", "fetch", "version_at_time", "query_parameters"}, headers: []string{"openehr-ehr-id"},
		writes: onlyJSON, result: "ResultSet", success: []int{200}, faults: []int{400, 404, 408},
	},
	"POST /query/aql": {
		summary: "Execute a query given in the body", headers: []string{"openehr-ehr-id"}, reads: onlyJSON, body: "AdhocQuery",
		writes: onlyJSON, result: "ResultSet", success: []int{200}, faults: []int{400, 404, 408},
	},
	"GET /query/{qualified_query_name}":            storedGet("Execute the latest version of a stored query"),
	"POST /query/{qualified_query_name}":           storedPost("Execute the latest version of a stored query, parameters in the body"),
	"GET /query/{qualified_query_name}/{version}":  storedGet("Execute a version of a stored query"),
	"POST /query/{qualified_query_name}/{version}": storedPost("Execute a version of a stored query, parameters in the body"),

	"POST /demographic/{party}": {
		summary: "Commit a {PARTY}", text: "A template is optional; FLAT and STRUCTURED need one.",
		headers: joined(commitHeaders, []string{"openehr-template-id"}, taggedHeaders, keyed), reads: mediatype.Content, body: "PARTY",
		writes: mediatype.Content, result: "PARTY", success: []int{201}, faults: []int{400, 404, 409, 422},
	},
	"GET /demographic/{party}/{uid_based_id}": {
		summary: "Read a {PARTY}", text: "A version_uid names one version; an object id the latest, or the one at version_at_time.",
		query: []string{"version_at_time"}, headers: readHeaders,
		writes: mediatype.Content, result: "PARTY", success: []int{200, 204, 304}, faults: []int{400, 404},
	},
	"PUT /demographic/{party}/{uid_based_id}": {
		summary: "Commit a new version of a {PARTY}", text: "The path takes the object id; the version that the change is based on goes into If-Match.",
		headers: joined([]string{"If-Match!"}, commitHeaders, []string{"openehr-template-id"}, taggedHeaders), reads: mediatype.Content, body: "PARTY",
		writes: mediatype.Content, result: "PARTY", success: []int{200, 204}, faults: []int{400, 404, 409, 412, 422},
	},
	"DELETE /demographic/{party}/{uid_based_id}": {
		summary: "Delete a {PARTY} logically", text: "The path takes the latest version_uid. References to the party stay as they are.",
		headers: []string{"openehr-audit-details"}, success: []int{204}, faults: []int{400, 404, 409},
	},
	"GET /demographic/{party}/{uid_based_id}/tags":                                  tagsGet("{PARTY}"),
	"PUT /demographic/{party}/{uid_based_id}/tags":                                  tagsPut("{PARTY}"),
	"DELETE /demographic/{party}/{uid_based_id}/tags/{key}":                         tagsDelete("{PARTY}"),
	"GET /demographic/versioned_party/{versioned_object_uid}":                       container("PARTY"),
	"GET /demographic/versioned_party/{versioned_object_uid}/revision_history":      history("PARTY"),
	"GET /demographic/versioned_party/{versioned_object_uid}/version":               versionAt("PARTY"),
	"GET /demographic/versioned_party/{versioned_object_uid}/version/{version_uid}": versionByID("PARTY"),

	"DELETE /admin/ehr/{ehr_id}": {
		summary: "Delete an EHR physically", text: "Everything in it is gone for good; a tombstone says that it was. Answers 405 unless the operator has switched it on (--admin-delete).",
		success: []int{204}, faults: []int{404, 405},
	},
	"DELETE /admin/ehr/all": {
		summary: "Delete several EHRs, or all, physically", text: "Those that ehr_id names; without it every EHR, for which --admin-delete=all is needed.",
		query: []string{"ehr_id*"}, success: []int{204}, faults: []int{400, 404, 405},
	},
	"DELETE /admin/ehr/{ehr_id}/composition/{versioned_object_uid}": {
		summary: "Delete a COMPOSITION physically", text: "With all its versions. An operation of Cairn's own; needs --admin-delete=ehr or all.",
		success: []int{204}, faults: []int{404, 405},
	},
	"DELETE /admin/demographic/versioned_party/{versioned_object_uid}": {
		summary: "Delete a party physically", text: "An AGENT, GROUP, ORGANISATION, PERSON or ROLE with all its versions; references to it stay. An operation of Cairn's own; needs --admin-delete=ehr or all.",
		success: []int{204}, faults: []int{404, 405},
	},
	"DELETE /admin/template/{template_id}": {
		summary: "Delete a template physically", text: "Only one that no content uses. An operation of Cairn's own; needs --admin-delete=all.",
		success: []int{204}, faults: []int{404, 405, 409},
	},
	"DELETE /admin/query/{qualified_query_name}/{version}": {
		summary: "Delete a version of a stored query physically", text: "An operation of Cairn's own; needs --admin-delete=all.",
		success: []int{204}, faults: []int{404, 405},
	},
}

func container(class string) description {
	return description{summary: "Read the VERSIONED_" + class, headers: readHeaders, writes: mediatype.Canonical, result: "VERSIONED_OBJECT", success: []int{200, 304}, faults: []int{404}}
}

func history(class string) description {
	return description{
		summary: "Read the revision history of the " + class, text: "One item for each version: who committed it, when and why.", headers: readHeaders,
		writes: mediatype.Canonical, result: "REVISION_HISTORY", success: []int{200, 304}, faults: []int{404},
	}
}

func versionAt(class string) description {
	return description{
		summary: "Read the VERSION of the " + class + ", latest or at a time", query: []string{"version_at_time"}, headers: readHeaders,
		writes: mediatype.Canonical, result: "VERSION", success: []int{200, 304}, faults: []int{400, 404},
	}
}

func versionByID(class string) description {
	return description{
		summary: "Read a VERSION of the " + class, text: "With its audit, contribution and, unless it is a deletion, content.", headers: readHeaders,
		writes: mediatype.Canonical, result: "VERSION", success: []int{200, 304}, faults: []int{404},
	}
}

func contributionPost(what string) description {
	return description{
		summary: "Commit a change set of " + what, text: "Creations, changes, deletions, attestations, branches and imported versions, all or nothing.",
		headers: joined(commitHeaders, keyed), reads: mediatype.Canonical, body: "CONTRIBUTION", writes: mediatype.Canonical, result: "CONTRIBUTION",
		success: []int{201}, faults: []int{400, 404, 409},
	}
}

func contributionGet() description {
	return description{summary: "Read a CONTRIBUTION", headers: joined([]string{"Prefer"}, readHeaders), writes: mediatype.Canonical, result: "CONTRIBUTION", success: []int{200, 304}, faults: []int{404}}
}

func tagsOfAll(what string) description {
	return description{
		summary: "List the item tags of " + what, query: []string{"tag_key", "tag_value", "tag_target_path"}, writes: onlyJSON, result: "ItemTagList",
		success: []int{200}, faults: []int{400, 404},
	}
}

func tagsGet(class string) description {
	return description{summary: "List the item tags of a " + class, writes: onlyJSON, result: "ItemTagList", success: []int{200}, faults: []int{404}}
}

func tagsPut(class string) description {
	return description{
		summary: "Replace the item tags of a " + class, text: "An empty list removes them all.", headers: []string{"Prefer"}, reads: onlyJSON, body: "ItemTagList",
		writes: onlyJSON, result: "ItemTagList", success: []int{200, 204}, faults: []int{400, 404},
	}
}

func tagsDelete(class string) description {
	return description{summary: "Remove the item tags with a key from a " + class, success: []int{204}, faults: []int{400, 404}}
}

func exampleGet(media []string, more ...string) description {
	return description{
		summary: "Make an example of a template's content", query: joined([]string{"type", "detail_level"}, more), writes: media, result: "LOCATABLE",
		success: []int{200}, faults: []int{400, 404},
	}
}

func storedGet(summary string) description {
	return description{
		summary: summary, text: "A version may be partial (1.2): the highest that it fits is meant.",
		query: []string{"ehr_id", "offset", "fetch", "version_at_time", "query_parameters"}, headers: []string{"openehr-ehr-id"},
		writes: onlyJSON, result: "ResultSet", success: []int{200}, faults: []int{400, 404, 408},
	}
}

func storedPost(summary string) description {
	return description{
		summary: summary, headers: []string{"openehr-ehr-id"}, reads: onlyJSON, body: "StoredQueryRun", optional: true,
		writes: onlyJSON, result: "ResultSet", success: []int{200}, faults: []int{400, 404, 408},
	}
}

// partyPath finds the PARTY type in a path of the demographic API.
var partyPath = regexp.MustCompile(`^/demographic/(agent|group|organisation|person|role)(/|$)`)

// describe finds the description of an operation.
func describe(op Operation) (description, bool) {
	if d, ok := described[op.Key()]; ok {
		return d, true
	}
	m := partyPath.FindStringSubmatch(op.Path)
	if m == nil {
		return description{}, false
	}
	d, ok := described[op.Method+" "+strings.Replace(op.Path, "/"+m[1], "/{party}", 1)]
	article := "a "
	if strings.ContainsRune("ao", rune(m[1][0])) {
		article = "an "
	}
	d.summary = strings.ReplaceAll(d.summary, "a {PARTY}", article+strings.ToUpper(m[1]))
	return d, ok
}

// Keyed reports whether the operation takes an Idempotency-Key.
func (op Operation) Keyed() bool {
	d, _ := describe(op)
	return slices.Contains(d.headers, header.IdempotencyKey)
}

// Single are the query parameters of the operation that may be given once. Those
// of queries say so themselves: a parameter that is not known is one of the AQL.
func (op Operation) Single() []string {
	var names []string
	d, _ := describe(op)
	for _, name := range d.query {
		if op.Group != "query" && !strings.HasSuffix(name, "*") {
			names = append(names, strings.TrimSuffix(name, "!"))
		}
	}
	return names
}

// Document describes the operation with its path below the base path given; an
// anonymous one needs no credentials.
func (op Operation) Document(basePath string, anonymous bool) apidoc.Operation {
	d, _ := describe(op) // a test wants all described
	o := apidoc.Operation{
		Tag: op.Group, ID: op.ID, Method: op.Method, Path: strings.TrimRight(basePath+op.Path, "/"),
		Summary: d.summary, Description: d.text, Anonymous: anonymous,
	}
	o.Params = d.params(op.Path)
	if len(d.reads) > 0 {
		o.Body = &apidoc.Body{Required: !d.optional, Media: d.reads, Schema: d.body, Description: bodyTexts[d.body]}
	}
	o.Responses = d.responses(op, anonymous)
	return o
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

func (d description) params(path string) []apidoc.Param {
	var out []apidoc.Param
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		p := pathParameters[m[1]]
		p.Name, p.In, p.Required = m[1], "path", true
		out = append(out, p)
	}
	for _, name := range d.query {
		plain := strings.TrimRight(name, "!*")
		p := queryParameters[plain]
		p.Name, p.In, p.Required, p.Repeats = plain, "query", strings.HasSuffix(name, "!"), strings.HasSuffix(name, "*")
		out = append(out, p)
	}
	for _, name := range d.headers {
		plain := strings.TrimRight(name, "!")
		p := requestHeaders[plain]
		p.Name, p.In, p.Required = plain, "header", plain != name
		out = append(out, p)
	}
	return out
}

// responses are the answers of an operation: its own, and those that every
// operation of its sort may give.
func (d description) responses(op Operation, anonymous bool) []apidoc.Response {
	var out []apidoc.Response
	versioned := strings.Contains(strings.Join(d.headers, " "), "openehr-version") || len(d.headers) > 0 && slices.Contains(readHeaders, d.headers[len(d.headers)-1])
	for _, code := range d.success {
		r := apidoc.Response{Status: code, Description: successTexts[code]}
		switch {
		case code == http.StatusCreated:
			r.Headers = []string{"ETag", "Last-Modified", "Location", "Preference-Applied"}
			if slices.Contains(d.headers, header.IdempotencyKey) {
				r.Headers = append(r.Headers, header.IdempotencyReplayed)
			}
			r.Body = d.answer()
		case code == http.StatusOK:
			r.Body = d.answer()
			if versioned {
				r.Headers = []string{"ETag", "Last-Modified"}
			}
		case code == http.StatusNotModified:
			r.Headers = []string{"ETag"}
		case code == http.StatusNoContent && op.Method == http.MethodGet:
			r.Description = "The object is logically deleted, now or at the time given."
		}
		if op.Method != http.MethodGet && slices.Contains(d.headers, header.ItemTag) {
			r.Headers = append(r.Headers, header.ItemTag, header.VersionItemTag)
		}
		out = append(out, r)
	}
	faults := append([]int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest}, d.faults...)
	if !anonymous {
		faults = append(faults, http.StatusUnauthorized, http.StatusForbidden)
	}
	if len(d.writes) > 0 {
		faults = append(faults, http.StatusNotAcceptable)
	}
	if len(d.reads) > 0 {
		faults = append(faults, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if slices.Contains(d.headers, header.IdempotencyKey) {
		faults = append(faults, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	slices.Sort(faults)
	for _, code := range slices.Compact(faults) {
		r := apidoc.Response{Status: code, Description: faultTexts[code], Body: &apidoc.Body{Media: onlyJSON, Schema: "Error"}}
		switch {
		case code == http.StatusPreconditionFailed, code == http.StatusConflict && op.Method == http.MethodDelete:
			r.Headers = []string{"ETag"}
		case code == http.StatusUnauthorized:
			r.Headers = []string{"WWW-Authenticate"}
		}
		out = append(out, r)
	}
	return out
}

func (d description) answer() *apidoc.Body {
	if len(d.writes) == 0 {
		return nil
	}
	return &apidoc.Body{Media: d.writes, Schema: d.result}
}
