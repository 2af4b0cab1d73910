package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-ehr/cairn/pkg/access"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

// accessLog is the record of accesses that the options ask for; nil for none.
func (s *Server) accessLog() (*access.Log, error) {
	if s.options.AccessRetention < 0 {
		return nil, errs.New(errs.Invalid, "server.Options", "--access-retention must not be negative")
	}
	switch s.options.AccessLog {
	case "", "off":
		return nil, nil
	case "on", "required":
		return access.New(access.Config{
			Save: s.store.SaveAccesses, Required: s.options.AccessLog == "required",
			OpenEHR: s.options.OpenEHRBase, FHIR: s.options.FHIRBase,
			RequestID: telemetry.RequestID, Now: time.Now, Log: s.log,
		}), nil
	}
	return nil, errs.New(errs.Invalid, "server.Options", "--access-log is off, on or required")
}

// dropEvery is how often it is looked for accesses that are older than they are
// to be kept.
const dropEvery = time.Hour

// dropAccesses deletes months of the record of accesses as they come of age.
func (s *Server) dropAccesses(ctx context.Context) {
	tick := time.NewTicker(dropEvery)
	defer tick.Stop()
	for {
		n, err := s.store.DropAccesses(ctx, time.Now().Add(-s.options.AccessRetention))
		if n > 0 {
			s.log.Info("months of the record of accesses were deleted", "months", n)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("old accesses could not be deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// accessMetrics are counts of the record of accesses.
type accessMetrics struct {
	log                             *access.Log
	written, lost, unnamed, waiting *prometheus.Desc
}

func newAccessMetrics(l *access.Log) accessMetrics {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return accessMetrics{
		l,
		desc("cairn_access_recorded_total", "Entries written to the record of accesses."),
		desc("cairn_access_lost_total", "Accesses that could not be recorded, as too many waited."),
		desc("cairn_access_unnamed_total", "Refusals of callers without valid credentials that were counted and not recorded one by one."),
		desc("cairn_access_waiting", "Entries that wait to be written to the record of accesses."),
	}
}

// Describe implements prometheus.Collector.
func (m accessMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.written, m.lost, m.unnamed, m.waiting} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m accessMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.log.Stats()
	ch <- prometheus.MustNewConstMetric(m.written, prometheus.CounterValue, float64(s.Written))
	ch <- prometheus.MustNewConstMetric(m.lost, prometheus.CounterValue, float64(s.Lost))
	ch <- prometheus.MustNewConstMetric(m.unnamed, prometheus.CounterValue, float64(s.Unnamed))
	ch <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(s.Waiting))
}
