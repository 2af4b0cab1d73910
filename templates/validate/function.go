package validate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

var (
	nameAttribute = rm.ClassLocatable.Attribute("name")
	timeAttribute = rm.Lookup("EVENT").Attribute("time")
	unitAttribute = rm.Lookup("DV_QUANTITY").Attribute("units")
)

// function checks a computed property of the RM that the template constrains as
// if it were an attribute.
func (v *validator) function(o *templates.Object, a *templates.Attribute, n *rm.Node) {
	if len(a.Children) == 0 {
		return
	}
	switch a.Name {
	case "is_integral":
		v.isIntegral(a, n)
	case "offset":
		v.offset(a, n)
	case "type", "purpose":
		// PARTY.type, PARTY_IDENTITY.purpose, CONTACT.purpose and ADDRESS.type
		// are the name (RM demographic, class tables).
		if name := n.Get("name"); name != nil {
			v.walk.Enter(nameAttribute, 0, name)
			v.single(a, name)
			v.walk.Leave()
		}
	case "property":
		v.propertyFunction(a, n)
	default:
		if v.warn() {
			v.report(finding{
				code: CodeUnchecked, constraint: n.Class.Name + "." + a.Name, attr: a, severity: rm.Warning,
				message: "The constraint on the function " + a.Name + " of " + n.Class.Name + " is not checked",
			})
		}
	}
}

func (v *validator) isIntegral(a *templates.Attribute, n *rm.Node) {
	for _, c := range a.Children {
		// is_integral false is how tools say that it need not be integral.
		b, ok := c.Constraint.(*templates.CBoolean)
		if !ok || b.FalseValid || integral(n.Get("numerator")) && integral(n.Get("denominator")) {
			continue
		}
		if v.fail() {
			v.report(finding{
				code: CodeIntegral, constraint: "DV_PROPORTION.is_integral", at: c, expected: "integers",
				actual:  n.String("numerator") + "/" + n.String("denominator"),
				message: "Numerator and denominator must be integers",
			})
		}
	}
}

// offset checks EVENT.offset, the time of an event after the origin of its
// history. Times that are partial, or of which only one has a time zone, tell
// no offset.
func (v *validator) offset(a *templates.Attribute, n *rm.Node) {
	ranges := durationRanges(a.Children, nil)
	history := v.walk.Ancestor(1)
	if len(ranges) == 0 || history == nil {
		return
	}
	at, err := rm.ParseDateTime(n.String("time", "value"))
	origin, errOrigin := rm.ParseDateTime(history.String("origin", "value"))
	if err != nil || errOrigin != nil || at.Precision < rm.ToMinute || origin.Precision < rm.ToMinute || at.HasOffset != origin.HasOffset {
		return
	}
	d := durationOf(at.Earliest().Sub(origin.Earliest()))
	var expected []string
	for _, r := range ranges {
		if inDurations(r, d) {
			return
		}
		expected = append(expected, r.Print(func(s string) string { return s }))
	}
	if v.fail() {
		v.walk.Enter(timeAttribute, 0, n.Get("time"))
		v.report(finding{
			code: CodeDurationRange, constraint: "EVENT.offset", attr: a, expected: strings.Join(expected, " or "), actual: d.Text,
			message: "The event is " + d.Text + " after the origin, but must be " + strings.Join(expected, " or "),
		})
		v.walk.Leave()
	}
}

// durationRanges gathers the ranges of the alternatives; nil if one allows any
// duration.
func durationRanges(children []*templates.Object, out []*templates.Bounds[string]) []*templates.Bounds[string] {
	for _, c := range children {
		if value := c.Attribute("value"); value != nil {
			out = durationRanges(value.Children, out)
			continue
		}
		if d, ok := c.Constraint.(*templates.CDuration); ok && d.Range != nil {
			out = append(out, d.Range)
			continue
		}
		return nil
	}
	return out
}

// durationOf writes a span of time as a duration of seconds.
func durationOf(span time.Duration) rm.Duration {
	sign := ""
	if span < 0 {
		sign, span = "-", -span
	}
	text := sign + "PT" + strconv.FormatFloat(span.Seconds(), 'f', -1, 64) + "S"
	// Spans of more than 30 years have more digits than the text may have.
	if span >= 1e9*time.Second {
		text = sign + "P" + strconv.FormatInt(int64(span/(24*time.Hour)), 10) + "D"
	}
	d, err := rm.ParseDuration(text)
	if err != nil {
		return rm.Duration{Text: text, Seconds: int64(span / time.Second), Negative: sign != ""}
	}
	return d
}

// propertyFunction checks DV_QUANTITY.property: the unit has to belong to one
// of the properties.
func (v *validator) propertyFunction(a *templates.Attribute, n *rm.Node) {
	var codes []string
	for _, c := range a.Children {
		if p, ok := c.Constraint.(*templates.CCodePhrase); ok && p.Terminology == terminology.ID {
			codes = append(codes, p.Codes...)
		}
	}
	units := n.String("units")
	system := n.String("units_system")
	if len(codes) == 0 || system != "" && system != terminology.UCUM ||
		slices.ContainsFunc(codes, func(code string) bool { return ofProperty(code, units) }) {
		return
	}
	if render, severity := v.level(v.opt.Policy.Property.or(AsError)); render {
		v.walk.Enter(unitAttribute, 0, n.Get("units"))
		v.report(finding{
			code: CodeProperty, constraint: "DV_QUANTITY.property", attr: a, severity: severity,
			expected: "a unit of openehr::" + strings.Join(codes, ", "), actual: units,
			message: "The unit " + strconv.Quote(units) + " does not belong to the property that the template names",
		})
		v.walk.Leave()
	}
}
