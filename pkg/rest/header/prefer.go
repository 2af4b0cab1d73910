package header

import (
	"net/http"
	"strings"
)

// Return is what a client wants back from a successful write.
type Return uint8

// The values of the preference return; identifier is ITS-REST's own.
const (
	Minimal Return = iota
	Identifier
	Representation
)

// String is the value as the header has it.
func (p Return) String() string {
	return [...]string{"minimal", "identifier", "representation"}[p]
}

// Preference is the Prefer header of a request.
type Preference struct {
	Returns Return
	// Asked is whether the client said so, rather than the default.
	Asked bool
	// Media is the media type of the representation, if one is returned.
	Media string
}

// Prefer reads the Prefer header (RFC 7240): the first return preference
// counts, and one that is not known is as if it were absent.
func Prefer(h http.Header, otherwise Return) Preference {
	for _, item := range ListItems(h.Values("Prefer")) {
		item, _, _ = strings.Cut(item, ";") // parameters of the preference
		name, value, _ := strings.Cut(item, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "return") {
			continue
		}
		switch strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`)) {
		case "minimal":
			return Preference{Returns: Minimal, Asked: true}
		case "identifier":
			return Preference{Returns: Identifier, Asked: true}
		case "representation":
			return Preference{Returns: Representation, Asked: true}
		}
		break
	}
	return Preference{Returns: otherwise}
}
