package rest

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// templateMetadata is an item of the template list.
type templateMetadata struct {
	TemplateID  string `json:"template_id"`
	Concept     string `json:"concept"`
	ArchetypeID string `json:"archetype_id"`
	Created     string `json:"created_timestamp"`
}

// templateTag is the identifier of the file: its uid, else its template id; of a
// later revision with its number.
func templateTag(t ehr.TemplateInfo) string {
	tag := cmp.Or(t.UID, t.TemplateID)
	if t.Revision > 1 {
		tag += "::" + strconv.Itoa(t.Revision)
	}
	return tag
}

// uploadTemplate serves POST /definition/template/adl1.4.
func (a *api) uploadTemplate(w *answer, r *request) error {
	prefer, err := a.prefer(r, mediatype.Template...)
	if err != nil {
		return err
	}
	if _, err := mediatype.OfBody(r.Header, mediatype.XML); err != nil {
		return err
	}
	opt, err := a.body(r)
	if err != nil {
		return err
	}
	if len(opt) == 0 {
		return invalid("uploadTemplate", "the request has no body")
	}
	info, err := a.Records.PutTemplate(r.Context(), r.who, opt)
	if err != nil {
		return plainInvalid(err)
	}
	if info.Unchanged && prefer.Returns == header.Minimal {
		// ITS-REST has no 204 here.
		header.SetEntity(w.Header(), templateTag(info.TemplateInfo), info.Created)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	out := written{
		created: !info.Unchanged, tag: templateTag(info.TemplateInfo), uid: info.TemplateID, modified: info.Created,
		location: a.location(r, "definition", "template", "adl1.4", info.TemplateID),
	}
	if prefer.Returns == header.Representation {
		// It is stored whatever happens to its representation.
		if out.media, out.body, err = a.templateBody(r, prefer.Media, info.TemplateID, info.Revision, opt); err != nil {
			a.logFault(r.Request, err)
		}
	}
	return a.sendWritten(w, prefer, out)
}

// templateBody writes a revision of a template, whose OPT is given, in one of
// its media types.
func (a *api) templateBody(r *request, media, id string, revision int, opt []byte) (string, []byte, error) {
	if media == mediatype.XML {
		return media, opt, nil
	}
	c, err := a.Records.CompiledTemplate(r.Context(), r.who, id, revision)
	if err != nil {
		return media, nil, err
	}
	return media, a.webTemplates.of(c).json, nil
}

// listTemplates serves GET /definition/template/adl1.4.
func (a *api) listTemplates(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	infos, err := a.Records.Templates(r.Context(), r.who)
	if err != nil {
		return err
	}
	list := make([]templateMetadata, len(infos))
	for i, t := range infos {
		list[i] = templateMetadata{t.TemplateID, t.Concept, t.ArchetypeID, dateTime(t.Created)}
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}

// template serves GET /definition/template/adl1.4/{template_id}: the file as it
// was uploaded, or its web template.
func (a *api) template(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Template...)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	revision, err := revisionOf(r)
	if err != nil {
		return err
	}
	t, err := a.Records.Template(r.Context(), r.who, r.param("template_id"), revision)
	if err != nil {
		return err
	}
	header.SetEntity(w.Header(), templateTag(t.TemplateInfo), t.Created)
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, "definition", "template", "adl1.4", t.TemplateID))
	}
	media, body, err := a.templateBody(r, media, t.TemplateID, t.Revision, t.OPT)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, media, body)
}

// revisionOf is the query parameter revision; 0 if it is not given.
func revisionOf(r *request) (int, error) {
	values := r.URL.Query()["revision"]
	if len(values) == 0 {
		return 0, nil
	}
	n, err := strconv.ParseInt(values[0], 10, 32)
	if len(values) > 1 || err != nil || n < 1 {
		return 0, invalid("revision", "revision must be given once, as a number from 1")
	}
	return int(n), nil
}

// templateRevision is an item of the list of a template's revisions.
type templateRevision struct {
	templateMetadata
	Revision int    `json:"revision"`
	UID      string `json:"uid,omitempty"`
	Versions int64  `json:"versions"`
}

// listRevisions serves GET /definition/template/adl1.4/{template_id}/revision.
func (a *api) listRevisions(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	uses, err := a.Records.TemplateRevisions(r.Context(), r.who, r.param("template_id"))
	if err != nil {
		return err
	}
	list := make([]templateRevision, len(uses))
	for i, t := range uses {
		list[i] = templateRevision{templateMetadata{t.TemplateID, t.Concept, t.ArchetypeID, dateTime(t.Created)}, t.Revision, t.UID, t.Versions}
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}
