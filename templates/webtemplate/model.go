package webtemplate

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Version is the version of the format.
const Version = "2.3"

// Template is the web template of a compiled template. It is immutable.
type Template struct {
	ID string `json:"templateId"`
	// SemVer is the version that the template gives itself; "" if it gives none.
	SemVer          string   `json:"semVer,omitempty"`
	Version         string   `json:"version"`
	DefaultLanguage string   `json:"defaultLanguage"`
	Languages       []string `json:"languages"`
	// OtherDetails has is_singleton if the template says so.
	OtherDetails map[string]string `json:"otherDetails,omitempty"`
	Tree         *Node             `json:"tree"`
}

// JSON is the web template as clients get it.
func (t *Template) JSON() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(t); err != nil {
		panic("webtemplate: " + err.Error()) // only own types, which encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Node is one place of a web template: an object with children, or a value
// with inputs.
type Node struct {
	// ID names the node among its siblings; paths of the simplified formats are
	// made of ids.
	ID            string `json:"id"`
	Name          string `json:"name,omitempty"`
	LocalizedName string `json:"localizedName,omitempty"`
	RMType        string `json:"rmType"`
	NodeID        string `json:"-"`
	// WrittenNodeID is NodeID as clients get it: nil for an attribute of the RM
	// that the template does not mention, empty for what it has without an id.
	WrittenNodeID *string `json:"nodeId,omitempty"`
	// Min and Max are the occurrences; Max is -1 when there is no upper bound.
	Min int `json:"min"`
	Max int `json:"max"`
	// DependsOn are the ids of siblings that the node means something with.
	DependsOn             []string          `json:"dependsOn,omitempty"`
	LocalizedNames        map[string]string `json:"localizedNames,omitempty"`
	LocalizedDescriptions map[string]string `json:"localizedDescriptions,omitempty"`
	Annotations           map[string]string `json:"annotations,omitempty"`
	AQLPath               string            `json:"aqlPath"`
	ProportionTypes       []string          `json:"proportionTypes,omitempty"`
	Inputs                []Input           `json:"inputs,omitempty"`
	// InContext marks what the context of the simplified formats can fill in.
	InContext     bool               `json:"inContext,omitempty"`
	Cardinalities []Cardinality      `json:"cardinalities,omitempty"`
	TermBindings  map[string]Binding `json:"termBindings,omitempty"`
	Children      []*Node            `json:"children,omitempty"`

	// Class is the RM class of the node's value; Param the parameter of a
	// DV_INTERVAL, nil for any other class.
	Class, Param *rm.Class `json:"-"`
	// Steps lead from the parent node's object to the node's, through the
	// levels that the web template leaves out.
	Steps []Step `json:"-"`
	// Object is the constraint on the node's value; nil for an attribute of the
	// RM that the template does not mention.
	Object *templates.Object `json:"-"`
	// Transitions are the alternatives of an ISM_TRANSITION; nil otherwise.
	Transitions []*templates.Object `json:"-"`
	// Open marks a coded text whose value may also be plain text.
	Open bool `json:"-"`
}

// Step goes from an object to a value of one of its attributes.
type Step struct {
	Attribute *rm.Attribute
	// Object is the constraint on the value; nil if the template has none.
	Object *templates.Object
	// Name is the name that distinguishes the value from others with the same
	// constraint; "" if the template does not fix one.
	Name string
}

// Cardinality bounds the number of instances of several siblings together.
type Cardinality struct {
	Min int      `json:"min"`
	Max int      `json:"max"`
	IDs []string `json:"ids"`
}

// Binding is a code of another terminology for a node or a list item.
type Binding struct {
	Value         string `json:"value"`
	TerminologyID string `json:"terminologyId"`
}

// Input is one field of a form.
type Input struct {
	// Suffix is the part of the value; "" for a value of one part.
	Suffix       string      `json:"suffix,omitempty"`
	Type         string      `json:"type"`
	List         []Item      `json:"list,omitempty"`
	Validation   *Validation `json:"validation,omitempty"`
	ListOpen     *bool       `json:"listOpen,omitempty"`
	DefaultValue any         `json:"defaultValue,omitempty"`
	Terminology  string      `json:"terminology,omitempty"`
}

// Item is one choice of an input.
type Item struct {
	Value                 string             `json:"value"`
	Label                 string             `json:"label,omitempty"`
	LocalizedLabels       map[string]string  `json:"localizedLabels,omitempty"`
	LocalizedDescriptions map[string]string  `json:"localizedDescriptions,omitempty"`
	TermBindings          map[string]Binding `json:"termBindings,omitempty"`
	Validation            *Validation        `json:"validation,omitempty"`
	Ordinal               *int64             `json:"ordinal,omitempty"`
	Scale                 Number             `json:"scale,omitempty"`
	// CurrentStates are the states that a careflow step leads to.
	CurrentStates []string `json:"currentStates,omitempty"`
}

// Validation is what an input has to meet.
type Validation struct {
	Pattern   string `json:"pattern,omitempty"`
	Range     *Range `json:"range,omitempty"`
	Precision *Range `json:"precision,omitempty"`
}

// Range bounds a number; an operator is "" on the side without a bound.
type Range struct {
	MinOp string `json:"minOp,omitempty"`
	Min   Number `json:"min,omitempty"`
	MaxOp string `json:"maxOp,omitempty"`
	Max   Number `json:"max,omitempty"`
}

// Number is a number as JSON writes it; "" is left out.
type Number string

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func integer(i int64) Number { return Number(strconv.FormatInt(i, 10)) }

func decimal(f float64) Number { return Number(strconv.FormatFloat(f, 'f', -1, 64)) }
