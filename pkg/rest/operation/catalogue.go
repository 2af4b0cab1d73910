// Package operation lists the operations of the openEHR REST API, those of ITS-REST
// and Cairn's own, and describes each for the documentation: parameters, headers,
// bodies, statuses and their schemas. It serves none of them.
package operation

import (
	"net/http"
	"slices"
)

// Operation is one operation of ITS-REST: the OpenAPI document that it belongs
// to, its method, its path below the base path, and its operationId.
type Operation struct {
	Group, Method, Path, ID string
}

// Key is the method and the path, which tell an operation from all others.
func (op Operation) Key() string { return op.Method + " " + op.Path }

// Specified is every operation of ITS-REST 1.1.0-development.
var Specified = []Operation{
	{Group: "system", Method: http.MethodOptions, Path: "/", ID: "options"},
	{Group: "ehr", Method: http.MethodPost, Path: "/ehr", ID: "ehr_create"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr", ID: "ehr_get_by_subject"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}", ID: "ehr_create_with_id"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}", ID: "ehr_get_by_id"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/ehr_status/{version_uid}", ID: "ehr_status_get_by_version_id"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/ehr_status", ID: "ehr_status_get_at_time"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/ehr_status", ID: "ehr_status_update"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_ehr_status", ID: "versioned_ehr_status_get"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_ehr_status/revision_history", ID: "versioned_ehr_status_revision_history"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_ehr_status/version", ID: "versioned_ehr_status_version_get_at_time"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_ehr_status/version/{version_uid}", ID: "versioned_ehr_status_version_get_by_id"},
	{Group: "ehr", Method: http.MethodPost, Path: "/ehr/{ehr_id}/composition", ID: "composition_create"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/composition/{uid_based_id}", ID: "composition_get"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/composition/{uid_based_id}", ID: "composition_update"},
	{Group: "ehr", Method: http.MethodDelete, Path: "/ehr/{ehr_id}/composition/{uid_based_id}", ID: "composition_delete"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}", ID: "versioned_composition_get"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/revision_history", ID: "versioned_composition_revision_history"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version", ID: "versioned_composition_version_get_at_time"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/versioned_composition/{versioned_object_uid}/version/{version_uid}", ID: "versioned_composition_version_get_by_id"},
	{Group: "ehr", Method: http.MethodPost, Path: "/ehr/{ehr_id}/directory", ID: "directory_create"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/directory", ID: "directory_update"},
	{Group: "ehr", Method: http.MethodDelete, Path: "/ehr/{ehr_id}/directory", ID: "directory_delete"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/directory", ID: "directory_get_at_time"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/directory/{version_uid}", ID: "directory_get_by_version_id"},
	{Group: "ehr", Method: http.MethodPost, Path: "/ehr/{ehr_id}/contribution", ID: "contribution_create"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/contribution/{contribution_uid}", ID: "contribution_get"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/tags", ID: "ehr_tags_get"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags", ID: "composition_tags_get"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags", ID: "composition_tags_update"},
	{Group: "ehr", Method: http.MethodDelete, Path: "/ehr/{ehr_id}/composition/{uid_based_id}/tags/{key}", ID: "composition_tags_delete"},
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags", ID: "ehr_status_tags_get"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags", ID: "ehr_status_tags_update"},
	{Group: "ehr", Method: http.MethodDelete, Path: "/ehr/{ehr_id}/ehr_status/{uid_based_id}/tags/{key}", ID: "ehr_status_tags_delete"},
	{Group: "definition", Method: http.MethodPost, Path: "/definition/template/adl1.4", ID: "definition_template_adl1.4_upload"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl1.4", ID: "definition_template_adl1.4_list"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl1.4/{template_id}", ID: "definition_template_adl1.4_get"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl1.4/{template_id}/example", ID: "definition_template_adl1.4_example_get"},
	{Group: "definition", Method: http.MethodPost, Path: "/definition/template/adl2", ID: "definition_template_adl2_upload"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl2", ID: "definition_template_adl2_list"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl2/{template_id}", ID: "definition_template_adl2_get"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl2/{template_id}/example", ID: "definition_template_adl2_example_get"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl2/{template_id}/{version}", ID: "definition_template_adl2_version_get"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/query/{qualified_query_name}", ID: "definition_query_list"},
	{Group: "definition", Method: http.MethodPut, Path: "/definition/query/{qualified_query_name}", ID: "definition_query_store"},
	{Group: "definition", Method: http.MethodPut, Path: "/definition/query/{qualified_query_name}/{version}", ID: "definition_query_version_store"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/query/{qualified_query_name}/{version}", ID: "definition_query_version_get"},
	{Group: "query", Method: http.MethodGet, Path: "/query/aql", ID: "query_execute_adhoc_query"},
	{Group: "query", Method: http.MethodPost, Path: "/query/aql", ID: "query_execute_adhoc_query_body"},
	{Group: "query", Method: http.MethodGet, Path: "/query/{qualified_query_name}", ID: "query_execute_stored_query"},
	{Group: "query", Method: http.MethodPost, Path: "/query/{qualified_query_name}", ID: "query_execute_stored_query_body"},
	{Group: "query", Method: http.MethodGet, Path: "/query/{qualified_query_name}/{version}", ID: "query_execute_stored_query_version"},
	{Group: "query", Method: http.MethodPost, Path: "/query/{qualified_query_name}/{version}", ID: "query_execute_stored_query_version_body"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/agent", ID: "agent_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/agent/{uid_based_id}", ID: "agent_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/agent/{uid_based_id}", ID: "agent_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/agent/{uid_based_id}", ID: "agent_delete"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/group", ID: "group_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/group/{uid_based_id}", ID: "group_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/group/{uid_based_id}", ID: "group_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/group/{uid_based_id}", ID: "group_delete"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/organisation", ID: "organisation_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/organisation/{uid_based_id}", ID: "organisation_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/organisation/{uid_based_id}", ID: "organisation_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/organisation/{uid_based_id}", ID: "organisation_delete"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/person", ID: "person_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/person/{uid_based_id}", ID: "person_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/person/{uid_based_id}", ID: "person_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/person/{uid_based_id}", ID: "person_delete"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/role", ID: "role_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/role/{uid_based_id}", ID: "role_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/role/{uid_based_id}", ID: "role_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/role/{uid_based_id}", ID: "role_delete"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/versioned_party/{versioned_object_uid}", ID: "versioned_party_get"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/versioned_party/{versioned_object_uid}/revision_history", ID: "versioned_party_revision_history"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/versioned_party/{versioned_object_uid}/version", ID: "versioned_party_version_get_at_time"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/versioned_party/{versioned_object_uid}/version/{version_uid}", ID: "versioned_party_version_get_by_id"},
	{Group: "demographic", Method: http.MethodPost, Path: "/demographic/contribution", ID: "contribution_create"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/contribution/{contribution_uid}", ID: "contribution_get"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/tags", ID: "demographic_tags_get"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/agent/{uid_based_id}/tags", ID: "agent_tags_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/agent/{uid_based_id}/tags", ID: "agent_tags_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/agent/{uid_based_id}/tags/{key}", ID: "agent_tags_delete"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/group/{uid_based_id}/tags", ID: "group_tags_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/group/{uid_based_id}/tags", ID: "group_tags_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/group/{uid_based_id}/tags/{key}", ID: "group_tags_delete"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/organisation/{uid_based_id}/tags", ID: "organisation_tags_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/organisation/{uid_based_id}/tags", ID: "organisation_tags_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/organisation/{uid_based_id}/tags/{key}", ID: "organisation_tags_delete"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/person/{uid_based_id}/tags", ID: "person_tags_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/person/{uid_based_id}/tags", ID: "person_tags_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/person/{uid_based_id}/tags/{key}", ID: "person_tags_delete"},
	{Group: "demographic", Method: http.MethodGet, Path: "/demographic/role/{uid_based_id}/tags", ID: "role_tags_get"},
	{Group: "demographic", Method: http.MethodPut, Path: "/demographic/role/{uid_based_id}/tags", ID: "role_tags_update"},
	{Group: "demographic", Method: http.MethodDelete, Path: "/demographic/role/{uid_based_id}/tags/{key}", ID: "role_tags_delete"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/ehr/{ehr_id}", ID: "admin_ehr_delete"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/ehr/all", ID: "admin_ehr_delete_all"},
}

// Own are the operations of Cairn's own, which no specification knows.
var Own = []Operation{
	{Group: "ehr", Method: http.MethodGet, Path: "/ehr/{ehr_id}/directory/{uid_based_id}/tags", ID: "directory_tags_get"},
	{Group: "ehr", Method: http.MethodPut, Path: "/ehr/{ehr_id}/directory/{uid_based_id}/tags", ID: "directory_tags_update"},
	{Group: "ehr", Method: http.MethodDelete, Path: "/ehr/{ehr_id}/directory/{uid_based_id}/tags/{key}", ID: "directory_tags_delete"},
	{Group: "definition", Method: http.MethodGet, Path: "/definition/template/adl1.4/{template_id}/revision", ID: "definition_template_revision_list"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/ehr/{ehr_id}/composition/{versioned_object_uid}", ID: "admin_composition_delete"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/demographic/versioned_party/{versioned_object_uid}", ID: "admin_party_delete"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/template/{template_id}", ID: "admin_template_delete"},
	{Group: "admin", Method: http.MethodDelete, Path: "/admin/query/{qualified_query_name}/{version}", ID: "admin_query_delete"},
}

// All is those of the specification and Cairn's own.
func All() []Operation { return slices.Concat(Specified, Own) }
