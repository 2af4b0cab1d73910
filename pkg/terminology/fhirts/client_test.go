package fhirts_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts/fhirtstest"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

const (
	animals = "https://example.org/cs/animals"
	vs      = "https://example.org/vs/"
)

func zoo(t testing.TB) *local.Set {
	t.Helper()
	text, err := os.ReadFile("../local/testdata/animals.json")
	if err != nil {
		t.Fatal(err)
	}
	list, err := local.Parse(text, local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// clock is one that tests move, for the breaker and the cache.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}
func (c *clock) NowNano() int64                      { return c.Now().UnixNano() }
func (c *clock) Tick(time.Duration) <-chan time.Time { return nil }
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// seen records what the client tells its observer.
type seen struct {
	mu           sync.Mutex
	requests     map[string]int
	hits, misses int
	states       []string
}

func (s *seen) Request(operation, outcome string, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == nil {
		s.requests = map[string]int{}
	}
	s.requests[operation+" "+outcome]++
}

func (s *seen) Cached(hits, misses int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits, s.misses = s.hits+hits, s.misses+misses
}

func (s *seen) Breaker(state fhirts.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states = append(s.states, state.String())
}

type bench struct {
	*fhirts.Client
	server *fhirtstest.Server
	clock  *clock
	seen   *seen
	log    *bytes.Buffer
}

func start(t *testing.T, change func(*fhirts.Config)) *bench {
	t.Helper()
	b := &bench{server: fhirtstest.New(zoo(t)), clock: &clock{now: time.Unix(1e9, 0)}, seen: &seen{}, log: &bytes.Buffer{}}
	t.Cleanup(b.server.Close)
	cfg := fhirts.Config{
		URL: b.server.URL, Observer: b.seen, Now: b.clock.Now, Clock: b.clock, Failures: 3, Timeout: 5 * time.Second,
		Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.Client, err = fhirts.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Client.Close)
	return b
}

func at(code string) terminology.Code { return terminology.Code{System: animals, Code: code} }

func TestOperations(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *fhirts.Config) { c.PageSize = 2 })
	ctx := context.Background()
	for code, want := range map[string]string{"DOG": "true Dog", "M": "false "} {
		r, err := b.ValidateCode(ctx, vs+"mammals", at(code))
		if got := fmt.Sprint(r.Valid, " ", r.Display); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", code, got, err, want)
		}
	}
	if r, err := b.ValidateCode(ctx, vs+"mammals|1.0", at("M")); err != nil || !r.Valid {
		t.Errorf("a version of a value set: %+v %v", r, err)
	}
	if r, err := b.ValidateCode(ctx, "terminology:"+"https://example.org/cs/animals", at("P")); err != nil || !r.Valid {
		t.Errorf("a code system: %+v %v", r, err)
	}
	for reference, want := range map[string]int{vs + "mammals|1.0": 3, vs + "mammals": 2, "ValueSet/$expand?url=" + vs + "mammals&filter=do": 1, "terminology:" + animals: 7} {
		got, err := b.Expand(ctx, reference)
		if err != nil || len(got) != want {
			t.Errorf("%s: %v %v, want %d codes", reference, got, err, want)
		}
	}
	c, err := b.Lookup(ctx, at("DOG"))
	if err != nil || c.Display != "Dog" || len(c.Designations) != 1 || c.Designations[0].Value != "Perro" || len(c.Properties) != 2 {
		t.Errorf("lookup: %+v %v", c, err)
	}
	for _, tt := range []struct {
		a, b string
		want terminology.Outcome
	}{{"A", "DOG", terminology.Subsumes}, {"DOG", "A", terminology.SubsumedBy}, {"DOG", "DOG", terminology.Equivalent}, {"DOG", "F", terminology.NotSubsumed}} {
		if got, err := b.Subsumes(ctx, at(tt.a), at(tt.b)); err != nil || got != tt.want {
			t.Errorf("%s, %s: %s %v, want %s", tt.a, tt.b, got, err, tt.want)
		}
	}
	list, err := b.Translate(ctx, "https://example.org/cm/animals", at("DOG"))
	if err != nil || len(list) != 1 || list[0].Code != "448771007" {
		t.Errorf("translate: %v %v", list, err)
	}
	for name, err := range map[string]error{
		"value set":   second(b.ValidateCode(ctx, vs+"none", at("DOG"))),
		"expansion":   second(b.Expand(ctx, vs+"none")),
		"code":        second(b.Lookup(ctx, at("Q"))),
		"subsumed":    second(b.Subsumes(ctx, at("Q"), at("DOG"))),
		"concept map": second(b.Translate(ctx, "https://example.org/cm/none", at("DOG"))),
		"system":      second(b.ValidateCode(ctx, "terminology:LOINC", at("DOG"))),
	} {
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestOneBatchForAllThatIsNotKnown(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	asks := []fhirts.Ask{{vs + "mammals", at("DOG")}, {vs + "mammals", at("P")}, {vs + "none", at("DOG")}, {vs + "mammals", at("DOG")}, {"", at("DOG")}}
	for round := range 2 {
		got := b.ValidateCodes(context.Background(), asks)
		if !got[0].Result.Valid || got[1].Err != nil || got[1].Result.Valid || !errs.Is(got[2].Err, errs.NotFound) ||
			!got[3].Result.Valid || !errs.Is(got[4].Err, errs.Invalid) {
			t.Errorf("round %d: %+v", round, got)
		}
		if b.server.Requests() != 1 {
			t.Errorf("round %d: %d requests", round, b.server.Requests())
		}
	}
	if n := len(b.server.Paths()); n != 3 {
		t.Errorf("%d questions", n)
	}
	if b.seen.hits != 4 || b.seen.misses != 4 {
		t.Errorf("%d hits, %d misses", b.seen.hits, b.seen.misses)
	}
}

func TestAnswersExpire(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *fhirts.Config) { c.TTL, c.NegativeTTL = time.Hour, time.Minute })
	ask := func(code string) {
		t.Helper()
		if _, err := b.ValidateCode(context.Background(), vs+"mammals", at(code)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 2}, {30 * time.Second, 2}, {2 * time.Minute, 3}, {2 * time.Hour, 5}} {
		b.clock.advance(step.after)
		ask("DOG")
		ask("P")
		if got := b.server.Requests(); got != step.want {
			t.Errorf("after %s: %d requests, want %d", step.after, got, step.want)
		}
	}
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.Misbehave(fhirtstest.Slow)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if r, err := b.ValidateCode(context.Background(), vs+"mammals", at("DOG")); err != nil || !r.Valid {
				t.Errorf("%+v %v", r, err)
			}
			if _, err := b.Expand(context.Background(), vs+"mammals"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := b.server.Requests(); n != 2 {
		t.Errorf("%d requests for one question and one expansion", n)
	}
}

func TestServerWithoutBatches(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.Misbehave(fhirtstest.NoBatch)
	ask := func(codes ...string) {
		t.Helper()
		var asks []fhirts.Ask
		for _, c := range codes {
			asks = append(asks, fhirts.Ask{ValueSet: vs + "mammals|1.0", Code: at(c)})
		}
		for i, v := range b.ValidateCodes(context.Background(), asks) {
			if v.Err != nil {
				t.Errorf("%s: %v", codes[i], v.Err)
			}
		}
	}
	ask("DOG", "BAT", "M")
	if n := b.server.Requests(); n != 4 {
		t.Errorf("%d requests, want a refused batch and three", n)
	}
	ask("P", "F")
	if n := b.server.Requests(); n != 6 {
		t.Errorf("%d requests, want no other batch", n)
	}
	b.clock.advance(2 * time.Hour)
	b.server.Misbehave(fhirtstest.None)
	ask("P", "F")
	if n := b.server.Requests(); n != 7 {
		t.Errorf("%d requests, want a batch again", n)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []fhirtstest.Fault{
		fhirtstest.Hang, fhirtstest.Status500, fhirtstest.Status429, fhirtstest.Status401, fhirtstest.Garbage,
		fhirtstest.WrongType, fhirtstest.NoResult, fhirtstest.Cut, fhirtstest.Redirect,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			b := start(t, func(c *fhirts.Config) {
				c.Failures = 1000
				if fault == fhirtstest.Hang {
					c.Timeout = 50 * time.Millisecond
				}
			})
			b.server.Misbehave(fault)
			ctx := context.Background()
			for name, err := range map[string]error{
				"validate":  second(b.ValidateCode(ctx, vs+"mammals", at("SECRET"))),
				"expand":    second(b.Expand(ctx, vs+"mammals")),
				"lookup":    second(b.Lookup(ctx, at("SECRET"))),
				"subsumes":  second(b.Subsumes(ctx, at("SECRET"), at("DOG"))),
				"translate": second(b.Translate(ctx, "urn:secret", at("SECRET"))),
			} {
				if !errs.Is(err, errs.Unavailable) {
					t.Errorf("%s: %v, want unavailable", name, err)
				}
				if strings.Contains(fmt.Sprint(err), "SECRET") {
					t.Errorf("%s: the error has the code: %v", name, err)
				}
			}
			for i, v := range b.ValidateCodes(ctx, []fhirts.Ask{{vs + "mammals", at("DOG")}, {vs + "mammals", at("P")}}) {
				if !errs.Is(v.Err, errs.Unavailable) {
					t.Errorf("batch %d: %v, want unavailable", i, v.Err)
				}
			}
			// A failure is not an answer: it is not kept.
			b.server.Misbehave(fhirtstest.None)
			if r, err := b.ValidateCode(ctx, vs+"mammals", at("DOG")); err != nil || !r.Valid {
				t.Errorf("afterwards: %+v %v", r, err)
			}
			if strings.Contains(b.log.String(), "SECRET") || strings.Contains(b.log.String(), "mammals") {
				t.Errorf("the log tells what was asked:\n%s", b.log)
			}
		})
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.Close()
	if _, err := b.ValidateCode(context.Background(), vs+"mammals", at("DOG")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v, want unavailable", err)
	}
}

func TestPartOfABatch(t *testing.T) {
	t.Parallel()
	for _, fault := range []fhirtstest.Fault{fhirtstest.PartBatch, fhirtstest.MixedBatch} {
		b := start(t, nil)
		b.server.Misbehave(fault)
		var asks []fhirts.Ask
		for _, c := range []string{"DOG", "BAT", "M", "P"} {
			asks = append(asks, fhirts.Ask{ValueSet: vs + "mammals", Code: at(c)})
		}
		failed := 0
		for i, v := range b.ValidateCodes(context.Background(), asks) {
			switch {
			case v.Err == nil && v.Result.Valid != (i < 2):
				t.Errorf("%s %d: %+v", fault, i, v.Result)
			case v.Err != nil && !errs.Is(v.Err, errs.Unavailable):
				t.Errorf("%s %d: %v", fault, i, v.Err)
			case v.Err != nil:
				failed++
			}
		}
		if failed != 2 {
			t.Errorf("%s: %d failures, want 2", fault, failed)
		}
		// Only what had no answer is asked again.
		b.server.Misbehave(fhirtstest.None)
		asked := len(b.server.Paths())
		for i, v := range b.ValidateCodes(context.Background(), asks) {
			if v.Err != nil {
				t.Errorf("%s %d afterwards: %v", fault, i, v.Err)
			}
		}
		if n := len(b.server.Paths()) - asked; n != 2 {
			t.Errorf("%s: %d questions again, want 2", fault, n)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *fhirts.Config) { c.PageSize, c.MaxExpansion = 3, 6 })
	b.server.Misbehave(fhirtstest.SmallPages)
	if got, err := b.Expand(context.Background(), vs+"mammals|1.0"); err != nil || len(got) != 3 {
		t.Errorf("small pages: %v %v", got, err)
	}
	if _, err := b.Expand(context.Background(), animals); !errs.Is(err, errs.TooLarge) {
		t.Errorf("too large: %v", err)
	}
	b.server.Misbehave(fhirtstest.SamePage)
	if _, err := b.Expand(context.Background(), vs+"flyers"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the same page again: %v", err)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *fhirts.Config) { c.Cooldown = time.Minute })
	ask := func() error {
		_, err := b.ValidateCode(context.Background(), vs+"mammals", at("DOG"))
		return err
	}
	b.server.Misbehave(fhirtstest.Status500)
	for range 10 {
		if err := ask(); !errs.Is(err, errs.Unavailable) {
			t.Fatal(err)
		}
	}
	if n := b.server.Requests(); n != 3 || b.State() != fhirts.Open {
		t.Errorf("%d requests, %s; want 3, open", n, b.State())
	}
	b.clock.advance(61 * time.Second)
	for range 3 {
		if err := ask(); err == nil {
			t.Fatal("no error")
		}
	}
	if n := b.server.Requests(); n != 4 || b.State() != fhirts.Open {
		t.Errorf("%d requests, %s; want one probe more", n, b.State())
	}
	b.server.Misbehave(fhirtstest.None)
	b.clock.advance(61 * time.Second)
	if err := ask(); err != nil || b.State() != fhirts.Closed {
		t.Errorf("%v, %s; want closed", err, b.State())
	}
	if got := strings.Join(b.seen.states, " "); got != "open half-open open half-open closed" {
		t.Errorf("states %s", got)
	}
	if b.seen.requests["validate-code failed"] != 4 || b.seen.requests["validate-code ok"] != 1 {
		t.Errorf("requests %v", b.seen.requests)
	}
}

// A server that fails every second time does not open the breaker, and each
// failure is told.
func TestFlapping(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.Misbehave(fhirtstest.Flapping)
	failed := 0
	for _, c := range []string{"A", "M", "DOG", "BAT", "F", "P"} {
		if _, err := b.ValidateCode(context.Background(), vs+"mammals", at(c)); err != nil {
			failed++
		}
	}
	if failed != 3 || b.State() != fhirts.Closed {
		t.Errorf("%d failures, %s", failed, b.State())
	}
}

// A caller waits no longer than its budget; the answer that comes later is kept.
func TestBudget(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.Misbehave(fhirtstest.Slow)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.ValidateCode(ctx, vs+"mammals", at("DOG")); !errs.Is(err, errs.Timeout) {
		t.Errorf("%v, want timeout", err)
	}
	if _, err := b.Expand(ctx, vs+"mammals"); !errs.Is(err, errs.Timeout) {
		t.Errorf("%v, want timeout", err)
	}
	if r, err := b.ValidateCode(context.Background(), vs+"mammals", at("DOG")); err != nil || !r.Valid {
		t.Errorf("%+v %v", r, err)
	}
	if n := len(b.server.Paths()); n > 2 {
		t.Errorf("%d questions, want the first flight to be joined", n)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{"right": true, "wrong": false, "": false} {
		b := start(t, func(c *fhirts.Config) { c.Token = token })
		b.server.Token = "right"
		if _, err := b.Lookup(context.Background(), at("DOG")); (err == nil) != want {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestNewRefusesURLs(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "tx.example.org", "ftp://x", "http://", "http://a:b@c/r4", "http://x/?a=b", "://"} {
		if _, err := fhirts.New(fhirts.Config{URL: u, Transport: http.DefaultTransport}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", u, err)
		}
	}
}
