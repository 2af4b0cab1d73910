// Package compare tells in what a resource that came differs from the one that the
// composition made of it gives back: what would be lost or added, and what may be left
// out because the rest says it ([Comparison]). It knows resources only, and nothing of
// mappings.
package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Difference is one element that would be lost, added or changed. It holds no value.
type Difference struct {
	// Path is the place in the resource, with indexes; Message says what would
	// become of it.
	Path, Message string
}

// Comparison says what a comparison has to know beside the resources, and collects
// where they differ.
type Comparison struct {
	// Descriptive says that what only describes a code or the patient may be
	// left out.
	Descriptive bool
	// Linked are the resources that came with the one that is compared, by the
	// text of references to them.
	Linked map[string]*r4.Node
	// Denial is the place of the codings of a denial, of which each says the same;
	// "" without one.
	Denial string
	// Around are elements that tell of the composition and not of the resource.
	Around map[string]bool
	// Identifies reports whether the identifier of a Reference says no more than its
	// literal reference.
	Identifies func(reference *r4.Node) bool

	// Lost are differences that matter; Omitted is what came and would not come
	// back, and says nothing that the rest does not say, or is descriptive. All
	// fills them.
	Lost, Omitted []Difference

	back map[string]string // what references to linked resources have become
	at   map[string]string // the places of the references
}

// Made is a resource of the composition.
type Made struct {
	Type, ID string
	JSON     []byte
}

// All compares the resource and those linked with what has become of them. The
// resource itself is made[main]; of those linked it tells which they are in made, by
// the text of references to them. The error is that of JSON that is none.
func (c *Comparison) All(came *r4.Node, made []Made, main int) (map[string]int, error) {
	c.back, c.at = map[string]string{}, map[string]string{}
	again, err := r4.Parse(made[main].JSON)
	if err != nil {
		return nil, err
	}
	c.differences(came, again)
	links := map[string]int{}
	for _, url := range slices.Sorted(maps.Keys(c.Linked)) {
		n, path := c.Linked[url], c.at[url]+".resolve()"
		i := slices.IndexFunc(made, func(r Made) bool { return r.Type+"/"+r.ID == c.back[url] })
		switch {
		case c.at[url] == "":
			c.Lost = append(c.Lost, Difference{n.Str("resourceType"), "no element that the mapping carries refers to the resource"})
		case i < 0 || i == main:
			c.Lost = append(c.Lost, Difference{path, "the resource would not come back"})
		default:
			if again, err = r4.Parse(made[i].JSON); err != nil {
				return nil, err
			}
			c.compare(n, again, path, true)
			links[url] = i
		}
	}
	return links, nil
}

// differences lists where a resource differs from the one that came, but for what
// the server assigns.
func (c *Comparison) differences(came, back *r4.Node) {
	c.compare(came, back, came.Str("resourceType"), true)
	for _, list := range [...][]Difference{c.Lost, c.Omitted} {
		slices.SortStableFunc(list, func(x, y Difference) int { return strings.Compare(x.Path, y.Path) })
	}
}

func (c *Comparison) compare(a, b *r4.Node, path string, top bool) {
	if url := a.Text; a.Kind == r4.String && b.Kind == r4.String && c.Linked[url] != nil && strings.HasSuffix(path, ".reference") {
		was, seen := c.back[url]
		twice := slices.Contains(slices.Collect(maps.Values(c.back)), b.Text)
		if !seen && !twice {
			c.back[url], c.at[url] = b.Text, strings.TrimSuffix(path, ".reference")
			return
		}
		if seen && was == b.Text {
			return
		}
		c.Lost = append(c.Lost, Difference{path, "the reference would lead to another resource"})
		return
	}
	if a.Kind != b.Kind || a.Text != b.Text {
		c.Lost = append(c.Lost, Difference{path, "the value would change"})
		return
	}
	for i := range a.Fields {
		f := &a.Fields[i]
		if top && slices.Contains(assigned, f.Name) {
			continue
		}
		other := b.Get(f.Name)
		switch {
		case other != nil:
			c.compare(f.Value, other, path+"."+f.Name, false)
		case repeats(a, b, f):
			c.Omitted = append(c.Omitted, Difference{path + "." + f.Name, "left out: it repeats what stands beside it"})
		case c.Descriptive && describes(a, b, f, path):
			c.Omitted = append(c.Omitted, Difference{path + "." + f.Name, "left out, as it only describes"})
		default:
			c.Lost = append(c.Lost, Difference{path + "." + f.Name, "the element would be lost"})
		}
	}
	if a.Kind == r4.Array && (strings.HasSuffix(path, ".coding") || path == "Observation.component") {
		b = aligned(a, b)
	}
	if a.Kind == r4.Array && path == c.Denial {
		c.denials(a, b, path)
		return
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		switch {
		case a.Get(f.Name) != nil || top && slices.Contains(assigned, f.Name) || c.follows(a, b, f):
		case top && c.Around[f.Name]:
			c.Omitted = append(c.Omitted, Difference{path + "." + f.Name, "added: the resource does not say it, and it is who sent it or when it came"})
		default:
			c.Lost = append(c.Lost, Difference{path + "." + f.Name, "the element is absent and the mapping would add it"})
		}
	}
	for i := range max(len(a.Items), len(b.Items)) {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(a.Items):
			c.Lost = append(c.Lost, Difference{at, "the element is absent and the mapping would add it"})
		case i >= len(b.Items):
			c.Lost = append(c.Lost, Difference{at, "the element would be lost"})
		default:
			c.compare(a.Items[i], b.Items[i], at, false)
		}
	}
}

// denials compares the codings of a denial: what came has to come back, and what
// the mapping adds means the same.
func (c *Comparison) denials(a, b *r4.Node, path string) {
	taken := make([]bool, len(b.Items))
	for i, item := range a.Items {
		at := fmt.Sprintf("%s[%d]", path, i)
		k := slices.IndexFunc(b.Items, func(o *r4.Node) bool { return sameCode(item, o) })
		if k < 0 || taken[k] {
			c.Lost = append(c.Lost, Difference{at, "the element would be lost"})
			continue
		}
		taken[k] = true
		c.compare(item, b.Items[k], at, false)
	}
	for k := range b.Items {
		if !taken[k] {
			c.Omitted = append(c.Omitted, Difference{path, "added: a code that says the same"})
		}
	}
}

// aligned is a list in the order of another in which its members are told apart by
// their codes: the order of codings and of components says nothing. A list whose
// members are not all found once in the other stays as it is.
func aligned(a, b *r4.Node) *r4.Node {
	if len(a.Items) != len(b.Items) {
		return b
	}
	key := func(n *r4.Node) string {
		if c := n.List("code"); len(c) == 1 && c[0].Kind == r4.Object { // of a component
			codings := c[0].List("coding")
			if len(codings) != 1 {
				return ""
			}
			n = codings[0]
		}
		if n.Str("code") == "" || n.Str("system") == "" {
			return ""
		}
		return n.Str("system") + "|" + n.Str("version") + "|" + n.Str("code")
	}
	out := &r4.Node{Kind: r4.Array}
	seen := map[string]bool{}
	for _, item := range a.Items {
		k := key(item)
		i := slices.IndexFunc(b.Items, func(o *r4.Node) bool { return key(o) == k })
		if k == "" || seen[k] || i < 0 {
			return b
		}
		seen[k] = true
		out.Items = append(out.Items, b.Items[i])
	}
	return out
}

// sameCode reports whether two objects are a Coding of the same code.
func sameCode(a, b *r4.Node) bool {
	return a.Str("system") != "" && a.Str("code") != "" && a.Str("system") == b.Str("system") && a.Str("code") == b.Str("code") &&
		a.Str("version") == b.Str("version")
}

// repeats reports whether an element that does not come back says only what
// comes back beside it: the name that the code system gives a code or a concept
// with that code alone, or the type of resource that the reference names already.
func repeats(a, b *r4.Node, f *r4.Field) bool {
	if f.Value.Kind != r4.String {
		return false
	}
	switch f.Name {
	case "display":
		return sameCode(a, b) && designates(a.Str("system"), a.Str("code"), f.Value.Text)
	case "text":
		codings := a.List("coding")
		return len(codings) == 1 && len(b.List("coding")) == 1 && sameCode(codings[0], b.List("coding")[0]) &&
			designates(codings[0].Str("system"), codings[0].Str("code"), f.Value.Text)
	case "type":
		typ, id, ok := strings.Cut(a.Str("reference"), "/")
		return ok && typ == f.Value.Text && id != "" && a.Str("reference") == b.Str("reference")
	}
	return false
}

// describes reports whether an element that does not come back is only words
// for people about a code, or about the patient whom a literal reference names.
func describes(a, b *r4.Node, f *r4.Field, path string) bool {
	if f.Name != "display" || f.Value.Kind != r4.String {
		return false
	}
	if sameCode(a, b) {
		return true
	}
	_, element, _ := strings.Cut(path, ".")
	return (element == "subject" || element == "patient") && a.Str("reference") != "" && a.Str("reference") == b.Str("reference")
}

// follows reports whether an element that the mapping adds follows from what
// came: the words for a concept that is coded, the unit as the code of a quantity
// has it, or the id of a registered party that is referred to.
func (c *Comparison) follows(a, b *r4.Node, f *r4.Field) bool {
	switch f.Name {
	case "text":
		return f.Value.Kind == r4.String && len(a.List("coding")) > 0 && len(b.List("coding")) == len(a.List("coding"))
	case "identifier":
		return a.Str("reference") != "" && a.Str("reference") == b.Str("reference") && c.Identifies != nil && c.Identifies(b)
	case "unit":
		return a.Get("value") != nil && a.Str("code") != "" && a.Str("system") == ucumURI && f.Value.Text == a.Str("code")
	}
	return false
}

// assigned are the elements of a resource that the server sets, and the
// narrative, which is made from the rest.
var assigned = []string{"id", "meta", "text"}

// ucumURI is the code system of units.
const ucumURI = "http://unitsofmeasure.org"
