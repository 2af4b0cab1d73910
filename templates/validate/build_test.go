package validate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

type (
	obj  = opttest.Obj
	attr = opttest.Attr
)

func compile(t testing.TB, opt []byte) *templates.Template {
	t.Helper()
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// locatable builds a LOCATABLE of a node id and name; an archetype id as node
// id makes it an archetype root.
func locatable(class, id, name string, fields ...rm.Field) *rm.Node {
	fields = append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(name)))
	if strings.Contains(id, ".v") {
		fields = append(fields, rm.Child("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", id)), rm.Str("rm_version", "1.1.0"))))
	}
	return rm.Object(class, fields...)
}

// element is an ELEMENT; its value may be nil.
func element(id, name string, value *rm.Node) *rm.Node {
	return locatable("ELEMENT", id, name, rm.Child("value", value))
}

var self = rm.Object("PARTY_SELF")

// composition is an instance of the class of templates that
// opttest.Evaluation writes, with the items.
func composition(items ...*rm.Node) *rm.Node {
	return compositionOf(locatable("EVALUATION", "openEHR-EHR-EVALUATION.test.v1", "Test",
		rm.Child("language", rm.Code("ISO_639-1", "en")), rm.Child("encoding", rm.Code("IANA_character-sets", "UTF-8")),
		rm.Child("subject", self),
		rm.Child("data", locatable("ITEM_TREE", "at0001", "Tree", rm.Child("items", items...)))))
}

func compositionOf(content ...*rm.Node) *rm.Node {
	return locatable("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1", "Test",
		rm.Child("language", rm.Code("ISO_639-1", "en")), rm.Child("territory", rm.Code("ISO_3166-1", "GB")),
		rm.Child("category", rm.CodedText("event", "openehr", "433")), rm.Child("composer", self),
		rm.Child("content", content...))
}

// value builds an object with a value attribute.
func value(class, text string) *rm.Node { return rm.Object(class, rm.Str("value", text)) }

func quantity(magnitude float64, units string) *rm.Node {
	return rm.Object("DV_QUANTITY", rm.Real("magnitude", magnitude), rm.Str("units", units))
}

func ordinal(v int64, code string) *rm.Node {
	return rm.Object("DV_ORDINAL", rm.Int("value", v), rm.Child("symbol", rm.CodedText(code, "local", code)))
}

// itemsPath is where composition puts its items.
const itemsPath = "/content[0]/data/items"

// expect compares problems, written as "code path", with paths below itemsPath
// shortened.
func expect(t *testing.T, name string, problems []rm.Problem, want ...string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		severity := ""
		if p.Severity == rm.Warning {
			severity = " (warning)"
		}
		path := p.Path
		if rest, ok := strings.CutPrefix(path, itemsPath); ok {
			path = "items" + rest
		}
		got = append(got, p.Code+" "+path+severity)
		if p.Message == "" || p.Path == "" {
			t.Errorf("%s: incomplete problem %+v", name, p)
		}
		if strings.HasPrefix(p.Code, "tpl.") && (p.TemplatePath == "" || p.Constraint == "" || p.AQLPath == "") {
			t.Errorf("%s: problem without its place in the template: %+v", name, p)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		var b strings.Builder
		for _, p := range problems {
			fmt.Fprintf(&b, "%+v\n", p)
		}
		t.Errorf("%s (-want +got):\n%s%s", name, diff, b.String())
	}
}
