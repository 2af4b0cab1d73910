// Package parse turns the text of an AQL query into its syntax tree. The
// grammar is in package gen; nothing else may import that.
package parse

import (
	"fmt"
	"unicode/utf8"

	"github.com/antlr4-go/antlr/v4"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse/gen"
)

// Limits bound what the parser accepts. A zero field takes its default.
type Limits struct {
	Length   int // bytes of text, default 65536
	Nesting  int // brackets, CONTAINS, NOT and signs within each other, default 64
	Problems int // syntax errors listed, default 10
}

// Default limits.
const (
	DefaultLength   = 64 << 10
	DefaultNesting  = 64
	DefaultProblems = 10
)

func (l Limits) withDefaults() Limits {
	if l.Length <= 0 {
		l.Length = DefaultLength
	}
	if l.Nesting <= 0 {
		l.Nesting = DefaultNesting
	}
	if l.Problems <= 0 {
		l.Problems = DefaultProblems
	}
	return l
}

// Query parses the text of a query. The tree is nil if and only if there are
// problems, which are in the order of the text.
func Query(text string, limits Limits) (*ast.Query, []ast.Problem) {
	limits = limits.withDefaults()
	if len(text) > limits.Length {
		return nil, []ast.Problem{{
			Pos: ast.Pos{Line: 1, Column: 1}, Code: "limit.length",
			Message: fmt.Sprintf("the query has %d bytes, the limit is %d", len(text), limits.Length),
		}}
	}
	if i := invalidUTF8(text); i >= 0 {
		p := ast.Problem{Code: "encoding", Message: "the query is not valid UTF-8"}
		p.Pos = place(text, i)
		return nil, []ast.Problem{p}
	}

	src := newSource(text)
	report := &listener{src: src, max: limits.Problems}
	lexer := gen.NewAqlLexer(antlr.NewInputStream(text))
	lexer.RemoveErrorListeners()
	lexer.AddErrorListener(report)
	tokens := antlr.NewCommonTokenStream(lexer, antlr.TokenDefaultChannel)
	tokens.Fill()
	if p, ok := src.checkNesting(tokens.GetAllTokens(), limits.Nesting); !ok {
		return nil, []ast.Problem{p.MarkIn(text)}
	}
	parser := gen.NewAqlParser(tokens)
	parser.RemoveErrorListeners()
	parser.AddErrorListener(report)
	tree := parser.Query()
	if len(report.problems) > 0 {
		return nil, mark(report.problems, text)
	}

	b := builder{src: src}
	q := b.query(tree)
	if len(b.problems) > 0 {
		return nil, mark(b.problems, text)
	}
	return q, nil
}

func mark(list []ast.Problem, text string) []ast.Problem {
	for i := range list {
		list[i] = list[i].MarkIn(text)
	}
	return list
}

// checkNesting bounds the recursion of the parser before it starts.
func (s *source) checkNesting(tokens []antlr.Token, limit int) (ast.Problem, bool) {
	brackets, contains, nots, signs := 0, 0, 0, 0
	for _, t := range tokens {
		if t.GetTokenType() != gen.AqlLexerNOT {
			nots = 0
		}
		if t.GetTokenType() != gen.AqlLexerMINUS {
			signs = 0
		}
		switch t.GetTokenType() {
		case gen.AqlLexerLPAREN, gen.AqlLexerLBRACKET, gen.AqlLexerLBRACE:
			brackets++
		case gen.AqlLexerRPAREN, gen.AqlLexerRBRACKET, gen.AqlLexerRBRACE:
			brackets--
		case gen.AqlLexerCONTAINS:
			contains++
		case gen.AqlLexerNOT:
			nots++
		case gen.AqlLexerMINUS:
			signs++
		}
		if max(brackets, contains, nots, signs) > limit {
			return ast.Problem{
				Pos: s.token(t), Code: "limit.nesting",
				Message: fmt.Sprintf("the query is nested deeper than the limit of %d", limit),
			}, false
		}
	}
	return ast.Problem{}, true
}

// source maps the character positions of tokens to byte offsets.
type source struct {
	text    string
	offsets []int // byte offset of each character; nil when all are one byte
}

func newSource(text string) *source {
	s := &source{text: text}
	if n := utf8.RuneCountInString(text); n != len(text) {
		s.offsets = make([]int, 0, n+1)
		for i := range text {
			s.offsets = append(s.offsets, i)
		}
		s.offsets = append(s.offsets, len(text))
	}
	return s
}

func (s *source) offset(char int) int {
	switch {
	case char < 0:
		return 0
	case s.offsets == nil:
		return min(char, len(s.text))
	case char >= len(s.offsets):
		return len(s.text)
	}
	return s.offsets[char]
}

func (s *source) token(t antlr.Token) ast.Pos {
	if t == nil {
		return ast.Pos{Line: 1, Column: 1}
	}
	p := ast.Pos{Offset: s.offset(t.GetStart()), Line: t.GetLine(), Column: t.GetColumn() + 1}
	p.End = p.Offset
	if t.GetTokenType() != antlr.TokenEOF {
		p.End = s.offset(t.GetStop() + 1)
	}
	return p
}

func (s *source) rule(c antlr.ParserRuleContext) ast.Pos {
	p := s.token(c.GetStart())
	if stop := c.GetStop(); stop != nil {
		p.End = max(p.End, s.token(stop).End)
	}
	return p
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

func place(text string, offset int) ast.Pos {
	p := ast.Pos{Offset: offset, End: offset, Line: 1, Column: 1}
	for _, r := range text[:offset] {
		if p.Column++; r == '\n' {
			p.Line, p.Column = p.Line+1, 1
		}
	}
	return p
}
