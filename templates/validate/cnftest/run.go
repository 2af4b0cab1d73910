package cnftest

import (
	"fmt"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Result is what Cairn says to a row.
type Result struct {
	// Verdict is accepted or rejected, Problems all that was reported.
	Verdict  string
	Problems []rm.Problem
	// Unmet are the violations of the schedule that no error stands for, Other
	// the codes of errors that the schedule does not name.
	Unmet, Other []string
}

// Agrees reports whether verdict and violations are those of the schedule.
func (r Result) Agrees(row Row) bool {
	return r.Verdict == row.Expected && len(r.Unmet) == 0 && len(r.Other) == 0
}

// Answer is the verdict and the codes of the errors, as in the data files.
func (r Result) Answer() string {
	return strings.Join(append([]string{r.Verdict}, r.codes()...), " ")
}

// codes lists the codes of the errors, sorted and each once.
func (r Result) codes() []string {
	var codes []string
	seen := map[string]bool{}
	for _, p := range r.Problems {
		if p.Severity == rm.Error && !seen[p.Code] {
			seen[p.Code] = true
			codes = append(codes, p.Code)
		}
	}
	sort.Strings(codes)
	return codes
}

// snomed stands for a terminology service: it knows the codes of SNOMED CT and
// no others.
func snomed(questions []terminology.Question) []terminology.Answer {
	out := make([]terminology.Answer, len(questions))
	for i, q := range questions {
		switch {
		case !strings.HasPrefix(q.Reference, "terminology:SNOMED_CT?"):
			out[i].Reason = "the value set is not known"
		case q.Terminology == "SNOMED-CT":
			out[i].Status = terminology.Member
		default:
			out[i].Status = terminology.NotMember
		}
	}
	return out
}

// Run evaluates a row of a table.
func (t *Table) Run(row Row) (Result, error) {
	value, err := parseValues(row.Value)
	if err != nil {
		return Result{}, err
	}
	constraint, err := parseValues(row.Constraint)
	if err != nil {
		return Result{}, err
	}
	opt, err := template(t.Class, constraint)
	if err != nil {
		return Result{}, err
	}
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		return Result{}, fmt.Errorf("the template: %w", err)
	}
	data, err := instance(t.Class, value, constraint)
	if err != nil {
		return Result{}, err
	}
	root, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
	if root != nil {
		problems = append(problems, validate.All(tpl, root, validate.Options{Decide: snomed})...)
	}
	r := Result{Verdict: "accepted", Problems: problems}
	if rm.HasErrors(problems) {
		r.Verdict = "rejected"
	}
	for _, token := range row.Violated {
		met := false
		for i := range problems {
			met = met || problems[i].Severity == rm.Error && stands(&problems[i], token)
		}
		if !met {
			r.Unmet = append(r.Unmet, token)
		}
	}
	for i := range problems {
		if problems[i].Severity != rm.Error {
			continue
		}
		named := false
		for _, token := range row.Violated {
			named = named || stands(&problems[i], token)
		}
		if !named {
			r.Other = append(r.Other, problems[i].Code)
		}
	}
	return r, nil
}

// violations gives the codes that stand for the schedule's constraints. A name
// that is not here is that of an RM invariant. DV_PROPORTION.is_integral is a
// function of what the type demands, so its invariant and that of fractions are
// one.
var violations = map[string][]string{
	"class":                        {validate.CodeType},
	"mandatory":                    {"rm.attribute.missing", validate.CodeExistence},
	"existence":                    {validate.CodeExistence, "rm.attribute.missing"},
	"cardinality":                  {validate.CodeCardinality},
	"C_BOOLEAN.false_valid":        {validate.CodeBoolean},
	"C_STRING.pattern":             {validate.CodeStringPattern},
	"C_STRING.list":                {validate.CodeStringList},
	"C_INTEGER.list":               {validate.CodeInteger},
	"C_INTEGER.range":              {validate.CodeInteger},
	"C_REAL.range":                 {validate.CodeReal},
	"C_DATE.range":                 {validate.CodeTemporalRange},
	"C_TIME.range":                 {validate.CodeTemporalRange},
	"C_DATE_TIME.range":            {validate.CodeTemporalRange},
	"C_DURATION.range":             {validate.CodeDurationRange},
	"month":                        {validate.CodeTemporalPattern},
	"day":                          {validate.CodeTemporalPattern},
	"hour":                         {validate.CodeTemporalPattern},
	"minute":                       {validate.CodeTemporalPattern},
	"second":                       {validate.CodeTemporalPattern},
	"timezone":                     {validate.CodeTimezone},
	"years":                        {validate.CodeDurationFields},
	"months":                       {validate.CodeDurationFields},
	"weeks":                        {validate.CodeDurationFields},
	"days":                         {validate.CodeDurationFields},
	"hours":                        {validate.CodeDurationFields},
	"minutes":                      {validate.CodeDurationFields},
	"seconds":                      {validate.CodeDurationFields},
	"C_DV_QUANTITY":                {validate.CodeUnits, validate.CodeMagnitude, validate.CodePrecision},
	"C_DV_QUANTITY.list":           {validate.CodeUnits, validate.CodeMagnitude},
	"C_DV_QUANTITY.property":       {validate.CodeProperty, validate.CodeUnits},
	"C_DV_ORDINAL.list":            {validate.CodeOrdinal},
	"C_DV_SCALE.list":              {validate.CodeOrdinal},
	"C_CODE_PHRASE":                {validate.CodeCodeList},
	"C_CODE_PHRASE.terminology_id": {validate.CodeCodeTerminology},
	"constraint_binding":           {validate.CodeValueSet},
	"code_set":                     {validate.CodeTermCodeSet},
	"lexical":                      {"rm.invariant.*.value_valid"},
	"limit_missing":                {"rm.invariant.*.lower_unbounded_valid", "rm.invariant.*.upper_unbounded_valid"},
	"is_integral_validity":         {"rm.invariant.DV_PROPORTION.fraction_validity"},
	"RFC3986":                      {"rm.invariant.DV_URI.value_valid"},
	"scheme":                       {"rm.invariant.DV_EHR_URI.scheme_valid"},
}

// stands reports whether a problem stands for a violation of the schedule,
// which may begin with the attributes that lead to it.
func stands(p *rm.Problem, token string) bool {
	path := p.Path + "/"
	for {
		first, rest, ok := strings.Cut(token, ".")
		if !ok || strings.ToLower(first) != first {
			break
		}
		if !strings.Contains(path, "/"+first+"/") {
			return false
		}
		token = rest
	}
	codes, ok := violations[token]
	if !ok {
		codes = []string{"rm.invariant.*." + token}
	}
	for _, code := range codes {
		class, name, any := strings.Cut(code, "*")
		if code == p.Code || any && strings.HasPrefix(p.Code, class) && strings.HasSuffix(p.Code, name) {
			return true
		}
	}
	return false
}
