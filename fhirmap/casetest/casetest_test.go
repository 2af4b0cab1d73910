package casetest

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// object is that of a case of the shipped mappings.
func object(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../testdata/cases/blood_pressure/in.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The facts of a case are those of its input, and of everything else it is the
// complete first version.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{InFile: {Data: object(t)}}
	in, err := Read(dir)
	if err != nil || in.Lifecycle != "532" || in.VersionUID != Object+"::"+System+"::1" || in.EHRID != EHR || in.Link != nil {
		t.Fatalf("%+v, %v", in, err)
	}
	dir[FactsFile] = &fstest.MapFile{Data: []byte(`{"lifecycle":"553","parties":{"7":"Practitioner"},"links":{"ehr:/x":[{"type":"Observation","reference":"Observation/1"}]},
		"workflow":[{"archetype":"a","state":"526","time":"2020-01-01"}]}`)}
	if in, err = Read(dir); err != nil {
		t.Fatal(err)
	}
	if in.Lifecycle != "553" || len(in.Workflow) != 1 || in.Workflow[0].Lifecycle != "532" {
		t.Errorf("%s, %+v", in.Lifecycle, in.Workflow)
	}
	if got := in.Link("ehr:/x"); len(got.Resources) != 1 || got.Resources[0].Type != "Observation" {
		t.Errorf("the link leads to %+v", got)
	}
	if got := in.Link("ehr:/y"); got.Reason != fhirmap.LinkMissing {
		t.Errorf("another leads to %+v", got)
	}
	ref := rm.Object("PARTY_REF", rm.Child("id", rm.Object("HIER_OBJECT_ID", rm.Str("value", "7"))), rm.Str("namespace", "demographic"), rm.Str("type", "PERSON"))
	if got := in.Resolve(ref); got != "Practitioner" {
		t.Errorf("the party is a %q", got)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	with := func(name, text string) fs.FS {
		return fstest.MapFS{InFile: {Data: object(t)}, name: {Data: []byte(text)}}
	}
	for _, tt := range []struct {
		name string
		dir  fs.FS
		kind errs.Kind
		want string
	}{
		{"no object", fstest.MapFS{}, errs.NotFound, "needs in.json"},
		{"no JSON", with(InFile, "x"), errs.Invalid, "not a JSON object"},
		{"another class", with(InFile, `{"_type":"FOLDER"}`), errs.Invalid, "not a FOLDER"},
		{"an object that is not valid", with(InFile, `{"_type":"COMPOSITION","name":1}`), errs.Invalid, "the object is not valid"},
		{"an unknown fact", with(FactsFile, `{"lifecicle":"532"}`), errs.Invalid, "lifecicle"},
		{"no such lifecycle", with(FactsFile, `{"lifecycle":"526"}`), errs.Invalid, "lifecycle is not a code"},
		{"a person that is not there", with(FactsFile, `{"person":"person.json"}`), errs.Invalid, "person.json cannot be read"},
	} {
		_, err := Read(tt.dir)
		if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	for _, tt := range []struct {
		name string
		dir  fstest.MapFS
		want string
	}{
		{"no resource", fstest.MapFS{}, "needs resource.json"},
		{"nothing around it", fstest.MapFS{ResourceFile: {Data: []byte("{}")}}, "needs back.json"},
		{"an empty Bundle entry", fstest.MapFS{ResourceFile: {Data: []byte(`{"resourceType":"Bundle","entry":[{}]}`)}}, "entry 0 has no resource"},
		{"no template", fstest.MapFS{ResourceFile: {Data: []byte("{}")}, BackFile: {Data: []byte("{}")}}, "needs the path of the template"},
		{"an unknown stance", fstest.MapFS{ResourceFile: {Data: []byte("{}")}, BackFile: {Data: []byte(`{"template":"x","stance":"maybe"}`)}}, "a stance is names or denies"},
	} {
		if _, _, err := ReadBack(tt.dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
