package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// operations measures what reads many resources at once.
func (w *workloads) operations(ctx context.Context) error {
	for _, op := range []struct {
		name, path string
		perRound   int
	}{
		{"FHIR $everything, 500", "/$everything?_count=500", 240},
		{"FHIR $summary", "/$summary", 240},
	} {
		if err := w.sweep(ctx, op.name, op.perRound, func(_ context.Context, client, n int) error {
			return w.server.get(client, fhirR4+"/Patient/"+w.ehrs[n%w.patients]+op.path, "")
		}); err != nil {
			return err
		}
	}
	if err := w.sweep(ctx, "FHIR population, code and value", 120, func(_ context.Context, client, n int) error {
		return w.server.get(client,
			fmt.Sprintf("%s/Observation?_count=50&combo-code=http://loinc.org%%7C8480-6&component-value-quantity=gt%d", fhirR4, 150+n%20), "")
	}); err != nil {
		return err
	}
	return w.export(ctx)
}

// export measures one bulk export of everything, from its request to the last
// line. One operation is one resource.
func (w *workloads) export(ctx context.Context) error {
	before, start := w.server.procs.sample(), time.Now()
	h, _, err := w.server.call(ctx, "GET", fhirR4+"/$export", nil, map[string]string{"Prefer": "respond-async"}, http.StatusAccepted)
	if err != nil {
		return err
	}
	path := func(url string) string { return url[strings.Index(url, fhirR4):] }
	var manifest struct {
		Output []struct {
			URL   string
			Count int
		}
	}
	for manifest.Output == nil {
		_, data, err := w.server.call(ctx, "GET", path(h.Get("Content-Location")), nil, nil, http.StatusOK, http.StatusAccepted)
		if err != nil {
			return err
		}
		if len(data) == 0 {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err := json.Unmarshal(data, &manifest); err != nil {
			return err
		}
	}
	lines := 0
	for _, f := range manifest.Output {
		_, data, err := w.server.call(ctx, "GET", path(f.URL), nil, nil, http.StatusOK)
		if err != nil {
			return err
		}
		if n := bytes.Count(data, []byte{'\n'}); n != f.Count {
			return fmt.Errorf("%s has %d resources, announced are %d", f.URL, n, f.Count)
		}
		lines += f.Count
	}
	took, after := time.Since(start), w.server.procs.sample()
	if lines == 0 {
		return fmt.Errorf("the export is empty")
	}
	return w.report.add(Run{
		Name: "FHIR export, resources", Clients: 1, Count: lines, Seconds: took.Seconds(), PerSec: float64(lines) / took.Seconds(),
		ServerCPU: (after.server - before.server) / float64(lines), PostgresCPU: (after.postgres - before.postgres) / float64(lines),
	})
}
