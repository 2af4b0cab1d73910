package fhirmap

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Ids rest on this quoting.
func TestAppendGoQuoted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[ -~]*`), rapid.String(), rapid.SampledFrom([]string{"\xff", "\x7f", `"`, `\`, "a\u00a0", ""})).Draw(t, "text")
		if got, want := string(appendGoQuoted([]byte("x"), s)), "x"+strconv.Quote(s); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}
