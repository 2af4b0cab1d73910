// Package nodestore keeps the registry of the node index in PostgreSQL and
// gives the arguments of index_versions, the function that writes its rows
// (migrations/functions/node_index.sql).
package nodestore

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// MaxStructures bounds the rows of the registry. Data that goes beyond it, which
// only an unbounded set of models can, turns the index off: queries are answered
// from the documents from then on.
const MaxStructures = 200_000

// ArrayCount is the number of arguments that Arguments gives.
const ArrayCount = 13

// Placeholders are those of the arguments, from the number first.
func Placeholders(first int) string {
	b := []byte("$" + strconv.Itoa(first))
	for i := first + 1; i < first+ArrayCount; i++ {
		b = strconv.AppendInt(append(b, ", $"...), int64(i), 10)
	}
	return string(b)
}

// Index is the registry with a cache. It is safe for concurrent use.
type Index struct {
	pool     *pgxpool.Pool
	now      func() time.Time
	loading  sync.Mutex
	state    atomic.Pointer[State]
	builders sync.Pool
}

// State is what was last read of the index.
type State struct {
	Registry *nodeindex.Registry
	// Complete tells that every latest version of a composition is covered, by
	// the rules of this program.
	Complete bool
	size     int
	read     time.Time
}

// New makes an index on a migrated database.
func New(pool *pgxpool.Pool) *Index {
	return &Index{pool: pool, now: time.Now, builders: sync.Pool{New: func() any { return &nodeindex.Builder{} }}}
}

// recheck is how long an index that is not complete is taken for that. One that
// is complete proves it in each statement.
const recheck = time.Second

// State gives the index as it was last read.
func (x *Index) State(ctx context.Context) (*State, error) {
	if s := x.state.Load(); s != nil && (s.Complete || x.now().Sub(s.read) < recheck) {
		return s, nil
	}
	return x.Refresh(ctx)
}

// Refresh reads the index again.
func (x *Index) Refresh(ctx context.Context) (*State, error) {
	x.loading.Lock()
	defer x.loading.Unlock()
	var s *State
	err := pgx.BeginTxFunc(ctx, x.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var err error
		s, _, err = x.load(ctx, tx, x.state.Load())
		return err
	})
	if err != nil {
		return nil, failure("nodestore.Refresh", err)
	}
	x.state.Store(s)
	return s, nil
}

// load reads the state, and the registry unless the known one is current; the
// tables are nil then.
func (x *Index) load(ctx context.Context, tx pgx.Tx, known *State) (*State, *nodeindex.Tables, error) {
	var generation int64
	var rules int
	s := &State{read: x.now()}
	if err := tx.QueryRow(ctx, `select generation, rules, complete from node_state`).Scan(&generation, &rules, &s.Complete); err != nil {
		return nil, nil, err
	}
	s.Complete = s.Complete && rules == nodeindex.Rules
	if known != nil && known.Registry.Generation == generation {
		s.Registry, s.size = known.Registry, known.size
		return s, nil, nil
	}
	t, err := tables(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	s.Registry, s.size = nodeindex.NewRegistry(generation, *t), t.Size()
	return s, t, nil
}

func tables(ctx context.Context, tx pgx.Tx) (*nodeindex.Tables, error) {
	t := &nodeindex.Tables{}
	rows, err := tx.Query(ctx, `select place_id, archetype, steps, rm_type, name, part from node_place order by 1`)
	if err == nil {
		t.Places, err = pgx.CollectRows(rows, pgx.RowToStructByPos[nodeindex.PlaceRow])
	}
	if err == nil {
		rows, err = tx.Query(ctx, `select path_id, parent, place_id, slot, always from node_path order by 1`)
	}
	if err == nil {
		t.Paths, err = pgx.CollectRows(rows, pgx.RowToStructByPos[nodeindex.PathRow])
	}
	if err == nil {
		rows, err = tx.Query(ctx, `select value_id, place_id, steps, rm_type, usual, col, multiple from node_value order by 1`)
	}
	if err == nil {
		t.Values, err = pgx.CollectRows(rows, pgx.RowToStructByPos[nodeindex.ValueRow])
	}
	return t, err
}

// registryLock is the key of the advisory lock under which the registry grows.
const registryLock = 0x636e6f6465

// grow adds what is needed to the registry, in a transaction of its own before
// the commit that needs it: at worst the registry has structures that nothing
// stored has yet.
func (x *Index) grow(ctx context.Context, needs []nodeindex.Need) (*State, error) {
	x.loading.Lock()
	defer x.loading.Unlock()
	var s *State
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, registryLock); err != nil {
			return err
		}
		var t *nodeindex.Tables
		var err error
		if s, t, err = x.load(ctx, tx, nil); err != nil {
			return err
		}
		added, changed := t.Add(needs)
		if added.Size() == 0 && changed.Size() == 0 {
			return nil // another process was faster
		}
		if t.Size() > MaxStructures {
			s.size, s.Complete = t.Size(), false
			_, err := tx.Exec(ctx, `update node_state set complete = false`)
			return err
		}
		if err := insert(ctx, tx, &added, &changed); err != nil {
			return err
		}
		var generation int64
		if err := tx.QueryRow(ctx, `update node_state set generation = generation + 1 returning generation`).Scan(&generation); err != nil {
			return err
		}
		s.Registry, s.size = nodeindex.NewRegistry(generation, *t), t.Size()
		return nil
	})
	if err != nil {
		return nil, failure("nodestore.grow", err)
	}
	x.state.Store(s)
	return s, nil
}

func insert(ctx context.Context, tx pgx.Tx, t, changed *nodeindex.Tables) error {
	b := &pgx.Batch{}
	for _, p := range t.Places {
		b.Queue(`insert into node_place (place_id, archetype, steps, rm_type, name, part) values ($1, $2, $3, $4, $5, $6)`,
			p.ID, p.Archetype, texts(p.Steps), p.Class, p.Name, p.Part)
	}
	for _, p := range t.Paths {
		b.Queue(`insert into node_path (path_id, parent, place_id, slot, always) values ($1, $2, $3, $4, $5)`,
			p.ID, p.Parent, p.Place, texts(p.Slot), texts(p.Always))
	}
	for _, v := range t.Values {
		b.Queue(`insert into node_value (value_id, place_id, steps, rm_type, usual, col, multiple) values ($1, $2, $3, $4, $5, $6, $7)`,
			v.ID, v.Place, texts(v.Steps), v.Class, v.Usual, v.Column, v.Multiple)
	}
	for _, v := range changed.Values {
		b.Queue(`update node_value set multiple = $2, col = $3 where value_id = $1`, v.ID, v.Multiple, v.Column)
	}
	for _, p := range changed.Paths {
		b.Queue(`update node_path set always = $2 where path_id = $1`, p.ID, texts(p.Always))
	}
	return tx.SendBatch(ctx, b).Close()
}

// texts is a list that is not null.
func texts(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Version is the content of a new version, with its position from 1 in the
// contribution.
type Version struct {
	Position int32
	Root     *rm.Node
}

// levels bounds the attempts to index one composition, each of which may teach
// the registry one level of nesting.
const levels = 64

// None is the arguments for no rows.
func None() []any { return newArrays().list() }

// Arguments are the arrays of index_versions with the rows of the versions; nil
// if they have structures that the registry cannot take, upon which the index
// is turned off.
func (x *Index) Arguments(ctx context.Context, versions []Version) ([]any, error) {
	a := newArrays()
	if len(versions) == 0 {
		return a.list(), nil
	}
	s := x.state.Load()
	if s == nil {
		var err error
		if s, err = x.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	b := x.builders.Get().(*nodeindex.Builder)
	defer x.builders.Put(b)
	for _, v := range versions {
		var rows []nodeindex.Row
		for attempt := 0; ; attempt++ {
			var needs []nodeindex.Need
			if rows, needs = b.Build(s.Registry, v.Root); len(needs) == 0 {
				break
			}
			if s.size > MaxStructures || attempt == levels {
				return nil, x.TurnOff(ctx)
			}
			var err error
			if s, err = x.grow(ctx, needs); err != nil {
				return nil, err
			}
		}
		a.add(v.Position, rows)
	}
	return a.list(), nil
}

// TurnOff says that the index does not cover everything any more.
func (x *Index) TurnOff(ctx context.Context) error {
	if s := x.state.Load(); s != nil && !s.Complete {
		return nil
	}
	if _, err := x.pool.Exec(ctx, `update node_state set complete = false where complete`); err != nil {
		return failure("nodestore.TurnOff", err)
	}
	_, err := x.Refresh(ctx)
	return err
}

// arrays writes the columns of rows as array literals, and texts as lists.
type arrays struct {
	numbers [10][]byte
	k       [nodeindex.TextColumns][]*string
	v       []*string
}

func newArrays() *arrays {
	a := &arrays{}
	for i := range a.numbers {
		a.numbers[i] = append(make([]byte, 0, 128), '{')
	}
	return a
}

func (a *arrays) add(position int32, rows []nodeindex.Row) {
	for i := range rows {
		r := &rows[i]
		for k, n := range [...]int32{position, r.Num, r.Last, r.Parent, r.Path.ID, int32(r.Path.Place.Part)} {
			a.numbers[k] = append(strconv.AppendInt(a.numbers[k], int64(n), 10), ',')
		}
		for k, n := range [...]string{r.N[0], r.N[1], r.N[2], r.D[0]} {
			if n == "" {
				n = "NULL"
			}
			a.numbers[6+k] = append(append(a.numbers[6+k], n...), ',')
		}
		for k := range r.K {
			a.k[k] = append(a.k[k], r.K[k])
		}
		a.v = append(a.v, optional(r.V))
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is the arguments in the order of the function's.
func (a *arrays) list() []any {
	var n [10]string
	for i, b := range a.numbers {
		if len(b) > 1 {
			b = b[:len(b)-1] // the comma
		}
		n[i] = string(append(b, '}'))
	}
	if a.v == nil {
		a.k[0], a.k[1], a.v = []*string{}, []*string{}, []*string{}
	}
	return []any{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], a.k[0], a.k[1], n[9], a.v}
}

// Join is the arguments for several lists of versions as one: each is what
// Arguments or None has given, before how many versions come before it.
func Join(lists [][]any, before []int32) []any {
	a := newArrays()
	for i, list := range lists {
		for k, at := range numberColumns {
			for n := range strings.SplitSeq(strings.Trim(list[at].(string), "{}"), ",") {
				switch {
				case n == "":
				case k == 0:
					position, err := strconv.Atoi(n)
					if err != nil {
						panic("a position that is no number: " + n)
					}
					a.numbers[k] = append(strconv.AppendInt(a.numbers[k], int64(position)+int64(before[i]), 10), ',')
				default:
					a.numbers[k] = append(append(a.numbers[k], n...), ',')
				}
			}
		}
		a.k[0] = append(a.k[0], list[9].([]*string)...)
		a.k[1] = append(a.k[1], list[10].([]*string)...)
		a.v = append(a.v, list[12].([]*string)...)
	}
	return a.list()
}

// numberColumns are the places of the arrays of numbers in a list.
var numberColumns = [10]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 11}

func failure(op string, err error) error {
	if errs.As(err) != nil {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return errs.Wrap(errs.Internal, op, "the node index cannot be used", errs.Redact(err))
	}
	return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
}
