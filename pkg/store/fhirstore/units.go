package fhirstore

import (
	"context"
	"slices"

	"github.com/cockroachdb/apd/v3"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/ucum"
)

// inAllUnits adds to the conditions on quantities in a UCUM unit the same ones in
// the other units that resources of the type are recorded in and that measure the
// same, so that 70 kg finds 70000 g.
func inAllUnits(ctx context.Context, db querier, q *fhir.Query) error {
	var err error
	if q.Filters, err = filtersInAllUnits(ctx, db, q.Type, q.Filters); err != nil {
		return err
	}
	q.Has = slices.Clone(q.Has) // which stays the caller's
	for i := range q.Has {
		if q.Has[i].Filters, err = filtersInAllUnits(ctx, db, q.Has[i].Type, q.Has[i].Filters); err != nil {
			return err
		}
	}
	return nil
}

func filtersInAllUnits(ctx context.Context, db querier, typ string, filters []fhir.Filter) ([]fhir.Filter, error) {
	out := filters
	for i, f := range filters {
		if !slices.ContainsFunc(f.Values, func(v fhir.Value) bool { return quantityOf(f, v).Code != "" }) {
			continue
		}
		units, err := unitsOf(ctx, db, typ, f)
		if err != nil {
			return nil, err
		}
		values := slices.Clone(f.Values)
		for _, v := range f.Values {
			for _, unit := range units {
				converted, ok := convert(quantityOf(f, v), unit)
				switch {
				case !ok:
				case f.Kind == fhir.Composite:
					values = append(values, fhir.Value{Parts: []fhir.Value{v.Parts[0], converted}})
				default:
					values = append(values, converted)
				}
			}
		}
		if len(values) > len(f.Values) {
			if &out[0] == &filters[0] {
				out = slices.Clone(filters)
			}
			out[i].Values = values
		}
	}
	return out, nil
}

// quantityOf is the quantity in UCUM that a value of a filter compares with; the
// zero Value if it does not.
func quantityOf(f fhir.Filter, v fhir.Value) fhir.Value {
	switch {
	case f.Kind == fhir.Composite && len(v.Parts) == 2 && len(f.Pairs) > 0 && f.Pairs[0].SecondKind == fhir.Quantity:
		v = v.Parts[1]
	case f.Kind != fhir.Quantity:
		return fhir.Value{}
	}
	if v.HasSystem && v.System != r4.UCUM {
		return fhir.Value{}
	}
	return v
}

// unitsOf are the UCUM codes of the quantities that a filter looks at.
func unitsOf(ctx context.Context, db querier, typ string, f fhir.Filter) ([]string, error) {
	seconds := []string{f.Param}
	if f.Kind == fhir.Composite {
		seconds = nil
		for _, pair := range f.Pairs {
			seconds = append(seconds, pair.Second)
		}
	}
	var params []string
	for _, second := range seconds {
		for _, p := range made(second) {
			params = append(params, p+r4.UnitSuffix)
		}
	}
	rows, err := db.Query(ctx, `
		select distinct x->>'c' from fhir_kind k cross join unnest($2::text[]) p cross join lateral jsonb_array_elements(k.tokens->p) x
		where k.resource_type = $1 order by 1`, typ, params)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// convert is a condition in another unit; false if there is none, as the unit is the
// same or measures something else, or runs the other way as pH does.
func convert(v fhir.Value, unit string) (fhir.Value, bool) {
	if unit == v.Code {
		return v, false
	}
	from, err := ucum.Parse(v.Code)
	if err != nil {
		return v, false
	}
	to, err := ucum.Parse(unit)
	if err != nil || !ucum.Comparable(from, to) {
		return v, false
	}
	v.System, v.HasSystem = r4.UCUM, true
	for _, n := range []*string{&v.Number, &v.NumberLow, &v.NumberHigh} {
		if *n, err = ucum.Convert(*n, from.String(), unit); err != nil {
			return v, false
		}
	}
	v.Code = unit
	low, _, err := apd.NewFromString(v.NumberLow)
	if err != nil {
		return v, false
	}
	high, _, err := apd.NewFromString(v.NumberHigh)
	return v, err == nil && low.Cmp(high) < 0
}
