package operation

import (
	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
)

// pathParameters describe the parameters in paths.
var pathParameters = map[string]apidoc.Param{
	"ehr_id":               {Description: "The EHR, a UUID.", Format: "uuid"},
	"version_uid":          {Description: "A version: object_id::creating_system_id::version_tree_id."},
	"uid_based_id":         {Description: "A versioned object, a UUID; or where the operation allows it a version_uid."},
	"versioned_object_uid": {Description: "The versioned object, a UUID.", Format: "uuid"},
	"contribution_uid":     {Description: "The contribution, a UUID.", Format: "uuid"},
	"key":                  {Description: "The key of the tags."},
	"template_id":          {Description: "The template, percent-encoded."},
	"version":              {Description: "A semantic version; a partial one (1, 1.2) is the highest that it fits."},
	"qualified_query_name": {Description: "[namespace::]query-name; the name aql is reserved."},
}

// queryParameters describe the parameters in query strings.
var queryParameters = map[string]apidoc.Param{
	"subject_id":        {Description: "EHR_STATUS.subject.external_ref.id.value"},
	"subject_namespace": {Description: "EHR_STATUS.subject.external_ref.namespace"},
	"version_at_time":   {Description: "A time in extended ISO 8601: the version extant then. Only with an object id.", Format: "date-time"},
	"path":              {Description: "Names of folders below the root, separated by slashes, each percent-encoded."},
	"tag_key":           {Description: "Only tags with this key."},
	"tag_value":         {Description: "Only tags with this value."},
	"tag_target_path":   {Description: "Only tags on this path."},
	"type":              {Description: "What a client sends, or what the server would give back.", Enum: []string{"input", "output"}},
	"detail_level":      {Description: "How much of the optional content.", Enum: []string{"required", "medium", "complete"}},
	"revision":          {Description: "The revision, counted from 1; otherwise the latest.", Type: "integer"},
	"version":           {Description: "Deprecated: the version, which the id has too."},
	"query_type":        {Description: "The language, only AQL.", Enum: []string{"AQL"}},
	"q":                 {Description: "The AQL."},
	"ehr_id":            {Description: "The EHR, a UUID. For a query it limits the query to this EHR.", Format: "uuid"},
	"offset":            {Description: "Rows to pass over, from 0.", Type: "integer"},
	"fetch":             {Description: "The most rows wanted, from 1. Not together with TOP or LIMIT.", Type: "integer"},
	"query_parameters":  {Description: "The query's parameters: a JSON object or name=value pairs. Any other query parameter is one too."},
}

// requestHeaders describe the headers of requests.
var requestHeaders = map[string]apidoc.Param{
	"Prefer":                {Description: "return=minimal (the default), return=representation or return=identifier; for contributions and the directory also resolve_refs, which puts what is referred to in the place of references (JSON only)."},
	"If-Match":              {Description: "The version_uid, in quotes, that the change is based on."},
	"If-None-Match":         {Description: "An ETag: 304 if the resource still has it."},
	"If-Modified-Since":     {Description: "A time: 304 if the resource has not changed since."},
	"openehr-version":       {Description: `Attributes of the VERSION, such as lifecycle_state.code_string="532".`},
	"openehr-audit-details": {Description: `Attributes of the audit, such as change_type.code_string="251",description.value="…",committer.name="…".`},
	"openehr-template-id":   {Description: "The template of a body that cannot name it: FLAT and STRUCTURED."},
	"openehr-ehr-id":        {Description: "The EHR that a query is limited to; the same as ehr_id."},
	header.ItemTag:          {Description: `Tags of the versioned object: key="k",value="v",target_path="/p"; more after a semicolon. Empty removes them.`},
	header.VersionItemTag:   {Description: "Tags of the version, in the same form."},
	header.IdempotencyKey:   {Description: "A key of the client's choice, such as a UUID: the same request with the same key is carried out once and gets the first answer again."},
}

// ResponseHeaders describe the headers of answers, for the documentation.
var ResponseHeaders = map[string]string{
	"ETag":                     "A weak entity tag with the identifier of the resource, for versioned content the version_uid.",
	"Last-Modified":            "The time of the commit.",
	"Location":                 "The URL of what was created.",
	"Preference-Applied":       "The preference that was honoured.",
	"WWW-Authenticate":         "How to authenticate.",
	header.IdempotencyReplayed: "true if this is the answer of an earlier request with the same Idempotency-Key.",
	header.ItemTag:             "The tags of the versioned object.",
	header.VersionItemTag:      "The tags of the version.",
}

// bodyTexts describe request bodies by the names of their schemas.
var bodyTexts = map[string]string{
	"EHR_STATUS":     "An EHR_STATUS.",
	"COMPOSITION":    "A COMPOSITION in any of the formats.",
	"FOLDER":         "A FOLDER with its sub-folders.",
	"PARTY":          "The party.",
	"CONTRIBUTION":   "The versions with their content, and the audit.",
	"ItemTagList":    "The tags that the target is to have.",
	"OPT":            "The operational template.",
	"ADL2":           "The template in ADL 2.",
	"AQL":            "The text of the query.",
	"AdhocQuery":     "The query with its parameters.",
	"StoredQueryRun": "The parameters.",
}

// successTexts and faultTexts are what statuses mean where an operation says
// nothing else.
var successTexts = map[int]string{
	200: "Done; the body is what was asked for.",
	201: "Created. There is a body if Prefer asks for one.",
	204: "Done; there is nothing to say.",
	304: "The client has this already.",
}

var faultTexts = map[int]string{
	400: "The request is malformed, or its content is not valid.",
	401: "No or wrong credentials.",
	403: "The actor may not do this.",
	404: "There is no such thing.",
	405: "Switched off on this server.",
	406: "None of the formats that the client accepts is available.",
	408: "A time limit was reached.",
	409: "It clashes with what is there.",
	412: "The version named is not the latest; ETag has the latest.",
	413: "A limit on the body or on what it holds was exceeded; the message names it.",
	414: "The URL exceeds a limit; the message names it.",
	415: "The format of the body is not read here.",
	422: "The content violates the reference model, its template or the terminology; or an Idempotency-Key is used with another request.",
	431: "The headers exceed a limit; the message names it.",
	500: "A fault of the server. The body says nothing but the request id.",
	503: "Overloaded, or the database is away.",
}

// Groups are the groups of operations, in the order of the documentation.
var Groups = []apidoc.Group{
	{Tag: "system", Title: "System", Description: "What the server is."},
	{Tag: "ehr", Title: "EHR", Description: "Electronic health records: status, compositions, directory, contributions and item tags. Every write is a contribution and makes immutable versions."},
	{Tag: "definition", Title: "Definitions", Description: "Templates and stored queries."},
	{Tag: "query", Title: "Query", Description: "AQL, ad hoc and stored."},
	{Tag: "demographic", Title: "Demographic", Description: "Agents, groups, organisations, persons and roles."},
	{Tag: "admin", Title: "Admin", Description: "Physical deletion, for test systems and legal duties. Off unless it is configured."},
}
