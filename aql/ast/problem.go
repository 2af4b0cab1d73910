package ast

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Problem is one thing wrong with a query, found by the parser or the analyser.
type Problem struct {
	Pos
	// Code is the stable name of the rule, such as "syntax" or
	// "unsupported.function".
	Code    string
	Message string
	// Snippet is the line of the query with a second line that marks the place.
	Snippet string
	// Suggestions are what the author may have meant, the likeliest first.
	Suggestions []string
	// Archetype and Path say, of an unknown path, in which archetype it was
	// looked for; "" otherwise.
	Archetype, Path string
}

// Error is the message with its place, for logs and for lists of errors.
func (p Problem) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// maxSnippet is how many characters of a long line a snippet shows.
const maxSnippet = 120

// MarkIn fills in the snippet from the text of the query.
func (p Problem) MarkIn(text string) Problem {
	offset := min(max(p.Offset, 0), len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	before := []rune(strings.TrimSuffix(text[start:offset], "\r"))
	after := []rune(strings.TrimRight(text[offset:end], "\r"))
	marked := 1
	if p.End > offset {
		marked = max(1, min(utf8.RuneCountInString(text[offset:min(p.End, end)]), len(after)))
	}
	lead := ""
	if over := len(before) - maxSnippet/2; over > 0 {
		before, lead = before[over:], "…"
	}
	tail := ""
	if room := maxSnippet - len(before); len(after) > room {
		after, tail = after[:room], "…"
		marked = min(marked, room)
	}
	var b strings.Builder
	b.WriteString(lead + string(before) + string(after) + tail + "\n")
	if lead != "" {
		b.WriteByte(' ')
	}
	for _, r := range before {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat("^", marked))
	p.Snippet = b.String()
	return p
}
