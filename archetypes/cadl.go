package archetypes

import (
	"strconv"
	"strings"
)

// matches passes the matching operator in any of its spellings.
func (p *parser) matches() bool {
	return p.acceptWord("matches", "is_in") || p.accept("∈")
}

func (p *parser) expectMatches() {
	if !p.matches() {
		p.fail("expected \"matches\", found %s", p.found())
	}
}

// typeName reads an RM class name with its type parameters.
func (p *parser) typeName() string {
	name := p.word("a class name")
	// DV_INTERVAL<DV_QUANTITY> has parameters, C_DV_QUANTITY <property = …> has not.
	if p.peek() == '<' {
		start := p.at
		p.at++
		if w := p.peekWord(); w != "" {
			p.at += len(w)
			if c := p.peek(); c == '>' || c == ',' || c == '<' {
				p.at = start + 1
				params := []string{p.typeName()}
				for p.accept(",") {
					params = append(params, p.typeName())
				}
				p.expect(">")
				return name + "<" + strings.Join(params, ",") + ">"
			}
		}
		p.at = start
	}
	return name
}

// nodeID reads an optional [at0000].
func (p *parser) nodeID() string {
	if p.peek() != '[' {
		return ""
	}
	offset := p.at
	id := p.bracketed()
	if !isAtCode(id) {
		p.failAt(offset, "expected a node id such as [at0001], found [%s]", id)
	}
	return id
}

func isAtCode(s string) bool { return isLocalCode(s, "at") }
func isAcCode(s string) bool { return isLocalCode(s, "ac") }

func isLocalCode(s, prefix string) bool {
	if len(s) <= len(prefix) || !strings.HasPrefix(s, prefix) {
		return false
	}
	for _, part := range strings.Split(s[len(prefix):], ".") {
		if part == "" {
			return false
		}
		for i := 0; i < len(part); i++ {
			if !isDigit(part[i]) {
				return false
			}
		}
	}
	return true
}

// multiplicity reads 0..*, 1, *, 1..3.
func (p *parser) multiplicity() Multiplicity {
	if p.accept("*") {
		return Multiplicity{0, Unbounded}
	}
	offset := p.at
	low := p.count()
	m := Multiplicity{low, low}
	if p.accept("..") {
		if p.accept("*") || p.acceptWord("n") {
			m.Upper = Unbounded
		} else if m.Upper = p.count(); m.Upper < m.Lower {
			p.failAt(offset, "upper limit %d is below the lower limit %d", m.Upper, m.Lower)
		}
	}
	return m
}

func (p *parser) count() int {
	p.skip()
	i := p.at
	for i < len(p.src) && isDigit(p.src[i]) {
		i++
	}
	n, err := strconv.Atoi(p.src[p.at:i])
	if err != nil || n > 1<<30 {
		p.fail("expected a count, found %s", p.found())
	}
	p.at = i
	return n
}

func (p *parser) occurrences() *Multiplicity {
	if !p.acceptWord("occurrences") {
		return nil
	}
	p.expectMatches()
	p.expect("{")
	m := p.multiplicity()
	p.expect("}")
	return &m
}

// object reads one object constraint.
func (p *parser) object() *Object {
	p.enter()
	defer p.leave()
	p.skip()
	o := &Object{Pos: p.pos(p.at)}
	switch {
	case p.acceptWord("allow_archetype", "use_archetype"):
		p.slot(o)
		return o
	case p.acceptWord("use_node"):
		o.RMType = p.typeName()
		o.NodeID = p.nodeID()
		o.Occurrences = p.occurrences()
		o.Ref = p.path()
		return o
	}
	o.RMType = p.typeName()
	if strings.HasPrefix(o.RMType, "C_") && p.peek() == '<' {
		p.domain(o)
		return o
	}
	o.NodeID = p.nodeID()
	o.Occurrences = p.occurrences()
	if !p.matches() {
		return o // permits anything of the type
	}
	p.expect("{")
	if p.accept("*") {
		p.expect("}")
		return o
	}
	for p.peek() != '}' {
		a := p.attribute()
		if o.Attribute(a.Name) != nil {
			p.fail("attribute %s is constrained twice in %s[%s]", a.Name, o.RMType, o.NodeID)
		}
		o.Attributes = append(o.Attributes, a)
	}
	if len(o.Attributes) == 0 {
		p.fail("%s has an empty constraint: write {*} to permit anything", o.RMType)
	}
	p.expect("}")
	return o
}

func (p *parser) slot(o *Object) {
	o.RMType = p.typeName()
	o.NodeID = p.nodeID()
	o.Occurrences = p.occurrences()
	o.Slot = &Slot{}
	p.slotRules(o)
}

// slotRules reads which archetypes a slot takes.
func (p *parser) slotRules(o *Object) {
	if !p.matches() {
		return
	}
	p.expect("{")
	if p.accept("*") {
		p.expect("}")
		return
	}
	if p.acceptWord("include") {
		o.Slot.Includes = p.assertions("exclude")
	}
	if p.acceptWord("exclude") {
		o.Slot.Excludes = p.assertions()
	}
	p.expect("}") // a slot without rules permits any archetype of its class
}

// attributeHead reads the name of an attribute with its existence and
// cardinality.
func (p *parser) attributeHead() *Attribute {
	p.skip()
	a := &Attribute{Pos: p.pos(p.at)}
	a.Name = p.word("an attribute name")
	if p.acceptWord("existence") {
		p.expectMatches()
		p.expect("{")
		m := p.multiplicity()
		if m.Upper != 0 && m.Upper != 1 {
			p.fail("existence of %s is %s: it cannot exceed 1", a.Name, m)
		}
		a.Existence = &m
		p.expect("}")
	}
	if p.acceptWord("cardinality") {
		p.expectMatches()
		a.Cardinality = p.cardinality()
	}
	return a
}

// attribute reads one attribute constraint.
func (p *parser) attribute() *Attribute {
	p.enter()
	defer p.leave()
	a := p.attributeHead()
	if !p.matches() {
		if a.Existence == nil && a.Cardinality == nil {
			p.fail("expected \"matches\", found %s", p.found())
		}
		return a
	}
	p.expect("{")
	if p.accept("*") {
		p.expect("}")
		return a
	}
	a.Children = p.values(a.Name)
	p.expect("}")
	return a
}

func (p *parser) cardinality() *Cardinality {
	p.expect("{")
	c := &Cardinality{Interval: p.multiplicity()}
	for p.accept(";") {
		switch {
		case p.acceptWord("ordered"):
			c.OrderStated = true
		case p.acceptWord("unordered"):
			c.OrderStated, c.Unordered = true, true
		case p.acceptWord("unique"):
			c.Unique = true
		case p.accept("non-unique") || p.acceptWord("non_unique"):
			c.NonUnique = true
		default:
			p.fail("expected ordered, unordered, unique or non-unique, found %s", p.found())
		}
	}
	p.expect("}")
	return c
}

// values reads what stands between the braces of an attribute.
func (p *parser) values(attr string) []*Object {
	p.skip()
	offset := p.at
	at := p.pos(offset)
	switch c := p.peek(); {
	case c == '[':
		inside := p.bracketedLines()
		if isAcCode(inside) {
			return []*Object{{RMType: "CODE_PHRASE", ConstraintRef: inside, Pos: at}}
		}
		return []*Object{{RMType: "CODE_PHRASE", Codes: p.codes(offset, inside), Pos: at}}
	case p.ordinalAhead():
		return []*Object{{RMType: "DV_ORDINAL", Ordinal: p.ordinal(), Pos: at}}
	case c == '"' || c == '/' || c == '^' || c == '|' || c == '-' || c == '+' || isDigit(c) || p.primitiveWordAhead():
		prim := p.primitive()
		return []*Object{{RMType: prim.Kind.String(), Primitive: prim, Pos: at}}
	case isLetter(c):
		var out []*Object
		for isLetter(p.peek()) {
			out = append(out, p.object())
		}
		return out
	}
	p.fail("expected a constraint on %s, found %s", attr, p.found())
	return nil
}

// bracketedLines reads the text between [ and ] over several lines, without
// its comments.
func (p *parser) bracketedLines() string {
	start := p.at
	p.expect("[")
	var b strings.Builder
	for {
		p.skip()
		if p.at >= len(p.src) {
			p.failAt(start, "\"[\" without its \"]\"")
		}
		c := p.src[p.at]
		p.at++
		if c == ']' {
			return b.String()
		}
		b.WriteByte(c)
	}
}

// codes takes the inside of [terminology::code, code; assumed] apart.
func (p *parser) codes(offset int, inside string) *CodeConstraint {
	terminology, rest, ok := strings.Cut(inside, "::")
	if !ok {
		p.failAt(offset, "expected codes such as [local::at0001, at0002], found [%s]", inside)
	}
	c := &CodeConstraint{Terminology: terminology}
	rest, assumed, hasAssumed := strings.Cut(rest, ";")
	if hasAssumed {
		if t, code, qualified := strings.Cut(assumed, "::"); qualified {
			if t != terminology {
				c.AssumedTerminology = t
			}
			assumed = code
		}
		if assumed == "" {
			p.failAt(offset, "assumed code is missing after \";\"")
		}
		c.Assumed = assumed
	}
	if rest != "" {
		for _, code := range strings.Split(rest, ",") {
			if code == "" {
				p.failAt(offset, "empty code in [%s]", inside)
			}
			c.Codes = append(c.Codes, code)
		}
	}
	return c
}

// ordinalAhead tells 0|[local::at0001] from a number.
func (p *parser) ordinalAhead() bool {
	i := p.at
	if i < len(p.src) && (p.src[i] == '-' || p.src[i] == '+') {
		i++
	}
	digits := i
	for i < len(p.src) && (isDigit(p.src[i]) || p.src[i] == '.') {
		i++
	}
	if i == digits {
		return false
	}
	for i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\t') {
		i++
	}
	if i >= len(p.src) || p.src[i] != '|' {
		return false
	}
	for i++; i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\t'); i++ {
	}
	return i < len(p.src) && p.src[i] == '['
}

func (p *parser) ordinal() *OrdinalConstraint {
	o := &OrdinalConstraint{}
	for {
		value, _ := p.number()
		p.expect("|")
		offset := p.at
		inside := p.bracketedLines()
		o.List = append(o.List, OrdinalItem{Value: value, Symbol: p.parseCode(offset, inside)})
		if !p.accept(",") {
			break
		}
	}
	if p.accept(";") {
		o.Assumed, _ = p.number()
	}
	return o
}

// domain reads C_DV_QUANTITY <…> and its like.
func (p *parser) domain(o *Object) {
	class := o.RMType
	v := p.block()
	switch class {
	case "C_DV_QUANTITY", "C_QUANTITY":
		o.RMType = "DV_QUANTITY"
		o.Quantity = p.quantity(&v)
	case "C_CODE_PHRASE", "C_CODED_TEXT":
		o.RMType = "CODE_PHRASE"
		o.Codes = domainCodes(&v)
	case "C_DV_ORDINAL", "C_ORDINAL":
		o.RMType = "DV_ORDINAL"
		o.Ordinal = p.domainOrdinal(&v)
	default:
		o.RMType = strings.TrimPrefix(class, "C_")
		v.Type = class
		o.Domain = &v
	}
}

// failPos fails at a place that is already known as line and column.
func failPos(at Pos, msg string) { panic(&SyntaxError{Pos: at, Msg: msg}) }

func (p *parser) quantity(v *Value) *QuantityConstraint {
	q := &QuantityConstraint{}
	if f := v.Field("property"); f != nil {
		if f.Kind != CodeValue || f.Code.Code == "" {
			failPos(f.Pos, "property of a quantity must be a code such as [openehr::125]")
		}
		code := f.Code
		q.Property = &code
	}
	if list := v.Field("list"); list != nil {
		for i := range list.Fields {
			item := &list.Fields[i].Value
			units := item.Field("units")
			if units == nil || units.Kind != StringValue {
				failPos(item.Pos, "member of a quantity's list has no units")
			}
			q.List = append(q.List, QuantityItem{
				Units:     units.Text,
				Magnitude: intervalField(item, "magnitude"),
				Precision: intervalField(item, "precision"),
			})
		}
	}
	if a := v.Field("assumed_value"); a != nil {
		q.Assumed = &AssumedQuantity{Magnitude: a.Str("magnitude"), Units: a.Str("units"), Precision: a.Str("precision")}
	}
	return q
}

func intervalField(v *Value, name string) *Interval {
	f := v.Field(name)
	if f == nil {
		return nil
	}
	switch f.Kind {
	case IntervalValue:
		return f.Interval
	case NumberValue:
		return &Interval{Lower: f.Text, Upper: f.Text, LowerIncluded: true, UpperIncluded: true}
	}
	failPos(f.Pos, name+" must be an interval such as |0.0..100.0|")
	return nil
}

func domainCodes(v *Value) *CodeConstraint {
	c := &CodeConstraint{Terminology: v.Str("terminology_id")}
	if t := v.Field("terminology_id"); t != nil && len(t.Fields) > 0 {
		c.Terminology = t.Str("value")
	}
	c.Codes = v.Strings("code_list")
	if a := v.Field("assumed_value"); a != nil {
		if a.Kind == CodeValue {
			c.Assumed = a.Code.Code
		} else {
			c.Assumed = a.Str("code_string")
		}
	}
	return c
}

func (p *parser) domainOrdinal(v *Value) *OrdinalConstraint {
	o := &OrdinalConstraint{}
	list := v.Field("list")
	if list == nil {
		return o
	}
	add := func(item *Value) {
		switch {
		case item.Kind == OrdinalValue:
			o.List = append(o.List, OrdinalItem{item.Text, item.Code})
		case item.Field("symbol") != nil && item.Field("symbol").Kind == CodeValue:
			o.List = append(o.List, OrdinalItem{item.Str("value"), item.Field("symbol").Code})
		default:
			failPos(item.Pos, "member of an ordinal's list must have a value and a symbol")
		}
	}
	switch list.Kind {
	case OrdinalValue:
		add(list)
	case ListValue:
		for i := range list.List {
			add(&list.List[i])
		}
	default:
		for i := range list.Fields {
			add(&list.Fields[i].Value)
		}
	}
	if a := v.Field("assumed_value"); a != nil {
		if o.Assumed = a.Text; a.Kind == ObjectValue {
			o.Assumed = a.Str("value")
		}
	}
	return o
}
