package aql

import (
	"context"

	"github.com/cairn-ehr/cairn/aql/nodegen"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
)

// Strategy is a way to find the rows of a query. All give the same rows.
type Strategy uint8

// The strategies.
const (
	// Automatic takes the node index where it can answer the query, else the
	// documents.
	Automatic Strategy = iota
	// Documents searches the content of compositions. It can answer every query.
	Documents
	// Unkept is Automatic, but for the kept results of materialised queries.
	Unkept
)

// IndexedCatalog is a catalog of a store that keeps the node index.
type IndexedCatalog interface {
	Catalog
	// NodeIndex is the index to look into; nil for none.
	NodeIndex() *nodestore.Index
}

// indexed is how the node index of one generation answers a query.
type indexed struct {
	registry  *nodeindex.Registry
	statement *sqlgen.Statement // nil: it cannot
	uses      []nodegen.Use
	reason    string
}

// index compiles the query for a registry, once for each.
func (q *Query) index(reg *nodeindex.Registry, r Request) *indexed {
	slot := &q.indexed[variant(r.scoped(), false)]
	if p := slot.Load(); p != nil && p.registry == reg {
		return p
	}
	p := &indexed{registry: reg}
	var found *nodegen.Result
	if found, p.reason = nodegen.Make(q.plan, reg, nodegen.Options{Scoped: r.scoped()}); found != nil {
		p.statement = sqlgen.Generate(q.plan, sqlgen.Options{Scoped: r.scoped(), Access: found.Access})
		p.uses = found.Uses
	}
	slot.Store(p)
	return p
}

// choice is how a request is answered.
type choice struct {
	statement *sqlgen.Statement
	strategy  string // node index or document
	reason    string
	uses      []nodegen.Use
	fresh     *Freshness // of a materialised query
}

// choose decides how a request is answered.
func (e *Engine) choose(ctx context.Context, q *Query, r Request) (choice, error) {
	documents := func(reason string) (choice, error) {
		return choice{statement: q.statement(r), strategy: "document", reason: reason}, nil
	}
	if r.Strategy == Documents {
		return documents("it was asked for")
	}
	if found, err := e.keptChoice(ctx, q, r); found != nil || err != nil {
		if err != nil {
			return choice{}, err
		}
		return *found, nil
	}
	if !r.AsOf.IsZero() {
		return documents("only the latest versions are indexed")
	}
	c, ok := e.catalog.(IndexedCatalog)
	if !ok || c.NodeIndex() == nil {
		return documents("there is no node index")
	}
	state, err := c.NodeIndex().State(ctx)
	if err != nil {
		return choice{}, err
	}
	if !state.Complete {
		return documents("the node index does not cover all compositions; cairn reindex completes it")
	}
	p := q.index(state.Registry, r)
	if p.statement == nil {
		return documents("the node index cannot answer it: " + p.reason)
	}
	return choice{statement: p.statement, strategy: "node index", reason: "the index holds all that the query asks for", uses: p.uses}, nil
}
