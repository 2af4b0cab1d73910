// Package mediatype holds the media types of the openEHR REST API and chooses among
// them: for an answer by Accept with its weights (RFC 9110 §12.5.1), for a body by
// its Content-Type. Names that clients used before are taken for those of today.
package mediatype

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
)

// The media types of the API that Cairn can read or write.
const (
	JSON = "application/json"
	XML  = "application/xml"
	Text = "text/plain"

	WebTemplate = "application/openehr.wt+json"
	Flat        = "application/openehr.wt.flat+json"
	Structured  = "application/openehr.wt.structured+json"
)

// Canonical are the media types of RM objects, the default first.
var Canonical = []string{JSON, XML}

// Content are those of a COMPOSITION or party.
var Content = []string{JSON, XML, Flat, Structured}

// Template are the media types of a template: the OPT, and its web template,
// which ITS-REST also lets clients ask for as JSON.
var Template = []string{XML, WebTemplate, JSON}

// aliases are names that clients give to media types, some of them
// deprecated by ITS-REST.
var aliases = map[string]string{
	"text/xml": XML,
	"application/openehr.wt.flat.schema+json":       Flat,
	"application/openehr.wt.structured.schema+json": Structured,
	"application/openehr.wt.flat.structured+json":   Structured,
}

// nameOf is the name that a media type has here.
func nameOf(typ string) string {
	if name, ok := aliases[typ]; ok {
		return name
	}
	return typ
}

// mediaRange is an element of an Accept header: what it matches, its weight, and
// how exactly it says so.
type mediaRange struct {
	pattern string // type/subtype, type/* or */*
	q       float64
}

// parseRange reads an element of an Accept header (RFC 9110 §12.5.1); false if it
// is malformed, or wants another charset than the one that is sent. Other
// parameters name nothing that the media types of the API have and are passed
// over. A lone * is taken for */*, as old clients write it.
func parseRange(item string) (mediaRange, bool) {
	rng, params, _ := strings.Cut(item, ";")
	rng = strings.ToLower(strings.TrimSpace(rng))
	if rng == "*" {
		rng = "*/*"
	}
	typ, sub, ok := strings.Cut(rng, "/")
	if !ok || !isToken(typ) || !isToken(sub) || typ == "*" && sub != "*" {
		return mediaRange{}, false
	}
	out := mediaRange{nameOf(rng), 1}
	if strings.TrimSpace(params) == "" {
		return out, true
	}
	for _, p := range header.SplitSemicolons(params) {
		if strings.TrimSpace(p) == "" {
			continue
		}
		name, value, ok := strings.Cut(p, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		quoted := len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"'
		switch {
		case name == "q" && ok:
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return mediaRange{}, false
			}
			// What follows the weight are extensions of the header, and of the range no more.
			out.q = q
			return out, true
		case !isToken(name) || !ok || !quoted && !isToken(value):
			return mediaRange{}, false
		case name == "charset":
			if charset := strings.ToLower(strings.Trim(value, `"`)); charset != "utf-8" && charset != "utf8" {
				return mediaRange{}, false
			}
		}
	}
	return out, true
}

// isToken reports whether a text is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// exactness says how exactly the range names a media type: 2 as type/subtype, 1
// as type/*, 0 as */*, -1 not at all.
func (r mediaRange) exactness(offer string) int {
	typ, _, _ := strings.Cut(offer, "/")
	switch r.pattern {
	case offer:
		return 2
	case typ + "/*":
		return 1
	case "*/*":
		return 0
	}
	return -1
}

// Negotiate chooses which of the media types on offer the client prefers; the
// first of them when it has no preference, which it has not without the header
// or with an empty one. errs.NotAcceptable when it accepts none. An element of
// the header that is malformed accepts nothing.
func Negotiate(h http.Header, offers ...string) (string, error) {
	type rating struct {
		q     float64
		exact int
	}
	ratings := make([]rating, len(offers))
	for i := range ratings {
		ratings[i].exact = -1
	}
	empty := true
	for _, item := range header.ListItems(h.Values("Accept")) {
		if item == "" {
			continue
		}
		empty = false
		rng, ok := parseRange(item)
		if !ok {
			continue
		}
		for i, offer := range offers {
			exact := rng.exactness(offer)
			if exact > ratings[i].exact || exact == ratings[i].exact && exact >= 0 && rng.q > ratings[i].q {
				ratings[i] = rating{rng.q, exact}
			}
		}
	}
	if empty {
		return offers[0], nil
	}
	best, bestQ := "", 0.0
	for i, r := range ratings {
		if r.exact >= 0 && r.q > bestQ {
			best, bestQ = offers[i], r.q
		}
	}
	if best == "" {
		return "", errs.New(errs.NotAcceptable, "mediatype.Negotiate", "this resource is available only as "+strings.Join(offers, ", "))
	}
	return best, nil
}

// OfBody checks the Content-Type of a body against the media types that the
// operation reads and gives the one it has; an absent header means the first.
// errs.UnsupportedMedia for another type, or a charset that is not UTF-8.
func OfBody(h http.Header, reads ...string) (string, error) {
	const op = "mediatype.OfBody"
	value := h.Get("Content-Type")
	if len(h.Values("Content-Type")) > 1 {
		return "", errs.New(errs.UnsupportedMedia, op, "the header Content-Type may be given only once")
	}
	if strings.TrimSpace(value) == "" {
		return reads[0], nil
	}
	typ, params, err := mime.ParseMediaType(value)
	if err != nil {
		return "", errs.Wrap(errs.UnsupportedMedia, op, "the header Content-Type is malformed", err)
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		return "", errs.New(errs.UnsupportedMedia, op, "only the charset UTF-8 is read")
	}
	for _, m := range reads {
		if nameOf(typ) == m {
			return m, nil
		}
	}
	return "", errs.New(errs.UnsupportedMedia, op, "this operation reads only "+strings.Join(reads, ", "))
}
