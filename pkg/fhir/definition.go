package fhir

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// The types of definitions, which are read and found but not made by mappings.
const (
	codeSystemType = "CodeSystem"
	valueSetType   = "ValueSet"
	conceptMapType = "ConceptMap"
)

// maxDefinitions is about the most bytes of one page of definitions.
const maxDefinitions = 4 << 20

// ConceptMap is one that mappings translate codes by.
type ConceptMap struct {
	// URL is its canonical URL, from which its id follows.
	URL string
	// Resource is the ConceptMap in JSON, without id and meta.
	Resource []byte
}

// definition is one that is shown.
type definition struct {
	*terminology.Definition
	id uuid.UUID
}

// mappedDefinitions are the concept maps of the mappings. Their ids follow from
// their urls alone.
func mappedDefinitions(list []ConceptMap) ([]definition, error) {
	var out []definition
	for _, m := range list {
		n, err := r4.Parse(m.Resource)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, "fhir.New", "the concept map "+m.URL+" of the mappings cannot be read", err)
		}
		d := &terminology.Definition{
			Kind: conceptMapType, URL: m.URL, Version: n.Str("version"), Name: n.Str("name"), Title: n.Str("title"), Status: n.Str("status"), JSON: m.Resource,
		}
		if i := n.Get("identifier"); i != nil && i.Kind == r4.Object {
			d.Identifiers = []terminology.Code{{System: i.Str("system"), Code: i.Str("value")}}
		}
		for _, g := range n.List("group") {
			d.Sources, d.Targets = append(d.Sources, g.Str("source")), append(d.Targets, g.Str("target"))
		}
		out = append(out, definition{d, uuid.NewSHA1(uuid.NameSpaceURL, []byte(m.URL))})
	}
	return out, nil
}

// definitions are those of a type, by id.
func (a *api) definitions(typ string) []definition {
	var out []definition
	if catalogue, ok := a.Terminology.(terminology.Catalogue); ok {
		for _, d := range catalogue.Definitions(typ) {
			out = append(out, definition{d, d.ID()})
		}
	}
	if typ == conceptMapType {
		out = append(out, a.mapped...)
	}
	slices.SortFunc(out, func(x, y definition) int { return strings.Compare(x.id.String(), y.id.String()) })
	return out
}

// definitionRoutes are the reads and searches of definitions.
func (a *api) definitionRoutes(r chi.Router, both func(string, operation, bool), either func(string, operation)) {
	for _, typ := range []string{codeSystemType, valueSetType, conceptMapType} {
		at := "/" + typ
		both(at, func(w http.ResponseWriter, c *call) error { return a.findDefinitions(w, c, typ) }, false)
		r.Post(at+"/_search", a.handle(func(w http.ResponseWriter, c *call) error { return a.findDefinitions(w, c, typ) }, false))
		both(at+"/{id}", func(w http.ResponseWriter, c *call) error { return a.readDefinition(w, c, typ) }, false)
		either(at+"/${operation}", a.unsupported)
		either(at+"/{id}/${operation}", a.unsupported)
	}
}

func definitionCapability(typ string, operations []*r4.Node) *r4.Node {
	var params []*r4.Node
	for _, p := range slices.Concat(r4.CommonParams()[:1], catalogue.DefinitionParams(typ)) {
		params = append(params, declared(p))
	}
	text := "What the operator has loaded, and the openEHR terminology; what a terminology server knows is not listed."
	switch typ {
	case codeSystemType:
		text += " Of a long one the codes are not shown (content not-present)."
	case conceptMapType:
		text = "What the operator has loaded, and what the mappings translate codes by."
	}
	return r4.NewObject(
		str("type", typ), str("profile", "http://hl7.org/fhir/StructureDefinition/"+typ), str("documentation", text),
		array("interaction", codes("read", "search-type")...), str("versioning", "versioned"), str("conditionalRead", "full-support"),
		array("searchParam", params...), array("operation", operations...))
}

// record is a definition as a resource. What was loaded need not be R4 in all: what R4
// does not have is left out, and what has another shape has no XML.
func (a *api) record(c *call, d definition) (Record, error) {
	rec := Record{
		Type: d.Kind, ID: d.id.String(), Version: VersionID{Trunk: int(d.Revision) + 1}, LastUpdated: d.Loaded, First: true, JSON: d.JSON, Partial: d.Partial,
	}
	if rec.LastUpdated.IsZero() {
		rec.LastUpdated = a.started
	}
	n, err := r4.Parse(d.JSON)
	if err != nil {
		return rec, errs.Wrap(errs.Internal, "fhir."+d.Kind, "a definition that was loaded cannot be read", err)
	}
	if dropUnknown(r4.Lookup(d.Kind), n) {
		rec.JSON, rec.Partial = n.Append(nil), true
	}
	if !c.xml {
		return rec, nil
	}
	if _, err := r4.AppendXML(nil, n); err != nil {
		return rec, errs.Wrap(errs.NotAcceptable, "fhir."+d.Kind, "the "+d.Kind+" "+d.URL+" was loaded with elements of another shape than in FHIR R4, and has no XML form: ask for "+r4.MediaTypeJSON, err)
	}
	return rec, nil
}

// dropUnknown removes what R4 does not have in a type, and reports whether there was
// something.
func dropUnknown(t *r4.Type, n *r4.Node) (dropped bool) {
	if t == nil || n.Kind != r4.Object {
		return false
	}
	if t.Kind == r4.Resource && n.Str("resourceType") != t.Name {
		if t = r4.Lookup(n.Str("resourceType")); t == nil {
			return false
		}
	}
	kept := n.Fields[:0:0]
	for _, f := range n.Fields {
		m, ok := t.Member(strings.TrimPrefix(f.Name, "_"))
		switch {
		case t.Kind == r4.Resource && f.Name == "resourceType":
		case !ok:
			dropped = true
			continue
		case f.Value.Kind == r4.Array:
			for _, item := range f.Value.Items {
				dropped = dropUnknown(m.Type.Type, item) || dropped
			}
		default:
			dropped = dropUnknown(m.Type.Type, f.Value) || dropped
		}
		kept = append(kept, f)
	}
	n.Fields = kept
	return dropped
}

// findDefinition is the definition in the request's path.
func (a *api) findDefinition(c *call, typ string) (definition, error) {
	id, err := ownID(c, typ)
	if err != nil {
		return definition{}, err
	}
	for _, d := range a.definitions(typ) {
		if d.id == id {
			return d, nil
		}
	}
	return definition{}, errs.New(errs.NotFound, "fhir."+typ, "there is no such "+typ+" among those that are loaded")
}

// readDefinition reads one.
func (a *api) readDefinition(w http.ResponseWriter, c *call, typ string) error {
	d, err := a.findDefinition(c, typ)
	if err != nil {
		return err
	}
	part, err := readSubset(c, typ)
	if err != nil {
		return err
	}
	rec, err := a.record(c, d)
	if err != nil {
		return err
	}
	// No label is on them, so that a client's version is as it was.
	validators(w, rec)
	if notModified(c.Request, rec) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return a.answerPart(w, c, rec, part, nil)
}

// findDefinitions searches. What matches is few, is told apart here, and stands in
// the order of its ids.
func (a *api) findDefinitions(w http.ResponseWriter, c *call, typ string) error {
	params, err := a.input(c)
	if err != nil {
		return err
	}
	loose, err := lenient(c.Request)
	if err != nil {
		return err
	}
	l := &listing{request: request{path: typ}, count: DefaultCount}
	kept := a.definitions(typ)
	for _, p := range params {
		if taken, err := l.takes(p); err != nil {
			return err
		} else if taken {
			continue
		}
		switch p.name {
		case "_summary", "_elements":
			err = l.subset.param(typ, p)
		default:
			var keep func(*definition) bool
			if keep, err = definitionFilter(typ, p); err == nil {
				kept = slices.DeleteFunc(kept, func(d definition) bool { return !keep(&d) })
			}
		}
		if r, refused := err.(*refusal); refused && loose && r.issues[0].code == "not-supported" && !r.issues[0].firm {
			note := r.issues[0]
			note.severity, note.text = "warning", note.text+" and was ignored"
			l.notes = append(l.notes, note)
			continue
		}
		if err != nil {
			return err
		}
		l.used = append(l.used, p)
	}
	page, err := a.definitionPage(c, l, kept)
	if err != nil {
		return err
	}
	body, err := a.bundle(c, &l.request, page, nil)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// definitionPage is the page of a list that was asked for. It is shorter where the
// definitions are long.
func (a *api) definitionPage(c *call, l *listing, list []definition) (Page, error) {
	page := Page{Records: []Record{}, Total: len(list)}
	if l.subset.count {
		return page, nil
	}
	room := maxDefinitions
	for _, d := range list {
		if d.id.String() <= l.after {
			continue
		}
		if n := len(page.Records); n == l.count || n > 0 && len(d.JSON) > room {
			page.More, page.Next = true, Cursor{Keys: []*string{&page.Records[n-1].ID}}
			break
		}
		rec, err := a.record(c, d)
		if err != nil {
			return page, err
		}
		room -= len(d.JSON)
		page.Records = append(page.Records, rec)
	}
	return page, nil
}

// definitionFilter is what a search parameter asks of definitions of a type.
func definitionFilter(typ string, p pair) (func(*definition) bool, error) {
	name, modifier, _ := strings.Cut(p.name, ":")
	list, err := alternatives(p)
	if err != nil {
		return nil, err
	}
	any := func(test func(value string, d *definition) bool) func(*definition) bool {
		return func(d *definition) bool { return slices.ContainsFunc(list, func(s string) bool { return test(s, d) }) }
	}
	if name == "_id" && modifier == "" {
		return any(func(s string, d *definition) bool { return s == d.id.String() }), nil
	}
	i := slices.IndexFunc(catalogue.DefinitionParams(typ), func(x r4.SearchParam) bool { return x.Name == name })
	if i < 0 {
		return nil, unsupportedParam(p.name)
	}
	kind := catalogue.DefinitionParams(typ)[i].Kind
	if modifier != "" && (kind != r4.SearchString || modifier != string(Exact) && modifier != string(Contains)) {
		return nil, unsupportedModifier(p.name, modifier)
	}
	switch kind {
	case r4.SearchURI:
		return any(func(s string, d *definition) bool { return slices.Contains(d.uris(name), unescape(s)) }), nil
	case r4.SearchString:
		for _, s := range list {
			if _, err := stringValue(pair{p.name, s}); err != nil {
				return nil, err
			}
		}
		return any(func(s string, d *definition) bool { return sameText(d.text(name), unescape(s), Modifier(modifier)) }), nil
	}
	values := make([]Value, len(list))
	for i, s := range list {
		if values[i], err = tokenValue(pair{p.name, s}); err != nil {
			return nil, err
		}
	}
	return func(d *definition) bool {
		return slices.ContainsFunc(values, func(v Value) bool { return d.hasToken(name, v) })
	}, nil
}

// uris are those of a parameter of the type uri.
func (d *definition) uris(name string) []string {
	switch name {
	case "reference":
		return d.Systems
	case "source-system":
		return d.Sources
	case "target-system":
		return d.Targets
	}
	return []string{d.URL}
}

// text is that of a string parameter.
func (d *definition) text(name string) string {
	if name == "name" {
		return d.Name
	}
	return d.Title
}

// sameText compares as string parameters do.
func sameText(text, wanted string, modifier Modifier) bool {
	switch modifier {
	case Exact:
		return text == wanted
	case Contains:
		return strings.Contains(r4.FoldString(text), r4.FoldString(wanted))
	}
	return strings.HasPrefix(r4.FoldString(text), r4.FoldString(wanted))
}

// hasToken reports whether a token parameter has a value.
func (d *definition) hasToken(name string, v Value) bool {
	same := func(system, code string) bool {
		return code != "" && (v.Code == "" || v.Code == code) && (!v.HasSystem || v.System == system)
	}
	switch name {
	case "identifier":
		return slices.ContainsFunc(d.Identifiers, func(i terminology.Code) bool {
			return (v.Code == "" || v.Code == i.Code) && (!v.HasSystem || v.System == i.System)
		})
	case "version":
		return same("", d.Version)
	case "status":
		return same("http://hl7.org/fhir/publication-status", d.Status)
	case "content-mode":
		return same("http://hl7.org/fhir/codesystem-content-mode", d.Content)
	case "code":
		return v.Code != "" && (!v.HasSystem || v.System == d.URL) && d.Has != nil && d.Has(v.Code)
	}
	return false
}

// subject is the definition that an operation on an instance is about, with the
// address of the instance; nil for one on the type. It is Conflict if by its url and version
// another one would be asked.
func (a *api) subject(c *call, typ string) (*definition, error) {
	if chi.URLParam(c.Request, "id") == "" {
		return nil, nil
	}
	d, err := a.findDefinition(c, typ)
	if err != nil {
		return nil, err
	}
	for _, other := range a.definitions(typ) {
		if other.id == d.id || other.URL != d.URL {
			continue
		}
		if d.Version == "" || other.Version == d.Version && other.Loaded.After(d.Loaded) {
			return nil, errs.New(errs.Conflict, "fhir."+typ, "there are several definitions of "+d.URL+", and this one has no version of its own by which it could be asked: "+
				"ask by url, which means the newest")
		}
	}
	return &d, nil
}
