package rest

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// prefer is the preference of a write and whether the client accepts the body
// that it leads to.
func (a *api) prefer(r *request, representation ...string) (header.Preference, error) {
	otherwise := header.Minimal
	if a.PreferIdentifier {
		otherwise = header.Identifier
	}
	p := header.Prefer(r.Header, otherwise)
	var err error
	switch p.Returns {
	case header.Representation:
		p.Media, err = mediatype.Negotiate(r.Header, representation...)
	case header.Identifier:
		if _, err = mediatype.Negotiate(r.Header, mediatype.JSON); err != nil && !p.Asked {
			p.Returns, err = header.Minimal, nil
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
func (a *api) sendWritten(w *answer, p header.Preference, out written) error {
	h := w.Header()
	if p.Returns == header.Representation && out.body == nil {
		p.Returns = header.Minimal
	}
	header.SetEntity(h, out.tag, out.modified)
	if out.created || a.Compat103 {
		h.Set("Location", out.location)
	}
	if p.Asked {
		applied := "return=" + p.Returns.String()
		if resolved := h.Get("Preference-Applied"); resolved != "" {
			applied += ", " + resolved
		}
		h.Set("Preference-Applied", applied)
	}
	header.SetWarnings(h, out.warnings)
	header.SetTags(h, out.tags)
	code := http.StatusOK
	if out.created {
		code = http.StatusCreated
	}
	switch p.Returns {
	case header.Minimal:
		if out.created {
			h.Set("Content-Length", "0")
		} else {
			code = http.StatusNoContent
		}
		w.WriteHeader(code)
		return nil
	case header.Identifier:
		return send(w, code, mediatype.JSON, marshal(identifier{cmp.Or(out.uid, out.tag)}))
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
