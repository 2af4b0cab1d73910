package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// hook accepts notifications and keeps the numbers of their events.
type hook struct {
	mu      sync.Mutex
	numbers map[int]int
	stuck   chan struct{} // not nil: requests are not answered
	reached int
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	stuck := h.stuck
	h.reached++
	h.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-r.Context().Done():
		}
		return
	}
	var bundle struct {
		Entry []struct {
			Resource struct {
				Parameter []struct {
					Name string
					Part []struct{ Name, ValueString string }
				}
			}
		}
	}
	if err := json.Unmarshal(body, &bundle); err != nil || len(bundle.Entry) == 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range bundle.Entry[0].Resource.Parameter {
		for _, q := range p.Part {
			if n, err := strconv.Atoi(q.ValueString); err == nil && q.Name == "event-number" {
				h.numbers[n]++
			}
		}
	}
}

func (h *hook) state() (events, reached int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.numbers), h.reached
}

// TestKillDuringDelivery kills the server while an endpoint has a notification
// that it does not answer, and while commits go on. After a restart every event
// is delivered, without a gap.
func TestKillDuringDelivery(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	h := &hook{numbers: map[int]int{}}
	e := httptest.NewServer(h)
	defer e.Close()
	dir := filepath.Join(t.TempDir(), "data")
	args := []string{"serve", "--data-dir", dir, "--log-level", "warn", "--subscription-endpoint", e.URL, "--base-url", "https://cdr.example.org"}
	p := startProcess(t, args...)
	opt := must(library.Files.ReadFile(vitalsFile(t)))(t)
	p.must(t, http.StatusCreated, "POST", "/openehr/v1/definition/template/adl1.4", "application/xml", opt)
	_, made := p.must(t, http.StatusCreated, "POST", "/fhir/r4/Subscription", "application/fhir+json", []byte(`{"resourceType":"Subscription","status":"requested","reason":"r",
		"criteria":"https://github.com/cairn-ehr/cairn/SubscriptionTopic/Observation","channel":{"type":"rest-hook","endpoint":"`+e.URL+`","payload":"application/fhir+json"}}`))
	var subscription struct{ ID string }
	if err := json.Unmarshal(made, &subscription); err != nil {
		t.Fatal(err)
	}
	wait := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not happen:\n%s", what, p.log)
			}
		}
	}
	wait("the handshake", func() bool { _, n := h.state(); return n == 1 })
	patient := synth.New(7).Patient(0)
	p.must(t, http.StatusCreated, "PUT", "/openehr/v1/ehr/"+patient.EHRID, "application/json", patient.EHRStatus())
	stuck := make(chan struct{})
	defer close(stuck)
	h.mu.Lock()
	h.stuck = stuck
	h.mu.Unlock()
	for k, n := 0, 0; n < 5; k++ {
		if template, body := patient.Composition(k); template == synth.VitalSigns {
			p.must(t, http.StatusCreated, "POST", "/openehr/v1/ehr/"+patient.EHRID+"/composition", "application/json", body)
			n++
		}
	}
	wait("a notification", func() bool { _, n := h.state(); return n > 1 })
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	h.mu.Lock()
	h.stuck = nil
	h.mu.Unlock()

	began := time.Now()
	p = startProcess(t, args...)
	want := 0
	wait("delivery after the restart", func() bool {
		_, data := p.must(t, http.StatusOK, "GET", "/fhir/r4/Subscription/"+subscription.ID+"/$status", "", nil)
		_, rest, _ := strings.Cut(string(data), `"events-since-subscription-start","valueString":"`)
		number, _, _ := strings.Cut(rest, `"`)
		var err error
		if want, err = strconv.Atoi(number); err != nil {
			t.Fatalf("%s", data)
		}
		n, _ := h.state()
		return want > 0 && n == want
	})
	for n := range want {
		if h.numbers[n+1] == 0 {
			t.Errorf("event %d was never delivered", n+1)
		}
	}
	_, data := p.must(t, http.StatusOK, "GET", "/fhir/r4/Observation?patient="+patient.EHRID+"&_count=1", "", nil)
	if !strings.Contains(string(data), `"total":`+strconv.Itoa(want)+`,`) {
		t.Errorf("%d events, and %.200s", want, data)
	}
	t.Logf("%d events delivered %s after the restart began", want, time.Since(began).Round(time.Second))
	p.stop(t)
}

// vitalsFile is the file of the template of vital signs.
func vitalsFile(t *testing.T) string {
	t.Helper()
	list, err := library.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if b, err := library.Files.ReadFile(f.Name()); err == nil && strings.HasSuffix(f.Name(), ".opt") && strings.Contains(string(b), "<value>"+synth.VitalSigns+"</value>") {
			return f.Name()
		}
	}
	t.Fatal("no template of vital signs")
	return ""
}
