// Code generated from AqlParser.g4 by ANTLR 4.13.1. DO NOT EDIT.

package gen // AqlParser
import (
	"fmt"
	"strconv"
	"sync"

	"github.com/antlr4-go/antlr/v4"
)

// Suppress unused import errors
var _ = fmt.Printf
var _ = strconv.Itoa
var _ = sync.Once{}

type AqlParser struct {
	*antlr.BaseParser
}

var AqlParserParserStaticData struct {
	once                   sync.Once
	serializedATN          []int32
	LiteralNames           []string
	SymbolicNames          []string
	RuleNames              []string
	PredictionContextCache *antlr.PredictionContextCache
	atn                    *antlr.ATN
	decisionToDFA          []*antlr.DFA
}

func aqlparserParserInit() {
	staticData := &AqlParserParserStaticData
	staticData.LiteralNames = []string{
		"", "'SELECT'", "'DISTINCT'", "'TOP'", "'FORWARD'", "'BACKWARD'", "'AS'",
		"'FROM'", "'CONTAINS'", "'WHERE'", "'GROUP'", "'HAVING'", "'ORDER'",
		"'BY'", "'ASC'", "'ASCENDING'", "'DESC'", "'DESCENDING'", "'LIMIT'",
		"'OFFSET'", "'VERSION'", "'LATEST_VERSION'", "'ALL_VERSIONS'", "'AND'",
		"'OR'", "'NOT'", "'EXISTS'", "'LIKE'", "'MATCHES'", "'TRUE'", "'FALSE'",
		"'NULL'", "", "", "", "", "", "", "", "", "", "", "'='", "'!='", "'<>'",
		"'<='", "'>='", "'<'", "'>'", "'/'", "','", "'*'", "'-'", "'+'", "'%'",
		"'|'", "'..'", "';'", "'('", "')'", "'['", "']'", "'{'", "'}'",
	}
	staticData.SymbolicNames = []string{
		"", "SELECT", "DISTINCT", "TOP", "FORWARD", "BACKWARD", "AS", "FROM",
		"CONTAINS", "WHERE", "GROUP", "HAVING", "ORDER", "BY", "ASC", "ASCENDING",
		"DESC", "DESCENDING", "LIMIT", "OFFSET", "VERSION", "LATEST_VERSION",
		"ALL_VERSIONS", "AND", "OR", "NOT", "EXISTS", "LIKE", "MATCHES", "TRUE",
		"FALSE", "NULL", "ARCHETYPE_ID", "TERM_CODE", "NODE_CODE", "PARAMETER",
		"REAL", "INTEGER", "STRING", "REGEX", "URI", "IDENTIFIER", "EQ", "NE",
		"OTHER", "LE", "GE", "LT", "GT", "SLASH", "COMMA", "STAR", "MINUS",
		"PLUS", "PERCENT", "BAR", "DOTDOT", "SEMICOLON", "LPAREN", "RPAREN",
		"LBRACKET", "RBRACKET", "LBRACE", "RBRACE", "COMMENT", "WHITESPACE",
		"UNKNOWN",
	}
	staticData.RuleNames = []string{
		"query", "select", "top", "column", "from", "containment", "conjunction",
		"contained", "source", "className", "versionPredicate", "where", "condition",
		"conditionAnd", "conditionNot", "test", "matchSet", "member", "interval",
		"groupBy", "having", "orderBy", "orderItem", "limit", "operand", "divisor",
		"function", "functionName", "arguments", "literal", "comparator", "path",
		"steps", "step", "attribute", "name", "predicate", "criteria", "criteriaAnd",
		"criterion", "nodeId", "nodeName", "value",
	}
	staticData.PredictionContextCache = antlr.NewPredictionContextCache()
	staticData.serializedATN = []int32{
		4, 1, 66, 462, 2, 0, 7, 0, 2, 1, 7, 1, 2, 2, 7, 2, 2, 3, 7, 3, 2, 4, 7,
		4, 2, 5, 7, 5, 2, 6, 7, 6, 2, 7, 7, 7, 2, 8, 7, 8, 2, 9, 7, 9, 2, 10, 7,
		10, 2, 11, 7, 11, 2, 12, 7, 12, 2, 13, 7, 13, 2, 14, 7, 14, 2, 15, 7, 15,
		2, 16, 7, 16, 2, 17, 7, 17, 2, 18, 7, 18, 2, 19, 7, 19, 2, 20, 7, 20, 2,
		21, 7, 21, 2, 22, 7, 22, 2, 23, 7, 23, 2, 24, 7, 24, 2, 25, 7, 25, 2, 26,
		7, 26, 2, 27, 7, 27, 2, 28, 7, 28, 2, 29, 7, 29, 2, 30, 7, 30, 2, 31, 7,
		31, 2, 32, 7, 32, 2, 33, 7, 33, 2, 34, 7, 34, 2, 35, 7, 35, 2, 36, 7, 36,
		2, 37, 7, 37, 2, 38, 7, 38, 2, 39, 7, 39, 2, 40, 7, 40, 2, 41, 7, 41, 2,
		42, 7, 42, 1, 0, 1, 0, 1, 0, 3, 0, 90, 8, 0, 1, 0, 3, 0, 93, 8, 0, 1, 0,
		3, 0, 96, 8, 0, 1, 0, 3, 0, 99, 8, 0, 1, 0, 3, 0, 102, 8, 0, 1, 0, 3, 0,
		105, 8, 0, 1, 0, 1, 0, 1, 1, 1, 1, 3, 1, 111, 8, 1, 1, 1, 3, 1, 114, 8,
		1, 1, 1, 1, 1, 1, 1, 5, 1, 119, 8, 1, 10, 1, 12, 1, 122, 9, 1, 1, 2, 1,
		2, 1, 2, 3, 2, 127, 8, 2, 1, 3, 1, 3, 1, 3, 3, 3, 132, 8, 3, 1, 4, 1, 4,
		1, 4, 1, 5, 1, 5, 1, 5, 5, 5, 140, 8, 5, 10, 5, 12, 5, 143, 9, 5, 1, 6,
		1, 6, 1, 6, 5, 6, 148, 8, 6, 10, 6, 12, 6, 151, 9, 6, 1, 7, 1, 7, 3, 7,
		155, 8, 7, 1, 7, 1, 7, 3, 7, 159, 8, 7, 1, 7, 1, 7, 1, 7, 1, 7, 3, 7, 165,
		8, 7, 1, 8, 1, 8, 3, 8, 169, 8, 8, 1, 8, 3, 8, 172, 8, 8, 1, 8, 1, 8, 3,
		8, 176, 8, 8, 1, 8, 3, 8, 179, 8, 8, 3, 8, 181, 8, 8, 1, 9, 1, 9, 1, 10,
		1, 10, 1, 10, 1, 10, 3, 10, 189, 8, 10, 1, 10, 1, 10, 1, 11, 1, 11, 1,
		11, 1, 12, 1, 12, 1, 12, 5, 12, 199, 8, 12, 10, 12, 12, 12, 202, 9, 12,
		1, 13, 1, 13, 1, 13, 5, 13, 207, 8, 13, 10, 13, 12, 13, 210, 9, 13, 1,
		14, 1, 14, 1, 14, 1, 14, 1, 14, 1, 14, 1, 14, 1, 14, 1, 14, 1, 14, 3, 14,
		222, 8, 14, 3, 14, 224, 8, 14, 1, 15, 1, 15, 1, 15, 1, 15, 1, 15, 1, 15,
		1, 15, 3, 15, 233, 8, 15, 1, 16, 1, 16, 1, 16, 1, 16, 5, 16, 239, 8, 16,
		10, 16, 12, 16, 242, 9, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 3, 16, 249,
		8, 16, 1, 17, 1, 17, 1, 17, 3, 17, 254, 8, 17, 1, 18, 1, 18, 3, 18, 258,
		8, 18, 1, 18, 1, 18, 1, 18, 3, 18, 263, 8, 18, 1, 18, 3, 18, 266, 8, 18,
		1, 18, 1, 18, 1, 19, 1, 19, 1, 19, 1, 19, 1, 19, 5, 19, 275, 8, 19, 10,
		19, 12, 19, 278, 9, 19, 1, 20, 1, 20, 1, 20, 1, 21, 1, 21, 1, 21, 1, 21,
		1, 21, 5, 21, 288, 8, 21, 10, 21, 12, 21, 291, 9, 21, 1, 22, 1, 22, 3,
		22, 295, 8, 22, 1, 23, 1, 23, 1, 23, 1, 23, 3, 23, 301, 8, 23, 1, 24, 1,
		24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 3, 24,
		314, 8, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1, 24, 1,
		24, 5, 24, 325, 8, 24, 10, 24, 12, 24, 328, 9, 24, 1, 25, 1, 25, 1, 25,
		1, 25, 1, 25, 1, 25, 3, 25, 336, 8, 25, 1, 26, 1, 26, 1, 26, 3, 26, 341,
		8, 26, 1, 26, 1, 26, 1, 27, 1, 27, 1, 28, 1, 28, 1, 28, 1, 28, 1, 28, 1,
		28, 5, 28, 353, 8, 28, 10, 28, 12, 28, 356, 9, 28, 3, 28, 358, 8, 28, 1,
		29, 1, 29, 3, 29, 362, 8, 29, 1, 29, 1, 29, 3, 29, 366, 8, 29, 1, 29, 1,
		29, 1, 29, 1, 29, 3, 29, 372, 8, 29, 1, 30, 1, 30, 1, 31, 1, 31, 3, 31,
		378, 8, 31, 1, 31, 1, 31, 3, 31, 382, 8, 31, 1, 32, 1, 32, 1, 32, 5, 32,
		387, 8, 32, 10, 32, 12, 32, 390, 9, 32, 1, 33, 1, 33, 3, 33, 394, 8, 33,
		1, 34, 1, 34, 1, 35, 1, 35, 1, 36, 1, 36, 1, 36, 1, 36, 1, 37, 1, 37, 1,
		37, 5, 37, 407, 8, 37, 10, 37, 12, 37, 410, 9, 37, 1, 38, 1, 38, 1, 38,
		5, 38, 415, 8, 38, 10, 38, 12, 38, 418, 9, 38, 1, 39, 1, 39, 1, 39, 1,
		39, 1, 39, 1, 39, 1, 39, 3, 39, 427, 8, 39, 1, 39, 1, 39, 1, 39, 1, 39,
		1, 39, 1, 39, 1, 39, 1, 39, 1, 39, 1, 39, 1, 39, 5, 39, 440, 8, 39, 10,
		39, 12, 39, 443, 9, 39, 1, 39, 1, 39, 3, 39, 447, 8, 39, 3, 39, 449, 8,
		39, 1, 40, 1, 40, 1, 41, 1, 41, 1, 42, 1, 42, 1, 42, 1, 42, 1, 42, 3, 42,
		460, 8, 42, 1, 42, 0, 1, 48, 43, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20,
		22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56,
		58, 60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 82, 84, 0, 11, 1, 0, 4,
		5, 2, 0, 10, 10, 41, 41, 1, 0, 14, 17, 2, 0, 51, 51, 54, 54, 1, 0, 52,
		53, 2, 0, 8, 8, 41, 41, 1, 0, 42, 48, 7, 0, 3, 6, 8, 8, 10, 14, 16, 16,
		18, 20, 26, 28, 41, 41, 3, 0, 10, 11, 34, 34, 41, 41, 2, 0, 32, 32, 34,
		35, 2, 0, 33, 35, 38, 38, 499, 0, 86, 1, 0, 0, 0, 2, 108, 1, 0, 0, 0, 4,
		123, 1, 0, 0, 0, 6, 128, 1, 0, 0, 0, 8, 133, 1, 0, 0, 0, 10, 136, 1, 0,
		0, 0, 12, 144, 1, 0, 0, 0, 14, 164, 1, 0, 0, 0, 16, 180, 1, 0, 0, 0, 18,
		182, 1, 0, 0, 0, 20, 184, 1, 0, 0, 0, 22, 192, 1, 0, 0, 0, 24, 195, 1,
		0, 0, 0, 26, 203, 1, 0, 0, 0, 28, 223, 1, 0, 0, 0, 30, 232, 1, 0, 0, 0,
		32, 248, 1, 0, 0, 0, 34, 253, 1, 0, 0, 0, 36, 255, 1, 0, 0, 0, 38, 269,
		1, 0, 0, 0, 40, 279, 1, 0, 0, 0, 42, 282, 1, 0, 0, 0, 44, 292, 1, 0, 0,
		0, 46, 296, 1, 0, 0, 0, 48, 313, 1, 0, 0, 0, 50, 335, 1, 0, 0, 0, 52, 337,
		1, 0, 0, 0, 54, 344, 1, 0, 0, 0, 56, 357, 1, 0, 0, 0, 58, 371, 1, 0, 0,
		0, 60, 373, 1, 0, 0, 0, 62, 375, 1, 0, 0, 0, 64, 383, 1, 0, 0, 0, 66, 391,
		1, 0, 0, 0, 68, 395, 1, 0, 0, 0, 70, 397, 1, 0, 0, 0, 72, 399, 1, 0, 0,
		0, 74, 403, 1, 0, 0, 0, 76, 411, 1, 0, 0, 0, 78, 448, 1, 0, 0, 0, 80, 450,
		1, 0, 0, 0, 82, 452, 1, 0, 0, 0, 84, 459, 1, 0, 0, 0, 86, 87, 3, 2, 1,
		0, 87, 89, 3, 8, 4, 0, 88, 90, 3, 22, 11, 0, 89, 88, 1, 0, 0, 0, 89, 90,
		1, 0, 0, 0, 90, 92, 1, 0, 0, 0, 91, 93, 3, 38, 19, 0, 92, 91, 1, 0, 0,
		0, 92, 93, 1, 0, 0, 0, 93, 95, 1, 0, 0, 0, 94, 96, 3, 40, 20, 0, 95, 94,
		1, 0, 0, 0, 95, 96, 1, 0, 0, 0, 96, 98, 1, 0, 0, 0, 97, 99, 3, 42, 21,
		0, 98, 97, 1, 0, 0, 0, 98, 99, 1, 0, 0, 0, 99, 101, 1, 0, 0, 0, 100, 102,
		3, 46, 23, 0, 101, 100, 1, 0, 0, 0, 101, 102, 1, 0, 0, 0, 102, 104, 1,
		0, 0, 0, 103, 105, 5, 57, 0, 0, 104, 103, 1, 0, 0, 0, 104, 105, 1, 0, 0,
		0, 105, 106, 1, 0, 0, 0, 106, 107, 5, 0, 0, 1, 107, 1, 1, 0, 0, 0, 108,
		110, 5, 1, 0, 0, 109, 111, 5, 2, 0, 0, 110, 109, 1, 0, 0, 0, 110, 111,
		1, 0, 0, 0, 111, 113, 1, 0, 0, 0, 112, 114, 3, 4, 2, 0, 113, 112, 1, 0,
		0, 0, 113, 114, 1, 0, 0, 0, 114, 115, 1, 0, 0, 0, 115, 120, 3, 6, 3, 0,
		116, 117, 5, 50, 0, 0, 117, 119, 3, 6, 3, 0, 118, 116, 1, 0, 0, 0, 119,
		122, 1, 0, 0, 0, 120, 118, 1, 0, 0, 0, 120, 121, 1, 0, 0, 0, 121, 3, 1,
		0, 0, 0, 122, 120, 1, 0, 0, 0, 123, 124, 5, 3, 0, 0, 124, 126, 5, 37, 0,
		0, 125, 127, 7, 0, 0, 0, 126, 125, 1, 0, 0, 0, 126, 127, 1, 0, 0, 0, 127,
		5, 1, 0, 0, 0, 128, 131, 3, 48, 24, 0, 129, 130, 5, 6, 0, 0, 130, 132,
		3, 70, 35, 0, 131, 129, 1, 0, 0, 0, 131, 132, 1, 0, 0, 0, 132, 7, 1, 0,
		0, 0, 133, 134, 5, 7, 0, 0, 134, 135, 3, 10, 5, 0, 135, 9, 1, 0, 0, 0,
		136, 141, 3, 12, 6, 0, 137, 138, 5, 24, 0, 0, 138, 140, 3, 12, 6, 0, 139,
		137, 1, 0, 0, 0, 140, 143, 1, 0, 0, 0, 141, 139, 1, 0, 0, 0, 141, 142,
		1, 0, 0, 0, 142, 11, 1, 0, 0, 0, 143, 141, 1, 0, 0, 0, 144, 149, 3, 14,
		7, 0, 145, 146, 5, 23, 0, 0, 146, 148, 3, 14, 7, 0, 147, 145, 1, 0, 0,
		0, 148, 151, 1, 0, 0, 0, 149, 147, 1, 0, 0, 0, 149, 150, 1, 0, 0, 0, 150,
		13, 1, 0, 0, 0, 151, 149, 1, 0, 0, 0, 152, 158, 3, 16, 8, 0, 153, 155,
		5, 25, 0, 0, 154, 153, 1, 0, 0, 0, 154, 155, 1, 0, 0, 0, 155, 156, 1, 0,
		0, 0, 156, 157, 5, 8, 0, 0, 157, 159, 3, 10, 5, 0, 158, 154, 1, 0, 0, 0,
		158, 159, 1, 0, 0, 0, 159, 165, 1, 0, 0, 0, 160, 161, 5, 58, 0, 0, 161,
		162, 3, 10, 5, 0, 162, 163, 5, 59, 0, 0, 163, 165, 1, 0, 0, 0, 164, 152,
		1, 0, 0, 0, 164, 160, 1, 0, 0, 0, 165, 15, 1, 0, 0, 0, 166, 168, 5, 20,
		0, 0, 167, 169, 3, 70, 35, 0, 168, 167, 1, 0, 0, 0, 168, 169, 1, 0, 0,
		0, 169, 171, 1, 0, 0, 0, 170, 172, 3, 20, 10, 0, 171, 170, 1, 0, 0, 0,
		171, 172, 1, 0, 0, 0, 172, 181, 1, 0, 0, 0, 173, 175, 3, 18, 9, 0, 174,
		176, 3, 70, 35, 0, 175, 174, 1, 0, 0, 0, 175, 176, 1, 0, 0, 0, 176, 178,
		1, 0, 0, 0, 177, 179, 3, 72, 36, 0, 178, 177, 1, 0, 0, 0, 178, 179, 1,
		0, 0, 0, 179, 181, 1, 0, 0, 0, 180, 166, 1, 0, 0, 0, 180, 173, 1, 0, 0,
		0, 181, 17, 1, 0, 0, 0, 182, 183, 7, 1, 0, 0, 183, 19, 1, 0, 0, 0, 184,
		188, 5, 60, 0, 0, 185, 189, 5, 21, 0, 0, 186, 189, 5, 22, 0, 0, 187, 189,
		3, 74, 37, 0, 188, 185, 1, 0, 0, 0, 188, 186, 1, 0, 0, 0, 188, 187, 1,
		0, 0, 0, 189, 190, 1, 0, 0, 0, 190, 191, 5, 61, 0, 0, 191, 21, 1, 0, 0,
		0, 192, 193, 5, 9, 0, 0, 193, 194, 3, 24, 12, 0, 194, 23, 1, 0, 0, 0, 195,
		200, 3, 26, 13, 0, 196, 197, 5, 24, 0, 0, 197, 199, 3, 26, 13, 0, 198,
		196, 1, 0, 0, 0, 199, 202, 1, 0, 0, 0, 200, 198, 1, 0, 0, 0, 200, 201,
		1, 0, 0, 0, 201, 25, 1, 0, 0, 0, 202, 200, 1, 0, 0, 0, 203, 208, 3, 28,
		14, 0, 204, 205, 5, 23, 0, 0, 205, 207, 3, 28, 14, 0, 206, 204, 1, 0, 0,
		0, 207, 210, 1, 0, 0, 0, 208, 206, 1, 0, 0, 0, 208, 209, 1, 0, 0, 0, 209,
		27, 1, 0, 0, 0, 210, 208, 1, 0, 0, 0, 211, 212, 5, 25, 0, 0, 212, 224,
		3, 28, 14, 0, 213, 214, 5, 58, 0, 0, 214, 215, 3, 24, 12, 0, 215, 216,
		5, 59, 0, 0, 216, 224, 1, 0, 0, 0, 217, 218, 5, 26, 0, 0, 218, 224, 3,
		62, 31, 0, 219, 221, 3, 48, 24, 0, 220, 222, 3, 30, 15, 0, 221, 220, 1,
		0, 0, 0, 221, 222, 1, 0, 0, 0, 222, 224, 1, 0, 0, 0, 223, 211, 1, 0, 0,
		0, 223, 213, 1, 0, 0, 0, 223, 217, 1, 0, 0, 0, 223, 219, 1, 0, 0, 0, 224,
		29, 1, 0, 0, 0, 225, 226, 3, 60, 30, 0, 226, 227, 3, 48, 24, 0, 227, 233,
		1, 0, 0, 0, 228, 229, 5, 27, 0, 0, 229, 233, 3, 48, 24, 0, 230, 231, 5,
		28, 0, 0, 231, 233, 3, 32, 16, 0, 232, 225, 1, 0, 0, 0, 232, 228, 1, 0,
		0, 0, 232, 230, 1, 0, 0, 0, 233, 31, 1, 0, 0, 0, 234, 235, 5, 62, 0, 0,
		235, 240, 3, 34, 17, 0, 236, 237, 5, 50, 0, 0, 237, 239, 3, 34, 17, 0,
		238, 236, 1, 0, 0, 0, 239, 242, 1, 0, 0, 0, 240, 238, 1, 0, 0, 0, 240,
		241, 1, 0, 0, 0, 241, 243, 1, 0, 0, 0, 242, 240, 1, 0, 0, 0, 243, 244,
		5, 63, 0, 0, 244, 249, 1, 0, 0, 0, 245, 249, 5, 39, 0, 0, 246, 249, 3,
		52, 26, 0, 247, 249, 5, 35, 0, 0, 248, 234, 1, 0, 0, 0, 248, 245, 1, 0,
		0, 0, 248, 246, 1, 0, 0, 0, 248, 247, 1, 0, 0, 0, 249, 33, 1, 0, 0, 0,
		250, 254, 5, 40, 0, 0, 251, 254, 3, 48, 24, 0, 252, 254, 3, 36, 18, 0,
		253, 250, 1, 0, 0, 0, 253, 251, 1, 0, 0, 0, 253, 252, 1, 0, 0, 0, 254,
		35, 1, 0, 0, 0, 255, 257, 5, 55, 0, 0, 256, 258, 3, 60, 30, 0, 257, 256,
		1, 0, 0, 0, 257, 258, 1, 0, 0, 0, 258, 259, 1, 0, 0, 0, 259, 265, 3, 48,
		24, 0, 260, 262, 5, 56, 0, 0, 261, 263, 3, 60, 30, 0, 262, 261, 1, 0, 0,
		0, 262, 263, 1, 0, 0, 0, 263, 264, 1, 0, 0, 0, 264, 266, 3, 48, 24, 0,
		265, 260, 1, 0, 0, 0, 265, 266, 1, 0, 0, 0, 266, 267, 1, 0, 0, 0, 267,
		268, 5, 55, 0, 0, 268, 37, 1, 0, 0, 0, 269, 270, 5, 10, 0, 0, 270, 271,
		5, 13, 0, 0, 271, 276, 3, 48, 24, 0, 272, 273, 5, 50, 0, 0, 273, 275, 3,
		48, 24, 0, 274, 272, 1, 0, 0, 0, 275, 278, 1, 0, 0, 0, 276, 274, 1, 0,
		0, 0, 276, 277, 1, 0, 0, 0, 277, 39, 1, 0, 0, 0, 278, 276, 1, 0, 0, 0,
		279, 280, 5, 11, 0, 0, 280, 281, 3, 24, 12, 0, 281, 41, 1, 0, 0, 0, 282,
		283, 5, 12, 0, 0, 283, 284, 5, 13, 0, 0, 284, 289, 3, 44, 22, 0, 285, 286,
		5, 50, 0, 0, 286, 288, 3, 44, 22, 0, 287, 285, 1, 0, 0, 0, 288, 291, 1,
		0, 0, 0, 289, 287, 1, 0, 0, 0, 289, 290, 1, 0, 0, 0, 290, 43, 1, 0, 0,
		0, 291, 289, 1, 0, 0, 0, 292, 294, 3, 48, 24, 0, 293, 295, 7, 2, 0, 0,
		294, 293, 1, 0, 0, 0, 294, 295, 1, 0, 0, 0, 295, 45, 1, 0, 0, 0, 296, 297,
		5, 18, 0, 0, 297, 300, 5, 37, 0, 0, 298, 299, 5, 19, 0, 0, 299, 301, 5,
		37, 0, 0, 300, 298, 1, 0, 0, 0, 300, 301, 1, 0, 0, 0, 301, 47, 1, 0, 0,
		0, 302, 303, 6, 24, -1, 0, 303, 314, 3, 58, 29, 0, 304, 314, 5, 35, 0,
		0, 305, 314, 3, 52, 26, 0, 306, 314, 3, 62, 31, 0, 307, 308, 5, 58, 0,
		0, 308, 309, 3, 48, 24, 0, 309, 310, 5, 59, 0, 0, 310, 314, 1, 0, 0, 0,
		311, 312, 5, 52, 0, 0, 312, 314, 3, 48, 24, 4, 313, 302, 1, 0, 0, 0, 313,
		304, 1, 0, 0, 0, 313, 305, 1, 0, 0, 0, 313, 306, 1, 0, 0, 0, 313, 307,
		1, 0, 0, 0, 313, 311, 1, 0, 0, 0, 314, 326, 1, 0, 0, 0, 315, 316, 10, 3,
		0, 0, 316, 317, 7, 3, 0, 0, 317, 325, 3, 48, 24, 4, 318, 319, 10, 1, 0,
		0, 319, 320, 7, 4, 0, 0, 320, 325, 3, 48, 24, 2, 321, 322, 10, 2, 0, 0,
		322, 323, 5, 49, 0, 0, 323, 325, 3, 50, 25, 0, 324, 315, 1, 0, 0, 0, 324,
		318, 1, 0, 0, 0, 324, 321, 1, 0, 0, 0, 325, 328, 1, 0, 0, 0, 326, 324,
		1, 0, 0, 0, 326, 327, 1, 0, 0, 0, 327, 49, 1, 0, 0, 0, 328, 326, 1, 0,
		0, 0, 329, 336, 3, 58, 29, 0, 330, 336, 5, 35, 0, 0, 331, 332, 5, 58, 0,
		0, 332, 333, 3, 48, 24, 0, 333, 334, 5, 59, 0, 0, 334, 336, 1, 0, 0, 0,
		335, 329, 1, 0, 0, 0, 335, 330, 1, 0, 0, 0, 335, 331, 1, 0, 0, 0, 336,
		51, 1, 0, 0, 0, 337, 338, 3, 54, 27, 0, 338, 340, 5, 58, 0, 0, 339, 341,
		3, 56, 28, 0, 340, 339, 1, 0, 0, 0, 340, 341, 1, 0, 0, 0, 341, 342, 1,
		0, 0, 0, 342, 343, 5, 59, 0, 0, 343, 53, 1, 0, 0, 0, 344, 345, 7, 5, 0,
		0, 345, 55, 1, 0, 0, 0, 346, 358, 5, 51, 0, 0, 347, 348, 5, 2, 0, 0, 348,
		358, 3, 48, 24, 0, 349, 354, 3, 48, 24, 0, 350, 351, 5, 50, 0, 0, 351,
		353, 3, 48, 24, 0, 352, 350, 1, 0, 0, 0, 353, 356, 1, 0, 0, 0, 354, 352,
		1, 0, 0, 0, 354, 355, 1, 0, 0, 0, 355, 358, 1, 0, 0, 0, 356, 354, 1, 0,
		0, 0, 357, 346, 1, 0, 0, 0, 357, 347, 1, 0, 0, 0, 357, 349, 1, 0, 0, 0,
		358, 57, 1, 0, 0, 0, 359, 372, 5, 38, 0, 0, 360, 362, 5, 52, 0, 0, 361,
		360, 1, 0, 0, 0, 361, 362, 1, 0, 0, 0, 362, 363, 1, 0, 0, 0, 363, 372,
		5, 37, 0, 0, 364, 366, 5, 52, 0, 0, 365, 364, 1, 0, 0, 0, 365, 366, 1,
		0, 0, 0, 366, 367, 1, 0, 0, 0, 367, 372, 5, 36, 0, 0, 368, 372, 5, 29,
		0, 0, 369, 372, 5, 30, 0, 0, 370, 372, 5, 31, 0, 0, 371, 359, 1, 0, 0,
		0, 371, 361, 1, 0, 0, 0, 371, 365, 1, 0, 0, 0, 371, 368, 1, 0, 0, 0, 371,
		369, 1, 0, 0, 0, 371, 370, 1, 0, 0, 0, 372, 59, 1, 0, 0, 0, 373, 374, 7,
		6, 0, 0, 374, 61, 1, 0, 0, 0, 375, 377, 3, 70, 35, 0, 376, 378, 3, 72,
		36, 0, 377, 376, 1, 0, 0, 0, 377, 378, 1, 0, 0, 0, 378, 381, 1, 0, 0, 0,
		379, 380, 5, 49, 0, 0, 380, 382, 3, 64, 32, 0, 381, 379, 1, 0, 0, 0, 381,
		382, 1, 0, 0, 0, 382, 63, 1, 0, 0, 0, 383, 388, 3, 66, 33, 0, 384, 385,
		5, 49, 0, 0, 385, 387, 3, 66, 33, 0, 386, 384, 1, 0, 0, 0, 387, 390, 1,
		0, 0, 0, 388, 386, 1, 0, 0, 0, 388, 389, 1, 0, 0, 0, 389, 65, 1, 0, 0,
		0, 390, 388, 1, 0, 0, 0, 391, 393, 3, 68, 34, 0, 392, 394, 3, 72, 36, 0,
		393, 392, 1, 0, 0, 0, 393, 394, 1, 0, 0, 0, 394, 67, 1, 0, 0, 0, 395, 396,
		7, 7, 0, 0, 396, 69, 1, 0, 0, 0, 397, 398, 7, 8, 0, 0, 398, 71, 1, 0, 0,
		0, 399, 400, 5, 60, 0, 0, 400, 401, 3, 74, 37, 0, 401, 402, 5, 61, 0, 0,
		402, 73, 1, 0, 0, 0, 403, 408, 3, 76, 38, 0, 404, 405, 5, 24, 0, 0, 405,
		407, 3, 76, 38, 0, 406, 404, 1, 0, 0, 0, 407, 410, 1, 0, 0, 0, 408, 406,
		1, 0, 0, 0, 408, 409, 1, 0, 0, 0, 409, 75, 1, 0, 0, 0, 410, 408, 1, 0,
		0, 0, 411, 416, 3, 78, 39, 0, 412, 413, 5, 23, 0, 0, 413, 415, 3, 78, 39,
		0, 414, 412, 1, 0, 0, 0, 415, 418, 1, 0, 0, 0, 416, 414, 1, 0, 0, 0, 416,
		417, 1, 0, 0, 0, 417, 77, 1, 0, 0, 0, 418, 416, 1, 0, 0, 0, 419, 420, 5,
		58, 0, 0, 420, 421, 3, 74, 37, 0, 421, 422, 5, 59, 0, 0, 422, 449, 1, 0,
		0, 0, 423, 426, 3, 80, 40, 0, 424, 425, 5, 50, 0, 0, 425, 427, 3, 82, 41,
		0, 426, 424, 1, 0, 0, 0, 426, 427, 1, 0, 0, 0, 427, 449, 1, 0, 0, 0, 428,
		429, 3, 64, 32, 0, 429, 430, 3, 60, 30, 0, 430, 431, 3, 84, 42, 0, 431,
		449, 1, 0, 0, 0, 432, 433, 3, 64, 32, 0, 433, 446, 5, 28, 0, 0, 434, 447,
		5, 39, 0, 0, 435, 436, 5, 62, 0, 0, 436, 441, 3, 84, 42, 0, 437, 438, 5,
		50, 0, 0, 438, 440, 3, 84, 42, 0, 439, 437, 1, 0, 0, 0, 440, 443, 1, 0,
		0, 0, 441, 439, 1, 0, 0, 0, 441, 442, 1, 0, 0, 0, 442, 444, 1, 0, 0, 0,
		443, 441, 1, 0, 0, 0, 444, 445, 5, 63, 0, 0, 445, 447, 1, 0, 0, 0, 446,
		434, 1, 0, 0, 0, 446, 435, 1, 0, 0, 0, 447, 449, 1, 0, 0, 0, 448, 419,
		1, 0, 0, 0, 448, 423, 1, 0, 0, 0, 448, 428, 1, 0, 0, 0, 448, 432, 1, 0,
		0, 0, 449, 79, 1, 0, 0, 0, 450, 451, 7, 9, 0, 0, 451, 81, 1, 0, 0, 0, 452,
		453, 7, 10, 0, 0, 453, 83, 1, 0, 0, 0, 454, 460, 3, 58, 29, 0, 455, 460,
		5, 35, 0, 0, 456, 460, 3, 64, 32, 0, 457, 460, 5, 34, 0, 0, 458, 460, 5,
		32, 0, 0, 459, 454, 1, 0, 0, 0, 459, 455, 1, 0, 0, 0, 459, 456, 1, 0, 0,
		0, 459, 457, 1, 0, 0, 0, 459, 458, 1, 0, 0, 0, 460, 85, 1, 0, 0, 0, 58,
		89, 92, 95, 98, 101, 104, 110, 113, 120, 126, 131, 141, 149, 154, 158,
		164, 168, 171, 175, 178, 180, 188, 200, 208, 221, 223, 232, 240, 248, 253,
		257, 262, 265, 276, 289, 294, 300, 313, 324, 326, 335, 340, 354, 357, 361,
		365, 371, 377, 381, 388, 393, 408, 416, 426, 441, 446, 448, 459,
	}
	deserializer := antlr.NewATNDeserializer(nil)
	staticData.atn = deserializer.Deserialize(staticData.serializedATN)
	atn := staticData.atn
	staticData.decisionToDFA = make([]*antlr.DFA, len(atn.DecisionToState))
	decisionToDFA := staticData.decisionToDFA
	for index, state := range atn.DecisionToState {
		decisionToDFA[index] = antlr.NewDFA(state, index)
	}
}

// AqlParserInit initializes any static state used to implement AqlParser. By default the
// static state used to implement the parser is lazily initialized during the first call to
// NewAqlParser(). You can call this function if you wish to initialize the static state ahead
// of time.
func AqlParserInit() {
	staticData := &AqlParserParserStaticData
	staticData.once.Do(aqlparserParserInit)
}

// NewAqlParser produces a new parser instance for the optional input antlr.TokenStream.
func NewAqlParser(input antlr.TokenStream) *AqlParser {
	AqlParserInit()
	this := new(AqlParser)
	this.BaseParser = antlr.NewBaseParser(input)
	staticData := &AqlParserParserStaticData
	this.Interpreter = antlr.NewParserATNSimulator(this, staticData.atn, staticData.decisionToDFA, staticData.PredictionContextCache)
	this.RuleNames = staticData.RuleNames
	this.LiteralNames = staticData.LiteralNames
	this.SymbolicNames = staticData.SymbolicNames
	this.GrammarFileName = "AqlParser.g4"

	return this
}

// AqlParser tokens.
const (
	AqlParserEOF            = antlr.TokenEOF
	AqlParserSELECT         = 1
	AqlParserDISTINCT       = 2
	AqlParserTOP            = 3
	AqlParserFORWARD        = 4
	AqlParserBACKWARD       = 5
	AqlParserAS             = 6
	AqlParserFROM           = 7
	AqlParserCONTAINS       = 8
	AqlParserWHERE          = 9
	AqlParserGROUP          = 10
	AqlParserHAVING         = 11
	AqlParserORDER          = 12
	AqlParserBY             = 13
	AqlParserASC            = 14
	AqlParserASCENDING      = 15
	AqlParserDESC           = 16
	AqlParserDESCENDING     = 17
	AqlParserLIMIT          = 18
	AqlParserOFFSET         = 19
	AqlParserVERSION        = 20
	AqlParserLATEST_VERSION = 21
	AqlParserALL_VERSIONS   = 22
	AqlParserAND            = 23
	AqlParserOR             = 24
	AqlParserNOT            = 25
	AqlParserEXISTS         = 26
	AqlParserLIKE           = 27
	AqlParserMATCHES        = 28
	AqlParserTRUE           = 29
	AqlParserFALSE          = 30
	AqlParserNULL           = 31
	AqlParserARCHETYPE_ID   = 32
	AqlParserTERM_CODE      = 33
	AqlParserNODE_CODE      = 34
	AqlParserPARAMETER      = 35
	AqlParserREAL           = 36
	AqlParserINTEGER        = 37
	AqlParserSTRING         = 38
	AqlParserREGEX          = 39
	AqlParserURI            = 40
	AqlParserIDENTIFIER     = 41
	AqlParserEQ             = 42
	AqlParserNE             = 43
	AqlParserOTHER          = 44
	AqlParserLE             = 45
	AqlParserGE             = 46
	AqlParserLT             = 47
	AqlParserGT             = 48
	AqlParserSLASH          = 49
	AqlParserCOMMA          = 50
	AqlParserSTAR           = 51
	AqlParserMINUS          = 52
	AqlParserPLUS           = 53
	AqlParserPERCENT        = 54
	AqlParserBAR            = 55
	AqlParserDOTDOT         = 56
	AqlParserSEMICOLON      = 57
	AqlParserLPAREN         = 58
	AqlParserRPAREN         = 59
	AqlParserLBRACKET       = 60
	AqlParserRBRACKET       = 61
	AqlParserLBRACE         = 62
	AqlParserRBRACE         = 63
	AqlParserCOMMENT        = 64
	AqlParserWHITESPACE     = 65
	AqlParserUNKNOWN        = 66
)

// AqlParser rules.
const (
	AqlParserRULE_query            = 0
	AqlParserRULE_select           = 1
	AqlParserRULE_top              = 2
	AqlParserRULE_column           = 3
	AqlParserRULE_from             = 4
	AqlParserRULE_containment      = 5
	AqlParserRULE_conjunction      = 6
	AqlParserRULE_contained        = 7
	AqlParserRULE_source           = 8
	AqlParserRULE_className        = 9
	AqlParserRULE_versionPredicate = 10
	AqlParserRULE_where            = 11
	AqlParserRULE_condition        = 12
	AqlParserRULE_conditionAnd     = 13
	AqlParserRULE_conditionNot     = 14
	AqlParserRULE_test             = 15
	AqlParserRULE_matchSet         = 16
	AqlParserRULE_member           = 17
	AqlParserRULE_interval         = 18
	AqlParserRULE_groupBy          = 19
	AqlParserRULE_having           = 20
	AqlParserRULE_orderBy          = 21
	AqlParserRULE_orderItem        = 22
	AqlParserRULE_limit            = 23
	AqlParserRULE_operand          = 24
	AqlParserRULE_divisor          = 25
	AqlParserRULE_function         = 26
	AqlParserRULE_functionName     = 27
	AqlParserRULE_arguments        = 28
	AqlParserRULE_literal          = 29
	AqlParserRULE_comparator       = 30
	AqlParserRULE_path             = 31
	AqlParserRULE_steps            = 32
	AqlParserRULE_step             = 33
	AqlParserRULE_attribute        = 34
	AqlParserRULE_name             = 35
	AqlParserRULE_predicate        = 36
	AqlParserRULE_criteria         = 37
	AqlParserRULE_criteriaAnd      = 38
	AqlParserRULE_criterion        = 39
	AqlParserRULE_nodeId           = 40
	AqlParserRULE_nodeName         = 41
	AqlParserRULE_value            = 42
)

// IQueryContext is an interface to support dynamic dispatch.
type IQueryContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Select_() ISelectContext
	From() IFromContext
	EOF() antlr.TerminalNode
	Where() IWhereContext
	GroupBy() IGroupByContext
	Having() IHavingContext
	OrderBy() IOrderByContext
	Limit() ILimitContext
	SEMICOLON() antlr.TerminalNode

	// IsQueryContext differentiates from other interfaces.
	IsQueryContext()
}

type QueryContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyQueryContext() *QueryContext {
	var p = new(QueryContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_query
	return p
}

func InitEmptyQueryContext(p *QueryContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_query
}

func (*QueryContext) IsQueryContext() {}

func NewQueryContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *QueryContext {
	var p = new(QueryContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_query

	return p
}

func (s *QueryContext) GetParser() antlr.Parser { return s.parser }

func (s *QueryContext) Select_() ISelectContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ISelectContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ISelectContext)
}

func (s *QueryContext) From() IFromContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IFromContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IFromContext)
}

func (s *QueryContext) EOF() antlr.TerminalNode {
	return s.GetToken(AqlParserEOF, 0)
}

func (s *QueryContext) Where() IWhereContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IWhereContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IWhereContext)
}

func (s *QueryContext) GroupBy() IGroupByContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IGroupByContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IGroupByContext)
}

func (s *QueryContext) Having() IHavingContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IHavingContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IHavingContext)
}

func (s *QueryContext) OrderBy() IOrderByContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOrderByContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOrderByContext)
}

func (s *QueryContext) Limit() ILimitContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ILimitContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ILimitContext)
}

func (s *QueryContext) SEMICOLON() antlr.TerminalNode {
	return s.GetToken(AqlParserSEMICOLON, 0)
}

func (s *QueryContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *QueryContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Query() (localctx IQueryContext) {
	localctx = NewQueryContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 0, AqlParserRULE_query)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(86)
		p.Select_()
	}
	{
		p.SetState(87)
		p.From()
	}
	p.SetState(89)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserWHERE {
		{
			p.SetState(88)
			p.Where()
		}

	}
	p.SetState(92)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserGROUP {
		{
			p.SetState(91)
			p.GroupBy()
		}

	}
	p.SetState(95)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserHAVING {
		{
			p.SetState(94)
			p.Having()
		}

	}
	p.SetState(98)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserORDER {
		{
			p.SetState(97)
			p.OrderBy()
		}

	}
	p.SetState(101)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserLIMIT {
		{
			p.SetState(100)
			p.Limit()
		}

	}
	p.SetState(104)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserSEMICOLON {
		{
			p.SetState(103)
			p.Match(AqlParserSEMICOLON)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	}
	{
		p.SetState(106)
		p.Match(AqlParserEOF)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ISelectContext is an interface to support dynamic dispatch.
type ISelectContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	SELECT() antlr.TerminalNode
	AllColumn() []IColumnContext
	Column(i int) IColumnContext
	DISTINCT() antlr.TerminalNode
	Top() ITopContext
	AllCOMMA() []antlr.TerminalNode
	COMMA(i int) antlr.TerminalNode

	// IsSelectContext differentiates from other interfaces.
	IsSelectContext()
}

type SelectContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptySelectContext() *SelectContext {
	var p = new(SelectContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_select
	return p
}

func InitEmptySelectContext(p *SelectContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_select
}

func (*SelectContext) IsSelectContext() {}

func NewSelectContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *SelectContext {
	var p = new(SelectContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_select

	return p
}

func (s *SelectContext) GetParser() antlr.Parser { return s.parser }

func (s *SelectContext) SELECT() antlr.TerminalNode {
	return s.GetToken(AqlParserSELECT, 0)
}

func (s *SelectContext) AllColumn() []IColumnContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IColumnContext); ok {
			len++
		}
	}

	tst := make([]IColumnContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IColumnContext); ok {
			tst[i] = t.(IColumnContext)
			i++
		}
	}

	return tst
}

func (s *SelectContext) Column(i int) IColumnContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IColumnContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IColumnContext)
}

func (s *SelectContext) DISTINCT() antlr.TerminalNode {
	return s.GetToken(AqlParserDISTINCT, 0)
}

func (s *SelectContext) Top() ITopContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ITopContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ITopContext)
}

func (s *SelectContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *SelectContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

func (s *SelectContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *SelectContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Select_() (localctx ISelectContext) {
	localctx = NewSelectContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 2, AqlParserRULE_select)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(108)
		p.Match(AqlParserSELECT)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(110)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserDISTINCT {
		{
			p.SetState(109)
			p.Match(AqlParserDISTINCT)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	}
	p.SetState(113)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserTOP {
		{
			p.SetState(112)
			p.Top()
		}

	}
	{
		p.SetState(115)
		p.Column()
	}
	p.SetState(120)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserCOMMA {
		{
			p.SetState(116)
			p.Match(AqlParserCOMMA)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(117)
			p.Column()
		}

		p.SetState(122)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ITopContext is an interface to support dynamic dispatch.
type ITopContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	TOP() antlr.TerminalNode
	INTEGER() antlr.TerminalNode
	FORWARD() antlr.TerminalNode
	BACKWARD() antlr.TerminalNode

	// IsTopContext differentiates from other interfaces.
	IsTopContext()
}

type TopContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyTopContext() *TopContext {
	var p = new(TopContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_top
	return p
}

func InitEmptyTopContext(p *TopContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_top
}

func (*TopContext) IsTopContext() {}

func NewTopContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *TopContext {
	var p = new(TopContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_top

	return p
}

func (s *TopContext) GetParser() antlr.Parser { return s.parser }

func (s *TopContext) TOP() antlr.TerminalNode {
	return s.GetToken(AqlParserTOP, 0)
}

func (s *TopContext) INTEGER() antlr.TerminalNode {
	return s.GetToken(AqlParserINTEGER, 0)
}

func (s *TopContext) FORWARD() antlr.TerminalNode {
	return s.GetToken(AqlParserFORWARD, 0)
}

func (s *TopContext) BACKWARD() antlr.TerminalNode {
	return s.GetToken(AqlParserBACKWARD, 0)
}

func (s *TopContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *TopContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Top() (localctx ITopContext) {
	localctx = NewTopContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 4, AqlParserRULE_top)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(123)
		p.Match(AqlParserTOP)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(124)
		p.Match(AqlParserINTEGER)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(126)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserFORWARD || _la == AqlParserBACKWARD {
		{
			p.SetState(125)
			_la = p.GetTokenStream().LA(1)

			if !(_la == AqlParserFORWARD || _la == AqlParserBACKWARD) {
				p.GetErrorHandler().RecoverInline(p)
			} else {
				p.GetErrorHandler().ReportMatch(p)
				p.Consume()
			}
		}

	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IColumnContext is an interface to support dynamic dispatch.
type IColumnContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Operand() IOperandContext
	AS() antlr.TerminalNode
	Name() INameContext

	// IsColumnContext differentiates from other interfaces.
	IsColumnContext()
}

type ColumnContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyColumnContext() *ColumnContext {
	var p = new(ColumnContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_column
	return p
}

func InitEmptyColumnContext(p *ColumnContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_column
}

func (*ColumnContext) IsColumnContext() {}

func NewColumnContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ColumnContext {
	var p = new(ColumnContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_column

	return p
}

func (s *ColumnContext) GetParser() antlr.Parser { return s.parser }

func (s *ColumnContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *ColumnContext) AS() antlr.TerminalNode {
	return s.GetToken(AqlParserAS, 0)
}

func (s *ColumnContext) Name() INameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INameContext)
}

func (s *ColumnContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ColumnContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Column() (localctx IColumnContext) {
	localctx = NewColumnContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 6, AqlParserRULE_column)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(128)
		p.operand(0)
	}
	p.SetState(131)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserAS {
		{
			p.SetState(129)
			p.Match(AqlParserAS)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(130)
			p.Name()
		}

	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IFromContext is an interface to support dynamic dispatch.
type IFromContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	FROM() antlr.TerminalNode
	Containment() IContainmentContext

	// IsFromContext differentiates from other interfaces.
	IsFromContext()
}

type FromContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyFromContext() *FromContext {
	var p = new(FromContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_from
	return p
}

func InitEmptyFromContext(p *FromContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_from
}

func (*FromContext) IsFromContext() {}

func NewFromContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *FromContext {
	var p = new(FromContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_from

	return p
}

func (s *FromContext) GetParser() antlr.Parser { return s.parser }

func (s *FromContext) FROM() antlr.TerminalNode {
	return s.GetToken(AqlParserFROM, 0)
}

func (s *FromContext) Containment() IContainmentContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IContainmentContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IContainmentContext)
}

func (s *FromContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *FromContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) From() (localctx IFromContext) {
	localctx = NewFromContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 8, AqlParserRULE_from)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(133)
		p.Match(AqlParserFROM)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(134)
		p.Containment()
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IContainmentContext is an interface to support dynamic dispatch.
type IContainmentContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllConjunction() []IConjunctionContext
	Conjunction(i int) IConjunctionContext
	AllOR() []antlr.TerminalNode
	OR(i int) antlr.TerminalNode

	// IsContainmentContext differentiates from other interfaces.
	IsContainmentContext()
}

type ContainmentContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyContainmentContext() *ContainmentContext {
	var p = new(ContainmentContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_containment
	return p
}

func InitEmptyContainmentContext(p *ContainmentContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_containment
}

func (*ContainmentContext) IsContainmentContext() {}

func NewContainmentContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ContainmentContext {
	var p = new(ContainmentContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_containment

	return p
}

func (s *ContainmentContext) GetParser() antlr.Parser { return s.parser }

func (s *ContainmentContext) AllConjunction() []IConjunctionContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IConjunctionContext); ok {
			len++
		}
	}

	tst := make([]IConjunctionContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IConjunctionContext); ok {
			tst[i] = t.(IConjunctionContext)
			i++
		}
	}

	return tst
}

func (s *ContainmentContext) Conjunction(i int) IConjunctionContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConjunctionContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConjunctionContext)
}

func (s *ContainmentContext) AllOR() []antlr.TerminalNode {
	return s.GetTokens(AqlParserOR)
}

func (s *ContainmentContext) OR(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserOR, i)
}

func (s *ContainmentContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ContainmentContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Containment() (localctx IContainmentContext) {
	localctx = NewContainmentContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 10, AqlParserRULE_containment)
	var _alt int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(136)
		p.Conjunction()
	}
	p.SetState(141)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 11, p.GetParserRuleContext())
	if p.HasError() {
		goto errorExit
	}
	for _alt != 2 && _alt != antlr.ATNInvalidAltNumber {
		if _alt == 1 {
			{
				p.SetState(137)
				p.Match(AqlParserOR)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(138)
				p.Conjunction()
			}

		}
		p.SetState(143)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 11, p.GetParserRuleContext())
		if p.HasError() {
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IConjunctionContext is an interface to support dynamic dispatch.
type IConjunctionContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllContained() []IContainedContext
	Contained(i int) IContainedContext
	AllAND() []antlr.TerminalNode
	AND(i int) antlr.TerminalNode

	// IsConjunctionContext differentiates from other interfaces.
	IsConjunctionContext()
}

type ConjunctionContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyConjunctionContext() *ConjunctionContext {
	var p = new(ConjunctionContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conjunction
	return p
}

func InitEmptyConjunctionContext(p *ConjunctionContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conjunction
}

func (*ConjunctionContext) IsConjunctionContext() {}

func NewConjunctionContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ConjunctionContext {
	var p = new(ConjunctionContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_conjunction

	return p
}

func (s *ConjunctionContext) GetParser() antlr.Parser { return s.parser }

func (s *ConjunctionContext) AllContained() []IContainedContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IContainedContext); ok {
			len++
		}
	}

	tst := make([]IContainedContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IContainedContext); ok {
			tst[i] = t.(IContainedContext)
			i++
		}
	}

	return tst
}

func (s *ConjunctionContext) Contained(i int) IContainedContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IContainedContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IContainedContext)
}

func (s *ConjunctionContext) AllAND() []antlr.TerminalNode {
	return s.GetTokens(AqlParserAND)
}

func (s *ConjunctionContext) AND(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserAND, i)
}

func (s *ConjunctionContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ConjunctionContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Conjunction() (localctx IConjunctionContext) {
	localctx = NewConjunctionContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 12, AqlParserRULE_conjunction)
	var _alt int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(144)
		p.Contained()
	}
	p.SetState(149)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 12, p.GetParserRuleContext())
	if p.HasError() {
		goto errorExit
	}
	for _alt != 2 && _alt != antlr.ATNInvalidAltNumber {
		if _alt == 1 {
			{
				p.SetState(145)
				p.Match(AqlParserAND)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(146)
				p.Contained()
			}

		}
		p.SetState(151)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 12, p.GetParserRuleContext())
		if p.HasError() {
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IContainedContext is an interface to support dynamic dispatch.
type IContainedContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Source() ISourceContext
	CONTAINS() antlr.TerminalNode
	Containment() IContainmentContext
	NOT() antlr.TerminalNode
	LPAREN() antlr.TerminalNode
	RPAREN() antlr.TerminalNode

	// IsContainedContext differentiates from other interfaces.
	IsContainedContext()
}

type ContainedContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyContainedContext() *ContainedContext {
	var p = new(ContainedContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_contained
	return p
}

func InitEmptyContainedContext(p *ContainedContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_contained
}

func (*ContainedContext) IsContainedContext() {}

func NewContainedContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ContainedContext {
	var p = new(ContainedContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_contained

	return p
}

func (s *ContainedContext) GetParser() antlr.Parser { return s.parser }

func (s *ContainedContext) Source() ISourceContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ISourceContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ISourceContext)
}

func (s *ContainedContext) CONTAINS() antlr.TerminalNode {
	return s.GetToken(AqlParserCONTAINS, 0)
}

func (s *ContainedContext) Containment() IContainmentContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IContainmentContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IContainmentContext)
}

func (s *ContainedContext) NOT() antlr.TerminalNode {
	return s.GetToken(AqlParserNOT, 0)
}

func (s *ContainedContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *ContainedContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

func (s *ContainedContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ContainedContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Contained() (localctx IContainedContext) {
	localctx = NewContainedContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 14, AqlParserRULE_contained)
	var _la int

	p.SetState(164)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserGROUP, AqlParserVERSION, AqlParserIDENTIFIER:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(152)
			p.Source()
		}
		p.SetState(158)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserCONTAINS || _la == AqlParserNOT {
			p.SetState(154)
			p.GetErrorHandler().Sync(p)
			if p.HasError() {
				goto errorExit
			}
			_la = p.GetTokenStream().LA(1)

			if _la == AqlParserNOT {
				{
					p.SetState(153)
					p.Match(AqlParserNOT)
					if p.HasError() {
						// Recognition error - abort rule
						goto errorExit
					}
				}

			}
			{
				p.SetState(156)
				p.Match(AqlParserCONTAINS)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(157)
				p.Containment()
			}

		}

	case AqlParserLPAREN:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(160)
			p.Match(AqlParserLPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(161)
			p.Containment()
		}
		{
			p.SetState(162)
			p.Match(AqlParserRPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ISourceContext is an interface to support dynamic dispatch.
type ISourceContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser
	// IsSourceContext differentiates from other interfaces.
	IsSourceContext()
}

type SourceContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptySourceContext() *SourceContext {
	var p = new(SourceContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_source
	return p
}

func InitEmptySourceContext(p *SourceContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_source
}

func (*SourceContext) IsSourceContext() {}

func NewSourceContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *SourceContext {
	var p = new(SourceContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_source

	return p
}

func (s *SourceContext) GetParser() antlr.Parser { return s.parser }

func (s *SourceContext) CopyAll(ctx *SourceContext) {
	s.CopyFrom(&ctx.BaseParserRuleContext)
}

func (s *SourceContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *SourceContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

type VersionSourceContext struct {
	SourceContext
}

func NewVersionSourceContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *VersionSourceContext {
	var p = new(VersionSourceContext)

	InitEmptySourceContext(&p.SourceContext)
	p.parser = parser
	p.CopyAll(ctx.(*SourceContext))

	return p
}

func (s *VersionSourceContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *VersionSourceContext) VERSION() antlr.TerminalNode {
	return s.GetToken(AqlParserVERSION, 0)
}

func (s *VersionSourceContext) Name() INameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INameContext)
}

func (s *VersionSourceContext) VersionPredicate() IVersionPredicateContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IVersionPredicateContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IVersionPredicateContext)
}

type ClassSourceContext struct {
	SourceContext
}

func NewClassSourceContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *ClassSourceContext {
	var p = new(ClassSourceContext)

	InitEmptySourceContext(&p.SourceContext)
	p.parser = parser
	p.CopyAll(ctx.(*SourceContext))

	return p
}

func (s *ClassSourceContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ClassSourceContext) ClassName() IClassNameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IClassNameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IClassNameContext)
}

func (s *ClassSourceContext) Name() INameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INameContext)
}

func (s *ClassSourceContext) Predicate() IPredicateContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IPredicateContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IPredicateContext)
}

func (p *AqlParser) Source() (localctx ISourceContext) {
	localctx = NewSourceContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 16, AqlParserRULE_source)
	var _la int

	p.SetState(180)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserVERSION:
		localctx = NewVersionSourceContext(p, localctx)
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(166)
			p.Match(AqlParserVERSION)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		p.SetState(168)
		p.GetErrorHandler().Sync(p)

		if p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 16, p.GetParserRuleContext()) == 1 {
			{
				p.SetState(167)
				p.Name()
			}

		} else if p.HasError() { // JIM
			goto errorExit
		}
		p.SetState(171)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserLBRACKET {
			{
				p.SetState(170)
				p.VersionPredicate()
			}

		}

	case AqlParserGROUP, AqlParserIDENTIFIER:
		localctx = NewClassSourceContext(p, localctx)
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(173)
			p.ClassName()
		}
		p.SetState(175)
		p.GetErrorHandler().Sync(p)

		if p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 18, p.GetParserRuleContext()) == 1 {
			{
				p.SetState(174)
				p.Name()
			}

		} else if p.HasError() { // JIM
			goto errorExit
		}
		p.SetState(178)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserLBRACKET {
			{
				p.SetState(177)
				p.Predicate()
			}

		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IClassNameContext is an interface to support dynamic dispatch.
type IClassNameContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	IDENTIFIER() antlr.TerminalNode
	GROUP() antlr.TerminalNode

	// IsClassNameContext differentiates from other interfaces.
	IsClassNameContext()
}

type ClassNameContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyClassNameContext() *ClassNameContext {
	var p = new(ClassNameContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_className
	return p
}

func InitEmptyClassNameContext(p *ClassNameContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_className
}

func (*ClassNameContext) IsClassNameContext() {}

func NewClassNameContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ClassNameContext {
	var p = new(ClassNameContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_className

	return p
}

func (s *ClassNameContext) GetParser() antlr.Parser { return s.parser }

func (s *ClassNameContext) IDENTIFIER() antlr.TerminalNode {
	return s.GetToken(AqlParserIDENTIFIER, 0)
}

func (s *ClassNameContext) GROUP() antlr.TerminalNode {
	return s.GetToken(AqlParserGROUP, 0)
}

func (s *ClassNameContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ClassNameContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) ClassName() (localctx IClassNameContext) {
	localctx = NewClassNameContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 18, AqlParserRULE_className)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(182)
		_la = p.GetTokenStream().LA(1)

		if !(_la == AqlParserGROUP || _la == AqlParserIDENTIFIER) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IVersionPredicateContext is an interface to support dynamic dispatch.
type IVersionPredicateContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	LBRACKET() antlr.TerminalNode
	RBRACKET() antlr.TerminalNode
	LATEST_VERSION() antlr.TerminalNode
	ALL_VERSIONS() antlr.TerminalNode
	Criteria() ICriteriaContext

	// IsVersionPredicateContext differentiates from other interfaces.
	IsVersionPredicateContext()
}

type VersionPredicateContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyVersionPredicateContext() *VersionPredicateContext {
	var p = new(VersionPredicateContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_versionPredicate
	return p
}

func InitEmptyVersionPredicateContext(p *VersionPredicateContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_versionPredicate
}

func (*VersionPredicateContext) IsVersionPredicateContext() {}

func NewVersionPredicateContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *VersionPredicateContext {
	var p = new(VersionPredicateContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_versionPredicate

	return p
}

func (s *VersionPredicateContext) GetParser() antlr.Parser { return s.parser }

func (s *VersionPredicateContext) LBRACKET() antlr.TerminalNode {
	return s.GetToken(AqlParserLBRACKET, 0)
}

func (s *VersionPredicateContext) RBRACKET() antlr.TerminalNode {
	return s.GetToken(AqlParserRBRACKET, 0)
}

func (s *VersionPredicateContext) LATEST_VERSION() antlr.TerminalNode {
	return s.GetToken(AqlParserLATEST_VERSION, 0)
}

func (s *VersionPredicateContext) ALL_VERSIONS() antlr.TerminalNode {
	return s.GetToken(AqlParserALL_VERSIONS, 0)
}

func (s *VersionPredicateContext) Criteria() ICriteriaContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ICriteriaContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ICriteriaContext)
}

func (s *VersionPredicateContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *VersionPredicateContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) VersionPredicate() (localctx IVersionPredicateContext) {
	localctx = NewVersionPredicateContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 20, AqlParserRULE_versionPredicate)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(184)
		p.Match(AqlParserLBRACKET)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(188)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserLATEST_VERSION:
		{
			p.SetState(185)
			p.Match(AqlParserLATEST_VERSION)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserALL_VERSIONS:
		{
			p.SetState(186)
			p.Match(AqlParserALL_VERSIONS)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserTOP, AqlParserFORWARD, AqlParserBACKWARD, AqlParserAS, AqlParserCONTAINS, AqlParserGROUP, AqlParserHAVING, AqlParserORDER, AqlParserBY, AqlParserASC, AqlParserDESC, AqlParserLIMIT, AqlParserOFFSET, AqlParserVERSION, AqlParserEXISTS, AqlParserLIKE, AqlParserMATCHES, AqlParserARCHETYPE_ID, AqlParserNODE_CODE, AqlParserPARAMETER, AqlParserIDENTIFIER, AqlParserLPAREN:
		{
			p.SetState(187)
			p.Criteria()
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}
	{
		p.SetState(190)
		p.Match(AqlParserRBRACKET)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IWhereContext is an interface to support dynamic dispatch.
type IWhereContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	WHERE() antlr.TerminalNode
	Condition() IConditionContext

	// IsWhereContext differentiates from other interfaces.
	IsWhereContext()
}

type WhereContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyWhereContext() *WhereContext {
	var p = new(WhereContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_where
	return p
}

func InitEmptyWhereContext(p *WhereContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_where
}

func (*WhereContext) IsWhereContext() {}

func NewWhereContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *WhereContext {
	var p = new(WhereContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_where

	return p
}

func (s *WhereContext) GetParser() antlr.Parser { return s.parser }

func (s *WhereContext) WHERE() antlr.TerminalNode {
	return s.GetToken(AqlParserWHERE, 0)
}

func (s *WhereContext) Condition() IConditionContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionContext)
}

func (s *WhereContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *WhereContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Where() (localctx IWhereContext) {
	localctx = NewWhereContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 22, AqlParserRULE_where)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(192)
		p.Match(AqlParserWHERE)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(193)
		p.Condition()
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IConditionContext is an interface to support dynamic dispatch.
type IConditionContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllConditionAnd() []IConditionAndContext
	ConditionAnd(i int) IConditionAndContext
	AllOR() []antlr.TerminalNode
	OR(i int) antlr.TerminalNode

	// IsConditionContext differentiates from other interfaces.
	IsConditionContext()
}

type ConditionContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyConditionContext() *ConditionContext {
	var p = new(ConditionContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_condition
	return p
}

func InitEmptyConditionContext(p *ConditionContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_condition
}

func (*ConditionContext) IsConditionContext() {}

func NewConditionContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ConditionContext {
	var p = new(ConditionContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_condition

	return p
}

func (s *ConditionContext) GetParser() antlr.Parser { return s.parser }

func (s *ConditionContext) AllConditionAnd() []IConditionAndContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IConditionAndContext); ok {
			len++
		}
	}

	tst := make([]IConditionAndContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IConditionAndContext); ok {
			tst[i] = t.(IConditionAndContext)
			i++
		}
	}

	return tst
}

func (s *ConditionContext) ConditionAnd(i int) IConditionAndContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionAndContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionAndContext)
}

func (s *ConditionContext) AllOR() []antlr.TerminalNode {
	return s.GetTokens(AqlParserOR)
}

func (s *ConditionContext) OR(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserOR, i)
}

func (s *ConditionContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ConditionContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Condition() (localctx IConditionContext) {
	localctx = NewConditionContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 24, AqlParserRULE_condition)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(195)
		p.ConditionAnd()
	}
	p.SetState(200)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserOR {
		{
			p.SetState(196)
			p.Match(AqlParserOR)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(197)
			p.ConditionAnd()
		}

		p.SetState(202)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IConditionAndContext is an interface to support dynamic dispatch.
type IConditionAndContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllConditionNot() []IConditionNotContext
	ConditionNot(i int) IConditionNotContext
	AllAND() []antlr.TerminalNode
	AND(i int) antlr.TerminalNode

	// IsConditionAndContext differentiates from other interfaces.
	IsConditionAndContext()
}

type ConditionAndContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyConditionAndContext() *ConditionAndContext {
	var p = new(ConditionAndContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conditionAnd
	return p
}

func InitEmptyConditionAndContext(p *ConditionAndContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conditionAnd
}

func (*ConditionAndContext) IsConditionAndContext() {}

func NewConditionAndContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ConditionAndContext {
	var p = new(ConditionAndContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_conditionAnd

	return p
}

func (s *ConditionAndContext) GetParser() antlr.Parser { return s.parser }

func (s *ConditionAndContext) AllConditionNot() []IConditionNotContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IConditionNotContext); ok {
			len++
		}
	}

	tst := make([]IConditionNotContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IConditionNotContext); ok {
			tst[i] = t.(IConditionNotContext)
			i++
		}
	}

	return tst
}

func (s *ConditionAndContext) ConditionNot(i int) IConditionNotContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionNotContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionNotContext)
}

func (s *ConditionAndContext) AllAND() []antlr.TerminalNode {
	return s.GetTokens(AqlParserAND)
}

func (s *ConditionAndContext) AND(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserAND, i)
}

func (s *ConditionAndContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ConditionAndContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) ConditionAnd() (localctx IConditionAndContext) {
	localctx = NewConditionAndContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 26, AqlParserRULE_conditionAnd)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(203)
		p.ConditionNot()
	}
	p.SetState(208)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserAND {
		{
			p.SetState(204)
			p.Match(AqlParserAND)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(205)
			p.ConditionNot()
		}

		p.SetState(210)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IConditionNotContext is an interface to support dynamic dispatch.
type IConditionNotContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser
	// IsConditionNotContext differentiates from other interfaces.
	IsConditionNotContext()
}

type ConditionNotContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyConditionNotContext() *ConditionNotContext {
	var p = new(ConditionNotContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conditionNot
	return p
}

func InitEmptyConditionNotContext(p *ConditionNotContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_conditionNot
}

func (*ConditionNotContext) IsConditionNotContext() {}

func NewConditionNotContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ConditionNotContext {
	var p = new(ConditionNotContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_conditionNot

	return p
}

func (s *ConditionNotContext) GetParser() antlr.Parser { return s.parser }

func (s *ConditionNotContext) CopyAll(ctx *ConditionNotContext) {
	s.CopyFrom(&ctx.BaseParserRuleContext)
}

func (s *ConditionNotContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ConditionNotContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

type NegationContext struct {
	ConditionNotContext
}

func NewNegationContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *NegationContext {
	var p = new(NegationContext)

	InitEmptyConditionNotContext(&p.ConditionNotContext)
	p.parser = parser
	p.CopyAll(ctx.(*ConditionNotContext))

	return p
}

func (s *NegationContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *NegationContext) NOT() antlr.TerminalNode {
	return s.GetToken(AqlParserNOT, 0)
}

func (s *NegationContext) ConditionNot() IConditionNotContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionNotContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionNotContext)
}

type TestingContext struct {
	ConditionNotContext
}

func NewTestingContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *TestingContext {
	var p = new(TestingContext)

	InitEmptyConditionNotContext(&p.ConditionNotContext)
	p.parser = parser
	p.CopyAll(ctx.(*ConditionNotContext))

	return p
}

func (s *TestingContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *TestingContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *TestingContext) Test() ITestContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ITestContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ITestContext)
}

type ExistenceContext struct {
	ConditionNotContext
}

func NewExistenceContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *ExistenceContext {
	var p = new(ExistenceContext)

	InitEmptyConditionNotContext(&p.ConditionNotContext)
	p.parser = parser
	p.CopyAll(ctx.(*ConditionNotContext))

	return p
}

func (s *ExistenceContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ExistenceContext) EXISTS() antlr.TerminalNode {
	return s.GetToken(AqlParserEXISTS, 0)
}

func (s *ExistenceContext) Path() IPathContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IPathContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IPathContext)
}

type GroupContext struct {
	ConditionNotContext
}

func NewGroupContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *GroupContext {
	var p = new(GroupContext)

	InitEmptyConditionNotContext(&p.ConditionNotContext)
	p.parser = parser
	p.CopyAll(ctx.(*ConditionNotContext))

	return p
}

func (s *GroupContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *GroupContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *GroupContext) Condition() IConditionContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionContext)
}

func (s *GroupContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

func (p *AqlParser) ConditionNot() (localctx IConditionNotContext) {
	localctx = NewConditionNotContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 28, AqlParserRULE_conditionNot)
	var _la int

	p.SetState(223)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 25, p.GetParserRuleContext()) {
	case 1:
		localctx = NewNegationContext(p, localctx)
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(211)
			p.Match(AqlParserNOT)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(212)
			p.ConditionNot()
		}

	case 2:
		localctx = NewGroupContext(p, localctx)
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(213)
			p.Match(AqlParserLPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(214)
			p.Condition()
		}
		{
			p.SetState(215)
			p.Match(AqlParserRPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 3:
		localctx = NewExistenceContext(p, localctx)
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(217)
			p.Match(AqlParserEXISTS)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(218)
			p.Path()
		}

	case 4:
		localctx = NewTestingContext(p, localctx)
		p.EnterOuterAlt(localctx, 4)
		{
			p.SetState(219)
			p.operand(0)
		}
		p.SetState(221)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if (int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&558552309563392) != 0 {
			{
				p.SetState(220)
				p.Test()
			}

		}

	case antlr.ATNInvalidAltNumber:
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ITestContext is an interface to support dynamic dispatch.
type ITestContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser
	// IsTestContext differentiates from other interfaces.
	IsTestContext()
}

type TestContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyTestContext() *TestContext {
	var p = new(TestContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_test
	return p
}

func InitEmptyTestContext(p *TestContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_test
}

func (*TestContext) IsTestContext() {}

func NewTestContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *TestContext {
	var p = new(TestContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_test

	return p
}

func (s *TestContext) GetParser() antlr.Parser { return s.parser }

func (s *TestContext) CopyAll(ctx *TestContext) {
	s.CopyFrom(&ctx.BaseParserRuleContext)
}

func (s *TestContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *TestContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

type ComparisonContext struct {
	TestContext
}

func NewComparisonContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *ComparisonContext {
	var p = new(ComparisonContext)

	InitEmptyTestContext(&p.TestContext)
	p.parser = parser
	p.CopyAll(ctx.(*TestContext))

	return p
}

func (s *ComparisonContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ComparisonContext) Comparator() IComparatorContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IComparatorContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IComparatorContext)
}

func (s *ComparisonContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

type LikenessContext struct {
	TestContext
}

func NewLikenessContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *LikenessContext {
	var p = new(LikenessContext)

	InitEmptyTestContext(&p.TestContext)
	p.parser = parser
	p.CopyAll(ctx.(*TestContext))

	return p
}

func (s *LikenessContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *LikenessContext) LIKE() antlr.TerminalNode {
	return s.GetToken(AqlParserLIKE, 0)
}

func (s *LikenessContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

type MembershipContext struct {
	TestContext
}

func NewMembershipContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *MembershipContext {
	var p = new(MembershipContext)

	InitEmptyTestContext(&p.TestContext)
	p.parser = parser
	p.CopyAll(ctx.(*TestContext))

	return p
}

func (s *MembershipContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *MembershipContext) MATCHES() antlr.TerminalNode {
	return s.GetToken(AqlParserMATCHES, 0)
}

func (s *MembershipContext) MatchSet() IMatchSetContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IMatchSetContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IMatchSetContext)
}

func (p *AqlParser) Test() (localctx ITestContext) {
	localctx = NewTestContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 30, AqlParserRULE_test)
	p.SetState(232)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserEQ, AqlParserNE, AqlParserOTHER, AqlParserLE, AqlParserGE, AqlParserLT, AqlParserGT:
		localctx = NewComparisonContext(p, localctx)
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(225)
			p.Comparator()
		}
		{
			p.SetState(226)
			p.operand(0)
		}

	case AqlParserLIKE:
		localctx = NewLikenessContext(p, localctx)
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(228)
			p.Match(AqlParserLIKE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(229)
			p.operand(0)
		}

	case AqlParserMATCHES:
		localctx = NewMembershipContext(p, localctx)
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(230)
			p.Match(AqlParserMATCHES)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(231)
			p.MatchSet()
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IMatchSetContext is an interface to support dynamic dispatch.
type IMatchSetContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	LBRACE() antlr.TerminalNode
	AllMember() []IMemberContext
	Member(i int) IMemberContext
	RBRACE() antlr.TerminalNode
	AllCOMMA() []antlr.TerminalNode
	COMMA(i int) antlr.TerminalNode
	REGEX() antlr.TerminalNode
	Function() IFunctionContext
	PARAMETER() antlr.TerminalNode

	// IsMatchSetContext differentiates from other interfaces.
	IsMatchSetContext()
}

type MatchSetContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyMatchSetContext() *MatchSetContext {
	var p = new(MatchSetContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_matchSet
	return p
}

func InitEmptyMatchSetContext(p *MatchSetContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_matchSet
}

func (*MatchSetContext) IsMatchSetContext() {}

func NewMatchSetContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *MatchSetContext {
	var p = new(MatchSetContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_matchSet

	return p
}

func (s *MatchSetContext) GetParser() antlr.Parser { return s.parser }

func (s *MatchSetContext) LBRACE() antlr.TerminalNode {
	return s.GetToken(AqlParserLBRACE, 0)
}

func (s *MatchSetContext) AllMember() []IMemberContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IMemberContext); ok {
			len++
		}
	}

	tst := make([]IMemberContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IMemberContext); ok {
			tst[i] = t.(IMemberContext)
			i++
		}
	}

	return tst
}

func (s *MatchSetContext) Member(i int) IMemberContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IMemberContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IMemberContext)
}

func (s *MatchSetContext) RBRACE() antlr.TerminalNode {
	return s.GetToken(AqlParserRBRACE, 0)
}

func (s *MatchSetContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *MatchSetContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

func (s *MatchSetContext) REGEX() antlr.TerminalNode {
	return s.GetToken(AqlParserREGEX, 0)
}

func (s *MatchSetContext) Function() IFunctionContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IFunctionContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IFunctionContext)
}

func (s *MatchSetContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

func (s *MatchSetContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *MatchSetContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) MatchSet() (localctx IMatchSetContext) {
	localctx = NewMatchSetContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 32, AqlParserRULE_matchSet)
	var _la int

	p.SetState(248)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserLBRACE:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(234)
			p.Match(AqlParserLBRACE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(235)
			p.Member()
		}
		p.SetState(240)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		for _la == AqlParserCOMMA {
			{
				p.SetState(236)
				p.Match(AqlParserCOMMA)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(237)
				p.Member()
			}

			p.SetState(242)
			p.GetErrorHandler().Sync(p)
			if p.HasError() {
				goto errorExit
			}
			_la = p.GetTokenStream().LA(1)
		}
		{
			p.SetState(243)
			p.Match(AqlParserRBRACE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserREGEX:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(245)
			p.Match(AqlParserREGEX)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserCONTAINS, AqlParserIDENTIFIER:
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(246)
			p.Function()
		}

	case AqlParserPARAMETER:
		p.EnterOuterAlt(localctx, 4)
		{
			p.SetState(247)
			p.Match(AqlParserPARAMETER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IMemberContext is an interface to support dynamic dispatch.
type IMemberContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	URI() antlr.TerminalNode
	Operand() IOperandContext
	Interval() IIntervalContext

	// IsMemberContext differentiates from other interfaces.
	IsMemberContext()
}

type MemberContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyMemberContext() *MemberContext {
	var p = new(MemberContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_member
	return p
}

func InitEmptyMemberContext(p *MemberContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_member
}

func (*MemberContext) IsMemberContext() {}

func NewMemberContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *MemberContext {
	var p = new(MemberContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_member

	return p
}

func (s *MemberContext) GetParser() antlr.Parser { return s.parser }

func (s *MemberContext) URI() antlr.TerminalNode {
	return s.GetToken(AqlParserURI, 0)
}

func (s *MemberContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *MemberContext) Interval() IIntervalContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IIntervalContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IIntervalContext)
}

func (s *MemberContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *MemberContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Member() (localctx IMemberContext) {
	localctx = NewMemberContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 34, AqlParserRULE_member)
	p.SetState(253)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserURI:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(250)
			p.Match(AqlParserURI)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserCONTAINS, AqlParserGROUP, AqlParserHAVING, AqlParserTRUE, AqlParserFALSE, AqlParserNULL, AqlParserNODE_CODE, AqlParserPARAMETER, AqlParserREAL, AqlParserINTEGER, AqlParserSTRING, AqlParserIDENTIFIER, AqlParserMINUS, AqlParserLPAREN:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(251)
			p.operand(0)
		}

	case AqlParserBAR:
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(252)
			p.Interval()
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IIntervalContext is an interface to support dynamic dispatch.
type IIntervalContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllBAR() []antlr.TerminalNode
	BAR(i int) antlr.TerminalNode
	AllOperand() []IOperandContext
	Operand(i int) IOperandContext
	AllComparator() []IComparatorContext
	Comparator(i int) IComparatorContext
	DOTDOT() antlr.TerminalNode

	// IsIntervalContext differentiates from other interfaces.
	IsIntervalContext()
}

type IntervalContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyIntervalContext() *IntervalContext {
	var p = new(IntervalContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_interval
	return p
}

func InitEmptyIntervalContext(p *IntervalContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_interval
}

func (*IntervalContext) IsIntervalContext() {}

func NewIntervalContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *IntervalContext {
	var p = new(IntervalContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_interval

	return p
}

func (s *IntervalContext) GetParser() antlr.Parser { return s.parser }

func (s *IntervalContext) AllBAR() []antlr.TerminalNode {
	return s.GetTokens(AqlParserBAR)
}

func (s *IntervalContext) BAR(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserBAR, i)
}

func (s *IntervalContext) AllOperand() []IOperandContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOperandContext); ok {
			len++
		}
	}

	tst := make([]IOperandContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOperandContext); ok {
			tst[i] = t.(IOperandContext)
			i++
		}
	}

	return tst
}

func (s *IntervalContext) Operand(i int) IOperandContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *IntervalContext) AllComparator() []IComparatorContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IComparatorContext); ok {
			len++
		}
	}

	tst := make([]IComparatorContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IComparatorContext); ok {
			tst[i] = t.(IComparatorContext)
			i++
		}
	}

	return tst
}

func (s *IntervalContext) Comparator(i int) IComparatorContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IComparatorContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IComparatorContext)
}

func (s *IntervalContext) DOTDOT() antlr.TerminalNode {
	return s.GetToken(AqlParserDOTDOT, 0)
}

func (s *IntervalContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *IntervalContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Interval() (localctx IIntervalContext) {
	localctx = NewIntervalContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 36, AqlParserRULE_interval)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(255)
		p.Match(AqlParserBAR)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(257)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if (int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&558551906910208) != 0 {
		{
			p.SetState(256)
			p.Comparator()
		}

	}
	{
		p.SetState(259)
		p.operand(0)
	}
	p.SetState(265)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserDOTDOT {
		{
			p.SetState(260)
			p.Match(AqlParserDOTDOT)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		p.SetState(262)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if (int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&558551906910208) != 0 {
			{
				p.SetState(261)
				p.Comparator()
			}

		}
		{
			p.SetState(264)
			p.operand(0)
		}

	}
	{
		p.SetState(267)
		p.Match(AqlParserBAR)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IGroupByContext is an interface to support dynamic dispatch.
type IGroupByContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	GROUP() antlr.TerminalNode
	BY() antlr.TerminalNode
	AllOperand() []IOperandContext
	Operand(i int) IOperandContext
	AllCOMMA() []antlr.TerminalNode
	COMMA(i int) antlr.TerminalNode

	// IsGroupByContext differentiates from other interfaces.
	IsGroupByContext()
}

type GroupByContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyGroupByContext() *GroupByContext {
	var p = new(GroupByContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_groupBy
	return p
}

func InitEmptyGroupByContext(p *GroupByContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_groupBy
}

func (*GroupByContext) IsGroupByContext() {}

func NewGroupByContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *GroupByContext {
	var p = new(GroupByContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_groupBy

	return p
}

func (s *GroupByContext) GetParser() antlr.Parser { return s.parser }

func (s *GroupByContext) GROUP() antlr.TerminalNode {
	return s.GetToken(AqlParserGROUP, 0)
}

func (s *GroupByContext) BY() antlr.TerminalNode {
	return s.GetToken(AqlParserBY, 0)
}

func (s *GroupByContext) AllOperand() []IOperandContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOperandContext); ok {
			len++
		}
	}

	tst := make([]IOperandContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOperandContext); ok {
			tst[i] = t.(IOperandContext)
			i++
		}
	}

	return tst
}

func (s *GroupByContext) Operand(i int) IOperandContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *GroupByContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *GroupByContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

func (s *GroupByContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *GroupByContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) GroupBy() (localctx IGroupByContext) {
	localctx = NewGroupByContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 38, AqlParserRULE_groupBy)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(269)
		p.Match(AqlParserGROUP)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(270)
		p.Match(AqlParserBY)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(271)
		p.operand(0)
	}
	p.SetState(276)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserCOMMA {
		{
			p.SetState(272)
			p.Match(AqlParserCOMMA)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(273)
			p.operand(0)
		}

		p.SetState(278)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IHavingContext is an interface to support dynamic dispatch.
type IHavingContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	HAVING() antlr.TerminalNode
	Condition() IConditionContext

	// IsHavingContext differentiates from other interfaces.
	IsHavingContext()
}

type HavingContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyHavingContext() *HavingContext {
	var p = new(HavingContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_having
	return p
}

func InitEmptyHavingContext(p *HavingContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_having
}

func (*HavingContext) IsHavingContext() {}

func NewHavingContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *HavingContext {
	var p = new(HavingContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_having

	return p
}

func (s *HavingContext) GetParser() antlr.Parser { return s.parser }

func (s *HavingContext) HAVING() antlr.TerminalNode {
	return s.GetToken(AqlParserHAVING, 0)
}

func (s *HavingContext) Condition() IConditionContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IConditionContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IConditionContext)
}

func (s *HavingContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *HavingContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Having() (localctx IHavingContext) {
	localctx = NewHavingContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 40, AqlParserRULE_having)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(279)
		p.Match(AqlParserHAVING)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(280)
		p.Condition()
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IOrderByContext is an interface to support dynamic dispatch.
type IOrderByContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	ORDER() antlr.TerminalNode
	BY() antlr.TerminalNode
	AllOrderItem() []IOrderItemContext
	OrderItem(i int) IOrderItemContext
	AllCOMMA() []antlr.TerminalNode
	COMMA(i int) antlr.TerminalNode

	// IsOrderByContext differentiates from other interfaces.
	IsOrderByContext()
}

type OrderByContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyOrderByContext() *OrderByContext {
	var p = new(OrderByContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_orderBy
	return p
}

func InitEmptyOrderByContext(p *OrderByContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_orderBy
}

func (*OrderByContext) IsOrderByContext() {}

func NewOrderByContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *OrderByContext {
	var p = new(OrderByContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_orderBy

	return p
}

func (s *OrderByContext) GetParser() antlr.Parser { return s.parser }

func (s *OrderByContext) ORDER() antlr.TerminalNode {
	return s.GetToken(AqlParserORDER, 0)
}

func (s *OrderByContext) BY() antlr.TerminalNode {
	return s.GetToken(AqlParserBY, 0)
}

func (s *OrderByContext) AllOrderItem() []IOrderItemContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOrderItemContext); ok {
			len++
		}
	}

	tst := make([]IOrderItemContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOrderItemContext); ok {
			tst[i] = t.(IOrderItemContext)
			i++
		}
	}

	return tst
}

func (s *OrderByContext) OrderItem(i int) IOrderItemContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOrderItemContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOrderItemContext)
}

func (s *OrderByContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *OrderByContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

func (s *OrderByContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *OrderByContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) OrderBy() (localctx IOrderByContext) {
	localctx = NewOrderByContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 42, AqlParserRULE_orderBy)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(282)
		p.Match(AqlParserORDER)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(283)
		p.Match(AqlParserBY)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(284)
		p.OrderItem()
	}
	p.SetState(289)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserCOMMA {
		{
			p.SetState(285)
			p.Match(AqlParserCOMMA)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(286)
			p.OrderItem()
		}

		p.SetState(291)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IOrderItemContext is an interface to support dynamic dispatch.
type IOrderItemContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Operand() IOperandContext
	ASC() antlr.TerminalNode
	ASCENDING() antlr.TerminalNode
	DESC() antlr.TerminalNode
	DESCENDING() antlr.TerminalNode

	// IsOrderItemContext differentiates from other interfaces.
	IsOrderItemContext()
}

type OrderItemContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyOrderItemContext() *OrderItemContext {
	var p = new(OrderItemContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_orderItem
	return p
}

func InitEmptyOrderItemContext(p *OrderItemContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_orderItem
}

func (*OrderItemContext) IsOrderItemContext() {}

func NewOrderItemContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *OrderItemContext {
	var p = new(OrderItemContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_orderItem

	return p
}

func (s *OrderItemContext) GetParser() antlr.Parser { return s.parser }

func (s *OrderItemContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *OrderItemContext) ASC() antlr.TerminalNode {
	return s.GetToken(AqlParserASC, 0)
}

func (s *OrderItemContext) ASCENDING() antlr.TerminalNode {
	return s.GetToken(AqlParserASCENDING, 0)
}

func (s *OrderItemContext) DESC() antlr.TerminalNode {
	return s.GetToken(AqlParserDESC, 0)
}

func (s *OrderItemContext) DESCENDING() antlr.TerminalNode {
	return s.GetToken(AqlParserDESCENDING, 0)
}

func (s *OrderItemContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *OrderItemContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) OrderItem() (localctx IOrderItemContext) {
	localctx = NewOrderItemContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 44, AqlParserRULE_orderItem)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(292)
		p.operand(0)
	}
	p.SetState(294)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if (int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&245760) != 0 {
		{
			p.SetState(293)
			_la = p.GetTokenStream().LA(1)

			if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&245760) != 0) {
				p.GetErrorHandler().RecoverInline(p)
			} else {
				p.GetErrorHandler().ReportMatch(p)
				p.Consume()
			}
		}

	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ILimitContext is an interface to support dynamic dispatch.
type ILimitContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	LIMIT() antlr.TerminalNode
	AllINTEGER() []antlr.TerminalNode
	INTEGER(i int) antlr.TerminalNode
	OFFSET() antlr.TerminalNode

	// IsLimitContext differentiates from other interfaces.
	IsLimitContext()
}

type LimitContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyLimitContext() *LimitContext {
	var p = new(LimitContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_limit
	return p
}

func InitEmptyLimitContext(p *LimitContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_limit
}

func (*LimitContext) IsLimitContext() {}

func NewLimitContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *LimitContext {
	var p = new(LimitContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_limit

	return p
}

func (s *LimitContext) GetParser() antlr.Parser { return s.parser }

func (s *LimitContext) LIMIT() antlr.TerminalNode {
	return s.GetToken(AqlParserLIMIT, 0)
}

func (s *LimitContext) AllINTEGER() []antlr.TerminalNode {
	return s.GetTokens(AqlParserINTEGER)
}

func (s *LimitContext) INTEGER(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserINTEGER, i)
}

func (s *LimitContext) OFFSET() antlr.TerminalNode {
	return s.GetToken(AqlParserOFFSET, 0)
}

func (s *LimitContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *LimitContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Limit() (localctx ILimitContext) {
	localctx = NewLimitContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 46, AqlParserRULE_limit)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(296)
		p.Match(AqlParserLIMIT)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(297)
		p.Match(AqlParserINTEGER)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(300)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if _la == AqlParserOFFSET {
		{
			p.SetState(298)
			p.Match(AqlParserOFFSET)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(299)
			p.Match(AqlParserINTEGER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IOperandContext is an interface to support dynamic dispatch.
type IOperandContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser
	// IsOperandContext differentiates from other interfaces.
	IsOperandContext()
}

type OperandContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyOperandContext() *OperandContext {
	var p = new(OperandContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_operand
	return p
}

func InitEmptyOperandContext(p *OperandContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_operand
}

func (*OperandContext) IsOperandContext() {}

func NewOperandContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *OperandContext {
	var p = new(OperandContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_operand

	return p
}

func (s *OperandContext) GetParser() antlr.Parser { return s.parser }

func (s *OperandContext) CopyAll(ctx *OperandContext) {
	s.CopyFrom(&ctx.BaseParserRuleContext)
}

func (s *OperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *OperandContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

type QuotientOperandContext struct {
	OperandContext
}

func NewQuotientOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *QuotientOperandContext {
	var p = new(QuotientOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *QuotientOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *QuotientOperandContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *QuotientOperandContext) SLASH() antlr.TerminalNode {
	return s.GetToken(AqlParserSLASH, 0)
}

func (s *QuotientOperandContext) Divisor() IDivisorContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IDivisorContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IDivisorContext)
}

type LiteralOperandContext struct {
	OperandContext
}

func NewLiteralOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *LiteralOperandContext {
	var p = new(LiteralOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *LiteralOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *LiteralOperandContext) Literal() ILiteralContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ILiteralContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ILiteralContext)
}

type NegativeOperandContext struct {
	OperandContext
}

func NewNegativeOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *NegativeOperandContext {
	var p = new(NegativeOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *NegativeOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *NegativeOperandContext) MINUS() antlr.TerminalNode {
	return s.GetToken(AqlParserMINUS, 0)
}

func (s *NegativeOperandContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

type FunctionOperandContext struct {
	OperandContext
}

func NewFunctionOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *FunctionOperandContext {
	var p = new(FunctionOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *FunctionOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *FunctionOperandContext) Function() IFunctionContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IFunctionContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IFunctionContext)
}

type ProductOperandContext struct {
	OperandContext
}

func NewProductOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *ProductOperandContext {
	var p = new(ProductOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *ProductOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ProductOperandContext) AllOperand() []IOperandContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOperandContext); ok {
			len++
		}
	}

	tst := make([]IOperandContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOperandContext); ok {
			tst[i] = t.(IOperandContext)
			i++
		}
	}

	return tst
}

func (s *ProductOperandContext) Operand(i int) IOperandContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *ProductOperandContext) STAR() antlr.TerminalNode {
	return s.GetToken(AqlParserSTAR, 0)
}

func (s *ProductOperandContext) PERCENT() antlr.TerminalNode {
	return s.GetToken(AqlParserPERCENT, 0)
}

type ParameterOperandContext struct {
	OperandContext
}

func NewParameterOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *ParameterOperandContext {
	var p = new(ParameterOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *ParameterOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ParameterOperandContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

type GroupOperandContext struct {
	OperandContext
}

func NewGroupOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *GroupOperandContext {
	var p = new(GroupOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *GroupOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *GroupOperandContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *GroupOperandContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *GroupOperandContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

type PathOperandContext struct {
	OperandContext
}

func NewPathOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *PathOperandContext {
	var p = new(PathOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *PathOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *PathOperandContext) Path() IPathContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IPathContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IPathContext)
}

type SumOperandContext struct {
	OperandContext
}

func NewSumOperandContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *SumOperandContext {
	var p = new(SumOperandContext)

	InitEmptyOperandContext(&p.OperandContext)
	p.parser = parser
	p.CopyAll(ctx.(*OperandContext))

	return p
}

func (s *SumOperandContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *SumOperandContext) AllOperand() []IOperandContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOperandContext); ok {
			len++
		}
	}

	tst := make([]IOperandContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOperandContext); ok {
			tst[i] = t.(IOperandContext)
			i++
		}
	}

	return tst
}

func (s *SumOperandContext) Operand(i int) IOperandContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *SumOperandContext) PLUS() antlr.TerminalNode {
	return s.GetToken(AqlParserPLUS, 0)
}

func (s *SumOperandContext) MINUS() antlr.TerminalNode {
	return s.GetToken(AqlParserMINUS, 0)
}

func (p *AqlParser) Operand() (localctx IOperandContext) {
	return p.operand(0)
}

func (p *AqlParser) operand(_p int) (localctx IOperandContext) {
	var _parentctx antlr.ParserRuleContext = p.GetParserRuleContext()

	_parentState := p.GetState()
	localctx = NewOperandContext(p, p.GetParserRuleContext(), _parentState)
	var _prevctx IOperandContext = localctx
	var _ antlr.ParserRuleContext = _prevctx // TODO: To prevent unused variable warning.
	_startState := 48
	p.EnterRecursionRule(localctx, 48, AqlParserRULE_operand, _p)
	var _la int

	var _alt int

	p.EnterOuterAlt(localctx, 1)
	p.SetState(313)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 37, p.GetParserRuleContext()) {
	case 1:
		localctx = NewLiteralOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx

		{
			p.SetState(303)
			p.Literal()
		}

	case 2:
		localctx = NewParameterOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx
		{
			p.SetState(304)
			p.Match(AqlParserPARAMETER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 3:
		localctx = NewFunctionOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx
		{
			p.SetState(305)
			p.Function()
		}

	case 4:
		localctx = NewPathOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx
		{
			p.SetState(306)
			p.Path()
		}

	case 5:
		localctx = NewGroupOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx
		{
			p.SetState(307)
			p.Match(AqlParserLPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(308)
			p.operand(0)
		}
		{
			p.SetState(309)
			p.Match(AqlParserRPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 6:
		localctx = NewNegativeOperandContext(p, localctx)
		p.SetParserRuleContext(localctx)
		_prevctx = localctx
		{
			p.SetState(311)
			p.Match(AqlParserMINUS)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(312)
			p.operand(4)
		}

	case antlr.ATNInvalidAltNumber:
		goto errorExit
	}
	p.GetParserRuleContext().SetStop(p.GetTokenStream().LT(-1))
	p.SetState(326)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 39, p.GetParserRuleContext())
	if p.HasError() {
		goto errorExit
	}
	for _alt != 2 && _alt != antlr.ATNInvalidAltNumber {
		if _alt == 1 {
			if p.GetParseListeners() != nil {
				p.TriggerExitRuleEvent()
			}
			_prevctx = localctx
			p.SetState(324)
			p.GetErrorHandler().Sync(p)
			if p.HasError() {
				goto errorExit
			}

			switch p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 38, p.GetParserRuleContext()) {
			case 1:
				localctx = NewProductOperandContext(p, NewOperandContext(p, _parentctx, _parentState))
				p.PushNewRecursionContext(localctx, _startState, AqlParserRULE_operand)
				p.SetState(315)

				if !(p.Precpred(p.GetParserRuleContext(), 3)) {
					p.SetError(antlr.NewFailedPredicateException(p, "p.Precpred(p.GetParserRuleContext(), 3)", ""))
					goto errorExit
				}
				{
					p.SetState(316)
					_la = p.GetTokenStream().LA(1)

					if !(_la == AqlParserSTAR || _la == AqlParserPERCENT) {
						p.GetErrorHandler().RecoverInline(p)
					} else {
						p.GetErrorHandler().ReportMatch(p)
						p.Consume()
					}
				}
				{
					p.SetState(317)
					p.operand(4)
				}

			case 2:
				localctx = NewSumOperandContext(p, NewOperandContext(p, _parentctx, _parentState))
				p.PushNewRecursionContext(localctx, _startState, AqlParserRULE_operand)
				p.SetState(318)

				if !(p.Precpred(p.GetParserRuleContext(), 1)) {
					p.SetError(antlr.NewFailedPredicateException(p, "p.Precpred(p.GetParserRuleContext(), 1)", ""))
					goto errorExit
				}
				{
					p.SetState(319)
					_la = p.GetTokenStream().LA(1)

					if !(_la == AqlParserMINUS || _la == AqlParserPLUS) {
						p.GetErrorHandler().RecoverInline(p)
					} else {
						p.GetErrorHandler().ReportMatch(p)
						p.Consume()
					}
				}
				{
					p.SetState(320)
					p.operand(2)
				}

			case 3:
				localctx = NewQuotientOperandContext(p, NewOperandContext(p, _parentctx, _parentState))
				p.PushNewRecursionContext(localctx, _startState, AqlParserRULE_operand)
				p.SetState(321)

				if !(p.Precpred(p.GetParserRuleContext(), 2)) {
					p.SetError(antlr.NewFailedPredicateException(p, "p.Precpred(p.GetParserRuleContext(), 2)", ""))
					goto errorExit
				}
				{
					p.SetState(322)
					p.Match(AqlParserSLASH)
					if p.HasError() {
						// Recognition error - abort rule
						goto errorExit
					}
				}
				{
					p.SetState(323)
					p.Divisor()
				}

			case antlr.ATNInvalidAltNumber:
				goto errorExit
			}

		}
		p.SetState(328)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 39, p.GetParserRuleContext())
		if p.HasError() {
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.UnrollRecursionContexts(_parentctx)
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IDivisorContext is an interface to support dynamic dispatch.
type IDivisorContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Literal() ILiteralContext
	PARAMETER() antlr.TerminalNode
	LPAREN() antlr.TerminalNode
	Operand() IOperandContext
	RPAREN() antlr.TerminalNode

	// IsDivisorContext differentiates from other interfaces.
	IsDivisorContext()
}

type DivisorContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyDivisorContext() *DivisorContext {
	var p = new(DivisorContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_divisor
	return p
}

func InitEmptyDivisorContext(p *DivisorContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_divisor
}

func (*DivisorContext) IsDivisorContext() {}

func NewDivisorContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *DivisorContext {
	var p = new(DivisorContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_divisor

	return p
}

func (s *DivisorContext) GetParser() antlr.Parser { return s.parser }

func (s *DivisorContext) Literal() ILiteralContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ILiteralContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ILiteralContext)
}

func (s *DivisorContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

func (s *DivisorContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *DivisorContext) Operand() IOperandContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *DivisorContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

func (s *DivisorContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *DivisorContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Divisor() (localctx IDivisorContext) {
	localctx = NewDivisorContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 50, AqlParserRULE_divisor)
	p.SetState(335)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserTRUE, AqlParserFALSE, AqlParserNULL, AqlParserREAL, AqlParserINTEGER, AqlParserSTRING, AqlParserMINUS:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(329)
			p.Literal()
		}

	case AqlParserPARAMETER:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(330)
			p.Match(AqlParserPARAMETER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserLPAREN:
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(331)
			p.Match(AqlParserLPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(332)
			p.operand(0)
		}
		{
			p.SetState(333)
			p.Match(AqlParserRPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IFunctionContext is an interface to support dynamic dispatch.
type IFunctionContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	FunctionName() IFunctionNameContext
	LPAREN() antlr.TerminalNode
	RPAREN() antlr.TerminalNode
	Arguments() IArgumentsContext

	// IsFunctionContext differentiates from other interfaces.
	IsFunctionContext()
}

type FunctionContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyFunctionContext() *FunctionContext {
	var p = new(FunctionContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_function
	return p
}

func InitEmptyFunctionContext(p *FunctionContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_function
}

func (*FunctionContext) IsFunctionContext() {}

func NewFunctionContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *FunctionContext {
	var p = new(FunctionContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_function

	return p
}

func (s *FunctionContext) GetParser() antlr.Parser { return s.parser }

func (s *FunctionContext) FunctionName() IFunctionNameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IFunctionNameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IFunctionNameContext)
}

func (s *FunctionContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *FunctionContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

func (s *FunctionContext) Arguments() IArgumentsContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IArgumentsContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IArgumentsContext)
}

func (s *FunctionContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *FunctionContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Function() (localctx IFunctionContext) {
	localctx = NewFunctionContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 52, AqlParserRULE_function)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(337)
		p.FunctionName()
	}
	{
		p.SetState(338)
		p.Match(AqlParserLPAREN)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	p.SetState(340)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	if (int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&294988510950067460) != 0 {
		{
			p.SetState(339)
			p.Arguments()
		}

	}
	{
		p.SetState(342)
		p.Match(AqlParserRPAREN)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IFunctionNameContext is an interface to support dynamic dispatch.
type IFunctionNameContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	IDENTIFIER() antlr.TerminalNode
	CONTAINS() antlr.TerminalNode

	// IsFunctionNameContext differentiates from other interfaces.
	IsFunctionNameContext()
}

type FunctionNameContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyFunctionNameContext() *FunctionNameContext {
	var p = new(FunctionNameContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_functionName
	return p
}

func InitEmptyFunctionNameContext(p *FunctionNameContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_functionName
}

func (*FunctionNameContext) IsFunctionNameContext() {}

func NewFunctionNameContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *FunctionNameContext {
	var p = new(FunctionNameContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_functionName

	return p
}

func (s *FunctionNameContext) GetParser() antlr.Parser { return s.parser }

func (s *FunctionNameContext) IDENTIFIER() antlr.TerminalNode {
	return s.GetToken(AqlParserIDENTIFIER, 0)
}

func (s *FunctionNameContext) CONTAINS() antlr.TerminalNode {
	return s.GetToken(AqlParserCONTAINS, 0)
}

func (s *FunctionNameContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *FunctionNameContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) FunctionName() (localctx IFunctionNameContext) {
	localctx = NewFunctionNameContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 54, AqlParserRULE_functionName)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(344)
		_la = p.GetTokenStream().LA(1)

		if !(_la == AqlParserCONTAINS || _la == AqlParserIDENTIFIER) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IArgumentsContext is an interface to support dynamic dispatch.
type IArgumentsContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	STAR() antlr.TerminalNode
	DISTINCT() antlr.TerminalNode
	AllOperand() []IOperandContext
	Operand(i int) IOperandContext
	AllCOMMA() []antlr.TerminalNode
	COMMA(i int) antlr.TerminalNode

	// IsArgumentsContext differentiates from other interfaces.
	IsArgumentsContext()
}

type ArgumentsContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyArgumentsContext() *ArgumentsContext {
	var p = new(ArgumentsContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_arguments
	return p
}

func InitEmptyArgumentsContext(p *ArgumentsContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_arguments
}

func (*ArgumentsContext) IsArgumentsContext() {}

func NewArgumentsContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ArgumentsContext {
	var p = new(ArgumentsContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_arguments

	return p
}

func (s *ArgumentsContext) GetParser() antlr.Parser { return s.parser }

func (s *ArgumentsContext) STAR() antlr.TerminalNode {
	return s.GetToken(AqlParserSTAR, 0)
}

func (s *ArgumentsContext) DISTINCT() antlr.TerminalNode {
	return s.GetToken(AqlParserDISTINCT, 0)
}

func (s *ArgumentsContext) AllOperand() []IOperandContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IOperandContext); ok {
			len++
		}
	}

	tst := make([]IOperandContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IOperandContext); ok {
			tst[i] = t.(IOperandContext)
			i++
		}
	}

	return tst
}

func (s *ArgumentsContext) Operand(i int) IOperandContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IOperandContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IOperandContext)
}

func (s *ArgumentsContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *ArgumentsContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

func (s *ArgumentsContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ArgumentsContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Arguments() (localctx IArgumentsContext) {
	localctx = NewArgumentsContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 56, AqlParserRULE_arguments)
	var _la int

	p.SetState(357)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserSTAR:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(346)
			p.Match(AqlParserSTAR)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserDISTINCT:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(347)
			p.Match(AqlParserDISTINCT)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(348)
			p.operand(0)
		}

	case AqlParserCONTAINS, AqlParserGROUP, AqlParserHAVING, AqlParserTRUE, AqlParserFALSE, AqlParserNULL, AqlParserNODE_CODE, AqlParserPARAMETER, AqlParserREAL, AqlParserINTEGER, AqlParserSTRING, AqlParserIDENTIFIER, AqlParserMINUS, AqlParserLPAREN:
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(349)
			p.operand(0)
		}
		p.SetState(354)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		for _la == AqlParserCOMMA {
			{
				p.SetState(350)
				p.Match(AqlParserCOMMA)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(351)
				p.operand(0)
			}

			p.SetState(356)
			p.GetErrorHandler().Sync(p)
			if p.HasError() {
				goto errorExit
			}
			_la = p.GetTokenStream().LA(1)
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ILiteralContext is an interface to support dynamic dispatch.
type ILiteralContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	STRING() antlr.TerminalNode
	INTEGER() antlr.TerminalNode
	MINUS() antlr.TerminalNode
	REAL() antlr.TerminalNode
	TRUE() antlr.TerminalNode
	FALSE() antlr.TerminalNode
	NULL() antlr.TerminalNode

	// IsLiteralContext differentiates from other interfaces.
	IsLiteralContext()
}

type LiteralContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyLiteralContext() *LiteralContext {
	var p = new(LiteralContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_literal
	return p
}

func InitEmptyLiteralContext(p *LiteralContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_literal
}

func (*LiteralContext) IsLiteralContext() {}

func NewLiteralContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *LiteralContext {
	var p = new(LiteralContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_literal

	return p
}

func (s *LiteralContext) GetParser() antlr.Parser { return s.parser }

func (s *LiteralContext) STRING() antlr.TerminalNode {
	return s.GetToken(AqlParserSTRING, 0)
}

func (s *LiteralContext) INTEGER() antlr.TerminalNode {
	return s.GetToken(AqlParserINTEGER, 0)
}

func (s *LiteralContext) MINUS() antlr.TerminalNode {
	return s.GetToken(AqlParserMINUS, 0)
}

func (s *LiteralContext) REAL() antlr.TerminalNode {
	return s.GetToken(AqlParserREAL, 0)
}

func (s *LiteralContext) TRUE() antlr.TerminalNode {
	return s.GetToken(AqlParserTRUE, 0)
}

func (s *LiteralContext) FALSE() antlr.TerminalNode {
	return s.GetToken(AqlParserFALSE, 0)
}

func (s *LiteralContext) NULL() antlr.TerminalNode {
	return s.GetToken(AqlParserNULL, 0)
}

func (s *LiteralContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *LiteralContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Literal() (localctx ILiteralContext) {
	localctx = NewLiteralContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 58, AqlParserRULE_literal)
	var _la int

	p.SetState(371)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 46, p.GetParserRuleContext()) {
	case 1:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(359)
			p.Match(AqlParserSTRING)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 2:
		p.EnterOuterAlt(localctx, 2)
		p.SetState(361)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserMINUS {
			{
				p.SetState(360)
				p.Match(AqlParserMINUS)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}

		}
		{
			p.SetState(363)
			p.Match(AqlParserINTEGER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 3:
		p.EnterOuterAlt(localctx, 3)
		p.SetState(365)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserMINUS {
			{
				p.SetState(364)
				p.Match(AqlParserMINUS)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}

		}
		{
			p.SetState(367)
			p.Match(AqlParserREAL)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 4:
		p.EnterOuterAlt(localctx, 4)
		{
			p.SetState(368)
			p.Match(AqlParserTRUE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 5:
		p.EnterOuterAlt(localctx, 5)
		{
			p.SetState(369)
			p.Match(AqlParserFALSE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 6:
		p.EnterOuterAlt(localctx, 6)
		{
			p.SetState(370)
			p.Match(AqlParserNULL)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case antlr.ATNInvalidAltNumber:
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IComparatorContext is an interface to support dynamic dispatch.
type IComparatorContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	EQ() antlr.TerminalNode
	NE() antlr.TerminalNode
	OTHER() antlr.TerminalNode
	LT() antlr.TerminalNode
	LE() antlr.TerminalNode
	GT() antlr.TerminalNode
	GE() antlr.TerminalNode

	// IsComparatorContext differentiates from other interfaces.
	IsComparatorContext()
}

type ComparatorContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyComparatorContext() *ComparatorContext {
	var p = new(ComparatorContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_comparator
	return p
}

func InitEmptyComparatorContext(p *ComparatorContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_comparator
}

func (*ComparatorContext) IsComparatorContext() {}

func NewComparatorContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ComparatorContext {
	var p = new(ComparatorContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_comparator

	return p
}

func (s *ComparatorContext) GetParser() antlr.Parser { return s.parser }

func (s *ComparatorContext) EQ() antlr.TerminalNode {
	return s.GetToken(AqlParserEQ, 0)
}

func (s *ComparatorContext) NE() antlr.TerminalNode {
	return s.GetToken(AqlParserNE, 0)
}

func (s *ComparatorContext) OTHER() antlr.TerminalNode {
	return s.GetToken(AqlParserOTHER, 0)
}

func (s *ComparatorContext) LT() antlr.TerminalNode {
	return s.GetToken(AqlParserLT, 0)
}

func (s *ComparatorContext) LE() antlr.TerminalNode {
	return s.GetToken(AqlParserLE, 0)
}

func (s *ComparatorContext) GT() antlr.TerminalNode {
	return s.GetToken(AqlParserGT, 0)
}

func (s *ComparatorContext) GE() antlr.TerminalNode {
	return s.GetToken(AqlParserGE, 0)
}

func (s *ComparatorContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ComparatorContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Comparator() (localctx IComparatorContext) {
	localctx = NewComparatorContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 60, AqlParserRULE_comparator)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(373)
		_la = p.GetTokenStream().LA(1)

		if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&558551906910208) != 0) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IPathContext is an interface to support dynamic dispatch.
type IPathContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Name() INameContext
	Predicate() IPredicateContext
	SLASH() antlr.TerminalNode
	Steps() IStepsContext

	// IsPathContext differentiates from other interfaces.
	IsPathContext()
}

type PathContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyPathContext() *PathContext {
	var p = new(PathContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_path
	return p
}

func InitEmptyPathContext(p *PathContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_path
}

func (*PathContext) IsPathContext() {}

func NewPathContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *PathContext {
	var p = new(PathContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_path

	return p
}

func (s *PathContext) GetParser() antlr.Parser { return s.parser }

func (s *PathContext) Name() INameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INameContext)
}

func (s *PathContext) Predicate() IPredicateContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IPredicateContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IPredicateContext)
}

func (s *PathContext) SLASH() antlr.TerminalNode {
	return s.GetToken(AqlParserSLASH, 0)
}

func (s *PathContext) Steps() IStepsContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IStepsContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IStepsContext)
}

func (s *PathContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *PathContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Path() (localctx IPathContext) {
	localctx = NewPathContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 62, AqlParserRULE_path)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(375)
		p.Name()
	}
	p.SetState(377)
	p.GetErrorHandler().Sync(p)

	if p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 47, p.GetParserRuleContext()) == 1 {
		{
			p.SetState(376)
			p.Predicate()
		}

	} else if p.HasError() { // JIM
		goto errorExit
	}
	p.SetState(381)
	p.GetErrorHandler().Sync(p)

	if p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 48, p.GetParserRuleContext()) == 1 {
		{
			p.SetState(379)
			p.Match(AqlParserSLASH)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(380)
			p.Steps()
		}

	} else if p.HasError() { // JIM
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IStepsContext is an interface to support dynamic dispatch.
type IStepsContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllStep() []IStepContext
	Step(i int) IStepContext
	AllSLASH() []antlr.TerminalNode
	SLASH(i int) antlr.TerminalNode

	// IsStepsContext differentiates from other interfaces.
	IsStepsContext()
}

type StepsContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyStepsContext() *StepsContext {
	var p = new(StepsContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_steps
	return p
}

func InitEmptyStepsContext(p *StepsContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_steps
}

func (*StepsContext) IsStepsContext() {}

func NewStepsContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *StepsContext {
	var p = new(StepsContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_steps

	return p
}

func (s *StepsContext) GetParser() antlr.Parser { return s.parser }

func (s *StepsContext) AllStep() []IStepContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IStepContext); ok {
			len++
		}
	}

	tst := make([]IStepContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IStepContext); ok {
			tst[i] = t.(IStepContext)
			i++
		}
	}

	return tst
}

func (s *StepsContext) Step(i int) IStepContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IStepContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IStepContext)
}

func (s *StepsContext) AllSLASH() []antlr.TerminalNode {
	return s.GetTokens(AqlParserSLASH)
}

func (s *StepsContext) SLASH(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserSLASH, i)
}

func (s *StepsContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *StepsContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Steps() (localctx IStepsContext) {
	localctx = NewStepsContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 64, AqlParserRULE_steps)
	var _alt int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(383)
		p.Step()
	}
	p.SetState(388)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 49, p.GetParserRuleContext())
	if p.HasError() {
		goto errorExit
	}
	for _alt != 2 && _alt != antlr.ATNInvalidAltNumber {
		if _alt == 1 {
			{
				p.SetState(384)
				p.Match(AqlParserSLASH)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(385)
				p.Step()
			}

		}
		p.SetState(390)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_alt = p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 49, p.GetParserRuleContext())
		if p.HasError() {
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IStepContext is an interface to support dynamic dispatch.
type IStepContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Attribute() IAttributeContext
	Predicate() IPredicateContext

	// IsStepContext differentiates from other interfaces.
	IsStepContext()
}

type StepContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyStepContext() *StepContext {
	var p = new(StepContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_step
	return p
}

func InitEmptyStepContext(p *StepContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_step
}

func (*StepContext) IsStepContext() {}

func NewStepContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *StepContext {
	var p = new(StepContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_step

	return p
}

func (s *StepContext) GetParser() antlr.Parser { return s.parser }

func (s *StepContext) Attribute() IAttributeContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IAttributeContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IAttributeContext)
}

func (s *StepContext) Predicate() IPredicateContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IPredicateContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IPredicateContext)
}

func (s *StepContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *StepContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Step() (localctx IStepContext) {
	localctx = NewStepContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 66, AqlParserRULE_step)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(391)
		p.Attribute()
	}
	p.SetState(393)
	p.GetErrorHandler().Sync(p)

	if p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 50, p.GetParserRuleContext()) == 1 {
		{
			p.SetState(392)
			p.Predicate()
		}

	} else if p.HasError() { // JIM
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IAttributeContext is an interface to support dynamic dispatch.
type IAttributeContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	IDENTIFIER() antlr.TerminalNode
	ORDER() antlr.TerminalNode
	LIMIT() antlr.TerminalNode
	OFFSET() antlr.TerminalNode
	VERSION() antlr.TerminalNode
	TOP() antlr.TerminalNode
	FORWARD() antlr.TerminalNode
	BACKWARD() antlr.TerminalNode
	CONTAINS() antlr.TerminalNode
	MATCHES() antlr.TerminalNode
	LIKE() antlr.TerminalNode
	EXISTS() antlr.TerminalNode
	ASC() antlr.TerminalNode
	DESC() antlr.TerminalNode
	BY() antlr.TerminalNode
	AS() antlr.TerminalNode
	GROUP() antlr.TerminalNode
	HAVING() antlr.TerminalNode

	// IsAttributeContext differentiates from other interfaces.
	IsAttributeContext()
}

type AttributeContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyAttributeContext() *AttributeContext {
	var p = new(AttributeContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_attribute
	return p
}

func InitEmptyAttributeContext(p *AttributeContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_attribute
}

func (*AttributeContext) IsAttributeContext() {}

func NewAttributeContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *AttributeContext {
	var p = new(AttributeContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_attribute

	return p
}

func (s *AttributeContext) GetParser() antlr.Parser { return s.parser }

func (s *AttributeContext) IDENTIFIER() antlr.TerminalNode {
	return s.GetToken(AqlParserIDENTIFIER, 0)
}

func (s *AttributeContext) ORDER() antlr.TerminalNode {
	return s.GetToken(AqlParserORDER, 0)
}

func (s *AttributeContext) LIMIT() antlr.TerminalNode {
	return s.GetToken(AqlParserLIMIT, 0)
}

func (s *AttributeContext) OFFSET() antlr.TerminalNode {
	return s.GetToken(AqlParserOFFSET, 0)
}

func (s *AttributeContext) VERSION() antlr.TerminalNode {
	return s.GetToken(AqlParserVERSION, 0)
}

func (s *AttributeContext) TOP() antlr.TerminalNode {
	return s.GetToken(AqlParserTOP, 0)
}

func (s *AttributeContext) FORWARD() antlr.TerminalNode {
	return s.GetToken(AqlParserFORWARD, 0)
}

func (s *AttributeContext) BACKWARD() antlr.TerminalNode {
	return s.GetToken(AqlParserBACKWARD, 0)
}

func (s *AttributeContext) CONTAINS() antlr.TerminalNode {
	return s.GetToken(AqlParserCONTAINS, 0)
}

func (s *AttributeContext) MATCHES() antlr.TerminalNode {
	return s.GetToken(AqlParserMATCHES, 0)
}

func (s *AttributeContext) LIKE() antlr.TerminalNode {
	return s.GetToken(AqlParserLIKE, 0)
}

func (s *AttributeContext) EXISTS() antlr.TerminalNode {
	return s.GetToken(AqlParserEXISTS, 0)
}

func (s *AttributeContext) ASC() antlr.TerminalNode {
	return s.GetToken(AqlParserASC, 0)
}

func (s *AttributeContext) DESC() antlr.TerminalNode {
	return s.GetToken(AqlParserDESC, 0)
}

func (s *AttributeContext) BY() antlr.TerminalNode {
	return s.GetToken(AqlParserBY, 0)
}

func (s *AttributeContext) AS() antlr.TerminalNode {
	return s.GetToken(AqlParserAS, 0)
}

func (s *AttributeContext) GROUP() antlr.TerminalNode {
	return s.GetToken(AqlParserGROUP, 0)
}

func (s *AttributeContext) HAVING() antlr.TerminalNode {
	return s.GetToken(AqlParserHAVING, 0)
}

func (s *AttributeContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *AttributeContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Attribute() (localctx IAttributeContext) {
	localctx = NewAttributeContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 68, AqlParserRULE_attribute)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(395)
		_la = p.GetTokenStream().LA(1)

		if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&2199494950264) != 0) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// INameContext is an interface to support dynamic dispatch.
type INameContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	IDENTIFIER() antlr.TerminalNode
	NODE_CODE() antlr.TerminalNode
	GROUP() antlr.TerminalNode
	HAVING() antlr.TerminalNode

	// IsNameContext differentiates from other interfaces.
	IsNameContext()
}

type NameContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyNameContext() *NameContext {
	var p = new(NameContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_name
	return p
}

func InitEmptyNameContext(p *NameContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_name
}

func (*NameContext) IsNameContext() {}

func NewNameContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *NameContext {
	var p = new(NameContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_name

	return p
}

func (s *NameContext) GetParser() antlr.Parser { return s.parser }

func (s *NameContext) IDENTIFIER() antlr.TerminalNode {
	return s.GetToken(AqlParserIDENTIFIER, 0)
}

func (s *NameContext) NODE_CODE() antlr.TerminalNode {
	return s.GetToken(AqlParserNODE_CODE, 0)
}

func (s *NameContext) GROUP() antlr.TerminalNode {
	return s.GetToken(AqlParserGROUP, 0)
}

func (s *NameContext) HAVING() antlr.TerminalNode {
	return s.GetToken(AqlParserHAVING, 0)
}

func (s *NameContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *NameContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Name() (localctx INameContext) {
	localctx = NewNameContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 70, AqlParserRULE_name)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(397)
		_la = p.GetTokenStream().LA(1)

		if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&2216203127808) != 0) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IPredicateContext is an interface to support dynamic dispatch.
type IPredicateContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	LBRACKET() antlr.TerminalNode
	Criteria() ICriteriaContext
	RBRACKET() antlr.TerminalNode

	// IsPredicateContext differentiates from other interfaces.
	IsPredicateContext()
}

type PredicateContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyPredicateContext() *PredicateContext {
	var p = new(PredicateContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_predicate
	return p
}

func InitEmptyPredicateContext(p *PredicateContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_predicate
}

func (*PredicateContext) IsPredicateContext() {}

func NewPredicateContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *PredicateContext {
	var p = new(PredicateContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_predicate

	return p
}

func (s *PredicateContext) GetParser() antlr.Parser { return s.parser }

func (s *PredicateContext) LBRACKET() antlr.TerminalNode {
	return s.GetToken(AqlParserLBRACKET, 0)
}

func (s *PredicateContext) Criteria() ICriteriaContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ICriteriaContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ICriteriaContext)
}

func (s *PredicateContext) RBRACKET() antlr.TerminalNode {
	return s.GetToken(AqlParserRBRACKET, 0)
}

func (s *PredicateContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *PredicateContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Predicate() (localctx IPredicateContext) {
	localctx = NewPredicateContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 72, AqlParserRULE_predicate)
	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(399)
		p.Match(AqlParserLBRACKET)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}
	{
		p.SetState(400)
		p.Criteria()
	}
	{
		p.SetState(401)
		p.Match(AqlParserRBRACKET)
		if p.HasError() {
			// Recognition error - abort rule
			goto errorExit
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ICriteriaContext is an interface to support dynamic dispatch.
type ICriteriaContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllCriteriaAnd() []ICriteriaAndContext
	CriteriaAnd(i int) ICriteriaAndContext
	AllOR() []antlr.TerminalNode
	OR(i int) antlr.TerminalNode

	// IsCriteriaContext differentiates from other interfaces.
	IsCriteriaContext()
}

type CriteriaContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyCriteriaContext() *CriteriaContext {
	var p = new(CriteriaContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criteria
	return p
}

func InitEmptyCriteriaContext(p *CriteriaContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criteria
}

func (*CriteriaContext) IsCriteriaContext() {}

func NewCriteriaContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *CriteriaContext {
	var p = new(CriteriaContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_criteria

	return p
}

func (s *CriteriaContext) GetParser() antlr.Parser { return s.parser }

func (s *CriteriaContext) AllCriteriaAnd() []ICriteriaAndContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(ICriteriaAndContext); ok {
			len++
		}
	}

	tst := make([]ICriteriaAndContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(ICriteriaAndContext); ok {
			tst[i] = t.(ICriteriaAndContext)
			i++
		}
	}

	return tst
}

func (s *CriteriaContext) CriteriaAnd(i int) ICriteriaAndContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ICriteriaAndContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(ICriteriaAndContext)
}

func (s *CriteriaContext) AllOR() []antlr.TerminalNode {
	return s.GetTokens(AqlParserOR)
}

func (s *CriteriaContext) OR(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserOR, i)
}

func (s *CriteriaContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriteriaContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Criteria() (localctx ICriteriaContext) {
	localctx = NewCriteriaContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 74, AqlParserRULE_criteria)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(403)
		p.CriteriaAnd()
	}
	p.SetState(408)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserOR {
		{
			p.SetState(404)
			p.Match(AqlParserOR)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(405)
			p.CriteriaAnd()
		}

		p.SetState(410)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ICriteriaAndContext is an interface to support dynamic dispatch.
type ICriteriaAndContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	AllCriterion() []ICriterionContext
	Criterion(i int) ICriterionContext
	AllAND() []antlr.TerminalNode
	AND(i int) antlr.TerminalNode

	// IsCriteriaAndContext differentiates from other interfaces.
	IsCriteriaAndContext()
}

type CriteriaAndContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyCriteriaAndContext() *CriteriaAndContext {
	var p = new(CriteriaAndContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criteriaAnd
	return p
}

func InitEmptyCriteriaAndContext(p *CriteriaAndContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criteriaAnd
}

func (*CriteriaAndContext) IsCriteriaAndContext() {}

func NewCriteriaAndContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *CriteriaAndContext {
	var p = new(CriteriaAndContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_criteriaAnd

	return p
}

func (s *CriteriaAndContext) GetParser() antlr.Parser { return s.parser }

func (s *CriteriaAndContext) AllCriterion() []ICriterionContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(ICriterionContext); ok {
			len++
		}
	}

	tst := make([]ICriterionContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(ICriterionContext); ok {
			tst[i] = t.(ICriterionContext)
			i++
		}
	}

	return tst
}

func (s *CriteriaAndContext) Criterion(i int) ICriterionContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ICriterionContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(ICriterionContext)
}

func (s *CriteriaAndContext) AllAND() []antlr.TerminalNode {
	return s.GetTokens(AqlParserAND)
}

func (s *CriteriaAndContext) AND(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserAND, i)
}

func (s *CriteriaAndContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriteriaAndContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) CriteriaAnd() (localctx ICriteriaAndContext) {
	localctx = NewCriteriaAndContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 76, AqlParserRULE_criteriaAnd)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(411)
		p.Criterion()
	}
	p.SetState(416)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}
	_la = p.GetTokenStream().LA(1)

	for _la == AqlParserAND {
		{
			p.SetState(412)
			p.Match(AqlParserAND)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(413)
			p.Criterion()
		}

		p.SetState(418)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// ICriterionContext is an interface to support dynamic dispatch.
type ICriterionContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser
	// IsCriterionContext differentiates from other interfaces.
	IsCriterionContext()
}

type CriterionContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyCriterionContext() *CriterionContext {
	var p = new(CriterionContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criterion
	return p
}

func InitEmptyCriterionContext(p *CriterionContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_criterion
}

func (*CriterionContext) IsCriterionContext() {}

func NewCriterionContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *CriterionContext {
	var p = new(CriterionContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_criterion

	return p
}

func (s *CriterionContext) GetParser() antlr.Parser { return s.parser }

func (s *CriterionContext) CopyAll(ctx *CriterionContext) {
	s.CopyFrom(&ctx.BaseParserRuleContext)
}

func (s *CriterionContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriterionContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

type CriterionMatchesContext struct {
	CriterionContext
}

func NewCriterionMatchesContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *CriterionMatchesContext {
	var p = new(CriterionMatchesContext)

	InitEmptyCriterionContext(&p.CriterionContext)
	p.parser = parser
	p.CopyAll(ctx.(*CriterionContext))

	return p
}

func (s *CriterionMatchesContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriterionMatchesContext) Steps() IStepsContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IStepsContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IStepsContext)
}

func (s *CriterionMatchesContext) MATCHES() antlr.TerminalNode {
	return s.GetToken(AqlParserMATCHES, 0)
}

func (s *CriterionMatchesContext) REGEX() antlr.TerminalNode {
	return s.GetToken(AqlParserREGEX, 0)
}

func (s *CriterionMatchesContext) LBRACE() antlr.TerminalNode {
	return s.GetToken(AqlParserLBRACE, 0)
}

func (s *CriterionMatchesContext) AllValue() []IValueContext {
	children := s.GetChildren()
	len := 0
	for _, ctx := range children {
		if _, ok := ctx.(IValueContext); ok {
			len++
		}
	}

	tst := make([]IValueContext, len)
	i := 0
	for _, ctx := range children {
		if t, ok := ctx.(IValueContext); ok {
			tst[i] = t.(IValueContext)
			i++
		}
	}

	return tst
}

func (s *CriterionMatchesContext) Value(i int) IValueContext {
	var t antlr.RuleContext
	j := 0
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IValueContext); ok {
			if j == i {
				t = ctx.(antlr.RuleContext)
				break
			}
			j++
		}
	}

	if t == nil {
		return nil
	}

	return t.(IValueContext)
}

func (s *CriterionMatchesContext) RBRACE() antlr.TerminalNode {
	return s.GetToken(AqlParserRBRACE, 0)
}

func (s *CriterionMatchesContext) AllCOMMA() []antlr.TerminalNode {
	return s.GetTokens(AqlParserCOMMA)
}

func (s *CriterionMatchesContext) COMMA(i int) antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, i)
}

type CriterionCompareContext struct {
	CriterionContext
}

func NewCriterionCompareContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *CriterionCompareContext {
	var p = new(CriterionCompareContext)

	InitEmptyCriterionContext(&p.CriterionContext)
	p.parser = parser
	p.CopyAll(ctx.(*CriterionContext))

	return p
}

func (s *CriterionCompareContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriterionCompareContext) Steps() IStepsContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IStepsContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IStepsContext)
}

func (s *CriterionCompareContext) Comparator() IComparatorContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IComparatorContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IComparatorContext)
}

func (s *CriterionCompareContext) Value() IValueContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IValueContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IValueContext)
}

type CriterionGroupContext struct {
	CriterionContext
}

func NewCriterionGroupContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *CriterionGroupContext {
	var p = new(CriterionGroupContext)

	InitEmptyCriterionContext(&p.CriterionContext)
	p.parser = parser
	p.CopyAll(ctx.(*CriterionContext))

	return p
}

func (s *CriterionGroupContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriterionGroupContext) LPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserLPAREN, 0)
}

func (s *CriterionGroupContext) Criteria() ICriteriaContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ICriteriaContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ICriteriaContext)
}

func (s *CriterionGroupContext) RPAREN() antlr.TerminalNode {
	return s.GetToken(AqlParserRPAREN, 0)
}

type CriterionNodeContext struct {
	CriterionContext
}

func NewCriterionNodeContext(parser antlr.Parser, ctx antlr.ParserRuleContext) *CriterionNodeContext {
	var p = new(CriterionNodeContext)

	InitEmptyCriterionContext(&p.CriterionContext)
	p.parser = parser
	p.CopyAll(ctx.(*CriterionContext))

	return p
}

func (s *CriterionNodeContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *CriterionNodeContext) NodeId() INodeIdContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INodeIdContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INodeIdContext)
}

func (s *CriterionNodeContext) COMMA() antlr.TerminalNode {
	return s.GetToken(AqlParserCOMMA, 0)
}

func (s *CriterionNodeContext) NodeName() INodeNameContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(INodeNameContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(INodeNameContext)
}

func (p *AqlParser) Criterion() (localctx ICriterionContext) {
	localctx = NewCriterionContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 78, AqlParserRULE_criterion)
	var _la int

	p.SetState(448)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetInterpreter().AdaptivePredict(p.BaseParser, p.GetTokenStream(), 56, p.GetParserRuleContext()) {
	case 1:
		localctx = NewCriterionGroupContext(p, localctx)
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(419)
			p.Match(AqlParserLPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		{
			p.SetState(420)
			p.Criteria()
		}
		{
			p.SetState(421)
			p.Match(AqlParserRPAREN)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case 2:
		localctx = NewCriterionNodeContext(p, localctx)
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(423)
			p.NodeId()
		}
		p.SetState(426)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}
		_la = p.GetTokenStream().LA(1)

		if _la == AqlParserCOMMA {
			{
				p.SetState(424)
				p.Match(AqlParserCOMMA)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(425)
				p.NodeName()
			}

		}

	case 3:
		localctx = NewCriterionCompareContext(p, localctx)
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(428)
			p.Steps()
		}
		{
			p.SetState(429)
			p.Comparator()
		}
		{
			p.SetState(430)
			p.Value()
		}

	case 4:
		localctx = NewCriterionMatchesContext(p, localctx)
		p.EnterOuterAlt(localctx, 4)
		{
			p.SetState(432)
			p.Steps()
		}
		{
			p.SetState(433)
			p.Match(AqlParserMATCHES)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}
		p.SetState(446)
		p.GetErrorHandler().Sync(p)
		if p.HasError() {
			goto errorExit
		}

		switch p.GetTokenStream().LA(1) {
		case AqlParserREGEX:
			{
				p.SetState(434)
				p.Match(AqlParserREGEX)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}

		case AqlParserLBRACE:
			{
				p.SetState(435)
				p.Match(AqlParserLBRACE)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}
			{
				p.SetState(436)
				p.Value()
			}
			p.SetState(441)
			p.GetErrorHandler().Sync(p)
			if p.HasError() {
				goto errorExit
			}
			_la = p.GetTokenStream().LA(1)

			for _la == AqlParserCOMMA {
				{
					p.SetState(437)
					p.Match(AqlParserCOMMA)
					if p.HasError() {
						// Recognition error - abort rule
						goto errorExit
					}
				}
				{
					p.SetState(438)
					p.Value()
				}

				p.SetState(443)
				p.GetErrorHandler().Sync(p)
				if p.HasError() {
					goto errorExit
				}
				_la = p.GetTokenStream().LA(1)
			}
			{
				p.SetState(444)
				p.Match(AqlParserRBRACE)
				if p.HasError() {
					// Recognition error - abort rule
					goto errorExit
				}
			}

		default:
			p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
			goto errorExit
		}

	case antlr.ATNInvalidAltNumber:
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// INodeIdContext is an interface to support dynamic dispatch.
type INodeIdContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	NODE_CODE() antlr.TerminalNode
	ARCHETYPE_ID() antlr.TerminalNode
	PARAMETER() antlr.TerminalNode

	// IsNodeIdContext differentiates from other interfaces.
	IsNodeIdContext()
}

type NodeIdContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyNodeIdContext() *NodeIdContext {
	var p = new(NodeIdContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_nodeId
	return p
}

func InitEmptyNodeIdContext(p *NodeIdContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_nodeId
}

func (*NodeIdContext) IsNodeIdContext() {}

func NewNodeIdContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *NodeIdContext {
	var p = new(NodeIdContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_nodeId

	return p
}

func (s *NodeIdContext) GetParser() antlr.Parser { return s.parser }

func (s *NodeIdContext) NODE_CODE() antlr.TerminalNode {
	return s.GetToken(AqlParserNODE_CODE, 0)
}

func (s *NodeIdContext) ARCHETYPE_ID() antlr.TerminalNode {
	return s.GetToken(AqlParserARCHETYPE_ID, 0)
}

func (s *NodeIdContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

func (s *NodeIdContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *NodeIdContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) NodeId() (localctx INodeIdContext) {
	localctx = NewNodeIdContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 80, AqlParserRULE_nodeId)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(450)
		_la = p.GetTokenStream().LA(1)

		if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&55834574848) != 0) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// INodeNameContext is an interface to support dynamic dispatch.
type INodeNameContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	STRING() antlr.TerminalNode
	PARAMETER() antlr.TerminalNode
	NODE_CODE() antlr.TerminalNode
	TERM_CODE() antlr.TerminalNode

	// IsNodeNameContext differentiates from other interfaces.
	IsNodeNameContext()
}

type NodeNameContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyNodeNameContext() *NodeNameContext {
	var p = new(NodeNameContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_nodeName
	return p
}

func InitEmptyNodeNameContext(p *NodeNameContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_nodeName
}

func (*NodeNameContext) IsNodeNameContext() {}

func NewNodeNameContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *NodeNameContext {
	var p = new(NodeNameContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_nodeName

	return p
}

func (s *NodeNameContext) GetParser() antlr.Parser { return s.parser }

func (s *NodeNameContext) STRING() antlr.TerminalNode {
	return s.GetToken(AqlParserSTRING, 0)
}

func (s *NodeNameContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

func (s *NodeNameContext) NODE_CODE() antlr.TerminalNode {
	return s.GetToken(AqlParserNODE_CODE, 0)
}

func (s *NodeNameContext) TERM_CODE() antlr.TerminalNode {
	return s.GetToken(AqlParserTERM_CODE, 0)
}

func (s *NodeNameContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *NodeNameContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) NodeName() (localctx INodeNameContext) {
	localctx = NewNodeNameContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 82, AqlParserRULE_nodeName)
	var _la int

	p.EnterOuterAlt(localctx, 1)
	{
		p.SetState(452)
		_la = p.GetTokenStream().LA(1)

		if !((int64(_la) & ^0x3f) == 0 && ((int64(1)<<_la)&335007449088) != 0) {
			p.GetErrorHandler().RecoverInline(p)
		} else {
			p.GetErrorHandler().ReportMatch(p)
			p.Consume()
		}
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

// IValueContext is an interface to support dynamic dispatch.
type IValueContext interface {
	antlr.ParserRuleContext

	// GetParser returns the parser.
	GetParser() antlr.Parser

	// Getter signatures
	Literal() ILiteralContext
	PARAMETER() antlr.TerminalNode
	Steps() IStepsContext
	NODE_CODE() antlr.TerminalNode
	ARCHETYPE_ID() antlr.TerminalNode

	// IsValueContext differentiates from other interfaces.
	IsValueContext()
}

type ValueContext struct {
	antlr.BaseParserRuleContext
	parser antlr.Parser
}

func NewEmptyValueContext() *ValueContext {
	var p = new(ValueContext)
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_value
	return p
}

func InitEmptyValueContext(p *ValueContext) {
	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, nil, -1)
	p.RuleIndex = AqlParserRULE_value
}

func (*ValueContext) IsValueContext() {}

func NewValueContext(parser antlr.Parser, parent antlr.ParserRuleContext, invokingState int) *ValueContext {
	var p = new(ValueContext)

	antlr.InitBaseParserRuleContext(&p.BaseParserRuleContext, parent, invokingState)

	p.parser = parser
	p.RuleIndex = AqlParserRULE_value

	return p
}

func (s *ValueContext) GetParser() antlr.Parser { return s.parser }

func (s *ValueContext) Literal() ILiteralContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(ILiteralContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(ILiteralContext)
}

func (s *ValueContext) PARAMETER() antlr.TerminalNode {
	return s.GetToken(AqlParserPARAMETER, 0)
}

func (s *ValueContext) Steps() IStepsContext {
	var t antlr.RuleContext
	for _, ctx := range s.GetChildren() {
		if _, ok := ctx.(IStepsContext); ok {
			t = ctx.(antlr.RuleContext)
			break
		}
	}

	if t == nil {
		return nil
	}

	return t.(IStepsContext)
}

func (s *ValueContext) NODE_CODE() antlr.TerminalNode {
	return s.GetToken(AqlParserNODE_CODE, 0)
}

func (s *ValueContext) ARCHETYPE_ID() antlr.TerminalNode {
	return s.GetToken(AqlParserARCHETYPE_ID, 0)
}

func (s *ValueContext) GetRuleContext() antlr.RuleContext {
	return s
}

func (s *ValueContext) ToStringTree(ruleNames []string, recog antlr.Recognizer) string {
	return antlr.TreesStringTree(s, ruleNames, recog)
}

func (p *AqlParser) Value() (localctx IValueContext) {
	localctx = NewValueContext(p, p.GetParserRuleContext(), p.GetState())
	p.EnterRule(localctx, 84, AqlParserRULE_value)
	p.SetState(459)
	p.GetErrorHandler().Sync(p)
	if p.HasError() {
		goto errorExit
	}

	switch p.GetTokenStream().LA(1) {
	case AqlParserTRUE, AqlParserFALSE, AqlParserNULL, AqlParserREAL, AqlParserINTEGER, AqlParserSTRING, AqlParserMINUS:
		p.EnterOuterAlt(localctx, 1)
		{
			p.SetState(454)
			p.Literal()
		}

	case AqlParserPARAMETER:
		p.EnterOuterAlt(localctx, 2)
		{
			p.SetState(455)
			p.Match(AqlParserPARAMETER)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserTOP, AqlParserFORWARD, AqlParserBACKWARD, AqlParserAS, AqlParserCONTAINS, AqlParserGROUP, AqlParserHAVING, AqlParserORDER, AqlParserBY, AqlParserASC, AqlParserDESC, AqlParserLIMIT, AqlParserOFFSET, AqlParserVERSION, AqlParserEXISTS, AqlParserLIKE, AqlParserMATCHES, AqlParserIDENTIFIER:
		p.EnterOuterAlt(localctx, 3)
		{
			p.SetState(456)
			p.Steps()
		}

	case AqlParserNODE_CODE:
		p.EnterOuterAlt(localctx, 4)
		{
			p.SetState(457)
			p.Match(AqlParserNODE_CODE)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	case AqlParserARCHETYPE_ID:
		p.EnterOuterAlt(localctx, 5)
		{
			p.SetState(458)
			p.Match(AqlParserARCHETYPE_ID)
			if p.HasError() {
				// Recognition error - abort rule
				goto errorExit
			}
		}

	default:
		p.SetError(antlr.NewNoViableAltException(p, nil, nil, nil, nil, nil))
		goto errorExit
	}

errorExit:
	if p.HasError() {
		v := p.GetError()
		localctx.SetException(v)
		p.GetErrorHandler().ReportError(p, v)
		p.GetErrorHandler().Recover(p, v)
		p.SetError(nil)
	}
	p.ExitRule()
	return localctx
	goto errorExit // Trick to prevent compiler error if the label is not used
}

func (p *AqlParser) Sempred(localctx antlr.RuleContext, ruleIndex, predIndex int) bool {
	switch ruleIndex {
	case 24:
		var t *OperandContext = nil
		if localctx != nil {
			t = localctx.(*OperandContext)
		}
		return p.Operand_Sempred(t, predIndex)

	default:
		panic("No predicate with index: " + fmt.Sprint(ruleIndex))
	}
}

func (p *AqlParser) Operand_Sempred(localctx antlr.RuleContext, predIndex int) bool {
	switch predIndex {
	case 0:
		return p.Precpred(p.GetParserRuleContext(), 3)

	case 1:
		return p.Precpred(p.GetParserRuleContext(), 1)

	case 2:
		return p.Precpred(p.GetParserRuleContext(), 2)

	default:
		panic("No predicate with index: " + fmt.Sprint(predIndex))
	}
}
