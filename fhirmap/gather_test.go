package fhirmap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const gatheredOrder = "2f1c8e01-8a3d-4a5e-9a66-3f1f2f1c8e77"

// told is an ACTION of a workflow, by what differs between those of a test.
type told struct {
	state, at         string
	workflow          string // workflow_id
	order, activity   string // what instruction_details name
	name, site, notes string
	who               string
	draft             bool // its version is not complete
	with              int  // the number of its composition, from 0
}

// tell makes the compositions of the ACTIONs.
func tell(t *testing.T, list ...told) (out []fhirmap.Related) {
	t.Helper()
	base := actionOf(t, "Procedure report", "openEHR-EHR-ACTION.procedure.v1", "245", "")
	element := func(code, text string) *rm.Node {
		return rm.Object("ELEMENT", rm.Str("archetype_node_id", code), rm.Child("name", rm.Text(code)), rm.Child("value", rm.Text(text)))
	}
	entries := map[int][]*rm.Node{}
	for _, a := range list {
		if a.name == "" {
			a.name = "Appendectomy"
		}
		var items []*rm.Node
		if a.name != "none" {
			items = append(items, element("at0002", a.name))
		}
		for code, text := range map[string]string{"at0063": a.site, "at0005": a.notes} {
			if text != "" {
				items = append(items, element(code, text))
			}
		}
		entry := base.List("content")[0]
		entry = entry.With("time", rm.Object("DV_DATE_TIME", rm.Str("value", a.at))).
			With("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText("state", "openehr", a.state)))).
			With("description", entry.Get("description").With("items", items...)).With("protocol").With("provider").With("other_participations")
		if a.workflow != "" {
			entry = entry.With("workflow_id", rm.Object("OBJECT_REF", rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", a.workflow), rm.Str("scheme", "x"))),
				rm.Str("namespace", "local"), rm.Str("type", "WORKFLOW")))
		}
		if a.order != "" {
			entry = entry.With("instruction_details", rm.Object("INSTRUCTION_DETAILS",
				rm.Child("instruction_id", rm.Object("LOCATABLE_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", a.order)), rm.Str("namespace", "local"),
					rm.Str("type", "INSTRUCTION"), rm.Str("path", "/content[openEHR-EHR-INSTRUCTION.service_request.v1]"))),
				rm.Str("activity_id", a.activity)))
		}
		if a.who != "" {
			entry = entry.With("provider", rm.Object("PARTY_IDENTIFIED", rm.Str("name", a.who)))
		}
		for len(out) <= a.with {
			id := fmt.Sprintf("8849182c-82ad-4088-a07f-48ead418%04d", len(out))
			out = append(out, fhirmap.Related{ObjectID: id, VersionUID: id + "::" + casetest.System + "::1", Lifecycle: lifecycleComplete})
		}
		if a.draft {
			out[a.with].Lifecycle = "553"
		}
		entries[a.with] = append(entries[a.with], entry)
	}
	for i := range out {
		out[i].Root = base.With("content", entries[i]...)
	}
	return out
}

// shownOf projects each of the compositions beside the others, and gives what is
// made of all of them and the codes of losses that tell of workflows.
func shownOf(t *testing.T, lib *fhirmap.Library, list []fhirmap.Related, change func(*fhirmap.Input)) (procedures []*r4.Node, ids, codes []string) {
	t.Helper()
	for i := range list {
		in := fhirmap.Input{
			Root: list[i].Root, EHRID: casetest.EHR, ObjectID: list[i].ObjectID, VersionUID: list[i].VersionUID,
			SystemID: casetest.System, Lifecycle: list[i].Lifecycle,
		}
		for k := range list {
			if r := list[k]; k != i {
				r.Earlier = k < i
				in.Related = append(in.Related, r)
			}
		}
		if change != nil {
			change(&in)
		}
		res, err := lib.Project(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			if r.Type != "Procedure" {
				continue
			}
			n, err := r4.Parse(r.JSON)
			if err != nil {
				t.Fatal(err)
			}
			n.Remove("subject")
			n.Remove("resourceType")
			ids = append(ids, n.Str("id"))
			n.Remove("id")
			procedures = append(procedures, n)
		}
		for _, l := range res.Losses {
			if strings.HasPrefix(l.Code, "workflow-") {
				codes = append(codes, l.Code)
			}
		}
	}
	slices.Sort(codes)
	return procedures, ids, slices.Compact(codes)
}

// TestGathered is what the ACTIONs of workflows are shown as.
func TestGathered(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	at := func(day int) string { return fmt.Sprintf("2026-03-%02dT10:00:00Z", day) }
	w := func(state string, day, with int) told {
		return told{state: state, at: at(day), workflow: "w", with: with}
	}
	code := `"code":{"text":"Appendectomy"}`
	for name, tt := range map[string]struct {
		list  []told
		crowd bool
		want  []string // without members that all have
		lost  []string
	}{
		"one of a workflow": {list: []told{w("529", 1, 0)}, want: []string{`"status":"preparation"`}},
		"scheduled, begun, completed": {
			list: []told{w("529", 1, 0), w("245", 2, 1), w("532", 3, 2)},
			want: []string{`"status":"completed","performedPeriod":{"start":"` + at(2) + `","end":"` + at(3) + `"}`},
		},
		"in one composition": {
			list: []told{w("529", 1, 0), w("245", 2, 0), w("532", 3, 0)},
			want: []string{`"status":"completed","performedPeriod":{"start":"` + at(2) + `","end":"` + at(3) + `"}`},
		},
		"begun": {list: []told{w("526", 1, 0), w("245", 2, 1)}, want: []string{`"status":"in-progress","performedDateTime":"` + at(2) + `"`}},
		"several steps while active": {
			list: []told{w("245", 1, 0), w("245", 2, 1)},
			want: []string{`"status":"in-progress","performedPeriod":{"start":"` + at(1) + `"}`},
		},
		"scheduled and done": {list: []told{w("529", 1, 0), w("532", 2, 1)}, want: []string{`"status":"completed","performedDateTime":"` + at(2) + `"`}},
		"aborted": {
			list: []told{w("529", 1, 0), w("245", 2, 1), w("531", 3, 0)},
			want: []string{`"status":"stopped","performedPeriod":{"start":"` + at(2) + `","end":"` + at(3) + `"}`},
		},
		"cancelled": {list: []told{w("529", 1, 0), w("528", 2, 1)}, want: []string{`"status":"not-done"`}},
		"on hold": {
			list: []told{w("245", 2, 0), w("530", 3, 1)},
			want: []string{`"status":"on-hold","performedDateTime":"` + at(2) + `"`},
		},
		"stored in another order": {
			list: []told{w("532", 3, 0), w("529", 1, 1), w("245", 2, 2)},
			want: []string{`"status":"completed","performedPeriod":{"start":"` + at(2) + `","end":"` + at(3) + `"}`},
		},
		"aborted after it was completed": {
			list: []told{w("532", 2, 0), w("531", 3, 1)},
			want: []string{`"status":"unknown"`}, lost: []string{"workflow-contradiction", "workflow-performed"},
		},
		"completed and aborted on the same day": {
			list: []told{
				{state: "532", at: "2026-03-02", workflow: "w"}, {state: "531", at: "2026-03-02T10:00:00Z", workflow: "w", with: 1},
			},
			want: []string{`"status":"unknown"`}, lost: []string{"workflow-performed", "workflow-time"},
		},
		"the last one is a draft": {
			list: []told{w("245", 1, 0), {state: "531", at: at(2), workflow: "w", with: 1, draft: true}},
			want: []string{`"status":"unknown","performedDateTime":"` + at(1) + `"`}, lost: []string{"workflow-incomplete"},
		},
		"no state of openEHR": {
			list: []told{w("245", 1, 0), w("999", 2, 1)},
			want: []string{`"status":"unknown","performedDateTime":"` + at(1) + `"`}, lost: []string{"workflow-part"},
		},
		"expired": {list: []told{w("529", 1, 0), w("533", 2, 1)}, want: []string{`"status":"unknown"`}, lost: []string{"workflow-part"}},
		"two workflows": {
			list: []told{w("529", 1, 0), {state: "532", at: at(2), workflow: "v", with: 1}},
			want: []string{`"status":"preparation"`, `"status":"completed","performedDateTime":"` + at(2) + `"`},
		},
		"no workflow": {
			list: []told{{state: "529", at: at(1)}, {state: "532", at: at(2), with: 1}},
			want: []string{`"status":"preparation"`, `"status":"completed","performedDateTime":"` + at(2) + `"`},
		},
		"one activity": {
			list: []told{
				{state: "529", at: at(1), order: gatheredOrder, activity: "activities[at0001]", workflow: "v"},
				{state: "532", at: at(2), order: strings.ToUpper(gatheredOrder), activity: "activities[at0001]", with: 1},
			},
			want: []string{`"status":"completed","performedDateTime":"` + at(2) + `"`},
		},
		"two activities of different names": {
			list: []told{
				{state: "529", at: at(1), order: gatheredOrder, activity: "activities[at0001]", name: "Removal of stitches"},
				{state: "532", at: at(2), order: gatheredOrder, activity: "activities[at0002]", with: 1},
			},
			want: []string{`"status":"preparation","code":{"text":"Removal of stitches"}`, `"status":"completed","performedDateTime":"` + at(2) + `"`},
		},
		"perhaps two activities": {
			list: []told{
				{state: "532", at: at(1), order: gatheredOrder, activity: "activities[at0001]"},
				{state: "531", at: at(2), order: gatheredOrder, activity: "activities[at0001,'Order']", with: 1},
			},
			want: []string{`"status":"unknown","performedDateTime":"` + at(1) + `"`, `"status":"unknown","performedDateTime":"` + at(2) + `"`},
			lost: []string{"workflow-reference"},
		},
		"one names the order and one the workflow": {
			list: []told{
				{state: "529", at: at(1), order: gatheredOrder, activity: "activities[at0001]", workflow: "w"}, w("532", 2, 1),
			},
			want: []string{`"status":"unknown"`, `"status":"completed","performedDateTime":"` + at(2) + `"`},
			lost: []string{"workflow-reference"},
		},
		"different procedures": {
			list: []told{w("529", 1, 0), {state: "531", at: at(2), workflow: "w", name: "Cholecystectomy", with: 1}},
			want: []string{`"status":"preparation"`, `"status":"stopped","code":{"text":"Cholecystectomy"},"performedDateTime":"` + at(2) + `"`},
			lost: []string{"workflow-names"},
		},
		"too many": {
			list: []told{w("532", 1, 0)}, crowd: true,
			want: []string{`"status":"unknown","performedDateTime":"` + at(1) + `"`}, lost: []string{"workflow-many"},
		},
		"what all say": {
			list: []told{
				{state: "245", at: at(1), workflow: "w", who: "A", notes: "begun", site: "Left"},
				{state: "532", at: at(2), workflow: "w", who: "B", notes: "done", site: "Left", with: 1},
				{state: "529", at: "2026-02-28T10:00:00Z", workflow: "w", who: "A", with: 2},
			},
			want: []string{`"status":"completed","performedPeriod":{"start":"` + at(1) + `","end":"` + at(2) + `"},"performer":[{"actor":{"display":"A"}},{"actor":{"display":"B"}}],` +
				`"bodySite":[{"text":"Left"}],"note":[{"time":"` + at(1) + `","text":"begun"},{"time":"` + at(2) + `","text":"done"}]`},
		},
		"another site than planned": {
			list: []told{
				{state: "529", at: at(1), workflow: "w", site: "Left"}, {state: "532", at: at(2), workflow: "w", site: "Right", with: 1},
			},
			want: []string{`"status":"completed","performedDateTime":"` + at(2) + `","bodySite":[{"text":"Right"}]`},
			lost: []string{"workflow-superseded"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ids, lost := shownOf(t, lib, tell(t, tt.list...), func(in *fhirmap.Input) { in.Crowded = tt.crowd })
			if slices.Sort(ids); len(slices.Compact(ids)) != len(got) {
				t.Errorf("not one id each: %v", ids)
			}
			var texts, want []string
			for _, n := range got {
				texts = append(texts, string(n.Append(nil)))
			}
			for _, text := range tt.want {
				if !strings.Contains(text, `"code"`) {
					head, tail, found := strings.Cut(text, ",")
					if text = head + "," + code; found {
						text += "," + tail
					}
				}
				want = append(want, "{"+text+"}")
			}
			if diff := cmp.Diff(want, texts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.lost, lost); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The resource of a workflow is known by its first ACTION, whatever comes later.
func TestGatheredID(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	w := func(state string, with int) told {
		return told{state: state, at: fmt.Sprintf("2026-03-%02dT10:00:00Z", 9-with), workflow: "w", with: with}
	}
	_, one, _ := shownOf(t, lib, tell(t, w("529", 0)), nil)
	_, two, _ := shownOf(t, lib, tell(t, w("529", 0), w("526", 1)), nil)
	if !slices.Equal(one, two) || len(one) != 1 {
		t.Errorf("%v, %v", one, two)
	}
	if diff := cmp.Diff([]string{"openEHR-EHR-ACTION.procedure.v1"}, lib.Gathered()); diff != "" {
		t.Error(diff)
	}
}

// Where compositions have different labels, what is made of one is not shown with
// those of another.
func TestGatheredLabels(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	list := tell(t, told{state: "532", at: "2026-03-01T10:00:00Z", workflow: "w"}, told{state: "531", at: "2026-03-02T10:00:00Z", workflow: "w", with: 1})
	other := list[1].Root.Get("archetype_details").With("template_id", rm.ID("TEMPLATE_ID", "other"))
	list[1].Root = list[1].Root.With("archetype_details", other)
	for labels, want := range map[string]int{"": 1, "R": 2} {
		got, _, lost := shownOf(t, lib, list, func(in *fhirmap.Input) {
			in.Labels = func(template string) string {
				if template == "other" {
					return labels
				}
				return ""
			}
		})
		if len(got) != want || want == 2 && (got[0].Str("status") != "unknown" || !slices.Equal(lost, []string{"workflow-labels"})) {
			t.Errorf("%q: %d procedures, the first %s, %v", labels, len(got), got[0].Append(nil), lost)
		}
	}
}

// Nor where each may have labels that are not known here.
func TestGatheredApart(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	list := tell(t, told{state: "532", at: "2026-03-01T10:00:00Z", workflow: "w"}, told{state: "531", at: "2026-03-02T10:00:00Z", workflow: "w", with: 1})
	for want, apart := range map[int]bool{1: false, 2: true} {
		got, _, lost := shownOf(t, lib, list, func(in *fhirmap.Input) { in.Apart = apart })
		if len(got) != want || apart && !slices.Equal(lost, []string{"workflow-labels"}) {
			t.Errorf("%t: %d procedures, %v", apart, len(got), lost)
		}
	}
}

// What leads to an ACTION of a workflow is no reference to what may be made of
// another composition.
func TestGatheredLinks(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	for workflow, want := range map[string]fhirmap.LinkReason{"": "", "w": fhirmap.LinkNotShown} {
		r := tell(t, told{state: "532", at: "2026-03-01T10:00:00Z", workflow: workflow})[0]
		found, err := lib.ShownAt(fhirmap.Input{
			Root: r.Root, EHRID: casetest.EHR, ObjectID: r.ObjectID, VersionUID: r.VersionUID, SystemID: casetest.System, Lifecycle: r.Lifecycle,
		}, "/content[openEHR-EHR-ACTION.procedure.v1]")
		if err != nil || found.Reason != want || len(found.Resources) != map[bool]int{true: 1}[want == ""] {
			t.Errorf("%q: %+v, %v", workflow, found, err)
		}
	}
}

// An ACTION that does not say what was done may be of the same procedure as the
// others of its workflow.
func TestGatheredWithoutName(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	got, _, lost := shownOf(t, lib, tell(t,
		told{state: "532", at: "2026-03-01T10:00:00Z", workflow: "w"},
		told{state: "531", at: "2026-03-02T10:00:00Z", workflow: "w", name: "none", notes: "stopped", with: 1},
		told{state: "529", at: "2026-02-02T10:00:00Z", workflow: "w", name: "Another", with: 2},
	), nil)
	if len(got) != 3 || !slices.Equal(lost, []string{"workflow-part"}) {
		t.Fatalf("%d procedures, %v", len(got), lost)
	}
	for _, n := range got {
		if n.Str("status") != "unknown" {
			t.Errorf("%s", n.Append(nil))
		}
	}
}
