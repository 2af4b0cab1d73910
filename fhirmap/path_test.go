package fhirmap

import "testing"

// Whatever a path is, its steps have names.
func FuzzPaths(f *testing.F) {
	f.Add("$archetype/data[at0001 and name/value='x']/items[at0002]")
	f.Add("../items[openEHR-EHR-CLUSTER.x.v1, 'y']")
	f.Add("$resource.a.where(b.c='d' and e='f')[0].ofType(Quantity)")
	f.Add("^^.extension('http://x').value")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseOpenEHR(s); err == nil && p.base != fromNothing {
			for _, seg := range p.segs {
				if seg.attr == "" {
					t.Errorf("%q: a step without a name", s)
				}
			}
		}
		if p, err := parseFHIR(s); err == nil {
			for _, step := range p.steps {
				if step.name == "" {
					t.Errorf("%q: a step without a name", s)
				}
			}
		}
	})
}
