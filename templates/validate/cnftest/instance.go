package cnftest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// object is a JSON object; a member that is nil is left out.
type object map[string]any

func (o object) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(o))
	for k, v := range o {
		if v != nil {
			m[k] = v
		}
	}
	return json.Marshal(m)
}

func text(s string) object { return object{"_type": "DV_TEXT", "value": s} }

func id(class, value string) object { return object{"_type": class, "value": value} }

func phrase(terminology, code string) object {
	return object{"_type": "CODE_PHRASE", "terminology_id": id("TERMINOLOGY_ID", terminology), "code_string": code}
}

func coded(value, terminology, code string) object {
	return object{"_type": "DV_CODED_TEXT", "value": value, "defining_code": phrase(terminology, code)}
}

// locatable builds a LOCATABLE; an archetype id as node id makes it a root.
func locatable(class, nodeID string, members object) object {
	o := object{"_type": class, "archetype_node_id": nodeID, "name": text(strings.ToLower(class))}
	if strings.HasPrefix(nodeID, "openEHR-") {
		details := object{"_type": "ARCHETYPED", "archetype_id": id("ARCHETYPE_ID", nodeID), "rm_version": "1.1.0"}
		if class == "COMPOSITION" {
			details["template_id"] = id("TEMPLATE_ID", templateID)
		}
		o["archetype_details"] = details
	}
	for k, v := range members {
		o[k] = v
	}
	return o
}

const (
	templateID            = "Conformance"
	compositionArchetype  = "openEHR-EHR-COMPOSITION.test.v1"
	evaluationArchetype   = "openEHR-EHR-EVALUATION.test.v1"
	observationArchetype  = "openEHR-EHR-OBSERVATION.test.v1"
	instant               = "2021-10-24T10:30:47Z"
	dataPath, contextPath = "/content[0]/data", "/context"
	valuePath             = dataPath + "/items[0]/value"
)

func composition(context any, content ...any) object {
	o := locatable("COMPOSITION", compositionArchetype, object{
		"language": phrase("ISO_639-1", "en"), "territory": phrase("ISO_3166-1", "GB"),
		"category": coded("event", "openehr", "433"), "composer": object{"_type": "PARTY_SELF"}, "context": context,
	})
	if len(content) > 0 {
		o["content"] = content
	}
	return o
}

func entry(class, archetype string, members object) object {
	o := locatable(class, archetype, object{
		"language": phrase("ISO_639-1", "en"),
		"encoding": phrase("IANA_character-sets", "UTF-8"), "subject": object{"_type": "PARTY_SELF"},
	})
	for k, v := range members {
		o[k] = v
	}
	return o
}

func tree(nodeID string) object {
	return structure("ITEM_TREE", nodeID)
}

// structure builds an ITEM_STRUCTURE with one ELEMENT.
func structure(class, nodeID string) object {
	element := locatable("ELEMENT", "at0002", object{"value": text("x")})
	switch class {
	case "ITEM_SINGLE":
		return locatable(class, nodeID, object{"item": element})
	case "ITEM_TABLE":
		row := locatable("CLUSTER", "at0003", object{"items": []any{element}})
		return locatable(class, nodeID, object{"rows": []any{row}})
	}
	return locatable(class, nodeID, object{"items": []any{element}})
}

func event(class string, data, state any) object {
	o := locatable(class, "at0002", object{"time": object{"_type": "DV_DATE_TIME", "value": instant}, "data": data, "state": state})
	if class == "INTERVAL_EVENT" {
		o["width"] = object{"_type": "DV_DURATION", "value": "PT0S"}
		o["math_function"] = coded("mean", "openehr", "146")
	}
	return o
}

func history(nodeID string, summary any, events ...any) object {
	o := locatable("HISTORY", nodeID, object{"origin": object{"_type": "DV_DATE_TIME", "value": instant}, "summary": summary})
	if len(events) > 0 {
		o["events"] = events
	}
	return o
}

// when gives the node where the row says present, and otherwise nothing.
func when(word string, o object) any {
	if word == "present" {
		return o
	}
	return nil
}

// instance writes the instance of a row as canonical JSON.
func instance(class string, v, constraint values) ([]byte, error) {
	var root object
	switch class {
	case "COMPOSITION":
		var context any
		if kind := v["context"]; kind != "none" {
			c := object{
				"_type": "EVENT_CONTEXT", "start_time": object{"_type": "DV_DATE_TIME", "value": instant},
				"setting": coded("home", "openehr", "225"),
			}
			if kind == "other" {
				c["other_context"] = tree("at0001")
			}
			context = c
		}
		n, err := strconv.Atoi(v["entries"])
		if err != nil {
			return nil, err
		}
		var content []any
		for range n {
			content = append(content, entry("EVALUATION", evaluationArchetype, object{"data": tree("at0001")}))
		}
		root = composition(context, content...)
	case "OBSERVATION":
		past := history("at0001", nil, event("POINT_EVENT", tree("at0003"), nil))
		state := history("at0005", nil, event("POINT_EVENT", tree("at0003"), nil))
		root = composition(nil, entry(class, observationArchetype, object{
			"data":  when(v["data"], past),
			"state": when(v["state"], state), "protocol": when(v["protocol"], tree("at0004")),
		}))
	case "HISTORY":
		n, err := strconv.Atoi(v["events"])
		if err != nil {
			return nil, err
		}
		var events []any
		for range n {
			events = append(events, event("POINT_EVENT", tree("at0003"), nil))
		}
		root = observation(history("at0001", when(v["summary"], tree("at0004")), events...))
	case "EVENT":
		kind := v["class"]
		if kind == "" {
			kind, v = "POINT_EVENT", values{"data": v["data"], "state": v["state"]}
		} else {
			v = values{"data": "present"}
		}
		root = observation(history("at0001", nil, event(kind, when(v["data"], tree("at0003")), when(v["state"], tree("at0004")))))
	case "ITEM_STRUCTURE":
		root = composition(nil, entry("EVALUATION", evaluationArchetype, object{"data": structure(v["class"], "at0001")}))
	default:
		value, err := dataValue(class, v, constraint)
		if err != nil {
			return nil, err
		}
		element := locatable("ELEMENT", "at0002", object{"value": value})
		items := locatable("ITEM_TREE", "at0001", object{"items": []any{element}})
		root = composition(nil, entry("EVALUATION", evaluationArchetype, object{"data": items}))
	}
	return json.Marshal(root)
}

func observation(data object) object {
	return composition(nil, entry("OBSERVATION", observationArchetype, object{"data": data}))
}

// number is a JSON number, or nothing.
func number(v values, key string) any {
	if !v.has(key) {
		return nil
	}
	return json.RawMessage(v[key])
}

// str is a JSON string, or nothing.
func str(v values, key string) any {
	if !v.has(key) {
		return nil
	}
	return v[key]
}

// dataValue builds the instance of a data value.
func dataValue(class string, v, constraint values) (any, error) {
	if param, ok := strings.CutPrefix(class, "DV_INTERVAL<"); ok {
		return interval(strings.TrimSuffix(param, ">"), v)
	}
	o := object{"_type": class}
	switch class {
	case "DV_BOOLEAN":
		o["value"] = number(v, "value")
	case "DV_TEXT", "DV_URI", "DV_EHR_URI", "DV_DURATION", "DV_DATE", "DV_TIME", "DV_DATE_TIME":
		o["value"] = str(v, "value")
	case "DV_IDENTIFIER":
		for _, name := range []string{"issuer", "assigner", "id", "type"} {
			o[name] = str(v, name)
		}
		if len(constraint.of("id")) == 0 {
			o["id"] = "17"
		}
	case "DV_CODED_TEXT":
		p := object{"_type": "CODE_PHRASE", "code_string": str(v, "code")}
		if v.has("terminology") {
			p["terminology_id"] = id("TERMINOLOGY_ID", v["terminology"])
		}
		o["value"], o["defining_code"] = "text", p
	case "DV_ORDINAL", "DV_SCALE":
		o["value"] = number(v, "value")
		if v.has("symbol") {
			o["symbol"] = coded("text", "local", v["symbol"])
		}
	case "DV_COUNT":
		o["magnitude"] = number(v, "magnitude")
	case "DV_QUANTITY":
		o["magnitude"], o["units"] = number(v, "magnitude"), str(v, "units")
	case "DV_PROPORTION":
		for _, name := range []string{"type", "numerator", "denominator", "precision"} {
			o[name] = number(v, name)
		}
	case "DV_PARSABLE":
		o["value"], o["formalism"] = str(v, "value"), str(v, "formalism")
	case "DV_MULTIMEDIA":
		o["size"], o["uri"] = number(v, "size"), id("DV_URI", "https://example.org/image")
		if v.has("media_type") {
			o["media_type"] = phrase("IANA_media-types", v["media_type"])
		}
	default:
		return nil, fmt.Errorf("no instance of class %s", class)
	}
	return o, nil
}

func interval(param string, v values) (any, error) {
	flags := v["flags"]
	if len(flags) != 4 {
		return nil, fmt.Errorf("%q are no flags of an interval", flags)
	}
	o := object{"_type": "DV_INTERVAL"}
	for i, name := range []string{"lower_unbounded", "upper_unbounded", "lower_included", "upper_included"} {
		o[name] = flags[i] == 'T'
	}
	for _, end := range []string{"lower", "upper"} {
		limit := v.of(end)
		if len(limit) == 0 {
			continue
		}
		if single, ok := limit[""]; ok {
			switch param {
			case "DV_COUNT":
				limit = values{"magnitude": single}
			case "DV_QUANTITY":
				magnitude, units, _ := strings.Cut(single, " ")
				limit = values{"magnitude": magnitude, "units": units}
			default:
				limit = values{"value": single}
			}
		}
		value, err := dataValue(param, limit, nil)
		if err != nil {
			return nil, err
		}
		o[end] = value
	}
	return o, nil
}
