package rest

import (
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*3600)
	utc := func(h, m, s, ns int) time.Time { return time.Date(2015, 1, 20, h, m, s, ns, time.UTC) }
	good := map[string]time.Time{
		"2015-01-20T19:30:22.765+01:00": utc(18, 30, 22, 765e6),
		"2015-01-20T19:30:22.765 01:00": utc(18, 30, 22, 765e6), // a plus sign that decoding lost
		"2015-01-20T19:30:22Z":          utc(19, 30, 22, 0),
		"2015-01-20T19:30:22,5Z":        utc(19, 30, 22, 500e6),
		"2015-01-20T19:30Z":             utc(19, 30, 0, 0),
		"2015-01-20T19:30:22-03":        utc(22, 30, 22, 0),
		"2015-01-20T19:30:22 05:30":     utc(14, 0, 22, 0),
		"2015-01-20T19:30:22":           utc(17, 30, 22, 0), // local
	}
	for s, want := range good {
		if got, err := parseInstant(s, zone); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "now", "2015", "2015-01-20", "20150120T193022Z", "2015-01-20 19:30:22", "2015-13-20T19:30:22Z",
		"2015-02-30T19:30:22Z", "2015-01-20T24:00:00Z", "2015-01-20T19:60:00Z", "2015-01-20T19:30:22z",
		"2015-01-20T19:30:22+99:00", "2015-01-20T19:30:22.Z", "2015-01-20T19:30:22+01:00x",
	} {
		if got, err := parseInstant(s, zone); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: got %v, %v; want invalid", s, got, err)
		}
	}
}

func FuzzParseInstant(f *testing.F) {
	f.Add("2015-01-20T19:30:22.765+01:00")
	f.Add("2015-01-20T19:30:22 01:00")
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseInstant(s, time.UTC)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := parseInstant(at.Format(time.RFC3339Nano), time.UTC)
		if err != nil && at.Year() > 0 && at.Year() < 10000 || err == nil && !again.Equal(at) {
			t.Fatalf("%q: %v, then %v, %v", s, at, again, err)
		}
	})
}
