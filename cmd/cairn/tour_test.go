package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTour runs each command that `cairn dev` prints, as pasted into a shell.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, "dev", "--patients", "8", "--data-dir", filepath.Join(dir, "data"))
	commands := printed(p)
	if len(commands) < 9 {
		t.Fatalf("only %d commands were printed:\n%s", len(commands), p.log)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(dir, "bin", "cairn")); err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		cmd := exec.Command("bash", "-o", "pipefail", "-c", c)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v: %s", c, err, out)
			continue
		}
		switch {
		case strings.Contains(c, "curl -si"):
			if !regexp.MustCompile(`^HTTP/1.1 201 `).Match(out) {
				t.Errorf("%s\nwas not created: %s", c, out)
			}
		case strings.HasPrefix(c, "echo"):
			var body struct {
				Problems []struct{ Code string }
			}
			if err := json.Unmarshal(out, &body); err != nil || len(body.Problems) < 2 {
				t.Errorf("%s\nwants a list of problems, got %s", c, out)
			}
		default:
			var body struct {
				Message      string
				ResourceType string
				Rows         [][]any
			}
			if err := json.Unmarshal(out, &body); err != nil {
				t.Errorf("%s\n%v: %s", c, err, out)
			}
			if body.Message != "" || body.ResourceType == "OperationOutcome" {
				t.Errorf("%s\nfailed: %s", c, out)
			}
			if strings.Contains(c, "/query/aql") && (len(body.Rows) == 0 || len(body.Rows[0]) == 0 || body.Rows[0][0] == nil) {
				t.Errorf("%s\nfound nothing: %s", c, out)
			}
		}
	}
}

// printed is the commands that a server, which is ready, has printed.
func printed(p *process) []string {
	var out []string
	for line := range strings.Lines(p.log.String()) {
		line = strings.TrimSpace(line)
		for _, start := range []string{"curl ", "bin/cairn ", "echo "} {
			if strings.HasPrefix(line, start) {
				out = append(out, line)
			}
		}
	}
	return out
}
