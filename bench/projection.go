package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// projecting is where the server projects a version, in its source.
const (
	projectingFile = "pkg/server/mapping.go"
	projecting     = "func (p *fhirProjection) Project(in ehr.ProjectionInput) ehr.Projected {\n"
)

// buildPair builds the server of the source in the working directory twice: as
// it is, and with a projection that makes nothing. That there is no such setting
// is intended, so the compiler is given another text of one file.
func buildPair(ctx context.Context, dir string) (with, without string, err error) {
	source, err := os.ReadFile(projectingFile)
	if err != nil {
		return "", "", fmt.Errorf("-projection builds the server, from the root of the repository: %w", err)
	}
	changed, err := withoutProjection(source)
	if err != nil {
		return "", "", err
	}
	path, err := filepath.Abs(projectingFile)
	if err != nil {
		return "", "", err
	}
	other := filepath.Join(dir, "mapping.go")
	if err := os.WriteFile(other, changed, 0o644); err != nil {
		return "", "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: other}})
	if err != nil {
		return "", "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return "", "", err
	}
	with, without = filepath.Join(dir, "cairn"), filepath.Join(dir, "cairn-without")
	for _, args := range [][]string{{"-o", with}, {"-overlay", file, "-o", without}} {
		cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, args...), "./cmd/cairn")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	return with, without, nil
}

// withoutProjection is the source with a projection that makes nothing.
func withoutProjection(source []byte) ([]byte, error) {
	if bytes.Count(source, []byte(projecting)) != 1 {
		return nil, fmt.Errorf("%s has not the projection that is left out", projectingFile)
	}
	return bytes.Replace(source, []byte(projecting), []byte(projecting+"\tif p != nil {\n\t\treturn ehr.Projected{}\n\t}\n"), 1), nil
}

// projectionShare is what projection adds to the processor time of commits: of
// the server and Postgres together, as a part of what they take without it.
func projectionShare(with, without *variant, clients []int) string {
	var b strings.Builder
	line := func(name string, of func(*variant) []Run) {
		for _, n := range clients {
			server, postgres, ok := cpuEach(of(with), n)
			bareServer, barePostgres, bareOK := cpuEach(of(without), n)
			if !ok || !bareOK || bareServer+barePostgres == 0 {
				continue
			}
			fmt.Fprintf(&b, "  %-13s %2d clients: CPU %5.0f us (server %5.0f, Postgres %5.0f), without projection %5.0f us (server %5.0f, Postgres %5.0f): projection adds %.0f %%\n",
				name, n, server+postgres, server, postgres, bareServer+barePostgres, bareServer, barePostgres,
				100*((server+postgres)/(bareServer+barePostgres)-1))
		}
	}
	fmt.Fprintf(&b, "\nprojection, per composition:\n")
	line("commits", func(v *variant) []Run { return v.Runs })
	line("contributions", func(v *variant) []Run { return v.Sets })
	return b.String()
}

// cpuEach is the processor time of one item in microseconds, of all runs with a
// number of clients.
func cpuEach(runs []Run, clients int) (server, postgres float64, ok bool) {
	var count float64
	for _, r := range runs {
		if r.Clients == clients {
			count += float64(r.Count)
			server += r.ServerCPU * float64(r.Count)
			postgres += r.PostgresCPU * float64(r.Count)
		}
	}
	if count == 0 {
		return 0, 0, false
	}
	return server / count, postgres / count, true
}
