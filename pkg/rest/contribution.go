package rest

import (
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/changecontrol"
	"github.com/cairn-ehr/cairn/pkg/rest/contribution"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// createContribution serves POST /ehr/{ehr_id}/contribution.
func (a *api) createContribution(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	return a.commitContribution(w, r, id)
}

// createPartyContribution serves POST /demographic/contribution.
func (a *api) createPartyContribution(w *answer, r *request) error {
	return a.commitContribution(w, r, ehr.Demographics)
}

func (a *api) commitContribution(w *answer, r *request, id uuid.UUID) error {
	prefer, err := a.prefer(r, mediatype.Canonical...)
	if err != nil {
		return err
	}
	media, err := mediatype.OfBody(r.Header, mediatype.Canonical...)
	if err != nil {
		return err
	}
	if err := header.RefuseTags(r.Header); err != nil {
		return err
	}
	headers, err := header.Audit(r.Header, a.SystemID)
	if err != nil {
		return err
	}
	raw, err := a.body(r)
	if err != nil {
		return err
	}
	if media == mediatype.XML && len(raw) > 0 {
		if raw, err = contribution.FromXML(raw, a.limits()); err != nil {
			return err
		}
	}
	in, cut, err := contribution.Read(raw, headers, a.SystemID)
	if err != nil {
		return err
	}
	in.EHRID = id
	done, warnings, err := a.Records.CommitContribution(r.Context(), r.who, in)
	if err != nil {
		if cut {
			err = contribution.WholeFault(raw, err)
		}
		return contributionFault(err)
	}
	out := written{
		created: true, tag: done.ID.String(), modified: done.Audit.TimeCommitted, media: prefer.Media, warnings: warnings,
		location: a.location(r, below(id, "contribution", done.ID.String())...),
	}
	if prefer.Returns == header.Representation {
		json, err := a.contributionBody(w, r, prefer.Media, id, done)
		if err == nil {
			out.body, err = represent(prefer.Media, rm.Lookup("CONTRIBUTION"), json)
		}
		if err != nil { // it is committed whatever happens to its representation
			a.logFault(r.Request, err)
		}
	}
	return a.sendWritten(w, prefer, out)
}

// contributionFault gives a refusal the codes that the operation declares: 409
// where a preceding version is not the latest, and 400 for invalid content.
func contributionFault(err error) error {
	if errs.Is(err, errs.Precondition) {
		e := *errs.As(err)
		e.Kind, e.Err = errs.Conflict, err
		return &e
	}
	return plainInvalid(err)
}

// contribution serves GET /ehr/{ehr_id}/contribution/{contribution_uid}.
func (a *api) contribution(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	return a.sendContribution(w, r, id)
}

// partyContribution serves GET /demographic/contribution/{contribution_uid}.
func (a *api) partyContribution(w *answer, r *request) error {
	return a.sendContribution(w, r, ehr.Demographics)
}

func (a *api) sendContribution(w *answer, r *request, id uuid.UUID) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Canonical...)
	if err != nil {
		return err
	}
	uid, ok := parseUUID(r.param("contribution_uid"))
	if !ok {
		return errs.New(errs.NotFound, "rest.contribution", "there is no CONTRIBUTION with this contribution_uid, which is not a UUID")
	}
	c, err := a.Records.Contribution(r.Context(), r.who, id, uid)
	if err != nil {
		return err
	}
	body, err := a.contributionBody(w, r, media, id, c)
	if err != nil {
		return err
	}
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, below(id, "contribution", uid.String())...))
	}
	return a.sendObject(w, r, media, "CONTRIBUTION", uid.String(), c.Audit.TimeCommitted, true, body)
}

// contributionBody is a CONTRIBUTION as the client prefers it in the media type.
func (a *api) contributionBody(w *answer, r *request, media string, owner uuid.UUID, c ehr.ContributionRecord) ([]byte, error) {
	if s := a.resolving(w, r, media, owner); s != nil {
		return s.contribution(c)
	}
	return changecontrol.Contribution(c)
}
