package local

import (
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// validateOpenEHR asks a group or code set of the openEHR terminology, or all
// groups.
func validateOpenEHR(ref terminology.Reference, code terminology.Code) terminology.Result {
	no := terminology.Result{Message: "the openEHR terminology does not have the code there"}
	uri := terminology.SystemURI(code.System)
	if ref.Group == "" {
		rubric, ok := terminology.OpenEHR.AnyRubric(code.Code)
		if uri != terminology.System || !ok {
			return no
		}
		return terminology.Result{Valid: true, Display: rubric}
	}
	if g := terminology.OpenEHR.Group(ref.Group); g != nil {
		if uri != terminology.System || !g.Has(code.Code) {
			return no
		}
		rubric, _ := g.Rubric(code.Code, "en")
		return terminology.Result{Valid: true, Display: rubric}
	}
	set := terminology.OpenEHR.CodeSet(ref.Group)
	if !ofCodeSet(set, code.System) || !terminology.OpenEHR.CodeSetHas(set.Name, code.Code) {
		return no
	}
	return terminology.Result{Valid: true}
}

// ofCodeSet reports whether a terminology id is that of the code set.
func ofCodeSet(set *terminology.CodeSet, system string) bool {
	return system == set.TerminologyID || system == terminology.ID || system == terminology.System ||
		terminology.SystemURI(system) != "" && terminology.SystemURI(system) == terminology.SystemURI(set.TerminologyID)
}

func expandOpenEHR(ref terminology.Reference) []terminology.Code {
	var out []terminology.Code
	group := func(g *terminology.Group) {
		for _, c := range g.Codes() {
			rubric, _ := g.Rubric(c, "en")
			out = append(out, terminology.Code{System: terminology.System, Version: terminology.Version, Code: c, Display: rubric})
		}
	}
	if ref.Group == "" {
		for _, g := range terminology.OpenEHR.Groups() {
			group(g)
		}
		return out
	}
	if g := terminology.OpenEHR.Group(ref.Group); g != nil {
		group(g)
		return out
	}
	set := terminology.OpenEHR.CodeSet(ref.Group)
	system := terminology.SystemURI(set.TerminologyID)
	if system == "" {
		system = set.TerminologyID
	}
	for _, c := range set.Codes() {
		out = append(out, terminology.Code{System: system, Code: c})
	}
	return out
}

// lookupOpenEHR gives the rubrics of a code in every group that has it; the
// first group's English one is the display.
func lookupOpenEHR(code terminology.Code) (terminology.Concept, error) {
	out := terminology.Concept{
		Code:       terminology.Code{System: terminology.System, Version: terminology.Version, Code: code.Code},
		SystemName: "openEHR",
	}
	for _, g := range terminology.OpenEHR.Groups() {
		if !g.Has(code.Code) {
			continue
		}
		out.Properties = append(out.Properties, terminology.Property{Name: "group", Value: g.Name})
		for _, lang := range terminology.Languages {
			rubric, ok := g.Rubric(code.Code, lang)
			if !ok {
				continue
			}
			if out.Display == "" && lang == "en" {
				out.Display = rubric
			}
			out.Designations = append(out.Designations, terminology.Designation{Language: lang, Use: g.Name, Value: rubric})
		}
	}
	if out.Properties == nil {
		return terminology.Concept{}, notFound("the openEHR terminology has no code %s", code.Code)
	}
	return out, nil
}
