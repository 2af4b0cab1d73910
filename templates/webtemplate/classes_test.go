package webtemplate_test

import (
	"slices"
	"strings"
)

// class is a sort of difference from the corpus with why it is right.
type class struct {
	name, reason string
	matches      func(file string, d difference) bool
}

// otherMaker are the files that another library than Better's has written.
var otherMaker = []string{"test_all_types.json", "skipped_invalid_node_ids.json"}

// other restricts a class to the files of the other library.
func other(matches func(difference) bool) func(string, difference) bool {
	return func(file string, d difference) bool { return slices.Contains(otherMaker, file) && matches(d) }
}

// rmAttributes are the ids of attributes of the RM.
var rmAttributes = []string{
	"action_archetype_id", "category", "composer", "context", "encoding", "ism_transition", "language", "lower", "math_function", "narrative",
	"setting", "start_time", "subject", "territory", "time", "time2", "timing", "transition", "upper", "width",
}

// lastID is the id of the node that differs.
func lastID(d difference) string { return d.path[strings.LastIndexByte(d.path, '/')+1:] }

// classes are tried in this order.
var classes = []class{
	{
		"another library: attributes of the RM", "test_all_types and skipped_invalid_node_ids follow conventions that the other files do not share, those of the EHRbase SDK: RM attributes are named otherwise, have no node id, and the root has no path. Cairn follows Better.",
		other(func(d difference) bool {
			named := slices.Contains([]string{"name", "localizedName", "nodeId"}, d.field)
			return named && slices.Contains(rmAttributes, lastID(d)) || d.field == "aqlPath" && !strings.Contains(d.path, "/")
		}),
	},
	{
		"another library: order", "In the same files the attributes of the RM stand at other places among their siblings.",
		other(func(d difference) bool { return d.field == "order" }),
	},
	{
		"another library: local codes", "In the same files local codes name their terminology, have no term bindings, and their labels are those of other languages.",
		other(func(d difference) bool {
			return d.field == "inputs.terminology" && (d.want == `"local"` || d.want == `"openehr"`) || d.field == "inputs.list.termBindings" || d.field == "inputs.list.localizedLabels"
		}),
	},
	{
		"another library: alternatives and careflow steps", "In the same files alternatives and careflow steps are mandatory; alternatives have the name and node id of their ELEMENT.",
		other(func(d difference) bool {
			return strings.HasSuffix(lastID(d), "_value") && slices.Contains([]string{"min", "name", "nodeId"}, d.field) || lastID(d) == "careflow_step" && d.field == "min"
		}),
	},
	{
		"another library: ACTION and ACTIVITY", "In the same files the instruction details of an ACTION have nodes, and action_archetype_id has no pattern. All other ids are the same.",
		other(func(d difference) bool {
			return d.field == "child missing LOCATABLE_REF" && d.want == `"instruction_id"` || d.field == "child missing STRING" && d.want == `"activity_id"` ||
				lastID(d) == "action_archetype_id" && d.field == "inputs.validation"
		}),
	},
	{
		"semantic version", "The files were written before Better had semVer. Cairn has it of templates that say it (`sem_ver` or `Template semVer` of their other details).",
		func(_ string, d difference) bool {
			return d.path == "(template)" && d.field == "semVer" && d.want == "-"
		},
	},
	{
		"existence of RM attributes", "`min` of attributes that the RM demands is 1; the files were made with different versions, of which the older say 0. ACTIVITY.timing is optional since RM 1.1.0.",
		func(_ string, d difference) bool {
			return d.field == "min" && slices.Contains(rmAttributes, lastID(d)) && (d.want == "0" && d.got == "1" || lastID(d) == "timing")
		},
	},
	{
		"empty texts", "Better writes empty labels and descriptions where there are none; Cairn leaves them out or has the text.",
		func(_ string, d difference) bool {
			return d.want == `""` || strings.HasPrefix(d.field, "inputs.list.localized") && strings.Contains(d.want, `:""`)
		},
	},
	{
		"names of units", "Some files of an older version label no unit; Cairn, as the newer ones, has mmHg for mm[Hg] and ° for deg, and the code as label.",
		func(_ string, d difference) bool {
			return d.field == "inputs.list.localizedLabels" && d.want == "-" && strings.Contains(d.got, "mmHg")
		},
	},
	{
		"rubrics in another language", "One file has the rubric of an openEHR code in German, which the openEHR terminology does not have.",
		func(_ string, d difference) bool {
			return lastID(d) == "math_function" && strings.HasPrefix(d.field, "inputs.list.") && d.got == `"mean"`
		},
	},
	{
		"labels of coded terms", "A code of an external terminology gets the text that the template defines for it; Better's files often have none.",
		func(_ string, d difference) bool {
			return strings.HasPrefix(d.field, "inputs.list.") && strings.Contains(d.field, "abel") && d.want == "-"
		},
	},
	{
		"careflow steps", "Cairn also describes the careflow steps.",
		func(_ string, d difference) bool {
			return slices.Contains([]string{"careflow_step", "current_state"}, lastID(d)) && strings.HasPrefix(d.field, "inputs.list.")
		},
	},
	{
		"annotations", "Better joins the annotations of an ELEMENT and of its value, so that texts are doubled (a;a), and leaves out some of the vocabulary's.",
		func(_ string, d difference) bool { return d.field == "annotations" },
	},
	{
		"any value", "The alternatives of an ELEMENT without a constraint on its value: DV_SCALE, new in RM 1.1.0, is one of them; the path ends with the attribute, where Better has the name of the node; the name is that of the ELEMENT.",
		func(_ string, d difference) bool {
			return d.field == "child added DV_SCALE" || strings.HasSuffix(lastID(d), "_value") && slices.Contains([]string{"aqlPath", "localizedName", "localizedNames", "localizedDescriptions", "name"}, d.field)
		},
	},
	{
		"names that the template fixes", "A name that the template fixes is the same in all languages, as data have to have it; Better adds the mark of an untranslated text. A constraint on the name that fixes nothing does not go into the path.",
		func(_ string, d difference) bool {
			return d.field == "localizedNames" && strings.HasPrefix(lastID(d), "name_") || d.field == "aqlPath" && strings.HasSuffix(d.path, "external_terminology")
		},
	},
	{
		"descriptions of specialised nodes", "Of a node whose name comes from a code, Better describes the code of the name, Cairn the node.",
		func(_ string, d difference) bool {
			return d.field == "localizedDescriptions" && strings.HasPrefix(lastID(d), "global_exclusion_")
		},
	},
}

const page = `# Web templates

` + "`GET /definition/template/adl1.4/{template_id}` with `Accept: application/openehr.wt+json`" + ` gives the web template 2.3 of a stored template. No specification defines the structure; Cairn follows Better's, which clients expect. Ids are made as Better makes them: everything but letters, digits, . and - becomes _, in lower case; a leading digit gets the prefix a; the second of equal siblings gets the suffix 2.

The levels ITEM_STRUCTURE and HISTORY have no nodes, nor has the only EVENT of a HISTORY if it occurs once; an ELEMENT and its only value are one node; an ELEMENT with several has a child for each (quantity_value); a coded text beside a plain one is one node that is open for other text; containers without any node below are left out; the alternatives of an ISM_TRANSITION are one node.

## Item by item

Every row is a case of ` + "`templates/webtemplate/testdata/items.json`" + `, which ` + "`TestItems`" + ` holds to be so. There are neither ` + "`aliases`" + `, which no implementation writes, nor ` + "`otherTerminologies`" + `, as a constraint of an operational template 1.4 names one terminology.
%s
## Compared with the corpus

%d web templates with %d nodes are compared field by field with Cairn's for the same operational templates, texts up to white space and lists whose order means nothing (such as the states of an ISM_TRANSITION) as sets. Every node has its id, RM type, occurrences, inputs and path as in the file but for these classes of differences. The test fails for any other, and this page is generated by it (` + "`go test ./templates/webtemplate -update`" + `).

| Class | Fields that differ | Why |
|---|---|---|
`
