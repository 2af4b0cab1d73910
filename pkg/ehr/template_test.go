package ehr_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

func mustReplace(t testing.TB, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("no %q in the template", old)
	}
	return strings.ReplaceAll(s, old, new)
}

// edited are the template of vital signs reworded, which data survive, and
// narrowed, which they do not.
func edited(t testing.TB) (same, reworded, narrowed []byte) {
	t.Helper()
	opt := string(libraryOPT(t, synth.VitalSigns))
	return []byte(mustReplace(t, opt, "<template ", "<!-- the same --><template ")),
		[]byte(mustReplace(t, opt, ">Pulse", ">The pulse")),
		[]byte(mustReplace(t, opt, "<units>mm[Hg]</units>", "<units>kPa</units>"))
}

func conflict(t testing.TB, err error, code string) ehr.TemplateConflict {
	t.Helper()
	wantKind(t, err, errs.Conflict)
	e := errs.As(err)
	c, ok := e.Detail.(ehr.TemplateConflict)
	if e.Code != code || !ok {
		t.Fatalf("error %+v, want code %s with the changes", e, code)
	}
	return c
}

func TestTemplateUpdatesRefused(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	same, reworded, narrowed := edited(t)
	_, err := s.PutTemplate(t.Context(), who, same)
	if c := conflict(t, err, ehr.CodeTemplateExists); len(c.Changes) != 0 {
		t.Errorf("changes of the same template: %v", c.Changes)
	}
	_, err = s.PutTemplate(t.Context(), who, reworded)
	if c := conflict(t, err, ehr.CodeTemplateExists); len(c.Changes) == 0 || c.Changes[0].Breaking {
		t.Errorf("%v", c.Changes)
	}
	_, err = s.PutTemplate(t.Context(), who, narrowed)
	if c := conflict(t, err, ehr.CodeTemplateExists); len(c.Changes) == 0 || !c.Changes[0].Breaking {
		t.Errorf("%v", c.Changes)
	}
}

func TestCompatibleTemplateUpdates(t *testing.T) {
	t.Parallel()
	s, st := ready(t, func(c *ehr.Config) { c.TemplateUpdates = ehr.CompatibleUpdates })
	ctx := t.Context()
	same, reworded, narrowed := edited(t)
	e := mustEHR(t, s)
	first := mustCreate(t, s, e.ID)

	out, err := s.PutTemplate(ctx, who, same)
	if err != nil || !out.Unchanged || out.Revision != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	out, err = s.PutTemplate(ctx, who, reworded)
	if err != nil || out.Unchanged || out.Revision != 2 || len(out.Changes) == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	second := mustCreate(t, s, e.ID)
	if first.Meta.TemplateRevision != 1 || second.Meta.TemplateRevision != 2 {
		t.Errorf("revisions %d and %d", first.Meta.TemplateRevision, second.Meta.TemplateRevision)
	}
	for i, c := range []ehr.Committed{first, second} {
		rec, err := s.CompositionVersion(ctx, who, e.ID, c.UID)
		if err != nil || rec.Meta.TemplateRevision != i+1 {
			t.Errorf("%+v, %v", rec.Meta, err)
		}
		tree, err := s.CompiledTemplate(ctx, who, synth.VitalSigns, i+1)
		if err != nil || strings.Contains(tree.Dump(), "The pulse") != (i == 1) {
			t.Errorf("revision %d is compiled from another: %v", i+1, err)
		}
	}
	_, err = s.PutTemplate(ctx, who, narrowed)
	c := conflict(t, err, ehr.CodeTemplateBreaking)
	breaking := false
	for _, ch := range c.Changes {
		breaking = breaking || ch.Breaking && ch.Kind == "units"
	}
	if !breaking {
		t.Errorf("%v", c.Changes)
	}
	uses, err := s.TemplateRevisions(ctx, who, synth.VitalSigns)
	if err != nil || len(uses) != 2 || uses[0].Versions != 1 || uses[1].Versions != 1 {
		t.Errorf("%+v, %v", uses, err)
	}
	err = s.EraseTemplate(ctx, who, synth.VitalSigns)
	wantKind(t, err, errs.Conflict)
	if e := errs.As(err); e.Code != ehr.CodeTemplateInUse || !strings.Contains(e.Msg, " 2 versions") {
		t.Errorf("%+v", e)
	}

	// Nothing was committed with this one, so that it may change in any way, and
	// be deleted.
	opt := mustReplace(t, string(libraryOPT(t, synth.VitalSigns)), "<value>"+synth.VitalSigns+"<", "<value>Unused<")
	if out, err := s.PutTemplate(ctx, who, []byte(opt)); err != nil || out.Revision != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	opt = mustReplace(t, opt, "<units>mm[Hg]</units>", "<units>kPa</units>")
	if out, err := s.PutTemplate(ctx, who, []byte(opt)); err != nil || out.Revision != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := s.EraseTemplate(ctx, who, "Unused"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Template(ctx, who, "Unused", 0)
	wantKind(t, err, errs.NotFound)
	root := vitals(t)
	details := root.Get("archetype_details").With("template_id", rm.ID("TEMPLATE_ID", "Unused"))
	_, err = s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: root.With("archetype_details", details)}})
	wantKind(t, err, errs.Unprocessable)

	if trees, err := s.TemplateTrees(ctx, 100); err != nil || len(trees) != 4 {
		t.Errorf("%d trees of three templates, one in two revisions: %v", len(trees), err)
	}
	// Another server that knew the first revision sees the latest.
	other := newService(t, st, nil)
	if tree, err := other.CompiledTemplate(ctx, who, synth.VitalSigns, 0); err != nil || !strings.Contains(tree.Dump(), "The pulse") {
		t.Errorf("not the latest: %v", err)
	}
}

func TestAnyTemplateUpdates(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, func(c *ehr.Config) { c.TemplateUpdates = ehr.AnyUpdates })
	_, _, narrowed := edited(t)
	e := mustEHR(t, s)
	mustCreate(t, s, e.ID)
	if out, err := s.PutTemplate(t.Context(), who, narrowed); err != nil || out.Revision != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}})
	wantKind(t, err, errs.Unprocessable)
}

// TestConcurrentUploads uploads and commits at once: every upload is either a
// revision of its own or the same as the latest, and every version was validated
// against the revision that it names.
func TestConcurrentUploads(t *testing.T) {
	t.Parallel()
	s, st := ready(t, func(c *ehr.Config) { c.TemplateUpdates = ehr.AnyUpdates })
	ctx := t.Context()
	_, _, narrowed := edited(t)
	original := libraryOPT(t, synth.VitalSigns)
	e := mustEHR(t, s)
	other := newService(t, st, func(c *ehr.Config) { c.TemplateUpdates = ehr.AnyUpdates })
	var wg sync.WaitGroup
	var mu sync.Mutex
	revisions := map[int]bool{}
	for i := range 4 {
		wg.Go(func() {
			service, opt := s, narrowed
			if i%2 == 1 {
				service, opt = other, original
			}
			out, err := service.PutTemplate(ctx, who, opt)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if out.Unchanged { // the same as a revision of another, which may answer later
				return
			}
			if revisions[out.Revision] {
				t.Errorf("revision %d was given twice", out.Revision)
			}
			revisions[out.Revision] = true
		})
		wg.Go(func() {
			c, err := s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: vitals(t)}})
			switch {
			case errs.Is(err, errs.Unprocessable): // by the narrowed one
			case err != nil:
				t.Error(err)
			default:
				tree, err := s.CompiledTemplate(ctx, who, synth.VitalSigns, c.Meta.TemplateRevision)
				if err != nil || strings.Contains(string(tree.Raw()), "<units>kPa</units>") {
					t.Errorf("accepted by revision %d, which it violates: %v", c.Meta.TemplateRevision, err)
				}
			}
		})
	}
	wg.Wait()
}

const adl2 = `operational_template (adl_version=2.0.6; rm_release=1.1.0; generated)
	openEHR-EHR-COMPOSITION.t_visit.v1.2.0
specialize
	openEHR-EHR-COMPOSITION.encounter.v1.0.0
language
	original_language = <[ISO_639-1::en]>
description
	lifecycle_state = <"published">
definition
	COMPOSITION[id1.1]
terminology
	term_definitions = <["en"] = <["id1.1"] = <text = <"Visit"> description = <"A visit.">>>>
`

func TestADL2(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	ctx := t.Context()
	text := func(version string) []byte { return []byte(strings.Replace(adl2, "v1.2.0", "v"+version, 1)) }
	info, err := s.PutADL2(ctx, who, text("1.2.0"), "")
	if err != nil {
		t.Fatal(err)
	}
	if info.TemplateID != "openEHR-EHR-COMPOSITION.t_visit.v1.2.0" || info.Concept != "Visit" || info.Lifecycle != "published" ||
		info.ArchetypeID != "openEHR-EHR-COMPOSITION.encounter.v1.0.0" || info.Language != "en" {
		t.Errorf("%+v", info)
	}
	for _, v := range []string{"1.10.0", "2.0.0-rc.1", "0.9.9"} {
		if _, err := s.PutADL2(ctx, who, text(v), v); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.PutADL2(ctx, who, text("1.2.0"), "")
	wantKind(t, err, errs.Conflict)
	for name, c := range map[string]struct {
		text    []byte
		version string
	}{
		"no ADL":          {[]byte("x"), ""},
		"another version": {text("1.3.0"), "1.4.0"},
		"part of version": {text("1"), ""},
		"a source":        {[]byte(strings.Replace(adl2, "operational_template", "template", 1)), ""},
	} {
		if _, err := s.PutADL2(ctx, who, c.text, c.version); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const name = "openEHR-EHR-COMPOSITION.t_visit"
	for _, c := range []struct{ id, version, want string }{
		{name + ".v1.2.0", "", "1.2.0"},
		{name + ".v1", "", "1.10.0"},
		{name + ".v1.2", "", "1.2.0"},
		{name, "", "1.10.0"},
		{name + ".v2", "", "2.0.0-rc.1"},
		{name, "1.2", "1.2.0"},
		{name + ".v1", "1.2.0", "1.2.0"},
		{name + ".v1.2.0", "1", "1.2.0"},
		{name + ".v1.2.0", "1.10.0", ""},
		{name + ".v3", "", ""},
		{"Vital signs", "", ""},
	} {
		got, err := s.ADL2Template(ctx, who, c.id, c.version)
		if c.want == "" {
			wantKind(t, err, errs.NotFound)
			continue
		}
		if err != nil || got.Version != c.want || string(got.ADL) != string(text(c.want)) {
			t.Errorf("%s %s: %s, %v", c.id, c.version, got.Version, err)
		}
	}
	_, err = s.ADL2Template(ctx, who, name, "newest")
	wantKind(t, err, errs.Invalid)
	if list, err := s.ADL2Templates(ctx, who); err != nil || len(list) != 4 {
		t.Errorf("%+v, %v", list, err)
	}

	e := mustEHR(t, s)
	root := vitals(t)
	details := root.Get("archetype_details").With("template_id", rm.ID("TEMPLATE_ID", name+".v1.2.0"))
	_, err = s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: root.With("archetype_details", details)}})
	wantKind(t, err, errs.Unprocessable)
	problems, _ := errs.As(err).Detail.([]rm.Problem)
	if len(problems) == 0 || problems[0].Code != ehr.ProblemTemplateADL2 || !strings.Contains(problems[0].Message, "ADL 2 only") {
		t.Errorf("%+v", problems)
	}
	_, err = s.CompiledTemplate(ctx, who, name+".v1.2.0", 0)
	wantKind(t, err, errs.NotFound)
	if e := errs.As(err); e.Code != ehr.ProblemTemplateADL2 {
		t.Errorf("%+v", e)
	}
}
