package virtual

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Origin is what a Provenance is made of.
type Origin struct {
	// VersionUID is the version, as an OBJECT_VERSION_ID.
	VersionUID string
	// ChangeType is the openEHR code of AUDIT_DETAILS.change_type.
	ChangeType int
	Committed  time.Time
	// Recorded is when the resources were made of it.
	Recorded time.Time
	// System is the system that took the commit.
	System string
	// Committer and Composer are PARTY_PROXYs, Description is a DV_TEXT and
	// Feeder the FEEDER_AUDIT of the composition, in canonical JSON; nil for none.
	Committer, Composer, Description, Feeder []byte
	// Parties are the resources of parties that may be meant, as Type/id.
	Parties []string
	// Targets are the resources made from the version, as Type/id/_history/n.
	Targets []string
}

// changes are the audit change types with what they do to data.
var changes = map[int][2]string{
	249: {"CREATE", "creation"}, 250: {"UPDATE", "amendment"}, 251: {"UPDATE", "modification"},
	252: {"UPDATE", "synthesis"}, 253: {"UPDATE", "unknown"}, 523: {"DELETE", "deleted"},
	666: {"UPDATE", "attestation"},
}

// JSON is the Provenance with an id, without meta.
func (o Origin) JSON(id string) ([]byte, error) {
	const op = "virtual.Origin.JSON"
	var targets []*r4.Node
	for _, t := range o.Targets {
		targets = append(targets, r4.NewObject(r4.Str("reference", t)))
	}
	var agents []*r4.Node
	agent := func(role string, who *r4.Node) {
		if who != nil {
			agents = append(agents, r4.NewObject(
				r4.Obj("type", r4.List("coding", r4.NewObject(r4.Str("system", "http://terminology.hl7.org/CodeSystem/provenance-participant-type"), r4.Str("code", role)))),
				r4.Field{Name: "who", Value: who}))
		}
	}
	for _, a := range []struct {
		role string
		json []byte
	}{{"author", o.Composer}, {"enterer", o.Committer}} {
		if len(a.json) == 0 {
			continue
		}
		var p party
		if err := json.Unmarshal(a.json, &p); err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored party is not valid", err)
		}
		agent(a.role, p.reference(o.Parties, o.System))
	}
	agent("assembler", r4.NewObject(r4.Str("display", o.System)))
	entities := []*r4.Node{r4.NewObject(r4.Str("role", "source"), r4.Obj("what",
		r4.Obj("identifier", r4.Str("system", "urn:ietf:rfc:3986"), r4.Str("value", SourceURI(o.VersionUID)))))}
	if len(o.Feeder) > 0 {
		var f struct {
			Originating *struct {
				SystemID string `json:"system_id"`
				Location *party
			} `json:"originating_system_audit"`
			Items []struct{ Issuer, ID string } `json:"originating_system_item_ids"`
		}
		if err := json.Unmarshal(o.Feeder, &f); err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored feeder audit is not valid", err)
		}
		for _, item := range f.Items {
			if id := identifier(item.Issuer, item.ID); id != nil {
				entities = append(entities, r4.NewObject(r4.Str("role", "source"), r4.Obj("what", r4.Field{Name: "identifier", Value: id})))
			}
		}
		if f.Originating != nil && f.Originating.SystemID != "" {
			agent("composer", r4.NewObject(r4.Str("display", f.Originating.SystemID)))
		}
	}
	change := changes[o.ChangeType]
	activity := r4.NewObject()
	if change[0] != "" {
		activity.Fields = append(activity.Fields, r4.List("coding", r4.NewObject(
			r4.Str("system", "http://terminology.hl7.org/CodeSystem/v3-DataOperation"), r4.Str("code", change[0]))))
	}
	activity.Fields = append(activity.Fields, r4.Str("text", cmp.Or(change[1], strconv.Itoa(o.ChangeType))))
	n := r4.NewObject(
		r4.Str("resourceType", Provenance), r4.Str("id", id),
		r4.List("target", targets...),
		r4.Str("occurredDateTime", Instant(o.Committed)), r4.Str("recorded", Instant(o.Recorded)))
	if len(o.Description) > 0 {
		var text struct{ Value string }
		if err := json.Unmarshal(o.Description, &text); err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored description is not valid", err)
		}
		if text.Value != "" {
			n.Fields = append(n.Fields, r4.List("reason", r4.NewObject(r4.Str("text", text.Value))))
		}
	}
	n.Fields = append(n.Fields, r4.Field{Name: "activity", Value: activity}, r4.List("agent", agents...), r4.List("entity", entities...))
	return n.Append(nil), nil
}
