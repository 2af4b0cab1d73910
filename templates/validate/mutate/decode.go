package mutate

import (
	"bytes"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// decoding breaks the JSON of a node, once for each class: what the tree of a
// decoded composition cannot show.
func (m *maker) decoding() {
	m.document("json.syntax", "text after the document", append(rm.AppendJSON(nil, m.root), '}'))
	m.broken(m.root, nil)
}

func (m *maker) document(code, edit string, data []byte) {
	m.out = append(m.out, Mutation{Code: code, Path: "/", Edit: edit, JSON: data})
}

func (m *maker) broken(n *rm.Node, at place) {
	class := n.Class.Name
	if m.first("json " + class) {
		plain := rm.AppendJSON(nil, n)
		head := []byte(`{"_type":"` + class + `"`)
		if bytes.HasPrefix(plain, head) {
			rest := plain[len(head):]
			m.raw("rm.type.unknown", at.String(), "unknown class", at, []byte(`{"_type":"NO_SUCH_CLASS"`), rest)
			if len(at) > 0 {
				m.raw("rm.type.mismatch", at.String(), "class that does not stand there", at, []byte(`{"_type":"EHR"`), rest)
				if declared := at[len(at)-1].attr.Type; declared.Abstract {
					m.raw("rm.type.abstract", at.String(), "abstract class", at, []byte(`{"_type":"`+declared.Name+`"`), rest)
					m.raw("rm.type.missing", at.String(), "no class where the declared one is abstract", at, []byte("{"), bytes.TrimPrefix(rest, []byte(",")))
				}
			}
			m.raw("rm.attribute.unknown", at.attribute("no_such"), "unknown attribute", at, []byte(string(head)+`,"no_such":1`), rest)
			m.raw("json.duplicate", at.attribute("_type"), "member twice", at, []byte(string(head)+`,"_type":"`+class+`"`), rest)
			if len(at) > 0 {
				m.raw("rm.value.kind", at.String(), "string for an object", at, []byte(`"no such object"`), nil)
			}
		}
	}
	for i := range n.Attrs {
		def := n.Attrs[i].Def
		for k, item := range n.Attrs[i].Items {
			if item.Class.Primitive == rm.NotPrimitive {
				m.broken(item, at.enter(def, k))
			} else if !def.Container && m.first("value "+class+"."+def.Name) {
				here := at.enter(def, k)
				m.raw("rm.value.kind", here.String(), "object for a primitive", here, []byte(`{}`), nil)
				switch def.Type.Primitive {
				case rm.StringPrimitive:
					m.raw("rm.value.character", here.String(), "text with U+0000", here, []byte(`"a\u0000b"`), nil)
				case rm.IntegerPrimitive:
					m.raw("rm.value.range", here.String(), "integer of 80 bits", here, []byte(`999999999999999999999999`), nil)
				case rm.RealPrimitive:
					m.raw("rm.value.range", here.String(), "number above all doubles", here, []byte(`1e999`), nil)
				}
			}
		}
		if def.Container && m.first("null "+class+"."+def.Name) {
			here := at.enter(def, 0)
			m.raw("rm.value.null", here.String(), "null in a list", here, []byte("null"), nil)
		}
		if def.Container && def.MinItems > 0 && def.Mandatory && m.first("empty "+class+"."+def.Name) {
			empty := bytes.Replace(rm.AppendJSON(nil, set(n, def.Name)), []byte(`{"_type":"`+class+`"`), []byte(`{"_type":"`+class+`","`+def.Name+`":[]`), 1)
			m.raw("rm.container.empty", at.attribute(def.Name), "empty list", at, empty, nil)
		}
	}
}

// marker stands in the tree where raw JSON goes.
const marker = "¤raw¤"

// raw puts JSON in the place of a node. It is done on the text: a string that
// occurs nowhere else is written there first.
func (m *maker) raw(code, path, edit string, at place, head, rest []byte) {
	text := append(append([]byte(nil), head...), rest...)
	if len(at) == 0 {
		m.out = append(m.out, Mutation{Code: code, Path: path, Edit: edit, JSON: text})
		return
	}
	data := rm.AppendJSON(nil, editTo(m.root, at))
	if bytes.Count(data, []byte(`"`+marker+`"`)) != 1 {
		return
	}
	m.out = append(m.out, Mutation{Code: code, Path: path, Edit: edit, JSON: bytes.Replace(data, []byte(`"`+marker+`"`), text, 1)})
}

func editTo(root *rm.Node, at place) *rm.Node {
	return edit(root, at, &rm.Node{Class: rm.ClassString, Text: marker})
}
