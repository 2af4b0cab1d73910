package parse

import (
	"sort"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse/gen"
)

// listener turns what ANTLR reports into problems.
type listener struct {
	antlr.DefaultErrorListener
	src      *source
	max      int
	problems []ast.Problem
}

// SyntaxError implements antlr.ErrorListener.
func (l *listener) SyntaxError(rec antlr.Recognizer, symbol any, line, column int, msg string, _ antlr.RecognitionException) {
	if len(l.problems) >= l.max {
		return
	}
	p := ast.Problem{Pos: ast.Pos{Line: line, Column: column + 1}, Code: "syntax", Message: msg}
	token, isToken := symbol.(antlr.Token)
	parser, isParser := rec.(antlr.Parser)
	if isToken && isParser {
		p.Pos = l.src.token(token)
		p.Message = l.unexpected(token)
		if want := expected(parser.GetExpectedTokens()); want != "" {
			p.Message += ", expected " + want
		}
	}
	l.problems = append(l.problems, p)
}

func (l *listener) unexpected(t antlr.Token) string {
	text := t.GetText()
	switch t.GetTokenType() {
	case antlr.TokenEOF:
		return "the query ends too early"
	case gen.AqlLexerUNKNOWN:
		if text == "'" || text == `"` {
			return "the string is not closed before the end of its line"
		}
	}
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	return "unexpected " + text
}

// phrases name the tokens, and groups of tokens, that have no fixed text. A
// group is named when all of its tokens are expected.
var phrases = []struct {
	text   string
	tokens []int
}{
	{"a comparison operator", []int{gen.AqlParserEQ, gen.AqlParserNE, gen.AqlParserOTHER, gen.AqlParserLT, gen.AqlParserLE, gen.AqlParserGT, gen.AqlParserGE}},
	{"an attribute name", []int{
		gen.AqlParserIDENTIFIER, gen.AqlParserORDER, gen.AqlParserLIMIT, gen.AqlParserOFFSET,
		gen.AqlParserVERSION, gen.AqlParserTOP, gen.AqlParserFORWARD, gen.AqlParserBACKWARD, gen.AqlParserCONTAINS,
		gen.AqlParserMATCHES, gen.AqlParserLIKE, gen.AqlParserEXISTS, gen.AqlParserASC, gen.AqlParserDESC,
		gen.AqlParserBY, gen.AqlParserAS, gen.AqlParserGROUP, gen.AqlParserHAVING,
	}},
	{"a path, function or value", []int{
		gen.AqlParserIDENTIFIER, gen.AqlParserNODE_CODE, gen.AqlParserGROUP, gen.AqlParserHAVING, gen.AqlParserLPAREN, gen.AqlParserCONTAINS, gen.AqlParserSTRING,
		gen.AqlParserINTEGER, gen.AqlParserREAL, gen.AqlParserMINUS, gen.AqlParserTRUE, gen.AqlParserFALSE, gen.AqlParserNULL, gen.AqlParserPARAMETER,
	}},
	{"a function or value", []int{
		gen.AqlParserIDENTIFIER, gen.AqlParserCONTAINS, gen.AqlParserSTRING,
		gen.AqlParserINTEGER, gen.AqlParserREAL, gen.AqlParserMINUS, gen.AqlParserTRUE, gen.AqlParserFALSE, gen.AqlParserNULL, gen.AqlParserPARAMETER,
	}},
	{"a value", []int{
		gen.AqlParserSTRING, gen.AqlParserINTEGER, gen.AqlParserREAL, gen.AqlParserMINUS,
		gen.AqlParserTRUE, gen.AqlParserFALSE, gen.AqlParserNULL,
	}},
	{"an arithmetic operator", []int{gen.AqlParserSTAR, gen.AqlParserPERCENT, gen.AqlParserPLUS, gen.AqlParserMINUS}},
	{"a number", []int{gen.AqlParserINTEGER, gen.AqlParserREAL}},
	{"ASC or DESC", []int{gen.AqlParserASC, gen.AqlParserASCENDING, gen.AqlParserDESC, gen.AqlParserDESCENDING}},
	{"a name", []int{gen.AqlParserIDENTIFIER, gen.AqlParserNODE_CODE, gen.AqlParserGROUP, gen.AqlParserHAVING}},
	{"a name", []int{gen.AqlParserIDENTIFIER}},
	{"a name", []int{gen.AqlParserNODE_CODE}},
	{"an archetype id", []int{gen.AqlParserARCHETYPE_ID}},
	{"a coded term", []int{gen.AqlParserTERM_CODE}},
	{"a parameter", []int{gen.AqlParserPARAMETER}},
	{"a string", []int{gen.AqlParserSTRING}},
	{"a whole number", []int{gen.AqlParserINTEGER}},
	{"a decimal number", []int{gen.AqlParserREAL}},
	{"a regular expression", []int{gen.AqlParserREGEX}},
	{"a URI", []int{gen.AqlParserURI}},
	{"!=", []int{gen.AqlParserNE}},
	{"the end of the query", []int{antlr.TokenEOF}},
	{"", []int{gen.AqlParserSEMICOLON}},
}

// expected puts a set of tokens into words.
func expected(set *antlr.IntervalSet) string {
	if set == nil {
		return ""
	}
	left := map[int]bool{}
	for _, iv := range set.GetIntervals() {
		for t := iv.Start; t < iv.Stop; t++ {
			left[t] = true
		}
	}
	var words []string
	add := func(w string) {
		for _, have := range words {
			if have == w {
				return
			}
		}
		if w != "" {
			words = append(words, w)
		}
	}
	for _, ph := range phrases {
		all := true
		for _, t := range ph.tokens {
			all = all && left[t]
		}
		if all {
			add(ph.text)
			for _, t := range ph.tokens {
				delete(left, t)
			}
		}
	}
	var rest []int
	for t := range left {
		rest = append(rest, t)
	}
	sort.Ints(rest)
	names := gen.AqlParserParserStaticData.LiteralNames
	for _, t := range rest {
		if t > 0 && t < len(names) {
			add(strings.Trim(names[t], "'"))
		}
	}
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}
