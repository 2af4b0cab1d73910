package event

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// deliverer is the worker of the jobs: it sends what a subscription has to send,
// one notification after another, and ends when there is nothing left.
type deliverer struct {
	river.WorkerDefaults[delivery]
	service *Service
	client  *http.Client
}

// NextRetry doubles the time between attempts, with a little chance, so that
// endpoints that failed together are not all tried together again.
func (d *deliverer) NextRetry(job *river.Job[delivery]) time.Time {
	return time.Now().Add(d.backoff(job.Attempt))
}

func (d *deliverer) backoff(attempt int) time.Duration {
	wait := d.service.Backoff
	for range attempt - 1 {
		if wait *= 2; wait >= d.service.LongestBackoff {
			wait = d.service.LongestBackoff
			break
		}
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/10+1))
}

// undelivered is a failure of an endpoint.
type undelivered struct {
	reason string // for the client
	cause  error  // for the log; nil if the reason says all
	final  bool
}

func (u *undelivered) Error() string { return u.reason }

// Work sends what there is. An error has River try again; the worker itself
// counts the attempts.
func (d *deliverer) Work(ctx context.Context, job *river.Job[delivery]) error {
	conn, err := d.service.pool.Acquire(ctx)
	if err != nil {
		return later(ctx, err)
	}
	defer conn.Release()
	// A job that River took for lost may still be at work.
	number := job.Args.Subscription
	free, err := fhirstore.SubscriptionLock(ctx, conn.Conn(), number)
	if err != nil {
		return later(ctx, err)
	}
	if !free {
		return river.JobSnooze(time.Second)
	}
	defer func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := fhirstore.SubscriptionUnlock(release, conn.Conn(), number); err != nil {
			_ = conn.Conn().Close(release) // and the lock with it
		}
	}()
	until := time.Now().Add(d.service.Slice)
	for sent := 0; ; sent++ {
		if time.Now().After(until) {
			return river.JobSnooze(0)
		}
		more, err := d.one(ctx, number)
		var failure *undelivered
		switch {
		case errors.As(err, &failure):
			return d.failed(ctx, job, failure, sent > 0)
		case err != nil:
			return later(ctx, err)
		case more:
			continue
		}
		ended := false
		err = pgx.BeginFunc(ctx, d.service.pool, func(tx pgx.Tx) error {
			pending, err := fhirstore.Pending(ctx, tx, number)
			if err != nil || pending {
				return err
			}
			ended = true
			_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
			return err
		})
		if err != nil {
			return later(ctx, err)
		}
		if ended {
			return nil
		}
	}
}

// later is what a job gives when this server, and not the endpoint, is at fault:
// that is no attempt.
func later(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return river.JobSnooze(0) // the server stops
	}
	if errs.Is(err, errs.Internal) {
		return err
	}
	return river.JobSnooze(afterFail)
}

// one sends one notification, if there is any to send, and reports whether there
// was.
func (d *deliverer) one(ctx context.Context, number int32) (bool, error) {
	r := d.service.Reader
	s, err := r.Numbered(ctx, number)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now := time.Now()
	switch {
	case s.Status == fhir.StatusRequested:
		body, err := s.Notification(fhir.Handshake, fhir.ContentEmpty, nil, now)
		if err == nil {
			err = d.send(ctx, &s, body)
		}
		if err != nil {
			return false, err
		}
		return true, r.Delivered(ctx, &s, 0)
	case s.Status != fhir.StatusActive:
		return false, nil
	case s.Events > s.Delivered:
		events, err := r.SubscriptionEvents(ctx, s, s.Delivered, s.Batch(), s.Content == fhir.ContentFull)
		if err != nil {
			return false, err
		}
		if len(events) == 0 { // deleted physically since
			return true, r.Delivered(ctx, &s, s.Events)
		}
		body, err := s.Notification(fhir.Happened, s.Content, events, now)
		if err == nil {
			err = d.send(ctx, &s, body)
		}
		if err != nil {
			return false, err
		}
		return true, r.Delivered(ctx, &s, events[len(events)-1].Number)
	case s.Heartbeat > 0 && !now.Before(s.Sent.Add(time.Duration(s.Heartbeat)*time.Second)):
		body, err := s.Notification(fhir.Heartbeat, fhir.ContentEmpty, nil, now)
		if err == nil {
			err = d.send(ctx, &s, body)
		}
		if err != nil {
			return false, err
		}
		return true, r.Delivered(ctx, &s, 0)
	}
	return false, nil
}

// send makes one request. What the endpoint answers is told to nobody: only its
// status counts.
func (d *deliverer) send(ctx context.Context, s *fhir.Subscription, body []byte) error {
	if err := d.service.Endpoints.Allow(s.Endpoint); err != nil {
		return &undelivered{reason: "the endpoint " + errs.As(err).Msg, final: true}
	}
	body, err := s.Serialise(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, min(s.Patience(), d.service.Slice))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, bytes.NewReader(body))
	if err != nil {
		return &undelivered{reason: "the endpoint is not a URL", final: true}
	}
	if s.Sealed != nil { // without its headers a request could reach somebody else
		return &undelivered{reason: errs.As(s.Sealed).Msg, cause: s.Sealed}
	}
	for _, h := range s.Headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Add(name, strings.TrimSpace(value))
	}
	req.Header.Set("Content-Type", s.Payload)
	resp, err := d.client.Do(req)
	if err != nil {
		return d.unreachable(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // for the next request on the connection
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return &undelivered{reason: fmt.Sprintf("the endpoint answered %d", resp.StatusCode)}
	}
	return nil
}

// unreachable says what was wrong, to the client without what could tell of the
// network of the server.
func (d *deliverer) unreachable(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err // the URL may hold secrets
	}
	var certificate *tls.CertificateVerificationError
	var network net.Error
	reason := "the endpoint could not be reached"
	switch {
	case errors.As(err, &certificate):
		reason = "the certificate of the endpoint is not accepted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		reason = "the endpoint did not answer in time"
	case errors.Is(err, context.Canceled):
		return err
	}
	return &undelivered{reason: reason, cause: err}
}

// failed notes a failure. What was delivered before it in the same run begins the
// count of attempts anew.
func (d *deliverer) failed(ctx context.Context, job *river.Job[delivery], failure *undelivered, progress bool) error {
	s, err := d.service.Reader.Numbered(ctx, job.Args.Subscription)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return later(ctx, err)
	}
	attempt := job.Attempt
	if progress {
		attempt = 1
	}
	final := failure.final || attempt >= d.service.Attempts
	log := []any{"subscription", s.ID.String(), "reason", failure.reason, "attempt", attempt, "given_up", final}
	if failure.cause != nil {
		log = append(log, "cause", failure.cause.Error())
	}
	d.service.Log.Warn("a notification was not delivered", log...)
	if err := d.service.Reader.Failed(ctx, &s, failure.reason, final); err != nil {
		return later(ctx, err)
	}
	switch {
	case final:
		return river.JobCancel(failure)
	case progress:
		err := pgx.BeginFunc(ctx, d.service.pool, func(tx pgx.Tx) error {
			if _, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job); err != nil {
				return err
			}
			_, err := d.service.river.InsertTx(ctx, tx, job.Args, &river.InsertOpts{ScheduledAt: time.Now().Add(d.backoff(1))})
			return err
		})
		if err != nil {
			return later(ctx, err)
		}
		return nil
	}
	return failure
}
