package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestModelling runs the commands of docs/modelling.md against a server. What
// the page says that they print, they print.
func TestModelling(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/modelling.md")
	if err != nil {
		t.Fatal(err)
	}
	var script string
	var prints []string
	for i, block := range strings.Split(string(page), "\n```") {
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
	p := startProcess(t, "serve", "--data-dir", filepath.Join(dir, "data"))
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", strings.ReplaceAll(script, "http://127.0.0.1:8080", p.origin))
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range append(prints, "HTTP/1.1 201 Created", `"code":"tpl.quantity.units"`) {
		if !strings.Contains(string(output), want) {
			t.Errorf("%s is not printed:\n%s", want, output)
		}
	}
}
