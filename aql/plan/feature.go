package plan

import (
	"slices"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
)

// Features names what a plan needs of a strategy beyond the latest versions of
// compositions, paths compared with each other or with literals and parameters,
// and aggregates of paths. A strategy that does not know one of them leaves the
// plan to the document strategy, which knows all.
//
// They are: calls, terminology, regex, groups, order_value, versions (other
// than the latest), version_at_time, versioned_object, folder_items,
// version_content (class expressions that a VERSION combines or excludes),
// ehr_references, whole_ehr, whole_version, several_ehrs.
func (p *Plan) Features() []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	q := p.Query
	q.Exprs(func(e analyze.Expr) {
		switch e := e.(type) {
		case *analyze.Call:
			add("calls")
		case *analyze.Terminology:
			add("terminology")
		case *analyze.Aggregate:
			if e.Arg() != nil && e.Path == nil {
				add("calls")
			}
		case *analyze.Path:
			pathFeatures(e, add)
		}
	})
	conds := []analyze.Cond{q.Where, q.Having}
	for _, s := range q.Sources {
		conds = append(conds, s.Pred)
	}
	for _, c := range conds {
		condFeatures(c, add)
	}
	if len(q.GroupBy) > 0 || q.Having != nil {
		add("groups")
	}
	for _, o := range q.OrderBy {
		if o.Expr != nil {
			add("order_value")
		}
	}
	nodeFeatures(p.From, add)
	slices.Sort(out)
	return out
}

func pathFeatures(p *analyze.Path, add func(string)) {
	if p.Source == nil {
		return
	}
	first := ""
	if len(p.Steps) > 0 {
		first = p.Steps[0].Attribute
	}
	switch p.Source.Kind {
	case analyze.SourceEHR:
		switch {
		case first == "" || p.Pred != nil:
			add("whole_ehr")
		case first != "ehr_id" && first != "system_id" && first != "time_created" && first != "ehr_status":
			add("ehr_references")
		}
	case analyze.SourceVersion:
		if first == "" || first == "data" || p.Pred != nil {
			add("whole_version")
		}
	}
}

func condFeatures(c analyze.Cond, add func(string)) {
	switch c := c.(type) {
	case *analyze.And:
		for _, o := range c.Operands {
			condFeatures(o, add)
		}
	case *analyze.Or:
		for _, o := range c.Operands {
			condFeatures(o, add)
		}
	case *analyze.Not:
		condFeatures(c.Operand, add)
	case *analyze.Regex:
		add("regex")
	case *analyze.AtTime:
		add("version_at_time")
	case *analyze.Like:
		switch c.Pattern.(type) {
		case *analyze.Literal, *analyze.Param:
		default:
			add("calls")
		}
	}
}

func nodeFeatures(n Node, add func(string)) {
	each := func(list []Node) {
		for _, m := range list {
			nodeFeatures(m, add)
		}
	}
	switch n := n.(type) {
	case *All:
		each(n.Nodes)
	case *Any:
		each(n.Nodes)
	case *Not:
		nodeFeatures(n.Node, add)
	case *Descend:
		nodeFeatures(n.Child, add)
	case *Repository:
		add("several_ehrs")
		nodeFeatures(n.Child, add)
	case *Versioned:
		add("versioned_object")
		nodeFeatures(n.Child, add)
	case *Object:
		if n.Scope != ast.DefaultVersions && n.Scope != ast.LatestVersion {
			add("versions")
		}
		if n.Folder != nil {
			add("folder_items")
		}
		if n.Version != nil && n.Source == nil && n.Child != nil {
			if _, plain := n.Child.(*Descend); !plain {
				add("version_content")
			}
		}
		nodeFeatures(n.Child, add)
	}
}
