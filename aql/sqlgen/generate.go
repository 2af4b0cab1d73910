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
	g.pending = conjuncts(p.Query.Where)
	var f from
	g.top(&f)
	for _, e := range p.Expands {
		g.expand(e, &f)
	}
	for _, c := range g.pending {
		f.and(g.cond(c, env{}))
	}
	return &Statement{SQL: g.query(&f), args: g.args}
}

// conjuncts splits a condition at its outermost AND.
func conjuncts(c analyze.Cond) []analyze.Cond {
	switch c := c.(type) {
	case nil:
		return nil
	case *analyze.And:
		var list []analyze.Cond
		for _, o := range c.Operands {
			list = append(list, conjuncts(o)...)
		}
		return list
	}
	return []analyze.Cond{c}
}

// gen holds the state of one generation.
type gen struct {
	plan    *plan.Plan
	opt     Options
	args    []argument
	vars    *variables
	varsArg string
	names   int

	ehr     *block                  // the block with the table ehr
	pending []analyze.Cond          // of WHERE, not yet in the statement
	uses    map[*analyze.Source]int // references to the JSON of a source
	bound   map[*analyze.Source]*binding
	expands map[*plan.Expand]string
}

// binding is where the values of a source are. The functions name columns,
// which is done anew at each use.
type binding struct {
	json      func() string            // the object
	uid       func() string            // the version uid, of objects and versions
	object    func() string            // the column object_id that the uid begins with, if at hand
	committed func() string            // time_committed, of versions
	attribute func(name string) string // of versions and of the EHR: one attribute as JSON
}

func fixed(expr string) func() string { return func() string { return expr } }

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

// top begins the FROM clause with the EHR, and what must be found in it.
func (g *gen) top(f *from) {
	s := g.plan.Query.EHR
	b := &block{alias: "r"}
	g.ehr = b
	b.inner("ehr as e", "")
	if g.readsStatus() {
		b.joins = append(b.joins, join{
			kind: "left join", item: "(version as ev join document as es using (ehr_no, vo_no, ver))",
			on: "ev.ehr_no = e.ehr_no and ev.kind = 2 and ev.time_superseded is null",
		})
	}
	g.bound[s] = &binding{attribute: func(name string) string {
		switch name {
		case "ehr_id", "system_id":
			return "jsonb_build_object('_type', 'HIER_OBJECT_ID', 'value', " + b.column("e."+name) + "::text)"
		case "time_created":
			return "jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + b.column("e.time_created") + "))"
		}
		return b.column("es.content")
	}}
	if g.opt.Scoped {
		b.and("e.ehr_id = " + g.bind(field{"the EHR of the request", func(v Values) any { return v.EHR.String() }}) + "::uuid")
	}
	if s.Pred != nil {
		b.and(g.cond(s.Pred, env{}))
	}
	if !g.opt.Scoped && !g.plan.Query.NamesEHR {
		b.and("e.is_queryable")
	}
	f.joins = append(f.joins, join{kind: "join", block: b})

	// The first object found goes into the same block.
	rest := []plan.Node{}
	switch n := g.plan.From.(type) {
	case nil:
	case *plan.All:
		rest = n.Nodes
	default:
		rest = append(rest, n)
	}
	if len(rest) > 0 {
		if first, ok := rest[0].(*plan.Object); ok {
			g.object(first, b, f, true)
			rest = rest[1:]
		}
	}
	g.seal(b)
	for _, n := range rest {
		g.node(n, nil, f, true)
	}
}

// seal ends a block with the conditions of WHERE that its columns decide.
func (g *gen) seal(b *block) {
	if b.sealed {
		return
	}
	var left []analyze.Cond
	for _, c := range g.pending {
		if g.decidable(c) {
			b.and(g.cond(c, env{}))
		} else {
			left = append(left, c)
		}
	}
	g.pending = left
	b.sealed = true
}

// decidable reports whether all paths of a condition are columns at hand.
func (g *gen) decidable(c analyze.Cond) bool {
	ok := true
	paths(c, func(p *analyze.Path) {
		ok = ok && g.bound[p.Source] != nil && (g.column(p) != nil || p.IsEHRID())
	})
	return ok
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
// enclosing versioned object; always tells that the part is found in each row.
func (g *gen) node(n plan.Node, content func() string, f *from, always bool) {
	switch n := n.(type) {
	case *plan.All:
		for _, m := range n.Nodes {
			g.node(m, content, f, always)
		}
	case *plan.Any:
		g.any(n, content, f)
	case *plan.Not:
		var sub from
		g.node(n.Node, content, &sub, false)
		f.and("not exists (select" + sub.text("    ") + ")")
	case *plan.Object:
		b := &block{alias: g.name("r")}
		f.joins = append(f.joins, join{kind: "cross join lateral", block: b})
		g.object(n, b, f, always)
	case *plan.Descend:
		g.descend(n, content, f, always)
	}
}

// any joins each alternative by itself, so that it may be absent.
func (g *gen) any(n *plan.Any, content func() string, f *from) {
	var found []string
	for _, m := range n.Nodes {
		before := map[*analyze.Source]bool{}
		for s := range g.bound {
			before[s] = true
		}
		var sub from
		g.node(m, content, &sub, false)
		alias := g.name("o")
		columns := []string{"true as found"}
		for _, s := range g.plan.Query.Sources {
			if b := g.bound[s]; b != nil && !before[s] && !s.Hidden {
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
	column := func(prefix string, expr func() string) func() string {
		if expr == nil {
			return nil
		}
		name := fmt.Sprintf("%s%d", prefix, s.Index)
		columns = append(columns, expr()+" as "+name)
		return fixed(alias + "." + name)
	}
	out := &binding{uid: column("u", b.uid), committed: column("t", b.committed)}
	if b.json != nil && g.uses[s] > 0 {
		out.json = column("j", b.json)
	}
	if b.attribute != nil {
		exported := map[string]func() string{}
		for _, name := range versionAttributes {
			exported[name] = column(name+"_", fixed(b.attribute(name)))
		}
		out.attribute = func(name string) string { return exported[name]() }
	}
	g.bound[s] = out
	return columns
}

// object adds the versions of versioned objects to a block and what is to be
// found in them after it.
func (g *gen) object(n *plan.Object, b *block, f *from, always bool) {
	v := g.name("v")
	on := []string{v + ".ehr_no = " + g.ehr.column("e.ehr_no")}
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
	b.inner("version as "+v, and(on))

	object := func() string { return b.column(v + ".object_id") }
	uid := func() string {
		return object() + " || '::' || " + b.column(v+".creating_system") + " || '::' || " + b.column(v+".ver")
	}
	if n.Version != nil {
		g.bound[n.Version] = &binding{
			uid: uid, object: object, attribute: versionAttribute(b, v, uid),
			committed: func() string { return b.column(v + ".time_committed") },
		}
		if n.Version.Pred != nil {
			b.and(g.cond(n.Version.Pred, env{}))
		}
	}
	reads := g.uses[n.Source]
	if _, descends := n.Child.(*plan.Descend); n.Source == nil && descends {
		reads++
	}
	var content func() string
	if reads > 0 {
		d := g.name("d")
		b.inner("document as "+d, fmt.Sprintf("%s.ehr_no = %s.ehr_no and %s.vo_no = %s.vo_no and %s.ver = %s.ver", d, v, d, v, d, v))
		content = func() string { return b.column(d + ".content") }
	}
	if n.Source != nil {
		g.bound[n.Source] = &binding{json: content, uid: uid, object: object}
	}
	if always {
		g.seal(b)
	}
	b.sealed = true
	if reads > 1 {
		// One copy in memory rather than unpacking the column at each use.
		c := g.name("c")
		f.cross(lateral("jsonb_path_query("+content()+", '$')", c))
		content = fixed(c + ".j")
		if n.Source != nil {
			g.bound[n.Source].json = content
		}
	}
	if n.Source != nil {
		if pred := withoutArchetype(n.Source); pred != nil {
			f.and(g.cond(pred, env{}))
		}
	}
	if n.Child != nil {
		g.node(n.Child, content, f, always)
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
func (g *gen) descend(n *plan.Descend, content func() string, f *from, always bool) {
	s := n.Source
	everywhere := "strict $.**"
	if n.Outer != nil {
		content, everywhere = g.bound[n.Outer].json, "strict $.**{1 to last}"
	}
	base := content()
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
	g.bound[s] = &binding{json: fixed(alias + ".j")}
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
		g.node(n.Child, content, f, always)
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
	return b.json(), steps
}

const (
	lifecycleDeleted = 523
	changeRubrics    = "case %[1]s when 249 then 'creation' when 250 then 'amendment' when 251 then 'modification' when 252 then 'synthesis' " +
		"when 253 then 'unknown' when 523 then 'deleted' when 666 then 'attestation' when 816 then 'restoration' when 817 then 'format conversion' end"
	lifecycleRubrics = "case %[1]s when 532 then 'complete' when 553 then 'incomplete' when 523 then 'deleted' when 800 then 'inactive' when 801 then 'abandoned' end"
)

var versionAttributes = []string{"uid", "contribution", "commit_audit", "lifecycle_state", "signature"}

// versionAttribute writes the attributes of VERSION as JSON.
func versionAttribute(b *block, v string, uid func() string) func(string) string {
	column := func(name string) string { return b.column(v + "." + name) }
	coded := func(column, rubrics string) string {
		return "jsonb_build_object('_type', 'DV_CODED_TEXT', 'value', " + fmt.Sprintf(rubrics, column) +
			", 'defining_code', jsonb_build_object('_type', 'CODE_PHRASE', 'terminology_id', " +
			"jsonb_build_object('_type', 'TERMINOLOGY_ID', 'value', 'openehr'), 'code_string', " + column + "::text))"
	}
	return func(name string) string {
		switch name {
		case "uid":
			return "jsonb_build_object('_type', 'OBJECT_VERSION_ID', 'value', " + uid() + ")"
		case "contribution":
			return "jsonb_build_object('_type', 'OBJECT_REF', 'id', jsonb_build_object('_type', 'HIER_OBJECT_ID', 'value', " +
				column("contribution_id") + "), 'namespace', 'local', 'type', 'CONTRIBUTION')"
		case "commit_audit":
			return "jsonb_strip_nulls(jsonb_build_object('_type', 'AUDIT_DETAILS', 'system_id', " + column("audit_system_id") + ", " +
				"'time_committed', jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + column("time_committed") + ")), " +
				"'change_type', " + coded(column("change_type"), changeRubrics) + ", 'description', " + column("description") +
				", 'committer', " + column("committer") + "))"
		case "lifecycle_state":
			return coded(column("lifecycle_state"), lifecycleRubrics)
		}
		return "to_jsonb(" + column("signature") + ")"
	}
}

// isRoot reports whether a path is nothing but a source whose version uid
// stands for the object.
func isRoot(p *analyze.Path) bool {
	return len(p.Steps) == 0 && p.Pred == nil && p.Source != nil && p.Source.Kind == analyze.SourceRoot
}

var dateTimeClass = rm.ClassDVDateTime.Name
