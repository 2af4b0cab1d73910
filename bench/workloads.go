package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

const (
	openehr = "/openehr/v1"
	fhirR4  = "/fhir/r4"
)

// clientCounts are the numbers of concurrent clients of each workload.
var clientCounts = []int{1, 8, 32}

// workloads drives one server through all phases.
type workloads struct {
	config
	server *server
	report *report

	ehrs   []string
	bodies [][]byte // compositions made before the clock runs

	mu        sync.Mutex
	committed []version
}

type version struct{ ehr, uid string }

// prepare uploads templates, creates the EHRs and makes the compositions.
func (w *workloads) prepare(ctx context.Context) error {
	files, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		return err
	}
	for _, f := range files {
		opt, err := fs.ReadFile(library.Files, f)
		if err != nil {
			return err
		}
		_, _, err = w.server.call(ctx, "POST", openehr+"/definition/template/adl1.4", opt,
			map[string]string{"Content-Type": "application/xml"}, http.StatusCreated)
		if err != nil {
			return err
		}
	}
	g := synth.New(w.seed, synth.WithMeanSize(w.meanSize))
	for i := range w.patients {
		p := g.Patient(i)
		if _, _, err := w.server.call(ctx, "PUT", openehr+"/ehr/"+p.EHRID, p.EHRStatus(), nil, http.StatusCreated); err != nil {
			return err
		}
		w.ehrs = append(w.ehrs, p.EHRID)
	}
	total := 0
	for n := range w.compositions {
		// Composition k of every patient before k+1 of any: 0 and 1 are the
		// lists, the rest vital signs.
		_, body := g.Patient(n % w.patients).Composition(n / w.patients)
		w.bodies = append(w.bodies, body)
		total += len(body)
	}
	w.report.MeanBody = total / len(w.bodies)
	fmt.Printf("%d compositions of %d bytes on average for %d patients\n", len(w.bodies), w.report.MeanBody, w.patients)
	return nil
}

// commits measures POST of compositions, an equal share for each number of
// clients, and leaves all of them in the database.
func (w *workloads) commits(ctx context.Context) error {
	share := w.compositions / len(clientCounts)
	for i, clients := range clientCounts {
		from := i * share
		r := once(ctx, w.server.procs, "commit composition", clients, share, from, func(ctx context.Context, _, n int) error {
			return w.commit(ctx, n)
		})
		if err := w.report.add(r); err != nil {
			return err
		}
	}
	// Statistics as autovacuum would have gathered them by the next minute.
	return w.analyze(ctx)
}

// commit posts composition n and remembers its version.
func (w *workloads) commit(ctx context.Context, n int) error {
	ehr := w.ehrs[n%w.patients]
	h, _, err := w.server.call(ctx, "POST", openehr+"/ehr/"+ehr+"/composition", w.bodies[n], nil, http.StatusCreated)
	if err != nil {
		return err
	}
	uid := strings.Trim(strings.TrimPrefix(h.Get("ETag"), "W/"), `"`)
	w.mu.Lock()
	w.committed = append(w.committed, version{ehr, uid})
	w.mu.Unlock()
	return nil
}

// setSize is the number of compositions in one contribution.
const setSize = 20

// sets makes the bodies of contributions of size compositions each from n
// compositions, the first of which is from.
func (w *workloads) sets(from, n, size int) [][]byte {
	out := make([][]byte, 0, n/size)
	for at := from; at+size <= from+n; at += size {
		var b bytes.Buffer
		b.WriteString(`{"audit":{"change_type":{"terminology_id":"openehr","code_string":"249"}},"versions":[`)
		for k := range size {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"commit_audit":{"change_type":{"terminology_id":"openehr","code_string":"249"}},"lifecycle_state":{"terminology_id":"openehr","code_string":"532"},"data":`)
			b.Write(w.bodies[(at+k)%len(w.bodies)])
			b.WriteByte('}')
		}
		b.WriteString(`]}`)
		out = append(out, bytes.Clone(b.Bytes()))
	}
	return out
}

func (w *workloads) contribution(ctx context.Context, n int, body []byte) error {
	_, _, err := w.server.call(ctx, "POST", openehr+"/ehr/"+w.ehrs[n%w.patients]+"/contribution", body, nil, http.StatusCreated)
	return err
}

// contributions measures POST of contributions of many compositions. One
// operation is one contribution: the rate of compositions is setSize times that.
func (w *workloads) contributions(ctx context.Context) error {
	const sets = 120
	for i, clients := range clientCounts {
		bodies := w.sets(i*sets*setSize, sets*setSize, setSize)
		r := once(ctx, w.server.procs, fmt.Sprintf("contribution of %d compositions", setSize), clients, sets, 0, func(ctx context.Context, _, n int) error {
			return w.contribution(ctx, i*sets+n, bodies[n])
		})
		if err := w.report.add(r); err != nil {
			return err
		}
		if one := w.report.find("commit composition", clients); one != nil && one.PerSec > 0 {
			fmt.Printf("%d clients: in contributions %.0f compositions/s, %.2f times the rate of single commits\n", clients, r.PerSec*setSize, r.PerSec*setSize/one.PerSec)
		}
	}
	return nil
}

func (w *workloads) reads(ctx context.Context) error {
	for _, f := range []struct{ name, media string }{
		{"GET composition", "application/json"},
		{"GET composition as XML", "application/xml"},
		{"GET composition as FLAT", "application/openehr.wt.flat+json"},
	} {
		if err := w.sweep(ctx, f.name, 6000, func(_ context.Context, client, n int) error {
			return w.get(client, n, f.media)
		}); err != nil {
			return err
		}
	}
	return nil
}

// get reads one of the compositions that were committed.
func (w *workloads) get(client, n int, accept string) error {
	return w.server.get(client, w.compositionPath(n), accept)
}

func (w *workloads) compositionPath(n int) string {
	v := w.committed[n*7919%len(w.committed)]
	return openehr + "/ehr/" + v.ehr + "/composition/" + url.PathEscape(v.uid)
}

const (
	latestBP = `SELECT o/data[at0001]/events[at0006]/time/value AS time,
 o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude AS systolic
 FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]
 WHERE e/ehr_id/value = $ehr ORDER BY time DESC LIMIT 10`
	highBP = `SELECT COUNT(*) AS n FROM EHR e CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]
 WHERE o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude > 140`
)

func (w *workloads) queries(ctx context.Context) error {
	err := w.sweep(ctx, "AQL one EHR, latest ten BP", 600, func(ctx context.Context, _, n int) error {
		return w.query(ctx, latestBP, map[string]any{"ehr": w.ehrs[n%w.patients]})
	})
	if err != nil {
		return err
	}
	r := drive(ctx, w.server.procs, "AQL population count", 1, 3, w.rounds, func(ctx context.Context, _, _ int) error {
		return w.query(ctx, highBP, nil)
	})
	return w.report.add(r)
}

func (w *workloads) query(ctx context.Context, q string, params map[string]any) error {
	body, err := json.Marshal(map[string]any{"q": q, "query_parameters": params})
	if err != nil {
		return err
	}
	_, data, err := w.server.call(ctx, "POST", openehr+"/query/aql", body, nil, http.StatusOK)
	if err == nil && bytes.Contains(data, []byte(`"rows":[]`)) {
		return fmt.Errorf("a query found nothing")
	}
	return err
}

// observations are the ids of some of the Observations of some patients.
func (w *workloads) observations(ctx context.Context) ([]string, error) {
	var ids []string
	for _, ehr := range w.ehrs[:min(len(w.ehrs), 50)] {
		_, data, err := w.server.call(ctx, "GET", fhirR4+"/Observation?_count=50&patient="+ehr, nil, nil, http.StatusOK)
		if err != nil {
			return nil, err
		}
		var bundle struct {
			Entry []struct {
				Resource struct{ ResourceType, ID string }
			}
		}
		if err := json.Unmarshal(data, &bundle); err != nil {
			return nil, err
		}
		for _, e := range bundle.Entry {
			if e.Resource.ResourceType == "Observation" {
				ids = append(ids, e.Resource.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no Observation to read")
	}
	return ids, nil
}

func (w *workloads) observation(client int, id string) error {
	return w.server.get(client, fhirR4+"/Observation/"+id, "")
}

func (w *workloads) fhir(ctx context.Context) error {
	ids, err := w.observations(ctx)
	if err != nil {
		return err
	}
	err = w.sweep(ctx, "FHIR read Observation", 6000, func(_ context.Context, client, n int) error {
		return w.observation(client, ids[n*7919%len(ids)])
	})
	if err != nil {
		return err
	}
	return w.sweep(ctx, "FHIR search, page of 50", 900, func(_ context.Context, client, n int) error {
		return w.server.get(client, fhirR4+"/Observation?_count=50&code=http://loinc.org%7C85354-9&patient="+w.ehrs[n%w.patients], "")
	})
}

// sweep drives one workload with each number of clients.
func (w *workloads) sweep(ctx context.Context, name string, perRound int, do step) error {
	for _, clients := range clientCounts {
		if err := w.report.add(drive(ctx, w.server.procs, name, clients, perRound, w.rounds, do)); err != nil {
			return err
		}
	}
	return nil
}
