package stance

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Trust are codes of which the operator vouches that they name something, and that
// the words which partners write beside them agree.
type Trust struct {
	system, code string
	// form is ' ' for all codes of the system, '=' for one, '*' for those that
	// begin with code, '<' for code and all below it.
	form byte
}

// ParseTrust reads "SYSTEM", "SYSTEM|CODE", "SYSTEM|BEGIN*" or "SYSTEM|<<CODE".
func ParseTrust(text string) (Trust, error) {
	system, code, has := strings.Cut(text, "|")
	t := Trust{system: system, code: code, form: '='}
	switch {
	case !has:
		t.form = ' '
	case strings.HasPrefix(code, "<<"):
		t.form, t.code = '<', strings.TrimSpace(code[2:])
	case strings.HasSuffix(code, "*"):
		t.form, t.code = '*', strings.TrimSuffix(code, "*")
	}
	if !strings.Contains(system, ":") || has && t.code == "" || strings.ContainsAny(t.code, " |*<") {
		return Trust{}, errs.New(errs.Invalid, "stance.ParseTrust",
			"trusted codes are SYSTEM, SYSTEM|CODE, SYSTEM|BEGIN* or SYSTEM|<<CODE, with the URI of the code system")
	}
	return t, nil
}
