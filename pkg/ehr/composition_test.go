package ehr_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

func TestCompositionComesBackAsItWasCommitted(t *testing.T) {
	t.Parallel()
	s, st := ready(t, nil)
	for number := range 8 {
		e := mustEHR(t, s)
		p := synth.New(3).Patient(number)
		for k := range p.Compositions() {
			template, sent := p.Composition(k)
			c, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{JSON: sent}})
			if err != nil {
				t.Fatalf("%s: %v", template, err)
			}
			want, _ := rm.DecodeJSON(sent, rm.ClassComposition, rm.JSONOptions{})
			raw := rm.AppendJSON(nil, want.With("uid", rm.ID("OBJECT_VERSION_ID", c.UID.String())))
			if !bytes.Equal(c.Raw, raw) {
				t.Errorf("%s: returned %s\nwant %s", template, c.Raw, raw)
			}
			got, err := s.CompositionVersion(t.Context(), who, e.ID, c.UID)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Raw, raw) {
				t.Errorf("%s: stored %s\nwant %s", template, got.Raw, raw)
			}
			got.Meta.Audit.Committer, c.Meta.Audit.Committer = nil, nil // attribute order
			if diff := cmp.Diff(c.VersionRecord, got); diff != "" {
				t.Error(diff)
			}
			if c.Meta.TemplateID != template {
				t.Errorf("template %q, want %q", c.Meta.TemplateID, template)
			}
			// Both forms of the document say the same.
			var same bool
			if err := st.Pool().QueryRow(t.Context(), `select d.content = $2::jsonb from document d join version v using (ehr_no, vo_no, ver)
				where v.object_id = $1`, c.UID.Object, string(raw)).Scan(&same); err != nil || !same {
				t.Errorf("%s: content differs from raw: %v", template, err)
			}
		}
	}
}

func TestNumbersAndTimesKeepTheirLexicalForm(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	sent := string(rm.AppendJSON(nil, vitals(t)))
	i := strings.Index(sent, `"magnitude":`)
	if i < 0 {
		t.Fatal("no magnitude in the sample")
	}
	end := i + strings.IndexAny(sent[i:], ",}")
	sent = sent[:i] + `"magnitude":71.500` + sent[end:]
	c, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{JSON: []byte(sent)}})
	if err != nil {
		t.Fatal(err, errs.As(err).Detail)
	}
	got, err := s.Composition(t.Context(), who, e.ID, c.UID.Object, time.Time{})
	if err != nil || !bytes.Contains(got.Raw, []byte(`"magnitude":71.500,`)) {
		t.Errorf("%s, %v", got.Raw, err)
	}
}

func TestIndexColumnsOfAComposition(t *testing.T) {
	t.Parallel()
	s, st := ready(t, nil)
	e := mustEHR(t, s)
	root := vitals(t)
	c := mustCreate(t, s, e.ID)
	var rootID string
	var category int
	var start time.Time
	var archetypes []string
	if err := st.Pool().QueryRow(t.Context(), `
		select c.archetype_id, v.category, v.start_time,
		       (select array_agg(k.archetype_id order by k.archetype_id) from concept k where k.concept_id = any(v.concepts))
		from version v join concept c on c.concept_id = v.root_concept where v.object_id = $1`, c.UID.Object).
		Scan(&rootID, &category, &start, &archetypes); err != nil {
		t.Fatal(err)
	}
	if rootID != root.ArchetypeID() || category != 433 {
		t.Errorf("archetype %q, category %d", rootID, category)
	}
	want, err := rm.ParseDateTime(root.String("context", "start_time", "value"))
	if err != nil || !start.Equal(want.Earliest()) {
		t.Errorf("start time %v, want %v", start, want)
	}
	text := string(c.Raw)
	for _, id := range archetypes {
		if !strings.Contains(text, `"archetype_id":{"_type":"ARCHETYPE_ID","value":"`+id+`"}`) {
			t.Errorf("%s is not in the composition", id)
		}
	}
	for _, part := range strings.Split(text, `"archetype_id":{"_type":"ARCHETYPE_ID","value":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		found := false
		for _, a := range archetypes {
			found = found || a == id
		}
		if !found {
			t.Errorf("%s is not indexed", id)
		}
	}
}

func TestCompositionRefusals(t *testing.T) {
	t.Parallel()
	s, st := ready(t, func(c *ehr.Config) { c.Limits.ContentBytes = 1 << 20 })
	e := mustEHR(t, s)
	sample := string(rm.AppendJSON(nil, vitals(t)))
	without := func(attr string) *rm.Node { return vitals(t).With(attr) }
	for _, test := range []struct {
		name     string
		content  ehr.Content
		template string
		kind     errs.Kind
		code     string // one of the problems, if it lists any
	}{
		{"not JSON", ehr.Content{JSON: []byte(`{"_type":"COMPOSITION",`)}, "", errs.Invalid, rm.CodeJSONSyntax},
		{"nothing", ehr.Content{}, "", errs.Invalid, ""},
		{"empty", ehr.Content{JSON: []byte{}}, "", errs.Invalid, rm.CodeJSONSyntax},
		{"another class", ehr.Content{JSON: []byte(`{"_type":"EHR_STATUS"}`)}, "", errs.Invalid, rm.CodeTypeMismatch},
		{"a tree of another class", ehr.Content{Root: rm.Text("x")}, "", errs.Invalid, ""},
		{"an unknown attribute", ehr.Content{JSON: []byte(strings.Replace(sample, `"category":`, `"kategorie":1,"category":`, 1))}, "", errs.Invalid, rm.CodeAttributeUnknown},
		{"a missing mandatory attribute", ehr.Content{JSON: []byte(strings.Replace(sample, `"_type":"COMPOSITION","name":`, `"_type":"COMPOSITION","nom":`, 1))}, "", errs.Invalid, rm.CodeAttributeMissing},
		{"a broken class invariant", ehr.Content{Root: vitals(t).With("composer", rm.Object("PARTY_IDENTIFIED"))}, "", errs.Unprocessable, ""},
		{"a code of no group", ehr.Content{Root: vitals(t).With("category", rm.CodedText("event", "openehr", "4331"))}, "", errs.Unprocessable, "term.group"},
		{"what the template forbids", ehr.Content{Root: vitals(t).With("archetype_node_id", &rm.Node{Class: rm.ClassString, Text: "openEHR-EHR-COMPOSITION.report.v1"})}, "", errs.Unprocessable, ""},
		{"an unknown template", ehr.Content{JSON: []byte(strings.ReplaceAll(sample, synth.VitalSigns, "nobody knows"))}, "", errs.Unprocessable, ehr.ProblemTemplateUnknown},
		{"no template", ehr.Content{Root: without("archetype_details").With("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", vitals(t).ArchetypeID())), rm.Str("rm_version", "1.1.0")))}, "", errs.Unprocessable, ehr.ProblemTemplateMissing},
		{"two templates", ehr.Content{JSON: []byte(sample)}, synth.ProblemList, errs.Invalid, ""},
		{"too large", ehr.Content{JSON: bytes.Repeat([]byte(" "), 1<<20+1)}, "", errs.TooLarge, rm.CodeLimitBytes},
		{"a character that cannot be stored", ehr.Content{JSON: []byte(strings.Replace(sample, `"value":"`, `"value":"\u0000`, 1))}, "", errs.Invalid, rm.CodeValueCharacter},
	} {
		_, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: test.content, TemplateID: test.template})
		if !errs.Is(err, test.kind) {
			t.Errorf("%s: %v, want one of kind %v", test.name, err, test.kind)
			continue
		}
		if test.code != "" && !problemCodes(t, err)[test.code] {
			t.Errorf("%s: problems %+v, want %s", test.name, errs.As(err).Detail, test.code)
		}
	}
	var n int
	if err := st.Pool().QueryRow(t.Context(), `select count(*) from version where kind = 1`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d compositions were stored, %v", n, err)
	}
	_, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: uuid.New(), Content: ehr.Content{Root: vitals(t)}})
	wantKind(t, err, errs.NotFound)
}

func TestTemplateOfTheRequest(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	c, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}, TemplateID: synth.VitalSigns})
	if err != nil || c.Meta.TemplateID != synth.VitalSigns {
		t.Fatalf("%+v, %v", c.Meta, err)
	}
}

func TestIncompleteContentMayLackWhatIsMandatory(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	sample := string(rm.AppendJSON(nil, vitals(t).With("composer")))
	in := ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{JSON: []byte(sample)}}
	_, err := s.CreateComposition(t.Context(), who, in)
	wantKind(t, err, errs.Invalid)

	in.Audit.LifecycleState = ehr.LifecycleIncomplete
	c, err := s.CreateComposition(t.Context(), who, in)
	if err != nil || c.Meta.LifecycleState != ehr.LifecycleIncomplete {
		t.Fatalf("%+v, %v %+v", c.Meta, err, errs.As(err))
	}
	// It may be abandoned as it is, but not completed.
	next := ehr.UpdateComposition{EHRID: e.ID, Object: c.UID.Object, Preceding: c.UID, Content: in.Content}
	_, err = s.UpdateComposition(t.Context(), who, next)
	wantKind(t, err, errs.Invalid)
	next.Audit.LifecycleState = ehr.LifecycleAbandoned
	if _, err = s.UpdateComposition(t.Context(), who, next); err != nil {
		t.Fatal(err)
	}
	// What is there must still be right.
	in.Content.JSON = []byte(strings.Replace(sample, `"code_string":"433"`, `"code_string":"999"`, 1))
	_, err = s.CreateComposition(t.Context(), who, in)
	wantKind(t, err, errs.Unprocessable)
}

func TestWarningsComeWithTheSuccess(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	root := vitals(t).With("category", rm.CodedText("a kind of event", "openehr", "433"))
	c, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: root}})
	if err != nil || len(c.Warnings) != 1 || c.Warnings[0].Code != "term.rubric" || c.Warnings[0].Severity != rm.Warning {
		t.Fatalf("%+v, %v", c.Warnings, err)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e, ctx := mustEHR(t, s), t.Context()
	v1 := mustCreate(t, s, e.ID)
	v2, err := s.UpdateComposition(ctx, who, ehr.UpdateComposition{EHRID: e.ID, Object: v1.UID.Object, Preceding: v1.UID, Content: ehr.Content{JSON: v1.Raw}})
	if err != nil {
		t.Fatal(err)
	}
	want := v1.UID
	want.Trunk = 2
	if v2.UID != want || v2.Meta.Preceding != v1.UID || v2.Meta.Audit.ChangeType != ehr.ChangeModification {
		t.Errorf("%+v", v2.Meta)
	}
	if !bytes.Contains(v2.Raw, []byte(`{"_type":"OBJECT_VERSION_ID","value":"`+want.String()+`"}`)) {
		t.Errorf("uid is missing in %s", v2.Raw)
	}

	update := func(change func(*ehr.UpdateComposition)) error {
		in := ehr.UpdateComposition{EHRID: e.ID, Object: v2.UID.Object, Preceding: v2.UID, Content: ehr.Content{Root: vitals(t)}}
		change(&in)
		_, err := s.UpdateComposition(ctx, who, in)
		return err
	}
	uid := func(class, value string) func(*ehr.UpdateComposition) {
		return func(in *ehr.UpdateComposition) {
			in.Content.Root = in.Content.Root.With("uid", rm.ID(class, value))
		}
	}
	other := mustCreate(t, s, e.ID)
	wantLatest(t, update(func(in *ehr.UpdateComposition) { in.Preceding = v1.UID }), errs.Precondition, v2.UID)
	wantLatest(t, update(func(in *ehr.UpdateComposition) { in.Preceding = other.UID }), errs.Precondition, v2.UID)
	wantLatest(t, update(func(in *ehr.UpdateComposition) { in.Preceding = ehr.VersionUID{} }), errs.Precondition, v2.UID)
	wantKind(t, update(func(in *ehr.UpdateComposition) { in.Object, in.Preceding = uuid.New(), ehr.VersionUID{} }), errs.NotFound)
	wantKind(t, update(func(in *ehr.UpdateComposition) {
		in.Object = uuid.New()
		in.Preceding = ehr.VersionUID{Object: in.Object, System: systemID, Trunk: 1}
	}), errs.NotFound)
	wantKind(t, update(uid("HIER_OBJECT_ID", uuid.NewString())), errs.Invalid)
	wantKind(t, update(uid("OBJECT_VERSION_ID", other.UID.String())), errs.Invalid)
	if err := update(uid("HIER_OBJECT_ID", strings.ToUpper(v2.UID.Object.String()))); err != nil {
		t.Error(err)
	}
	v3 := v2.UID
	v3.Trunk = 3

	_, err = s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: v1.UID})
	wantLatest(t, err, errs.Conflict, v3)
	_, err = s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1}})
	wantKind(t, err, errs.NotFound)
	gone, err := s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: v3, Audit: ehr.AuditInput{Description: "wrong patient"}})
	if err != nil {
		t.Fatal(err)
	}
	if !gone.Deleted || gone.Raw != nil || gone.UID.Trunk != 4 || gone.Meta.LifecycleState != ehr.LifecycleDeleted || gone.Meta.Audit.ChangeType != ehr.ChangeDeleted {
		t.Errorf("%+v", gone)
	}
	for _, v := range []ehr.VersionUID{v3, gone.UID} {
		_, err = s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: v})
		wantKind(t, err, errs.Invalid)
	}
	wantKind(t, update(func(in *ehr.UpdateComposition) { in.Preceding = gone.UID }), errs.Conflict)

	latest, err := s.Composition(ctx, who, e.ID, v1.UID.Object, time.Time{})
	if err != nil || !latest.Deleted || latest.UID != gone.UID {
		t.Errorf("%+v, %v", latest, err)
	}
	was, err := s.Composition(ctx, who, e.ID, v1.UID.Object, v2.Meta.Audit.TimeCommitted)
	if err != nil || was.UID != v2.UID || !bytes.Equal(was.Raw, v2.Raw) {
		t.Errorf("%+v, %v", was.UID, err)
	}
	_, err = s.CompositionVersion(ctx, who, e.ID, ehr.VersionUID{Object: v1.UID.Object, System: "other", Trunk: 1})
	wantKind(t, err, errs.NotFound)
	_, err = s.CompositionVersion(ctx, who, e.ID, ehr.VersionUID{})
	wantKind(t, err, errs.Invalid)
	versions, err := s.Versions(ctx, who, e.ID, ehr.KindComposition, v1.UID.Object)
	if err != nil || len(versions) != 4 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
}

func TestContentOfAnUnmodifiableEHR(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	c := mustCreate(t, s, e.ID)
	status, err := s.EHRStatus(t.Context(), who, e.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	closed := bytes.Replace(status.Raw, []byte(`"is_modifiable":true`), []byte(`"is_modifiable":false`), 1)
	if _, err := s.UpdateEHRStatus(t.Context(), who, ehr.UpdateEHRStatus{EHRID: e.ID, Preceding: status.UID, Status: ehr.Content{JSON: closed}}); err != nil {
		t.Fatal(err)
	}
	_, err = s.DeleteComposition(t.Context(), who, ehr.DeleteComposition{EHRID: e.ID, Version: c.UID})
	wantKind(t, err, errs.Conflict)
	if errs.As(err).Code != ehr.CodeNotModifiable {
		t.Errorf("code %q", errs.As(err).Code)
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	create := func(in ehr.AuditInput) (ehr.Committed, error) {
		return s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}, Audit: in})
	}
	for _, in := range []ehr.AuditInput{
		{ChangeType: ehr.ChangeModification},
		{ChangeType: ehr.ChangeDeleted},
		{ChangeType: ehr.ChangeAttestation},
		{ChangeType: 1},
		{LifecycleState: ehr.LifecycleDeleted},
		{LifecycleState: ehr.LifecycleAbandoned},
		{LifecycleState: 433},
		{Committer: rm.Text("me")},
		{Committer: rm.Object("PARTY_IDENTIFIED")},
	} {
		if _, err := create(in); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	committer := rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Nurse Other"))
	for _, test := range []struct {
		in                     ehr.AuditInput
		change                 int
		committer, description string
	}{
		{ehr.AuditInput{}, ehr.ChangeCreation, "Dr Somebody", ""},
		{ehr.AuditInput{ChangeType: ehr.ChangeSynthesis, Committer: committer, Description: `what "for"`}, ehr.ChangeSynthesis, "Nurse Other", `what "for"`},
	} {
		c, err := create(test.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.CompositionVersion(t.Context(), who, e.ID, c.UID)
		if err != nil {
			t.Fatal(err)
		}
		a := got.Meta.Audit
		party, problems := rm.DecodeJSON(a.Committer, rm.ClassPartyProxy, rm.JSONOptions{})
		if len(problems) > 0 || party.String("name") != test.committer || a.ChangeType != test.change || a.SystemID != systemID {
			t.Errorf("%+v: %s %+v", test.in, a.Committer, a)
		}
		if test.description == "" {
			if a.Description != nil {
				t.Errorf("description %s", a.Description)
			}
			continue
		}
		text, problems := rm.DecodeJSON(a.Description, rm.ClassDVText, rm.JSONOptions{})
		if len(problems) > 0 || text.String("value") != test.description {
			t.Errorf("description %s", a.Description)
		}
	}
}

func TestActorIsRecordedWithTheContribution(t *testing.T) {
	t.Parallel()
	s, st := ready(t, nil)
	e := mustEHR(t, s)
	for _, actor := range []ehr.Actor{{ID: "app"}, {ID: "app", Name: "An App", OnBehalfOf: "dr-1", Purpose: "TREAT"}} {
		c, err := s.CreateComposition(t.Context(), actor, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}})
		if err != nil {
			t.Fatal(err)
		}
		got := ehr.Actor{Name: actor.Name}
		if err := st.Pool().QueryRow(t.Context(), `select actor, coalesce(on_behalf_of, ''), coalesce(purpose, '') from contribution
			where contribution_id = $1`, c.Meta.ContributionID).Scan(&got.ID, &got.OnBehalfOf, &got.Purpose); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(actor, got); diff != "" {
			t.Error(diff)
		}
	}
	_, err := s.CreateEHR(t.Context(), ehr.Actor{}, ehr.CreateEHR{})
	wantKind(t, err, errs.Internal)
}

func TestDecisionPointIsAskedByEveryUseCase(t *testing.T) {
	t.Parallel()
	s, st := ready(t, nil)
	e := mustEHR(t, s)
	c := mustCreate(t, s, e.ID)
	ctx := t.Context()
	uses := map[string]func(*ehr.Service) error{
		"CreateEHR":        func(s *ehr.Service) error { _, err := s.CreateEHR(ctx, who, ehr.CreateEHR{}); return err },
		"EHR":              func(s *ehr.Service) error { _, err := s.EHR(ctx, who, e.ID); return err },
		"EHRBySubject":     func(s *ehr.Service) error { _, err := s.EHRBySubject(ctx, who, "x", "y"); return err },
		"EHRStatus":        func(s *ehr.Service) error { _, err := s.EHRStatus(ctx, who, e.ID, time.Time{}); return err },
		"EHRStatusVersion": func(s *ehr.Service) error { _, err := s.EHRStatusVersion(ctx, who, e.ID, e.StatusUID); return err },
		"UpdateEHRStatus": func(s *ehr.Service) error {
			_, err := s.UpdateEHRStatus(ctx, who, ehr.UpdateEHRStatus{EHRID: e.ID})
			return err
		},
		"CreateComposition": func(s *ehr.Service) error {
			_, err := s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}})
			return err
		},
		"UpdateComposition": func(s *ehr.Service) error {
			_, err := s.UpdateComposition(ctx, who, ehr.UpdateComposition{EHRID: e.ID, Object: c.UID.Object, Preceding: c.UID, Content: ehr.Content{Root: vitals(t)}})
			return err
		},
		"DeleteComposition": func(s *ehr.Service) error {
			_, err := s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: c.UID})
			return err
		},
		"Composition": func(s *ehr.Service) error {
			_, err := s.Composition(ctx, who, e.ID, c.UID.Object, time.Time{})
			return err
		},
		"CompositionVersion": func(s *ehr.Service) error { _, err := s.CompositionVersion(ctx, who, e.ID, c.UID); return err },
		"Versions": func(s *ehr.Service) error {
			_, err := s.Versions(ctx, who, e.ID, ehr.KindComposition, c.UID.Object)
			return err
		},
		"PutTemplate":      func(s *ehr.Service) error { _, err := s.PutTemplate(ctx, who, nil); return err },
		"Templates":        func(s *ehr.Service) error { _, err := s.Templates(ctx, who); return err },
		"Template":         func(s *ehr.Service) error { _, err := s.Template(ctx, who, synth.VitalSigns, 0); return err },
		"CompiledTemplate": func(s *ehr.Service) error { _, err := s.CompiledTemplate(ctx, who, synth.VitalSigns, 0); return err },
	}
	for name, use := range uses {
		// An error that is no refusal refuses as well.
		for _, fail := range []error{errs.New(errs.Forbidden, "test", "no"), errors.New("policy store is down")} {
			d := &decisions{fail: fail}
			if err := use(newService(t, st, func(c *ehr.Config) { c.Decision = d })); !errs.Is(err, errs.Forbidden) || len(d.asked) != 1 {
				t.Errorf("%s, %v: %v after %d questions", name, fail, err, len(d.asked))
			}
		}
	}
	d := &decisions{}
	if err := uses["CreateComposition"](newService(t, st, func(c *ehr.Config) { c.Decision = d })); err != nil {
		t.Fatal(err)
	}
	want := []ehr.Target{{EHRID: e.ID.String(), Class: "COMPOSITION", TemplateID: synth.VitalSigns}}
	if diff := cmp.Diff(want, d.asked); diff != "" {
		t.Error(diff)
	}
}

// recorder is a projection that remembers what it was shown.
type recorder struct{ seen []ehr.ProjectionInput }

func (r *recorder) Name() string    { return "recorder" }
func (r *recorder) Version() string { return "1" }
func (r *recorder) Project(in ehr.ProjectionInput) ehr.Projected {
	r.seen = append(r.seen, in)
	return ehr.Projected{Resources: []ehr.Resource{{Type: "Basic", ID: in.ObjectID, JSON: []byte(fmt.Sprintf(`{"subject":%q}`, in.SubjectID))}}}
}

func TestProjectionsSeeTheLatestSubject(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	s, st := ready(t, func(c *ehr.Config) { c.Projections = []ehr.Projection{r} })
	other := newService(t, st, nil)
	ctx := t.Context()
	e, err := s.CreateEHR(ctx, who, ehr.CreateEHR{Status: ehr.Content{Root: status("old")}})
	if err != nil {
		t.Fatal(err)
	}
	c := mustCreate(t, s, e.ID)
	// Another server changes the subject; this one has remembered the old one.
	if _, err := other.UpdateEHRStatus(ctx, who, ehr.UpdateEHRStatus{EHRID: e.ID, Preceding: e.StatusUID, Status: ehr.Content{Root: status("new")}}); err != nil {
		t.Fatal(err)
	}
	r.seen = nil
	v2, err := s.UpdateComposition(ctx, who, ehr.UpdateComposition{EHRID: e.ID, Object: c.UID.Object, Preceding: c.UID, Content: ehr.Content{Root: vitals(t)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.seen) != 2 || r.seen[0].SubjectID != "old" || r.seen[1].SubjectID != "new" {
		t.Fatalf("projected %+v", r.seen)
	}
	in := r.seen[1]
	if in.VersionUID != v2.UID.String() || in.Trunk != 2 || in.TemplateID != synth.VitalSigns || in.EHRID != e.ID.String() ||
		in.SubjectNamespace != "people" || in.Root.String("uid", "value") != v2.UID.String() {
		t.Errorf("%+v", in)
	}
	var raw, content []byte
	err = st.Pool().QueryRow(ctx, `select c.raw from fhir_resource r join fhir_content c using (ehr_no, vo_no, ver, revision)
		where r.resource_id = $1 and r.superseded is null`, c.UID.Object.String()).Scan(&raw)
	if err == nil {
		content, err = st.Content(raw)
	}
	if err != nil || !bytes.Contains(content, []byte(`"subject":"new"`)) {
		t.Errorf("stored %q, %v", content, err)
	}
	r.seen = nil
	if _, err := s.DeleteComposition(ctx, who, ehr.DeleteComposition{EHRID: e.ID, Version: v2.UID}); err != nil || len(r.seen) != 1 || r.seen[0].Root != nil {
		t.Errorf("%+v, %v", r.seen, err)
	}
}

// status is an EHR_STATUS with a subject.
func status(subject string) *rm.Node {
	return rm.Object("EHR_STATUS",
		rm.Child("name", rm.Text("status")),
		rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", "openEHR-EHR-EHR_STATUS.generic.v1")), rm.Str("rm_version", "1.0.4"))),
		rm.Child("subject", rm.Object("PARTY_SELF", rm.Child("external_ref", rm.Object("PARTY_REF",
			rm.Str("namespace", "people"), rm.Str("type", "PERSON"),
			rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", subject), rm.Str("scheme", "mrn"))))))),
		rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
}

// TestSeveralInstances: what one instance does to an EHR counts for the next
// commit of another, whatever that one remembers.
func TestSeveralInstances(t *testing.T) {
	t.Parallel()
	var told []string
	s, st := ready(t, func(c *ehr.Config) { c.Projections = []ehr.Projection{subjects{&told}} })
	other := newService(t, st, nil)
	ctx, id := t.Context(), uuid.New()
	create := func(subject string) ehr.EHR {
		t.Helper()
		e, err := other.CreateEHR(ctx, who, ehr.CreateEHR{ID: id, Status: ehr.Content{Root: status(subject)}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	wantTold := func(want string) {
		t.Helper()
		told = nil
		mustCreate(t, s, id)
		if len(told) == 0 || told[len(told)-1] != want {
			t.Errorf("the projection was told of %v, last must be %s", told, want)
		}
	}
	e := create("first")
	wantTold("first")
	update := func(e ehr.EHR, root *rm.Node) ehr.VersionUID {
		t.Helper()
		done, err := other.UpdateEHRStatus(ctx, who, ehr.UpdateEHRStatus{EHRID: id, Preceding: e.StatusUID, Status: ehr.Content{Root: root}})
		if err != nil {
			t.Fatal(err)
		}
		return done.UID
	}
	e.StatusUID = update(e, status("second"))
	wantTold("second")
	update(e, status("second").With("is_modifiable", &rm.Node{Class: rm.ClassBoolean, Text: "false"}))
	_, err := s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: id, Content: ehr.Content{Root: vitals(t)}})
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != ehr.CodeNotModifiable {
		t.Errorf("not modifiable: %v", err)
	}
	// The id is used again for somebody else, whose status has the same number
	// as the one remembered.
	if err := other.EraseEHRs(ctx, who, id); err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: id, Content: ehr.Content{Root: vitals(t)}})
	wantKind(t, err, errs.NotFound)
	create("third")
	wantTold("third")
	if err := other.EraseEHRs(ctx, who, id); err != nil {
		t.Fatal(err)
	}
	create("fourth")
	wantTold("fourth")
}
