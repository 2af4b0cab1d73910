package fhirstore

import (
	"strings"
	"testing"
)

// What is taken for a snapshot is one as this package writes it, and nothing of it
// is left out.
func FuzzParseSnapshot(f *testing.F) {
	for _, s := range []string{"0/1/1:1:", "1767268800000000/-5/3:9:3,4,8", "0/0/1:18446744073709551615:7", "0/1/9:3:", "0/1/1:9:4,4", "0/1/01:9:", "0/1/1:9:'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSnapshot("test", text)
		if err != nil {
			return
		}
		if s.String() != text || s.low == 0 || s.low > s.high || strings.Trim(text, "-0123456789/:,") != "" {
			t.Errorf("%q is read as %+v", text, s)
		}
	})
}
