package rm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

const someUUID = "87284370-2D4B-4e3d-A3F3-F303D2F4F34B"

func TestObjectVersionID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]rm.ObjectVersionID{
		someUUID + "::uk.nhs.ehr1::2":      {ObjectID: someUUID, SystemID: "uk.nhs.ehr1", Tree: rm.VersionTree{Trunk: 2}},
		someUUID + "::" + someUUID + "::1": {ObjectID: someUUID, SystemID: someUUID, Tree: rm.VersionTree{Trunk: 1}},
		"1.2.840.1::a::12.1.3":             {ObjectID: "1.2.840.1", SystemID: "a", Tree: rm.VersionTree{Trunk: 12, Branch: 1, BranchVersion: 3}},
	} {
		got, err := rm.ParseObjectVersionID(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", someUUID, someUUID + "::a", someUUID + "::a::0", someUUID + "::a::01", someUUID + "::a::1.1", someUUID + "::a::1.1.1.1",
		someUUID + "::a::1.0.1", someUUID + "::a::", "::a::1", someUUID + "::::1", someUUID + "::a::-1", someUUID + "::a::1::", someUUID + "::a b::1",
		someUUID + "::a::99999999999", someUUID + "::a::+1", strings.Repeat("a", 600) + "::a::1",
	} {
		if got, err := rm.ParseObjectVersionID(s); err == nil {
			t.Errorf("%q is taken as %+v", s, got)
		}
	}
	a, _ := rm.ParseObjectVersionID(someUUID + "::UK.nhs::2")
	if next := a.Tree.Next(); next.String() != "3" || a.Tree.IsBranch() || a.Tree.IsFirst() {
		t.Errorf("trunk: next %v", next)
	}
	branch := rm.VersionTree{Trunk: 1, Branch: 1, BranchVersion: 1}
	if next := branch.Next(); next.String() != "1.1.2" || !branch.IsBranch() || branch.IsFirst() {
		t.Errorf("branch: next %v", next)
	}
}

func TestHierObjectID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]rm.HierObjectID{
		someUUID:                {Root: someUUID},
		"1.2.3::any thing::é":   {Root: "1.2.3", Extension: "any thing::é"},
		"org.example-x.y_z::42": {Root: "org.example-x.y_z", Extension: "42"},
	} {
		got, err := rm.ParseHierObjectID(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "::x", "a::", "a b", "a..b", "-a", "a-", ".a", "ä"} {
		if got, err := rm.ParseHierObjectID(s); err == nil {
			t.Errorf("%q is taken as %+v", s, got)
		}
	}
	if !rm.ValidUUID(someUUID) || rm.ValidUUID(someUUID[1:]) || rm.ValidUUID(strings.Replace(someUUID, "-", "a", 1)) || rm.ValidUUID(strings.Replace(someUUID, "8", "g", 1)) {
		t.Error("UUID")
	}
}

func TestArchetypeID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]rm.ArchetypeID{
		"openEHR-EHR-OBSERVATION.blood_pressure.v2":   {Originator: "openEHR", Model: "EHR", Class: "OBSERVATION", Concept: "blood_pressure", Version: "2"},
		"openEHR-EHR-CLUSTER.symptom_sign-cvid.v0":    {Originator: "openEHR", Model: "EHR", Class: "CLUSTER", Concept: "symptom_sign-cvid", Version: "0"},
		"openEHR-DEMOGRAPHIC-PERSON.person.v1.0.2":    {Originator: "openEHR", Model: "DEMOGRAPHIC", Class: "PERSON", Concept: "person", Version: "1.0.2"},
		"org.x::openEHR-EHR-SECTION.a.v1.0.2-rc.1+b2": {Namespace: "org.x", Originator: "openEHR", Model: "EHR", Class: "SECTION", Concept: "a", Version: "1.0.2-rc.1+b2"},
		"openEHR-EHR-EVALUATION.therapeutic.v1draft":  {Originator: "openEHR", Model: "EHR", Class: "EVALUATION", Concept: "therapeutic", Version: "1draft"},
		"openEHR-EHR-OBSERVATION.very.v1":             {Originator: "openEHR", Model: "EHR", Class: "OBSERVATION", Concept: "very", Version: "1"},
	} {
		got, err := rm.ParseArchetypeID(s)
		if diff := cmp.Diff(want, got); err != nil || diff != "" || got.String() != s {
			t.Errorf("%s: %v %s", s, err, diff)
		}
	}
	for _, s := range []string{
		"", "at0001", "openEHR-EHR-OBSERVATION.bp", "openEHR-EHR.bp.v1", "openEHR-EHR-OBSERVATION..v1", "openEHR-EHR-OBSERVATION.bp.v",
		"openEHR-EHR-OBSERVATION.bp.vx", "openEHR-EHR-OBSERVATION.b p.v1", "openEHR-EHR-OBSERVATION.-bp.v1", "openEHR-EHR-OBSERVATION.b--p.v1",
		"-EHR-OBSERVATION.bp.v1", "openEHR-EHR-OBS-X.bp.v1", "openEHR-EHR-OBSERVATION.bp.v1 ", "openEHR-EHR-OBSERVATION.größe.v1", "::openEHR-EHR-SECTION.a.v1",
	} {
		if got, err := rm.ParseArchetypeID(s); err == nil {
			t.Errorf("%q is taken as %+v", s, got)
		}
	}
}

func TestSplitTerminologyID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][2]string{
		"SNOMED-CT": {"SNOMED-CT", ""}, "ICD10AM(3rd_ed)": {"ICD10AM", "3rd_ed"}, "(x)": {"(x)", ""}, "a(b": {"a(b", ""}, "": {"", ""},
	} {
		if name, version := rm.SplitTerminologyID(s); [2]string{name, version} != want {
			t.Errorf("%s: %q %q", s, name, version)
		}
	}
}

func FuzzIdentifiers(f *testing.F) {
	f.Add(someUUID + "::uk.nhs.ehr1::2.1.1")
	f.Add("org.x::openEHR-EHR-SECTION.a.v1.0.2-rc.1+b2")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := rm.ParseObjectVersionID(s); err == nil && id.String() != s {
			t.Fatalf("%q became %q", s, id)
		}
		if id, err := rm.ParseHierObjectID(s); err == nil && id.String() != s {
			t.Fatalf("%q became %q", s, id)
		}
		if id, err := rm.ParseArchetypeID(s); err == nil && id.String() != s {
			t.Fatalf("%q became %q", s, id)
		}
		if name, version := rm.SplitTerminologyID(s); len(name)+len(version) > len(s) {
			t.Fatalf("%q became %q and %q", s, name, version)
		}
	})
}
