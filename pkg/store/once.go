package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// conn is what statements are sent to: a pool, or the transaction of a request
// that is carried out once.
type conn interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// once is the transaction of a request that is carried out once, and the EHR,
// or ehr.Demographics, that it has written into; nil if neither.
type once struct {
	tx    pgx.Tx
	owner *uuid.UUID
}

type onceKey struct{}

func onceOf(ctx context.Context) *once {
	o, _ := ctx.Value(onceKey{}).(*once)
	return o
}

// conn is the transaction of the request if it has one, else the pool. What
// stays whatever becomes of the request, such as the numbers of concepts, which
// are remembered, takes the pool itself.
func (s *Store) conn(ctx context.Context) conn {
	if o := onceOf(ctx); o != nil {
		return o.tx
	}
	return s.main
}

// expiredAtOnce is how many expired answers a new one sweeps away.
const expiredAtOnce = 20

// Once carries a request out and keeps its answer in one transaction. See
// ehr.Store.
//
// Two requests with one key meet at the primary key: the second waits until the
// first has committed, and then finds its answer, or until it has failed, and
// then takes its place. The transaction has a connection of a pool of its own,
// as statements outside of it must find one while it is open.
func (s *Store) Once(ctx context.Context, k ehr.OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error) {
	const op = "store.Once"
	var inner error
	err = pgx.BeginFunc(ctx, s.onces, func(tx pgx.Tx) error {
		answer, repeated, inner = s.once(ctx, tx, k, do)
		return inner
	})
	if err != nil && inner == nil {
		return nil, false, failure(op, err)
	}
	return answer, repeated, inner
}

func (s *Store) once(ctx context.Context, tx pgx.Tx, k ehr.OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error) {
	const op = "store.Once"
	if _, err := tx.Exec(ctx, `
		delete from idempotent_answer where scope in (
			select scope from idempotent_answer where expires < clock_timestamp() order by expires limit $1 for update skip locked)`,
		expiredAtOnce); err != nil {
		return nil, false, failure(op, err)
	}
	scope := onceScope(k)
	var first bool
	err = tx.QueryRow(ctx, `
		insert into idempotent_answer as a (scope, digest, created, expires) values ($1, $2, clock_timestamp(), clock_timestamp() + $3)
		on conflict (scope) do update set digest = excluded.digest, created = excluded.created, expires = excluded.expires, ehr_id = null, answer = null
		where a.expires < clock_timestamp()
		returning true`, scope, k.Digest[:], k.Lifetime).Scan(&first)
	if errors.Is(err, pgx.ErrNoRows) {
		var digest []byte
		if err := tx.QueryRow(ctx, `select digest, answer from idempotent_answer where scope = $1`, scope).Scan(&digest, &answer); err != nil {
			return nil, false, failure(op, err)
		}
		if !bytes.Equal(digest, k.Digest[:]) {
			return nil, false, ehr.ErrOnceDiffers
		}
		return answer, true, nil
	}
	if err != nil {
		return nil, false, failure(op, err)
	}
	o := &once{tx: tx}
	if answer, err = do(context.WithValue(ctx, onceKey{}, o)); err != nil {
		return nil, false, err
	}
	if _, err := tx.Exec(ctx, `update idempotent_answer set answer = $2, ehr_id = $3 where scope = $1`, scope, answer, o.owner); err != nil {
		return nil, false, failure(op, err)
	}
	return answer, false, nil
}

// onceScope is what a key is unique in, hashed: the parts may be long.
func onceScope(k ehr.OnceKey) []byte {
	h := sha256.New()
	for _, part := range []string{k.Principal, k.Method, k.Path, k.Key} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return h.Sum(nil)
}
