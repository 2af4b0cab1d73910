//go:build unix

package pgembed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the oldest major version of PostgreSQL that Cairn runs on.
const MinMajor = 15

// EnvBin names the environment variable that fixes the folder of the server
// binaries; no other place is searched when it is set.
const EnvBin = "CAIRN_PG_BIN"

// ErrNoBinaries is returned, wrapped, when no usable server was found.
var ErrNoBinaries = errors.New("no PostgreSQL server binaries found")

// Binaries is a folder with PostgreSQL's server programs.
type Binaries struct {
	Dir     string // absolute, symbolic links resolved
	Version string // such as "15.18" or "18beta1"
}

// Major is the major version, such as 15.
func (b Binaries) Major() int {
	digits := b.Version
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func (b Binaries) postgres() string { return filepath.Join(b.Dir, "postgres") }
func (b Binaries) initdb() string   { return filepath.Join(b.Dir, "initdb") }

// searchGlobs are the folders where packages put the server, in the order of
// preference; within one glob newer versions come first.
var searchGlobs = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // PGDG for RHEL
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew, Apple silicon
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew, Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	"/usr/libexec/postgresql*",                           // Alpine
	"/usr/local/pgsql/bin",                               // built from source
}

// Find looks for PostgreSQL 15 or newer: the folder in CAIRN_PG_BIN if set,
// otherwise PATH, then the usual folders of packages, newest first.
func Find(ctx context.Context) (Binaries, error) {
	b, err := machine().find(ctx, 0)
	if err != nil {
		return b, fmt.Errorf("pgembed: %w", err)
	}
	return b, nil
}

// search is where to look for binaries.
type search struct {
	fixed string   // the only folder, if set
	path  string   // a PATH
	globs []string // folders, each pattern's newest first
}

func machine() search {
	return search{fixed: os.Getenv(EnvBin), path: os.Getenv("PATH"), globs: searchGlobs}
}

// find looks for one major version; 0 for any that is new enough.
func (s search) find(ctx context.Context, major int) (Binaries, error) {
	if s.fixed != "" {
		b, err := inspect(ctx, s.fixed)
		if err != nil {
			return b, fmt.Errorf("%s: %w", EnvBin, err)
		}
		return b, nil
	}
	var passed []string
	for _, dir := range s.candidates() {
		b, err := inspect(ctx, dir)
		switch {
		case err != nil:
			passed = append(passed, err.Error())
		case major != 0 && b.Major() != major:
			passed = append(passed, fmt.Sprintf("%s is version %s", b.Dir, b.Version))
		default:
			return b, nil
		}
	}
	want := fmt.Sprintf("PostgreSQL %d or newer", MinMajor)
	if major != 0 {
		want = fmt.Sprintf("PostgreSQL %d, which made the existing cluster", major)
	}
	err := fmt.Errorf("%w: %s is needed; run \"make setup\", install the postgresql package, or set %s to the folder with postgres and initdb",
		ErrNoBinaries, want, EnvBin)
	if len(passed) > 0 {
		err = fmt.Errorf("%w (passed over: %s)", err, strings.Join(passed, "; "))
	}
	return Binaries{}, err
}

// candidates are the existing folders that hold a postgres program, without
// repetition.
func (s search) candidates() []string {
	var dirs []string
	add := func(dir string) {
		exe, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil {
			return
		}
		// initdb is beside the real program, not beside a link to it.
		if dir = filepath.Dir(exe); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range filepath.SplitList(s.path) {
		if filepath.IsAbs(dir) {
			add(dir)
		}
	}
	for _, glob := range s.globs {
		found, err := filepath.Glob(glob)
		if err != nil {
			continue // only a malformed pattern, which the tests rule out
		}
		slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(numberIn(b), numberIn(a)) })
		for _, dir := range found {
			add(dir)
		}
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+(\.\d+)?`)

// numberIn is the last number in a folder's path, its version; 0 without one.
func numberIn(path string) float64 {
	all := digits.FindAllString(path, -1)
	if len(all) == 0 {
		return 0
	}
	n, err := strconv.ParseFloat(all[len(all)-1], 64)
	if err != nil {
		return 0
	}
	return n
}

var versionOutput = regexp.MustCompile(`\(PostgreSQL\) (\d+\S*)`)

// inspect checks that a folder has the programs and that they are new enough.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	exe, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return Binaries{}, fmt.Errorf("no postgres program in %s: %w", dir, err)
	}
	if exe, err = filepath.Abs(exe); err != nil {
		return Binaries{}, err
	}
	b := Binaries{Dir: filepath.Dir(exe)}
	if _, err := exec.LookPath(b.initdb()); err != nil {
		return Binaries{}, fmt.Errorf("no initdb beside %s: %w", exe, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, exe, "--version").CombinedOutput()
	if err != nil {
		return Binaries{}, fmt.Errorf("%s --version: %w: %s", exe, err, strings.TrimSpace(string(out)))
	}
	m := versionOutput.FindSubmatch(out)
	if m == nil {
		return Binaries{}, fmt.Errorf("%s --version answers %q, not a PostgreSQL version", exe, strings.TrimSpace(string(out)))
	}
	b.Version = string(m[1])
	if b.Major() < MinMajor {
		return Binaries{}, fmt.Errorf("%s is version %s, older than %d", b.Dir, b.Version, MinMajor)
	}
	return b, nil
}
