package rm_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

const xsi = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

func mustXML(t testing.TB, n *rm.Node) []byte {
	t.Helper()
	data, err := rm.AppendXML(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestXMLForms reads one object in the forms that XML may have.
func TestXMLForms(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, class, xml, json string }{
		{"v1 default namespace", "DV_TEXT", `<dv_text xmlns="http://schemas.openehr.org/v1"><value> a &amp; b&#13;
</value></dv_text>`, `{"_type":"DV_TEXT","value":" a & b\r\n"}`},
		{
			"v2 with a prefix", "DV_TEXT", `<o:x xmlns:o="http://schemas.openehr.org/v2"><o:value>a</o:value></o:x>`,
			`{"_type":"DV_TEXT","value":"a"}`,
		},
		{
			"type with a prefix", "DATA_VALUE", `<value xmlns:o="http://schemas.openehr.org/v1" ` + xsi + ` xsi:type="o:DV_COUNT"><magnitude>+007</magnitude></value>`,
			`{"_type":"DV_COUNT","magnitude":7}`,
		},
		{
			"type of the element's name", "LOCATABLE", `<folder archetype_node_id="at0001"><name><value>a</value></name></folder>`,
			`{"_type":"FOLDER","name":{"_type":"DV_TEXT","value":"a"},"archetype_node_id":"at0001"}`,
		},
		{
			"node id as element", "FOLDER", `<folder><name><value>a</value></name><archetype_node_id>at0001</archetype_node_id></folder>`,
			`{"_type":"FOLDER","name":{"_type":"DV_TEXT","value":"a"},"archetype_node_id":"at0001"}`,
		},
		{
			"members apart, comments, CDATA", "DV_PARAGRAPH", `<?xml version="1.0" encoding="utf-8"?><!-- x --><p ` + xsi + `><items><!-- y --><value>a</value></items>
			<items xsi:type="DV_CODED_TEXT"><defining_code><code_string>1</code_string><terminology_id><value>T</value></terminology_id></defining_code><value><![CDATA[<b>]]></value></items></p>`,
			`{"_type":"DV_PARAGRAPH","items":[{"_type":"DV_TEXT","value":"a"},{"_type":"DV_CODED_TEXT","value":"<b>","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"T"},"code_string":"1"}}]}`,
		},
		{
			"numbers keep their form", "DV_PROPORTION", `<x><numerator>5.0</numerator><denominator> 1e2 </denominator><type>0</type><accuracy>-.50</accuracy></x>`,
			`{"_type":"DV_PROPORTION","accuracy":-0.50,"numerator":5.0,"denominator":1e2,"type":0}`,
		},
		{"Booleans", "DV_BOOLEAN", `<x><value>1</value></x>`, `{"_type":"DV_BOOLEAN","value":true}`},
		{"nil", "DV_TEXT", `<x ` + xsi + `><value>a</value><hyperlink xsi:nil="true"/></x>`, `{"_type":"DV_TEXT","value":"a"}`},
		{
			"wrapped base64", "DV_MULTIMEDIA", `<x><data>
			QUJD
			REVG
		</data><media_type><terminology_id><value>T</value></terminology_id><code_string>text/plain</code_string></media_type><size>6</size></x>`,
			`{"_type":"DV_MULTIMEDIA","data":"QUJDREVG","media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"T"},"code_string":"text/plain"},"size":6}`,
		},
		{"empty list that must be there", "REVISION_HISTORY", `<revision_history/>`, `{"_type":"REVISION_HISTORY","items":[]}`},
		{"byte order mark", "DV_TEXT", "\xef\xbb\xbf<x><value/></x>", `{"_type":"DV_TEXT","value":""}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, problems := rm.DecodeXML([]byte(tt.xml), rm.Lookup(tt.class), rm.XMLOptions{})
			if len(problems) > 0 {
				t.Fatalf("%+v", problems)
			}
			if got := string(rm.AppendJSON(nil, n)); got != tt.json {
				t.Errorf("got %s, want %s", got, tt.json)
			}
		})
	}
}

// TestXMLProblems lists what is refused, with code and place.
func TestXMLProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ class, xml, want string }{
		{"DV_TEXT", `<x>`, "xml.syntax /"},
		{"DV_TEXT", ``, "xml.syntax /"},
		{"DV_TEXT", `<x/><y/>`, "xml.syntax /"},
		{"DV_TEXT", `<x/>y`, "xml.syntax /"},
		{"DV_TEXT", `<!DOCTYPE x [<!ENTITY a "b">]><x><value>&a;</value></x>`, "xml.syntax /"},
		{"DV_TEXT", `<x><value>&a;</value></x>`, "xml.syntax /value"},
		{"DV_TEXT", `<?xml version="1.0" encoding="ISO-8859-1"?><x/>`, "xml.syntax /"},
		{"DV_TEXT", "<x><value>\xff</value></x>", "xml.syntax /value"},
		{"DV_TEXT", `<x><value>a</value><value>b</value></x>`, "xml.repeated /value"},
		{"DV_TEXT", `<x>text<value>a</value></x>`, "xml.text /"},
		{"DV_TEXT", `<x><value>a</value>text</x>`, "xml.text /"},
		{"DV_TEXT", `<x><value>a</value><hyperlink>b<value>c:d</value></hyperlink></x>`, "xml.text /hyperlink"},
		{"DV_TEXT", `<x><value><b/></value></x>`, "rm.value.kind /value"},
		{"DV_TEXT", `<x a="1"><value b="2">a</value></x>`, "rm.attribute.unknown /a, rm.attribute.unknown /value/b"},
		{"DV_TEXT", `<x><value>a</value><n:value xmlns:n="urn:n">b</n:value></x>`, "rm.attribute.unknown /{urn:n}value"},
		{"DV_TEXT", `<x/>`, "rm.attribute.missing /value"},
		{"DATA_VALUE", `<x/>`, "rm.type.missing /"},
		{"DATA_VALUE", `<x ` + xsi + ` xsi:type="DV_NONE"><y/></x>`, "rm.type.unknown /"},
		{"DATA_VALUE", `<x ` + xsi + ` xsi:type="DV_ORDERED"/>`, "rm.type.abstract /"},
		{"DATA_VALUE", `<x ` + xsi + ` xsi:type="ELEMENT"/>`, "rm.type.mismatch /"},
		{"COMPOSITION", `<ehr_status/>`, "rm.type.mismatch /"},
		{"DV_BOOLEAN", `<x><value>TRUE</value></x>`, "rm.value.kind /value"},
		{"DV_COUNT", `<x><magnitude>1.5</magnitude></x>`, "rm.value.kind /magnitude"},
		{"DV_QUANTITY", `<x><magnitude>NaN</magnitude><units>1</units></x>`, "rm.value.kind /magnitude"},
		{"DV_QUANTITY", `<x><magnitude>0x10</magnitude><units>1</units></x>`, "rm.value.kind /magnitude"},
		{"PARTICIPATION", `<x ` + xsi + `><function><value>f</value></function><performer xsi:type="PARTY_SELF"/><time>
			<lower xsi:type="DV_COUNT"><magnitude>1</magnitude></lower><lower_unbounded>false</lower_unbounded><upper_unbounded>true</upper_unbounded>
			<lower_included>true</lower_included><upper_included>false</upper_included></time></x>`, "rm.type.mismatch /time/lower"},
	}
	for _, tt := range tests {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			_, problems := rm.DecodeXML([]byte(tt.xml), rm.Lookup(tt.class), rm.XMLOptions{})
			var got []string
			for _, p := range problems {
				got = append(got, p.Code+" "+p.Path)
				if strings.Contains(p.Message, "_type") {
					t.Errorf("the message speaks of JSON: %s", p.Message)
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("%s: got %+v, want %s", tt.xml, problems, tt.want)
			}
		})
	}
}

func TestXMLLimits(t *testing.T) {
	t.Parallel()
	doc := `<x><value>aaaaaaaa</value><hyperlink><value>a:b</value></hyperlink></x>`
	tests := []struct {
		lim  rm.Limits
		want string
	}{
		{rm.Limits{Bytes: 20}, rm.CodeLimitBytes},
		{rm.Limits{Depth: 2}, rm.CodeLimitDepth},
		{rm.Limits{Nodes: 3}, rm.CodeLimitNodes},
		{rm.Limits{StringBytes: 7}, rm.CodeLimitString},
		{rm.Limits{Depth: 1}, rm.CodeLimitDepth},
		{rm.Limits{Bytes: len(doc), Depth: 3, Nodes: 4, StringBytes: 8}, ""},
	}
	for _, tt := range tests {
		n, problems := rm.DecodeXML([]byte(doc), rm.ClassDVText, rm.XMLOptions{Limits: tt.lim})
		switch {
		case tt.want == "" && (n == nil || len(problems) > 0):
			t.Errorf("%+v: %+v", tt.lim, problems)
		case tt.want != "" && (n != nil || len(problems) != 1 || problems[0].Code != tt.want):
			t.Errorf("%+v: got %+v, want %s", tt.lim, problems, tt.want)
		}
	}
}

// TestXMLInexpressible is about characters that JSON has and XML has not.
func TestXMLInexpressible(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"\x01", "\x1f", "\uffff"} {
		n := rm.Object("DV_PARAGRAPH", rm.Child("items", rm.Text("fine"), rm.Text("secret"+c)))
		_, err := rm.AppendXML(nil, n)
		if err == nil || !strings.HasPrefix(err.Error(), "/items[1]/value: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", c, err)
		}
	}
	if _, err := rm.AppendXML(nil, &rm.Node{Class: rm.ClassString}); err == nil {
		t.Error("a string is no document")
	}
}

// TestRandomTreesThroughXML takes random trees of every class from JSON to XML
// and back: nothing is lost.
func TestRandomTreesThroughXML(t *testing.T) {
	t.Parallel()
	var roots []*rm.Class
	for _, c := range rm.Classes() {
		if !c.Abstract && c.Primitive == rm.NotPrimitive {
			roots = append(roots, c)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		class := rapid.SampledFrom(roots).Draw(r, "root")
		want := randomNode(r, class, nil, 0)
		expressible(want)
		tree, problems := rm.DecodeJSON(rm.AppendJSON(nil, want), class, rm.JSONOptions{})
		if len(problems) > 0 {
			r.Fatalf("%v", problems)
		}
		data, err := rm.AppendXML(nil, tree)
		if err != nil {
			r.Fatal(err)
		}
		got, problems := rm.DecodeXML(data, class, rm.XMLOptions{})
		if len(problems) > 0 {
			r.Fatalf("%v\n%s", problems, data)
		}
		if diff := diffNodes(want, got); diff != "" {
			r.Fatalf("%s\n%s", diff, data)
		}
	})
}

// expressible takes out of a tree the characters that XML does not have, and
// from base64 data the white space that means nothing.
func expressible(n *rm.Node) {
	n.Text = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
			return '.'
		}
		return c
	}, n.Text)
	if n.Class.Name == "Octet" {
		n.Text = strings.Join(strings.Fields(n.Text), "")
	}
	for _, a := range n.Attrs {
		for _, m := range a.Items {
			expressible(m)
		}
	}
}

// judgedXML says, for each corpus file with problems, why the verdict is right.
var judgedXML = map[string]string{
	"IDCR-LabReportRAW1.xml":                             noInclusion,
	"RIPPLE_conformanceTesting.xml":                      noInclusion,
	"RIPPLE_conformanceTesting_ADMIN_ENTRY.xml":          noInclusion,
	"RIPPLE_conformanceTesting_OBSERVATION.demo.v1.xml":  noInclusion,
	"RIPPLE_conformanceTesting_OBSERVATION.pulse.v1.xml": "an OBSERVATION without the mandatory language",
	"RIPPLE_conformanceTesting_ORIGINAL.xml":             noInclusion,
	"test_all_types.fixed.v1.xml":                        noInclusion,
	"test_all_types.v1.xml":                              noInclusion,
	"test_all_types_participations_invalid.xml":          "made to be invalid: a DV_TEXT with the defining_code of a DV_CODED_TEXT but no xsi:type",
}

// TestCorpusXML decodes every XML composition of the corpus and takes it to
// JSON and back.
func TestCorpusXML(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus/compositions/xml/*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	var out strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		root, problems := rm.DecodeXML(data, rm.ClassComposition, rm.XMLOptions{})
		if len(problems) > 0 {
			if judgedXML[name] == "" {
				t.Errorf("%s has problems nobody has judged", name)
			}
			fmt.Fprintf(&out, "%s (%s)\n", name, judgedXML[name])
			for _, p := range problems {
				fmt.Fprintf(&out, "  %s %s %s\n", severityNames[p.Severity], p.Code, p.Path)
			}
		}
		if root == nil {
			continue
		}
		rm.CheckInvariants(root, rm.CheckOptions{})
		fromJSON, _ := rm.DecodeJSON(rm.AppendJSON(nil, root), root.Class, rm.JSONOptions{Incomplete: true})
		again, more := rm.DecodeXML(mustXML(t, fromJSON), root.Class, rm.XMLOptions{Incomplete: true})
		if len(more) > 0 {
			t.Errorf("%s: does not decode again: %v", name, more)
			continue
		}
		if diff := diffNodes(root, again); diff != "" {
			t.Errorf("%s: differs after encoding and decoding: %s", name, diff)
		}
	}
	compareGolden(t, filepath.Join("testdata", "corpus_xml.golden"), out.String())
}

// TestXMLOrder compares the order of elements with the schemas.
func TestXMLOrder(t *testing.T) {
	t.Parallel()
	types := readSchemas(t)
	checked := 0
	for name := range types {
		class := rm.Lookup(name)
		if class == nil || class.Abstract || class.Primitive != rm.NotPrimitive {
			continue
		}
		var want []string
		for typ := name; typ != ""; typ = types[typ].base {
			if _, ok := types[typ]; !ok {
				t.Errorf("%s: no base type %s", name, typ)
			}
			want = append(slices.Clone(types[typ].elements), want...)
		}
		n := &rm.Node{Class: class}
		for _, a := range class.Attributes() {
			if slices.Contains(want, a.Name) || a.Name == "workflow_id" {
				n.Attrs = append(n.Attrs, rm.Attr{Def: a, Items: []*rm.Node{{Class: rm.Lookup("PARTY_SELF")}}})
			}
		}
		var got []string
		dec := xml.NewDecoder(strings.NewReader(string(mustXML(t, n))))
		for {
			token, err := dec.Token()
			if err != nil {
				break
			}
			if start, ok := token.(xml.StartElement); ok {
				got = append(got, start.Name.Local)
			}
		}
		if !slices.Equal(got[1:], want) {
			t.Errorf("%s: got %v, want %v", name, got[1:], want)
		}
		checked++
	}
	if checked < 60 {
		t.Errorf("only %d types compared", checked)
	}
}

type schemaType struct {
	base     string
	elements []string
}

// readSchemas reads the complex types of the instance schemas.
func readSchemas(t *testing.T) map[string]schemaType {
	type sequence struct {
		Elements []struct {
			Name string `xml:"name,attr"`
		} `xml:"element"`
	}
	var doc struct {
		Types []struct {
			Name     string   `xml:"name,attr"`
			Sequence sequence `xml:"sequence"`
			Content  struct {
				Extension struct {
					Base     string   `xml:"base,attr"`
					Sequence sequence `xml:"sequence"`
				} `xml:"extension"`
			} `xml:"complexContent"`
		} `xml:"complexType"`
	}
	for _, name := range []string{"BaseTypes", "Structure", "Content", "Composition", "Version"} {
		data, err := os.ReadFile(filepath.Join(testshared.Dir(t), "specs/xsd/v1", name+".xsd"))
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
	}
	types := map[string]schemaType{}
	for _, d := range doc.Types {
		st := schemaType{base: d.Content.Extension.Base}
		for _, e := range append(d.Sequence.Elements, d.Content.Extension.Sequence.Elements...) {
			st.elements = append(st.elements, e.Name)
		}
		types[d.Name] = st
	}
	return types
}

// TestXMLSchema validates what is written against the v1 schemas with xmllint.
func TestXMLSchema(t *testing.T) {
	t.Parallel()
	schema := filepath.Join(testshared.Dir(t), "specs/xsd/v1/Composition.xsd")
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	validate := func(name string, n *rm.Node) (string, bool) {
		file := filepath.Join(t.TempDir(), "x.xml")
		if err := os.WriteFile(file, mustXML(t, n), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(lint, "--noout", "--schema", schema, file).CombinedOutput()
		return strings.ReplaceAll(string(out), file, name), err == nil
	}
	if out, ok := validate("sample", mustDecode(t, sampleComposition(2), "COMPOSITION")); !ok {
		t.Error(out)
	}
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus/compositions/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	valid := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var root *rm.Node
		var problems []rm.Problem
		if strings.HasSuffix(file, ".xml") {
			root, problems = rm.DecodeXML(data, rm.ClassComposition, rm.XMLOptions{})
		} else {
			root, problems = rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
		}
		if root == nil || rm.HasErrors(problems) {
			continue // judged elsewhere
		}
		name := filepath.Base(file)
		out, ok := validate(name, root)
		switch {
		case ok:
			valid++
			if beyondSchema[name] != "" {
				t.Errorf("%s is valid after all", name)
			}
		case beyondSchema[name] == "":
			t.Error(out)
		}
	}
	t.Logf("%d of %d files are valid under the v1 schema", valid, len(files))
}

// beyondSchema says why the XML of a corpus file is not valid under the schema
// of release 1.0.2 although it is right by RM 1.1.0.
var beyondSchema = map[string]string{
	"compo_feeder_audit_details.json":     "FEEDER_AUDIT_DETAILS.other_details came with RM 1.1.0",
	"duration_tests.json":                 "a negative duration, which openEHR allows beside ISO 8601",
	"ips_canonical.json":                  "the at-code at029, which its template has too",
	"ips_invalid.json":                    "the at-code at029, which its template has too",
	"virology_finding_with_specimen.json": "node ids in brackets; DV_IDENTIFIER.issuer and assigner became optional after 1.0.2",
}

func FuzzDecodeXML(f *testing.F) {
	f.Add([]byte(`<composition xmlns="http://schemas.openehr.org/v1" archetype_node_id="a"><name><value>a</value></name></composition>`))
	f.Add([]byte(`<x ` + xsi + ` xsi:type="DV_INTERVAL&lt;DV_COUNT&gt;"><lower><magnitude>1</magnitude></lower></x>`))
	f.Add([]byte(`<folder><items/><folders/><items><id/></items></folder>`))
	f.Add(mustXML(f, mustDecode(f, sampleComposition(1), "COMPOSITION")))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, problems := rm.DecodeXML(data, nil, rm.XMLOptions{Limits: rm.Limits{Bytes: 1 << 16}})
		if n == nil {
			if !rm.HasErrors(problems) {
				t.Fatal("neither a tree nor an error")
			}
			return
		}
		if rm.HasErrors(problems) {
			return
		}
		again, more := rm.DecodeXML(mustXML(t, n), n.Class, rm.XMLOptions{})
		if rm.HasErrors(more) {
			t.Fatalf("%v", more)
		}
		if diff := diffNodes(n, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkDecodeXML(b *testing.B) {
	data := mustXML(b, mustDecode(b, sampleComposition(6), "COMPOSITION"))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := rm.DecodeXML(data, rm.ClassComposition, rm.XMLOptions{}); n == nil {
			b.Fatal("no tree")
		}
	}
}

func BenchmarkAppendXML(b *testing.B) {
	n := mustDecode(b, sampleComposition(6), "COMPOSITION")
	buf := mustXML(b, n)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = rm.AppendXML(buf[:0], n); err != nil {
			b.Fatal(err)
		}
	}
}

// TestXMLDepth reads nothing from XML that would nest too deep as JSON.
func TestXMLDepth(t *testing.T) {
	t.Parallel()
	nested := func(levels int) []byte {
		return []byte(strings.Repeat(`<folders archetype_node_id="a"><name><value>a</value></name>`, levels) +
			strings.Repeat(`</folders>`, levels))
	}
	for _, levels := range []int{9, 10, 11, 12} {
		lim := rm.Limits{Depth: 20}
		n, problems := rm.DecodeXML(nested(levels), rm.ClassFolder, rm.XMLOptions{Limits: lim})
		if (n == nil) != (levels > 10) {
			t.Errorf("%d levels: %v", levels, problems)
		}
		if n == nil {
			continue
		}
		if m, problems := rm.DecodeJSON(rm.AppendJSON(nil, n), rm.ClassFolder, rm.JSONOptions{Limits: lim}); m == nil {
			t.Errorf("%d levels are not read back: %v", levels, problems)
		}
	}
}
