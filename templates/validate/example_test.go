package validate_test

import (
	"fmt"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/opttest"
	"github.com/cairn-ehr/cairn/templates/validate"
)

func ExampleTemplate() {
	opt := opttest.Template("Report", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.report.v1",
		opttest.Attr{Name: "category", Existence: "1..1", Children: []opttest.Obj{opttest.Coded("openehr", "433")}}))
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := rm.Object("COMPOSITION", rm.Str("archetype_node_id", "openEHR-EHR-COMPOSITION.report.v1"),
		rm.Child("name", rm.Text("Report")), rm.Child("category", rm.CodedText("persistent", "openehr", "431")))
	for _, p := range validate.Template(tpl, report, validate.Options{}) {
		fmt.Printf("%s at %s: %s\n", p.Code, p.Path, p.Message)
	}
	// Output:
	// tpl.code.list at /category/defining_code: The value openehr::431 must be openehr::433
}
