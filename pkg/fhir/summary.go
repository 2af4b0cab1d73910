package fhir

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// ipsBundle is the profile of what $summary answers with.
const ipsBundle = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"

// maxSummary is the most resources that a summary is made of, latestInSummary
// the most observations of one code among them.
const (
	maxSummary      = 2000
	latestInSummary = 3
)

// section is a section of the International Patient Summary: which resources
// belong to it, and whether it stands there without any.
type section struct {
	title, loinc string
	// subject says what is in it, for the narrative.
	subject  string
	required bool
	types    []string
	holds    func(*r4.Node) bool
}

var summarySections = []section{
	{"Allergies and intolerances", "48765-2", "allergies and intolerances", true, []string{"AllergyIntolerance"}, nil},
	{"Problems", "11450-4", "active problems", true, []string{"Condition"}, func(n *r4.Node) bool { return !past(n) }},
	{"Medication", "10160-0", "current medication", true, []string{"MedicationStatement", "MedicationRequest"}, func(n *r4.Node) bool {
		return slices.Contains([]string{"active", "intended", "on-hold", "unknown"}, n.Str("status"))
	}},
	{"Immunisations", "11369-6", "immunisations", false, []string{"Immunization"}, nil},
	{"Results", "30954-2", "results", false, []string{"Observation", "DiagnosticReport"}, func(n *r4.Node) bool {
		return n.Str("resourceType") == "DiagnosticReport" || hasCode(n, "category", "laboratory")
	}},
	{"History of procedures", "47519-4", "procedures", false, []string{"Procedure"}, func(n *r4.Node) bool { return n.Str("status") != "not-done" }},
	{"Medical devices", "46264-8", "devices", false, []string{"DeviceUseStatement"}, nil},
	{"Advance directives", "42348-3", "advance directives", false, []string{"Consent"}, nil},
	{"Alerts", "104605-1", "alerts", false, []string{"Flag"}, nil},
	{"History of past problems", "11348-0", "past problems", false, []string{"Condition"}, past},
	{"Pregnancy", "10162-6", "pregnancy", false, []string{"Observation"}, func(n *r4.Node) bool {
		return hasCode(n, "code", "82810-3") || hasCode(n, "code", "11778-8") && n.Str("valueDateTime") != ""
	}},
	{"Plan of care", "18776-5", "care plans", false, []string{"CarePlan"}, nil},
	{"Social history", "29762-2", "social history", false, []string{"Observation"}, func(n *r4.Node) bool {
		return hasCode(n, "code", "72166-2") || hasCode(n, "code", "74013-4") || hasCode(n, "code", "11331-6")
	}},
	{"Vital signs", "8716-3", "vital signs", false, []string{"Observation"}, func(n *r4.Node) bool { return hasCode(n, "category", "vital-signs") }},
}

// past reports whether a condition is over.
func past(n *r4.Node) bool {
	for _, code := range []string{"inactive", "remission", "resolved"} {
		if hasCode(n, "clinicalStatus", code) {
			return true
		}
	}
	return false
}

// hasCode reports whether one of the codings of an element has a code.
func hasCode(n *r4.Node, element, code string) bool {
	for _, cc := range n.List(element) {
		for _, coding := range cc.List("coding") {
			if coding.Str("code") == code {
				return true
			}
		}
	}
	return false
}

// wrong reports whether a resource was entered in error and so says nothing.
func wrong(n *r4.Node) bool {
	return n.Str("status") == "entered-in-error" || hasCode(n, "verificationStatus", "entered-in-error")
}

// needed are the elements that the profiles of the summary demand beyond what
// R4 does, with the property by which their absence is said.
var needed = map[string][][2]string{
	"Patient":             {{"name", "name"}, {"birthDate", "_birthDate"}},
	"Practitioner":        {{"name", "name"}},
	"Organization":        {{"name", "_name"}},
	"AllergyIntolerance":  {{"code", "code"}},
	"Condition":           {{"code", "code"}},
	"MedicationStatement": {{"effective", "_effectiveDateTime"}},
	"Procedure":           {{"code", "code"}, {"performed", "_performedDateTime"}},
	"Observation":         {{"effective", "_effectiveDateTime"}, {"performer", "performer"}},
	"DiagnosticReport":    {{"effective", "_effectiveDateTime"}},
}

// complete says of each element that the summary's profiles demand and the
// record does not have that it is unknown.
func complete(n *r4.Node) {
	t := r4.Lookup(n.Str("resourceType"))
	for _, pair := range needed[t.Name] {
		el := t.Element(pair[0])
		if slices.ContainsFunc(n.Fields, func(f r4.Field) bool {
			m, ok := t.Member(strings.TrimPrefix(f.Name, "_"))
			return ok && m.Element == el
		}) {
			continue
		}
		v := r4.NewObject(array("extension", r4.NewObject(str("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason"), str("valueCode", "unknown"))))
		if pair[1] == "name" {
			v = r4.NewObject(r4.Field{Name: "_text", Value: v})
		}
		if el.List() {
			v = &r4.Node{Kind: r4.Array, Items: []*r4.Node{v}}
		}
		n.Set(t, pair[1], v)
	}
}

// patientSummary answers Patient/[id]/$summary, and Patient/$summary with an
// identifier: an International Patient
// Summary as a document. Nothing in it is inferred from silence: a section
// without entries says that this repository shows none, and what the record
// holds and no mapping can show is named.
func (a *api) patientSummary(w http.ResponseWriter, c *call) error {
	ofType := chi.URLParam(c.Request, "id") == ""
	var identifiers []pair
	params, err := a.inputs(c, func(name string, value *r4.Node) bool {
		if name != "identifier" {
			return false
		}
		escape := strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `$`, `\$`).Replace
		identifiers = append(identifiers, pair{name, escape(value.Str("system")) + "|" + escape(value.Str("value"))})
		return true
	})
	if err != nil {
		return err
	}
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
		case "profile":
			if p.value != ipsBundle {
				return badParam(p.name, "only "+ipsBundle+" is offered")
			}
		case "identifier":
			identifiers = append(identifiers, p)
		default:
			return unsupportedParam(p.name)
		}
	}
	var patient Record
	switch {
	case !ofType && len(identifiers) > 0:
		return badParam("identifier", "is not given where the address names the patient")
	case ofType:
		patient, err = a.identified(c, identifiers)
	default:
		patient, err = a.patient(c, chi.URLParam(c.Request, "id"))
	}
	if err != nil {
		return err
	}
	s, err := a.summarise(c, patient)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, s.Append(nil))
}

// identified is the one Patient with an identifier. Its system has to be named, since
// numbers of different issuers can be the same.
func (a *api) identified(c *call, identifiers []pair) (Record, error) {
	const name = "identifier"
	if len(identifiers) != 1 {
		return Record{}, badParam(name, "is required, once: an identifier of the patient as system|value")
	}
	p := identifiers[0]
	if len(splitEscaped(p.value, ',')) > 1 {
		return Record{}, badParam(name, "is one identifier")
	}
	v, err := tokenValue(p)
	if err != nil {
		return Record{}, err
	}
	if !v.HasSystem || v.Code == "" || !plainText(v.System+v.Code) {
		return Record{}, badParam(name, "has the form system|value, with |value for one without a system")
	}
	found, err := a.Reader.Search(c.Context(), c.who, Query{Type: "Patient", Count: 2, Filters: []Filter{{Param: name, Kind: Token, Values: []Value{v}}}})
	if err != nil {
		return Record{}, err
	}
	switch len(found.Records) {
	case 0:
		return Record{}, errs.New(errs.NotFound, "fhir.summary", "no patient who can be searched here has the identifier")
	case 1:
		return found.Records[0], nil
	}
	text := "several patients have the identifier: ask for one by id, as Patient/id/$summary"
	return Record{}, &refusal{errs.New(errs.Precondition, "fhir.summary", text), []issue{{severity: "error", code: "multiple-matches", text: text, expression: "http." + name}}}
}

// filled is a section with its resources.
type filled struct {
	section
	entries []*r4.Node
}

func (a *api) summarise(c *call, patient Record) (*r4.Node, error) {
	const op = "fhir.summary"
	var types []string
	for _, s := range summarySections {
		for _, t := range s.types {
			if t != "Observation" && a.types[t] && !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	q := Query{Types: types, Patients: []string{patient.ID}, Count: maxSummary}
	page, err := a.Reader.Search(c.Context(), c.who, q)
	if err != nil {
		return nil, err
	}
	if page.More {
		return nil, errs.New(errs.TooLarge, op, "the record holds too much for a summary")
	}
	notes := append(lagIssues(page.Lag), gapIssues("", page.Gaps)...)
	records := page.Records
	if a.types["Observation"] {
		q := Query{Type: "Observation", Patients: q.Patients, Count: maxSummary, Latest: latestInSummary, Sort: []Sort{{Param: "date", Kind: Date, Desc: true}}}
		if page, err = a.Reader.Search(c.Context(), c.who, q); err != nil {
			return nil, err
		}
		if page.More {
			return nil, errs.New(errs.TooLarge, op, "the record holds too many observations for a summary")
		}
		records = append(records, page.Records...)
	}
	var shown []Record
	sections := make([]filled, len(summarySections))
	for i := range sections {
		sections[i].section = summarySections[i]
	}
	for _, rec := range records {
		n, err := resourceNode(rec)
		if err != nil {
			return nil, err
		}
		if wrong(n) {
			continue
		}
		for i := range sections {
			s := &sections[i]
			if slices.Contains(s.types, rec.Type) && (s.holds == nil || s.holds(n)) {
				complete(n)
				s.entries = append(s.entries, n)
				shown = append(shown, rec)
				break
			}
		}
	}
	subject, err := resourceNode(patient)
	if err != nil {
		return nil, err
	}
	complete(subject)
	list, withheld, err := a.parties(c, shown, nil)
	if err != nil {
		return nil, err
	}
	for _, typ := range withheld {
		notes = append(notes, issue{text: "who is asking may not query " + typ + ": none is included"})
	}
	var parties []*r4.Node
	for _, rec := range list {
		n, err := resourceNode(rec)
		if err != nil {
			return nil, err
		}
		complete(n)
		parties = append(parties, n)
	}
	return a.document(c, subject, sections, parties, notes), nil
}

// resourceNode is a stored resource with its meta element.
func resourceNode(rec Record) (*r4.Node, error) {
	b, err := appendResource(nil, rec)
	if err != nil {
		return nil, err
	}
	n, err := r4.Parse(b)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "fhir.summary", "a stored resource is not valid", err)
	}
	return n, nil
}

// document puts the sections into a bundle that can be filed as it is.
func (a *api) document(c *call, patient *r4.Node, sections []filled, parties []*r4.Node, notes []issue) *r4.Node {
	base := a.base(c.Request)
	now := a.Now().UTC()
	at := now.Format("2006-01-02T15:04:05Z07:00")
	name := func(what string) string {
		return uuid.NewSHA1(uuid.NameSpaceURL, []byte(base+"/"+patient.Str("id")+" "+now.Format("2006-01-02T15:04:05.999999999")+" "+what)).String()
	}
	url := func(n *r4.Node) string { return base + "/" + n.Str("resourceType") + "/" + n.Str("id") }
	entry := func(fullURL string, resource *r4.Node) *r4.Node {
		return r4.NewObject(str("fullUrl", fullURL), r4.Field{Name: "resource", Value: resource})
	}
	composition, author := name("composition"), name("author")
	device := base + "/Device/" + author

	shown := []Record{labelled(patient)}
	var list []*r4.Node
	entries := []*r4.Node{nil, entry(url(patient), patient), entry(device, r4.NewObject(
		str("resourceType", "Device"), str("id", author),
		array("deviceName", r4.NewObject(str("name", "Cairn"), str("type", "manufacturer-name"))),
		array("version", r4.NewObject(str("value", a.Version)))))}
	for _, s := range sections {
		if len(s.entries) == 0 && !s.required {
			continue
		}
		var refs []*r4.Node
		for _, n := range s.entries {
			refs = append(refs, r4.NewObject(str("reference", url(n))))
			entries = append(entries, entry(url(n), n))
			shown = append(shown, labelled(n))
		}
		fields := []r4.Field{
			str("title", s.title),
			object("code", array("coding", r4.NewObject(str("system", "http://loinc.org"), str("code", s.loinc)))),
			virtual.Narrative(s.narrative()),
			array("entry", refs...),
		}
		if len(refs) == 0 {
			fields = append(fields, object("emptyReason",
				array("coding", r4.NewObject(str("system", "http://terminology.hl7.org/CodeSystem/list-empty-reason"), str("code", "unavailable"))),
				str("text", s.none())))
		}
		list = append(list, r4.NewObject(fields...))
	}
	for _, n := range parties {
		entries = append(entries, entry(url(n), n))
	}
	if len(notes) > 0 {
		var b strings.Builder
		b.WriteString("<p>The record holds more than this summary shows:</p><ul>")
		for _, i := range notes {
			b.WriteString("<li>" + virtual.Escape(i.text) + "</li>")
		}
		b.WriteString("</ul>")
		list = append(list, r4.NewObject(
			str("title", "Not shown in this summary"),
			object("code", array("coding", r4.NewObject(str("system", "http://loinc.org"), str("code", "48767-8")))),
			virtual.Narrative(b.String())))
	}
	security := array("security", nodes(highest(shown))...)
	entries[0] = entry("urn:uuid:"+composition, r4.NewObject(
		str("resourceType", "Composition"), str("id", composition),
		object("meta", array("profile", r4.NewString("http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips")), security),
		str("status", "final"),
		object("type", array("coding", r4.NewObject(str("system", "http://loinc.org"), str("code", "60591-5")))),
		object("subject", str("reference", url(patient))),
		str("date", at),
		array("author", r4.NewObject(str("reference", device), str("display", "Cairn "+a.Version))),
		str("title", "International Patient Summary"),
		array("section", list...)))
	return r4.NewObject(
		str("resourceType", "Bundle"), str("id", name("bundle")),
		object("meta", array("profile", r4.NewString(ipsBundle)), security),
		object("identifier", str("system", "urn:ietf:rfc:3986"), str("value", "urn:uuid:"+name("bundle"))),
		str("type", "document"), str("timestamp", at),
		array("entry", entries...))
}
