package storetest

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

func template(id, opt string) ehr.Template {
	return ehr.Template{
		TemplateInfo: ehr.TemplateInfo{TemplateID: id, Concept: "c", ArchetypeID: "a", Language: "de", UID: "u"}, OPT: []byte(opt),
	}
}

func mustTemplate(t *testing.T, s ehr.Store, in ehr.Template, after int) ehr.TemplateInfo {
	t.Helper()
	info, err := s.InsertTemplate(t.Context(), in, after, "someone")
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func testTemplates(t *testing.T, s ehr.Store) {
	id := "suite " + uuid.NewString()
	first := template(id, "\xef\xbb\xbf<template>\r\n\xe4</template>") // whatever bytes they are
	info := mustTemplate(t, s, first, 0)
	if info.No == 0 || info.Created.IsZero() || info.Revision != 1 {
		t.Errorf("%+v", info)
	}
	for _, after := range []int{0, 2} {
		_, err := s.InsertTemplate(t.Context(), first, after, "someone")
		wantKind(t, err, errs.Conflict)
		if errs.As(err).Code != ehr.CodeTemplateRevision {
			t.Errorf("%+v", err)
		}
	}
	second := template(id, "<other/>")
	second.Concept = "d"
	next := mustTemplate(t, s, second, 1)
	if next.Revision != 2 || next.No == info.No {
		t.Errorf("%+v", next)
	}
	for revision, want := range map[int]ehr.Template{
		0: {TemplateInfo: next, OPT: second.OPT}, 1: {TemplateInfo: info, OPT: first.OPT}, 2: {TemplateInfo: next, OPT: second.OPT},
	} {
		got, err := s.Template(t.Context(), id, revision)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("revision %d: %s", revision, diff)
		}
		if got, err := s.TemplateInfo(t.Context(), id, revision); err != nil || got != want.TemplateInfo {
			t.Errorf("revision %d: %+v, %v", revision, got, err)
		}
	}
	_, err := s.Template(t.Context(), id, 3)
	wantKind(t, err, errs.NotFound)
	_, err = s.TemplateInfo(t.Context(), "suite none", 0)
	wantKind(t, err, errs.NotFound)
	list, err := s.Templates(t.Context())
	if err != nil || !slices.Contains(list, next) || slices.Contains(list, info) {
		t.Errorf("%v %v", list, err)
	}
	uses, err := s.TemplateRevisions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ehr.TemplateUse{{TemplateInfo: info}, {TemplateInfo: next}}, uses); diff != "" {
		t.Error(diff)
	}
	_, err = s.TemplateRevisions(t.Context(), "suite none")
	wantKind(t, err, errs.NotFound)
}

// testTemplateRace uploads many at a time, each after the latest that it knew.
func testTemplateRace(t *testing.T, s ehr.Store) {
	id := "suite " + uuid.NewString()
	for after := range 3 {
		var wg sync.WaitGroup
		outcomes := make([]error, 6)
		for i := range outcomes {
			wg.Go(func() { _, outcomes[i] = s.InsertTemplate(t.Context(), template(id, "<x/>"), after, "someone") })
		}
		wg.Wait()
		stored := 0
		for _, err := range outcomes {
			if err == nil {
				stored++
				continue
			}
			if e := errs.As(err); e == nil || e.Code != ehr.CodeTemplateRevision {
				t.Errorf("error %v", err)
			}
		}
		if stored != 1 {
			t.Errorf("%d of %d stored", stored, len(outcomes))
		}
	}
	if info, err := s.TemplateInfo(t.Context(), id, 0); err != nil || info.Revision != 3 {
		t.Errorf("%+v, %v", info, err)
	}
}

func testDeleteTemplate(t *testing.T, s ehr.Store) {
	id := "suite " + uuid.NewString()
	first := mustTemplate(t, s, template(id, "<x/>"), 0)
	second := mustTemplate(t, s, template(id, "<y/>"), 1)
	inUse := func() bool {
		t.Helper()
		used, err := s.TemplateInUse(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return used
	}
	if inUse() {
		t.Error("in use from the beginning")
	}
	ehrID, object := mustEHR(t, s), uuid.New()
	for trunk, info := range []ehr.TemplateInfo{first, second, second} {
		v := composition(object, trunk+1, document(trunk))
		v.Template = info
		mustCommit(t, s, contribution(ehrID, v))
		rec, err := s.Version(t.Context(), ehrID, ehr.KindComposition, ehr.VersionSelector{Object: object})
		if err != nil || rec.Meta.TemplateID != id || rec.Meta.TemplateRevision != info.Revision {
			t.Errorf("%+v, %v", rec.Meta, err)
		}
	}
	uses, err := s.TemplateRevisions(t.Context(), id)
	if err != nil || len(uses) != 2 || uses[0].Versions != 1 || uses[1].Versions != 2 || !inUse() {
		t.Errorf("%+v, %v", uses, err)
	}
	err = s.EraseTemplate(t.Context(), ehr.Actor{ID: "someone"}, id)
	wantKind(t, err, errs.Conflict)
	if e := errs.As(err); e.Code != ehr.CodeTemplateInUse || !strings.Contains(e.Msg, "3 versions") {
		t.Errorf("%+v", e)
	}

	unused := "suite " + uuid.NewString()
	was := mustTemplate(t, s, template(unused, "<x/>"), 0)
	mustTemplate(t, s, template(unused, "<y/>"), 1)
	if err := s.EraseTemplate(t.Context(), ehr.Actor{ID: "someone"}, unused); err != nil {
		t.Fatal(err)
	}
	for revision := range 3 {
		_, err = s.Template(t.Context(), unused, revision)
		wantKind(t, err, errs.NotFound)
	}
	wantKind(t, s.EraseTemplate(t.Context(), ehr.Actor{ID: "someone"}, unused), errs.NotFound)
	// Numbers are not used again: a commit under way may have the old one.
	if again := mustTemplate(t, s, template(unused, "<z/>"), 0); again.Revision != 1 || again.No <= was.No {
		t.Errorf("%+v", again)
	}
}

func testADL2(t *testing.T, s ehr.Store) {
	name := "openEHR-EHR-COMPOSITION.suite_" + uuid.NewString()
	var want []ehr.ADL2Info
	for _, version := range []string{"1.0.0", "1.1.0"} {
		in := ehr.ADL2Template{ADL2Info: ehr.ADL2Info{
			TemplateID: name + ".v" + version, Name: name, Version: version, Concept: "c", ArchetypeID: "a", Language: "en", Lifecycle: "published",
		}, ADL: []byte("operational_template " + version)}
		info, err := s.InsertADL2(t.Context(), in, "someone")
		if err != nil || info.Created.IsZero() {
			t.Fatal(err)
		}
		_, err = s.InsertADL2(t.Context(), in, "someone")
		wantKind(t, err, errs.Conflict)
		got, err := s.ADL2(t.Context(), in.TemplateID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ehr.ADL2Template{ADL2Info: info, ADL: in.ADL}, got); diff != "" {
			t.Error(diff)
		}
		want = append(want, info)
	}
	got, err := s.ADL2Templates(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all, err := s.ADL2Templates(t.Context(), ""); err != nil || len(all) < 2 {
		t.Errorf("%v, %v", all, err)
	}
	_, err = s.ADL2(t.Context(), name+".v9.0.0")
	wantKind(t, err, errs.NotFound)
}
