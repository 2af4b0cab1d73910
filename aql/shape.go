package aql

import (
	"fmt"
	"slices"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse"
)

// Shape is the query with a parameter, named after the type, in the place of
// every value: literals, patterns, coded names, URIs and the bounds of intervals. A list
// of values becomes one parameter, a limit the next power of ten, and an offset
// is left out. Archetype ids, node codes and the names of columns, variables and
// parameters stay. So the shape holds nothing of a patient, and the same query
// asked with other values has the same shape. It is AQL, but "" for a query that
// cannot be written so.
func (q *Query) Shape() string {
	tree, problems := parse.Query(q.Text, parse.Limits{}) // a tree of its own, to be changed
	if problems != nil {
		return ""
	}
	s := &shaper{taken: q.Params(), count: map[string]int{}}
	for _, c := range tree.Columns {
		c.Value = s.operand(c.Value)
	}
	s.containment(tree.From)
	tree.Where = s.condition(tree.Where)
	for i, o := range tree.GroupBy {
		tree.GroupBy[i] = s.operand(o)
	}
	tree.Having = s.condition(tree.Having)
	for _, o := range tree.OrderBy {
		o.Value = s.operand(o.Value)
	}
	if tree.Top != nil {
		tree.Top.Count = powerOfTen(tree.Top.Count)
	}
	if tree.Limit != nil {
		tree.Limit.Count, tree.Limit.Offset = powerOfTen(tree.Limit.Count), 0
	}
	text := tree.String()
	if _, err := Compile(text, Limits{}); err != nil {
		return "" // a place that takes no parameter
	}
	return text
}

func powerOfTen(n int64) int64 {
	p := int64(1)
	for p < n && p < 1_000_000_000 {
		p *= 10
	}
	return p
}

// shaper replaces values.
type shaper struct {
	taken []string // parameters of the query
	count map[string]int
}

// param is a new parameter for a value of the type.
func (s *shaper) param(kind string) *ast.Param {
	for {
		s.count[kind]++
		if name := fmt.Sprintf("%s%d", kind, s.count[kind]); !slices.Contains(s.taken, name) {
			return &ast.Param{Name: name}
		}
	}
}

// text is a new parameter for the value of a string.
func (s *shaper) text(v string) *ast.Param {
	switch dateTime, time, duration := analyze.TemporalText(v); {
	case dateTime:
		return s.param("date_time")
	case time:
		return s.param("time")
	case duration:
		return s.param("duration")
	}
	return s.param("text")
}

func (s *shaper) containment(c ast.Containment) {
	switch c := c.(type) {
	case *ast.AllOf:
		for _, o := range c.Operands {
			s.containment(o)
		}
	case *ast.AnyOf:
		for _, o := range c.Operands {
			s.containment(o)
		}
	case *ast.Source:
		c.Predicate = s.condition(c.Predicate)
		if c.Contains != nil {
			s.containment(c.Contains)
		}
	}
}

func (s *shaper) condition(c ast.Condition) ast.Condition {
	switch c := c.(type) {
	case *ast.And:
		for i, o := range c.Operands {
			c.Operands[i] = s.condition(o)
		}
	case *ast.Or:
		for i, o := range c.Operands {
			c.Operands[i] = s.condition(o)
		}
	case *ast.Not:
		c.Operand = s.condition(c.Operand)
	case *ast.Exists:
		s.path(c.Path)
	case *ast.Compare:
		c.Left, c.Right = s.operand(c.Left), s.operand(c.Right)
	case *ast.Like:
		c.Left, c.Pattern = s.operand(c.Left), s.operand(c.Pattern)
	case *ast.Matches:
		c.Left = s.operand(c.Left)
		if len(c.Members) == 1 {
			if _, ok := c.Members[0].(*ast.Regex); ok { // a pattern takes no parameter
				return &ast.Like{Left: c.Left, Pattern: s.param("pattern")}
			}
		}
		var members []ast.Operand
		for _, m := range c.Members {
			m = s.operand(m)
			if _, value := m.(*ast.Param); value && len(members) > 0 {
				if _, before := members[len(members)-1].(*ast.Param); before {
					continue
				}
			}
			members = append(members, m)
		}
		c.Members = members
	case *ast.Assert:
		s.operand(c.Call)
	case *ast.NodeTest:
		c.ID = s.operand(c.ID)
		if c.Name != nil {
			c.Name = s.operand(c.Name)
		}
	}
	return c
}

func (s *shaper) path(p *ast.Path) {
	p.Predicate = s.condition(p.Predicate)
	for _, step := range p.Steps {
		step.Predicate = s.condition(step.Predicate)
	}
}

func (s *shaper) operand(o ast.Operand) ast.Operand {
	switch o := o.(type) {
	case *ast.Path:
		s.path(o)
	case *ast.Call:
		for i, a := range o.Args {
			if _, name := a.(*ast.String); name && i == 0 && isTerminologyCall(o) {
				continue // the operation, which has to be written
			}
			o.Args[i] = s.operand(a)
		}
	case *ast.Binary:
		o.Left, o.Right = s.operand(o.Left), s.operand(o.Right)
	case *ast.Negative:
		o.Operand = s.operand(o.Operand)
	case *ast.String:
		if analyze.IsArchetypeID(o.Value()) {
			return o
		}
		return s.text(o.Value())
	case *ast.Number:
		return s.param("number")
	case *ast.Boolean:
		return s.param("boolean")
	case *ast.Term:
		return s.param("code")
	case *ast.URI:
		return s.param("uri")
	case *ast.Interval:
		return s.param("interval")
	}
	return o
}
