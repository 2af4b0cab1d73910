package rest_test

import (
	"net/http"
	"testing"
)

// BenchmarkContribution commits 20 compositions, each in its own contribution
// and all in one.
func BenchmarkContribution(b *testing.B) {
	const n = 20
	a := newAPI(b)
	id := a.newEHR()
	data := composition(b)
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			for range n {
				a.create(id, data)
			}
		}
	})
	b.Run("set", func(b *testing.B) {
		changes := make([]string, n)
		for i := range changes {
			changes[i] = change(codedText("249"), codedText("532"), "", data)
		}
		body := set("249", changes...)
		for b.Loop() {
			a.do("POST", "/ehr/"+id+"/contribution", body).status(http.StatusCreated)
		}
	})
}
