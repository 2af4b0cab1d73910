package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runPage runs the commands of a page of docs against a server started with the
// arguments given, and gives the script and what it printed. What the page says
// that they print, they print.
func runPage(t *testing.T, page string, args ...string) (script, printed string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	t.Parallel()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var prints []string
	for i, block := range strings.Split(string(text), "\n```") {
		switch kind, text, _ := strings.Cut(block, "\n"); {
		case i%2 == 0:
		case kind == "sh":
			script += text + "\n"
		case kind == "text":
			prints = append(prints, strings.Split(text, "\n")...)
		}
	}
	if strings.Count(script, "curl") < 7 || len(prints) < 4 {
		t.Fatalf("the page has too few commands:\n%s", script)
	}
	dir := t.TempDir()
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
	p := startProcess(t, append(args, "--data-dir", filepath.Join(dir, "data"))...)
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", strings.ReplaceAll(script, "http://127.0.0.1:8080", p.origin))
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range prints {
		if !strings.Contains(string(output), want) {
			t.Errorf("%s is not printed:\n%s", want, output)
		}
	}
	return script, string(output)
}

func TestPagesModelling(t *testing.T) {
	_, output := runPage(t, "modelling.md", "serve")
	for _, want := range []string{"HTTP/1.1 201 Created", `"code":"tpl.quantity.units"`} {
		if !strings.Contains(output, want) {
			t.Errorf("%s is not printed:\n%s", want, output)
		}
	}
	if n := strings.Count(output, "HTTP/1.1 201 Created"); n != 2 {
		t.Errorf("%d of the composition and the person were created:\n%s", n, output)
	}
}

func TestPagesFHIR(t *testing.T) {
	runPage(t, "fhir.md", "dev", "--patients", "3")
}

func TestPagesAQL(t *testing.T) {
	runPage(t, "aql.md", "dev", "--patients", "3")
}
