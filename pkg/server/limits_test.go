package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// testLimits are the defaults of the flags.
var testLimits = Limits{
	Body: 16 << 20, Expansion: 100, Path: 4096, Query: 65536, Parameters: 1000, Headers: 65536, Fields: 200,
	Depth: 256, Items: 100_000, Tags: 100, Versions: 1000,
}

// TestLimits exceeds every limit of a request, and wants each refused with its
// status and by its name, in the form of the API asked.
func TestLimits(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Max = Limits{
		Body: 4 << 20, Expansion: 10_000, Path: 300, Query: 400, Parameters: 5, Headers: 2000, Fields: 20,
		Depth: 60, Items: 60, Tags: 3, Versions: 2,
	}
	s := runningWith(t, o, 1, 1)
	const openehr, fhir = "/openehr/v1", "/fhir/r4"
	const ehr = "/openehr/v1/ehr/984328a6-b93e-4091-9109-2f72f4b56055"
	deep := `{"_type":"COMPOSITION","name":` + strings.Repeat(`{"mappings":[`, 40) + strings.Repeat(`]}`, 40) + `}`
	long := `{"_type":"COMPOSITION","links":[` + strings.TrimSuffix(strings.Repeat(`{},`, 61), ",") + `]}`
	xml := `<composition xmlns="http://schemas.openehr.org/v1">` + strings.Repeat(`<name>`, 61) + strings.Repeat(`</name>`, 61) + `</composition>`
	var status struct{ UID struct{ Value string } }
	if err := json.Unmarshal(fetch(t, s, "GET", ehr+"/ehr_status", nil), &status); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path, body, headers string
		status                      int
		want                        string
	}{
		"path":           {"GET", openehr + "/ehr/" + strings.Repeat("x", 300), "", "", 414, "limit.path"},
		"path fhir":      {"GET", fhir + "/Patient/" + strings.Repeat("x", 300), "", "", 414, "OperationOutcome"},
		"query":          {"GET", openehr + "/query/aql?q=" + strings.Repeat("x", 400), "", "", 414, "limit.query"},
		"query fhir":     {"GET", fhir + "/Patient?_id=" + strings.Repeat("x", 400), "", "", 414, "max-query"},
		"parameters":     {"GET", openehr + "/query/aql?q=x&a=1&b=1&c=1&d=1&e=1", "", "", 400, "limit.parameters"},
		"headers":        {"GET", ehr, "", "X-Long: " + strings.Repeat("x", 2000), 431, "limit.headers"},
		"headers fhir":   {"GET", fhir + "/metadata", "", "X-Long: " + strings.Repeat("x", 2000), 431, "max-headers"},
		"fields":         {"GET", ehr, "", strings.TrimSuffix(strings.Repeat("X-Many: x\n", 21), "\n"), 431, "limit.fields"},
		"far beyond":     {"GET", ehr, "", "X-Long: " + strings.Repeat("x", 200<<10), 431, ""},
		"body":           {"POST", ehr + "/composition", strings.Repeat(" ", 4<<20+1), "", 413, "4194304 bytes"},
		"depth":          {"POST", ehr + "/composition", deep, "", 413, "limit.depth"},
		"depth of XML":   {"POST", ehr + "/composition", xml, "Content-Type: application/xml", 413, "limit.depth"},
		"depth of FLAT":  {"POST", ehr + "/composition", `{"` + strings.Repeat("a/", 61) + `a":1}`, "Content-Type: application/openehr.wt.flat+json\nopenehr-template-id: Cairn - Vital signs.v1", 413, "limit.depth"},
		"items":          {"POST", ehr + "/composition", long, "", 413, "limit.items"},
		"tags":           {"PUT", ehr + "/ehr_status/" + status.UID.Value + "/tags", `[{"key":"a"},{"key":"b"},{"key":"c"},{"key":"d"}]`, "", 413, "3 tags"},
		"versions":       {"POST", ehr + "/contribution", `{"versions":[{"data":{"_type":"FOLDER"}},{"data":{"_type":"FOLDER"}},{"data":{"_type":"FOLDER"}}],"audit":{}}`, "", 413, "2 versions"},
		"gzip":           {"POST", ehr + "/composition", packed(t, "gzip", 5<<20), "Content-Encoding: gzip", 413, "bytes"},
		"unknown coding": {"POST", ehr + "/composition", "x", "Content-Encoding: br", 415, "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, s.Origin()+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			for line := range strings.SplitSeq(c.headers, "\n") {
				if name, value, ok := strings.Cut(line, ": "); ok {
					if name == "Content-Type" {
						req.Header.Del(name)
					}
					req.Header.Add(name, value)
				}
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
				t.Errorf("%s %.300s; want %d and %s", resp.Status, body, c.status, c.want)
			}
		})
	}
}

// packed is a compressed run of blanks of a length.
func packed(t *testing.T, coding string, n int) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	default:
		w, err = zstd.NewWriter(&b)
	}
	if err == nil {
		_, err = w.Write(bytes.Repeat([]byte(" "), n))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCompressedBombs sends little that would become much.
func TestCompressedBombs(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 1)
	for _, coding := range []string{"gzip", "deflate", "zstd"} {
		for _, c := range []struct {
			size, status int
			want         string
		}{{4 << 20, 413, "expands more than 100 times"}, {200 << 20, 413, "413"}, {1000, 400, "unexpected end of the document at line 1 column 1001"}} {
			body := packed(t, coding, c.size)
			req, err := http.NewRequest("POST", s.Origin()+"/openehr/v1/ehr/984328a6-b93e-4091-9109-2f72f4b56055/composition", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Content-Encoding", coding)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || c.want != "413" && !strings.Contains(string(answer), c.want) {
				t.Errorf("%s, %d bytes to %d: %s %.200s", coding, len(body), c.size, resp.Status, answer)
			}
		}
	}
}

// TestSmallBodies starts with a limit of request bodies far below the size of
// the shipped templates, which are there all the same; clients are held to it.
func TestSmallBodies(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Max.Body = 2000
	s := runningWith(t, o, 1, 1)
	list := fetch(t, s, "GET", "/openehr/v1/definition/template/adl1.4", nil)
	if !strings.Contains(string(list), "Cairn - International Patient Summary.v1") {
		t.Errorf("the templates are not there: %.300s", list)
	}
	const ehr = "/openehr/v1/ehr/984328a6-b93e-4091-9109-2f72f4b56055"
	for _, c := range []struct {
		path, media, body string
		status            int
	}{
		{ehr + "/composition", "application/json", `{"_type":"COMPOSITION"` + strings.Repeat(" ", 2000) + "}", 413},
		{"/openehr/v1/definition/template/adl1.4", "application/xml", "<template>" + strings.Repeat(" ", 2000), 413},
		{ehr + "/composition", "application/json", `{"_type":"COMPOSITION"}`, 400},
	} {
		resp, err := http.Post(s.Origin()+c.path, c.media, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || c.status == 413 && !strings.Contains(string(body), "2000 bytes") {
			t.Errorf("%s: %s %.300s; want %d", c.path, resp.Status, body, c.status)
		}
	}
}

// TestSandboxWithinLimits: a sandbox that the limits on bodies do not let in
// says which of them it is.
func TestSandboxWithinLimits(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*Limits){
		"depth": func(l *Limits) { l.Depth = 5 },
		"items": func(l *Limits) { l.Items = 1 },
	} {
		o := testOptions(t)
		set(&o.Max)
		s, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.LoadSandbox(t.Context(), 1, 1)
		if err == nil || !strings.Contains(err.Error(), "limit."+name+" at /") || !strings.Contains(err.Error(), "--max-"+name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCompressedBodiesOfFHIR are refused, by every operation that takes a body.
func TestCompressedBodiesOfFHIR(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 1)
	for _, path := range []string{"/", "/Patient/_search", "/Patient/$validate", "/$export"} {
		for encoding, want := range map[string]bool{"gzip": false, "identity, br": false, "deflate": false, "identity": true} {
			status, _, data := send(t, http.MethodPost, s.Origin()+"/fhir/r4"+path, "\x1f\x8b\x08", "Content-Type", "application/fhir+json", "Content-Encoding", encoding)
			if refused := status == http.StatusUnsupportedMediaType && strings.Contains(string(data), "Content-Encoding"); refused == want {
				t.Errorf("%s with %s: %d %s", path, encoding, status, data)
			}
		}
	}
}

// TestMalformedQueryStringsOfFHIR: a search whose filter cannot be read finds
// nothing rather than everything.
func TestMalformedQueryStringsOfFHIR(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 1)
	for _, path := range []string{"/Observation?code=%zz", "/Patient?_id=x;_count=1", "/metadata?%f", "/Patient/x?_format=%zz"} {
		if status, _, data := send(t, http.MethodGet, s.Origin()+"/fhir/r4"+path, ""); status != http.StatusBadRequest || !strings.Contains(string(data), "query string") {
			t.Errorf("%s: %d %s", path, status, data)
		}
	}
}
