package fhirstore

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// key is one of the values by which a search is sorted.
type key struct {
	sql, cast string
	desc      bool
}

// direction puts resources without the value last, whichever way.
func (k key) direction() string {
	if k.desc {
		return " desc nulls last"
	}
	return " asc nulls last"
}

// keys are those that the client asked for and the id, which makes the order
// total: a page begins after the keys of the last record of the one before.
func (w *where) keys(q fhir.Query) ([]key, error) {
	var keys []key
	for _, s := range q.Sort {
		k := key{cast: "text", desc: s.Desc}
		least := "min"
		if s.Desc {
			least = "max"
		}
		values := func(expr string) string {
			return `(select ` + least + `(` + expr + `) from jsonb_array_elements(` + w.r + `.search->` + w.arg(s.Param) + `) x)`
		}
		switch {
		case s.Param == "_id":
			k.sql = w.r + `.resource_id`
		case s.Param == "_lastUpdated":
			k.sql, k.cast = `(extract(epoch from `+w.r+`.last_updated) * 1000000)::bigint`, "bigint"
		case s.Kind == fhir.Date && s.Desc:
			k.sql, k.cast = values(`case when x ?| '{l,h}' then coalesce((x->>'h')::bigint, `+micros.high+`) end`), "bigint"
		case s.Kind == fhir.Date:
			k.sql, k.cast = values(`case when x ?| '{l,h}' then coalesce((x->>'l')::bigint, `+micros.low+`) end`), "bigint"
		case s.Kind == fhir.Quantity:
			k.sql, k.cast = values(`(x->>'n')::numeric`), "numeric"
		case s.Kind == fhir.String:
			k.sql = values(`x->>'t'`)
		case s.Kind == fhir.Token && store.InKind(s.Param):
			k.sql = `(select ` + least + `(x->>'c') from fhir_kind k cross join lateral jsonb_array_elements(k.tokens->` + w.arg(s.Param) + `) x
				where k.kind_no = ` + w.r + `.kind_no)`
		case s.Kind == fhir.Token || s.Kind == fhir.URI:
			k.sql = values(`x->>'c'`)
		default:
			return nil, errs.New(errs.Unsupported, "fhirstore.Search", "sorting by "+s.Param+" is not supported")
		}
		keys = append(keys, k)
	}
	if q.Type == "" {
		keys = append(keys, key{sql: w.r + `.resource_type`, cast: "text"})
	}
	return append(keys, key{sql: w.r + `.resource_id`, cast: "text"}), nil
}

// after adds the condition that a record comes after the cursor: at the first
// key in which they differ.
func (w *where) after(keys []key, c []*string) {
	if len(c) != len(keys) {
		return
	}
	var alternatives []string
	var same []string
	for i, k := range keys {
		if c[i] == nil { // nothing comes after no value, but by the keys that follow
			same = append(same, k.sql+` is null`)
			continue
		}
		at := w.arg(*c[i]) + `::text::` + k.cast
		beyond := `(` + k.sql + ` > ` + at
		if k.desc {
			beyond = `(` + k.sql + ` < ` + at
		}
		if i < len(keys)-1 {
			beyond += ` or ` + k.sql + ` is null`
		}
		alternatives = append(alternatives, strings.Join(append(same[:len(same):len(same)], beyond+`)`), ` and `))
		same = append(same, k.sql+` = `+at)
	}
	if len(keys) == 1 {
		w.add(alternatives[0])
		return
	}
	w.add(`(` + strings.Join(alternatives, ` or `) + `)`)
}
