package aql_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// TestContainmentInRealCompositions counts the objects of every class and
// archetype in each composition by AQL and by walking the tree.
func TestContainmentInRealCompositions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus/compositions/json/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	target, _ := newTarget(t, 0, aql.Options{})
	engine := target.Engine()
	stored := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		if n == nil {
			continue // not a composition
		}
		stored++
		status := rm.Object("EHR_STATUS", rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
		ehr := uuid.New()
		if err := target.CreateEHR(t.Context(), aqltest.EHR{ID: ehr, Status: status, Created: time.Now()}); err != nil {
			t.Fatal(err)
		}
		object := uuid.New()
		n = n.With("uid", rm.ID("OBJECT_VERSION_ID", object.String()+"::"+aqltest.System+"::1"))
		if err := target.Commit(t.Context(), aqltest.Version{EHR: ehr, Object: object, Number: 1, Content: n, Committed: time.Now()}); err != nil {
			t.Fatal(err)
		}
		classes, archetypes := map[string]int{}, map[string]int{}
		var walk func(m *rm.Node)
		walk = func(m *rm.Node) {
			for _, a := range m.Attrs {
				for _, c := range a.Items {
					if c.Class.Primitive == rm.NotPrimitive {
						for _, name := range []string{
							"OBSERVATION", "EVALUATION", "ENTRY", "CONTENT_ITEM", "SECTION", "ACTIVITY", "EVENT", "HISTORY",
							"ITEM_STRUCTURE", "CLUSTER", "ELEMENT", "LOCATABLE", "DV_TEXT", "DV_QUANTITY", "DATA_VALUE", "PARTICIPATION",
							"EVENT_CONTEXT", "PARTY_PROXY", "ISM_TRANSITION", "FEEDER_AUDIT",
						} {
							if c.Is(name) {
								classes[name]++
							}
						}
						if id := c.NodeID(); aqltest.IsArchetypeID(id) && strings.HasPrefix(id, "openEHR-EHR-"+c.Class.Name+".") {
							archetypes[c.Class.Name+" x["+id+"]"]++
						}
					}
					walk(c)
				}
			}
		}
		walk(n)
		for name := range archetypes {
			classes[name] = archetypes[name]
		}
		for source, want := range classes {
			q := "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS " + source
			var got collect
			if err := engine.Run(t.Context(), q, aql.Request{EHR: ehr}, &got); err != nil {
				t.Fatal(err)
			}
			if got.rows[0] != fmt.Sprint(want) {
				t.Errorf("%s: %s: AQL counts %s, there are %d", filepath.Base(file), source, got.rows[0], want)
			}
		}
	}
	if stored < 40 {
		t.Errorf("only %d compositions", stored)
	}
}
