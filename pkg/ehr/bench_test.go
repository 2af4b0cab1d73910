package ehr_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// nowhere takes commits and keeps nothing, so that the benchmark measures what
// happens before the store.
type nowhere struct{ ehr.Store }

func (nowhere) Commit(context.Context, ehr.Contribution) (time.Time, error) { return time.Now(), nil }

type oneTemplate struct {
	nowhere
	template *ehr.Template
}

func (s oneTemplate) InsertTemplate(_ context.Context, t ehr.Template, _ int, _ string) (ehr.TemplateInfo, error) {
	t.No, t.Revision = 1, 1
	*s.template = t
	return t.TemplateInfo, nil
}

func (s oneTemplate) Template(context.Context, string, int) (ehr.Template, error) {
	if s.template.No == 0 {
		return ehr.Template{}, errs.New(errs.NotFound, "test", "no template yet")
	}
	return *s.template, nil
}

func (s oneTemplate) TemplateInfo(context.Context, string, int) (ehr.TemplateInfo, error) {
	return s.template.TemplateInfo, nil
}

// BenchmarkCommitBeforeStore decodes, validates and encodes compositions of
// 18 KB on average.
func BenchmarkCommitBeforeStore(b *testing.B) {
	s, err := ehr.New(ehr.Config{Store: oneTemplate{template: &ehr.Template{}}, Decision: ehr.AllowAll{}, SystemID: systemID})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.PutTemplate(b.Context(), who, libraryOPT(b, synth.VitalSigns)); err != nil {
		b.Fatal(err)
	}
	var sample [][]byte
	size := 0
	for number := 0; len(sample) < 100; number++ {
		p := synth.New(1, synth.WithMeanSize(18_000)).Patient(number)
		for k := range p.Compositions() {
			if id, root := p.Tree(k); id == synth.VitalSigns {
				sample = append(sample, rm.AppendJSON(nil, root))
				size += len(sample[len(sample)-1])
			}
		}
	}
	b.SetBytes(int64(size / len(sample)))
	b.ReportAllocs()
	in := ehr.CreateComposition{EHRID: uuid.New()}
	for i := 0; b.Loop(); i++ {
		in.Content.JSON = sample[i%len(sample)]
		if _, err := s.CreateComposition(b.Context(), who, in); err != nil {
			b.Fatal(err)
		}
	}
}
