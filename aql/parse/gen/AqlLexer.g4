// Tokens of the Archetype Query Language 1.1, written for Cairn from the prose
// of the AQL specification (QUERY component, Release 1.1.0).
//
// Dates and times have no tokens of their own: they are quoted strings whose
// type the analyser infers from what they are compared with, so that partial
// values, basic format and any number of fractional digits are all accepted.
lexer grammar AqlLexer;

options { caseInsensitive = true; }

// Clauses.
SELECT:     'SELECT';
DISTINCT:   'DISTINCT';
TOP:        'TOP';
FORWARD:    'FORWARD';
BACKWARD:   'BACKWARD';
AS:         'AS';
FROM:       'FROM';
CONTAINS:   'CONTAINS';
WHERE:      'WHERE';
GROUP:      'GROUP';
HAVING:     'HAVING';
ORDER:      'ORDER';
BY:         'BY';
ASC:        'ASC';
ASCENDING:  'ASCENDING';
DESC:       'DESC';
DESCENDING: 'DESCENDING';
LIMIT:      'LIMIT';
OFFSET:     'OFFSET';

// Versions.
VERSION:        'VERSION';
LATEST_VERSION: 'LATEST_VERSION';
ALL_VERSIONS:   'ALL_VERSIONS';

// Conditions.
AND:     'AND';
OR:      'OR';
NOT:     'NOT';
EXISTS:  'EXISTS';
LIKE:    'LIKE';
MATCHES: 'MATCHES';

// Constants.
TRUE:  'TRUE';
FALSE: 'FALSE';
NULL:  'NULL';

// Identifiers of archetypes and of their nodes. ARCHETYPE_ID stands before
// TERM_CODE because a namespaced id, org.example::openEHR-EHR-CLUSTER.x.v1,
// has the outward form of a coded term too.
ARCHETYPE_ID:
    (DOTTED '::')? WORD '-' WORD '-' WORD '.' WORD ('-' WORD_CHAR+)* '.v' DIGIT+ (LETTER WORD_CHAR*)? ('.' DIGIT+)* ('-' LETTER+ ('.' DIGIT+)?)? ('+' [0-9A-Z.-]+)?;
TERM_CODE:
    TERM_CHAR+ ('(' ~[()[\]|\r\n]+ ')')? '::' TERM_CHAR+ ('|' ~[|\r\n]* '|')?;
// One token for at0004, at0004.1.2, id5 and also for a variable that happens
// to be called at1: the parser accepts it wherever a variable may stand.
NODE_CODE: ('AT' | 'ID') DIGIT+ ('.' DIGIT+)*;

PARAMETER: '$' LETTER WORD_CHAR*;

REAL:    DIGIT+ '.' DIGIT+ EXPONENT? | DIGIT+ EXPONENT;
INTEGER: DIGIT+;
// Any character may be escaped here; the AST builder names the escapes that
// do not exist. \* and \? are needed by LIKE.
STRING: '\'' ('\\' ~[\r\n] | ~['\\\r\n])* '\'' | '"' ('\\' ~[\r\n] | ~["\\\r\n])* '"';

// {/regular expression/}
REGEX: '{' SPACE* '/' ('\\' ~[\r\n] | ~[/\\\r\n])+ '/' SPACE* '}';
// A URI stands bare between braces. '://' cannot occur elsewhere in a query.
URI: LETTER [A-Z0-9+.-]* '://' ~[ \t\r\n{}'"<>\\^`|]+;

IDENTIFIER: LETTER WORD_CHAR*;

EQ: '=';
NE: '!=';
OTHER: '<>';
LE: '<=';
GE: '>=';
LT: '<';
GT: '>';

SLASH:     '/';
COMMA:     ',';
STAR:      '*';
MINUS:     '-';
PLUS:      '+';
PERCENT:   '%';
BAR:       '|';
DOTDOT:    '..';
SEMICOLON: ';';
LPAREN:    '(';
RPAREN:    ')';
LBRACKET:  '[';
RBRACKET:  ']';
LBRACE:    '{';
RBRACE:    '}';

COMMENT:    '--' ([ \t] ~[\r\n]*)? (('\r'? '\n') | EOF) -> skip;
WHITESPACE: (SPACE | [\u00A0\uFEFF])+ -> skip;
// Whatever else: a token, so that it is reported like any other unexpected one.
UNKNOWN: .;

fragment LETTER:    [A-Z];
fragment DIGIT:     [0-9];
fragment WORD_CHAR: [A-Z0-9_];
fragment WORD:      LETTER WORD_CHAR*;
fragment DOTTED:    LETTER [A-Z0-9_.-]*;
fragment TERM_CHAR: [A-Z0-9_.\-];
fragment EXPONENT:  'E' [+-]? DIGIT+;
fragment SPACE:     [ \t\r\n];
