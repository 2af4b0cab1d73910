package rest_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// wireFormat is a way in which a client may send an object: a media type, by
// whatever name, and a form of it.
type wireFormat struct {
	name, media, accept string
	form                func(string) string
}

func form(pairs ...string) func(string) string {
	return strings.NewReplacer(pairs...).Replace
}

var canonicalFormats = []wireFormat{
	{"JSON", "application/json", "application/json", nil},
	{"XML", "application/xml", "application/xml", nil},
	{"XML of the namespace v2", "application/xml; charset=UTF-8", "application/xml", form(rm.NamespaceV1, rm.NamespaceV2)},
	{"XML without a namespace", "text/xml", "application/xml", form(` xmlns="`+rm.NamespaceV1+`"`, "")},
}

// The names of the other dialect stand for those that Cairn writes.
var otherDialect = form(
	"|units_system\"", "|unit_system\"", "|units_display_name\"", "|unit_display_name\"", "|mediatype\"", "|media_type\"",
	"|unit\"", "|units\"", "/history_origin\"", "/_history_origin\"", "/expiry_time\"", "/_expiry_time\"")

var simplifiedFormats = []wireFormat{
	{"FLAT", flatMedia, flatMedia, nil},
	{"FLAT of the other dialect", "application/openehr.wt.flat.schema+json", flatMedia, otherDialect},
	{"STRUCTURED", structuredMedia, structuredMedia, nil},
	{"STRUCTURED by an older name", "application/openehr.wt.structured.schema+json", structuredMedia, nil},
	{"STRUCTURED by the oldest name", "application/openehr.wt.flat.structured+json", structuredMedia, nil},
}

// drawText draws a text with what formats have to quote.
func drawText(t *rapid.T) string {
	s := rapid.SampledFrom([]string{"a", "Größe", "a::b", "x|y", "<&>\"'", "two\nlines", "tab\tand\rreturn", "true", "12", " padded ", "日本", "]]>", "\\u0041"}).Draw(t, "text")
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// drawValue draws a data value as canonical JSON, with lexical forms that are
// to be kept.
func drawValue(t *rapid.T) string {
	of := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "value") }
	number := of("70.50", "1E2", "1e-7", "-0.0", "0.10", "100", "3.14159265358979")
	code := `{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"local"},"code_string":"at0001"}`
	coded := `{"_type":"DV_CODED_TEXT","value":` + drawText(t) + `,"defining_code":` + code + `}`
	quantity := `{"_type":"DV_QUANTITY","magnitude":` + number + `,"units":"kg"}`
	return of(
		`{"_type":"DV_TEXT","value":`+drawText(t)+`,"formatting":"plain"}`,
		coded,
		quantity,
		`{"_type":"DV_QUANTITY","magnitude_status":"~","magnitude":1.0,"units":"kg","precision":1,"normal_range":{"_type":"DV_INTERVAL","lower":`+quantity+`,"lower_unbounded":false,"upper_unbounded":true,"lower_included":true,"upper_included":false}}`,
		`{"_type":"DV_COUNT","magnitude":`+of("0", "-7", "9007199254740993")+`}`,
		`{"_type":"DV_PROPORTION","numerator":`+number+`,"denominator":`+of("100", "2.50")+`,"type":0}`,
		`{"_type":"DV_ORDINAL","value":3,"symbol":`+coded+`}`,
		`{"_type":"DV_SCALE","value":1.50,"symbol":`+coded+`}`,
		`{"_type":"DV_BOOLEAN","value":`+of("true", "false")+`}`,
		`{"_type":"DV_DATE","value":"`+of("2020", "2020-05", "2020-05-01", "20200501")+`"}`,
		`{"_type":"DV_TIME","value":"`+of("10", "10:30", "10:30:00,5", "10:30:00.500+02:00", "103000Z")+`"}`,
		`{"_type":"DV_DATE_TIME","value":"`+of("2020-05", "2020-05-01T10", "2020-05-01T10:30:00,500+02:00", "20200501T103000Z")+`"}`,
		`{"_type":"DV_DURATION","value":"`+of("P1Y2M", "PT36H", "P1W", "-P1D", "PT0.50S")+`"}`,
		`{"_type":"DV_IDENTIFIER","id":`+drawText(t)+`,"issuer":"i"}`,
		`{"_type":"DV_URI","value":"http://example.org/?a=1&b=%3C"}`,
		`{"_type":"DV_MULTIMEDIA","alternate_text":`+drawText(t)+`,"data":"YQ==","media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"IANA_media-types"},"code_string":"text/plain"},"size":1}`,
		`{"_type":"DV_PARSABLE","value":`+drawText(t)+`,"formalism":"text"}`,
		`{"_type":"DV_INTERVAL","lower":`+quantity+`,"upper":{"_type":"DV_QUANTITY","magnitude":1e9,"units":"kg"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":false}`,
		`{"_type":"DV_PARAGRAPH","items":[{"_type":"DV_TEXT","value":`+drawText(t)+`},`+coded+`]}`,
	)
}

// drawTree draws an ITEM_TREE.
func drawTree(t *rapid.T) string {
	list := make([]string, rapid.IntRange(1, 3).Draw(t, "elements"))
	for i := range list {
		list[i] = `{"_type":"ELEMENT","name":{"_type":"DV_TEXT","value":` + drawText(t) + `},"archetype_node_id":"at0002","value":` + drawValue(t) + `}`
	}
	cluster := `{"_type":"CLUSTER","name":{"_type":"DV_TEXT","value":"c"},"archetype_node_id":"at0003","items":[` + strings.Join(list, ",") + `]}`
	return `{"_type":"ITEM_TREE","name":{"_type":"DV_TEXT","value":"tree"},"archetype_node_id":"at0001","items":[` + strings.Join(list, ",") + `,` + cluster + `]}`
}

// drawLocatable draws what every archetyped object may have beside its own
// attributes.
func drawLocatable(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"",
		`,"links":[{"_type":"LINK","meaning":{"_type":"DV_TEXT","value":` + drawText(t) + `},"type":{"_type":"DV_TEXT","value":"t"},"target":{"_type":"DV_EHR_URI","value":"ehr://a"}}]`,
		`,"feeder_audit":{"_type":"FEEDER_AUDIT","originating_system_item_ids":[{"_type":"DV_IDENTIFIER","id":"1"}],"original_content":{"_type":"DV_PARSABLE","value":` + drawText(t) +
			`,"formalism":"text"},"originating_system_audit":{"_type":"FEEDER_AUDIT_DETAILS","system_id":"s","time":{"_type":"DV_DATE_TIME","value":"2020-05-01T10:30:00,5Z"}}}`,
	}).Draw(t, "locatable")
}

// drawFolder draws a FOLDER.
func drawFolder(t *rapid.T, depth int) string {
	more := drawLocatable(t)
	if rapid.Bool().Draw(t, "items") {
		more += `,"items":[{"_type":"OBJECT_REF","id":{"_type":"GENERIC_ID","value":"1","scheme":"s"},"namespace":"elsewhere","type":"ANY"}]`
	}
	if rapid.Bool().Draw(t, "details") {
		more += `,"details":` + drawTree(t)
	}
	if depth > 0 {
		list := make([]string, rapid.IntRange(1, 2).Draw(t, "folders"))
		for i := range list {
			list[i] = drawFolder(t, depth-1)
			// Siblings are told apart by their names.
			list[i] = strings.Replace(list[i], `"name":{"_type":"DV_TEXT","value":"folder`, fmt.Sprintf(`"name":{"_type":"DV_TEXT","value":"%d folder`, i), 1)
		}
		more += `,"folders":[` + strings.Join(list, ",") + `]`
	}
	return `{"_type":"FOLDER","name":{"_type":"DV_TEXT","value":"folder"},"archetype_node_id":"openEHR-EHR-FOLDER.generic.v1"` + more + `}`
}

// drawParty draws a party.
func drawParty(t *rapid.T, class string) string {
	named := func(typ, more string) string {
		return `{"_type":"` + typ + `","name":{"_type":"DV_TEXT","value":` + drawText(t) + `},"archetype_node_id":"at0005"` + more + `}`
	}
	validity := `,"time_validity":{"_type":"DV_INTERVAL","lower":{"_type":"DV_DATE","value":"2020-05"},"lower_unbounded":false,"upper_unbounded":true,"lower_included":true,"upper_included":false}`
	more := drawLocatable(t) + `,"identities":[` + named("PARTY_IDENTITY", `,"details":`+drawTree(t)) + `]`
	if rapid.Bool().Draw(t, "contacts") {
		more += `,"contacts":[` + named("CONTACT", validity+`,"addresses":[`+named("ADDRESS", `,"details":`+drawTree(t))+`]`) + `]`
	}
	if rapid.Bool().Draw(t, "details") {
		more += `,"details":` + drawTree(t)
	}
	person := `{"_type":"PARTY_REF","id":{"_type":"HIER_OBJECT_ID","value":"` + uuid.NewString() + `"},"namespace":"elsewhere","type":"PERSON"}`
	if class == "ROLE" {
		more += validity + `,"performer":` + person + `,"capabilities":[` + named("CAPABILITY", `,"credentials":`+drawTree(t)) + `]`
	} else if rapid.Bool().Draw(t, "languages") {
		more += `,"languages":[{"_type":"DV_TEXT","value":` + drawText(t) + `}],"roles":[` + strings.Replace(person, `"PERSON"`, `"ROLE"`, 1) + `]`
	}
	return `{"_type":"` + class + `","name":{"_type":"DV_TEXT","value":` + drawText(t) + `},"archetype_node_id":"openEHR-DEMOGRAPHIC-` + class + `.x.v1","archetype_details":{"_type":"ARCHETYPED","archetype_id":{"_type":"ARCHETYPE_ID","value":"openEHR-DEMOGRAPHIC-` +
		class + `.x.v1"},"rm_version":"1.1.0"}` + more + `}`
}

// inOrder sorts the members of lists by their node ids, those with equal ones
// staying in their order.
func inOrder(n *rm.Node) *rm.Node {
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if len(a.Items) == 0 || a.Items[0].Class.Primitive != rm.NotPrimitive {
			continue
		}
		items := make([]*rm.Node, len(a.Items))
		for k, item := range a.Items {
			items[k] = inOrder(item)
		}
		slices.SortStableFunc(items, func(x, y *rm.Node) int { return strings.Compare(x.NodeID(), y.NodeID()) })
		n = n.With(a.Def.Name, items...)
	}
	return n
}

// TestEveryResourceThroughEveryFormat commits random objects of every class, in
// any format and in any form that the format has, reads them in every format and
// sends them back in any: nothing is lost and no lexical value changes.
func TestEveryResourceThroughEveryFormat(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.beyond = true   // the OpenAPI documents do not have all of the RM
	a.documents = nil // nor has the XML schema
	id := a.newEHR()
	var mu sync.Mutex
	uploaded := map[string]bool{}
	upload := func(template string) {
		mu.Lock()
		defer mu.Unlock()
		if uploaded[template] {
			return
		}
		opt, err := fs.ReadFile(library.Files, template+".opt")
		if err != nil {
			t.Fatal(err)
		}
		a.do("POST", "/definition/template/adl1.4", opt, "Content-Type: application/xml").status(http.StatusCreated)
		uploaded[template] = true
	}
	classes := []string{"COMPOSITION", "COMPOSITION", "EHR_STATUS", "FOLDER", "AGENT", "GROUP", "ORGANISATION", "PERSON", "ROLE"}
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SampledFrom(classes).Draw(t, "class")
		formats := canonicalFormats
		var source string
		var named []string
		switch class {
		case "COMPOSITION":
			p := synth.New(rapid.Uint64().Draw(t, "seed")).Patient(rapid.IntRange(0, 50).Draw(t, "patient"))
			template, json := p.Composition(rapid.IntRange(0, p.Compositions()-1).Draw(t, "composition"))
			upload(template)
			source, named = string(json), []string{"openehr-template-id: " + template}
			formats = slices.Concat(canonicalFormats, simplifiedFormats)
		case "EHR_STATUS":
			source = `{"_type":"EHR_STATUS","name":{"_type":"DV_TEXT","value":` + drawText(t) + `},"archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1","archetype_details":{"_type":"ARCHETYPED","archetype_id":{"_type":"ARCHETYPE_ID","value":"openEHR-EHR-EHR_STATUS.generic.v1"},"rm_version":"1.1.0"}` +
				drawLocatable(t) + `,"subject":{"_type":"PARTY_SELF"},"is_queryable":true,"is_modifiable":true,"other_details":` + drawTree(t) + `}`
		case "FOLDER":
			source = drawFolder(t, rapid.IntRange(0, 2).Draw(t, "depth"))
		default:
			source = drawParty(t, class)
		}
		rmClass := rm.Lookup(class)
		canonical := func(body []byte) string {
			n, problems := rm.DecodeJSON(body, rmClass, rm.JSONOptions{})
			if n == nil || rm.HasErrors(problems) {
				t.Fatalf("%v: %s", problems, body)
			}
			n = n.With("uid")
			if class == "COMPOSITION" {
				n = inOrder(n) // the simplified formats do not keep that of different nodes
			}
			return string(rm.AppendJSON(nil, n))
		}
		want := canonical([]byte(source))
		// commit sends a body and gives the version and where to read it.
		commit := func(f wireFormat, body []byte) (read string) {
			lines := append([]string{"Content-Type: " + f.media}, named...)
			var res *result
			switch class {
			case "COMPOSITION":
				res = a.do("POST", "/ehr/"+id+"/composition", body, lines...)
				read = "/ehr/" + id + "/composition/"
			case "EHR_STATUS":
				latest := a.do("GET", "/ehr/"+id+"/ehr_status", nil).tag()
				res = a.do("PUT", "/ehr/"+id+"/ehr_status", body, append(lines, `If-Match: "`+latest+`"`)...)
				read = "/ehr/" + id + "/ehr_status/"
			case "FOLDER":
				method, latest := "POST", a.do("GET", "/ehr/"+id+"/directory", nil)
				if latest.code == http.StatusOK {
					method, lines = "PUT", append(lines, `If-Match: "`+latest.tag()+`"`)
				}
				res = a.do(method, "/ehr/"+id+"/directory", body, lines...)
				read = "/ehr/" + id + "/directory/"
			default:
				res = a.do("POST", partyPaths[class], body, lines...)
				read = partyPaths[class] + "/"
			}
			if res.code != http.StatusCreated && res.code != http.StatusNoContent {
				t.Fatalf("%s in %s: %d %s\n%s", class, f.name, res.code, res.body, body)
			}
			return read + res.tag()
		}
		at := commit(wireFormat{"JSON", "application/json", "", nil}, []byte(source))
		for range 3 {
			f := rapid.SampledFrom(formats).Draw(t, "format")
			res := a.do("GET", at, nil, "Accept: "+f.accept)
			if res.code != http.StatusOK || !strings.HasPrefix(res.header.Get("Content-Type"), f.accept) {
				t.Fatalf("%s as %s: %d %s", class, f.name, res.code, res.body)
			}
			body := string(res.body)
			if f.form != nil {
				body = f.form(body)
			}
			at = commit(f, []byte(body))
			if got := canonical(a.do("GET", at, nil).body); got != want {
				i := 0
				for i < len(got) && i < len(want) && got[i] == want[i] {
					i++
				}
				t.Fatalf("%s by %s: from %.200s, want %.200s; sent %s", class, f.name, got[i:], want[i:], body)
			}
		}
	})
}
