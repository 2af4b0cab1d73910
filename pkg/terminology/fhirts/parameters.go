package fhirts

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// parameters is the FHIR resource Parameters, and the parts of Bundle,
// ValueSet and OperationOutcome that are read or written.
type parameters struct {
	ResourceType string      `json:"resourceType"`
	Parameter    []parameter `json:"parameter"`
}

type parameter struct {
	Name         string         `json:"name"`
	ValueBoolean *bool          `json:"valueBoolean,omitempty"`
	ValueString  *string        `json:"valueString,omitempty"`
	ValueCode    *string        `json:"valueCode,omitempty"`
	ValueURI     *string        `json:"valueUri,omitempty"`
	ValueCoding  *coding        `json:"valueCoding,omitempty"`
	ValueInteger jsontext.Value `json:"valueInteger,omitempty"`
	ValueDecimal jsontext.Value `json:"valueDecimal,omitempty"`
	ValueDate    *string        `json:"valueDateTime,omitempty"`
	Resource     jsontext.Value `json:"resource,omitempty"`
	Part         []parameter    `json:"part,omitempty"`
}

type coding struct {
	System  string `json:"system,omitempty"`
	Version string `json:"version,omitempty"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

func text(name, value string) parameter { return parameter{Name: name, ValueString: &value} }
func uri(name, value string) parameter  { return parameter{Name: name, ValueURI: &value} }
func code(name, value string) parameter { return parameter{Name: name, ValueCode: &value} }

// find gives the parameter of a name; nil if there is none. Their order means
// nothing.
func find(list []parameter, name string) *parameter {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// value is a parameter's value as text.
func (p *parameter) value() string {
	switch {
	case p == nil:
	case p.ValueString != nil:
		return *p.ValueString
	case p.ValueCode != nil:
		return *p.ValueCode
	case p.ValueURI != nil:
		return *p.ValueURI
	case p.ValueCoding != nil:
		return p.ValueCoding.Code
	case p.ValueBoolean != nil:
		if *p.ValueBoolean {
			return "true"
		}
		return "false"
	case p.ValueInteger != nil:
		return string(p.ValueInteger)
	case p.ValueDecimal != nil:
		return string(p.ValueDecimal)
	case p.ValueDate != nil:
		return *p.ValueDate
	}
	return ""
}

type bundle struct {
	ResourceType string        `json:"resourceType"`
	Type         string        `json:"type"`
	Entry        []bundleEntry `json:"entry"`
}

type bundleEntry struct {
	Resource jsontext.Value  `json:"resource,omitempty"`
	Request  *bundleRequest  `json:"request,omitempty"`
	Response *bundleResponse `json:"response,omitempty"`
}

type bundleRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

type bundleResponse struct {
	Status  string         `json:"status"`
	Outcome jsontext.Value `json:"outcome,omitempty"`
}

type valueSet struct {
	ResourceType string `json:"resourceType"`
	Expansion    *struct {
		Total    *int       `json:"total"`
		Contains []contains `json:"contains"`
	} `json:"expansion"`
}

type contains struct {
	System   string     `json:"system"`
	Version  string     `json:"version"`
	Abstract bool       `json:"abstract"`
	Code     string     `json:"code"`
	Display  string     `json:"display"`
	Contains []contains `json:"contains"`
}

// decode reads a resource of the type; false if it is something else.
func decode(data []byte, resourceType string, into any) bool {
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	return json.Unmarshal(data, &head) == nil && head.ResourceType == resourceType && json.Unmarshal(data, into) == nil
}
