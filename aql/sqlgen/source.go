package sqlgen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// top begins the FROM clause with the EHR, and what must be found in it.
func (g *gen) top(f *from) {
	if s := g.plan.Query.EHR; s != nil {
		g.repository(s, g.plan.From, &block{alias: "r"}, f, "join", true)
		return
	}
	g.node(g.plan.From, nil, f, true)
}

// repository adds an EHR, or the demographic repository, and what must be found
// in it. The block becomes the item of the FROM clause that it begins with.
func (g *gen) repository(s *analyze.Source, child plan.Node, b *block, f *from, kind string, always bool) {
	around := g.ehr
	g.ehr = b
	if s.Demographic {
		// The partition of the version tables that is no EHR.
		b.inner("(values (0::bigint)) as e(ehr_no)", "")
	} else {
		b.inner("ehr as e", "")
	}
	if g.readsStatus(s) {
		b.joins = append(b.joins, join{
			kind: "left join", item: "(version as ev join document as es using (ehr_no, vo_no, ver))",
			on: "ev.ehr_no = e.ehr_no and ev.kind = 2 and " + g.current("ev"),
		})
	}
	g.bound[s] = &binding{
		attribute: func(name string) string { return g.ehrAttribute(b, name) },
		table:     func(name string) string { return b.column("e." + name) },
	}
	if !s.Demographic {
		if g.opt.AsOf {
			b.and("e.time_created <= " + g.instant())
		}
		if g.opt.Scoped {
			b.and("e.ehr_id = " + g.scope())
		}
		if s.Pred != nil {
			b.and(g.cond(s.Pred, env{}))
		}
		switch {
		case g.opt.among != nil:
			b.and(g.opt.among(g))
		case !g.opt.Scoped && !s.Named:
			b.and("e.is_queryable")
		}
	}
	f.joins = append(f.joins, join{kind: kind, block: b})

	// The first object found goes into the same block.
	rest := []plan.Node{}
	switch n := child.(type) {
	case nil:
	case *plan.All:
		rest = n.Nodes
	default:
		rest = append(rest, n)
	}
	if len(rest) > 0 {
		if first, ok := rest[0].(*plan.Object); ok {
			g.object(first, b, f, always)
			rest = rest[1:]
		}
	}
	if always {
		g.seal(b)
	}
	b.sealed = true
	for _, n := range rest {
		g.node(n, nil, f, always)
	}
	g.ehr = around
}

// scope is the EHR of the request.
func (g *gen) scope() string {
	return g.bind(field{"the EHR of the request", func(v Values) any { return v.EHR.String() }}) + "::uuid"
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
	analyze.Paths(c, func(p *analyze.Path, _ bool) {
		ok = ok && g.bound[p.Source] != nil && (g.column(p) != nil || p.IsEHRID())
	})
	return ok
}

// readsStatus reports whether a path leads into the EHR_STATUS by e/ehr_status.
func (g *gen) readsStatus(s *analyze.Source) bool {
	found := false
	look := func(p *analyze.Path) {
		found = found || p.Source == s &&
			(p.Pred != nil || len(p.Steps) > 0 && p.Steps[0].Attribute == "ehr_status" && g.column(p) == nil)
	}
	for p := range g.plan.Refs {
		look(p)
	}
	analyze.Paths(s.Pred, func(p *analyze.Path, _ bool) { look(p) })
	return found
}

// node adds a part of the FROM clause. The content is the JSON of the
// enclosing versioned object; always tells that the part is found in each row.
func (g *gen) node(n plan.Node, content func() string, f *from, always bool) {
	switch n := n.(type) {
	case *plan.Repository:
		g.repository(n.Source, n.Child, &block{alias: g.name("r")}, f, "cross join lateral", always)
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
	case *plan.Versioned:
		g.versioned(n, f, always)
	case *plan.Descend:
		g.descend(n, content, f, always)
	}
}

// first is the condition for the version that an object began with: number 1
// or, of one that began with an import, whichever was committed first.
func first(v string) string {
	return "case when " + v + ".item is null then " + v + ".ver = 1 else " + v + ".ver > 0 and not exists (select from version as f" +
		" where f.ehr_no = " + v + ".ehr_no and f.vo_no = " + v + ".vo_no and f.ver > 0" +
		" and (f.time_committed, f.ver) < (" + v + ".time_committed, " + v + ".ver)) end"
}

// versioned adds versioned objects: each is represented by its first version.
func (g *gen) versioned(n *plan.Versioned, f *from, always bool) {
	b := &block{alias: g.name("r")}
	f.joins = append(f.joins, join{kind: "cross join lateral", block: b})
	v := g.name("v")
	on := []string{v + ".ehr_no = " + g.ehr.column("e.ehr_no"), first(v), kinds(v, n.Source.Roots)}
	if g.opt.AsOf {
		on = append(on, v+".time_committed <= "+g.instant())
	}
	b.inner("version as "+v, and(on))
	column := func(name string) func() string { return func() string { return b.column(v + "." + name) } }
	owner := "null::jsonb"
	if n.Source.Roots[0] < analyze.RootAgent {
		owner = objectRef(g.ehr.column("e.ehr_id"), "EHR")
	}
	g.bound[n.Source] = &binding{
		uid: func() string { return column("object_id")() + "::text" }, committed: column("time_committed"), number: column("vo_no"),
		attribute: func(name string) string {
			switch name {
			case "uid":
				return objectID("HIER_OBJECT_ID", column("object_id")())
			case "owner_id":
				return owner
			}
			return "jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_timestamp(" + column("time_committed")() + "))"
		},
	}
	if n.Source.Pred != nil {
		b.and(g.cond(n.Source.Pred, env{}))
	}
	if always {
		g.seal(b)
	}
	b.sealed = true
	if n.Child != nil {
		g.node(n.Child, nil, f, always)
	}
}

// kinds is the condition for the kinds of versioned object.
func kinds(v string, roots []analyze.Root) string {
	list := make([]string, len(roots))
	for i, r := range roots {
		list[i] = fmt.Sprint(int(r))
	}
	if len(list) == 1 {
		return v + ".kind = " + list[0]
	}
	return v + ".kind in (" + strings.Join(list, ", ") + ")"
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
	out := &binding{optional: true, uid: column("u", b.uid), committed: column("t", b.committed)}
	if b.json != nil && g.uses[s] > 0 {
		out.json = column("j", b.json)
	}
	if b.attribute != nil {
		exported := map[string]func() string{}
		names := versionAttributes
		switch s.Kind {
		case analyze.SourceVersioned:
			names = versionedAttributes
		case analyze.SourceEHR:
			names = g.ehrAttributesRead(s)
		}
		for _, name := range names {
			exported[name] = column(name+"_", fixed(b.attribute(name)))
		}
		out.attribute = func(name string) string {
			if exported[name] == nil {
				return "null::jsonb"
			}
			return exported[name]()
		}
	}
	if b.table != nil {
		exported := map[string]func() string{}
		for _, name := range ehrColumns {
			exported[name] = column("e_"+name, fixed(b.table(name)))
		}
		out.table = func(name string) string { return exported[name]() }
	}
	g.bound[s] = out
	return columns
}

// ehrAttributesRead is the attributes of an EHR that paths need.
func (g *gen) ehrAttributesRead(s *analyze.Source) []string {
	read := map[string]bool{}
	for p := range g.plan.Refs {
		switch {
		case p.Source != s:
		case p.Pred != nil:
			return ehrAttributes
		case len(p.Steps) > 0:
			read[p.Steps[0].Attribute] = true
		default:
			read["system_id"], read["ehr_id"], read["time_created"] = true, true, true
		}
	}
	if !g.readsStatus(s) {
		delete(read, "ehr_status")
	}
	return slices.Sorted(maps.Keys(read))
}

// object adds the versions of versioned objects to a block and what is to be
// found in them after it.
func (g *gen) object(n *plan.Object, b *block, f *from, always bool) {
	v := g.name("v")
	on := []string{v + ".ehr_no = " + g.ehr.column("e.ehr_no")}
	if len(n.Roots) > 0 {
		on = append(on, kinds(v, n.Roots))
	}
	latest := n.Scope == ast.DefaultVersions || n.Scope == ast.LatestVersion
	switch {
	case latest:
		on = append(on, g.current(v))
	case g.opt.AsOf:
		on = append(on, v+".time_committed <= "+g.instant())
	}
	if n.Of != nil {
		on = append(on, v+".vo_no = "+g.bound[n.Of].number())
	}
	if n.Folder != nil {
		on = append(on, v+".object_id::text = any(array(select split_part(i #>> '{}', '::', 1) from "+
			"jsonb_path_query("+g.bound[n.Folder].json()+", 'lax $.**.items[*].id.value') as i))")
	}
	if n.Child != nil || n.Source != nil || latest {
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
		text := object() + " || '::' || " + b.column(v+".creating_system") + " || '::' || "
		if latest {
			return text + b.column(v+".ver")
		}
		// Branch versions have a ver below zero and their place in tree.
		return text + "coalesce(array_to_string(" + b.column(v+".tree") + ", '.'), " + b.column(v+".ver") + "::text)"
	}
	reads := g.uses[n.Source]
	if n.Source == nil {
		reads += searches(n.Child)
	}
	var content func() string
	if reads > 0 || g.readsData(n.Version) {
		d := g.name("d")
		item, on := "document as "+d, fmt.Sprintf("%s.ehr_no = %s.ehr_no and %s.vo_no = %s.vo_no and %s.ver = %s.ver", d, v, d, v, d, v)
		if reads > 0 {
			b.inner(item, on)
		} else { // a version without content remains
			b.joins = append(b.joins, join{kind: "left join", item: item, on: on})
		}
		content = func() string { return b.column(d + ".content") }
	}
	if n.Version != nil {
		column := func(name string) func() string { return func() string { return b.column(v + "." + name) } }
		asOf := ""
		if g.opt.AsOf {
			asOf = g.instant()
		}
		g.bound[n.Version] = &binding{
			uid: uid, object: object, attribute: versionAttribute(b, v, uid, content, asOf),
			committed: column("time_committed"), superseded: column("time_superseded"),
		}
		if n.Version.Pred != nil {
			b.and(g.cond(n.Version.Pred, env{}))
		}
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

// searches counts the searches that begin at the content of an object.
func searches(n plan.Node) int {
	count := 0
	each := func(list []plan.Node) {
		for _, m := range list {
			count += searches(m)
		}
	}
	switch n := n.(type) {
	case *plan.All:
		each(n.Nodes)
	case *plan.Any:
		each(n.Nodes)
	case *plan.Not:
		return searches(n.Node)
	case *plan.Descend:
		if n.Outer == nil {
			count += passes(n)
		}
		return count + searches(n.Child)
	}
	return count
}

// readsData reports whether a path leads into the data of a VERSION, or takes
// it as a whole.
func (g *gen) readsData(s *analyze.Source) bool {
	found := false
	look := func(p *analyze.Path) {
		found = found || s != nil && p.Source == s && (len(p.Steps) == 0 || p.Pred != nil || p.Steps[0].Attribute == "data")
	}
	for p := range g.plan.Refs {
		look(p)
	}
	if s != nil {
		analyze.Paths(s.Pred, func(p *analyze.Path, _ bool) { look(p) })
	}
	return found
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
