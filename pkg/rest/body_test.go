package rest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBody(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 40<<10)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	bomb := zipped(t, make([]byte, 3<<20))
	tests := []struct {
		name     string
		body     []byte
		length   int64
		encoding string
		limit    int64
		want     []byte
		kind     errs.Kind
	}{
		{name: "plain", body: noise, length: int64(len(noise)), limit: 1 << 20, want: noise},
		{name: "unknown length", body: noise, length: -1, limit: 1 << 20, want: noise},
		{name: "empty", limit: 1 << 20, want: []byte{}},
		{name: "gzip", body: zipped(t, noise), length: -1, encoding: "gzip", limit: 1 << 20, want: noise},
		{name: "exactly the limit", body: noise, length: -1, limit: int64(len(noise)), want: noise},
		{name: "declared too large", body: noise, length: int64(len(noise)), limit: 1000, kind: errs.TooLarge},
		{name: "undeclared too large", body: noise, length: -1, limit: int64(len(noise)) - 1, kind: errs.TooLarge},
		{name: "too large when decompressed", body: bomb, length: int64(len(bomb)), encoding: "gzip", limit: 2 << 20, kind: errs.TooLarge},
		{name: "expands too much", body: bomb, length: int64(len(bomb)), encoding: "gzip", limit: 100 << 20, kind: errs.TooLarge},
		{name: "not gzip", body: []byte("{}"), length: 2, encoding: "gzip", limit: 1 << 20, kind: errs.Invalid},
		{name: "truncated gzip", body: zipped(t, noise)[:1000], length: 1000, encoding: "gzip", limit: 1 << 20, kind: errs.Invalid},
		{name: "unknown encoding", body: []byte("x"), length: 1, encoding: "br", limit: 1 << 20, kind: errs.UnsupportedMedia},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &api{Config: Config{MaxBody: tt.limit}}
			r := &http.Request{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(tt.body)), ContentLength: tt.length}
			if tt.encoding != "" {
				r.Header.Set("Content-Encoding", tt.encoding)
			}
			got, err := a.body(&request{Request: r})
			if tt.want == nil {
				if !errs.Is(err, tt.kind) {
					t.Fatalf("got %v, want kind %v", err, tt.kind)
				}
				return
			}
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Fatalf("got %d bytes, %v", len(got), err)
			}
		})
	}
}

func TestBodyHonoursAnOuterLimit(t *testing.T) {
	t.Parallel()
	a := &api{Config: Config{MaxBody: 1 << 20}}
	r := &http.Request{
		Header: http.Header{}, ContentLength: -1,
		Body: http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("0123456789")), 5),
	}
	if _, err := a.body(&request{Request: r}); !errs.Is(err, errs.TooLarge) {
		t.Fatalf("got %v", err)
	}
}
