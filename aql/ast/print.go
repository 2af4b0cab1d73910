package ast

import (
	"fmt"
	"strconv"
	"strings"
)

// String prints the query on one line.
func (q *Query) String() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	if q.Distinct {
		b.WriteString("DISTINCT ")
	}
	if q.Top != nil {
		b.WriteString(q.Top.String() + " ")
	}
	writeList(&b, q.Columns)
	b.WriteString(" FROM " + q.From.String())
	if q.Where != nil {
		b.WriteString(" WHERE " + q.Where.String())
	}
	if len(q.GroupBy) > 0 {
		b.WriteString(" GROUP BY ")
		writeList(&b, q.GroupBy)
	}
	if q.Having != nil {
		b.WriteString(" HAVING " + q.Having.String())
	}
	if len(q.OrderBy) > 0 {
		b.WriteString(" ORDER BY ")
		writeList(&b, q.OrderBy)
	}
	if q.Limit != nil {
		b.WriteString(" " + q.Limit.String())
	}
	return b.String()
}

func writeList[T Node](b *strings.Builder, list []T) {
	for i, n := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n.String())
	}
}

// String prints the modifier.
func (t *Top) String() string {
	s := "TOP " + strconv.FormatInt(t.Count, 10)
	switch {
	case t.Backward:
		s += " BACKWARD"
	case t.Explicit:
		s += " FORWARD"
	}
	return s
}

// String prints the column with its alias.
func (c *Column) String() string {
	if c.Alias != "" {
		return c.Value.String() + " AS " + c.Alias
	}
	return c.Value.String()
}

// String prints the expression with its direction when it is descending.
func (o *OrderItem) String() string {
	if o.Desc {
		return o.Value.String() + " DESC"
	}
	return o.Value.String()
}

// String prints the clause.
func (l *Limit) String() string {
	s := "LIMIT " + strconv.FormatInt(l.Count, 10)
	if l.Offset > 0 {
		s += " OFFSET " + strconv.FormatInt(l.Offset, 10)
	}
	return s
}

// String prints the class expression and what it contains.
func (s *Source) String() string {
	var b strings.Builder
	b.WriteString(s.Head())
	if s.Contains != nil {
		if s.Negated {
			b.WriteString(" NOT")
		}
		b.WriteString(" CONTAINS ")
		if _, leaf := s.Contains.(*Source); leaf {
			b.WriteString(s.Contains.String())
		} else {
			b.WriteString("(" + s.Contains.String() + ")")
		}
	}
	return b.String()
}

// Head prints the class expression alone.
func (s *Source) Head() string {
	var b strings.Builder
	if s.Version {
		b.WriteString("VERSION")
	} else {
		b.WriteString(s.Class)
	}
	if s.Name != "" {
		b.WriteString(" " + s.Name)
	}
	switch s.Scope {
	case LatestVersion:
		b.WriteString("[LATEST_VERSION]")
	case AllVersions:
		b.WriteString("[ALL_VERSIONS]")
	default:
		writePredicate(&b, s.Predicate)
	}
	return b.String()
}

func writePredicate(b *strings.Builder, p Condition) {
	if p != nil {
		b.WriteString("[" + p.String() + "]")
	}
}

// String prints the operands joined by AND.
func (a *AllOf) String() string { return joinContainments(a.Operands, " AND ") }

// String prints the operands joined by OR.
func (a *AnyOf) String() string { return joinContainments(a.Operands, " OR ") }

// An operand that contains something needs parentheses, or it would contain
// the operands after it too.
func joinContainments(list []Containment, sep string) string {
	var b strings.Builder
	for i, c := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		if s, ok := c.(*Source); ok && s.Contains == nil {
			b.WriteString(s.String())
		} else {
			b.WriteString("(" + c.String() + ")")
		}
	}
	return b.String()
}

// String prints the operands joined by AND.
func (a *And) String() string { return joinConditions(a.Operands, " AND ") }

// String prints the operands joined by OR.
func (o *Or) String() string { return joinConditions(o.Operands, " OR ") }

func joinConditions(list []Condition, sep string) string {
	var b strings.Builder
	for i, c := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(grouped(c))
	}
	return b.String()
}

func grouped(c Condition) string {
	switch c.(type) {
	case *And, *Or:
		return "(" + c.String() + ")"
	}
	return c.String()
}

// String prints the negation.
func (n *Not) String() string { return "NOT " + grouped(n.Operand) }

// String prints the test.
func (e *Exists) String() string { return "EXISTS " + e.Path.String() }

// String prints the comparison.
func (c *Compare) String() string {
	return c.Left.String() + " " + c.Op.String() + " " + c.Right.String()
}

// String prints the comparison.
func (l *Like) String() string { return l.Left.String() + " LIKE " + l.Pattern.String() }

// String prints the membership test.
func (m *Matches) String() string {
	var b strings.Builder
	b.WriteString(m.Left.String() + " MATCHES ")
	if m.Braces {
		b.WriteByte('{')
	}
	writeList(&b, m.Members)
	if m.Braces {
		b.WriteByte('}')
	}
	return b.String()
}

// String prints the call.
func (a *Assert) String() string { return a.Call.String() }

// String prints the test without its brackets.
func (n *NodeTest) String() string {
	if n.Name != nil {
		return n.ID.String() + ", " + n.Name.String()
	}
	return n.ID.String()
}

// String prints the path.
func (p *Path) String() string {
	var b strings.Builder
	b.WriteString(p.Name)
	writePredicate(&b, p.Predicate)
	if p.Name != "" && len(p.Steps) > 0 {
		b.WriteByte('/')
	}
	writeSteps(&b, p.Steps)
	return b.String()
}

// Tail is the path without its variable, as the columns of a RESULT_SET give
// it: it begins with a slash, and is "/" for a bare variable.
func (p *Path) Tail() string {
	var b strings.Builder
	writePredicate(&b, p.Predicate)
	b.WriteByte('/')
	writeSteps(&b, p.Steps)
	return b.String()
}

func writeSteps(b *strings.Builder, steps []*Step) {
	for i, s := range steps {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s.Attribute)
		writePredicate(b, s.Predicate)
	}
}

// String prints the step without a slash.
func (s *Step) String() string {
	var b strings.Builder
	writeSteps(&b, []*Step{s})
	return b.String()
}

// String prints the call.
func (c *Call) String() string {
	var b strings.Builder
	b.WriteString(c.Function + "(")
	if c.Distinct {
		b.WriteString("DISTINCT ")
	}
	if c.Star {
		b.WriteByte('*')
	}
	writeList(&b, c.Args)
	b.WriteByte(')')
	return b.String()
}

// String prints the operation; operands that are operations themselves, and
// whatever a slash before it would make part of a path, stand in parentheses.
func (n *Binary) String() string {
	return inner(n.Left, false) + " " + n.Op + " " + inner(n.Right, n.Op == "/")
}

func inner(o Operand, divisor bool) string {
	switch o.(type) {
	case *Binary, *Negative:
		return "(" + o.String() + ")"
	case *Path, *Call:
		if divisor {
			return "(" + o.String() + ")"
		}
	}
	return o.String()
}

// String prints the operand in parentheses.
func (n *Negative) String() string { return "-(" + n.Operand.String() + ")" }

// String prints the interval between its bars.
func (n *Interval) String() string {
	op := func(o, plain Op) string {
		if o == plain {
			return ""
		}
		return o.String()
	}
	if n.High == nil {
		return "|" + op(n.Op, EQ) + n.Low.String() + "|"
	}
	return "|" + op(n.Op, GE) + n.Low.String() + ".." + op(n.HighOp, LE) + n.High.String() + "|"
}

// Value is the text that the literal stands for.
func (s *String) Value() string {
	if !strings.ContainsRune(s.Pattern, '\\') {
		return s.Pattern
	}
	var b strings.Builder
	for i := 0; i < len(s.Pattern); i++ {
		if s.Pattern[i] == '\\' && i+1 < len(s.Pattern) {
			i++
		}
		b.WriteByte(s.Pattern[i])
	}
	return b.String()
}

// String prints the literal in single quotes.
func (s *String) String() string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s.Pattern {
		switch {
		case r == '\'':
			b.WriteString(`\'`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// String prints the number as it was written.
func (n *Number) String() string { return n.Text }

// String prints true or false.
func (b *Boolean) String() string { return strconv.FormatBool(b.Value) }

// String prints NULL.
func (*Null) String() string { return "NULL" }

// String prints the name with its $.
func (p *Param) String() string { return "$" + p.Name }

// String prints the code.
func (c *Code) String() string { return c.Text }

// String prints the term.
func (t *Term) String() string {
	s := t.Terminology + "::" + t.Code
	if t.HasRubric {
		s += "|" + t.Rubric + "|"
	}
	return s
}

// String prints the URI.
func (u *URI) String() string { return u.Text }

// String prints the expression between slashes.
func (r *Regex) String() string { return "{/" + r.Text + "/}" }
