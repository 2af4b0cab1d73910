package rest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// DefaultMaxExpansion is the greatest factor by which a compressed request body
// may expand, when Config sets none.
const DefaultMaxExpansion = 100

const (
	// expansionFloor is how many bytes may come of a body however small it is.
	expansionFloor = 1 << 20
	// maxZstdWindow bounds the memory of a zstd decoder.
	maxZstdWindow = 8 << 20
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
	packed := true
	switch enc := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); enc {
	case "", "identity":
		packed = false
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(compressed)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, readFault(err, "the request body is not gzip")
		}
		defer z.Close()
		src = z
	case "deflate":
		z, err := zlib.NewReader(compressed)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, readFault(err, "the request body is not deflate (zlib)")
		}
		defer z.Close()
		src = z
	case "zstd":
		// The window of a frame is memory that its sender chooses.
		z, err := zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderMaxMemory(uint64(a.MaxBody)+1))
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "no decoder of zstd", err)
		}
		defer z.Close()
		src = z
	default:
		return nil, errs.New(errs.UnsupportedMedia, op, "the content encodings read are gzip, deflate, zstd and identity")
	}
	size := r.ContentLength
	if packed || size < 0 {
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
		if packed && len(buf) > expansionFloor && int64(len(buf)) > int64(a.MaxExpansion)*compressed.n {
			return nil, errs.New(errs.TooLarge, op, "the request body expands more than "+strconv.Itoa(a.MaxExpansion)+" times")
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
			return nil, tooLarge
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
