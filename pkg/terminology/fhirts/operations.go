package fhirts

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Expand implements terminology.Service. It reads page by page; TooLarge over
// Config.MaxExpansion. Parameters of the reference, such as filter, are passed
// on.
func (c *Client) Expand(ctx context.Context, reference string) ([]terminology.Code, error) {
	ref, err := terminology.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	for name, value := range ref.Params {
		switch name {
		case "url", "count", "offset", "code", "system":
		default:
			q.Set(name, value)
		}
	}
	var inline any
	switch {
	case ref.URL != "":
		q.Set("url", ref.URL)
		if ref.Version != "" {
			q.Set("valueSetVersion", ref.Version)
		}
	case ref.Group != "":
		q.Set("url", "https://specifications.openehr.org/fhir/valueset-"+ref.Group)
	case ref.System == terminology.SNOMED:
		q.Set("url", terminology.SNOMED+"?fhir_vs")
	case ref.System == terminology.LOINC:
		q.Set("url", terminology.LOINC+"/vs")
	case ref.System != "":
		// A code system without an implicit value set: ask for one made here.
		inline = map[string]any{"resourceType": "ValueSet", "status": "active", "compose": map[string]any{
			"include": []any{map[string]any{"system": ref.System}},
		}}
	default:
		return nil, errs.New(errs.Invalid, "fhirts.Client", "the reference names no value set")
	}
	k := key{op: "expand", target: q.Get("url"), system: ref.System, other: q.Encode()}
	e, err := c.get(ctx, k, func(ctx context.Context) (entry, error) { return c.expand(ctx, q, inline) })
	return e.codes, err
}

func (c *Client) expand(ctx context.Context, q url.Values, inline any) (entry, error) {
	var out entry
	received := 0
	seen := map[[2]string]bool{}
	for {
		q.Set("offset", strconv.Itoa(received))
		q.Set("count", strconv.Itoa(c.cfg.PageSize))
		a, err := c.expandPage(ctx, q, inline)
		if err != nil {
			return entry{}, err
		}
		if a.status >= 400 {
			return entry{negative: true, missing: missing(a.status, "the value set")}, nil
		}
		var v valueSet
		if !decode(a.body, "ValueSet", &v) || v.Expansion == nil {
			return entry{}, unavailable("the answer of the terminology server is not an expanded value set", nil)
		}
		page, news := 0, 0
		var add func([]contains)
		add = func(list []contains) {
			for i := range list {
				x := &list[i]
				page++
				if id := [2]string{x.System, x.Code}; !seen[id] {
					seen[id] = true
					news++
					if x.Code != "" && !x.Abstract {
						out.codes = append(out.codes, terminology.Code{System: x.System, Version: x.Version, Code: x.Code, Display: x.Display})
					}
				}
				add(x.Contains)
			}
		}
		add(v.Expansion.Contains)
		received += page
		total := v.Expansion.Total
		switch {
		case len(out.codes) > c.cfg.MaxExpansion, total != nil && *total > c.cfg.MaxExpansion:
			return entry{negative: true, missing: errs.New(errs.TooLarge, "fhirts.Client",
				fmt.Sprintf("the value set has more than %d codes", c.cfg.MaxExpansion))}, nil
		case total != nil && received >= *total, total == nil && page != c.cfg.PageSize:
			return out, nil
		case news == 0:
			return entry{}, unavailable("the terminology server repeats or lacks a page of the expansion", nil)
		}
	}
}

func (c *Client) expandPage(ctx context.Context, q url.Values, inline any) (answer, error) {
	if inline == nil {
		return c.do(ctx, "expand", http.MethodGet, "ValueSet/$expand?"+q.Encode(), nil)
	}
	data, err := json.Marshal(inline)
	if err != nil {
		return answer{}, errs.Wrap(errs.Internal, "fhirts.Client", "", err)
	}
	p := parameters{"Parameters", []parameter{{Name: "valueSet", Resource: data}}}
	for _, name := range []string{"offset", "count"} {
		p.Parameter = append(p.Parameter, parameter{Name: name, ValueInteger: []byte(q.Get(name))})
	}
	if f := q.Get("filter"); f != "" {
		p.Parameter = append(p.Parameter, text("filter", f))
	}
	return c.do(ctx, "expand", http.MethodPost, "ValueSet/$expand", p)
}

// Lookup implements terminology.Service.
func (c *Client) Lookup(ctx context.Context, code terminology.Code) (terminology.Concept, error) {
	q := url.Values{"system": {code.System}, "code": {code.Code}}
	if code.Version != "" {
		q.Set("version", code.Version)
	}
	k := key{op: "lookup", system: code.System, version: code.Version, code: code.Code}
	e, err := c.get(ctx, k, func(ctx context.Context) (entry, error) {
		p, e, err := c.parameters(ctx, "lookup", "CodeSystem/$lookup?"+q.Encode(), "the code")
		if p == nil {
			return e, err
		}
		e.concept = terminology.Concept{
			Code: terminology.Code{
				System: code.System, Version: find(p, "version").value(), Code: code.Code, Display: find(p, "display").value(),
			},
			Definition: find(p, "definition").value(), SystemName: find(p, "name").value(),
		}
		for i := range p {
			part := p[i].Part
			switch p[i].Name {
			case "designation":
				e.concept.Designations = append(e.concept.Designations, terminology.Designation{
					Language: find(part, "language").value(), Use: find(part, "use").value(), Value: find(part, "value").value(),
				})
			case "property":
				e.concept.Properties = append(e.concept.Properties, terminology.Property{
					Name: find(part, "code").value(), Value: find(part, "value").value(),
				})
			}
		}
		return e, nil
	})
	return e.concept, err
}

// Subsumes implements terminology.Service.
func (c *Client) Subsumes(ctx context.Context, a, b terminology.Code) (terminology.Outcome, error) {
	if a.System != b.System {
		return terminology.NotSubsumed, errs.New(errs.Invalid, "fhirts.Client", "the codes are of different systems")
	}
	q := url.Values{"system": {a.System}, "codeA": {a.Code}, "codeB": {b.Code}}
	if a.Version != "" {
		q.Set("version", a.Version)
	}
	k := key{op: "subsumes", system: a.System, version: a.Version, code: a.Code, other: b.Code}
	e, err := c.get(ctx, k, func(ctx context.Context) (entry, error) {
		p, e, err := c.parameters(ctx, "subsumes", "CodeSystem/$subsumes?"+q.Encode(), "the codes")
		if p == nil {
			return e, err
		}
		switch find(p, "outcome").value() {
		case "equivalent":
			e.outcome = terminology.Equivalent
		case "subsumes":
			e.outcome = terminology.Subsumes
		case "subsumed-by":
			e.outcome = terminology.SubsumedBy
		case "not-subsumed":
			e.negative = true
		default:
			return entry{}, unavailable("the answer of the terminology server has no outcome", nil)
		}
		return e, nil
	})
	return e.outcome, err
}

// Translate implements terminology.Service.
func (c *Client) Translate(ctx context.Context, reference string, code terminology.Code) ([]terminology.Code, error) {
	ref, err := terminology.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	q := url.Values{"system": {code.System}, "code": {code.Code}}
	if code.Version != "" {
		q.Set("version", code.Version)
	}
	if ref.URL != "" {
		q.Set("url", ref.URL)
	}
	if ref.Version != "" {
		q.Set("conceptMapVersion", ref.Version)
	}
	for _, name := range []string{"source", "target", "targetsystem"} {
		if v := ref.Params[name]; v != "" {
			q.Set(name, v)
		}
	}
	if !q.Has("url") && !q.Has("target") && !q.Has("targetsystem") {
		return nil, errs.New(errs.Invalid, "fhirts.Client", "the reference names neither a concept map nor a target")
	}
	k := key{op: "translate", other: q.Encode()}
	e, err := c.get(ctx, k, func(ctx context.Context) (entry, error) {
		p, e, err := c.parameters(ctx, "translate", "ConceptMap/$translate?"+q.Encode(), "the concept map")
		if p == nil {
			return e, err
		}
		if r := find(p, "result"); r == nil || r.ValueBoolean == nil {
			return entry{}, unavailable("the answer of the terminology server has no result", nil)
		}
		for i := range p {
			if p[i].Name != "match" {
				continue
			}
			concept := find(p[i].Part, "concept")
			if concept == nil || concept.ValueCoding == nil || concept.ValueCoding.Code == "" {
				continue // a match without a concept says that there is none
			}
			if x := concept.ValueCoding; terminology.Faithful(find(p[i].Part, "equivalence").value()) {
				e.codes = append(e.codes, terminology.Code{System: x.System, Version: x.Version, Code: x.Code, Display: x.Display})
			}
		}
		e.negative = len(e.codes) == 0
		return e, nil
	})
	return e.codes, err
}

// parameters asks an operation that answers with Parameters; without them it
// gives the entry or error that says why there are none.
func (c *Client) parameters(ctx context.Context, operation, path, what string) ([]parameter, entry, error) {
	a, err := c.do(ctx, operation, http.MethodGet, path, nil)
	if err != nil {
		return nil, entry{}, err
	}
	var p parameters
	switch {
	case a.status >= 400:
		return nil, entry{negative: true, missing: missing(a.status, what)}, nil
	case !decode(a.body, "Parameters", &p) || len(p.Parameter) == 0:
		return nil, entry{}, unavailable("the answer of the terminology server is not the resource Parameters", nil)
	}
	return p.Parameter, entry{}, nil
}
