package simplified

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// part writes a primitive attribute under a suffix.
func (w *writer) part(it *item, suffix string, v *rm.Node) {
	if v != nil {
		it.set(suffix, w.scalar(v))
	}
}

// sub writes a value below the item if there is one.
func (w *writer) sub(it *item, id string, v *rm.Node) {
	if v != nil {
		w.value(v, it.at(id, 0))
	}
}

// value writes a data value, a party or a code with the suffixes of its class.
// A class without suffixes writes nothing.
func (w *writer) value(v *rm.Node, it *item) {
	switch v.Class.Name {
	case "DV_TEXT":
		w.part(it, "", v.Get("value"))
		w.text(v, it)
	case "DV_CODED_TEXT":
		w.phrase(v.Get("defining_code"), it)
		w.part(it, "value", v.Get("value"))
		w.text(v, it)
	case "CODE_PHRASE":
		w.phrase(v, it)
	case "DV_STATE":
		if s := v.Get("value"); s != nil {
			w.value(s, it)
		}
		w.part(it, "is_terminal", v.Get("is_terminal"))
	case "DV_BOOLEAN", "DV_URI", "DV_EHR_URI", "DV_DATE", "DV_TIME", "DV_DATE_TIME", "DV_DURATION":
		w.part(it, "", v.Get("value"))
	case "DV_COUNT":
		w.part(it, "", v.Get("magnitude"))
	case "DV_QUANTITY":
		w.part(it, "magnitude", v.Get("magnitude"))
		w.part(it, "unit", v.Get("units"))
		w.part(it, "precision", v.Get("precision"))
		w.part(it, "units_system", v.Get("units_system"))
		w.part(it, "units_display_name", v.Get("units_display_name"))
	case "DV_ORDINAL", "DV_SCALE":
		if s := v.Get("symbol"); s != nil {
			it.setText("code", s.String("defining_code", "code_string"))
			it.setText("value", s.String("value"))
			if t := s.String("defining_code", "terminology_id", "value"); t != "local" {
				it.setText("terminology", t)
			}
		}
		w.part(it, "ordinal", v.Get("value"))
	case "DV_PROPORTION":
		w.part(it, "numerator", v.Get("numerator"))
		w.part(it, "denominator", v.Get("denominator"))
		w.part(it, "type", v.Get("type"))
		w.part(it, "precision", v.Get("precision"))
		if m, ok := ratio(v); ok {
			it.set("", scalar{'0', m})
		}
	case "DV_INTERVAL":
		w.interval(v, it)
	case "DV_IDENTIFIER":
		for _, s := range []string{"id", "type", "issuer", "assigner"} {
			w.part(it, s, v.Get(s))
		}
	case "DV_PARSABLE":
		w.part(it, "value", v.Get("value"))
		w.part(it, "formalism", v.Get("formalism"))
		w.encapsulated(v, it)
	case "DV_MULTIMEDIA":
		it.setText("", v.String("uri", "value"))
		it.setText("mediatype", v.String("media_type", "code_string"))
		w.part(it, "alternatetext", v.Get("alternate_text"))
		w.part(it, "size", v.Get("size"))
		w.part(it, "data", v.Get("data"))
		w.part(it, "integrity_check", v.Get("integrity_check"))
		it.setText("compression_algorithm", v.String("compression_algorithm", "code_string"))
		it.setText("integrity_check_algorithm", v.String("integrity_check_algorithm", "code_string"))
		w.sub(it, "_thumbnail", v.Get("thumbnail"))
		w.encapsulated(v, it)
	case "PARTY_IDENTIFIED", "PARTY_RELATED", "PARTY_SELF":
		w.party(v, it)
	}
	if v.Class.IsA(rm.ClassDVOrdered) {
		w.ordered(v, it)
	}
}

// ratio is the magnitude of a DV_PROPORTION, which is written beside its parts
// for reading only.
func ratio(v *rm.Node) (string, bool) {
	numerator, err := strconv.ParseFloat(v.String("numerator"), 64)
	if err != nil {
		return "", false
	}
	denominator, err := strconv.ParseFloat(v.String("denominator"), 64)
	if err != nil || denominator == 0 {
		return "", false
	}
	q := numerator / denominator
	if math.IsInf(q, 0) || math.IsNaN(q) {
		return "", false
	}
	return strconv.FormatFloat(q, 'g', -1, 64), true
}

func (w *writer) phrase(v *rm.Node, it *item) {
	if v != nil {
		w.part(it, "code", v.Get("code_string"))
		w.part(it, "terminology", v.Get("terminology_id", "value"))
		w.part(it, "preferred_term", v.Get("preferred_term"))
	}
}

func (w *writer) text(v *rm.Node, it *item) {
	w.part(it, "formatting", v.Get("formatting"))
	w.sub(it, "_hyperlink", v.Get("hyperlink"))
	for i, m := range v.List("mappings") {
		x := it.at("_mapping", i)
		w.part(x, "match", m.Get("match"))
		w.sub(x, "purpose", m.Get("purpose"))
		w.sub(x, "target", m.Get("target"))
	}
	w.sub(it, "_language", v.Get("language"))
	w.sub(it, "_encoding", v.Get("encoding"))
}

func (w *writer) encapsulated(v *rm.Node, it *item) {
	w.sub(it, "_charset", v.Get("charset"))
	w.sub(it, "_language", v.Get("language"))
}

func (w *writer) ordered(v *rm.Node, it *item) {
	w.part(it, "magnitude_status", v.Get("magnitude_status"))
	if s := v.Get("normal_status"); s != nil && s.String("terminology_id", "value") == "openehr_normal_statuses" {
		w.part(it, "normal_status", s.Get("code_string"))
	} else {
		w.sub(it, "_normal_status", s)
	}
	if a := v.Get("accuracy"); a != nil && a.Class.Primitive != rm.NotPrimitive {
		w.part(it, "accuracy", a)
	} else {
		w.sub(it, "_accuracy", a)
	}
	w.part(it, "accuracy_is_percent", v.Get("accuracy_is_percent"))
	w.sub(it, "_normal_range", v.Get("normal_range"))
	for i, ref := range v.List("other_reference_ranges") {
		x := it.at("_other_reference_ranges", i)
		w.sub(x, "meaning", ref.Get("meaning"))
		if r := ref.Get("range"); r != nil {
			w.interval(r, x)
		}
	}
}

// interval writes the flags only where they are not what reading takes them to
// be.
func (w *writer) interval(v *rm.Node, it *item) {
	for _, name := range []string{"lower", "upper"} {
		limit := v.Get(name)
		w.sub(it, name, limit)
		given := limit != nil
		if included, ok := v.Get(name + "_included").Bool(); ok && included != given {
			w.part(it, name+"_included", v.Get(name+"_included"))
		}
		// An end without a limit reads as unbounded, but other readers are told.
		if unbounded, ok := v.Get(name + "_unbounded").Bool(); ok && (unbounded || !given) {
			w.part(it, name+"_unbounded", v.Get(name+"_unbounded"))
		}
	}
}

func (w *writer) party(v *rm.Node, it *item) {
	if v.Class.Name == "PARTY_SELF" {
		it.setText("_type", v.Class.Name)
	}
	w.part(it, "name", v.Get("name"))
	if ref := v.Get("external_ref"); ref != nil {
		w.reference(ref, it, "id_namespace")
	}
	for i, id := range v.List("identifiers") {
		w.value(id, it.at("_identifier", i))
	}
	w.sub(it, "relationship", v.Get("relationship"))
}

// reference writes an OBJECT_REF; a type of the id that reading would not
// choose is written too.
func (w *writer) reference(ref *rm.Node, it *item, namespace string) {
	w.part(it, "id", ref.Get("id", "value"))
	w.part(it, "id_scheme", ref.Get("id", "scheme"))
	if id := ref.Get("id"); id != nil && id.Class.Name != "GENERIC_ID" && id.Class.Name != "HIER_OBJECT_ID" {
		it.setText("id_type", id.Class.Name)
	}
	w.part(it, namespace, ref.Get("namespace"))
	if t := ref.String("type"); namespace == "namespace" || t != "PARTY" {
		it.setText("type", t)
	}
}

func (w *writer) participation(v *rm.Node, it *item) {
	if f := v.Get("function"); f != nil && len(f.Attrs) == 1 && f.Class == rm.ClassDVText {
		it.setText("function", f.String("value"))
	} else {
		w.sub(it, "function", f)
	}
	if m := v.Get("mode"); m != nil {
		code, text, known := openEHR("participation mode", m.String("value"))
		if known && m.String("defining_code", "terminology_id", "value") == terminology.ID &&
			code == m.String("defining_code", "code_string") && text == m.String("value") {
			it.setText("mode", text)
		} else {
			w.sub(it, "mode", m)
		}
	}
	if p := v.Get("performer"); p != nil {
		w.party(p, it)
	}
	w.sub(it, "time", v.Get("time"))
}

// attributes writes the optional RM attributes of an object of the node.
func (w *writer) attributes(n *webtemplate.Node, o *rm.Node, it *item, name string) {
	// each writes the members of an attribute, as |raw if reading makes
	// something else of them.
	each := func(id, attribute string, write func(*rm.Node, *item)) {
		if o.Class.Attribute(attribute) == nil {
			return
		}
		for i, m := range o.List(attribute) {
			x := &item{}
			write(m, x)
			if w.careful && !w.attributeReads(o.Class, id, attribute, x, m) {
				x = raw(m)
			}
			*it.at(id, i) = *x
		}
	}
	value := func(v *rm.Node, x *item) { w.value(v, x) }
	reference := func(v *rm.Node, x *item) { w.reference(v, x, "namespace") }
	if o.Class.IsA(rm.ClassLocatable) {
		each("_uid", "uid", func(v *rm.Node, x *item) { w.part(x, "", v.Get("value")) })
		if n := o.Get("name"); n != nil && (n.String("value") != name || len(n.Attrs) > 1 || n.Class != rm.ClassDVText) {
			each("_name", "name", value)
		}
		each("_link", "links", func(v *rm.Node, x *item) {
			for _, s := range []string{"meaning", "type", "target"} {
				w.part(x, s, v.Get(s, "value"))
			}
		})
		each("_feeder_audit", "feeder_audit", w.feederAudit)
	}
	if o.Class.IsA(rm.Lookup("PARTY")) || o.Class.Name == "PARTY_RELATIONSHIP" {
		each("_performer", "performer", reference)
		each("_role", "roles", reference)
		each("_language", "languages", value)
		each("_source", "source", reference)
		each("_target", "target", reference)
		each("_reverse_relationship", "reverse_relationships", func(v *rm.Node, x *item) {
			reference(v, x)
			w.part(x, "path", v.Get("path"))
		})
	}
	if !hasAttribute(n, "time_validity") {
		each("_time_validity", "time_validity", value)
	}
	each("_other_participation", "other_participations", w.participation)
	each("_work_flow_id", "workflow_id", reference)
	each("_guideline_id", "guideline_id", reference)
	each("_provider", "provider", w.partyOf)
	each("_null_flavour", "null_flavour", value)
	each("_null_reason", "null_reason", value)
	each("_reason", "reason", value)
	each("_wf_definition", "wf_definition", value)
	each("_end_time", "end_time", value)
	each("_health_care_facility", "health_care_facility", w.partyOf)
	each("_participation", "participations", w.participation)
	each("_instruction_details", "instruction_details", func(v *rm.Node, x *item) {
		w.part(x, "path", v.Get("instruction_id", "path"))
		w.part(x, "composition_uid", v.Get("instruction_id", "id", "value"))
		w.part(x, "activity_id", v.Get("activity_id"))
	})
	if o.Class.Name == "EVENT_CONTEXT" {
		if l := o.Get("location"); l != nil {
			w.part(it.at("_location", 0), "", l)
		}
	}
	w.part(it, "sample_count", o.Get("sample_count"))
}

// hasAttribute reports whether the template has a node for an attribute.
func hasAttribute(n *webtemplate.Node, name string) bool {
	return slices.ContainsFunc(n.Children, func(c *webtemplate.Node) bool {
		return len(c.Steps) > 0 && c.Steps[0].Attribute != nil && c.Steps[0].Attribute.Name == name
	})
}

func (w *writer) partyOf(v *rm.Node, x *item) { w.party(v, x) }

// attributeReads reports whether reading makes the same of an attribute.
func (w *writer) attributeReads(class *rm.Class, id, attribute string, x *item, want *rm.Node) bool {
	r := reader{wt: w.wt, template: w.template}
	holder := &item{}
	*holder.at(id, 0) = *x
	o := &object{class: class}
	r.attributes(o, holder)
	r.unused("", holder)
	for _, list := range [][]*item{holder.children[0].items} {
		for _, it := range list {
			it.used = false
		}
	}
	vals := o.members(attribute)
	if len(vals) != 1 || len(r.problems.Problems()) > 0 {
		return false
	}
	read, problems := rm.DecodeJSON(vals[0].json(nil), nil, rm.JSONOptions{Incomplete: true})
	if read == nil || rm.HasErrors(problems) {
		return false
	}
	_, same := w.same("", want, read)
	return same
}

func (w *writer) feederAudit(v *rm.Node, it *item) {
	for _, list := range []string{"originating_system_item_id", "feeder_system_item_id"} {
		for i, id := range v.List(list + "s") {
			w.value(id, it.at(list, i))
		}
	}
	if c := v.Get("original_content"); c != nil {
		id := "original_content"
		if strings.HasSuffix(c.Class.Name, "MULTIMEDIA") {
			id = "original_content_multimedia"
		}
		w.value(c, it.at(id, 0))
	}
	for _, name := range []string{"originating_system_audit", "feeder_system_audit"} {
		d := v.Get(name)
		if d == nil {
			continue
		}
		x := it.at(name, 0)
		w.part(x, "system_id", d.Get("system_id"))
		w.part(x, "version_id", d.Get("version_id"))
		w.part(x, "time", d.Get("time", "value"))
		for _, p := range []string{"location", "provider", "subject"} {
			if n := d.Get(p); n != nil {
				w.party(n, x.at(p, 0))
			}
		}
		if o := d.Get("other_details"); o != nil {
			*x.at("other_details", 0) = *raw(o)
		}
	}
}
