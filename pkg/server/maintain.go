package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// IndexState is the state of the node index.
type IndexState = store.IndexState

// Maintainer works on the indexes of one database.
type Maintainer struct{ store *store.Store }

// Maintain runs a command on the database, whose schema is brought up first. An
// embedded cluster that a server runs already is shared with it.
func (d Database) Maintain(ctx context.Context, do func(context.Context, Maintainer) error) error {
	if d.DatabaseURL == "" {
		dir, err := filepath.Abs(d.DataDir)
		if err != nil {
			return err
		}
		running, err := pgembed.Look(dir)
		switch {
		case err == nil:
			d.DatabaseURL = running.ConnString(databaseName)
		case !errors.Is(err, pgembed.ErrNotRunning):
			return err
		}
	}
	return d.With(ctx, func(ctx context.Context, m Migrator) error {
		if err := migrations.Up(ctx, m.url); err != nil {
			return err
		}
		s, err := store.Open(ctx, store.Config{URL: m.url, Conns: 4, QueryConns: 2})
		if err != nil {
			return err
		}
		defer s.Close()
		return do(ctx, Maintainer{s})
	})
}

// IndexState reads the state of the node index.
func (m Maintainer) IndexState(ctx context.Context) (IndexState, error) {
	return m.store.IndexState(ctx)
}

// Reindex rebuilds the node index; see store.Store.Reindex.
func (m Maintainer) Reindex(ctx context.Context, again bool, progress func(IndexState)) error {
	return m.store.Reindex(ctx, store.ReindexOptions{Again: again, Progress: progress})
}

// SlotIndex is an index on columns of the node index.
type SlotIndex = store.SlotIndex

// Indexes lists the indexes that were created on demand.
func (m Maintainer) Indexes(ctx context.Context) ([]SlotIndex, error) {
	return m.store.SlotIndexes(ctx)
}

// CreateIndex makes an index on columns of the partition of an archetype.
func (m Maintainer) CreateIndex(ctx context.Context, archetype string, columns []string) (SlotIndex, error) {
	part, err := m.store.PartOf(ctx, archetype)
	if err != nil {
		return SlotIndex{}, err
	}
	return m.store.CreateSlotIndex(ctx, part, columns)
}

// DropIndex removes an index by its name.
func (m Maintainer) DropIndex(ctx context.Context, name string) error {
	return m.store.DropSlotIndex(ctx, name)
}

// Advice is an index that queries would use.
type Advice struct {
	Archetype string
	Columns   []string
	// Paths are those of the queries that the columns hold, Queries their names.
	Paths, Queries []string
	// Rows of the partition that a query reads now, and the bytes; with the index
	// it reads those that it selects. IndexBytes is what the index would take,
	// and each row of the partition written later pays for one entry.
	Rows, Bytes, IndexBytes int64
	// RowsPerValue is about how many rows have the same value in the first
	// column; 0 if that is not known.
	RowsPerValue int64
	// Runs and Time are those of the executed shapes among the queries, of which
	// the index could take away most.
	Runs int64
	Time time.Duration
	// Exists tells that the index is there already.
	Exists bool
}

// NoAdvice says why a query has none.
type NoAdvice struct{ Query, Reason string }

// An entry of such an index takes about so much, and for each column.
const bytesPerEntry, bytesPerColumn = 36, 12

// Shape is a shape of queries that were run.
type Shape = store.Shape

// Shapes are those of the population queries that were run, with the longest
// time in all first.
func (m Maintainer) Shapes(ctx context.Context) ([]Shape, error) { return m.store.Shapes(ctx) }

// ForgetShapes begins the sample of queries anew.
func (m Maintainer) ForgetShapes(ctx context.Context) error { return m.store.ForgetShapes(ctx) }

// Advise proposes indexes for the stored queries, the shapes of queries that were
// run, and those given by name: first for what took the longest in all. Texts
// and times are looked at, not what queries are run with.
func (m Maintainer) Advise(ctx context.Context, more map[string]string) ([]Advice, []NoAdvice, error) {
	texts, err := m.store.StoredQueryTexts(ctx)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(texts, more)
	shapes, err := m.store.Shapes(ctx)
	if err != nil {
		return nil, nil, err
	}
	ran := map[string]Shape{}
	for _, s := range shapes {
		texts[s.Name], ran[s.Name] = s.Text, s
	}
	engine, err := aql.NewEngine(m.store.QueryPool(), m.store, aql.Options{})
	if err != nil {
		return nil, nil, err
	}
	have, err := m.store.SlotIndexes(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out []Advice
	var none []NoAdvice
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		list, reason, err := engine.IndexUses(ctx, texts[name])
		if err != nil {
			reason = err.Error()
		} else if reason == "" && len(list) == 0 {
			reason = "it neither compares a column of the index with a constant nor reads columns alone"
		}
		if reason != "" {
			none = append(none, NoAdvice{name, reason})
			continue
		}
		for _, r := range list {
			i := slices.IndexFunc(out, func(a Advice) bool { return a.Archetype == r.Archetype && slices.Equal(a.Columns, r.Columns) })
			if i < 0 {
				a := Advice{Archetype: r.Archetype, Columns: r.Columns}
				a.Exists = slices.ContainsFunc(have, func(x SlotIndex) bool { return x.Part == r.Part && slices.Equal(x.Columns, r.Columns) })
				if a.Rows, a.Bytes, err = m.store.PartSize(ctx, r.Part); err != nil {
					return nil, nil, err
				}
				if a.RowsPerValue, err = m.store.RowsPerValue(ctx, r.Part, r.Columns[0]); err != nil {
					return nil, nil, err
				}
				a.IndexBytes = a.Rows * int64(bytesPerEntry+bytesPerColumn*len(a.Columns))
				i, out = len(out), append(out, a)
			}
			for _, p := range r.Paths {
				if !slices.Contains(out[i].Paths, p) {
					out[i].Paths = append(out[i].Paths, p)
				}
			}
			if !slices.Contains(out[i].Queries, name) {
				out[i].Queries = append(out[i].Queries, name)
			}
		}
	}
	out = covered(out)
	for i := range out {
		for _, name := range out[i].Queries {
			out[i].Runs += ran[name].Runs
			out[i].Time += ran[name].Total
		}
	}
	slices.SortStableFunc(out, func(a, b Advice) int { return cmp.Compare(b.Time, a.Time) })
	return out, none, nil
}

// covered leaves out indexes that begin another one, which serves as well.
func covered(list []Advice) []Advice {
	drop := make([]bool, len(list))
	merge := func(to, from []string) []string {
		for _, s := range from {
			if !slices.Contains(to, s) {
				to = append(to, s)
			}
		}
		return to
	}
	for i, a := range list {
		k := slices.IndexFunc(list, func(b Advice) bool {
			return b.Archetype == a.Archetype && len(b.Columns) > len(a.Columns) && slices.Equal(a.Columns, b.Columns[:len(a.Columns)])
		})
		if k >= 0 && !a.Exists {
			drop[i] = true
			list[k].Paths, list[k].Queries = merge(list[k].Paths, a.Paths), merge(list[k].Queries, a.Queries)
		}
	}
	var out []Advice
	for i, a := range list {
		if !drop[i] {
			out = append(out, a)
		}
	}
	return out
}

// ProjectionState is the state of the projection to FHIR.
type ProjectionState = store.ProjectionState

// ProjectionState reads the state of the projection to FHIR.
func (m Maintainer) ProjectionState(ctx context.Context) (ProjectionState, error) {
	return m.store.ProjectionState(ctx)
}

// Reproject projects stored versions by the mappings of this program, for a server
// with the options given; see store.Store.Reproject.
func (m Maintainer) Reproject(ctx context.Context, again bool, o Projecting, progress func(ProjectionState), failed func(uid string, err error)) error {
	mapping, err := loadMappings(slog.Default(), o)
	if err != nil {
		return err
	}
	projections := []ehr.Projection{mapping}
	st, err := m.store.ProjectionState(ctx)
	if err != nil {
		return err
	}
	if strings.Contains(st.Rules, "-") && mapping.labels == nil && !mapping.apart {
		return errs.New(errs.Invalid, "server.Reproject", "the server has security labels by template, tag or code: this needs the options --fhir-security* as it has them")
	}
	if err := m.store.UseRules(ctx, ehr.Rules(projections), again); err != nil {
		return err
	}
	return m.store.Reproject(ctx, store.ReprojectOptions{Projections: projections, Patience: 5 * time.Second, Progress: progress, Failed: failed})
}
