package server

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

// index tells a visitor where things are.
func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"name": "Cairn", "version": Version(),
		"openehr": s.options.OpenEHRBase, "fhir": s.options.FHIRBase,
		"health": map[string]string{"live": telemetry.LivePath, "ready": telemetry.ReadyPath}, "metrics": telemetry.MetricsPath, "openapi": openAPIPath, "docs": referencePath,
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusNotFound, map[string]any{"message": "there is nothing at this path", "code": "not_found"})
}

func writeJSON(w http.ResponseWriter, status int, body map[string]any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic("server: " + err.Error()) // maps of strings always have a form
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the client may be gone
}

// under reports whether a path is that of an API or below it.
func under(base, path string) bool {
	return path == base || strings.HasPrefix(path, base+"/")
}
