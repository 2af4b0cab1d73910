package server

import (
	"os"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/templates/archetyped"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// readArchetypes reads the folder of archetypes by which contents of slots are
// checked; nil without one. One that cannot be compiled is not known, which is
// logged; one that is not ADL keeps the server from starting.
func (s *Server) readArchetypes() (validate.Archetypes, error) {
	dir := s.options.Archetypes
	if dir == "" {
		return nil, nil
	}
	r, err := archetypes.ReadRepository(os.DirFS(dir))
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, "server.Options", "the archetypes cannot be read", err)
	}
	known, problems := archetyped.New(r)
	for _, p := range problems {
		s.log.Warn("an archetype cannot be used for validation", "error", p)
	}
	if known.Len() == 0 {
		return nil, errs.New(errs.Invalid, "server.Options", "there is no usable archetype (.adl) in "+dir)
	}
	s.log.Info("archetypes for validation", "known", known.Len())
	return known, nil
}
