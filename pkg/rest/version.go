package rest

import (
	"net/http"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// noTime asks for the latest version.
var noTime time.Time

// sendVersion sends a version that was read: its content, 304 if the client
// has it, or 204 if it is a deletion. The segments are its own path.
func (a *api) sendVersion(w *answer, r *request, rec ehr.VersionRecord, segments ...string) error {
	h := w.Header()
	tag := rec.UID.String()
	entityHeaders(h, tag, rec.Meta.Audit.TimeCommitted)
	if a.Compat103 {
		h.Set("Location", a.location(r, segments...))
	}
	switch {
	case rec.Deleted:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case notModified(r.Header, tag, rec.Meta.Audit.TimeCommitted):
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return send(w, http.StatusOK, mediaJSON, rec.Raw)
}

// commit is what every write of a versioned object brings along.
type commit struct {
	prefer  preference
	audit   ehr.AuditInput
	content ehr.Content
	// templateID is the header openehr-template-id.
	templateID string
}

// commit reads the headers and the body of a write; a missing body is invalid.
func (a *api) commit(r *request) (commit, error) {
	var c commit
	var err error
	if c.prefer, err = a.prefer(r, mediaJSON); err != nil {
		return c, err
	}
	if _, err := bodyMedia(r.Header, mediaJSON); err != nil {
		return c, err
	}
	if err := refuseTags(r.Header); err != nil {
		return c, err
	}
	if c.audit, err = a.audit(r); err != nil {
		return c, err
	}
	c.templateID = aliasHeader(r.Header, "openehr-template-id")
	if c.content.JSON, err = a.body(r); err != nil {
		return c, err
	}
	if len(c.content.JSON) == 0 {
		return c, invalid("commit", "the request has no body")
	}
	return c, nil
}

// refuseTags refuses item tag headers: dropping what the client wants kept is
// worse than an error.
func refuseTags(h http.Header) error {
	for _, name := range []string{"openehr-item-tag", "openehr-version-item-tag"} {
		if len(h.Values(name)) > 0 {
			return errs.New(errs.Unsupported, "rest.refuseTags", "item tags (header "+name+") are not offered by this server")
		}
	}
	return nil
}

// aliasHeader is the value of an openEHR header, under its name or with _ for -
// as release 1.0.3 wrote some.
func aliasHeader(h http.Header, name string) string {
	if v := h.Get(name); v != "" {
		return v
	}
	for key, values := range h {
		if len(values) > 0 && strings.EqualFold(strings.ReplaceAll(key, "_", "-"), name) {
			return values[0]
		}
	}
	return ""
}

// outcome is the answer to a commit; the segments are the new version's path.
func (a *api) outcome(r *request, done ehr.Committed, created bool, segments ...string) written {
	return written{
		created: created, tag: done.UID.String(), location: a.location(r, segments...),
		modified: done.Meta.Audit.TimeCommitted, media: mediaJSON, body: done.Raw,
		warnings: done.Warnings,
	}
}
