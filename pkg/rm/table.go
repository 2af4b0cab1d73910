package rm

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed rm110.classes
var classTable string

// classes is the class table in the order of the file, classIndex the same by
// name. Both are written once, before any other package variable reads them.
var classes, classIndex = mustParseClasses(classTable)

// Lookup finds a class by the specification's name. Type parameters are
// ignored, so DV_INTERVAL<DV_QUANTITY> finds DV_INTERVAL. It gives nil for a
// name the Reference Model does not have; names are case-sensitive.
func Lookup(name string) *Class {
	if c := classIndex[name]; c != nil {
		return c
	}
	if i := strings.IndexByte(name, '<'); i > 0 && name[len(name)-1] == '>' {
		return classIndex[name[:i]]
	}
	return nil
}

// Classes lists every class of the table, ancestors before descendants within
// a package. The slice is a copy.
func Classes() []*Class { return append([]*Class(nil), classes...) }

// Classes that code walking instances compares against, to save the lookup by
// name.
var (
	ClassAny       = mustLookup("Any")
	ClassString    = mustLookup("String")
	ClassInteger   = mustLookup("Integer")
	ClassInteger64 = mustLookup("Integer64")
	ClassReal      = mustLookup("Real")
	ClassBoolean   = mustLookup("Boolean")

	ClassLocatable       = mustLookup("LOCATABLE")
	ClassComposition     = mustLookup("COMPOSITION")
	ClassContentItem     = mustLookup("CONTENT_ITEM")
	ClassEntry           = mustLookup("ENTRY")
	ClassHistory         = mustLookup("HISTORY")
	ClassEvent           = mustLookup("EVENT")
	ClassItemStructure   = mustLookup("ITEM_STRUCTURE")
	ClassItem            = mustLookup("ITEM")
	ClassCluster         = mustLookup("CLUSTER")
	ClassElement         = mustLookup("ELEMENT")
	ClassPartyProxy      = mustLookup("PARTY_PROXY")
	ClassDataValue       = mustLookup("DATA_VALUE")
	ClassDVText          = mustLookup("DV_TEXT")
	ClassDVCodedText     = mustLookup("DV_CODED_TEXT")
	ClassDVOrdered       = mustLookup("DV_ORDERED")
	ClassDVInterval      = mustLookup("DV_INTERVAL")
	ClassDVQuantity      = mustLookup("DV_QUANTITY")
	ClassDVDate          = mustLookup("DV_DATE")
	ClassDVTime          = mustLookup("DV_TIME")
	ClassDVDateTime      = mustLookup("DV_DATE_TIME")
	ClassDVDuration      = mustLookup("DV_DURATION")
	ClassCodePhrase      = mustLookup("CODE_PHRASE")
	ClassOriginalVersion = mustLookup("ORIGINAL_VERSION")
	ClassEHRStatus       = mustLookup("EHR_STATUS")
	ClassFolder          = mustLookup("FOLDER")
)

func mustLookup(name string) *Class {
	c := classIndex[name]
	if c == nil {
		panic("rm: no class " + name + " in the class table")
	}
	return c
}

func mustParseClasses(text string) ([]*Class, map[string]*Class) {
	list, index, err := parseClasses(text)
	if err != nil {
		panic("rm: class table: " + err.Error())
	}
	return list, index
}

var primitiveFamilies = map[string]Primitive{
	"string": StringPrimitive, "integer": IntegerPrimitive,
	"real": RealPrimitive, "boolean": BooleanPrimitive,
}

// parseClasses reads the notation described at the head of the table.
func parseClasses(text string) ([]*Class, map[string]*Class, error) {
	type source struct {
		class     *Class
		ancestors []string
		attrs     string
	}
	var list []*Class
	var sources []source
	index := map[string]*Class{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, attrs, _ := strings.Cut(line, " : ")
		head, ancestors, _ := strings.Cut(head, " < ")
		words := strings.Fields(head)
		c := &Class{Name: words[0], number: len(list)}
		switch {
		case len(words) == 1:
		case len(words) == 2 && words[1] == "abstract":
			c.Abstract = true
		case len(words) == 3 && words[1] == "primitive" && primitiveFamilies[words[2]] != NotPrimitive:
			c.Primitive = primitiveFamilies[words[2]]
		default:
			return nil, nil, fmt.Errorf("line %d: class head %q", i+1, head)
		}
		if index[c.Name] != nil {
			return nil, nil, fmt.Errorf("line %d: class %s twice", i+1, c.Name)
		}
		index[c.Name] = c
		list = append(list, c)
		sources = append(sources, source{c, strings.Fields(ancestors), attrs})
	}

	if len(list) > maxClasses {
		return nil, nil, fmt.Errorf("%d classes, at most %d are possible", len(list), maxClasses)
	}
	for _, s := range sources {
		for _, name := range s.ancestors {
			p := index[name]
			if p == nil {
				return nil, nil, fmt.Errorf("%s: no ancestor class %s", s.class.Name, name)
			}
			s.class.parents = append(s.class.parents, p)
		}
		if len(s.ancestors) == 0 && s.class.Name != "Any" {
			s.class.parents = []*Class{index["Any"]}
		}
	}
	own := map[*Class][]*Attribute{}
	attributes := 0
	for _, s := range sources {
		if s.attrs == "" {
			continue
		}
		for _, decl := range strings.Split(s.attrs, ", ") {
			a, err := parseAttribute(decl, s.class, index)
			if err != nil {
				return nil, nil, err
			}
			a.number = attributes
			attributes++
			own[s.class] = append(own[s.class], a)
		}
	}
	for _, c := range list {
		if err := c.inherit(own, 0); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range list {
		if c.Abstract {
			continue
		}
		for _, a := range list {
			if c.IsA(a) {
				a.concrete = append(a.concrete, c)
			}
		}
	}
	return list, index, nil
}

// parseAttribute reads "name TYPE<PARAM>!+".
func parseAttribute(decl string, owner *Class, index map[string]*Class) (*Attribute, error) {
	name, typ, ok := strings.Cut(decl, " ")
	if !ok {
		return nil, fmt.Errorf("%s: attribute %q", owner.Name, decl)
	}
	a := &Attribute{Name: name, Owner: owner, jsonName: `,"` + name + `":`}
	for {
		n := len(typ) - 1
		switch typ[n] {
		case '!':
			a.Mandatory = true
		case '~':
			a.lax = true
		case '*':
			a.Container = true
		case '+':
			a.Container, a.MinItems = true, 1
		default:
			base, param, generic := strings.Cut(strings.TrimSuffix(typ, ">"), "<")
			if base, a.open = strings.CutPrefix(base, "$"); generic && param == "$" {
				generic, a.passes = false, true
			}
			if a.Type = index[base]; a.Type == nil {
				return nil, fmt.Errorf("%s.%s: no class %s", owner.Name, name, base)
			}
			if generic {
				if a.Param = index[param]; a.Param == nil {
					return nil, fmt.Errorf("%s.%s: no class %s", owner.Name, name, param)
				}
			}
			return a, nil
		}
		typ = typ[:n]
	}
}

// inherit fills in what a class has from its ancestors. A redeclared attribute
// takes the place of the inherited one in the order.
func (c *Class) inherit(own map[*Class][]*Attribute, depth int) error {
	if c.byName != nil {
		return nil
	}
	if depth > 20 {
		return fmt.Errorf("%s: inheritance is circular", c.Name)
	}
	var ancestors classSet
	ancestors.add(c.number)
	byName := map[string]*Attribute{}
	for _, p := range c.parents {
		if err := p.inherit(own, depth+1); err != nil {
			return err
		}
		for i := range ancestors {
			ancestors[i] |= p.ancestors[i]
		}
		for _, a := range p.attrs {
			if byName[a.Name] == nil {
				byName[a.Name] = a
				c.attrs = append(c.attrs, a)
			}
		}
	}
	for _, a := range own[c] {
		if inherited := byName[a.Name]; inherited != nil {
			for i := range c.attrs {
				if c.attrs[i] == inherited {
					c.attrs[i] = a
				}
			}
		} else {
			c.attrs = append(c.attrs, a)
		}
		byName[a.Name] = a
	}
	c.ancestors, c.byName = ancestors, byName
	c.jsonHead = `{"_type":"` + c.Name + `"`
	for _, a := range c.attrs {
		c.generic = c.generic || a.open || a.passes
	}
	return nil
}
