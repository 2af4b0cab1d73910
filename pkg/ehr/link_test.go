package ehr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/opttest"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// linked is a composition with an instruction, and an entry whose links lead to
// the targets; an action refers to the instruction if one is named.
func linked(targets []string, instruction, path, activity string) *rm.Node {
	locatable := func(class, id string, fields ...rm.Field) *rm.Node {
		fields = append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(id)))
		if strings.Contains(id, ".v1") {
			fields = append(fields, rm.Child("archetype_details", rm.Object("ARCHETYPED",
				rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", id)), rm.Str("rm_version", "1.1.0"))))
		}
		return rm.Object(class, fields...)
	}
	entry := func(class string, fields ...rm.Field) *rm.Node {
		return locatable(class, "openEHR-EHR-"+class+".test.v1", append(fields, rm.Child("language", rm.Code("ISO_639-1", "en")),
			rm.Child("encoding", rm.Code("IANA_character-sets", "UTF-8")), rm.Child("subject", rm.Object("PARTY_SELF")))...)
	}
	tree := func() *rm.Node { return locatable("ITEM_TREE", "at0001") }
	var links []*rm.Node
	for _, target := range targets {
		links = append(links, rm.Object("LINK", rm.Child("meaning", rm.Text("m")), rm.Child("type", rm.Text("t")),
			rm.Child("target", rm.Object("DV_EHR_URI", rm.Str("value", target)))))
	}
	evaluation := entry("EVALUATION", rm.Child("data", tree()))
	if links != nil {
		evaluation = entry("EVALUATION", rm.Child("data", tree()), rm.Child("links", links...))
	}
	content := []*rm.Node{
		evaluation,
		entry("INSTRUCTION", rm.Child("narrative", rm.Text("n")), rm.Child("activities",
			locatable("ACTIVITY", "at0002", rm.Child("description", tree()), rm.Str("action_archetype_id", "/.*/")))),
	}
	if instruction != "" {
		content = append(content, entry("ACTION", rm.Child("time", rm.Object("DV_DATE_TIME", rm.Str("value", "2024-01-01T10:00:00Z"))),
			rm.Child("description", tree()),
			rm.Child("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText("completed", "openehr", "532")))),
			rm.Child("instruction_details", rm.Object("INSTRUCTION_DETAILS", rm.Str("activity_id", activity),
				rm.Child("instruction_id", rm.Object("LOCATABLE_REF", rm.Child("id", rm.ID("OBJECT_VERSION_ID", instruction)),
					rm.Str("namespace", "local"), rm.Str("type", "INSTRUCTION"), rm.Str("path", path)))))))
	}
	return locatable("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		rm.Child("language", rm.Code("ISO_639-1", "en")), rm.Child("territory", rm.Code("ISO_3166-1", "GB")),
		rm.Child("category", rm.CodedText("event", "openehr", "433")), rm.Child("composer", rm.Object("PARTY_SELF")),
		rm.Child("content", content...))
}

// References within the EHR that lead nowhere are warned of, or refused by
// policy.
func TestLinks(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	s := newService(t, st, nil)
	if _, err := s.PutTemplate(t.Context(), who, opttest.Template("Open", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1"))); err != nil {
		t.Fatal(err)
	}
	e, err := s.CreateEHR(t.Context(), who, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	commit := func(s *ehr.Service, root *rm.Node) (ehr.Committed, error) {
		return s.CreateComposition(t.Context(), who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{Root: root}, TemplateID: "Open"})
	}
	first, err := commit(s, linked(nil, "", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	object, version := first.UID.Object.String(), first.UID.String()
	const instruction = "/content[openEHR-EHR-INSTRUCTION.test.v1]"
	other := uuid.NewString()
	for _, tt := range []struct {
		name                        string
		targets                     []string
		instruction, path, activity string
		want                        []string
	}{
		{"an object", []string{"ehr:/" + object, "ehr:/" + version, "ehr://" + systemID + "/" + e.ID.String() + "/" + object, "ehr:/compositions/" + object}, "", "", "", nil},
		{"a place in it", []string{"ehr:/" + object + instruction + "/activities[at0002]"}, "", "", "", nil},
		{"another system, another EHR, another form", []string{"ehr://elsewhere/" + other + "/" + other, "ehr://" + systemID + "/" + other + "/" + other, "ehr:tasks/1"}, "", "", "", nil},
		{"no such object", []string{"ehr:/" + object, "ehr:/" + other}, "", "", "", []string{"link.target /content[0]/links[1]/target"}},
		{"no such version", []string{"ehr:/" + object + "::" + systemID + "::7"}, "", "", "", []string{"link.target /content[0]/links[0]/target"}},
		{"no such place", []string{"ehr:/" + object + "/content[at0009]"}, "", "", "", []string{"link.path /content[0]/links[0]/target"}},
		{"a malformed path", []string{"ehr:/" + object + "/content["}, "", "", "", []string{"link.path /content[0]/links[0]/target"}},
		{"an activity", nil, version, instruction, "activities[at0002]", nil},
		{"no such activity", nil, version, instruction, "activities[at0003]", []string{"link.path /content[2]/instruction_details"}},
		{"no such instruction", nil, version, "/content[openEHR-EHR-INSTRUCTION.other.v1]", "activities[at0002]", []string{"link.path /content[2]/instruction_details"}},
		{"an instruction elsewhere", nil, other + "::x::1", instruction, "activities[at0002]", []string{"link.target /content[2]/instruction_details"}},
		{"too many", func() (list []string) {
			for range 20 {
				list = append(list, "ehr:/"+uuid.NewString())
			}
			return list
		}(), "", "", "", append(slices.Collect(func(yield func(string) bool) {
			for i := range 16 {
				if !yield(fmt.Sprintf("link.target /content[0]/links[%d]/target", i)) {
					return
				}
			}
		}), "link.unchecked /content[0]/links[16]/target")},
	} {
		done, err := commit(s, linked(tt.targets, tt.instruction, tt.path, tt.activity))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, p := range done.Warnings {
			got = append(got, p.Code+" "+p.Path)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	broken := linked([]string{"ehr:/" + other}, "", "", "")
	strict := newService(t, st, func(c *ehr.Config) { c.Policy.Link = validate.AsError })
	if _, err := commit(strict, broken); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("as an error: %v", err)
	}
	lax := newService(t, st, func(c *ehr.Config) { c.Policy.Link = validate.Off })
	if done, err := commit(lax, broken); err != nil || len(done.Warnings) > 0 {
		t.Errorf("off: %v %v", done.Warnings, err)
	}

	// The versions of a contribution may refer to each other, whichever is first.
	change := func(uid ehr.VersionUID, target string) ehr.Change {
		root := linked([]string{"ehr:/" + target}, "", "", "")
		root = root.With("archetype_details", root.Get("archetype_details").With("template_id", rm.ID("TEMPLATE_ID", "Open")))
		return ehr.Change{UID: uid, Content: ehr.Content{Root: root}, Audit: ehr.AuditInput{ChangeType: ehr.ChangeCreation}}
	}
	a := ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1}
	b := ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1}
	done, warnings, err := s.CommitContribution(t.Context(), who, ehr.CommitContribution{
		EHRID: e.ID, Changes: []ehr.Change{change(a, b.Object.String()), change(b, a.String()+"/content[at0009]")},
	})
	if err != nil || len(done.Versions) != 2 || len(warnings) != 1 || warnings[0].Code != validate.CodeLinkPath ||
		!strings.HasPrefix(warnings[0].Path, "/versions[1]/") {
		t.Errorf("%+v %v", warnings, err)
	}

	// An object is what its last version makes of it, and a version what it is.
	c := ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1}
	gone := ehr.Change{Preceding: c, Audit: ehr.AuditInput{ChangeType: ehr.ChangeDeleted}}
	other1, other2 := c, c
	other1.Object, other2.Object = uuid.New(), uuid.New()
	_, warnings, err = s.CommitContribution(t.Context(), who, ehr.CommitContribution{EHRID: e.ID, Changes: []ehr.Change{
		change(c, object), gone, change(other1, c.Object.String()), change(other2, c.String()),
	}})
	if err != nil || len(warnings) != 1 || warnings[0].Code != validate.CodeLinkTarget || !strings.HasPrefix(warnings[0].Path, "/versions[2]/") {
		t.Errorf("%+v %v", warnings, err)
	}
}
