package server

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/archetypes"
)

func TestReadArchetypes(t *testing.T) {
	t.Parallel()
	read := func(files map[string]string) (int, error) {
		t.Helper()
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := &Server{options: Options{Archetypes: dir}, log: slog.New(slog.DiscardHandler)}
		known, err := s.readArchetypes()
		if err != nil {
			return 0, err
		}
		if known.Archetype("openEHR-EHR-OBSERVATION.pulse.v2") == nil || known.Archetype("openEHR-EHR-OBSERVATION.pulse.v1") != nil {
			t.Error("other archetypes are known than were given")
		}
		return len(files), nil
	}
	pulse, err := fs.ReadFile(archetypes.LibraryFiles(), "library/openEHR-EHR-OBSERVATION.pulse.v2.adl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(map[string]string{"pulse.adl": string(pulse), "notes.txt": "no archetype"}); err != nil {
		t.Error(err)
	}
	for name, files := range map[string]map[string]string{
		"no usable archetype": {"notes.txt": "nothing"},
		"cannot be read":      {"pulse.adl": "archetype\n\tnonsense"},
	} {
		if _, err := read(files); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want an error with %q", err, name)
		}
	}
	if known, err := (&Server{}).readArchetypes(); known != nil || err != nil {
		t.Errorf("without a folder: %v %v", known, err)
	}
}
