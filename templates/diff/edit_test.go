package diff_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// part is an element of an OPT by its place in the text.
type part struct {
	name, xsi       string
	start, end      int // of the whole element
	inside, closing int // of its content
	children        []*part
	parent          *part
}

func parts(t testing.TB, text []byte) *part {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	root := &part{}
	at := root
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		if err == io.EOF {
			return root.children[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			p := &part{name: e.Name.Local, start: start, inside: int(d.InputOffset()), parent: at}
			for _, a := range e.Attr {
				if a.Name.Local == "type" {
					p.xsi = a.Value
				}
			}
			at.children = append(at.children, p)
			at = p
		case xml.EndElement:
			at.closing, at.end = start, int(d.InputOffset())
			at = at.parent
		}
	}
}

func (p *part) child(name string) *part {
	for _, c := range p.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// edit is a single change of an OPT: other text in the place of a part of it.
type edit struct {
	what     string
	text     []byte // the whole, before
	from, to int
	with     string
}

// opt is the text after the edit.
func (e edit) opt() []byte {
	return slices.Concat(e.text[:e.from], []byte(e.with), e.text[e.to:])
}

type editor struct {
	text []byte
	out  []edit
}

func (e *editor) replace(from, to int, with, what string, p *part) {
	line := 1 + bytes.Count(e.text[:p.start], []byte("\n"))
	e.out = append(e.out, edit{fmt.Sprintf("line %d, offset %d, %s: %s", line, p.start, p.name, what), e.text, from, to, with})
}

func (e *editor) set(p *part, value string) {
	e.replace(p.inside, p.closing, value, string(e.text[p.inside:p.closing])+" becomes "+value, p)
}

func (e *editor) remove(p *part) { e.replace(p.start, p.end, "", "removed", p) }

func (e *editor) insert(p *part, what, xml string) { e.replace(p.end, p.end, xml, what, p) }

func (e *editor) content(p *part) string { return string(e.text[p.inside:p.closing]) }

// swapped are RM types that may stand in each other's place.
var swapped = map[string][]string{
	"DV_TEXT": {"DV_CODED_TEXT", "DV_COUNT"}, "DV_CODED_TEXT": {"DV_TEXT"}, "EVENT": {"POINT_EVENT", "INTERVAL_EVENT"},
	"POINT_EVENT": {"EVENT"}, "INTERVAL_EVENT": {"EVENT"}, "ELEMENT": {"ITEM", "CLUSTER"}, "CLUSTER": {"ITEM"}, "DV_COUNT": {"DV_QUANTITY", "DV_ORDERED"},
	"DV_INTERVAL<DV_COUNT>": {"DV_INTERVAL<DV_QUANTITY>", "DV_INTERVAL"}, "PARTY_IDENTIFIED": {"PARTY_PROXY"}, "ITEM_TREE": {"ITEM_STRUCTURE"},
	"DV_DATE_TIME": {"DV_TEMPORAL", "DV_DATE"}, "DV_QUANTITY": {"DV_AMOUNT"},
}

var escape = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// edits are single changes of all parts of the definition.
func edits(t testing.TB, opt []byte) []edit {
	t.Helper()
	e := &editor{text: opt}
	e.walk(parts(t, opt).child("definition"))
	return e.out
}

func (e *editor) walk(p *part) {
	switch p.name {
	case "occurrences", "existence", "interval", "magnitude", "precision", "range":
		e.interval(p)
		if p.name == "range" || p.name == "magnitude" || p.name == "precision" {
			e.remove(p)
		}
		return
	case "rm_type_name":
		for _, other := range swapped[strings.NewReplacer("&lt;", "<", "&gt;", ">").Replace(e.content(p))] {
			e.set(p, escape.Replace(other))
		}
		return
	case "node_id":
		if p.closing > p.inside {
			e.set(p, "at9999")
		}
		return
	case "is_ordered", "is_unique", "list_open", "true_valid", "false_valid":
		e.set(p, strconv.FormatBool(e.content(p) != "true"))
		return
	case "code_list":
		e.remove(p)
		e.set(p, "at9998")
		e.insert(p, "another code", "<code_list>at9998</code_list>")
		return
	case "list":
		e.remove(p)
		switch v := p.child("value"); {
		case len(p.children) == 0:
			switch p.parent.xsi {
			case "C_INTEGER":
				e.set(p, "77")
				e.insert(p, "another number", "<list>77</list>")
			case "C_REAL":
				e.set(p, "7.5")
			default:
				e.set(p, "other")
				e.insert(p, "another text", "<list>other</list>")
			}
		case v != nil: // of an ordinal
			e.set(v, "77")
		default: // of a quantity
			e.set(p.child("units"), "other")
			e.insert(p, "another unit", "<list><units>other</units></list>")
			e.insert(p, "the same unit, narrower", `<list><magnitude><lower_included>true</lower_included><lower_unbounded>false</lower_unbounded><upper_unbounded>true</upper_unbounded><lower>5</lower></magnitude>`+
				string(e.text[p.child("units").start:p.child("units").end])+`</list>`)
		}
	case "pattern":
		for _, other := range []string{".*", "a+", "yyyy-??-??", "yyyy-mm-dd", "yyyy-??-??T??:??:??", "PT"} {
			e.set(p, other)
		}
		e.remove(p)
		return
	case "includes", "excludes", "cardinality", "item", "property":
		e.remove(p)
	case "reference", "referenceSetUri":
		e.set(p, "other:set")
		e.remove(p)
		return
	case "terminology_id":
		if strings.HasPrefix(p.parent.xsi, "C_CODE") {
			e.set(p.child("value"), "other")
		}
		return
	case "archetype_id":
		e.set(p.child("value"), e.content(p.child("value"))+"9")
		return
	case "attributes":
		e.remove(p)
	case "children":
		e.remove(p)
		whole := string(e.text[p.start:p.end])
		e.insert(p, "repeated", whole)
		if id := p.child("node_id"); id != nil && id.closing > id.inside {
			renamed := strings.Replace(whole, "<node_id>"+e.content(id)+"</node_id>", "<node_id>at9997</node_id>", 1)
			e.insert(p, "repeated with another node id", renamed)
			mandatory := strings.NewReplacer("<upper_unbounded>true</upper_unbounded>", "<upper_unbounded>true</upper_unbounded>").Replace(renamed)
			if o := p.child("occurrences"); o != nil {
				mandatory = strings.Replace(renamed, string(e.text[o.start:o.end]), written("occurrences", 1, 1, false), 1)
			}
			e.insert(p, "repeated with another node id, mandatory", mandatory)
			named := `<attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>name</rm_attribute_name>` + written("existence", 1, 1, false) +
				`<children xsi:type="C_COMPLEX_OBJECT"><rm_type_name>DV_TEXT</rm_type_name>` + written("occurrences", 1, 1, false) + `<node_id/>` +
				`<attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>value</rm_attribute_name>` + written("existence", 1, 1, false) +
				`<children xsi:type="C_PRIMITIVE_OBJECT"><rm_type_name>STRING</rm_type_name>` + written("occurrences", 1, 1, false) +
				`<node_id/><item xsi:type="C_STRING"><list>Example</list></item></children></attributes></children></attributes>`
			if !strings.Contains(string(e.text[id.end:min(id.end+160, p.end)]), "<rm_attribute_name>name<") {
				e.replace(id.end, id.end, named, "named", p)
				e.insert(p, "repeated with a name", strings.Replace(whole, string(e.text[id.start:id.end]), string(e.text[id.start:id.end])+named, 1))
			}
		}
		if p.xsi == "C_COMPLEX_OBJECT" {
			e.insert(p, "an alternative", `<children xsi:type="C_COMPLEX_OBJECT"><rm_type_name>DV_BOOLEAN</rm_type_name>`+written("occurrences", 0, 1, false)+`<node_id/></children>`)
		}
	case "term_definitions":
		for _, c := range p.children {
			e.set(c, "Another text")
		}
		return
	}
	for _, c := range p.children {
		e.walk(c)
	}
}

func written(name string, lower, upper int, unbounded bool) string {
	s := fmt.Sprintf("<%s><lower_included>true</lower_included><upper_included>true</upper_included><lower_unbounded>false</lower_unbounded><upper_unbounded>%v</upper_unbounded><lower>%d</lower>", name, unbounded, lower)
	if !unbounded {
		s += fmt.Sprintf("<upper>%d</upper>", upper)
	}
	return s + "</" + name + ">"
}

// interval moves the ends of an interval.
func (e *editor) interval(p *part) {
	text := func(name string) string {
		if c := p.child(name); c != nil {
			return e.content(c)
		}
		return ""
	}
	if _, err := strconv.ParseFloat(text("lower")+text("upper"), 64); err != nil && text("lower") != "" && text("upper") != "" {
		if _, err := strconv.ParseFloat(text("lower"), 64); err != nil {
			return // of durations or dates
		}
	}
	for _, name := range []string{"lower", "upper"} {
		c := p.child(name)
		if c == nil {
			continue
		}
		f, err := strconv.ParseFloat(e.content(c), 64)
		if err != nil {
			return
		}
		e.set(c, strconv.FormatFloat(f+1, 'f', -1, 64))
		if f > 0 {
			e.set(c, strconv.FormatFloat(f-1, 'f', -1, 64))
		}
		if u := p.child(name + "_unbounded"); u != nil && (name == "upper" || p.name == "range" || p.name == "magnitude") {
			without := strings.Replace(string(e.text[p.inside:p.closing]), string(e.text[c.start:c.end]), "", 1)
			without = strings.Replace(without, string(e.text[u.start:u.end]), "<"+u.name+">true</"+u.name+">", 1)
			e.replace(p.inside, p.closing, without, name+" unbounded", p)
		}
	}
	switch p.name {
	case "occurrences", "existence", "interval":
		if text("upper_unbounded") == "true" {
			for _, upper := range []int{1, 2} {
				e.replace(p.start, p.end, written(p.name, min(upper, atoi(text("lower"))), upper, false), "bounded", p)
			}
		}
		e.replace(p.start, p.end, written(p.name, 0, 0, false), "prohibited", p)
	}
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
