package store

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

const ehrColumns = `
	select ehr_id, system_id, time_created, is_queryable, is_modifiable,
	       coalesce(subject_type, ''), coalesce(subject_id, ''), coalesce(subject_namespace, ''),
	       status_object, status_system, status_ver, access_object,
	       (select v.object_id from version v where v.ehr_no = ehr.ehr_no
	        and v.kind = 3 and v.time_superseded is null and v.lifecycle_state <> 523)
	from ehr `

// The subject's null namespace and the empty one are the same: the unique
// index says so.
const (
	ehrSQL          = ehrColumns + `where ehr_id = $1`
	ehrBySubjectSQL = ehrColumns + `where subject_id = $1 and coalesce(subject_namespace, '') = $2`
)

// EHR finds an EHR by its id.
func (s *Store) EHR(ctx context.Context, id uuid.UUID) (ehr.EHR, error) {
	return scanEHR("store.EHR", s.conn(ctx).QueryRow(ctx, ehrSQL, id))
}

// EHRBySubject finds an EHR by its subject's external reference.
func (s *Store) EHRBySubject(ctx context.Context, id, namespace string) (ehr.EHR, error) {
	return scanEHR("store.EHRBySubject", s.conn(ctx).QueryRow(ctx, ehrBySubjectSQL, id, namespace))
}

func scanEHR(op string, row pgx.Row) (ehr.EHR, error) {
	var e ehr.EHR
	var status ehr.VersionUID
	var access uuid.UUID
	var directory *uuid.UUID
	err := row.Scan(&e.ID, &e.SystemID, &e.TimeCreated, &e.IsQueryable, &e.IsModifiable,
		&e.Subject.Type, &e.Subject.ID, &e.Subject.Namespace,
		&status.Object, &status.System, &status.Trunk, &access, &directory)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.EHR{}, errs.New(errs.NotFound, op, "no such EHR")
	}
	if err != nil {
		return ehr.EHR{}, failure(op, err)
	}
	if directory != nil {
		e.Directory = *directory
	}
	e.TimeCreated = e.TimeCreated.UTC()
	e.StatusUID = status
	e.AccessUID = ehr.VersionUID{Object: access, System: e.SystemID, Trunk: 1}
	return e, nil
}

const versionColumns = `
	select v.object_id, v.creating_system, v.ver, v.contribution_id, v.lifecycle_state, v.change_type,
	       v.audit_system_id, v.time_committed, v.committer, v.description,
	       coalesce(v.template_no, 0), coalesce(v.signature, ''), v.time_superseded, v.tree, v.audit_more`

// What versionColumns and the document have not.
const detailColumns = `, coalesce(v.preceding, ''), coalesce(v.other_inputs, '{}'), v.item,
	       coalesce((select jsonb_agg(jsonb_build_object('change', a.change_type, 'system', a.system_id,
	                 'time', extract(epoch from a.time_committed) * 1000, 'committer', a.committer,
	                 'description', a.description, 'more', a.more) order by a.attestation_no)
	                 from attestation a where a.ehr_no = v.ehr_no and a.vo_no = v.vo_no and a.ver = v.ver), '[]'),
	       (select p.creating_system from version p where p.ehr_no = v.ehr_no and p.vo_no = v.vo_no and p.ver = v.ver - 1)`

// One statement for each way to select, so that each has its plan. The version
// is found before its document is joined, however many there are. The object
// of the EHR's only EHR_STATUS or EHR_ACCESS is in its row.
const (
	versionFrom = versionColumns + `, d.raw, ` + tagged + `
	from ehr e
	cross join lateral (select * from version v where v.ehr_no = e.ehr_no and v.kind = $2 and v.object_id = `
	byObject = `$3 `
	single   = `(case $2::smallint when 2 then e.status_object when 4 then e.access_object end) `
	document = `) v
	left join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
	where e.ehr_id = $1`
	tagged = `exists (select from item_tag i where i.ehr_no = v.ehr_no and i.object_id = v.object_id)`
	latest = `order by v.ver desc limit 1`

	singleLatestSQL = versionFrom + single + latest + document
	singleAtSQL     = versionFrom + single + `and v.time_committed <= $3 ` + latest + document
	singleTrunkSQL  = versionFrom + single + `and v.ver = $3` + document

	// The directory is the one FOLDER tree that is not deleted, or else the one
	// deleted last; at a time it is whatever was committed last before.
	directoryFrom = versionColumns + `, d.raw, ` + tagged + `
	from ehr e
	cross join lateral (select * from version v where v.ehr_no = e.ehr_no and v.kind = 3 `
	directoryLatestSQL = directoryFrom + `and v.time_superseded is null
		order by v.lifecycle_state = 523, v.time_committed desc, v.vo_no desc limit 1` + document
	directoryAtSQL = directoryFrom + `and v.time_committed <= $2 and v.time_superseded is distinct from v.time_committed
		order by v.time_committed desc, v.vo_no desc, v.ver desc limit 1` + document
)

var (
	versionLatestSQL = scope(versionFrom + byObject + latest + document)
	versionAtSQL     = scope(versionFrom + byObject + `and v.ver > 0 and v.time_committed <= $4 ` + latest + document)
	versionTrunkSQL  = scope(versionFrom + byObject + `and v.ver = $4` + document)
	versionBranchSQL = scope(versionFrom + byObject + `and v.tree = $4 and lower(v.creating_system) = lower($5)` + document)

	versionsSQL = scope(versionColumns + detailColumns + `
	from ehr e
	join version v on v.ehr_no = e.ehr_no and v.kind = $2 and v.object_id = $3
	where e.ehr_id = $1
	order by v.time_committed, v.ver < 0, abs(v.ver)`)

	detailsSQL = scope(versionColumns + detailColumns + `
	from ehr e
	join version v on v.ehr_no = e.ehr_no and v.kind = $2 and v.object_id = $3
	where e.ehr_id = $1 and lower(v.creating_system) = lower($4)
	and case when $5::integer[] is null then v.ver = $6 else v.tree = $5 end`)
)

// selected is the statement for one version that is selected.
func selected(ehrID uuid.UUID, kind ehr.Kind, sel ehr.VersionSelector) (sql string, args []any) {
	args = []any{ehrID, int16(kind), sel.Object}
	switch {
	case !sel.Branch.IsZero():
		return versionBranchSQL.of(ehrID), append(args, treeOf(sel.Branch), sel.Branch.System)
	case kind == ehr.KindFolder && sel.Object == uuid.Nil && sel.At.IsZero():
		return directoryLatestSQL, args[:1]
	case kind == ehr.KindFolder && sel.Object == uuid.Nil:
		return directoryAtSQL, []any{ehrID, sel.At}
	case sel.Trunk > 0 && sel.Object == uuid.Nil:
		return singleTrunkSQL, append(args[:2], int32(sel.Trunk))
	case sel.Trunk > 0:
		return versionTrunkSQL.of(ehrID), append(args, int32(sel.Trunk))
	case !sel.At.IsZero() && sel.Object == uuid.Nil:
		return singleAtSQL, append(args[:2], sel.At)
	case !sel.At.IsZero():
		return versionAtSQL.of(ehrID), append(args, sel.At)
	case sel.Object == uuid.Nil:
		return singleLatestSQL, args[:2]
	}
	return versionLatestSQL.of(ehrID), args
}

// Version reads one version in one statement, which it may share with others. See
// ehr.Store.
func (s *Store) Version(ctx context.Context, ehrID uuid.UUID, kind ehr.Kind, sel ehr.VersionSelector) (ehr.VersionRecord, error) {
	const op = "store.Version"
	if kind == ehr.KindFolder && sel.Object == uuid.Nil && sel.Trunk > 0 {
		return ehr.VersionRecord{}, errs.New(errs.Invalid, op, "a directory's version needs its object")
	}
	got, err := s.fetchVersion(ctx, ehrID, kind, sel)
	if err != nil {
		return ehr.VersionRecord{}, failure(op, err)
	}
	if !got.ok {
		return ehr.VersionRecord{}, s.missing(ctx, op, ehrID, "version")
	}
	rec := ehr.VersionRecord{UID: got.meta.UID, Deleted: got.meta.LifecycleState == ehr.LifecycleDeleted, Tagged: got.tagged}
	if rec.Deleted != (got.raw == nil) {
		return ehr.VersionRecord{}, errs.New(errs.Internal, op, "a version is without its document, or a deletion has one")
	}
	if got.raw != nil {
		if rec.Raw, err = compact.Expand(got.raw, nil); err != nil {
			return ehr.VersionRecord{}, errs.Wrap(errs.Internal, op, "the stored document cannot be read", err)
		}
	}
	t, err := s.templateOf(ctx, got.template)
	if err != nil {
		return ehr.VersionRecord{}, err
	}
	rec.Meta = got.meta
	rec.Meta.TemplateID, rec.Meta.TemplateRevision = t.id, t.revision
	return rec, nil
}

// Versions lists the versions of an object. See ehr.Store.
func (s *Store) Versions(ctx context.Context, ehrID uuid.UUID, kind ehr.Kind, object uuid.UUID) ([]ehr.VersionMeta, error) {
	const op = "store.Versions"
	rows, err := s.conn(ctx).Query(ctx, versionsSQL.of(ehrID), ehrID, int16(kind), object)
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var out []ehr.VersionMeta
	var templates []int32
	for rows.Next() {
		m, no, err := scanDetails(rows, kind)
		if err != nil {
			return nil, failure(op, err)
		}
		out, templates = append(out, m), append(templates, no)
	}
	if err := rows.Err(); err != nil {
		return nil, failure(op, err)
	}
	if len(out) == 0 {
		return nil, s.missing(ctx, op, ehrID, "version")
	}
	for i, no := range templates {
		t, err := s.templateOf(ctx, no)
		if err != nil {
			return nil, err
		}
		out[i].TemplateID, out[i].TemplateRevision = t.id, t.revision
	}
	return out, nil
}

func scanMeta(row pgx.Row, kind ehr.Kind, more ...any) (m ehr.VersionMeta, templateNo int32, err error) {
	var superseded *time.Time
	var tree []int32
	m.Kind = kind
	err = row.Scan(append([]any{
		&m.UID.Object, &m.UID.System, &m.UID.Trunk, &m.ContributionID, &m.LifecycleState,
		&m.Audit.ChangeType, &m.Audit.SystemID, &m.Audit.TimeCommitted, &m.Audit.Committer, &m.Audit.Description,
		&templateNo, &m.Signature, &superseded, &tree, &m.Audit.Attestation,
	}, more...)...)
	onBranch(&m.UID, tree)
	m.Audit.TimeCommitted = m.Audit.TimeCommitted.UTC()
	if superseded != nil {
		m.TimeSuperseded = superseded.UTC()
	}
	return m, templateNo, err
}

// onBranch completes the uid of a branch version, whose row has another ver.
func onBranch(uid *ehr.VersionUID, tree []int32) {
	if len(tree) == 3 {
		uid.Trunk, uid.Branch, uid.BranchVersion = int(tree[0]), int(tree[1]), int(tree[2])
	}
}

// treeOf is the column tree; nil for a version of the trunk.
func treeOf(uid ehr.VersionUID) []int32 {
	if !uid.IsBranch() {
		return nil
	}
	return []int32{int32(uid.Trunk), int32(uid.Branch), int32(uid.BranchVersion)}
}

// scanDetails reads versionColumns and detailColumns.
func scanDetails(row pgx.Row, kind ehr.Kind) (m ehr.VersionMeta, templateNo int32, err error) {
	var preceding string
	var item, before *string
	var attestations []byte
	var inputs []string
	if m, templateNo, err = scanMeta(row, kind, &preceding, &inputs, &item, &attestations, &before); err != nil {
		return m, templateNo, err
	}
	if len(inputs) > 0 {
		m.OtherInputs = inputs
	}
	if item != nil {
		m.Item = []byte(*item)
	}
	switch {
	case preceding != "":
		if m.Preceding, err = ehr.ParseVersionUID(m.UID.Object.String() + "::" + preceding); err != nil {
			return m, templateNo, err
		}
	case m.UID.Trunk > 1 && item == nil && before != nil:
		m.Preceding = ehr.VersionUID{Object: m.UID.Object, System: *before, Trunk: m.UID.Trunk - 1}
	}
	var list []struct {
		Change                       int
		System                       string
		Time                         float64
		Committer, Description, More json.RawMessage
	}
	if err = json.Unmarshal(attestations, &list); err != nil {
		return m, templateNo, err
	}
	for _, a := range list {
		if string(a.Description) == "null" {
			a.Description = nil
		}
		m.Attestations = append(m.Attestations, ehr.Audit{
			SystemID: a.System, TimeCommitted: time.UnixMilli(int64(math.Round(a.Time))).UTC(), ChangeType: a.Change,
			Committer: a.Committer, Description: a.Description, Attestation: a.More,
		})
	}
	return m, templateNo, nil
}

// VersionDetails reads what Version leaves out. See ehr.Store.
func (s *Store) VersionDetails(ctx context.Context, ehrID uuid.UUID, kind ehr.Kind, uid ehr.VersionUID) (ehr.VersionMeta, error) {
	const op = "store.VersionDetails"
	m, no, err := scanDetails(s.conn(ctx).QueryRow(ctx, detailsSQL.of(ehrID), ehrID, int16(kind), uid.Object, uid.System, treeOf(uid), int32(uid.Trunk)), kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.VersionMeta{}, s.missing(ctx, op, ehrID, "version")
	}
	if err != nil {
		return ehr.VersionMeta{}, failure(op, err)
	}
	t, err := s.templateOf(ctx, no)
	m.TemplateID, m.TemplateRevision = t.id, t.revision
	return m, err
}

// missing says what is not there: the EHR, or what was asked for in it.
func (s *Store) missing(ctx context.Context, op string, ehrID uuid.UUID, what string) error {
	if ehrID == ehr.Demographics {
		return errs.New(errs.NotFound, op, "no such "+what+" in the demographic repository")
	}
	var found bool
	if err := s.conn(ctx).QueryRow(ctx, `select exists (select from ehr where ehr_id = $1)`, ehrID).Scan(&found); err != nil {
		return failure(op, err)
	}
	if !found {
		return errs.New(errs.NotFound, op, "no such EHR")
	}
	return errs.New(errs.NotFound, op, "no such "+what+" in this EHR")
}
