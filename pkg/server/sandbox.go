package server

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// sandboxActor commits what the server brings along.
var sandboxActor = ehr.Actor{ID: "cairn-sandbox", Name: "Cairn sandbox"}

// Sandbox is what LoadSandbox made or found.
type Sandbox struct {
	Patients     int
	Compositions int
	// Example is the first patient, for commands to try.
	Example *synth.Patient
}

// LoadTemplates stores the shipped templates that the repository lacks.
func (s *Server) LoadTemplates(ctx context.Context) error {
	files, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		return err
	}
	for _, f := range files {
		opt, err := fs.ReadFile(library.Files, f)
		if err != nil {
			return err
		}
		if _, err := s.Service.PutTemplate(ctx, sandboxActor, opt); err != nil && !errs.Is(err, errs.Conflict) {
			return fmt.Errorf("template %s: %w", path.Base(f), err)
		}
	}
	return nil
}

// LoadSandbox stores the shipped templates and synthetic patients. A patient
// whose EHR is there already is left as it is, so a second start changes
// nothing.
func (s *Server) LoadSandbox(ctx context.Context, seed uint64, patients int) (Sandbox, error) {
	if err := s.LoadTemplates(ctx); err != nil {
		return Sandbox{}, err
	}
	g := synth.New(seed)
	if patients > 3 { // those who are registered have somebody to care for them
		g = synth.New(seed, synth.WithRegistry())
	}
	out := Sandbox{Patients: patients, Example: g.Patient(0)}
	if patients > 3 {
		if err := s.register(ctx, synth.Registry(g)...); err != nil {
			return Sandbox{}, err
		}
	}
	var committed atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i := range patients {
		group.Go(func() error {
			n, err := s.loadPatient(ctx, g.Patient(i))
			committed.Add(int64(n))
			return err
		})
	}
	err := group.Wait()
	out.Compositions = int(committed.Load())
	return out, err
}

// register makes parties of the demographic repository, one after the other. One
// that is there already is left as it is.
func (s *Server) register(ctx context.Context, parties ...synth.Party) error {
	for _, p := range parties {
		id, err := uuid.Parse(p.ID)
		if err != nil {
			return err
		}
		_, _, err = s.Service.CommitContribution(ctx, sandboxActor, ehr.CommitContribution{EHRID: ehr.Demographics, Changes: []ehr.Change{{
			UID: ehr.VersionUID{Object: id, System: s.options.SystemID, Trunk: 1}, Content: ehr.Content{JSON: p.JSON},
		}}})
		if err != nil && !errs.Is(err, errs.Conflict) {
			return fmt.Errorf("party %s: %w", p.ID, withProblem(err))
		}
	}
	return nil
}

func (s *Server) loadPatient(ctx context.Context, p *synth.Patient) (int, error) {
	id, err := uuid.Parse(p.EHRID)
	if err != nil {
		return 0, err
	}
	status := p.EHRStatus()
	if p.Registered() {
		status = p.RegisteredStatus()
		if err := s.register(ctx, p.Person()); err != nil {
			return 0, fmt.Errorf("patient %d: %w", p.Number, err)
		}
	}
	_, err = s.Service.CreateEHR(ctx, sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: status}})
	if errs.Is(err, errs.Conflict) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("patient %d: %w", p.Number, err)
	}
	for k := range p.Compositions() {
		template, json := p.Composition(k)
		_, err := s.Service.CreateComposition(ctx, sandboxActor, ehr.CreateComposition{
			EHRID: id, TemplateID: template, Content: ehr.Content{JSON: json},
		})
		if err != nil {
			return k, fmt.Errorf("patient %d, composition %d: %w", p.Number, k, withProblem(err))
		}
	}
	for k := range p.Documents() {
		template, json := p.Document(k)
		var err error
		if object := p.DocumentID(k); object != "" {
			_, _, err = s.Service.CommitContribution(ctx, sandboxActor, ehr.CommitContribution{EHRID: id, Changes: []ehr.Change{{
				UID: ehr.VersionUID{Object: uuid.MustParse(object), System: s.options.SystemID, Trunk: 1}, Content: ehr.Content{JSON: json},
			}}})
		} else {
			_, err = s.Service.CreateComposition(ctx, sandboxActor, ehr.CreateComposition{
				EHRID: id, TemplateID: template, Content: ehr.Content{JSON: json},
			})
		}
		if err != nil {
			return p.Compositions() + k, fmt.Errorf("patient %d, document %d: %w", p.Number, k, withProblem(err))
		}
	}
	return p.Compositions() + p.Documents(), nil
}

// withProblem says what is wrong with content: the first problem, and which
// option to change if it is a limit.
func withProblem(err error) error {
	e := errs.As(err)
	if e == nil {
		return err
	}
	problems, _ := e.Detail.([]rm.Problem)
	i := slices.IndexFunc(problems, func(p rm.Problem) bool { return p.Severity == rm.Error })
	if i < 0 {
		return err
	}
	p := problems[i]
	err = fmt.Errorf("%w: %s at %s: %s", err, p.Code, cmp.Or(p.Path, "/"), p.Message)
	switch p.Code {
	case "limit.depth", "limit.items":
		err = fmt.Errorf("%w; the sandbox needs a greater --max-%s", err, strings.TrimPrefix(p.Code, "limit."))
	}
	return err
}
