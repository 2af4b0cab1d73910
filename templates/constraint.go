package templates

import (
	"regexp"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Constraint is the constraint of a leaf: one of *CString, *CInteger, *CReal,
// *CBoolean, *CTemporal, *CDuration, *CQuantity, *COrdinal, *CCodePhrase and
// *CState.
type Constraint interface {
	// String prints the constraint for dumps and messages.
	String() string
	constraint()
}

// CString constrains a string (AM 1.4, C_STRING).
type CString struct {
	// List has the allowed values; nil allows any. ListOpen makes it advisory.
	List     []string
	ListOpen bool
	// Pattern is the regular expression that the whole value has to match.
	Pattern *Pattern
	Assumed string
}

// Pattern is a regular expression over a whole string.
type Pattern struct {
	// Source is the expression as the document has it, without delimiters.
	Source string
	// re is nil when the expression uses what the engine does not have.
	re *regexp.Regexp
}

// Supported reports whether the expression can be evaluated. Expressions with
// look-around or back references cannot.
func (p *Pattern) Supported() bool { return p.re != nil }

// Match reports whether the expression matches all of s; true when it cannot
// be evaluated.
func (p *Pattern) Match(s string) bool { return p.re == nil || p.re.MatchString(s) }

// newPattern compiles an expression, anchored at both ends. Delimiting slashes
// and anchors in the source are accepted.
func newPattern(source string) *Pattern {
	p := &Pattern{Source: source}
	if n := len(source); n >= 2 && source[0] == '/' && source[n-1] == '/' {
		p.Source = source[1 : n-1]
	}
	if re, err := regexp.Compile(`^(?:` + p.Source + `)$`); err == nil {
		p.re = re
	}
	return p
}

// Bounds is an interval of T with open or closed ends.
type Bounds[T any] struct {
	Lower, Upper                   T
	LowerUnbounded, UpperUnbounded bool
	LowerIncluded, UpperIncluded   bool
}

// Has reports whether v lies within, by the comparison function given.
func (b *Bounds[T]) Has(v T, compare func(T, T) int) bool {
	if !b.LowerUnbounded {
		if c := compare(v, b.Lower); c < 0 || c == 0 && !b.LowerIncluded {
			return false
		}
	}
	if !b.UpperUnbounded {
		if c := compare(v, b.Upper); c > 0 || c == 0 && !b.UpperIncluded {
			return false
		}
	}
	return true
}

// CInteger constrains an integer (AM 1.4, C_INTEGER).
type CInteger struct {
	List    []int64
	Range   *Bounds[int64]
	Assumed string
}

// CReal constrains a real (AM 1.4, C_REAL).
type CReal struct {
	List    []float64
	Range   *Bounds[float64]
	Assumed string
}

// CBoolean constrains a boolean (AM 1.4, C_BOOLEAN).
type CBoolean struct {
	TrueValid, FalseValid bool
	Assumed               string
}

// TimezoneValidity is VALIDITY_KIND applied to the time zone of a value.
type TimezoneValidity uint8

// The validities of a time zone.
const (
	TimezoneAny TimezoneValidity = iota // nothing said
	TimezoneMandatory
	TimezoneOptional
	TimezoneProhibited
)

// CTemporal constrains the value of a date, time or date/time (AM 1.4, C_DATE,
// C_TIME, C_DATE_TIME).
type CTemporal struct {
	// Type is DATE, TIME or DATE_TIME.
	Type string
	// Pattern says for each component whether it has to, may or must not be
	// there, as yyyy-??-XX; "" when any precision is allowed.
	Pattern  string
	Timezone TimezoneValidity
	// Range is over the lexical values.
	Range   *Bounds[string]
	Assumed string
}

// CDuration constrains the value of a duration (AM 1.4, C_DURATION).
type CDuration struct {
	// Pattern names the fields allowed, as PYMWDTHMS; "" allows all.
	Pattern string
	Range   *Bounds[string]
	Assumed string
}

// CQuantity constrains a DV_QUANTITY (AM 1.4 profile, C_DV_QUANTITY).
type CQuantity struct {
	// Property is the physical property; zero if not given.
	Property Code
	// List has one item for each unit allowed; empty allows any unit.
	List    []QuantityItem
	Assumed *rm.Node
}

// QuantityItem is one unit with the magnitudes and precisions it allows.
type QuantityItem struct {
	Units     string
	Magnitude *Bounds[float64]
	Precision *Bounds[int64]
}

// COrdinal constrains a DV_ORDINAL or DV_SCALE (AM 1.4 profile, C_DV_ORDINAL).
type COrdinal struct {
	// List has the pairs allowed; empty allows any.
	List    []OrdinalItem
	Assumed *rm.Node
}

// OrdinalItem is one pair of value and symbol.
type OrdinalItem struct {
	Value  float64
	Symbol Code
	// Text of the symbol as the document gives it; often empty.
	Text string
}

// CCodePhrase constrains a CODE_PHRASE (AM 1.4 profile, C_CODE_PHRASE, and the
// template schema's C_CODE_REFERENCE).
type CCodePhrase struct {
	// Terminology is the terminology id without version; "" allows any.
	Terminology string
	// Codes allowed; empty allows any code of the terminology.
	Codes []string
	// ReferenceSet is the URI of the external value set of a C_CODE_REFERENCE.
	ReferenceSet string
	// Reference marks a C_CODE_REFERENCE, even one without a URI.
	Reference bool
	Assumed   *rm.Node

	index map[string]bool
}

// Has reports whether the constraint lists the code; true if it lists none.
func (c *CCodePhrase) Has(code string) bool { return len(c.Codes) == 0 || c.index[code] }

// CState constrains a DV_STATE (AM 1.4 profile, C_DV_STATE).
type CState struct {
	// States are the names of the states of the machine.
	States []string
}

func (*CString) constraint()     {}
func (*CInteger) constraint()    {}
func (*CReal) constraint()       {}
func (*CBoolean) constraint()    {}
func (*CTemporal) constraint()   {}
func (*CDuration) constraint()   {}
func (*CQuantity) constraint()   {}
func (*COrdinal) constraint()    {}
func (*CCodePhrase) constraint() {}
func (*CState) constraint()      {}

func formatReal(f float64) string  { return strconv.FormatFloat(f, 'g', -1, 64) }
func formatInt(i int64) string     { return strconv.FormatInt(i, 10) }
func formatString(s string) string { return s }

// Print writes the interval as ADL does, |a..b|, with < and > for excluded ends.
func (b *Bounds[T]) Print(format func(T) string) string {
	s := "|"
	switch {
	case b.LowerUnbounded:
		s += "*"
	case !b.LowerIncluded:
		s += ">" + format(b.Lower)
	default:
		s += format(b.Lower)
	}
	s += ".."
	switch {
	case b.UpperUnbounded:
		s += "*"
	case !b.UpperIncluded:
		s += "<" + format(b.Upper)
	default:
		s += format(b.Upper)
	}
	return s + "|"
}
