// Package archetyped makes the archetypes of a repository known to validation:
// each is compiled as if it were a template of its own, without any rules.
package archetyped

import (
	"fmt"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/oet"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Repository has the archetypes of a repository as validation takes them. It is
// immutable and may be used from any number of goroutines.
type Repository struct {
	byID map[string]*validate.Archetype
}

var _ validate.Archetypes = (*Repository)(nil)

// New compiles all archetypes. Those that do not compile are left out, each
// with an error that names it.
func New(r *archetypes.Repository) (*Repository, []error) {
	out := &Repository{byID: map[string]*validate.Archetype{}}
	var problems []error
	for _, id := range r.IDs() {
		a := r.Archetype(id)
		tpl, err := compile(r, a)
		if err != nil {
			problems = append(problems, fmt.Errorf("archetype %s: %w", id, err))
			continue
		}
		out.byID[id] = &validate.Archetype{Template: tpl, Invariants: a.Invariants}
	}
	return out, problems
}

func compile(r *archetypes.Repository, a *archetypes.Archetype) (*templates.Template, error) {
	opt, err := oet.Compile(&oet.Source{Name: a.ID, Definition: &oet.Item{ArchetypeID: a.ID}}, oet.Options{Archetypes: r})
	if err != nil {
		return nil, err
	}
	return templates.ReadOPT(opt, templates.Limits{})
}

// Len is the number of archetypes known.
func (r *Repository) Len() int { return len(r.byID) }

// Archetype implements validate.Archetypes.
func (r *Repository) Archetype(id string) *validate.Archetype { return r.byID[id] }
