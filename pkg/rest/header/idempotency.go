package header

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// IdempotencyKey makes a repeated POST have the effect and the answer of the
// first.
const IdempotencyKey = "Idempotency-Key"

// maxIdempotencyKey is the greatest length of an Idempotency-Key in bytes.
const maxIdempotencyKey = 255

// IdempotencyReplayed tells that an answer is that of an earlier request.
const IdempotencyReplayed = "Idempotency-Replayed"

// OnceKey is the key of a request, "" without one. The quotes of a
// structured header field are taken off.
func OnceKey(h http.Header) (string, error) {
	lines := h.Values(IdempotencyKey)
	if len(lines) == 0 {
		return "", nil
	}
	key := strings.TrimSpace(lines[0])
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	switch {
	case len(lines) > 1:
		return "", errs.New(errs.Invalid, "header.idempotencyKey", IdempotencyKey+" may be given only once")
	case key == "":
		return "", errs.New(errs.Invalid, "header.idempotencyKey", IdempotencyKey+" is empty")
	case len(key) > maxIdempotencyKey:
		return "", errs.New(errs.Invalid, "header.idempotencyKey", IdempotencyKey+" is longer than "+strconv.Itoa(maxIdempotencyKey)+" bytes")
	case strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }):
		return "", errs.New(errs.Invalid, "header.idempotencyKey", IdempotencyKey+" may have only printable ASCII characters")
	}
	return key, nil
}
