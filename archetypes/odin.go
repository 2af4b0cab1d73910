package archetypes

import "strings"

// ValueKind is the kind of a dADL value.
type ValueKind uint8

// The kinds of dADL values.
const (
	ObjectValue   ValueKind = iota // attributes, in Fields
	KeyedValue                     // members with keys, in Fields
	StringValue                    // Text without quotes
	NumberValue                    // integer or real, Text as written
	BooleanValue                   // Text is true or false
	CodeValue                      // [terminology::code], Text inside the brackets
	TextValue                      // date, time, duration, URI, character: Text as written
	IntervalValue                  // Interval
	ListValue                      // several primitive values, in List
	OrdinalValue                   // value|[terminology::code], Text is the value, Code the symbol
)

// Value is one dADL value (ADL 1.4 chapter 4).
type Value struct {
	Kind     ValueKind
	Type     string // explicit type in parentheses before the value; "" if none
	Fields   []Field
	Text     string
	Code     Code
	List     []Value
	Interval *Interval
	Open     bool // a list ending in "..."
	Pos      Pos
}

// Field is an attribute or a keyed member of a dADL value.
type Field struct {
	Key   string
	Value Value
}

// Field finds an attribute or member; nil if there is none.
func (v *Value) Field(key string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			return &v.Fields[i].Value
		}
	}
	return nil
}

// Str is the text of an attribute or member; "" if absent.
func (v *Value) Str(key string) string {
	if f := v.Field(key); f != nil {
		return f.Text
	}
	return ""
}

// Dict is a member whose own members are strings; order is kept.
func (v *Value) Dict(key string) []KeyValue {
	f := v.Field(key)
	if f == nil {
		return nil
	}
	var out []KeyValue
	for _, m := range f.Fields {
		out = append(out, KeyValue{m.Key, m.Value.Text})
	}
	return out
}

// Strings is a member that is a list of strings, written as a list, as keyed
// members or as one string.
func (v *Value) Strings(key string) []string {
	f := v.Field(key)
	if f == nil {
		return nil
	}
	var out []string
	switch f.Kind {
	case ListValue:
		for _, m := range f.List {
			out = append(out, m.Text)
		}
	case ObjectValue, KeyedValue:
		for _, m := range f.Fields {
			out = append(out, m.Value.Text)
		}
	default:
		out = append(out, f.Text)
	}
	return out
}

// attributes reads "name = <…>" until something else comes.
func (p *parser) attributes() Value {
	v := Value{Kind: ObjectValue, Pos: p.pos(p.at)}
	for {
		w := p.peekWord()
		if w == "" {
			return v
		}
		start := p.at
		p.at += len(w)
		if p.peek() != '=' {
			p.at = start
			return v
		}
		p.at++
		if v.Field(w) != nil {
			p.failAt(start, "attribute %s is given twice", w)
		}
		v.Fields = append(v.Fields, Field{w, p.block()})
		p.accept(";")
	}
}

// block reads one value in angle brackets, with an optional type before it.
func (p *parser) block() Value {
	p.enter()
	defer p.leave()
	typ := ""
	if p.accept("(") {
		end := strings.IndexAny(p.src[p.at:], ")\n")
		if end < 0 || p.src[p.at+end] != ')' {
			p.fail("expected \")\" after the type")
		}
		typ = strings.TrimSpace(p.src[p.at : p.at+end])
		p.at += end + 1
	}
	p.skip()
	offset := p.at
	p.expect("<")
	v := p.blockBody()
	p.expect(">")
	v.Type, v.Pos = typ, p.pos(offset)
	return v
}

func (p *parser) blockBody() Value {
	switch c := p.peek(); {
	case c == '>':
		return Value{Kind: ObjectValue}
	case c == '[':
		if p.keyAhead() {
			return p.keyed()
		}
		return p.primitiveList()
	case isLetter(c):
		start := p.at
		if w := p.peekWord(); w != "" {
			p.at += len(w)
			next := p.peek()
			p.at = start
			if next == '=' {
				return p.attributes()
			}
		}
	}
	return p.primitiveList()
}

// keyAhead tells a member's key ["en"] = from a code [openehr::433].
func (p *parser) keyAhead() bool {
	start := p.at
	defer func() { p.at = start }()
	p.at++
	switch c := p.peek(); {
	case c == '"':
		return true
	case isDigit(c) || c == '-':
		rest := p.src[p.at:]
		if end := strings.IndexAny(rest, "]\n"); end > 0 && rest[end] == ']' {
			return !strings.Contains(rest[:end], "::")
		}
	}
	return false
}

func (p *parser) keyed() Value {
	v := Value{Kind: KeyedValue}
	for p.peek() == '[' {
		start := p.at
		p.at++
		var key string
		if p.peek() == '"' {
			key = p.quoted()
		} else {
			key, _ = p.number()
		}
		p.expect("]")
		p.expect("=")
		if v.Field(key) != nil {
			p.failAt(start, "key %q is given twice", key)
		}
		v.Fields = append(v.Fields, Field{key, p.block()})
		p.accept(";")
	}
	return v
}

func (p *parser) primitiveList() Value {
	first := p.primitiveValue()
	if p.peek() != ',' {
		return first
	}
	v := Value{Kind: ListValue, List: []Value{first}}
	for p.accept(",") {
		if p.accept("...") {
			v.Open = true
			break
		}
		v.List = append(v.List, p.primitiveValue())
	}
	return v
}

func (p *parser) primitiveValue() Value {
	c := p.peek()
	offset := p.at
	v := Value{Pos: p.pos(offset)}
	switch {
	case c == '"':
		v.Kind, v.Text = StringValue, p.quoted()
	case c == '[':
		v.Kind, v.Text = CodeValue, p.bracketed()
		if strings.Contains(v.Text, "::") {
			v.Code = p.parseCode(offset, v.Text)
		}
	case c == '|':
		v.Kind, v.Interval = IntervalValue, p.interval(p.boundText)
	case c == '\'':
		v.Kind = TextValue
		end := strings.IndexByte(p.src[p.at+1:], '\'')
		if end < 0 {
			p.fail("character without its closing quote")
		}
		v.Text = p.src[p.at : p.at+end+2]
		p.at += end + 2
	case isDigit(c) || c == '-' || c == '+':
		// A number, a date or a time.
		text := p.boundText()
		v.Kind, v.Text = NumberValue, text
		if strings.ContainsAny(text, ":T") || strings.Count(text, "-") > 1 {
			v.Kind = TextValue
		} else if p.peek() == '|' {
			start := p.at
			p.at++
			if p.peek() == '[' {
				inside := p.bracketed()
				v.Kind, v.Code = OrdinalValue, p.parseCode(start, inside)
			} else {
				p.at = start
			}
		}
	case isLetter(c):
		w := p.peekWord()
		switch strings.ToLower(w) {
		case "true", "false":
			p.at += len(w)
			v.Kind, v.Text = BooleanValue, strings.ToLower(w)
		default: // a duration or a URI
			v.Kind, v.Text = TextValue, p.untilDelimiter()
		}
	default:
		p.fail("expected a value, found %s", p.found())
	}
	return v
}

// untilDelimiter reads a URI or a duration, which end at a blank, a comma
// before a blank, or the closing bracket.
func (p *parser) untilDelimiter() string {
	start := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if c == '>' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '<' {
			break
		}
		if c == ',' && p.at+1 < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at+1]) >= 0 {
			break
		}
		p.at++
	}
	if p.at == start {
		p.fail("expected a value, found %s", p.found())
	}
	return p.src[start:p.at]
}

// boundText reads a number, date, time or duration, as they stand in intervals.
func (p *parser) boundText() string {
	p.skip()
	start := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if isWordByte(c) || c == ':' || c == '+' || c == '-' && !strings.HasPrefix(p.src[p.at:], "--") {
			p.at++
			continue
		}
		if (c == '.' || c == ',') && p.at+1 < len(p.src) && isDigit(p.src[p.at+1]) && p.at > start && isDigit(p.src[p.at-1]) {
			p.at++
			continue
		}
		break
	}
	if p.at == start {
		p.fail("expected a number, date, time or duration, found %s", p.found())
	}
	return p.src[start:p.at]
}

// interval reads |a..b|, |a..<b|, |>a..b|, |>=a|, |<b|, |a| and |a +/-b|.
func (p *parser) interval(bound func() string) *Interval {
	p.expect("|")
	iv := &Interval{}
	switch {
	case p.accept(">="):
		iv.Lower, iv.LowerIncluded, iv.UpperUnbounded = bound(), true, true
	case p.accept("<="):
		iv.Upper, iv.UpperIncluded, iv.LowerUnbounded = bound(), true, true
	case p.accept("<"):
		iv.Upper, iv.LowerUnbounded = bound(), true
	default:
		open := p.accept(">")
		star := p.accept("*")
		if !star {
			iv.Lower = bound()
		} else {
			iv.LowerUnbounded = true
		}
		switch {
		case p.accept(".."):
			iv.LowerIncluded = !open && !star
			iv.UpperIncluded = !p.accept("<")
			if p.accept("*") {
				iv.UpperUnbounded, iv.UpperIncluded = true, false
			} else {
				iv.Upper = bound()
			}
		case open:
			iv.UpperUnbounded = true
		case star:
			p.fail("expected \"..\", found %s", p.found())
		default:
			iv.LowerIncluded, iv.UpperIncluded, iv.Upper = true, true, iv.Lower
		}
	}
	p.expect("|")
	return iv
}
