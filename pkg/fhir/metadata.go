package fhir

import (
	"net/http"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// metadata answers with a CapabilityStatement made from the mappings and the
// search table: it cannot promise what is not there.
func (a *api) metadata(w http.ResponseWriter, c *call) error {
	return a.write(w, c, http.StatusOK, a.capabilities(a.base(c.Request)).Append(nil))
}

func str(name, value string) r4.Field                 { return r4.Str(name, value) }
func array(name string, items ...*r4.Node) r4.Field   { return r4.List(name, items...) }
func object(name string, fields ...r4.Field) r4.Field { return r4.Obj(name, fields...) }

// declared is a search parameter in the CapabilityStatement.
func declared(p r4.SearchParam, more ...r4.Field) *r4.Node {
	return r4.NewObject(append([]r4.Field{str("name", p.Name), str("definition", p.Definition), str("type", string(p.Kind))}, more...)...)
}

func (a *api) capabilities(base string) *r4.Node {
	var resources []*r4.Node
	for _, typ := range a.allTypes() {
		var params, profiles, includes, reverse []*r4.Node
		for _, p := range r4.CommonParams() {
			params = append(params, declared(p))
		}
		for _, p := range r4.SearchParams(typ) {
			var more []r4.Field
			if p.Kind == r4.SearchReference {
				includes = append(includes, r4.NewString(typ+":"+p.Name))
			}
			if p.Kind == r4.SearchQuantity {
				more = append(more, str("documentation", "Results recorded as below or above a limit are not found by value."))
			}
			if WithinPatient(typ, p.Name) {
				more = append(more, str("documentation", "Only with a patient."))
			}
			params = append(params, declared(p, more...))
		}
		for _, other := range a.allTypes() {
			for _, p := range r4.SearchParams(other) {
				if p.Kind == r4.SearchReference && leads(other, p, typ) && reversible(other, p.Name) {
					reverse = append(reverse, r4.NewString(other+":"+p.Name))
				}
			}
		}
		for _, url := range a.Coverage.Profiles(typ) {
			profiles = append(profiles, r4.NewString(url))
		}
		offered := []string{"read", "vread", "history-instance", "search-type"}
		if !virtual.Is(typ) {
			offered = append(offered, "history-type")
		}
		var documentation, conditional r4.Field
		if a.Intake != nil && a.Intake.Takes(typ) {
			offered = append(offered, "create")
			documentation = str("documentation", "A resource is created if a stored template and the mappings take it without any loss, else refused with the reasons.")
			conditional = r4.Field{Name: "conditionalCreate", Value: r4.NewBool(true)}
		}
		resources = append(resources, r4.NewObject(
			str("type", typ), str("profile", "http://hl7.org/fhir/StructureDefinition/"+typ),
			array("supportedProfile", profiles...),
			documentation,
			array("interaction", codes(offered...)...),
			str("versioning", "versioned"),
			r4.Field{Name: "readHistory", Value: r4.NewBool(true)},
			conditional,
			str("conditionalRead", "full-support"),
			array("referencePolicy", r4.NewString("literal"), r4.NewString("logical")),
			array("searchInclude", includes...),
			array("searchRevInclude", reverse...),
			array("searchParam", params...),
			array("operation", a.operations(typ)...)))
	}
	access := "Read-only"
	if a.Intake != nil {
		access = "Resources are read and created, not updated or deleted"
	}
	var exceptions []string
	if a.Grouper != nil {
		exceptions = append(exceptions, "Group")
		resources = append(resources, a.groupCapability())
	}
	if a.Subscriber != nil {
		exceptions = append(exceptions, "Subscription")
		resources = append(resources, a.subscriptionCapability())
	}
	if len(exceptions) > 0 {
		access += ", but for " + strings.Join(exceptions, " and ")
	}
	if a.Terminology != nil {
		for _, t := range terminologyOperations {
			var list []*r4.Node
			for _, o := range t.operations {
				list = append(list, r4.NewObject(str("name", o[0]), str("definition", o[1])))
			}
			resources = append(resources, definitionCapability(t.typ, list))
		}
	}
	return r4.NewObject(
		str("resourceType", "CapabilityStatement"),
		str("status", "active"),
		str("date", a.started.Format("2006-01-02T15:04:05Z07:00")),
		str("kind", "instance"),
		object("software", str("name", "Cairn"), str("version", a.Version)),
		object("implementation", str("description", "FHIR R4 view of an openEHR clinical data repository"), str("url", base)),
		str("fhirVersion", "4.0.1"),
		array("format", r4.NewString(r4.MediaTypeJSON), r4.NewString("json"), r4.NewString(r4.MediaTypeXML), r4.NewString("xml")),
		array("rest", r4.NewObject(
			str("mode", "server"),
			str("documentation", access+". Resources are projections of openEHR compositions by FHIR Connect mappings. "+
				"Searches are strict unless Prefer: handling=lenient is sent. A search by patient tells in an OperationOutcome "+
				"what the record holds and no mapping can show."),
			array("resource", resources...),
			array("interaction", codes("batch", "transaction", "history-system")...),
			array("operation", a.operations("")...))))
}

// operations are those that a type offers; "" is the system.
func (a *api) operations(typ string) []*r4.Node {
	list := [][2]string{{"validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate"}}
	switch {
	case typ == "" && a.Exporter != nil:
		list = append(list, [2]string{"export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"})
	case typ == "Patient":
		list = append(list, [2]string{"everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"},
			[2]string{"summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"})
		if a.Exporter != nil {
			list = append(list, [2]string{"export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export"})
		}
	case typ == virtual.Composition:
		list = append(list, [2]string{"document", "http://hl7.org/fhir/OperationDefinition/Composition-document"})
	case typ == "Observation":
		list = append(list, [2]string{"lastn", "http://hl7.org/fhir/OperationDefinition/Observation-lastn"})
	}
	var out []*r4.Node
	for _, o := range list {
		out = append(out, r4.NewObject(str("name", o[0]), str("definition", o[1])))
	}
	return out
}

// codes are elements that have only a code.
func codes(list ...string) []*r4.Node {
	var out []*r4.Node
	for _, c := range list {
		out = append(out, r4.NewObject(str("code", c)))
	}
	return out
}
