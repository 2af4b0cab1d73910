package rm_test

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func interval(class, lower, upper, flags string) string {
	b := `{"_type":"DV_INTERVAL"`
	if lower != "" {
		b += `,"lower":{"_type":"` + class + `",` + lower + `}`
	}
	if upper != "" {
		b += `,"upper":{"_type":"` + class + `",` + upper + `}`
	}
	// flags are lower_unbounded, upper_unbounded, lower_included, upper_included
	for i, name := range []string{"lower_unbounded", "upper_unbounded", "lower_included", "upper_included"} {
		b += `,"` + name + `":` + map[byte]string{'t': "true", 'f': "false"}[flags[i]]
	}
	return b + "}"
}

func history(more string) string {
	return `{"_type":"HISTORY",` + named("h", "at0001") + more + `}`
}

func eventAt(time string) string {
	return `{"_type":"POINT_EVENT",` + named("e", "at0002") + `,"time":` + dateTime(time) + `,"data":{"_type":"ITEM_TREE",` + named("d", "at0003") + `}}`
}

func entry(class, id, more string) string {
	return `{"_type":"` + class + `",` + named("e", id) + more + `,"language":` + code("a", "b") + `,"encoding":` + code("a", "b") +
		`,"subject":{"_type":"PARTY_SELF"},"data":{"_type":"ITEM_TREE",` + named("d", "at0003") + `}}`
}

func TestCheckInvariants(t *testing.T) {
	t.Parallel()
	const (
		eval = "openEHR-EHR-EVALUATION.x.v1"
		uid  = `"uid":{"value":"a::b::`
	)
	version := func(tree, more string) string {
		return `{"_type":"ORIGINAL_VERSION","contribution":{"namespace":"local","type":"CONTRIBUTION","id":{"_type":"HIER_OBJECT_ID","value":"a"}},
		"commit_audit":{"system_id":"s","time_committed":` + dateTime("2020-01-01T00:00:00Z") + `,"change_type":` + coded("creation", "openehr", "249") + `,"committer":{"_type":"PARTY_SELF"}},
		` + uid + tree + `"},"lifecycle_state":` + coded("complete", "openehr", "532") + more + `}`
	}
	proportion := func(kind, num, den, precision string) string {
		return `{"_type":"DV_PROPORTION","numerator":` + num + `,"denominator":` + den + `,"type":` + kind + precision + `}`
	}
	for _, tc := range []struct {
		name, json string
		want       string // code without rm.invariant., "?" before a warning, and path
	}{
		{"element value", element("e", "at0001", quantity("1", "m")), ""},
		{"element neither", `{"_type":"ELEMENT",` + named("e", "at0001") + `}`, "ELEMENT.null_flavour_indicated /"},
		{
			"element both", `{"_type":"ELEMENT",` + named("e", "at0001") + `,"value":` + quantity("1", "m") + `,"null_flavour":` + coded("unknown", "openehr", "253") + `,"null_reason":{"value":"x"}}`,
			"ELEMENT.null_flavour_indicated /null_flavour ELEMENT.null_reason_valid /null_reason",
		},
		{"element null", `{"_type":"ELEMENT",` + named("e", "at0001") + `,"null_flavour":` + coded("unknown", "openehr", "253") + `,"null_reason":{"value":"x"}}`, ""},

		{"party named", `{"_type":"PARTY_IDENTIFIED","name":"x"}`, ""},
		{"party by id", `{"_type":"PARTY_IDENTIFIED","identifiers":[{"id":"x"}]}`, ""},
		{"party nothing", `{"_type":"PARTY_IDENTIFIED"}`, "PARTY_IDENTIFIED.basic_validity /"},
		{"party empty name", `{"_type":"PARTY_IDENTIFIED","name":""}`, "PARTY_IDENTIFIED.name_valid /name"},
		{"related party", `{"_type":"PARTY_RELATED","relationship":` + coded("mother", "openehr", "10") + `}`, "PARTY_IDENTIFIED.basic_validity /"},
		{"empty id", `{"_type":"DV_IDENTIFIER","id":""}`, "DV_IDENTIFIER.id_valid /id"},
		{"empty code", code("a", ""), "CODE_PHRASE.code_string_valid /code_string"},
		{"empty terminology", code("", "a"), "TERMINOLOGY_ID.value_valid /terminology_id/value"},
		{
			"mapping", `{"_type":"DV_TEXT","value":"x","formatting":"","mappings":[{"match":"=","target":` + code("a", "b") + `},{"match":"!","target":` + code("a", "b") + `}]}`,
			"DV_TEXT.formatting_valid /formatting TERM_MAPPING.match_valid /mappings[1]/match",
		},

		{"ratio", proportion("0", "10", "500", `,"precision":0`), ""},
		{"ratio zero", proportion("0", "10", "0.0", ""), "DV_PROPORTION.valid_denominator /denominator"},
		{"unitary", proportion("1", "10", "1.0", ""), ""},
		{"unitary wrong", proportion("1", "10", "500", ""), "DV_PROPORTION.unitary_validity /denominator"},
		{"unitary zero", proportion("1", "10", "0", ""), "DV_PROPORTION.valid_denominator /denominator"},
		{"percent", proportion("2", "10.5", "100", `,"precision":1`), ""},
		{"percent wrong", proportion("2", "10", "500", ""), "DV_PROPORTION.percent_validity /denominator"},
		{"fraction", proportion("3", "10", "100", `,"precision":0`), ""},
		{"fraction without precision", proportion("4", "10", "100", ""), ""},
		{"fraction precision", proportion("3", "10", "500", `,"precision":1`), "DV_PROPORTION.fraction_validity /precision"},
		{"fraction numerator", proportion("4", "10.5", "500", `,"precision":1`), "DV_PROPORTION.fraction_validity /numerator"},
		{"integral", proportion("0", "10", "500.5", `,"precision":0`), "DV_PROPORTION.is_integral_validity /denominator"},
		{"kind", proportion("666", "10", "500", ""), "DV_PROPORTION.type_validity /type"},
		{
			"quantity", `{"_type":"DV_QUANTITY","magnitude":1,"units":"m","precision":-2,"magnitude_status":"about","accuracy":101,"accuracy_is_percent":true}`,
			"DV_QUANTIFIED.magnitude_status_valid /magnitude_status DV_AMOUNT.accuracy_validity /accuracy DV_QUANTITY.precision_valid /precision",
		},
		{"no accuracy in percent", `{"_type":"DV_COUNT","magnitude":1,"accuracy":0.0,"accuracy_is_percent":true}`, "DV_AMOUNT.accuracy_is_percent_validity /accuracy_is_percent"},
		{"normal", `{"_type":"DV_COUNT","magnitude":5,"normal_status":` + code("openehr_normal_statuses", "N") + `,"normal_range":` + interval("DV_COUNT", `"magnitude":5`, `"magnitude":7`, "fftf") + `}`, ""},
		{
			"normal at an excluded limit", `{"_type":"DV_COUNT","magnitude":7,"normal_status":` + code("openehr_normal_statuses", "N") + `,"normal_range":` + interval("DV_COUNT", `"magnitude":5`, `"magnitude":7`, "fftf") + `}`,
			"DV_ORDERED.normal_range_and_status_consistency /normal_status",
		},
		{
			"high within", `{"_type":"DV_COUNT","magnitude":6,"normal_status":` + code("openehr_normal_statuses", "H") + `,"normal_range":` + interval("DV_COUNT", "", `"magnitude":7`, "tfft") + `}`,
			"DV_ORDERED.normal_range_and_status_consistency /normal_status",
		},
		{
			"range not simple", `{"_type":"REFERENCE_RANGE","meaning":{"value":"x"},"range":` + interval("DV_COUNT", `"magnitude":5,"normal_range":`+interval("DV_COUNT", "", "", "ttff"), "", "ftff") + `}`,
			"REFERENCE_RANGE.range_is_simple /range",
		},

		{"date", `{"_type":"DV_DATE","value":"2021-02-29"}`, "DV_DATE.value_valid /value"},
		{"time", `{"_type":"DV_TIME","value":"24:00"}`, "DV_TIME.value_valid /value"},
		{"date/time", dateTime("2021-02-28 10:00"), "DV_DATE_TIME.value_valid /value"},
		{"duration", `{"_type":"DV_DURATION","value":"1D"}`, "DV_DURATION.value_valid /value"},

		{"interval", interval("DV_COUNT", `"magnitude":1`, `"magnitude":1`, "fftt"), ""},
		{"interval open", interval("DV_COUNT", "", "", "ttff"), ""},
		{"interval reversed", interval("DV_COUNT", `"magnitude":200`, `"magnitude":100`, "fftt"), "DV_INTERVAL.limits_consistent /"},
		{"interval reversed durations", interval("DV_DURATION", `"value":"P10M"`, `"value":"P1M5DT3H"`, "fftt"), "DV_INTERVAL.limits_consistent /"},
		{"interval included", interval("DV_COUNT", "", "", "tttt"), "DV_INTERVAL.lower_included_valid /lower_included DV_INTERVAL.upper_included_valid /upper_included"},
		{"interval no limits", interval("DV_COUNT", "", "", "ffff"), "DV_INTERVAL.lower_unbounded_valid /lower DV_INTERVAL.upper_unbounded_valid /upper"},
		{"interval limit unbounded", interval("DV_COUNT", `"magnitude":1`, "", "ttff"), "DV_INTERVAL.lower_unbounded_valid /lower"},
		{"interval units", interval("DV_QUANTITY", `"units":"m","magnitude":1`, "", "ftff")[:1] + interval("DV_QUANTITY", `"units":"m","magnitude":1`, `"units":"cm","magnitude":5`, "ffff")[1:], "DV_INTERVAL.limits_comparable /upper"},
		{"interval partial dates", interval("DV_DATE", `"value":"2021"`, `"value":"2021-03"`, "ffff"), ""},
		{"interval dates", interval("DV_DATE", `"value":"2022"`, `"value":"2021-03"`, "ffff"), "DV_INTERVAL.limits_consistent /"},

		{"multimedia", `{"_type":"DV_MULTIMEDIA","media_type":` + code("a", "b") + `,"size":-1}`, "DV_MULTIMEDIA.not_empty / DV_MULTIMEDIA.size_valid /size"},
		{"multimedia inline", `{"_type":"DV_MULTIMEDIA","media_type":` + code("a", "b") + `,"size":3,"data":"AAEC/+8="}`, ""},
		{
			"multimedia not base64", `{"_type":"DV_MULTIMEDIA","media_type":` + code("a", "b") + `,"size":3,"data":"AAEC_","integrity_check":"AA=="}`,
			"DV_MULTIMEDIA.data_valid /data DV_MULTIMEDIA.integrity_check_validity /integrity_check_algorithm",
		},
		{"parsable", `{"_type":"DV_PARSABLE","value":"","formalism":""}`, "DV_PARSABLE.formalism_valid /formalism"},
		{"periodic", `{"_type":"DV_PERIODIC_TIME_SPECIFICATION","value":{"value":"x","formalism":"cron"}}`, "DV_PERIODIC_TIME_SPECIFICATION.value_valid /value"},
		{"uri", `{"_type":"DV_URI","value":"xyz"}`, "DV_URI.value_valid /value"},
		{"ehr uri", `{"_type":"DV_EHR_URI","value":"ehr:/89c0752e/031f::S::1/context/other_context[at0001]"}`, ""},
		{"ehr uri scheme", `{"_type":"DV_EHR_URI","value":"http://x"}`, "DV_EHR_URI.scheme_valid /value"},

		{"version id", `{"_type":"OBJECT_VERSION_ID","value":"a::b"}`, "OBJECT_VERSION_ID.value_valid /value"},
		{"hier id", `{"_type":"HIER_OBJECT_ID","value":"a b"}`, "HIER_OBJECT_ID.value_valid /value"},
		{"uuid", `{"_type":"UUID","value":"1.2"}`, "UUID.value_valid /value"},
		{"archetype id", `{"_type":"ARCHETYPE_ID","value":"x"}`, "ARCHETYPE_ID.value_valid /value"},
		{"party ref", `{"_type":"PARTY_REF","namespace":"1x","type":"DOCTOR","id":{"_type":"GENERIC_ID","value":"1","scheme":"s"}}`, "OBJECT_REF.namespace_valid /namespace PARTY_REF.type_validity /type"},

		{"history nothing", history(`,"origin":` + dateTime("2020-01-01")), "HISTORY.events_valid /"},
		{"history summary", history(`,"origin":` + dateTime("2020-01-01") + `,"summary":{"_type":"ITEM_TREE",` + named("s", "at0009") + `}`), ""},
		{
			"history before origin", history(`,"origin":` + dateTime("2020-01-01T10:00:00Z") + `,"events":[` + eventAt("2020-01-01T10:00:00Z") + `,` + eventAt("2020-01-01T09:59:59Z") + `]`),
			"?HISTORY.event_before_origin /events[1]/time",
		},
		{
			"history period", history(`,"origin":` + dateTime("2020-01-01T10:00:00Z") + `,"period":{"value":"PT10M"},"events":[` + eventAt("2020-01-01T11:10:00+01:00") + `,` + eventAt("2020-01-01T10:15:00Z") + `]`),
			"HISTORY.period_consistency /events[1]/time",
		},
		{"history months", history(`,"origin":` + dateTime("2020-01-01T10:00:00Z") + `,"period":{"value":"P1M"},"events":[` + eventAt("2020-02-01T10:00:00Z") + `]`), ""},
		{
			"width", `{"_type":"INTERVAL_EVENT",` + named("e", "at0002") + `,"time":` + dateTime("2020") + `,"data":{"_type":"ITEM_TREE",` + named("d", "at0003") + `},"width":{"value":"-PT1H"},"math_function":` + coded("mean", "openehr", "146") + `}`,
			"?INTERVAL_EVENT.width_valid /width",
		},
		{
			"table", `{"_type":"ITEM_TABLE",` + named("t", "at0001") + `,"rows":[{` + named("r", "at0002") + `,"items":[{"_type":"CLUSTER",` + named("c", "at0003") + `,"items":[` + element("e", "at0004", quantity("1", "m")) + `]}]}]}`,
			"ITEM_TABLE.valid_structure /rows[0]",
		},

		{
			"context", `{"_type":"EVENT_CONTEXT","start_time":` + dateTime("2020-01-02") + `,"end_time":` + dateTime("2020-01-01") + `,"location":"","setting":` + coded("home", "openehr", "225") + `}`,
			"EVENT_CONTEXT.location_valid /location ?EVENT_CONTEXT.end_before_start /end_time",
		},
		{"audit", `{"_type":"AUDIT_DETAILS","system_id":"","time_committed":` + dateTime("2020") + `,"change_type":` + coded("creation", "openehr", "249") + `,"committer":{"_type":"PARTY_SELF"}}`, "AUDIT_DETAILS.system_id_valid /system_id"},
		{"first version", version("1", ""), ""},
		{"first version with preceding", version("1", `,"preceding_version_uid":{"value":"a::b::1"}`), "ORIGINAL_VERSION.preceding_version_uid_validity /preceding_version_uid"},
		{"second version", version("2", `,"preceding_version_uid":{"value":"a::b::1"}`), ""},
		{"second version without preceding", version("2", ""), "ORIGINAL_VERSION.preceding_version_uid_validity /preceding_version_uid"},
		{"branch without preceding", version("1.1.1", ""), "ORIGINAL_VERSION.preceding_version_uid_validity /preceding_version_uid"},
		{
			"tag", `{"_type":"ITEM_TAG","key":" x","value":"","target":{"_type":"HIER_OBJECT_ID","value":"a"},"owner_id":{"namespace":"local","type":"EHR","id":{"_type":"HIER_OBJECT_ID","value":"a"}}}`,
			"ITEM_TAG.key_valid /key ITEM_TAG.value_valid /value",
		},
		{"versioned object", `{"_type":"VERSIONED_OBJECT","uid":{"value":"a::b"},"owner_id":{"namespace":"local","type":"EHR","id":{"_type":"HIER_OBJECT_ID","value":"a"}},"time_created":` + dateTime("2020") + `}`, "VERSIONED_OBJECT.uid_validity /uid"},

		{
			"ehr", `{"_type":"EHR","system_id":{"value":"a"},"ehr_id":{"value":"a"},"time_created":` + dateTime("2020") + `,
			"ehr_status":{"namespace":"local","type":"VERSIONED_EHR_STATUS","id":{"_type":"HIER_OBJECT_ID","value":"a"}},
			"ehr_access":{"namespace":"local","type":"EHR_ACCESS","id":{"_type":"HIER_OBJECT_ID","value":"a"}},
			"compositions":[{"namespace":"local","type":"VERSIONED_COMPOSITION","id":{"_type":"HIER_OBJECT_ID","value":"a"}},{"namespace":"local","type":"COMPOSITION","id":{"_type":"HIER_OBJECT_ID","value":"a"}}]}`,
			"EHR.ehr_access_valid /ehr_access EHR.compositions_valid /compositions[1]",
		},

		{"archetype root", entry("EVALUATION", eval, archetyped(eval, "")), ""},
		{"archetype without details", entry("EVALUATION", eval, ""), "?LOCATABLE.archetype_details_missing /archetype_details"},
		{"entry that is no root", entry("EVALUATION", "at0001", ""), "LOCATABLE.archetyped_valid /archetype_details"},
		{"details at a node code", `{"_type":"CLUSTER",` + named("c", "at0001") + archetyped("openEHR-EHR-CLUSTER.x.v1", "") + `,"items":[` + element("e", "at0004", quantity("1", "m")) + `]}`, "?LOCATABLE.archetyped_valid /archetype_details"},
		{"archetype id differs", entry("EVALUATION", eval, archetyped("openEHR-EHR-EVALUATION.y.v1", "")), "LOCATABLE.archetype_id_consistent /archetype_node_id"},
		{"archetype id case", entry("EVALUATION", strings.ToLower(eval[:12])+eval[12:], archetyped(eval, "")), ""},
		{"archetype of another class", entry("EVALUATION", "openEHR-EHR-ADMIN_ENTRY.x.v1", archetyped("openEHR-EHR-ADMIN_ENTRY.x.v1", "")), "LOCATABLE.archetype_class /archetype_node_id"},
		{"archetype of an ancestor", entry("EVALUATION", "openEHR-EHR-ENTRY.x.v1", archetyped("openEHR-EHR-ENTRY.x.v1", "")), ""},
		{"node code form", element("e", "[at0001]", quantity("1", "m")), "?LOCATABLE.archetype_node_id_form /archetype_node_id"},
		{"empty node id", element("e", "", quantity("1", "m")), "LOCATABLE.archetype_node_id_valid /archetype_node_id"},
		{"status", `{"_type":"EHR_STATUS",` + named("s", "openEHR-EHR-EHR_STATUS.generic.v1") + `,"subject":{},"is_queryable":true,"is_modifiable":true}`, "?LOCATABLE.archetype_details_missing /archetype_details"},
	} {
		n, problems := rm.DecodeJSON([]byte(tc.json), rm.ClassAny, rm.JSONOptions{})
		if len(problems) > 0 {
			t.Errorf("%s: %v", tc.name, problems)
			continue
		}
		var got []string
		for _, p := range rm.CheckInvariants(n, rm.CheckOptions{}) {
			code := strings.TrimPrefix(p.Code, "rm.invariant.")
			if p.Severity == rm.Warning {
				code = "?" + code
			}
			got = append(got, code, p.Path)
			if p.Message == "" || p.Constraint == "" {
				t.Errorf("%s: bare problem %+v", tc.name, p)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %v, want %s", tc.name, got, tc.want)
		}
	}
}

// TestInvariantsIncomplete allows what is absent and nothing that is wrong.
func TestInvariantsIncomplete(t *testing.T) {
	t.Parallel()
	for json, want := range map[string]int{
		`{"_type":"ELEMENT"}`:                    0,
		`{"_type":"PARTY_IDENTIFIED"}`:           0,
		`{"_type":"HISTORY"}`:                    0,
		`{"_type":"DV_MULTIMEDIA"}`:              0,
		`{"_type":"COMPOSITION"}`:                0,
		interval("", "", "", "ffff"):             0,
		interval("", "", "", "tttt"):             2,
		`{"_type":"PARTY_IDENTIFIED","name":""}`: 1,
		`{"_type":"DV_DATE","value":"x"}`:        1,
	} {
		n, problems := rm.DecodeJSON([]byte(json), rm.ClassAny, rm.JSONOptions{Incomplete: true})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := rm.CheckInvariants(n, rm.CheckOptions{Incomplete: true}); len(got) != want {
			t.Errorf("%s: %v, want %d", json, got, want)
		}
	}
	version := mustDecode(t, []byte(`{"_type":"ORIGINAL_VERSION","contribution":{"namespace":"local","type":"CONTRIBUTION","id":{"_type":"HIER_OBJECT_ID","value":"a"}},
		"commit_audit":{"system_id":"s","time_committed":`+dateTime("2020-01-01T00:00:00Z")+`,"change_type":`+coded("creation", "openehr", "249")+`,"committer":{"_type":"PARTY_SELF"}},
		"uid":{"value":"a::b::1"},"lifecycle_state":`+coded("incomplete", "openehr", "553")+`,"data":{"_type":"COMPOSITION","composer":{"_type":"PARTY_IDENTIFIED"}}}`), "ORIGINAL_VERSION")
	if got := rm.CheckInvariants(version, rm.CheckOptions{}); len(got) != 0 {
		t.Errorf("data of an incomplete version: %v", got)
	}
}

func TestInvariantsOfSample(t *testing.T) {
	t.Parallel()
	n := mustDecode(t, sampleComposition(3), "COMPOSITION")
	if got := rm.CheckInvariants(n, rm.CheckOptions{}); len(got) != 0 {
		t.Error(got)
	}
	if got := rm.CheckInvariants(nil, rm.CheckOptions{}); len(got) != 0 {
		t.Error(got)
	}
	bad := n.With("composer", rm.Object("PARTY_IDENTIFIED")).With("uid", rm.ID("OBJECT_VERSION_ID", "x"))
	got := rm.CheckInvariants(bad, rm.CheckOptions{MaxProblems: 1, PathPrefix: "/data"})
	if len(got) != 2 || got[0].Path != "/data/uid/value" || got[1].Code != rm.CodeMoreProblems {
		t.Error(got)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rm.Rules() {
		if r.Code == "" || r.Text == "" || seen[r.Code] {
			t.Errorf("rule %+v", r)
		}
		seen[r.Code] = true
	}
	if !seen["rm.invariant.ELEMENT.null_flavour_indicated"] || !seen[rm.CodeJSONSyntax] {
		t.Error("rules are missing")
	}
}

func TestIndependent(t *testing.T) {
	t.Parallel()
	at := func(paths ...string) (list []rm.Problem) {
		for _, p := range paths {
			list = append(list, rm.Problem{Path: p})
		}
		return list
	}
	earlier := append(at("/a/b[1]/c"), rm.Problem{Path: "/w", Severity: rm.Warning})
	got := rm.Independent(earlier, at("/", "/a", "/a/b[1]", "/a/b[1]/c", "/a/b[1]/c/d", "/a/b[10]", "/a/b[1]/cc", "/w", "/z"))
	var paths []string
	for _, p := range got {
		paths = append(paths, p.Path)
	}
	if strings.Join(paths, " ") != "/a/b[10] /a/b[1]/cc /w /z" {
		t.Errorf("kept %v", paths)
	}
}

func BenchmarkCheckInvariants(b *testing.B) {
	n := mustDecode(b, sampleComposition(6), "COMPOSITION")
	b.ReportAllocs()
	for b.Loop() {
		if p := rm.CheckInvariants(n, rm.CheckOptions{}); len(p) > 0 {
			b.Fatal(p)
		}
	}
}
