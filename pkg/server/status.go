package server

import (
	"net/http"
	"runtime"
	"time"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// statusPath is where the versions are, if that is switched on.
const statusPath = "/status"

// status tells the versions of everything. What of the database does not answer
// is left out, and the status 503.
func (s *Server) status(started time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusOK
		body := map[string]any{
			"name": "Cairn", "version": Version(), "go_version": runtime.Version(),
			"openehr_rest_version": rest.SpecVersion, "openehr_rm_version": "1.1.0", "openehr_aql_version": "1.1.0", "fhir_version": "4.0.1",
			"system_id": s.options.SystemID, "started": started.UTC().Format(time.RFC3339),
			"openehr": s.options.OpenEHRBase, "fhir": s.options.FHIRBase,
		}
		var postgres string
		if err := s.store.Pool().QueryRow(r.Context(), `show server_version`).Scan(&postgres); err == nil {
			body["postgres_version"] = postgres
		} else {
			s.log.Warn("the status lacks the version of PostgreSQL", "error", err)
			code = http.StatusServiceUnavailable
		}
		if schema, _, err := migrations.Version(r.Context(), s.db.url); err == nil {
			body["schema_version"] = schema
		} else {
			s.log.Warn("the status lacks the version of the schema", "error", err)
			code = http.StatusServiceUnavailable
		}
		if st, err := s.store.ProjectionState(r.Context()); err == nil {
			body["fhir_projection"] = map[string]any{
				"rules": st.Rules, "pending": st.Pending, "done": st.Done, "total": st.Total, "changed": st.Changed, "failed": st.Failed,
				"queued": st.Queued, "lag_seconds": st.Lag.Seconds(),
			}
		} else {
			s.log.Warn("the status lacks the state of the projection", "error", err)
			code = http.StatusServiceUnavailable
		}
		writeJSON(w, code, body)
	}
}
