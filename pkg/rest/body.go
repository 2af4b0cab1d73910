package rest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// maxCompression is the greatest factor by which a compressed request body may
// expand, beyond the first expansionFloor bytes.
const (
	maxCompression = 100
	expansionFloor = 1 << 20
)

// body reads the whole request body, decompressed. errs.TooLarge beyond
// MaxBody or beyond the expansion limit.
func (a *api) body(r *request) ([]byte, error) {
	const op = "rest.body"
	tooLarge := errs.New(errs.TooLarge, op, "the request body exceeds "+strconv.FormatInt(a.MaxBody, 10)+" bytes")
	if r.ContentLength > a.MaxBody {
		return nil, tooLarge
	}
	compressed := &counter{r: r.Body}
	var src io.Reader = compressed
	gzipped := false
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		gzipped = true
		z, err := gzip.NewReader(compressed)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, readFault(err, "the request body is not gzip")
		}
		defer z.Close()
		src = z
	default:
		return nil, errs.New(errs.UnsupportedMedia, op, "the content encodings read are gzip and identity")
	}
	size := r.ContentLength
	if gzipped || size < 0 {
		size = 8 << 10
	}
	buf := make([]byte, 0, size+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > a.MaxBody {
			return nil, tooLarge
		}
		if gzipped && len(buf) > expansionFloor && int64(len(buf)) > maxCompression*compressed.n {
			return nil, errs.New(errs.TooLarge, op, "the request body expands more than "+strconv.Itoa(maxCompression)+" times")
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, readFault(err, "the request body could not be read to its end")
		}
	}
}

// readFault is the failure of reading a body: a limit set outside of this
// package, or a client that stopped sending.
func readFault(err error, msg string) error {
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return errs.Wrap(errs.TooLarge, "rest.body", "the request body exceeds "+strconv.FormatInt(limit.Limit, 10)+" bytes", err)
	}
	return errs.Wrap(errs.Invalid, "rest.body", msg, err)
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
