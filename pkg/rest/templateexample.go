package rest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/simplified"
)

// templateExample serves GET /definition/template/adl1.4/{template_id}/example.
func (a *api) templateExample(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Content...)
	if err != nil {
		return err
	}
	in, err := exampleInput(r.URL.Query())
	if err != nil {
		return err
	}
	in.TemplateID = r.param("template_id")
	if in.Revision, err = revisionOf(r); err != nil {
		return err
	}
	in.Simplified = media == mediatype.Flat || media == mediatype.Structured
	root, err := a.Records.TemplateExample(r.Context(), r.who, in)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if in.Simplified {
		tpl, err := a.Records.CompiledTemplate(r.Context(), r.who, in.TemplateID, in.Revision)
		if err != nil {
			return err
		}
		body, err := simplified.Encode(root, simplifiedFormat(media), a.webTemplates.of(tpl).tree, tpl)
		if err != nil {
			return errs.Wrap(errs.NotAcceptable, "rest.templateExample", "this example is available only as "+strings.Join(mediatype.Canonical, ", ")+": "+err.Error(), err)
		}
		return send(w, http.StatusOK, media, body)
	}
	return sendExample(w, media, root)
}

// adl2Example serves GET /definition/template/adl2/{template_id}/example.
func (a *api) adl2Example(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Canonical...)
	if err != nil {
		return err
	}
	in, err := exampleInput(r.URL.Query())
	if err != nil {
		return err
	}
	in.TemplateID = r.param("template_id")
	root, err := a.Records.ADL2Example(r.Context(), r.who, in)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	return sendExample(w, media, root)
}

// sendExample sends an example in a canonical format.
func sendExample(w *answer, media string, root *rm.Node) error {
	if media == mediatype.JSON {
		return send(w, http.StatusOK, media, rm.AppendJSON(nil, root))
	}
	body, err := rm.AppendXML(nil, root)
	if err != nil {
		return errs.Wrap(errs.NotAcceptable, "rest.sendExample", "this resource is available only as "+mediatype.JSON+": "+err.Error(), err)
	}
	return send(w, http.StatusOK, media, body)
}

// exampleInput reads the query parameters type and detail_level. A value that
// the specification does not know is an error rather than the nearest known.
func exampleInput(q url.Values) (ehr.TemplateExample, error) {
	const op = "templateExample"
	var in ehr.TemplateExample
	for _, name := range []string{"type", "detail_level"} {
		if len(q[name]) > 1 {
			return in, invalid(op, name+" may be given only once")
		}
	}
	switch q.Get("type") {
	case "", "input":
	case "output":
		in.Stored = true
	default:
		return in, invalid(op, "type must be input or output")
	}
	if level := q.Get("detail_level"); level != "" {
		var ok bool
		if in.Detail, ok = example.ParseDetail(level); !ok {
			return in, invalid(op, "detail_level must be required, medium or complete")
		}
	}
	return in, nil
}
