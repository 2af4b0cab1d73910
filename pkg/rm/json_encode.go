package rm

import "github.com/go-json-experiment/json/jsontext"

// AppendJSON appends the canonical JSON of a tree: no insignificant space, each
// object's _type first and always present, attributes in the order the node
// holds them (RM order), numbers as they were written. Bytes that are not UTF-8
// are written as U+FFFD.
//
// A nil node is written as null.
func AppendJSON(dst []byte, n *Node) []byte {
	if n == nil {
		return append(dst, "null"...)
	}
	switch n.Class.Primitive {
	case StringPrimitive:
		return appendQuoted(dst, n.Text)
	case NotPrimitive:
	default:
		return append(dst, n.Text...)
	}
	dst = append(dst, n.Class.jsonHead...)
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if !a.Def.Container && len(a.Items) == 0 {
			continue
		}
		dst = append(dst, a.Def.jsonName...)
		if !a.Def.Container {
			dst = AppendJSON(dst, a.Items[0])
			continue
		}
		dst = append(dst, '[')
		for k, item := range a.Items {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, item)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendQuoted writes a string literal. Most strings need no escapes and are
// copied.
func appendQuoted(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			// The error only tells of invalid UTF-8, which has been replaced.
			dst, _ = jsontext.AppendQuote(dst, s)
			return dst
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
