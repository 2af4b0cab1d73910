// Package sqlgen compiles a plan to one SQL statement by the document
// strategy: candidates come from the version table, by EHR and by the
// archetypes that must occur in them, and everything else is found by JSON
// paths over the content. It can run every plan and so defines the result.
//
// The text of the statement holds class and attribute names of the Reference
// Model and nothing else of the query: every identifier, literal and parameter
// value is bound.
package sqlgen

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql/analyze"
)

// Concepts resolves archetype ids to the numbers that the store has given
// them. ok is false for an archetype of which nothing is stored.
type Concepts interface {
	Concept(ctx context.Context, archetypeID string) (id int32, ok bool, err error)
}

// Statement is a compiled query. It is not changed after it was made.
type Statement struct {
	// SQL is the text, with the columns of the query in order as JSON text.
	SQL  string
	args []argument
}

// Values are what a statement is run with.
type Values struct {
	// Params are the parameters by name, without $: string, json.Number, bool,
	// Go numbers, or for MATCHES []any of these.
	Params map[string]any
	EHR    uuid.UUID // of a scoped statement
	// EHRs are the numbers of those that a statement to fill kept rows is about.
	EHRs []int64
	// Limit is the most rows, negative for all; Offset the rows passed over.
	Limit, Offset int64
	// Now is the instant of the request, in the time zone of the server.
	Now time.Time
	// AsOf is the instant of a statement as of a time.
	AsOf time.Time
	// Terms answers what the query asks of terminology services, and Answers
	// are its answers where the data determine the questions.
	Terms   Terms
	Answers Answers
}

// ParamError is a parameter that is missing or of a wrong type.
type ParamError struct{ Name, Message string }

// Error names the parameter.
func (e *ParamError) Error() string { return "parameter $" + e.Name + ": " + e.Message }

// Bind gives the arguments of the statement in order. Errors are *ParamError
// or what the resolver of concepts gives.
func (s *Statement) Bind(ctx context.Context, v Values, concepts Concepts) ([]any, error) {
	out := make([]any, len(s.args))
	for i, a := range s.args {
		var err error
		if out[i], err = a.bind(ctx, v, concepts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Describe lists what is bound to each placeholder, for EXPLAIN.
func (s *Statement) Describe() []string {
	out := make([]string, len(s.args))
	for i, a := range s.args {
		out[i] = fmt.Sprintf("$%d = %s", i+1, a.text())
	}
	return out
}

// argument is what a placeholder stands for.
type argument interface {
	bind(ctx context.Context, v Values, c Concepts) (any, error)
	text() string
}

// form is how a value is bound.
type form uint8

const (
	formText     form = iota // text
	formNumber               // numeric
	formBool                 // boolean
	formDateTime             // text that is a date or date-time
	formTime
	formDuration
	formJSON    // jsonb
	formPattern // text: a LIKE pattern of SQL
	formUUID    // uuid, the nil UUID when it is none
	formObject  // uuid: the object id of a version uid, likewise
	formCode    // text: system::code
)

var formNames = [...]string{"text", "number", "boolean", "datetime", "time", "duration", "json", "pattern", "uuid", "object id", "code"}

// scalar binds one value.
type scalar struct {
	expr analyze.Expr
	form form
}

func (a scalar) text() string { return analyze.ExprText(a.expr) + " as " + formNames[a.form] }

func (a scalar) bind(_ context.Context, v Values, _ Concepts) (any, error) {
	val, name, pattern, err := resolve(a.expr, v)
	if err != nil {
		return nil, err
	}
	if a.form == formPattern && pattern == "" {
		s, ok := val.(string)
		if !ok {
			return nil, &ParamError{name, "a pattern must be a string"}
		}
		pattern = s
	}
	if a.form == formPattern {
		return likePattern(pattern), nil
	}
	return a.form.convert(name, val)
}

// resolve gives the value of an expression. The name is that of the
// parameter; the pattern that of a literal.
func resolve(e analyze.Expr, v Values) (val any, name, pattern string, err error) {
	switch e := e.(type) {
	case *analyze.Literal:
		return e.Value, "", e.Pattern, nil
	case *analyze.Param:
		val, ok := v.Params[e.Name]
		if !ok {
			return nil, "", "", &ParamError{e.Name, "no value is given"}
		}
		if val == nil {
			return nil, "", "", &ParamError{e.Name, "null is no value; use EXISTS to test for absence"}
		}
		return val, e.Name, "", nil
	}
	panic(fmt.Sprintf("sqlgen: %T cannot be bound", e))
}

var numberForm = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d{1,4})?$`)

// lexical gives the text of a number; ok is false for anything else.
func lexical(val any) (string, bool) {
	switch n := val.(type) {
	case analyze.Number:
		return string(n), true
	case json.Number:
		return n.String(), numberForm.MatchString(n.String())
	case int, int32, int64, float32, float64:
		s := fmt.Sprint(n)
		return s, numberForm.MatchString(s)
	}
	return "", false
}

// maxExponent bounds numbers, which the database would write out in full.
const maxExponent = 400

func validNumber(s string) bool {
	if !numberForm.MatchString(s) || len(s) > maxExponent {
		return false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exp, ok := new(big.Int).SetString(strings.TrimPrefix(s[i+1:], "+"), 10)
		return ok && exp.IsInt64() && exp.Int64() <= maxExponent && exp.Int64() >= -maxExponent
	}
	return true
}

// convert makes a value fit the form. A parameter may come from a URL, so a
// string with a number in it will do for a number.
func (f form) convert(name string, val any) (any, error) {
	fail := func(format string, args ...any) (any, error) {
		return nil, &ParamError{name, fmt.Sprintf(format, args...)}
	}
	num, isNum := lexical(val)
	if isNum && !validNumber(num) {
		return fail("%s is out of range", num)
	}
	str, isStr := val.(string)
	if strings.ContainsRune(str, 0) || !utf8.ValidString(str) {
		return fail("the string has characters that cannot be stored")
	}
	switch f {
	case formNumber:
		if isStr && validNumber(str) {
			num, isNum = string(analyze.NewNumber(str)), true
		}
		if !isNum {
			return fail("a number is needed")
		}
		return num, nil
	case formText, formPattern, formCode:
		if isNum {
			return num, nil
		}
		if !isStr {
			return fail("a string is needed")
		}
		return str, nil
	case formBool:
		switch v := val.(type) {
		case bool:
			return v, nil
		case string:
			if v == "true" || v == "false" {
				return v == "true", nil
			}
		}
		return fail("true or false is needed")
	case formDateTime, formTime, formDuration:
		if isNum {
			str, isStr = num, true // a year
		}
		dt, ti, du := analyze.TemporalText(str)
		if !isStr || !map[form]bool{formDateTime: dt, formTime: ti, formDuration: du}[f] {
			return fail("an ISO 8601 %s is needed", map[form]string{formDateTime: "date or date-time", formTime: "time", formDuration: "duration"}[f])
		}
		return str, nil
	case formUUID:
		return parseUUID(str, isStr), nil
	case formObject:
		object, _, _ := strings.Cut(str, "::")
		return parseUUID(object, isStr), nil
	case formJSON:
		return marshal(name, val)
	}
	panic("sqlgen: unknown form")
}

// parseUUID gives the nil UUID, which nothing has as its id, for a text that
// is no UUID: it equals none, which is not the same as being unknown.
func parseUUID(s string, ok bool) string {
	id, err := uuid.Parse(s)
	if !ok || err != nil || len(s) != 36 {
		return uuid.Nil.String()
	}
	return id.String()
}

func marshal(name string, val any) (string, error) {
	if n, ok := lexical(val); ok {
		val = json.Number(n)
	}
	switch val.(type) {
	case nil, string, bool, json.Number:
	default:
		return "", &ParamError{name, "a string, number or Boolean is needed"}
	}
	b, err := json.Marshal(val)
	return string(b), err
}

// likePattern translates a pattern of AQL to one of SQL with \ as escape.
func likePattern(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\\' && i+1 < len(p) && strings.IndexByte(`*?\`, p[i+1]) >= 0:
			i++
			if p[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(p[i])
		case c == '*':
			b.WriteByte('%')
		case c == '?':
			b.WriteByte('_')
		case c == '%' || c == '_' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// list binds the items of a MATCHES list as an array, in JSON form as one JSON
// array. A parameter may give several items.
type list struct {
	items []analyze.Expr
	form  form
}

func (a list) text() string {
	parts := make([]string, len(a.items))
	for i, e := range a.items {
		parts[i] = analyze.ExprText(e)
	}
	return "{" + strings.Join(parts, ", ") + "} as " + formNames[a.form]
}

// maxItems bounds a list after its parameters are filled in.
const maxItems = 10000

func (a list) bind(ctx context.Context, v Values, _ Concepts) (any, error) {
	var texts []string
	var bools []bool
	var ids []any
	for _, e := range a.items {
		if t, ok := e.(*analyze.Terminology); ok {
			found, err := codes(ctx, t, v)
			if err != nil {
				return nil, err
			}
			for _, c := range found {
				text := c.Code
				if a.form == formCode {
					text = systemOf(c) + "::" + c.Code
				}
				if a.form == formJSON {
					b, err := json.Marshal(text)
					if err != nil {
						return nil, err
					}
					text = string(b)
				}
				texts = append(texts, text)
			}
			continue
		}
		val, name, _, err := resolve(e, v)
		if err != nil {
			return nil, err
		}
		values, many := val.([]any)
		if !many {
			values = []any{val}
		}
		for _, item := range values {
			if item == nil {
				return nil, &ParamError{name, "null is no value"}
			}
			c, err := a.form.convert(name, item)
			if err != nil {
				return nil, err
			}
			switch c := c.(type) {
			case bool:
				bools = append(bools, c)
			case string:
				texts = append(texts, c)
			}
			ids = append(ids, c)
			if len(ids) > maxItems {
				return nil, &ParamError{name, fmt.Sprintf("the list has more than %d items", maxItems)}
			}
		}
	}
	switch a.form {
	case formJSON:
		return "[" + strings.Join(texts, ",") + "]", nil
	case formBool:
		return bools, nil
	}
	return append([]string{}, texts...), nil
}

// variables binds the variables of all JSON paths as one JSON object.
type variables struct{ entries []scalar }

func (a *variables) text() string {
	parts := make([]string, len(a.entries))
	for i, e := range a.entries {
		parts[i] = fmt.Sprintf("%s: %s", variableName(i), e.text())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func variableName(i int) string { return fmt.Sprintf("a%d", i) }

func (a *variables) bind(_ context.Context, v Values, _ Concepts) (any, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range a.entries {
		val, name, _, err := resolve(e.expr, v)
		if err != nil {
			return nil, err
		}
		c, err := e.form.convert(name, val)
		if err != nil {
			return nil, err
		}
		if s, ok := c.(string); ok && e.form == formNumber {
			c = json.Number(s)
		}
		text, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", variableName(i), text)
	}
	b.WriteByte('}')
	return b.String(), nil
}

// concept binds the number of one archetype; -1, which no archetype has, when
// nothing of it is stored.
type concept struct{ expr analyze.Expr }

func (a concept) text() string { return "concept " + analyze.ExprText(a.expr) }

func (a concept) bind(ctx context.Context, v Values, c Concepts) (any, error) {
	id, _, err := lookup(ctx, a.expr, v, c)
	return id, err
}

func lookup(ctx context.Context, e analyze.Expr, v Values, c Concepts) (id int32, isArchetype bool, err error) {
	val, name, _, err := resolve(e, v)
	if err != nil {
		return 0, false, err
	}
	text, ok := val.(string)
	if !ok {
		return 0, false, &ParamError{name, "an archetype id or node code is needed"}
	}
	if !analyze.IsArchetypeID(text) {
		return -1, false, nil
	}
	id, ok, err = c.Concept(ctx, text)
	if err != nil || ok {
		return id, true, err
	}
	return -1, true, nil
}

// isArchetype binds whether a value is an archetype id rather than a node code.
type isArchetype struct{ expr analyze.Expr }

func (a isArchetype) text() string { return analyze.ExprText(a.expr) + " is an archetype id" }

func (a isArchetype) bind(_ context.Context, v Values, _ Concepts) (any, error) {
	val, _, _, err := resolve(a.expr, v)
	text, _ := val.(string)
	return analyze.IsArchetypeID(text), err
}

// conceptSet binds the numbers of several archetypes. A parameter that turns
// out to be a node code demands no archetype.
type conceptSet struct{ exprs []analyze.Expr }

func (a conceptSet) text() string {
	parts := make([]string, len(a.exprs))
	for i, e := range a.exprs {
		parts[i] = analyze.ExprText(e)
	}
	return "concepts " + strings.Join(parts, ", ")
}

func (a conceptSet) bind(ctx context.Context, v Values, c Concepts) (any, error) {
	out := []int32{}
	for _, e := range a.exprs {
		id, isArchetype, err := lookup(ctx, e, v, c)
		if err != nil {
			return nil, err
		}
		if isArchetype {
			out = append(out, id)
		}
	}
	return out, nil
}

// field binds one of the values that are no parameters.
type field struct {
	name string
	get  func(Values) any
}

func (a field) text() string { return a.name }

func (a field) bind(_ context.Context, v Values, _ Concepts) (any, error) { return a.get(v), nil }
