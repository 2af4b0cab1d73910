package aql_test

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// This file evaluates AQL in the plainest way there is, over trees in memory,
// by the statements of docs/conformance/aql.md. It knows nothing of plans,
// modes and SQL, and serves to check the engine.

// refVersion is a version of the content of a versioned object.
type refVersion struct {
	content *rm.Node
	// from is when it was committed, to when it was superseded; zero for the
	// latest.
	from, to time.Time
}

// at reports whether the version was the latest at an instant.
func (v refVersion) at(t time.Time) bool { return !v.from.After(t) && (v.to.IsZero() || v.to.After(t)) }

// reference is one EHR and the parameters of a query.
type reference struct {
	id       string
	status   *rm.Node
	versions []refVersion
	params   map[string]any
	asOf     time.Time // far away for now
	q        *ast.Query
}

// row is what the variables are bound to; a variable that is not found is nil.
type row map[string]*rm.Node

// run gives the rows as text.
func (r *reference) run() []string {
	var list []string
	seen := map[string]bool{}
	var rows []*expansion
	for _, b := range r.from(r.q.From) {
		r.expand(b, func(x *expansion) {
			if r.q.Where == nil || x.holds(r.q.Where) == yes {
				rows = append(rows, x.fixed())
			}
		})
	}
	add := func(x *expansion) {
		var texts []string
		for _, c := range r.q.Columns {
			texts = append(texts, x.eval(c.Value).text())
		}
		s := strings.Join(texts, "|")
		if !r.q.Distinct || !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	if !r.aggregates() {
		for _, x := range rows {
			add(x)
		}
		return list
	}
	groups := map[string][]*expansion{}
	if len(r.q.GroupBy) == 0 {
		groups[""] = rows
	}
	for _, x := range rows {
		key := ""
		for _, k := range r.q.GroupBy {
			key += "|" + x.eval(k).normal()
		}
		if len(r.q.GroupBy) > 0 {
			groups[key] = append(groups[key], x)
		}
	}
	for _, g := range groups {
		x := &expansion{r: r, group: g, grouped: true}
		if len(g) > 0 {
			x.row, x.members = g[0].row, g[0].members
		}
		if r.q.Having == nil || x.holds(r.q.Having) == yes {
			add(x)
		}
	}
	return list
}

func (r *reference) aggregates() bool {
	return len(r.q.GroupBy) > 0 || r.q.Having != nil || slices.ContainsFunc(r.q.Columns, func(c *ast.Column) bool { return hasAggregate(c.Value) })
}

func hasAggregate(o ast.Operand) bool {
	switch o := o.(type) {
	case *ast.Call:
		return refAggregates[strings.ToUpper(o.Function)] || slices.ContainsFunc(o.Args, hasAggregate)
	case *ast.Binary:
		return hasAggregate(o.Left) || hasAggregate(o.Right)
	case *ast.Negative:
		return hasAggregate(o.Operand)
	}
	return false
}

var refAggregates = map[string]bool{"COUNT": true, "MIN": true, "MAX": true, "SUM": true, "AVG": true}

var decimals = regexp.MustCompile(`-?\d+\.\d+`)

// rounded gives numbers with fractions in one form: the database calculates
// with decimals.
func rounded(s string) string {
	return decimals.ReplaceAllStringFunc(s, func(n string) string {
		f, err := strconv.ParseFloat(n, 64)
		if err != nil {
			return n
		}
		f = math.Round(f*1e6) / 1e6
		if f == 0 {
			f = 0 // not -0
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	})
}

// aggregate summarises the rows of the group.
func (x *expansion) aggregate(call *ast.Call) *value {
	var values []*value
	distinct := map[string]bool{}
	for _, row := range x.group {
		if call.Star {
			values = append(values, nil)
			continue
		}
		if v := row.eval(call.Args[0]); v != nil {
			values = append(values, v)
			distinct[v.normal()] = true
		}
	}
	number := func(f float64) *value { return &value{kind: "number", num: f} }
	switch strings.ToUpper(call.Function) {
	case "COUNT":
		if call.Distinct {
			return number(float64(len(distinct)))
		}
		return number(float64(len(values)))
	case "SUM", "AVG":
		sum, n := 0.0, 0
		for _, v := range values {
			if f, ok := v.number(); ok {
				sum += f
				n++
			}
		}
		switch {
		case n == 0:
			return nil
		case strings.EqualFold(call.Function, "AVG"):
			sum /= float64(n)
		}
		return number(sum)
	}
	sign := 1
	if strings.EqualFold(call.Function, "MAX") {
		sign = -1
	}
	var best *value
	for _, v := range values {
		if v.scale() == "" {
			continue
		}
		if best != nil && best.scale() != v.scale() {
			return nil
		}
		if best == nil {
			best = v
		} else if c, _ := compare(v, best); c*sign < 0 {
			best = v
		}
	}
	return best
}

// Expansion.

// expansion is a row with the members that paths through containers have.
type expansion struct {
	r       *reference
	row     row
	members map[string]*rm.Node
	// grouped tells that the row stands for a group of rows.
	grouped bool
	group   []*expansion
}

// fixed is a copy that later rows do not change.
func (x *expansion) fixed() *expansion {
	c := *x
	c.members = maps.Clone(x.members)
	return &c
}

func (r *reference) start(b row, name string) *rm.Node {
	if name == "e" {
		return rm.Object("EHR", rm.Child("ehr_id", rm.ID("HIER_OBJECT_ID", r.id)), rm.Child("system_id", rm.ID("HIER_OBJECT_ID", aqltest.System)),
			rm.Child("time_created", rm.DateTime(refCreated)))
	}
	return b[name]
}

var refCreated = time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)

// expand visits every combination of members of the containers on the paths.
func (r *reference) expand(b row, visit func(*expansion)) {
	x := &expansion{r: r, row: b, members: map[string]*rm.Node{}}
	var list []*ast.Path
	for _, c := range r.q.Columns {
		operandPaths(c.Value, &list)
	}
	refPaths(r.q.Where, &list)
	refPaths(r.q.Having, &list)
	for _, o := range r.q.GroupBy {
		operandPaths(o, &list)
	}
	for _, o := range r.q.OrderBy {
		operandPaths(o.Value, &list)
	}
	x.next(list, visit)
}

func operandPaths(o ast.Operand, list *[]*ast.Path) {
	switch o := o.(type) {
	case *ast.Path:
		*list = append(*list, o)
	case *ast.Call:
		for _, a := range o.Args {
			operandPaths(a, list)
		}
	case *ast.Binary:
		operandPaths(o.Left, list)
		operandPaths(o.Right, list)
	case *ast.Negative:
		operandPaths(o.Operand, list)
	}
}

func refPaths(c ast.Condition, list *[]*ast.Path) {
	switch c := c.(type) {
	case *ast.And:
		for _, o := range c.Operands {
			refPaths(o, list)
		}
	case *ast.Or:
		for _, o := range c.Operands {
			refPaths(o, list)
		}
	case *ast.Not:
		refPaths(c.Operand, list)
	case *ast.Compare:
		operandPaths(c.Left, list)
		operandPaths(c.Right, list)
	case *ast.Like:
		operandPaths(c.Left, list)
		operandPaths(c.Pattern, list)
	case *ast.Matches:
		operandPaths(c.Left, list)
		for _, m := range c.Members {
			operandPaths(m, list)
		}
	case *ast.Assert:
		operandPaths(c.Call, list)
	}
}

// next expands the first container of a path that has no member yet.
func (x *expansion) next(list []*ast.Path, visit func(*expansion)) {
	for _, p := range list {
		n, key := x.r.start(x.row, p.Name), p.Name
		for _, s := range p.Steps {
			key += "/" + s.String()
			if m, ok := x.members[key]; ok {
				n = m
				continue
			}
			if n == nil {
				break
			}
			items, container := x.r.step(n, s)
			if !container {
				n = nil
				if len(items) > 0 {
					n = items[0]
				}
				continue
			}
			if len(items) == 0 {
				items = []*rm.Node{nil}
			}
			for _, m := range items {
				x.members[key] = m
				x.next(list, visit)
			}
			delete(x.members, key)
			return
		}
	}
	visit(x)
}

// step follows one attribute with its predicate.
func (r *reference) step(n *rm.Node, s *ast.Step) (items []*rm.Node, container bool) {
	if n.Class.Name == "EHR" && s.Attribute == "ehr_status" {
		return []*rm.Node{r.status}, false
	}
	a := n.Class.Attribute(s.Attribute)
	if a == nil {
		return nil, false
	}
	for _, m := range n.List(s.Attribute) {
		if s.Predicate == nil || r.predicate(s.Predicate, m) == yes {
			items = append(items, m)
		}
	}
	return items, a.Container
}

// path is the value of a path in this row.
func (x *expansion) path(p *ast.Path) *value {
	n, key := x.r.start(x.row, p.Name), p.Name
	var owner *rm.Node
	for _, s := range p.Steps {
		key += "/" + s.String()
		m, ok := x.members[key]
		if !ok && n != nil {
			if items, _ := x.r.step(n, s); len(items) > 0 {
				m = items[0]
			}
		}
		owner, n = n, m
	}
	return newValue(n, owner, p)
}

// exists tests a path beyond the members that others expand.
func (x *expansion) exists(p *ast.Path) bool {
	nodes, key := []*rm.Node{x.r.start(x.row, p.Name)}, p.Name
	for _, s := range p.Steps {
		key += "/" + s.String()
		if m, ok := x.members[key]; ok {
			nodes = []*rm.Node{m}
			continue
		}
		var next []*rm.Node
		for _, n := range nodes {
			if n != nil {
				items, _ := x.r.step(n, s)
				next = append(next, items...)
			}
		}
		nodes = next
	}
	return slices.ContainsFunc(nodes, func(n *rm.Node) bool { return n != nil })
}

// Conditions.

type truth int

const (
	unknown truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (x *expansion) holds(c ast.Condition) truth {
	switch c := c.(type) {
	case *ast.And:
		t := yes
		for _, o := range c.Operands {
			switch x.holds(o) {
			case no:
				return no
			case unknown:
				t = unknown
			}
		}
		return t
	case *ast.Or:
		t := no
		for _, o := range c.Operands {
			switch x.holds(o) {
			case yes:
				return yes
			case unknown:
				t = unknown
			}
		}
		return t
	case *ast.Not:
		return [...]truth{unknown, yes, no}[x.holds(c.Operand)]
	case *ast.Exists:
		return truthOf(x.exists(c.Path))
	case *ast.Assert:
		v := x.eval(c.Call)
		if v == nil {
			return unknown
		}
		return truthOf(v.str == "true")
	case *ast.Compare:
		if _, null := c.Right.(*ast.Null); null {
			if p, ok := c.Left.(*ast.Path); ok {
				return truthOf(x.exists(p) == (c.Op == ast.NE))
			}
			return truthOf((x.eval(c.Left) != nil) == (c.Op == ast.NE))
		}
		return test(c.Op, x.eval(c.Left), x.eval(c.Right))
	case *ast.Like:
		pattern := x.eval(c.Pattern)
		if pattern == nil {
			return unknown
		}
		if s, ok := c.Pattern.(*ast.String); ok {
			return like(x.eval(c.Left), s.Pattern)
		}
		return like(x.eval(c.Left), pattern.str)
	case *ast.Matches:
		// Constants are compared together: one of another kind than the value is
		// passed over where another can be compared. What they and each other item
		// say is joined by OR.
		constants, others := unknown, no
		given := false
		for _, m := range c.Members {
			item := unknown
			switch m := m.(type) {
			case *ast.Regex:
				return matches(x.eval(c.Left), m.Text)
			case *ast.Interval:
				item = x.within(c.Left, m)
			default:
				item = test(ast.EQ, x.eval(c.Left), x.eval(m))
				if constant(m) {
					given = true
					if item == no {
						constants = no
					}
					if item != yes {
						continue
					}
				}
			}
			switch item {
			case yes:
				return yes
			case unknown:
				others = unknown
			}
		}
		if given && constants == unknown {
			return unknown
		}
		return others
	}
	panic(fmt.Sprintf("reference: %T", c))
}

// constant reports whether an item of a list stands for itself.
func constant(m ast.Operand) bool {
	switch m.(type) {
	case *ast.Path, *ast.Call, *ast.Binary, *ast.Negative:
		return false
	}
	return true
}

// predicate tests a node; a path with several values holds for any of them.
func (r *reference) predicate(c ast.Condition, n *rm.Node) truth {
	switch c := c.(type) {
	case *ast.And:
		for _, o := range c.Operands {
			if r.predicate(o, n) != yes {
				return no
			}
		}
		return yes
	case *ast.Or:
		for _, o := range c.Operands {
			if r.predicate(o, n) == yes {
				return yes
			}
		}
		return no
	case *ast.NodeTest:
		want := r.nodeID(&ast.Source{Predicate: c})
		if n.NodeID() != want {
			return no
		}
		if name, ok := c.Name.(*ast.String); ok && n.NameValue() != name.Value() {
			return no
		}
		return yes
	case *ast.Matches:
		for _, v := range r.relative(c.Left.(*ast.Path), n) {
			if matches(v, c.Members[0].(*ast.Regex).Text) == yes {
				return yes
			}
		}
		return no
	case *ast.Compare:
		for _, v := range r.relative(c.Left.(*ast.Path), n) {
			if test(c.Op, v, r.constant(c.Right)) == yes {
				return yes
			}
		}
		return no
	}
	panic(fmt.Sprintf("reference: %T in a predicate", c))
}

func (r *reference) relative(p *ast.Path, n *rm.Node) []*value {
	type pair struct{ node, owner *rm.Node }
	at := []pair{{n, nil}}
	for _, s := range p.Steps {
		var next []pair
		for _, a := range at {
			items, _ := r.step(a.node, s)
			for _, m := range items {
				next = append(next, pair{m, a.node})
			}
		}
		at = next
	}
	var out []*value
	for _, a := range at {
		out = append(out, newValue(a.node, a.owner, p))
	}
	return out
}
