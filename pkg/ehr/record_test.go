package ehr_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

func TestNewEHR(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	s, ctx := newService(t, st, nil), t.Context()

	e, err := s.CreateEHR(ctx, who, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	if !e.IsQueryable || !e.IsModifiable || !e.Subject.IsZero() || e.SystemID != systemID || e.ID.Version() != 4 {
		t.Errorf("%+v", e)
	}
	got, err := s.EHR(ctx, who, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Error(diff)
	}
	rec, err := s.EHRStatus(ctx, who, e.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	root, problems := rm.DecodeJSON(rec.Raw, rm.ClassEHRStatus, rm.JSONOptions{})
	problems = append(problems, rm.CheckInvariants(root, rm.CheckOptions{})...)
	if len(problems) > 0 || root.String("uid", "value") != e.StatusUID.String() || !rec.Meta.Audit.TimeCommitted.Equal(e.TimeCreated) {
		t.Errorf("%s %+v", rec.Raw, problems)
	}
	// One contribution holds both objects.
	var n int
	if err := st.Pool().QueryRow(ctx, `select count(*) from version where contribution_id = $1 and kind in (2, 4)`, rec.Meta.ContributionID).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d versions, %v", n, err)
	}

	id := uuid.New()
	e, err = s.CreateEHR(ctx, who, ehr.CreateEHR{ID: id, Status: ehr.Content{Root: status("p1")}})
	if err != nil || e.ID != id || e.Subject != (ehr.Subject{ID: "p1", Namespace: "people", Type: "PERSON"}) {
		t.Fatalf("%+v, %v", e, err)
	}
	if got, err = s.EHRBySubject(ctx, who, "p1", "people"); err != nil || got != e {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.EHRBySubject(ctx, who, "p1", "animals")
	wantKind(t, err, errs.NotFound)
	_, err = s.EHRBySubject(ctx, who, "", "people")
	wantKind(t, err, errs.Invalid)
	_, err = s.CreateEHR(ctx, who, ehr.CreateEHR{ID: id})
	wantKind(t, err, errs.Conflict)
	_, err = s.CreateEHR(ctx, who, ehr.CreateEHR{Status: ehr.Content{Root: status("p1")}})
	wantKind(t, err, errs.Conflict)
	_, err = s.CreateEHR(ctx, who, ehr.CreateEHR{Status: ehr.Content{JSON: []byte(`{"_type":"EHR_STATUS"}`)}})
	wantKind(t, err, errs.Invalid)
	_, err = s.CreateEHR(ctx, who, ehr.CreateEHR{Status: ehr.Content{JSON: synth.New(1).Patient(0).EHRStatus()}})
	if err != nil {
		t.Error(err)
	}
}

func TestNewRefusesBadConfigurations(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	for name, cfg := range map[string]ehr.Config{
		"no store":                           {Decision: ehr.AllowAll{}, SystemID: "a"},
		"no decision":                        {Store: st, SystemID: "a"},
		"no system":                          {Store: st, Decision: ehr.AllowAll{}},
		"a system that makes uids ambiguous": {Store: st, Decision: ehr.AllowAll{}, SystemID: "a::b"},
		"a system that breaks headers":       {Store: st, Decision: ehr.AllowAll{}, SystemID: "a\"b"},
	} {
		if _, err := ehr.New(cfg); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatusVersions(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t, openStore(t), nil), t.Context()
	e := mustEHR(t, s)
	update := func(preceding ehr.VersionUID, root *rm.Node) (ehr.Committed, error) {
		return s.UpdateEHRStatus(ctx, who, ehr.UpdateEHRStatus{EHRID: e.ID, Preceding: preceding, Status: ehr.Content{Root: root}})
	}
	v2, err := update(e.StatusUID, status("p1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = update(e.StatusUID, status("p2"))
	wantLatest(t, err, errs.Precondition, v2.UID)
	_, err = update(ehr.VersionUID{}, status("p2"))
	wantLatest(t, err, errs.Precondition, v2.UID)
	_, err = update(v2.UID, status("p2").With("uid", rm.ID("HIER_OBJECT_ID", uuid.NewString())))
	wantKind(t, err, errs.Invalid)
	v3, err := update(v2.UID, status("p2").With("uid", rm.ID("OBJECT_VERSION_ID", v2.UID.String())))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at   time.Time
		want ehr.VersionUID
	}{
		{time.Time{}, v3.UID},
		{e.TimeCreated, e.StatusUID},
		{v2.Meta.Audit.TimeCommitted, v2.UID},
		{v3.Meta.Audit.TimeCommitted.Add(-time.Microsecond), v2.UID},
	} {
		if rec, err := s.EHRStatus(ctx, who, e.ID, test.at); err != nil || rec.UID != test.want {
			t.Errorf("at %v: %v, %v, want %v", test.at, rec.UID, err, test.want)
		}
	}
	_, err = s.EHRStatus(ctx, who, e.ID, e.TimeCreated.Add(-time.Microsecond))
	wantKind(t, err, errs.NotFound)
	rec, err := s.EHRStatusVersion(ctx, who, e.ID, v2.UID)
	if err != nil || !bytes.Equal(rec.Raw, v2.Raw) {
		t.Errorf("%s, %v", rec.Raw, err)
	}
	_, err = s.EHRStatusVersion(ctx, who, e.ID, ehr.VersionUID{Object: e.AccessUID.Object, System: systemID, Trunk: 1})
	wantKind(t, err, errs.NotFound)
	got, err := s.EHR(ctx, who, e.ID)
	if err != nil || got.StatusUID != v3.UID || got.Subject.ID != "p2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	s, st := ready(t, nil)
	ctx := t.Context()
	opt := libraryOPT(t, synth.VitalSigns)
	_, err := s.PutTemplate(ctx, who, opt)
	wantKind(t, err, errs.Conflict)
	for name, data := range map[string][]byte{"no XML": []byte("x"), "half a template": opt[:len(opt)/2], "another document": []byte("<a/>")} {
		if _, err := s.PutTemplate(ctx, who, data); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := s.Templates(ctx, who)
	if err != nil || len(list) != 3 || list[2].TemplateID != synth.VitalSigns || list[2].Concept == "" ||
		!strings.HasPrefix(list[2].ArchetypeID, "openEHR-EHR-COMPOSITION.") || list[2].Language == "" {
		t.Errorf("%+v, %v", list, err)
	}
	stored, err := s.Template(ctx, who, synth.VitalSigns, 0)
	if err != nil || !bytes.Equal(stored.OPT, opt) || stored.TemplateInfo != list[2] {
		t.Errorf("%+v, %v", stored.TemplateInfo, err)
	}
	_, err = s.Template(ctx, who, "none", 0)
	wantKind(t, err, errs.NotFound)

	// Another server knows it from the store; many ask it at once.
	other := newService(t, st, nil)
	e := mustEHR(t, other)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { mustCreate(t, other, e.ID) })
	}
	wg.Wait()
	tree, err := other.CompiledTemplate(ctx, who, synth.VitalSigns, 0)
	if err != nil || tree.ID != synth.VitalSigns {
		t.Errorf("%v", err)
	}
}

func TestParseVersionUID(t *testing.T) {
	t.Parallel()
	id := "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
	for _, test := range []struct {
		in   string
		kind errs.Kind
		ok   bool
	}{
		{in: id + "::sys::1", ok: true},
		{in: strings.ToUpper(id) + "::sys.example::12", ok: true},
		{in: "", kind: errs.Invalid},
		{in: id, kind: errs.Invalid},
		{in: id + "::::1", kind: errs.Invalid},
		{in: id + "::sys::0", kind: errs.Invalid},
		{in: id + "::sys::+1", kind: errs.Invalid},
		{in: id + "::sys::01", kind: errs.Invalid},
		{in: id + "::sys::x", kind: errs.Invalid},
		{in: id + "::sys::99999999999", kind: errs.Invalid},
		{in: id + "::sys::1::2", kind: errs.Invalid},
		{in: "{" + id + "}::sys::1", kind: errs.Invalid},
		{in: id + "::sys::1.1.2", ok: true},
		{in: id + "::sys::1.1", kind: errs.Invalid},
		{in: id + "::sys::1.0.2", kind: errs.Invalid},
		{in: id + "::sys::1.1.1.1", kind: errs.Invalid},
		{in: id + "::two words::1", kind: errs.Invalid},
	} {
		uid, err := ehr.ParseVersionUID(test.in)
		if test.ok {
			if err != nil || !strings.EqualFold(uid.String(), test.in) {
				t.Errorf("%q: %v, %v", test.in, uid, err)
			}
		} else if !errs.Is(err, test.kind) {
			t.Errorf("%q: %v, want one of kind %v", test.in, err, test.kind)
		}
	}
}

func FuzzParseVersionUID(f *testing.F) {
	f.Add("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b::sys::1")
	f.Add("::::")
	f.Fuzz(func(t *testing.T, s string) {
		uid, err := ehr.ParseVersionUID(s)
		if err != nil {
			return
		}
		again, err := ehr.ParseVersionUID(uid.String())
		if err != nil || !again.Equal(uid) {
			t.Fatalf("%q gives %v, which gives %v, %v", s, uid, again, err)
		}
	})
}
