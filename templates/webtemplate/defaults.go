package webtemplate

import "github.com/cairn-ehr/cairn/pkg/rm"

// preset fills in the value that the template proposes for a node.
func (b *builder) preset(n *Node) {
	if len(n.Steps) == 0 || len(b.defaults) == 0 {
		return
	}
	last := n.Steps[len(n.Steps)-1]
	var owner string
	switch {
	case len(n.Steps) > 1 && n.Steps[len(n.Steps)-2].Object != nil:
		owner = n.Steps[len(n.Steps)-2].Object.Path()
	case last.Object != nil && last.Object.Parent != nil:
		owner = last.Object.Parent.Owner.Path()
	default:
		return
	}
	v := b.defaults[owner+"/"+last.Attribute.Name]
	if v == nil {
		return
	}
	set := func(i int, value any) {
		if i < len(n.Inputs) && value != "" && value != Number("") {
			n.Inputs[i].DefaultValue = value
		}
	}
	switch v.Class.Name {
	case "DV_QUANTITY":
		set(0, Number(v.String("magnitude")))
		set(1, v.String("units"))
	case "DV_COUNT":
		set(0, Number(v.String("magnitude")))
	case "DV_ORDINAL", "DV_SCALE":
		set(0, v.String("symbol", "defining_code", "code_string"))
	case "DV_CODED_TEXT":
		set(0, v.String("defining_code", "code_string"))
	case "DV_BOOLEAN":
		set(0, v.String("value") == "true")
	case "DV_PROPORTION":
		set(0, Number(v.String("numerator")))
	case "DV_DURATION":
		d, err := rm.ParseDuration(v.String("value"))
		if err != nil {
			return
		}
		for i := range n.Inputs {
			for k, f := range durationFields {
				if f.suffix == n.Inputs[i].Suffix {
					set(i, integer(field(d, k)))
				}
			}
		}
	case "DV_TEXT", "DV_URI", "DV_EHR_URI", "DV_DATE", "DV_TIME", "DV_DATE_TIME":
		set(0, v.String("value"))
	}
}
