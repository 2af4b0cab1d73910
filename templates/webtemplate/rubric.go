package webtemplate

import (
	"slices"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// rubric is the text of a code of the openEHR terminology, in the template's
// language if there is one in it, and in all of its languages that have one.
func (b *builder) rubric(code string) (string, map[string]string) {
	label, _ := terminology.OpenEHR.ContentRubric(code, "en")
	var localized map[string]string
	for _, lang := range b.languages {
		if !slices.Contains(terminology.Languages[:], lang) {
			continue
		}
		text, ok := terminology.OpenEHR.ContentRubric(code, lang)
		if !ok {
			continue
		}
		if localized == nil {
			localized = map[string]string{}
		}
		localized[lang] = text
		if lang == b.template.Language {
			label = text
		}
	}
	return label, localized
}

// field is one field of a duration, in the order of durationFields.
func field(d rm.Duration, i int) int64 {
	return [...]int64{d.Years, d.Months, d.Weeks, d.Days, d.Hours, d.Minutes, d.Seconds}[i]
}
