package fhir

import "testing"

// TestImplied gives each number half a unit of the last digit that is written
// either way, in exponential form too.
func TestImplied(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"100": "99.5 100.5", "100.00": "99.995 100.005", "1e2": "50 150", "1.0e2": "95 105", "1.00E2": "99.5 100.5", "-1e2": "-150 -50",
		"5e-1": "0.45 0.55", "0": "-0.5 0.5", "1e31": "error", "1e-61": "error", "1e": "error", "01": "error", "NaN": "error",
	} {
		got := "error"
		if low, high, err := implied(s); err == nil {
			got = low + " " + high
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
}
