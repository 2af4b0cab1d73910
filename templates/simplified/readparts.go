package simplified

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// party reads a PARTY_PROXY: a PARTY_SELF if it says so or says nothing but an
// external reference.
func (r *reader) party(class *rm.Class, it *item) *object {
	if it == nil {
		return nil
	}
	if raw, ok := it.part("raw"); ok {
		return r.raw(class, raw)
	}
	kind := it.text("_type")
	name := it.text("name", "")
	identifiers := r.identifiers(it)
	relationship := it.one("relationship", "_relationship")
	switch {
	case kind != "":
		c := rm.Lookup(kind)
		if c == nil || c.Abstract || !c.IsA(rm.ClassPartyProxy) {
			r.report("", "|_type names no kind of party: "+clip(kind))
			return nil
		}
		class = c
	case relationship != nil:
		class = rm.Lookup("PARTY_RELATED")
	case class.Abstract:
		class = rm.Lookup("PARTY_IDENTIFIED")
	}
	o := &object{class: class}
	if id := it.text("id"); id != "" {
		o.add("external_ref", r.reference("PARTY_REF", it, id, "PARTY"))
	}
	if class.Attribute("name") != nil {
		o.putText("name", name)
		for _, x := range identifiers {
			o.add("identifiers", x)
		}
		if relationship != nil && class.Attribute("relationship") != nil {
			o.add("relationship", r.coded(relationship, nil))
		}
	}
	if len(o.attrs) == 0 && kind == "" {
		return nil
	}
	return o
}

// reference reads the suffixes of an OBJECT_REF.
func (r *reader) reference(class string, it *item, id, kind string) *object {
	ref := newObject(class)
	scheme := it.text("id_scheme", "id_schema", "scheme")
	if scheme == "" {
		scheme = r.ctx.scheme
	}
	namespace := it.text("id_namespace", "namespace")
	if namespace == "" {
		namespace = r.ctx.namespace
	}
	var oid *object
	switch form := it.text("id_type"); {
	case form != "" && rm.Lookup(form) != nil && rm.Lookup(form).IsA(rm.Lookup("OBJECT_ID")) && !rm.Lookup(form).Abstract:
		oid = value(form, id)
	case scheme == "":
		oid = value("HIER_OBJECT_ID", id)
	default:
		oid = value("GENERIC_ID", id)
		oid.putText("scheme", scheme)
	}
	ref.add("id", oid)
	if namespace == "" {
		namespace = "unknown"
	}
	ref.putText("namespace", namespace)
	if t := it.text("type"); t != "" {
		kind = t
	}
	ref.putText("type", kind)
	return ref
}

// identifiers reads the identifiers of a party, in any of their three forms.
func (r *reader) identifiers(it *item) []*object {
	var list []*object
	for _, x := range it.all("_identifier") {
		list = append(list, r.value(rm.Lookup("DV_IDENTIFIER"), nil, x, nil))
	}
	// identifiers_id:0 beside identifiers_issuer:0 and so on.
	indexed := map[string]*object{}
	for i := range it.parts {
		p := &it.parts[i]
		name, ok := strings.CutPrefix(p.suffix, "identifiers_")
		if !ok {
			continue
		}
		name, index, _ := strings.Cut(name, ":")
		if name != "id" && name != "issuer" && name != "assigner" && name != "type" {
			continue
		}
		p.used = true
		if indexed[index] == nil {
			indexed[index] = newObject("DV_IDENTIFIER")
			list = append(list, indexed[index])
		}
		indexed[index].putText(name, p.value.text)
	}
	return append(dropEmpty(list), compactIdentifiers(it.text("identifiers"))...)
}

// compactIdentifiers reads issuer::assigner::id::type;….
func compactIdentifiers(s string) []*object {
	var list []*object
	for one := range strings.SplitSeq(s, ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		o := newObject("DV_IDENTIFIER")
		parts := strings.Split(one, "::")
		for i, name := range []string{"issuer", "assigner", "id", "type"} {
			if i < len(parts) {
				o.putText(name, parts[i])
			}
		}
		list = append(list, o)
	}
	return list
}

// participation reads a PARTICIPATION, whose performer's parts are its own.
func (r *reader) participation(it *item) *object {
	if raw, ok := it.part("raw"); ok {
		return r.raw(rm.Lookup("PARTICIPATION"), raw)
	}
	o := newObject("PARTICIPATION")
	if f := it.text("function"); f != "" {
		o.add("function", value("DV_TEXT", f))
	} else if x := it.one("function"); x != nil {
		o.add("function", r.value(rm.ClassDVText, nil, x, nil))
	}
	o.add("mode", mode(it.text("mode")))
	if o.get("mode") == nil {
		o.add("mode", r.value(rm.ClassDVCodedText, nil, it.one("mode"), nil))
	}
	performer := r.party(rm.ClassPartyProxy, it)
	if performer == nil {
		performer = newObject("PARTY_SELF")
	}
	o.add("performer", performer)
	if x := it.one("time"); x != nil {
		interval := newObject("DV_INTERVAL")
		r.interval(interval, rm.ClassDVDateTime, x, nil)
		o.add("time", interval)
	}
	return o
}

// mode is a participation mode by its rubric or code.
func mode(s string) *object {
	if s == "" {
		return nil
	}
	if code, text, ok := openEHR("participation mode", s); ok {
		return codedText(text, terminology.ID, code)
	}
	return codedText(s, "local", s)
}

// openEHR finds a code of a group by the code or any of its rubrics.
func openEHR(group, s string) (code, text string, ok bool) {
	g := terminology.OpenEHR.Group(strings.ReplaceAll(group, " ", "_"))
	if g == nil {
		return "", "", false
	}
	for _, c := range g.Codes() {
		if c == s {
			text, _ := g.Rubric(c, "en")
			return c, text, true
		}
		for _, lang := range terminology.Languages {
			if text, ok := g.Rubric(c, lang); ok && text == s {
				return c, text, true
			}
		}
	}
	return "", "", false
}

// link reads a LINK.
func (r *reader) link(it *item) *object {
	o := newObject("LINK")
	for _, name := range []string{"meaning", "type"} {
		// The text stands at |meaning, a code at |meaning|code and so on.
		x := &item{}
		if v, ok := it.part(name, name+"|value"); ok {
			x.set("value", v)
		}
		for _, part := range []string{"code", "terminology"} {
			if v, ok := it.part(name + "|" + part); ok {
				x.set(part, v)
			}
		}
		if x.empty() {
			x = it.one(name)
		}
		o.add(name, r.value(rm.ClassDVText, nil, x, nil))
	}
	if t := it.text("target"); t != "" {
		o.add("target", value("DV_EHR_URI", t))
	}
	return o
}

func (r *reader) feederAudit(it *item) *object {
	o := newObject("FEEDER_AUDIT")
	for _, x := range it.all("originating_system_item_id") {
		o.add("originating_system_item_ids", r.value(rm.Lookup("DV_IDENTIFIER"), nil, x, nil))
	}
	for _, x := range it.all("feeder_system_item_id") {
		o.add("feeder_system_item_ids", r.value(rm.Lookup("DV_IDENTIFIER"), nil, x, nil))
	}
	if x := it.one("original_content"); x != nil {
		o.add("original_content", r.value(rm.Lookup("DV_PARSABLE"), nil, x, nil))
	}
	if x := it.one("original_content_multimedia"); x != nil {
		o.add("original_content", r.value(rm.Lookup("DV_MULTIMEDIA"), nil, x, nil))
	}
	for _, name := range []string{"originating_system_audit", "feeder_system_audit"} {
		x := it.one(name)
		if x == nil {
			continue
		}
		d := newObject("FEEDER_AUDIT_DETAILS")
		d.putText("system_id", x.text("system_id"))
		d.putText("version_id", x.text("version_id"))
		if t := x.text("time"); t != "" {
			d.add("time", value("DV_DATE_TIME", t))
		}
		if l := x.one("location"); l != nil {
			d.add("location", r.party(rm.Lookup("PARTY_IDENTIFIED"), l))
		}
		if p := x.one("provider"); p != nil {
			d.add("provider", r.party(rm.Lookup("PARTY_IDENTIFIED"), p))
		}
		if s := x.one("subject"); s != nil {
			d.add("subject", r.party(rm.ClassPartyProxy, s))
		}
		if x := x.one("other_details"); x != nil {
			if raw, ok := x.part("raw"); ok {
				d.add("other_details", r.raw(rm.ClassItemStructure, raw))
			}
		}
		o.add(name, d)
	}
	return o
}

// attributes reads the optional RM attributes of an object, whose ids begin
// with an underscore.
func (r *reader) attributes(o *object, it *item) {
	each := func(id, attribute string, read func(*item) *object) {
		if o.class.Attribute(attribute) == nil {
			return
		}
		for _, x := range it.all(id) {
			if raw, ok := x.part("raw"); ok {
				o.add(attribute, r.raw(o.class.Attribute(attribute).Type, raw))
			} else {
				o.add(attribute, read(x))
			}
		}
	}
	of := func(class string) func(*item) *object {
		return func(x *item) *object { return r.value(rm.Lookup(class), nil, x, nil) }
	}
	reference := func(x *item) *object { return r.reference("OBJECT_REF", x, x.text("id"), "ANY") }
	if o.class.IsA(rm.ClassLocatable) {
		each("_uid", "uid", func(x *item) *object {
			id := x.text("", "value")
			if strings.Count(id, "::") == 2 {
				return value("OBJECT_VERSION_ID", id)
			}
			return value("HIER_OBJECT_ID", id)
		})
		each("_name", "name", of("DV_TEXT"))
		each("_link", "links", r.link)
		each("_feeder_audit", "feeder_audit", r.feederAudit)
	}
	if o.class.IsA(rm.Lookup("PARTY")) || o.class.Name == "PARTY_RELATIONSHIP" {
		party := func(x *item) *object { return r.reference("PARTY_REF", x, x.text("id"), "PARTY") }
		each("_performer", "performer", party)
		each("_role", "roles", party)
		each("_language", "languages", of("DV_TEXT"))
		each("_source", "source", party)
		each("_target", "target", party)
		each("_reverse_relationship", "reverse_relationships", func(x *item) *object {
			ref := r.reference("LOCATABLE_REF", x, x.text("id"), "PARTY_RELATIONSHIP")
			if path := x.text("path"); path != "" {
				ref.putText("path", path)
			}
			return ref
		})
	}
	if a := o.class.Attribute("time_validity"); a != nil {
		each("_time_validity", "time_validity", func(x *item) *object { return r.value(a.Type, a.Param, x, nil) })
	}
	each("_other_participation", "other_participations", r.participation)
	each("_work_flow_id", "workflow_id", reference)
	each("_workflow_id", "workflow_id", reference)
	each("_guideline_id", "guideline_id", reference)
	each("_provider", "provider", func(x *item) *object { return r.party(rm.ClassPartyProxy, x) })
	each("_null_flavour", "null_flavour", func(x *item) *object {
		if s := x.text(""); s != "" {
			if code, text, ok := openEHR("null flavours", s); ok {
				return codedText(text, terminology.ID, code)
			}
		}
		return r.coded(x, nil)
	})
	each("_null_reason", "null_reason", of("DV_TEXT"))
	each("_reason", "reason", of("DV_TEXT"))
	each("_wf_definition", "wf_definition", of("DV_PARSABLE"))
	each("_expiry_time", "expiry_time", of("DV_DATE_TIME"))
	each("_end_time", "end_time", of("DV_DATE_TIME"))
	each("_health_care_facility", "health_care_facility", func(x *item) *object { return r.party(rm.Lookup("PARTY_IDENTIFIED"), x) })
	each("_participation", "participations", r.participation)
	each("_instruction_details", "instruction_details", r.instructionDetails)
	if o.class.Name == "EVENT_CONTEXT" {
		if x := it.one("_location"); x != nil {
			o.putText("location", x.text("", "value"))
		}
	}
	if a := o.class.Attribute("sample_count"); a != nil {
		v, ok := it.part("sample_count")
		o.put("sample_count", v, ok)
	}
}

// clip shortens a piece of the input for a message.
func clip(s string) string { return clipTo(s, 80) }

// clipKey shortens a key, of which the end says most.
func clipKey(s string) string { return clipTo(s, 400) }

func clipTo(s string, length int) string {
	if r := []rune(s); len(r) > length {
		return string(r[:length]) + "…"
	}
	return s
}
