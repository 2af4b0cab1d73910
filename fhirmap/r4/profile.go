package r4

import "slices"

const profileBase = "http://hl7.org/fhir/StructureDefinition/"

// VitalSigns is the base profile of all vital signs.
const VitalSigns = profileBase + "vitalsigns"

// vitalSign is what one of the published vital sign profiles demands beyond
// the base profile.
type vitalSign struct {
	code string // LOINC
	// units allowed for the value; empty when the value is in components.
	units []string
	// components are pairs of a LOINC code and the unit that it must have.
	components [][2]string
}

var vitalSigns = map[string]vitalSign{
	profileBase + "bp":          {code: "85354-9", components: [][2]string{{"8480-6", "mm[Hg]"}, {"8462-4", "mm[Hg]"}}},
	profileBase + "bodytemp":    {code: "8310-5", units: []string{"Cel", "[degF]"}},
	profileBase + "heartrate":   {code: "8867-4", units: []string{"/min"}},
	profileBase + "resprate":    {code: "9279-1", units: []string{"/min"}},
	profileBase + "oxygensat":   {code: "2708-6", units: []string{"%"}},
	profileBase + "bodyweight":  {code: "29463-7", units: []string{"g", "kg", "[lb_av]"}},
	profileBase + "bodyheight":  {code: "8302-2", units: []string{"cm", "[in_i]"}},
	profileBase + "headcircum":  {code: "9843-4", units: []string{"cm", "[in_i]"}},
	profileBase + "bmi":         {code: "39156-5", units: []string{"kg/m2"}},
	profileBase + "vitalspanel": {code: "85353-1"},
	VitalSigns:                  {},
}

const loinc = "http://loinc.org"

// ProfileType is the resource type that a profile this package can check
// constrains; "" for any other canonical URL. The URL of a resource type's own
// definition gives that type.
func ProfileType(url string) string {
	if _, ok := vitalSigns[url]; ok {
		return "Observation"
	}
	if len(url) > len(profileBase) && url[:len(profileBase)] == profileBase {
		if t := Lookup(url[len(profileBase):]); t != nil {
			return t.Name
		}
	}
	return ""
}

// ProfileParents lists the profiles that a resource of the profile also
// conforms to, outermost first, without resource types.
func ProfileParents(url string) []string {
	if _, ok := vitalSigns[url]; ok && url != VitalSigns {
		return []string{VitalSigns}
	}
	return nil
}

// CheckProfile checks what a profile demands beyond R4 itself. A profile this
// package does not know is a problem of code "profile".
func CheckProfile(url string, n *Node) []Problem {
	v := &validator{path: []byte(n.Str("resourceType"))}
	p, ok := vitalSigns[url]
	switch {
	case ok:
		v.vital(p, n)
	case ProfileType(url) == "":
		v.add("profile", "no rules are known for the profile %s", url)
	}
	return v.problems
}

func (v *validator) vital(p vitalSign, n *Node) {
	if n.Str("resourceType") != "Observation" {
		v.add("profile", "a vital sign is an Observation")
		return
	}
	inCategory := false
	for _, c := range n.List("category") {
		inCategory = inCategory || hasCoding(c, "http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
	}
	if !inCategory {
		v.add("profile", "the category vital-signs is missing")
	}
	if n.Get("subject") == nil {
		v.add("profile", "subject is mandatory for a vital sign")
	}
	switch at := n.Str("effectiveDateTime"); {
	case at != "":
		if len(at) < 8 {
			v.add("vs-1", "the time must be precise to the day")
		}
	case n.Get("effectivePeriod") == nil:
		v.add("profile", "effective is mandatory as a dateTime or Period")
	}
	value := hasChoice(n, "value")
	if n.Get("component") == nil && n.Get("hasMember") == nil && !value && n.Get("dataAbsentReason") == nil {
		v.add("vs-2", "a vital sign has a value or says why it has none")
	}
	for _, c := range n.List("component") {
		if !hasChoice(c, "value") && c.Get("dataAbsentReason") == nil {
			v.add("vs-3", "a component has a value or says why it has none")
		}
		v.vitalComponent(c)
	}
	if p.code != "" && !hasCoding(n.Get("code"), loinc, p.code) {
		v.add("profile", "the code LOINC %s is missing", p.code)
	}
	switch q := n.Get("valueQuantity"); {
	case value && len(p.components) > 0:
		v.add("profile", "the value belongs in the components")
	case value && len(p.units) > 0:
		v.vitalUnit(q, p.units)
	}
	for i := range p.components {
		code, unit := p.components[i][0], p.components[i][1:]
		found := 0
		for _, c := range n.List("component") {
			if hasCoding(c.Get("code"), loinc, code) {
				found++
				if hasChoice(c, "value") {
					v.vitalUnit(c.Get("valueQuantity"), unit)
				}
			}
		}
		if found != 1 {
			v.add("profile", "exactly one component has the code LOINC %s", code)
		}
	}
}

// vitalUnits is the value set ucum-vitals-common (R4), to which vitalsigns binds the
// values of components.
var vitalUnits = []string{"%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"}

// vitalComponent checks that binding: of the types that it holds for, only a
// quantity has a unit.
func (v *validator) vitalComponent(c *Node) {
	switch q := c.Get("valueQuantity"); {
	case c.Get("valueCodeableConcept") != nil || c.Get("valueString") != nil:
		v.add("profile", "the value of a component is no quantity, so that it has no unit of a vital sign")
	case q != nil && (q.Str("system") != ucumSystem || !slices.Contains(vitalUnits, q.Str("code"))):
		v.add("profile", "the value of a component has no unit of a vital sign")
	}
}

func (v *validator) vitalUnit(q *Node, units []string) {
	if q.Get("value") == nil || q.Get("unit") == nil || q.Str("system") != ucumSystem || !slices.Contains(units, q.Str("code")) {
		v.add("profile", "the quantity needs a value, a unit and one of the profile's UCUM codes")
	}
}

// MustSupport lists the elements that a profile known here marks as
// mustSupport, as paths without the [x] of choices and the names of slices.
func MustSupport(url string) []string {
	p, ok := vitalSigns[url]
	if !ok {
		return nil
	}
	out := slices.Clone(vitalMustSupport)
	value := ""
	switch {
	case len(p.units) > 0:
		value = "Observation.value."
	case len(p.components) > 0:
		value = "Observation.component.value."
	case url == profileBase+"vitalspanel":
		return append(out, "Observation.hasMember")
	default:
		return out
	}
	for _, part := range [...]string{"value", "unit", "system", "code"} {
		out = append(out, value+part)
	}
	return out
}

// vitalMustSupport is that of the vital signs profile (R4, vitalsigns).
var vitalMustSupport = []string{
	"Observation.status", "Observation.category", "Observation.category.coding",
	"Observation.category.coding.system", "Observation.category.coding.code",
	"Observation.code", "Observation.subject", "Observation.effective", "Observation.value",
	"Observation.dataAbsentReason", "Observation.component", "Observation.component.code",
	"Observation.component.value", "Observation.component.dataAbsentReason",
}
