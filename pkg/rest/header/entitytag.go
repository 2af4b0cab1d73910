package header

import (
	"net/http"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// WeakTag is the ETag of an identifier. Characters that an entity tag cannot
// hold (a template id may have any) are percent-encoded.
func WeakTag(id string) string { return `W/"` + escapeTag(id) + `"` }

func escapeTag(id string) string {
	clean := true
	for i := 0; i < len(id); i++ {
		if c := id[i]; c <= ' ' || c == '"' || c == '%' || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return id
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(id); i++ {
		if c := id[i]; c <= ' ' || c == '"' || c == '%' || c >= 0x7f {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// tagValue takes the weakness indicator and the quotes off an entity tag; a
// bare value, as some clients send it, is taken as it is.
func tagValue(tag string) string {
	tag = strings.TrimSpace(tag)
	if len(tag) > 2 && (tag[0] == 'W' || tag[0] == 'w') && tag[1] == '/' {
		tag = tag[2:]
	}
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		tag = tag[1 : len(tag)-1]
	}
	return tag
}

// SetEntity sets ETag and Last-Modified.
func SetEntity(h http.Header, tag string, modified time.Time) {
	if tag != "" {
		h.Set("ETag", WeakTag(tag))
	}
	if !modified.IsZero() {
		h.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	}
}

// IfMatch is the version that the If-Match header of an update names. The zero
// VersionUID without an error means an entity tag that names no version and so
// matches none; only the comparison with the record can say what is the latest.
func IfMatch(h http.Header) (ehr.VersionUID, error) {
	const op = "header.ifMatch"
	lines := h.Values("If-Match")
	items := ListItems(lines)
	switch {
	case len(lines) == 0 || len(items) == 1 && items[0] == "":
		return ehr.VersionUID{}, errs.New(errs.Invalid, op, "the header If-Match with the latest version_uid in quotes is required")
	case len(items) > 1:
		return ehr.VersionUID{}, errs.New(errs.Invalid, op, "If-Match must name exactly one version_uid")
	case items[0] == "*":
		return ehr.VersionUID{}, errs.New(errs.Invalid, op, "If-Match must name the version_uid that the change is based on; * is not accepted")
	}
	uid, err := ehr.ParseVersionUID(tagValue(items[0]))
	if errs.Is(err, errs.Unsupported) {
		return ehr.VersionUID{}, err
	}
	if err != nil {
		return ehr.VersionUID{}, nil // matches no version
	}
	return uid, nil
}

// NotModified reports whether a conditional GET of a resource with this tag
// and time needs no body (RFC 9110 §13.1.2 and §13.1.3: If-None-Match compares
// weakly and makes If-Modified-Since be ignored). A date has whole seconds: one
// that is the second of the last change tells the present state from an earlier
// one of the same second only if there was none, which alone says.
func NotModified(h http.Header, tag string, modified time.Time, alone bool) bool {
	if lines := h.Values("If-None-Match"); len(lines) > 0 {
		for _, item := range ListItems(lines) {
			if item == "*" || tag != "" && strings.EqualFold(tagValue(item), escapeTag(tag)) {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	if err != nil || modified.IsZero() {
		return false
	}
	second := modified.Truncate(time.Second)
	return second.Before(since) || alone && second.Equal(since)
}
