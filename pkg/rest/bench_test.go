package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func BenchmarkGetComposition(b *testing.B) {
	a := newAPI(b)
	id := a.newEHR()
	uid := a.create(id, composition(b))
	for name, media := range map[string]string{
		"JSON": "application/json", "XML": "application/xml", "FLAT": flatMedia, "STRUCTURED": structuredMedia,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				r := httptest.NewRequest("GET", base+"/ehr/"+id+"/composition/"+uid, nil)
				r.Header.Set("Accept", media)
				a.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkRouting is the cost of everything around a use case.
func BenchmarkRouting(b *testing.B) {
	a := bare(b)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", base+"/ehr/not-a-uuid/composition/8849182c-82ad-4088-a07f-48ead4180515::sys::1", nil)
		r.Header.Set("Accept", "application/json")
		a.handler.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			b.Fatal(w.Code)
		}
	}
}
