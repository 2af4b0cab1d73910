package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// surroundings looks at what the mappings do not: meta and text. It gives the
// template that a tag names, and refuses what would be lost and matters.
func surroundings(n *r4.Node, typ string) (template string, err error) {
	var lost []Issue
	drop := func(path, text string) { lost = append(lost, Issue{typ + path, "processing", text}) }
	if meta := n.Get("meta"); meta != nil {
		for _, f := range meta.Fields {
			switch f.Name {
			case "versionId", "lastUpdated", "source", "profile":
				// The server's own, kept in the feeder audit, or compared later.
			case "tag":
				for k, tag := range meta.List("tag") {
					switch code := tag.Str("code"); {
					case tag.Str("system") != TemplateSystem || code == "":
						drop(fmt.Sprintf(".meta.tag[%d]", k), "the tag would be lost")
					case template != "" && template != code:
						drop(fmt.Sprintf(".meta.tag[%d]", k), "the tags name several templates")
					default:
						template = code
					}
				}
			case "security":
				drop(".meta.security", "the security label would be lost")
			default:
				drop(".meta."+f.Name, "the element would be lost")
			}
		}
	}
	// A narrative that says no more than the elements is made again; the one that
	// came is kept in the feeder audit.
	if n.Str("text", "status") == "additional" {
		drop(".text", "the narrative says more than the elements do, and would not be shown")
	}
	if len(lost) > 0 {
		return "", refuse(lost...)
	}
	return template, nil
}

// patient is the record that a resource is about, and the element that says so.
func patient(n *r4.Node, typ string) (id uuid.UUID, element string, err error) {
	element = "subject"
	if t := r4.Lookup(typ); t == nil || t.Element(element) == nil {
		element = "patient"
	}
	path := typ + "." + element
	ref := n.Get(element)
	if ref == nil {
		return id, element, refuse(Issue{path, "required", "the resource does not say whom it is about"})
	}
	text, ok := strings.CutPrefix(ref.Str("reference"), "Patient/")
	if ok {
		id, err = uuid.Parse(text)
	}
	switch {
	case ref.Get("reference") == nil:
		return id, element, refuse(Issue{path, "not-supported", "the patient must be named by a literal reference, Patient/id; an identifier is not looked up"})
	case !ok && strings.Contains(ref.Str("reference"), "?"):
		return id, element, refuse(Issue{path + ".reference", "not-supported", "a conditional reference is for a transaction; search for the Patient first"})
	case !ok:
		return id, element, refuse(Issue{path + ".reference", "not-supported", "the resource must be about a Patient of this server, named as Patient/id"})
	case err != nil || id.String() != text:
		return id, element, refuse(Issue{path + ".reference", "not-found", "there is no such Patient here"})
	}
	return id, element, nil
}

// composer is who answers for the composition: the only performer of the
// resource, if it is registered or told by name or identifier, else who sends it.
func composer(who ehr.Actor, n *r4.Node, parties map[string]fhirmap.Party) *rm.Node {
	list := n.List("performer")
	if len(list) == 1 && (list[0].Get("reference") == nil || parties[list[0].Str("reference")].ID != "") {
		var f []rm.Field
		if p := parties[list[0].Str("reference")]; p.ID != "" {
			f = append(f, rm.Child("external_ref", p.Ref()))
		}
		if name := list[0].Str("display"); name != "" {
			f = append(f, rm.Str("name", name))
		}
		if id := list[0].Get("identifier"); id.Str("value") != "" {
			f = append(f, rm.Child("identifiers", identifier(id, "")))
		}
		if len(f) > 0 {
			return rm.Object("PARTY_IDENTIFIED", f...)
		}
	}
	return rm.Object("PARTY_IDENTIFIED", rm.Str("name", cmp.Or(who.Name, who.ID)))
}

// identifier is an Identifier with a value.
func identifier(id *r4.Node, typ string) *rm.Node {
	return rm.Object("DV_IDENTIFIER", rm.Str("id", id.Str("value")), rm.Str("issuer", id.Str("system")),
		rm.Str("assigner", id.Str("assigner", "display")), rm.Str("type", cmp.Or(id.Str("type", "text"), typ)))
}

// start is when what the resource tells took place, if it says so to the second
// and with its offset, else now.
func start(n *r4.Node, now time.Time) time.Time {
	for _, name := range [...]string{"effectiveDateTime", "effectiveInstant", "occurrenceDateTime", "performedDateTime", "dateTime"} {
		if t, err := time.Parse(time.RFC3339Nano, n.Str(name)); err == nil {
			return t
		}
	}
	return now
}

// all are the resource and those that came with it, in the order of their names.
func all(in Resource) []*r4.Node {
	out := []*r4.Node{in.Node}
	for _, url := range slices.Sorted(maps.Keys(in.Linked)) {
		out = append(out, in.Linked[url])
	}
	return out
}

// feederAudit says where the resource comes from, and keeps it as it came.
func feederAudit(who ehr.Actor, in Resource, now time.Time) *rm.Node {
	meta := in.Node.Get("meta")
	source := meta.Str("source")
	origin := []rm.Field{rm.Str("system_id", cmp.Or(source, who.ID)), rm.Str("version_id", meta.Str("versionId"))}
	if at := meta.Str("lastUpdated"); at != "" {
		origin = append(origin, rm.Child("time", rm.Object("DV_DATE_TIME", rm.Str("value", at))))
	}
	var f []rm.Field
	var ids []*rm.Node
	for _, n := range all(in) {
		if id := n.Str("id"); id != "" {
			ids = append(ids, rm.Object("DV_IDENTIFIER",
				rm.Str("id", id), rm.Str("issuer", n.Get("meta").Str("source")), rm.Str("type", n.Str("resourceType"))))
		}
	}
	if len(ids) > 0 {
		f = append(f, rm.Child("originating_system_item_ids", ids...))
	}
	f = append(f, rm.Child("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", origin...)),
		rm.Child("original_content", rm.Object("DV_PARSABLE", rm.Str("value", in.Original), rm.Str("formalism", in.Format))))
	if source != "" { // the client hands on what another system has made
		f = append(f, rm.Child("feeder_system_audit", rm.Object("FEEDER_AUDIT_DETAILS",
			rm.Str("system_id", who.ID), rm.Child("time", rm.DateTime(now)))))
	}
	return rm.Object("FEEDER_AUDIT", f...)
}
