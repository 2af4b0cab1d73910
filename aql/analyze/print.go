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
		return fmt.Sprintf("%s like %s", ExprText(c.Path), ExprText(c.Pattern))
	case *In:
		items := make([]string, len(c.Items))
		for i, e := range c.Items {
			items[i] = ExprText(e)
		}
		return fmt.Sprintf("%s in {%s}%s", ExprText(c.Path), strings.Join(items, ", "), modeText(c.Mode))
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
		if e.Path != nil {
			arg = ExprText(e.Path)
		}
		if e.Distinct {
			arg = "distinct " + arg
		}
		return strings.ToLower(e.Function) + "(" + arg + ")"
	}
	return ""
}
