package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	// The tour is printed once the server answers, and read as soon as it does.
	commands := printed(p)
	for deadline := time.Now().Add(30 * time.Second); len(commands) < 10 && time.Now().Before(deadline); commands = printed(p) {
		time.Sleep(50 * time.Millisecond)
	}
	if len(commands) < 10 {
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
	runReadme(t, p, dir)
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

// runReadme runs the README's five minutes against the server.
func runReadme(t *testing.T, p *process, dir string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "## Five minutes")
	_, after, _ = strings.Cut(after, "```sh\n")
	script, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("the README has no script of five minutes")
	}
	script = strings.ReplaceAll(script, "http://127.0.0.1:8080", p.origin)
	script = strings.ReplaceAll(script, "/tmp/vitals.json", filepath.Join(dir, "vitals.json"))
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the README's script failed: %v\n%s", err, out)
	}
	for _, want := range []string{
		`"_type":"EHR"`, "HTTP/1.1 201 Created", `"tpl.quantity.units"`, `"rows":[["20`,
		`"resourceType":"Observation"`, `"resourceType":"Condition"`, "information is absent",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the README's script does not print %s:\n%s", want, out)
		}
	}
}

// printed is the commands that a server, which is ready, has printed.
func printed(p *process) []string {
	var out []string
	for line := range strings.Lines(p.log.String()) {
		line, whole := strings.CutSuffix(line, "\n") // what is being printed comes in parts
		if line = strings.TrimSpace(line); !whole {
			continue
		}
		for _, start := range []string{"curl ", "bin/cairn ", "echo "} {
			if strings.HasPrefix(line, start) {
				out = append(out, line)
			}
		}
	}
	return out
}
