package ehr

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// StoredQuery is an AQL query kept under a name and a version.
type StoredQuery struct {
	// Name is [{namespace}::]{query-name}, Version a semantic version.
	Name, Version string
	// Text is the AQL as it was stored.
	Text  string
	Saved time.Time
}

// queryName is [{namespace}::]{query-name}, within maxQueryName bytes.
var queryName = regexp.MustCompile(`^(?:[a-zA-Z0-9_.-]+::)?[a-zA-Z0-9_.-]+$`)

const maxQueryName = 255

// validQueryName reports whether a query may have the name; "aql" is that of
// queries which are not stored.
func validQueryName(name string) bool {
	return len(name) <= maxQueryName && queryName.MatchString(name) && !strings.EqualFold(name, "aql")
}

// completeVersion is a version with the numbers it leaves out as 0; "" if it is
// none. Build metadata is no part of a version's identity and not accepted.
func completeVersion(version string) string {
	v := "v" + version
	if !semver.IsValid(v) || semver.Build(v) != "" || len(version) > maxQueryName {
		return ""
	}
	return semver.Canonical(v)[1:]
}

// PutQuery stores a query, whose text the caller has checked. Without a version
// it becomes 1.0.0, or the next patch of the highest version there is, unless
// that has the same text. Conflict if the version exists.
func (s *Service) PutQuery(ctx context.Context, who Actor, name, version, text string) (StoredQuery, error) {
	const op = "ehr.PutQuery"
	if err := s.decide(ctx, who, ActionDefine, Target{Class: "QUERY"}); err != nil {
		return StoredQuery{}, err
	}
	if !validQueryName(name) {
		return StoredQuery{}, errs.New(errs.Invalid, op, "the name of a query must have the form [{namespace}::]{query-name} of letters, digits, _, . and -, and not be aql")
	}
	q := StoredQuery{Name: name, Text: text}
	if version != "" {
		if q.Version = completeVersion(version); q.Version == "" {
			return StoredQuery{}, errs.New(errs.Invalid, op, "the version of a query must be a semantic version without build metadata, such as 1.0.0")
		}
		return s.cfg.Store.InsertQuery(ctx, q, who.ID)
	}
	for attempt := 0; ; attempt++ {
		list, err := s.cfg.Store.Queries(ctx, name)
		if err != nil {
			return StoredQuery{}, err
		}
		q.Version = "1.0.0"
		if len(list) > 0 {
			last := slices.MaxFunc(list, compareQueries)
			if last.Text == text {
				return last, nil
			}
			q.Version = nextVersion(last.Version)
		}
		done, err := s.cfg.Store.InsertQuery(ctx, q, who.ID)
		// Somebody else may have taken the version meanwhile.
		if !errs.Is(err, errs.Conflict) || attempt == 9 {
			return done, err
		}
	}
}

// nextVersion is the next patch, or the release that a pre-release precedes.
func nextVersion(version string) string {
	release := strings.TrimSuffix(version, semver.Prerelease("v"+version))
	if release != version {
		return release
	}
	dot := strings.LastIndexByte(version, '.')
	patch, err := strconv.ParseUint(version[dot+1:], 10, 63)
	if err != nil { // more digits than a number has: the version is taken, and refused as such
		return version
	}
	return version[:dot+1] + strconv.FormatUint(patch+1, 10)
}

// Query finds the stored query of the name with the highest version that
// begins with the one given; "" is any. A pre-release is found by its full
// version, or if there is no release.
func (s *Service) Query(ctx context.Context, who Actor, name, version string) (StoredQuery, error) {
	const op = "ehr.Query"
	if err := s.decide(ctx, who, ActionRead, Target{Class: "QUERY"}); err != nil {
		return StoredQuery{}, err
	}
	missing := errs.New(errs.NotFound, op, "no such stored query")
	if !validQueryName(name) || version != "" && completeVersion(version) == "" {
		return StoredQuery{}, missing
	}
	list, err := s.cfg.Store.Queries(ctx, name)
	if err != nil {
		return StoredQuery{}, err
	}
	full := completeVersion(version)
	var best *StoredQuery
	for i := range list {
		q := &list[i]
		if version != "" && q.Version != full && !matchesPrefix(q.Version, version) {
			continue
		}
		if full == version && version != "" {
			return *q, nil
		}
		if best == nil || higher(*q, *best) {
			best = q
		}
	}
	if best == nil {
		return StoredQuery{}, missing
	}
	return *best, nil
}

// matchesPrefix tells a version of the major, or major and minor, numbers given.
func matchesPrefix(version, prefix string) bool {
	return strings.Count(prefix, ".") < 2 && strings.HasPrefix(version, prefix+".")
}

// higher prefers releases.
func higher(a, b StoredQuery) bool {
	preA, preB := semver.Prerelease("v"+a.Version) != "", semver.Prerelease("v"+b.Version) != ""
	if preA != preB {
		return preB
	}
	return compareQueries(a, b) > 0
}

// Queries lists the stored queries by name and version: those of the name, if
// the pattern has a namespace and a query name, else those whose name begins
// with the pattern.
func (s *Service) Queries(ctx context.Context, who Actor, pattern string) ([]StoredQuery, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "QUERY"}); err != nil {
		return nil, err
	}
	read := s.cfg.Store.QueriesByPrefix
	if _, name, ok := strings.Cut(pattern, "::"); ok && name != "" {
		read = s.cfg.Store.Queries
	}
	list, err := read(ctx, pattern)
	slices.SortFunc(list, compareQueries)
	return list, err
}

func compareQueries(a, b StoredQuery) int {
	if n := strings.Compare(a.Name, b.Name); n != 0 {
		return n
	}
	return semver.Compare("v"+a.Version, "v"+b.Version)
}
