package webtemplate

import (
	"strconv"
	"strings"
	"unicode"
)

// identifier makes an id of a name: letters of any script, digits, _ . and -
// stay, everything else becomes _, in lower case and without repetitions.
func identifier(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case unicode.IsLetter(c) || c == '.' || c == '-' || c >= '0' && c <= '9':
			b.WriteRune(unicode.ToLower(c))
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	id := strings.Trim(b.String(), "_")
	switch {
	case id == "":
		return "id"
	case id[0] >= '0' && id[0] <= '9':
		return "a" + id
	}
	return id
}

// distinguish gives siblings different ids: the second of one id gets the
// suffix 2, the next 3.
func distinguish(nodes []*Node) {
	taken := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		id := n.ID
		for i := 2; taken[id]; i++ {
			id = n.ID + strconv.Itoa(i)
		}
		n.ID = id
		taken[id] = true
	}
}
