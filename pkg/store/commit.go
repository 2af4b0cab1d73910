package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store/wire"
)

// commitSQL has one parameter for each of commit_contribution and then of
// index_versions, in their order. The latter is in the FROM clause because it
// gives nothing to select.
var commitSQL = "with c as materialized (select * from commit_contribution(" + placeholders(commitArgs) + "))\n" +
	"select c.committed from c, index_versions(c.ehr_no, c.vo, c.current, $" + strconv.Itoa(commitArgs+1) + ", " + nodestore.Placeholders(commitArgs+2) + ") as i"

const commitArgs = 53

// Places among the arguments, for those who look into them: the first and the
// first after those that are no arrays, the positions in the arrays, p_more, p_rules
// and p_kept.
const (
	argSystem       = 10
	argContribution = 18
	argResource     = 34
	argAstray       = 43
	argContent      = 44
	argLoss         = 46
	argMore         = 49
	argRules        = 50
	argQueued       = 51
	argKept         = 52
)

func placeholders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	return b.String()
}

// Commit stores one contribution: in one statement if it has at most one version
// of each object, else in one for each wave, and then, or if it sets tags, in one
// transaction. See ehr.Store.
func (s *Store) Commit(ctx context.Context, c ehr.Contribution) (time.Time, error) {
	t, err := s.commit(ctx, c)
	if err == nil && c.EHRID != ehr.Demographics && slices.ContainsFunc(c.Versions, func(v ehr.NewVersion) bool { return v.Queued }) {
		s.wake()
	}
	return t, err
}

// Queued has a value after commits of this process that left something to be
// projected.
func (s *Store) Queued() <-chan struct{} { return s.queued }

func (s *Store) commit(ctx context.Context, c ehr.Contribution) (time.Time, error) {
	const op = "store.Commit"
	if len(c.Versions) == 0 && len(c.Attestations) == 0 {
		return time.Time{}, errs.New(errs.Invalid, op, "a contribution needs at least one version or attestation")
	}
	if err := samePartition(c); err != nil {
		return time.Time{}, err
	}
	if ofWorkflow(&c) {
		return s.commitWithWorkflow(ctx, &c)
	}
	t, err := s.commitPlain(ctx, c)
	if replacesWorkflow(err) {
		return s.commitWithWorkflow(ctx, &c)
	}
	return t, err
}

// commitPlain stores a contribution that has nothing to do with workflows.
func (s *Store) commitPlain(ctx context.Context, c ehr.Contribution) (time.Time, error) {
	const op = "store.Commit"
	list := waves(c)
	args := make([][]any, len(list))
	for i := range list {
		var err error
		if args[i], err = s.commitArgs(ctx, &list[i]); err != nil {
			return time.Time{}, err
		}
	}
	if o := onceOf(ctx); o != nil {
		o.owner = &c.EHRID
	}
	var t time.Time
	// Within a request that is carried out once, a refusal must not end the
	// transaction that it is a part of: the use case may try again.
	parties := c.EHRID == ehr.Demographics && len(c.Projections) > 0
	if len(list) > 1 || len(c.Tags) > 0 || onceOf(ctx) != nil || parties || c.Person != uuid.Nil {
		run := func(tx pgx.Tx) error {
			if c.Person != uuid.Nil {
				if err := sharePerson(ctx, tx, c.Person, c.PersonTrunk); err != nil {
					return err
				}
			}
			for i := range list {
				var err error
				if t, err = s.commitOn(ctx, tx.Conn(), args[i]); err != nil {
					return outOfOrder(failure(op, err), list[:i])
				}
			}
			for _, u := range c.Tags {
				if err := s.putTags(ctx, tx, c.EHRID, u, c.Actor); err != nil {
					return err
				}
			}
			return nil
		}
		var err error
		if parties {
			err = s.commitParties(ctx, &c, run)
		} else {
			err = s.transaction(ctx, op, run)
		}
		return t.UTC(), err
	}
	if s.group.window > 0 && groupable(&c, args[0]) {
		t, err := s.commitInGroup(ctx, &c, args[0])
		return t.UTC(), err
	}
	t, err := s.commitCall(ctx, args[0])
	if err != nil {
		return time.Time{}, failure(op, err)
	}
	return t.UTC(), nil
}

// commitArgs are the arguments of commitSQL for a wave of a contribution.
func (s *Store) commitArgs(ctx context.Context, w *wave) ([]any, error) {
	c := &w.Contribution
	more, err := moreArg(c, *w)
	if err != nil {
		return nil, err
	}
	v, err := s.versionArgs(ctx, c.Versions)
	if err != nil {
		return nil, err
	}
	p, err := s.projectedArgs(ctx, c)
	if err != nil {
		return nil, err
	}
	replaces, indexed, err := s.indexArgs(ctx, c.Versions)
	if err != nil {
		return nil, err
	}
	var statusObject, accessObject *uuid.UUID
	if c.NewEHR != nil {
		statusObject, accessObject = &c.NewEHR.StatusObject, &c.NewEHR.AccessObject
	}
	var queryable, modifiable *bool
	var subject ehr.Subject
	for i := range c.Versions {
		if st := c.Versions[i].Status; st != nil {
			queryable, modifiable, subject = &st.IsQueryable, &st.IsModifiable, st.Subject
		}
	}
	args := []any{
		[]*uuid.UUID{owner(c.EHRID)},
		[]uuid.UUID{c.ID},
		[]int16{int16(c.ChangeType)},
		[]*string{jsonText(c.Description)},
		[]*string{jsonText(c.Committer)},
		[]string{c.Actor},
		[]*string{optional(c.OnBehalfOf)},
		[]*string{optional(c.Purpose)},
		[]*uuid.UUID{known(c.StatusObject)},
		[]int32{int32(c.StatusTrunk)},
		c.SystemID, statusObject, accessObject, queryable, modifiable,
		optional(subject.Type), optional(subject.ID), optional(subject.Namespace),
		slices.Repeat([]int32{1}, len(c.Versions)), v.object, v.ver, v.previous, v.kind, v.lifecycle, v.change, v.template, v.concept,
		v.concepts, v.category, v.signature, v.start, v.description, v.content, v.raw,
		p.rI, p.rKind, p.rType, p.rID, p.rFrom, p.rLen, p.rSearch, p.rRank, p.rIdentified, p.rAstray, p.cI, p.cRaw,
		p.lI, p.lMapped, p.lLosses, more, optional(c.Rules), queued(c.Versions),
		wire.AsKept{},
		replaces,
	}
	return append(args, indexed...), nil
}

// queued are the positions of versions that are projected later.
func queued(versions []ehr.NewVersion) []int32 {
	list := []int32{}
	for i := range versions {
		if versions[i].Queued {
			list = append(list, int32(i+1))
		}
	}
	return list
}

// indexArgs is what index_versions takes beside the result of the commit.
func (s *Store) indexArgs(ctx context.Context, versions []ehr.NewVersion) (replaces bool, arrays []any, err error) {
	list := make([]nodestore.Version, 0, len(versions))
	for i := range versions {
		v := &versions[i]
		if v.Kind != ehr.KindComposition || v.UID.IsBranch() {
			continue
		}
		replaces = replaces || v.UID.Trunk > 1
		switch {
		case v.Root != nil:
			list = append(list, nodestore.Version{Position: int32(i + 1), Root: v.Root})
		case v.Raw != nil: // cannot be indexed, so that the index misses something
			if err := s.nodes.TurnOff(ctx); err != nil {
				return false, nil, err
			}
		}
	}
	if arrays, err = s.nodes.Arguments(ctx, list); arrays == nil {
		arrays = nodestore.None()
	}
	return replaces, arrays, err
}

type versionArgs struct {
	object                  []pgtype.UUID
	ver                     []int32
	previous                []*string
	kind, lifecycle, change []int16
	template, concept       []*int32
	concepts                []string
	category                []*int16
	signature               []*string
	start                   []*time.Time
	description             []*string
	content                 wire.JSONTexts
	raw                     [][]byte
}

func (s *Store) versionArgs(ctx context.Context, versions []ehr.NewVersion) (versionArgs, error) {
	n := len(versions)
	a := versionArgs{
		object: make([]pgtype.UUID, n), ver: make([]int32, n), previous: make([]*string, n),
		kind: make([]int16, n), lifecycle: make([]int16, n), change: make([]int16, n),
		template: make([]*int32, n), concept: make([]*int32, n), concepts: make([]string, n),
		category: make([]*int16, n), signature: make([]*string, n), start: make([]*time.Time, n), description: make([]*string, n),
		content: make(wire.JSONTexts, n), raw: make([][]byte, n),
	}
	for i := range versions {
		v := &versions[i]
		a.object[i] = pgtype.UUID{Bytes: v.UID.Object, Valid: true}
		a.ver[i] = int32(v.UID.Trunk)
		a.previous[i] = optional(v.Preceding.System)
		a.kind[i], a.lifecycle[i], a.change[i] = int16(v.Kind), int16(v.LifecycleState), int16(v.ChangeType)
		a.signature[i] = optional(v.Signature)
		a.description[i] = jsonText(v.Description)
		a.concepts[i] = "{}"
		if v.Template.No != 0 {
			a.template[i] = &v.Template.No
		}
		if v.Category != 0 {
			c := int16(v.Category)
			a.category[i] = &c
		}
		if !v.StartTime.IsZero() {
			a.start[i] = &v.StartTime
		}
		if len(v.Archetypes) > 0 {
			ids, err := s.Concepts(ctx, v.Archetypes)
			if err != nil {
				return a, err
			}
			a.concept[i] = &ids[0]
			a.concepts[i] = intArray(ids)
		}
		if v.Raw != nil {
			a.content[i] = v.Raw
			a.raw[i] = compact.Canonical.Make(v.Raw)
		}
	}
	return a, nil
}

// intArray is the array literal of the distinct numbers in order.
func intArray(ids []int32) string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	b := []byte{'{'}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(append(b, '}'))
}

// textArray is the array literal of the strings.
func textArray(items []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for j := range len(s) {
			if s[j] == '"' || s[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[j])
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// known is an id; nil if it is zero.
func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// jsonText passes JSON as it is; nil for none.
func jsonText(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

// commitCall carries out commitSQL as a transaction of its own.
func (s *Store) commitCall(ctx context.Context, args []any) (committed time.Time, err error) {
	conn, err := s.main.Acquire(ctx)
	if err != nil {
		return committed, err
	}
	defer conn.Release()
	return s.commitOn(ctx, conn.Conn(), args)
}

// commitOn carries out commitSQL.
func (s *Store) commitOn(ctx context.Context, conn *pgx.Conn, args []any) (committed time.Time, err error) {
	err = wire.Statement{Name: "cairn_commit", SQL: commitSQL}.QueryRow(ctx, conn, s.keptForm, args, &committed)
	return committed, err
}
