package fhirmap

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// targets lists, per RM class, the FHIR types its values can become, best
// first (FHIR Connect, data mapping types).
var targets = map[string][]string{
	"DV_QUANTITY":      {"Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "decimal", "string"},
	"DV_COUNT":         {"integer", "positiveInt", "unsignedInt", "Quantity", "SimpleQuantity", "Count", "decimal", "string"},
	"DV_PROPORTION":    {"Quantity", "SimpleQuantity", "Ratio", "string"},
	"DV_ORDINAL":       {"CodeableConcept", "Coding", "string"},
	"DV_SCALE":         {"CodeableConcept", "Coding", "string"},
	"DV_CODED_TEXT":    {"CodeableConcept", "Coding", "string", "markdown"},
	"DV_TEXT":          {"CodeableConcept", "string", "markdown"},
	"DV_BOOLEAN":       {"boolean"},
	"DV_DATE_TIME":     {"dateTime", "instant", "date", "Period", "string"},
	"DV_DATE":          {"date", "dateTime", "Period", "string"},
	"DV_TIME":          {"time", "string"},
	"DV_DURATION":      {"Duration", "Age", "Quantity", "SimpleQuantity", "string"},
	"DV_INTERVAL":      {"Range", "Period", "Quantity", "string"},
	"DV_IDENTIFIER":    {"Identifier", "string"},
	"DV_URI":           {"uri", "url", "string"},
	"DV_EHR_URI":       {"uri", "url", "string"},
	"DV_MULTIMEDIA":    {"Attachment"},
	"DV_PARSABLE":      {"Attachment", "string"},
	"CODE_PHRASE":      {"Coding", "CodeableConcept", "string"},
	"PARTY_SELF":       {"Reference", "Identifier"},
	"PARTY_IDENTIFIED": {"Reference", "Identifier", "string"},
	"PARTY_RELATED":    {"Reference", "Identifier", "string"},
	"PARTY_REF":        {"Identifier", "Reference"},
	"POINT_EVENT":      {"dateTime", "instant"},
	"INTERVAL_EVENT":   {"Period"},
	"EVENT_CONTEXT":    {"Period"},
	"String":           {"string", "markdown", "code", "uri", "id"},
	"Integer":          {"integer", "positiveInt", "unsignedInt", "decimal"},
	"Integer64":        {"integer", "positiveInt", "unsignedInt", "decimal"},
	"Real":             {"decimal"},
	"Double":           {"decimal"},
	"Boolean":          {"boolean"},
}

// convertible reports whether a class has a rule for a FHIR type.
func convertible(class string, t *r4.Type) bool { return slices.Contains(targets[class], t.Name) }

// converter turns one RM value into a FHIR value.
type converter struct {
	run    *run
	at     *ref
	target string
	// refs are the resource types the target may refer to.
	refs []string
	// message explains the reason that convert gave.
	message string
}

// convert picks the best type among those allowed that the value really fits,
// or gives the reason why none does.
func (v *converter) convert(n reading.Node, allowed []r4.TypeRef) (*r4.Node, *r4.Type, string) {
	names := targets[n.Class().Name]
	if n.Class().Name == "DV_TEXT" && len(n.List("mappings")) == 0 && len(allowed) > 1 {
		names = []string{"string", "markdown", "CodeableConcept"}
	}
	reason, message := "", ""
	for _, name := range names {
		for _, ref := range allowed {
			if ref.Type.Name != name {
				continue
			}
			v.refs = ref.Targets
			val, why := v.to(name, n)
			if why == "" {
				if reason != "" {
					v.run.lose(LossReduced, reason, v.at, v.target, message)
				}
				return val, ref.Type, ""
			}
			if reason == "" {
				reason, message = why, v.message
			}
		}
	}
	if reason == "" {
		reason, message = "type", "a "+n.Class().Name+" has no form in the target"
	}
	v.message = message
	return nil, nil, reason
}

func (v *converter) mem() *r4.Arena { return &v.run.nodes }

func (v *converter) fail(reason, message string) (*r4.Node, string) {
	v.message = message
	return nil, reason
}

func (v *converter) reduce(code, message string) {
	v.run.lose(LossReduced, code, v.at, v.target, message)
}

func (v *converter) to(typ string, n reading.Node) (*r4.Node, string) {
	switch typ {
	case "Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance":
		return v.quantity(typ, n)
	case "Ratio":
		return v.ratio(n)
	case "Range":
		return v.rangeOf(n)
	case "CodeableConcept":
		return v.concept(n)
	case "Coding":
		return v.coding(n)
	case "date", "dateTime", "instant":
		return v.dateTime(typ, n)
	case "time":
		return v.time(n)
	case "Period":
		return v.period(n)
	case "Identifier":
		return v.identifier(n)
	case "Reference":
		return v.reference(n)
	case "Attachment":
		return v.attachment(n)
	case "boolean":
		if n.Class().Primitive == rm.NotPrimitive {
			n = n.Get("value")
		}
		return v.mem().Bool(n.Text()), ""
	case "integer", "positiveInt", "unsignedInt", "decimal":
		return v.number(typ, n)
	default:
		return v.text(typ, n)
	}
}

func (v *converter) number(typ string, n reading.Node) (*r4.Node, string) {
	value := n
	switch n.Class().Name {
	case "DV_COUNT", "DV_QUANTITY":
		value = n.Get("magnitude")
		if s := n.String("magnitude_status"); s != "" && s != "=" {
			return v.fail("comparator", "a plain number cannot say "+s)
		}
		if n.Class().Name == "DV_QUANTITY" && n.String("units") != "1" {
			return v.fail("unit", "a plain number has no unit")
		}
	}
	text := value.Text()
	if !r4.ValidPrimitive(typ, text) {
		return v.fail("value", "the number is not a legal "+typ)
	}
	return v.mem().Number(text), ""
}

// text is the string form of a value, with everything that its meaning needs.
func (v *converter) text(typ string, n reading.Node) (*r4.Node, string) {
	if typ == "string" || typ == "markdown" {
		if of := wholeText(n); !of.None() {
			text, ok := of.Carry(textForms[typ])
			if !ok {
				return v.fail("value", "the text is not a legal "+typ)
			}
			return text.String(v.mem(), r4.FreeString), ""
		}
	}
	s, ok := plainText(n)
	if !ok {
		return v.fail("type", "a "+n.Class().Name+" has no text form")
	}
	if !r4.ValidPrimitive(typ, s) {
		return v.fail("value", "the text is not a legal "+typ)
	}
	if typ == "string" || typ == "markdown" {
		return v.mem().FreeString(r4.FreeString, s), ""
	}
	return v.mem().String(s), ""
}

// wholeText is the primitive whose text is the plainText of a value; none if there
// is more to it.
func wholeText(n reading.Node) reading.Node {
	if n.Class().Primitive != rm.NotPrimitive {
		return n
	}
	switch n.Class().Name {
	case "DV_TEXT", "DV_CODED_TEXT", "DV_URI", "DV_EHR_URI", "DV_PARSABLE":
		return n.Get("value")
	}
	return reading.Node{}
}

// plainText renders a data value for people, without loss of a comparator,
// unit or bound.
func plainText(n reading.Node) (string, bool) {
	status := n.String("magnitude_status")
	if status == "=" {
		status = ""
	}
	switch n.Class().Name {
	case "DV_TEXT", "DV_CODED_TEXT", "DV_URI", "DV_EHR_URI", "DV_PARSABLE":
		return n.String("value"), true
	case "DV_DATE", "DV_DATE_TIME", "DV_TIME", "DV_DURATION":
		return status + n.String("value"), true
	case "DV_QUANTITY":
		unit := n.String("units_display_name")
		if unit == "" {
			unit = n.String("units")
		}
		return strings.TrimSpace(status + n.String("magnitude") + " " + unit), true
	case "DV_COUNT":
		return status + n.String("magnitude"), true
	case "DV_PROPORTION":
		if n.String("type") == proportionPercent {
			return status + n.String("numerator") + " %", true
		}
		return status + n.String("numerator") + "/" + n.String("denominator"), true
	case "DV_ORDINAL", "DV_SCALE":
		return n.String("value") + ": " + n.String("symbol", "value"), true
	case "DV_IDENTIFIER":
		return n.String("id"), true
	case "CODE_PHRASE":
		return n.String("terminology_id", "value") + "::" + n.String("code_string"), true
	case "PARTY_IDENTIFIED", "PARTY_RELATED":
		name := n.String("name")
		return name, name != ""
	case "DV_INTERVAL":
		return intervalText(n)
	}
	if n.Class().Primitive != rm.NotPrimitive {
		return n.Text(), true
	}
	return "", false
}

func intervalText(n reading.Node) (string, bool) {
	part := func(name, included, open, closed string) (string, bool) {
		b := n.Get(name)
		if b.None() {
			return "", true
		}
		s, ok := plainText(b)
		if n.String(included) == "false" {
			return open + s, ok
		}
		return closed + s, ok
	}
	low, ok1 := part("lower", "lower_included", ">", ">=")
	high, ok2 := part("upper", "upper_included", "<", "<=")
	return strings.TrimSpace(low + " " + high), ok1 && ok2 && (low != "" || high != "")
}

// identifier converts what identifies a thing or a party.
func (v *converter) identifier(n reading.Node) (*r4.Node, string) {
	switch n.Class().Name {
	case "DV_IDENTIFIER":
		id, ok := n.Get("id").Carry(&notEmpty)
		if !ok {
			return v.fail("value", "the identifier has no id")
		}
		var typ, assigner *r4.Node
		if s := n.String("type"); s != "" {
			typ = v.mem().Object(r4.Field{Name: "text", Value: v.mem().String(s)})
		}
		var system *r4.Node
		name := n.String("assigner")
		if issuer := n.String("issuer"); r4.IsAbsoluteURI(issuer) {
			system = v.mem().String(issuer)
		} else if name == "" {
			name = issuer
		} else if issuer != "" && issuer != name {
			v.reduce("issuer", "an identifier in R4 has one assigner")
		}
		if name != "" {
			assigner = v.mem().Object(r4.Field{Name: "display", Value: v.mem().FreeString(r4.FreeString, name)})
		}
		return v.mem().Object(r4.Field{Name: "type", Value: typ}, r4.Field{Name: "system", Value: system},
			r4.Field{Name: "value", Value: id.String(v.mem(), r4.FreeString)}, r4.Field{Name: "assigner", Value: assigner}), ""
	case "PARTY_REF":
		return v.partyRef(n)
	default:
		ref := n.Get("external_ref")
		if ref.None() && n.Class().Name == "PARTY_SELF" {
			v.run.log.Spoil()
			if subject := v.run.in.Subject; subject != nil {
				ref = v.run.log.Node(subject().Get("external_ref"))
			}
		}
		if !ref.None() {
			return v.partyRef(ref)
		}
		if ids := n.List("identifiers"); len(ids) > 0 {
			return v.identifier(ids[0])
		}
		return v.fail("value", "the party has no identifier")
	}
}

// partyRef is the identifier of a party in an outside system. The namespace is
// the system when it is a URI, otherwise the name of the assigner: R4 has no
// place for a local name of a system.
func (v *converter) partyRef(n reading.Node) (*r4.Node, string) {
	id, ok := n.Get("id", "value").Carry(&notEmpty)
	if !ok {
		return v.fail("value", "the reference has no id")
	}
	var system, assigner *r4.Node
	if ns := n.String("namespace"); r4.IsAbsoluteURI(ns) {
		system = v.mem().String(ns)
	} else if ns != "" {
		assigner = v.mem().Object(r4.Field{Name: "display", Value: v.mem().String(ns)})
	}
	return v.mem().Object(r4.Field{Name: "system", Value: system}, r4.Field{Name: "value", Value: id.String(v.mem(), r4.FreeString)},
		r4.Field{Name: "assigner", Value: assigner}), ""
}

// reference points at the subject of the record, or names another party by its
// identifier and name.
func (v *converter) reference(n reading.Node) (*r4.Node, string) {
	toAny := len(v.refs) == 0 || slices.Contains(v.refs, "Resource")
	switch n.Class().Name {
	case "PARTY_SELF":
		if !toAny && !slices.Contains(v.refs, "Patient") {
			return v.fail("reference", "the target does not refer to a Patient")
		}
		return v.mem().Object(r4.Field{Name: "reference", Value: v.run.self()}), ""
	case "PARTY_RELATED":
		if !toAny && !slices.Contains(v.refs, "RelatedPerson") {
			return v.fail("subject-not-patient", "the party is related to the subject of the record, not the subject")
		}
	case "PARTY_IDENTIFIED":
		if !toAny && !slices.ContainsFunc(v.refs, func(t string) bool {
			return t == "Practitioner" || t == "PractitionerRole" || t == "Organization" || t == "RelatedPerson"
		}) {
			return v.fail("subject-not-patient", "the party is not the subject of the record")
		}
	}
	out := v.mem().Object()
	if to := v.registered(n); to != "" {
		out.Fields = append(out.Fields, r4.Field{Name: "reference", Value: v.mem().String(to)})
	}
	if n.Class().Name == "PARTY_RELATED" {
		out.Fields = append(out.Fields, r4.Field{Name: "type", Value: v.mem().String("RelatedPerson")})
	}
	if id, why := v.identifier(n); why == "" {
		out.Fields = append(out.Fields, r4.Field{Name: "identifier", Value: id})
	}
	name, ok := n.Get("name").Carry(&notEmpty)
	if n.Class().Name == "PARTY_RELATED" && !ok {
		name, ok = n.Get("relationship", "value").Carry(&notEmpty)
	}
	if ok {
		out.Fields = append(out.Fields, r4.Field{Name: "display", Value: name.String(v.mem(), r4.FreeString)})
	}
	if len(out.Fields) == 0 || (len(out.Fields) == 1 && out.Fields[0].Name == "type") {
		return v.fail("value", "the party has neither a name nor an identifier")
	}
	return out, ""
}

// registered is the reference to the resource of a party that is registered
// here; "" if there is none that the target may refer to.
func (v *converter) registered(n reading.Node) string {
	if n.Class().Name == "PARTY_IDENTIFIED" {
		n = n.Get("external_ref")
	}
	if n.None() || n.Class().Name != "PARTY_REF" {
		return ""
	}
	typ := n.Resolve(v.run.in.Resolve)
	if typ == "" || len(v.refs) > 0 && !slices.Contains(v.refs, "Resource") && !slices.Contains(v.refs, typ) {
		return ""
	}
	return typ + "/" + n.String("id", "value")
}

func (v *converter) attachment(n reading.Node) (*r4.Node, string) {
	var fields []r4.Field
	add := func(name, value string, node *r4.Node) {
		if value != "" {
			fields = append(fields, r4.Field{Name: name, Value: node})
		}
	}
	if n.Class().Name == "DV_PARSABLE" {
		return v.fail("type", "an attachment needs the media type of the text, which its formalism is not")
	}
	media := n.String("media_type", "code_string")
	add("contentType", media, v.mem().String(media))
	if lang := n.String("language", "code_string"); lang != "" {
		add("language", lang, v.mem().String(lang))
	}
	data := n.String("data")
	if data != "" && n.Has("compression_algorithm") {
		return v.fail("compression", "an attachment cannot say how its data are compressed")
	}
	add("data", data, v.mem().String(data))
	uri := n.String("uri", "value")
	add("url", uri, v.mem().String(uri))
	if size := n.String("size"); r4.ValidPrimitive("unsignedInt", size) {
		add("size", size, v.mem().Number(size))
	}
	if alg := n.String("integrity_check_algorithm", "code_string"); strings.EqualFold(alg, "SHA-1") {
		add("hash", n.String("integrity_check"), v.mem().String(n.String("integrity_check")))
	}
	if alt := n.String("alternate_text"); alt != "" {
		add("title", alt, v.mem().String(alt))
	}
	if data == "" && uri == "" {
		return v.fail("value", "there are neither data nor a URI")
	}
	return v.mem().Object(fields...), ""
}
