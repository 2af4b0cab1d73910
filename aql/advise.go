package aql

import (
	"context"

	"github.com/cairn-ehr/cairn/aql/nodegen"
)

// IndexUse is an index on columns of the node index that a query could use.
type IndexUse = nodegen.Use

// IndexUses are the indexes that would serve a query; none with a reason if it
// is answered from the documents.
func (e *Engine) IndexUses(ctx context.Context, text string) (list []IndexUse, reason string, err error) {
	q, err := e.Compile(text)
	if err != nil {
		return nil, "", err
	}
	how, err := e.choose(ctx, q, Request{})
	if err != nil || how.strategy != "node index" {
		return nil, how.reason, err
	}
	return how.uses, "", nil
}
