package fhir

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// maxMembers bounds the codes of a set that a search compares with.
const maxMembers = 20_000

// filter is a parameter of a type that the index answers, with its modifier
// (FHIR R4 search §3.1.1.5.4 and following).
func (a *api) filter(c *call, typ string, def r4.SearchParam, modifier string, p pair) (Filter, error) {
	f := Filter{Param: def.Name, Kind: Kind(def.Kind), Modifier: Modifier(modifier)}
	for _, pair := range def.Pairs {
		first, _ := lookupParam(typ, pair.First)
		second, _ := lookupParam(typ, pair.Second)
		f.Pairs = append(f.Pairs, Pair{pair.First, pair.Second, Kind(first.Kind), Kind(second.Kind), pair.Grouped})
	}
	token := def.Kind == r4.SearchToken
	switch modifier {
	case "":
		return f, a.values(&f, p, func(s string) (Value, error) { return a.filterValue(f.Kind, f.Pairs, pair{p.name, s}) })
	case "missing":
		if def.Kind == r4.SearchComposite || virtual.Is(typ) {
			break
		}
		switch p.value {
		case "true":
		case "false":
			f.Negate = true
		default:
			return f, badParam(p.name, "is true or false")
		}
		return f, nil
	case "not":
		if token {
			return f, a.values(&f, p, func(s string) (Value, error) { return tokenValue(pair{p.name, s}) })
		}
	case "text":
		if token && !virtual.Is(typ) {
			return f, a.values(&f, p, func(s string) (Value, error) { return stringValue(pair{p.name, s}) })
		}
	case "contains":
		if def.Kind == r4.SearchString {
			return f, a.values(&f, p, func(s string) (Value, error) { return stringValue(pair{p.name, s}) })
		}
	case "exact":
		if def.Kind == r4.SearchString {
			return f, a.values(&f, p, func(s string) (Value, error) { return Value{Text: unescape(s)}, nil })
		}
	case "of-type":
		if token && def.Identifier && !virtual.Is(typ) {
			return f, a.values(&f, p, func(s string) (Value, error) { return ofTypeValue(pair{p.name, s}) })
		}
	case "identifier":
		switch {
		case def.Kind != r4.SearchReference, virtual.Is(typ) && !slices.Contains(identified[typ], def.Name):
		case aboutPatient(typ, def.Name):
			// An empty answer would be taken for nothing in the record.
			return f, badParam(p.name, "references to a patient have no identifier: search by "+def.Name+".identifier")
		default:
			return f, a.values(&f, p, func(s string) (Value, error) { return tokenValue(pair{p.name, s}) })
		}
	case "in", "not-in":
		if token && !virtual.Is(typ) {
			f.Modifier, f.Negate = In, modifier == "not-in"
			return f, a.members(c, &f, p)
		}
	case "above", "below":
		switch {
		case virtual.Is(typ):
		case def.Kind == r4.SearchURI:
			return f, a.values(&f, p, func(s string) (Value, error) { return Value{Code: strings.TrimRight(unescape(s), "/")}, nil })
		case token:
			f.Modifier = In
			return f, a.relatives(c, &f, modifier, p)
		}
	}
	return f, unsupportedModifier(p.name, modifier)
}

// identified are the references that resources of a type that are made when they
// are asked for have by identifier.
var identified = map[string][]string{
	virtual.AuditEvent: {"agent", "entity"}, virtual.Provenance: {"agent", "entity"}, virtual.DocumentReference: {"author", "related"}, virtual.Composition: {"author"},
}

// ordered is the parameter that resources of such a type are sorted by, beside
// _lastUpdated.
var ordered = map[string]string{virtual.AuditEvent: "date", virtual.Provenance: "recorded", virtual.DocumentReference: "date", virtual.Composition: "date"}

// WithinPatient reports whether resources of a type are searched by a parameter only
// in the records of patients: no index knows it, and all documents would have to be
// read.
func WithinPatient(typ, param string) bool { return slices.Contains(withinPatient[typ], param) }

var withinPatient = map[string][]string{
	virtual.Provenance:        {"agent", "agent-type", "entity"},
	virtual.DocumentReference: {"author", "identifier", "language", "period", "related", "setting"},
	virtual.Composition:       {"author", "identifier", "period", "title"},
}

// values reads the alternatives of a parameter.
func (a *api) values(f *Filter, p pair, read func(string) (Value, error)) error {
	list, err := alternatives(p)
	if err != nil {
		return err
	}
	for _, s := range list {
		v, err := read(s)
		if err != nil {
			return err
		}
		f.Values = append(f.Values, v)
	}
	return nil
}

// ofTypeValue reads system|code|value, all of which are mandatory (R4 search
// §3.1.1.5.9).
func ofTypeValue(p pair) (Value, error) {
	parts := splitEscaped(p.value, '|')
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Value{}, badParam(p.name, "is an identifier of the form system|code|value, with the system and code of its type")
	}
	value := unescape(parts[2])
	return Value{HasSystem: true, System: unescape(parts[0]), Code: r4.OfTypeCode(unescape(parts[1]), value), Text: value}, nil
}

// members are the codes of the value set that the parameter names.
func (a *api) members(c *call, f *Filter, p pair) error {
	list, err := alternatives(p)
	if err != nil {
		return err
	}
	if a.Terminology == nil {
		return a.terminologyFault(p, errs.New(errs.NotFound, "fhir.search", "no value sets are at hand here"))
	}
	for _, s := range list {
		codes, err := a.Terminology.Expand(c.Context(), unescape(s))
		if err == nil {
			err = f.addMembers(codes)
		}
		if err != nil {
			return a.terminologyFault(p, err)
		}
	}
	return nil
}

// addMembers adds codes with the URIs of their systems.
func (f *Filter) addMembers(codes []terminology.Code) error {
	if len(f.Members)+len(codes) > maxMembers {
		return errs.New(errs.TooLarge, "fhir.search", "the set of codes is too large to search by it")
	}
	for _, code := range codes {
		system := terminology.SystemURI(code.System)
		if system == "" {
			system = code.System
		}
		f.Members = append(f.Members, Member{system, code.Code})
	}
	return nil
}

// relatives are the codes above or below those that the parameter names, which
// are among them.
func (a *api) relatives(c *call, f *Filter, direction string, p pair) error {
	list, err := alternatives(p)
	if err != nil {
		return err
	}
	hierarchy, _ := a.Terminology.(terminology.Hierarchy)
	if hierarchy == nil {
		return a.terminologyFault(p, errs.New(errs.NotFound, "fhir.search", "no hierarchies of code systems are at hand here"))
	}
	walk := hierarchy.Below
	if direction == "above" {
		walk = hierarchy.Above
	}
	for _, s := range list {
		v, err := tokenValue(pair{p.name, s})
		if err != nil {
			return err
		}
		if v.System == "" || v.Code == "" {
			return badParam(p.name, "names a code with its system, as system|code")
		}
		codes, err := walk(c.Context(), terminology.Code{System: v.System, Code: v.Code})
		if err == nil {
			err = f.addMembers(codes)
		}
		if err != nil {
			return a.terminologyFault(p, err)
		}
	}
	return nil
}

// terminologyFault is why a parameter with a terminology modifier cannot be
// answered: without an answer nothing is found rather than too much or too little.
func (a *api) terminologyFault(p pair, err error) error {
	e := errs.As(err)
	if e == nil {
		return err
	}
	code := ""
	switch {
	case errs.Is(err, errs.NotFound):
		code = "not-found"
	case errs.Is(err, errs.Unsupported):
		code = "not-supported"
	case errs.Is(err, errs.TooLarge):
		code = "too-costly"
	case errs.Is(err, errs.Invalid):
		code = "invalid"
	default:
		return err
	}
	text := p.name + ": " + e.Msg
	return &refusal{
		cause:  errs.New(errs.Invalid, "fhir.search", text),
		issues: []issue{{severity: "error", code: code, text: text, expression: "http." + p.name, firm: true}},
	}
}
