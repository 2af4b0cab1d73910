package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// SlotIndex is an index on columns of a partition of the node index. It covers
// what population queries need to count and to join.
type SlotIndex struct {
	// Name is also that in the database.
	Name    string
	Part    int16
	Columns []string
	// Archetypes are those whose frames are in the partition.
	Archetypes []string
	// Bytes it takes, and Valid unless its creation was interrupted.
	Bytes int64
	Valid bool
}

var slotColumn = regexp.MustCompile(`^[nkd][1-9]$`)

// maxSlotColumns bounds the columns of an index.
const maxSlotColumns = 3

func slotIndexName(part int16, columns []string) string {
	return fmt.Sprintf("node_%d_%s", part, strings.Join(columns, "_"))
}

// SlotIndexes lists the indexes that were created on demand.
func (s *Store) SlotIndexes(ctx context.Context) ([]SlotIndex, error) {
	rows, err := s.main.Query(ctx, `
		select c.relname, substring(c.relname from '^node_(\d+)_')::smallint, string_to_array(substring(c.relname from '^node_\d+_(.*)$'), '_'),
			array(select distinct archetype from node_place where part = substring(c.relname from '^node_(\d+)_')::smallint order by 1),
			pg_relation_size(c.oid), i.indisvalid
		from pg_index i join pg_class c on c.oid = i.indexrelid
		where c.relname ~ '^node_\d+(_[nkd]\d)+$' and c.relnamespace = current_schema()::regnamespace
		order by 2, 3`)
	if err != nil {
		return nil, failure("store.SlotIndexes", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SlotIndex])
	if err != nil {
		return nil, failure("store.SlotIndexes", err)
	}
	return list, nil
}

// PartSize is the estimated rows of a partition of the node index, and what it
// takes without its indexes.
func (s *Store) PartSize(ctx context.Context, part int16) (rows, bytes int64, err error) {
	err = s.main.QueryRow(ctx, `select greatest(reltuples, 0)::bigint, pg_table_size(oid) from pg_class
		where relname = $1 and relnamespace = current_schema()::regnamespace`, fmt.Sprintf("node_%d", part)).Scan(&rows, &bytes)
	if err != nil {
		return 0, 0, failure("store.PartSize", err)
	}
	return rows, bytes, nil
}

// PartOf is the partition of an archetype's frames; errs.NotFound if nothing of
// it is stored.
func (s *Store) PartOf(ctx context.Context, archetype string) (int16, error) {
	var part int16
	err := s.main.QueryRow(ctx, `select part from node_place where archetype = $1 limit 1`, archetype).Scan(&part)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errs.New(errs.NotFound, "store.PartOf", "nothing of the archetype is stored")
	}
	if err != nil {
		return 0, failure("store.PartOf", err)
	}
	return part, nil
}

// CreateSlotIndex makes an index while the store is in use. One that was left
// half made is made anew. Making one that exists does nothing.
func (s *Store) CreateSlotIndex(ctx context.Context, part int16, columns []string) (SlotIndex, error) {
	const op = "store.CreateSlotIndex"
	if len(columns) == 0 || len(columns) > maxSlotColumns || part < 0 {
		return SlotIndex{}, errs.New(errs.Invalid, op, fmt.Sprintf("an index has one to %d columns", maxSlotColumns))
	}
	for i, c := range columns {
		if !slotColumn.MatchString(c) || slices.Contains(columns[:i], c) {
			return SlotIndex{}, errs.New(errs.Invalid, op, "a column is n1 to n3, k1, k2 or d1, each once")
		}
	}
	name := slotIndexName(part, columns)
	find := func() (SlotIndex, bool, error) {
		list, err := s.SlotIndexes(ctx)
		i := slices.IndexFunc(list, func(x SlotIndex) bool { return x.Name == name })
		if err != nil || i < 0 {
			return SlotIndex{}, false, err
		}
		return list[i], true, nil
	}
	have, ok, err := find()
	if err != nil || ok && have.Valid {
		return have, err
	}
	if ok {
		if err := s.DropSlotIndex(ctx, name); err != nil {
			return SlotIndex{}, err
		}
	}
	if _, err := s.main.Exec(ctx, fmt.Sprintf("create index concurrently %s on node_%d (path_id, %s) include (ehr_no, vo_no)", name, part, strings.Join(columns, ", "))); err != nil {
		return SlotIndex{}, failure(op, err)
	}
	// Index-only scans need the visibility map, the planner statistics.
	if _, err := s.main.Exec(ctx, fmt.Sprintf("vacuum (analyze) node_%d", part)); err != nil {
		return SlotIndex{}, failure(op, err)
	}
	have, _, err = find()
	return have, err
}

// DropSlotIndex removes an index that was created on demand; errs.NotFound if
// there is none of the name.
func (s *Store) DropSlotIndex(ctx context.Context, name string) error {
	const op = "store.DropSlotIndex"
	list, err := s.SlotIndexes(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(x SlotIndex) bool { return x.Name == name }) {
		return errs.New(errs.NotFound, op, "there is no index of this name that was created on demand")
	}
	if _, err := s.main.Exec(ctx, "drop index concurrently "+name); err != nil {
		return failure(op, err)
	}
	return nil
}

// StoredQueryTexts are the texts of all stored queries, by name and version.
func (s *Store) StoredQueryTexts(ctx context.Context) (map[string]string, error) {
	list, err := s.QueriesByPrefix(ctx, "")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, q := range list {
		out[fmt.Sprintf("%s/%s", q.Name, q.Version)] = q.Text
	}
	return out, nil
}
