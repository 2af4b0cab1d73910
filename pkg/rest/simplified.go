package rest

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/simplified"
)

// simplifiedFormat is the format of a media type.
func simplifiedFormat(media string) simplified.Format {
	if media == mediatype.Structured {
		return simplified.Structured
	}
	return simplified.Flat
}

// simplified reads an object of the class in FLAT or STRUCTURED, which do not
// say what its template is: the request has to.
func (a *api) simplified(r *request, media string, body []byte, class *rm.Class, templateID string, lifecycle int) (ehr.Content, []rm.Problem, error) {
	const op = "rest.simplified"
	for _, named := range r.URL.Query()["templateId"] {
		if templateID != "" && named != templateID {
			return ehr.Content{}, nil, errs.New(errs.Invalid, op, "templateId and the header openehr-template-id name different templates")
		}
		templateID = named
	}
	if templateID == "" {
		return ehr.Content{}, nil, errs.New(errs.Invalid, op, "a body of type "+media+" needs the header openehr-template-id")
	}
	tpl, err := a.Records.CompiledTemplate(r.Context(), r.who, templateID, 0)
	if e := errs.As(err); e != nil && e.Code == ehr.ProblemTemplateADL2 {
		return ehr.Content{}, nil, &errs.Error{Op: op, Kind: errs.Unprocessable, Code: e.Code, Msg: e.Msg, Err: err}
	}
	if errs.Is(err, errs.NotFound) {
		return ehr.Content{}, nil, errs.Wrap(errs.Unprocessable, op, "the template that openehr-template-id names is not stored here", err)
	}
	if err != nil {
		return ehr.Content{}, nil, err
	}
	root, problems := simplified.Decode(body, simplifiedFormat(media), a.webTemplates.of(tpl).tree, tpl, simplified.Options{
		Limits:     a.limits(),
		Incomplete: lifecycle == ehr.LifecycleIncomplete || lifecycle == ehr.LifecycleAbandoned,
		Now:        a.Now(),
	})
	if root == nil || rm.HasErrors(problems) {
		return ehr.Content{}, nil, &errs.Error{
			Op: op, Kind: rm.FaultKind(problems), Code: "validation", Detail: problems, Msg: "the content is not a valid " + class.Name,
		}
	}
	return ehr.Content{Root: root}, problems, nil
}

// representation writes a version in a media type. errs.NotAcceptable if the
// format cannot express it whole.
func (a *api) representation(r *request, media string, rec ehr.VersionRecord) ([]byte, error) {
	const op = "rest.representation"
	class := rm.Lookup(rec.Meta.Kind.String())
	if media != mediatype.Flat && media != mediatype.Structured {
		return represent(media, class, rec.Raw)
	}
	if rec.Meta.TemplateID == "" {
		return nil, errs.New(errs.NotAcceptable, op, "this "+class.Name+" has no template, so that it is available only as "+strings.Join(mediatype.Canonical, ", "))
	}
	tpl, err := a.Records.CompiledTemplate(r.Context(), r.who, rec.Meta.TemplateID, rec.Meta.TemplateRevision)
	if err != nil {
		return nil, err
	}
	root, err := rm.DecodeStored(rec.Raw, class)
	if err != nil {
		return nil, err
	}
	body, err := simplified.Encode(root, simplifiedFormat(media), a.webTemplates.of(tpl).tree, tpl)
	if err != nil {
		return nil, errs.Wrap(errs.NotAcceptable, op, "this resource is available only as "+strings.Join(mediatype.Canonical, ", ")+": "+err.Error(), err)
	}
	return body, nil
}
