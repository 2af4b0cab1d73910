package rest

import (
	"net/http"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// classParty is the class of what the demographic repository holds.
var classParty = rm.Lookup("PARTY")

// noTime asks for the latest version.
var noTime time.Time

// sendVersion sends a version that was read: its content in the media type, 304
// if the client has it, or 204 if it is a deletion. The segments are its own
// path.
func (a *api) sendVersion(w *answer, r *request, rec ehr.VersionRecord, media string, segments ...string) error {
	h := w.Header()
	h.Add("Vary", "Accept")
	tag := rec.UID.String()
	header.SetEntity(h, tag, rec.Meta.Audit.TimeCommitted)
	if a.Compat103 {
		h.Set("Location", a.location(r, segments...))
	}
	switch {
	case rec.Deleted:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case header.NotModified(r.Header, tag, rec.Meta.Audit.TimeCommitted, rec.UID.IsFirst() && rec.Meta.Kind != ehr.KindFolder):
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := a.representation(r, media, rec)
	if err != nil {
		return err
	}
	if rec.Tagged {
		if err := a.showTags(w, r, rec); err != nil {
			return err
		}
	}
	return send(w, http.StatusOK, media, body)
}

// commit is what every write of a versioned object brings along.
type commit struct {
	prefer  header.Preference
	audit   ehr.AuditInput
	content ehr.Content
	// templateID is the header openehr-template-id.
	templateID string
	tags       ehr.TagInput
	// warnings were found in reading the content.
	warnings []rm.Problem
}

// commit reads the headers and the body of a write of an object of the class; a
// missing body is invalid.
func (a *api) commit(r *request, class *rm.Class) (commit, error) {
	var c commit
	var err error
	formats := mediatype.Canonical
	if class == rm.ClassComposition || class.IsA(classParty) {
		formats = mediatype.Content
	}
	if c.prefer, err = a.prefer(r, formats...); err != nil {
		return c, err
	}
	media, err := mediatype.OfBody(r.Header, formats...)
	if err != nil {
		return c, err
	}
	if c.tags, err = header.Tags(r.Header); err != nil {
		return c, err
	}
	if c.audit, err = header.Audit(r.Header, a.SystemID); err != nil {
		return c, err
	}
	if c.templateID, err = header.Lookup(r.Header, "openehr-template-id"); err != nil {
		return c, err
	}
	body, err := a.body(r)
	if err != nil {
		return c, err
	}
	if len(body) == 0 {
		return c, invalid("commit", "the request has no body")
	}
	if media == mediatype.Flat || media == mediatype.Structured {
		c.content, c.warnings, err = a.simplified(r, media, body, class, c.templateID, c.audit.LifecycleState)
	} else {
		c.content, c.warnings, err = a.content(media, body, class, c.audit.LifecycleState)
	}
	return c, err
}

// outcome is the answer to a commit; the segments are the new version's path.
// It has no body if the content cannot be written as the client prefers.
func (a *api) outcome(r *request, c commit, done ehr.Committed, created bool, segments ...string) written {
	out := written{
		created: created, tag: done.UID.String(), location: a.location(r, segments...),
		modified: done.Meta.Audit.TimeCommitted, media: c.prefer.Media,
		warnings: append(c.warnings, done.Warnings...), tags: c.tags,
	}
	if c.prefer.Returns == header.Representation {
		body, err := a.representation(r, c.prefer.Media, done.VersionRecord)
		if err == nil {
			out.body = body
		} else if !errs.Is(err, errs.NotAcceptable) {
			a.logFault(r.Request, err)
		}
	}
	return out
}
