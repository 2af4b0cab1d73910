package rest

import (
	"net/http"
	"slices"
	"strings"
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
	for _, op := range operations {
		if _, ok := offered[op.method+" "+op.path]; !ok {
			continue
		}
		if op.id == "admin_ehr_delete" && !a.EraseEHRs || op.id == "admin_ehr_delete_all" && !a.EraseAllEHRs {
			continue
		}
		if slices.Contains(m.Operations, op.id) { // the contributions of EHRs and of parties have the same ids
			continue
		}
		m.Operations = append(m.Operations, op.id)
		if first, _, _ := strings.Cut(strings.TrimPrefix(op.path, "/"), "/"); first != "" && !slices.Contains(m.Endpoints, "/"+first) {
			m.Endpoints = append(m.Endpoints, "/"+first)
		}
	}
	return marshal(m)
}

// options serves OPTIONS /.
func (a *api) options(w *answer, r *request) error {
	if _, err := negotiate(r.Header, mediaJSON); err != nil {
		return err
	}
	return send(w, http.StatusOK, mediaJSON, a.manifest)
}
