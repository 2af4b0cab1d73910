package store

import (
	"bytes"
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/store/gather"
)

// versionKey names a version of the trunk within an EHR: the latest of an object, or
// one by its number. Without an object it is that of the EHR's only EHR_STATUS or
// EHR_ACCESS.
type versionKey struct {
	ehr, object uuid.UUID
	kind        ehr.Kind
	trunk       int
}

// versionRow is what a read of one version has found, if anything.
type versionRow struct {
	ok       bool
	meta     ehr.VersionMeta
	template int32
	raw      []byte // as it is stored; nil: none
	tagged   bool
}

// keyedFrom is versionFrom for several keys, whose rows say by number of which.
var (
	keyedFrom = strings.Replace(versionColumns, "select ", "select k.n, ", 1) + `, d.raw, ` + tagged + `
	from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::integer[]) with ordinality as k(ehr_id, kind, object_id, ver, n)
	join ehr e on e.ehr_id = k.ehr_id
	cross join lateral (select * from version v where v.ehr_no = e.ehr_no and v.kind = k.kind
		and v.object_id = coalesce(k.object_id, case k.kind when 2 then e.status_object when 4 then e.access_object end) `
	keyedDocument = `) v
	left join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver`

	keyedLatestSQL = keyedFrom + latest + keyedDocument
	keyedTrunkSQL  = keyedFrom + `and v.ver = k.ver limit 1` + keyedDocument
)

// gathering has reads of single versions fetched together where many come at once.
func (s *Store) gathering() {
	by := func(sql string) *gather.Group[versionKey, versionRow] {
		return Gathered(s, func(ctx context.Context, db *pgxpool.Pool, keys []versionKey) ([]versionRow, error) {
			return fetchVersions(ctx, db, sql, keys)
		})
	}
	s.latestReads, s.trunkReads = by(keyedLatestSQL), by(keyedTrunkSQL)
}

// fetchVersion reads the version that is selected: by a statement of its own, or of
// an EHR, where it is the latest or given by its number, together with others. What
// is read in the transaction of a request stays in it.
func (s *Store) fetchVersion(ctx context.Context, ehrID uuid.UUID, kind ehr.Kind, sel ehr.VersionSelector) (versionRow, error) {
	switch key := (versionKey{ehr: ehrID, object: sel.Object, kind: kind, trunk: sel.Trunk}); {
	case onceOf(ctx) != nil || ehrID == ehr.Demographics || !sel.Branch.IsZero() || !sel.At.IsZero() || kind == ehr.KindFolder && sel.Object == uuid.Nil:
	case sel.Trunk > 0:
		return s.trunkReads.Get(ctx, key)
	default:
		return s.latestReads.Get(ctx, key)
	}
	return oneVersion(ctx, s.conn(ctx), ehrID, kind, sel)
}

func oneVersion(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, ehrID uuid.UUID, kind ehr.Kind, sel ehr.VersionSelector,
) (got versionRow, err error) {
	sql, args := selected(ehrID, kind, sel)
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return versionRow{}, err
	}
	defer rows.Close()
	if rows.Next() {
		if got, err = scanVersion(rows, kind); err != nil {
			return versionRow{}, err
		}
	}
	rows.Close()
	return got, rows.Err()
}

// fetchVersions reads the versions of keys. For one alone there is a statement that
// takes less.
func fetchVersions(ctx context.Context, db *pgxpool.Pool, sql string, keys []versionKey) ([]versionRow, error) {
	if len(keys) == 1 {
		k := keys[0]
		got, err := oneVersion(ctx, db, k.ehr, k.kind, ehr.VersionSelector{Object: k.object, Trunk: k.trunk})
		return []versionRow{got}, err
	}
	ids, objects := make(pgtype.FlatArray[pgtype.UUID], len(keys)), make(pgtype.FlatArray[pgtype.UUID], len(keys))
	kinds, vers := make([]int16, len(keys)), make([]int32, len(keys))
	for i, k := range keys {
		ids[i], kinds[i], vers[i] = pgtype.UUID{Bytes: k.ehr, Valid: true}, int16(k.kind), int32(k.trunk)
		objects[i] = pgtype.UUID{Bytes: k.object, Valid: k.object != uuid.Nil}
	}
	rows, err := db.Query(ctx, sql, ids, kinds, objects, vers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]versionRow, len(keys))
	for rows.Next() {
		var n int64
		got, err := scanVersion(rows, 0, &n)
		if err != nil {
			return nil, err
		}
		got.meta.Kind = keys[n-1].kind
		out[n-1] = got
	}
	return out, rows.Err()
}

// scanVersion reads versionColumns after others, the document and whether the object
// has tags.
func scanVersion(row pgx.Row, kind ehr.Kind, before ...any) (got versionRow, err error) {
	var raw pgtype.DriverBytes // until the next row
	got.meta, got.template, err = scanMeta(following{row, before}, kind, &raw, &got.tagged)
	got.ok, got.raw = err == nil, bytes.Clone(raw)
	return got, err
}

// following is a row whose first columns are scanned to places of their own.
type following struct {
	row    pgx.Row
	before []any
}

// Scan implements pgx.Row.
func (f following) Scan(into ...any) error { return f.row.Scan(append(f.before, into...)...) }
