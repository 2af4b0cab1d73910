package cnftest

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/templates/opttest"
)

type (
	obj  = opttest.Obj
	attr = opttest.Attr
)

// template writes the template of a row as OPT 1.4 XML: the class, and the one
// constraint.
func template(class string, c values) ([]byte, error) {
	tree := func(nodeID string) []obj { return []obj{{RM: "ITEM_TREE", ID: nodeID, Occ: "1..1"}} }
	switch class {
	case "COMPOSITION":
		attrs := []attr{{Name: "content", Existence: "0..1", Cardinality: c["content.cardinality"], Children: []obj{
			{RM: "EVALUATION", Archetype: evaluationArchetype, ID: "at0000", Occ: "0..*"},
		}}}
		if c.has("context.existence") {
			attrs = append(attrs, attr{Name: "context", Existence: c["context.existence"], Children: []obj{{RM: "EVENT_CONTEXT", Occ: "1..1"}}})
		}
		return opttest.Template(templateID, opttest.Root(class, compositionArchetype, attrs...)), nil
	case "OBSERVATION":
		return observationTemplate(
			attr{Name: "state", Existence: c["state.existence"], Children: []obj{{RM: "HISTORY", ID: "at0005", Occ: "1..1"}}},
			attr{Name: "protocol", Existence: c["protocol.existence"], Children: tree("at0004")}), nil
	case "HISTORY":
		return historyTemplate(
			attr{Name: "events", Existence: "0..1", Cardinality: c["events.cardinality"], Children: []obj{{RM: "EVENT", ID: "at0002", Occ: "0..*"}}},
			attr{Name: "summary", Existence: c["summary.existence"], Children: tree("at0004")}), nil
	case "EVENT":
		event := obj{RM: c["class"], ID: "at0002", Occ: "0..*"}
		if event.RM == "" {
			event.RM = "EVENT"
			event.Attrs = []attr{{Name: "state", Existence: c["state.existence"], Children: tree("at0004")}}
		}
		return historyTemplate(attr{Name: "events", Existence: "0..1", Cardinality: "0..*", Children: []obj{event}}), nil
	case "ITEM_STRUCTURE":
		return contentTemplate(obj{RM: "EVALUATION", Archetype: evaluationArchetype, ID: "at0000", Occ: "0..*", Attrs: []attr{
			{Name: "data", Existence: "1..1", Children: []obj{{RM: c["class"], ID: "at0001", Occ: "1..1"}}},
		}}), nil
	}
	value, err := valueConstraint(class, c)
	if err != nil {
		return nil, err
	}
	element := obj{RM: "ELEMENT", ID: "at0002", Occ: "0..*", Attrs: []attr{{Name: "value", Existence: "0..1", Children: []obj{value}}}}
	return opttest.Evaluation(templateID, element), nil
}

func contentTemplate(entry obj) []byte {
	return opttest.Template(templateID, opttest.Root("COMPOSITION", compositionArchetype,
		attr{Name: "content", Existence: "0..1", Cardinality: "0..*", Children: []obj{entry}}))
}

func observationTemplate(attrs ...attr) []byte {
	return contentTemplate(obj{RM: "OBSERVATION", Archetype: observationArchetype, ID: "at0000", Occ: "0..*", Attrs: attrs})
}

func historyTemplate(attrs ...attr) []byte {
	return observationTemplate(attr{
		Name: "data", Existence: "1..1",
		Children: []obj{{RM: "HISTORY", ID: "at0001", Occ: "1..1", Attrs: attrs}},
	})
}

// valueConstraint is the constraint on a data value.
func valueConstraint(class string, c values) (obj, error) {
	o := obj{RM: class, Occ: "1..1"}
	if param, ok := strings.CutPrefix(class, "DV_INTERVAL<"); ok {
		param = strings.TrimSuffix(param, ">")
		for _, end := range []string{"lower", "upper"} {
			limit := c.of(end)
			if len(limit) == 0 {
				continue
			}
			child, err := valueConstraint(param, limit)
			if err != nil {
				return obj{}, err
			}
			o.Attrs = append(o.Attrs, attr{Name: end, Existence: "0..1", Children: []obj{child}})
		}
		return o, nil
	}
	if len(c) == 0 {
		return o, nil
	}
	switch class {
	case "DV_ORDINAL", "DV_SCALE":
		return opttest.Ordinal(class, strings.Split(c["list"], ",")...), nil
	case "DV_QUANTITY":
		return quantity(c), nil
	case "DV_CODED_TEXT":
		return codedText(c), nil
	}
	for _, name := range attributes[class] {
		own := c
		if len(attributes[class]) > 1 {
			own = c.of(name.attribute)
		}
		if len(own) == 0 {
			continue
		}
		leaf, err := primitive(name.typ, own)
		if err != nil {
			return obj{}, err
		}
		o.Attrs = append(o.Attrs, attr{Name: name.attribute, Existence: "1..1", Children: []obj{leaf}})
	}
	if len(o.Attrs) == 0 {
		return obj{}, fmt.Errorf("no constraint on %s", class)
	}
	return o, nil
}

// attributes are those of a class that rows constrain, with the primitive type
// of their constraint.
var attributes = map[string][]struct{ attribute, typ string }{
	"DV_BOOLEAN":    {{"value", "BOOLEAN"}},
	"DV_IDENTIFIER": {{"issuer", "STRING"}, {"assigner", "STRING"}, {"id", "STRING"}, {"type", "STRING"}},
	"DV_TEXT":       {{"value", "STRING"}},
	"DV_URI":        {{"value", "STRING"}},
	"DV_EHR_URI":    {{"value", "STRING"}},
	"DV_PARSABLE":   {{"value", "STRING"}, {"formalism", "STRING"}},
	"DV_COUNT":      {{"magnitude", "INTEGER"}},
	"DV_PROPORTION": {{"type", "INTEGER"}, {"numerator", "REAL"}, {"denominator", "REAL"}},
	"DV_MULTIMEDIA": {{"media_type", "CODE_PHRASE"}, {"size", "INTEGER"}},
	"DV_DURATION":   {{"value", "DURATION"}},
	"DV_DATE":       {{"value", "DATE"}},
	"DV_TIME":       {{"value", "TIME"}},
	"DV_DATE_TIME":  {{"value", "DATE_TIME"}},
}

// primitive is the constraint on a primitive value.
func primitive(typ string, c values) (obj, error) {
	if typ == "CODE_PHRASE" {
		return opttest.Codes("IANA_media-types", strings.Split(c["codes"], ",")...), nil
	}
	var x strings.Builder
	// The order of the elements is that of the schema.
	if c.has("validity") {
		pattern, zone, err := temporalPattern(typ, c["validity"])
		if err != nil {
			return obj{}, err
		}
		x.WriteString("<pattern>" + pattern + "</pattern>" + zone)
	}
	if c.has("allowed") {
		x.WriteString("<pattern>" + durationPattern(c["allowed"]) + "</pattern>")
	}
	if c.has("pattern") {
		x.WriteString("<pattern>" + opttest.Escape(c["pattern"]) + "</pattern>")
	}
	if c.has("list") {
		for _, item := range strings.Split(c["list"], ",") {
			x.WriteString("<list>" + opttest.Escape(item) + "</list>")
		}
	}
	for _, name := range []string{"true_valid", "false_valid"} {
		if c.has(name) {
			x.WriteString("<" + name + ">" + c[name] + "</" + name + ">")
		}
	}
	if c.has("range") {
		r := c["range"]
		if limit, ok := strings.CutPrefix(r, ">="); ok {
			r = limit + "..*"
		} else if limit, ok := strings.CutPrefix(r, "<="); ok {
			r = "*.." + limit
		}
		x.WriteString(opttest.Interval("range", r))
	}
	if x.Len() == 0 {
		return obj{}, fmt.Errorf("no constraint on %s", typ)
	}
	return opttest.Primitive(typ, x.String()), nil
}

// temporalPattern writes validities as the pattern of OPT 1.4 and the validity
// of the time zone. The pattern has no place for fractions of seconds.
func temporalPattern(typ, validity string) (pattern, zone string, err error) {
	full := map[string]string{"DATE": "yyyy-mm-dd", "TIME": "HH:MM:SS", "DATE_TIME": "yyyy-mm-ddTHH:MM:SS"}[typ]
	counts := map[string]int{"DATE": 2, "TIME": 4, "DATE_TIME": 7}
	if len(validity) != counts[typ] {
		return "", "", fmt.Errorf("%q are not the validities of %s", validity, typ)
	}
	parts := strings.FieldsFunc(full, func(r rune) bool { return strings.ContainsRune("-:T", r) })
	for i, part := range parts[1:] {
		letter := map[byte]string{'M': part, 'O': "??", 'P': "XX"}[validity[i]]
		at := strings.LastIndex(full, part)
		if i == 0 && typ == "DATE_TIME" {
			at = strings.Index(full, part)
		}
		full = full[:at] + letter + full[at+2:]
	}
	if typ != "DATE" {
		code := map[byte]string{'M': "1001", 'O': "1002", 'P': "1003"}[validity[len(validity)-1]]
		zone = "<timezone_validity>" + code + "</timezone_validity>"
	}
	return full, zone, nil
}

// durationPattern writes the allowed fields as the pattern of OPT 1.4, which
// has no place for fractions of seconds.
func durationPattern(allowed string) string {
	date, clock := strings.ReplaceAll(allowed[:4], "-", ""), strings.ReplaceAll(allowed[4:7], "-", "")
	return "P" + date + "T" + clock
}

// quantity lists units, each with the range of its magnitude before or after
// it.
func quantity(c values) obj {
	property := c["property"]
	var units []string
	if c.has("list") {
		for _, item := range strings.Split(c["list"], ",") {
			a, b, two := strings.Cut(item, " ")
			switch {
			case two && strings.Contains(a, ".."):
				units = append(units, b+"|"+a)
			case two:
				units = append(units, a+"|"+b)
			default:
				units = append(units, a)
			}
		}
	}
	if property == "" {
		property = "127" // temperature, the property of all rows that name none
	}
	return opttest.Quantity(property, units...)
}

// codedText constrains the code by a list, or by a value set outside the
// template.
func codedText(c values) obj {
	code := obj{
		XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1",
		XML: "<referenceSetUri>terminology:" + c["binding"] + "?subset=" + c["reference"] + "</referenceSetUri>",
	}
	if !c.has("reference") {
		code = opttest.Codes(c["terminology"], strings.Split(c["codes"], ",")...)
	}
	return obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []attr{{Name: "defining_code", Existence: "1..1", Children: []obj{code}}}}
}
