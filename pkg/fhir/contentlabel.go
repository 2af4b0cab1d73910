package fhir

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// CodeLabel labels what is made of compositions that have a code.
type CodeLabel struct {
	Label Label
	// Terminology and Code are those of a CODE_PHRASE. A terminology without a
	// version, as SNOMED-CT, is also one with any in brackets.
	Terminology, Code string
	// Path leads from the COMPOSITION to ELEMENTs or coded attributes that have to
	// have the code. One without any code counts as if it had it, since nobody knows.
	// Without steps the code counts wherever it stands.
	Path rm.Path
}

// ParseCodeLabel reads LABEL=TERMINOLOGY|CODE or LABEL=TERMINOLOGY|CODE@PATH, where the
// label is as for ParseLabel and the path one of rm.ParsePath without positions.
func ParseCodeLabel(s string) (c CodeLabel, err error) {
	bad := func(why string) (CodeLabel, error) {
		return CodeLabel{}, errs.New(errs.Invalid, "fhir.ParseCodeLabel", "a label by content has the form LABEL=TERMINOLOGY|CODE or LABEL=TERMINOLOGY|CODE@/PATH, "+why+": "+s)
	}
	label, rest, ok := strings.Cut(s, "=")
	if !ok {
		return bad("and there is no =")
	}
	if c.Label, err = ParseLabel(strings.TrimSpace(label)); err != nil {
		return CodeLabel{}, err
	}
	code, path, placed := strings.Cut(rest, "@/")
	c.Terminology, c.Code, ok = strings.Cut(strings.TrimSpace(code), "|")
	if !ok || c.Terminology == "" || c.Code == "" {
		return bad("and the code has a terminology")
	}
	if !placed {
		return c, nil
	}
	if c.Path, err = rm.ParsePath("/" + path); err != nil {
		return bad(err.Error())
	}
	if len(c.Path.Steps) == 0 {
		return bad("and the path leads somewhere")
	}
	for _, step := range c.Path.Steps {
		if step.HasIndex {
			return bad("and the path has no positions")
		}
	}
	return c, nil
}

// ByContent reports whether labels depend on what compositions hold or are tagged
// with, and not on their template alone.
func (l Labels) ByContent() bool { return len(l.Codes)+len(l.Tags) > 0 }

// With is the labels of a resource made of a composition of a template whose content
// and tags give more; of those that say how confidential it is only the highest.
func (l Labels) With(template string, more []Label) []Label {
	base := l.Of(template)
	if len(more) == 0 {
		return base
	}
	return highest([]Record{{Security: base}, {Security: more}})
}

// Strictest is the label of what may have any.
var Strictest = Label{confidentialitySystem, confidentiality[len(confidentiality)-1]}

// Confidentialities are the labels that say how confidential something is, from the
// least to the most.
func Confidentialities() (out []Label) {
	for _, code := range confidentiality {
		out = append(out, Label{confidentialitySystem, code})
	}
	return out
}

// TestData is the label of test data.
var TestData = Label{actReasonSystem, "HTEST"}

// Labelled is a condition of a search: the resource has a label that one of the
// values names, with Not none of them. The labels are those of Labels.
type Labelled struct {
	Labels *Labels
	Values []Value
	Not    bool
}

// Names reports whether one of the values names the label.
func (c Labelled) Names(x Label) bool {
	return slices.ContainsFunc(c.Values, func(v Value) bool {
		return (v.Code == "" || v.Code == x.Code) && (!v.HasSystem || v.System == x.System)
	})
}

// ByTemplate is the resources whose labels by template, which other labels can raise,
// have a property.
func (c Labelled) ByTemplate(has func([]Label) bool) OfTemplates {
	return c.Labels.where(has)
}

// Rank is how confidential the highest of the labels says something is, from 0; -1 if
// none says it.
func Rank(list []Label) int {
	most := -1
	for _, x := range list {
		most = max(most, x.rank())
	}
	return most
}
