package ucum

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestMeaning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, factor, dim string }{
		{"1", "1", "1"},
		{"%", "1/100", "1"},
		{"{beats}", "1", "1"},
		{"{beats}/min", "1/60", "s-1"},
		{"/min", "1/60", "s-1"},
		{"mm[Hg]", "133322", "m-1.s-2.g"},
		{"kg/m2", "1000", "m-2.g"},
		{"10*9/L", "1000000000000", "m-3"},
		{"10^-3", "1/1000", "1"},
		{"mol", "602214076000000000000000", "1"},
		{"[lb_av]", "45359237/100000", "g"},
		{"deg", "10471975511965977461542144610931676280657231331250352736583148641/600000000000000000000000000000000000000000000000000000000000000000", "rad"},
		{"mg/dL", "10", "m-3.g"},
		{"(mg/dL)", "10", "m-3.g"},
		{"m/s/s", "1", "m.s-2"},
		{"m/(s/s)", "1", "m"},
		{"/m.s", "1", "m-1.s"}, // the slash goes with the next component
		{"a", "31557600", "s"},
		{"mo", "2629800", "s"},
		{"mL/min/{1.73_m2}", "1/60000000", "m3.s-1"},
		{"1.73", "73", "1"},
		{"[IU]/mL", "1000000", "m-3.[iU]"},
		{"[iU]2/[CFU]", "1", "[CFU]-1.[iU]2"},
		{"[iU]/[iU]", "1", "1"},
		{"dar", "10", "m2"},
		{"KiBy", "8192", "1"},
		{"pH", "1/1000000000", "m2.g.C-2"}, // a picohenry; acidity is [pH]
		{"m+2", "1", "m2"},
		{"m0", "1", "1"},
		{"U", "30110703800000000/3", "s-1"},
	} {
		u, err := Parse(tt.code)
		if err != nil {
			t.Error(err)
			continue
		}
		f, ok := u.Factor()
		if !ok || f.RatString() != tt.factor || u.Dimension().String() != tt.dim || u.String() != tt.code {
			t.Errorf("%s is %s %s, want %s %s", u, f.RatString(), u.Dimension(), tt.factor, tt.dim)
		}
		if !Valid(tt.code) {
			t.Errorf("%s is parsed and not valid", tt.code)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, want string }{
		{"", `unit "", character 1: a unit is missing at the end`},
		{"mmHg", `unit "mmHg", character 1: "mmHg" is not a unit`},
		{"°C", `unit "°C", character 1: "°C" is not a unit`},
		{"kg.°C", `unit "kg.°C", character 4: "°C" is not a unit`},
		{"°C)", `unit "°C)", character 1: "°C" is not a unit`},
		{"mg/", `unit "mg/", character 4: a unit is missing at the end`},
		{"mg//dL", `unit "mg//dL", character 4: a unit is missing before "/"`},
		{"(/min)", `unit "(/min)", character 2: a unit is missing before "/"`},
		{"(mg", `unit "(mg", character 1: the parenthesis is not closed`},
		{"mg)", `unit "mg)", character 3: unexpected ')'`},
		{"(m)2", `unit "(m)2", character 4: unexpected '2'`},
		{"{x", `unit "{x", character 1: the annotation is not closed`},
		{"m{a}{b}", `unit "m{a}{b}", character 5: unexpected '{'`},
		{"{a}m", `unit "{a}m", character 4: unexpected 'm'`},
		{"m{a b}", `unit "m{a b}", character 4: ' ' may not stand in an annotation`},
		{"m{é}", `unit "m{é}", character 3: 'é' may not stand in an annotation`},
		{"m}", `unit "m}", character 2: unexpected '}'`},
		{"kg m", `unit "kg m", character 1: "kg m" is not a unit`},
		{"10mg", `unit "10mg", character 1: "10mg" is not a unit`},
		{"kmin", `unit "kmin", character 1: "kmin" is not a unit`},
		{"mkg", `unit "mkg", character 1: "mkg" is not a unit`},
		{"m--2", `unit "m--2", character 1: "m-" is not a unit`},
		{"-2", `unit "-2", character 1: "" is not a unit`},
		{"m1000", `unit "m1000", character 2: the exponent is greater than 999`},
		{"m.0", `unit "m.0", character 3: zero is no unit`},
		{"Cel/min", `unit "Cel/min", character 1: Cel is not on a proportional scale and cannot be multiplied or divided`},
		{"/[pH]", `unit "/[pH]", character 2: [pH] is not on a proportional scale and cannot be multiplied or divided`},
		{"10.Cel", `unit "10.Cel", character 4: Cel is not on a proportional scale and cannot be multiplied or divided`},
		{"dB2", `unit "dB2", character 1: B is not on a proportional scale and has no powers`},
		{"((((((((m))))))))", ""},
		{"(((((((((m)))))))))", `unit "(((((((((m)))))))))", character 9: parentheses more than 8 deep`},
		{"[c]999", `unit "[c]999", character 1: the factor of the unit has more than 16384 bits`},
		{strings.Repeat("m", 129), `unit of 129 bytes: at most 128 are read`},
	} {
		_, err := Parse(tt.code)
		if Valid(tt.code) != (err == nil) {
			t.Errorf("%q: Valid and Parse differ", tt.code)
		}
		if tt.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errs.Is(err, errs.Invalid) || errs.As(err).Msg != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// Codes met in records.
func TestValid(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"mm[Hg]", "/min", "kg/m2", "Cel", "[degF]", "%", "1", "10*9/L", "10*-3", "mg/dL", "mmol/L", "ug/kg/h", "{beats}/min",
		"m2", "m/s2", "g.m/s2", "kat/l", "U/L", "[IU]/mL", "[in_i]", "[lb_av]", "h", "wk", "a", "mo", "mL/min/{1.73_m2}", "cm[H2O]", "dB[SPL]",
		"(mg/dL)", "mosm/kg", "ng/mL{FEU}", "l/min",
	} {
		if !Valid(s) {
			t.Errorf("%s is UCUM", s)
		}
	}
	for _, s := range []string{
		"", "mmHg", "°C", "stones", "puffs", "kg m", "bpm", "mg//dL", "mg/", "(mg", "{x", "min-", "kmin", "in", "degF", "gm", "years", "Mg[",
		"°F", "mm[Hg", "mm[H20]", "?", "..mol/l",
	} {
		if Valid(s) {
			t.Errorf("%s is not UCUM", s)
		}
	}
}

func TestComparable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"mg/dL", "g/L", true},
		{"Cel", "[degF]", true},
		{"Cel", "K", true},
		{"mm[Hg]", "kPa", true},
		{"mg/dL", "mmol/L", false}, // needs the molar mass
		{"mg", "mL", false},
		{"[IU]", "[iU]", true},
		{"[iU]", "1", false},
		{"[iU]/mL", "U/mL", false},
		{"[CFU]", "[PFU]", false},
		{"{cells}/uL", "10*9/L", true},
		{"meq/L", "mmol/L", true},
		{"[pH]", "mol/L", true},
		{"Hz", "Bq", true}, // a dimension is not a kind of quantity
	} {
		a, err := Parse(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if Comparable(a, b) != tt.want || Comparable(b, a) != tt.want {
			t.Errorf("%s and %s: comparable %v", tt.a, tt.b, !tt.want)
		}
	}
	if Comparable(Unit{}, Unit{}) {
		t.Error("no unit is comparable with none")
	}
	if _, ok := (Unit{}).Factor(); ok {
		t.Error("no unit has a factor")
	}
	if u, err := Parse("mCel"); err != nil || !u.Special() {
		t.Errorf("mCel is special: %v", err)
	} else if _, ok := u.Factor(); ok {
		t.Error("a special unit has a factor")
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, from, to, want string }{
		{"37", "Cel", "[degF]", "98.6"},
		{"98.6", "[degF]", "Cel", "37"},
		{"-40", "[degF]", "Cel", "-40"},
		{"36.6", "Cel", "K", "309.75"},
		{"36600", "mCel", "Cel", "36.6"},
		{"-273.15", "Cel", "K", "0"},
		{"1", "[lb_av]", "kg", "0.45359237"},
		{"70", "kg", "[lb_av]", "154.3235835294143065060816609415189"},
		{"120", "mm[Hg]", "kPa", "15.99864"},
		{"5.5", "mmol/L", "umol/dL", "550"},
		{"1.5e3", "mg", "g", "1.5"},
		{"+2.50", "g", "mg", "2500"},
		{"-0", "g", "mg", "0"},
		{"1", "d", "h", "24"},
		{"180", "deg", "'", "10800"},
		{"7", "[pH]", "nmol/L", "100"},
		{"100", "nmol/L", "[pH]", "7"},
		{"60", "dB[SPL]", "Pa", "0.02"},
		{"2", "B", "dB", "20"},
		{"256", "1", "bit_s", "8"},
		{"3", "[hp'_C]", "1", "0.000001"},
		{"0.000001", "1", "[hp'_C]", "3"},
		{"1", "Np", "1", "2.718281828459045235360287471352662"},
		{"9", "m2/s4/Hz", "[m/s2/Hz^(1/2)]", "3"},
		{"3", "[m/s2/Hz^(1/2)]", "m2/s3", "9"},
		{"45", "deg", "%[slope]", "100"},
		{"100", "%[slope]", "deg", "45"},
		{"100", "[p'diop]", "deg", "45"},
		{"1", "Ym", "ym", "1E+48"},
		{"1e-30", "m", "m", "1E-30"},
	} {
		got, err := Convert(tt.value, tt.from, tt.to)
		if err != nil || got != tt.want {
			t.Errorf("%s %s = %q %s (%v), want %s", tt.value, tt.from, got, tt.to, err, tt.want)
		}
	}
	for _, tt := range []struct{ value, from, to, want string }{
		{"1", "mg/dL", "mmol/L", `"mg/dL" cannot be converted to "mmol/L": their dimensions are m-3.g and m-3`},
		{"-300", "Cel", "K", "a temperature below absolute zero"},
		{"-1", "K", "[degF]", "a temperature below absolute zero"},
		{"0", "mol/L", "[pH]", "the value has no place on the scale of [pH]"},
		{"-1", "W", "B[W]", "the value has no place on the scale of B[W]"},
		{"-1", "[m/s2/Hz^(1/2)]", "m2/s3", "a value of [m/s2/Hz^(1/2)] is not negative"},
		{"1000", "[pH]", "mol/L", "the value is beyond what is computed on the scale of [pH]"},
		{"90", "deg", "%[slope]", "an angle of a right angle or more has no slope"},
		{"1,5", "g", "mg", "the value is not a decimal number (character 2)"},
		{"1.", "g", "mg", "the value is not a decimal number (character 3)"},
		{"", "g", "mg", "the value is not a decimal number (character 1)"},
		{"NaN", "g", "mg", "the value is not a decimal number (character 1)"},
		{"1/3", "g", "mg", "the value is not a decimal number (character 2)"},
		{"0x10", "g", "mg", "the value is not a decimal number (character 2)"},
		{"1e1000", "g", "mg", "the value's exponent is beyond 999"},
		{"1e99999999999999999999", "g", "mg", "the value's exponent is beyond 999"},
		{strings.Repeat("1", 65), "g", "mg", "a value of more than 64 characters"},
		{"1", "gg", "mg", `unit "gg", character 1: "gg" is not a unit`},
		{"1", "g", "", `unit "", character 1: a unit is missing at the end`},
	} {
		got, err := Convert(tt.value, tt.from, tt.to)
		if !errs.Is(err, errs.Invalid) || errs.As(err).Msg != tt.want {
			t.Errorf("%s %s in %s: got %q, %v\nwant %s", tt.value, tt.from, tt.to, got, err, tt.want)
		}
	}
}

// Every symbol of the table has one reading.
func TestSymbolsAreUnambiguous(t *testing.T) {
	t.Parallel()
	table := ucum()
	seen := map[string]string{}
	for code, a := range table.atoms {
		for p := range table.prefixes {
			if a.metric {
				if other := seen[p+code]; other != "" {
					t.Errorf("%s is %s and %s", p+code, other, p+"-"+code)
				}
				seen[p+code] = p + "-" + code
				if table.atoms[p+code] != nil {
					t.Errorf("%s is an atom and %s-%s", p+code, p, code)
				}
			}
		}
		if u, err := Parse(code); err != nil {
			t.Error(err)
		} else if again, err := Parse(u.Dimension().String()); err != nil || again.Dimension() != u.Dimension() {
			t.Errorf("%s: the dimension %s is not its own", code, u.Dimension())
		}
	}
	if len(table.atoms) != 312 {
		t.Errorf("%d atoms", len(table.atoms))
	}
}

func TestReadTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tsv, want string }{
		{"a\tm\t1", "malformed or repeated"},
		{"a\t\t1\t1\t\na\t\t1\t1\t\n", "malformed or repeated"},
		{"a\ts\t1\t1\t\n", "special without a function"},
		{"a\ts\t1\t1\tsin\n", "unknown function sin"},
		{"a\t\t1\tb\t\n", `"b" is not a unit`},
		{"a\t\tx\t1\t\n", `"x" is not a number`},
		{"a\t\t1\tb\t\nb\t\t1\ta\t\n", "is defined by itself"},
	} {
		if _, err := readTable(tt.tsv); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.tsv, err, tt.want)
		}
	}
}

func near(x *big.Rat, y, tolerance float64) bool {
	f, _ := x.Float64()
	return f == y || math.Abs(f-y) <= tolerance*math.Abs(y)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"mL/min/{1.73_m2}", "10*9/L", "((((m", "mm[Hg]", "dB[SPL]", "[m/s2/Hz^(1/2)]2", "[IU]/mL", "m-2.s+3/4", "Cel", "[pH]", "/[pi].A/m", "%[slope]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		u, err := Parse(code)
		if Valid(code) != (err == nil) {
			t.Fatalf("%q: Valid and Parse differ: %v", code, err)
		}
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if !Comparable(u, u) || u.String() != code {
			t.Fatalf("%q is not itself", code)
		}
		if factor, ok := u.Factor(); ok == u.Special() || ok && factor.Sign() <= 0 {
			t.Fatalf("%q has the factor %v", code, factor)
		}
		if len(code) <= MaxLength-2 {
			in, err := Parse("(" + code + ")")
			if err != nil && code[0] != '/' && !strings.Contains(err.Error(), "deep") || err == nil && in.Dimension() != u.Dimension() {
				t.Fatalf("%q differs in parentheses: %v", code, err)
			}
		}
		same, err := Convert("2", code, code)
		if err != nil && u.special == "" {
			t.Fatal(err)
		}
		if u.special == "" && same != "2" {
			t.Fatalf("2 %s = %s %s", code, same, code)
		}
	})
}

func FuzzConvert(f *testing.F) {
	f.Add("37", "Cel", "[degF]")
	f.Add("1e-7", "mol/L", "[pH]")
	f.Add("-.5E+3", "%[slope]", "deg")
	f.Add("3", "[hp'_Q]", "1")
	f.Fuzz(func(t *testing.T, value, from, to string) {
		got, err := Convert(value, from, to)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if _, err := number(got); err != nil {
			t.Fatalf("%q", got)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("mm[Hg]"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValid(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !Valid("mmol/L") {
			b.Fatal("not valid")
		}
	}
}
