package archetypes

import (
	"slices"
	"strconv"
	"strings"
)

// Print is the archetype as ADL 1.4. Parsing the result gives an archetype
// that differs from a in nothing but positions; comments are not kept, node
// ids are commented with their term in the original language instead.
func Print(a *Archetype) string {
	w := &printer{a: a}
	w.archetype()
	return w.b.String()
}

type printer struct {
	b      strings.Builder
	a      *Archetype
	indent int
}

// line writes one line at the current indentation.
func (w *printer) line(parts ...string) {
	for range w.indent {
		w.b.WriteByte('\t')
	}
	for _, s := range parts {
		w.b.WriteString(s)
	}
	w.b.WriteByte('\n')
}

// open writes a line and indents what follows; close ends it.
func (w *printer) open(parts ...string) {
	w.line(parts...)
	w.indent++
}

func (w *printer) close(s string) {
	w.indent--
	w.line(s)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", `\r`).Replace(s) + `"`
}

func (w *printer) text(key, value string) {
	if value != "" {
		w.line(key, " = <", quote(value), ">")
	}
}

func (w *printer) dict(key string, kvs []KeyValue) {
	if len(kvs) == 0 {
		return
	}
	w.open(key, " = <")
	for _, kv := range kvs {
		w.line("[", quote(kv.Key), "] = <", quote(kv.Value), ">")
	}
	w.close(">")
}

func (w *printer) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	s := strings.Join(quoted, ", ")
	if len(values) == 1 {
		s += ", ..." // so that a list of one stays a list
	}
	w.line(key, " = <", s, ">")
}

func (w *printer) archetype() {
	a := w.a
	head := make([]string, 0, 3)
	if a.ADLVersion != "" {
		head = append(head, "adl_version="+a.ADLVersion)
	}
	if a.UID != "" {
		head = append(head, "uid="+a.UID)
	}
	if a.Controlled {
		head = append(head, "controlled")
	}
	if len(head) > 0 {
		w.line("archetype (", strings.Join(head, "; "), ")")
	} else {
		w.line("archetype")
	}
	w.line("\t", a.ID)
	if a.Parent != "" {
		w.line("specialise")
		w.line("\t", a.Parent)
	}
	w.line()
	w.open("concept")
	w.line("[", a.Concept, "]", w.comment(a.Concept))
	w.indent--
	if a.OriginalLanguage.Code != "" && a.Ontology.PrimaryLanguage == "" {
		w.language()
	}
	if a.Description != nil {
		w.description(a.Description)
	}
	w.line()
	w.open("definition")
	w.object(a.Definition)
	w.indent--
	if len(a.Invariants) > 0 {
		w.line()
		w.open("invariant")
		for _, inv := range a.Invariants {
			w.line(inv.String())
		}
		w.indent--
	}
	w.line()
	w.open("ontology")
	w.ontology(&a.Ontology)
	w.indent--
	if a.RevisionHistory != nil {
		w.open("revision_history")
		w.fields(a.RevisionHistory)
		w.indent--
	}
	if a.Annotations != nil {
		w.open("annotations")
		w.fields(a.Annotations)
		w.indent--
	}
}

// comment is the term of a code in the original language, as a comment.
func (w *printer) comment(code string) string {
	t, ok := w.a.Ontology.Term(w.a.OriginalLanguage.Code, code)
	if !ok || t.Item("text") == "" {
		return ""
	}
	return "\t-- " + strings.Join(strings.Fields(t.Item("text")), " ")
}

func (w *printer) language() {
	a := w.a
	w.open("language")
	w.line("original_language = <", a.OriginalLanguage.String(), ">")
	if len(a.Translations) > 0 {
		w.open("translations = <")
		for _, t := range a.Translations {
			w.open("[", quote(t.Language.Code), "] = <")
			w.line("language = <", t.Language.String(), ">")
			w.dict("author", t.Author)
			w.text("accreditation", t.Accreditation)
			w.dict("other_details", t.OtherDetails)
			w.close(">")
		}
		w.close(">")
	}
	w.indent--
}

func (w *printer) description(d *Description) {
	w.open("description")
	w.dict("original_author", d.OriginalAuthor)
	w.list("other_contributors", d.OtherContributors)
	w.text("lifecycle_state", d.LifecycleState)
	w.text("resource_package_uri", d.ResourcePackageURI)
	w.dict("other_details", d.OtherDetails)
	if len(d.Details) > 0 {
		w.open("details = <")
		for _, item := range d.Details {
			w.open("[", quote(item.Language.Code), "] = <")
			w.line("language = <", item.Language.String(), ">")
			w.text("purpose", item.Purpose)
			w.list("keywords", item.Keywords)
			w.text("use", item.Use)
			w.text("misuse", item.Misuse)
			w.text("copyright", item.Copyright)
			w.dict("original_resource_uri", item.OriginalResourceURI)
			w.dict("other_details", item.OtherDetails)
			w.close(">")
		}
		w.close(">")
	}
	w.indent--
}

func (w *printer) ontology(o *Ontology) {
	w.text("primary_language", o.PrimaryLanguage)
	w.list("languages_available", o.LanguagesAvailable)
	w.list("terminologies_available", o.TerminologiesAvailable)
	if o.SpecialisationDepthText != "" {
		w.line("specialisation_depth = <", o.SpecialisationDepthText, ">")
	}
	w.termSets("term_definitions", o.TermDefinitions)
	w.termSets("constraint_definitions", o.ConstraintDefinitions)
	w.bindings("term_bindings", o.TermBindings)
	w.bindings("constraint_bindings", o.ConstraintBindings)
}

func (w *printer) termSets(key string, sets []TermSet) {
	if len(sets) == 0 {
		return
	}
	w.open(key, " = <")
	for _, set := range sets {
		w.open("[", quote(set.Language), "] = <")
		w.open("items = <")
		for _, t := range set.Terms {
			w.open("[", quote(t.Code), "] = <")
			keyed := slices.ContainsFunc(t.Items, func(kv KeyValue) bool { return !isIdentifier(kv.Key) })
			for _, kv := range t.Items {
				if keyed {
					w.line("[", quote(kv.Key), "] = <", quote(kv.Value), ">")
				} else {
					w.line(kv.Key, " = <", quote(kv.Value), ">")
				}
			}
			w.close(">")
		}
		w.close(">")
		w.close(">")
	}
	w.close(">")
}

func isIdentifier(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return s != "" && isLetter(s[0])
}

func (w *printer) bindings(key string, sets []BindingSet) {
	if len(sets) == 0 {
		return
	}
	w.open(key, " = <")
	for _, set := range sets {
		w.open("[", quote(set.Terminology), "] = <")
		w.open("items = <")
		for _, b := range set.Items {
			w.line("[", quote(b.Code), "] = <", b.Target, ">")
		}
		w.close(">")
		w.close(">")
	}
	w.close(">")
}

// fields writes a dADL value kept as read.
func (w *printer) fields(v *Value) {
	for i := range v.Fields {
		f := &v.Fields[i]
		key := f.Key
		if v.Kind == KeyedValue {
			key = "[" + quote(key) + "]"
		}
		w.value(key+" = ", &f.Value)
	}
}

func (w *printer) value(prefix string, v *Value) {
	if v.Type != "" {
		prefix += "(" + v.Type + ") "
	}
	if v.Kind == ObjectValue || v.Kind == KeyedValue {
		w.open(prefix, "<")
		w.fields(v)
		w.close(">")
		return
	}
	w.line(prefix, "<", primitiveText(v), ">")
}

func primitiveText(v *Value) string {
	switch v.Kind {
	case StringValue:
		return quote(v.Text)
	case CodeValue:
		return "[" + v.Text + "]"
	case IntervalValue:
		return v.Interval.String()
	case OrdinalValue:
		return v.Text + "|" + v.Code.String()
	case ListValue:
		parts := make([]string, len(v.List))
		for i := range v.List {
			parts[i] = primitiveText(&v.List[i])
		}
		s := strings.Join(parts, ", ")
		if v.Open {
			s += ", ..."
		}
		return s
	}
	return v.Text
}

func (w *printer) object(o *Object) {
	head := o.RMType
	if o.NodeID != "" {
		head += "[" + o.NodeID + "]"
	}
	if o.Occurrences != nil {
		head += " occurrences matches {" + o.Occurrences.String() + "}"
	}
	comment := ""
	if o.NodeID != "" {
		comment = w.comment(o.NodeID)
	}
	switch {
	case o.Slot != nil:
		w.slot("allow_archetype "+head, comment, o.Slot)
	case o.Ref != "":
		w.line("use_node ", head, " ", o.Ref, comment)
	case o.Quantity != nil:
		w.quantity(o.Quantity)
	case o.Codes != nil:
		w.codes(o.Codes)
	case o.Ordinal != nil:
		w.ordinal(o.Ordinal)
	case o.ConstraintRef != "":
		w.line("[", o.ConstraintRef, "]")
	case o.Primitive != nil:
		w.line(o.Primitive.String())
	case o.Domain != nil:
		w.open(o.Domain.Type, " <")
		w.fields(o.Domain)
		w.close(">")
	case len(o.Attributes) == 0:
		w.line(head, " matches {*}", comment)
	default:
		w.open(head, " matches {", comment)
		for _, a := range o.Attributes {
			w.attribute(a)
		}
		w.close("}")
	}
}

func (w *printer) attribute(a *Attribute) {
	head := a.Name
	if a.Existence != nil {
		head += " existence matches {" + a.Existence.String() + "}"
	}
	if c := a.Cardinality; c != nil {
		head += " cardinality matches {" + c.String() + "}"
	}
	if len(a.Children) == 0 {
		w.line(head, " matches {*}")
		return
	}
	if len(a.Children) == 1 {
		switch o := a.Children[0]; {
		case o.Primitive != nil:
			w.line(head, " matches {", o.Primitive.String(), "}")
			return
		case o.ConstraintRef != "":
			w.line(head, " matches {[", o.ConstraintRef, "]}")
			return
		}
	}
	w.open(head, " matches {")
	for _, o := range a.Children {
		w.object(o)
	}
	w.close("}")
}

func (w *printer) slot(head, comment string, s *Slot) {
	if len(s.Includes)+len(s.Excludes) == 0 {
		w.line(head, " matches {*}", comment)
		return
	}
	w.open(head, " matches {", comment)
	for _, part := range []struct {
		word string
		list []Assertion
	}{{"include", s.Includes}, {"exclude", s.Excludes}} {
		if len(part.list) == 0 {
			continue
		}
		w.open(part.word)
		for _, a := range part.list {
			w.line(a.String())
		}
		w.indent--
	}
	w.close("}")
}

func (w *printer) codes(c *CodeConstraint) {
	assumed := ""
	if c.Assumed != "" {
		assumed = "; " + c.Assumed
		if c.AssumedTerminology != "" {
			assumed = "; " + c.AssumedTerminology + "::" + c.Assumed
		}
	}
	if len(c.Codes) < 2 {
		w.line("[", c.Terminology, "::", strings.Join(c.Codes, ""), assumed, "]")
		return
	}
	w.line("[", c.Terminology, "::")
	for i, code := range c.Codes {
		comment := ""
		if c.Terminology == "local" {
			comment = w.comment(code)
		}
		switch {
		case i < len(c.Codes)-1:
			w.line(code, ",", comment)
		case assumed != "":
			w.line(code, ";", comment)
			w.line(strings.TrimPrefix(assumed, "; "), "]")
		default:
			w.line(code, "]", comment)
		}
	}
}

func (w *printer) quantity(q *QuantityConstraint) {
	w.open("C_DV_QUANTITY <")
	if q.Property != nil {
		w.line("property = <", q.Property.String(), ">")
	}
	if len(q.List) > 0 {
		w.open("list = <")
		for i, item := range q.List {
			w.open(`["`, strconv.Itoa(i+1), `"] = <`)
			w.line("units = <", quote(item.Units), ">")
			if item.Magnitude != nil {
				w.line("magnitude = <", item.Magnitude.String(), ">")
			}
			if item.Precision != nil {
				w.line("precision = <", item.Precision.String(), ">")
			}
			w.close(">")
		}
		w.close(">")
	}
	if a := q.Assumed; a != nil {
		w.open("assumed_value = <")
		w.text("units", a.Units)
		for _, kv := range []KeyValue{{"magnitude", a.Magnitude}, {"precision", a.Precision}} {
			if kv.Value != "" {
				w.line(kv.Key, " = <", kv.Value, ">")
			}
		}
		w.close(">")
	}
	w.close(">")
}

func (w *printer) ordinal(o *OrdinalConstraint) {
	if len(o.List) == 0 {
		w.line("C_DV_ORDINAL < >")
		return
	}
	for i, item := range o.List {
		end := ""
		switch {
		case i < len(o.List)-1:
			end = ","
		case o.Assumed != "":
			end = "; " + o.Assumed
		}
		w.line(item.Value, "|", item.Symbol.String(), end, w.comment(item.Symbol.Code))
	}
}
