package sqlgen

import (
	"fmt"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const (
	lifecycleDeleted = 523
	changeRubrics    = "case %[1]s when 249 then 'creation' when 250 then 'amendment' when 251 then 'modification' when 252 then 'synthesis' " +
		"when 253 then 'unknown' when 523 then 'deleted' when 666 then 'attestation' when 816 then 'restoration' when 817 then 'format conversion' end"
	lifecycleRubrics = "case %[1]s when 532 then 'complete' when 553 then 'incomplete' when 523 then 'deleted' when 800 then 'inactive' when 801 then 'abandoned' end"
)

// versionAttributes are those of a VERSION, the content last.
var versionAttributes = []string{
	"uid", "preceding_version_uid", "other_input_version_uids", "contribution", "commit_audit", "attestations", "lifecycle_state", "signature", "data",
}

// Those of an EHR, and the columns of its table that paths read.
var (
	ehrAttributes = []string{"ehr_id", "system_id", "time_created", "ehr_status", "ehr_access", "directory", "compositions", "folders", "contributions", "tags"}
	ehrColumns    = []string{"ehr_id", "system_id", "time_created", "subject_id", "subject_namespace", "status_object", "access_object"}
)

// versionedAttributes are those of a versioned object.
var versionedAttributes = []string{"uid", "owner_id", "time_created"}

// versionAttribute writes the attributes of VERSION as JSON. What is not
// stored, because a version of Cairn never has it, is null.
func versionAttribute(b *block, v string, uid func() string, content func() string, asOf string) func(string) string {
	column := func(name string) string { return b.column(v + "." + name) }
	coded := func(column, rubrics string) string {
		return "jsonb_build_object('_type', 'DV_CODED_TEXT', 'value', " + fmt.Sprintf(rubrics, column) +
			", 'defining_code', jsonb_build_object('_type', 'CODE_PHRASE', 'terminology_id', " +
			"jsonb_build_object('_type', 'TERMINOLOGY_ID', 'value', 'openehr'), 'code_string', " + column + "::text))"
	}
	return func(name string) string {
		switch name {
		case "uid":
			return objectID("OBJECT_VERSION_ID", uid())
		case "preceding_version_uid":
			// Stored where it is not the number before of the same system.
			return "case when " + column("preceding") + " is not null or " + column("ver") + " > 1 and " + column("item") + " is null then " +
				objectID("OBJECT_VERSION_ID", column("object_id")+" || '::' || coalesce("+column("preceding")+", "+
					column("creating_system")+" || '::' || ("+column("ver")+" - 1))") + " end"
		case "contribution":
			return objectRef(column("contribution_id"), "CONTRIBUTION")
		case "commit_audit":
			return "(jsonb_strip_nulls(jsonb_build_object('_type', 'AUDIT_DETAILS', 'system_id', " + column("audit_system_id") + ", " +
				"'time_committed', jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + column("time_committed") + ")), " +
				"'change_type', " + coded(column("change_type"), changeRubrics) + ", 'description', " + column("description") +
				", 'committer', " + column("committer") + ")) || case when " + column("audit_more") + " is null then '{}' else " +
				column("audit_more") + " || '{\"_type\": \"ATTESTATION\"}' end)"
		case "other_input_version_uids":
			return "(select jsonb_agg(" + objectID("OBJECT_VERSION_ID", "i") + " order by n) from unnest(" + column("other_inputs") + ") with ordinality as i(i, n))"
		case "attestations":
			limit := ""
			if asOf != "" {
				limit = " and a.time_committed <= " + asOf
			}
			return "(select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('_type', 'ATTESTATION', 'system_id', a.system_id, " +
				"'time_committed', jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(a.time_committed)), " +
				"'change_type', " + coded("a.change_type", changeRubrics) + ", 'description', a.description, 'committer', a.committer)) || a.more" +
				" order by a.attestation_no) from attestation as a where a.ehr_no = " + column("ehr_no") + " and a.vo_no = " + column("vo_no") +
				" and a.ver = " + column("ver") + limit + ")"
		case "lifecycle_state":
			return coded(column("lifecycle_state"), lifecycleRubrics)
		case "signature":
			return "to_jsonb(" + column("signature") + ")"
		case "data":
			if content != nil {
				return content()
			}
		}
		return "null::jsonb"
	}
}

func objectID(class, text string) string {
	return "jsonb_build_object('_type', '" + class + "', 'value', " + text + ")"
}

func objectRef(id, class string) string {
	return "jsonb_build_object('_type', 'OBJECT_REF', 'id', " + objectID("HIER_OBJECT_ID", id) + ", 'namespace', 'local', 'type', '" + class + "')"
}

// whole is an EHR, a VERSION or a versioned object as JSON, which no column
// holds; "" for any other path.
func (g *gen) whole(p *analyze.Path) string {
	if len(p.Steps) > 0 || p.Pred != nil || p.Source == nil {
		return ""
	}
	text := g.wholeObject(p)
	if g.bound[p.Source].optional && text != "" {
		text = "case when " + g.present(p) + " is not null then " + text + " end"
	}
	return text
}

func (g *gen) wholeObject(p *analyze.Path) string {
	attribute := g.bound[p.Source].attribute
	object := func(class string, names ...string) string {
		text := "jsonb_build_object('_type', '" + class + "'"
		for _, n := range names {
			text += ", '" + n + "', " + attribute(n)
		}
		return text + ")"
	}
	switch p.Source.Kind {
	case analyze.SourceEHR:
		return "(" + object("EHR", "system_id", "ehr_id", "time_created") +
			" || jsonb_build_object('ehr_status', " + objectRef(g.bound[p.Source].table("status_object"), "VERSIONED_EHR_STATUS") +
			", 'ehr_access', " + objectRef(g.bound[p.Source].table("access_object"), "VERSIONED_EHR_ACCESS") + "))"
	case analyze.SourceVersion:
		// Content may hold what looks like null attributes; it is added last.
		return "(jsonb_strip_nulls(" + object("ORIGINAL_VERSION", versionAttributes[:len(versionAttributes)-1]...) +
			") || case when " + attribute("data") + " is null then '{}' else jsonb_build_object('data', " + attribute("data") + ") end)"
	case analyze.SourceVersioned:
		return object(p.Source.Class(), "uid", "owner_id", "time_created")
	}
	return ""
}

// ehrAttribute writes the attributes of EHR as JSON. Those that refer to one
// object lead to it.
func (g *gen) ehrAttribute(b *block, name string) string {
	switch name {
	case "ehr_id", "system_id":
		return objectID("HIER_OBJECT_ID", b.column("e."+name)+"::text")
	case "time_created":
		return "jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + b.column("e.time_created") + "))"
	case "ehr_status":
		return b.column("es.content")
	}
	of := " where o.ehr_no = " + b.column("e.ehr_no")
	current := func(kind analyze.Root) string {
		return fmt.Sprintf("%s and o.kind = %d and %s and o.lifecycle_state <> %d", of, kind, g.current("o"), lifecycleDeleted)
	}
	references := func(kind analyze.Root, class string) string {
		return "(select jsonb_agg(" + objectRef("o.object_id", class) + " order by o.vo_no) from version as o" + current(kind) + ")"
	}
	switch name {
	case "compositions":
		return references(analyze.RootComposition, "VERSIONED_COMPOSITION")
	case "folders":
		return references(analyze.RootFolder, "VERSIONED_FOLDER")
	case "contributions":
		limit := ""
		if g.opt.AsOf {
			limit = " and o.time_committed <= " + g.instant()
		}
		return "(select jsonb_agg(" + objectRef("o.contribution_id", "CONTRIBUTION") +
			" order by o.time_committed, o.contribution_id) from contribution as o" + of + limit + ")"
	case "tags":
		// A tag is of a version, or of the object if it has no version.
		limit := ""
		if g.opt.AsOf {
			limit = " and o.saved <= " + g.instant()
		}
		return "(select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('_type', 'ITEM_TAG', 'key', o.key, 'value', o.value, 'target', case when ov.ver is null then " +
			objectID("HIER_OBJECT_ID", "o.object_id") + " else " +
			objectID("OBJECT_VERSION_ID", "o.object_id || '::' || ov.creating_system || '::' || coalesce(array_to_string(ov.tree, '.'), ov.ver::text)") +
			" end, 'target_path', nullif(o.target_path, ''), 'owner_id', " + objectRef(b.column("e.ehr_id"), "EHR") +
			")) order by o.object_id, o.ver, o.key, o.target_path) from item_tag as o left join version as ov on ov.ehr_no = o.ehr_no and ov.object_id = o.object_id and ov.ver = o.ver" +
			of + limit + ")"
	case "directory", "ehr_access":
		kind := analyze.RootFolder
		if name == "ehr_access" {
			kind = analyze.RootEHRAccess
		}
		return "(select od.content from version as o join document as od using (ehr_no, vo_no, ver)" + current(kind) + " limit 1)"
	}
	return "null::jsonb"
}

// current is the condition for the latest version, of now or of the instant of
// the request.
func (g *gen) current(v string) string {
	if !g.opt.AsOf {
		return v + ".time_superseded is null"
	}
	return v + ".time_committed <= " + g.instant() + " and (" + v + ".time_superseded is null or " + v + ".time_superseded > " + g.instant() + ")"
}

// instant is the instant of the request.
func (g *gen) instant() string {
	if g.asOf == "" {
		g.asOf = g.bind(field{"the instant of the request", func(v Values) any { return v.AsOf }}) + "::timestamptz"
	}
	return g.asOf
}

// atTime is the condition for the version that was the latest at an instant.
func (g *gen) atTime(c *analyze.AtTime) string {
	b := g.bound[c.Source]
	at := "to_timestamp(" + g.constant(c.Instant, analyze.ModeDateTime) + "::double precision)"
	if g.opt.AsOf { // what came after it is not known
		at = "least(" + at + ", " + g.instant() + ")"
	}
	return b.committed() + " <= " + at + " and (" + b.superseded() + " is null or " + b.superseded() + " > " + at + ")"
}

// isRoot reports whether a path is nothing but a source whose version uid
// stands for the object.
func isRoot(p *analyze.Path) bool {
	return len(p.Steps) == 0 && p.Pred == nil && p.Source != nil && p.Source.Kind == analyze.SourceRoot
}

var dateTimeClass = rm.ClassDVDateTime.Name
