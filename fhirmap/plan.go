package fhirmap

import (
	"slices"
	"sync"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// plan is a model file compiled for one FHIR type it is to fill.
type plan struct {
	file   *fhirconnect.File
	target *r4.Type
	gate   *condition
	split  *opath
	// unique are the paths from an occurrence of split in which those of one
	// resource agree.
	unique  []opath
	methods []*step
	// back are the methods of the way back, with those that run only there, and
	// backGate the fhirCondition of the file.
	back     []*step
	backGate *fcondition
	// opens is where the way back puts the EVENT of a resource, opensBy the
	// elements in which all that the resource says of it must agree.
	opens    *opath
	opensBy  []fpath
	prefixes int // that the paths of methods share
	made     patterns
	recipes  recipes
	// above tells whether methods read the composition around the entry.
	above     bool
	aboveOnce sync.Once

	// others are the types that methods with reference make, once asked for.
	others     []string
	othersOnce sync.Once
}

// referred are the types of the resources that methods with reference make,
// also in models that are called.
func (p *plan) referred() []string {
	p.othersOnce.Do(func() {
		seen := map[*plan]bool{}
		var visit func(steps []*step)
		visit = func(steps []*step) {
			for _, s := range steps {
				if s.refer != nil {
					p.others = append(p.others, s.refer.target.Name)
					visit(s.refer.methods)
				}
				if s.slot != nil && !seen[s.slot] {
					seen[s.slot] = true
					visit(s.slot.methods)
				}
				visit(s.children)
			}
		}
		visit(p.methods)
		slices.Sort(p.others)
		p.others = slices.Compact(p.others)
	})
	return p.others
}

// step is a compiled mapping method.
type step struct {
	m       *fhirconnect.Method
	file    *fhirconnect.File
	src     opath
	hasSrc  bool
	dst     fpath
	dstType *ftype
	// gates decide whether the method runs at all, filters which occurrences.
	gates, filters []*condition
	manual         []*manualStep
	slot           *plan
	refer          *referStep
	// link refers to the resource that the model makes of the source, join to what
	// the target of a LINK is shown as.
	link *plan
	join *joinStep
	// concepts translates codes; strict methods carry nothing else.
	concepts *conceptmap.Map
	strict   bool
	// code is the function that converts the value.
	code     *function
	children []*step
	// back, backGates and backFilters are what children, gates and filters are
	// on the way back.
	back                   []*step
	backGates, backFilters []*fcondition
	transfer               bool
	// alone is set if of several values none is taken.
	alone bool
	// critical methods can write an element that alters the meaning of the
	// resource or says whom it is about, needed ones a mandatory element of the
	// object they write to; when either cannot be carried out the resource is
	// refused.
	critical, needed bool
}

// referStep makes another resource.
type referStep struct {
	target        *r4.Type
	methods, back []*step
	// joins are the methods with link about the resource as a whole: it is that of
	// another composition where the source has such a LINK, and made by the other
	// methods where it has none. joinsBack are those of the way back.
	joins, joinsBack []*step
	made             patterns
}

type manualStep struct {
	name   string
	pos    fhirconnect.Position
	gates  []*condition
	assign []assignStep
	// backGates and back are those of the way back.
	backGates []*fcondition
	back      []backAssign
}

type assignStep struct {
	path  fpath
	value *r4.Node
	typ   *r4.Type
}

// condition is a compiled openehrCondition.
type condition struct {
	pos      fhirconnect.Position
	root     opath
	attrs    []opath
	op       fhirconnect.Operator
	criteria map[string]bool
}
