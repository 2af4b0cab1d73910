package fhir

import (
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// The systems of codes that label resources most often (FHIR R4 security-labels).
const (
	confidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	actReasonSystem       = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
)

// confidentiality is the codes that stand for how confidential something is, from
// the least to the most.
var confidentiality = []string{"U", "L", "M", "N", "R", "V"}

var labelDisplays = map[string]string{
	"U": "unrestricted", "L": "low", "M": "moderate", "N": "normal", "R": "restricted", "V": "very restricted", "HTEST": "test health data",
}

// Label is a code of meta.security.
type Label struct{ System, Code string }

// ParseLabel reads a label: system|code, or a code alone, which is one of
// v3-Confidentiality, or HTEST of v3-ActReason.
func ParseLabel(s string) (Label, error) {
	system, code, found := strings.Cut(s, "|")
	if !found {
		code = s
		switch {
		case slices.Contains(confidentiality, code):
			system = confidentialitySystem
		case code == "HTEST":
			system = actReasonSystem
		default:
			return Label{}, errs.New(errs.Invalid, "fhir.ParseLabel", "a security label is one of "+strings.Join(confidentiality, ", ")+" or HTEST, or a code with its system, as system|code: "+s)
		}
	}
	if !r4.ValidPrimitive("uri", system) || !strings.Contains(system, ":") || !r4.ValidPrimitive("code", code) {
		return Label{}, errs.New(errs.Invalid, "fhir.ParseLabel", "a security label has the form system|code, with the URI of its system: "+s)
	}
	return Label{system, code}, nil
}

// rank is how confidential a label says something is; -1 if it says nothing of it.
func (l Label) rank() int {
	if l.System != confidentialitySystem {
		return -1
	}
	return slices.Index(confidentiality, l.Code)
}

// Labels says which resources have which security labels. The zero value gives
// none to any.
type Labels struct {
	// All are those of every resource.
	All []Label
	// Templates are added for what is made of compositions of a template, by its
	// id. Of those that say how confidential something is, only these hold.
	Templates map[string][]Label
	// Tags are the keys of ITEM_TAGs whose values are labels of what is made of the
	// object that they are about, in all its versions: as ParseLabel reads them, and
	// Strictest for a value that it does not. Codes label by what a composition says.
	// Of labels that say how confidential something is the highest holds.
	Tags  []string
	Codes []CodeLabel
}

// Check refuses more than one code for how confidential the same is.
func (l Labels) Check() error {
	for _, list := range slices.AppendSeq([][]Label{l.All}, maps.Values(l.Templates)) {
		n := 0
		for _, x := range list {
			if x.rank() >= 0 {
				n++
			}
		}
		if n > 1 {
			return errs.New(errs.Invalid, "fhir.Labels", "there can be one label of v3-Confidentiality only")
		}
	}
	return nil
}

// Of is the labels of a resource made of a composition of a template; "" for one
// that was made of something else.
func (l Labels) Of(template string) []Label {
	more := l.Templates[template]
	if len(more) == 0 {
		return l.All
	}
	ranked := slices.ContainsFunc(more, func(x Label) bool { return x.rank() >= 0 })
	out := make([]Label, 0, len(l.All)+len(more))
	for _, x := range l.All {
		if !(ranked && x.rank() >= 0) && !slices.Contains(more, x) {
			out = append(out, x)
		}
	}
	return append(out, more...)
}

// OfTemplates is a condition of a search: the resource is made of a composition of
// one of the templates, with Any of one whose id can be a code, or with Not of none
// of them.
type OfTemplates struct {
	IDs []string
	Any bool
	Not bool
}

// having is which resources have a label that one of the values names.
func (l Labels) having(values []Value) OfTemplates {
	return l.where(func(list []Label) bool { return slices.ContainsFunc(list, Labelled{Values: values}.Names) })
}

// where is which resources have labels by template that have a property.
func (l Labels) where(has func([]Label) bool) OfTemplates {
	out := OfTemplates{IDs: []string{}, Not: has(l.All)}
	for id := range l.Templates {
		if has(l.Of(id)) != out.Not {
			out.IDs = append(out.IDs, id)
		}
	}
	slices.Sort(out.IDs)
	return out
}

// highest is the labels of a bundle: all that a resource in it has, and of those
// that say how confidential it is only the highest (FHIR R4 security-labels).
func highest(lists ...[]Record) []Label {
	var out []Label
	for _, list := range lists {
		for i := range list {
			for _, x := range list[i].Security {
				at := slices.IndexFunc(out, func(y Label) bool { return x == y || x.rank() >= 0 && y.rank() >= 0 })
				switch {
				case at < 0:
					out = append(out, x)
				case x.rank() > out[at].rank():
					out[at] = x
				}
			}
		}
	}
	return out
}

// labelled is what a resource with its meta element counts as for highest.
func labelled(n *r4.Node) (rec Record) {
	if meta := n.Get("meta"); meta != nil {
		for _, c := range meta.List("security") {
			rec.Security = append(rec.Security, Label{c.Str("system"), c.Str("code")})
		}
	}
	return rec
}

// nodes are the labels as Codings.
func nodes(list []Label) (out []*r4.Node) {
	for _, x := range list {
		n := r4.NewObject(str("system", x.System), str("code", x.Code))
		if d := labelDisplays[x.Code]; d != "" && (x.rank() >= 0 || x.System == actReasonSystem) {
			n.Fields = append(n.Fields, str("display", d))
		}
		out = append(out, n)
	}
	return out
}

// appendSecurity writes a member security; nothing for no labels.
func appendSecurity(dst []byte, list []Label) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, `"security":[`...)
	for i, n := range nodes(list) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = n.Append(dst)
	}
	return append(dst, ']')
}

// appendBundleMeta writes the meta element of a bundle after its type; nothing
// where no resource in it has a label.
func appendBundleMeta(dst []byte, lists ...[]Record) []byte {
	if list := highest(lists...); len(list) > 0 {
		dst = append(appendSecurity(append(dst, `,"meta":{`...), list), '}')
	}
	return dst
}
