package aql

import (
	"context"

	"github.com/cairn-ehr/cairn/aql/nodegen"
)

// Restriction is a column of the node index by which a query restricts rows.
type Restriction = nodegen.Use

// Restrictions are the columns of the node index that a query compares with
// constants; none with a reason if it is answered from the documents.
func (e *Engine) Restrictions(ctx context.Context, text string) (list []Restriction, reason string, err error) {
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
