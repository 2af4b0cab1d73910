package rm_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestParseTemporal(t *testing.T) {
	t.Parallel()
	parsers := map[string]func(string) (rm.Temporal, error){
		"date": rm.ParseDate, "time": rm.ParseTime, "datetime": rm.ParseDateTime,
	}
	for _, tc := range []struct{ kind, valid, invalid string }{
		{
			kind:  "date",
			valid: "0000 2021 2021-10 202110 2021-10-24 20211024 2024-02-29 2000-02-29 9999-12-31",
			invalid: "2021-00 2021-13 2021-10-00 2021-10-32 2021-02-29 1900-02-29 2021-04-31 2021-1 202 21 2021-10-1 " +
				"2021-1024 202110-24 +2021-10-24 -2021 12021 2021-W10-1 2021-297 2021-10-24T 2021-10-24Z 2021/10/24 x 2021- 2021-10-",
		},
		{
			kind:  "time",
			valid: "10 10:30 1030 10:30:47 103047 10:30:47.5 10:30:47,333333 103047.5 00:00:00 23:59:59.999999999999 10Z 10:30Z 10:30:47Z 103047Z 10:30:47-03:00 10:30:47+14:00 10:30-12:00 103047+0530 T10 T10:30:47 T103047Z 10+01 10:30+01",
			invalid: "1 24 24:00 24:00:00 240000 48:00 10:60 10:95 10:30:60 10:30:78 10:3 103 10:30: 10:30:4 10:30:47. 10:30:47.x 10:30.5 10,5 TT10:30 T 10:3047 1030:47 " +
				"10:30+0100 1030+01:00 10:30:47+15:00 10:30:47+14:01 10:30:47-12:30 10:30:47+ 10:30:47+1 10:30:47+01:6 10:30:47+01:60 10:30:47ZZ 10:30:47Z+01 10:30:47z 10:30:47+01:00:00",
		},
		{
			kind:    "datetime",
			valid:   "2021 2021-10 2021-10-24 20211024 2021-10-24T10 2021-10-24T10:30 2021-10-24T10:30:47 2021-10-24T10:30:47,426+00:00 2021-10-24T10Z 20211024T10 20211024T103047 20211024T103047.5Z 2021-10-24T10+01:00",
			invalid: "2021T10 2021-10T10:30 2021-10-24T 2021-10-24T24:00:00 2021-10-24T48 2021-10-24T10:95 2021-10-24T10:30:78 20211024T10:30 2021-10-24T1030 2021-10-24T10:30+0100 20211024T10+01:00 2021-10-24t10 2021-10-24 2021-02-29T10:00 2021Z",
		},
	} {
		parse := parsers[tc.kind]
		for _, s := range strings.Fields(tc.valid) {
			v, err := parse(s)
			if err != nil {
				t.Errorf("%s: %v", tc.kind, err)
			} else if v.String() != s {
				t.Errorf("%s %q became %q", tc.kind, s, v)
			}
		}
		invalid := strings.Fields(tc.invalid)
		if tc.kind == "datetime" {
			invalid = append(invalid, "2021-10-24 10:30:47", "")
			invalid = remove(invalid, "2021-10-24")
		}
		for _, s := range append(invalid, strings.Repeat("1", 100)) {
			if v, err := parse(s); err == nil {
				t.Errorf("%s %q is taken as %+v", tc.kind, s, v)
			}
		}
	}
}

func remove(list []string, s string) []string {
	var out []string
	for _, x := range list {
		if x != s {
			out = append(out, x)
		}
	}
	return out
}

func TestTemporalComponents(t *testing.T) {
	t.Parallel()
	v, err := rm.ParseDateTime("2021-10-24T10:30:47,4260-03:30")
	if err != nil {
		t.Fatal(err)
	}
	want := rm.Temporal{
		Text: v.Text, Kind: rm.DateTimeKind, Precision: rm.ToSecond, Year: 2021, Month: 10, Day: 24,
		Hour: 10, Minute: 30, Second: 47, Fraction: "4260", HasOffset: true, Offset: -210,
	}
	if v != want {
		t.Errorf("got %+v, want %+v", v, want)
	}
	if got, want := v.Earliest(), time.Date(2021, 10, 24, 14, 0, 47, 426e6, time.UTC); !got.Equal(want) || !v.Latest().Equal(want) {
		t.Errorf("instant %v, want %v", got, want)
	}
	if v.Partial() {
		t.Error("a value to the second is not partial")
	}
}

func TestTemporalCompare(t *testing.T) {
	t.Parallel()
	const uncertain = 9
	for _, tc := range []struct {
		kind rune
		a, b string
		want int
	}{
		{'d', "2021-10-24", "2021-10-25", -1},
		{'d', "2021-10-24", "20211024", 0},
		{'d', "2020", "2021-01", -1},
		{'d', "2021", "2021-06", uncertain},
		{'d', "2021", "2021", 0},
		{'d', "2021-12", "2022-01-01", -1},
		{'t', "10", "11:00", -1},
		{'t', "10", "10:30", uncertain},
		{'t', "10:30:47.5", "10:30:47,50", 0},
		{'T', "2021-10-24T10:00:00Z", "2021-10-24T12:00:00+02:00", 0},
		{'T', "2021-10-24T10:00:00Z", "2021-10-24T10:00:00+01:00", 1},
		{'T', "2021-10-24T10:00:00Z", "2021-10-24T12:00:00", uncertain},
		{'T', "2021-10-24T10:00:00Z", "2021-10-24T10:00:00", uncertain},
		{'T', "2021-10-24T10:00:00Z", "2021-10-26T10:00:00", -1},
		{'T', "2021-10-24T10:00:00", "2021-10-24T10:00:01", -1},
		{'T', "2021-10-24", "2021-10-24T10:00:00", uncertain},
	} {
		parse := map[rune]func(string) (rm.Temporal, error){'d': rm.ParseDate, 't': rm.ParseTime, 'T': rm.ParseDateTime}[tc.kind]
		a, err := parse(tc.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parse(tc.b)
		if err != nil {
			t.Fatal(err)
		}
		got, sure := a.Compare(b)
		if !sure {
			got = uncertain
		}
		back, sureBack := b.Compare(a)
		if got != tc.want || sure != sureBack || sure && back != -got {
			t.Errorf("%s to %s: %d, back %d, want %d", tc.a, tc.b, got, back, tc.want)
		}
	}
	d, _ := rm.ParseDate("2021")
	dt, _ := rm.ParseDateTime("2021")
	if _, sure := d.Compare(dt); sure {
		t.Error("a date compares with a date/time")
	}
}

func TestMagnitude(t *testing.T) {
	t.Parallel()
	date := func(s string) float64 {
		v, err := rm.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Magnitude()
	}
	if date("0001-01-01") != 0 || date("0002-01-01") != 365 || date("0001-02") != 31 {
		t.Errorf("days: %v %v %v", date("0001-01-01"), date("0002-01-01"), date("0001-02"))
	}
	clock, _ := rm.ParseTime("01:00:01.5")
	if clock.Magnitude() != 3601.5 {
		t.Errorf("seconds of the day %v", clock.Magnitude())
	}
	dt, _ := rm.ParseDateTime("0001-01-02T00:00:00.25+01:00")
	if dt.Magnitude() != 86400-3600+0.25 {
		t.Errorf("seconds of the date/time %v", dt.Magnitude())
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"P1Y": 31556736, "P1M": 2628288, "P1W": 604800, "P1D": 86400, "PT1H": 3600, "PT1M": 60, "PT1S": 1,
		"PT1.5S": 1.5, "PT1,5S": 1.5, "-P3M": -7884864, "P1Y3M5D": 31556736 + 3*2628288 + 5*86400,
		"P2Y3M2W1DT1H1M1S": 2*31556736 + 3*2628288 + 15*86400 + 3661, "PT0S": 0, "P0D": 0,
		"P999999999YT999999999S": 999999999*31556736.0 + 999999999, "-PT0.000000001S": -1e-9, "P1YT2H": 31556736 + 7200,
	} {
		d, err := rm.ParseDuration(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if d.Magnitude() != want || d.String() != s {
			t.Errorf("%s: magnitude %v, want %v", s, d.Magnitude(), want)
		}
	}
	for _, s := range []string{
		"", "P", "PT", "-P", "P1", "1Y", "P1DT", "P1S", "PT1D", "P1D1Y", "P1M1M", "PT1M1H", "P1.5Y", "PT1.5H", "PT1.5M1S",
		"PT.5S", "PT1.S", "P-1Y", "+P1Y", "--P1Y", "p1y", "P1YT1HT1M", "P1Y ", "PTS", "P1234567890Y", "P1H", "P１Y", "P1T1S",
	} {
		if d, err := rm.ParseDuration(s); err == nil {
			t.Errorf("%q is taken as %+v", s, d)
		}
	}
	d, _ := rm.ParseDuration("P1Y2M3WT4H5M6.7S")
	if d.Fields != "YMWhms" || d.Fraction != "7" {
		t.Errorf("fields %q fraction %q", d.Fields, d.Fraction)
	}
}

func TestDurationCompareAndAdd(t *testing.T) {
	t.Parallel()
	parse := func(s string) rm.Duration {
		d, err := rm.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"P1M", "P30D", 1},
		{"P1M", "P31D", -1},
		{"P12M", "P1Y", -1},
		{"P1W", "P7D", 0},
		{"-P1D", "PT0S", -1},
		{"PT1.5S", "PT1,50S", 0},
		{"-PT1.5S", "-PT1.4S", -1},
	} {
		if got := parse(tc.a).Compare(parse(tc.b)); got != tc.want {
			t.Errorf("%s to %s: %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
	for _, tc := range []struct{ start, d, want string }{
		{"2024-01-31", "P1M", "2024-02-29T00:00:00Z"},
		{"2024-02-29", "P1Y", "2025-02-28T00:00:00Z"},
		{"2024-01-15", "-P2M", "2023-11-15T00:00:00Z"},
		{"2024-01-15", "P1WT25H", "2024-01-23T01:00:00Z"},
		{"2024-01-15", "PT999999H", "2138-02-12T15:00:00Z"},
		{"2024-01-15", "-PT0.5S", "2024-01-14T23:59:59.5Z"},
	} {
		start, err := rm.ParseDate(tc.start)
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(tc.d).AddTo(start.Earliest()).Format(time.RFC3339Nano); got != tc.want {
			t.Errorf("%s + %s = %s, want %s", tc.start, tc.d, got, tc.want)
		}
	}
}

func TestTemporalAgainstTimePackage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(r, "seconds"), 0).UTC()
		for _, layout := range []string{"2006-01-02T15:04:05Z", "20060102T150405Z"} {
			v, err := rm.ParseDateTime(want.Format(layout))
			if err != nil {
				r.Fatal(err)
			}
			if !v.Earliest().Equal(want) {
				r.Fatalf("%s is %v", v, v.Earliest())
			}
		}
	})
}

func FuzzParseTemporal(f *testing.F) {
	for _, s := range []string{"2021-10-24T10:30:47,4260-03:30", "20211024", "10:30", "2021", "-P1Y2M3WT4H5M6.7S", "PT0S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (rm.Temporal, error){rm.ParseDate, rm.ParseTime, rm.ParseDateTime} {
			v, err := parse(s)
			if err != nil {
				continue
			}
			if v.Text != s || v.Latest().Before(v.Earliest()) {
				t.Fatalf("%q: %+v", s, v)
			}
			if c, sure := v.Compare(v); !sure || c != 0 {
				t.Fatalf("%q does not equal itself", s)
			}
		}
		d, err := rm.ParseDuration(s)
		if err != nil {
			return
		}
		if d.Text != s || d.Compare(d) != 0 || len(d.Fields) == 0 {
			t.Fatalf("%q: %+v", s, d)
		}
		d.AddTo(time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC))
	})
}
