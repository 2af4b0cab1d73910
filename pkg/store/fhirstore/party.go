package fhirstore

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// refersTo is the id in the external_ref of a PARTY_PROXY, an SQL expression.
func refersTo(proxy string) string { return proxy + `->'external_ref'->'id'->>'value'` }

// partiesSQL are the resources that PARTY_PROXYs may refer to, as Type/id.
func partiesSQL(proxies ...string) string {
	ids := make([]string, len(proxies))
	for i, p := range proxies {
		ids[i] = refersTo(p)
	}
	return `array(select q.resource_type || '/' || q.resource_id from fhir_resource q
			where q.ehr_no = 0 and q.resource_type = any('{` + strings.Join(virtual.ShownAs("ANY"), `,`) + `}') and q.superseded is null and q.byte_len is not null and q.resource_id = any(array[` + strings.Join(ids, `, `) + `]))`
}

// party is the condition that a PARTY_PROXY, an SQL expression, is shown as a
// reference to a party, or with the modifier identifier as one that has it. The
// system, another expression, is that of the commit.
func (w *where) party(op, proxy, system string, f fhir.Filter, v fhir.Value) (string, error) {
	switch f.Modifier {
	case fhir.ByIdentifier:
		first := proxy + `->'identifiers'->0`
		own := identified(w, v, first+`->>'issuer'`, first+`->>'id'`)
		other := identified(w, v, proxy+`->'external_ref'->>'namespace'`, refersTo(proxy))
		return `(case when ` + first + ` is not null then ` + own + ` else ` + other + ` end)`, nil
	case "":
	default:
		return "", errs.New(errs.Invalid, op, f.Param+" does not take the modifier "+string(f.Modifier))
	}
	typ, text, _ := strings.Cut(v.Code, "/")
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return `false`, nil
	}
	var types []string
	for _, t := range []string{"PERSON", "ORGANISATION", "ROLE", "ACTOR", "PARTY", "ANY"} {
		if slices.Contains(virtual.ShownAs(t), typ) {
			types = append(types, t)
		}
	}
	if types == nil {
		return `false`, nil
	}
	return `(` + refersTo(proxy) + ` = ` + w.arg(text) + ` and ` + proxy + `->'external_ref'->>'type' = any(` + w.arg(types) + `::text[])
		and lower(` + proxy + `->'external_ref'->>'namespace') in ('local', 'demographic', lower(` + system + `))
		and exists (select from fhir_resource q where q.ehr_no = 0 and q.resource_type = ` + w.arg(typ) + ` and q.resource_id = ` + w.arg(text) + `
			and q.byte_len is not null and (` + strings.Join(w.statesOf(`q`), ` or `) + `)))`, nil
}

// identified is the condition that an issuer and an id, SQL expressions, are an
// Identifier that a token finds: an issuer that is no URI is no system.
func identified(w *where, v fhir.Value, issuer, id string) string {
	terms := []string{id + ` <> ''`}
	if v.Code != "" {
		terms = append(terms, id+` = `+w.arg(v.Code))
	}
	const uri = `^[A-Za-z][A-Za-z0-9+.-]*:\S*$`
	switch {
	case !v.HasSystem:
	case v.System == "":
		terms = append(terms, `(`+issuer+` ~ '`+uri+`') is not true`)
	default:
		terms = append(terms, issuer+` = `+w.arg(v.System), issuer+` ~ '`+uri+`'`)
	}
	return `(` + strings.Join(terms, ` and `) + `)`
}

// marks is what r4.FoldString takes out of texts, as a regular expression.
var marks = func() string {
	var b strings.Builder
	span := func(low, high, stride uint32) {
		for c := low; c <= high; c += stride {
			to := c
			if stride == 1 {
				to = high
			}
			fmt.Fprintf(&b, `\U%08x-\U%08x`, c, to)
			if stride == 1 {
				break
			}
		}
	}
	b.WriteByte('[')
	for _, r := range unicode.Mn.R16 {
		span(uint32(r.Lo), uint32(r.Hi), uint32(r.Stride))
	}
	for _, r := range unicode.Mn.R32 {
		span(r.Lo, r.Hi, r.Stride)
	}
	b.WriteByte(']')
	return b.String()
}()

// text is the condition that a text, an SQL expression, is found by a string.
func (w *where) text(op, expr string, f fhir.Filter, v fhir.Value) (string, error) {
	if f.Modifier == fhir.Exact {
		return expr + ` = ` + w.arg(v.Text), nil
	}
	folded := `normalize(lower(regexp_replace(normalize(btrim(regexp_replace(` + expr + `, '\s+', ' ', 'g')), NFD), ` + w.arg(marks) + `, '', 'g')), NFC)`
	switch f.Modifier {
	case "":
		return folded + ` ^@ ` + w.arg(v.Text), nil
	case fhir.Contains:
		return `strpos(` + folded + `, ` + w.arg(v.Text) + `) > 0`, nil
	}
	return "", errs.New(errs.Invalid, op, f.Param+" does not take the modifier "+string(f.Modifier))
}

// instants are the bounds of a date and time of the record as it is shown: with an
// offset to the second or its fraction, else to the day, month or year that it
// begins with. Both are null for a text that has no form in FHIR.
func instants(text string) (low, high string) {
	full := text + ` ~ '^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$'`
	fraction := `coalesce(power(10, -length(substring(` + text + ` from '\.(\d+)'))), 1) * interval '1 second'`
	part := func(pattern, pad string) (string, string) {
		return text + ` ~ '^(?!0000)` + pattern + `'`, `(left(` + text + `, ` + fmt.Sprint(10-len(pad)) + `) || '` + pad + `T00:00:00Z')::timestamptz`
	}
	day, ofDay := part(`\d{4}-\d\d-\d\d`, ``)
	month, ofMonth := part(`\d{4}-\d\d$`, `-01`)
	year, ofYear := part(`\d{4}$`, `-01-01`)
	low = `case when ` + full + ` then (` + text + `)::timestamptz when ` + day + ` then ` + ofDay + ` when ` + month + ` then ` + ofMonth + ` when ` + year + ` then ` + ofYear + ` end`
	high = `case when ` + full + ` then (` + text + `)::timestamptz + ` + fraction + ` when ` + day + ` then ` + ofDay + ` + interval '1 day' when ` +
		month + ` then ((` + ofMonth + ` at time zone 'UTC') + interval '1 month') at time zone 'UTC' when ` + year + ` then ((` + ofYear + ` at time zone 'UTC') + interval '1 year') at time zone 'UTC' end`
	return low, high
}
