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

// CodeOnceDiffers says that the key was used for another request.
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
	return s.cfg.Store.Once(ctx, k, do)
}
