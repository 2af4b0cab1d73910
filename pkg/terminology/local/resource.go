package local

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Kind is the FHIR resource type of a resource.
type Kind string

// The kinds of resources.
const (
	CodeSystem Kind = "CodeSystem"
	ValueSet   Kind = "ValueSet"
	ConceptMap Kind = "ConceptMap"
)

// Resource is one code system, value set or concept map that was read.
type Resource struct {
	Kind         Kind
	URL, Version string
	Name, Title  string
	// Concepts is how many codes, or mappings, it lists.
	Concepts int
	// JSON is the FHIR R4 resource.
	JSON []byte
	// Revision and Loaded are those of a definition, which the store knows.
	Revision int64
	Loaded   time.Time

	system *fhirCodeSystem
	set    *fhirValueSet
	mapped *fhirConceptMap
}

// Limits bound what is read. Zero takes the default.
type Limits struct {
	// Bytes is the greatest size of one file (default 256 MiB).
	Bytes int
	// Concepts is the greatest number of codes or mappings in one resource
	// (default 1,000,000).
	Concepts int
	// Depth is how deeply concepts may nest (default 64).
	Depth int
}

func (l Limits) or() Limits {
	for _, f := range []struct {
		p   *int
		def int
	}{{&l.Bytes, 256 << 20}, {&l.Concepts, 1_000_000}, {&l.Depth, 64}} {
		if *f.p <= 0 {
			*f.p = f.def
		}
	}
	return l
}

// header is what the resources have in common.
type header struct {
	ResourceType string `json:"resourceType"`
	URL          string `json:"url"`
	Version      string `json:"version"`
	Name         string `json:"name"`
	Title        string `json:"title"`
	Status       string `json:"status"`
	// Identifier is one of a concept map, a list of the others.
	Identifier jsontext.Value `json:"identifier"`
}

type fhirCodeSystem struct {
	header
	CaseSensitive    *bool         `json:"caseSensitive"`
	HierarchyMeaning string        `json:"hierarchyMeaning"`
	Content          string        `json:"content"`
	Concept          []fhirConcept `json:"concept"`
}

type fhirConcept struct {
	Code        string            `json:"code"`
	Display     string            `json:"display"`
	Definition  string            `json:"definition"`
	Designation []fhirDesignation `json:"designation"`
	Property    []fhirProperty    `json:"property"`
	Concept     []fhirConcept     `json:"concept"`
}

type fhirDesignation struct {
	Language string     `json:"language"`
	Use      fhirCoding `json:"use"`
	Value    string     `json:"value"`
}

type fhirCoding struct {
	System  string `json:"system"`
	Version string `json:"version"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type fhirProperty struct {
	Code          string         `json:"code"`
	ValueCode     *string        `json:"valueCode"`
	ValueCoding   *fhirCoding    `json:"valueCoding"`
	ValueString   *string        `json:"valueString"`
	ValueInteger  jsontext.Value `json:"valueInteger"`
	ValueBoolean  *bool          `json:"valueBoolean"`
	ValueDateTime *string        `json:"valueDateTime"`
	ValueDecimal  jsontext.Value `json:"valueDecimal"`
}

// text is the value of a property, of whatever type.
func (p *fhirProperty) text() string {
	switch {
	case p.ValueCode != nil:
		return *p.ValueCode
	case p.ValueCoding != nil:
		return p.ValueCoding.Code
	case p.ValueString != nil:
		return *p.ValueString
	case p.ValueInteger != nil:
		return string(p.ValueInteger)
	case p.ValueBoolean != nil:
		return fmt.Sprint(*p.ValueBoolean)
	case p.ValueDateTime != nil:
		return *p.ValueDateTime
	case p.ValueDecimal != nil:
		return string(p.ValueDecimal)
	}
	return ""
}

type fhirValueSet struct {
	header
	Compose *struct {
		Inactive *bool         `json:"inactive"`
		Include  []fhirInclude `json:"include"`
		Exclude  []fhirInclude `json:"exclude"`
	} `json:"compose"`
	Expansion *struct {
		Total    *int           `json:"total"`
		Contains []fhirContains `json:"contains"`
	} `json:"expansion"`
}

type fhirInclude struct {
	System   string   `json:"system"`
	Version  string   `json:"version"`
	ValueSet []string `json:"valueSet"`
	Concept  []struct {
		Code    string `json:"code"`
		Display string `json:"display"`
	} `json:"concept"`
	Filter []struct {
		Property string `json:"property"`
		Op       string `json:"op"`
		Value    string `json:"value"`
	} `json:"filter"`
}

type fhirContains struct {
	System   string         `json:"system"`
	Version  string         `json:"version"`
	Abstract bool           `json:"abstract"`
	Code     string         `json:"code"`
	Display  string         `json:"display"`
	Contains []fhirContains `json:"contains"`
}

type fhirConceptMap struct {
	header
	SourceURI       string `json:"sourceUri"`
	SourceCanonical string `json:"sourceCanonical"`
	TargetURI       string `json:"targetUri"`
	TargetCanonical string `json:"targetCanonical"`
	Group           []struct {
		Source        string `json:"source"`
		SourceVersion string `json:"sourceVersion"`
		Target        string `json:"target"`
		TargetVersion string `json:"targetVersion"`
		Element       []struct {
			Code    string `json:"code"`
			Display string `json:"display"`
			Target  []struct {
				Code        string `json:"code"`
				Display     string `json:"display"`
				Equivalence string `json:"equivalence"`
			} `json:"target"`
		} `json:"element"`
		Unmapped *struct {
			Mode string `json:"mode"`
			Code string `json:"code"`
			Disp string `json:"display"`
			URL  string `json:"url"`
		} `json:"unmapped"`
	} `json:"group"`
}

// invalid is an error of what a file holds; it names the resource.
func invalid(what, format string, args ...any) error {
	return errs.New(errs.Invalid, "local.Parse", what+": "+fmt.Sprintf(format, args...))
}

// Parse reads a FHIR R4 CodeSystem, ValueSet or ConceptMap, or a Bundle of
// them, as JSON. Errors are of kind Invalid, TooLarge or Unsupported and say
// which resource they are about.
func Parse(data []byte, limits Limits) ([]*Resource, error) {
	limits = limits.or()
	if len(data) > limits.Bytes {
		return nil, errs.New(errs.TooLarge, "local.Parse", fmt.Sprintf("the file is longer than %d bytes", limits.Bytes))
	}
	var head struct {
		header
		Entry []struct {
			Resource jsontext.Value `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, invalid("the file", "it is not a FHIR resource in JSON: %v", err)
	}
	if head.ResourceType != "Bundle" {
		r, err := parseOne(data, head.header, limits)
		if err != nil {
			return nil, err
		}
		return []*Resource{r}, nil
	}
	var list []*Resource
	for i, e := range head.Entry {
		var h header
		if err := json.Unmarshal(e.Resource, &h); err != nil {
			return nil, invalid(fmt.Sprintf("Bundle.entry[%d]", i), "it has no resource: %v", err)
		}
		r, err := parseOne(e.Resource, h, limits)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, invalid("the Bundle", "it has no entries")
	}
	return list, nil
}

func parseOne(data []byte, h header, limits Limits) (*Resource, error) {
	what := h.ResourceType + " " + h.URL
	r := &Resource{Kind: Kind(h.ResourceType), URL: h.URL, Version: h.Version, Name: h.Name, Title: h.Title, JSON: data}
	switch {
	case h.ResourceType == "":
		return nil, invalid("the file", "it has no resourceType")
	case h.URL == "" && (r.Kind == CodeSystem || r.Kind == ValueSet || r.Kind == ConceptMap):
		return nil, invalid(h.ResourceType, "it has no url")
	case len(h.URL) > 1000 || len(h.Version) > 200:
		return nil, invalid(h.ResourceType, "its url or version is too long")
	case strings.Contains(h.URL, "|"):
		return nil, invalid(what, "a url must not contain |")
	}
	var err error
	switch r.Kind {
	case CodeSystem:
		r.system = &fhirCodeSystem{}
		if err = json.Unmarshal(data, r.system); err == nil {
			r.Concepts, err = r.system.check(what, limits)
		}
	case ValueSet:
		r.set = &fhirValueSet{}
		if err = json.Unmarshal(data, r.set); err == nil {
			r.Concepts, err = r.set.check(what)
		}
	case ConceptMap:
		r.mapped = &fhirConceptMap{}
		if err = json.Unmarshal(data, r.mapped); err == nil {
			r.Concepts, err = r.mapped.check(what)
		}
	default:
		return nil, errs.New(errs.Unsupported, "local.Parse", "a "+h.ResourceType+" is not a CodeSystem, ValueSet or ConceptMap")
	}
	switch {
	case errs.As(err) != nil:
		return nil, err
	case err != nil:
		return nil, invalid(what, "%v", err)
	case r.Concepts > limits.Concepts:
		return nil, errs.New(errs.TooLarge, "local.Parse", fmt.Sprintf("%s: it has more than %d concepts", what, limits.Concepts))
	}
	return r, nil
}

func (s *fhirCodeSystem) check(what string, limits Limits) (int, error) {
	switch s.Content {
	case "complete", "fragment", "example":
	case "", "not-present":
		return 0, errs.New(errs.Unsupported, "local.Parse", what+": its content is not present, so there is nothing to load")
	default:
		return 0, errs.New(errs.Unsupported, "local.Parse", what+": code systems of content "+s.Content+" are not supported")
	}
	n := 0
	seen := map[string]bool{}
	var walk func(list []fhirConcept, depth int) error
	walk = func(list []fhirConcept, depth int) error {
		if depth > limits.Depth {
			return errs.New(errs.TooLarge, "local.Parse", fmt.Sprintf("%s: its concepts nest deeper than %d", what, limits.Depth))
		}
		for i := range list {
			c := &list[i]
			switch {
			case strings.TrimSpace(c.Code) == "":
				return invalid(what, "a concept has no code")
			case seen[c.Code]:
				return invalid(what, "the code %s occurs twice", c.Code)
			}
			seen[c.Code] = true
			if n++; n > limits.Concepts {
				return errs.New(errs.TooLarge, "local.Parse", fmt.Sprintf("%s: it has more than %d concepts", what, limits.Concepts))
			}
			if err := walk(c.Concept, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return n, walk(s.Concept, 1)
}

func (v *fhirValueSet) check(what string) (int, error) {
	switch {
	case v.Compose == nil && v.Expansion == nil:
		return 0, invalid(what, "it has neither compose nor expansion")
	case v.Compose == nil:
		n := 0
		lacking := false
		var count func([]fhirContains)
		count = func(list []fhirContains) {
			for i := range list {
				n++
				lacking = lacking || list[i].Code != "" && list[i].System == ""
				count(list[i].Contains)
			}
		}
		count(v.Expansion.Contains)
		if lacking {
			return 0, invalid(what, "a code of its expansion has no system")
		}
		if t := v.Expansion.Total; t != nil && *t > n {
			return 0, invalid(what, "its expansion is a page: %d of %d codes", n, *t)
		}
		return n, nil
	case len(v.Compose.Include) == 0:
		return 0, invalid(what, "its compose includes nothing")
	}
	n := 0
	for _, list := range [][]fhirInclude{v.Compose.Include, v.Compose.Exclude} {
		for i := range list {
			inc := &list[i]
			n += len(inc.Concept)
			switch {
			case inc.System == "" && len(inc.ValueSet) == 0:
				return 0, invalid(what, "an include or exclude has neither system nor valueSet")
			case inc.System == "" && (len(inc.Concept) > 0 || len(inc.Filter) > 0):
				return 0, invalid(what, "an include or exclude lists codes or filters without a system")
			case len(inc.Concept) > 0 && len(inc.Filter) > 0:
				return 0, invalid(what, "an include or exclude has both codes and filters")
			}
			for _, c := range inc.Concept {
				if c.Code == "" {
					return 0, invalid(what, "a concept has no code")
				}
			}
			for _, f := range inc.Filter {
				if _, err := newFilter(f.Property, f.Op, f.Value); err != nil {
					return 0, errs.New(errs.KindOf(err), "local.Parse", what+": "+errs.As(err).Msg)
				}
			}
		}
	}
	return n, nil
}

func (m *fhirConceptMap) check(what string) (int, error) {
	n := 0
	for _, g := range m.Group {
		if g.Source == "" || g.Target == "" {
			return 0, invalid(what, "a group lacks its source or target system")
		}
		if u := g.Unmapped; u != nil && u.Mode == "other-map" {
			return 0, errs.New(errs.Unsupported, "local.Parse", what+": unmapped with the mode other-map is not supported")
		}
		for _, e := range g.Element {
			if e.Code == "" {
				return 0, invalid(what, "an element has no code")
			}
			for _, t := range e.Target {
				n++
				switch t.Equivalence {
				case "relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact", "unmatched", "disjoint":
				default:
					return 0, invalid(what, "the equivalence %q does not exist in FHIR R4", t.Equivalence)
				}
			}
		}
	}
	if n == 0 {
		return 0, invalid(what, "it maps nothing")
	}
	return n, nil
}
