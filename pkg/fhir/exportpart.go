package fhir

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// maxTypeFilters is the most queries of _typeFilter in one export.
const maxTypeFilters = 50

// What an export has of each resource, and which resources of a type (Bulk Data
// Access 2.0, _elements and _typeFilter), is kept with its request: in the query of
// the URL, or behind a # that of a body. The manifest has the URL alone.

// exportRequest is the text that an export is kept with.
func exportRequest(address string, body []pair) string {
	v := url.Values{}
	for _, p := range body {
		if p.name == "_elements" || p.name == "_typeFilter" {
			v.Add(p.name, p.value)
		}
	}
	if len(v) == 0 {
		return address
	}
	return address + "#" + v.Encode()
}

// exportAddress is the URL that an export was asked for by.
func exportAddress(request string) string {
	address, _, _ := strings.Cut(request, "#")
	return address
}

// refine reads the parts and filters of an export from its request.
func (a *api) refine(c *call, x *Export) error {
	address, body, _ := strings.Cut(x.Request, "#")
	_, query, _ := strings.Cut(address, "?")
	for _, raw := range []string{query, body} {
		params, err := parsePairs(raw)
		if err != nil {
			return err
		}
		for _, p := range params {
			switch p.name {
			case "_elements":
				err = a.exportElements(x, p)
			case "_typeFilter":
				err = a.exportFilters(c, x, p)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// exports reports whether an export has resources of a type.
func (a *api) exports(x *Export, typ string) bool {
	return slices.Contains(a.Coverage.Types(), typ) && (len(x.Types) == 0 || slices.Contains(x.Types, typ))
}

// exportElements reads _elements: names of elements, of all types or of the one
// before a dot.
func (a *api) exportElements(x *Export, p pair) error {
	for _, s := range strings.Split(p.value, ",") {
		typ, name, ofType := strings.Cut(strings.TrimSpace(s), ".")
		if !ofType {
			typ, name = "", typ
		}
		known := false
		for _, t := range a.Coverage.Types() {
			if a.exports(x, t) && (typ == "" || typ == t) {
				known = known || r4.Lookup(t).Element(name) != nil
			}
		}
		if !known {
			return badParam(p.name, strconv.Quote(s)+" is not an element at the top of a type that is exported")
		}
		if x.Elements == nil {
			x.Elements = map[string][]string{}
		}
		x.Elements[typ] = append(x.Elements[typ], name)
	}
	return nil
}

// part is what an export has of the resources of a type.
func (x *Export) part(typ string) subset {
	return subset{elements: slices.Concat(x.Elements[""], x.Elements[typ])}
}

// nextFilter begins a query of _typeFilter after another.
var nextFilter = regexp.MustCompile(`,[A-Z][A-Za-z]*\?`)

// exportFilters reads _typeFilter: queries of the form Type?parameters, of which a
// resource of the type must meet one. A comma separates queries where the next one
// begins with its type.
func (a *api) exportFilters(c *call, x *Export, p pair) error {
	rest := p.value
	for rest != "" {
		one := rest
		rest = ""
		if at := nextFilter.FindStringIndex(one); at != nil {
			one, rest = one[:at[0]], one[at[0]+1:]
		}
		typ, query, ok := strings.Cut(one, "?")
		switch {
		case !ok || typ == "" || query == "":
			return badParam(p.name, strconv.Quote(one)+" is not a query of the form Type?parameter=value")
		case !a.exports(x, typ):
			return badParam(p.name, strconv.Quote(typ)+" is not a type that is exported; _type has to name it, if it is given")
		}
		params, err := parsePairs(query)
		if err != nil {
			return err
		}
		req := &request{query: Query{Type: typ}}
		for _, q := range params {
			if err := a.exportCondition(c, req, q); err != nil {
				return exportFault(p.name, one, err)
			}
		}
		if len(params) == 0 {
			return badParam(p.name, strconv.Quote(one)+" has no parameter")
		}
		if x.Only = append(x.Only, req.query); len(x.Only) > maxTypeFilters {
			return badParam(p.name, "has more than "+strconv.Itoa(maxTypeFilters)+" queries")
		}
	}
	return nil
}

// exportCondition adds a parameter to a query of _typeFilter. Those that mean
// something else from one moment to the next, or are about other resources, are
// refused: the files of an export do not change.
func (a *api) exportCondition(c *call, req *request, p pair) error {
	name, modifier, _ := strings.Cut(p.name, ":")
	if _, ok := lookupParam(req.query.Type, name); !ok && name != "_id" && name != "_lastUpdated" {
		return unsupportedParam(p.name)
	}
	switch modifier {
	case "in", "not-in":
		return unsupportedModifier(p.name, modifier)
	case "above", "below":
		if def, _ := lookupParam(req.query.Type, name); def.Kind == r4.SearchToken {
			return unsupportedModifier(p.name, modifier)
		}
	}
	if err := a.param(c, req, p); err != nil {
		return err
	}
	q := &req.query
	if len(q.Patients) > 0 {
		return badParam(p.name, "is no filter: the parameter patient of the export names patients")
	}
	approximate := func(v Value) bool { return v.Prefix == Approximately && v.Number == "" }
	for _, f := range q.Filters {
		if slices.ContainsFunc(f.Values, func(v Value) bool { return approximate(v) || slices.ContainsFunc(v.Parts, approximate) }) {
			return badParam(p.name, "is approximate, which depends on the time")
		}
	}
	if slices.ContainsFunc(q.LastUpdated, approximate) {
		return badParam(p.name, "is approximate, which depends on the time")
	}
	return nil
}

// exportFault tells in which query of a parameter something is wrong.
func exportFault(name, query string, err error) error {
	r, ok := err.(*refusal)
	if !ok {
		return err
	}
	text := name + " " + strconv.Quote(query) + ": " + r.issues[0].text
	return &refusal{errs.New(errs.Invalid, "fhir.export", text), []issue{{severity: "error", code: r.issues[0].code, text: text, expression: "http." + name}}}
}
