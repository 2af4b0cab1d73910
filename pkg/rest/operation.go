package rest

import (
	"net/http"
	"slices"
)

// operation is one operation of ITS-REST: the OpenAPI document that it belongs
// to, its method, its path below the base path, and its operationId.
type operation struct {
	group, method, path, id string
}

// offered are the operations that Cairn has, by method and path. The others
// are answered with 501 and their name.
var offered = map[string]handler{
	"OPTIONS /": {serve: (*api).options, anonymous: true},

	"POST /ehr":                    {serve: (*api).createEHR},
	"GET /ehr":                     {serve: (*api).ehrBySubject},
	"PUT /ehr/{ehr_id}":            {serve: (*api).createEHRWithID},
	"GET /ehr/{ehr_id}":            {serve: (*api).ehrByID},
	"GET /ehr/{ehr_id}/ehr_status": {serve: (*api).ehrStatus},
	"GET /ehr/{ehr_id}/ehr_status/{version_uid}": {serve: (*api).ehrStatusVersion},
	"PUT /ehr/{ehr_id}/ehr_status":               {serve: (*api).updateEHRStatus},

	"POST /ehr/{ehr_id}/composition":                  {serve: compositions.create},
	"GET /ehr/{ehr_id}/composition/{uid_based_id}":    {serve: compositions.read},
	"PUT /ehr/{ehr_id}/composition/{uid_based_id}":    {serve: compositions.update},
	"DELETE /ehr/{ehr_id}/composition/{uid_based_id}": {serve: compositions.remove},

	"GET /ehr/{ehr_id}/versioned_ehr_status":                       {serve: versionedEHRStatus.container},
	"GET /ehr/{ehr_id}/versioned_ehr_status/revision_history":      {serve: versionedEHRStatus.revisions},
	"GET /ehr/{ehr_id}/versioned_ehr_status/version":               {serve: versionedEHRStatus.versionAt},
	"GET /ehr/{ehr_id}/versioned_ehr_status/version/{version_uid}": {serve: versionedEHRStatus.version},

	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}":                       {serve: versionedComposition.container},
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/revision_history":      {serve: versionedComposition.revisions},
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version":               {serve: versionedComposition.versionAt},
	"GET /ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version/{version_uid}": {serve: versionedComposition.version},

	"POST /ehr/{ehr_id}/directory":              {serve: (*api).createDirectory},
	"PUT /ehr/{ehr_id}/directory":               {serve: (*api).updateDirectory},
	"DELETE /ehr/{ehr_id}/directory":            {serve: (*api).deleteDirectory},
	"GET /ehr/{ehr_id}/directory":               {serve: (*api).directory},
	"GET /ehr/{ehr_id}/directory/{version_uid}": {serve: (*api).directoryVersion},

	"POST /ehr/{ehr_id}/contribution":                   {serve: (*api).createContribution},
	"GET /ehr/{ehr_id}/contribution/{contribution_uid}": {serve: (*api).contribution},

	"GET /ehr/{ehr_id}/tags":                                     {serve: (*api).ehrTags},
	"GET /ehr/{ehr_id}/composition/{uid_based_id}/tags":          {serve: taggedComposition.list},
	"PUT /ehr/{ehr_id}/composition/{uid_based_id}/tags":          {serve: taggedComposition.update},
	"DELETE /ehr/{ehr_id}/composition/{uid_based_id}/tags/{key}": {serve: taggedComposition.remove},
	"GET /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           {serve: taggedEHRStatus.list},
	"PUT /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           {serve: taggedEHRStatus.update},
	"DELETE /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags/{key}":  {serve: taggedEHRStatus.remove},

	"POST /definition/template/adl1.4":                      {serve: (*api).uploadTemplate},
	"GET /definition/template/adl1.4":                       {serve: (*api).listTemplates},
	"GET /definition/template/adl1.4/{template_id}":         {serve: (*api).template},
	"GET /definition/template/adl1.4/{template_id}/example": {serve: (*api).templateExample},

	"POST /definition/template/adl2":                        {serve: (*api).uploadADL2},
	"GET /definition/template/adl2":                         {serve: (*api).listADL2},
	"GET /definition/template/adl2/{template_id}":           {serve: (*api).adl2},
	"GET /definition/template/adl2/{template_id}/{version}": {serve: (*api).adl2},

	"GET /definition/query/{qualified_query_name}":           {serve: (*api).listQueries},
	"PUT /definition/query/{qualified_query_name}":           {serve: (*api).storeQuery},
	"PUT /definition/query/{qualified_query_name}/{version}": {serve: (*api).storeQuery},
	"GET /definition/query/{qualified_query_name}/{version}": {serve: (*api).storedQuery},

	"GET /query/aql":                               {serve: (*api).adhocQuery},
	"POST /query/aql":                              {serve: (*api).adhocQueryBody},
	"GET /query/{qualified_query_name}":            {serve: (*api).runStoredQuery},
	"POST /query/{qualified_query_name}":           {serve: (*api).runStoredQuery},
	"GET /query/{qualified_query_name}/{version}":  {serve: (*api).runStoredQuery},
	"POST /query/{qualified_query_name}/{version}": {serve: (*api).runStoredQuery},

	"POST /demographic/agent":                  {serve: agents.create},
	"GET /demographic/agent/{uid_based_id}":    {serve: agents.read},
	"PUT /demographic/agent/{uid_based_id}":    {serve: agents.update},
	"DELETE /demographic/agent/{uid_based_id}": {serve: agents.remove},

	"POST /demographic/group":                  {serve: groups.create},
	"GET /demographic/group/{uid_based_id}":    {serve: groups.read},
	"PUT /demographic/group/{uid_based_id}":    {serve: groups.update},
	"DELETE /demographic/group/{uid_based_id}": {serve: groups.remove},

	"POST /demographic/organisation":                  {serve: organisations.create},
	"GET /demographic/organisation/{uid_based_id}":    {serve: organisations.read},
	"PUT /demographic/organisation/{uid_based_id}":    {serve: organisations.update},
	"DELETE /demographic/organisation/{uid_based_id}": {serve: organisations.remove},

	"POST /demographic/person":                  {serve: persons.create},
	"GET /demographic/person/{uid_based_id}":    {serve: persons.read},
	"PUT /demographic/person/{uid_based_id}":    {serve: persons.update},
	"DELETE /demographic/person/{uid_based_id}": {serve: persons.remove},

	"POST /demographic/role":                  {serve: roles.create},
	"GET /demographic/role/{uid_based_id}":    {serve: roles.read},
	"PUT /demographic/role/{uid_based_id}":    {serve: roles.update},
	"DELETE /demographic/role/{uid_based_id}": {serve: roles.remove},

	"GET /demographic/versioned_party/{versioned_object_uid}":                       {serve: versionedParty.container},
	"GET /demographic/versioned_party/{versioned_object_uid}/revision_history":      {serve: versionedParty.revisions},
	"GET /demographic/versioned_party/{versioned_object_uid}/version":               {serve: versionedParty.versionAt},
	"GET /demographic/versioned_party/{versioned_object_uid}/version/{version_uid}": {serve: versionedParty.version},

	"POST /demographic/contribution":                   {serve: (*api).createPartyContribution},
	"GET /demographic/contribution/{contribution_uid}": {serve: (*api).partyContribution},

	"GET /demographic/tags":                                      {serve: (*api).partyTags},
	"GET /demographic/agent/{uid_based_id}/tags":                 {serve: taggedAgent.list},
	"PUT /demographic/agent/{uid_based_id}/tags":                 {serve: taggedAgent.update},
	"DELETE /demographic/agent/{uid_based_id}/tags/{key}":        {serve: taggedAgent.remove},
	"GET /demographic/group/{uid_based_id}/tags":                 {serve: taggedGroup.list},
	"PUT /demographic/group/{uid_based_id}/tags":                 {serve: taggedGroup.update},
	"DELETE /demographic/group/{uid_based_id}/tags/{key}":        {serve: taggedGroup.remove},
	"GET /demographic/organisation/{uid_based_id}/tags":          {serve: taggedOrganisation.list},
	"PUT /demographic/organisation/{uid_based_id}/tags":          {serve: taggedOrganisation.update},
	"DELETE /demographic/organisation/{uid_based_id}/tags/{key}": {serve: taggedOrganisation.remove},
	"GET /demographic/person/{uid_based_id}/tags":                {serve: taggedPerson.list},
	"PUT /demographic/person/{uid_based_id}/tags":                {serve: taggedPerson.update},
	"DELETE /demographic/person/{uid_based_id}/tags/{key}":       {serve: taggedPerson.remove},
	"GET /demographic/role/{uid_based_id}/tags":                  {serve: taggedRole.list},
	"PUT /demographic/role/{uid_based_id}/tags":                  {serve: taggedRole.update},
	"DELETE /demographic/role/{uid_based_id}/tags/{key}":         {serve: taggedRole.remove},

	"GET /definition/template/adl1.4/{template_id}/revision": {serve: (*api).listRevisions},

	"DELETE /admin/ehr/{ehr_id}": {serve: (*api).eraseEHR},
	"DELETE /admin/ehr/all":      {serve: (*api).eraseEHRs},

	"DELETE /admin/ehr/{ehr_id}/composition/{versioned_object_uid}": {serve: (*api).eraseComposition},
	"DELETE /admin/template/{template_id}":                          {serve: (*api).eraseTemplate},
	"DELETE /admin/query/{qualified_query_name}/{version}":          {serve: (*api).eraseQuery},
}

// operations is every operation of ITS-REST 1.1.0-development.
var operations = []operation{
	{group: "system", method: http.MethodOptions, path: "/", id: "options"},
	{group: "ehr", method: http.MethodPost, path: "/ehr", id: "ehr_create"},
	{group: "ehr", method: http.MethodGet, path: "/ehr", id: "ehr_get_by_subject"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}", id: "ehr_create_with_id"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}", id: "ehr_get_by_id"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/ehr_status/{version_uid}", id: "ehr_status_get_by_version_id"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/ehr_status", id: "ehr_status_get_at_time"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}/ehr_status", id: "ehr_status_update"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_ehr_status", id: "versioned_ehr_status_get"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_ehr_status/revision_history", id: "versioned_ehr_status_revision_history"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_ehr_status/version", id: "versioned_ehr_status_version_get_at_time"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_ehr_status/version/{version_uid}", id: "versioned_ehr_status_version_get_by_id"},
	{group: "ehr", method: http.MethodPost, path: "/ehr/{ehr_id}/composition", id: "composition_create"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/composition/{uid_based_id}", id: "composition_get"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}/composition/{uid_based_id}", id: "composition_update"},
	{group: "ehr", method: http.MethodDelete, path: "/ehr/{ehr_id}/composition/{uid_based_id}", id: "composition_delete"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}", id: "versioned_composition_get"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/revision_history", id: "versioned_composition_revision_history"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version", id: "versioned_composition_version_get_at_time"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version/{version_uid}", id: "versioned_composition_version_get_by_id"},
	{group: "ehr", method: http.MethodPost, path: "/ehr/{ehr_id}/directory", id: "directory_create"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}/directory", id: "directory_update"},
	{group: "ehr", method: http.MethodDelete, path: "/ehr/{ehr_id}/directory", id: "directory_delete"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/directory", id: "directory_get_at_time"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/directory/{version_uid}", id: "directory_get_by_version_id"},
	{group: "ehr", method: http.MethodPost, path: "/ehr/{ehr_id}/contribution", id: "contribution_create"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/contribution/{contribution_uid}", id: "contribution_get"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/tags", id: "ehr_tags_get"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags", id: "composition_tags_get"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags", id: "composition_tags_update"},
	{group: "ehr", method: http.MethodDelete, path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags/{key}", id: "composition_tags_delete"},
	{group: "ehr", method: http.MethodGet, path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags", id: "ehr_status_tags_get"},
	{group: "ehr", method: http.MethodPut, path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags", id: "ehr_status_tags_update"},
	{group: "ehr", method: http.MethodDelete, path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags/{key}", id: "ehr_status_tags_delete"},
	{group: "definition", method: http.MethodPost, path: "/definition/template/adl1.4", id: "definition_template_adl1.4_upload"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl1.4", id: "definition_template_adl1.4_list"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl1.4/{template_id}", id: "definition_template_adl1.4_get"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl1.4/{template_id}/example", id: "definition_template_adl1.4_example_get"},
	{group: "definition", method: http.MethodPost, path: "/definition/template/adl2", id: "definition_template_adl2_upload"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl2", id: "definition_template_adl2_list"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl2/{template_id}", id: "definition_template_adl2_get"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl2/{template_id}/example", id: "definition_template_adl2_example_get"},
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl2/{template_id}/{version}", id: "definition_template_adl2_version_get"},
	{group: "definition", method: http.MethodGet, path: "/definition/query/{qualified_query_name}", id: "definition_query_list"},
	{group: "definition", method: http.MethodPut, path: "/definition/query/{qualified_query_name}", id: "definition_query_store"},
	{group: "definition", method: http.MethodPut, path: "/definition/query/{qualified_query_name}/{version}", id: "definition_query_version_store"},
	{group: "definition", method: http.MethodGet, path: "/definition/query/{qualified_query_name}/{version}", id: "definition_query_version_get"},
	{group: "query", method: http.MethodGet, path: "/query/aql", id: "query_execute_adhoc_query"},
	{group: "query", method: http.MethodPost, path: "/query/aql", id: "query_execute_adhoc_query_body"},
	{group: "query", method: http.MethodGet, path: "/query/{qualified_query_name}", id: "query_execute_stored_query"},
	{group: "query", method: http.MethodPost, path: "/query/{qualified_query_name}", id: "query_execute_stored_query_body"},
	{group: "query", method: http.MethodGet, path: "/query/{qualified_query_name}/{version}", id: "query_execute_stored_query_version"},
	{group: "query", method: http.MethodPost, path: "/query/{qualified_query_name}/{version}", id: "query_execute_stored_query_version_body"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/agent", id: "agent_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/agent/{uid_based_id}", id: "agent_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/agent/{uid_based_id}", id: "agent_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/agent/{uid_based_id}", id: "agent_delete"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/group", id: "group_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/group/{uid_based_id}", id: "group_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/group/{uid_based_id}", id: "group_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/group/{uid_based_id}", id: "group_delete"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/organisation", id: "organisation_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/organisation/{uid_based_id}", id: "organisation_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/organisation/{uid_based_id}", id: "organisation_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/organisation/{uid_based_id}", id: "organisation_delete"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/person", id: "person_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/person/{uid_based_id}", id: "person_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/person/{uid_based_id}", id: "person_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/person/{uid_based_id}", id: "person_delete"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/role", id: "role_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/role/{uid_based_id}", id: "role_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/role/{uid_based_id}", id: "role_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/role/{uid_based_id}", id: "role_delete"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/versioned_party/{versioned_object_uid}", id: "versioned_party_get"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/versioned_party/{versioned_object_uid}/revision_history", id: "versioned_party_revision_history"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/versioned_party/{versioned_object_uid}/version", id: "versioned_party_version_get_at_time"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/versioned_party/{versioned_object_uid}/version/{version_uid}", id: "versioned_party_version_get_by_id"},
	{group: "demographic", method: http.MethodPost, path: "/demographic/contribution", id: "contribution_create"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/contribution/{contribution_uid}", id: "contribution_get"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/tags", id: "demographic_tags_get"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/agent/{uid_based_id}/tags", id: "agent_tags_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/agent/{uid_based_id}/tags", id: "agent_tags_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/agent/{uid_based_id}/tags/{key}", id: "agent_tags_delete"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/group/{uid_based_id}/tags", id: "group_tags_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/group/{uid_based_id}/tags", id: "group_tags_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/group/{uid_based_id}/tags/{key}", id: "group_tags_delete"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/organisation/{uid_based_id}/tags", id: "organisation_tags_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/organisation/{uid_based_id}/tags", id: "organisation_tags_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/organisation/{uid_based_id}/tags/{key}", id: "organisation_tags_delete"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/person/{uid_based_id}/tags", id: "person_tags_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/person/{uid_based_id}/tags", id: "person_tags_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/person/{uid_based_id}/tags/{key}", id: "person_tags_delete"},
	{group: "demographic", method: http.MethodGet, path: "/demographic/role/{uid_based_id}/tags", id: "role_tags_get"},
	{group: "demographic", method: http.MethodPut, path: "/demographic/role/{uid_based_id}/tags", id: "role_tags_update"},
	{group: "demographic", method: http.MethodDelete, path: "/demographic/role/{uid_based_id}/tags/{key}", id: "role_tags_delete"},
	{group: "admin", method: http.MethodDelete, path: "/admin/ehr/{ehr_id}", id: "admin_ehr_delete"},
	{group: "admin", method: http.MethodDelete, path: "/admin/ehr/all", id: "admin_ehr_delete_all"},
}

// extensions are the operations of Cairn's own, which no specification knows.
var extensions = []operation{
	{group: "definition", method: http.MethodGet, path: "/definition/template/adl1.4/{template_id}/revision", id: "definition_template_revision_list"},
	{group: "admin", method: http.MethodDelete, path: "/admin/ehr/{ehr_id}/composition/{versioned_object_uid}", id: "admin_composition_delete"},
	{group: "admin", method: http.MethodDelete, path: "/admin/template/{template_id}", id: "admin_template_delete"},
	{group: "admin", method: http.MethodDelete, path: "/admin/query/{qualified_query_name}/{version}", id: "admin_query_delete"},
}

// everyOperation is those of the specification and Cairn's own.
func everyOperation() []operation { return slices.Concat(operations, extensions) }
