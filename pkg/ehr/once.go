package ehr

import (
	"context"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// OnceKey identifies a request that its client may repeat: the same key of the
// same principal, with the same method and path, means the same request.
type OnceKey struct {
	Principal, Method, Path, Key string
	// Digest is that of what the request says; a repetition must say the same.
	Digest [32]byte
	// Lifetime is how long the answer is kept.
	Lifetime time.Duration
}

// CodeOnceDiffers: the key was used for another request.
const CodeOnceDiffers = "idempotency_key_reused"

// ErrOnceDiffers is the answer to a repetition that says something else.
var ErrOnceDiffers = &errs.Error{
	Op: "ehr.Once", Kind: errs.Unprocessable, Code: CodeOnceDiffers,
	Msg: "this Idempotency-Key was used for a request with another content",
}

// Once carries a request out, unless it was before, and gives its answer; and
// whether it is that of an earlier one. What do writes through the Service with
// the context that it is given, and its answer, are kept together or not at
// all. An error of do is returned as it is and nothing is kept: a request that
// was refused may be sent again.
func (s *Service) Once(ctx context.Context, k OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error) {
	var kept later
	answer, repeated, err = s.cfg.Store.Once(context.WithValue(ctx, laterKey{}, &kept), k, do)
	if err == nil {
		for _, f := range kept {
			f()
		}
	}
	return answer, repeated, err
}

// later is what is to be done once a write is sure to stay.
type later []func()

type laterKey struct{}

// whenKept calls f when what was written with the context is kept: at once,
// unless the write is a part of something larger.
func whenKept(ctx context.Context, f func()) {
	if l, ok := ctx.Value(laterKey{}).(*later); ok {
		*l = append(*l, f)
		return
	}
	f()
}
