package ehr

import (
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func check(root *rm.Node, t *compiledTemplate, lifecycle int) []rm.Problem { return nil }

// startTime is EVENT_CONTEXT.start_time as an instant, the first one that a
// partial value can mean; zero if there is none.
func startTime(root *rm.Node) time.Time {
	t, err := rm.ParseDateTime(root.String("context", "start_time", "value"))
	if err != nil {
		return time.Time{}
	}
	return t.Earliest()
}
