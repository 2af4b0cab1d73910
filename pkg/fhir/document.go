package fhir

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// The types that stand for an openEHR composition as a whole. They are made when
// they are asked for, one of each for every versioned composition of which a
// version is complete, whatever its template.
const (
	DocumentReference = "DocumentReference"
	CompositionType   = "Composition"
)

// virtual are the types that are made when they are asked for.
var virtual = []string{AuditEvent, CompositionType, DocumentReference, Provenance}

// WholeComposition reports whether resources of a type stand for compositions.
func WholeComposition(typ string) bool { return typ == DocumentReference || typ == CompositionType }

// DocumentTypes are the LOINC codes of what compositions of an archetype are as
// documents. Other archetypes have no code but their own.
var DocumentTypes = map[string]string{
	"openEHR-EHR-COMPOSITION.adverse_reaction_list.v1": "48765-2",
	"openEHR-EHR-COMPOSITION.care_plan.v0":             "18776-5",
	"openEHR-EHR-COMPOSITION.health_summary.v1":        "60591-5",
	"openEHR-EHR-COMPOSITION.medication_list.v1":       "10160-0",
	"openEHR-EHR-COMPOSITION.problem_list.v2":          "11450-4",
	"openEHR-EHR-COMPOSITION.transfer_summary.v1":      "18761-7",
	"openEHR-EHR-COMPOSITION.vaccination_list.v0":      "11369-6",
}

// conceptRoot is the code of what an archetype as a whole stands for.
const conceptRoot = "at0000"

// Document is a version of a composition as the resources that stand for it need
// it.
type Document struct {
	// EHRID is the record, and so the Patient.
	EHRID string
	// VersionUID is the version, as an OBJECT_VERSION_ID, ObjectUID the
	// composition whose version it is.
	VersionUID, ObjectUID string
	// Archetype is that of the composition.
	Archetype string
	Committed time.Time
	// Amended is true if an earlier version was complete too.
	Amended bool
	// Content is the COMPOSITION in canonical JSON; for a DocumentReference it
	// needs no entries.
	Content []byte
	// System is the system that took the commit, Parties are the resources of parties
	// that the composition may refer to, as Type/id.
	System  string
	Parties []string
	// Made are the resources made from the version, as Type/id. A
	// DocumentReference does not name them.
	Made []string
}

// JSON is the resource of a type with an id, without meta.
func (d Document) JSON(typ, id string) ([]byte, error) {
	const op = "fhir.Document.JSON"
	root, problems := rm.DecodeJSON(d.Content, rm.ClassComposition, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(d.Content) + 1}})
	if root == nil || rm.HasErrors(problems) {
		return nil, errs.New(errs.Internal, op, "a stored composition cannot be read")
	}
	n := d.reference(root, id)
	if typ == CompositionType {
		n = d.composition(root, id)
	}
	for _, p := range r4.ValidateNode(n) {
		if !p.Warning {
			return nil, errs.New(errs.Internal, op, "a composition cannot be told as "+typ+": "+p.Path+": "+p.Message)
		}
	}
	return n.Append(nil), nil
}

func (d Document) status() string {
	if d.Amended {
		return "amended"
	}
	return "final"
}

// typeOf is the kind of document: its name as written, the archetype and, for
// some, a LOINC code.
func (d Document) typeOf(root *rm.Node) r4.Field {
	codings := []*r4.Node{r4.NewObject(str("system", fhirmap.ArchetypeSystem(d.Archetype)), str("code", conceptRoot))}
	if code := DocumentTypes[d.Archetype]; code != "" {
		codings = append(codings, r4.NewObject(str("system", "http://loinc.org"), str("code", code)))
	}
	return object("type", array("coding", codings...), words("text", root.NameValue()))
}

func concepts(name string, texts ...*rm.Node) r4.Field {
	var list []*r4.Node
	for _, t := range texts {
		if c := codedText(t); c != nil {
			list = append(list, c)
		}
	}
	return array(name, list...)
}

// codedText is a DV_CODED_TEXT of the openEHR terminology as a CodeableConcept;
// nil without one.
func codedText(t *rm.Node) *r4.Node {
	value := t.String("value")
	if t == nil || value == "" {
		return nil
	}
	n := r4.NewObject()
	if code := t.String("defining_code", "code_string"); code != "" && t.String("defining_code", "terminology_id", "value") == "openehr" {
		extend(n, array("coding", r4.NewObject(str("system", fhirmap.OpenEHRSystem), str("code", code))))
	}
	extend(n, words("text", value))
	return n
}

// who is a Reference to a PARTY_PROXY: the patient, or a party.
func (d Document) who(p *rm.Node) *r4.Node {
	if p.Is("PARTY_SELF") {
		return r4.NewObject(str("reference", "Patient/"+d.EHRID))
	}
	if p == nil {
		return nil
	}
	var who party
	if list := p.List("identifiers"); len(list) > 0 {
		who.Identifiers = append(who.Identifiers, struct{ Issuer, ID string }{list[0].String("issuer"), list[0].String("id")})
	}
	if ref := p.Get("external_ref"); ref != nil {
		who.ExternalRef = &partyRef{Namespace: ref.String("namespace"), Type: ref.String("type")}
		who.ExternalRef.ID.Value = ref.String("id", "value")
	}
	who.Name = p.String("name")
	return who.reference(d.Parties, d.System)
}

// extend adds those of the fields that have a value.
func extend(n *r4.Node, fields ...r4.Field) {
	for _, f := range fields {
		if f.Value != nil {
			n.Fields = append(n.Fields, f)
		}
	}
}

// words is an element with a text of the record; none if FHIR has no form for it.
func words(name, text string) r4.Field {
	if !r4.ValidPrimitive("string", text) {
		return r4.Field{}
	}
	return str(name, text)
}

// title is what a composition is called, which a Composition demands.
func (d Document) title(root *rm.Node) string {
	if name := root.NameValue(); r4.ValidPrimitive("string", name) {
		return name
	}
	return first(d.Archetype, CompositionType)
}

// absent is an object that says that its content is unknown.
func absent() *r4.Node {
	return r4.NewObject(array("extension", r4.NewObject(
		str("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason"), str("valueCode", "unknown"))))
}

// period is the time of the context, as far as it can be told exactly.
func period(context *rm.Node) *r4.Node {
	n := r4.NewObject()
	for _, end := range [][2]string{{"start", "start_time"}, {"end", "end_time"}} {
		s := context.String(end[1], "value")
		t, err := rm.ParseDateTime(s)
		if err != nil {
			continue
		}
		if v, ok := dateTime(s, t); ok {
			extend(n, str(end[0], v))
		}
	}
	if len(n.Fields) == 0 {
		return nil
	}
	return n
}

// dateTime is an openEHR date and time as FHIR writes it: one without an offset
// is cut to its date, as everywhere.
func dateTime(s string, t rm.Temporal) (string, bool) {
	if r4.ValidPrimitive("dateTime", s) {
		return s, true
	}
	if len(s) >= 10 && r4.ValidPrimitive("dateTime", s[:10]) {
		return s[:10], true
	}
	return "", false
}

// reference is the DocumentReference.
func (d Document) reference(root *rm.Node, id string) *r4.Node {
	context := root.Get("context")
	attachment := []r4.Field{str("contentType", MediaType)}
	if lang := root.String("language", "code_string"); lang != "" {
		attachment = append(attachment, str("language", lang))
	}
	attachment = append(attachment, str("url", CompositionType+"/"+id+"/$document"), str("title", d.title(root)))
	n := r4.NewObject(
		str("resourceType", DocumentReference), str("id", id),
		object("masterIdentifier", str("system", "urn:ietf:rfc:3986"), str("value", SourceURI(d.VersionUID))),
		array("identifier", r4.NewObject(str("system", "urn:ietf:rfc:3986"), str("value", "urn:uuid:"+d.ObjectUID))),
		str("status", "current"), str("docStatus", d.status()),
		d.typeOf(root), concepts("category", root.Get("category")),
		object("subject", str("reference", "Patient/"+d.EHRID)),
		str("date", instant(d.Committed)))
	if who := d.who(root.Get("composer")); who != nil {
		extend(n, array("author", who))
	}
	extend(n, array("content", r4.NewObject(object("attachment", attachment...))))
	about := r4.NewObject()
	if p := period(context); p != nil {
		extend(about, r4.Field{Name: "period", Value: p})
	}
	if setting := codedText(context.Get("setting")); setting != nil {
		extend(about, r4.Field{Name: "practiceSetting", Value: setting})
	}
	if facility := d.who(context.Get("health_care_facility")); facility != nil {
		extend(about, array("related", facility))
	}
	if len(about.Fields) > 0 {
		extend(n, r4.Field{Name: "context", Value: about})
	}
	return n
}

// composition is the Composition: a section for each section and entry, in
// words, and one with the resources that were made of them.
func (d Document) composition(root *rm.Node, id string) *r4.Node {
	author := d.who(root.Get("composer"))
	if author == nil {
		author = absent()
	}
	n := r4.NewObject(
		str("resourceType", CompositionType), str("id", id),
		object("identifier", str("system", "urn:ietf:rfc:3986"), str("value", "urn:uuid:"+d.ObjectUID)),
		str("status", d.status()), d.typeOf(root), concepts("category", root.Get("category")),
		object("subject", str("reference", "Patient/"+d.EHRID)),
		str("date", instant(d.Committed)),
		array("author", author), str("title", d.title(root)))
	if p := period(root.Get("context")); p != nil {
		extend(n, array("event", r4.NewObject(r4.Field{Name: "period", Value: p})))
	}
	sections := sections(root.List("content"))
	if len(d.Made) > 0 {
		var refs []*r4.Node
		for _, m := range d.Made {
			refs = append(refs, r4.NewObject(str("reference", m)))
		}
		sections = append(sections, r4.NewObject(
			str("title", "Resources"),
			narrative("<p>"+strconv.Itoa(len(refs))+" resources were made of this document.</p>"),
			array("entry", refs...)))
	}
	extend(n, array("section", sections...))
	return n
}

// documentBundle answers Composition/[id]/$document (FHIR R4 Composition
// §2.47.7.1): the composition, its patient and the resources made of it, in the
// state of that version. Nothing is kept.
func (a *api) documentBundle(w http.ResponseWriter, c *call) error {
	const op = "fhir.document"
	params, err := a.input(c)
	if err != nil {
		return err
	}
	for _, p := range params {
		switch {
		case p.name == "_format", p.name == "_pretty":
		case p.name == "persist" && p.value == "false":
		case p.name == "persist" && p.value == "true":
			return errs.New(errs.Unsupported, op, "documents are not kept: persist=true is not supported")
		case p.name == "persist":
			return badParam(p.name, "is true or false")
		default:
			return unsupportedParam(p.name)
		}
	}
	id, err := logicalID(c, CompositionType)
	if err != nil {
		return err
	}
	rec, err := a.Reader.Resource(c.Context(), c.who, CompositionType, id)
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
	entries := []*r4.Node{r4.NewObject(str("fullUrl", base+"/"+CompositionType+"/"+id), r4.Field{Name: "resource", Value: composition})}
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
