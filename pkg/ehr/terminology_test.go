package ehr_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// statusOfCode answers by what the code says.
type statusOfCode map[string]terminology.AnswerStatus

func (s statusOfCode) Decide(_ context.Context, questions []terminology.Question) []terminology.Answer {
	out := make([]terminology.Answer, len(questions))
	for i, q := range questions {
		out[i] = terminology.Answer{Status: s[q.Code], Reason: "because"}
	}
	return out
}

// A commit is refused, delayed or warned of, as the terminology service says.
func TestExternalValueSetsDecideCommits(t *testing.T) {
	t.Parallel()
	s := newService(t, openStore(t), func(c *ehr.Config) {
		c.Terminology = statusOfCode{
			"member": terminology.Member, "other": terminology.NotMember, "unknown": terminology.Undecided,
			"off": terminology.NotAsked, "refused": terminology.Refused, "down": terminology.Unavailable,
		}
	})
	opt := opttest.Evaluation("Coded", opttest.Element("at0002", "0..*", opttest.Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []opttest.Attr{
		{Name: "defining_code", Existence: "1..1", Children: []opttest.Obj{
			{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<referenceSetUri>urn:vs</referenceSetUri>"},
		}},
	}}))
	if _, err := s.PutTemplate(t.Context(), who, opt); err != nil {
		t.Fatal(err)
	}
	e, err := s.CreateEHR(t.Context(), who, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		codes []string
		want  string
	}{
		{[]string{"member", "off"}, "stored, 0 warnings"},
		{[]string{"member", "unknown", "unknown"}, "stored, 2 warnings"},
		{[]string{"other"}, "unprocessable validation"},
		{[]string{"refused"}, "unprocessable validation"},
		{[]string{"member", "down"}, "unavailable terminology_unavailable"},
		{[]string{"down", "other"}, "unprocessable validation"},
	} {
		done, err := s.CreateComposition(t.Context(), who, ehr.CreateComposition{
			EHRID: e.ID, Content: ehr.Content{Root: coded(tt.codes)}, TemplateID: "Coded",
		})
		got := fmt.Sprintf("stored, %d warnings", len(done.Warnings))
		if err != nil {
			got = errs.KindOf(err).String() + " " + errs.As(err).Code
		}
		if got != tt.want {
			t.Errorf("%v: %s (%v), want %s", tt.codes, got, err, tt.want)
		}
	}
}

func coded(codes []string) *rm.Node {
	locatable := func(class, id string, fields ...rm.Field) *rm.Node {
		fields = append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(id)))
		return rm.Object(class, fields...)
	}
	details := func(id string) rm.Field {
		return rm.Child("archetype_details", rm.Object("ARCHETYPED", rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", id)), rm.Str("rm_version", "1.1.0")))
	}
	var items []*rm.Node
	for _, c := range codes {
		items = append(items, locatable("ELEMENT", "at0002", rm.Child("value", rm.CodedText(c, "SNOMED-CT", c))))
	}
	const evaluation, composition = "openEHR-EHR-EVALUATION.test.v1", "openEHR-EHR-COMPOSITION.test.v1"
	return locatable("COMPOSITION", composition, details(composition),
		rm.Child("language", rm.Code("ISO_639-1", "en")), rm.Child("territory", rm.Code("ISO_3166-1", "GB")),
		rm.Child("category", rm.CodedText("event", "openehr", "433")), rm.Child("composer", rm.Object("PARTY_SELF")),
		rm.Child("content", locatable("EVALUATION", evaluation, details(evaluation),
			rm.Child("language", rm.Code("ISO_639-1", "en")), rm.Child("encoding", rm.Code("IANA_character-sets", "UTF-8")),
			rm.Child("subject", rm.Object("PARTY_SELF")),
			rm.Child("data", locatable("ITEM_TREE", "at0001", rm.Child("items", items...))))))
}
