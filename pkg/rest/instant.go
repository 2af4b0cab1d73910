package rest

import (
	"regexp"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// extendedInstant is the form of version_at_time: extended ISO 8601 with at
// least minutes; seconds, their fraction and the offset are optional.
var extendedInstant = regexp.MustCompile(
	`^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}(?::\d{2})?)?$`)

// lostPlus is an offset whose plus sign a form decoder has made a space.
var lostPlus = regexp.MustCompile(`T[^ ]+ \d{2}(?::\d{2})?$`)

// parseInstant reads the value of version_at_time, already query-decoded. A
// time without an offset is in zone. A date without a time is refused: which of
// its instants is meant decides which version is read.
func parseInstant(s string, zone *time.Location) (time.Time, error) {
	fault := func(err error) (time.Time, error) {
		return time.Time{}, errs.Wrap(errs.Invalid, "rest.parseInstant",
			"version_at_time must be a date and time in extended ISO 8601, such as 2015-01-20T19:30:22.765+01:00", err)
	}
	if lostPlus.MatchString(s) {
		s = strings.Replace(s, " ", "+", 1)
	}
	m := extendedInstant.FindStringSubmatch(s)
	if m == nil {
		return fault(nil)
	}
	text, layout := m[1]+strings.Replace(m[2], ",", ".", 1), "2006-01-02T15:04"
	if m[2] != "" {
		layout += ":05"
	}
	switch {
	case m[3] == "":
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			return fault(err)
		}
		return t, nil
	case m[3] != "Z" && len(m[3]) == 3:
		m[3] += ":00"
	}
	t, err := time.Parse(layout+"Z07:00", text+m[3])
	if err != nil {
		return fault(err)
	}
	return t, nil
}

// versionAtTime is the query parameter version_at_time; the zero time if it is
// absent.
func (a *api) versionAtTime(r *request) (time.Time, error) {
	values, ok := r.URL.Query()["version_at_time"]
	if !ok {
		return time.Time{}, nil
	}
	if len(values) > 1 {
		return time.Time{}, errs.New(errs.Invalid, "rest.versionAtTime", "version_at_time may be given only once")
	}
	return parseInstant(values[0], a.Zone)
}
