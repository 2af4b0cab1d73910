package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// maxProblems bounds the problems listed in one error body; the number left
// out is stated.
const maxProblems = 500

// Fault is the body of an error answer. Its first four members satisfy both
// shapes that ITS-REST publishes (the prose's message, code and errors; the
// schema's message and validationErrors); the others are Cairn's.
type Fault struct {
	Message string `json:"message"`
	// Code is the stable name of the failure.
	Code             string      `json:"code"`
	Errors           []codedText `json:"errors"`
	ValidationErrors []string    `json:"validationErrors"`
	// Problems are the validation problems, or the places in a query.
	Problems []any `json:"problems,omitempty"`
	// ProblemsOmitted counts problems left out of the lists.
	ProblemsOmitted int    `json:"problems_omitted,omitempty"`
	RequestID       string `json:"request_id"`
}

// codedText is a DV_CODED_TEXT.
type codedText struct {
	Type         string `json:"_type"`
	Value        string `json:"value"`
	DefiningCode struct {
		Type          string `json:"_type"`
		TerminologyID struct {
			Type  string `json:"_type"`
			Value string `json:"value"`
		} `json:"terminology_id"`
		CodeString string `json:"code_string"`
	} `json:"defining_code"`
}

func newCodedText(value, code string) codedText {
	t := codedText{Type: "DV_CODED_TEXT", Value: value}
	t.DefiningCode.Type = "CODE_PHRASE"
	t.DefiningCode.TerminologyID.Type = "TERMINOLOGY_ID"
	t.DefiningCode.TerminologyID.Value = "local"
	t.DefiningCode.CodeString = code
	return t
}

// Problem is a validation problem as error bodies show it.
type Problem struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	// RMPath has zero-based indexes, AQLPath predicates; TemplatePath is the
	// place in the template.
	RMPath       string `json:"rm_path"`
	AQLPath      string `json:"aql_path,omitempty"`
	TemplatePath string `json:"template_path,omitempty"`
	// Constraint names what was violated.
	Constraint string `json:"constraint,omitempty"`
	Expected   string `json:"expected,omitempty"`
	Actual     string `json:"actual,omitempty"`
	Message    string `json:"message"`
}

// TemplateChange is what the template of a refused upload would change, as error
// bodies show it; docs/conformance/template-diff.md lists the kinds.
type TemplateChange struct {
	Kind         string `json:"kind"`
	Breaking     bool   `json:"breaking"`
	TemplatePath string `json:"template_path"`
	Old          string `json:"old"`
	New          string `json:"new"`
	Reason       string `json:"reason"`
}

func problemOf(p rm.Problem) Problem {
	out := Problem{
		Code: p.Code, Severity: "error", RMPath: p.Path, AQLPath: p.AQLPath,
		TemplatePath: p.TemplatePath, Constraint: p.Constraint,
		Expected: p.Expected, Actual: p.Actual, Message: p.Message,
	}
	if p.Severity == rm.Warning {
		out.Severity = "warning"
	}
	return out
}

// fail answers with err. The cause of a server fault goes to the log and
// nowhere else.
func (a *api) fail(w *answer, r *http.Request, err error) {
	if w.Started() {
		a.logFault(r, err)
		panic(http.ErrAbortHandler)
	}
	e := classify(err)
	code := e.Kind.Status()
	if code >= http.StatusInternalServerError && e.Kind != errs.Unsupported {
		a.logFault(r, err)
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Last-Modified", "Preference-Applied", "ETag"} {
		h.Del(name)
	}
	if uid, ok := e.Detail.(ehr.VersionUID); ok && (e.Kind == errs.Precondition || e.Kind == errs.Conflict) {
		h.Set("ETag", header.WeakTag(uid.String()))
	} else if !a.Compat103 || code < 400 {
		h.Del("Location")
	}
	if e.Kind == errs.Unauthenticated && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Bearer realm="openEHR"`)
	}
	body := faultBody(e, requestID(r.Context()))
	h.Set("Content-Type", mediatype.JSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client is gone if this fails
}

// classify finds the errs.Error in err and names the ends of a context.
func classify(err error) *errs.Error {
	if e := errs.As(err); e != nil && e.Kind != errs.Internal {
		return e
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errs.Wrap(errs.Timeout, "rest", "the time limit of the request was reached", err)
	case errors.Is(err, context.Canceled):
		return errs.Wrap(errs.Timeout, "rest", "the request was cancelled", err)
	}
	return &errs.Error{Op: "rest", Kind: errs.Internal, Msg: "internal error", Err: err}
}

func faultBody(e *errs.Error, id string) []byte {
	f := Fault{Message: e.Msg, Code: e.Code, ValidationErrors: []string{}, RequestID: id}
	if f.Message == "" {
		f.Message = http.StatusText(e.Kind.Status())
	}
	if f.Code == "" {
		f.Code = e.Kind.String()
	}
	switch list := e.Detail.(type) {
	case []rm.Problem:
		for i, p := range list {
			if i == maxProblems {
				f.ProblemsOmitted = len(list) - maxProblems
				break
			}
			f.Problems = append(f.Problems, problemOf(p))
			f.Errors = append(f.Errors, newCodedText(p.Message, p.Code))
			f.ValidationErrors = append(f.ValidationErrors, p.Path+": "+p.Message)
		}
	case ehr.TemplateConflict:
		for i, c := range list.Changes {
			if i == maxProblems {
				f.ProblemsOmitted = len(list.Changes) - maxProblems
				break
			}
			f.Problems = append(f.Problems, TemplateChange{c.Kind, c.Breaking, c.Path, c.Old, c.New, c.Reason})
			if c.Breaking {
				f.Errors = append(f.Errors, newCodedText(c.Reason, c.Kind))
				f.ValidationErrors = append(f.ValidationErrors, c.String())
			}
		}
	case []QueryProblem:
		for i, p := range list {
			if i == maxProblems {
				f.ProblemsOmitted = len(list) - maxProblems
				break
			}
			f.Problems = append(f.Problems, p)
			f.Errors = append(f.Errors, newCodedText(p.Message, p.Code))
			f.ValidationErrors = append(f.ValidationErrors, p.String())
		}
	}
	if len(f.Errors) == 0 {
		f.Errors = []codedText{newCodedText(f.Message, f.Code)}
	}
	return marshal(f)
}

// marshal encodes a value of this package's own types, which cannot fail.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (a *api) logFault(r *http.Request, err error) {
	a.Log.ErrorContext(r.Context(), "request failed", "request_id", requestID(r.Context()),
		"method", r.Method, "error", err.Error())
}

// plainInvalid makes Unprocessable Invalid, for the operations that declare 400
// and not 422: all but those of COMPOSITION.
func plainInvalid(err error) error {
	if !errs.Is(err, errs.Unprocessable) {
		return err
	}
	e := *errs.As(err)
	e.Kind, e.Err = errs.Invalid, err
	return &e
}

func invalid(op, msg string) error { return errs.New(errs.Invalid, "rest."+op, msg) }
