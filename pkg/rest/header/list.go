package header

import "strings"

// ListItems splits the lines of a list header at the commas outside quotes.
func ListItems(lines []string) []string {
	var items []string
	for _, line := range lines {
		start, quoted := 0, false
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case '"':
				quoted = !quoted
			case '\\':
				if quoted {
					i++
				}
			case ',':
				if !quoted {
					items = append(items, strings.TrimSpace(line[start:i]))
					start = i + 1
				}
			}
		}
		items = append(items, strings.TrimSpace(line[start:]))
	}
	return items
}

// SplitSemicolons splits at the semicolons outside of quotes.
func SplitSemicolons(line string) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ';' && !quoted:
			parts = append(parts, line[start:i])
			start = i + 1
		}
	}
	return append(parts, line[start:])
}
