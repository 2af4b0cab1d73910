package sqlgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/plan"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Options choose a variant of a statement.
type Options struct {
	// Scoped restricts the statement to the EHR given in the values.
	Scoped bool
}

// Generate compiles a plan.
func Generate(p *plan.Plan, opt Options) *Statement {
	g := &gen{plan: p, opt: opt, uses: map[*analyze.Source]int{}, bound: map[*analyze.Source]*binding{}, expands: map[*plan.Expand]string{}}
	g.countUses()
	var f from
	g.ehr(&f)
	if p.From != nil {
		g.node(p.From, "", &f)
	}
	for _, e := range p.Expands {
		g.expand(e, &f)
	}
	if p.Query.Where != nil {
		f.where = append(f.where, g.cond(p.Query.Where, env{}))
	}
	return &Statement{SQL: g.query(&f), args: g.args}
}

// gen holds the state of one generation.
type gen struct {
	plan    *plan.Plan
	opt     Options
	args    []argument
	vars    *variables
	varsArg string
	names   int

	uses    map[*analyze.Source]int // references to the JSON of a source
	bound   map[*analyze.Source]*binding
	expands map[*plan.Expand]string
}

// binding is where the values of a source are.
type binding struct {
	json      string                   // the object
	uid       string                   // the version uid, of objects and versions
	object    string                   // the column object_id that the uid begins with, if at hand
	committed string                   // time_committed, of versions
	attribute func(name string) string // of versions and of the EHR: one attribute as JSON
}

// bind adds an argument and gives its placeholder.
func (g *gen) bind(a argument) string {
	g.args = append(g.args, a)
	return fmt.Sprintf("$%d", len(g.args))
}

// variable adds a variable of the JSON paths and gives its name.
func (g *gen) variable(e analyze.Expr, f form) string {
	if g.vars == nil {
		g.vars = &variables{}
		g.varsArg = g.bind(g.vars) + "::jsonb"
	}
	g.vars.entries = append(g.vars.entries, scalar{e, f})
	return "$" + variableName(len(g.vars.entries)-1)
}

// name gives a fresh alias.
func (g *gen) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// from is a FROM clause under construction with its conditions.
type from struct {
	joins []join
	where []string
}

type join struct{ kind, item, on string }

func (f *from) inner(item, on string) { f.joins = append(f.joins, join{"join", item, on}) }
func (f *from) cross(item string)     { f.joins = append(f.joins, join{"cross join lateral", item, ""}) }
func (f *from) left(item string)      { f.joins = append(f.joins, join{"left join lateral", item, "true"}) }
func (f *from) and(cond ...string)    { f.where = append(f.where, cond...) }
func (f *from) add(g *from) {
	f.joins, f.where = append(f.joins, g.joins...), append(f.where, g.where...)
}
func and(conds []string) string          { return strings.Join(conds, " and ") }
func quoted(path string) string          { return "'" + path + "'" } // paths hold no quotes
func lateral(query, alias string) string { return query + " as " + alias + "(j)" }

// text prints the clause; the first join turns into the first item.
func (f *from) text(indent string) string {
	var b strings.Builder
	where := f.where
	for i, j := range f.joins {
		switch {
		case i > 0:
			b.WriteString("\n" + indent + j.kind + " " + j.item)
			if j.on != "" {
				b.WriteString(" on " + j.on)
			}
		case j.kind == "left join lateral":
			b.WriteString("\n" + indent + "from (values (0)) as one(z) left join lateral " + j.item + " on true")
		default:
			b.WriteString("\n" + indent + "from " + j.item)
			if j.on != "" {
				where = append([]string{j.on}, where...)
			}
		}
	}
	if len(where) > 0 {
		b.WriteString("\n" + indent + "where " + strings.Join(where, "\n"+indent+"  and "))
	}
	return b.String()
}

// countUses counts the places that read the JSON of each source, since content
// that is read more than once is unpacked first.
func (g *gen) countUses() {
	identity := map[*analyze.Path]bool{}
	for _, c := range g.plan.Query.Columns {
		if a, ok := c.Expr.(*analyze.Aggregate); ok && a.Function == "COUNT" && a.Path != nil {
			identity[a.Path] = isRoot(a.Path)
		}
	}
	exists(g.plan.Query.Where, func(p *analyze.Path) { identity[p] = isRoot(p) })
	read := func(p *analyze.Path) {
		if p.Source != nil && g.column(p) == nil && !identity[p] {
			g.uses[p.Source]++
		}
	}
	for path, ref := range g.plan.Refs {
		if ref.Expand == nil {
			read(path)
		}
	}
	for _, e := range g.plan.Expands {
		if e.Base == nil {
			g.uses[e.Source]++
		}
	}
	for _, s := range g.plan.Query.Sources {
		if s.Kind == analyze.SourceRoot {
			paths(withoutArchetype(s), read)
		}
	}
	var visit func(n plan.Node)
	visit = func(n plan.Node) {
		switch n := n.(type) {
		case *plan.All:
			for _, m := range n.Nodes {
				visit(m)
			}
		case *plan.Any:
			for _, m := range n.Nodes {
				visit(m)
			}
		case *plan.Not:
			visit(n.Node)
		case *plan.Object:
			visit(n.Child)
		case *plan.Descend:
			if n.Outer != nil {
				g.uses[n.Outer]++
			}
			visit(n.Child)
		}
	}
	visit(g.plan.From)
}

// exists visits the paths of the tests for existence.
func exists(c analyze.Cond, visit func(*analyze.Path)) {
	switch c := c.(type) {
	case *analyze.And:
		for _, o := range c.Operands {
			exists(o, visit)
		}
	case *analyze.Or:
		for _, o := range c.Operands {
			exists(o, visit)
		}
	case *analyze.Not:
		exists(c.Operand, visit)
	case *analyze.Exists:
		visit(c.Path)
	}
}

// paths visits the paths of a condition, but not those inside predicates.
func paths(c analyze.Cond, visit func(*analyze.Path)) {
	expr := func(e analyze.Expr) {
		if p, ok := e.(*analyze.Path); ok {
			visit(p)
		}
	}
	switch c := c.(type) {
	case *analyze.And:
		for _, o := range c.Operands {
			paths(o, visit)
		}
	case *analyze.Or:
		for _, o := range c.Operands {
			paths(o, visit)
		}
	case *analyze.Not:
		paths(c.Operand, visit)
	case *analyze.Exists:
		visit(c.Path)
	case *analyze.Compare:
		expr(c.Left)
		expr(c.Right)
	case *analyze.Like:
		visit(c.Path)
	case *analyze.In:
		visit(c.Path)
	}
}

// ehr begins the FROM clause.
func (g *gen) ehr(f *from) {
	s := g.plan.Query.EHR
	f.inner("ehr as e", "")
	g.bound[s] = &binding{attribute: func(name string) string {
		switch name {
		case "ehr_id", "system_id":
			return "jsonb_build_object('_type', 'HIER_OBJECT_ID', 'value', e." + name + "::text)"
		case "time_created":
			return "jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(e.time_created))"
		}
		return "es.content"
	}}
	if g.opt.Scoped {
		f.and("e.ehr_id = " + g.bind(field{"the EHR of the request", func(v Values) any { return v.EHR.String() }}) + "::uuid")
	}
	if g.readsStatus() {
		f.joins = append(f.joins, join{"left join", "(version as ev join document as es using (ehr_no, vo_no, ver))",
			"ev.ehr_no = e.ehr_no and ev.kind = 2 and ev.time_superseded is null"})
	}
	if s.Pred != nil {
		f.and(g.cond(s.Pred, env{}))
	}
	if !g.opt.Scoped && !g.plan.Query.NamesEHR {
		f.and("e.is_queryable")
	}
}

// readsStatus reports whether a path leads into the EHR_STATUS by e/ehr_status.
func (g *gen) readsStatus() bool {
	found := false
	look := func(p *analyze.Path) {
		found = found || p.Source != nil && p.Source.Kind == analyze.SourceEHR && len(p.Steps) > 0 &&
			p.Steps[0].Attribute == "ehr_status" && g.column(p) == nil
	}
	for p := range g.plan.Refs {
		look(p)
	}
	paths(g.plan.Query.EHR.Pred, look)
	return found
}

// node adds a part of the FROM clause. The content is the JSON of the
// enclosing versioned object.
func (g *gen) node(n plan.Node, content string, f *from) {
	switch n := n.(type) {
	case *plan.All:
		for _, m := range n.Nodes {
			g.node(m, content, f)
		}
	case *plan.Any:
		g.any(n, content, f)
	case *plan.Not:
		var sub from
		g.node(n.Node, content, &sub)
		f.and("not exists (select" + sub.text("    ") + ")")
	case *plan.Object:
		g.object(n, f)
	case *plan.Descend:
		g.descend(n, content, f)
	}
}

// any joins each alternative by itself, so that it may be absent.
func (g *gen) any(n *plan.Any, content string, f *from) {
	var found []string
	for _, m := range n.Nodes {
		before := map[*analyze.Source]bool{}
		for s := range g.bound {
			before[s] = true
		}
		var sub from
		g.node(m, content, &sub)
		alias := g.name("o")
		columns := []string{"true as found"}
		for _, s := range g.plan.Query.Sources {
			if b := g.bound[s]; b != nil && !before[s] {
				columns = append(columns, g.export(s, b, alias)...)
			}
		}
		f.left("(select " + strings.Join(columns, ", ") + sub.text("    ") + ") as " + alias)
		found = append(found, alias+".found")
	}
	f.and("(" + strings.Join(found, " or ") + ")")
}

// export makes the values of a source columns of a sub-select and rebinds the
// source to them.
func (g *gen) export(s *analyze.Source, b *binding, alias string) []string {
	var columns []string
	column := func(prefix, expr string) string {
		if expr == "" {
			return ""
		}
		name := fmt.Sprintf("%s%d", prefix, s.Index)
		columns = append(columns, expr+" as "+name)
		return alias + "." + name
	}
	out := &binding{uid: column("u", b.uid), committed: column("t", b.committed)}
	if b.json != "" && g.uses[s] > 0 {
		out.json = column("j", b.json)
	}
	if b.attribute != nil {
		exported := map[string]string{}
		for _, name := range versionAttributes {
			exported[name] = column(name+"_", b.attribute(name))
		}
		out.attribute = func(name string) string { return exported[name] }
	}
	g.bound[s] = out
	return columns
}

// object adds the versions of versioned objects.
func (g *gen) object(n *plan.Object, f *from) {
	v := g.name("v")
	on := []string{v + ".ehr_no = e.ehr_no"}
	switch len(n.Roots) {
	case 0:
	case 1:
		on = append(on, fmt.Sprintf("%s.kind = %d", v, n.Roots[0]))
	default:
		kinds := make([]string, len(n.Roots))
		for i, r := range n.Roots {
			kinds[i] = fmt.Sprint(int(r))
		}
		on = append(on, fmt.Sprintf("%s.kind in (%s)", v, strings.Join(kinds, ", ")))
	}
	if n.Scope == ast.DefaultVersions || n.Scope == ast.LatestVersion {
		on = append(on, v+".time_superseded is null")
	}
	if n.Child != nil || n.Source != nil || n.Scope == ast.DefaultVersions || n.Scope == ast.LatestVersion {
		on = append(on, fmt.Sprintf("%s.lifecycle_state <> %d", v, lifecycleDeleted))
	}
	if n.Archetype != nil {
		on = append(on, v+".root_concept = "+g.bind(concept{n.Archetype})+"::int")
	}
	if len(n.Archetypes) > 0 {
		on = append(on, v+".concepts @> "+g.bind(conceptSet{n.Archetypes})+"::int[]")
	}
	f.inner("version as "+v, and(on))

	uid := fmt.Sprintf("%s.object_id || '::' || %s.creating_system || '::' || %s.ver", v, v, v)
	if n.Version != nil {
		g.bound[n.Version] = &binding{uid: uid, object: v + ".object_id", committed: v + ".time_committed", attribute: versionAttribute(v, uid)}
		if n.Version.Pred != nil {
			f.and(g.cond(n.Version.Pred, env{}))
		}
	}
	reads := g.uses[n.Source]
	if _, descends := n.Child.(*plan.Descend); n.Source == nil && descends {
		reads++
	}
	var content string
	if reads > 0 {
		d := g.name("d")
		f.inner("document as "+d, fmt.Sprintf("%s.ehr_no = %s.ehr_no and %s.vo_no = %s.vo_no and %s.ver = %s.ver", d, v, d, v, d, v))
		content = d + ".content"
		if reads > 1 {
			// One copy in memory rather than unpacking the column at each use.
			c := g.name("c")
			f.cross(lateral("jsonb_path_query("+content+", '$')", c))
			content = c + ".j"
		}
	}
	if n.Source != nil {
		g.bound[n.Source] = &binding{json: content, uid: uid, object: v + ".object_id"}
		if pred := withoutArchetype(n.Source); pred != nil {
			f.and(g.cond(pred, env{}))
		}
	}
	if n.Child != nil {
		g.node(n.Child, content, f)
	}
}

// withoutArchetype is the predicate of a source less the demand for an
// archetype, which for the content as a whole the concept fulfils.
func withoutArchetype(s *analyze.Source) analyze.Cond {
	if s.Archetype == nil {
		return s.Pred
	}
	switch c := s.Pred.(type) {
	case *analyze.Compare:
		if c.Right == s.Archetype {
			return nil
		}
	case *analyze.And:
		rest := &analyze.And{}
		for _, o := range c.Operands {
			if cmp, ok := o.(*analyze.Compare); !ok || cmp.Right != s.Archetype {
				rest.Operands = append(rest.Operands, o)
			}
		}
		if len(rest.Operands) == 0 {
			return nil
		}
		return rest
	}
	return s.Pred
}

// descend adds the search for the objects of a source.
func (g *gen) descend(n *plan.Descend, content string, f *from) {
	s := n.Source
	base, everywhere := content, "strict $.**"
	if n.Outer != nil {
		base, everywhere = g.bound[n.Outer].json, "strict $.**{1 to last}"
	}
	filter := " ? (" + typeFilter(s.Types) + ")"
	var rest analyze.Cond
	if s.Pred != nil {
		if plan.InPath(s.Pred, true) {
			filter += " ? (" + g.pathCond(s.Pred) + ")"
		} else {
			rest = s.Pred
		}
	}
	alias := fmt.Sprintf("s%d", s.Index)
	g.bound[s] = &binding{json: alias + ".j"}
	switch {
	case n.Local:
		f.cross("(" + g.local(s, base, filter) + ") as " + alias + "(j)")
	case n.Search != nil:
		f.cross("(" + g.along(n.Search, base, filter) + ") as " + alias + "(j)")
	default:
		f.cross(lateral(g.pathQuery(base, everywhere+filter), alias))
	}
	if rest != nil {
		f.and(g.cond(rest, env{item: alias + ".j"}))
	}
	if n.Child != nil {
		g.node(n.Child, content, f)
	}
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
	base, steps := g.base(e.Source, e.Steps)
	if e.Base != nil {
		base, steps = g.expands[e.Base], e.Steps
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
// remain: versions and the EHR have no JSON as a whole.
func (g *gen) base(s *analyze.Source, steps []*analyze.Step) (string, []*analyze.Step) {
	b := g.bound[s]
	if b.attribute != nil && len(steps) > 0 {
		return b.attribute(steps[0].Attribute), steps[1:]
	}
	return b.json, steps
}

const (
	lifecycleDeleted = 523
	changeRubrics    = "case %[1]s when 249 then 'creation' when 250 then 'amendment' when 251 then 'modification' when 252 then 'synthesis' " +
		"when 253 then 'unknown' when 523 then 'deleted' when 666 then 'attestation' when 816 then 'restoration' when 817 then 'format conversion' end"
	lifecycleRubrics = "case %[1]s when 532 then 'complete' when 553 then 'incomplete' when 523 then 'deleted' when 800 then 'inactive' when 801 then 'abandoned' end"
)

var versionAttributes = []string{"uid", "contribution", "commit_audit", "lifecycle_state", "signature"}

// versionAttribute writes the attributes of VERSION as JSON.
func versionAttribute(v, uid string) func(string) string {
	coded := func(column, rubrics string) string {
		return "jsonb_build_object('_type', 'DV_CODED_TEXT', 'value', " + fmt.Sprintf(rubrics, column) +
			", 'defining_code', jsonb_build_object('_type', 'CODE_PHRASE', 'terminology_id', " +
			"jsonb_build_object('_type', 'TERMINOLOGY_ID', 'value', 'openehr'), 'code_string', " + column + "::text))"
	}
	return func(name string) string {
		switch name {
		case "uid":
			return "jsonb_build_object('_type', 'OBJECT_VERSION_ID', 'value', " + uid + ")"
		case "contribution":
			return "jsonb_build_object('_type', 'OBJECT_REF', 'id', jsonb_build_object('_type', 'HIER_OBJECT_ID', 'value', " +
				v + ".contribution_id), 'namespace', 'local', 'type', 'CONTRIBUTION')"
		case "commit_audit":
			return "jsonb_strip_nulls(jsonb_build_object('_type', 'AUDIT_DETAILS', 'system_id', " + v + ".audit_system_id, " +
				"'time_committed', jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + v + ".time_committed)), " +
				"'change_type', " + coded(v+".change_type", changeRubrics) + ", 'description', " + v + ".description, 'committer', " + v + ".committer))"
		case "lifecycle_state":
			return coded(v+".lifecycle_state", lifecycleRubrics)
		}
		return "to_jsonb(" + v + ".signature)"
	}
}

// isRoot reports whether a path is nothing but a source whose version uid
// stands for the object.
func isRoot(p *analyze.Path) bool {
	return len(p.Steps) == 0 && p.Pred == nil && p.Source != nil && p.Source.Kind == analyze.SourceRoot
}

var dateTimeClass = rm.ClassDVDateTime.Name
