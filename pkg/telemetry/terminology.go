package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TerminologyMetrics count what is asked of terminologies. No code and no value
// set is in them.
type TerminologyMetrics struct {
	answers  *prometheus.CounterVec
	cache    *prometheus.CounterVec
	requests *prometheus.HistogramVec
	breaker  prometheus.Gauge
}

// NewTerminologyMetrics registers the metrics of terminologies.
func NewTerminologyMetrics(m *Metrics) *TerminologyMetrics {
	t := &TerminologyMetrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cairn_terminology_answers_total",
			Help: "Questions of compositions on external codes, by who answered (local, server, nobody) and the answer.",
		}, []string{"by", "status"}),
		cache: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cairn_terminology_cache_total",
			Help: "Questions to the terminology server, by whether the cache had the answer (hit, miss).",
		}, []string{"result"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cairn_terminology_request_duration_seconds",
			Help:    "Time of requests to the terminology server, by operation and outcome.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation", "outcome"}),
		breaker: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cairn_terminology_breaker_state",
			Help: "Circuit breaker of the terminology server: 0 closed, 1 half open, 2 open.",
		}),
	}
	m.Registry.MustRegister(t.answers, t.cache, t.requests, t.breaker)
	return t
}

// Answered counts an answer to a question of a composition.
func (t *TerminologyMetrics) Answered(by, status string) { t.answers.WithLabelValues(by, status).Inc() }

// Cached counts questions that the cache answered, and those it did not.
func (t *TerminologyMetrics) Cached(hits, misses int) {
	t.cache.WithLabelValues("hit").Add(float64(hits))
	t.cache.WithLabelValues("miss").Add(float64(misses))
}

// Request times a request to the server.
func (t *TerminologyMetrics) Request(operation, outcome string, took time.Duration) {
	t.requests.WithLabelValues(operation, outcome).Observe(took.Seconds())
}

// Breaker sets the state of the circuit breaker.
func (t *TerminologyMetrics) Breaker(state int) { t.breaker.Set(float64(state)) }
