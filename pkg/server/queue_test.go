package server

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// What one server leaves to the queue comes out as what another makes at once,
// and until then every answer says so.
func TestProjectionByQueue(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRProjection, o.Status = "queue", true
	o.FHIRProjectionOf = map[string]string{synth.VitalSigns: "commit"}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	idle := func() {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			st, err := s.store.ProjectionState(t.Context())
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("%+v, %v", st, err)
			}
			if st.Queued == 0 {
				return
			}
		}
	}
	if _, err := s.LoadSandbox(t.Context(), 21, 3); err != nil {
		t.Fatal(err)
	}
	idle()

	at := runningWith(t, testOptions(t), 21, 3)
	want := byContents(t, at)
	if got := byContents(t, s); len(want) < 150 {
		t.Fatalf("only %d resources", len(want))
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// Nobody works for a while.
	s.projects.end()
	conditions := p.all("Condition?clinical-status=active&_count=200", "match")
	condition := conditions[0]
	patient := condition.Str("subject", "reference")
	if p.lags("Condition?patient="+patient) != nil {
		t.Error("late before anything waits")
	}
	ehrID := strings.TrimPrefix(patient, "Patient/")
	uid := strings.TrimPrefix(condition.Str("meta", "source"), "ehr:")
	object, _, _ := strings.Cut(uid, "::")
	body := fetch(t, s, "GET", "/openehr/v1/ehr/"+ehrID+"/composition/"+object, nil)
	code, _, answer := send(t, "PUT", s.Origin()+"/openehr/v1/ehr/"+ehrID+"/composition/"+object, string(body), "Content-Type", "application/json", "If-Match", `"`+uid+`"`)
	if code != http.StatusNoContent && code != http.StatusOK {
		t.Fatalf("%d %s", code, answer)
	}
	for _, path := range []string{"Condition?patient=" + patient, "Observation?_count=1", patient + "/$everything", "Observation/$lastn?patient=" + patient + "&_count=1"} {
		if strings.Contains(path, "lastn") {
			path = strings.TrimSuffix(path, "&_count=1")
		}
		if got := p.lags(path); len(got) == 0 || !strings.HasPrefix(got[0], "warning: what was committed since 2") {
			t.Errorf("%s: %v", path, got)
		}
	}
	if text := string(p.get(patient + "/$summary").Append(nil)); !strings.Contains(text, "is not all shown yet") {
		t.Errorf("the summary does not say so: %s", text)
	}
	id := "Condition/" + condition.Str("id")
	for path, status := range map[string]int{
		id: 200, id + "/_history/1": 200, id + "/_history": 200, "_history?_count=1": 200, patient: 200,
		"Condition?_summary=count&patient=" + patient: 200, "Condition/nobody": 404, "Provenance/999999-1-1": 404,
	} {
		code, header, body := send(t, "GET", p.base+path, "")
		told := header.Get("Warning")
		if status == 404 {
			told = string(body)
		}
		if code != status || !strings.Contains(told, "is not all shown yet") {
			t.Errorf("%s: %d %q", path, code, told)
		}
	}
	code, header, _ := send(t, "GET", p.base+id, "", "If-None-Match", `W/"1"`)
	if code != http.StatusNotModified || header.Get("Warning") == "" {
		t.Errorf("not modified: %d %v", code, header)
	}
	code, header, _ = send(t, "GET", p.base+"$export?_type=Patient", "", "Prefer", "respond-async")
	if code != http.StatusAccepted || header.Get("Warning") == "" {
		t.Errorf("export: %d %v", code, header)
	}
	_, batch := p.do("POST", "", "application/fhir+json", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"`+id+`"}}]}`)
	if out := batch.List("entry")[0].Get("response").Get("outcome"); !strings.Contains(string(out.Append(nil)), "is not all shown yet") {
		t.Errorf("batch: %s", batch.Append(nil))
	}
	var composition string
	for _, n := range p.all("DocumentReference?patient="+patient+"&_count=200", "match") {
		if strings.Contains(string(n.Append(nil)), object) {
			composition = "Composition/" + n.Str("id")
		}
	}
	for _, path := range []string{composition, composition + "/$document"} {
		if code, header, _ := send(t, "GET", p.base+path, ""); code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, code, header)
		}
	}
	if status := string(fetch(t, s, "GET", "/status", nil)); !strings.Contains(status, `"queued":1`) || strings.Contains(status, `"lag_seconds":0,`) || strings.Contains(status, `"lag_seconds":0}`) {
		t.Errorf("%s", status)
	}
	metrics := func() string {
		_, _, body := send(t, "GET", s.Origin()+"/metrics", "")
		return string(body)
	}
	if text := metrics(); !strings.Contains(text, "\ncairn_fhir_projection_queue 1\n") || strings.Contains(text, "\ncairn_fhir_projection_lag_seconds 0\n") {
		t.Errorf("%s", text)
	}

	// Vital signs do not wait.
	var template []byte
	g := synth.New(21).Patient(0)
	for k := 0; template == nil; k++ {
		if name, content := g.Composition(k); name == synth.VitalSigns {
			template = content
		}
	}
	code, _, answer = send(t, "POST", s.Origin()+"/openehr/v1/ehr/"+ehrID+"/composition", string(template), "Content-Type", "application/json")
	if code != http.StatusCreated && code != http.StatusNoContent {
		t.Fatalf("%d %s", code, answer)
	}
	if st, err := s.store.ProjectionState(t.Context()); err != nil || st.Queued != 1 {
		t.Errorf("%+v, %v", st, err)
	}

	if err := s.projects.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle()
	n := p.get(id)
	if n.Str("meta", "versionId") != "2" || !instant(t, n.Str("meta", "lastUpdated")).After(instant(t, condition.Str("meta", "lastUpdated"))) {
		t.Errorf("%s", n.Append(nil))
	}
	if code, header, _ := send(t, "GET", p.base+id, ""); code != http.StatusOK || header.Get("Warning") != "" {
		t.Errorf("late though nothing waits: %d %v", code, header)
	}
	if p.get(composition).Str("meta", "versionId") != "2" || p.lags("Condition?patient="+patient) != nil {
		t.Error("late though nothing waits")
	}
	if text := metrics(); !strings.Contains(text, "\ncairn_fhir_projection_queue 0\n") || !strings.Contains(text, "\ncairn_fhir_projection_lag_seconds 0\n") ||
		strings.Contains(text, "\ncairn_fhir_projection_wait_seconds_count 0\n") {
		t.Errorf("%s", text)
	}
}

// byContents is what a server's resources and losses are, without what differs
// between two servers with the same sandbox.
func byContents(t *testing.T, s *Server) map[string]int {
	t.Helper()
	out := map[string]int{}
	ids := map[string]string{}
	all := projected(t, s)
	for key := range all {
		if _, id, ok := strings.Cut(key, "/"); ok {
			ids[id] = "x"
		} else {
			ids[strings.TrimPrefix(key, "losses of ")] = "x"
		}
	}
	pairs := make([]string, 0, 2*len(ids))
	for id := range ids {
		pairs = append(pairs, id, "id")
	}
	r := strings.NewReplacer(pairs...)
	for key, value := range all {
		typ, _, _ := strings.Cut(key, "/")
		if strings.HasPrefix(key, "losses") {
			typ = "losses"
		}
		out[typ+" "+r.Replace(value)]++
	}
	return out
}

func TestProjectionModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode string
		of   map[string]string
		want string // of the templates a, b
	}{
		{"commit", nil, "nn"},
		{"queue", nil, "yy"},
		{"queue", map[string]string{"a": "commit"}, "ny"},
		{"commit", map[string]string{"a": "queue", "b": "commit"}, "yn"},
		{"commit", map[string]string{"a": "soon"}, ""},
	} {
		queued, err := later(Options{FHIRProjection: c.mode, FHIRProjectionOf: c.of})
		if c.want == "" {
			if !errs.Is(err, errs.Invalid) || !bytes.Contains([]byte(err.Error()), []byte("a=soon")) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, template := range []string{"a", "b"} {
			got += map[bool]string{true: "y", false: "n"}[queued(template)]
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// What is created as FHIR is there at once, also where the rest waits; and
// nothing is created because what waits is not found.
func TestFHIRWriteBesideTheQueue(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 31, 1, func(o *Options) { o.FHIRProjection = "queue" })
	idle := func() {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if st, err := p.s.store.ProjectionState(t.Context()); err != nil || time.Now().After(deadline) {
				t.Fatalf("%+v, %v", st, err)
			} else if st.Queued == 0 {
				return
			}
		}
	}
	idle()
	p.s.projects.end()
	first := p.send("POST", "Observation", weight(ids[0], "72.5"), "openehr-template-id", vitalSigns)
	if first.status != 201 {
		t.Fatal(first)
	}
	if read := p.send("GET", first.header.Get("Location"), ""); read.status != 200 || read.header.Get("Warning") != "" {
		t.Errorf("%s", read)
	}
	_, content := synth.New(31).Patient(0).Composition(0)
	code, _, answer := send(t, "POST", p.s.Origin()+"/openehr/v1/ehr/"+ids[0]+"/composition", string(content), "Content-Type", "application/json")
	if code != http.StatusCreated && code != http.StatusNoContent {
		t.Fatalf("%d %s", code, answer)
	}
	create := func() reply {
		return p.send("POST", "Observation", weight(ids[0], "80.5"), "openehr-template-id", vitalSigns,
			"If-None-Exist", "patient="+ids[0]+"&date=1999-01-01")
	}
	if r := create(); r.status != 503 || !strings.Contains(r.String(), "is not all shown yet") {
		t.Errorf("created though what waits may match: %s", r)
	}
	if err := p.s.projects.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle()
	if r := create(); r.status != 201 {
		t.Errorf("%s", r)
	}
}
