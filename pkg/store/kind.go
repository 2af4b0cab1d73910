package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// kind is what a resource has in common with others: the rules that made it
// and its codes.
type kind struct {
	digest   [sha256.Size]byte
	resource *ehr.Resource // one of them
	moulded  *moulded      // what can be kept of its mould; nil: nothing
	at       int           // of the resource, among those of a contribution
}

func (w *searchWriter) digest() [sha256.Size]byte { return sha256.Sum256(w.kind) }

// kindNumbers caches the dictionary of kinds, which is written like that of
// concepts.
type kindNumbers struct {
	mu  sync.RWMutex
	nos map[[sha256.Size]byte]int32
	// moulds are what is known of resources by their mould.
	moulds map[*r4.Mould]*moulded
}

// maxKinds bounds the cache. A repository has as many kinds as combinations of
// codes in one resource.
const maxKinds = 1 << 16

// kindNumbers gives the dictionary's numbers of kinds, in their order.
func (s *Store) kindNumbers(ctx context.Context, w *searchWriter, kinds []kind) ([]int32, error) {
	const op = "store.Commit"
	out := make([]int32, len(kinds))
	var missing []kind
	s.kinds.mu.RLock()
	for i := range kinds {
		if out[i] = s.kinds.nos[kinds[i].digest]; out[i] == 0 {
			missing = append(missing, kinds[i])
		}
	}
	s.kinds.mu.RUnlock()
	if len(missing) == 0 {
		return out, nil
	}

	// One order for all writers, as for concepts.
	slices.SortFunc(missing, func(a, b kind) int { return bytes.Compare(a.digest[:], b.digest[:]) })
	missing = slices.CompactFunc(missing, func(a, b kind) bool { return a.digest == b.digest })
	n := len(missing)
	digests, types, mappings, versions := make([][]byte, n), make([]string, n), make([]string, n), make([]string, n)
	profiles, tokens := make([]string, n), make([]string, n)
	for i := range missing {
		r := missing[i].resource
		digests[i], types[i], mappings[i], versions[i] = missing[i].digest[:], r.Type, r.Mapping, r.MappingVersion
		profiles[i], tokens[i] = textArray(r.Profiles), "{}"
		if b := w.tokens(r); len(b) > 0 {
			tokens[i] = string(b)
		}
	}
	if _, err := s.main.Exec(ctx, `
		insert into fhir_kind (digest, resource_type, mapping, mapping_version, profiles, tokens)
		select n.digest, n.type, n.mapping, n.version, n.profiles::text[], n.tokens::jsonb
		from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
		     as n(digest, type, mapping, version, profiles, tokens)
		where not exists (select from fhir_kind k where k.digest = n.digest)
		order by n.digest
		on conflict (digest) do nothing`, digests, types, mappings, versions, profiles, tokens); err != nil {
		return nil, failure(op, err)
	}
	rows, err := s.main.Query(ctx, `select digest, kind_no from fhir_kind where digest = any($1)`, digests)
	if err != nil {
		return nil, failure(op, err)
	}
	found := make(map[[sha256.Size]byte]int32, n)
	var digest []byte
	var no int32
	if _, err := pgx.ForEachRow(rows, []any{&digest, &no}, func() error {
		found[[sha256.Size]byte(digest)] = no
		return nil
	}); err != nil {
		return nil, failure(op, err)
	}
	s.kinds.mu.Lock()
	if s.kinds.nos == nil || len(s.kinds.nos)+n > maxKinds {
		s.kinds.nos = make(map[[sha256.Size]byte]int32, n)
	}
	for d, no := range found {
		s.kinds.nos[d] = no
	}
	s.kinds.mu.Unlock()
	for i := range kinds {
		if out[i] == 0 {
			out[i] = found[kinds[i].digest]
		}
	}
	return out, nil
}

// KindFacts are what the records of a kind have in common beside their codes.
type KindFacts struct {
	Profiles                []string // not to be changed
	Mapping, MappingVersion string
}

// kindFacts caches the facts of kinds by number. A row of the dictionary is
// neither changed nor deleted.
type kindFacts struct {
	mu  sync.RWMutex
	all map[int32]KindFacts
}

// Kinds gives the facts of kinds by their numbers, in their order. For those that
// were not asked for before it takes a connection of Pool.
func (s *Store) Kinds(ctx context.Context, numbers []int32) ([]KindFacts, error) {
	const op = "store.Kinds"
	out := make([]KindFacts, len(numbers))
	missing := s.facts.find(numbers, out)
	if len(missing) == 0 {
		return out, nil
	}
	rows, err := s.main.Query(ctx, `select kind_no, profiles, mapping, mapping_version from fhir_kind where kind_no = any($1)`, missing)
	if err != nil {
		return nil, failure(op, err)
	}
	found := make(map[int32]KindFacts, len(missing))
	var no int32
	var f KindFacts
	if _, err := pgx.ForEachRow(rows, []any{&no, &f.Profiles, &f.Mapping, &f.MappingVersion}, func() error {
		found[no], f = f, KindFacts{}
		return nil
	}); err != nil {
		return nil, failure(op, err)
	}
	s.facts.mu.Lock()
	if s.facts.all == nil || len(s.facts.all)+len(found) > maxKinds {
		s.facts.all = make(map[int32]KindFacts, len(found))
	}
	maps.Copy(s.facts.all, found)
	s.facts.mu.Unlock()
	for i, no := range numbers {
		if f, ok := found[no]; ok {
			out[i] = f
		} else if slices.Contains(missing, no) {
			return nil, errs.New(errs.Internal, op, "a resource is of a kind that the dictionary does not have")
		}
	}
	return out, nil
}

// find fills in what is at hand and gives the numbers of the rest.
func (k *kindFacts) find(numbers []int32, out []KindFacts) (missing []int32) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i, no := range numbers {
		f, ok := k.all[no]
		if !ok {
			missing = append(missing, no)
		}
		out[i] = f
	}
	return missing
}

// Content expands the JSON of a version's resources (fhir_content.raw).
func (s *Store) Content(raw []byte) ([]byte, error) { return s.AppendContent(nil, raw) }

// AppendContent appends what Content gives.
func (s *Store) AppendContent(dst, raw []byte) ([]byte, error) {
	b, err := compact.Expand(raw, dst)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "store.Content", "the stored resources cannot be read", err)
	}
	return b, nil
}
