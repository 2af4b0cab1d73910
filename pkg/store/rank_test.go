package store_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// TestRankIsThatOfTheDatabase compares the rank of decimals with fhir_rank, which
// searches ask for.
func TestRankIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	numbers := []string{
		"0", "-0", "0.0", "-0.00", "0.001", "-0.001", "0.009", "0.01", "-0.01", "-0.010", "-0.0100001", "1", "-1", "1.5", "12.345", "-12.345",
		"21474836.46", "21474836.47", "21474836.48", "-21474836.47", "-21474836.48", "-21474836.481", "-21474836.49", "123456789012", "1234567890123456789",
		"1e2", "1E2", "-1e-3", "1e-40", "-1e-40", "0e5", "-0e-5", "1.25e1", "1e40", "-1e40", "0.000000000000000000001", "1e130000", "-1e130000", "1e-16000", "-1e-16000",
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		digits := strconv.FormatInt(r.Int64N(1<<r.IntN(60)), 10)
		if point := r.IntN(len(digits) + 3); point > 0 {
			digits = strings.Repeat("0", max(point+1-len(digits), 0)) + digits
			digits = digits[:len(digits)-point] + "." + digits[len(digits)-point:]
		}
		if r.IntN(3) == 0 {
			digits = "-" + digits
		}
		numbers = append(numbers, digits)
	}
	rows, err := pgtest.Database(t).Query(t.Context(), `select n, fhir_rank(n::numeric) from unnest($1::text[]) n`, numbers)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		var want int32
		if err := rows.Scan(&n, &want); err != nil {
			t.Fatal(err)
		}
		if got := store.Rank(n); got != want {
			t.Errorf("%s has the rank %d, in the database %d", n, got, want)
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	// Beyond the numbers of the database.
	for n, want := range map[string]int32{"1e999999999": 1<<31 - 1, "-1e999999999": -1 << 31, "1e-999999999": 0, "-1e-999999999": -1, "0e999999999": 0} {
		if got := store.Rank(n); got != want {
			t.Errorf("%s has the rank %d instead of %d", n, got, want)
		}
	}
}
