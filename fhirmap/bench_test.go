package fhirmap_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// BenchmarkProject projects vital signs compositions of 18 KB, which become
// about ten Observations each.
func BenchmarkProject(b *testing.B) {
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		b.Fatal(err)
	}
	p := synth.New(1, synth.WithMeanSize(18_000)).Patient(0)
	var roots []*rm.Node
	for k := 2; len(roots) < 20; k++ {
		if id, root := p.Tree(k); id == synth.VitalSigns {
			roots = append(roots, root)
		}
	}
	b.ReportAllocs()
	resources, size, n := 0, 0, 0
	before := cpuTime()
	for b.Loop() {
		res, err := lib.Project(fhirmap.Input{
			Root: roots[n%len(roots)], EHRID: p.EHRID, SystemID: "bench.test",
			ObjectID: "8849182c-82ad-4088-a07f-48ead4180515", VersionUID: "8849182c-82ad-4088-a07f-48ead4180515::bench.test::1",
			Lifecycle: "532",
		})
		if err != nil || len(res.Resources) == 0 {
			b.Fatalf("%d resources, %v", len(res.Resources), err)
		}
		for i := range res.Resources {
			size += len(res.Resources[i].JSON)
		}
		resources += len(res.Resources)
		n++
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(n), "cpu-µs/op")
	b.ReportMetric(float64(resources)/float64(n), "resources/op")
	b.ReportMetric(float64(size)/float64(n), "json-B/op")
}

// cpuTime is the processor time that this process has used: on a busy machine
// it says more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkProjectCase projects the objects of test cases.
func BenchmarkProjectCase(b *testing.B) {
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"blood_pressure", "height", "problem_list", "allergies"} {
		in := caseInput(b, "testdata/cases/"+name)
		res, err := lib.Project(in)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := lib.Project(in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(res.Resources)), "ns/resource")
		})
	}
}
