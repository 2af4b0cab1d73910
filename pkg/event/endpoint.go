package event

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Endpoints are the places that notifications may be sent to: URLs of which an
// endpoint must have the scheme, the host and the beginning of the path. What a
// client names beyond them is never connected to, so that nobody can have the
// server speak to a network that only it can reach.
type Endpoints []*url.URL

// ParseEndpoints reads URLs such as https://partner.example.org/notify.
func ParseEndpoints(list []string) (Endpoints, error) {
	const op = "event.ParseEndpoints"
	var out Endpoints
	for _, text := range list {
		u, ok := parse(text)
		if !ok || u.RawQuery != "" {
			return nil, errs.New(errs.Invalid, op, "an endpoint that is allowed is a URL such as https://partner.example.org/notify")
		}
		out = append(out, u)
	}
	return out, nil
}

// parse reads a URL that says where it leads and nothing else.
func parse(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" || u.RawPath != "" {
		return nil, false
	}
	// What a server behind it could resolve to another place.
	if u.Path != "" && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") && u.Path != "/" || strings.Contains(u.Path, `\`) {
		return nil, false
	}
	return u, true
}

// Allow is nil for an endpoint that notifications may be sent to, and otherwise
// says why they may not.
func (e Endpoints) Allow(text string) error {
	const op = "event.Allow"
	u, ok := parse(text)
	if !ok {
		return errs.New(errs.Unprocessable, op, "is not a plain http or https URL")
	}
	for _, a := range e {
		prefix := strings.TrimSuffix(a.Path, "/")
		if u.Scheme == a.Scheme && strings.EqualFold(u.Hostname(), a.Hostname()) && port(u) == port(a) &&
			(u.Path == prefix || u.Path == a.Path || strings.HasPrefix(u.Path, prefix+"/")) {
			return nil
		}
	}
	return errs.New(errs.Unprocessable, op, "is not among the endpoints that the operator of this server has allowed")
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// client sends notifications. It follows no redirect: that would lead past the
// list.
func (e Endpoints) client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = concurrent
	transport.IdleConnTimeout = time.Minute
	transport.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
