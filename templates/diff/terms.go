package diff

import (
	"fmt"
	"slices"

	"github.com/cairn-ehr/cairn/templates"
)

// terms compares the vocabularies of two archetype roots. Codes that only one
// of them has belong to nodes that were added or removed.
func (d *differ) terms(a, b *templates.Object) {
	x, y := a.Terms, b.Terms
	if x == nil || y == nil {
		return
	}
	path := b.Path()
	report := func(kind, what, before, after, reason string) {
		if before == after {
			return
		}
		key := fmt.Sprint(y.ArchetypeID, "\x00", kind, "\x00", what, "\x00", before, "\x00", after)
		if d.texts[key] {
			return
		}
		d.texts[key] = true
		d.add(kind, false, path, what+" "+before, what+" "+after, reason)
	}
	xl, yl := x.Languages(), y.Languages()
	for _, lang := range xl {
		if !slices.Contains(yl, lang) {
			report(KindTranslation, lang, "terms", "no terms", "validation does not ask for it")
			continue
		}
		has := y.Codes(lang)
		for _, code := range x.Codes(lang) {
			if _, found := slices.BinarySearch(has, code); !found {
				continue
			}
			t, u := termIn(x, code, lang), termIn(y, code, lang)
			report(KindText, lang+" "+code, t, u, "stored data keep their wording")
		}
	}
	for _, lang := range yl {
		if !slices.Contains(xl, lang) {
			report(KindTranslation, lang, "no terms", "terms", "validation does not ask for it")
		}
	}
	codes := map[string]bool{}
	for code := range x.Bindings {
		codes[code] = true
	}
	for code := range y.Bindings {
		codes[code] = true
	}
	for _, code := range sorted(codes) {
		report(KindBinding, code, fmt.Sprint(x.Bindings[code]), fmt.Sprint(y.Bindings[code]), "data carry the code of the archetype")
	}
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func termIn(t *templates.Terms, code, lang string) string {
	term := t.Exact(code, lang)
	if term == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %v", term.Text, term.Description, term.Other)
}
