package validate

import (
	"strconv"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/ucum"
	"github.com/cairn-ehr/cairn/templates"
)

// propertyUnits gives for each property of the openEHR group property a UCUM
// unit of each dimension that its quantities may have. Properties that are no
// dimension (118 not set, 445 units, 755 arbitrary) are not in it. UCUM counts
// particles: mol, eq and osm have the dimension of a number.
var propertyUnits = map[string]string{
	"119": "g/L mol/L g/g g/mol mol/g U/L [pH] 1", // concentration: per volume, per mass, of parts, of enzymes
	"121": "J",
	"122": "m",
	"123": "B[SPL] 1",
	"124": "g",
	"125": "Pa",
	"126": "m3/s",
	"127": "K",
	"128": "s",
	"129": "m3",
	"130": "J W",
	"334": "A",
	"335": "m2 1", // also percent of the body
	"336": "m3/g",
	"337": "m2/g",
	"338": "m/s",
	"339": "m/s2",
	"340": "g.m/s",
	"341": "rad/s Hz",
	"342": "rad/s2 Hz/s",
	"343": "g.m2/s",
	"344": "m4",
	"345": "g.m2",
	"346": "g.m/s2",
	"347": "g/s mol/s",
	"348": "g/m2/s",
	"349": "g/m2",
	"350": "g/L",
	"351": "g/m3/s",
	"352": "g/N/s",
	"354": "N/m3",
	"355": "N",
	"356": "N/m",
	"357": "N/m3",
	"358": "N/g",
	"359": "N.m",
	"360": "Pa.s",
	"361": "m2/s",
	"362": "m2/s",
	"363": "W",
	"364": "J/m",
	"365": "J/m2",
	"366": "J/m3",
	"367": "W/m",
	"368": "W/m2",
	"369": "W/m3",
	"370": "J/g",
	"371": "J/g/K",
	"372": "W/m/K",
	"373": "W/m2/K",
	"374": "V",
	"375": "Ohm",
	"377": "V/m",
	"378": "Wb",
	"379": "H",
	"380": "1",
	"381": "eq",
	"382": "Hz",
	"384": "mol",
	"385": "[iU]",
	"497": "rad",
	"498": "C",
	"499": "cd",
	"500": "sr",
	"501": "F",
	"502": "S",
	"503": "T",
	"504": "lm",
	"505": "lx",
	"506": "Bq",
	"507": "1",
	"508": "Gy",
	"586": "m3/s m/s", // with the body surface, or with it in an annotation
	"655": "V.s",
	"685": "[diop]",
	"708": "Pa/s",
	"709": "1",
	"754": "Hz/s",
	"756": "g/g/s g/m2/s m3/m2/s m3/g/s",
	"757": "V2",
	"758": "V2/Hz",
	"759": "s/m",
	"760": "mol/s mol/L/s",
	"761": "m3/s/m2",
	"762": "m3/m2",
	"763": "/m2 1",
}

// propertyDimensions has the dimensions of propertyUnits.
var propertyDimensions = sync.OnceValue(func() map[string][]ucum.Unit {
	out := make(map[string][]ucum.Unit, len(propertyUnits))
	for code, list := range propertyUnits {
		for unit := range strings.FieldsSeq(list) {
			u, err := ucum.Parse(unit)
			if err != nil {
				panic("validate: property " + code + ": " + err.Error())
			}
			out[code] = append(out[code], u)
		}
	}
	return out
})

// ofProperty reports whether a unit may measure the property: whether openEHR
// lists it there, or else, for a unit of UCUM, whether it has one of the
// property's dimensions. Of other units, and of arbitrary ones, nothing is
// known. Units written in another system than UCUM are not judged.
func ofProperty(property, units string) bool {
	switch terminology.OpenEHR.UnitOfProperty(property, units) {
	case terminology.UnitListed:
		return true
	case terminology.UnitOther:
		return false
	}
	dimensions := propertyDimensions()[property]
	if dimensions == nil {
		return true
	}
	if measures(dimensions, units) {
		return true
	}
	// Many write a/b.c for a/(b.c), as the openEHR terminology itself does.
	numerator, denominator, ok := strings.Cut(units, "/")
	return ok && strings.Contains(denominator, ".") && measures(dimensions, numerator+"/"+strings.ReplaceAll(denominator, ".", "/"))
}

// measures reports whether a unit has one of the dimensions, or one of which
// nothing is known.
func measures(dimensions []ucum.Unit, units string) bool {
	u, err := ucum.Parse(units)
	if err != nil {
		return true
	}
	for _, d := range dimensions {
		if ucum.Comparable(d, u) {
			return true
		}
	}
	return u.Dimension().Arbitrary()
}

// property checks a unit against the physical property where the template lists
// no units.
func (v *validator) property(o *templates.Object, c *templates.CQuantity, n *rm.Node, units string) {
	if c.Property.Code == "" || c.Property.Terminology != terminology.ID {
		return
	}
	if system := n.String("units_system"); system != "" && system != terminology.UCUM {
		return
	}
	if ofProperty(c.Property.Code, units) {
		return
	}
	if render, severity := v.level(v.opt.Policy.Property.or(AsError)); render {
		name, _ := terminology.OpenEHR.Rubric("property", c.Property.Code, "en")
		v.report(finding{
			code: CodeProperty, constraint: "C_DV_QUANTITY.property", at: o, severity: severity,
			expected: "a unit of openehr::" + c.Property.Code + "|" + name + "|", actual: units,
			message: "The unit " + strconv.Quote(units) + " is not a unit of " + name,
		})
	}
}
