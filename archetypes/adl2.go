package archetypes

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ADL2 is what an ADL 2 text says of itself: its header, its language, its
// description, and the concept from its terminology. Its definition and rules
// are passed over.
type ADL2 struct {
	// Kind is operational_template, template, template_overlay or archetype.
	Kind string
	ID   ADL2ID
	// Parent is the id that it specialises; "" if none.
	Parent     string
	ADLVersion string
	RMRelease  string
	UID        string
	// Generated and Controlled are flags of the header.
	Generated, Controlled bool

	OriginalLanguage Code
	// Languages are those that it has been translated into.
	Languages   []string
	Description *Description
	// Class and RootCode are those of the root of the definition, Concept its
	// text in the original language.
	Class, RootCode, Concept string
}

// ADL2ID is a human-readable archetype id (AM 2, ARCHETYPE_HRID).
type ADL2ID struct {
	// Namespace is the part before ::, "" if there is none.
	Namespace string
	// Name is the id up to the version, with the namespace.
	Name string
	// Class is the RM class that it names.
	Class string
	// Version is the version without the v: 1, 1.2, 1.2.3, 1.2.3-rc.4.
	Version string
	// Build is the build number after +; "" if there is none.
	Build string
}

// String is the id without its build number.
func (id ADL2ID) String() string {
	if id.Version == "" {
		return id.Name
	}
	return id.Name + ".v" + id.Version
}

// Full reports whether the version has all three numbers.
func (id ADL2ID) Full() bool {
	numbers, _, _ := strings.Cut(id.Version, "-")
	return strings.Count(numbers, ".") == 2
}

var hrid = regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9.-]*)::)?([A-Za-z][A-Za-z0-9_]*-[A-Za-z][A-Za-z0-9_]*-([A-Z][A-Z0-9_]*)\.[A-Za-z][A-Za-z0-9_-]*)` +
	`(?:\.v((?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})(?:-(?:rc|alpha|beta|unstable)(?:\.[0-9]{1,9})?)?)?)?)(?:\+([A-Za-z0-9.-]*))?)?$`)

// ParseADL2ID takes an id apart or says why it is none. The version may be left
// out or have one or two numbers only, which stand for the latest such version.
func ParseADL2ID(s string) (ADL2ID, error) {
	m := hrid.FindStringSubmatch(s)
	if m == nil {
		return ADL2ID{}, fmt.Errorf("%.120q is not an archetype id such as openEHR-EHR-COMPOSITION.discharge.v1.0.0", s)
	}
	id := ADL2ID{Namespace: m[1], Name: m[2], Class: m[3], Version: m[4], Build: m[5]}
	if id.Namespace != "" {
		id.Name = id.Namespace + "::" + id.Name
	}
	return id, nil
}

// ValidADL2Version reports whether s is a version, whole or in part, as an id
// has it.
func ValidADL2Version(s string) bool {
	id, err := ParseADL2ID("openEHR-EHR-COMPOSITION.x.v" + s)
	return err == nil && id.Build == ""
}

// CompareADL2Versions orders two versions: by their numbers, one of which may be
// left out, then a pre-release before its release.
func CompareADL2Versions(a, b string) int {
	an, ap, aPre := strings.Cut(a, "-")
	bn, bp, bPre := strings.Cut(b, "-")
	if c := compareNumbers(strings.Split(an, "."), strings.Split(bn, ".")); c != 0 {
		return c
	}
	switch {
	case aPre && !bPre:
		return -1
	case !aPre && bPre:
		return 1
	}
	ak, ai, _ := strings.Cut(ap, ".")
	bk, bi, _ := strings.Cut(bp, ".")
	if c := cmp.Compare(maturity[ak], maturity[bk]); c != 0 {
		return c
	}
	return compareNumbers([]string{ai}, []string{bi})
}

// maturity orders the kinds of pre-releases.
var maturity = map[string]int{"unstable": 1, "alpha": 2, "beta": 3, "rc": 4}

func compareNumbers(a, b []string) int {
	for i := range max(len(a), len(b)) {
		x, y := 0, 0
		if i < len(a) {
			x, _ = strconv.Atoi(a[i]) // "" counts as 0
		}
		if i < len(b) {
			y, _ = strconv.Atoi(b[i])
		}
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// ParseADL2 reads what an ADL 2 text says of itself. The error, if any, is a
// *SyntaxError.
func ParseADL2(text string) (*ADL2, error) { return parse(text, "text", (*parser).adl2) }

func (p *parser) adl2() *ADL2 {
	a := &ADL2{}
	p.adl2Head(a)
	offset := p.at
	a.Class = p.word("the class of the definition")
	if !strings.EqualFold(a.Class, a.ID.Class) {
		p.failAt(offset, "the definition is of %s, but the id of %s", a.Class, a.ID.Class)
	}
	root, _, _ := strings.Cut(p.bracketed(), ",") // its archetype may be named too
	if a.RootCode = strings.TrimSpace(root); !isLocalCode(a.RootCode, "id") && !isAtCode(a.RootCode) {
		p.failAt(offset, "expected the code of the root such as [id1], found [%s]", a.RootCode)
	}
	p.passTo("terminology", "ontology")
	if !p.acceptWord("terminology", "ontology") {
		p.fail("expected the terminology section, found %s", p.found())
	}
	v := p.attributes()
	a.Concept = concept(&v, a)
	return a
}

// adl2Head reads everything before the definition.
func (p *parser) adl2Head(a *ADL2) {
	p.adl2Header(a)
	if p.acceptWord("specialise", "specialize") {
		start := p.at
		a.Parent = p.hrid("the id of what is specialised")
		if _, err := ParseADL2ID(a.Parent); err != nil {
			p.failAt(start, "%v", err)
		}
	}
	if !p.acceptWord("language") {
		p.fail("expected the language section, found %s", p.found())
	}
	var l Archetype
	p.language(&l, p.attributes())
	a.OriginalLanguage = l.OriginalLanguage
	for _, t := range l.Translations {
		a.Languages = append(a.Languages, t.Language.Code)
	}
	if p.acceptWord("description") {
		a.Description = description(p.attributes())
	}
	if !p.acceptWord("definition") {
		p.fail("expected the definition section, found %s", p.found())
	}
}

func (p *parser) adl2Header(a *ADL2) {
	a.Kind = strings.ToLower(p.peekWord())
	if !p.acceptWord("operational_template", "template", "template_overlay", "archetype") {
		p.fail("expected operational_template, template or archetype, found %s", p.found())
	}
	if p.accept("(") {
		for !p.accept(")") {
			name := strings.ToLower(p.word("a header field"))
			value := ""
			if p.accept("=") {
				p.skip()
				end := strings.IndexAny(p.src[p.at:], ";)\n")
				if end < 0 || p.src[p.at+end] == '\n' {
					p.fail("expected \";\" or \")\" after the value of %s", name)
				}
				value = strings.Trim(strings.TrimSpace(p.src[p.at:p.at+end]), `"`)
				p.at += end
			}
			switch name {
			case "adl_version":
				a.ADLVersion = value
			case "rm_release":
				a.RMRelease = value
			case "uid":
				a.UID = value
			case "generated":
				a.Generated = true
			case "controlled":
				a.Controlled = true
			}
			p.accept(";")
		}
	}
	if a.ADLVersion != "" && !strings.HasPrefix(a.ADLVersion, "2.") {
		p.fail("ADL version %s: this is not ADL 2", a.ADLVersion)
	}
	offset := p.at
	var err error
	if a.ID, err = ParseADL2ID(p.hrid("an archetype id")); err != nil {
		p.failAt(offset, "%v", err)
	}
}

// hrid passes an id, which ends with a blank.
func (p *parser) hrid(what string) string {
	p.skip()
	start := p.at
	for p.at < len(p.src) && p.src[p.at] > ' ' {
		p.at++
	}
	if p.at == start {
		p.fail("expected %s, found %s", what, p.found())
	}
	return p.src[start:p.at]
}

// passTo passes definitions and rules up to a line that is one of the section
// keywords. Strings, comments and regular expressions are passed as a whole.
func (p *parser) passTo(keywords ...string) {
	lineStart := false
	for p.at < len(p.src) {
		if lineStart {
			line, _, _ := strings.Cut(p.src[p.at:], "\n")
			line, _, _ = strings.Cut(line, "--")
			for _, k := range keywords {
				if strings.EqualFold(strings.TrimSpace(line), k) {
					return
				}
			}
			lineStart = false
		}
		switch c := p.src[p.at]; {
		case c == '\n':
			lineStart = true
			p.at++
		case c == '"':
			p.quoted()
		case c == '-' && strings.HasPrefix(p.src[p.at:], "--"):
			if i := strings.IndexByte(p.src[p.at:], '\n'); i >= 0 {
				p.at += i
			} else {
				p.at = len(p.src)
			}
		case c == '{':
			p.at++
			if blank := len(p.src[p.at:]) - len(strings.TrimLeft(p.src[p.at:], " \t")); strings.HasPrefix(p.src[p.at+blank:], "/") {
				p.at += blank + 1
				p.passRegexp()
			}
		default:
			p.at++
		}
	}
}

// passRegexp passes the rest of a regular expression, which ends on its line.
func (p *parser) passRegexp() {
	for p.at < len(p.src) && p.src[p.at] != '\n' {
		switch p.src[p.at] {
		case '\\':
			p.at++
		case '/':
			p.at++
			return
		}
		p.at++
	}
}

// concept is the text of the root's code in the original language, or else the
// concept of the id.
func concept(terminology *Value, a *ADL2) string {
	term := terminology.Field("term_definitions").Field(a.OriginalLanguage.Code).Field(a.RootCode)
	if text := term.Str("text"); text != "" {
		return text
	}
	return a.ID.Name[strings.LastIndexByte(a.ID.Name, '.')+1:]
}
