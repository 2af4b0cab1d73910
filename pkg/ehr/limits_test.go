package ehr_test

import (
	"testing"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// TestLoweredTemplateLimit wants what was stored within a limit to be of use
// under a lower one, which is for uploads alone.
func TestLoweredTemplateLimit(t *testing.T) {
	t.Parallel()
	_, st := ready(t, nil)
	s := newService(t, st, func(c *ehr.Config) { c.Limits.TemplateBytes = 1000 })
	if _, err := s.PutTemplate(t.Context(), who, libraryOPT(t, synth.VitalSigns)); !errs.Is(err, errs.TooLarge) {
		t.Errorf("an upload beyond the limit: %v", err)
	}
	e := mustEHR(t, s)
	if _, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}}); err != nil {
		t.Errorf("a composition of a template that is stored: %v", err)
	}
}
