package rest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// returns is what a client wants back from a successful write.
type returns uint8

const (
	returnMinimal returns = iota
	returnIdentifier
	returnRepresentation
)

func (p returns) String() string {
	return [...]string{"minimal", "identifier", "representation"}[p]
}

// preference is the Prefer header of a request.
type preference struct {
	returns returns
	// asked is whether the client said so, rather than the default.
	asked bool
	// media is the media type of the representation, if one is returned.
	media string
}

// parsePrefer reads the Prefer header (RFC 7240): the first return preference
// counts, and one that is not known is as if it were absent.
func parsePrefer(h http.Header, otherwise returns) preference {
	for _, item := range listItems(h.Values("Prefer")) {
		item, _, _ = strings.Cut(item, ";") // parameters of the preference
		name, value, _ := strings.Cut(item, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "return") {
			continue
		}
		switch strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`)) {
		case "minimal":
			return preference{returns: returnMinimal, asked: true}
		case "identifier":
			return preference{returns: returnIdentifier, asked: true}
		case "representation":
			return preference{returns: returnRepresentation, asked: true}
		}
		break
	}
	return preference{returns: otherwise}
}

// listItems splits the lines of a list header at the commas outside quotes.
func listItems(lines []string) []string {
	var items []string
	for _, line := range lines {
		start, quoted := 0, false
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case '"':
				quoted = !quoted
			case '\\':
				if quoted {
					i++
				}
			case ',':
				if !quoted {
					items = append(items, strings.TrimSpace(line[start:i]))
					start = i + 1
				}
			}
		}
		items = append(items, strings.TrimSpace(line[start:]))
	}
	return items
}

// prefer is the preference of a write and whether the client accepts the body
// that it leads to.
func (a *api) prefer(r *request, representation ...string) (preference, error) {
	otherwise := returnMinimal
	if a.PreferIdentifier {
		otherwise = returnIdentifier
	}
	p := parsePrefer(r.Header, otherwise)
	var err error
	switch p.returns {
	case returnRepresentation:
		p.media, err = negotiate(r.Header, representation...)
	case returnIdentifier:
		if _, err = negotiate(r.Header, mediaJSON); err != nil && !p.asked {
			p.returns, err = returnMinimal, nil
		}
	}
	return p, err
}

// written is the outcome of a successful write.
type written struct {
	// created tells 201 from 200 and 204.
	created bool
	// tag is the resource's ETag value, and the identifier returned unless uid
	// is set.
	tag, uid string
	// location is where the resource is.
	location string
	modified time.Time
	// media and body are the representation; without a body, the answer is
	// minimal.
	media    string
	body     []byte
	warnings []rm.Problem
	// tags are those that the client has set.
	tags ehr.TagInput
}

// sendWritten answers a write as the client prefers (ITS-REST overview,
// Representation details negotiation).
func (a *api) sendWritten(w *answer, p preference, out written) error {
	h := w.Header()
	if p.returns == returnRepresentation && out.body == nil {
		p.returns = returnMinimal
	}
	entityHeaders(h, out.tag, out.modified)
	if out.created || a.Compat103 {
		h.Set("Location", out.location)
	}
	if p.asked {
		applied := "return=" + p.returns.String()
		if resolved := h.Get("Preference-Applied"); resolved != "" {
			applied += ", " + resolved
		}
		h.Set("Preference-Applied", applied)
	}
	warningHeaders(h, out.warnings)
	confirmTags(h, out.tags)
	code := http.StatusOK
	if out.created {
		code = http.StatusCreated
	}
	switch p.returns {
	case returnMinimal:
		if out.created {
			h.Set("Content-Length", "0")
		} else {
			code = http.StatusNoContent
		}
		w.WriteHeader(code)
		return nil
	case returnIdentifier:
		return send(w, code, mediaJSON, marshal(identifier{cmp.Or(out.uid, out.tag)}))
	default:
		return send(w, code, out.media, out.body)
	}
}

// identifier is the body of return=identifier.
type identifier struct {
	UID string `json:"uid"`
}

// send writes a whole body. An error of writing means that the client is gone.
func send(w *answer, code int, media string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body)
	return nil
}

// maxWarningHeaders bounds the warnings shown beside a successful commit.
const maxWarningHeaders = 20

// warningHeaders shows the findings that did not refuse a commit: their number
// in Cairn-Warnings, and each in a Cairn-Warning header of the form
// code; path="…"; message="…" with everything outside ASCII escaped.
func warningHeaders(h http.Header, list []rm.Problem) {
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
