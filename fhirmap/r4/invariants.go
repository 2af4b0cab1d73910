package r4

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

const ucumSystem = "http://unitsofmeasure.org"

// invariants checks the published constraints of a type that can be broken by
// a projection. Each is named by its published key.
func (v *validator) invariants(t *Type, n *Node) {
	switch t.Name {
	case "Extension":
		if (n.Get("extension") != nil) == hasChoice(n, "value") {
			v.add("ext-1", "an extension has either a value or extensions")
		}
	case "Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity":
		v.quantity(t.Name, n)
	case "Range":
		if less(n.Str("high", "value"), n.Str("low", "value")) {
			v.add("rng-2", "low is above high")
		}
	case "Ratio":
		num, den := n.Get("numerator") != nil, n.Get("denominator") != nil
		if num != den || (!num && n.Get("extension") == nil) {
			v.add("rat-1", "numerator and denominator stand together")
		}
	case "Period":
		v.period(n)
	case "ContactPoint":
		if n.Get("value") != nil && n.Get("system") == nil {
			v.add("cpt-2", "a contact point with a value needs a system")
		}
	case "Attachment":
		if n.Get("data") != nil && n.Get("contentType") == nil {
			v.add("att-1", "data needs a content type")
		}
	case "Observation":
		v.observation(n)
	case "Observation.referenceRange":
		if n.Get("low") == nil && n.Get("high") == nil && n.Get("text") == nil {
			v.add("obs-3", "a reference range has a low, a high or a text")
		}
	case "AllergyIntolerance":
		v.allergy(n)
	case "Condition":
		v.condition(n)
	case "Patient.contact":
		if n.Get("name") == nil && n.Get("telecom") == nil && n.Get("address") == nil && n.Get("organization") == nil {
			v.add("pat-1", "a contact needs a name, telecom, address or organization")
		}
	case "Bundle":
		v.bundle(n)
	}
}

func (v *validator) quantity(typ string, n *Node) {
	code, system := n.Str("code"), n.Str("system")
	if code != "" && system == "" {
		v.add("qty-3", "a unit code needs a system")
	}
	switch typ {
	case "SimpleQuantity":
		if n.Get("comparator") != nil {
			v.add("sqty-1", "a simple quantity has no comparator")
		}
	case "Age":
		if (code == "" && n.Get("value") != nil) || (system != "" && system != ucumSystem) ||
			(n.Get("value") != nil && !less("0", n.Str("value"))) {
			v.add("age-1", "an age is positive and has a UCUM unit of time")
		}
	case "Duration":
		if code != "" && (system != ucumSystem || n.Get("value") == nil) {
			v.add("drt-1", "a duration has a UCUM unit of time and a value")
		}
	case "Count":
		if (code == "" && n.Get("value") != nil) || (system != "" && (system != ucumSystem || code != "1")) ||
			strings.Contains(n.Str("value"), ".") {
			v.add("cnt-3", "a count is whole and has the unit 1")
		}
	}
}

func (v *validator) period(n *Node) {
	start, _, ok1 := DateRange(n.Str("start"))
	_, end, ok2 := DateRange(n.Str("end"))
	if ok1 && ok2 && !end.After(start) { // whatever the precision leaves open
		v.add("per-1", "the period starts after its end")
	}
}

func (v *validator) observation(n *Node) {
	value := hasChoice(n, "value")
	if value && n.Get("dataAbsentReason") != nil {
		v.add("obs-6", "dataAbsentReason stands only without a value")
	}
	if !value {
		return
	}
	for _, c := range n.List("component") {
		for _, coding := range c.Get("code").List("coding") {
			if hasCoding(n.Get("code"), coding.Str("system"), coding.Str("code")) {
				v.add("obs-7", "a component has the code of the observation, which has a value")
				return
			}
		}
	}
}

const (
	allergyVerification   = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
	conditionVerification = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
	conditionClinical     = "http://terminology.hl7.org/CodeSystem/condition-clinical"
)

func (v *validator) allergy(n *Node) {
	wrong := hasCoding(n.Get("verificationStatus"), allergyVerification, "entered-in-error")
	if !wrong && n.Get("clinicalStatus") == nil {
		v.add("ait-1", "clinicalStatus is required unless entered in error")
	}
	if wrong && n.Get("clinicalStatus") != nil {
		v.add("ait-2", "clinicalStatus must be absent when entered in error")
	}
}

func (v *validator) condition(n *Node) {
	wrong := hasCoding(n.Get("verificationStatus"), conditionVerification, "entered-in-error")
	clinical := n.Get("clinicalStatus")
	if clinical == nil && !wrong {
		for _, c := range n.List("category") {
			if hasCoding(c, "http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item") {
				v.warn("con-3", "a problem list item should have a clinicalStatus")
				break
			}
		}
	}
	if hasChoice(n, "abatement") &&
		!hasCoding(clinical, conditionClinical, "resolved") &&
		!hasCoding(clinical, conditionClinical, "remission") &&
		!hasCoding(clinical, conditionClinical, "inactive") {
		v.add("con-4", "an abated condition is inactive, resolved or in remission")
	}
	if wrong && clinical != nil {
		v.add("con-5", "clinicalStatus must be absent when entered in error")
	}
}

// domain checks the constraints of DomainResource.
func (v *validator) domain(n *Node, contained bool) {
	inner := n.List("contained")
	if contained && len(inner) > 0 {
		v.add("dom-2", "a contained resource contains no other")
	}
	for _, c := range inner {
		if c.Str("meta", "versionId") != "" || c.Str("meta", "lastUpdated") != "" {
			v.add("dom-4", "a contained resource has no version and no update time")
		}
		if c.Get("meta", "security") != nil {
			v.add("dom-5", "a contained resource has no security label")
		}
		if id := c.Str("id"); !refersTo(n, "#"+id) && !refersTo(c, "#") {
			v.add("dom-3", "a contained resource must be referred to")
		}
	}
	if !contained && v.local {
		v.locals(n, inner)
	}
}

// locals checks ref-1: a local reference has its contained resource.
func (v *validator) locals(n *Node, inner []*Node) {
	if ref := n.Str("reference"); n.Kind == Object && strings.HasPrefix(ref, "#") && len(ref) > 1 {
		found := false
		for _, c := range inner {
			found = found || "#"+c.Str("id") == ref
		}
		if !found {
			v.add("ref-1", "a local reference has no contained resource")
		}
	}
	for _, f := range n.Fields {
		v.locals(f.Value, inner)
	}
	for _, i := range n.Items {
		v.locals(i, inner)
	}
}

func (v *validator) bundle(n *Node) {
	typ := n.Str("type")
	if n.Get("total") != nil && typ != "searchset" && typ != "history" {
		v.add("bdl-1", "total is for a searchset or history")
	}
	for _, e := range n.List("entry") {
		if e.Get("search") != nil && typ != "searchset" {
			v.add("bdl-2", "entry.search is for a searchset")
		}
		if e.Get("resource") == nil && e.Get("request") == nil && e.Get("response") == nil {
			v.add("bdl-5", "an entry holds a resource unless it is a request or response")
		}
		if strings.Contains(e.Str("fullUrl"), "/_history/") {
			v.add("bdl-8", "fullUrl names no version")
		}
	}
}

// hasChoice reports whether an object has a choice element in any type.
func hasChoice(n *Node, name string) bool {
	for i := range n.Fields {
		f := strings.TrimPrefix(n.Fields[i].Name, "_")
		if len(f) > len(name) && strings.HasPrefix(f, name) && f[len(name)] >= 'A' && f[len(name)] <= 'Z' {
			return true
		}
	}
	return false
}

// hasCoding reports whether a CodeableConcept holds a coding.
func hasCoding(concept *Node, system, code string) bool {
	if concept == nil {
		return false
	}
	for _, c := range concept.List("coding") {
		if c.Str("code") == code && c.Str("system") == system {
			return true
		}
	}
	return false
}

func refersTo(n *Node, ref string) bool {
	if n.Kind == Object && n.Str("reference") == ref {
		return true
	}
	for _, f := range n.Fields {
		if refersTo(f.Value, ref) {
			return true
		}
	}
	for _, i := range n.Items {
		if refersTo(i, ref) {
			return true
		}
	}
	return false
}

// less compares two decimals by value; false when either is missing.
func less(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	x, _, err := apd.NewFromString(a)
	if err != nil {
		return false
	}
	y, _, err := apd.NewFromString(b)
	if err != nil {
		return false
	}
	return x.Cmp(y) < 0
}
