package fhir

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
)

// reference is a literal reference in a resource.
type reference struct {
	// element is the path of the Reference without indexes, at the path of its text
	// with them below the place of the resource.
	element, at string
	text        *r4.Node
}

// literalReferences are those in a resource at a place, but for the one
// to whom it is about.
func literalReferences(n *r4.Node, place string) []reference {
	if n == nil {
		return nil
	}
	var out []reference
	var visit func(n *r4.Node, element, at string, top bool)
	visit = func(n *r4.Node, element, at string, top bool) {
		for i := range n.Fields {
			f := &n.Fields[i]
			switch {
			case f.Name == "reference" && f.Value.Kind == r4.String:
				out = append(out, reference{element, at + ".reference", f.Value})
			case top && (f.Name == "subject" || f.Name == "patient"):
			default:
				visit(f.Value, element+"."+f.Name, at+"."+f.Name, false)
			}
		}
		for i, item := range n.Items {
			visit(item, element, fmt.Sprintf("%s[%d]", at, i), false)
		}
	}
	visit(n, n.Str("resourceType"), place, true)
	return out
}

// joins reports whether a reference of a resource becomes a LINK.
func (a *api) joins(n *r4.Node, ref reference) bool {
	return slices.Contains(a.Intake.JoinElements(n.Str("resourceType")), ref.element)
}

// classes are those of the parties that are shown as a type of resource.
var classes = map[string]string{"Practitioner": "PERSON", "Organization": "ORGANISATION", "PractitionerRole": "ROLE"}

// resolve looks up what the references of a resource lead to: resources of other
// compositions where they become LINKs, of which known are in the same bundle, and
// registered parties. References to what is not here are refused.
func (a *api) resolve(ctx context.Context, c *call, place string, n *r4.Node, known map[string]fhirmap.Join, in *intake.Resource) error {
	if in.Joins == nil {
		in.Joins, in.Parties = map[string]fhirmap.Join{}, map[string]fhirmap.Party{}
	}
	for _, ref := range literalReferences(n, place) {
		joins := a.joins(n, ref)
		if j, there := known[ref.text.Text]; there && joins {
			in.Joins[ref.text.Text] = j
			continue
		}
		text := strings.TrimPrefix(ref.text.Text, a.base(c.Request)+"/")
		typ, id, literal := strings.Cut(text, "/")
		class := classes[typ]
		if !literal || !a.types[typ] || !joins && class == "" {
			continue // whether it can be kept is seen when the resource would come back
		}
		missing := refusedAt(errs.Unprocessable, "not-found", ref.at, "there is no such "+typ+" here")
		if !r4.ValidPrimitive("id", id) {
			return missing
		}
		rec, err := a.Reader.Resource(ctx, c.who, typ, id)
		switch {
		case errs.Is(err, errs.NotFound) || errs.Is(err, errs.Gone) || errs.Is(err, errs.Forbidden):
			return missing
		case err != nil:
			return err
		}
		ref.text.Text = text
		if class != "" {
			in.Parties[text] = fhirmap.Party{Class: class, Type: typ, ID: id}
			continue
		}
		j, err := a.located(ctx, c, n, rec)
		if errs.Is(err, errs.NotFound) {
			return refusedAt(errs.Unprocessable, "not-supported", ref.at, "the "+typ+" is of another patient, or nothing that a LINK can lead to")
		}
		if err != nil {
			return err
		}
		in.Joins[text] = j
	}
	return nil
}

// located is how a resource refers to one that is stored, of the same patient.
func (a *api) located(ctx context.Context, c *call, n *r4.Node, rec Record) (fhirmap.Join, error) {
	const op = "fhir.located"
	other, err := r4.Parse(rec.JSON)
	if err != nil {
		return fhirmap.Join{}, errs.Wrap(errs.Internal, op, "a stored resource cannot be read", err)
	}
	patient := n.Get(subjectOf(n.Str("resourceType"))).Str("reference")
	if patient == "" || other.Get(subjectOf(rec.Type)).Str("reference") != patient {
		return fhirmap.Join{}, errs.New(errs.NotFound, op, "another patient")
	}
	record, err := uuid.Parse(strings.TrimPrefix(patient, "Patient/"))
	if err != nil {
		return fhirmap.Join{}, errs.New(errs.NotFound, op, "no patient")
	}
	return a.Intake.Locate(ctx, c.who, record, rec.Type, rec.ID, rec.Source)
}

// sequence is an order of the entries in which what is referred to by LINKs comes
// before what refers to it, and otherwise theirs. Entries that belong to another
// stand where that does.
func (a *api) sequence(entries []*r4.Node, owners []int) ([]int, error) {
	index := map[string]int{}
	for i, e := range entries {
		if url := e.Str("fullUrl"); url != "" {
			index[url] = i
		}
	}
	needs := make([][]int, len(entries)) // of owners
	for i, e := range entries {
		if !creates(e) {
			continue
		}
		place := fmt.Sprintf("Bundle.entry[%d]", i)
		for _, ref := range literalReferences(e.Get("resource"), place+".resource") {
			j, ok := index[ref.text.Text]
			if !ok || !a.joins(e.Get("resource"), ref) {
				continue
			}
			if owners[j] == owners[i] {
				return nil, refusedAt(errs.Unprocessable, "not-supported", ref.at, "the reference would become a LINK of a composition to itself")
			}
			needs[owners[i]] = append(needs[owners[i]], owners[j])
		}
	}
	var out []int
	state := make([]int, len(entries)) // 1: on the way, 2: done
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] != 0 {
			return state[i] == 2
		}
		state[i] = 1
		for _, j := range needs[i] {
			if !visit(j) {
				return false
			}
		}
		state[i] = 2
		out = append(out, i)
		return true
	}
	for i := range entries {
		if owners[i] == i && !visit(i) {
			return nil, refusedAt(errs.Unprocessable, "not-supported", fmt.Sprintf("Bundle.entry[%d]", i), "the resource refers to itself through others")
		}
	}
	for i := range entries {
		if owners[i] != i {
			out = append(out, i)
		}
	}
	return out, nil
}

// joined tells how the entries that become part of one composition are referred to.
func joined(entries []*r4.Node, owners []int, i int, p *intake.Prepared, known map[string]fhirmap.Join, wanted map[string]bool) error {
	for k, e := range entries {
		url := e.Str("fullUrl")
		if owners[k] != i || !wanted[url] {
			continue
		}
		of := url
		if k == i {
			of = ""
		}
		j, ok := p.Join(of)
		if !ok {
			return refusedAt(errs.Unprocessable, "not-supported", fmt.Sprintf("Bundle.entry[%d]", k), "another entry refers to the resource, and a LINK to it could not be told from one to another resource of the same composition")
		}
		known[url] = j
	}
	return nil
}

// joinedAsSent checks that references between entries which became LINKs are shown
// as references again. The way back proves it before the commit; that it holds of
// what was stored is not left to that.
func (a *api) joinedAsSent(entries []*r4.Node, list []creation) error {
	index := map[string]int{}
	for i, e := range entries {
		if url := e.Str("fullUrl"); url != "" {
			index[url] = i
		}
	}
	for i, e := range entries {
		if list[i].index < 0 {
			continue // it was there already
		}
		for _, ref := range literalReferences(e.Get("resource"), "") {
			j, there := index[ref.text.Text]
			if !there || !a.joins(e.Get("resource"), ref) {
				continue
			}
			to := list[j].rec
			if !bytes.Contains(list[i].rec.JSON, []byte(`"reference":"`+to.Type+"/"+to.ID+`"`)) {
				return errs.New(errs.Internal, "fhir.transaction", fmt.Sprintf("entry %d is stored without its reference to entry %d", i, j))
			}
		}
	}
	return nil
}

// wantedBy are the texts of the references in the entries that become LINKs.
func (a *api) wantedBy(entries []*r4.Node) map[string]bool {
	out := map[string]bool{}
	for _, e := range entries {
		for _, ref := range literalReferences(e.Get("resource"), "") {
			if a.joins(e.Get("resource"), ref) {
				out[ref.text.Text] = true
			}
		}
	}
	return out
}
