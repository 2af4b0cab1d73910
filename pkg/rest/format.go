package rest

import (
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// content is a body of the media type as the use cases take it, an object of
// the class to be committed in the lifecycle state. JSON is read by the use
// cases themselves. The problems are warnings.
func (a *api) content(media string, body []byte, class *rm.Class, lifecycle int) (ehr.Content, []rm.Problem, error) {
	if media == mediatype.JSON {
		return ehr.Content{JSON: body}, nil, nil
	}
	root, problems := rm.DecodeXML(body, class, rm.XMLOptions{
		Limits:     a.limits(),
		Incomplete: lifecycle == ehr.LifecycleIncomplete || lifecycle == ehr.LifecycleAbandoned,
	})
	if root == nil || rm.HasErrors(problems) {
		return ehr.Content{}, nil, &errs.Error{
			Op: "rest.content", Kind: rm.FaultKind(problems), Code: "validation", Detail: problems,
			Msg: "the content is not a valid " + class.Name,
		}
	}
	return ehr.Content{Root: root}, problems, nil
}

// limits are those of the content of bodies.
func (a *api) limits() rm.Limits {
	return rm.Limits{Bytes: int(a.MaxBody), Depth: a.MaxDepth, Items: a.MaxItems}
}

// represent writes an object, stored as canonical JSON, in a media type.
// errs.NotAcceptable if it has a text that the format cannot express.
func represent(media string, class *rm.Class, stored []byte) ([]byte, error) {
	const op = "rest.represent"
	if media == mediatype.JSON {
		return stored, nil
	}
	root, err := rm.DecodeStored(stored, class)
	if err != nil {
		return nil, err
	}
	body, err := rm.AppendXML(make([]byte, 0, 2*len(stored)), root)
	if err != nil {
		return nil, errs.Wrap(errs.NotAcceptable, op, "this resource is available only as "+mediatype.JSON+": "+err.Error(), err)
	}
	return body, nil
}
