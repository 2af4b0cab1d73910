package server

import (
	"net/http"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

func (s *Server) fhirHandler(decision ehr.DecisionPoint, lib *fhirmap.Library, authenticate auth.Authenticator) (http.Handler, error) {
	reader := fhirstore.New(s.store, decision)
	return fhir.New(fhir.Config{
		Reader: reader, Exporter: reader, Coverage: lib, Authenticate: fhir.Authenticator(authenticate),
		BasePath: s.options.FHIRBase, Origin: s.options.BaseURL, Version: Version(), Guard: s.options.Max.check,
		RequestID: func(r *http.Request) string { return telemetry.RequestID(r.Context()) },
		Log:       s.log,
	})
}
