package pgembed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program writes a shell script that stands for a server program.
func program(t *testing.T, path, says string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := tempDir(t)
	for dir, version := range map[string]string{
		"lib/9.6/bin": "9.6.24", "lib/14/bin": "14.1", "lib/15/bin": "15.3 (Debian 15.3-1)", "lib/17/bin": "17beta2",
		"path/16": "16.0", "path/old": "13.1",
	} {
		program(t, filepath.Join(root, dir, "postgres"), "postgres (PostgreSQL) "+version)
		program(t, filepath.Join(root, dir, "initdb"), "")
	}
	program(t, filepath.Join(root, "client/postgres"), "postgres (PostgreSQL) 18.1")
	program(t, filepath.Join(root, "mysql/postgres"), "mysqld 8")
	program(t, filepath.Join(root, "mysql/initdb"), "")
	if err := os.Mkdir(filepath.Join(root, "links"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "path/16/postgres"), filepath.Join(root, "links/postgres")); err != nil {
		t.Fatal(err)
	}
	globs := []string{filepath.Join(root, "lib/*/bin")}
	path := func(dirs ...string) string {
		for i := range dirs {
			dirs[i] = filepath.Join(root, dirs[i])
		}
		return strings.Join(dirs, string(filepath.ListSeparator))
	}
	tests := []struct {
		name    string
		search  search
		major   int
		want    string // folder and version, or
		refused []string
	}{
		{name: "newest of the packages", search: search{globs: globs}, want: "lib/17/bin 17beta2"},
		{name: "the version of the cluster", search: search{globs: globs}, major: 15, want: "lib/15/bin 15.3"},
		{name: "PATH before packages", search: search{path: path("path/16"), globs: globs}, want: "path/16 16.0"},
		{name: "too old in PATH", search: search{path: path("path/old"), globs: globs}, want: "lib/17/bin 17beta2"},
		{name: "PATH without initdb", search: search{path: path("client"), globs: globs}, want: "lib/17/bin 17beta2"},
		{name: "a link in PATH leads to the programs", search: search{path: path("links")}, want: "path/16 16.0"},
		{name: "a relative PATH entry is not searched", search: search{path: ".", globs: globs}, want: "lib/17/bin 17beta2"},
		{name: "fixed folder only", search: search{fixed: filepath.Join(root, "lib/15/bin"), globs: globs}, want: "lib/15/bin 15.3"},
		{name: "fixed folder too old", search: search{fixed: filepath.Join(root, "lib/14/bin"), globs: globs}, refused: []string{EnvBin, "14.1", "older than 15"}},
		{name: "fixed folder empty", search: search{fixed: root}, refused: []string{EnvBin, "no postgres program"}},
		{name: "not PostgreSQL", search: search{fixed: filepath.Join(root, "mysql")}, refused: []string{"mysqld"}},
		{name: "nothing at all", search: search{}, refused: []string{"make setup", EnvBin}},
		{name: "only old ones", search: search{path: path("path/old")}, refused: []string{"13.1", "older than 15"}},
		{name: "not the cluster's version", search: search{globs: globs}, major: 18, refused: []string{"PostgreSQL 18", "version 15.3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := tt.search.find(t.Context(), tt.major)
			if tt.refused != nil {
				wantError(t, err, tt.refused...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			dir, version, _ := strings.Cut(tt.want, " ")
			want := Binaries{Dir: filepath.Join(root, dir), Version: version}
			if diff := cmp.Diff(want, b); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, glob := range searchGlobs {
		if _, err := filepath.Match(glob, ""); err != nil {
			t.Errorf("%s: %v", glob, err)
		}
	}
}
