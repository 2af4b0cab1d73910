package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// The forms in which free texts are carried over.
var (
	// notEmpty is any text, visible one that is not all white space.
	notEmpty = reading.Form{Of: func(s string) (string, bool) { return s, s != "" }}
	visible  = reading.Form{Of: func(s string) (string, bool) { return s, strings.TrimSpace(s) != "" }}
	// decimal is a number as R4 writes it.
	decimal = reading.Form{Of: func(s string) (string, bool) { return s, r4.ValidPrimitive("decimal", s) }}
	// instant is a date and time with seconds and offset, as R4 writes it.
	instant = reading.Form{Costly: true, Of: func(s string) (string, bool) {
		t, err := rm.ParseDateTime(s)
		if err != nil {
			return "", false
		}
		text, loss := fhirDateTime(t)
		return text, loss == "" && len(text) > len("2006-01-02") && r4.ValidPrimitive("dateTime", text)
	}}
	textForms = map[string]*reading.Form{"string": textForm("string"), "markdown": textForm("markdown")}
	// digits are numbers with so many digits after the point.
	digits = func() (list [10]reading.Form) {
		for n := range list {
			list[n] = reading.Form{Of: func(s string) (string, bool) { return s, decimals(s) == n }}
		}
		return list
	}()
)

func textForm(typ string) *reading.Form {
	return &reading.Form{Of: func(s string) (string, bool) { return s, r4.ValidPrimitive(typ, s) }}
}
