// Package stance decides whether the code of a FHIR resource names something or
// denies it. "No known allergy" is an AllergyIntolerance in FHIR and an exclusion
// in openEHR; written as an adverse reaction, or an adverse reaction written as an
// exclusion, it can hurt somebody. Nothing is guessed: a code that is neither known
// to deny nor known to name something is refused, and so are words without a code.
package stance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Decider decides. Its zero value knows the tables of this package alone. It is
// safe for concurrent use.
type Decider struct {
	// Terminology is asked what no table says; nil asks nobody.
	Terminology terminology.Service
	// Trusted are codes that the operator vouches for.
	Trusted []Trust
}

// Doubt is a reason why it cannot be told what a code does.
type Doubt struct {
	// Path is the element, Text the reason without values of the resource.
	Path, Text string
}

// Verdict is what was decided of a resource.
type Verdict struct {
	// Stance is Undecided if there are doubts.
	Stance fhirmap.Stance
	Doubts []Doubt
	// Element is the one with the concept, and Words a name of its code if it
	// has neither text nor display.
	Element, Words string
}

// Concerns reports whether a resource type has a code of which has to be decided
// what it does.
func Concerns(typ string) bool { return kinds[typ].element != "" }

// Decide decides of a resource whose type Concerns. Errors are those of the
// terminology when it does not answer (errs.Unavailable, errs.Timeout).
func (d *Decider) Decide(ctx context.Context, n *r4.Node) (Verdict, error) {
	typ := n.Str("resourceType")
	k, ok := kinds[typ]
	if !ok {
		return Verdict{}, errs.New(errs.Internal, "stance.Decide", "nothing is to be decided of "+typ)
	}
	q := &question{Decider: d, typ: typ, kind: k, path: typ + "." + k.element}
	v := Verdict{Element: k.element}
	concept := n.Get(k.element)
	codings := concept.List("coding")
	if len(codings) == 0 {
		v.Doubts = []Doubt{{q.path, "there is no code: words alone can deny what they name (“none”, “NKDA”), which is not guessed; send a coding"}}
		return v, nil
	}
	for i, c := range codings {
		a, err := q.coding(ctx, c, fmt.Sprintf("%s.coding[%d]", q.path, i))
		if err != nil {
			return Verdict{}, err
		}
		q.answers = append(q.answers, a)
	}
	for _, a := range q.answers {
		if a.stance != fhirmap.Undecided && q.answers[0].stance != fhirmap.Undecided && a.stance != q.answers[0].stance {
			q.doubt(q.path, "one coding names something and another says that there is none")
			break
		}
	}
	if len(q.doubts) == 0 {
		for i, c := range codings {
			if display := c.Get("display"); display != nil {
				q.word(display.Text, fmt.Sprintf("%s.coding[%d].display", q.path, i), q.answers[i:i+1])
			}
		}
		if text := concept.Get("text"); text != nil {
			q.word(text.Text, q.path+".text", q.answers)
		} else if codings[0].Get("display") == nil && len(q.answers[0].names) > 0 {
			v.Words = q.answers[0].names[0]
		}
	}
	if v.Doubts = q.doubts; len(v.Doubts) == 0 {
		v.Stance = q.answers[0].stance
	}
	return v, nil
}

// question is one resource.
type question struct {
	*Decider
	kind
	typ, path string
	answers   []answer
	doubts    []Doubt
}

// answer is what is known of one coding: names that say the same, and whether the
// operator vouches for other words too.
type answer struct {
	stance  fhirmap.Stance
	names   []string
	vouched bool
}

func (q *question) doubt(path, text string) answer {
	q.doubts = append(q.doubts, Doubt{path, text})
	return answer{}
}

// word accepts a name of the code; any other only beside a code that is trusted,
// and if it does not look like a denial.
func (q *question) word(text, path string, answers []answer) {
	vouched := true
	for _, a := range answers {
		if slices.ContainsFunc(a.names, func(name string) bool { return same(name, text) }) {
			return
		}
		vouched = vouched && a.vouched
	}
	switch {
	case !vouched:
		q.doubt(path, "the words are not a name of the code that is known here, and words can deny what a code names: "+
			"send a name of the code, or none; the operator can vouch for codes (--fhir-write-trust)")
	case mayDeny(text):
		q.doubt(path, "the words could say that something is not so, which the code does not say")
	}
}

// coding decides of one coding. The fixed tables come first, then what the operator
// vouches for, then the terminology.
func (q *question) coding(ctx context.Context, c *r4.Node, path string) (answer, error) {
	system, code := c.Str("system"), c.Str("code")
	if system == "" || code == "" {
		return q.doubt(path, "a coding needs a system and a code: what it says cannot be told"), nil
	}
	if proper := canonical(system); proper != system {
		return q.doubt(path+".system", "the code system is known as "+proper), nil
	}
	if names := q.denials[system][code]; names != nil {
		return answer{stance: fhirmap.Denies, names: names}, nil
	}
	switch {
	case system == AbsentUnknown && strings.HasSuffix(code, "-info") || slices.Contains(nothing, system):
		return q.doubt(path, "the code says that nothing is known, which is neither a finding nor a denial: "+
			"in openEHR it is EVALUATION.absence, which states in words what is absent, and comes over the openEHR API"), nil
	case system == AbsentUnknown || Denies(system, code) || system == terminology.SNOMED && slices.Contains(partial, code) || slices.Contains(products[system], code):
		return q.doubt(path, "the code denies, and not exactly what there is a statement for that would come back: "+
			"a denial of a part, or of another kind, comes over the openEHR API (EVALUATION.exclusion_specific)"), nil
	case system == terminology.SNOMED && !conceptID(code):
		return q.doubt(path, "the code is not the id of a concept: an expression can say of anything that it is absent"), nil
	}
	if names := findings[q.typ][system+"|"+code]; names != nil {
		a, err := q.vouched(ctx, terminology.Code{System: system, Code: code})
		a.stance, a.names = fhirmap.Names, names
		_, more, down := q.known(ctx, terminology.Code{System: system, Code: code})
		a.names = append(slices.Clip(names), more...)
		return a, cmp.Or(err, down)
	}
	of := terminology.Code{System: system, Version: c.Str("version"), Code: code}
	trusted, err := q.vouched(ctx, of)
	if err != nil {
		return answer{}, err
	}
	if system == terminology.SNOMED {
		is, err := q.below(ctx, situation, of)
		switch {
		case down(err):
			return answer{}, err
		case err == nil && is && !q.listed(of):
			return q.doubt(path, "the code is a situation with explicit context (SNOMED CT 243796009), which can say that something is absent or was not done"), nil
		}
	}
	if trusted.vouched {
		trusted.stance = fhirmap.Names
		_, trusted.names, err = q.known(ctx, of)
		return trusted, err
	}
	return q.proven(ctx, of, path)
}

// proven asks the terminology for a proof that a code names something.
func (q *question) proven(ctx context.Context, of terminology.Code, path string) (answer, error) {
	_, isProducts := products[of.System]
	switch {
	case of.System != terminology.SNOMED && !isProducts:
		return q.doubt(path, "whether codes of this system deny what they name is not known here: send a SNOMED CT code beside it or instead; "+
			"the operator can vouch for codes (--fhir-write-trust)"), nil
	case q.Terminology == nil:
		return q.doubt(path, "the code cannot be checked, as no terminology is loaded, and it could deny what it names; "+
			"the operator can load one or vouch for codes (--fhir-write-trust)"), nil
	}
	found, names, err := q.known(ctx, of)
	switch {
	case err != nil:
		return answer{}, err
	case !found:
		return q.doubt(path, "the terminology does not know the code, so that it cannot be told whether it denies what it names; "+
			"the operator can load its code system or vouch for codes (--fhir-write-trust)"), nil
	case isProducts:
		return answer{stance: fhirmap.Names, names: names}, nil
	}
	for _, root := range q.roots {
		is, err := q.below(ctx, root, of)
		switch {
		case down(err):
			return answer{}, err
		case err == nil && is:
			return answer{stance: fhirmap.Names, names: names}, nil
		}
	}
	return q.doubt(path, "the terminology does not show that the code names something of this kind: it is not below "+strings.Join(q.roots, " or ")+
		" (SNOMED CT); the operator can vouch for codes (--fhir-write-trust)"), nil
}

// known asks for the names of a code. The error is that of a terminology that does
// not answer.
func (q *question) known(ctx context.Context, of terminology.Code) (found bool, names []string, err error) {
	if q.Terminology == nil {
		return false, nil, nil
	}
	c, err := q.Terminology.Lookup(ctx, of)
	switch {
	case down(err):
		return false, nil, err
	case err != nil:
		return false, nil, nil // not known there
	}
	if c.Display != "" {
		names = append(names, c.Display)
	}
	for _, d := range c.Designations {
		names = append(names, d.Value)
	}
	return true, names, nil
}

// below asks whether a concept is a code or above it.
func (q *question) below(ctx context.Context, root string, of terminology.Code) (bool, error) {
	if q.Terminology == nil {
		return false, errs.New(errs.NotFound, "stance", "no terminology is loaded")
	}
	out, err := q.Terminology.Subsumes(ctx, terminology.Code{System: of.System, Version: of.Version, Code: root}, of)
	return err == nil && (out == terminology.Subsumes || out == terminology.Equivalent), err
}

// down reports whether a terminology that should know does not answer.
func down(err error) bool { return errs.Is(err, errs.Unavailable) || errs.Is(err, errs.Timeout) }

// vouched reports whether the operator vouches for a code.
func (q *question) vouched(ctx context.Context, of terminology.Code) (answer, error) {
	for _, t := range q.Trusted {
		if t.system != of.System {
			continue
		}
		switch t.form {
		case ' ':
			return answer{vouched: true}, nil
		case '=':
			if t.code == of.Code {
				return answer{vouched: true}, nil
			}
		case '*':
			if strings.HasPrefix(of.Code, t.code) {
				return answer{vouched: true}, nil
			}
		case '<':
			is, err := q.below(ctx, t.code, of)
			if down(err) {
				return answer{}, err
			}
			if err == nil && is {
				return answer{vouched: true}, nil
			}
		}
	}
	return answer{}, nil
}

// listed reports whether the operator vouches for a code by itself.
func (q *question) listed(of terminology.Code) bool {
	return slices.ContainsFunc(q.Trusted, func(t Trust) bool { return t.form == '=' && t.system == of.System && t.code == of.Code })
}

// canonical is the URI of a code system that is written in another way, so that
// no denial hides behind another spelling.
func canonical(system string) string {
	s := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(system)), "/")
	s = strings.Replace(s, "https://", "http://", 1)
	switch {
	case strings.HasPrefix(s, "http://snomed.info") || strings.HasPrefix(s, "http://www.snomed.") || strings.HasPrefix(s, "snomed") ||
		s == "urn:oid:2.16.840.1.113883.6.96" || s == "2.16.840.1.113883.6.96" || s == "http://snomed.org/sct":
		return terminology.SNOMED
	case strings.HasSuffix(s, "absent-unknown-uv-ips"):
		return AbsentUnknown
	case strings.HasSuffix(s, "nullflavor") || s == "urn:oid:2.16.840.1.113883.5.1008":
		return nothing[0]
	case strings.HasSuffix(s, "data-absent-reason"):
		return nothing[1]
	}
	return system
}

// conceptID reports whether a text has the form of an identifier of SNOMED CT.
func conceptID(s string) bool {
	return len(s) >= 6 && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
