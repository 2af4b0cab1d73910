package fhirvalidate

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	annotations "github.com/google/fhir/go/proto/google/fhir/proto/annotations_go_proto"
	bundle "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	"github.com/google/fhir/go/jsonformat/errorreporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// validate gives everything the outside validator finds wrong with a resource.
func validate(t *testing.T, um *jsonformat.Unmarshaller, data []byte) []string {
	t.Helper()
	rep := errorreporter.NewOperationErrorReporter(fhirversion.R4)
	_, err := um.UnmarshalWithErrorReporter(data, rep)
	var out []string
	if err != nil {
		out = append(out, err.Error())
	}
	if rep.Outcome.R4Outcome != nil {
		for _, i := range rep.Outcome.R4Outcome.GetIssue() {
			out = append(out, i.GetDiagnostics().GetValue())
		}
	}
	return out
}

func unmarshaller(t *testing.T) *jsonformat.Unmarshaller {
	t.Helper()
	um, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	return um
}

// TestProjectedResources checks every expected resource of the mapping cases.
func TestProjectedResources(t *testing.T) {
	um := unmarshaller(t)
	files, err := filepath.Glob("../../fhirmap/testdata/cases/*/resources.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	checked := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			if !strings.Contains(sc.Text(), `"resourceType"`) {
				continue
			}
			checked++
			for _, problem := range validate(t, um, sc.Bytes()) {
				t.Errorf("%s: %s\n%s", filepath.Base(filepath.Dir(name)), problem, sc.Text())
			}
		}
		if err := sc.Err(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if checked < 20 {
		t.Errorf("only %d resources were checked", checked)
	}
	t.Logf("%d resources", checked)
}

// TestValidatorFindsFaults shows that the check can fail.
func TestValidatorFindsFaults(t *testing.T) {
	um := unmarshaller(t)
	for _, bad := range []string{
		`{"resourceType":"Observation","code":{"text":"x"}}`,
		`{"resourceType":"Observation","status":"fine","code":{"text":"x"}}`,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Encounter/1"}}`,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2020-01-01T10:00"}`,
	} {
		if len(validate(t, um, []byte(bad))) == 0 {
			t.Errorf("the outside validator takes %s", bad)
		}
		if len(r4.Validate([]byte(bad))) == 0 {
			t.Errorf("the table takes %s", bad)
		}
	}
}

// TestTableAgrees compares the element table with the message definitions:
// names, repetition and what is required, for every type both know.
func TestTableAgrees(t *testing.T) {
	seen := map[string]bool{}
	compared := 0
	var walk func(name string, m protoreflect.MessageDescriptor)
	walk = func(name string, m protoreflect.MessageDescriptor) {
		typ := r4.Lookup(name)
		if seen[name] || typ == nil || typ.Kind == r4.Primitive || name == "Reference" {
			return // the messages spell out every kind of reference
		}
		seen[name] = true
		compared++
		fields := map[string]protoreflect.FieldDescriptor{}
		for i := range m.Fields().Len() {
			fd := m.Fields().Get(i)
			fields[fd.JSONName()] = fd
		}
		for _, e := range typ.Elements {
			fd, ok := fields[e.Name]
			if name == "SimpleQuantity" && e.Name == "comparator" {
				continue // forbidden there; the table's validator has it as sqty-1
			}
			if !ok {
				t.Errorf("%s: the messages have no %s", name, e.Path)
				continue
			}
			delete(fields, e.Name)
			required := proto.GetExtension(fd.Options(), annotations.E_ValidationRequirement).(annotations.Requirement) == annotations.Requirement_REQUIRED_BY_FHIR
			if required != (e.Min > 0) {
				t.Errorf("%s: required %v in the messages, %d.. in the table", e.Path, required, e.Min)
			}
			if fd.IsList() != e.List() {
				t.Errorf("%s: repeats %v in the messages, %v in the table", e.Path, fd.IsList(), e.List())
			}
			if msg := fd.Message(); msg != nil && r4.Lookup(name+"."+e.Name) != nil {
				walk(name+"."+e.Name, msg)
			}
		}
		for left := range fields {
			t.Errorf("%s: the table lacks %s", name, left)
		}
	}
	resources := (&bundle.ContainedResource{}).ProtoReflect().Descriptor().Fields()
	types := map[string]protoreflect.MessageDescriptor{}
	for i := range resources.Len() {
		m := resources.Get(i).Message()
		walk(string(m.Name()), m)
		for j := range m.Fields().Len() {
			if f := m.Fields().Get(j).Message(); f != nil && f.Parent() == protoreflect.Descriptor(f.ParentFile()) {
				types[string(f.Name())] = f
			}
		}
	}
	for name, m := range types {
		walk(name, m)
	}
	if compared < 500 {
		t.Errorf("only %d types were compared", compared)
	}
	t.Logf("%d types compared", compared)
}
