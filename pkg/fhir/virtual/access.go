package virtual

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Access is what an AuditEvent is made of.
type Access struct {
	// Type is 110110 (DICOM) of a change, and rest of an access that changed
	// nothing. Interaction is a code of restful-interaction, or lost.
	Type, Interaction string
	// Action is C, R, U, D or E (FHIR R4 audit-event-action).
	Action string
	// Erased marks a physical deletion.
	Erased   bool
	Recorded time.Time
	// Actor is the authenticated principal, OnBehalfOf and Purpose are what it
	// declared; "" for none.
	Actor, OnBehalfOf, Purpose string
	// Committer is a PARTY_PROXY in canonical JSON; nil for none.
	Committer []byte
	// Parties are the resources of parties that the committer may be, as Type/id.
	Parties []string
	// System is the system that took the commit; "" if it is not recorded.
	System string
	// Patient is the EHR, "" for what is in none; Class is the class of the object,
	// Object the version, or of a physical deletion the versioned object; "" for a
	// whole EHR.
	Patient, Class, Object string
	// Of an access that changed nothing: the status of the HTTP answer, the API
	// (openehr or fhir), the id of the request, and how many others are missing.
	// Class is what it was about and can be an operation or AQL too; Object is the
	// id or the path of a resource.
	Status          int
	Door, RequestID string
	Lost            int64
}

const auditEntityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type"

// JSON is the AuditEvent with an id, without meta.
func (x Access) JSON(id string) ([]byte, error) {
	if x.Type == "rest" {
		return x.read(id), nil
	}
	coding := func(system, code, display string) *r4.Node {
		return r4.NewObject(r4.Str("system", system), r4.Str("code", code), r4.Str("display", display))
	}
	field := func(name string, n *r4.Node) r4.Field { return r4.Field{Name: name, Value: n} }
	actor := r4.NewObject(r4.Str("altId", x.Actor), field("requestor", r4.NewBool(true)))
	if x.Purpose != "" {
		actor.Fields = append(actor.Fields, r4.List("purposeOfUse", r4.NewObject(r4.Str("text", x.Purpose))))
	}
	agents := []*r4.Node{actor}
	if x.OnBehalfOf != "" {
		agents = append(agents, r4.NewObject(
			r4.Obj("type", r4.Str("text", "person on whose behalf the principal acted")),
			r4.Str("altId", x.OnBehalfOf), field("requestor", r4.NewBool(false))))
	}
	if len(x.Committer) > 0 {
		var p party
		if err := json.Unmarshal(x.Committer, &p); err != nil {
			return nil, errs.Wrap(errs.Internal, "virtual.Access.JSON", "a stored party is not valid", err)
		}
		if who := p.reference(x.Parties, x.System); who != nil {
			n := r4.NewObject(r4.Obj("type", r4.Str("text", "committer")))
			if who.Get("identifier") != nil || who.Get("reference") != nil {
				n.Fields = append(n.Fields, field("who", who))
			}
			if p.Name != "" {
				n.Fields = append(n.Fields, r4.Str("name", p.Name))
			}
			agents = append(agents, r4.NewObject(append(n.Fields, field("requestor", r4.NewBool(false)))...))
		}
	}
	var entities []*r4.Node
	if x.Patient != "" {
		entities = append(entities, r4.NewObject(
			r4.Obj("what", r4.Str("reference", "Patient/"+x.Patient)),
			field("type", coding(auditEntityType, "1", "Person")),
			field("role", coding(objectRoleSystem, "1", "Patient"))))
	}
	if x.Object != "" {
		entities = append(entities, r4.NewObject(
			r4.Obj("what", r4.Obj("identifier", r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", SourceURI(x.Object)))),
			field("type", coding(auditEntityType, "2", "System Object")),
			field("role", coding("http://terminology.hl7.org/CodeSystem/object-role", "3", "Report")),
			r4.Str("name", x.Class)))
	}
	subtype := coding("http://hl7.org/fhir/restful-interaction", map[string]string{"C": "create", "U": "update", "D": "delete"}[x.Action], map[string]string{"C": "create", "U": "update", "D": "delete"}[x.Action])
	n := r4.NewObject(
		r4.Str("resourceType", AuditEvent), r4.Str("id", id),
		field("type", coding("http://dicom.nema.org/resources/ontology/DCM", "110110", "Patient Record")),
		r4.List("subtype", subtype),
		r4.Str("action", x.Action), r4.Str("recorded", Instant(x.Recorded)), r4.Str("outcome", "0"))
	if x.Erased {
		n.Fields = append(n.Fields, r4.Str("outcomeDesc", "physical deletion: nothing of it remains"))
	}
	n.Fields = append(n.Fields, r4.List("agent", agents...),
		r4.Obj("source", r4.Obj("observer", r4.Str("display", cmp.Or(x.System, "Cairn")))),
		r4.List("entity", entities...))
	return n.Append(nil), nil
}
