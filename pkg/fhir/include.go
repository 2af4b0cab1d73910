package fhir

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// maxIncluded bounds the resources that a page includes beside its matches.
const maxIncluded = 1000

// inclusion is one _include or _revinclude: the type that refers, the parameter
// by which it does ("*" for any) and the type referred to ("" for any).
type inclusion struct {
	source, param, target string
	iterate               bool
}

// inclusion reads one.
func (a *api) inclusion(req *request, name, modifier string, p pair) error {
	if modifier != "" && modifier != "iterate" && modifier != "recurse" {
		return unsupportedParam(p.name)
	}
	unsupported := func(why string) error {
		text := p.name + "=" + p.value + ": " + why
		return &refusal{errs.New(errs.Invalid, "fhir.search", text), []issue{{severity: "error", code: "not-supported", text: text, expression: "http." + p.name}}}
	}
	parts := strings.Split(p.value, ":")
	if p.value == "*" {
		parts = []string{req.query.Type, "*"}
	}
	if len(parts) < 2 || len(parts) > 3 {
		return badParam(p.name, strconv.Quote(p.value)+" has not the form Type:parameter or Type:parameter:TargetType")
	}
	i := inclusion{source: parts[0], param: parts[1], iterate: modifier != ""}
	if len(parts) == 3 {
		i.target = parts[2]
	}
	if !a.types[i.source] {
		return unsupported("no mapping produces the resource type " + strconv.Quote(i.source))
	}
	if i.param != "*" {
		if def, ok := lookupParam(i.source, i.param); !ok || def.Kind != r4.SearchReference {
			return unsupported(strconv.Quote(i.param) + " is not a reference parameter of " + i.source + " that is supported")
		} else if i.target != "" && !leads(i.source, def, i.target) {
			return unsupported(i.source + ":" + i.param + " does not refer to " + strconv.Quote(i.target))
		}
	} else if t := r4.Lookup(i.target); i.target != "" && (t == nil || t.Kind != r4.Resource) {
		return unsupported(strconv.Quote(i.target) + " is not a resource type")
	}
	if name == "_include" {
		req.includes = append(req.includes, i)
		return nil
	}
	if i.param == "*" {
		return badParam(p.name, "must name the parameter")
	}
	if !reversible(i.source, i.param) {
		return unsupported(i.source + " is searched by " + i.param + " only with a patient: search for it")
	}
	req.reverse = append(req.reverse, i)
	return nil
}

// leads reports whether a reference parameter of a source can lead to a type.
func leads(source string, def r4.SearchParam, typ string) bool {
	if aboutPatient(source, def.Name) && typ != "Patient" {
		return false
	}
	t := r4.Lookup(typ)
	return slices.Contains(def.Targets, typ) || slices.Contains(def.Targets, "Resource") && t != nil && t.Kind == r4.Resource
}

// reversible reports whether what refers to matches by a parameter of a source can be
// included: not if the source is searched by it only within a patient, since matches
// are included whatever they were found by.
func reversible(source, param string) bool { return !WithinPatient(source, param) }

// included finds what a page is to include: resources that its matches refer
// to and that refer to its matches, and with :iterate so on from those.
func (a *api) included(c *call, req *request, matches []Record) ([]Record, error) {
	if len(req.includes)+len(req.reverse) == 0 {
		return nil, nil
	}
	seen := map[string]bool{}
	for _, r := range matches {
		seen[r.Type+"/"+r.ID] = true
	}
	var out []Record
	from := matches
	for round := 0; len(from) > 0; round++ {
		var found []Record
		for _, i := range req.includes {
			if round > 0 && !i.iterate {
				continue
			}
			list, err := a.referred(c, req, i, from)
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		}
		for _, i := range req.reverse {
			if round > 0 && !i.iterate {
				continue
			}
			list, err := a.referring(c, req, i, from)
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		}
		from = nil
		for _, r := range found {
			if key := r.Type + "/" + r.ID; !seen[key] {
				seen[key] = true
				from = append(from, r)
			}
		}
		if out = append(out, from...); len(out) > maxIncluded {
			req.notes = append(req.notes, truncated())
			return out[:maxIncluded], nil
		}
	}
	return out, nil
}

func truncated() issue {
	return issue{severity: "warning", code: "incomplete", text: fmt.Sprintf("more than %d resources would be included; the rest is left out: search for them", maxIncluded)}
}

// referred are the resources that records refer to by an inclusion.
func (a *api) referred(c *call, req *request, i inclusion, from []Record) ([]Record, error) {
	ids := map[string][]string{}
	for _, r := range from {
		if r.Type != i.source {
			continue
		}
		n, err := r4.Parse(r.JSON)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, "fhir.included", "a stored resource is not valid", err)
		}
		for _, v := range r4.SearchValues(n) {
			if v.Kind != r4.SearchReference || i.param != "*" && v.Param != i.param {
				continue
			}
			typ, id, ok := strings.Cut(v.Code, "/")
			id, _, _ = strings.Cut(id, "/_history/") // a Provenance names versions
			if !ok || !a.types[typ] || i.target != "" && typ != i.target || slices.Contains(ids[typ], id) {
				continue
			}
			ids[typ] = append(ids[typ], id)
		}
	}
	var out []Record
	for _, typ := range a.allTypes() {
		if len(ids[typ]) == 0 {
			continue
		}
		q := Query{Type: typ, IDs: ids[typ], Patients: req.query.Patients, Count: len(ids[typ])}
		if OfParty(typ) {
			q.Patients = nil
		}
		page, err := a.Reader.Search(c.Context(), c.who, q)
		if OfParty(typ) && errs.Is(err, errs.Forbidden) {
			req.notes = append(req.notes, issue{severity: "warning", code: "suppressed", text: "who is asking may not query " + typ + ": none is included"})
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, page.Records...)
	}
	return out, nil
}

// referring are the resources that refer to records by an inclusion.
func (a *api) referring(c *call, req *request, i inclusion, from []Record) ([]Record, error) {
	q := Query{Type: i.source, Patients: req.query.Patients, Count: maxIncluded + 1}
	if OfParty(i.source) {
		q.Patients = nil
	}
	f := Filter{Param: i.param, Kind: Reference}
	var patients []string
	for _, r := range from {
		if i.target != "" && r.Type != i.target {
			continue
		}
		if r.Type == "Patient" && aboutPatient(i.source, i.param) {
			patients = append(patients, r.ID)
			continue
		}
		f.Values = append(f.Values, Value{Code: r.Type + "/" + r.ID})
	}
	switch {
	case len(patients) > 0:
		q.Patients = patients
	case len(f.Values) == 0:
		return nil, nil
	default:
		q.Filters = []Filter{f}
	}
	page, err := a.Reader.Search(c.Context(), c.who, q)
	if err != nil {
		return nil, err
	}
	return page.Records, nil
}

// parties are the parties that records refer to, and those that these do: of the
// types wanted, or without any of all. Who may not query a type gets none of it,
// and the types left out are told.
func (a *api) parties(c *call, from []Record, wanted map[string]bool) (out []Record, withheld []string, err error) {
	seen := map[string]bool{}
	for len(from) > 0 {
		ids := map[string][]string{}
		for _, r := range from {
			if !bytes.Contains(r.JSON, []byte(`"Organization/`)) && !bytes.Contains(r.JSON, []byte(`"Practitioner`)) {
				continue // most do not
			}
			n, err := r4.Parse(r.JSON)
			if err != nil {
				return nil, nil, errs.Wrap(errs.Internal, "fhir.parties", "a stored resource is not valid", err)
			}
			references(n, func(ref string) {
				typ, id, ok := strings.Cut(ref, "/")
				if ok && OfParty(typ) && a.types[typ] && !seen[ref] && (len(wanted) == 0 || wanted[typ]) && !slices.Contains(withheld, typ) {
					seen[ref] = true
					ids[typ] = append(ids[typ], id)
				}
			})
		}
		from = nil
		for _, typ := range a.allTypes() {
			for list := range slices.Chunk(ids[typ], maxIncluded) {
				page, err := a.Reader.Search(c.Context(), c.who, Query{Type: typ, IDs: list, Count: len(list)})
				if errs.Is(err, errs.Forbidden) {
					withheld = append(withheld, typ)
					break
				}
				if err != nil {
					return nil, nil, err
				}
				from = append(from, page.Records...)
			}
		}
		out = append(out, from...)
	}
	return out, withheld, nil
}

// references visits the literal references of a resource.
func references(n *r4.Node, visit func(string)) {
	switch n.Kind {
	case r4.Array:
		for _, item := range n.Items {
			references(item, visit)
		}
	case r4.Object:
		for _, f := range n.Fields {
			if f.Name == "reference" && f.Value.Kind == r4.String {
				visit(f.Value.Text)
			} else {
				references(f.Value, visit)
			}
		}
	}
}
