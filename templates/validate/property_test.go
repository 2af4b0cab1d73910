package validate

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/ucum"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// Every property of the openEHR terminology has its dimensions, or a reason
// to have none.
func TestPropertiesHaveDimensions(t *testing.T) {
	t.Parallel()
	none := map[string]bool{"118": true, "445": true, "755": true}
	group := terminology.OpenEHR.Group("property")
	for _, code := range group.Codes() {
		if (propertyDimensions()[code] == nil) != none[code] {
			t.Errorf("property %s: %q", code, propertyUnits[code])
		}
	}
	for code := range propertyUnits {
		if !group.Has(code) && terminology.OpenEHR.UnitsOfProperty(code) == nil {
			t.Errorf("there is no property %s", code)
		}
	}
}

// The units that openEHR lists for a property agree with its dimensions, but
// for slips of the list and for display spellings that mean something else in
// UCUM.
func TestListedUnitsHaveTheDimension(t *testing.T) {
	t.Parallel()
	odd := map[string]bool{
		"119 pH": true, "122 ft": true, "124 AU": true, "126 [cft_i]/m": true, "126 l/m": true, "129 [LPF]": true,
		"338 ft/s": true, "338 ft/min": true, "344 ft4": true, "359 kg.[ft_i]": true, "359 [lb_av].[ft_i]": true,
		"363 TR": true, "375 kg.m2/A2.S3": true, "379 kg.m2/a2.s2": true, "379 V.s/a": true, "708 Ps/s": true,
	}
	checked := 0
	for code := range propertyUnits {
		for _, unit := range terminology.OpenEHR.UnitsOfProperty(code) {
			if !ucum.Valid(unit) || strings.HasPrefix(unit, "{") {
				continue // {124/128} stands for the units of two properties
			}
			checked++
			grouped := strings.ReplaceAll(unit, ".", "/")
			if i := strings.IndexByte(unit, '/'); i >= 0 {
				grouped = unit[:i] + strings.ReplaceAll(unit[i:], ".", "/")
			}
			dimensions := propertyDimensions()[code]
			if measures(dimensions, unit) || measures(dimensions, grouped) {
				if odd[code+" "+unit] {
					t.Errorf("%s %s is not odd", code, unit)
				}
			} else if !odd[code+" "+unit] {
				t.Errorf("%s %s has another dimension than %s", code, unit, propertyUnits[code])
			}
		}
	}
	if checked < 300 {
		t.Errorf("%d units checked", checked)
	}
}

func TestUnitsOfAProperty(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		property, units string
		want            bool
	}{
		{"124", "kg", true},
		{"124", "dag", true}, // not listed, a mass in UCUM
		{"124", "mL", false},
		{"124", "cm", false},    // listed for length only
		{"124", "m/h2", false},  // listed for acceleration only
		{"122", "nm", true},     // listed
		{"122", "pm", true},     // not listed
		{"122", "mol", false},   // listed elsewhere
		{"122", "fmol", false},  // not listed, a number
		{"119", "mmol/L", true}, // by dimension only
		{"119", "mg/dL", true},
		{"119", "[iU]/mL", true}, // arbitrary: not judged
		{"119", "m/s", false},
		{"125", "mm[Hg]", true},
		{"125", "Torr", true}, // not UCUM: not judged
		{"127", "mK", true},
		{"348", "mg/dm2.h", true}, // a slash over both
		{"348", "mg/dm2.kg", false},
		{"382", "{beats}/min", true},
		{"382", "1/min", true},
	} {
		if got := ofProperty(tt.property, tt.units); got != tt.want {
			t.Errorf("%s %s: %v, want %v", tt.property, tt.units, got, tt.want)
		}
	}
}

func TestPropertyPolicyAndUnitSystem(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("Leaf", opttest.Element("at0002", "0..1", opttest.Quantity("124"))))
	q := func(units string, more ...rm.Field) *rm.Node {
		return composition(element("at0002", "Item", rm.Object("DV_QUANTITY", append(more, rm.Real("magnitude", 1), rm.Str("units", units))...)))
	}
	const found = "tpl.quantity.property items[0]/value"
	expect(t, "dimension", Template(tpl, q("fmol"), Options{}), found)
	expect(t, "mass", Template(tpl, q("dag"), Options{}))
	expect(t, "warning", Template(tpl, q("fmol"), Options{Policy: Policy{Property: AsWarning}}), found+" (warning)")
	expect(t, "off", Template(tpl, q("fmol"), Options{Policy: Policy{Property: Off}}))
	expect(t, "another system", Template(tpl, q("258684004", rm.Str("units_system", "http://snomed.info/sct")), Options{}))
	expect(t, "UCUM by name", Template(tpl, q("fmol", rm.Str("units_system", "http://unitsofmeasure.org")), Options{}), found)
	if _, err := ParsePolicy([]string{"property=warning", "Rubric=off"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"property", "property=maybe", "nothing=off"} {
		if _, err := ParsePolicy([]string{bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
