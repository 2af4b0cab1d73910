package rm

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// odin is one value of an ODIN text: an object with members, or a list of
// literals.
type odin struct {
	keys    []string
	members map[string]*odin
	values  []string
}

func (o *odin) get(keys ...string) *odin {
	for _, k := range keys {
		if o == nil {
			return nil
		}
		o = o.members[k]
	}
	return o
}

func (o *odin) text(keys ...string) string {
	if o = o.get(keys...); o == nil || len(o.values) == 0 {
		return ""
	}
	return o.values[0]
}

// odinReader reads the part of ODIN that BMM files use.
type odinReader struct {
	t *testing.T
	s string
}

func (r *odinReader) skip() {
	for {
		r.s = strings.TrimLeft(r.s, " \t\r\n\ufeff")
		if !strings.HasPrefix(r.s, "--") {
			return
		}
		_, r.s, _ = strings.Cut(r.s, "\n")
	}
}

func (r *odinReader) accept(token string) bool {
	r.skip()
	rest, ok := strings.CutPrefix(r.s, token)
	if ok {
		r.s = rest
	}
	return ok
}

// until takes the text before the first of the characters.
func (r *odinReader) until(chars string) string {
	i := strings.IndexAny(r.s, chars)
	if i < 0 {
		r.t.Fatalf("no %q in %.60q", chars, r.s)
	}
	text := r.s[:i]
	r.s = r.s[i:]
	return strings.TrimSpace(text)
}

func (r *odinReader) members(end string) *odin {
	o := &odin{members: map[string]*odin{}}
	for !r.accept(end) {
		var key string
		if r.accept(`["`) {
			key = r.until(`"`)
			r.accept(`"]`)
		} else {
			key = r.until("=")
		}
		if !r.accept("=") {
			r.t.Fatalf("no = after %s: %.60q", key, r.s)
		}
		if r.accept("(") {
			r.until(")")
			r.accept(")")
		}
		if !r.accept("<") {
			r.t.Fatalf("no < after %s: %.60q", key, r.s)
		}
		o.keys = append(o.keys, key)
		o.members[key] = r.block()
		if r.skip(); r.s == "" {
			break
		}
	}
	return o
}

func (r *odinReader) block() *odin {
	r.skip()
	if strings.HasPrefix(r.s, "[") || r.s[0] >= 'a' && r.s[0] <= 'z' {
		return r.members(">")
	}
	o := &odin{}
	for !r.accept(">") {
		switch {
		case r.accept("|"):
			o.values = append(o.values, r.until("|"))
			r.accept("|")
		case r.accept(`"`):
			o.values = append(o.values, r.until(`"`))
			r.accept(`"`)
		case r.accept(","), r.accept("..."):
		default:
			o.values = append(o.values, r.until(">,"))
		}
	}
	return o
}

// bmmDifferences are the attributes in which the class table follows the text
// of the specification against the ODIN files. "-" is an attribute the table
// does not have.
var bmmDifferences = map[string]string{
	"OBJECT_REF.namespace":               "String!",     // 1..1 in the text
	"DV_QUANTITY.property":               "-",           // not in the text
	"DV_PROPORTION.is_integral":          "-",           // a function
	"EVENT.offset":                       "-",           // a function
	"EHR.most_recent_composition":        "-",           // a function
	"EHR.contributions":                  "OBJECT_REF*", // 0..1 in the text
	"EHR.tags":                           "OBJECT_REF*", // RM 1.2
	"PARTY.uid":                          "-",           // inherited; only recommended
	"PARTY.type":                         "-",           // a function
	"PARTY_IDENTITY.purpose":             "-",
	"CONTACT.purpose":                    "-",
	"CONTACT.addresses":                  "ADDRESS!+", // 1..1 in the text
	"ADDRESS.type":                       "-",
	"DV_MULTIMEDIA.data":                 "Octet", // base64 text in instances
	"DV_MULTIMEDIA.integrity_check":      "Octet",
	"ORIGINAL_VERSION.data":              "LOCATABLE",                     // what can be versioned
	"ATTESTATION.items":                  "DV_EHR_URI+",                   // Items_valid
	"ENTRY.other_participations":         "PARTICIPATION+",                // Other_participations_valid
	"DV_QUANTITY.other_reference_ranges": "REFERENCE_RANGE<DV_QUANTITY>+", // Other_reference_ranges_validity
	"DV_COUNT.other_reference_ranges":    "REFERENCE_RANGE<DV_COUNT>+",
	"Interval.lower":                     "DV_ORDERED", // bound of DV_INTERVAL
	"Interval.upper":                     "DV_ORDERED",
}

// notInBMM are classes of the table that the ODIN files do not define.
var notInBMM = []string{
	"Octet", "VERSIONED_FOLDER", "VERSIONED_EHR_ACCESS", "VERSIONED_EHR_STATUS", "VERSIONED_COMPOSITION", "VERSIONED_PARTY", "ITEM_TAG",
}

// TestTableAgainstBMM compares the class table with the ODIN BMM files.
func TestTableAgainstBMM(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "specs", "bmm")
	want, ancestors := map[string]string{}, map[string]string{}
	for _, file := range []string{"base_foundation_types", "base_base_types", "rm_data_types", "rm_structures", "rm_ehr", "rm_demographic"} {
		data, err := os.ReadFile(filepath.Join(dir, "openehr_"+file+"_110.bmm"))
		if err != nil {
			t.Fatal(err)
		}
		r := &odinReader{t: t, s: string(data)}
		schema := r.members("\x00")
		for _, part := range []string{"primitive_types", "class_definitions"} {
			definitions := schema.get(part)
			if definitions == nil {
				continue
			}
			for _, name := range definitions.keys {
				c := definitions.get(name)
				if Lookup(name) == nil || strings.Contains(name, "<") {
					if file != "base_foundation_types" {
						t.Errorf("%s defines %s, which the table lacks", file, name)
					}
					continue
				}
				ancestors[name] = ""
				if a := c.get("ancestors"); a != nil {
					for _, p := range a.values {
						if base, _, _ := strings.Cut(p, "<"); Lookup(base) != nil && base != "Any" {
							ancestors[name] += " " + base
						}
					}
				}
				if props := c.get("properties"); props != nil {
					for _, p := range props.keys {
						want[name+"."+p] = bmmAttribute(c, props.get(p))
					}
				}
			}
		}
	}
	for key, decl := range bmmDifferences {
		if _, ok := want[key]; !ok && decl == "-" {
			t.Errorf("difference %s is not in the files", key)
		}
		want[key] = decl
	}
	maps.DeleteFunc(want, func(_, decl string) bool { return decl == "-" })

	got := map[string]string{}
	for _, c := range Classes() {
		if slices.Contains(notInBMM, c.Name) {
			continue
		}
		if _, ok := ancestors[c.Name]; !ok {
			t.Errorf("the files lack %s", c.Name)
		}
		var parents []string
		for _, p := range c.parents {
			if p != ClassAny {
				parents = append(parents, p.Name)
			}
		}
		inBMM := strings.Fields(ancestors[c.Name])
		slices.Sort(inBMM)
		slices.Sort(parents)
		if c.Primitive == NotPrimitive && !slices.Equal(parents, inBMM) {
			t.Errorf("%s has the ancestors %v, in the files %v", c.Name, parents, inBMM)
		}
		for _, a := range c.attrs {
			if a.Owner == c {
				got[c.Name+"."+a.Name] = tableAttribute(a)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-files +table):\n%s", diff)
	}
}

// bmmAttribute renders a property of a file in the notation of the table.
func bmmAttribute(class, p *odin) string {
	typ, container := p.text("type"), false
	def := p.get("type_def")
	if def != nil && def.get("container_type") != nil {
		container = true
		if typ = def.text("type"); typ == "" {
			def = def.get("type_def")
		} else {
			def = nil
		}
	}
	bound := func(name string) string {
		if b := class.text("generic_parameter_defs", name, "conforms_to_type"); b != "" {
			return b
		}
		return name
	}
	if def != nil {
		typ = def.text("root_type")
		if param := def.text("generic_parameters"); param != "" && param != "T" {
			typ += "<" + param + ">"
		}
	}
	decl := bound(typ)
	if p.text("is_mandatory") == "True" {
		decl += "!"
	}
	if container {
		if p.text("cardinality") == ">=1" {
			decl += "+"
		} else {
			decl += "*"
		}
	}
	return decl
}

func tableAttribute(a *Attribute) string {
	decl := a.Type.Name
	if a.Param != nil {
		decl = fmt.Sprintf("%s<%s>", decl, a.Param.Name)
	}
	if a.Mandatory {
		decl += "!"
	}
	switch {
	case a.MinItems > 0:
		decl += "+"
	case a.Container:
		decl += "*"
	}
	return decl
}
