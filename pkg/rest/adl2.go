package rest

import (
	"cmp"
	"net/http"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// adl2Metadata is an item of the list of ADL 2 templates.
type adl2Metadata struct {
	templateMetadata
	Version   string `json:"version"`
	Language  string `json:"language,omitempty"`
	Lifecycle string `json:"lifecycle_state,omitempty"`
	UID       string `json:"uid,omitempty"`
}

func metadataOf(t ehr.ADL2Info) adl2Metadata {
	return adl2Metadata{templateMetadata{t.TemplateID, t.Concept, t.ArchetypeID, dateTime(t.Created)}, t.Version, t.Language, t.Lifecycle, t.UID}
}

// adl2Tag is the identifier of the template: its uid, else its id.
func adl2Tag(t ehr.ADL2Info) string { return cmp.Or(t.UID, t.TemplateID) }

// uploadADL2 serves POST /definition/template/adl2. The deprecated parameter
// version has to be that of the id.
func (a *api) uploadADL2(w *answer, r *request) error {
	const op = "uploadADL2"
	prefer, err := a.prefer(r, mediatype.Text, mediatype.JSON)
	if err != nil {
		return err
	}
	if _, err := mediatype.OfBody(r.Header, mediatype.Text); err != nil {
		return err
	}
	text, err := a.body(r)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return invalid(op, "the request has no body")
	}
	info, err := a.Records.PutADL2(r.Context(), r.who, text, r.URL.Query().Get("version"))
	if err != nil {
		return err
	}
	body := text
	if prefer.Media == mediatype.JSON {
		body = marshal(metadataOf(info))
	}
	return a.sendWritten(w, prefer, written{
		created: true, tag: adl2Tag(info), uid: info.TemplateID, modified: info.Created,
		location: a.location(r, "definition", "template", "adl2", info.TemplateID),
		media:    prefer.Media, body: body,
	})
}

// listADL2 serves GET /definition/template/adl2.
func (a *api) listADL2(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	infos, err := a.Records.ADL2Templates(r.Context(), r.who)
	if err != nil {
		return err
	}
	list := make([]adl2Metadata, len(infos))
	for i, t := range infos {
		list[i] = metadataOf(t)
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}

// adl2 serves GET /definition/template/adl2/{template_id} and
// …/{template_id}/{version}: the text as it was uploaded, or what it says of
// itself.
func (a *api) adl2(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Text, mediatype.JSON)
	if err != nil {
		return err
	}
	t, err := a.Records.ADL2Template(r.Context(), r.who, r.param("template_id"), r.param("version"))
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	header.SetEntity(w.Header(), adl2Tag(t.ADL2Info), t.Created)
	if media == mediatype.JSON {
		return send(w, http.StatusOK, media, marshal(metadataOf(t.ADL2Info)))
	}
	return send(w, http.StatusOK, media, t.ADL)
}
