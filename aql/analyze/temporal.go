package analyze

import "regexp"

// The forms that the functions aql_datetime, aql_time and aql_duration of the
// database understand; kept equal by a test.
var (
	dateTimeForm = regexp.MustCompile(`^\d{4}(?:-?\d\d(?:-?\d\d(?:[Tt ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?)?)?$`)
	timeForm     = regexp.MustCompile(`^[Tt]?\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?$`)
	durationForm = regexp.MustCompile(`^[+-]?[Pp](?:(?:\d+(?:[.,]\d+)?[Yy])?(?:\d+(?:[.,]\d+)?[Mm])?(?:\d+(?:[.,]\d+)?[Ww])?(?:\d+(?:[.,]\d+)?[Dd])?)(?:[Tt](?:\d+(?:[.,]\d+)?[Hh])?(?:\d+(?:[.,]\d+)?[Mm])?(?:\d+(?:[.,]\d+)?[Ss])?)?$`)
	durationPart = regexp.MustCompile(`\d`)
	openTime     = regexp.MustCompile(`[Tt]$`)
)

// TemporalText tells whether a string can be read as a date or date-time, as a
// time, and as a duration.
func TemporalText(s string) (dateTime, time, duration bool) {
	return dateTimeForm.MatchString(s), timeForm.MatchString(s),
		durationForm.MatchString(s) && durationPart.MatchString(s) && !openTime.MatchString(s)
}
