package fhir

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// subset is the part of resources that a client asked for by _summary or
// _elements (FHIR R4 search §3.1.1.5.8 and §3.1.1.5.9).
type subset struct {
	// count asks for the number of matches alone.
	count bool
	// summary is true, text or data; "" is the whole resource.
	summary  string
	elements []string
}

func (s *subset) param(typ string, p pair) error {
	switch p.name {
	case "_summary":
		switch p.value {
		case "true", "text", "data":
			s.summary = p.value
		case "count":
			s.count = true
		case "false":
		default:
			return badParam(p.name, strconv.Quote(p.value)+" is not true, text, data, count or false")
		}
	case "_elements":
		t := r4.Lookup(typ)
		for _, name := range strings.Split(p.value, ",") {
			name = strings.TrimPrefix(name, typ+".")
			if name == "" {
				return badParam(p.name, "has an empty value")
			}
			if t != nil && t.Element(name) == nil {
				return badParam(p.name, strconv.Quote(name)+" is not an element at the top of "+typ)
			}
			s.elements = append(s.elements, name)
		}
	default:
		return unsupportedParam(p.name)
	}
	return nil
}

// subsettedSystem is the code system of the tag SUBSETTED.
const subsettedSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"

func (s *subset) whole() bool { return s.summary == "" && len(s.elements) == 0 }

// keeps reports whether an element belongs to the subset. What is mandatory or
// changes the meaning of the rest is always there.
func (s *subset) keeps(e *r4.Element) bool {
	if e.Min > 0 || e.Modifier {
		return true
	}
	switch s.summary {
	case "true":
		if e.Summary {
			return true
		}
	case "data":
		return e.Name != "text"
	case "text":
		if e.Name == "text" {
			return true
		}
	}
	return slices.Contains(s.elements, e.Name)
}

// cut is a resource without what does not belong to the subset, marked as
// incomplete so that nobody stores it as the whole.
func (s *subset) cut(body []byte) ([]byte, error) {
	if s.whole() {
		return body, nil
	}
	n, err := r4.Parse(body)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "fhir.subset", "a stored resource is not valid", err)
	}
	t := r4.Lookup(n.Str("resourceType"))
	if t == nil {
		return nil, errs.New(errs.Internal, "fhir.subset", "a stored resource has an unknown type")
	}
	kept := n.Fields[:0:0]
	for _, f := range n.Fields {
		switch f.Name {
		case "resourceType", "id", "meta":
			kept = append(kept, f)
			continue
		}
		if m, ok := t.Member(strings.TrimPrefix(f.Name, "_")); ok && s.keeps(m.Element) {
			kept = append(kept, f)
		}
	}
	n.Fields = kept
	tag := r4.NewObject(str("system", subsettedSystem), str("code", "SUBSETTED"))
	meta := n.Get("meta")
	if meta == nil {
		meta = r4.NewObject()
		n.Set(t, "meta", meta)
	}
	tags := meta.List("tag")
	if !slices.ContainsFunc(tags, func(n *r4.Node) bool { return n.Str("code") == "SUBSETTED" && n.Str("system") == subsettedSystem }) {
		tags = append(slices.Clone(tags), tag)
	}
	meta.Set(r4.Lookup("Meta"), "tag", &r4.Node{Kind: r4.Array, Items: tags})
	return n.Append(nil), nil
}
