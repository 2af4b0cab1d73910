package aql_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
)

// TestExplain compares what EXPLAIN prints: the command names the section.
func TestExplain(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/explain", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			q, err := aql.Compile(d.Input, aql.Limits{})
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			var r aql.Request
			for _, a := range d.CmdArgs {
				if a.Key == "scoped" {
					r.EHR = uuid.Max
				}
			}
			for _, part := range strings.Split(q.Explain(r), "\n\n") {
				head, text, _ := strings.Cut(part, "\n")
				if strings.Fields(head)[0] == d.Cmd {
					return strings.TrimRight(text, "\n") + "\n"
				}
			}
			d.Fatalf(t, "no section %s", d.Cmd)
			return ""
		})
	})
}
