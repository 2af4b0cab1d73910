package lint

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// usage is the codes of a vocabulary that the template uses, each with the
// first place.
type usage struct {
	codes []string
	at    map[string]*templates.Object
	root  *templates.Object
}

// use notes that a code of a vocabulary is used.
func (l *linter) use(t *templates.Terms, code string, at *templates.Object) {
	if t == nil || code == "" {
		return
	}
	u := l.terms[t]
	if u == nil {
		u = &usage{at: map[string]*templates.Object{}}
		l.terms[t] = u
		l.order = append(l.order, t)
		for u.root = at; u.root.Parent != nil && u.root.Kind != templates.ArchetypeRoot; {
			u.root = u.root.Parent.Owner
		}
	}
	if u.at[code] == nil {
		u.at[code] = at
		u.codes = append(u.codes, code)
	}
}

// codes notes the codes that an object has by itself.
func (l *linter) codes(o *templates.Object) {
	if o.Kind != templates.Slot { // its text is never shown
		l.use(o.Terms, o.NodeID, o)
	}
	for _, n := range o.Names {
		if damaged(n) {
			l.at(o, CodeText, "%q looks as if its character encoding was mistaken", n)
		}
	}
}

// reference looks at a value set named by an ac-code.
func (l *linter) reference(o *templates.Object) {
	if o.Terms == nil || len(o.Terms.ConstraintBindings[o.Reference]) == 0 {
		l.at(o, CodeReference, "the value set %s is bound to no terminology", o.Reference)
		return
	}
	for _, uri := range o.Terms.ConstraintBindings[o.Reference] {
		if name, ok := strings.CutPrefix(uri, "terminology:"); ok {
			name, _, _ = strings.Cut(strings.TrimPrefix(name, "//"), "?")
			name, _, _ = strings.Cut(name, "/")
			l.terminology(o, name)
		} else if u, err := url.Parse(uri); err != nil || u.Scheme == "" {
			l.at(o, CodeBinding, "the value set %s is bound to %q, which is no URI", o.Reference, uri)
		}
	}
}

var untranslated = regexp.MustCompile(`^\*.+\([a-z]{2}(-[A-Za-z]{2})?\)$`)

// vocabularies looks at the terms of all codes that the template uses, and at
// the bindings of each archetype.
func (l *linter) vocabularies() {
	done := map[string]bool{} // by archetype and language and code: one archetype may be used many times
	for _, t := range l.order {
		u := l.terms[t]
		languages := slices.Clone(t.Languages())
		for _, lang := range l.opt.Languages {
			if !slices.Contains(languages, lang) {
				languages = append(languages, lang)
			}
		}
		for _, code := range u.codes {
			o := u.at[code]
			if t.Term(code, "") == nil {
				if first(done, t.ArchetypeID+" "+code) {
					l.at(o, CodeTerm, "the code %s of %s has no term in %s", code, t.ArchetypeID, t.Default)
				}
				continue
			}
			for _, lang := range languages {
				l.term(t, code, lang, o, done)
			}
		}
		l.bindings(t, u, done)
	}
}

func first(done map[string]bool, key string) bool {
	if done[key] {
		return false
	}
	done[key] = true
	return true
}

func (l *linter) term(t *templates.Terms, code, lang string, o *templates.Object, done map[string]bool) {
	text := t.In(code, lang)
	known := slices.Contains(t.Codes(lang), code)
	key := t.ArchetypeID + " " + lang + " " + code + " "
	switch {
	case !known && lang != t.Default:
		if first(done, key+"missing") {
			l.at(o, CodeTranslation, "the code %s of %s has no text in %s", code, t.ArchetypeID, lang)
		}
	case strings.TrimSpace(text) == "":
		if first(done, key+"empty") {
			l.at(o, CodeTermEmpty, "the text of code %s of %s in %s is empty", code, t.ArchetypeID, lang)
		}
	case untranslated.MatchString(text):
		if first(done, key+"untranslated") {
			l.at(o, CodeUntranslated, "the text of code %s of %s in %s is marked as not translated: %q", code, t.ArchetypeID, lang, text)
		}
	case damaged(text):
		if first(done, key+"damaged") {
			l.at(o, CodeText, "the text of code %s of %s in %s looks as if its character encoding was mistaken: %q", code, t.ArchetypeID, lang, text)
		}
	}
}

func (l *linter) bindings(t *templates.Terms, u *usage, done map[string]bool) {
	codes := make([]string, 0, len(t.Bindings))
	for code := range t.Bindings {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		o := u.at[code]
		if o == nil {
			o = u.root
		}
		for _, b := range t.Bindings[code] {
			name := templates.TerminologyName(b.Terminology)
			if !l.knows(name) && first(done, t.ArchetypeID+" binding "+name) {
				l.at(o, CodeBinding, "the terminology %q, to which %s of %s is bound, is not known", name, code, t.ArchetypeID)
			}
			if strings.TrimSpace(b.Code) == "" && first(done, t.ArchetypeID+" binding code "+code) {
				l.at(o, CodeBindingCode, "the binding of %s of %s to %s has no code", code, t.ArchetypeID, name)
			}
		}
	}
}

// terminology reports a terminology that is not known.
func (l *linter) terminology(o *templates.Object, name string) {
	if !l.knows(templates.TerminologyName(name)) {
		l.at(o, CodeBinding, "the terminology %q is not known", name)
	}
}

// knows reports whether a terminology is known by name, or names itself by a
// URI.
func (l *linter) knows(name string) bool {
	if l.known[plain(name)] {
		return true
	}
	u, err := url.Parse(name)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "urn":
		return strings.HasPrefix(u.Opaque, "oid:") || strings.HasPrefix(u.Opaque, "uuid:") || strings.Contains(u.Opaque, ":")
	}
	return false
}

// plain is a name without regard to case and to the marks that spellings
// differ in.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// usual are terminologies in clinical use, in their common spellings.
var usual = []string{
	"local", terminology.ID, "openehr_normal_statuses", "openehr_compression_algorithms", "openehr_integrity_check_algorithms",
	"ISO_639-1", "ISO_3166-1", "IANA_character-sets", "IANA_media-types", "UCUM",
	"SNOMED-CT", "SNOMED", "SCT", "LOINC", "RxNorm", "ATC", "dm+d", "NDC", "CVX", "EDQM", "GTIN", "PZN",
	"ICD9", "ICD-9-CM", "ICD10", "ICD-10-CM", "ICD-10-GM", "ICD-10-AM", "ICD-10-UK", "ICD-10-NL", "ICD10-PCS", "ICD-11", "ICD-O-3", "ICF", "ICNP", "OPS",
	"ICPC", "ICPC-2", "CPT", "HCPCS", "LNC", "HL7", "HL7v2", "HL7v3", "FHIR", "DICOM", "DCM", "RADLEX", "MeSH", "UMLS", "HPO", "OMIM", "ORPHANET", "ORPHA",
	"HGNC", "LN", "NCIT", "MedDRA", "NANDA", "NIC", "NOC", "TNM", "DSM-5", "KSH", "Alpha-ID", "IHTSDO", "NPU", "EDQM Standard Terms", "CTCAE", "GO",
}

func knownTerminologies(more []string) map[string]bool {
	known := make(map[string]bool, len(usual)+len(more))
	for _, name := range usual {
		known[plain(name)] = true
	}
	for _, name := range more {
		known[plain(name)] = true
	}
	return known
}
