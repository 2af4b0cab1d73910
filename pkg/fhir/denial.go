package fhir

import (
	"bytes"
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/stance"
)

// kindOf names what a resource of a type tells of, for those types that can
// also deny that there is any.
var kindOf = map[string]string{
	"AllergyIntolerance":  "allergies and intolerances",
	"Condition":           "problems",
	"MedicationStatement": "medication",
	"MedicationRequest":   "medication",
	"Procedure":           "procedures",
}

// denial reports whether a resource says that there is nothing of its kind.
func denial(n *r4.Node) bool {
	for _, name := range []string{"code", "medicationCodeableConcept"} {
		for _, coding := range n.Get(name).List("coding") {
			if stance.Denies(coding.Str("system"), coding.Str("code")) {
				return true
			}
		}
	}
	return false
}

// stands reports whether a resource says that something is so now, rather than
// that it is over, was not done, is refuted or was an error.
func stands(n *r4.Node) bool {
	return !wrong(n) && !past(n) && !hasCode(n, "verificationStatus", "refuted") &&
		!slices.Contains([]string{"not-done", "not-taken", "completed", "stopped", "cancelled"}, course(n))
}

// course is the status, without the completion of a procedure: what
// was done once stays done.
func course(n *r4.Node) string {
	if s := n.Str("status"); n.Str("resourceType") != "Procedure" || s != "completed" && s != "stopped" {
		return s
	}
	return ""
}

// disputed are the kinds of which resources of one patient both name something
// and say that there is none, in the order of the resources.
func disputed(resources []*r4.Node) []string {
	type key struct{ patient, kind string }
	denied, named := map[key]bool{}, map[key]bool{}
	var kinds []string
	for _, n := range resources {
		kind := kindOf[n.Str("resourceType")]
		if kind == "" {
			continue
		}
		k := key{n.Str("subject", "reference") + n.Str("patient", "reference"), kind}
		switch {
		case wrong(n):
			continue
		case denial(n):
			denied[k] = true
		case stands(n):
			named[k] = true
		}
		if denied[k] && named[k] && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// dispute is what is said of a disputed kind.
func dispute(kind string) string {
	return "the record names " + kind + " and also states that there are none: both are shown, and which of them holds has to be clarified"
}

// disputeIssues warns of a list in which statements deny each other. Only lists
// that hold a denial are parsed.
func disputeIssues(lists ...[]Record) ([]issue, error) {
	found := false
	for _, list := range lists {
		found = found || slices.ContainsFunc(list, func(rec Record) bool { return kindOf[rec.Type] != "" && mayDeny(rec.JSON) })
	}
	if !found {
		return nil, nil
	}
	var resources []*r4.Node
	for _, list := range lists {
		for _, rec := range list {
			if kindOf[rec.Type] == "" || rec.JSON == nil {
				continue
			}
			n, err := resourceNode(rec)
			if err != nil {
				return nil, err
			}
			resources = append(resources, n)
		}
	}
	var out []issue
	for _, kind := range disputed(resources) {
		out = append(out, issue{severity: "warning", code: "conflict", text: dispute(kind)})
	}
	return out, nil
}

// denying are the codes of denials as they stand in JSON.
var denying = func() (out [][]byte) {
	for _, code := range stance.Denials() {
		out = append(out, []byte(`"`+code+`"`))
	}
	return out
}()

// mayDeny reports whether one of the codes of denials stands in a resource.
func mayDeny(json []byte) bool {
	return slices.ContainsFunc(denying, func(code []byte) bool { return bytes.Contains(json, code) })
}
