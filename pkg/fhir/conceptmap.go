package fhir

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// ConceptMap is one that mappings translate codes by.
type ConceptMap struct {
	// URL is its canonical URL, from which its id follows.
	URL string
	// Resource is the ConceptMap in JSON, without id and meta.
	Resource []byte
}

// id is the same in every server.
func (m *ConceptMap) id() uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(m.URL)) }

// conceptMapRoutes are those of the concept maps that mappings translate by.
func (a *api) conceptMapRoutes(r chi.Router, both func(string, operation, bool)) {
	both("/ConceptMap", a.findConceptMaps, false)
	r.Post("/ConceptMap/_search", a.handle(a.findConceptMaps, false))
	both("/ConceptMap/{id}", a.readConceptMap, false)
}

// conceptMapParams are the search parameters of ConceptMap.
var conceptMapParams = []r4.SearchParam{
	{Name: "url", Kind: r4.SearchURI, Definition: "http://hl7.org/fhir/SearchParameter/conformance-url"},
}

func conceptMapCapability(operations []*r4.Node) *r4.Node {
	var params []*r4.Node
	for _, p := range slices.Concat(r4.CommonParams()[:1], conceptMapParams) {
		params = append(params, declared(p))
	}
	operations = append(operations, r4.NewObject(str("name", "validate"), str("definition", "http://hl7.org/fhir/OperationDefinition/Resource-validate")))
	return r4.NewObject(
		str("type", "ConceptMap"), str("profile", "http://hl7.org/fhir/StructureDefinition/ConceptMap"),
		str("documentation", "Those that the mappings translate codes by are read and found; $translate knows what is loaded beside them."),
		array("interaction", codes("read", "search-type")...),
		array("searchParam", params...), array("operation", operations...))
}

func (a *api) conceptMapRecord(m *ConceptMap) (Record, error) {
	n, err := r4.Parse(m.Resource)
	if err != nil {
		return Record{}, errs.Wrap(errs.Internal, "fhir.ConceptMap", "a concept map of the mappings cannot be read", err)
	}
	n.Set(r4.Lookup("ConceptMap"), "id", r4.NewString(m.id().String()))
	return Record{Type: "ConceptMap", ID: m.id().String(), Version: VersionID{Trunk: 1}, LastUpdated: a.started, First: true, JSON: n.Append(nil)}, nil
}

// readConceptMap reads one.
func (a *api) readConceptMap(w http.ResponseWriter, c *call) error {
	if name := chi.URLParam(c.Request, "id"); strings.HasPrefix(name, "$") {
		return errs.New(errs.Unsupported, "fhir.operation", "the operation "+strconv.Quote(name)+" is not supported here")
	}
	id, err := ownID(c, "ConceptMap")
	if err != nil {
		return err
	}
	if err := plainRead(c); err != nil {
		return err
	}
	for i := range a.ConceptMaps {
		if m := &a.ConceptMaps[i]; m.id() == id {
			rec, err := a.conceptMapRecord(m)
			if err != nil {
				return err
			}
			return a.answerRead(w, c, rec, nil)
		}
	}
	return errs.New(errs.NotFound, "fhir.ConceptMap", "there is no such ConceptMap among those of the mappings")
}

// findConceptMaps searches by url.
func (a *api) findConceptMaps(w http.ResponseWriter, c *call) error {
	params, err := a.input(c)
	if err != nil {
		return err
	}
	l := &listing{request: request{path: "ConceptMap"}}
	kept := slices.Clone(a.ConceptMaps)
	for _, p := range params {
		if taken, err := l.takes(p); err != nil {
			return err
		} else if taken {
			continue
		}
		if p.name != "url" && p.name != "_id" {
			return unsupportedParam(p.name)
		}
		values, err := alternatives(p)
		if err != nil {
			return err
		}
		kept = slices.DeleteFunc(kept, func(m ConceptMap) bool {
			return !(p.name == "url" && slices.Contains(values, m.URL) || p.name == "_id" && slices.Contains(values, m.id().String()))
		})
		l.used = append(l.used, p)
	}
	slices.SortFunc(kept, func(x, y ConceptMap) int { return strings.Compare(x.id().String(), y.id().String()) })
	return answerListing(a, w, c, l, kept, (*ConceptMap).id, a.conceptMapRecord)
}
