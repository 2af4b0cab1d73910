package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report is everything one run found.
type report struct {
	Date      string            `json:"date"`
	Machine   map[string]string `json:"machine"`
	Config    map[string]any    `json:"config"`
	ColdStart float64           `json:"start_new_cluster_s"`
	WarmStart float64           `json:"start_existing_cluster_s"`
	IdleRSS   float64           `json:"idle_rss_mib"`
	BusyRSS   float64           `json:"rss_after_load_mib"`
	MeanBody  int               `json:"mean_body_bytes"`
	Committed int               `json:"committed"`
	Runs      []Run             `json:"runs"`
	Tables    []table           `json:"tables"`
}

type table struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Indexes int64  `json:"index_bytes"`
}

// add records and prints a run; one with errors ends the benchmark, since its
// figures would mean nothing.
func (r *report) add(run Run) error {
	fmt.Println(run)
	r.Runs = append(r.Runs, run)
	if run.Errors > 0 {
		return fmt.Errorf("%s: %d requests failed, the first with: %s", run.Name, run.Errors, run.FirstError)
	}
	return nil
}

// baselineOf names the baseline that a workload is compared with.
func baselineOf(name string) string {
	switch {
	case strings.HasPrefix(name, "baseline:"):
		return ""
	case strings.HasPrefix(name, "commit"):
		return "baseline: bare insert"
	default:
		return "baseline: HTTP, no work"
	}
}

func (r *report) find(name string, clients int) *Run {
	for i := range r.Runs {
		if r.Runs[i].Name == name && r.Runs[i].Clients == clients {
			return &r.Runs[i]
		}
	}
	return nil
}

// write puts the report as JSON and as a page into a folder.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "latest.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "latest.md"), []byte(r.page()), 0o644)
}

func (r *report) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Performance\n\nWritten by `make bench` on %s. Client, server and Postgres share the machine.\n\n", r.Date)
	fmt.Fprintf(&b, "Machine: %s, %s cores, %s memory, Linux %s, %s, PostgreSQL %s.\n", r.Machine["processor"], r.Machine["cores"],
		r.Machine["memory"], r.Machine["kernel"], r.Machine["go"], r.Machine["postgres"])
	b.WriteString("Reads are asked for over kept connections by a client that takes little processor time; AQL and what is written by Go's.\n")
	if r.Machine["scheduling"] == "sessions" {
		b.WriteString("The kernel shares processors out among sessions, which makes the slowest reads slower (README.md, Where a read waits).\n")
	}
	fmt.Fprintf(&b, "Data: %v compositions of %d bytes of JSON on average, %v patients, seed %v. Commits are durable (fsync on).\n\n",
		r.Config["compositions"], r.MeanBody, r.Config["patients"], r.Config["seed"])
	b.WriteString("| start, new cluster | start, existing cluster | resident, idle | resident, after the load |\n|---|---|---|---|\n")
	fmt.Fprintf(&b, "| %.2f s | %.2f s | %.0f MiB | %.0f MiB |\n\n", r.ColdStart, r.WarmStart, r.IdleRSS, r.BusyRSS)
	b.WriteString("Rates are of the median round. The ratio is the rate divided by that of the baseline with as many\nclients in the same run: `bare insert` for commits, `HTTP, no work` for everything else.\n\n")
	b.WriteString("| workload | clients | per second | p50 ms | p99 ms | server CPU us | Postgres CPU us | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, run := range r.Runs {
		ratio := ""
		if base := r.find(baselineOf(run.Name), run.Clients); base != nil && base.PerSec > 0 {
			ratio = fmt.Sprintf("%.2f", run.PerSec/base.PerSec)
		}
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.2f | %.2f | %.0f | %.0f | %s |\n",
			run.Name, run.Clients, run.PerSec, run.P50, run.P99, run.ServerCPU, run.PostgresCPU, ratio)
	}
	for _, clients := range clientCounts {
		one, set := r.find("commit composition", clients), r.find(fmt.Sprintf("contribution of %d compositions", setSize), clients)
		if one != nil && set != nil && one.PerSec > 0 {
			fmt.Fprintf(&b, "\nContributions with %d clients: %.0f compositions/s, %.2f times the rate of single commits.\n", clients, set.PerSec*setSize, set.PerSec*setSize/one.PerSec)
		}
	}
	fmt.Fprintf(&b, "\n## On disk\n\n%d compositions committed.\n\n| table | bytes | of which indexes | per composition |\n|---|---:|---:|---:|\n", r.Committed)
	var total int64
	for _, t := range r.Tables {
		if t.Bytes < 1<<16 {
			continue
		}
		total += t.Bytes
		fmt.Fprintf(&b, "| %s | %d | %d | %.0f |\n", t.Name, t.Bytes, t.Indexes, float64(t.Bytes)/float64(max(1, r.Committed)))
	}
	fmt.Fprintf(&b, "| all | %d | | %.0f |\n", total, float64(total)/float64(max(1, r.Committed)))
	return b.String()
}
