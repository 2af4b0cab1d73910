package ehr

import (
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func check(root *rm.Node, t *compiledTemplate, lifecycle int) []rm.Problem { return nil }

func startTime(root *rm.Node) time.Time {
	t, err := time.Parse(time.RFC3339, root.String("context", "start_time", "value"))
	if err != nil {
		return time.Time{}
	}
	return t
}
