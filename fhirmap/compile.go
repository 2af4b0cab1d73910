package fhirmap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// scope is where a method's paths begin.
type scope struct {
	resource, fhir     *ftype
	archetype, openehr *otype
	// back is set for what only the way back looks at.
	back bool
	// referred is the resource that a method with reference makes, among the methods
	// that are listed there.
	referred *r4.Type
}

type compiler struct {
	lib      *Library
	view     *view
	problems fhirconnect.Problems
	plans    map[planKey]*plan
	// refers are the methods with reference met so far, by the name that
	// becomes part of the ids of their resources.
	refers map[string]*fhirconnect.Method
}

type planKey struct {
	model  string
	target *r4.Type
}

func (c *compiler) fail(pos fhirconnect.Position, code, format string, args ...any) {
	p := fhirconnect.Problem{Position: pos, Code: code, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// model compiles a model for a FHIR type. Plans are shared, so that models may
// call each other in a circle.
func (c *compiler) model(f *fhirconnect.File, target *ftype, class *rm.Class) *plan {
	key := planKey{f.Name.Value, target.typ.Type}
	if p := c.plans[key]; p != nil {
		return p
	}
	p := &plan{file: f, target: target.typ.Type}
	c.plans[key] = p
	root := typeOf(class)
	sc := scope{resource: target, fhir: target, archetype: root, openehr: root}
	if f.Condition != nil {
		p.gate = c.condition(f.Condition, sc)
	}
	if f.ReverseCondition != nil {
		p.backGate = c.reverse(f.ReverseCondition, sc)
	}
	if h := f.Hierarchy; h != nil {
		c.hierarchy(p, h, sc)
	}
	p.methods, p.back = c.methods(c.view.methods(f), f, sc)
	p.link()
	return p
}

// hierarchy compiles what a model splits by.
func (c *compiler) hierarchy(p *plan, h *fhirconnect.Hierarchy, sc scope) {
	if h.Back != nil {
		c.opens(p, h.Back, sc)
	}
	if h.OpenEHR.Value == "" || h.FHIR.Value == "" {
		return // reported where the file was read
	}
	path, at, ok := c.openehr(h.OpenEHR, sc)
	if !ok {
		return
	}
	if path.base != fromArchetype || len(path.segs) == 0 {
		c.fail(h.OpenEHR.Position, fhirconnect.CodeOpenEHRPath, "hierarchy.with.openehr must begin with $archetype and name a list below it")
		return
	}
	fp, _, ok := c.fhir(h.FHIR, sc)
	if ok && (fp.base != fromResource || len(fp.steps) > 0) {
		c.fail(h.FHIR.Position, fhirconnect.CodeUnsupported, "not supported: hierarchy.with.fhir other than $resource")
	}
	inner := sc
	inner.openehr = at
	for _, u := range h.Unique {
		up, _, ok := c.openehr(u, inner)
		if ok && (up.base != fromParent || up.up > 0) {
			c.fail(u.Position, fhirconnect.CodeOpenEHRPath, "split.fhir.unique is relative to what hierarchy.with.openehr lists")
			continue
		}
		if ok {
			p.unique = append(p.unique, up)
		}
	}
	p.split = &path
}

// openehr compiles a path of the openEHR side in a scope.
func (c *compiler) openehr(t fhirconnect.Text, sc scope) (opath, *otype, bool) {
	if t.Value == "" {
		return opath{}, nil, false // reported where the file was read
	}
	p, err := parseOpenEHR(t.Value)
	if err == nil {
		var at *otype
		switch p.base {
		case fromArchetype:
			at = sc.archetype
		case fromComposition:
			at = typeOf(rm.Lookup("COMPOSITION"))
		case fromVersion:
			at = typeOf(rm.Lookup("ORIGINAL_VERSION"))
		case fromSelf:
			at = typeOf(rm.Lookup("PARTY_SELF"))
		case fromWorkflow:
			if !sc.archetype.has("INSTRUCTION") {
				c.fail(t.Position, fhirconnect.CodeOpenEHRPath, "openEHR path %q: only an INSTRUCTION has a workflow", clip(t.Value))
				return p, nil, false
			}
			if p.up > 0 || len(p.segs) == 0 || !slices.Contains(workflowAttributes, p.segs[0].attr) && !sc.back {
				c.fail(t.Position, fhirconnect.CodeOpenEHRPath, "openEHR path %q: of an ACTION in another composition, $workflow has %s only", clip(t.Value), strings.Join(workflowAttributes, " and "))
				return p, nil, false
			}
			at = typeOf(rm.Lookup("ACTION"))
		case fromPerson:
			at = typeOf(rm.Lookup("PERSON"))
		case fromRoles:
			at = typeOf(rm.Lookup("ROLE"))
		case fromNothing:
			return p, nil, true
		default:
			at = sc.openehr
		}
		if at, err = p.resolve(at); err == nil {
			return p, at, true
		}
	}
	c.fail(t.Position, errorCode(err, fhirconnect.CodeOpenEHRPath), "openEHR path %q: %v", clip(t.Value), err)
	return p, nil, false
}

// errorCode tells a feature this engine lacks from a wrong path.
func errorCode(err error, code string) string {
	if strings.HasPrefix(err.Error(), "not supported") {
		return fhirconnect.CodeUnsupported
	}
	return code
}

func (c *compiler) fhir(t fhirconnect.Text, sc scope) (fpath, *ftype, bool) {
	if t.Value == "" {
		return fpath{}, nil, false // reported where the file was read
	}
	p, err := parseFHIR(t.Value)
	if err == nil {
		var at *ftype
		switch p.base {
		case fromResource:
			at = sc.resource
		case fromNothing:
			return p, nil, true
		default:
			at = sc.fhir
		}
		if at, err = p.resolve(at); err == nil {
			return p, at, true
		}
	}
	c.fail(t.Position, errorCode(err, fhirconnect.CodeFHIRPath), "FHIR path %q: %v", clip(t.Value), err)
	return p, nil, false
}

func archetypeClass(id string) *rm.Class {
	a, err := rm.ParseArchetypeID(id)
	if err != nil {
		return nil
	}
	return rm.Lookup(a.Class)
}
