package simplified

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// object is an RM object under construction. It becomes canonical JSON, which
// the typing pass of package rm then judges.
type object struct {
	class *rm.Class
	attrs []attr
	// constraint is what the template says of a LOCATABLE, name what it is
	// called if the template has several names for it.
	constraint *templates.Object
	name       string
	raw        []byte // the object as given by |raw; nothing else counts then
}

type attr struct {
	def  *rm.Attribute
	vals []*object
	text []scalar // of a primitive
}

func newObject(class string) *object { return &object{class: rm.Lookup(class)} }

func (o *object) attr(name string) *attr {
	for i := range o.attrs {
		if o.attrs[i].def.Name == name {
			return &o.attrs[i]
		}
	}
	return nil
}

func (o *object) has(name string) bool { return o.raw != nil || o.attr(name) != nil }

func (o *object) open(name string) *attr {
	if a := o.attr(name); a != nil {
		return a
	}
	def := o.class.Attribute(name)
	if def == nil {
		panic("simplified: " + o.class.Name + " has no attribute " + name)
	}
	if o.attrs == nil {
		n := 2
		if o.class.IsA(rm.ClassLocatable) {
			n = 8
		}
		o.attrs = make([]attr, 0, n)
	}
	o.attrs = append(o.attrs, attr{def: def})
	return &o.attrs[len(o.attrs)-1]
}

// add adds an object to an attribute; nil is nothing.
func (o *object) add(name string, v *object) {
	if v != nil {
		a := o.open(name)
		a.vals = append(a.vals, v)
	}
}

// put sets a primitive; an absent value is nothing.
func (o *object) put(name string, v scalar, ok bool) {
	if !ok {
		return
	}
	a := o.open(name)
	a.text = []scalar{primitive(a.def.Type, v)}
}

func (o *object) putText(name, s string) { o.put(name, str(s), s != "") }

// primitive brings a value into the JSON kind that a class has: clients send
// numbers and Booleans as strings, and numbers as texts.
func primitive(class *rm.Class, v scalar) scalar {
	switch class.Primitive {
	case rm.StringPrimitive:
		return str(v.text)
	case rm.IntegerPrimitive, rm.RealPrimitive:
		if v.kind == '"' && jsontext.Value(v.text).Kind() == '0' && jsontext.Value(v.text).IsValid() {
			return scalar{'0', v.text}
		}
	case rm.BooleanPrimitive:
		if v.kind == '"' && (v.text == "true" || v.text == "false") {
			return scalar{jsontext.Kind(v.text[0]), v.text}
		}
	}
	return v
}

// get follows single-valued attributes.
func (o *object) get(names ...string) *object {
	for _, name := range names {
		a := o.attr(name)
		if a == nil || len(a.vals) == 0 {
			return nil
		}
		o = a.vals[0]
	}
	return o
}

// text is a primitive attribute; "" if it is absent.
func (o *object) text(name string) string {
	if o == nil {
		return ""
	}
	if a := o.attr(name); a != nil && len(a.text) > 0 {
		return a.text[0].text
	}
	return ""
}

// json appends the object as canonical JSON.
func (o *object) json(dst []byte) []byte {
	if o.raw != nil {
		return append(dst, o.raw...)
	}
	dst = append(dst, `{"_type":"`...)
	dst = append(dst, o.class.Name...)
	dst = append(dst, '"')
	for _, a := range o.attrs {
		if len(a.vals)+len(a.text) == 0 {
			continue
		}
		dst = append(dst, ',', '"')
		dst = append(dst, a.def.Name...)
		dst = append(dst, '"', ':')
		if a.def.Container {
			dst = append(dst, '[')
		}
		n := 0
		for _, v := range a.vals {
			if n++; n > 1 {
				dst = append(dst, ',')
			}
			dst = v.json(dst)
		}
		for _, v := range a.text {
			if n++; n > 1 {
				dst = append(dst, ',')
			}
			dst = v.append(dst)
		}
		if a.def.Container {
			dst = append(dst, ']')
		}
	}
	return append(dst, '}')
}

// value makes an object with one string attribute called value.
func value(class, text string) *object {
	o := newObject(class)
	o.putText("value", text)
	return o
}

func codePhrase(terminology, code string) *object {
	o := newObject("CODE_PHRASE")
	o.add("terminology_id", value("TERMINOLOGY_ID", terminology))
	o.putText("code_string", code)
	return o
}

func codedText(text, terminology, code string) *object {
	o := value("DV_CODED_TEXT", text)
	o.add("defining_code", codePhrase(terminology, code))
	return o
}

// dropEmpty removes members that came to nothing, keeping the others in order.
func dropEmpty(list []*object) []*object {
	return slices.DeleteFunc(list, func(o *object) bool { return o == nil })
}

// raw is the object that |raw gives as canonical JSON, itself or as text.
func (r *reader) raw(class *rm.Class, v scalar) *object {
	json := jsontext.Value(v.text)
	if !json.IsValid() || json.Kind() != '{' {
		r.report("", "|raw is not a JSON object")
		return nil
	}
	return &object{class: class, raw: typed(json)}
}

// rawIsA reports whether raw content says that it is of a class.
func (o *object) rawIsA(class *rm.Class) bool {
	var says struct {
		Type string `json:"_type"`
	}
	if err := json.Unmarshal(o.raw, &says); err != nil {
		return false // judged where it is typed
	}
	c := rm.Lookup(says.Type)
	return c != nil && c.IsA(class)
}

// typed writes @class, by which older clients name the class, as _type.
func typed(json jsontext.Value) jsontext.Value {
	if !bytes.Contains(json, []byte(`"@class"`)) {
		return json
	}
	var out bytes.Buffer
	dec, enc := jsontext.NewDecoder(bytes.NewReader(json)), jsontext.NewEncoder(&out)
	for {
		if depth := dec.StackDepth(); depth > 0 && dec.PeekKind() == '"' {
			// A member's name comes at an even place of an object.
			if kind, length := dec.StackIndex(depth); kind == '{' && length%2 == 0 {
				name, err := dec.ReadToken()
				if err != nil {
					return json
				}
				if name.String() == "@class" {
					name = jsontext.String("_type")
				}
				if enc.WriteToken(name) != nil {
					return json // both names: refused as it is
				}
				continue
			}
		}
		token, err := dec.ReadToken()
		if err != nil {
			break
		}
		if enc.WriteToken(token) != nil {
			return json
		}
	}
	return bytes.TrimSpace(out.Bytes())
}
