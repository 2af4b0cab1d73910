package example

import (
	"slices"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// leaf makes a value that satisfies a leaf constraint.
func (g *generator) leaf(o *templates.Object, at place) (*rm.Node, error) {
	class := concrete(o.Class)
	if at.attr != nil && at.attr.Type.Primitive != rm.NotPrimitive {
		class = at.attr.Type // documents name primitive types in many ways
	}
	switch c := o.Constraint.(type) {
	case nil:
		if class.Primitive != rm.NotPrimitive {
			if at.owner != nil && at.attr != nil {
				return primitive(class, lexical(at.owner, at.attr)), nil
			}
			return primitive(class, defaultPrimitive(class)), nil
		}
		return g.fresh(class, o), nil
	case *templates.CString:
		s, err := stringOf(c, at)
		if err != nil {
			return nil, g.fail(o, "%v", err)
		}
		return primitive(class, s), nil
	case *templates.CInteger:
		return primitive(class, integerOf(c)), nil
	case *templates.CReal:
		return primitive(class, realOf(c)), nil
	case *templates.CBoolean:
		return primitive(class, strconv.FormatBool(c.TrueValid)), nil
	case *templates.CTemporal:
		return primitive(class, temporalOf(c)), nil
	case *templates.CDuration:
		s, err := durationOf(c)
		if err != nil {
			return nil, g.fail(o, "%v", err)
		}
		return primitive(class, s), nil
	case *templates.CQuantity:
		return g.quantity(c), nil
	case *templates.COrdinal:
		return g.ordinal(o, c, class), nil
	case *templates.CCodePhrase:
		n := g.codePhrase(o, c)
		if class.IsA(rm.Lookup("DV_TEXT")) {
			return rm.CodedText(n.String("code_string"), n.String("terminology_id", "value"), n.String("code_string")), nil
		}
		return n, nil
	case *templates.CState:
		if len(c.States) == 0 {
			return nil, g.fail(o, "state machine without states")
		}
		return rm.Object("DV_STATE", rm.Child("value", rm.CodedText(c.States[0], "local", c.States[0])), rm.Bool("is_terminal", false)), nil
	}
	return nil, g.fail(o, "constraint %T is not known", o.Constraint)
}

// units to try for a property whose units the template does not list.
var units = []string{"kg", "cm", "mm[Hg]", "Cel", "/min", "l", "mg", "mmol/l", "g/l", "mg/dl", "h", "s", "m2", "%", "deg", "l/min", "kg/m2", "J", "W", "V", "1/s", "mol", "U/l", "[IU]", "1"}

func (g *generator) quantity(c *templates.CQuantity) *rm.Node {
	unit, magnitude, precision := "1", 1.0, int64(-1)
	if len(c.List) > 0 {
		item := c.List[0]
		unit, magnitude = item.Units, within(item.Magnitude)
		if p := item.Precision; p != nil && (!p.LowerUnbounded || !p.UpperUnbounded) {
			precision = p.Lower
			if p.LowerUnbounded {
				precision = p.Upper
			}
		}
	} else if c.Property.Code != "" {
		i := slices.IndexFunc(units, func(u string) bool {
			return terminology.OpenEHR.UnitOfProperty(c.Property.Code, u) == terminology.UnitListed
		})
		if i < 0 {
			i = slices.IndexFunc(units, func(u string) bool {
				return terminology.OpenEHR.UnitOfProperty(c.Property.Code, u) == terminology.UnitUnknown
			})
		}
		if i >= 0 {
			unit = units[i]
		}
	}
	text := formatReal(magnitude)
	if precision >= 0 {
		text = strconv.FormatFloat(magnitude, 'f', int(precision), 64)
	}
	f := []rm.Field{rm.Child("magnitude", primitive(rm.Lookup("Real"), text)), rm.Str("units", unit)}
	if precision >= 0 {
		f = append(f, rm.Int("precision", precision))
	}
	return rm.Object("DV_QUANTITY", f...)
}

func (g *generator) ordinal(o *templates.Object, c *templates.COrdinal, class *rm.Class) *rm.Node {
	value, symbol := 1.0, rm.CodedText("Example", "local", "at0000")
	if len(c.List) > 0 {
		item := c.List[0]
		value = item.Value
		text := o.Terms.Text(item.Symbol.Code, g.opt.Language)
		if text == "" {
			text = item.Text
		}
		if text == "" {
			text = item.Symbol.Code
		}
		symbol = rm.CodedText(text, item.Symbol.Terminology, item.Symbol.Code)
	}
	number := primitive(rm.ClassInteger, strconv.FormatFloat(value, 'f', 0, 64))
	if class.Name == "DV_SCALE" {
		number = primitive(rm.Lookup("Real"), formatReal(value))
	}
	return rm.Object(class.Name, rm.Child("value", number), rm.Child("symbol", symbol))
}

// codePhrase makes a code that the constraint lists, or one of the group that
// the attribute is bound to.
func (g *generator) codePhrase(o *templates.Object, c *templates.CCodePhrase) *rm.Node {
	term, code := "", ""
	if c != nil {
		term = c.Terminology
		if len(c.Codes) > 0 {
			code = c.Codes[0]
		}
	}
	if code == "" && o.Parent != nil {
		for _, attribute := range []*templates.Attribute{o.Parent, o.Parent.Owner.Parent} {
			if attribute == nil {
				continue
			}
			if n := g.bound(attribute.Owner.Class, attribute.Name); n != nil && n.Class.Primitive == rm.NotPrimitive {
				if d := n.Get("defining_code"); d != nil {
					n = d
				}
				if n.Is("CODE_PHRASE") && (term == "" || term == n.String("terminology_id", "value")) {
					return n
				}
			}
		}
	}
	if term == "" {
		term = "local"
	}
	if code == "" {
		code = "example"
	}
	return rm.Code(term, code)
}
