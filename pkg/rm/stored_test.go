package rm_test

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestDecodeStored(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", rm.DefaultStringBytes+1)
	n, err := rm.DecodeStored([]byte(`{"_type":"DV_TEXT","value":"`+large+`"}`), rm.Lookup("DV_TEXT"))
	if err != nil || n.String("value") != large {
		t.Errorf("what exceeds the limits of what comes in: %v", err)
	}
	if n, err := rm.DecodeStored([]byte(`{"_type":"DV_TEXT"}`), rm.Lookup("DV_TEXT")); err != nil || n == nil {
		t.Errorf("what lacks something: %v", err)
	}
	for _, raw := range []string{``, `{`, `{"_type":"DV_QUANTITY","magnitude":1,"units":"kg"}`} {
		if _, err := rm.DecodeStored([]byte(raw), rm.Lookup("DV_TEXT")); !errs.Is(err, errs.Internal) || !strings.Contains(err.Error(), "a stored DV_TEXT") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestFaultKind(t *testing.T) {
	t.Parallel()
	limit, other := rm.Problem{Code: rm.CodeLimitDepth}, rm.Problem{Code: rm.CodeValueKind}
	for _, tt := range []struct {
		problems []rm.Problem
		want     errs.Kind
	}{
		{nil, errs.Invalid},
		{[]rm.Problem{other}, errs.Invalid},
		{[]rm.Problem{other, limit}, errs.TooLarge},
	} {
		if got := rm.FaultKind(tt.problems); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.problems, got, tt.want)
		}
	}
}
