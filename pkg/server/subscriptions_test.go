package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// An endpoint that fails is tried again and loses nothing; one that goes on
// failing puts the subscription in error, from which the client resumes it.
func TestSubscriptionFailures(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	w := newWard(t, subscriptionOptions(t, e.URL))
	id := w.subscribe(wanted{typ: "Observation", endpoint: e.URL, content: fhir.ContentID, count: 3})
	e.wait("the handshake", func(list []notice) bool { return len(list) == 1 })
	tried := func(n int) func() bool {
		return func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.tried >= n
		}
	}
	inOrder := func(list []notice) {
		t.Helper()
		for i, n := range events(list) {
			if n.number != fmt.Sprint(i+1) {
				t.Errorf("event %d has number %s", i+1, n.number)
			}
		}
	}
	e.answer(http.StatusServiceUnavailable)
	commit(t, w.s, w.ehr, w.bodies[0])
	eventually(t, "a second attempt", tried(2))
	if status, reason := w.statusOf(id, "status"), w.statusOf(id, "error"); status != `"active"` || !strings.Contains(reason, "the endpoint answered 503") {
		t.Errorf("while it fails: %s, %s", status, reason)
	}
	commit(t, w.s, w.ehr, w.bodies[1])
	e.answer(0)
	all := func(list []notice) bool {
		return w.statusOf(id, "events-since-subscription-start") == fmt.Sprintf("%q", fmt.Sprint(len(events(list)))) && len(events(list)) > 0
	}
	inOrder(e.wait("the events", all))
	for _, b := range e.bundles()[1:] {
		if n := len(events(notices([]*r4.Node{b}))); n > 3 {
			t.Errorf("a notification of %d events", n)
		}
	}
	if status, header, _ := send(t, "GET", w.base+"Subscription/"+id, "", "If-None-Match", `W/"1"`); status != 200 || header.Get("ETag") != `W/"1"` {
		t.Errorf("a conditional read, whatever the state: %d %s", status, header.Get("ETag"))
	}
	if reason := w.statusOf(id, "error"); reason != "" {
		t.Errorf("when it succeeds: %s", reason)
	}

	e.answer(http.StatusFound)
	commit(t, w.s, w.ehr, w.bodies[2])
	eventually(t, "the error", func() bool { return w.statusOf(id, "status") == `"error"` })
	if n := w.get("Subscription/" + id); !strings.Contains(n.Str("error"), "302") {
		t.Errorf("in error: %s", n.Append(nil))
	}
	e.mu.Lock()
	attempts := e.tried
	e.mu.Unlock()
	if attempts != 7 {
		t.Errorf("%d attempts", attempts)
	}
	e.answer(0)
	commit(t, w.s, w.ehr, w.bodies[3])
	time.Sleep(time.Second)
	if tried(1)() {
		t.Error("a subscription in error is sent to")
	}
	if status, n := w.do("PUT", "Subscription/"+id, "application/fhir+json", wanted{typ: "Observation", endpoint: e.URL, content: fhir.ContentID}.JSON()); status != 200 || n.Str("status") != "requested" || n.Str("meta", "versionId") != "2" {
		t.Fatalf("resume: %d %s", status, n.Append(nil))
	}
	list := e.wait("what was missed", func(list []notice) bool { return len(list) > 0 && all(list) && list[len(list)-1].kind == fhir.Happened })
	inOrder(list)
	if !slices.ContainsFunc(list[1:], func(n notice) bool { return n.kind == fhir.Handshake }) {
		t.Error("no handshake on resumption")
	}

	// Turned off, it is not told of what happens.
	if status, n := w.do("PUT", "Subscription/"+id, "application/fhir+json", wanted{typ: "Observation", endpoint: e.URL, content: fhir.ContentID, status: "off"}.JSON()); status != 200 || n.Str("status") != "off" {
		t.Fatalf("off: %d %s", status, n.Append(nil))
	}
	before := w.statusOf(id, "events-since-subscription-start")
	commit(t, w.s, w.ehr, w.bodies[4])
	eventually(t, "an empty outbox", func() bool {
		var n int
		if err := w.s.store.Pool().QueryRow(t.Context(), `select count(*) from fhir_outbox`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	if after := w.statusOf(id, "events-since-subscription-start"); after != before {
		t.Errorf("events go on: %s, %s", before, after)
	}
}

// A notification tells no more than the subscription asked for.
func TestSubscriptionPayloads(t *testing.T) {
	t.Parallel()
	hooks := map[string]*endpoint{fhir.ContentEmpty: newEndpoint(t), fhir.ContentID: newEndpoint(t), fhir.ContentFull: newEndpoint(t), "": newEndpoint(t)}
	var urls []string
	for _, e := range hooks {
		urls = append(urls, e.URL)
	}
	w := newWard(t, subscriptionOptions(t, urls...))
	ids := map[string]string{}
	for content, e := range hooks {
		ids[content] = w.subscribe(wanted{typ: "Observation", endpoint: e.URL, content: content, payload: r4.MediaTypeXML, heartbeat: 1})
		e.wait("the handshake", func(list []notice) bool { return len(list) > 0 })
	}
	commit(t, w.s, w.ehr, w.bodies[0])
	for content, e := range hooks {
		list := e.wait("an event and a heartbeat after it", func(list []notice) bool {
			i := slices.IndexFunc(list, func(n notice) bool { return n.kind == fhir.Happened })
			return i >= 0 && slices.ContainsFunc(list[i:], func(n notice) bool { return n.kind == fhir.Heartbeat })
		})
		resources, entries := 0, 0
		for _, b := range e.bundles() {
			for _, entry := range b.List("entry")[1:] {
				entries++
				if entry.Get("resource") != nil {
					resources++
				}
			}
			if text := string(b.Append(nil)); content == fhir.ContentEmpty || content == "" {
				if strings.Contains(text, "Observation/") || strings.Contains(text, w.ehr.String()) {
					t.Errorf("%q tells %s", content, text)
				}
			} else if content == fhir.ContentID && strings.Contains(text, w.ehr.String()) {
				t.Errorf("%q tells %s", content, text)
			}
		}
		focused := 0
		for _, n := range events(list) {
			if n.focus != "" {
				focused++
			}
		}
		n := len(events(list))
		want := map[string][3]int{"": {0, 0, 0}, fhir.ContentEmpty: {0, 0, 0}, fhir.ContentID: {n, n, 0}, fhir.ContentFull: {n, n, n}}[content]
		if got := [3]int{focused, entries, resources}; got != want || n == 0 {
			t.Errorf("%q: focus, entries and resources are %v of %d events", content, got, n)
		}
		if content != fhir.ContentFull {
			if status, _ := w.do("GET", "Subscription/"+ids[content]+"/$events?content=full-resource", "", ""); status != http.StatusBadRequest {
				t.Errorf("%q gives full resources on request: %d", content, status)
			}
		}
	}
}

// A websocket is bound by a token, once, and sent what a rest-hook would be.
func TestSubscriptionSocket(t *testing.T) {
	t.Parallel()
	w := newWard(t, subscriptionOptions(t))
	id := w.subscribe(wanted{typ: "Observation", channel: "websocket", content: fhir.ContentID, heartbeat: 1})
	value := func(n *r4.Node, name string) string {
		for _, p := range n.List("parameter") {
			if p.Str("name") == name {
				return p.Fields[1].Value.Text
			}
		}
		return ""
	}
	bind := func(ctx context.Context, message, url string) *websocket.Conn {
		t.Helper()
		conn, _, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetReadLimit(1 << 20)
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	read := func(ctx context.Context, conn *websocket.Conn) []notice {
		t.Helper()
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r4.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r4.ValidateNode(n) {
			if !p.Warning {
				t.Errorf("a notification is not valid: %s", p)
			}
		}
		return notices([]*r4.Node{n})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// What happens while nobody is connected waits.
	commit(t, w.s, w.ehr, w.bodies[0])
	eventually(t, "an event", func() bool { return w.statusOf(id, "events-since-subscription-start") != `"0"` })
	params := w.get("Subscription/" + id + "/$get-ws-binding-token")
	url, token := value(params, "websocket-url"), value(params, "token")
	conn := bind(ctx, "bind-with-token "+token, url)
	if list := read(ctx, conn); len(list) != 1 || list[0].kind != fhir.Handshake {
		t.Errorf("first %+v", list)
	}
	next := 1
	for kinds := map[string]bool{}; !kinds[fhir.Heartbeat]; {
		for _, n := range read(ctx, conn) {
			kinds[n.kind] = true
			if n.kind == fhir.Happened {
				if n.number != fmt.Sprint(next) || n.focus == "" {
					t.Errorf("event %d is %+v", next, n)
				}
				next++
			}
		}
	}
	if next == 1 {
		t.Error("no event before the heartbeat")
	}
	conn.Close(websocket.StatusNormalClosure, "")
	commit(t, w.s, w.ehr, w.bodies[1])
	params = w.get("Subscription/$get-ws-binding-token?id=" + id)
	conn = bind(ctx, "bind-with-token "+value(params, "token"), url)
	for read(ctx, conn)[0].kind == fhir.Handshake {
		list := read(ctx, conn)
		if list[0].kind == fhir.Happened && list[0].number != fmt.Sprint(next) {
			t.Errorf("after coming back: %+v, want %d", list[0], next)
		}
	}
	if status, _, _ := send(t, "DELETE", w.base+"Subscription/"+id, ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
				t.Errorf("the websocket of a subscription that was deleted: %v", err)
			}
			break
		}
	}
	for _, message := range []string{"bind-with-token " + token, "bind-with-token x", "bind " + id, ""} {
		conn := bind(ctx, message, url)
		if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("%.20q: %v", message, err)
		}
	}
	if status, _ := w.do("GET", "Subscription/$get-ws-binding-token", "", ""); status != http.StatusNotFound {
		t.Errorf("a token for nothing: %d", status)
	}
}

// TestSubscriptionPages: a list goes on behind what was deleted meanwhile.
func TestSubscriptionPages(t *testing.T) {
	t.Parallel()
	w := newWard(t, subscriptionOptions(t))
	var ids []string
	for range 3 {
		ids = append(ids, "Subscription/"+w.subscribe(wanted{typ: "Observation", channel: "websocket", content: fhir.ContentEmpty}))
	}
	slices.Sort(ids)
	next := ""
	for _, l := range w.get("Subscription?_count=2").List("link") {
		if l.Str("relation") == "next" {
			next = l.Str("url")
		}
	}
	if status, _, body := send(t, http.MethodDelete, w.base+ids[1], ""); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, body)
	}
	if found := names(w.all(next, "match")); !slices.Equal(found, ids[2:]) {
		t.Errorf("after the second of %v: %v", ids, found)
	}
}

// Filters are searches. What met them and does not any more is an event, too.
func TestSubscriptionFilters(t *testing.T) {
	t.Parallel()
	w := newWard(t, subscriptionOptions(t))
	other, bodies := admit(t, w.s, 21, 2)
	const pulse = "http://loinc.org|8867-4"
	all := w.subscribe(wanted{typ: "Observation", channel: "websocket", content: fhir.ContentID})
	mine := w.subscribe(wanted{typ: "Observation", channel: "websocket", content: fhir.ContentID, filters: []string{"Observation?patient=Patient/" + w.ehr.String(), "Observation?code=" + pulse}})
	high := w.subscribe(wanted{typ: "Observation", channel: "websocket", content: fhir.ContentID, filters: []string{"Observation?code=" + pulse + "&value-quantity=gt100000"}})
	patients := w.subscribe(wanted{typ: "Patient", channel: "websocket", content: fhir.ContentID})
	ids := []string{"Subscription/" + all, "Subscription/" + mine, "Subscription/" + high, "Subscription/" + patients}
	slices.Sort(ids)
	if found := names(w.all("Subscription?_count=3", "match")); !slices.Equal(found, ids) {
		t.Errorf("in pages: %v", found)
	}
	told := func(id string) map[string]int {
		out := map[string]int{}
		for _, n := range notices([]*r4.Node{w.get("Subscription/" + id + "/$events?eventsSinceNumber=1")}) {
			if n.number != "" {
				out[strings.TrimPrefix(n.focus, w.base)]++
			}
		}
		return out
	}
	settled := func() {
		t.Helper()
		eventually(t, "an empty outbox", func() bool {
			var n int
			if err := w.s.store.Pool().QueryRow(t.Context(), `select count(*) from fhir_outbox`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n == 0
		})
	}
	with := slices.IndexFunc(w.bodies, func(b []byte) bool { return strings.Contains(string(b), "pulse.v2") })
	if with < 0 {
		t.Fatal("no composition with a pulse")
	}
	uid := commit(t, w.s, w.ehr, w.bodies[with])
	commit(t, w.s, other, bodies[0])
	settled()
	found := names(w.all("Observation?patient="+w.ehr.String()+"&code="+pulse, "match"))
	if got := told(mine); len(found) == 0 || len(got) != len(found) || got[found[0]] != 1 {
		t.Errorf("told of %v, found %v", got, found)
	}
	both := append(names(w.all("Observation?patient="+w.ehr.String(), "match")), names(w.all("Observation?patient="+other.String(), "match"))...)
	if got := told(all); len(got) != len(both) {
		t.Errorf("told of %d, found %d", len(got), len(both))
	}
	if got := told(high); len(got) != 0 {
		t.Errorf("beyond the limit: %v", got)
	}
	removed(t, w.s, w.ehr, uid)
	settled()
	if got := told(mine); got[found[0]] != 2 {
		t.Errorf("of the deletion: %v", got)
	}
	if got := told(high); len(got) != 0 {
		t.Errorf("of the deletion beyond the limit: %v", got)
	}
	if got := told(patients); len(got) != 0 {
		t.Errorf("of patients: %v", got)
	}
}

// What the resources of a commit go through is the order of the commits of each
// patient, however many commit at once, and each event is told of.
func TestSubscriptionOrder(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	w := newWard(t, subscriptionOptions(t, e.URL))
	other, bodies := admit(t, w.s, 21, 2)
	id := w.subscribe(wanted{typ: "Observation", endpoint: e.URL, content: fhir.ContentFull})
	e.wait("the handshake", func(list []notice) bool { return len(list) == 1 })
	var group sync.WaitGroup
	committed := make([][]string, 6) // by writer, in order
	for writer := range committed {
		of, list := w.ehr, w.bodies
		if writer%2 == 1 {
			of, list = other, bodies
		}
		group.Go(func() {
			for k := range 4 {
				v, err := w.s.Service.CreateComposition(t.Context(), sandboxActor, ehr.CreateComposition{EHRID: of, Content: ehr.Content{JSON: list[(writer+k)%len(list)]}})
				if err != nil {
					t.Error(err)
					return
				}
				committed[writer] = append(committed[writer], "ehr:"+v.UID.String())
				next := replaced(t, w.s, of, v.UID, list[(writer+k)%len(list)])
				committed[writer] = append(committed[writer], "ehr:"+next.String())
			}
		})
	}
	group.Wait()
	list := events(e.wait("all events", func(list []notice) bool {
		n := len(events(list))
		return n > 0 && w.statusOf(id, "events-since-subscription-start") == fmt.Sprintf("%q", fmt.Sprint(n)) && len(uncommitted(w, t)) == 0
	}))
	for i, n := range list {
		if n.number != fmt.Sprint(i+1) {
			t.Fatalf("event %d has number %s", i+1, n.number)
		}
	}
	place := map[string]int{} // of the first resource of a version
	versions := map[string]int{}
	at := 0
	for _, b := range e.bundles() {
		for _, entry := range b.List("entry")[1:] {
			n := entry.Get("resource")
			if n == nil {
				continue
			}
			at++
			if _, ok := place[n.Str("meta", "source")]; !ok {
				place[n.Str("meta", "source")] = at
			}
			var v int
			if _, err := fmt.Sscan(n.Str("meta", "versionId"), &v); err != nil || v <= versions[n.Str("id")] {
				t.Errorf("version %d of %s comes after %d", v, n.Str("id"), versions[n.Str("id")])
			}
			versions[n.Str("id")] = v
		}
	}
	for writer, list := range committed {
		last := 0
		for _, source := range list {
			if place[source] <= last {
				t.Errorf("writer %d: %s is told of at %d, what it committed before at %d", writer, source, place[source], last)
			}
			last = place[source]
		}
	}
}

// uncommitted are the changes that are not compared yet.
func uncommitted(w *ward, t *testing.T) []int64 {
	t.Helper()
	var list []int64
	if err := w.s.store.Pool().QueryRow(t.Context(), `select coalesce(array_agg(seq), '{}') from fhir_outbox`).Scan(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// Nobody sees the subscriptions of others, and nothing is sent where the
// operator has not allowed it.
func TestSubscriptionAccess(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	o := subscriptionOptions(t, e.URL+"/allowed")
	o.Token = []string{"one:0123456789abcdef", "two:fedcba9876543210"}
	s := runningWith(t, o, 21, 1)
	base := s.Origin() + "/fhir/r4/Subscription"
	call := func(token, method, path, body string) (int, string) {
		t.Helper()
		status, header, data := send(t, method, base+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/fhir+json")
		return status, header.Get("Location") + string(data)
	}
	const one, two = "0123456789abcdef", "fedcba9876543210"
	status, answer := call(one, "POST", "", wanted{typ: "Observation", endpoint: e.URL + "/allowed/x", headers: []string{"X-Key: hidden"}}.JSON())
	if status != 201 {
		t.Fatalf("%d %s", status, answer)
	}
	id := "/" + answer[len(base)+1:len(base)+37]
	if status, _, _ := send(t, "POST", base, "{}"); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", id, ""},
		{"PUT", id, wanted{typ: "Observation", endpoint: e.URL + "/allowed/y"}.JSON()},
		{"DELETE", id, ""},
		{"GET", id + "/$status", ""},
		{"GET", id + "/$events", ""},
		{"POST", id + "/$get-ws-binding-token", ""},
		{"GET", "/$get-ws-binding-token?id=" + id[1:], ""},
	} {
		if status, answer := call(two, c.method, c.path, c.body); status != http.StatusNotFound {
			t.Errorf("%s %s by another: %d %s", c.method, c.path, status, answer)
		}
	}
	for _, path := range []string{"", "/$status"} {
		if status, answer := call(two, "GET", path, ""); status != 200 || strings.Contains(answer, id[1:]) {
			t.Errorf("GET %s by another: %d %s", path, status, answer)
		}
	}
	for url, want := range map[string]int{
		e.URL + "/allowed": 201, e.URL + "/allowed/z?key=1": 201,
		e.URL: 422, e.URL + "/allowedx": 422, e.URL + "/allowed/../x": 422, e.URL + "/allowed/%2e%2e/x": 422,
		"http://169.254.169.254/latest/meta-data": 422, "file:///etc/passwd": 422, "gopher://" + e.URL[7:] + "/allowed": 422,
		strings.Replace(e.URL, "//", "//user:pass@", 1) + "/allowed": 422, "": 422,
	} {
		if status, answer := call(one, "POST", "", wanted{typ: "Observation", endpoint: url}.JSON()); status != want {
			t.Errorf("endpoint %s: %d %s", url, status, answer)
		}
	}
	for name, c := range map[string]wanted{
		"a topic that is none":    {typ: "Basic", channel: "websocket"},
		"another type":            {typ: "Observation", channel: "websocket", filters: []string{"Condition?code=x"}},
		"an unknown parameter":    {typ: "Observation", channel: "websocket", filters: []string{"Observation?colour=red"}},
		"a chain":                 {typ: "Observation", channel: "websocket", filters: []string{"Observation?patient.name=x"}},
		"an order":                {typ: "Observation", channel: "websocket", filters: []string{"Observation?_sort=date"}},
		"a filter of nothing":     {typ: "Observation", channel: "websocket", filters: []string{"Observation?"}},
		"email":                   {typ: "Observation", channel: "email"},
		"an unknown content":      {typ: "Observation", channel: "websocket", content: "everything"},
		"a header of HTTP itself": {typ: "Observation", endpoint: e.URL + "/allowed", headers: []string{"Host: elsewhere"}},
		"a header that is none":   {typ: "Observation", endpoint: e.URL + "/allowed", headers: []string{"swordfish"}},
		"plain text":              {typ: "Observation", channel: "websocket", payload: "text/plain"},
	} {
		if status, answer := call(one, "POST", "", c.JSON()); status != 422 || strings.Contains(answer, "swordfish") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	// Headers stay when the endpoint does, and go when it does not.
	var headers []string
	for _, c := range []struct {
		endpoint string
		want     int
	}{{"/allowed/x", 1}, {"/allowed/y", 0}} {
		if status, answer := call(one, "PUT", id, wanted{typ: "Observation", endpoint: e.URL + c.endpoint}.JSON()); status != 200 || strings.Contains(answer, "hidden") {
			t.Errorf("%d %s", status, answer)
		}
		if err := s.store.Pool().QueryRow(t.Context(), `select headers from fhir_subscription where id = $1`, id[1:]).Scan(&headers); err != nil || len(headers) != c.want {
			t.Errorf("headers %v, %v", headers, err)
		}
	}

	off := runningWith(t, subscriptionOptions(t), 21, 1)
	if status, _, data := send(t, "POST", off.Origin()+"/fhir/r4/Subscription", wanted{typ: "Observation", endpoint: e.URL}.JSON(), "Content-Type", "application/fhir+json"); status != 422 || !strings.Contains(string(data), "allowed none") {
		t.Errorf("without endpoints: %d %s", status, data)
	}
}

// A physical deletion takes the events with it. Without a subscription, commits
// have no triggers.
func TestSubscriptionErased(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	w := newWard(t, subscriptionOptions(t, e.URL))
	count := func(sql string) (n int) {
		t.Helper()
		if err := w.s.store.Pool().QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const triggers = `select count(*) from pg_trigger where tgrelid = 'fhir_resource'::regclass`
	if n := count(triggers); n != 0 {
		t.Errorf("%d triggers without a subscription", n)
	}
	commit(t, w.s, w.ehr, w.bodies[0])
	if n := count(`select count(*) from fhir_outbox`); n != 0 {
		t.Errorf("%d rows in the outbox without a subscription", n)
	}
	id := w.subscribe(wanted{typ: "Observation", endpoint: e.URL, content: fhir.ContentFull})
	e.wait("the handshake", func(list []notice) bool { return len(list) == 1 })
	if n := count(triggers); n != 2 {
		t.Errorf("%d triggers with a subscription", n)
	}
	e.answer(http.StatusServiceUnavailable)
	uid := commit(t, w.s, w.ehr, w.bodies[1])
	commit(t, w.s, w.ehr, w.bodies[2])
	eventually(t, "events", func() bool { return count(`select count(*) from fhir_event`) > 0 && len(uncommitted(w, t)) == 0 })
	all := count(`select count(*) from fhir_event`)
	if err := w.s.store.EraseComposition(t.Context(), ehr.Actor{ID: "u"}, w.ehr, uid.Object); err != nil {
		t.Fatal(err)
	}
	if n := count(`select count(*) from fhir_event`); n == 0 || n >= all {
		t.Errorf("%d events of %d are left", n, all)
	}
	if err := w.s.store.EraseEHRs(t.Context(), ehr.Actor{ID: "u"}, []uuid.UUID{w.ehr}); err != nil {
		t.Fatal(err)
	}
	if n := count(`select (select count(*) from fhir_event) + (select count(*) from fhir_outbox)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	e.answer(0)
	other, bodies := admit(t, w.s, 21, 2)
	commit(t, w.s, other, bodies[0])
	// What was on its way when it was erased may still arrive.
	e.wait("the event of another, with the next number", func(list []notice) bool {
		return slices.ContainsFunc(events(list), func(n notice) bool { return n.number == fmt.Sprint(all+1) })
	})
	if status, _, _ := send(t, "DELETE", w.base+"Subscription/"+id, ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	reader := fhirstore.New(w.s.store, ehr.AllowAll{})
	eventually(t, "the end of publishing", func() bool {
		if err := reader.Tidy(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		return count(triggers) == 0
	})
}
