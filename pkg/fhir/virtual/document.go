package virtual

import (
	"cmp"
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

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
	const op = "virtual.Document.JSON"
	root, problems := rm.DecodeJSON(d.Content, rm.ClassComposition, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(d.Content) + 1}})
	if root == nil || rm.HasErrors(problems) {
		return nil, errs.New(errs.Internal, op, "a stored composition cannot be read")
	}
	n := d.reference(root, id)
	if typ == Composition {
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
	codings := []*r4.Node{r4.NewObject(r4.Str("system", fhirmap.ArchetypeSystem(d.Archetype)), r4.Str("code", conceptRoot))}
	if code := DocumentTypes[d.Archetype]; code != "" {
		codings = append(codings, r4.NewObject(r4.Str("system", "http://loinc.org"), r4.Str("code", code)))
	}
	return r4.Obj("type", r4.List("coding", codings...), words("text", root.NameValue()))
}

func concepts(name string, texts ...*rm.Node) r4.Field {
	var list []*r4.Node
	for _, t := range texts {
		if c := codedText(t); c != nil {
			list = append(list, c)
		}
	}
	return r4.List(name, list...)
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
		extend(n, r4.List("coding", r4.NewObject(r4.Str("system", fhirmap.OpenEHRSystem), r4.Str("code", code))))
	}
	extend(n, words("text", value))
	return n
}

// who is a Reference to a PARTY_PROXY: the patient, or a party.
func (d Document) who(p *rm.Node) *r4.Node {
	if p.Is("PARTY_SELF") {
		return r4.NewObject(r4.Str("reference", "Patient/"+d.EHRID))
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

// title is what a composition is called, which a Composition demands.
func (d Document) title(root *rm.Node) string {
	if name := root.NameValue(); r4.ValidPrimitive("string", name) {
		return name
	}
	return cmp.Or(d.Archetype, Composition)
}

// absent is an object that says that its content is unknown.
func absent() *r4.Node {
	return r4.NewObject(r4.List("extension", r4.NewObject(
		r4.Str("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason"), r4.Str("valueCode", "unknown"))))
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
			extend(n, r4.Str(end[0], v))
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
	attachment := []r4.Field{r4.Str("contentType", r4.MediaTypeJSON)}
	if lang := root.String("language", "code_string"); lang != "" {
		attachment = append(attachment, r4.Str("language", lang))
	}
	attachment = append(attachment, r4.Str("url", Composition+"/"+id+"/$document"), r4.Str("title", d.title(root)))
	n := r4.NewObject(
		r4.Str("resourceType", DocumentReference), r4.Str("id", id),
		r4.Obj("masterIdentifier", r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", SourceURI(d.VersionUID))),
		r4.List("identifier", r4.NewObject(r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", "urn:uuid:"+d.ObjectUID))),
		r4.Str("status", "current"), r4.Str("docStatus", d.status()),
		d.typeOf(root), concepts("category", root.Get("category")),
		r4.Obj("subject", r4.Str("reference", "Patient/"+d.EHRID)),
		r4.Str("date", Instant(d.Committed)))
	if who := d.who(root.Get("composer")); who != nil {
		extend(n, r4.List("author", who))
	}
	extend(n, r4.List("content", r4.NewObject(r4.Obj("attachment", attachment...))))
	about := r4.NewObject()
	if p := period(context); p != nil {
		extend(about, r4.Field{Name: "period", Value: p})
	}
	if setting := codedText(context.Get("setting")); setting != nil {
		extend(about, r4.Field{Name: "practiceSetting", Value: setting})
	}
	if facility := d.who(context.Get("health_care_facility")); facility != nil {
		extend(about, r4.List("related", facility))
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
		r4.Str("resourceType", Composition), r4.Str("id", id),
		r4.Obj("identifier", r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", "urn:uuid:"+d.ObjectUID)),
		r4.Str("status", d.status()), d.typeOf(root), concepts("category", root.Get("category")),
		r4.Obj("subject", r4.Str("reference", "Patient/"+d.EHRID)),
		r4.Str("date", Instant(d.Committed)),
		r4.List("author", author), r4.Str("title", d.title(root)))
	if p := period(root.Get("context")); p != nil {
		extend(n, r4.List("event", r4.NewObject(r4.Field{Name: "period", Value: p})))
	}
	sections := sections(root.List("content"))
	if len(d.Made) > 0 {
		var refs []*r4.Node
		for _, m := range d.Made {
			refs = append(refs, r4.NewObject(r4.Str("reference", m)))
		}
		sections = append(sections, r4.NewObject(
			r4.Str("title", "Resources"),
			Narrative("<p>"+strconv.Itoa(len(refs))+" resources were made of this document.</p>"),
			r4.List("entry", refs...)))
	}
	extend(n, r4.List("section", sections...))
	return n
}
