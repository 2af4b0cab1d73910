package fhirts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/maypok86/otter/v2"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Config says which server to ask and how. Zero values take the default.
type Config struct {
	// URL is the base of the server, such as https://tx.example.org/r4.
	URL string
	// Token is sent as a bearer token; "" sends none.
	Token string
	// Transport carries the requests; nil is a transport with the proxies and
	// the certificate authorities of the environment.
	Transport http.RoundTripper
	// Timeout bounds one request (default 5 s).
	Timeout time.Duration
	// BatchSize is the greatest number of questions in one request (default
	// 100); 1 never batches.
	BatchSize int
	// TTL and NegativeTTL are how long answers are kept (default 1 h) and those
	// that a code or value set does not exist (default 5 min).
	TTL, NegativeTTL time.Duration
	// CacheCodes bounds the cache, in codes (default 500,000).
	CacheCodes int
	// MaxExpansion is the greatest number of codes of an expansion (default
	// 50,000), PageSize how many are asked for at once (default 1,000).
	MaxExpansion, PageSize int
	// MaxBytes bounds one answer (default 64 MiB).
	MaxBytes int64
	// Failures in a row, by default 5, keep requests back for Cooldown, by
	// default 30 s.
	Failures int
	Cooldown time.Duration
	// Observer is told what happens; nil for nobody.
	Observer Observer
	// Log takes changes of the breaker; nil for none.
	Log *slog.Logger
	// Now is the clock of the breaker; nil is time.Now.
	Now func() time.Time
	// Clock is that of the cache; nil is the system's.
	Clock otter.Clock
}

// Observer is told what a Client does. It gets no codes. Its methods are called
// from many goroutines.
type Observer interface {
	// Request is one HTTP request; outcome is ok, refused (the server gave no
	// answer to the question) or failed.
	Request(operation, outcome string, took time.Duration)
	// Cached counts questions that the cache answered and those it did not.
	Cached(hits, misses int)
	// Breaker is a change of state.
	Breaker(state State)
}

type nobody struct{}

func (nobody) Request(string, string, time.Duration) {}
func (nobody) Cached(int, int)                       {}
func (nobody) Breaker(State)                         {}

// Client asks a FHIR terminology server. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string
	http    *http.Client
	cache   *otter.Cache[key, entry]
	breaker *breaker
	// single is the time, in Unix nanoseconds, until which no batches are sent,
	// because the server refused one.
	single atomic.Int64
}

var _ terminology.Service = (*Client)(nil)

// batchRetry is how long a server that refused a batch is asked one by one.
const batchRetry = time.Hour

// New makes a client; errs.Invalid for a URL that is not an http(s) one.
func New(cfg Config) (*Client, error) {
	const op = "fhirts.New"
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errs.New(errs.Invalid, op, "the URL of the terminology server must be http or https, with a host and without a query")
	}
	if u.User != nil {
		return nil, errs.New(errs.Invalid, op, "the URL of the terminology server must not hold a password: give a token")
	}
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	after := func(p *time.Duration, v time.Duration) {
		if *p <= 0 {
			*p = v
		}
	}
	after(&cfg.Timeout, 5*time.Second)
	after(&cfg.TTL, time.Hour)
	after(&cfg.NegativeTTL, 5*time.Minute)
	after(&cfg.Cooldown, 30*time.Second)
	set(&cfg.BatchSize, 100)
	set(&cfg.CacheCodes, 500_000)
	set(&cfg.MaxExpansion, 50_000)
	set(&cfg.PageSize, 1000)
	set(&cfg.Failures, 5)
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 64 << 20
	}
	if cfg.Observer == nil {
		cfg.Observer = nobody{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 8
		cfg.Transport = t
	}
	c := &Client{cfg: cfg, base: strings.TrimSuffix(cfg.URL, "/")}
	c.http = &http.Client{
		Transport: cfg.Transport,
		// A redirect could carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.breaker = &breaker{failures: cfg.Failures, cooldown: cfg.Cooldown, now: cfg.Now, changed: c.breakerChanged}
	c.cache, err = otter.New(&otter.Options[key, entry]{
		MaximumWeight: uint64(cfg.CacheCodes),
		Weigher:       func(_ key, e entry) uint32 { return uint32(1 + len(e.codes)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[key, entry]) time.Duration {
			if e.Value.negative {
				return cfg.NegativeTTL
			}
			return cfg.TTL
		}),
		Clock: cfg.Clock,
	})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	return c, nil
}

func (c *Client) breakerChanged(s State) {
	c.cfg.Observer.Breaker(s)
	switch s {
	case Open:
		c.cfg.Log.Warn("the terminology server does not answer: it is left alone for a while", "cooldown", c.cfg.Cooldown.String())
	case Closed:
		c.cfg.Log.Info("the terminology server answers again")
	}
}

// State is that of the circuit breaker.
func (c *Client) State() State { return c.breaker.current() }

// Close releases idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// key is a question to the server.
type key struct {
	op                                   string
	target, version, system, code, other string
}

// entry is an answer that is kept. missing says why there is none: the server
// does not know what was asked about.
type entry struct {
	negative bool
	missing  *errs.Error
	result   terminology.Result
	codes    []terminology.Code
	concept  terminology.Concept
	outcome  terminology.Outcome
}

// get asks the cache, then the server. A question that is under way is not
// asked again; whoever waits for it does so no longer than its own context.
func (c *Client) get(ctx context.Context, k key, ask func(context.Context) (entry, error)) (entry, error) {
	if e, ok := c.cache.GetIfPresent(k); ok {
		c.cfg.Observer.Cached(1, 0)
		return e.or()
	}
	c.cfg.Observer.Cached(0, 1)
	type outcome struct {
		e   entry
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		// The flight outlives its first passenger, so that others get there.
		e, err := c.cache.Get(context.WithoutCancel(ctx), k, otter.LoaderFunc[key, entry](func(ctx context.Context, _ key) (entry, error) {
			return ask(ctx)
		}))
		done <- outcome{e, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return entry{}, o.err
		}
		return o.e.or()
	case <-ctx.Done():
		return entry{}, errs.Wrap(errs.Timeout, "fhirts.Client", "the terminology server did not answer in time", ctx.Err())
	}
}

func (e entry) or() (entry, error) {
	if e.missing != nil {
		return entry{}, e.missing
	}
	return e, nil
}

func unavailable(msg string, err error) error {
	return errs.Wrap(errs.Unavailable, "fhirts.Client", msg, err)
}

// answer is what came back for a request.
type answer struct {
	status int
	body   []byte
}

// do sends one request, unless the breaker keeps it back. An error means that
// the server failed; whatever else it says is an answer.
func (c *Client) do(ctx context.Context, operation, method, path string, body any) (answer, error) {
	if !c.breaker.allow() {
		return answer{}, unavailable("the terminology server did not answer lately and is not asked for a while", nil)
	}
	began := c.cfg.Now()
	out, err := c.send(ctx, method, path, body)
	outcome := "ok"
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		c.breaker.abandon()
		outcome = "abandoned"
	case err != nil:
		c.breaker.done(false)
		outcome = "failed"
	default:
		c.breaker.done(true)
		if out.status >= 400 {
			outcome = "refused"
		}
	}
	c.cfg.Observer.Request(operation, outcome, c.cfg.Now().Sub(began))
	return out, err
}

func (c *Client) send(ctx context.Context, method, path string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return answer{}, errs.Wrap(errs.Internal, "fhirts.Client", "", err)
		}
		reader = bytes.NewReader(data)
	}
	target := c.base
	if path != "" {
		target += "/" + path
	}
	req, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return answer{}, errs.Wrap(errs.Internal, "fhirts.Client", "", redact(err))
	}
	req.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, unavailable("the terminology server does not answer", redact(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBytes+1))
	switch {
	case err != nil:
		return answer{}, unavailable("the terminology server does not answer", redact(err))
	case int64(len(data)) > c.cfg.MaxBytes:
		return answer{}, unavailable(fmt.Sprintf("the answer of the terminology server is longer than %d bytes", c.cfg.MaxBytes), nil)
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return answer{}, unavailable(fmt.Sprintf("the terminology server answers with status %d", resp.StatusCode), nil)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return answer{}, unavailable("the terminology server does not accept Cairn's credentials", nil)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return answer{}, unavailable("the terminology server redirects, which is not followed", nil)
	case !jsontext.Value(data).IsValid():
		return answer{}, unavailable("the answer of the terminology server is not JSON", nil)
	}
	return answer{resp.StatusCode, data}, nil
}

// redact takes the URL, which may hold a code, out of an error of net/http.
func redact(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// missing is what a server says that does not know what it was asked about. Its
// words are not passed on: they may repeat the code.
func missing(status int, what string) *errs.Error {
	if status == http.StatusNotFound || status == http.StatusGone {
		return errs.New(errs.NotFound, "fhirts.Client", "the terminology server does not have "+what)
	}
	return errs.New(errs.NotFound, "fhirts.Client", fmt.Sprintf("the terminology server gives no answer on %s (status %d)", what, status))
}
