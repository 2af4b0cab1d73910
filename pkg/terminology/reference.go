package terminology

import (
	"net/url"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Reference is what a URI means that names codes: a value set, all codes of a
// code system, or a group of the openEHR terminology. Exactly one of URL,
// System and Group is set, except that a reference made of parameters may have
// none.
type Reference struct {
	// Text is the reference as it was written.
	Text string
	// Operation is the FHIR operation that the URI names, without $; "" if none.
	Operation string
	// URL is the canonical URL of a value set, without version.
	URL string
	// Version of the value set or system; often "".
	Version string
	// System is the URI of the code system of which all codes are meant.
	System string
	// Group is a vocabulary group or code set of the openEHR terminology.
	Group string
	// Params are the other parameters of the query, such as filter or code.
	Params map[string]string
}

// maxReference bounds the length of a reference.
const maxReference = 4096

// ParseReference reads the forms that templates and AQL use:
//
//	http://hl7.org/fhir/ValueSet/NAME|VERSION          a canonical URL
//	http://snomed.info/sct?fhir_vs=ecl/<< 404684003    an implicit value set
//	http://loinc.org                                   a code system as a whole
//	terminology:SNOMED-CT                              the same
//	terminology:SNOMED-CT?subset=NAME                  a subset, by this very text
//	//fhir.hl7.org/ValueSet/$expand?url=URL            a FHIR operation
//	terminology://fhir.hl7.org/ValueSet?url=URL
//	ValueSet/$validate-code?url=URL
//	url=URL&filter=TEXT                                its parameters alone
//	terminology://snomed-ct/hierarchy?rootConceptId=N  a concept and those below
//	terminology://openehr.org/GROUP                    a group or code set
//	terminology:openehr?subset=GROUP
//	https://specifications.openehr.org/fhir/valueset-GROUP
//
// The value of url may hold ?, = and & unescaped; it ends before the next
// parameter that FHIR's operations have. A text of no known form is a canonical
// URL. Errors are of kind Invalid.
func ParseReference(text string) (Reference, error) {
	const op = "terminology.ParseReference"
	ref := Reference{Text: text}
	s := strings.TrimSpace(text)
	switch {
	case s == "":
		return ref, errs.New(errs.Invalid, op, "the reference to a value set is empty")
	case len(s) > maxReference:
		return ref, errs.New(errs.Invalid, op, "the reference to a value set is too long")
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return ref, errs.New(errs.Invalid, op, "the reference to a value set has control characters")
	}
	if i := strings.IndexByte(s, '%'); i > 0 && !strings.Contains(s[:i], ":") && !strings.Contains(s[:i], "=") {
		// terminology%3aSNOMED-CT: escaped as a whole.
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return ref, errs.New(errs.Invalid, op, "the reference to a value set is not a valid URI")
		}
		s = decoded
	}
	head, query, hasQuery := strings.Cut(s, "?")
	if fhir, operation := fhirPath(head); fhir {
		ref.Operation = operation
		return ref, ref.parameters(op, query)
	}
	if eq := strings.IndexByte(head, '='); eq > 0 && isParameter(head[:eq]) {
		return ref, ref.parameters(op, s)
	}
	if rest, ok := cutPrefixFold(s, "terminology:"); ok {
		return ref, ref.terminologyURI(op, rest)
	}
	if !hasQuery || !strings.HasPrefix(head, SNOMED) {
		s, ref.Version = cutVersion(s)
	}
	ref.name(s)
	return ref, nil
}

// fhirPath reports whether a head is the path of a FHIR resource type or of an
// operation on one, and which operation it names.
func fhirPath(head string) (fhir bool, operation string) {
	path, absolute := head, false
	if rest, ok := cutPrefixFold(path, "terminology:"); ok {
		path = rest
	} else if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		absolute = true
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		host, after, _ := strings.Cut(rest, "/")
		if !strings.Contains(host, "hl7.org") {
			return false, ""
		}
		path = after
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	last := segments[len(segments)-1]
	if op, ok := strings.CutPrefix(last, "$"); ok {
		operation = op
		segments = segments[:len(segments)-1]
	} else if absolute {
		return false, ""
	}
	if len(segments) == 0 {
		return false, ""
	}
	switch segments[len(segments)-1] {
	case "ValueSet", "CodeSystem", "ConceptMap":
		return true, operation
	}
	return false, ""
}

// parameterNames are those of FHIR's terminology operations.
var parameterNames = []string{
	"url", "valueSet", "valueSetVersion", "system", "systemVersion", "version", "code", "codeA", "codeB", "display",
	"filter", "offset", "count", "date", "context", "contextDirection", "includeDesignations", "includeDefinition",
	"activeOnly", "excludeNested", "excludeNotForUI", "excludePostCoordinated", "displayLanguage", "exclude-system",
	"system-version", "check-system-version", "force-system-version", "designation", "property", "abstract",
	"conceptMapVersion", "source", "target", "targetsystem", "reverse", "inferSystem",
}

func isParameter(name string) bool {
	for _, p := range parameterNames {
		if p == name {
			return true
		}
	}
	return false
}

// parameters reads the query of a FHIR operation.
func (r *Reference) parameters(op, query string) error {
	r.Params = map[string]string{}
	last := ""
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case ok && isParameter(name):
			if _, twice := r.Params[name]; twice {
				return errs.New(errs.Invalid, op, "the parameter "+name+" occurs twice")
			}
			r.Params[name], last = value, name
		case last != "":
			r.Params[last] += "&" + part // of an unescaped URL
		default:
			return errs.New(errs.Invalid, op, "the reference has no parameter that terminology operations know")
		}
	}
	for name, value := range r.Params {
		decoded, err := url.PathUnescape(value)
		if err != nil {
			return errs.New(errs.Invalid, op, "the value of the parameter "+name+" is not escaped as URIs are")
		}
		r.Params[name] = decoded
	}
	target := r.Params["url"]
	if target == "" {
		if r.Operation == "expand" || r.Operation == "" && r.Params["code"] == "" && r.Params["codeA"] == "" {
			return errs.New(errs.Invalid, op, "the reference names no value set: the parameter url is missing")
		}
		return nil
	}
	if !strings.HasPrefix(target, SNOMED) {
		target, r.Version = cutVersion(target)
	}
	if v := r.Params["valueSetVersion"]; v != "" {
		r.Version = v
	}
	r.name(target)
	return nil
}

// terminologyURI reads what follows "terminology:".
func (r *Reference) terminologyURI(op, rest string) error {
	if isURI(rest) {
		r.name(rest)
		if r.URL == rest && !strings.Contains(rest, "?") {
			r.URL, r.System = "", rest
		}
		return nil
	}
	body, slashes := strings.CutPrefix(rest, "//")
	head, query, _ := strings.Cut(body, "?")
	authority, function, _ := strings.Cut(strings.Trim(head, "/"), "/")
	args, err := url.ParseQuery(query)
	if err != nil || authority == "" {
		return errs.New(errs.Invalid, op, "the terminology URI is malformed")
	}
	system := SystemURI(authority)
	if authority == "openehr.org" || authority == "www.openehr.org" {
		system = System
	}
	if system == System {
		for _, name := range []string{"subset", "group", "groupId", "codeset"} {
			if args.Get(name) != "" {
				function = args.Get(name)
			}
		}
		segments := strings.Split(function, "/")
		name := segments[len(segments)-1]
		switch {
		case name == "" || name == ID:
			r.System = System
		case OpenEHR.Group(name) == nil && OpenEHR.CodeSet(name) == nil:
			return errs.New(errs.NotFound, op, "the openEHR terminology has no group or code set "+name)
		default:
			r.Group = strings.ReplaceAll(name, " ", "_")
		}
		return nil
	}
	switch root := args.Get("rootConceptId"); {
	case slashes && function == "hierarchy" && root != "" && system == SNOMED:
		r.URL = SNOMED + "?fhir_vs=isa/" + root
	case slashes && function == "hierarchy" && root != "":
		// Another system's hierarchy has no URI of its own; the text names it.
		r.URL = r.Text
	case function == "" && query == "" && system != "":
		r.System = system
	case function == "" && query == "":
		r.System = authority
	default:
		r.URL = strings.TrimSpace(r.Text)
	}
	return nil
}

// name takes a URL for what it names.
func (r *Reference) name(target string) {
	for _, prefix := range []string{"https://specifications.openehr.org/fhir/valueset-", "https://specifications.openehr.org/fhir/codesystem-"} {
		if group, ok := strings.CutPrefix(target, prefix); ok && (OpenEHR.Group(group) != nil || OpenEHR.CodeSet(group) != nil) {
			r.Group = group
			return
		}
	}
	if group, ok := strings.CutPrefix(target, System+"/"); ok && (OpenEHR.Group(group) != nil || OpenEHR.CodeSet(group) != nil) {
		r.Group = group
		return
	}
	switch {
	case target == SNOMED+"?fhir_vs" || target == LOINC+"/vs":
		r.System = strings.TrimSuffix(strings.TrimSuffix(target, "?fhir_vs"), "/vs")
	case isSystem[target]:
		r.System = target
	case strings.HasPrefix(target, SNOMED+"/") && !strings.Contains(target, "?"):
		// An edition: http://snomed.info/sct/MODULE/version/DATE.
		r.System, r.Version = SNOMED, target
	default:
		r.URL = target
	}
}

var isSystem = func() map[string]bool {
	set := map[string]bool{}
	for _, uri := range systems {
		set[uri] = true
	}
	return set
}()

// cutVersion splits a canonical URL at the last |.
func cutVersion(s string) (canonical, version string) {
	if i := strings.LastIndexByte(s, '|'); i > 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
