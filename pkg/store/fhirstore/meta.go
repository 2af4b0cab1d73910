package fhirstore

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// template narrows to rows of versions of templates. The row is one of
// fhir_resource or of version itself.
func (w *where) template(t fhir.OfTemplates) { w.add(w.ofTemplates(t)) }

func (w *where) ofTemplates(t fhir.OfTemplates) string {
	terms := []string{`t.template_id = any(` + w.arg(t.IDs) + `::text[])`}
	if t.Any { // as r4.ValidPrimitive has codes
		terms = append(terms, `t.template_id ~ '^[^\s]+(\s[^\s]+)*$'`)
	}
	return `exists (select from version s join template t on t.template_no = s.template_no where s.ehr_no = ` + w.r + `.ehr_no and s.vo_no = ` + w.r + `.vo_no
		and s.ver = ` + w.r + `.ver and (` + strings.Join(terms, ` or `) + `)) <> ` + w.arg(t.Not) + `::boolean`
}

// meta adds a condition on meta.profile or meta.source of stored resources.
func (w *where) meta(f fhir.Filter) {
	if f.Param == "_source" {
		w.source(f)
		return
	}
	var list []string
	for _, v := range f.Values {
		list = append(list, v.Code)
	}
	const among = `exists (select from unnest(k.profiles) p, unnest(`
	var term string
	switch f.Modifier {
	case fhir.Missing:
		term = `(cardinality(k.profiles) = 0) <> ` + w.arg(f.Negate) + `::boolean`
	case fhir.Below:
		term = among + w.arg(list) + `::text[]) u where p = u or p ^@ (u || '/'))`
	case fhir.Above:
		term = among + w.arg(list) + `::text[]) u where p = u or u ^@ (p || '/'))`
	default:
		term = `k.profiles && ` + w.arg(list) + `::text[]`
	}
	w.add(w.kind + ` = any(array(select k.kind_no from fhir_kind k where ` + term + `))`)
}

// source narrows to what was made of one of the versions that values name. Every
// stored resource was made of one.
func (w *where) source(f fhir.Filter) {
	if f.Modifier == fhir.Missing {
		w.add(strconv.FormatBool(f.Negate))
		return
	}
	terms := []string{`false`}
	for _, v := range f.Values {
		uid, ok := strings.CutPrefix(v.Code, virtual.SourceURI(""))
		if !ok {
			continue
		}
		if id, err := ehr.ParseVersionUID(uid); err == nil && !id.IsBranch() && id.String() == uid {
			terms = append(terms, `(s.object_id = `+w.arg(id.Object)+` and s.creating_system = `+w.arg(id.System)+` and s.ver = `+w.arg(id.Trunk)+`::integer)`)
		}
	}
	w.add(`(` + w.r + `.ehr_no, ` + w.r + `.vo_no, ` + w.r + `.ver) in (select s.ehr_no, s.vo_no, s.ver from version s where ` + strings.Join(terms, ` or `) + `)`)
}

// madeMeta is meta for resources that are made when they are asked for: they claim
// no profile, and have a source only if they are made of a version.
func (w *where) madeMeta(f fhir.Filter, sourced bool) {
	if f.Param == "_source" && sourced {
		w.source(f)
		return
	}
	w.add(strconv.FormatBool(f.Modifier == fhir.Missing && !f.Negate))
}
