package rest

import (
	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/rest/operation"
)

// offered serves the operations, by their keys.
var offered = map[string]handler{
	"OPTIONS /": {serve: (*api).options, anonymous: true},

	"POST /ehr":                    {serve: (*api).createEHR},
	"GET /ehr":                     {serve: (*api).ehrBySubject},
	"PUT /ehr/{ehr_id}":            {serve: (*api).createEHRWithID},
	"GET /ehr/{ehr_id}":            {serve: (*api).ehrByID},
	"GET /ehr/{ehr_id}/ehr_status": {serve: (*api).ehrStatus},
	"GET /ehr/{ehr_id}/ehr_status/{version_uid}": {serve: (*api).ehrStatus},
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
	"GET /ehr/{ehr_id}/directory/{version_uid}": {serve: (*api).directory},

	"POST /ehr/{ehr_id}/contribution":                   {serve: (*api).createContribution},
	"GET /ehr/{ehr_id}/contribution/{contribution_uid}": {serve: (*api).contribution},

	"GET /ehr/{ehr_id}/tags":                                     {serve: (*api).ehrTags},
	"GET /ehr/{ehr_id}/composition/{uid_based_id}/tags":          {serve: taggedComposition.list},
	"PUT /ehr/{ehr_id}/composition/{uid_based_id}/tags":          {serve: taggedComposition.update},
	"DELETE /ehr/{ehr_id}/composition/{uid_based_id}/tags/{key}": {serve: taggedComposition.remove},
	"GET /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           {serve: taggedEHRStatus.list},
	"PUT /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags":           {serve: taggedEHRStatus.update},
	"DELETE /ehr/{ehr_id}/ehr_status/{uid_based_id}/tags/{key}":  {serve: taggedEHRStatus.remove},
	"GET /ehr/{ehr_id}/directory/{uid_based_id}/tags":            {serve: taggedDirectory.list},
	"PUT /ehr/{ehr_id}/directory/{uid_based_id}/tags":            {serve: taggedDirectory.update},
	"DELETE /ehr/{ehr_id}/directory/{uid_based_id}/tags/{key}":   {serve: taggedDirectory.remove},

	"POST /definition/template/adl1.4":                      {serve: (*api).uploadTemplate},
	"GET /definition/template/adl1.4":                       {serve: (*api).listTemplates},
	"GET /definition/template/adl1.4/{template_id}":         {serve: (*api).template},
	"GET /definition/template/adl1.4/{template_id}/example": {serve: (*api).templateExample},

	"POST /definition/template/adl2":                        {serve: (*api).uploadADL2},
	"GET /definition/template/adl2":                         {serve: (*api).listADL2},
	"GET /definition/template/adl2/{template_id}":           {serve: (*api).adl2},
	"GET /definition/template/adl2/{template_id}/example":   {serve: (*api).adl2Example},
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

	"DELETE /admin/ehr/{ehr_id}/composition/{versioned_object_uid}":    {serve: (*api).eraseComposition},
	"DELETE /admin/demographic/versioned_party/{versioned_object_uid}": {serve: (*api).eraseParty},
	"DELETE /admin/template/{template_id}":                             {serve: (*api).eraseTemplate},
	"DELETE /admin/query/{qualified_query_name}/{version}":             {serve: (*api).eraseQuery},
}

// Operations describes the operations that the API offers, with paths below the
// base path given.
func Operations(basePath string) []apidoc.Operation {
	var out []apidoc.Operation
	for _, op := range operation.All() {
		if h, ok := offered[op.Key()]; ok {
			out = append(out, op.Document(basePath, h.anonymous))
		}
	}
	return out
}
