package fhir

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// documentBundle answers Composition/[id]/$document, and Composition/$document with
// an id (FHIR R4 Composition §2.47.7.1): the composition, its patient and the resources made of it, in the
// state of that version. Nothing is kept.
func (a *api) documentBundle(w http.ResponseWriter, c *call) error {
	const op = "fhir.document"
	params, err := a.input(c)
	if err != nil {
		return err
	}
	id, ofType := chi.URLParam(c.Request, "id"), chi.URLParam(c.Request, "id") == ""
	for _, p := range params {
		switch {
		case p.name == "_format", p.name == "_pretty":
		case p.name == "id" && (!ofType || id != ""):
			return badParam(p.name, "is given once, and not where the address names the composition")
		case p.name == "id":
			typ := ""
			if typ, id, err = a.target(c, p, ""); err != nil {
				return err
			}
			if typ != "" && typ != virtual.Composition {
				return badParam(p.name, "does not name a Composition")
			}
		case p.name == "persist" && p.value == "false":
		case p.name == "persist" && p.value == "true":
			return errs.New(errs.Unsupported, op, "documents are not kept: persist=true is not supported")
		case p.name == "persist":
			return badParam(p.name, "is true or false")
		default:
			return unsupportedParam(p.name)
		}
	}
	switch {
	case id == "":
		return badParam("id", "is required: the id of the Composition, or its address here")
	case !r4.ValidPrimitive("id", id):
		return errs.New(errs.NotFound, op, "there is no such Composition")
	}
	rec, err := a.Reader.Resource(c.Context(), c.who, virtual.Composition, id)
	if err != nil {
		return err
	}
	composition, err := resourceNode(rec)
	if err != nil {
		return err
	}
	subject, ok := strings.CutPrefix(composition.Str("subject", "reference"), "Patient/")
	if !ok {
		return errs.New(errs.Internal, op, "a composition has no subject")
	}
	patient, err := a.patient(c, subject)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Gone) {
		return errs.New(errs.Unprocessable, op, "the record has no Patient that could be shown with the document")
	}
	if err != nil {
		return err
	}
	made, err := a.Reader.Made(c.Context(), c.who, rec)
	if err != nil {
		return err
	}
	base := a.base(c.Request)
	now := a.Now().UTC()
	entries := []*r4.Node{r4.NewObject(str("fullUrl", base+"/"+virtual.Composition+"/"+id), r4.Field{Name: "resource", Value: composition})}
	parties, _, err := a.parties(c, append([]Record{rec, patient}, made...), nil)
	if err != nil {
		return err
	}
	for _, m := range slices.Concat([]Record{patient}, made, parties) {
		n, err := resourceNode(m)
		if err != nil {
			return err
		}
		entries = append(entries, r4.NewObject(str("fullUrl", base+"/"+m.Type+"/"+m.ID), r4.Field{Name: "resource", Value: n}))
	}
	name := uuid.NewSHA1(uuid.NameSpaceURL, []byte(base+" "+rec.Source+" "+now.Format(time.RFC3339Nano))).String()
	head := []r4.Field{str("resourceType", "Bundle"), str("id", name)}
	if labels := highest([]Record{rec, patient}, made, parties); len(labels) > 0 {
		head = append(head, object("meta", array("security", nodes(labels)...)))
	}
	n := r4.NewObject(append(head,
		object("identifier", str("system", "urn:ietf:rfc:3986"), str("value", "urn:uuid:"+name)),
		str("type", "document"), str("timestamp", now.Format("2006-01-02T15:04:05Z07:00")),
		array("entry", entries...))...)
	return a.write(w, c, http.StatusOK, n.Append(nil))
}
