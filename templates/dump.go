package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Dump prints the template as an indented tree, one object or attribute a line.
// The form is stable: equal templates print equally.
func (t *Template) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "template %q concept %q language %s\n", t.ID, t.Concept, t.Language)
	t.Root.dump(&b, 0)
	for _, d := range t.Defaults {
		fmt.Fprintf(&b, "default %s %s %s\n", d.Path, d.Attribute, d.Value.Class)
	}
	for _, a := range t.Annotations {
		for _, i := range a.Items {
			fmt.Fprintf(&b, "annotation %s %q = %q\n", a.Path, i.Key, i.Value)
		}
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "note line %d: %s\n", n.Line, n.Message)
	}
	return b.String()
}

func (o *Object) dump(b *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	b.WriteString(indent)
	b.WriteString(o.Class.Name)
	if o.Param != nil {
		b.WriteString("<" + o.Param.Name + ">")
	}
	if key := o.Key(); key != "" {
		b.WriteString("[" + key + "]")
	}
	if o.Kind == ArchetypeRoot && o.NodeID != "" && o.NodeID != "at0000" {
		b.WriteString(" node " + o.NodeID)
	}
	b.WriteString(" " + o.Occurrences.String())
	if o.Names != nil {
		fmt.Fprintf(b, " name %q", o.Names)
	}
	if text := o.Terms.Text(o.NodeID, ""); text != "" && o.NodeID != "" {
		fmt.Fprintf(b, " %q", text)
	}
	switch o.Kind {
	case Slot:
		b.WriteString(" slot")
		for _, a := range o.Slot.Includes {
			b.WriteString(" include " + a.Text)
		}
		for _, a := range o.Slot.Excludes {
			b.WriteString(" exclude " + a.Text)
		}
	case ConstraintRef, InternalRef:
		b.WriteString(" " + o.Kind.String() + " " + o.Reference)
	}
	if o.Constraint != nil {
		b.WriteString(" {" + o.Constraint.String() + "}")
	}
	b.WriteByte('\n')
	for _, a := range o.Attributes {
		b.WriteString(indent)
		b.WriteString("  ." + a.Name + " " + a.Existence.String())
		if a.Cardinality != nil {
			b.WriteString(" cardinality " + a.Cardinality.Interval.String())
			if a.Cardinality.Ordered {
				b.WriteString(" ordered")
			}
			if a.Cardinality.Unique {
				b.WriteString(" unique")
			}
		}
		b.WriteByte('\n')
		for _, c := range a.Children {
			c.dump(b, depth+2)
		}
	}
}

// joined is parts separated by blanks, without empty ones.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

func rangeString[T any](b *Bounds[T], format func(T) string) string {
	if b == nil {
		return ""
	}
	return b.Print(format)
}

// String prints the list, then the pattern.
func (c *CString) String() string {
	var list, pattern string
	if c.List != nil {
		list = fmt.Sprintf("%q", c.List)
		if c.ListOpen {
			list += " open"
		}
	}
	if c.Pattern != nil {
		pattern = "/" + c.Pattern.Source + "/"
	}
	return joined("string", list, pattern)
}

// String prints the list and the range.
func (c *CInteger) String() string {
	return joined("integer", numbers(c.List, formatInt), rangeString(c.Range, formatInt))
}

// String prints the list and the range.
func (c *CReal) String() string {
	return joined("real", numbers(c.List, formatReal), rangeString(c.Range, formatReal))
}

func numbers[T any](list []T, format func(T) string) string {
	if list == nil {
		return ""
	}
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = format(v)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// String prints which values are allowed.
func (c *CBoolean) String() string {
	switch {
	case c.TrueValid && c.FalseValid:
		return "boolean"
	case c.TrueValid:
		return "boolean true"
	}
	return "boolean false"
}

// String prints type, pattern, time zone validity and range.
func (c *CTemporal) String() string {
	zone := [...]string{"", "timezone mandatory", "timezone optional", "timezone prohibited"}[c.Timezone]
	return joined(strings.ToLower(c.Type), c.Pattern, zone, rangeString(c.Range, formatString))
}

// String prints the pattern and the range.
func (c *CDuration) String() string {
	return joined("duration", c.Pattern, rangeString(c.Range, formatString))
}

// String prints the property and each unit with its ranges.
func (c *CQuantity) String() string {
	s := "quantity"
	if c.Property.Code != "" {
		s += " property " + c.Property.Terminology + "::" + c.Property.Code
	}
	for _, i := range c.List {
		s += "; " + joined(strconv.Quote(i.Units), rangeString(i.Magnitude, formatReal))
		if i.Precision != nil {
			s += " precision " + i.Precision.Print(formatInt)
		}
	}
	return s
}

// String prints the pairs.
func (c *COrdinal) String() string {
	parts := make([]string, len(c.List))
	for i, v := range c.List {
		parts[i] = formatReal(v.Value) + "|" + v.Symbol.Terminology + "::" + v.Symbol.Code
	}
	return joined("ordinal", strings.Join(parts, " "))
}

// String prints terminology, codes and value set.
func (c *CCodePhrase) String() string {
	s := joined("code", c.Terminology, strings.Join(c.Codes, " "))
	if c.Reference {
		s = joined(s, "value set", c.ReferenceSet)
	}
	return s
}

// String prints the names of the states.
func (c *CState) String() string { return joined("state", strings.Join(c.States, " ")) }
