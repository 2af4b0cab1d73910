package fhirmap

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// value is the inverse of a conversion; nil if there is none for certain.
func (b *backward) value(class string, to *part, v *r4.Node) *rm.Node {
	switch class {
	case "DV_QUANTITY":
		return quantityOf(v)
	case "DV_PROPORTION":
		return to.proportion(v)
	case "DV_COUNT":
		text := v.Text
		if v.Kind == r4.Object && v.Str("code") == "1" && v.Str("system") == ucumURI && v.Get("comparator") == nil {
			text = v.Str("value")
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return rm.Object(class, rm.Child("magnitude", number("magnitude", class, text)))
		}
	case "DV_BOOLEAN":
		if v.Kind == r4.Bool {
			return rm.Object(class, rm.Bool("value", v.Text == "true"))
		}
	case "DV_TEXT":
		text := v.Text
		if v.Kind == r4.Object && len(v.List("coding")) == 0 {
			text = v.Str("text")
		}
		if (v.Kind == r4.String || v.Kind == r4.Object) && text != "" {
			return rm.Text(text)
		}
	case "DV_CODED_TEXT":
		return b.coded(to, v)
	case "DV_DATE_TIME", "DV_DATE":
		if v.Kind == r4.String {
			return dated(class, v.Text)
		}
	case "DV_TIME":
		if _, err := rm.ParseTime(v.Text); v.Kind == r4.String && err == nil {
			return rm.Object(class, rm.Str("value", v.Text))
		}
	case "DV_DURATION":
		return durationOf(v)
	case "DV_ORDINAL", "DV_SCALE":
		return b.ordinal(class, to, v)
	case "DV_INTERVAL":
		return b.interval(to, v)
	case "DV_IDENTIFIER":
		return identifierOf(v)
	case "DV_MULTIMEDIA":
		return multimedia(v)
	case "CODE_PHRASE":
		return to.phrase(v)
	case "DV_URI":
		if v.Kind == r4.String && !strings.HasPrefix(v.Text, "ehr:") {
			return rm.Object(class, rm.Str("value", v.Text))
		}
	case "DV_EHR_URI":
		if v.Kind == r4.String && strings.HasPrefix(v.Text, "ehr:") {
			return rm.Object(class, rm.Str("value", v.Text))
		}
	case "PARTY_SELF":
		if v.Str("reference") == "Patient/"+b.in.EHRID {
			return rm.Object(class)
		}
	case "PARTY_IDENTIFIED":
		return b.party(v)
	}
	return nil
}

func number(attr, class, text string) *rm.Node {
	return &rm.Node{Class: rm.Lookup(class).Attribute(attr).Type, Text: text}
}

// quantityOf keeps the digits, the unit and the comparator.
func quantityOf(v *r4.Node) *rm.Node {
	value, units, system := v.Get("value"), v.Str("code"), v.Str("system")
	if v.Kind == r4.Number { // a plain number is one of the unit 1
		return rm.Object("DV_QUANTITY", rm.Child("magnitude", number("magnitude", "DV_QUANTITY", v.Text)), rm.Str("units", "1"))
	}
	if v.Kind != r4.Object || value == nil || units == "" {
		return nil
	}
	f := []rm.Field{rm.Child("magnitude", number("magnitude", "DV_QUANTITY", value.Text)), rm.Str("units", units)}
	if c := v.Str("comparator"); c != "" {
		f = append(f, rm.Str("magnitude_status", c))
	}
	if p := v.Str("_value", "extension", "valueInteger"); p != "" && v.Str("_value", "extension", "url") == precisionURL {
		f = append(f, rm.Child("precision", number("precision", "DV_QUANTITY", p)))
	}
	if system != ucumURI {
		f = append(f, rm.Str("units_system", system))
	}
	if unit := v.Str("unit"); unit != "" && unit != units {
		f = append(f, rm.Str("units_display_name", unit))
	}
	return rm.Object("DV_QUANTITY", f...)
}

// coded is a concept with a code: that of the archetype or terminology is the
// defining code, further ones are equivalent mappings, as the forward way has it.
func (b *backward) coded(to *part, v *r4.Node) *rm.Node {
	codings := v.List("coding")
	if v.Kind != r4.Object || len(codings) == 0 {
		return nil
	}
	codes := make([]*rm.Node, 0, len(codings))
	for _, c := range codings {
		code := to.codePhrase(c)
		if code == nil {
			return nil
		}
		codes = append(codes, code)
	}
	// The text of a concept is mandatory: in place of it stands what its own
	// coding shows of it, or the archetype says of its code.
	text := v.Str("text")
	if text == "" {
		text = codings[0].Str("display")
	}
	if text == "" && codes[0].String("terminology_id", "value") == "local" && to.object != nil {
		text = to.object.Terms.Text(codings[0].Str("code"), b.language)
	}
	if text == "" {
		return nil
	}
	out := rm.Object("DV_CODED_TEXT", rm.Str("value", text), rm.Child("defining_code", codes[0]))
	var mappings []*rm.Node
	for _, code := range codes[1:] {
		mappings = append(mappings, rm.Object("TERM_MAPPING", rm.Str("match", "="), rm.Child("target", code)))
	}
	if len(mappings) > 0 {
		out = out.With("mappings", mappings...)
	}
	return out
}

// codePhrase is the inverse of a system and code; nil for what has no system.
func (p *part) codePhrase(c *r4.Node) *rm.Node {
	system, code := c.Str("system"), c.Str("code")
	if system == "" || code == "" {
		return nil
	}
	name := system
	switch {
	case system == OpenEHRSystem:
		name = "openehr"
	case strings.HasPrefix(system, ArchetypeSystem("")):
		name = "local"
	default:
		// The name that the template uses for the system, if it names it.
		if o := p.object; o != nil {
			if a := o.Attribute("value"); a != nil {
				for _, child := range a.Children {
					if d := only(child, "defining_code"); d != nil {
						if phrase, ok := d.Constraint.(*templates.CCodePhrase); ok && terminologies[strings.ToLower(phrase.Terminology)] == system {
							name = phrase.Terminology
						}
					}
				}
			}
		}
	}
	if version := c.Str("version"); version != "" {
		name += "(" + version + ")"
	}
	out := rm.Code(name, code)
	if display := c.Str("display"); display != "" {
		out = out.With("preferred_term", &rm.Node{Class: rm.ClassString, Text: display})
	}
	return out
}

func dated(class, text string) *rm.Node {
	parse := rm.ParseDateTime
	if class == "DV_DATE" {
		parse = rm.ParseDate
	}
	if _, err := parse(text); err != nil {
		return nil
	}
	return rm.Object(class, rm.Str("value", text))
}

// identifierOf is an Identifier with a value.
func identifierOf(v *r4.Node) *rm.Node {
	if v.Str("value") == "" {
		return nil
	}
	return rm.Object("DV_IDENTIFIER", rm.Str("id", v.Str("value")), rm.Str("issuer", v.Str("system")),
		rm.Str("assigner", v.Str("assigner", "display")), rm.Str("type", v.Str("type", "text")))
}

// proportion is a percentage, a number of the unit 1, or a ratio of two numbers.
func (p *part) proportion(v *r4.Node) *rm.Node {
	of := func(numerator, denominator, kind string) *rm.Node {
		code, err := strconv.ParseInt(kind, 10, 64)
		if err != nil || numerator == "" || denominator == "" {
			return nil
		}
		f := []rm.Field{
			rm.Child("numerator", number("numerator", "DV_PROPORTION", numerator)),
			rm.Child("denominator", number("denominator", "DV_PROPORTION", denominator)), rm.Int("type", code),
		}
		if c := v.Str("comparator"); c != "" {
			f = append(f, rm.Str("magnitude_status", c))
		}
		if d := v.Str("_value", "extension", "valueInteger"); d != "" && v.Str("_value", "extension", "url") == precisionURL {
			f = append(f, rm.Child("precision", number("precision", "DV_PROPORTION", d)))
		}
		return rm.Object("DV_PROPORTION", f...)
	}
	switch {
	case v.Kind != r4.Object:
		return nil
	case v.Get("numerator") != nil:
		return of(v.Str("numerator", "value"), v.Str("denominator", "value"), p.ratioKind())
	case v.Str("system") != ucumURI:
		return nil
	case v.Str("code") == "%":
		return of(v.Str("value"), "100", proportionPercent)
	case v.Str("code") == "1":
		return of(v.Str("value"), "1", proportionUnitary)
	}
	return nil
}

// ratioKind is the kind of proportion that a Ratio becomes: the one that the
// template fixes, else a ratio (RM data types, PROPORTION_KIND).
func (p *part) ratioKind() string {
	if p.object != nil {
		if a := p.object.Attribute("value"); a != nil {
			for _, o := range a.Children {
				if t := only(o, "type"); t != nil {
					if c, ok := t.Constraint.(*templates.CInteger); ok && len(c.List) == 1 && c.List[0] != 1 && c.List[0] != 2 {
						return strconv.FormatInt(c.List[0], 10)
					}
				}
			}
		}
	}
	return "0"
}

// durationOf is a quantity of one UCUM unit of time.
func durationOf(v *r4.Node) *rm.Node {
	if v.Kind != r4.Object || v.Str("system") != ucumURI {
		return nil
	}
	for _, u := range durationUnits {
		if u.unit != v.Str("code") {
			continue
		}
		text, negative := strings.CutPrefix(v.Str("value"), "-")
		prefix := "P"
		if u.group == 2 {
			prefix = "PT"
		}
		text = prefix + text + strings.ToUpper(string(u.field))
		if negative {
			text = "-" + text
		}
		if _, err := rm.ParseDuration(text); err != nil {
			return nil
		}
		return rm.Object("DV_DURATION", rm.Str("value", text), rm.Str("magnitude_status", v.Str("comparator")))
	}
	return nil
}

// ordinal is a code with its number.
func (b *backward) ordinal(class string, to *part, v *r4.Node) *rm.Node {
	codings := v.List("coding")
	if v.Kind != r4.Object || len(codings) == 0 || len(codings[0].List("extension")) != 1 {
		return nil
	}
	value, symbol := codings[0].Str("extension", "valueDecimal"), b.coded(to, v)
	if codings[0].Str("extension", "url") != ordinalURL || value == "" || symbol == nil {
		return nil
	}
	if _, err := strconv.ParseInt(value, 10, 64); err != nil && class == "DV_ORDINAL" {
		return nil
	}
	return rm.Object(class, rm.Child("symbol", symbol), rm.Child("value", number("value", class, value)))
}

// interval is a Range, a Period or a quantity with a comparator.
func (b *backward) interval(to *part, v *r4.Node) *rm.Node {
	if v.Kind != r4.Object {
		return nil
	}
	low, high, included := v.Get("low"), v.Get("high"), "true"
	switch c := v.Str("comparator"); {
	case v.Get("start") != nil || v.Get("end") != nil:
		low, high = v.Get("start"), v.Get("end")
	case c != "":
		bound := &r4.Node{Kind: r4.Object}
		for _, f := range v.Fields {
			if f.Name != "comparator" {
				bound.Fields = append(bound.Fields, f)
			}
		}
		if strings.HasPrefix(c, ">") {
			low = bound
		} else {
			high = bound
		}
		included = strconv.FormatBool(strings.HasSuffix(c, "="))
	}
	for _, class := range to.boundClasses() {
		var f []rm.Field
		ok := low != nil || high != nil
		for _, side := range [...]struct {
			name  string
			value *r4.Node
		}{{"lower", low}, {"upper", high}} {
			if side.value == nil {
				f = append(f, rm.Bool(side.name+"_unbounded", true), rm.Bool(side.name+"_included", false))
				continue
			}
			n := b.value(class, to, side.value)
			if n == nil {
				ok = false
				break
			}
			f = append(f, rm.Child(side.name, n), rm.Bool(side.name+"_unbounded", false), rm.Bool(side.name+"_included", included == "true"))
		}
		if ok {
			return rm.Object("DV_INTERVAL", f...)
		}
	}
	return nil
}

// boundClasses are what the template allows in the interval that is the value of
// an ELEMENT.
func (p *part) boundClasses() []string {
	if p.object != nil {
		if a := p.object.Attribute("value"); a != nil {
			var out []string
			for _, o := range a.Children {
				if o.Class == rm.ClassDVInterval && o.Param != nil && !o.Param.Abstract {
					out = append(out, o.Param.Name)
				}
			}
			if len(out) > 0 {
				return out
			}
		}
	}
	return p.bounds()
}

// multimedia is an Attachment with its media type. Its size is mandatory: where
// nothing states it, it is that of the data.
func multimedia(v *r4.Node) *rm.Node {
	if v.Kind != r4.Object || v.Str("contentType") == "" {
		return nil
	}
	f := []rm.Field{rm.Child("media_type", rm.Code("IANA_media-types", v.Str("contentType"))), rm.Str("alternate_text", v.Str("title"))}
	if lang := v.Str("language"); lang != "" {
		f = append(f, rm.Child("language", rm.Code("ISO_639-1", lang)))
	}
	if url := v.Str("url"); url != "" {
		f = append(f, rm.Child("uri", rm.Object("DV_URI", rm.Str("value", url))))
	}
	if data := v.Str("data"); data != "" {
		f = append(f, rm.Child("data", &rm.Node{Class: rm.Lookup("DV_MULTIMEDIA").Attribute("data").Type, Text: data}))
	}
	if size := v.Str("size"); size != "" {
		f = append(f, rm.Child("size", number("size", "DV_MULTIMEDIA", size)))
	}
	if hash := v.Str("hash"); hash != "" {
		f = append(f, rm.Child("integrity_check", &rm.Node{Class: rm.Lookup("DV_MULTIMEDIA").Attribute("integrity_check").Type, Text: hash}),
			rm.Child("integrity_check_algorithm", rm.Code("openehr_integrity_check_algorithms", "SHA-1")))
	}
	return rm.Object("DV_MULTIMEDIA", f...)
}

// phrase is a code by itself.
func (p *part) phrase(v *r4.Node) *rm.Node {
	if codings := v.List("coding"); len(codings) == 1 && v.Get("text") == nil {
		v = codings[0]
	}
	if v.Kind != r4.Object {
		return nil
	}
	return p.codePhrase(v)
}

// lasting makes an event one of an interval, which ends at its time and lies
// before it.
func (b *backward) lasting(to *part, v *r4.Node) bool {
	interval := rm.Lookup("INTERVAL_EVENT")
	if to.object == nil || !interval.IsA(to.object.Class) || to.values["time"] != nil || v.Get("start") == nil || v.Get("end") == nil {
		return false
	}
	end, width := dated("DV_DATE_TIME", v.Str("end")), widthOf(v.Str("start"), v.Str("end"))
	if end == nil || width == "" {
		return false
	}
	to.class = interval
	return to.once("time", end) && to.once("width", rm.Object("DV_DURATION", rm.Str("value", width)))
}

// widthOf is the time between two dates, or two times with offsets, as an ISO
// duration; "" if it cannot be told exactly.
func widthOf(start, end string) string {
	layout := time.RFC3339Nano
	if len(start) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	from, err := time.Parse(layout, start)
	if err != nil {
		return ""
	}
	to, err := time.Parse(layout, end)
	if err != nil || to.Before(from) {
		return ""
	}
	width := to.Sub(from)
	if width%(24*time.Hour) == 0 {
		return fmt.Sprintf("P%dD", width/(24*time.Hour))
	}
	seconds := strconv.FormatInt(int64(width/time.Second), 10)
	if part := width % time.Second; part != 0 {
		seconds += strings.TrimRight(fmt.Sprintf(".%09d", int64(part)), "0")
	}
	return "PT" + seconds + "S"
}

// during sets the times of the context of a composition.
func (b *backward) during(to *part, v *r4.Node) bool {
	if v.Kind != r4.Object || v.Get("start") == nil {
		return false
	}
	if !to.once("start_time", dated("DV_DATE_TIME", v.Str("start"))) {
		return false
	}
	return v.Get("end") == nil || to.once("end_time", dated("DV_DATE_TIME", v.Str("end")))
}
