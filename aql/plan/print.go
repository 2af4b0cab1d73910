package plan

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
)

// item is a line of the printed tree.
type item struct {
	text     string
	children []item
}

// String prints the plan as a tree.
func (p *Plan) String() string {
	q := p.Query
	var cols []string
	for _, c := range q.Columns {
		cols = append(cols, c.Name+" = "+analyze.ExprText(c.Expr))
	}
	head := "select "
	if q.Aggregated {
		head = "aggregate "
	}
	root := item{text: head + strings.Join(cols, ", ")}
	add := func(format string, args ...any) {
		root.children = append(root.children, item{text: fmt.Sprintf(format, args...)})
	}
	if q.Limit > 0 || q.Offset > 0 {
		text := fmt.Sprintf("limit %d offset %d", q.Limit, q.Offset)
		if q.Backward {
			text += " from the end"
		}
		add("%s", text)
	}
	if q.Distinct {
		add("distinct")
	}
	if len(q.OrderBy) > 0 {
		var keys []string
		for _, o := range q.OrderBy {
			text := "column " + fmt.Sprint(o.Column)
			if e := o.Value(); e != nil {
				text = analyze.ExprText(e)
			}
			if o.Desc {
				text += " desc"
			}
			keys = append(keys, text)
		}
		add("sort by %s", strings.Join(keys, ", "))
	}
	if q.Having != nil {
		add("having %s", analyze.Text(q.Having))
	}
	if len(q.GroupBy) > 0 {
		var keys []string
		for _, e := range q.GroupBy {
			keys = append(keys, analyze.ExprText(e))
		}
		add("group by %s", strings.Join(keys, ", "))
	}
	if q.Where != nil {
		add("filter %s", analyze.Text(q.Where))
	}
	for i := len(p.Expands) - 1; i >= 0; i-- {
		e := p.Expands[i]
		add("expand p%d = %s", e.ID, e.text())
	}
	root.children = append(root.children, p.fromItem())
	var b strings.Builder
	root.write(&b, "", "")
	return b.String()
}

func (e *Expand) text() string {
	base := sourceName(e.Source)
	if e.Base != nil {
		base = fmt.Sprintf("p%d", e.Base.ID)
	}
	if e.Pred != nil {
		base += "[" + analyze.Text(e.Pred) + "]"
	}
	for _, s := range e.Steps {
		base += "/" + s.Key
		if s.Container {
			base += " *"
		}
	}
	return base
}

func sourceName(s *analyze.Source) string {
	if s.Name != "" {
		return s.Name
	}
	return fmt.Sprintf("#%d", s.Index)
}

func (p *Plan) fromItem() item {
	if p.Query.EHR == nil {
		return nodeItem(p.From)
	}
	return ehrItem(p.Query.EHR, p.From)
}

func ehrItem(s *analyze.Source, child Node) item {
	it := item{text: "EHR " + sourceName(s)}
	if s.Demographic {
		it.text = "demographic repository"
	}
	if s.Pred != nil {
		it.text += " where " + analyze.Text(s.Pred)
	}
	switch {
	case s.Demographic:
	case s.Named:
		it.text += " (named)"
	default:
		it.text += " (queryable)"
	}
	if child != nil {
		it.children = append(it.children, nodeItem(child))
	}
	return it
}

func nodeItem(n Node) item {
	var it item
	many := func(text string, nodes []Node) item {
		it.text = text
		for _, m := range nodes {
			it.children = append(it.children, nodeItem(m))
		}
		return it
	}
	switch n := n.(type) {
	case *All:
		return many("all of", n.Nodes)
	case *Any:
		return many("any of", n.Nodes)
	case *Not:
		return many("none of", []Node{n.Node})
	case *Repository:
		return ehrItem(n.Source, n.Child)
	case *Versioned:
		it.text = "versioned " + n.Source.Types.String() + " " + sourceName(n.Source)
		if n.Source.Pred != nil {
			it.text += " where " + analyze.Text(n.Source.Pred)
		}
		if n.Child != nil {
			it.children = append(it.children, nodeItem(n.Child))
		}
	case *Object:
		it.text = objectText(n)
		if n.Child != nil {
			it.children = append(it.children, nodeItem(n.Child))
		}
	case *Descend:
		it.text = "descend to "
		if n.Local {
			it.text = "descend within the archetype to "
		}
		it.text += n.Source.Types.String() + " " + sourceName(n.Source)
		if n.Source.Pred != nil {
			it.text += " where " + analyze.Text(n.Source.Pred)
		}
		if n.Child != nil {
			it.children = append(it.children, nodeItem(n.Child))
		}
	}
	return it
}

func objectText(n *Object) string {
	text := "latest version"
	switch n.Scope {
	case ast.AllVersions:
		text = "all versions"
	case ast.SelectedVersions:
		text = "versions"
	}
	if n.Version != nil {
		text += " " + sourceName(n.Version)
		if n.Version.Pred != nil {
			text += " where " + analyze.Text(n.Version.Pred)
		}
	}
	text += " of"
	if len(n.Roots) == 0 {
		text += " anything"
	}
	for i, r := range n.Roots {
		if i > 0 {
			text += ","
		}
		text += " " + r.String()
	}
	if n.Source != nil {
		text += " " + sourceName(n.Source)
		if n.Source.Pred != nil {
			text += " where " + analyze.Text(n.Source.Pred)
		}
	}
	if n.Of != nil {
		text += " in " + sourceName(n.Of)
	}
	if n.Folder != nil {
		text += " that items of " + sourceName(n.Folder) + " refer to"
	}
	if len(n.Archetypes) > 0 {
		var list []string
		for _, a := range n.Archetypes {
			list = append(list, analyze.ExprText(a))
		}
		text += " with " + strings.Join(list, ", ")
	}
	return text
}

func (it item) write(b *strings.Builder, lead, rest string) {
	b.WriteString(lead + it.text + "\n")
	for i, c := range it.children {
		if i == len(it.children)-1 {
			c.write(b, rest+"└─ ", rest+"   ")
		} else {
			c.write(b, rest+"├─ ", rest+"│  ")
		}
	}
}
