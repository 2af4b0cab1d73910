package fhirstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// snapshot is the state of the database that the first page of a search was of:
// that of a PostgreSQL snapshot. Times cannot tell it, since a commit takes its time
// before it is seen.
type snapshot struct {
	at     int64  // when the page was read, in microseconds
	origin int64  // when the database came to its server, in microseconds; 0: not known
	text   string // of type pg_snapshot
	// low and high are the first transaction that was under way, and the first that
	// had not begun.
	low, high uint64
}

// Cursors are taken for a day. What was replaced longer ago than two is on no page,
// whatever a cursor says to be: cursors are not signed, and who may search is not to
// go back by them as he may by a history.
const (
	cursorAge   = 24 * time.Hour
	replacedAge = `interval '48 hours'`
)

// snapshotSQL is the state that a statement sees.
const snapshotSQL = `select pg_current_snapshot()::text, coalesce((extract(epoch from until) * 1000000)::bigint, 0),
	(extract(epoch from now()) * 1000000)::bigint from fhir_origin`

// scan reads a row of snapshotSQL.
func (s *snapshot) scan(row pgx.Row) error {
	if err := row.Scan(&s.text, &s.origin, &s.at); err != nil {
		return err
	}
	return s.bounds()
}

// String is the snapshot as it stands in a cursor.
func (s *snapshot) String() string { return fmt.Sprintf("%d/%d/%s", s.origin, s.at, s.text) }

// parseSnapshot reads what a client says to be one.
func parseSnapshot(op, text string) (*snapshot, error) {
	bad := errs.New(errs.Invalid, op, "the cursor is not one of this search")
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return nil, bad
	}
	s := &snapshot{text: parts[2]}
	var err, wrong error
	s.origin, err = strconv.ParseInt(parts[0], 10, 64)
	s.at, wrong = strconv.ParseInt(parts[1], 10, 64)
	if err != nil || wrong != nil || s.bounds() != nil || s.String() != text {
		return nil, bad
	}
	return s, nil
}

// bounds reads low:high:list, where the list is ascending, of transactions that
// were under way: what PostgreSQL takes.
func (s *snapshot) bounds() error {
	parts := strings.Split(s.text, ":")
	if len(parts) != 3 {
		return fmt.Errorf("a snapshot has 3 parts, not %d", len(parts))
	}
	number := func(text string) (uint64, error) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err == nil && (n == 0 || strconv.FormatUint(n, 10) != text) {
			err = fmt.Errorf("%q is not the number of a transaction", text)
		}
		return n, err
	}
	var err error
	if s.low, err = number(parts[0]); err != nil {
		return err
	}
	if s.high, err = number(parts[1]); err != nil {
		return err
	}
	if s.low > s.high {
		return fmt.Errorf("a snapshot ends at %d, before %d", s.high, s.low)
	}
	if parts[2] == "" {
		return nil
	}
	last := s.low
	for i, text := range strings.Split(parts[2], ",") {
		n, err := number(text)
		if err != nil {
			return err
		}
		if n < last || n >= s.high || i > 0 && n == last {
			return fmt.Errorf("%d is not of the snapshot or not in its order", n)
		}
		last = n
	}
	return nil
}

// check compares the snapshot of a cursor with the one that its page is read in.
func (s *snapshot) check(op string, now *snapshot) error {
	if s.origin != now.origin || s.high > now.high {
		return errs.New(errs.Invalid, op, "the cursor is not one of this database as it is now, which may have been restored: begin the search anew")
	}
	if s.at < now.at-cursorAge.Microseconds() {
		return errs.New(errs.Invalid, op, "the cursor is of more than 24 hours ago: begin the search anew")
	}
	return nil
}

// states are the conditions on the rows of which each resource has at most one, as
// it is or as it was at a snapshot: those that are current, and for a snapshot those
// that were replaced since. The sets have no row in common. Each has an index of its
// own, so that they are not asked for in one condition.
func (w *where) states() []string { return w.statesOf(w.r) }

// statesOf is states for rows of fhir_resource with another name.
func (w *where) statesOf(r string) []string {
	if w.at == "" {
		return []string{r + `.superseded is null`}
	}
	at, made := w.snapshot(), w.seen(r, `last_updated`)
	// The upper bound holds of all that is seen. With it the planner expects few rows.
	return []string{
		r + `.superseded is null and ` + made,
		r + `.replaced >= pg_snapshot_xmin(` + at + `) and ` + r + `.replaced < pg_snapshot_xmax(pg_current_snapshot())
	and not pg_visible_in_snapshot(` + r + `.replaced, ` + at + `)
	and ` + r + `.superseded > now() - ` + replacedAge + ` and (` + r + `.superseded <= (select until from fhir_origin)) is not true and ` + made,
	}
}

// snapshot is that of the cursor as SQL, read once and not for each row.
func (w *where) snapshot() string { return `(select ` + w.at + `::text::pg_snapshot)` }

// seen is the condition that a row, of a table whose column made has the transaction
// that wrote it at a time in another column, was there at the snapshot of the cursor;
// true without one.
func (w *where) seen(r, time string) string {
	if w.at == "" {
		return `true`
	}
	return `(` + r + `.made is null or pg_visible_in_snapshot(` + r + `.made, ` + w.snapshot() + `) or ` + r + `.` + time + ` <= (select until from fhir_origin))`
}

// asOf has the conditions hold on the state that a cursor is of.
func (w *where) asOf(op string, c fhir.Cursor) (*snapshot, error) {
	if len(c.Keys) == 0 {
		return nil, nil
	}
	s, err := parseSnapshot(op, c.Snapshot)
	if err != nil {
		return nil, err
	}
	w.at = w.arg(s.text)
	return s, nil
}
