package pgtarget_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

// materialising answers queries from kept rows where it can.
type materialising struct {
	*pgtarget.Target
	declared map[string]bool
	answered *int
}

// Query keeps the rows of a query before it asks for them.
func (m materialising) Query(ctx context.Context, text string, r aql.Request, sink aql.Sink) error {
	if !m.declared[text] && m.Engine().Materialisable(text, false) == nil {
		m.declared[text] = true
		if err := m.Kept().Declare(ctx, keptstore.Entry{Name: fmt.Sprintf("q%d", len(m.declared)), Version: "1.0.0", Text: text}, "test"); err != nil {
			return err
		}
		if err := m.Engine().RefreshMaterialised(ctx); err != nil {
			return err
		}
	}
	x, err := m.Engine().Explain(ctx, text, r, false)
	switch {
	case err == nil && x.Strategy == "materialised":
		*m.answered++
	case err == nil && m.declared[text] && x.Population && r.AsOf.IsZero() && r.EHR == [16]byte{}:
		return errs.New(errs.Internal, "test", "what is kept is not used: "+x.Reason)
	}
	return m.Target.Query(ctx, text, r, sink)
}

// TestScriptsMaterialised runs all scripts with what can be kept.
func TestScriptsMaterialised(t *testing.T) {
	t.Parallel()
	answered := make(chan int, 1000)
	t.Run("scripts", func(t *testing.T) {
		aqltest.Run(t, "../testdata", func(t testing.TB) aqltest.Target {
			target, err := pgtarget.New(pgtest.Database(t), aql.Options{Terminology: vocabulary{}})
			if err != nil {
				t.Fatal(err)
			}
			n := new(int)
			t.Cleanup(func() { answered <- *n })
			return materialising{target, map[string]bool{}, n}
		})
	})
	close(answered) // the scripts have ended
	sum := 0
	for n := range answered {
		sum += n
	}
	if sum < 100 {
		t.Errorf("only %d queries were answered from what is kept", sum)
	}
	t.Logf("%d queries were answered from what is kept", sum)
}
