package synth

import (
	"fmt"
	"slices"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// The templates of the documents.
const (
	MedicationList   = "Cairn - Medication list.v1"
	MedicationOrders = "Cairn - Medication orders.v1"
	ImmunisationList = "Cairn - Immunisation list.v1"
	SocialHistory    = "Cairn - Social history.v1"
	LaboratoryReport = "Cairn - Laboratory report.v1"
	EncounterNote    = "Cairn - Encounter note.v1"
	ProcedureReport  = "Cairn - Procedure report.v1"
	Pregnancy        = "Cairn - Pregnancy.v1"
	CarePlan         = "Cairn - Care plan.v1"
	DischargeSummary = "Cairn - Discharge summary.v1"
)

// document is one of the rest of the record: what it is, when, and about which
// of the patient's problems.
type document struct {
	template string
	at       time.Time
	problem  int
	// id is that of a document with an order, to which steps refer as order;
	// workflow is that of steps of a procedure.
	id, order, workflow string
	steps               []step
}

// Documents is how many documents the patient's record has besides the
// compositions: medication, immunisations, social history, laboratory reports,
// encounters, and what the problems led to. They agree with the problem list
// and the adverse reaction list.
func (p *Patient) Documents() int { return len(p.plan()) }

// Document is the patient's document with a number below Documents, in
// canonical JSON, and the id of its template.
func (p *Patient) Document(number int) (templateID string, json []byte) {
	templateID, n := p.DocumentTree(number)
	return templateID, rm.AppendJSON(nil, n)
}

// DocumentID is the UUID to give the versioned object of a document, by which
// other documents and itself refer to it; "" for any.
func (p *Patient) DocumentID(number int) string { return p.plan()[number].id }

// DocumentTree is Document as a tree.
func (p *Patient) DocumentTree(number int) (templateID string, composition *rm.Node) {
	d := p.plan()[number]
	c := &composer{r: newRandom(p.g.seed, forDocument, uint64(p.Number), uint64(number)+1), p: p, at: d.at}
	switch d.template {
	case MedicationList:
		return d.template, c.medicationList()
	case MedicationOrders:
		return d.template, c.medicationOrder(d)
	case ImmunisationList:
		return d.template, c.immunisations()
	case SocialHistory:
		return d.template, c.socialHistory()
	case LaboratoryReport:
		return d.template, c.laboratoryReport()
	case ProcedureReport:
		return d.template, c.procedureReport(d)
	case Pregnancy:
		return d.template, c.pregnancy()
	case CarePlan:
		return d.template, c.carePlan()
	case DischargeSummary:
		return d.template, c.dischargeSummary(d)
	}
	return d.template, c.encounterNote(d.problem)
}

func (p *Patient) age(at time.Time) int {
	years := at.Year() - p.birth.Year()
	if at.YearDay() < p.birth.YearDay() {
		years--
	}
	return years
}

// documents plans the rest of the record.
func (p *Patient) documents() []document {
	r := newRandom(p.g.seed, forDocument, uint64(p.Number))
	last := p.when(r, 0)
	out := []document{{template: MedicationList, at: last}, {template: ImmunisationList, at: last}}
	if p.age(last) >= 16 {
		out = append(out, document{template: SocialHistory, at: last})
	}
	if p.Sex == Female && p.age(last) >= 18 && p.age(last) <= 42 {
		out = append(out, document{template: Pregnancy, at: last})
	}
	chronic := false
	var follow []document
	for i, x := range p.problems {
		if x.free != "" {
			continue
		}
		chronic = chronic || x.chronic
		at := p.contact(r, x.onset)
		out = append(out, document{template: EncounterNote, at: at, problem: i})
		if m, name := p.treatment(x); m != nil && name != "" {
			when := at.Add(10 * time.Minute)
			order := document{
				template: MedicationOrders, at: when, problem: i, steps: p.prescription(i, when),
				id: newRandom(p.g.seed, forCourse, uint64(p.Number), uint64(i), 2).uuid(),
			}
			order.order = order.id
			if x.resolved.IsZero() {
				out = append(out, order)
			} else {
				follow = append(follow, order)
			}
			for _, s := range order.steps[min(1, len(order.steps)):] {
				follow = append(follow, document{template: MedicationOrders, at: s.at, problem: i, order: order.id, steps: []step{s}})
			}
		}
		var last document
		if _, ok := operations[x.snomed]; ok && p.age(x.onset) >= 18 {
			when := at.Add(26 * time.Hour)
			steps, workflow := p.surgery(i, when)
			report := document{template: ProcedureReport, at: when, problem: i, workflow: workflow}
			for _, s := range steps {
				if s.at.Before(when) {
					follow = append(follow, document{template: ProcedureReport, at: s.at, problem: i, workflow: workflow, steps: []step{s}})
				} else {
					report.steps = append(report.steps, s)
				}
			}
			if len(report.steps) > 0 {
				out, last = append(out, report), report
			}
		}
		if !x.resolved.IsZero() && x.severity >= 2 {
			end := x.onset.AddDate(0, 0, min(r.between(3, 9), int(x.resolved.Sub(x.onset)/(24*time.Hour))))
			out = append(out, document{template: DischargeSummary, at: end.Add(time.Duration(r.between(10, 15)) * time.Hour).In(zone), problem: i, workflow: last.workflow, steps: last.steps[max(0, len(last.steps)-1):]})
		}
	}
	if chronic {
		out = append(out, document{template: CarePlan, at: last})
	}
	for k := range r.between(1, 3) {
		out = append(out, document{template: LaboratoryReport, at: p.when(r, 2+20*k)})
	}
	if !slices.ContainsFunc(out, func(d document) bool { return d.template == EncounterNote }) {
		out = append(out, document{template: EncounterNote, at: p.when(r, 30), problem: -1})
	}
	out = append(out, follow...)
	return slices.DeleteFunc(out, func(d document) bool { return d.at.After(today) })
}

// contact is a time in working hours on a day.
func (p *Patient) contact(r *random, day time.Time) time.Time {
	return day.Truncate(24 * time.Hour).Add(time.Duration(r.between(8*60, 17*60)) * time.Minute).In(zone)
}

// allergies are the SNOMED CT codes of the substances on the adverse reaction
// list.
func (p *Patient) allergies() map[string]bool {
	out := map[string]bool{}
	_, list := p.Tree(1)
	for _, e := range list.List("content") {
		if e.String("archetype_node_id") != "openEHR-EHR-EVALUATION.adverse_reaction_risk.v2" {
			continue
		}
		for _, item := range e.Get("data").List("items") {
			if item.String("archetype_node_id") == "at0002" {
				out[item.String("value", "defining_code", "code_string")] = true
			}
		}
	}
	return out
}

// treatment is the medicine for a problem and the name of what is given: the
// medicine, what replaces it for a reaction of the patient, or "" for nothing.
func (p *Patient) treatment(x problem) (*medicine, string) {
	allergies := p.allergic()
	for i := range medicines {
		m := &medicines[i]
		if m.diagnosis != x.snomed || p.age(x.onset) < m.minAge {
			continue
		}
		for _, code := range m.conflicts {
			if allergies[code] {
				return m, m.instead
			}
		}
		return m, m.name
	}
	return nil, ""
}

// pregnant reports whether the patient is, on the last day; no one is who
// takes what harms an unborn child.
func (p *Patient) pregnant() bool {
	for _, x := range p.problems {
		if m, _ := p.treatment(x); m != nil && m.harmful && x.resolved.IsZero() {
			return false
		}
	}
	return newRandom(p.g.seed, forDocument, uint64(p.Number), 1<<32).chance(30)
}

func (c *composer) orders() []*rm.Node {
	var out []*rm.Node
	for i, x := range c.p.problems {
		if x.free != "" || !x.resolved.IsZero() || x.onset.After(c.at) || c.p.stopped(i, c.at) {
			continue
		}
		if m, name := c.p.treatment(x); m != nil && name != "" {
			out = append(out, c.order(m, name, x))
		}
	}
	return out
}

func (c *composer) order(m *medicine, name string, x problem) *rm.Node {
	dose := m.dose
	if name != m.name {
		dose = "as in the product information"
	}
	return entry("INSTRUCTION", "openEHR-EHR-INSTRUCTION.medication_order.v3", "Medication order",
		rm.Child("narrative", rm.Text(name+": "+dose)),
		rm.Child("activities", locatable("ACTIVITY", "at0001", "Order",
			rm.Child("description", tree("at0002", "Tree",
				element("at0070", "Medication item", rm.Text(name)),
				element("at0091", "Route", rm.Text(m.route)),
				element("at0009", "Overall directions description", rm.Text(dose)),
				element("at0018", "Clinical indication", snomed(x.concept)))),
			rm.Str("action_archetype_id", `/openEHR-EHR-ACTION\.medication(-[a-zA-Z0-9_]+)*\.v1/`))))
}

func (c *composer) medicationList() *rm.Node {
	content := c.orders()
	if len(content) == 0 {
		content = append(content, exclusion("at0005", "Global exclusion of medication use", "No current medication"))
	}
	return c.composition("openEHR-EHR-COMPOSITION.medication_list.v1", "Medication list", MedicationList, 0, content)
}

// medicationOrder is an order with the step that was taken with it, or later
// steps of one.
func (c *composer) medicationOrder(d document) *rm.Node {
	x := c.p.problems[d.problem]
	m, name := c.p.treatment(x)
	title := "Medication management"
	var content []*rm.Node
	steps := d.steps
	if d.id != "" {
		title = "Medication order"
		content = append(content, c.order(m, name, x))
		steps = steps[:min(1, len(steps))]
	}
	for _, s := range steps {
		content = append(content, c.given(d, s))
	}
	return c.composition("openEHR-EHR-COMPOSITION.encounter.v1", title, MedicationOrders, 15*time.Minute, content)
}

func (c *composer) immunisations() *rm.Node {
	var content []*rm.Node
	for _, v := range vaccines {
		for dose := range v.doses {
			at := c.p.contact(c.r, c.p.birth.AddDate(v.minAge, 2+6*dose, c.r.between(0, 60)))
			if at.After(c.at) || c.r.chance(15) {
				break
			}
			content = append(content, action("openEHR-EHR-ACTION.medication.v1", "Medication management",
				step{at: at, state: "245", rubric: "active", code: "at0006", name: "Dose administered"},
				tree("at0017", "Tree",
					element("at0020", "Medication item", rm.Text(v.name)),
					element("at0021", "Reason", rm.Text(v.against)),
					element("at0025", "Sequence number", rm.Object("DV_COUNT", rm.Int("magnitude", int64(dose+1)))))))
		}
	}
	if len(content) == 0 {
		content = append(content, c.absence("No information about immunisations", "No vaccination card was brought"))
	}
	return c.composition("openEHR-EHR-COMPOSITION.vaccination_list.v0", "Vaccination list", ImmunisationList, 0, content)
}

func (c *composer) socialHistory() *rm.Node {
	smoking := pick(c.r, []concept{{"at0006", "", "Never smoked"}, {"at0006", "", "Never smoked"}, {"at0003", "", "Current smoker"}, {"at0005", "", "Former smoker"}})
	drinking := pick(c.r, []concept{{"at0006", "", "Lifetime non-drinker"}, {"at0003", "", "Current drinker"}, {"at0003", "", "Current drinker"}, {"at0005", "", "Former drinker"}})
	if c.p.has("13645005") && smoking.snomed == "at0006" {
		smoking = concept{"at0005", "", "Former smoker"}
	}
	for _, x := range c.p.problems {
		if x.free == "Smoker, wants to stop" {
			smoking = concept{"at0003", "", "Current smoker"}
		}
	}
	if c.p.Sex == Female && c.p.age(c.at) <= 42 && c.p.pregnant() && drinking.snomed == "at0003" {
		drinking = concept{"at0005", "", "Former drinker"}
	}
	var years *rm.Node
	if smoking.snomed != "at0006" {
		most := max(1, min(40, (c.p.age(c.at)-15)/2))
		years = element("at0074", "Overall pack years", rm.Object("DV_COUNT", rm.Int("magnitude", int64(c.r.between(1, most)))))
	}
	content := []*rm.Node{
		entry("EVALUATION", "openEHR-EHR-EVALUATION.tobacco_smoking_summary.v2", "Tobacco smoking summary",
			rm.Child("data", tree("at0001", "Tree", element("at0089", "Overall status", local(smoking.snomed, smoking.text)), years))),
		entry("EVALUATION", "openEHR-EHR-EVALUATION.alcohol_consumption_summary.v1", "Alcohol consumption summary",
			rm.Child("data", tree("at0001", "Tree", element("at0089", "Overall status", local(drinking.snomed, drinking.text))))),
	}
	return c.composition("openEHR-EHR-COMPOSITION.encounter.v1", "Social history", SocialHistory, 0, content)
}

func (c *composer) laboratoryReport() *rm.Node {
	items := []*rm.Node{element("at0005", "Test name", rm.Text("Blood count and chemistry"))}
	outside := ""
	for _, a := range analytes {
		mean := a.mean
		switch {
		case a.loinc == "14749-6" && (c.p.has("44054006") || c.p.has("46635009")):
			mean += 3.4
		case a.loinc == "14682-9" && c.p.has("709044004"):
			mean += 95
		case a.loinc == "718-7" && c.p.has("271737000"):
			mean -= 3.6
		}
		value := fixed(c.r.normal(mean, a.deviation), a.digits)
		quantityOf := func(text string) *rm.Node { return quantity(text, a.units, a.digits, "") }
		var got float64
		if _, err := fmt.Sscan(value, &got); err == nil && (got < a.low || got > a.high) {
			outside += ", " + a.short
		}
		result := quantityOf(value).With("normal_range", rm.Object("DV_INTERVAL",
			rm.Child("lower", quantityOf(fixed(a.low, a.digits))), rm.Child("upper", quantityOf(fixed(a.high, a.digits))),
			rm.Bool("lower_unbounded", false), rm.Bool("upper_unbounded", false),
			rm.Bool("lower_included", true), rm.Bool("upper_included", true)))
		items = append(items, root("CLUSTER", "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1", "Laboratory analyte result", "",
			rm.Child("items",
				element("at0024", "Analyte name", rm.CodedText(a.name, "LOINC", a.loinc)),
				element("at0001", "Analyte result", result),
				element("at0005", "Result status", local("at0018", "Final")))))
	}
	conclusion := "All values within their reference ranges."
	if outside != "" {
		conclusion = "Outside of the reference range: " + outside[2:] + "."
	}
	items = append(items, element("at0073", "Overall test status", local("at0038", "Final")), element("at0057", "Conclusion", rm.Text(conclusion)))
	return c.composition("openEHR-EHR-COMPOSITION.report-result.v1", "Laboratory report", LaboratoryReport, 0, []*rm.Node{
		c.observation("openEHR-EHR-OBSERVATION.laboratory_test_result.v1", "Laboratory test result", "at0001", "Event Series", nil,
			[]*rm.Node{point("at0002", c.at, tree("at0003", "Tree", items...), nil)}),
	})
}

func (c *composer) synopsis(text string) *rm.Node {
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.clinical_synopsis.v1", "Clinical synopsis",
		rm.Child("data", tree("at0001", "List", element("at0002", "Synopsis", rm.Text(text)))))
}

func (c *composer) story(text string) *rm.Node {
	return c.observation("openEHR-EHR-OBSERVATION.story.v1", "Story/History", "at0001", "Event Series", nil,
		[]*rm.Node{point("at0002", c.at, tree("at0003", "Tree", element("at0004", "Story", rm.Text(text))), nil)})
}

// encounterNote is about one problem, or about none for a number below 0.
func (c *composer) encounterNote(index int) *rm.Node {
	content := []*rm.Node{c.story("Comes for a check-up, has no complaints."), c.synopsis("No sign of disease; next check-up in a year.")}
	if index >= 0 {
		x := c.p.problems[index]
		days := c.r.between(2, 20)
		content = []*rm.Node{
			c.story(fmt.Sprintf("Complaints for %d days that fit %s.", days, x.text)), c.problem(x),
			c.synopsis("Findings explained to the patient; treatment agreed on."),
		}
	}
	return c.composition("openEHR-EHR-COMPOSITION.encounter.v1", "Encounter note", EncounterNote, 20*time.Minute, content)
}

func (c *composer) procedureReport(d document) *rm.Node {
	var content []*rm.Node
	for _, s := range d.steps {
		content = append(content, c.operated(d, s))
	}
	if last := d.steps[len(d.steps)-1]; last.state == "532" || last.code == "at0047" {
		content = append(content, c.synopsis("Course without incidents."))
	}
	return c.composition("openEHR-EHR-COMPOSITION.report.v1", "Procedure report", ProcedureReport, time.Hour, content)
}

func (c *composer) pregnancy() *rm.Node {
	finding, evidence := local("at0007", "Not pregnant"), local("at0010", "On history")
	var content []*rm.Node
	if c.p.pregnant() {
		finding, evidence = local("at0005", "Pregnant"), local("at0012", "Blood test")
		date := partialDate(c.at.AddDate(0, 0, c.r.between(30, 200)).Format(time.DateOnly))
		content = append(content, entry("EVALUATION", "openEHR-EHR-EVALUATION.estimated_date_delivery.v0", "Estimated date of delivery",
			rm.Child("data", tree("at0002", "Item tree",
				locatable("CLUSTER", "at0009", "Agreed EDD", rm.Child("items",
					element("at0010", "Agreed date", date),
					element("at0011", "Rationale", rm.Text("First scan"))))))))
	}
	status := c.observation("openEHR-EHR-OBSERVATION.pregnancy_status.v0", "Pregnancy finding", "at0001", "History", nil,
		[]*rm.Node{locatable("POINT_EVENT", "at0002", "Current status", rm.Child("time", dateTime(c.at)),
			rm.Child("data", tree("at0003", "Tree", element("at0004", "Finding", finding), element("at0009", "Evidence", evidence))))})
	return c.composition("openEHR-EHR-COMPOSITION.encounter.v1", "Pregnancy", Pregnancy, 0, append([]*rm.Node{status}, content...))
}

var goals = map[string]string{
	"38341003":  "Blood pressure below 140/90 mm[Hg]",
	"44054006":  "Fasting glucose below 7 mmol/l",
	"414916001": "Body weight five percent lower",
	"84114007":  "No admission to hospital for heart failure",
	"195967001": "No waking at night from asthma",
}

func (c *composer) carePlan() *rm.Node {
	var content []*rm.Node
	for _, x := range c.p.problems {
		if x.free != "" || !x.chronic {
			continue
		}
		name := goals[x.snomed]
		if name == "" {
			name = "Complaints do not get worse"
		}
		content = append(content, entry("EVALUATION", "openEHR-EHR-EVALUATION.goal.v1", "Goal",
			rm.Child("data", tree("at0001", "Tree",
				element("at0002", "Goal name", rm.Text(name)),
				element("at0010", "Clinical indication", snomed(x.concept)),
				element("at0025", "Goal start date", dateTime(c.at)),
				element("at0003", "Goal proposed date", rm.Object("DV_DATE", rm.Str("value", c.at.AddDate(1, 0, 0).Format(time.DateOnly))))))))
	}
	n := c.composition("openEHR-EHR-COMPOSITION.care_plan.v0", "Care plan", CarePlan, 0, append(content, c.synopsis("Reviewed with the patient.")))
	return n.With("category", rm.CodedText("persistent", "openehr", "431"))
}

func section(name string, items ...*rm.Node) *rm.Node {
	return root("SECTION", "openEHR-EHR-SECTION.adhoc.v1", name, "", rm.Child("items", items...))
}

func (c *composer) dischargeSummary(d document) *rm.Node {
	x := c.p.problems[d.problem]
	stay := entry("ADMIN_ENTRY", "openEHR-EHR-ADMIN_ENTRY.episode_institution.v0", "Admission",
		rm.Child("data", tree("at0001", "Item tree",
			element("at0004", "Admission date", dateTime(x.onset.Add(9*time.Hour).In(zone))),
			element("at0008", "Reason for admission", snomed(x.concept)),
			element("at0009", "Admission category", rm.Text("Emergency")),
			element("at0002", "Discharge date", dateTime(c.at)),
			element("at0006", "Outcome", rm.Text("Improved")),
			element("at0003", "Destination category", rm.Text("Home")))))
	content := []*rm.Node{stay, section("Diagnoses", c.problem(x))}
	for _, s := range d.steps {
		content = append(content, section("Procedures", c.operated(d, s)))
	}
	medication := c.orders()
	if len(medication) == 0 {
		medication = append(medication, exclusion("at0005", "Global exclusion of medication use", "No medication at discharge"))
	}
	content = append(content,
		section("Course", c.synopsis("Improved under treatment and went home in good condition.")),
		section("Medication at discharge", medication...),
		section("Plan", c.synopsis("See the family physician within a week.")))
	return c.composition("openEHR-EHR-COMPOSITION.transfer_summary.v1", "Discharge summary", DischargeSummary, 0, content)
}
