// Package lint finds what is wrong or doubtful with templates although they
// compile: constraints that no data can satisfy or that have no effect, codes
// without terms or translations, units that are not UCUM, siblings that cannot
// be told apart, bindings to terminologies that nobody knows. Rules lists all
// codes; docs/conformance/lint.md is made of them.
package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Severity is how much a finding matters.
type Severity uint8

// The severities. An Error is a template that does not work as it stands, a
// Warning what is likely a mistake, a Remark what a reviewer should know.
const (
	Remark Severity = iota
	Warning
	Error
)

var severityNames = [...]string{"remark", "warning", "error"}

// String is remark, warning or error.
func (s Severity) String() string { return severityNames[s] }

// MarshalText is String, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that is wrong or doubtful.
type Finding struct {
	// Code is the stable name of the rule.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Path is the place in the template; of a finding in a source, the path of
	// its rule.
	Path string `json:"path"`
	// Line of the file; 0 if unknown.
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
}

// Options adjust what is looked for.
type Options struct {
	// Languages are codes of languages that every term must have a text in,
	// beside those that its archetype has been translated into.
	Languages []string
	// Terminologies are names of terminologies that are known beside the usual
	// ones.
	Terminologies []string
}

// OPT lints an operational template as a file. A document that does not
// compile gives its problems as findings.
func OPT(data []byte, opt Options) []Finding {
	t, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		return unreadable(err)
	}
	return Template(t, opt)
}

func unreadable(err error) []Finding {
	var out []Finding
	if e := errs.As(err); e != nil {
		problems, _ := e.Detail.([]rm.Problem)
		for _, p := range problems {
			out = append(out, Finding{Code: p.Code, Severity: Error, Path: cmp.Or(p.Path, "/"), Message: p.Message})
		}
	}
	if out == nil {
		out = []Finding{{Code: templates.CodeXML, Severity: Error, Path: "/", Message: err.Error()}}
	}
	return out
}

// Template lints a compiled template. Findings are in the order of the
// document, those on the template as a whole first.
func Template(t *templates.Template, opt Options) []Finding {
	l := &linter{t: t, opt: opt, terms: map[*templates.Terms]*usage{}, known: knownTerminologies(opt.Terminologies)}
	l.whole()
	l.object(t.Root)
	l.vocabularies()
	l.instance()
	for _, n := range t.Notes {
		l.out = append(l.out, Finding{Code: CodeIrregular, Severity: severityOf(CodeIrregular), Path: "/", Line: n.Line, Message: n.Message})
	}
	return l.out
}

// Worst is the greatest severity among findings; false if there are none.
func Worst(findings []Finding) (Severity, bool) {
	if len(findings) == 0 {
		return 0, false
	}
	return slices.MaxFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) }).Severity, true
}

type linter struct {
	t     *templates.Template
	opt   Options
	out   []Finding
	terms map[*templates.Terms]*usage
	// order of terms as they were met.
	order []*templates.Terms
	known map[string]bool
	// impossible is set when a finding says that no data can satisfy the
	// template.
	impossible bool
}

func (l *linter) add(code, path string, line int, format string, args ...any) {
	l.out = append(l.out, Finding{
		Code: code, Severity: severityOf(code), Path: path, Line: line, Message: fmt.Sprintf(format, args...),
	})
}

func (l *linter) at(o *templates.Object, code, format string, args ...any) {
	l.add(code, o.Path(), o.Line, format, args...)
}

// never is a finding on a mandatory thing that no data can satisfy.
func (l *linter) never(a *templates.Attribute, code, format string, args ...any) {
	l.impossible = true
	l.add(code, a.Path(), a.Owner.Line, format, args...)
}

// whole looks at what is said of the template itself.
func (l *linter) whole() {
	t := l.t
	if s := t.ID; s != strings.TrimSpace(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(s, "::") {
		l.add(CodeTemplateID, "/", 0, "the template id %q has blanks around it, a control character or ::, which clients and version ids cannot carry", s)
	}
	d := t.Description
	switch {
	case d.LifecycleState == "":
		l.add(CodeDescription, "/", 0, "the description has no lifecycle state")
	case len(d.OriginalAuthor) == 0:
		l.add(CodeDescription, "/", 0, "the description names no author")
	}
	purpose := false
	for _, detail := range d.Details {
		purpose = purpose || strings.TrimSpace(detail.Purpose) != "" && detail.Language == t.Language
	}
	if !purpose {
		l.add(CodeDescription, "/", 0, "the description has no purpose in the template's language %s", t.Language)
	}
	for _, s := range []string{t.ID, t.Concept} {
		if damaged(s) {
			l.add(CodeText, "/", 0, "%q looks as if its character encoding was mistaken", s)
		}
	}
}

// damaged reports whether a text shows the marks of UTF-8 that was read as
// another encoding, or of characters that could not be read.
func damaged(s string) bool {
	if strings.ContainsRune(s, '\ufffd') {
		return true
	}
	runes := []rune(s)
	for i := 0; i+1 < len(runes); i++ {
		// The two bytes of a Latin letter, or the first of a typographic mark.
		if (runes[i] == 'Ã' || runes[i] == 'Â') && runes[i+1] >= 0x80 && runes[i+1] <= 0xbf {
			return true
		}
		if runes[i] == 'â' && (runes[i+1] == '€' || runes[i+1] == 0x80) {
			return true
		}
	}
	return false
}
