package errs_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

type databaseError struct{ code, message string }

func (e databaseError) Error() string    { return e.message }
func (e databaseError) SQLState() string { return e.code }

func TestRedactKeepsNoValueOfADataException(t *testing.T) {
	t.Parallel()
	quoting := fmt.Errorf("running: %w", databaseError{"22P02", `invalid input syntax for type numeric: "a name"`})
	if got := errs.Redact(quoting).Error(); got != "data exception, SQLSTATE 22P02" {
		t.Errorf("got %q", got)
	}
	for _, err := range []error{databaseError{"42883", "function f does not exist"}, errors.New("plain")} {
		if got := errs.Redact(err); !errors.Is(got, err) {
			t.Errorf("got %v, want %v", got, err)
		}
	}
}

func TestEveryKindHasANameAndAStatus(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for k := errs.Internal; k <= errs.Unavailable; k++ {
		if names[k.String()] {
			t.Errorf("two kinds are called %s", k)
		}
		names[k.String()] = true
		if (k.Status() == 500) != (k == errs.Internal) {
			t.Errorf("%s has status %d", k, k.Status())
		}
	}
}
