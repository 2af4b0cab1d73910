package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// endpoint is a subscriber's server. It keeps what it accepts.
type endpoint struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	status int // what it answers; 0 is 200
	tried  int
	got    []*r4.Node
	header http.Header
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{t: t}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.tried++
		e.header = r.Header
		if e.status != 0 {
			w.WriteHeader(e.status)
			return
		}
		parse := r4.Parse
		if r.Header.Get("Content-Type") == r4.MediaTypeXML {
			parse = r4.ParseXML
		}
		n, parseErr := parse(body)
		if err != nil || parseErr != nil {
			t.Errorf("a notification cannot be read: %v %v %.200s", err, parseErr, body)
			return
		}
		for _, p := range r4.ValidateNode(n) {
			if !p.Warning {
				t.Errorf("a notification is not valid: %s", p)
			}
		}
		e.got = append(e.got, n)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) answer(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.tried = status, 0
}

// notice is one notification, or one event of it.
type notice struct {
	kind, status, number, focus string
}

// notices are the notifications in the order in which they came.
func notices(list []*r4.Node) (out []notice) {
	for _, n := range list {
		params := n.List("entry")[0].Get("resource")
		var base notice
		events := 0
		for _, p := range params.List("parameter") {
			switch p.Str("name") {
			case "type":
				base.kind = p.Str("valueCode")
			case "status":
				base.status = p.Str("valueCode")
			case "notification-event":
				events++
				one := base
				for _, q := range p.List("part") {
					switch q.Str("name") {
					case "event-number":
						one.number = q.Str("valueString")
					case "focus":
						one.focus = q.Str("valueReference", "reference")
					}
				}
				out = append(out, one)
			}
		}
		if events == 0 {
			out = append(out, base)
		}
	}
	return out
}

// wait waits until what came satisfies a condition.
func (e *endpoint) wait(what string, ok func([]notice) bool) []notice {
	e.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		e.mu.Lock()
		list := notices(e.got)
		e.mu.Unlock()
		if ok(list) {
			return list
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("%s did not happen: %+v", what, list[max(0, len(list)-20):])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (e *endpoint) bundles() []*r4.Node {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

func events(list []notice) (out []notice) {
	for _, n := range list {
		if n.kind == fhir.Happened {
			out = append(out, n)
		}
	}
	return out
}

// wanted is a subscription as a client writes it.
type wanted struct {
	typ, channel, endpoint, content, payload string
	filters, headers                         []string
	heartbeat, count                         int
	status                                   string
}

func (w wanted) JSON() string {
	const ext = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
	type m = map[string]any
	var filters, channelExt []m
	for _, f := range w.filters {
		filters = append(filters, m{"url": ext + "filter-criteria", "valueString": f})
	}
	if w.heartbeat > 0 {
		channelExt = append(channelExt, m{"url": ext + "heartbeat-period", "valueUnsignedInt": w.heartbeat})
	}
	if w.count > 0 {
		channelExt = append(channelExt, m{"url": ext + "max-count", "valuePositiveInt": w.count})
	}
	channel := m{"type": "rest-hook", "payload": "application/fhir+json"}
	if w.channel != "" {
		channel["type"] = w.channel
	}
	if w.payload != "" {
		channel["payload"] = w.payload
	}
	if w.endpoint != "" {
		channel["endpoint"] = w.endpoint
	}
	if w.content != "" {
		channel["_payload"] = m{"extension": []m{{"url": ext + "payload-content", "valueCode": w.content}}}
	}
	if channelExt != nil {
		channel["extension"] = channelExt
	}
	if w.headers != nil {
		channel["header"] = w.headers
	}
	s := m{"resourceType": "Subscription", "status": "requested", "reason": "to be told", "criteria": fhir.TopicPrefix + w.typ, "channel": channel}
	if w.status != "" {
		s["status"] = w.status
	}
	if filters != nil {
		s["_criteria"] = m{"extension": filters}
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ward is a server with one patient and a supply of compositions.
type ward struct {
	*partner
	ehr    uuid.UUID
	bodies [][]byte
}

func subscriptionOptions(t *testing.T, endpoints ...string) Options {
	o := testOptions(t)
	o.Subscription = SubscriptionOptions{Endpoint: endpoints, Backoff: 50 * time.Millisecond, Attempts: 7, Slice: 2 * time.Second, Key: []string{strings.Repeat("0b", 32)}}
	o.LogLevel = "warn"
	return o
}

func newWard(t *testing.T, o Options) *ward {
	t.Helper()
	s := runningWith(t, o, 21, 1)
	w := &ward{partner: &partner{t, s, s.Origin() + "/fhir/r4/"}}
	w.ehr, w.bodies = admit(t, s, 21, 1)
	return w
}

// admit makes an EHR for another patient of the sandbox, with compositions of
// vital signs to commit.
func admit(t *testing.T, s *Server, seed uint64, n int) (uuid.UUID, [][]byte) {
	t.Helper()
	p := synth.New(seed).Patient(n)
	id := uuid.MustParse(p.EHRID)
	if _, err := s.Service.CreateEHR(t.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: p.EHRStatus()}}); err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for k := range 60 {
		template, body := p.Composition(k)
		if strings.Contains(template, "Vital signs") {
			bodies = append(bodies, body)
		}
	}
	if len(bodies) < 5 {
		t.Fatalf("%d compositions", len(bodies))
	}
	return id, bodies
}

func commit(t *testing.T, s *Server, id uuid.UUID, body []byte) ehr.VersionUID {
	t.Helper()
	v, err := s.Service.CreateComposition(t.Context(), sandboxActor, ehr.CreateComposition{EHRID: id, Content: ehr.Content{JSON: body}})
	if err != nil {
		t.Fatal(err)
	}
	return v.UID
}

// subscribe creates a subscription and gives its id.
func (p *partner) subscribe(w wanted) string {
	p.t.Helper()
	status, n := p.do("POST", "Subscription", "application/fhir+json", w.JSON())
	if status != http.StatusCreated {
		p.t.Fatalf("subscribe: %d %s", status, n.Append(nil))
	}
	return n.Str("id")
}

// statusOf is a parameter of $status.
func (p *partner) statusOf(id, name string) string {
	p.t.Helper()
	for _, q := range p.get("Subscription/" + id + "/$status").List("entry")[0].Get("resource").List("parameter") {
		if q.Str("name") == name {
			for _, f := range q.Fields {
				if strings.HasPrefix(f.Name, "value") {
					return string(f.Value.Append(nil))
				}
			}
		}
	}
	return ""
}

// A rest-hook is sent a handshake and then every change of what it asked for, in
// order and no more of it than it asked for.
func TestSubscription(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	w := newWard(t, subscriptionOptions(t, e.URL+"/hooks"))
	patient := "Observation?patient=" + w.ehr.String()
	commit(t, w.s, w.ehr, w.bodies[0]) // before there is a subscription
	id := w.subscribe(wanted{typ: "Observation", endpoint: e.URL + "/hooks/a", content: fhir.ContentFull, filters: []string{patient}, headers: []string{"Authorization: Bearer very-secret"}})
	e.wait("the handshake", func(list []notice) bool {
		return len(list) == 1 && list[0].kind == fhir.Handshake && list[0].status == "requested"
	})
	if got := e.header.Get("Authorization"); got != "Bearer very-secret" {
		t.Errorf("Authorization is %q", got)
	}
	uid := commit(t, w.s, w.ehr, w.bodies[1])
	want := len(w.all(patient+"&_lastUpdated=gt2020-01-01", "match"))
	before := names(w.all(patient, "match"))
	list := events(e.wait("the events", func(list []notice) bool {
		return len(events(list)) > 0 && w.statusOf(id, "events-since-subscription-start") == fmt.Sprintf("%q", events(list)[len(events(list))-1].number)
	}))
	if want == 0 || len(list) == 0 || len(list) >= want {
		t.Errorf("%d events, %d observations in all", len(list), want)
	}
	for i, n := range list {
		if n.number != fmt.Sprint(i+1) || !slices.Contains(before, strings.TrimPrefix(n.focus, w.base)) {
			t.Errorf("event %d is %+v", i+1, n)
		}
	}
	for _, b := range e.bundles()[1:] {
		for _, entry := range b.List("entry")[1:] {
			n := entry.Get("resource")
			read := w.get("Observation/" + n.Str("id"))
			if string(read.Append(nil)) != string(n.Append(nil)) || entry.Str("request", "method") != "POST" || n.Str("meta", "source") != "ehr:"+uid.String() {
				t.Errorf("the notification has %s", entry.Append(nil))
			}
		}
	}

	// The same resources change and vanish.
	seen := len(list)
	next := replaced(t, w.s, w.ehr, uid, w.bodies[1])
	e.wait("the changes", func(list []notice) bool { return len(events(list)) == 2*seen })
	removed(t, w.s, w.ehr, next)
	list = events(e.wait("the deletions", func(list []notice) bool { return len(events(list)) == 3*seen }))
	for i, n := range list {
		if n.number != fmt.Sprint(i+1) {
			t.Errorf("event %d has number %s", i+1, n.number)
		}
	}
	methods := map[string]int{}
	for _, b := range e.bundles() {
		for _, entry := range b.List("entry")[1:] {
			methods[entry.Str("request", "method")]++
			if (entry.Str("request", "method") == "DELETE") != (entry.Get("resource") == nil) {
				t.Errorf("an entry is %s", entry.Append(nil))
			}
		}
	}
	if methods["POST"] != seen || methods["PUT"] != seen || methods["DELETE"] != seen {
		t.Errorf("of %d resources: %v", seen, methods)
	}

	// What the API says of it, and what not.
	read := w.get("Subscription/" + id)
	if read.Str("status") != "active" || strings.Contains(string(read.Append(nil)), "secret") || read.Str("meta", "versionId") != "1" {
		t.Errorf("%s", read.Append(nil))
	}
	again := w.get("Subscription/" + id + "/$events?eventsSinceNumber=2&eventsUntilNumber=3&content=id-only")
	if got := notices([]*r4.Node{again}); len(got) != 2 || got[0].number != "2" || got[0].kind != "query-event" || got[0].focus == "" || again.List("entry")[1].Get("resource") != nil {
		t.Errorf("events: %s", again.Append(nil))
	}
	if found := names(w.all("Subscription?status=active&type=rest-hook", "match")); !slices.Equal(found, []string{"Subscription/" + id}) {
		t.Errorf("found %v", found)
	}
	if status, _, _ := send(t, "DELETE", w.base+"Subscription/"+id, ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	if status, _ := w.do("GET", "Subscription/"+id, "", ""); status != http.StatusNotFound {
		t.Errorf("deleted: %d", status)
	}
	var rows int
	if err := w.s.store.Pool().QueryRow(t.Context(), `select count(*) from fhir_event`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d events are left, %v", rows, err)
	}
}

func replaced(t *testing.T, s *Server, id uuid.UUID, of ehr.VersionUID, body []byte) ehr.VersionUID {
	t.Helper()
	status, header, data := send(t, "PUT", s.Origin()+"/openehr/v1/ehr/"+id.String()+"/composition/"+of.Object.String(), string(body), "If-Match", `"`+of.String()+`"`, "Content-Type", "application/json")
	if status >= 300 {
		t.Fatalf("%d %s", status, data)
	}
	uid, err := ehr.ParseVersionUID(strings.Trim(strings.TrimPrefix(header.Get("ETag"), "W/"), `"`))
	if err != nil {
		t.Fatal(err)
	}
	return uid
}

func removed(t *testing.T, s *Server, id uuid.UUID, of ehr.VersionUID) {
	t.Helper()
	if status, _, data := send(t, "DELETE", s.Origin()+"/openehr/v1/ehr/"+id.String()+"/composition/"+of.String(), ""); status >= 300 {
		t.Fatalf("%d %s", status, data)
	}
}
