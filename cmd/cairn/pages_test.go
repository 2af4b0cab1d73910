package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	cmd.Env = append(os.Environ(), "CAIRN_DATA_DIR="+filepath.Join(dir, "data"))
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
	runPage(t, "fhir.md", "dev", "--patients", "4", "--fhir-write", "--fhir-write-territory", "NL")
}

func TestPagesAQL(t *testing.T) {
	runPage(t, "aql.md", "dev", "--patients", "3")
}

// TestPagesAPI pastes docs/api into a shell, page by page: each page in a shell
// of its own, after what the index says comes before the examples, against a
// sandbox started as the index says. Every command is to print the statuses
// that the page shows, and every operation to have a command.
func TestPagesAPI(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	for _, tool := range []string{"bash", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	t.Parallel()
	read := func(name string) string { return string(must(os.ReadFile("../../docs/api/" + name))(t)) }
	index := read("README.md")
	_, setup, _ := strings.Cut(index, "\n```sh\n")
	setup, _, _ = strings.Cut(setup, "\n```")
	_, args, found := strings.Cut(index, `make run ARGS="`)
	args, _, _ = strings.Cut(args, `"`)
	if setup == "" || !found {
		t.Fatalf("the index does not say how to begin:\n%s", index)
	}
	dir := t.TempDir()
	p := startProcess(t, append([]string{"dev", "--quiet", "--patients", "3", "--data-dir", filepath.Join(dir, "data")}, strings.Fields(args)...)...)
	local := strings.NewReplacer("http://127.0.0.1:8080", p.origin)
	statusLine := regexp.MustCompile(`(?m)^HTTP/1\.1 (\d{3})`)
	operations := 0
	for _, link := range regexp.MustCompile(`(?m)^- \[.*?\]\((\w+\.md)\)`).FindAllStringSubmatch(index, -1) {
		var script strings.Builder
		script.WriteString("{\n" + setup + "\n} >/dev/null\n")
		sections := strings.Split(read(link[1]), "\n## ")[1:]
		shown := make([]string, len(sections))
		for i, section := range sections {
			operations++
			parts := strings.Split(section, "\n```")
			if len(parts) < 2 || !strings.HasPrefix(parts[1], "sh\n") {
				t.Errorf("%s: no command for %s", link[1], section)
				continue
			}
			if len(parts) > 3 && strings.HasPrefix(parts[3], "text\n") {
				shown[i] = parts[3]
			}
			fmt.Fprintf(&script, "echo '=== %d'\n%s\necho\n", i, strings.TrimPrefix(parts[1], "sh\n"))
		}
		cmd := exec.Command("bash", "-c", local.Replace(script.String()))
		cmd.Dir = t.TempDir()
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", link[1], err, output)
		}
		printed := strings.Split(string(output), "\n=== ")
		if head, ok := strings.CutPrefix(printed[0], "=== "); ok {
			printed[0] = head // the setup printed nothing
		} else {
			t.Errorf("%s: what comes before the examples prints %s", link[1], printed[0])
			printed = printed[1:]
		}
		if len(printed) != len(sections) {
			t.Fatalf("%s: %d of %d commands ran:\n%s", link[1], len(printed), len(sections), output)
		}
		for i, text := range printed {
			want, got := statusLine.FindAllString(shown[i], -1), statusLine.FindAllString(text, -1)
			title, _, _ := strings.Cut(sections[i], "\n")
			if len(want) == 0 && strings.TrimSpace(strings.TrimPrefix(text, strconv.Itoa(i))) == "" {
				t.Errorf("%s, %s: nothing is printed", link[1], title)
			}
			if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
				t.Errorf("%s, %s: printed is %q, shown %q:\n%.1500s", link[1], title, got, want, text)
			}
		}
	}
	if operations < 110 {
		t.Errorf("%d operations are documented", operations)
	}
}
