package simplified_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/simplified"
	"github.com/cairn-ehr/cairn/templates/validate"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// templateOf names the template of a file of the corpus; those in the folder
// conformance have one of their own.
var templateOf = map[string]string{
	"AlternativeEvents.json": "AlternativeEvents.opt", "AlternativeEvents2.json": "AlternativeEvents.opt",
	"EREACT - Covid status monitoring - FLAT.json": "EREACT - COVID management.v0.opt",
	"EREACT - Deterioration_assessment.json":       "EREACT - Deterioriation assessment.v0.opt",
	"IDCR - Adverse Reaction List.json":            "IDCR - Adverse Reaction List.v1.opt",
	"NCD.json":                                     "NCD.opt", "ReSPECT.json": "ReSPECT-3.v0.opt",
	"SSIAD_PRIeSM.json": "SSIAD_PRIeSM.opt", "Vitalsigns.json": "EHRN Vital signs.v2.opt",
	"corona.json": "corona_anamnese.opt", "corona_with_context.json": "corona_anamnese.opt",
	"corona_with_feeder_audit.json": "corona_anamnese.opt", "corona_with_feeder_audit_raw.json": "corona_anamnese.opt",
	"corona_with_other_participation.json": "corona_anamnese.opt", "corona_with_raw.json": "corona_anamnese.opt",
	"duration_validation.json":         "duration_validation.opt",
	"ehrb_adbm_op_consult_record.json": "EHRN-ABDM-OPConsultRecord.v2.0.opt",
	"flat_with_missing_count.json":     "ehrbase_multi_occurrence.de.opt", "ips_flat.json": "ips.v0.opt",
	"ism_invalid_current_state.json": "test-ism.vitagroup.de.v1.opt", "ism_missing_transition.json": "test-ism.vitagroup.de.v1.opt",
	"ism_vaild_transition.json": "test-ism.vitagroup.de.v1.opt", "ism_wrong_current_state.json": "test-ism.vitagroup.de.v1.opt",
	"multi_list.json": "Multi_list.opt", "multi_occurrence.json": "ehrbase_multi_occurrence.de.opt",
	"nested.en.v1.json": "nested.en.v1.opt", "test_all_types.json": "Test_all_types.opt",
	"wordwithandin_test.json": "wordwithandin_test.v0.opt",
}

// refusal is a problem that a file of the corpus has, by code and RM path.
type refusal struct{ code, path, why string }

// judged has each file that does not conform to its template with all its
// problems and why each is one. Everything else is accepted.
var judged = map[string][]refusal{
	"corona_with_context.json": {
		{rm.CodeAttributeMissing, "/content[3]/items[1]/data/events[0]/width", "an INTERVAL_EVENT has a width (RM); neither the file nor the template gives one"},
		{rm.CodeAttributeMissing, "/content[3]/items[1]/data/events[0]/math_function", "an INTERVAL_EVENT has a math_function (RM)"},
	},
	"ism_invalid_current_state.json": {{"tpl.code.list", state, "made to be invalid: the template allows only planned (526) for the careflow step"}},
	"ism_missing_transition.json":    {{"tpl.code.list", state, "made to be invalid: the state is cancelled, and the careflow step leads to planned"}},
	"ism_wrong_current_state.json":   {{"tpl.code.list", state, "made to be invalid: the state is active, and the careflow step leads to planned"}},
	"test_all_types.json": {{
		"tpl.temporal.pattern", "/content[2]/items[0]/items[0]/items[0]/activities[0]/description/items[0]/value/value",
		"a whole date where the pattern of the template prohibits the day",
	}},
}

const state = "/content[0]/ism_transition/current_state/defining_code"

// subject is a template with its web template.
type subject struct {
	tpl *templates.Template
	wt  *webtemplate.Template
}

func load(t testing.TB, path string) subject {
	t.Helper()
	opt, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return subject{tpl, webtemplate.Build(tpl)}
}

// roundTrip writes a composition in both formats and reads it back.
func roundTrip(t *testing.T, name string, s subject, n *rm.Node) {
	t.Helper()
	want := string(rm.AppendJSON(nil, n))
	for _, f := range []simplified.Format{simplified.Flat, simplified.Structured} {
		data, err := simplified.Encode(n, f, s.wt, s.tpl)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, problems := simplified.Decode(data, f, s.wt, s.tpl, simplified.Options{Incomplete: true})
		if len(problems) > 0 {
			t.Errorf("%s: %v\n%s", name, problems, data)
		} else if got := string(rm.AppendJSON(nil, again)); got != want {
			t.Errorf("%s: format %d: got %s, want %s", name, f, got, want)
		}
	}
}

// TestCorpus reads every file of the corpus, validates what comes out against
// its template, and takes it through both formats.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "corpus")
	var files []string
	for _, glob := range []string{"flat/simSDT/*.json", "flat/simSDT/conformance/*.json", "flat/structured/*.json"} {
		list, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil || len(list) == 0 {
			t.Fatal(glob, err)
		}
		files = append(files, list...)
	}
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for _, file := range files {
		name := filepath.Base(file)
		opt := templateOf[name]
		if strings.Contains(file, "conformance/") {
			opt = "conformance_ehrbase.de.v0.opt"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := load(t, filepath.Join(dir, "templates", opt))
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := simplified.Flat
			if strings.Contains(file, "structured/") {
				f = simplified.Structured
			}
			// Every file decodes and comes back; what the RM demands is asked for
			// below.
			n, problems := simplified.Decode(data, f, s.wt, s.tpl, simplified.Options{Now: now, Incomplete: true})
			if n == nil || rm.HasErrors(problems) {
				t.Fatalf("%+v", problems)
			}
			roundTrip(t, name, s, n)
			n, problems = simplified.Decode(data, f, s.wt, s.tpl, simplified.Options{Now: now})
			if !rm.HasErrors(problems) {
				problems = append(problems, validate.Template(s.tpl, n, validate.Options{})...)
			}
			want := judged[name]
			for _, p := range problems {
				if p.Severity != rm.Error {
					continue
				}
				i := slices.IndexFunc(want, func(r refusal) bool { return r.code == p.Code && r.path == p.Path })
				if i < 0 {
					t.Errorf("%+v", p)
					continue
				}
				want = slices.Delete(slices.Clone(want), i, i+1)
			}
			for _, r := range want {
				t.Errorf("no %s at %s, but: %s", r.code, r.path, r.why)
			}
		})
	}
}

// rawObjects says which compositions of the corpus have objects that only |raw
// can express, and why.
var rawObjects = map[string]string{
	"all_types_systematic_tests.json":                 "an ELEMENT with neither value nor null flavour",
	"cardinality_of_section__full.json":               outside,
	"choice_validation_test.json":                     "no context, which reading adds: the whole composition",
	"compo_feeder_audit_details.json":                 outside,
	"compo_with_nested_party_identified.json":         outside,
	"compo_with_nested_party_related.json":            outside,
	"compo_with_nested_party_self.json":               outside,
	"compo_with_nested_provider.json":                 outside,
	"datetime_tests.json":                             outside,
	"duration_tests.json":                             outside,
	"interval_partial_date.json":                      "a uid on a level that the web template leaves out",
	"my_spanish_template_v0_COMPOSITION_EXAMPLE.json": "HISTORY.period",
	"virology_finding_with_specimen.json":             "node ids in brackets",
}

const outside = "nodes that the template does not have"

// TestCanonicalCorpus takes the canonical compositions of the corpus whose
// templates are at hand through both formats, with nothing left out.
func TestCanonicalCorpus(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "corpus")
	byID := map[string]subject{}
	opts, err := filepath.Glob(filepath.Join(dir, "templates/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range opts {
		s := load(t, file)
		byID[s.tpl.ID] = s
	}
	files, err := filepath.Glob(filepath.Join(dir, "compositions/json/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
		if n == nil || rm.HasErrors(problems) {
			continue
		}
		s, ok := byID[n.String("archetype_details", "template_id", "value")]
		if !ok {
			continue
		}
		for _, f := range []simplified.Format{simplified.Flat, simplified.Structured} {
			out, err := simplified.Encode(n, f, s.wt, s.tpl)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if raw := objectAsRaw.Match(out); raw != (rawObjects[name] != "") {
				t.Errorf("%s: an object is written as |raw: %v; expected %q", name, raw, rawObjects[name])
			}
			again, problems := simplified.Decode(out, f, s.wt, s.tpl, simplified.Options{Incomplete: true})
			if again == nil || rm.HasErrors(problems) {
				t.Errorf("%s: %v", name, problems)
				continue
			}
			written++
		}
	}
	t.Logf("%d compositions", written/2)
}

// objectAsRaw finds |raw with an object that is no data value.
var objectAsRaw = regexp.MustCompile(`\|raw":\[?\{"_type":"(COMPOSITION|SECTION|OBSERVATION|EVALUATION|INSTRUCTION|ACTION|ADMIN_ENTRY|CLUSTER|ACTIVITY|POINT_EVENT|INTERVAL_EVENT|ITEM_TREE|EVENT_CONTEXT)"`)
