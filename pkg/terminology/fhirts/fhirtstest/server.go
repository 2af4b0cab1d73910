// Package fhirtstest is a small FHIR R4 terminology server for tests. It
// answers the operations from a local.Set over HTTP on the loopback interface,
// takes batches, and can be told to misbehave.
package fhirtstest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// Fault is a way in which the server misbehaves.
type Fault string

// The faults.
const (
	None       Fault = ""
	Hang       Fault = "hang"        // no answer until the client goes away
	Slow       Fault = "slow"        // an answer after Delay
	Status500  Fault = "500"         // an OperationOutcome with status 500
	Status429  Fault = "429"         // too many requests
	Status401  Fault = "401"         // the token is refused
	Garbage    Fault = "garbage"     // 200 and something that is not JSON
	WrongType  Fault = "wrong type"  // 200 and an OperationOutcome
	NoResult   Fault = "no result"   // 200 and empty Parameters
	Cut        Fault = "cut"         // the connection ends within the body
	Redirect   Fault = "redirect"    // to another host
	NoBatch    Fault = "no batch"    // batches are answered with 400
	PartBatch  Fault = "part batch"  // the second half of a batch is left out
	MixedBatch Fault = "mixed batch" // every second entry has status 500
	SamePage   Fault = "same page"   // offset is ignored
	SmallPages Fault = "small pages" // no page has more than two codes
	Flapping   Fault = "flapping"    // every second request has status 500
)

// Server is a running server.
type Server struct {
	*httptest.Server
	Set *local.Set
	// Token is what Authorization must hold; "" wants none.
	Token string
	// Delay is how long Slow takes.
	Delay time.Duration

	fault    atomic.Value
	requests atomic.Int64
	mu       sync.Mutex
	paths    []string
}

// New starts a server over a set; Close stops it.
func New(set *local.Set) *Server {
	s := &Server{Set: set, Delay: 200 * time.Millisecond}
	s.fault.Store(None)
	s.Server = httptest.NewServer(s)
	return s
}

// Misbehave sets the fault of the requests that follow.
func (s *Server) Misbehave(f Fault) { s.fault.Store(f) }

// Requests is the number of HTTP requests so far.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// Paths lists what was asked, entries of batches included.
func (s *Server) Paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.paths...)
}

// ServeHTTP answers an operation or a batch.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.requests.Add(1)
	fault, _ := s.fault.Load().(Fault)
	if s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token {
		fault = Status401
	}
	var body jsontext.Value
	if r.Method == http.MethodPost {
		if err := json.UnmarshalRead(r.Body, &body); err != nil {
			write(w, http.StatusBadRequest, outcome("the body is not JSON"))
			return
		}
	}
	batch := r.URL.Path == "/" || r.URL.Path == ""
	switch fault {
	case Hang:
		<-r.Context().Done()
		return
	case Slow:
		select {
		case <-time.After(s.Delay):
		case <-r.Context().Done():
			return
		}
	case Status500, Status429, Status401:
		status, err := strconv.Atoi(string(fault))
		if err != nil {
			panic(err)
		}
		write(w, status, outcome("no"))
		return
	case Flapping:
		if n%2 == 0 {
			write(w, http.StatusInternalServerError, outcome("no"))
			return
		}
	case Garbage:
		_, _ = w.Write([]byte("<html>")) // a broken connection is the client's to see
		return
	case WrongType:
		write(w, http.StatusOK, outcome("hm"))
		return
	case NoResult:
		write(w, http.StatusOK, map[string]any{"resourceType": "Parameters"})
		return
	case Cut:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"resourceType":`)) // a broken connection is the point
		return
	case Redirect:
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		return
	case NoBatch:
		if batch {
			write(w, http.StatusBadRequest, outcome("batches are not supported"))
			return
		}
	}
	if batch {
		s.batch(w, r.Context(), body, fault)
		return
	}
	status, out := s.operation(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query(), body, fault)
	write(w, status, out)
}

func (s *Server) batch(w http.ResponseWriter, ctx context.Context, body jsontext.Value, fault Fault) {
	var b struct {
		Entry []struct {
			Resource jsontext.Value `json:"resource"`
			Request  struct {
				URL string `json:"url"`
			} `json:"request"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		write(w, http.StatusBadRequest, outcome("the body is not a Bundle"))
		return
	}
	entries := []any{}
	for i, e := range b.Entry {
		if fault == PartBatch && i >= len(b.Entry)/2 {
			break
		}
		if fault == MixedBatch && i%2 == 1 {
			entries = append(entries, map[string]any{"response": map[string]any{"status": "500 Internal Server Error", "outcome": outcome("no")}})
			continue
		}
		status, out := s.operation(ctx, e.Request.URL, nil, e.Resource, fault)
		entries = append(entries, map[string]any{"resource": out, "response": map[string]any{"status": strconv.Itoa(status) + " " + http.StatusText(status)}})
	}
	write(w, http.StatusOK, map[string]any{"resourceType": "Bundle", "type": "batch-response", "entry": entries})
}

// operation answers one operation with its resource.
func (s *Server) operation(ctx context.Context, path string, query url.Values, body jsontext.Value, fault Fault) (int, any) {
	s.mu.Lock()
	s.paths = append(s.paths, path)
	s.mu.Unlock()
	in := input(query, body)
	at := terminology.Code{System: in["system"], Code: in["code"]}
	reference := in["url"]
	if v := in["valueSetVersion"]; v != "" {
		reference += "|" + v
	}
	switch path {
	case "ValueSet/$validate-code":
		r, err := s.Set.ValidateCode(ctx, reference, at)
		return validation(r, err)
	case "CodeSystem/$validate-code":
		at.System = in["url"]
		r, err := s.Set.ValidateCode(ctx, in["url"], at)
		return validation(r, err)
	case "ValueSet/$expand":
		return s.expand(ctx, reference, in, fault)
	case "CodeSystem/$lookup":
		c, err := s.Set.Lookup(ctx, at)
		if err != nil {
			return failed(err)
		}
		p := []any{str("name", c.SystemName), str("version", c.Version), str("display", c.Display)}
		for _, d := range c.Designations {
			p = append(p, map[string]any{"name": "designation", "part": []any{
				map[string]any{"name": "language", "valueCode": d.Language}, str("value", d.Value),
			}})
		}
		for _, x := range c.Properties {
			p = append(p, map[string]any{"name": "property", "part": []any{
				map[string]any{"name": "code", "valueCode": x.Name}, str("value", x.Value),
			}})
		}
		return parametersOf(p...)
	case "CodeSystem/$subsumes":
		o, err := s.Set.Subsumes(ctx, terminology.Code{System: in["system"], Code: in["codeA"]}, terminology.Code{System: in["system"], Code: in["codeB"]})
		if err != nil {
			return failed(err)
		}
		return parametersOf(map[string]any{"name": "outcome", "valueCode": o.String()})
	case "ConceptMap/$translate":
		list, err := s.Set.Translate(ctx, "url="+url.PathEscape(reference), at)
		if err != nil {
			return failed(err)
		}
		// The result comes last: clients must not rely on the order.
		var p []any
		for _, c := range list {
			p = append(p, map[string]any{"name": "match", "part": []any{
				map[string]any{"name": "concept", "valueCoding": map[string]any{"system": c.System, "code": c.Code, "display": c.Display}},
				map[string]any{"name": "equivalence", "valueCode": "equivalent"},
			}})
		}
		p = append(p, map[string]any{"name": "match", "part": []any{
			map[string]any{"name": "equivalence", "valueCode": "narrower"},
			map[string]any{"name": "concept", "valueCoding": map[string]any{"system": "urn:narrower", "code": "n"}},
		}})
		return parametersOf(append(p, map[string]any{"name": "result", "valueBoolean": len(list) > 0})...)
	}
	return http.StatusNotFound, outcome("no such operation")
}

func (s *Server) expand(ctx context.Context, reference string, in map[string]string, fault Fault) (int, any) {
	if in["include"] != "" {
		reference = in["include"]
	}
	if f := in["filter"]; f != "" {
		reference = "ValueSet/$expand?url=" + url.PathEscape(reference) + "&filter=" + url.PathEscape(f)
	}
	all, err := s.Set.Expand(ctx, reference)
	if err != nil {
		return failed(err)
	}
	offset, _ := strconv.Atoi(in["offset"]) // absent is 0
	count, err := strconv.Atoi(in["count"])
	if err != nil {
		count = len(all)
	}
	switch fault {
	case SamePage:
		offset = 0
	case SmallPages:
		count = min(count, 2)
	}
	page := all[min(offset, len(all)):min(offset+count, len(all))]
	list := []any{}
	for _, c := range page {
		list = append(list, map[string]any{"system": c.System, "code": c.Code, "display": c.Display})
	}
	expansion := map[string]any{"timestamp": "2026-01-01T00:00:00Z", "contains": list}
	if fault != SamePage {
		expansion["total"] = len(all)
	}
	return http.StatusOK, map[string]any{"resourceType": "ValueSet", "status": "active", "expansion": expansion}
}

// input is the parameters of an operation, wherever they came from.
func input(query url.Values, body jsontext.Value) map[string]string {
	in := map[string]string{}
	for name, values := range query {
		in[name] = values[0]
	}
	var p struct {
		Parameter []struct {
			Name         string                                 `json:"name"`
			ValueURI     string                                 `json:"valueUri"`
			ValueString  string                                 `json:"valueString"`
			ValueCode    string                                 `json:"valueCode"`
			ValueInteger jsontext.Value                         `json:"valueInteger"`
			ValueCoding  struct{ System, Version, Code string } `json:"valueCoding"`
			Resource     struct {
				Compose struct {
					Include []struct {
						System string `json:"system"`
					} `json:"include"`
				} `json:"compose"`
			} `json:"resource"`
		} `json:"parameter"`
	}
	if body == nil || json.Unmarshal(body, &p, json.MatchCaseInsensitiveNames(true)) != nil {
		return in
	}
	for _, x := range p.Parameter {
		in[x.Name] = x.ValueURI + x.ValueString + x.ValueCode + string(x.ValueInteger)
		if x.Name == "coding" {
			in["system"], in["code"] = x.ValueCoding.System, x.ValueCoding.Code
		}
		for _, inc := range x.Resource.Compose.Include {
			in["include"] = inc.System
		}
	}
	return in
}

func validation(r terminology.Result, err error) (int, any) {
	if err != nil {
		return failed(err)
	}
	return parametersOf(str("message", r.Message), str("display", r.Display), map[string]any{"name": "result", "valueBoolean": r.Valid})
}

func str(name, value string) map[string]any {
	return map[string]any{"name": name, "valueString": value}
}

func parametersOf(list ...any) (int, any) {
	return http.StatusOK, map[string]any{"resourceType": "Parameters", "parameter": list}
}

func failed(err error) (int, any) {
	status := http.StatusUnprocessableEntity
	if errs.Is(err, errs.NotFound) {
		status = http.StatusNotFound
	}
	return status, outcome(err.Error())
}

func outcome(text string) any {
	return map[string]any{"resourceType": "OperationOutcome", "issue": []any{
		map[string]any{"severity": "error", "code": "processing", "diagnostics": text},
	}}
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/fhir+json")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body) // a broken connection is the client's to see
}
