package ehr_test

import (
	"context"
	"io/fs"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const systemID = "test.cairn"

var who = ehr.Actor{ID: "u1", Name: "Dr Somebody"}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 10, QueryConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

func newService(t testing.TB, st *store.Store, change func(*ehr.Config)) *ehr.Service {
	t.Helper()
	cfg := ehr.Config{Store: st, Decision: ehr.AllowAll{}, SystemID: systemID}
	if change != nil {
		change(&cfg)
	}
	s, err := ehr.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ready is a service with the library's templates.
func ready(t testing.TB, change func(*ehr.Config)) (*ehr.Service, *store.Store) {
	t.Helper()
	st := openStore(t)
	s := newService(t, st, change)
	for _, id := range []string{synth.ProblemList, synth.AdverseReactionList, synth.VitalSigns} {
		if _, err := s.PutTemplate(t.Context(), who, libraryOPT(t, id)); err != nil {
			t.Fatal(err)
		}
	}
	return s, st
}

func libraryOPT(t testing.TB, id string) []byte {
	t.Helper()
	opt, err := fs.ReadFile(library.Files, id+".opt")
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

func mustEHR(t testing.TB, s *ehr.Service) ehr.EHR {
	t.Helper()
	e, err := s.CreateEHR(t.Context(), who, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// vitals is the tree of a valid composition.
func vitals(t testing.TB) *rm.Node {
	t.Helper()
	p := synth.New(7).Patient(1)
	for k := range p.Compositions() {
		if id, root := p.Tree(k); id == synth.VitalSigns {
			return root
		}
	}
	t.Fatal("the patient has no vital signs")
	return nil
}

func mustCreate(t testing.TB, s *ehr.Service, ehrID uuid.UUID) ehr.Committed {
	t.Helper()
	c, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: ehrID, Content: ehr.Content{Root: vitals(t)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantKind(t testing.TB, err error, kind errs.Kind) {
	t.Helper()
	if !errs.Is(err, kind) {
		t.Fatalf("error %v (%+v), want one of kind %v", err, errs.As(err), kind)
	}
}

func wantLatest(t testing.TB, err error, kind errs.Kind, latest ehr.VersionUID) {
	t.Helper()
	wantKind(t, err, kind)
	if got := errs.As(err).Detail; got != latest {
		t.Fatalf("error names version %v, want %v", got, latest)
	}
}

// problemCodes are the codes of the problems that an error lists.
func problemCodes(t testing.TB, err error) map[string]bool {
	t.Helper()
	list, ok := errs.As(err).Detail.([]rm.Problem)
	if !ok {
		t.Fatalf("error %v has no list of problems", err)
	}
	out := map[string]bool{}
	for _, p := range list {
		out[p.Code] = true
		if p.Path == "" || p.Message == "" {
			t.Errorf("problem %+v is without place or message", p)
		}
	}
	return out
}

// decisions records what a decision point is asked, and refuses what it is told to.
type decisions struct {
	asked  []ehr.Target
	refuse ehr.Action
	fail   error
}

func (d *decisions) Decide(_ context.Context, _ ehr.Actor, what ehr.Action, on ehr.Target) error {
	d.asked = append(d.asked, on)
	switch {
	case d.fail != nil:
		return d.fail
	case what == d.refuse:
		return errs.New(errs.Forbidden, "test", "no")
	}
	return nil
}
