package fhirstore

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// filter is the condition of a parameter on a resource. The tables are described
// in migrations/0001_init.up.sql.
func (w *where) filter(op, typ string, f fhir.Filter) (string, error) {
	switch f.Modifier {
	case fhir.Missing:
		term := w.has(typ, f)
		if f.Negate {
			return term, nil
		}
		return `(` + term + ` is not true)`, nil
	case fhir.In:
		term := w.member(typ, f)
		if f.Negate {
			// As with :not, what has no value is not a member.
			term = `(` + term + ` is not true)`
		}
		return term, nil
	}
	if len(f.Values) == 0 {
		return "", errs.New(errs.Invalid, op, "the parameter "+f.Param+" has no value")
	}
	var term string
	if f.Kind == fhir.Token && store.InKind(f.Param) && f.Modifier != fhir.Text {
		var err error
		if term, err = w.kinds(op, typ, f.Param, f.Values); err != nil {
			return "", err
		}
	} else {
		alternatives := make([]string, len(f.Values))
		for i, v := range f.Values {
			var err error
			if alternatives[i], err = w.value(op, typ, f, v); err != nil {
				return "", err
			}
		}
		term = `(` + strings.Join(alternatives, " or ") + `)`
	}
	if f.Modifier == fhir.Not {
		// What has no value does not have that value: null is not true either.
		term = `(` + term + ` is not true)`
	}
	return term, nil
}

// made are the parameters whose values are those of one: itself or, of a union,
// its parts.
func made(param string) []string {
	if union := r4.Union(param); union != nil {
		return union
	}
	return []string{param}
}

// has is a resource with any value of a parameter.
func (w *where) has(typ string, f fhir.Filter) string {
	var places []string
	for _, p := range made(f.Param) {
		if f.Kind == fhir.Token && store.InKind(p) || f.Kind == fhir.Reference {
			places = append(places, w.ofKind(typ, `k.tokens ? `+w.arg(p)))
		}
		places = append(places, `coalesce(`+w.r+`.search ? `+w.arg(p)+`, false)`)
		if f.Kind == fhir.Reference {
			places = append(places, `coalesce(`+w.r+`.search ? `+w.arg(p+r4.IdentifierSuffix)+`, false)`)
		}
		if texts := r4.Texts(p); texts != "" {
			places = append(places, w.ofKind(typ, `k.tokens ? `+w.arg(texts)), `coalesce(`+w.r+`.search ? `+w.arg(texts)+`, false)`)
		}
	}
	return `(` + strings.Join(places, ` or `) + `)`
}

// ofKind is a resource of a kind k that meets a condition.
func (w *where) ofKind(typ, condition string) string {
	if typ != "" {
		condition += ` and k.resource_type = ` + w.arg(typ)
	}
	return w.kind + ` = any(array(select k.kind_no from fhir_kind k where ` + condition + `))`
}

// member is a resource with a code that is one of the members.
func (w *where) member(typ string, f fhir.Filter) string {
	systems, codes := make([]string, len(f.Members)), make([]string, len(f.Members))
	for i, m := range f.Members {
		systems[i], codes[i] = m.System, m.Code
	}
	one := `(coalesce(x->>'s', ''), x->>'c') in (select * from unnest(` + w.arg(systems) + `::text[], ` + w.arg(codes) + `::text[]))`
	var places []string
	for _, p := range made(f.Param) {
		if store.InKind(p) {
			places = append(places, w.ofKind(typ, `exists (select from jsonb_array_elements(k.tokens->`+w.arg(p)+`) x where `+one+`)`))
			continue
		}
		places = append(places, w.ranges(p, one))
	}
	return `(` + strings.Join(places, ` or `) + `)`
}

// value is the condition that one alternative of a filter puts on a resource.
func (w *where) value(op, typ string, f fhir.Filter, v fhir.Value) (string, error) {
	switch {
	case f.Modifier == fhir.Text:
		var places []string
		for _, p := range made(f.Param) {
			places = append(places, w.texts(typ, p+r4.TextSuffix, `x->>'t' ^@ `+w.arg(v.Text)))
		}
		return `(` + strings.Join(places, ` or `) + `)`, nil
	case f.Modifier == fhir.OfType:
		term, err := w.row(op, f.Param+r4.OfTypeSuffix, v)
		if err != nil {
			return "", err
		}
		// The value alone is what the index of identifiers has.
		value, err := w.row(op, f.Param, fhir.Value{Code: v.Text})
		return `(` + value + ` and ` + term + `)`, err
	case f.Modifier == fhir.ByIdentifier:
		return w.row(op, f.Param+r4.IdentifierSuffix, v)
	}
	switch f.Kind {
	case fhir.Token:
		return w.row(op, f.Param, v)
	case fhir.URI:
		return w.uri(op, f, v)
	case fhir.Reference:
		v = fhir.Value{Code: v.Code}
		term, err := w.row(op, f.Param, v)
		id, ok := strings.CutPrefix(v.Code, "Patient/")
		subject, bad := uuid.Parse(id)
		if err != nil || !ok || bad != nil || subject.String() != id {
			return term, err
		}
		// The subject of the record, whose resources say no more than that.
		self, err := w.kinds(op, typ, f.Param, []fhir.Value{{Code: store.SelfReference}})
		return `(` + term + ` or (` + w.r + `.ehr_no = (select ehr_no from ehr where ehr_id = ` + w.arg(subject) + `) and ` + self + `))`, err
	case fhir.String:
		text := w.arg(v.Text)
		condition := `x->>'t' ^@ ` + text
		switch f.Modifier {
		case fhir.Contains:
			condition = `strpos(x->>'t', ` + text + `) > 0`
		case fhir.Exact:
			condition = `coalesce(x->>'x', x->>'t') = ` + text
		}
		if more := r4.Texts(f.Param); more != "" {
			return `(` + w.ranges(f.Param, condition) + ` or ` + w.texts(typ, more, condition) + `)`, nil
		}
		return w.ranges(f.Param, condition), nil
	case fhir.Date:
		term, err := w.date(op, v, micros, `coalesce((x->>'l')::bigint, `+micros.low+`)`, `coalesce((x->>'h')::bigint, `+micros.high+`)`)
		return w.ranges(f.Param, `(x ?| '{l,h}') and (`+term+`)`), err
	case fhir.Quantity:
		term, err := w.quantity(op, v)
		if err != nil {
			return "", err
		}
		var places []string
		for _, param := range made(f.Param) {
			places = append(places, w.ranges(param, term))
		}
		return `((` + strings.Join(places, ` or `) + `)` + w.ranked(made(f.Param), v) + `)`, nil
	case fhir.Composite:
		var alternatives, seconds []string
		for _, pair := range f.Pairs {
			term, err := w.pair(op, typ, pair, v)
			if err != nil {
				return "", err
			}
			alternatives, seconds = append(alternatives, term), append(seconds, pair.Second)
		}
		// Beside the alternatives, since an index is not looked for so deep in them.
		return `((` + strings.Join(alternatives, ` or `) + `)` + w.ranked(seconds, v.Parts[1]) + `)`, nil
	}
	return "", errs.New(errs.Unsupported, op, "search parameters of type "+string(f.Kind)+" are not supported")
}

// pair is a resource that meets both parts of a composite, in one component if
// they are grouped. The first part is always a code.
func (w *where) pair(op, typ string, pair fhir.Pair, v fhir.Value) (string, error) {
	if len(v.Parts) != 2 || pair.FirstKind != fhir.Token || !store.InKind(pair.First) {
		return "", errs.New(errs.Unsupported, op, "the composite of "+pair.First+" and "+pair.Second+" is not supported")
	}
	// A parameter of a statement must be used: only what is needed is made.
	if !pair.Grouped {
		first, err := w.kinds(op, typ, pair.First, v.Parts[:1])
		if err != nil {
			return "", err
		}
		second, err := w.filter(op, typ, fhir.Filter{Param: pair.Second, Kind: pair.SecondKind, Values: v.Parts[1:]})
		return `(` + first + ` and ` + second + `)`, err
	}
	code := w.element("y", v.Parts[0])
	codes := `jsonb_array_elements(k.tokens->` + w.arg(pair.First) + `) y`
	switch pair.SecondKind {
	case fhir.Token:
		return w.ofKind(typ, `exists (select from `+codes+` join jsonb_array_elements(k.tokens->`+w.arg(pair.Second)+`) x on x->'i' = y->'i'
			where `+code+` and `+w.element("x", v.Parts[1])+`)`), nil
	case fhir.Quantity:
		first, err := w.kinds(op, typ, pair.First, v.Parts[:1])
		if err != nil {
			return "", err
		}
		second, err := w.quantity(op, v.Parts[1])
		if err != nil {
			return "", err
		}
		return `(` + first + ` and ` + w.ranges(pair.Second, second+` and (`+w.r+`.kind_no, x->'i') in (
			select k.kind_no, y->'i' from fhir_kind k cross join lateral `+codes+` where k.resource_type = `+w.arg(typ)+` and `+code+`)`) + `)`, nil
	}
	return "", errs.New(errs.Unsupported, op, "composites of type "+string(pair.SecondKind)+" are not supported within components")
}

// ranked narrows a condition on quantities by what the index of kinds has
// (migrations/0035_fhir_search.up.sql). It follows from the condition itself.
func (w *where) ranked(params []string, v fhir.Value) string {
	if !w.indexed {
		return ""
	}
	components := false
	for _, param := range params {
		switch param {
		case "value-quantity":
		case "component-value-quantity":
			components = true
		default:
			return ""
		}
	}
	var low, high string
	switch v.Prefix {
	case fhir.Greater, fhir.GreaterOrEqual, fhir.StartsAfter:
		low = v.Number
	case fhir.Less, fhir.LessOrEqual, fhir.EndsBefore:
		high = v.Number
	case fhir.Equal, fhir.Approximately, "":
		low, high = v.NumberLow, v.NumberHigh
	}
	rank := w.r + `.rank`
	bound := func(n string) string { return `fhir_rank(` + w.arg(n) + `::text::numeric)` }
	term := ""
	if low != "" {
		term = ` and ` + rank + ` >= ` + bound(low)
	}
	if high != "" && !components { // of components only the highest value is known
		term += ` and (` + rank + ` <= ` + bound(high) + ` or ` + rank + ` = 2147483647)`
	}
	return term
}

// element is the condition of a token on one element of a list.
func (w *where) element(x string, v fhir.Value) string {
	terms := []string{`true`}
	switch {
	case v.HasSystem && v.System == "":
		terms = append(terms, `not `+x+` ? 's'`)
	case v.HasSystem:
		terms = append(terms, x+`->>'s' = `+w.arg(v.System))
	}
	if v.Code != "" {
		terms = append(terms, x+`->>'c' = `+w.arg(v.Code))
	}
	return all(terms)
}

// texts is a resource one of whose texts x, its own or its kind's, meets a
// condition.
func (w *where) texts(typ, param, condition string) string {
	return `(` + w.ranges(param, condition) + ` or ` +
		w.ofKind(typ, `exists (select from jsonb_array_elements(k.tokens->`+w.arg(param)+`) x where `+condition+`)`) + `)`
}

// uri is the condition of a URI: the same, or with a modifier one that goes on
// after a slash where the other ends.
func (w *where) uri(op string, f fhir.Filter, v fhir.Value) (string, error) {
	v = fhir.Value{Code: v.Code}
	at := func() string { return w.arg(v.Code) + `::text` }
	switch f.Modifier {
	case fhir.Below:
		return w.ranges(f.Param, `(rtrim(x->>'c', '/') = `+at()+` or x->>'c' ^@ (`+at()+` || '/'))`), nil
	case fhir.Above:
		return w.ranges(f.Param, `(rtrim(x->>'c', '/') = `+at()+` or `+at()+` ^@ (rtrim(x->>'c', '/') || '/'))`), nil
	}
	return w.row(op, f.Param, v)
}

// token is a value as the columns tokens and search have it.
type token struct {
	System string `json:"s,omitempty"`
	Code   string `json:"c,omitempty"`
}

// kinds is a resource of a kind that has one of the tokens.
func (w *where) kinds(op, typ, param string, values []fhir.Value) (string, error) {
	var alternatives []string
	for _, v := range values {
		t, err := w.token(op, param, v)
		if err != nil {
			return "", err
		}
		for _, p := range made(param) {
			alternatives = append(alternatives, `(k.tokens @> `+w.document(map[string][]token{p: {t}})+w.bare(`k.tokens`, p, v)+`)`)
		}
	}
	return w.kind + ` = any(array(select k.kind_no from fhir_kind k
		where k.resource_type = ` + w.arg(typ) + ` and (` + strings.Join(alternatives, " or ") + `)))`, nil
}

func (w *where) token(op, param string, v fhir.Value) (token, error) {
	if v.Code == "" && v.System == "" {
		return token{}, errs.New(errs.Invalid, op, "the parameter "+param+" has an empty value")
	}
	return token{System: v.System, Code: v.Code}, nil
}

// document adds a parameter with a JSON document.
func (w *where) document(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic("fhirstore: " + err.Error()) // texts can always be marshalled
	}
	return w.arg(string(doc)) + `::jsonb`
}

// row is a resource that has the token itself.
func (w *where) row(op, param string, v fhir.Value) (string, error) {
	t, err := w.token(op, param, v)
	if err != nil {
		return "", err
	}
	var has string
	switch {
	case param == "identifier" && w.indexed: // as its index has it
		has = w.r + `.identified and ` + w.r + `.search->'identifier'`
	case param == "identifier":
		has = w.r + `.search->'identifier'`
	default:
		has = w.r + `.search->` + w.arg(param)
	}
	return `(` + has + ` @> ` + w.document([]token{t}) + w.bare(w.r+`.search`, param, v) + `)`, nil
}

// bare asks for a token without a system, where that is asked for.
func (w *where) bare(column, param string, v fhir.Value) string {
	if !v.HasSystem || v.System != "" {
		return ""
	}
	return ` and exists (select from jsonb_array_elements(` + column + `->` + w.arg(param) + `) x
		where x->>'c' = ` + w.arg(v.Code) + ` and not x ? 's')`
}

// ranges is a resource one of whose values x of a parameter meets a condition.
func (w *where) ranges(param, condition string) string {
	return `exists (select from jsonb_array_elements(` + w.r + `.search->` + w.arg(param) + `) x
		where ` + condition + `)`
}

func (w *where) quantity(op string, v fhir.Value) (string, error) {
	var terms []string
	switch {
	case v.HasSystem && v.System == "":
		terms = append(terms, `not x ? 's'`)
	case v.HasSystem:
		terms = append(terms, `x->>'s' = `+w.arg(v.System))
	}
	if v.Code != "" {
		terms = append(terms, `x->>'c' = `+w.arg(v.Code))
	}
	const num = `(x->>'n')::numeric`
	number := func(s string) string { return w.arg(s) + `::text::numeric` }
	within := func() string {
		return `(` + num + ` >= ` + number(v.NumberLow) + ` and ` + num + ` < ` + number(v.NumberHigh) + `)`
	}
	switch v.Prefix {
	case fhir.Equal, fhir.Approximately, "":
		terms = append(terms, within())
	case fhir.NotEqual:
		terms = append(terms, `not `+within())
	case fhir.Greater, fhir.StartsAfter:
		terms = append(terms, num+` > `+number(v.Number))
	case fhir.GreaterOrEqual:
		terms = append(terms, num+` >= `+number(v.Number))
	case fhir.Less, fhir.EndsBefore:
		terms = append(terms, num+` < `+number(v.Number))
	case fhir.LessOrEqual:
		terms = append(terms, num+` <= `+number(v.Number))
	default:
		return "", errs.New(errs.Unsupported, op, "the prefix "+string(v.Prefix)+" is not supported for quantities")
	}
	return all(terms), nil
}
