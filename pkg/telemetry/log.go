// Package telemetry is what an operator sees of the server: structured logs
// with request ids, one access log line per request, Prometheus metrics, and
// the health endpoints. Nothing of it holds paths with their ids, query strings,
// headers or bodies: requests are told apart by route pattern and request id.
package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// NewLogger is a logger that writes one line per record in the format "json" or
// "text", from the level "debug", "info", "warn" or "error" up. Records logged
// with the context of a request carry its id as request_id.
func NewLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	const op = "telemetry.NewLogger"
	var opts slog.HandlerOptions
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the log level must be debug, info, warn or error", err)
	}
	opts.Level = l
	switch format {
	case "json":
		return slog.New(requestIDs{slog.NewJSONHandler(w, &opts)}), nil
	case "text":
		return slog.New(requestIDs{slog.NewTextHandler(w, &opts)}), nil
	}
	return nil, errs.New(errs.Invalid, op, "the log format must be json or text")
}

const requestIDKey = "request_id"

// requestIDs adds the request's id to records that do not have it.
type requestIDs struct{ slog.Handler }

func (h requestIDs) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		has := false
		r.Attrs(func(a slog.Attr) bool {
			has = a.Key == requestIDKey
			return !has
		})
		if !has {
			r = r.Clone()
			r.AddAttrs(slog.String(requestIDKey, id))
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestIDs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDs{h.Handler.WithAttrs(attrs)}
}

func (h requestIDs) WithGroup(name string) slog.Handler {
	return requestIDs{h.Handler.WithGroup(name)}
}
