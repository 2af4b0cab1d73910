package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// concepts caches the dictionary of archetype ids. An entry is inserted by a
// statement of its own before the commit that needs it and cached once that is
// durable, so that a rolled back commit can leave nothing wrong here; at worst
// the dictionary holds an archetype that no version uses yet.
type concepts struct {
	mu  sync.RWMutex
	ids map[string]int32
}

// Concepts gives the dictionary's numbers of archetypes, in their order.
func (s *Store) Concepts(ctx context.Context, roots []ehr.ArchetypeRoot) ([]int32, error) {
	out := make([]int32, len(roots))
	s.concepts.mu.RLock()
	missing := false
	for i, r := range roots {
		if out[i] = s.concepts.ids[r.ArchetypeID]; out[i] == 0 {
			missing = true
		}
	}
	s.concepts.mu.RUnlock()
	if !missing {
		return out, nil
	}

	want := slices.Clone(roots)
	// One order for all writers: two that insert the same new archetypes
	// cannot wait for each other in a circle.
	slices.SortFunc(want, func(a, b ehr.ArchetypeRoot) int { return cmp.Compare(a.ArchetypeID, b.ArchetypeID) })
	want = slices.CompactFunc(want, func(a, b ehr.ArchetypeRoot) bool { return a.ArchetypeID == b.ArchetypeID })
	ids, types := make([]string, len(want)), make([]string, len(want))
	for i, r := range want {
		ids[i], types[i] = r.ArchetypeID, r.RMType
	}
	if _, err := s.main.Exec(ctx, `
		insert into concept (archetype_id, rm_type)
		select n.archetype_id, n.rm_type from unnest($1::text[], $2::text[]) as n(archetype_id, rm_type)
		where not exists (select from concept c where c.archetype_id = n.archetype_id)
		order by n.archetype_id
		on conflict (archetype_id) do nothing`, ids, types); err != nil {
		return nil, failure("store.Concepts", err)
	}
	rows, err := s.main.Query(ctx, `select archetype_id, concept_id from concept where archetype_id = any($1)`, ids)
	if err != nil {
		return nil, failure("store.Concepts", err)
	}
	found := map[string]int32{}
	var id string
	var n int32
	if _, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error { found[id] = n; return nil }); err != nil {
		return nil, failure("store.Concepts", err)
	}
	for id, n := range found {
		s.concepts.remember(id, n)
	}
	for i, r := range roots {
		out[i] = found[r.ArchetypeID]
	}
	return out, nil
}

// templateNames caches the ids and revisions of templates by number.
type templateNames struct {
	mu  sync.RWMutex
	ids map[int32]templateRevision
}

type templateRevision struct {
	id       string
	revision int
}

// templateOf says which revision of which template a number stands for; none
// for 0.
func (s *Store) templateOf(ctx context.Context, no int32) (templateRevision, error) {
	if no == 0 {
		return templateRevision{}, nil
	}
	s.templates.mu.RLock()
	t, ok := s.templates.ids[no]
	s.templates.mu.RUnlock()
	if ok {
		return t, nil
	}
	if err := s.main.QueryRow(ctx, `select template_id, revision from template where template_no = $1`, no).Scan(&t.id, &t.revision); err != nil {
		return templateRevision{}, failure("store.templateOf", err)
	}
	s.templates.mu.Lock()
	if s.templates.ids == nil {
		s.templates.ids = map[int32]templateRevision{}
	}
	s.templates.ids[no] = t
	s.templates.mu.Unlock()
	return t, nil
}

// TemplateID is the id of the template that a number stands for; none for 0. For one
// that was not asked for before it takes a connection of Pool.
func (s *Store) TemplateID(ctx context.Context, no int32) (string, error) {
	t, err := s.templateOf(ctx, no)
	return t.id, err
}

// Concept is the dictionary's number of an archetype; false if no version has
// ever been stored that uses it.
func (s *Store) Concept(ctx context.Context, archetypeID string) (int32, bool, error) {
	s.concepts.mu.RLock()
	id := s.concepts.ids[archetypeID]
	s.concepts.mu.RUnlock()
	if id != 0 {
		return id, true, nil
	}
	err := s.query.QueryRow(ctx, `select concept_id from concept where archetype_id = $1`, archetypeID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, failure("store.Concept", err)
	}
	s.concepts.remember(archetypeID, id)
	return id, true, nil
}

func (c *concepts) remember(archetypeID string, id int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[string]int32{}
	}
	c.ids[archetypeID] = id
}
