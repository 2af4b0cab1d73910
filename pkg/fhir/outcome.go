package fhir

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// issueType is the code of the value set issue-type for a kind of failure.
func issueType(k errs.Kind) string {
	switch k {
	case errs.Invalid:
		return "invalid"
	case errs.Unprocessable:
		return "processing"
	case errs.NotFound:
		return "not-found"
	case errs.Gone:
		return "deleted"
	case errs.Conflict, errs.Precondition:
		return "conflict"
	case errs.NotAcceptable, errs.UnsupportedMedia, errs.Unsupported, errs.MethodNotAllowed:
		return "not-supported"
	case errs.TooLarge, errs.URITooLong, errs.HeadersTooLarge:
		return "too-long"
	case errs.Unauthenticated:
		return "login"
	case errs.Forbidden:
		return "forbidden"
	case errs.Timeout:
		return "timeout"
	case errs.Unavailable:
		return "transient"
	default:
		return "exception"
	}
}

// issue is one entry of an OperationOutcome.
type issue struct {
	severity, code, text string
	// expression is the search parameter or element concerned.
	expression string
	// firm is true if a lenient client is refused too.
	firm bool
}

// outcome is an OperationOutcome of issues.
func outcome(issues ...issue) *r4.Node {
	list := &r4.Node{Kind: r4.Array}
	for _, i := range issues {
		n := r4.NewObject(
			r4.Field{Name: "severity", Value: r4.NewString(i.severity)},
			r4.Field{Name: "code", Value: r4.NewString(i.code)},
			r4.Field{Name: "details", Value: r4.NewObject(r4.Field{Name: "text", Value: r4.NewString(i.text)})})
		if i.expression != "" {
			n.Fields = append(n.Fields, r4.Field{Name: "expression", Value: &r4.Node{Kind: r4.Array, Items: []*r4.Node{r4.NewString(i.expression)}}})
		}
		list.Items = append(list.Items, n)
	}
	return r4.NewObject(r4.Field{Name: "resourceType", Value: r4.NewString("OperationOutcome")}, r4.Field{Name: "issue", Value: list})
}

// refusal is an error with the issues that its OperationOutcome lists.
type refusal struct {
	cause  *errs.Error
	issues []issue
}

func (r *refusal) Error() string { return r.cause.Error() }

// Unwrap keeps the kind visible to package errs.
func (r *refusal) Unwrap() error { return r.cause }

// fault answers with an OperationOutcome. Only the message of an errs.Error
// reaches the client; causes go to the log.
func (a *api) fault(w *answer, c *call, err error) {
	kind := errs.KindOf(err)
	code := kind.Status()
	if code >= 500 && kind != errs.Unsupported {
		a.Log.ErrorContext(c.Context(), "FHIR request failed", "error", err, "request_id", a.requestID(c))
	}
	if w.Started() {
		panic(http.ErrAbortHandler)
	}
	issues := []issue{{severity: "error", code: issueType(kind)}}
	var r *refusal
	if errors.As(err, &r) && len(r.issues) > 0 {
		issues = r.issues
	}
	for i := range issues {
		if issues[i].text == "" {
			issues[i].text = http.StatusText(code)
			if e := errs.As(err); e != nil && e.Msg != "" && kind != errs.Internal {
				issues[i].text = e.Msg
			}
		}
	}
	if code == http.StatusInternalServerError {
		if id := a.requestID(c); id != "" {
			issues[0].text += " (request " + id + ")"
		}
	}
	if code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(2))
	}
	if err := a.write(w, c, code, outcome(issues...).Append(nil)); err != nil {
		a.Log.ErrorContext(c.Context(), "an OperationOutcome could not be written", "error", err)
	}
}
