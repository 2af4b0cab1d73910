package header

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// maxWarningHeaders bounds the warnings shown beside a successful commit.
const maxWarningHeaders = 20

// SetWarnings shows the findings that did not refuse a commit: their number
// in Cairn-Warnings, and each in a Cairn-Warning header of the form
// code; path="…"; message="…" with everything outside ASCII escaped.
func SetWarnings(h http.Header, list []rm.Problem) {
	if len(list) == 0 {
		return
	}
	h.Set("Cairn-Warnings", strconv.Itoa(len(list)))
	for i, p := range list {
		if i == maxWarningHeaders {
			break
		}
		h.Add("Cairn-Warning", headerToken(p.Code)+"; path="+strconv.QuoteToASCII(p.Path)+"; message="+strconv.QuoteToASCII(p.Message))
	}
}

// headerToken keeps the characters of a code that a header may hold.
func headerToken(s string) string {
	return strings.Map(func(c rune) rune {
		if c > ' ' && c < 0x7f && c != ';' && c != ',' && c != '"' {
			return c
		}
		return '_'
	}, s)
}
