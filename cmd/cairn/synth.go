package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

type synthCmd struct {
	Seed        uint64 `default:"1" help:"The same seed gives the same data."`
	Patients    int    `default:"10" help:"How many patients."`
	MeanSize    int    `help:"Mean size in bytes of vital signs compositions; 0 is their natural size."`
	Patient     int    `default:"-1" help:"Write only the patient with this number."`
	Composition int    `default:"-1" help:"With --patient: write only this composition, as canonical JSON alone."`
	EHRStatus   bool   `name:"ehr-status" help:"With --patient: write only the EHR_STATUS, as canonical JSON alone."`
}

// line is one JSON line of output: an EHR_STATUS or a composition.
type line struct {
	EHRID      string          `json:"ehr_id"`
	Subject    string          `json:"subject_id"`
	TemplateID string          `json:"template_id,omitempty"`
	ObjectID   string          `json:"object_id,omitempty"` // by which others refer to it
	Content    json.RawMessage `json:"content"`
}

func (c *synthCmd) Run() error {
	var opts []synth.Option
	if c.MeanSize > 0 {
		opts = append(opts, synth.WithMeanSize(c.MeanSize))
	}
	if c.Patient < 0 && (c.Composition >= 0 || c.EHRStatus) {
		return errs.New(errs.Invalid, "synth", "--composition and --ehr-status need --patient")
	}
	g := synth.New(c.Seed, opts...)
	w := bufio.NewWriter(os.Stdout)
	var err error
	switch {
	case c.EHRStatus:
		_, err = w.Write(append(g.Patient(c.Patient).EHRStatus(), '\n'))
	case c.Composition >= 0:
		_, content := g.Patient(c.Patient).Composition(c.Composition)
		_, err = w.Write(append(content, '\n'))
	case c.Patient >= 0:
		err = writePatient(json.NewEncoder(w), g.Patient(c.Patient))
	default:
		enc := json.NewEncoder(w)
		for i := 0; i < c.Patients && err == nil; i++ {
			err = writePatient(enc, g.Patient(i))
		}
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

func writePatient(enc *json.Encoder, p *synth.Patient) error {
	if err := enc.Encode(line{EHRID: p.EHRID, Subject: p.SubjectID, Content: p.EHRStatus()}); err != nil {
		return err
	}
	for k := range p.Compositions() {
		template, content := p.Composition(k)
		if err := enc.Encode(line{EHRID: p.EHRID, Subject: p.SubjectID, TemplateID: template, Content: content}); err != nil {
			return err
		}
	}
	for k := range p.Documents() {
		template, content := p.Document(k)
		if err := enc.Encode(line{EHRID: p.EHRID, Subject: p.SubjectID, TemplateID: template, ObjectID: p.DocumentID(k), Content: content}); err != nil {
			return err
		}
	}
	return nil
}
