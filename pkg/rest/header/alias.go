package header

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Lookup is the value of an openEHR header, under its name or with _ for -
// as release 1.0.3 wrote some. One that is given more than once must say the
// same each time: which of two records or templates is meant is not to be guessed.
func Lookup(h http.Header, name string) (string, error) {
	value := ""
	for key, lines := range h {
		if !strings.EqualFold(strings.ReplaceAll(key, "_", "-"), name) {
			continue
		}
		for _, line := range lines {
			if line = strings.TrimSpace(line); !utf8.ValidString(line) {
				line = fromLatin1(line)
			}
			if value != "" && line != "" && line != value {
				return "", errs.New(errs.Invalid, "header.aliasHeader", "the header "+name+" is given twice with different values")
			}
			value = cmp.Or(value, line)
		}
	}
	return value, nil
}
