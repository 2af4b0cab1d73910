package fhirts

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/maypok86/otter/v2"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Ask is one question of ValidateCodes: whether the value set of a reference
// has the code, whose System is a URI.
type Ask struct {
	ValueSet string
	Code     terminology.Code
}

// Verdict is the answer to an Ask.
type Verdict struct {
	Result terminology.Result
	Err    error
}

// ValidateCode implements terminology.Service.
func (c *Client) ValidateCode(ctx context.Context, valueSet string, code terminology.Code) (terminology.Result, error) {
	v := c.ValidateCodes(ctx, []Ask{{valueSet, code}})[0]
	return v.Result, v.Err
}

// ValidateCodes answers questions in their order, asking the server at most
// once for all that the cache does not have. Each has its own error.
func (c *Client) ValidateCodes(ctx context.Context, asks []Ask) []Verdict {
	out := make([]Verdict, len(asks))
	keys := make([]key, len(asks))
	answered := make([]bool, len(asks))
	var want []key
	hits, misses := 0, 0
	for i, a := range asks {
		k, err := validateKey(a)
		if err != nil {
			out[i].Err, answered[i] = err, true
			continue
		}
		keys[i] = k
		if e, ok := c.cache.GetIfPresent(k); ok {
			hits++
			answered[i] = true
			out[i].Result, out[i].Err = e.verdict()
			continue
		}
		misses++
		want = append(want, k)
	}
	c.cfg.Observer.Cached(hits, misses)
	if len(want) == 0 {
		return out
	}
	type flight struct {
		found map[key]entry
		err   error
	}
	done := make(chan flight, 1)
	failures := &failures{}
	go func() {
		found, err := c.cache.BulkGet(context.WithoutCancel(ctx), want, otter.BulkLoaderFunc[key, entry](func(ctx context.Context, keys []key) (map[key]entry, error) {
			return c.load(ctx, keys, failures), nil
		}))
		done <- flight{found, err}
	}()
	var f flight
	select {
	case f = <-done:
	case <-ctx.Done():
		f.err = errs.Wrap(errs.Timeout, "fhirts.Client", "the terminology server did not answer in time", ctx.Err())
	}
	for i := range asks {
		if answered[i] {
			continue
		}
		switch e, ok := f.found[keys[i]]; {
		case ok:
			out[i].Result, out[i].Err = e.verdict()
		case f.err != nil:
			out[i].Err = f.err
		default:
			out[i].Err = failures.of(keys[i])
		}
	}
	return out
}

// verdict is what a cached entry says.
func (e entry) verdict() (terminology.Result, error) {
	if e.missing != nil {
		return terminology.Result{}, e.missing
	}
	return e.result, nil
}

// failures are the questions of one load that the server failed on.
type failures struct {
	mu   sync.Mutex
	list map[key]error
}

func (f *failures) add(k key, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list == nil {
		f.list = map[key]error{}
	}
	f.list[k] = err
}

// of is why a key has no answer: its own failure, or that of another flight
// that had the key.
func (f *failures) of(k key) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.list[k]; err != nil {
		return err
	}
	return unavailable("the terminology server gave no answer", nil)
}

func validateKey(a Ask) (key, error) {
	ref, err := terminology.ParseReference(a.ValueSet)
	if err != nil {
		return key{}, err
	}
	k := key{op: "validate-code", target: ref.URL, version: ref.Version, system: a.Code.System, code: a.Code.Code, other: a.Code.Version}
	switch {
	case ref.URL != "":
	case ref.Group != "":
		k.target = "https://specifications.openehr.org/fhir/valueset-" + ref.Group
	case ref.System != "":
		if ref.System != a.Code.System {
			return key{}, errs.New(errs.NotFound, "fhirts.Client", "the code is of another system than the one asked about")
		}
		k.op = "validate-code-system"
		k.target = ref.System
	default:
		return key{}, errs.New(errs.Invalid, "fhirts.Client", "the reference names no value set")
	}
	return k, nil
}

// request is the question as an operation of FHIR.
func (k key) request() (path string, body parameters) {
	p := []parameter{uri("url", k.target)}
	if k.op == "validate-code-system" {
		p = append(p, code("code", k.code))
		if version := k.version + k.other; version != "" {
			p = append(p, text("version", version))
		}
		return "CodeSystem/$validate-code", parameters{"Parameters", p}
	}
	if k.version != "" {
		p = append(p, text("valueSetVersion", k.version))
	}
	p = append(p, parameter{Name: "coding", ValueCoding: &coding{System: k.system, Version: k.other, Code: k.code}})
	return "ValueSet/$validate-code", parameters{"Parameters", p}
}

// load asks the server, in batches if it takes them.
func (c *Client) load(ctx context.Context, keys []key, failed *failures) map[key]entry {
	out := make(map[key]entry, len(keys))
	var mu sync.Mutex
	put := func(k key, e entry, err error) {
		if err != nil {
			failed.add(k, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		out[k] = e
	}
	for len(keys) > 0 {
		n := min(len(keys), c.cfg.BatchSize)
		part := keys[:n]
		keys = keys[n:]
		if n > 1 && c.cfg.Now().UnixNano() >= c.single.Load() {
			if c.batch(ctx, part, put) {
				continue
			}
		}
		c.each(ctx, part, put)
	}
	return out
}

// each asks one by one, a few at a time.
func (c *Client) each(ctx context.Context, keys []key, put func(key, entry, error)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, k := range keys {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			path, body := k.request()
			a, err := c.do(ctx, "validate-code", http.MethodPost, path, body)
			if err != nil {
				put(k, entry{}, err)
				return
			}
			e, err := readValidation(a.status, a.body)
			put(k, e, err)
		})
	}
	wg.Wait()
}

// batch asks all in one request. It is false if the server does not take
// batches.
func (c *Client) batch(ctx context.Context, keys []key, put func(key, entry, error)) bool {
	b := bundle{ResourceType: "Bundle", Type: "batch"}
	for _, k := range keys {
		path, body := k.request()
		data, err := json.Marshal(body)
		if err != nil {
			put(k, entry{}, errs.Wrap(errs.Internal, "fhirts.Client", "", err))
			return true
		}
		b.Entry = append(b.Entry, bundleEntry{Resource: data, Request: &bundleRequest{Method: http.MethodPost, URL: path}})
	}
	a, err := c.do(ctx, "batch", http.MethodPost, "", b)
	if err != nil {
		for _, k := range keys {
			put(k, entry{}, err)
		}
		return true
	}
	var answers bundle
	if a.status >= 400 || !decode(a.body, "Bundle", &answers) {
		c.single.Store(c.cfg.Now().Add(batchRetry).UnixNano())
		c.cfg.Log.Info("the terminology server takes no batches: it is asked one by one", "status", a.status)
		return false
	}
	for i, k := range keys {
		if i >= len(answers.Entry) {
			put(k, entry{}, unavailable("the terminology server answered a part of the batch only", nil))
			continue
		}
		e := answers.Entry[i]
		status, body := 0, e.Resource
		if e.Response != nil {
			word, _, _ := strings.Cut(e.Response.Status, " ")
			status, _ = strconv.Atoi(word) // 0 is refused below
			if body == nil {
				body = e.Response.Outcome
			}
		}
		if status == 0 || status >= 500 || status == http.StatusTooManyRequests {
			put(k, entry{}, unavailable("the terminology server failed on a question of the batch", nil))
			continue
		}
		entry, err := readValidation(status, body)
		put(k, entry, err)
	}
	return true
}

// readValidation reads the answer to $validate-code. A server that does not
// have the value set or the code system has not said that the code is wrong.
func readValidation(status int, body []byte) (entry, error) {
	var p parameters
	switch {
	case status >= 400:
		return entry{negative: true, missing: missing(status, "the value set")}, nil
	case !decode(body, "Parameters", &p):
		return entry{}, unavailable("the answer of the terminology server is not the resource Parameters", nil)
	}
	result := find(p.Parameter, "result")
	if result == nil || result.ValueBoolean == nil {
		return entry{}, unavailable("the answer of the terminology server has no result", nil)
	}
	for _, unknown := range []string{"x-caused-by-unknown-system", "x-unknown-system"} {
		if !*result.ValueBoolean && find(p.Parameter, unknown) != nil {
			return entry{negative: true, missing: missing(http.StatusNotFound, "the code system")}, nil
		}
	}
	return entry{negative: !*result.ValueBoolean, result: terminology.Result{
		Valid: *result.ValueBoolean, Display: find(p.Parameter, "display").value(), Message: find(p.Parameter, "message").value(),
	}}, nil
}
