package rest

import (
	"cmp"
	"net/http"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// templateMetadata is an item of the template list.
type templateMetadata struct {
	TemplateID  string `json:"template_id"`
	Concept     string `json:"concept"`
	ArchetypeID string `json:"archetype_id"`
	Created     string `json:"created_timestamp"`
}

// templateTag is the identifier of the file: its uid, else its template id.
func templateTag(t ehr.TemplateInfo) string { return cmp.Or(t.UID, t.TemplateID) }

// uploadTemplate serves POST /definition/template/adl1.4.
func (a *api) uploadTemplate(w *answer, r *request) error {
	prefer, err := a.prefer(r, mediaXML)
	if err != nil {
		return err
	}
	if _, err := bodyMedia(r.Header, mediaXML); err != nil {
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
	return a.sendWritten(w, prefer, written{
		created: true, tag: templateTag(info), uid: info.TemplateID, modified: info.Created,
		location: a.location(r, "definition", "template", "adl1.4", info.TemplateID),
		media:    mediaXML, body: opt,
	})
}

// listTemplates serves GET /definition/template/adl1.4.
func (a *api) listTemplates(w *answer, r *request) error {
	if _, err := negotiate(r.Header, mediaJSON); err != nil {
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
	return send(w, http.StatusOK, mediaJSON, marshal(list))
}

// template serves GET /definition/template/adl1.4/{template_id}: the file as it
// was uploaded, or its web template.
func (a *api) template(w *answer, r *request) error {
	media, err := negotiate(r.Header, mediaXML, mediaWebTemplate)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	t, err := a.Records.Template(r.Context(), r.who, r.param("template_id"))
	if err != nil {
		return err
	}
	entityHeaders(w.Header(), templateTag(t.TemplateInfo), t.Created)
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, "definition", "template", "adl1.4", t.TemplateID))
	}
	if media == mediaWebTemplate {
		c, err := a.Records.CompiledTemplate(r.Context(), r.who, t.TemplateID)
		if err != nil {
			return err
		}
		return send(w, http.StatusOK, media, a.webTemplates.of(c).json)
	}
	return send(w, http.StatusOK, mediaXML, t.OPT)
}
