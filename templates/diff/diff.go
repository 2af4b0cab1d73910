// Package diff compares two compiled templates and says of each change whether
// data that conform to the old one still conform to the new one.
//
// A change is breaking if the new template refuses, or means differently, what
// the old one accepted: something was narrowed, removed, retyped, renamed or
// recoded. It is compatible if everything accepted before still is: something
// was widened, an optional node added, a text or translation changed. Where the
// comparison cannot decide, it says breaking. Kinds lists all kinds of change.
//
// Conformance means Cairn's validation with its default policy and a complete
// instance; external value sets are compared by name.
package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/templates"
)

// Change is one difference.
type Change struct {
	// Kind is the stable name of what changed.
	Kind string `json:"kind"`
	// Breaking tells a change that data may not survive from one that they do.
	Breaking bool `json:"breaking"`
	// Path is the place in the new template; of what was removed, in the old one.
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	// Reason says why the change is breaking or compatible.
	Reason string `json:"reason"`
}

// String is the change on one line.
func (c Change) String() string {
	class := "compatible"
	if c.Breaking {
		class = "breaking"
	}
	return fmt.Sprintf("%s %s %s: %s -> %s (%s)", class, c.Kind, c.Path, orNothing(c.Old), orNothing(c.New), c.Reason)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// Kinds of changes. They are never renamed.
const (
	KindTemplateID  = "template.id"
	KindMetadata    = "template.metadata"
	KindText        = "text"
	KindTranslation = "translation"
	KindBinding     = "binding"
	KindAdded       = "added"
	KindRemoved     = "removed"
	KindType        = "type"
	KindNode        = "node"
	KindName        = "name"
	KindOccurrences = "occurrences"
	KindExistence   = "existence"
	KindCardinality = "cardinality"
	KindSlot        = "slot"
	KindValues      = "values"
	KindUnits       = "units"
	KindCodes       = "codes"
	KindAmbiguous   = "ambiguous"
)

// KindInfo describes a kind of change.
type KindInfo struct {
	Kind string
	// Text says what changed; Breaking and Compatible when it is one or the
	// other, "" for never.
	Text, Breaking, Compatible string
}

// Kinds lists every kind of change.
func Kinds() []KindInfo {
	return []KindInfo{
		{KindTemplateID, "the template id", "always, unless it is to be ignored: compositions name their template", ""},
		{KindMetadata, "uid, concept, language, description, annotations, default values, hints to user interfaces", "", "always: validation does not ask for them"},
		{KindText, "the text or description of a code in a language", "", "always: what is stored keeps its wording, and another rubric only warns"},
		{KindTranslation, "a language of an archetype's terms", "", "always"},
		{KindBinding, "the binding of a code to a terminology", "", "always: data carry the code of the archetype"},
		{KindAdded, "a node, an alternative or the constraint of an attribute is new", "it is mandatory, or takes or constrains data that were free before", "it is optional and its place was closed to data before"},
		{KindRemoved, "a node, an alternative or the constraint of an attribute is gone", "data may have it and nothing else accepts them", "data could not have it, or what is left accepts them"},
		{KindType, "the RM type, or its parameter", "instances of the old type are not all of the new one", "the new type is an ancestor of the old one"},
		{KindNode, "the node id or archetype of a node", "data name the old one", "any is allowed now"},
		{KindName, "the names that a node may have", "a name that was allowed is not any more", "more names are allowed"},
		{KindOccurrences, "how often a node may occur", "the new range lacks a number that the old one had", "the new range includes the old one, or nothing depends on it"},
		{KindExistence, "whether an attribute must, may or must not be there", "the new range lacks a number that the old one had", "the new range includes the old one, or nothing depends on it"},
		{KindCardinality, "how many members a container has, whether they differ or are ordered", "the new range lacks a number that the old one had, or members have to differ now", "the new range includes the old one; order cannot be violated"},
		{KindSlot, "which archetypes may fill a slot", "an archetype that was allowed is not, or this cannot be decided", "every archetype that was allowed still is"},
		{KindValues, "the list, range or pattern of a primitive value, an ordinal or a state", "a value that was allowed is not any more, or this cannot be decided", "every value that was allowed still is"},
		{KindUnits, "the units of a quantity, their magnitudes and precisions, or its physical property", "a quantity that was allowed is not any more, or the property is another", "every quantity that was allowed still is"},
		{KindCodes, "the codes, terminology or value set of a coded value", "a code that was allowed is not any more, or the value set is another", "every code that was allowed still is"},
		{KindAmbiguous, "siblings that data cannot tell apart are affected by a change", "always: data may be taken for another node than before", ""},
	}
}

// Options adjust a comparison.
type Options struct {
	// IgnoreID takes a different template id for no change, as when the
	// template of a new release is compared with that of the one before.
	IgnoreID bool
}

// Breaking reports whether any of the changes is breaking.
func Breaking(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Breaking })
}

// Compare lists the changes from one template to another, in the order of the
// new template; what was removed comes where it was. None means that the two
// say the same.
func Compare(old, changed *templates.Template, opt Options) []Change {
	d := &differ{texts: map[string]bool{}, pairs: map[pair]bool{}, effort: new(int)}
	d.whole(old, changed, opt)
	if !sameID(old.Root.ArchetypeID, changed.Root.ArchetypeID) {
		d.add(KindNode, true, "/", old.Root.ArchetypeID, changed.Root.ArchetypeID, "every instance is of the old archetype")
		return d.out
	}
	d.object(old.Root, changed.Root, false)
	return d.out
}

// maxEffort bounds the comparisons of objects, which alternatives and siblings
// with one id multiply at each level. The largest templates in use take less
// than a hundredth of it; what takes more counts as breaking, undecided.
const maxEffort = 1_000_000

type pair struct{ a, b *templates.Object }

type differ struct {
	out []Change
	// texts are the changes of terms reported already: an archetype may be used
	// many times.
	texts map[string]bool
	// pairs are those being compared, against circles of internal references.
	pairs map[pair]bool
	// trial leaves out what does not matter for conformance.
	trial bool
	// effort counts the comparisons of objects, trials included.
	effort *int
}

func (d *differ) add(kind string, breaking bool, path, before, after, reason string) {
	d.out = append(d.out, Change{kind, breaking, path, before, after, reason})
}

// covers reports whether every instance of x is one of y.
func (d *differ) covers(x, y *templates.Object) bool {
	sub := &differ{trial: true, pairs: d.pairs, effort: d.effort}
	sub.object(x, y, false)
	return !Breaking(sub.out)
}

// same reports whether two objects accept the same, as far as it shows.
func (d *differ) same(x, y *templates.Object) bool {
	sub := &differ{trial: true, pairs: d.pairs, effort: d.effort}
	sub.object(x, y, false)
	return len(sub.out) == 0
}

func (d *differ) whole(a, b *templates.Template, opt Options) {
	if a.ID != b.ID && !opt.IgnoreID {
		d.add(KindTemplateID, true, "/", a.ID, b.ID, "stored compositions name the old template")
	}
	meta := func(what, before, after string) {
		if before != after {
			d.add(KindMetadata, false, "/", what+" "+before, what+" "+after, "validation does not ask for it")
		}
	}
	meta("uid", a.UID, b.UID)
	meta("concept", a.Concept, b.Concept)
	meta("language", a.Language, b.Language)
	meta("description", describe(a.Description), describe(b.Description))
	meta("annotations", fmt.Sprint(a.Annotations), fmt.Sprint(b.Annotations))
	meta("hints", fmt.Sprint(a.View), fmt.Sprint(b.View))
	meta("defaults", defaults(a), defaults(b))
}

func describe(d templates.Description) string {
	return strings.TrimSpace(fmt.Sprintf("%s %v %v %v", d.LifecycleState, d.OriginalAuthor, d.OtherDetails, d.Details))
}

func defaults(t *templates.Template) string {
	var b strings.Builder
	for _, v := range t.Defaults {
		fmt.Fprintf(&b, "%s/%s=%s ", v.Path, v.Attribute, nodeText(v.Value))
	}
	return b.String()
}

// sameID compares node ids; archetype ids without regard to case.
func sameID(a, b string) bool {
	return a == b || strings.Contains(a, "-") && strings.EqualFold(a, b)
}
