package simplified

import (
	"strings"

	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// nearest is the key of the web template that is most like an unknown one; "" if
// none is like it.
func nearest(root *webtemplate.Node, key string) string {
	path, suffix, suffixed := strings.Cut(key, "|")
	ids := strings.Split(path, "/")
	if len(ids) == 0 || ids[0] != root.ID {
		return ""
	}
	known, n := root.ID, root
	for _, id := range ids[1:] {
		var candidates []string
		var next *webtemplate.Node
		for _, c := range n.Children {
			if c.ID == id {
				next = c
			}
			candidates = append(candidates, c.ID)
		}
		if next == nil {
			if best := closest(id, candidates); best != "" {
				return known + "/" + best
			}
			return ""
		}
		known, n = known+"/"+id, next
	}
	if !suffixed {
		return ""
	}
	var candidates []string
	for _, in := range n.Inputs {
		if in.Suffix != "" {
			candidates = append(candidates, in.Suffix)
		}
	}
	if best := closest(suffix, candidates); best != "" {
		return known + "|" + best
	}
	return ""
}

// closest is the candidate with the fewest edits from s, at most a third of its
// letters (and one at least); "" if there is none.
func closest(s string, candidates []string) string {
	best, least := "", max(1, len([]rune(s))/3)+1
	for _, c := range candidates {
		if d := edits([]rune(s), []rune(c), least); d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the number of letters to change, insert or drop between two words;
// anything from limit on may be limit.
func edits(a, b []rune, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			d := diagonal
			if x != y {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
