package rm_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// leafOf is the class to take for an abstract type when a random tree is deep
// enough, the one that needs the fewest attributes.
var leafOf = map[string]string{
	"ITEM": "ELEMENT", "ITEM_STRUCTURE": "ITEM_TREE", "DATA_VALUE": "DV_BOOLEAN", "CONTENT_ITEM": "SECTION",
	"PARTY_PROXY": "PARTY_SELF", "OBJECT_ID": "HIER_OBJECT_ID", "UID_BASED_ID": "HIER_OBJECT_ID", "EVENT": "POINT_EVENT",
	"DV_ORDERED": "DV_COUNT", "DV_AMOUNT": "DV_COUNT", "Any": "DV_BOOLEAN", "LOCATABLE": "ELEMENT", "DV_ENCAPSULATED": "DV_PARSABLE",
}

// randomNode draws a tree that conforms to the class table. param binds the
// type parameter of the declared class.
func randomNode(r *rapid.T, declared, param *rm.Class, depth int) *rm.Node {
	switch declared.Primitive {
	case rm.StringPrimitive:
		return &rm.Node{Class: declared, Text: rapid.StringN(0, 12, -1).Filter(func(s string) bool {
			for _, c := range s {
				if c == 0 {
					return false
				}
			}
			return true
		}).Draw(r, "text")}
	case rm.IntegerPrimitive:
		return &rm.Node{Class: declared, Text: rapid.StringMatching(`-?[1-9][0-9]{0,16}(\.0|e1)?`).Draw(r, "integer")}
	case rm.RealPrimitive:
		return &rm.Node{Class: declared, Text: rapid.StringMatching(`-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?`).Draw(r, "real")}
	case rm.BooleanPrimitive:
		return &rm.Node{Class: declared, Text: rapid.SampledFrom([]string{"true", "false"}).Draw(r, "boolean")}
	}
	class := declared
	candidates := declared.Concrete()
	switch leaf := rm.Lookup(leafOf[declared.Name]); {
	case depth > 4 && leaf != nil:
		class = leaf
	case depth > 4 && !declared.Abstract:
	default:
		class = rapid.SampledFrom(candidates).Filter(func(c *rm.Class) bool { return c.Primitive == rm.NotPrimitive }).Draw(r, "class")
	}
	n := &rm.Node{Class: class}
	for _, a := range class.Attributes() {
		typ, bound := a.Type, a.Param
		switch {
		case class == rm.ClassDVInterval && param != nil && (a.Name == "lower" || a.Name == "upper"):
			typ = param
		case class.Name == "REFERENCE_RANGE" && a.Name == "range":
			bound = param
		case a.Name == "settings": // abstract without descendants
			continue
		}
		if !a.Mandatory && (depth > 4 || !rapid.Bool().Draw(r, a.Name)) {
			continue
		}
		count := 1
		if a.Container && depth < 4 {
			count = rapid.IntRange(1, 3).Draw(r, "count")
		}
		attr := rm.Attr{Def: a}
		for range count {
			attr.Items = append(attr.Items, randomNode(r, typ, bound, depth+1))
		}
		n.Attrs = append(n.Attrs, attr)
	}
	return n
}

// TestRandomTreesRoundTrip encodes random trees of every class and reads them
// back; checking their invariants must not fail however odd they are.
func TestRandomTreesRoundTrip(t *testing.T) {
	t.Parallel()
	var roots []*rm.Class
	for _, c := range rm.Classes() {
		if !c.Abstract && c.Primitive == rm.NotPrimitive {
			roots = append(roots, c)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		class := rapid.SampledFrom(roots).Draw(r, "root")
		want := randomNode(r, class, nil, 0)
		data := rm.AppendJSON(nil, want)
		got, problems := rm.DecodeJSON(data, class, rm.JSONOptions{})
		if len(problems) > 0 {
			r.Fatalf("%v\n%s", problems, data)
		}
		if diff := diffNodes(want, got); diff != "" {
			r.Fatalf("%s\n%s", diff, data)
		}
		rm.CheckInvariants(got, rm.CheckOptions{})
	})
}
