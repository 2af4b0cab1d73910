package validate

import (
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestCodedAttributes(t *testing.T) {
	t.Parallel()
	coded := func(code, text string) *rm.Node { return rm.CodedText(text, "openehr", code) }
	base := compositionOf()
	item := func(v *rm.Node) *rm.Node { return composition(element("at0002", "E", v)) }
	media := func(codes ...rm.Field) *rm.Node {
		return item(rm.Object("DV_MULTIMEDIA", append(codes, rm.Int("size", 0))...))
	}
	ism := func(state, transition string) *rm.Node {
		return compositionOf(locatable("ACTION", "openEHR-EHR-ACTION.a.v1", "A", rm.Child("ism_transition", rm.Object("ISM_TRANSITION",
			rm.Child("current_state", coded(state, rubric(state))), rm.Child("transition", coded(transition, rubric(transition)))))))
	}
	context := func(fields ...rm.Field) *rm.Node { return base.With("context", rm.Object("EVENT_CONTEXT", fields...)) }
	participation := func(fields ...rm.Field) *rm.Node {
		return context(rm.Child("participations", rm.Object("PARTICIPATION", fields...)))
	}
	for _, c := range []struct {
		name string
		root *rm.Node
		want []string
	}{
		{"a plain composition", base, nil},
		{"category", base.With("category", coded("434", "x")), []string{"term.group /category"}},
		{"category of another terminology", base.With("category", rm.CodedText("event", "local", "433")), []string{"term.terminology /category"}},
		{"category in words of its own", base.With("category", coded("433", "happening")), []string{"term.rubric /category (warning)"}},
		{"category in the language of the composition", base.With("category", coded("433", "evento")).With("language", rm.Code("ISO_639-1", "es-AR")), nil},
		{"category in English", base.With("language", rm.Code("ISO_639-1", "es")), nil},
		{"category in a language without rubrics", base.With("category", coded("433", "Ereignis")).With("language", rm.Code("ISO_639-1", "de")), nil},
		{"language", base.With("language", rm.Code("ISO_639-1", "klingon")), []string{"term.code_set /language"}},
		{"language of another terminology", base.With("language", rm.Code("ISO", "en")), []string{"term.terminology /language"}},
		{"territory", base.With("territory", rm.Code("ISO_3166-1", "ZZ")), []string{"term.code_set /territory"}},
		{"setting", context(rm.Child("setting", coded("999", "x"))), []string{"term.group /context/setting"}},
		{"participation mode", participation(rm.Child("mode", coded("433", "event"))), []string{"term.group /context/participations[0]/mode"}},
		{"participation function coded elsewhere", participation(rm.Child("function", rm.CodedText("nurse", "SNOMED-CT", "1"))), nil},
		{"participation function", participation(rm.Child("function", coded("1", "nurse"))), []string{"term.group /context/participations[0]/function"}},
		{"relationship", base.With("composer", rm.Object("PARTY_RELATED", rm.Child("relationship", rm.CodedText("x", "external", "1")))), []string{"term.terminology /composer/relationship"}},
		{"null flavour", composition(locatable("ELEMENT", "at0002", "E", rm.Child("null_flavour", coded("1", "x")))), []string{"term.group items[0]/null_flavour"}},
		{"normal status", item(quantity(1, "m").With("normal_status", rm.Code("openehr_normal_statuses", "X"))), []string{"term.code_set items[0]/value/normal_status"}},
		{"normal status named plainly", item(quantity(1, "m").With("normal_status", rm.Code("openehr", "HH"))), nil},
		{"media type listed", media(rm.Child("media_type", rm.Code("IANA_media-types", "image/png"))), nil},
		{"media type not listed", media(rm.Child("media_type", rm.Code("IANA_media-types", "application/x-cairn"))), []string{"term.code_set items[0]/value/media_type (warning)"}},
		{"media type malformed", media(rm.Child("media_type", rm.Code("IANA_media-types", "picture"))), []string{"term.code_set items[0]/value/media_type"}},
		{"compression", media(rm.Child("media_type", rm.Code("IANA_media-types", "image/png")), rm.Child("compression_algorithm", rm.Code("openehr_compression_algorithms", "rar"))), []string{"term.code_set items[0]/value/compression_algorithm"}},
		{"character set not listed", item(rm.Text("x").With("encoding", rm.Code("IANA_character-sets", "windows-1252"))), []string{"term.code_set items[0]/value/encoding (warning)"}},
		{"character set named as tools do", item(rm.Text("x").With("encoding", rm.Code("Unicode", "UTF-8"))), []string{"term.terminology items[0]/value/encoding (warning)"}},
		{"mapping purpose", item(rm.Text("x").With("mappings", rm.Object("TERM_MAPPING", rm.Child("purpose", coded("1", "x"))))), []string{"term.group items[0]/value/mappings[0]/purpose"}},
		{"transition", ism("532", "548"), nil},
		{"transition to another state", ism("245", "548"), []string{"term.ism /content[0]/ism_transition"}},
		{"state of a version, not of an instruction", ism("553", "548"), []string{"term.group /content[0]/ism_transition/current_state"}},
		{"audit", rm.Object("AUDIT_DETAILS", rm.Child("change_type", coded("1", "x"))), []string{"term.group /change_type"}},
		{"lifecycle", rm.Object("ORIGINAL_VERSION", rm.Child("lifecycle_state", coded("532", "complete"))), nil},
	} {
		expect(t, c.name, Terminology(c.root, Options{}), c.want...)
	}
	if p := Terminology(nil, Options{}); p != nil {
		t.Errorf("of nothing: %v", p)
	}
}

func rubric(code string) string {
	for _, g := range []string{"instruction_states", "instruction_transitions"} {
		for _, rule := range codedAttributes {
			if rule.group != nil && rule.group.Name == g {
				if r, ok := rule.group.Rubric(code, "en"); ok {
					return r
				}
			}
		}
	}
	return code
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	odd := compositionOf().With("category", rm.CodedText("happening", "openehr", "433"))
	expect(t, "rubric off", Terminology(odd, Options{Policy: Policy{Rubric: Off}}))
	expect(t, "rubric error", Terminology(odd, Options{Policy: Policy{Rubric: AsError}}), "term.rubric /category")
	file := composition(element("at0002", "E", rm.Object("DV_MULTIMEDIA", rm.Int("size", 0),
		rm.Child("media_type", rm.Code("IANA_media-types", "application/x-cairn")))))
	expect(t, "code set off", Terminology(file, Options{Policy: Policy{CodeSet: Off}}))
	expect(t, "code set error", Terminology(file, Options{Policy: Policy{CodeSet: AsError}}), "term.code_set items[0]/value/media_type")
	text := composition(element("at0002", "E", rm.Text("x").With("encoding", rm.Code("Unicode", "UTF-8"))))
	expect(t, "code set name off", Terminology(text, Options{Policy: Policy{CodeSetName: Off}}))
	expect(t, "code set name error", Terminology(text, Options{Policy: Policy{CodeSetName: AsError}}), "term.terminology items[0]/value/encoding")
}

func TestAllRunsEveryLayer(t *testing.T) {
	t.Parallel()
	root := composition(element("at0002", "E", nil)).With("category", rm.CodedText("x", "openehr", "1"))
	var codes []string
	for _, p := range All(nil, root, Options{}) {
		codes = append(codes, p.Code)
	}
	want := []string{"rm.invariant.ELEMENT.null_flavour_indicated", "term.group"}
	if len(codes) != 2 || codes[0] != want[0] || codes[1] != want[1] {
		t.Errorf("got %v, want %v", codes, want)
	}
	if p := All(nil, root, Options{MaxProblems: 1}); len(p) != 2 {
		t.Errorf("limited: %v", p)
	}
}
