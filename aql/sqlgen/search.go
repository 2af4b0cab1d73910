package sqlgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// descend adds the search for the objects of a source.
func (g *gen) descend(n *plan.Descend, content func() string, f *from, always bool) {
	s := n.Source
	everywhere := "strict $.**"
	if n.Outer != nil {
		content, everywhere = g.bound[n.Outer].json, "strict $.**{1 to last}"
	}
	base := content()
	filter := " ? (" + typeFilter(s.Types) + ")"
	var rest analyze.Cond
	pred := ""
	if s.Pred != nil {
		if plan.InPath(s.Pred, true) {
			pred = g.pathCond(s.Pred)
			filter += " ? (" + pred + ")"
		} else {
			rest = s.Pred
		}
	}
	alias := fmt.Sprintf("s%d", s.Index)
	g.bound[s] = &binding{json: fixed(alias + ".j")}
	switch {
	case n.Local:
		f.cross("(" + g.local(s, base, filter) + ") as " + alias + "(j)")
	case n.Search != nil:
		if sectionwise(n) {
			f.cross("(" + g.bySection(n, base, filter, pred) + ") as " + alias + "(j)")
		} else {
			f.cross("(" + g.along(n.Search, base, filter) + ") as " + alias + "(j)")
		}
	default:
		f.cross(lateral(g.pathQuery(base, everywhere+filter), alias))
	}
	if rest != nil {
		f.and(g.cond(rest, env{item: alias + ".j"}))
	}
	if n.Child != nil {
		g.node(n.Child, content, f, always)
	}
}

// sectionwise reports whether a search of a composition finds its objects
// directly in the content, or inside sections.
func sectionwise(n *plan.Descend) bool {
	s := n.Search
	if s == nil || s.Self || len(s.Paths) < 2 || slices.ContainsFunc(n.Source.Types, analyze.Nests) {
		return false
	}
	direct := false
	for _, p := range slices.Concat(s.Paths, s.Deep) {
		if p[0].Attribute != "content" || len(p) > 1 && p[1].Attribute != "items" {
			return false
		}
		direct = direct || len(p) == 1
	}
	return direct
}

// bySection takes the objects, and the sections, out of the content in one pass,
// since each look at a stored document unpacks it, and looks inside the sections
// after that.
func (g *gen) bySection(n *plan.Descend, base, filter, pred string) string {
	cond := "(" + typeFilter(n.Source.Types) + ")"
	if pred != "" {
		cond += " && (" + pred + ")"
	}
	inner := &plan.Search{}
	for _, p := range n.Search.Paths {
		if len(p) > 1 {
			inner.Paths = append(inner.Paths, p[1:])
		}
	}
	for _, p := range n.Search.Deep {
		inner.Deep = append(inner.Deep, p[1:])
	}
	m, k, x := g.name("m"), g.name("m"), g.name("m")
	return "select " + x + ".j from " + lateral(g.pathQuery(base, `lax $.content[*] ? (@._type == "SECTION" || (`+cond+`))`), m) +
		" cross join lateral (select " + m + ".j where " + m + ".j ->> '_type' <> 'SECTION'" +
		"\n    union all select " + k + "i.j from (select " + m + ".j where " + m + ".j ->> '_type' = 'SECTION') as " + k +
		"(j) cross join lateral (" + g.along(inner, k+".j", filter) + ") as " + k + "i(j)) as " + x + "(j)"
}

// passes is how often a search looks at the object that it is in.
func passes(n *plan.Descend) int {
	if n.Search == nil || sectionwise(n) {
		return 1
	}
	count := len(n.Search.Paths) + len(n.Search.Deep)
	if n.Search.Self {
		count++
	}
	return max(count, 1)
}

// along searches the places where objects can be.
func (g *gen) along(s *plan.Search, base, filter string) string {
	var parts []string
	at := func(p plan.SearchPath) string {
		path := "lax $"
		for _, step := range p {
			path += "." + step.Attribute
			if step.Container {
				path += "[*]"
			}
		}
		return path
	}
	if s.Self {
		parts = append(parts, "select "+g.pathQuery(base, "lax $"+filter))
	}
	for _, p := range s.Paths {
		parts = append(parts, "select "+g.pathQuery(base, at(p)+filter))
	}
	for _, p := range s.Deep {
		d := g.name("d")
		parts = append(parts, "select "+g.pathQuery(d+".j", "strict $.**{1 to last}"+filter)+
			" from "+lateral(g.pathQuery(base, at(p)+` ? (@._type == "SECTION")`), d))
	}
	return strings.Join(parts, "\n    union all ")
}

// local searches the archetype of the base only. The recursive search is used
// where there is nothing else, which is quicker than going step by step.
func (g *gen) local(s *analyze.Source, base, filter string) string {
	search := g.pathQuery(base, "strict $.**{1 to last}"+filter)
	whole := "not aql_nests(" + base + ")"
	parts := "aql_nests(" + base + ")"
	if _, ok := s.NodeID.(*analyze.Param); ok {
		ph := g.bind(isArchetype{s.NodeID}) + "::boolean"
		whole = "(" + ph + " or " + whole + ")"
		parts = "not " + ph + " and " + parts
	}
	return "select w.j from " + lateral(search, "w") + " where " + whole +
		" union all select f.j from " + lateral("aql_frame("+base+")", "f") + " where " + parts +
		" and jsonb_path_exists(" + g.pathArgs("f.j", "lax $"+filter) + ")"
}

// typeFilter tests the type of an object. Names of classes are written into
// the path, not bound: they come from the class table.
func typeFilter(types analyze.Types) string {
	names := make([]string, len(types))
	for i, c := range types {
		names[i] = c.Name
	}
	slices.Sort(names)
	if len(names) > 3 {
		return `@._type like_regex "^(` + strings.Join(names, "|") + `)$"`
	}
	for i, n := range names {
		names[i] = `@._type == "` + n + `"`
	}
	return strings.Join(names, " || ")
}

// pathQuery calls jsonb_path_query, with the variables if the path has any.
func (g *gen) pathQuery(base, path string) string {
	return "jsonb_path_query(" + g.pathArgs(base, path) + ")"
}

func (g *gen) pathArgs(base, path string) string {
	args := base + ", " + quoted(path)
	if strings.Contains(path, "$a") {
		args += ", " + g.varsArg
	}
	return args
}

// expand adds an expansion.
func (g *gen) expand(e *plan.Expand, f *from) {
	base, steps := "", e.Steps
	if e.Base != nil {
		base = g.expands[e.Base]
	} else {
		base, steps = g.base(e.Source, e.Pred, e.Steps)
	}
	alias := fmt.Sprintf("p%d", e.ID)
	g.expands[e] = alias + ".j"
	path := "lax $"
	var rest []analyze.Cond
	if e.Pred != nil {
		if plan.InPath(e.Pred, false) {
			path += " ? (" + g.pathCond(e.Pred) + ")"
		} else {
			rest = append(rest, e.Pred)
		}
	}
	path += g.pathSteps(steps, true)
	if n := len(steps); n > 0 && steps[n-1].Pred != nil && !plan.InPath(steps[n-1].Pred, false) {
		rest = append(rest, steps[n-1].Pred)
	}
	if len(rest) == 0 {
		f.left(lateral(g.pathQuery(base, path), alias))
		return
	}
	t := g.name("t")
	var conds []string
	for _, c := range rest {
		conds = append(conds, g.cond(c, env{item: t + ".j"}))
	}
	f.left("(select " + t + ".j from " + lateral(g.pathQuery(base, path), t) + " where " + and(conds) + ") as " + alias + "(j)")
}

// base is the JSON from which the steps of a path go on, and the steps that
// remain: versions, versioned objects and the EHR have no JSON as a whole.
func (g *gen) base(s *analyze.Source, pred analyze.Cond, steps []*analyze.Step) (string, []*analyze.Step) {
	b := g.bound[s]
	switch {
	case b.attribute == nil:
		return b.json(), steps
	case pred != nil || len(steps) == 0:
		return g.navigable(s), steps
	case steps[0].Pred != nil || steps[0].Container:
		name := steps[0].Attribute
		return "jsonb_build_object('" + name + "', " + b.attribute(name) + ")", steps
	}
	return b.attribute(steps[0].Attribute), steps[1:]
}

// navigable is an object with the attributes that paths may lead through.
func (g *gen) navigable(s *analyze.Source) string {
	names := versionAttributes
	switch s.Kind {
	case analyze.SourceEHR:
		names = ehrAttributes
	case analyze.SourceVersioned:
		names = versionedAttributes
	}
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = "'" + n + "', " + g.bound[s].attribute(n)
	}
	return "jsonb_build_object(" + strings.Join(parts, ", ") + ")"
}
