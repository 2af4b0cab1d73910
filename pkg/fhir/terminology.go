package fhir

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// maxExpansion is the most codes that one answer of $expand has.
const maxExpansion = 10_000

// terminologyRoutes are the operations on value sets, code systems and concept
// maps (FHIR R4 terminology service §4.6).
func (a *api) terminologyRoutes(either func(path string, op operation)) {
	either("/CodeSystem/$lookup", a.lookup)
	either("/CodeSystem/$subsumes", a.subsumes)
	either("/CodeSystem/$validate-code", a.validateCode)
	either("/ValueSet/$validate-code", a.validateCode)
	either("/ValueSet/$expand", a.expand)
	either("/ConceptMap/$translate", a.translate)
	// Those that R4 defines on an instance too.
	either("/CodeSystem/{id}/$subsumes", a.subsumes)
	either("/CodeSystem/{id}/$validate-code", a.validateCode)
	either("/ValueSet/{id}/$validate-code", a.validateCode)
	either("/ValueSet/{id}/$expand", a.expand)
	either("/ConceptMap/{id}/$translate", a.translate)
	either("/CodeSystem/{id}/$lookup", func(http.ResponseWriter, *call) error {
		return errs.New(errs.Unsupported, "fhir.lookup", "FHIR R4 has $lookup on the type alone: CodeSystem/$lookup with the system and code")
	})
}

// terminologyOperations are those operations by resource type.
var terminologyOperations = []struct {
	typ        string
	operations [][2]string
}{
	{"CodeSystem", [][2]string{
		{"lookup", "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup"},
		{"subsumes", "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes"},
		{"validate-code", "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code"},
	}},
	{"ConceptMap", [][2]string{{"translate", "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate"}}},
	{"ValueSet", [][2]string{
		{"expand", "http://hl7.org/fhir/OperationDefinition/ValueSet-expand"},
		{"validate-code", "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code"},
	}},
}

// question is the parameters of a terminology operation.
type question struct {
	values map[string]string
	codes  []terminology.Code // of code, coding or codeableConcept
	coded  map[string]terminology.Code
}

// about is the type that an operation is on, with the names of the parameters that
// have the url and the version of a definition of it, unless the address names one.
type about struct{ typ, url, version string }

// question reads the parameters of an operation, which may have those named. The
// code it is about is a code with its system, in the parameter called system, a
// coding, or a codeableConcept.
func (a *api) question(c *call, on about, system string, names ...string) (*question, error) {
	if a.Terminology == nil {
		return nil, errs.New(errs.Unsupported, "fhir.terminology", "this server knows no terminologies")
	}
	instance, err := a.subject(c, on.typ)
	if err != nil {
		return nil, err
	}
	q := &question{values: map[string]string{}, coded: map[string]terminology.Code{}}
	var codings []terminology.Code
	forms := 0
	coding := func(n *r4.Node) terminology.Code {
		return terminology.Code{System: n.Str("system"), Version: n.Str("version"), Code: n.Str("code"), Display: n.Str("display")}
	}
	params, err := a.inputs(c, func(name string, value *r4.Node) bool {
		switch name {
		case "coding":
			codings = append(codings, coding(value))
		case "codeableConcept":
			for _, x := range value.List("coding") {
				codings = append(codings, coding(x))
			}
		case "codingA", "codingB":
			q.coded[name] = coding(value)
			return slices.Contains(names, name)
		default:
			return false
		}
		forms++
		return slices.Contains(names, "coding")
	})
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		switch {
		case p.name == "_format" || p.name == "_pretty":
			continue
		case !slices.Contains(names, p.name):
			return nil, unsupportedParam(p.name)
		case p.value == "":
			return nil, badParam(p.name, "is empty")
		}
		if _, twice := q.values[p.name]; twice {
			return nil, badParam(p.name, "is given twice")
		}
		q.values[p.name] = p.value
	}
	if instance != nil {
		for _, name := range []string{on.url, on.version} {
			if _, given := q.values[name]; given {
				return nil, badParam(name, "is not given where the address names the "+on.typ)
			}
		}
		q.values[on.url] = instance.URL
		if instance.Version != "" {
			q.values[on.version] = instance.Version
		}
	}
	if code := q.values["code"]; code != "" {
		forms++
		codings = append(codings, terminology.Code{
			System: q.values[system], Version: q.values["systemVersion"], Code: code, Display: q.values["display"],
		})
	}
	if slices.Contains(names, "code") && (forms != 1 || len(codings) == 0) {
		return nil, badParam("code", "one code is asked about: give code with its system, coding, or codeableConcept")
	}
	for _, x := range codings {
		if x.Code == "" || x.System == "" || !plainText(x.Code+x.System+x.Version+x.Display) {
			return nil, badParam("code", "a code is given with its system")
		}
	}
	q.codes = codings
	return q, nil
}

// named is a canonical URL with its version.
func named(url, version string) string {
	if version != "" && !strings.Contains(url, "|") {
		return url + "|" + version
	}
	return url
}

// parameters answers with a Parameters resource.
func (a *api) parameters(w http.ResponseWriter, c *call, list ...*r4.Node) error {
	return a.write(w, c, http.StatusOK, r4.NewObject(str("resourceType", "Parameters"), array("parameter", list...)).Append(nil))
}

// parameter is one of them; nil without a value.
func parameter(name, kind, value string) *r4.Node {
	if value == "" {
		return nil
	}
	v := r4.NewString(value)
	if kind == "Boolean" {
		v = r4.NewBool(value == "true")
	}
	return r4.NewObject(str("name", name), r4.Field{Name: "value" + kind, Value: v})
}

// present leaves out what has no value.
func present(list ...*r4.Node) []*r4.Node {
	return slices.DeleteFunc(list, func(n *r4.Node) bool { return n == nil })
}

// validateCode answers $validate-code of ValueSet and of CodeSystem, whose value
// set is all its codes: whether one of the codes given is a member, and its
// display, if one is given, a term of it.
func (a *api) validateCode(w http.ResponseWriter, c *call) error {
	names := []string{"url", "code", "display", "coding", "codeableConcept"}
	ofSystem := strings.HasPrefix(c.URL.Path, a.BasePath+"/"+codeSystemType+"/")
	on, system := about{valueSetType, "url", "valueSetVersion"}, "system"
	if ofSystem {
		names = append(names, "version")
		on, system = about{codeSystemType, "url", "version"}, "url"
	} else {
		names = append(names, "system", "systemVersion", "valueSetVersion")
	}
	q, err := a.question(c, on, system, names...)
	if err != nil {
		return err
	}
	set := named(q.values["url"], cmp.Or(q.values["version"], q.values["valueSetVersion"]))
	if set == "" {
		return badParam("url", "is required: the canonical URL of what is asked about")
	}
	var message, display string
	for _, code := range q.codes {
		if ofSystem && code.System != q.values["url"] {
			return badParam("coding", "is of another code system than url")
		}
		result, err := a.Terminology.ValidateCode(c.Context(), set, code)
		if err != nil {
			return tooCostly(err)
		}
		if !result.Valid {
			message = cmp.Or(message, cmp.Or(result.Message, "it does not have the code"))
			continue
		}
		display = cmp.Or(display, result.Display)
		wrong, err := a.wrongDisplay(c, code, result.Display)
		if err != nil {
			return err
		}
		if wrong != "" {
			message = wrong
			continue
		}
		return a.parameters(w, c, present(parameter("result", "Boolean", "true"), parameter("display", "String", result.Display))...)
	}
	return a.parameters(w, c, present(parameter("result", "Boolean", "false"), parameter("message", "String", message), parameter("display", "String", display))...)
}

// wrongDisplay says why the display of a code is wrong, "" if it is not: it is
// one of the terms that the code system has for the code.
func (a *api) wrongDisplay(c *call, code terminology.Code, display string) (string, error) {
	same := func(s string) bool { return r4.FoldString(s) == r4.FoldString(code.Display) }
	if code.Display == "" || same(display) {
		return "", nil
	}
	concept, err := a.Terminology.Lookup(c.Context(), terminology.Code{System: code.System, Version: code.Version, Code: code.Code})
	switch {
	case errs.Is(err, errs.NotFound) && display == "":
		return "the display cannot be checked, since no terms of the code system are known", nil
	case err != nil && !errs.Is(err, errs.NotFound):
		return "", err
	}
	if same(concept.Display) || slices.ContainsFunc(concept.Designations, func(d terminology.Designation) bool { return same(d.Value) }) {
		return "", nil
	}
	return "the display is not a term of the code", nil
}

// tooCostly is the failure of an operation whose answer would be too large.
func tooCostly(err error) error {
	e := errs.As(err)
	if e == nil || !errs.Is(err, errs.TooLarge) {
		return err
	}
	return &refusal{errs.New(errs.Unprocessable, "fhir.terminology", e.Msg), []issue{{severity: "error", code: "too-costly", text: e.Msg}}}
}

// lookup answers CodeSystem/$lookup.
func (a *api) lookup(w http.ResponseWriter, c *call) error {
	q, err := a.question(c, about{codeSystemType, "system", "version"}, "system", "code", "system", "version", "coding")
	if err != nil {
		return err
	}
	code := q.codes[0]
	code.Version = cmp.Or(q.values["version"], code.Version)
	concept, err := a.Terminology.Lookup(c.Context(), code)
	if err != nil {
		return err
	}
	list := []*r4.Node{
		parameter("name", "String", cmp.Or(concept.SystemName, concept.System)), parameter("version", "String", concept.Version),
		parameter("display", "String", cmp.Or(concept.Display, concept.Code.Code)),
	}
	part := func(name string, parts ...*r4.Node) {
		list = append(list, r4.NewObject(str("name", name), array("part", present(parts...)...)))
	}
	for _, d := range concept.Designations {
		if d.Value != "" {
			part("designation", parameter("language", "Code", d.Language), parameter("value", "String", d.Value))
		}
	}
	if concept.Definition != "" {
		part("property", parameter("code", "Code", "definition"), parameter("value", "String", concept.Definition))
	}
	for _, p := range concept.Properties {
		kind := "String"
		if p.Name == "parent" || p.Name == "child" {
			kind = "Code"
		}
		if p.Value != "" {
			part("property", parameter("code", "Code", p.Name), parameter("value", kind, p.Value))
		}
	}
	return a.parameters(w, c, present(list...)...)
}

// subsumes answers CodeSystem/$subsumes.
func (a *api) subsumes(w http.ResponseWriter, c *call) error {
	q, err := a.question(c, about{codeSystemType, "system", "version"}, "system", "codeA", "codeB", "codingA", "codingB", "system", "version")
	if err != nil {
		return err
	}
	var codes [2]terminology.Code
	for i, name := range [2]string{"A", "B"} {
		coding, ok := q.coded["coding"+name]
		if !ok {
			coding = terminology.Code{System: q.values["system"], Version: q.values["version"], Code: q.values["code"+name]}
		}
		if coding.System == "" || coding.Code == "" || !plainText(coding.System+coding.Version+coding.Code) || ok && q.values["code"+name] != "" {
			return badParam("code"+name, "is given with system, or as coding"+name)
		}
		codes[i] = coding
	}
	outcome, err := a.Terminology.Subsumes(c.Context(), codes[0], codes[1])
	if err != nil {
		return err
	}
	return a.parameters(w, c, parameter("outcome", "Code", outcome.String()))
}

// expand answers ValueSet/$expand.
func (a *api) expand(w http.ResponseWriter, c *call) error {
	q, err := a.question(c, about{valueSetType, "url", "valueSetVersion"}, "system", "url", "valueSetVersion", "filter", "offset", "count")
	if err != nil {
		return err
	}
	number := func(name string, otherwise int) (int, error) {
		text, ok := q.values[name]
		if !ok {
			return otherwise, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return 0, badParam(name, "is a whole number")
		}
		return n, nil
	}
	offset, err := number("offset", 0)
	if err != nil {
		return err
	}
	count, err := number("count", -1)
	if err != nil {
		return err
	}
	set := named(q.values["url"], q.values["valueSetVersion"])
	if set == "" {
		return badParam("url", "is required: the canonical URL of the value set")
	}
	codes, err := a.Terminology.Expand(c.Context(), set)
	if err != nil {
		return tooCostly(err)
	}
	if filter := r4.FoldString(q.values["filter"]); filter != "" {
		codes = slices.DeleteFunc(slices.Clone(codes), func(c terminology.Code) bool {
			return !strings.Contains(r4.FoldString(c.Display), filter) && !strings.HasPrefix(strings.ToLower(c.Code), filter)
		})
	}
	total := len(codes)
	codes = codes[min(offset, total):]
	if count >= 0 {
		codes = codes[:min(count, len(codes))]
	}
	if len(codes) > maxExpansion {
		return tooCostly(errs.New(errs.TooLarge, "fhir.expand", fmt.Sprintf("the expansion has %d codes: ask for at most %d at once, with count and offset", len(codes), maxExpansion)))
	}
	var contains []*r4.Node
	for _, x := range codes {
		n := r4.NewObject(str("system", x.System), str("code", x.Code))
		if x.Version != "" {
			n.Fields = slices.Insert(n.Fields, 1, str("version", x.Version))
		}
		if x.Display != "" {
			n.Fields = append(n.Fields, str("display", x.Display))
		}
		contains = append(contains, n)
	}
	url, version, _ := strings.Cut(set, "|")
	n := r4.NewObject(str("resourceType", "ValueSet"), str("url", url))
	if version != "" {
		n.Fields = append(n.Fields, str("version", version))
	}
	n.Fields = append(n.Fields, str("status", "active"), object("expansion",
		str("timestamp", virtual.Instant(a.Now())), r4.Field{Name: "total", Value: r4.NewNumber(strconv.Itoa(total))},
		r4.Field{Name: "offset", Value: r4.NewNumber(strconv.Itoa(offset))}, array("contains", contains...)))
	return a.write(w, c, http.StatusOK, n.Append(nil))
}

// translate answers ConceptMap/$translate.
func (a *api) translate(w http.ResponseWriter, c *call) error {
	q, err := a.question(c, about{conceptMapType, "url", "conceptMapVersion"}, "system", "url", "conceptMapVersion", "code", "system", "version", "coding", "codeableConcept", "source", "target", "targetsystem", "reverse")
	if err != nil {
		return err
	}
	back := q.values["reverse"] == "true"
	if r := q.values["reverse"]; r != "" && r != "false" && !back {
		return badParam("reverse", "is true or false")
	}
	translator, ok := a.Terminology.(terminology.Translator)
	if !ok {
		return errs.New(errs.Unsupported, "fhir.translate", "no concept maps are at hand here")
	}
	reference := named(q.values["url"], q.values["conceptMapVersion"])
	if reference == "" {
		v := url.Values{}
		for _, name := range []string{"source", "target"} {
			if q.values[name] != "" {
				v.Set(name, q.values[name])
			}
		}
		if len(v) == 0 {
			return badParam("url", "is required: the canonical URL of the concept map; or source and target")
		}
		reference = "ConceptMap/$translate?" + strings.ReplaceAll(v.Encode(), "+", "%20")
	}
	var matches []*r4.Node
	result := "false"
	for _, code := range q.codes {
		code.Version = cmp.Or(q.values["version"], code.Version)
		ask := translator.Translations
		if back {
			ask = translator.Origins
		}
		list, err := ask(c.Context(), reference, code)
		if err != nil {
			return err
		}
		for _, t := range list {
			if s := q.values["targetsystem"]; s != "" && t.System != s {
				continue
			}
			parts := present(parameter("equivalence", "Code", t.Equivalence))
			if t.Code.Code != "" {
				coding := r4.NewObject(str("system", t.System))
				if t.Version != "" {
					coding.Fields = append(coding.Fields, str("version", t.Version))
				}
				coding.Fields = append(coding.Fields, str("code", t.Code.Code))
				if t.Display != "" {
					coding.Fields = append(coding.Fields, str("display", t.Display))
				}
				parts = append(parts, r4.NewObject(str("name", "concept"), r4.Field{Name: "valueCoding", Value: coding}))
				if t.Equivalence != "unmatched" && t.Equivalence != "disjoint" {
					result = "true"
				}
			}
			if q.values["url"] != "" {
				parts = append(parts, parameter("source", "Uri", q.values["url"]))
			}
			matches = append(matches, r4.NewObject(str("name", "match"), array("part", parts...)))
		}
	}
	message := ""
	if len(matches) == 0 {
		message = "the concept map says nothing of the code"
	}
	return a.parameters(w, c, append(present(parameter("result", "Boolean", result), parameter("message", "String", message)), matches...)...)
}
