package server

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/event"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
	"github.com/cairn-ehr/cairn/pkg/fhir/stance"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

func (s *Server) fhirHandler(ctx context.Context, decision ehr.DecisionPoint, lib *fhirmap.Library, authenticate auth.Authenticator) (http.Handler, error) {
	labels, err := s.options.labels()
	if err != nil {
		return nil, err
	}
	reader := fhirstore.New(s.store, decision)
	reader.Label(labels)
	keys, err := s.options.Subscription.keys()
	if err != nil {
		return nil, err
	}
	reader.Seal(keys)
	resealed, lost, err := reader.Reseal(ctx)
	switch {
	case err != nil:
		return nil, err
	case lost > 0:
		s.log.Error("headers of subscriptions are encrypted by a key that is not configured: nothing is sent to their endpoints", "subscriptions", lost)
	case resealed > 0:
		s.log.Info("headers of subscriptions were encrypted", "subscriptions", resealed)
	}
	var in *intake.Intake
	if s.options.FHIRWrite {
		decider, err := s.stances()
		if err != nil {
			return nil, err
		}
		in, err = intake.New(intake.Config{
			Records: s.Service, Mappings: lib, SystemID: s.options.SystemID, Territory: s.options.FHIRWriteTerritory, Templates: s.options.FHIRWriteTemplate,
			Stance: decider,
		})
		if err != nil {
			return nil, err
		}
	}
	endpoints, err := event.ParseEndpoints(s.options.Subscription.Endpoint)
	if err != nil {
		return nil, err
	}
	var allow func(string) error
	if len(endpoints) > 0 {
		allow = endpoints.Allow
	}
	o := s.options.Subscription
	if s.events, err = event.Start(ctx, event.Config{
		URL: s.db.url, Reader: reader, Log: s.log, Endpoints: endpoints, Attempts: o.Attempts, Backoff: o.Backoff, Retention: o.Retention, Slice: o.Slice,
	}); err != nil {
		return nil, err
	}
	return fhir.New(fhir.Config{
		Labels: labels, MaxQuery: s.options.Max.parameterBytes(), KeepHeaders: keys != nil,
		Terminology: s.terms, ConceptMaps: conceptMaps(lib), Intake: in, IdempotencyLifetime: s.options.IdempotencyTTL,
		Reader: reader, Exporter: reader, Grouper: reader, Subscriber: reader, Endpoint: allow, Coverage: lib, Authenticate: fhir.Authenticator(authenticate),
		BasePath: s.options.FHIRBase, Origin: s.options.BaseURL, Version: Version(), Guard: s.options.Max.check,
		RequestID: func(r *http.Request) string { return telemetry.RequestID(r.Context()) },
		Log:       s.log,
	})
}

// stances decide whether the codes of resources that are written name or deny.
func (s *Server) stances() (*stance.Decider, error) {
	d := &stance.Decider{}
	if s.terms != nil {
		d.Terminology = s.terms
	}
	for _, text := range s.options.FHIRWriteTrust {
		t, err := stance.ParseTrust(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		d.Trusted = append(d.Trusted, t)
	}
	return d, nil
}

// labels are the security labels that the options ask for.
func (o Projecting) labels() (fhir.Labels, error) {
	parse := func(list []string) (out []fhir.Label, err error) {
		for _, s := range list {
			l, err := fhir.ParseLabel(strings.TrimSpace(s))
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
		return out, nil
	}
	var l fhir.Labels
	var err error
	if l.All, err = parse(o.FHIRSecurity); err != nil {
		return l, err
	}
	for id, list := range o.FHIRSecurityOf {
		if l.Templates == nil {
			l.Templates = map[string][]fhir.Label{}
		}
		if l.Templates[id], err = parse(strings.Split(list, ",")); err != nil {
			return l, err
		}
	}
	l.Tags = o.FHIRSecurityTag
	if slices.Contains(l.Tags, "") {
		return l, errs.New(errs.Invalid, "server.Options", "the key of a tag with security labels is empty")
	}
	for _, s := range o.FHIRSecurityCode {
		c, err := fhir.ParseCodeLabel(s)
		if err != nil {
			return l, err
		}
		l.Codes = append(l.Codes, c)
	}
	return l, l.Check()
}

// keys are those of the options and of the file that they name.
func (o SubscriptionOptions) keys() (*fhirstore.Keys, error) {
	list := o.Key
	if o.KeyFile != "" {
		text, err := os.ReadFile(o.KeyFile)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, "server.Options", "the file of keys cannot be read", err)
		}
		list = append(slices.Clone(list), strings.Fields(string(text))...)
		if len(list) == 0 {
			return nil, errs.New(errs.Invalid, "server.Options", "the file of keys holds none")
		}
	}
	return fhirstore.ParseKeys(list)
}

// conceptMaps are those that mappings translate by, as the FHIR API shows them.
func conceptMaps(lib *fhirmap.Library) []fhir.ConceptMap {
	var out []fhir.ConceptMap
	for _, m := range lib.ConceptMaps() {
		out = append(out, fhir.ConceptMap{URL: m.URL, Resource: m.Resource})
	}
	return out
}
