// Syntax of the Archetype Query Language 1.1, written for Cairn from the prose
// of the AQL specification (QUERY component, Release 1.1.0). Where the prose is
// silent or contradicts itself the grammar accepts more and the analyser
// decides, because it can say what is wrong.
parser grammar AqlParser;

options { tokenVocab = AqlLexer; }

query: select from where? groupBy? having? orderBy? limit? SEMICOLON? EOF;

// SELECT

select: SELECT DISTINCT? top? column (COMMA column)*;
top: TOP INTEGER (FORWARD | BACKWARD)?;
column: operand (AS name)?;

// FROM. CONTAINS takes the whole expression to its right, so that
// A CONTAINS B AND C is A CONTAINS (B AND C).

from: FROM containment;
containment: conjunction (OR conjunction)*;
conjunction: contained (AND contained)*;
contained
    : source (NOT? CONTAINS containment)?
    | LPAREN containment RPAREN
    ;
source
    : VERSION name? versionPredicate?  # versionSource
    | className name? predicate?       # classSource
    ;
// GROUP is a class of the demographic model.
className: IDENTIFIER | GROUP;
versionPredicate: LBRACKET (LATEST_VERSION | ALL_VERSIONS | criteria) RBRACKET;

// WHERE

where: WHERE condition;
condition: conditionAnd (OR conditionAnd)*;
conditionAnd: conditionNot (AND conditionNot)*;
conditionNot
    : NOT conditionNot                 # negation
    | LPAREN condition RPAREN          # group
    | EXISTS path                      # existence
    | operand test?                    # testing
    ;
// A function may stand as a condition without a test.
test
    : comparator operand               # comparison
    | LIKE operand                     # likeness
    | MATCHES matchSet                 # membership
    ;
matchSet
    : LBRACE member (COMMA member)* RBRACE
    | REGEX
    | function
    | PARAMETER
    ;
// A URI stands for a value set; an interval between bars is an extension.
member: URI | operand | interval;
interval: BAR comparator? operand (DOTDOT comparator? operand)? BAR;

// GROUP BY, HAVING: extensions

groupBy: GROUP BY operand (COMMA operand)*;
having: HAVING condition;

// ORDER BY, LIMIT

orderBy: ORDER BY orderItem (COMMA orderItem)*;
orderItem: operand (ASC | ASCENDING | DESC | DESCENDING)?;
limit: LIMIT INTEGER (OFFSET INTEGER)?;

// Values

// A slash after a path goes on with the path, so that a divisor which begins
// with a name needs parentheses; said here too, it keeps the parser from
// looking far ahead at each slash. Arithmetic is an extension.
operand
    : literal                                       # literalOperand
    | PARAMETER                                     # parameterOperand
    | function                                      # functionOperand
    | path                                          # pathOperand
    | LPAREN operand RPAREN                         # groupOperand
    | MINUS operand                                 # negativeOperand
    | operand (STAR | PERCENT) operand              # productOperand
    | operand SLASH divisor                         # quotientOperand
    | operand (PLUS | MINUS) operand                # sumOperand
    ;
divisor: literal | PARAMETER | LPAREN operand RPAREN;
function: functionName LPAREN arguments? RPAREN;
functionName: IDENTIFIER | CONTAINS;
arguments: STAR | DISTINCT operand | operand (COMMA operand)*;
literal: STRING | MINUS? INTEGER | MINUS? REAL | TRUE | FALSE | NULL;
// <> is an extension.
comparator: EQ | NE | OTHER | LT | LE | GT | GE;

// Paths

path: name predicate? (SLASH steps)?;
steps: step (SLASH step)*;
step: attribute predicate?;
// Attributes of the Reference Model may be called like keywords of AQL.
attribute
    : IDENTIFIER | ORDER | LIMIT | OFFSET | VERSION | TOP | FORWARD | BACKWARD | CONTAINS
    | MATCHES | LIKE | EXISTS | ASC | DESC | BY | AS | GROUP | HAVING
    ;
// GROUP and HAVING are no words of AQL and stay names.
name: IDENTIFIER | NODE_CODE | GROUP | HAVING;

// Predicates. One rule for the standard, archetype and node forms: what they
// may hold in which place is for the analyser.

predicate: LBRACKET criteria RBRACKET;
criteria: criteriaAnd (OR criteriaAnd)*;
criteriaAnd: criterion (AND criterion)*;
criterion
    : LPAREN criteria RPAREN           # criterionGroup
    | nodeId (COMMA nodeName)?         # criterionNode
    | steps comparator value           # criterionCompare
    | steps MATCHES (REGEX | LBRACE value (COMMA value)* RBRACE)  # criterionMatches
    ;
nodeId: NODE_CODE | ARCHETYPE_ID | PARAMETER;
nodeName: STRING | PARAMETER | NODE_CODE | TERM_CODE;
value: literal | PARAMETER | steps | NODE_CODE | ARCHETYPE_ID;
