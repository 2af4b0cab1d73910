package mutate

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// leaf edits a value so that it violates its constraint.
func (m *maker) leaf(o *templates.Object, n *rm.Node, at place) {
	mutant := func(code, edit string, with *rm.Node) {
		if m.first(key(o, edit)) {
			m.add(Mutation{Code: code, Path: at.String(), Edit: edit}, at, with)
		}
	}
	switch c := o.Constraint.(type) {
	case *templates.CString:
		if len(c.List) > 0 && !c.ListOpen {
			mutant(validate.CodeStringList, "string not in the list", leafText(n, "no such string"))
		}
		if c.Pattern != nil && c.Pattern.Supported() {
			for _, text := range []string{"¤", "no such string", "0", "a"} {
				if !c.Pattern.Match(text) {
					mutant(validate.CodeStringPattern, "string that does not match", leafText(n, text))
					break
				}
			}
		}
	case *templates.CInteger:
		if i, ok := outside(c.List, c.Range, 1); ok {
			mutant(validate.CodeInteger, "integer out of range", leafText(n, strconv.FormatInt(i, 10)))
		}
	case *templates.CReal:
		if f, ok := outside(c.List, c.Range, 1); ok {
			mutant(validate.CodeReal, "number out of range", leafText(n, strconv.FormatFloat(f, 'f', -1, 64)))
		}
	case *templates.CBoolean:
		if c.TrueValid != c.FalseValid {
			mutant(validate.CodeBoolean, "boolean not allowed", leafText(n, strconv.FormatBool(!c.TrueValid)))
		}
	case *templates.CTemporal:
		m.temporal(c, n, mutant)
	case *templates.CDuration:
		m.duration(c, n, mutant)
	case *templates.CQuantity:
		m.quantity(c, n, mutant)
	case *templates.COrdinal:
		if len(c.List) > 0 {
			mutant(validate.CodeOrdinal, "value of no symbol", setText(n, "value", "98765"))
			mutant(validate.CodeOrdinal, "symbol not in the list", setDeep(n, "at9999", "symbol", "defining_code", "code_string"))
		}
	case *templates.CCodePhrase:
		if c.Terminology != "" {
			mutant(validate.CodeCodeTerminology, "code of another terminology", setDeep(n, "no-such-terminology", "terminology_id", "value"))
		}
		if len(c.Codes) > 0 {
			mutant(validate.CodeCodeList, "code not in the list", setText(n, "code_string", foreignCode))
		} else if c.Reference && (c.ReferenceSet != "" || c.Terminology != "") {
			mutant(validate.CodeValueSet, "code outside the value set", setText(n, "code_string", foreignCode))
			mutant(validate.CodeUndecided, "code that nobody can tell of", setText(n, "code_string", obscureCode))
		}
		m.localRubric(o, n, at)
	case *templates.CState:
		if len(c.States) > 0 {
			mutant(validate.CodeState, "state that the machine does not have", setDeep(n, "no such state", "value", "value"))
		}
	}
}

// outside gives a number that a list and a range refuse.
func outside[T int64 | float64](list []T, r *templates.Bounds[T], step T) (T, bool) {
	if len(list) > 0 {
		most := list[0]
		for _, x := range list {
			most = max(most, x)
		}
		return most + step, true
	}
	switch {
	case r == nil:
	case !r.UpperUnbounded:
		return r.Upper + step, true
	case !r.LowerUnbounded:
		return r.Lower - step, true
	}
	return 0, false
}

// temporal cuts or extends a value against the pattern, and moves it out of the
// range.
func (m *maker) temporal(c *templates.CTemporal, n *rm.Node, mutant func(code, edit string, with *rm.Node)) {
	short := map[string]string{"DATE": "2020", "TIME": "10", "DATE_TIME": "2020"}[c.Type]
	full := map[string]string{"DATE": "2020-05-06", "TIME": "10:20:30", "DATE_TIME": "2020-05-06T10:20:30"}[c.Type]
	if rest := strings.TrimLeft(strings.ToUpper(c.Pattern), "YH"); strings.ContainsAny(rest, "MDS") || strings.Contains(rest, "H") {
		mutant(validate.CodeTemporalPattern, "component missing", leafText(n, short))
	}
	if strings.Contains(strings.ToUpper(c.Pattern), "X") {
		mutant(validate.CodeTemporalPattern, "component prohibited", leafText(n, full))
	}
	switch c.Timezone {
	case templates.TimezoneMandatory:
		mutant(validate.CodeTimezone, "time zone missing", leafText(n, full))
	case templates.TimezoneProhibited:
		mutant(validate.CodeTimezone, "time zone prohibited", leafText(n, full+"Z"))
	}
	if c.Range == nil || c.Type == "TIME" {
		return
	}
	clock := ""
	if c.Type == "DATE_TIME" {
		clock = "T00:00:00"
	}
	if !c.Range.UpperUnbounded {
		mutant(validate.CodeTemporalRange, "after the range", leafText(n, "9999-12-31"+clock))
	} else if !c.Range.LowerUnbounded {
		mutant(validate.CodeTemporalRange, "before the range", leafText(n, "0001-01-01"+clock))
	}
}

func (m *maker) duration(c *templates.CDuration, n *rm.Node, mutant func(code, edit string, with *rm.Node)) {
	if c.Pattern != "" {
		date, clock, _ := strings.Cut(strings.ToUpper(c.Pattern[1:]), "T")
		for _, f := range []struct{ allowed, letter, value string }{
			{date, "Y", "P3Y"},
			{date, "M", "P3M"},
			{date, "W", "P3W"},
			{date, "D", "P3D"},
			{clock, "H", "PT3H"},
			{clock, "M", "PT3M"},
			{clock, "S", "PT3S"},
		} {
			if !strings.Contains(f.allowed, f.letter) {
				mutant(validate.CodeDurationFields, "field not allowed", leafText(n, f.value))
				break
			}
		}
	}
	switch {
	case c.Range == nil:
	case !c.Range.UpperUnbounded:
		mutant(validate.CodeDurationRange, "longer than the range", leafText(n, "P9000Y"))
	case !c.Range.LowerUnbounded:
		mutant(validate.CodeDurationRange, "shorter than the range", leafText(n, "-P9000Y"))
	}
}

func (m *maker) quantity(c *templates.CQuantity, n *rm.Node, mutant func(code, edit string, with *rm.Node)) {
	if len(c.List) == 0 {
		for _, unit := range []string{"mm[Hg]", "kg", "Cel"} {
			if c.Property.Terminology == terminology.ID && terminology.OpenEHR.UnitOfProperty(c.Property.Code, unit) == terminology.UnitOther {
				mutant(validate.CodeProperty, "unit of another property", setText(n, "units", unit))
				break
			}
		}
		return
	}
	mutant(validate.CodeUnits, "unit not in the list", setText(n, "units", "no-such-unit"))
	for i := range c.List {
		item := &c.List[i]
		alone := true
		for k := range c.List {
			alone = alone && (k == i || c.List[k].Units != item.Units)
		}
		if !alone {
			continue // another range for the same unit may allow it
		}
		unit := setText(n, "units", item.Units)
		inside := unit
		if r := item.Magnitude; r != nil {
			if f, ok := outside(nil, r, 1); ok {
				mutant(validate.CodeMagnitude, "magnitude out of range in "+item.Units, setText(unit, "magnitude", strconv.FormatFloat(f, 'f', -1, 64)))
			}
			inside = setText(unit, "magnitude", strconv.FormatFloat(within(r), 'f', -1, 64))
		}
		if item.Precision != nil && !item.Precision.UpperUnbounded {
			mutant(validate.CodePrecision, "precision out of range in "+item.Units, setText(inside, "precision", strconv.FormatInt(item.Precision.Upper+1, 10)))
		}
	}
}

// within gives a number that a range allows.
func within(r *templates.Bounds[float64]) float64 {
	switch {
	case !r.LowerUnbounded && !r.UpperUnbounded:
		return (r.Lower + r.Upper) / 2
	case !r.LowerUnbounded:
		return r.Lower + 1
	}
	return r.Upper - 1
}

// localRubric gives a local code a text that is not its own; Cairn warns.
func (m *maker) localRubric(o *templates.Object, n *rm.Node, at place) {
	if n.String("terminology_id", "value") != "local" || o.Terms.Text(n.String("code_string"), "") == "" || len(at) == 0 {
		return
	}
	lang := m.root.String("language", "code_string")
	if lang, _, _ = strings.Cut(lang, "-"); lang != m.tpl.Language && o.Terms.In(n.String("code_string"), lang) == "" {
		return // any translation may be right
	}
	up := at[:len(at)-1]
	coded := m.at(up)
	if coded.Class == rm.ClassDVCodedText && m.first(key(o, "rubric")) {
		m.add(Mutation{Code: validate.CodeCodeRubric, Path: at.String(), Edit: "another text of the code", Warning: true}, up,
			setText(coded, "value", "no such text"))
	}
}

// at gives the node at a place.
func (m *maker) at(p place) *rm.Node {
	n := m.root
	for _, s := range p {
		n = n.Attr(s.attr.Name).Items[s.index]
	}
	return n
}
