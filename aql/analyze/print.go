package analyze

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Text prints a condition as the plan shows it: resolved, with the mode of
// each comparison that is not plain text or number.
func Text(c Cond) string {
	switch c := c.(type) {
	case *And:
		return join(c.Operands, " and ")
	case *Or:
		return join(c.Operands, " or ")
	case *Not:
		return "not (" + Text(c.Operand) + ")"
	case *Exists:
		return "exists " + ExprText(c.Path)
	case *Compare:
		return fmt.Sprintf("%s %s %s%s", ExprText(c.Left), c.Op, ExprText(c.Right), modeText(c.Mode))
	case *Like:
		return fmt.Sprintf("%s like %s", ExprText(c.Value()), ExprText(c.Pattern))
	case *Regex:
		return fmt.Sprintf("%s matches /%s/", ExprText(c.Left), c.Pattern)
	case *Holds:
		return ExprText(c.Expr)
	case *AtTime:
		return "latest at " + ExprText(c.Instant)
	case *In:
		items := make([]string, len(c.Items))
		for i, e := range c.Items {
			items[i] = ExprText(e)
		}
		return fmt.Sprintf("%s in {%s}%s", ExprText(c.Value()), strings.Join(items, ", "), modeText(c.Mode))
	}
	return ""
}

func join(list []Cond, sep string) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = Text(c)
		switch c.(type) {
		case *And, *Or:
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, sep)
}

func modeText(m Mode) string {
	switch m {
	case ModeText, ModeNumber, ModeBoolean, ModeNull:
		return ""
	}
	return " (" + m.String() + ")"
}

// ExprText prints a value.
func ExprText(e Expr) string {
	switch e := e.(type) {
	case *Path:
		return e.AST.String()
	case *Literal:
		if e.Value == nil {
			return "NULL"
		}
		if n, ok := e.Value.(Number); ok {
			return string(n)
		}
		b, err := json.Marshal(e.Value)
		if err != nil { // strings and Booleans always marshal
			panic(err)
		}
		return string(b)
	case *Param:
		return "$" + e.Name
	case *Aggregate:
		arg := "*"
		if a := e.Arg(); a != nil {
			arg = ExprText(a)
		}
		if e.Distinct {
			arg = "distinct " + arg
		}
		return strings.ToLower(e.Function) + "(" + arg + ")"
	case *Call:
		args := make([]string, len(e.Args))
		for i, a := range e.Args {
			args[i] = ExprText(a)
		}
		if e.AST == nil || len(e.Function) > 1 {
			return strings.ToLower(e.Function) + "(" + strings.Join(args, ", ") + ")"
		}
		return "(" + strings.Join(args, " "+e.Function+" ") + ")"
	case *Terminology:
		if e.Operation == OperationURI {
			return "{" + e.AST.String() + "}"
		}
		return fmt.Sprintf("terminology(%q, %s, %s)", e.Operation, ExprText(e.Service), ExprText(e.Params))
	}
	return ""
}
