package server

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
)

// TestGarbage sends senseless and nearly sensible requests to every operation
// that is documented: no answer is a fault of the server, and none tells what
// is inside it.
func TestGarbage(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.AdminDelete, o.Status = "ehr", true
	s := runningWith(t, o, 1, 2)
	d, err := s.document(exampleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	rounds := 30
	if testing.Short() {
		rounds = 4
	}
	const seed = 4
	g := &garbage{rnd: rand.New(rand.NewPCG(seed, seed)), real: map[string][]string{}}
	g.learn(t, s)
	inside := regexp.MustCompile(`jsontext|goroutine \d|panic:|runtime error|\.go:\d+|SQLSTATE|jackc|pgxpool|pgx:|pq:|/pkg/|postgres://`)
	statuses := map[int]int{}
	for i := range d.Operations {
		op := &d.Operations[i]
		for range rounds {
			method, target, header, body := g.request(op)
			req, err := http.NewRequest(method, s.Origin()+"/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Opaque = target // as it is, however malformed
			req.Header = header
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				if strings.Contains(err.Error(), "invalid") || strings.Contains(err.Error(), "reset") || strings.Contains(err.Error(), "broken pipe") {
					continue // the client does not send it, or net/http does not take it
				}
				t.Fatalf("%s %s: %v", method, target, err)
			}
			answer, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil && resp.StatusCode != http.StatusBadRequest { // net/http hangs up on what is no HTTP
				t.Fatalf("%s %s: the answer was cut off: %v", method, target, err)
			}
			statuses[resp.StatusCode]++
			if resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented || op.Tag != "server" && inside.Match(answer) {
				t.Errorf("%s: %s %s %v %.300q: %s %.400s", op.Key(), method, target, header, body, resp.Status, answer)
			}
			if ct := resp.Header.Get("Content-Type"); resp.StatusCode >= 400 && len(answer) > 0 && strings.Contains(ct, "json") && !json.Valid(answer) {
				t.Errorf("%s: %s %s: the error is not JSON: %.300s", op.Key(), method, target, answer)
			}
		}
	}
	t.Logf("answers by status: %v", statuses)
	if statuses[200]+statuses[201]+statuses[204] == 0 || statuses[400] == 0 || statuses[404] == 0 {
		t.Error("the requests do not get anywhere")
	}
}

// TestGarbageBodies sends each operation that has a body bodies of wrong types,
// with members twice, of no text, nested deep, and headers far too long: each is
// the client's fault and said so without what is inside the server.
func TestGarbageBodies(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Max.Body = 1 << 20
	s := runningWith(t, o, 1, 1)
	d, err := s.document(exampleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	g := &garbage{rnd: rand.New(rand.NewPCG(1, 1)), real: map[string][]string{}}
	g.learn(t, s)
	bodies := []string{
		"", " ", "null", "[]", "0", `"x"`, "1e999999", "[null]", `{"":null}`, `{"a":1,"a":2}`, `{"_type":null}`, `{"_type":[]}`,
		`{"_type":"COMPOSITION","_type":"EHR_STATUS"}`, "{\"x\":\"\xff\xfe\"}", `{"x":"\ud800"}`, `{"x":"\u0000"}`, "\ufeff{}", "\x00\x01",
		`{"versions":null,"audit":null}`, `{"versions":[null],"audit":[]}`, `{"versions":[{"data":null,"lifecycle_state":[]}],"audit":{"committer":1}}`,
		`{"q":null}`, `{"q":"SELECT e FROM EHR e","q":1}`, `{"q":"SELECT e FROM EHR e","query_parameters":[1]}`, `[{"key":1,"key":{}}]`,
		`{"resourceType":"Bundle","type":"batch","entry":[null,{"request":null},{"request":{"method":1,"url":[]}}]}`,
		`{"resourceType":"Parameters","parameter":[null,{"name":1}]}`, strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50_000),
		strings.Repeat("<a>", 30_000), `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "SELECT " + strings.Repeat("(", 5000), "a=%zz&b=%ff",
	}
	inside := regexp.MustCompile(`jsontext|json: EOF|goroutine \d|panic:|runtime error|\.go:\d+|SQLSTATE|jackc|pgx|/pkg/|postgres://|go-json|cannot unmarshal`)
	sent, refused := 0, 0
	for i := range d.Operations {
		op := &d.Operations[i]
		if op.Body == nil {
			continue
		}
		target := op.Path
		for _, p := range op.Params {
			if known := g.real[p.Name]; p.In == "path" && len(known) > 0 {
				target = strings.Replace(target, "{"+p.Name+"}", url.PathEscape(known[0]), 1)
			}
		}
		for _, media := range append([]string{"application/json", ";;", ""}, op.Body.Media...) {
			for k, body := range bodies {
				req, err := http.NewRequest(op.Method, s.Origin()+"/", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.URL.Opaque = target
				req.Header.Set("Content-Type", media)
				req.Header.Set("If-Match", `"`+g.real["version_uid"][0]+`"`)
				req.Header.Set("openehr-template-id", "Cairn - Vital signs.v1")
				if k == 0 {
					req.Header.Set("X-Long", strings.Repeat("x", 100_000))
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatalf("%s %.40q: %v", op.Key(), body, err)
				}
				answer, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					t.Fatal(err)
				}
				sent++
				if resp.StatusCode >= 400 && resp.StatusCode < 500 {
					refused++
				}
				if resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented || inside.Match(answer) || k == 0 && resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
					t.Errorf("%s as %q with %.60q: %s %.400s", op.Key(), media, body, resp.Status, answer)
				}
			}
		}
	}
	if t.Logf("%d of %d refused", refused, sent); refused < sent/2 {
		t.Error("garbage is taken")
	}
}

// garbage makes requests out of what is there and what cannot be.
type garbage struct {
	rnd  *rand.Rand
	real map[string][]string // values of path parameters that exist
	docs []string            // bodies that are valid somewhere
}

// learn collects identifiers that exist and bodies that are nearly right.
func (g *garbage) learn(t *testing.T, s *Server) {
	t.Helper()
	const ehr = "984328a6-b93e-4091-9109-2f72f4b56055"
	base := "/openehr/v1/ehr/" + ehr
	status := string(fetch(t, s, "GET", base+"/ehr_status", nil))
	var result struct{ Rows [][]string }
	if err := json.Unmarshal(fetch(t, s, "POST", "/openehr/v1/query/aql", map[string]any{
		"q": "SELECT c/uid/value FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = '" + ehr + "' LIMIT 3",
	}), &result); err != nil || len(result.Rows) == 0 {
		t.Fatalf("no compositions: %v", err)
	}
	uid := result.Rows[0][0]
	object, _, _ := strings.Cut(uid, "::")
	composition := string(fetch(t, s, "GET", base+"/composition/"+uid, nil))
	g.real = map[string][]string{
		"ehr_id": {ehr}, "uid_based_id": {uid, object}, "version_uid": {uid}, "versioned_object_uid": {object},
		"template_id": {"Cairn - Vital signs.v1"}, "qualified_query_name": {"x::y", "aql"}, "version": {"1.0.0", "1"},
		"type": {"Observation", "Patient", "Condition"}, "id": {ehr},
	}
	g.docs = []string{
		composition, status, `{"versions":[{"data":` + composition + `}],"audit":{}}`, `[{"key":"a","value":"b"}]`,
		`{"q":"SELECT e/ehr_id/value FROM EHR e"}`, "SELECT c FROM EHR e CONTAINS COMPOSITION c", "patient=" + ehr,
		`{"ctx/language":"en","x/y|z":1}`, `<composition xmlns="http://schemas.openehr.org/v1"/>`,
		`{"_type":"PERSON","name":{"_type":"DV_TEXT","value":"x"},"archetype_node_id":"at0000"}`,
	}
}

func (g *garbage) pick(list ...string) string { return list[g.rnd.IntN(len(list))] }

// text is a value of any sort.
func (g *garbage) text() string {
	return g.pick("", "x", "-1", "0", "99999999999999999999", "\x00", "\xff\xfe", "é😀", "..", "%", "'", `"`, ";--", "::", "a::b::1", "a::b::1.1.1",
		"00000000-0000-0000-0000-000000000000", "7d44b88c-4199-4bad-97dc-d78268e01398", "7d44b88c-4199-4bad-97dc-d78268e01398::x::0", "2020-01-01T00:00:00Z", "9999-99-99T99:99:99", "true", "null", "*", "/", "//", "[", "{}",
		strings.Repeat("a", 1500), "$x", "SELECT", "\n", "\u2028", "+02:00")
}

// mangle damages a document somewhere.
func (g *garbage) mangle(doc string) string {
	if doc == "" {
		return doc
	}
	i := g.rnd.IntN(len(doc))
	switch g.rnd.IntN(7) {
	case 0:
		return doc
	case 1:
		return doc[:i]
	case 2:
		return doc[:i] + g.text() + doc[i:]
	case 3:
		return strings.Replace(doc, g.pick(`"value"`, `"_type"`, `:`, `"`, `{`, `DV_TEXT`, `openEHR`, `1`), g.text(), 1+g.rnd.IntN(3))
	case 4:
		return strings.Repeat(g.pick("[", `{"a":`, "<a>", "("), 1+g.rnd.IntN(2000))
	case 5:
		return string([]byte{byte(g.rnd.Uint32()), byte(g.rnd.Uint32()), 0, 0xff}) + doc
	default:
		return strings.ReplaceAll(doc, g.pick("COMPOSITION", "DV_TEXT", "DV_QUANTITY", "PARTY_IDENTIFIED"), g.pick("", "PARTY", "DV_DURATION", "ITEM", "x"))
	}
}

func (g *garbage) request(op *apidoc.Operation) (method, target string, header http.Header, body string) {
	method, target, header = op.Method, op.Path, http.Header{}
	for _, p := range op.Params {
		switch p.In {
		case "path":
			v := g.text()
			if known := g.real[p.Name]; len(known) > 0 && g.rnd.IntN(4) > 0 {
				v = g.pick(known...)
			}
			v = url.PathEscape(v)
			if g.rnd.IntN(20) == 0 {
				v = g.pick("%zz", "%", "%2", "%00", "%2F..%2F")
			}
			target = strings.Replace(target, "{"+p.Name+"}", v, 1)
		case "header":
			if g.rnd.IntN(2) == 0 {
				v := g.pick(g.text(), `"x"`, `W/"x"`, `return=representation`, `return=x,,;=`, `key="a",value="b"`, `key="a`, `lifecycle_state.code_string="532"`, `committer.name="x`, `a=b=c`, `W/"`+g.pick(g.real["version_uid"]...)+`"`)
				header.Add(p.Name, strings.Map(func(c rune) rune {
					if c < ' ' || c == 0x7f {
						return -1
					}
					return c
				}, v))
			}
		}
	}
	var query []string
	for _, p := range op.Params {
		if p.In == "query" && g.rnd.IntN(2) == 0 {
			v := g.text()
			if p.Name == "q" {
				v = g.mangle("SELECT c/uid/value FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = $x ORDER BY c/uid/value LIMIT 2")
			}
			query = append(query, url.QueryEscape(p.Name)+"="+url.QueryEscape(v))
		}
	}
	if g.rnd.IntN(6) == 0 {
		query = append(query, g.pick("%zz", "=", "&&", "a=%ff", "offset=-1", "x=1;y=2", url.QueryEscape(g.text())))
	}
	if len(query) > 0 {
		target += "?" + strings.Join(query, "&")
	}
	media := []string{"application/json", "application/xml", "text/plain", "application/openehr.wt.flat+json", "application/openehr.wt.structured+json", "application/x-www-form-urlencoded", "application/json; charset=latin1", "x", "/", ";"}
	if g.rnd.IntN(3) == 0 {
		header.Set("Accept", g.pick(media...)+g.pick("", ";q=0", ";q=x", ", */*"))
	}
	if method != http.MethodGet {
		header.Set("Content-Type", g.pick(media...))
		if op.Body != nil && g.rnd.IntN(2) == 0 {
			header.Set("Content-Type", op.Body.Media[g.rnd.IntN(len(op.Body.Media))])
		}
		if strings.Contains(header.Get("Content-Type"), "wt.") {
			header.Set("openehr-template-id", "Cairn - Vital signs.v1")
		}
		if g.rnd.IntN(10) == 0 {
			header.Set("Content-Encoding", g.pick("gzip", "deflate", "zstd", "br"))
		}
		if op.Body != nil || g.rnd.IntN(4) == 0 {
			body = g.mangle(g.pick(g.docs...))
		}
	}
	if g.rnd.IntN(15) == 0 {
		method = g.pick("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO")
	}
	if op.ID == "admin_ehr_delete" {
		target = strings.ReplaceAll(target, g.real["ehr_id"][0], "7d44b88c-4199-4bad-97dc-d78268e01398")
	}
	return method, target, header, body
}
