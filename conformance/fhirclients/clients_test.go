package fhirclients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/server"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// The sandbox: its seed is fixed, so that a failure is one of the API.
const (
	seed     = 20
	patients = 8
)

// The profiles of the International Patient Summary, and the SHA-256 of the file
// that npm gives for them.
const (
	ipsPackage = "hl7.fhir.uv.ips@2.0.0"
	ipsSum     = "4a5cff17580f869140614ac51097d81540c63644d550ced8d4cd9b9bce7345c4"
)

// fetchTime is the most that npm may take before the test is without packages,
// scriptTime the most that a script may take before it is taken to hang.
const (
	fetchTime  = 2 * time.Minute
	scriptTime = 9 * time.Minute
)

// limits are those of the program's flags.
var limits = server.Limits{
	Body: 16 << 20, Expansion: 100, Path: 4096, Query: 65536, Parameters: 1000, Headers: 65536, Fields: 200,
	Depth: 256, Items: 100_000, Tags: 100, Versions: 1000,
}

func TestMain(m *testing.M) { pgtest.Main(m) }

// missing skips the test, or fails it where the clients are required.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CAIRN_FHIRCLIENTS") == "required" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// run is a command with its output, and whether it succeeded in time.
func run(t *testing.T, limit time.Duration, dir, name string, args ...string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// installed is a folder with the npm packages and, in ips, the profiles, made once for each state of
// package-lock.json.
func installed(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool+" is not installed")
		}
	}
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(lock, ipsSum...))
	dir := filepath.Join(cache, "cairn", "fhirclients-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, ok := run(t, fetchTime, work, "npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--legacy-peer-deps"); !ok {
		missing(t, "npm cannot fetch the packages within "+fetchTime.String()+": "+out)
	}
	if out, ok := run(t, fetchTime, work, "npm", "pack", "--silent", ipsPackage); !ok {
		missing(t, "npm cannot fetch "+ipsPackage+" within "+fetchTime.String()+": "+out)
	}
	tarball := filepath.Join(work, "hl7.fhir.uv.ips-2.0.0.tgz")
	data, err := os.ReadFile(tarball)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != ipsSum {
		t.Fatalf("%s is not what it was: SHA-256 %x", ipsPackage, sum)
	}
	if out, ok := run(t, fetchTime, work, "tar", "-xzf", tarball); !ok {
		t.Fatalf("tar: %s", out)
	}
	if err := os.Rename(filepath.Join(work, "package"), filepath.Join(work, "ips")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, again := os.Stat(filepath.Join(dir, "node_modules")); again != nil {
			t.Fatal(err)
		} // another test run was faster
	}
	return dir
}

// api starts a server with a sandbox and gives the address of its FHIR API and
// the ids of its patients.
func api(t *testing.T) []string {
	t.Helper()
	s, err := server.Start(t.Context(), server.Options{
		Listen: "127.0.0.1:0", DatabaseURL: pgtest.URL(t), SystemID: "cairn.test",
		OpenEHRBase: "/openehr/v1", FHIRBase: "/fhir/r4", Max: limits,
		LogLevel: "warn", LogFormat: "text",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadSandbox(t.Context(), seed, patients); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	out := []string{s.Origin() + "/fhir/r4"}
	for i := range patients {
		out = append(out, synth.New(seed).Patient(i).EHRID)
	}
	return out
}

// script runs one of the scripts beside this file with the packages.
func script(t *testing.T, name string) {
	t.Helper()
	dir := installed(t)
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := run(t, scriptTime, dir, "node", append([]string{path, dir}, api(t)...)...)
	if !ok {
		t.Fatalf("%s:\n%.8000s", name, out)
	}
	t.Log(strings.TrimSpace(out))
}

// TestClientLibrary lets an independent client read, search, page and fail.
func TestClientLibrary(t *testing.T) {
	t.Parallel()
	script(t, "walk.mjs")
}

// TestPatientSummaries validates the summaries of all patients against the
// profiles of the International Patient Summary, and shows that the check finds
// faults.
func TestPatientSummaries(t *testing.T) {
	t.Parallel()
	script(t, "summary.mjs")
}
