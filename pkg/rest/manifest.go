package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rest/operation"
)

// Manifest is the answer to OPTIONS on the base path: what the server is and
// what of the API it really has.
type Manifest struct {
	Solution        string `json:"solution"`
	SolutionVersion string `json:"solution_version"`
	Vendor          string `json:"vendor"`
	SpecVersion     string `json:"restapi_specs_version"`
	// ConformanceProfile is the highest openEHR platform profile met in full.
	ConformanceProfile string `json:"conformance_profile"`
	// Endpoints are the path groups on which at least one operation is offered.
	Endpoints []string `json:"endpoints"`
	// Operations are the operationIds offered, a member of Cairn's own.
	Operations []string `json:"operations"`
}

// conformanceProfile: CORE also asks for provisioning of ADL 1.4 archetypes
// (CNF profiles, functional, Definitions), for which there is no operation.
const conformanceProfile = "NONE"

func (a *api) buildManifest() []byte {
	m := Manifest{
		Solution: a.Solution, SolutionVersion: a.Version, Vendor: a.Vendor,
		SpecVersion: SpecVersion, ConformanceProfile: conformanceProfile,
	}
	for _, op := range operation.Specified {
		if _, ok := offered[op.Key()]; !ok {
			continue
		}
		if op.ID == "admin_ehr_delete" && !a.EraseEHRs || op.ID == "admin_ehr_delete_all" && !a.EraseAllEHRs {
			continue
		}
		if slices.Contains(m.Operations, op.ID) { // the contributions of EHRs and of parties have the same ids
			continue
		}
		m.Operations = append(m.Operations, op.ID)
		if first, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/"), "/"); first != "" && !slices.Contains(m.Endpoints, "/"+first) {
			m.Endpoints = append(m.Endpoints, "/"+first)
		}
	}
	return marshal(m)
}

// options serves OPTIONS /.
func (a *api) options(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	return send(w, http.StatusOK, mediatype.JSON, a.manifest)
}
