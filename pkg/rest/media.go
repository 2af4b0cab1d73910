package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// The media types of the API that Cairn can read or write.
const (
	mediaJSON = "application/json"
	mediaXML  = "application/xml"

	mediaWebTemplate = "application/openehr.wt+json"
	mediaFlat        = "application/openehr.wt.flat+json"
	mediaStructured  = "application/openehr.wt.structured+json"
)

// canonical are the media types of RM objects, the default first.
var canonical = []string{mediaJSON, mediaXML}

// contentMedia are those of a COMPOSITION or party.
var contentMedia = []string{mediaJSON, mediaXML, mediaFlat, mediaStructured}

// mediaAliases are names that clients give to media types, some of them
// deprecated by ITS-REST.
var mediaAliases = map[string]string{
	"text/xml": mediaXML,
	"application/openehr.wt.flat.schema+json":       mediaFlat,
	"application/openehr.wt.structured.schema+json": mediaStructured,
	"application/openehr.wt.flat.structured+json":   mediaStructured,
}

// mediaName is the name that a media type has here.
func mediaName(typ string) string {
	if name, ok := mediaAliases[typ]; ok {
		return name
	}
	return typ
}

// negotiate chooses which of the media types on offer the client prefers; the
// first of them when it has no preference. errs.NotAcceptable when it accepts
// none. Parameters such as charset are ignored: all that is sent is UTF-8.
func negotiate(h http.Header, offers ...string) (string, error) {
	lines := h.Values("Accept")
	if len(lines) == 0 {
		return offers[0], nil
	}
	best, bestQ := "", 0.0
	any := false
	type rating struct {
		q     float64
		exact int // 2 type/subtype, 1 type/*, 0 */*
	}
	ratings := make([]rating, len(offers))
	for i := range ratings {
		ratings[i].exact = -1
	}
	for _, item := range listItems(lines) {
		rng, params, _ := strings.Cut(item, ";")
		rng = strings.ToLower(strings.TrimSpace(rng))
		if rng == "" {
			continue
		}
		rng = mediaName(rng)
		any = true
		q := quality(params)
		for i, offer := range offers {
			exact := -1
			typ, _, _ := strings.Cut(offer, "/")
			switch rng {
			case offer:
				exact = 2
			case typ + "/*":
				exact = 1
			case "*/*", "*":
				exact = 0
			}
			if exact > ratings[i].exact || exact == ratings[i].exact && exact >= 0 && q > ratings[i].q {
				ratings[i] = rating{q, exact}
			}
		}
	}
	if !any {
		return offers[0], nil
	}
	for i, r := range ratings {
		if r.exact >= 0 && r.q > bestQ {
			best, bestQ = offers[i], r.q
		}
	}
	if best == "" {
		return "", errs.New(errs.NotAcceptable, "rest.negotiate", "this resource is available only as "+strings.Join(offers, ", "))
	}
	return best, nil
}

// quality is the q parameter of a media range; 1 if absent, 0 if malformed.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(p, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}

// bodyMedia checks the Content-Type of a body against the media types that the
// operation reads and gives the one it has; an absent header means the first.
// errs.UnsupportedMedia for another type, or a charset that is not UTF-8.
func bodyMedia(h http.Header, reads ...string) (string, error) {
	const op = "rest.bodyMedia"
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
		if mediaName(typ) == m {
			return m, nil
		}
	}
	return "", errs.New(errs.UnsupportedMedia, op, "this operation reads only "+strings.Join(reads, ", "))
}
