package analyze

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Kinds is the set of ways in which the values of a path may compare.
type Kinds uint16

// The kinds. Those of objects compare by the rules of the Reference Model,
// those of primitive values as numbers, text or Booleans.
const (
	KindNumber Kinds = 1 << iota
	KindText
	KindBoolean
	KindDateTime // DV_DATE and DV_DATE_TIME, or their value
	KindTime
	KindDuration
	KindAmount     // DV_QUANTITY, DV_COUNT, DV_PROPORTION, DV_ORDINAL, DV_SCALE
	KindTextObject // an object with a string as its value: DV_TEXT, DV_URI, identifiers
	KindBoolObject // DV_BOOLEAN
	KindCode       // CODE_PHRASE
	KindOther      // anything else, which does not compare
)

// Comparable kinds are all but KindOther.
const kindsTemporal = KindDateTime | KindTime | KindDuration

// kindsOrdered can be sorted and have a least and a greatest.
const kindsOrdered = KindNumber | KindText | KindBoolean | kindsTemporal | KindAmount | KindTextObject | KindBoolObject | KindCode

// Mode is how a comparison is done.
type Mode uint8

// The modes.
const (
	ModeDynamic Mode = iota // by the types found in the data
	ModeNumber
	ModeText
	ModeBoolean
	ModeDateTime
	ModeTime
	ModeDuration
	ModeNull // against the literal NULL
)

var modeNames = [...]string{"dynamic", "number", "text", "boolean", "datetime", "time", "duration", "null"}

// String is the mode's name in plans.
func (m Mode) String() string { return modeNames[m] }

// modeOf is the mode for values that have only one kind.
func modeOf(k Kinds) Mode {
	switch k {
	case KindNumber:
		return ModeNumber
	case KindText:
		return ModeText
	case KindBoolean:
		return ModeBoolean
	case KindDateTime:
		return ModeDateTime
	case KindTime:
		return ModeTime
	case KindDuration:
		return ModeDuration
	}
	return ModeDynamic
}

var amounts = []string{"DV_QUANTITY", "DV_COUNT", "DV_PROPORTION", "DV_ORDINAL", "DV_SCALE"}

// kindOf tells how instances of a class compare.
func kindOf(c *rm.Class) Kinds {
	switch c.Primitive {
	case rm.StringPrimitive:
		return KindText
	case rm.IntegerPrimitive, rm.RealPrimitive:
		return KindNumber
	case rm.BooleanPrimitive:
		return KindBoolean
	}
	switch {
	case c == rm.ClassDVDate || c == rm.ClassDVDateTime:
		return KindDateTime
	case c == rm.ClassDVTime:
		return KindTime
	case c == rm.ClassDVDuration:
		return KindDuration
	case c == rm.ClassCodePhrase:
		return KindCode
	case slices.Contains(amounts, c.Name):
		return KindAmount
	}
	if a := c.Attribute("value"); a != nil && a.Type != nil && !a.Container {
		switch a.Type.Primitive {
		case rm.StringPrimitive:
			return KindTextObject
		case rm.BooleanPrimitive:
			return KindBoolObject
		}
	}
	return KindOther
}

// classify fills in how the values of a path compare.
func (p *Path) classify(owners Types) {
	if n := len(p.Steps); n > 0 && p.Steps[n-1].Attribute == "value" && p.Steps[n-1].Pred == nil {
		var k Kinds
		temporal := false
		for _, o := range owners {
			if o.Attribute("value") == nil {
				continue
			}
			switch t := kindOf(o); t {
			case KindDateTime, KindTime, KindDuration:
				temporal = true
				k |= t
			default:
				for _, c := range typesOf(o.Attribute("value").Type) {
					k |= kindOf(c)
				}
			}
		}
		if temporal {
			p.Kinds, p.ByOwner = k, true
			return
		}
	}
	for _, c := range p.Types {
		p.Kinds |= kindOf(c)
	}
}

// Mode is how the values of the path compare with each other.
func (p *Path) Mode() Mode { return modeOf(p.Kinds) }

// ModeOf is how the values of an expression compare with each other.
func ModeOf(e Expr) Mode { return modeOf(KindsOf(e)) }

// KindsOf is how the values of an expression may compare; 0 for a parameter,
// whose value is known only when the query is run, and for NULL.
func KindsOf(e Expr) Kinds {
	switch e := e.(type) {
	case *Path:
		return e.Kinds
	case *Call:
		return e.Result
	case *Terminology:
		switch e.Operation {
		case OperationValidate, OperationSubsumes:
			return KindBoolean
		}
		return KindText
	case *Aggregate:
		switch e.Function {
		case "COUNT", "SUM", "AVG":
			return KindNumber
		}
		return KindsOf(e.Arg())
	case *Literal:
		switch e.Value.(type) {
		case string:
			return KindText
		case Number:
			return KindNumber
		case bool:
			return KindBoolean
		}
	}
	return 0
}

var kindNames = []struct {
	kinds Kinds
	name  string
}{
	{KindNumber | KindAmount, "number"},
	{KindText | KindTextObject | KindCode, "text"},
	{KindBoolean | KindBoolObject, "Boolean"},
	{KindDateTime, "date or date-time"},
	{KindTime, "time"},
	{KindDuration, "duration"},
}

// String names the kinds in words.
func (k Kinds) String() string {
	var names []string
	for _, n := range kindNames {
		if k&n.kinds != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "object"
	}
	return strings.Join(names, ", ")
}
