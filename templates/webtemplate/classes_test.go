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

// lastID is the id of the node that differs.
func lastID(d difference) string { return d.path[strings.LastIndexByte(d.path, '/')+1:] }

// classes are tried in this order.
var classes = []class{
	{
		"files of another library", "test_all_types and skipped_invalid_node_ids follow conventions that the other files do not share, those of the EHRbase SDK: RM attributes are named and ordered otherwise and the instruction details of an ACTION have nodes; local codes name their terminology and have no term bindings; alternatives are mandatory and have the node id of their ELEMENT; labels are those of other languages. Cairn follows Better. All ids but those of the instruction details are the same.",
		func(file string, d difference) bool { return slices.Contains(otherMaker, file) },
	},
	{
		"existence of RM attributes", "`min` of attributes that the RM demands is 1; the files were made with different versions, of which the older say 0. ACTIVITY.timing is optional since RM 1.1.0.",
		func(_ string, d difference) bool {
			return d.field == "min" && (d.want == "0" && d.got == "1" || lastID(d) == "timing")
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
			return d.field == "localizedNames" || d.field == "aqlPath" && strings.HasSuffix(d.path, "external_terminology")
		},
	},
	{
		"descriptions of specialised nodes", "Of a node whose name comes from a code, Better describes the code of the name, Cairn the node.",
		func(_ string, d difference) bool { return d.field == "localizedDescriptions" },
	},
}

const page = `# Web templates

` + "`GET /definition/template/adl1.4/{template_id}` with `Accept: application/openehr.wt+json`" + ` gives the web template 2.3 of a stored template. No specification defines the structure; Cairn follows Better's, which clients expect. Ids are made as Better makes them: everything but letters, digits, . and - becomes _, in lower case; a leading digit gets the prefix a; the second of equal siblings gets the suffix 2.

The levels ITEM_STRUCTURE and HISTORY have no nodes, nor has the only EVENT of a HISTORY if it occurs once; an ELEMENT and its only value are one node; an ELEMENT with several has a child for each (quantity_value); a coded text beside a plain one is one node that is open for other text; containers without any node below are left out; the alternatives of an ISM_TRANSITION are one node.

## Compared with the corpus

%d web templates with %d nodes are compared field by field with Cairn's for the same operational templates, texts up to white space and lists whose order means nothing (such as the states of an ISM_TRANSITION) as sets. Every node has its id, RM type, occurrences, inputs and path as in the file but for these classes of differences. The test fails for any other, and this page is generated by it (` + "`go test ./templates/webtemplate -update`" + `).

| Class | Fields that differ | Why |
|---|---|---|
`
