package archetypes

import (
	"regexp"
	"strings"
)

var (
	dateShape     = regexp.MustCompile(`^[yY]{4}-[mM?X]{2}-[dD?X]{2}$`)
	timeShape     = regexp.MustCompile(`^T?[hH]{2}:[mM?X]{2}:[sS?X]{2}$`)
	dateTimeShape = regexp.MustCompile(`^[yY]{4}-[mM?X]{2}-[dD?X]{2}[T ][hH?X]{2}:[mM?X]{2}:[sS?X]{2}$`)
	durationShape = regexp.MustCompile(`^P[yY]?[mM]?[wW]?[dD]?(T[hH]?[mM]?[sS]?)?$`)

	dateValue     = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$|^\d{8}$`)
	timeValue     = regexp.MustCompile(`^T?\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$`)
	dateTimeValue = regexp.MustCompile(`^\d{4}-?\d\d-?\d\dT\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?$`)
	durationValue = regexp.MustCompile(`^-?P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?$`)
	integerValue  = regexp.MustCompile(`^[-+]?\d+$`)
	realValue     = regexp.MustCompile(`^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$`)
)

// primitiveWordAhead tells a boolean, a duration or a date pattern from the
// class name of an object.
func (p *parser) primitiveWordAhead() bool {
	w := p.peekWord()
	switch strings.ToLower(w) {
	case "":
		return false
	case "true", "false":
		return true
	case "yyyy", "hh":
		return true
	case "thh":
		return true
	}
	return durationShape.MatchString(w) && len(w) > 1 || durationValue.MatchString(w) && len(w) > 1
}

// primitive reads the constraint on a primitive value up to the closing brace.
func (p *parser) primitive() *Primitive {
	offset := p.at
	prim := &Primitive{}
	switch c := p.peek(); {
	case c == '/' || c == '^':
		prim.Kind, prim.Pattern = StringKind, p.regex()
	case c == '"':
		prim.Kind = StringKind
		prim.Values = []string{p.quoted()}
		for p.accept(",") {
			if p.accept("...") {
				prim.Open = true
				break
			}
			prim.Values = append(prim.Values, p.quoted())
		}
	case c == '|':
		prim.Range = p.interval(p.boundText)
		prim.Kind = p.rangeKind(offset, prim.Range)
	default:
		p.lexicalPrimitive(prim)
	}
	if p.accept(";") {
		var v string
		if p.peek() == '"' {
			v = p.quoted()
		} else {
			v = p.patternText()
		}
		if prim.Kind == BooleanKind {
			v = strings.ToLower(v)
		}
		prim.Assumed = &v
	}
	return prim
}

// lexicalPrimitive reads booleans, numbers, dates, times and durations, and
// the patterns of the latter.
func (p *parser) lexicalPrimitive(prim *Primitive) {
	offset := p.at
	first := p.patternText()
	switch lower := strings.ToLower(first); {
	case lower == "true" || lower == "false":
		prim.Kind, prim.Values = BooleanKind, []string{lower}
		for p.accept(",") {
			at := p.at
			w := strings.ToLower(p.patternText())
			if w != "true" && w != "false" {
				p.failAt(at, "expected true or false, found %q", w)
			}
			prim.Values = append(prim.Values, w)
		}
		return
	case dateShape.MatchString(first):
		prim.Kind, prim.Pattern = DateKind, first
		p.patternRange(prim)
		return
	case timeShape.MatchString(first):
		prim.Kind, prim.Pattern = TimeKind, first
		p.patternRange(prim)
		return
	case dateTimeShape.MatchString(first):
		prim.Kind, prim.Pattern = DateTimeKind, first
		p.patternRange(prim)
		return
	case durationShape.MatchString(first) && len(first) > 1:
		prim.Kind, prim.Pattern = DurationKind, first
		p.patternRange(prim)
		return
	}
	kind, ok := valueKind(first)
	if !ok {
		p.failAt(offset, "%q is neither a value nor a pattern of a primitive type", first)
	}
	prim.Kind, prim.Values = kind, []string{first}
	for p.accept(",") {
		if p.accept("...") {
			prim.Open = true
			break
		}
		at := p.at
		v := p.patternText()
		k, ok := valueKind(v)
		if ok && prim.Kind == IntegerKind && k == RealKind {
			prim.Kind = RealKind
		} else if !ok || k != prim.Kind && !(prim.Kind == RealKind && k == IntegerKind) {
			p.failAt(at, "%q is not of the type of the other values", v)
		}
		prim.Values = append(prim.Values, v)
	}
}

// patternRange reads the range after a pattern, as in PTHMS/|PT0S..PT24H|.
func (p *parser) patternRange(prim *Primitive) {
	if !p.accept("/") {
		return
	}
	offset := p.at
	prim.Range = p.interval(p.boundText)
	if k := p.rangeKind(offset, prim.Range); k != prim.Kind {
		p.failAt(offset, "range of %s after a pattern of %s", k, prim.Kind)
	}
}

// valueKind is the type whose lexical form v has.
func valueKind(v string) (PrimitiveKind, bool) {
	switch {
	case integerValue.MatchString(v):
		return IntegerKind, true
	case realValue.MatchString(v):
		return RealKind, true
	case dateTimeValue.MatchString(v):
		return DateTimeKind, true
	case dateValue.MatchString(v):
		return DateKind, true
	case timeValue.MatchString(v):
		return TimeKind, true
	case durationValue.MatchString(v) && len(v) > 1 && !strings.HasSuffix(v, "T") && !strings.HasSuffix(v, "P"):
		return DurationKind, true
	}
	return 0, false
}

func (p *parser) rangeKind(offset int, iv *Interval) PrimitiveKind {
	var kind PrimitiveKind
	seen := false
	for _, b := range []string{iv.Lower, iv.Upper} {
		if b == "" {
			continue
		}
		k, ok := valueKind(b)
		switch {
		case !ok:
			p.failAt(offset, "%q is not a number, date, time or duration", b)
		case !seen:
			kind, seen = k, true
		case k != kind && k+kind == IntegerKind+RealKind:
			kind = RealKind
		case k != kind:
			p.failAt(offset, "interval limits %q and %q differ in type", iv.Lower, iv.Upper)
		}
	}
	if !seen {
		p.failAt(offset, "interval without limits")
	}
	return kind
}

// patternText reads a value or pattern: letters, digits and - : ? + . ,
// (comma and dot only between digits).
func (p *parser) patternText() string {
	p.skip()
	start := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if isWordByte(c) || c == ':' || c == '?' || c == '+' || c == '-' && !strings.HasPrefix(p.src[p.at:], "--") {
			p.at++
			continue
		}
		if (c == '.' || c == ',') && p.at+1 < len(p.src) && isDigit(p.src[p.at+1]) && p.at > start && isDigit(p.src[p.at-1]) {
			if c == '.' || strings.ContainsAny(p.src[start:p.at], "T:") {
				p.at++
				continue
			}
		}
		break
	}
	if p.at == start {
		p.fail("expected a value, found %s", p.found())
	}
	return p.src[start:p.at]
}

// regex reads /…/ or ^…^ and returns what is between the delimiters, with an
// escaped delimiter unescaped.
func (p *parser) regex() string {
	p.skip()
	start := p.at
	delimiter := p.src[p.at]
	p.at++
	var b strings.Builder
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case c == delimiter:
			p.at++
			if b.Len() == 0 {
				p.failAt(start, "empty regular expression")
			}
			return b.String()
		case c == '\n':
			p.failAt(start, "regular expression without its closing %q", string(delimiter))
		case c == '\\' && p.at+1 < len(p.src) && p.src[p.at+1] == delimiter && delimiter == '/':
			b.WriteByte(delimiter)
			p.at += 2
		case c == '\\' && p.at+1 < len(p.src):
			b.WriteString(p.src[p.at : p.at+2])
			p.at += 2
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	p.failAt(start, "regular expression without its closing %q", string(delimiter))
	return ""
}

// String is the constraint in ADL's notation without its braces.
func (p *Primitive) String() string {
	var s string
	switch {
	case p.Kind == StringKind && p.Pattern != "":
		s = regexText(p.Pattern)
	case p.Pattern != "":
		s = p.Pattern
		if p.Range != nil {
			s += "/" + p.Range.String()
		}
	case p.Range != nil:
		s = p.Range.String()
	default:
		values := make([]string, len(p.Values))
		for i, v := range p.Values {
			switch p.Kind {
			case StringKind:
				v = quote(v)
			case BooleanKind:
				v = strings.ToUpper(v[:1]) + v[1:]
			}
			values[i] = v
		}
		s = strings.Join(values, ", ")
		if p.Open {
			s += ", ..."
		}
	}
	if p.Assumed != nil {
		v := *p.Assumed
		if p.Kind == StringKind {
			v = quote(v)
		}
		s += "; " + v
	}
	return s
}

// regexText delimits a regular expression, escaping slashes in it.
func regexText(pattern string) string {
	if !strings.Contains(pattern, "/") {
		return "/" + pattern + "/"
	}
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			b.WriteString(pattern[i : i+2])
			i++
		case c == '/':
			b.WriteString(`\/`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('/')
	return b.String()
}
