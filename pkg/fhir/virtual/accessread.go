package virtual

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Systems of codes that audit events of accesses have, in the shape of the IHE
// profile Basic Audit Log Patterns.
const (
	dicomSystem       = "http://dicom.nema.org/resources/ontology/DCM"
	objectRoleSystem  = "http://terminology.hl7.org/CodeSystem/object-role"
	auditTypeSystem   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	interactionSystem = "http://hl7.org/fhir/restful-interaction"
	balpEntityType    = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
)

// read is the AuditEvent of an access that changed nothing: a read, a search, a
// query, or what was refused. It holds no parameter and no text of a query.
func (x Access) read(id string) []byte {
	coding := func(system, code, display string) *r4.Node {
		return r4.NewObject(r4.Str("system", system), r4.Str("code", code), r4.Str("display", display))
	}
	field := func(name string, n *r4.Node) r4.Field { return r4.Field{Name: name, Value: n} }
	concept := func(c *r4.Node) r4.Field {
		return r4.Obj("type", r4.List("coding", c))
	}
	client := r4.NewObject(concept(coding(dicomSystem, "110152", "Destination Role ID")))
	if x.Actor != "" {
		client.Fields = append(client.Fields, r4.Str("altId", x.Actor))
	} else {
		client.Fields = append(client.Fields, r4.Str("name", "not authenticated"))
	}
	client.Fields = append(client.Fields, field("requestor", r4.NewBool(true)))
	if x.Purpose != "" {
		client.Fields = append(client.Fields, r4.List("purposeOfUse", r4.NewObject(r4.Str("text", x.Purpose))))
	}
	agents := []*r4.Node{client}
	if x.OnBehalfOf != "" {
		agents = append(agents, r4.NewObject(
			r4.Obj("type", r4.Str("text", "person on whose behalf the principal acted")),
			r4.Str("altId", x.OnBehalfOf), field("requestor", r4.NewBool(false))))
	}
	server := cmp.Or(x.System, "Cairn")
	agents = append(agents, r4.NewObject(concept(coding(dicomSystem, "110153", "Source Role ID")),
		r4.Obj("who", r4.Str("display", server)), field("requestor", r4.NewBool(false))))

	var entities []*r4.Node
	if x.Patient != "" {
		entities = append(entities, r4.NewObject(
			r4.Obj("what", r4.Str("reference", "Patient/"+x.Patient)),
			field("type", coding(auditEntityType, "1", "Person")),
			field("role", coding(objectRoleSystem, "1", "Patient"))))
	}
	if x.Class != "" || x.Object != "" {
		n := r4.NewObject()
		switch {
		case x.Object != "" && x.Door == "fhir":
			n.Fields = append(n.Fields, r4.Obj("what", r4.Str("reference", x.Object)))
		case x.Object != "":
			n.Fields = append(n.Fields, r4.Obj("what", r4.Obj("identifier", r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", SourceURI(x.Object)))))
		}
		role := coding(objectRoleSystem, "4", "Domain Resource")
		if x.Interaction == "search-type" || x.Interaction == "batch" || x.Class == "AQL" || strings.HasPrefix(x.Class, "$") {
			role = coding(objectRoleSystem, "24", "Query")
		}
		n.Fields = append(n.Fields, field("type", coding(auditEntityType, "2", "System Object")), field("role", role))
		if x.Class != "" {
			n.Fields = append(n.Fields, r4.Str("name", x.Class))
		}
		entities = append(entities, n)
	}
	if x.RequestID != "" {
		entities = append(entities, r4.NewObject(
			r4.Obj("what", r4.Obj("identifier", r4.Str("value", x.RequestID))),
			field("type", r4.NewObject(r4.Str("system", balpEntityType), r4.Str("code", "XrequestId")))))
	}
	outcome, words := "0", ""
	switch {
	case x.Lost > 0 && x.Status == 0:
		outcome, words = "8", strconv.FormatInt(x.Lost, 10)+" accesses before this could not be recorded"
	case x.Lost > 0:
		outcome, words = "4", strconv.FormatInt(x.Lost, 10)+" more requests without valid credentials were refused"
	case x.Status >= 500:
		outcome, words = "8", "HTTP "+strconv.Itoa(x.Status)
	case x.Status >= 400:
		outcome, words = "4", "HTTP "+strconv.Itoa(x.Status)
	}
	n := r4.NewObject(
		r4.Str("resourceType", AuditEvent), r4.Str("id", id),
		field("type", coding(auditTypeSystem, "rest", "RESTful Operation")))
	if x.Interaction != "lost" {
		n.Fields = append(n.Fields, r4.List("subtype", r4.NewObject(r4.Str("system", interactionSystem), r4.Str("code", x.Interaction))))
	}
	n.Fields = append(n.Fields, r4.Str("action", x.Action), r4.Str("recorded", Instant(x.Recorded)), r4.Str("outcome", outcome))
	if words != "" {
		n.Fields = append(n.Fields, r4.Str("outcomeDesc", words))
	}
	n.Fields = append(n.Fields, r4.List("agent", agents...),
		r4.Obj("source", r4.Obj("observer", r4.Str("display", server)), r4.List("type", coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server"))))
	if len(entities) > 0 {
		n.Fields = append(n.Fields, r4.List("entity", entities...))
	}
	return n.Append(nil)
}
