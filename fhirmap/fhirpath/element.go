package fhirpath

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// member is the elements of that name; known is false if the type is known and
// has none.
func member(v Value, name string) (out []Value, known bool) {
	if v.kind == TypeInfo {
		switch name {
		case "name":
			return strOf(v.text), true
		case "namespace":
			return strOf(v.unit), true
		}
		return nil, false
	}
	if !v.element {
		return nil, false
	}
	if v.typ == nil {
		if v.node == nil {
			return nil, true
		}
		return untyped(v.node, name), true
	}
	if v.typ.Kind == r4.Primitive {
		if name == "extension" || name == "id" {
			extension := r4.Lookup("Extension")
			if name == "id" {
				extension = r4.Lookup("string")
			}
			return elements(v.more.Get(name), nil, extension), true
		}
		return nil, false
	}
	el := v.typ.Element(name)
	if el == nil {
		return nil, name == "resourceType"
	}
	if v.node == nil {
		return nil, true
	}
	if !el.Choice {
		var t *r4.Type
		if len(el.Types) > 0 {
			t = el.Types[0].Type
		}
		return elements(v.node.Get(name), v.node.Get("_"+name), t), true
	}
	for _, ref := range el.Types {
		property := el.Property(ref.Type)
		if n, more := v.node.Get(property), v.node.Get("_"+property); n != nil || more != nil {
			return elements(n, more, ref.Type), true
		}
	}
	return nil, true
}

// untyped finds the members of an element that the definitions do not have.
func untyped(n *r4.Node, name string) []Value {
	return elements(n.Get(name), n.Get("_"+name), nil)
}

// elements are the values of a property and of what _name says of them.
func elements(n, more *r4.Node, t *r4.Type) []Value {
	count := 0
	for _, x := range []*r4.Node{n, more} {
		switch {
		case x == nil:
		case x.Kind == r4.Array:
			count = max(count, len(x.Items))
		default:
			count = max(count, 1)
		}
	}
	at := func(x *r4.Node, i int) *r4.Node {
		if x != nil && x.Kind == r4.Array {
			if i >= len(x.Items) {
				return nil
			}
			x = x.Items[i]
		}
		if x != nil && x.Kind == r4.Null {
			return nil
		}
		return x
	}
	out := make([]Value, 0, count)
	for i := range count {
		v := Value{element: true, node: at(n, i), more: at(more, i), typ: t}
		if v.node == nil && v.more == nil {
			continue
		}
		if t != nil && t.Kind == r4.Resource && v.node != nil {
			v.typ = r4.Lookup(v.node.Str("resourceType"))
		}
		primitive(&v)
		out = append(out, v)
	}
	return out
}

// children are all elements of a value, in the order of its definition.
func children(v Value) []Value {
	if !v.element {
		return nil
	}
	if v.typ == nil || v.typ.Kind == r4.Primitive {
		var out []Value
		if v.typ != nil {
			out, _ = member(v, "extension")
			return out
		}
		if v.node != nil {
			for _, f := range v.node.Fields {
				if f.Name != "resourceType" && !strings.HasPrefix(f.Name, "_") {
					out = append(out, untyped(v.node, f.Name)...)
				}
			}
		}
		return out
	}
	var out []Value
	for _, el := range v.typ.Elements {
		list, _ := member(v, el.Name)
		out = append(out, list...)
	}
	return out
}

// Walk visits a resource and all elements in it, parents first: each with the
// path of its definition, such as Observation.component or Quantity.value, and
// the resource that it is in, which is another one in a Bundle or if contained.
func Walk(n *r4.Node, visit func(path string, v Value, resource *r4.Node)) {
	typ := r4.Lookup(n.Str("resourceType"))
	if typ == nil {
		return
	}
	walk(typ.Name, Value{element: true, node: n, typ: typ}, n, visit)
}

func walk(path string, v Value, resource *r4.Node, visit func(path string, v Value, resource *r4.Node)) {
	if v.typ != nil && v.typ.Kind == r4.Resource {
		resource = v.node
	}
	visit(path, v, resource)
	if v.typ == nil {
		return
	}
	if v.typ.Kind == r4.Primitive {
		list, _ := member(v, "extension")
		for _, c := range list {
			walk("Element.extension", c, resource, visit)
		}
		return
	}
	for _, el := range v.typ.Elements {
		list, _ := member(v, el.Name)
		for _, c := range list {
			walk(el.Path, c, resource, visit)
		}
	}
}
