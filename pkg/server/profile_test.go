package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCPUProfile shares the process with no other profile, so it is not parallel.
func TestCPUProfile(t *testing.T) {
	o := testOptions(t)
	o.CPUProfile = filepath.Join(t.TempDir(), "missing", "cpu.prof")
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Fatalf("a profile in a folder that does not exist: %v", err)
	}
	o.CPUProfile = filepath.Join(t.TempDir(), "cpu.prof")
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second := o
	second.CPUProfile += "2"
	if _, err := Start(t.Context(), second); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("two profiles at once: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.CPUProfile)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("the file is no profile: %v", err)
	}
	if text, err := io.ReadAll(zip); err != nil || !bytes.Contains(text, []byte("nanoseconds")) {
		t.Errorf("the profile is not complete: %v", err)
	}
}
