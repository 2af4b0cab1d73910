package fhir

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

type oneType struct{}

func (oneType) Types() []string          { return []string{"Observation"} }
func (oneType) Profiles(string) []string { return nil }

const aSubscription = `{"resourceType":"Subscription","status":"requested","reason":"r","end":"2999-01-01T00:00:00Z","contact":[{"system":"phone","value":"1"}],
	"criteria":"` + TopicPrefix + `Observation","_criteria":{"extension":[{"url":"` + extFilter + `","valueString":"Observation?code=http://loinc.org|8867-4,x&date=ge2020"}]},
	"channel":{"extension":[{"url":"` + extHeartbeat + `","valueUnsignedInt":60},{"url":"` + extTimeout + `","valueUnsignedInt":5},{"url":"` + extMaxCount + `","valuePositiveInt":7}],
	"type":"rest-hook","endpoint":"https://a.example/n","payload":"application/fhir+xml","_payload":{"extension":[{"url":"` + extContent + `","valueCode":"id-only"}]},"header":["A: b"]}}`

// FuzzSubscription: whatever is accepted is a valid resource without headers,
// compiles to a search, and means the same when it is sent again.
func FuzzSubscription(f *testing.F) {
	f.Add(aSubscription)
	f.Add(`{"resourceType":"Subscription","status":"off","reason":"r","criteria":"` + TopicPrefix + `Observation|1","channel":{"type":"websocket"}}`)
	f.Add(`{"resourceType":"Subscription","status":"active","reason":"r","criteria":"Observation?code=x","channel":{"type":"email"}}`)
	a := &api{Config: Config{Coverage: oneType{}, Now: time.Now, BasePath: "/f", KeepHeaders: true, Endpoint: func(string) error { return nil }}}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := r4.Parse([]byte(text))
		if err != nil || n.Kind != r4.Object {
			return
		}
		c := &call{Request: httptest.NewRequest(http.MethodPost, "http://h.example/f/Subscription", nil), who: ehr.Actor{ID: "x"}}
		s, err := a.parseSubscription(c, n)
		if err != nil {
			return
		}
		if _, err := s.Query(); err != nil {
			t.Fatal(err)
		}
		s.ID, s.Version, s.LastUpdated = uuid.New(), 1, time.Now()
		rec, err := s.record()
		if err != nil {
			t.Fatal(err)
		}
		body, err := appendResource(nil, rec)
		if err != nil {
			t.Fatal(err)
		}
		out, err := r4.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r4.ValidateNode(out) {
			if !p.Warning {
				t.Errorf("%s: %s", p, body)
			}
		}
		if out.Get("channel", "header") != nil {
			t.Errorf("headers are shown: %s", body)
		}
		again, err := a.parseSubscription(c, out)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if again.Type != s.Type || again.Content != s.Content || len(again.Filters) != len(s.Filters) || again.Heartbeat != s.Heartbeat || again.MaxCount != s.MaxCount {
			t.Errorf("%+v is %+v", s, again)
		}
		for _, content := range []string{ContentEmpty, ContentID, ContentFull} {
			b, err := s.Notification(Happened, content, []Event{
				{Number: 1, Happened: time.Now(), Record: Record{Type: "Observation", ID: "a", Version: VersionID{Trunk: 1}, First: true, JSON: []byte(`{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"}}`)}},
				{Number: 2, Happened: time.Now(), Deleted: true, Record: Record{Type: "Observation", ID: "a", Version: VersionID{Trunk: 2}}},
				{Number: 3, Happened: time.Now(), Withheld: true},
			}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r4.Validate(b) {
				if !p.Warning {
					t.Errorf("%s: %s", p, b)
				}
			}
			if b, err = s.Serialise(b); err != nil || len(b) == 0 {
				t.Errorf("%v", err)
			}
		}
	})
}

// Every element of a subscription that is obeyed comes back as it was sent.
func TestSubscriptionResource(t *testing.T) {
	t.Parallel()
	n, err := r4.Parse([]byte(aSubscription))
	if err != nil {
		t.Fatal(err)
	}
	a := &api{Config: Config{Coverage: oneType{}, Now: time.Now, BasePath: "/f", KeepHeaders: true, Endpoint: func(string) error { return nil }}}
	c := &call{Request: httptest.NewRequest(http.MethodPost, "http://h.example/f/Subscription", nil)}
	s, err := a.parseSubscription(c, n)
	if err != nil {
		t.Fatal(err)
	}
	if s.Batch() != 7 || s.Patience() != 5*time.Second || s.Heartbeat != 60 || len(s.Headers) != 1 || s.Base != "http://h.example/f" {
		t.Errorf("%+v", s)
	}
	rec, err := s.record()
	if err != nil {
		t.Fatal(err)
	}
	body, err := r4.Parse(rec.JSON)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status", "end", "contact", "reason", "criteria", "_criteria"} {
		if got, want := string(body.Get(name).Append(nil)), string(n.Get(name).Append(nil)); got != want {
			t.Errorf("%s is %s, was %s", name, got, want)
		}
	}
	n.Get("channel").Remove("header")
	if got, want := string(body.Get("channel").Append(nil)), string(n.Get("channel").Append(nil)); got != want {
		t.Errorf("channel is %s, was %s", got, want)
	}
}
