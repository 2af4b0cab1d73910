package aql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// KeptCatalog is a catalog of a store that keeps the results of materialised
// queries.
type KeptCatalog interface {
	Catalog
	// Kept is where they are; nil for nowhere.
	Kept() *keptstore.Store
}

// Freshness says how up to date the result of a materialised query is.
type Freshness struct {
	// Scheduled tells that the whole result was made at Refreshed. Otherwise the
	// result is that of the record at the time of the request, and Refreshed is
	// when rows were last brought up to it.
	Scheduled bool
	Refreshed time.Time
	// Pending is about how many commits were made since into EHRs whose rows
	// were found anew for this result.
	Pending int64
}

// FreshnessSink is a Sink that is told how up to date a result is, before
// Begin, if it is that of a materialised query.
type FreshnessSink interface {
	Sink
	Materialised(Freshness)
}

// kept is how an entry's rows answer a query.
type kept struct {
	number      int32
	fingerprint string
	compiled    *sqlgen.Kept
}

// Materialisable tells whether the result of a query can be kept: incrementally,
// or as a whole on a schedule. Errors are errs.Error: those of [Engine.Compile],
// and Unsupported for a query whose result cannot, saying because of what.
func (e *Engine) Materialisable(text string, scheduled bool) error {
	const op = "aql.Materialisable"
	q, err := e.Compile(text)
	if err != nil {
		return err
	}
	if scheduled {
		if params := q.Params(); len(params) > 0 {
			return errs.New(errs.Unsupported, op, "the query cannot be materialised on a schedule: its result depends on the parameter $"+params[0])
		}
		return nil
	}
	if reason := sqlgen.Unkept(q.plan); reason != "" {
		return errs.New(errs.Unsupported, op, "the query cannot be materialised incrementally: "+reason)
	}
	return nil
}

// keep compiles an incremental query for an entry, once for each.
func (q *Query) keep(entry *keptstore.Entry, rules string) *kept {
	if k := q.kept.Load(); k != nil && k.number == entry.Number && strings.HasSuffix(k.fingerprint, digest(rules)) {
		return k
	}
	// What is kept depends on the statement that fills it, and on the functions
	// that the statement calls. The guard does not take part in it.
	fill := sqlgen.Keep(q.plan, entry.Number, "").Fill
	k := &kept{number: entry.Number, fingerprint: digest(fill.SQL+"\n"+strings.Join(fill.Describe(), "\n")) + digest(rules)}
	k.compiled = sqlgen.Keep(q.plan, entry.Number, entry.Guard(k.fingerprint))
	q.kept.Store(k)
	return k
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// keptChoice is how a request is answered from what is kept; nil if it is not.
func (e *Engine) keptChoice(ctx context.Context, q *Query, r Request) (*choice, error) {
	c, ok := e.catalog.(KeptCatalog)
	if !ok || c.Kept() == nil || r.Strategy != Automatic || r.scoped() || !r.AsOf.IsZero() {
		return nil, nil
	}
	entry, rules, err := c.Kept().Find(ctx, q.Text)
	if err != nil || entry == nil || !entry.Complete {
		return nil, err
	}
	out := &choice{strategy: "materialised", fresh: &Freshness{Scheduled: entry.Scheduled(), Refreshed: entry.Refreshed, Pending: entry.Pending}}
	if entry.Scheduled() {
		if entry.Pending > 0 || entry.Fingerprint != e.resultFingerprint(q, rules) {
			return nil, nil
		}
		out.statement = sqlgen.Result(len(q.columns), q.plan.Query.Offset, entry.Number, entry.Guard(entry.Fingerprint))
		out.reason = "the result of the last refresh is kept"
		return out, nil
	}
	if sqlgen.Unkept(q.plan) != "" {
		return nil, nil
	}
	k := q.keep(entry, rules)
	if k.fingerprint != entry.Fingerprint {
		return nil, nil
	}
	out.statement = k.compiled.Read
	out.reason = "the rows of EHRs without later commits are kept"
	return out, nil
}

// resultFingerprint is that of the rules by which a whole result is made.
func (e *Engine) resultFingerprint(q *Query, rules string) string {
	return digest(q.statement(Request{}).SQL) + digest(rules)
}

// keptEHRs is the number of EHRs whose rows are made in one transaction, for
// which physical deletion may have to wait.
const keptEHRs = 500

// refreshPause is how long a query whose result could not be made is left alone:
// trying may cost as much as its time limit, and physical deletion waits for it.
const refreshPause = time.Minute

// RefreshMaterialised brings what is kept up to date: the rows of EHRs with
// commits since the last time, and results whose time has come. A query whose
// result cannot be made keeps the reason and is left alone for a minute, which
// does not end the others' turn.
// The error is that of the database, or of the context.
func (e *Engine) RefreshMaterialised(ctx context.Context) error {
	c, ok := e.catalog.(KeptCatalog)
	if !ok || c.Kept() == nil {
		return nil
	}
	store := c.Kept()
	entries, rules, err := store.Entries(ctx)
	if err != nil {
		return err
	}
	for i := range entries {
		entry := &entries[i]
		if until, ok := e.refreshAfter.Load(entry.Number); ok && e.opt.Now().Before(until.(time.Time)) {
			continue
		}
		err := e.refresh(ctx, store, entry, rules)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.refreshAfter.Delete(entry.Number)
		if err != nil {
			e.refreshAfter.Store(entry.Number, e.opt.Now().Add(refreshPause))
			problem := "it could not be refreshed"
			if known := errs.As(err); known != nil && known.Msg != "" {
				problem = known.Msg
			}
			if err := store.SetProblem(ctx, entry.Number, problem); err != nil {
				return err
			}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return store.Refresh(ctx)
}

func (e *Engine) refresh(ctx context.Context, store *keptstore.Store, entry *keptstore.Entry, rules string) error {
	q, err := e.Compile(entry.Text)
	if err != nil {
		return err
	}
	if err := e.Materialisable(entry.Text, entry.Scheduled()); err != nil {
		return err
	}
	if entry.Scheduled() {
		fingerprint := e.resultFingerprint(q, rules)
		if entry.Pending == 0 && entry.Fingerprint == fingerprint && e.opt.Now().Sub(entry.Refreshed) < entry.Every {
			return nil
		}
		return store.Replace(ctx, entry.Number, fingerprint, func(ctx context.Context, row func([]*string) error) error {
			return e.whole(ctx, q, row)
		})
	}
	k := q.keep(entry, rules)
	if k.fingerprint != entry.Fingerprint {
		if err := store.Reset(ctx, entry.Number, k.fingerprint); err != nil {
			return err
		}
	} else if entry.Pending == 0 && entry.Complete {
		return nil
	}
	fill := k.compiled.Fill
	for more := true; more; {
		if more, err = store.Renew(ctx, entry.Number, keptstore.Fill{
			Fingerprint: k.fingerprint, SQL: fill.SQL, EHRs: keptEHRs, Timeout: e.opt.Timeout,
			Bind: func(ctx context.Context, ehrs []int64) ([]any, error) {
				return fill.Bind(ctx, sqlgen.Values{EHRs: ehrs, Now: e.opt.Now()}, e.catalog)
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// whole runs a query within the engine's limits, whatever is kept of it.
func (e *Engine) whole(ctx context.Context, q *Query, row func(cells []*string) error) error {
	return e.RunQuery(ctx, q, Request{Strategy: Unkept}, rowSink(func(cells [][]byte) error {
		texts := make([]*string, len(cells))
		for i, c := range cells {
			if c != nil {
				s := string(c)
				texts[i] = &s
			}
		}
		return row(texts)
	}))
}

// rowSink takes rows only.
type rowSink func(cells [][]byte) error

// Begin has nothing to do: the columns are known.
func (s rowSink) Begin([]Column) error { return nil }

// Row passes a row on.
func (s rowSink) Row(cells [][]byte) error { return s(cells) }

// refreshStale reads anew what statements that turned out stale relied on.
func (e *Engine) refreshStale(ctx context.Context) error {
	if c, ok := e.catalog.(IndexedCatalog); ok && c.NodeIndex() != nil {
		if _, err := c.NodeIndex().Refresh(ctx); err != nil {
			return err
		}
	}
	if c, ok := e.catalog.(KeptCatalog); ok && c.Kept() != nil {
		return c.Kept().Refresh(ctx)
	}
	return nil
}
