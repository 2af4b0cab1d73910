package event

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// Limits on a websocket: the time to bind it, and to take a message.
const (
	bindTime  = 30 * time.Second
	writeTime = 30 * time.Second
)

// bound is a subscription on a websocket.
type bound struct {
	fhir.Subscription
	after int64     // the last event sent here
	sent  time.Time // the last message
}

// ServeHTTP is the websocket of notifications (backport guide, websocket
// channel). The client binds it with a token of $get-ws-binding-token and is
// sent a handshake for each subscription, then their events in order. An event
// counts as delivered once it has been sent.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case s.open <- struct{}{}:
		defer func() { <-s.open }()
	default:
		http.Error(w, "too many websockets are open", http.StatusServiceUnavailable)
		return
	}
	s.done.Add(1)
	defer s.done.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the client has been told
	}
	defer conn.CloseNow() //nolint:errcheck // closed already or beyond help
	conn.SetReadLimit(1024)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	list, err := s.bind(ctx, conn)
	if err != nil {
		code, reason := websocket.StatusInternalError, "try again later"
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Invalid) {
			code, reason = websocket.StatusPolicyViolation, errs.As(err).Msg
		}
		_ = conn.Close(code, reason)
		return
	}
	ctx = conn.CloseRead(ctx) // ends with the connection
	for {
		fresh := s.news.wait()
		left := list[:0]
		for _, b := range list {
			open, err := s.serve(ctx, conn, b)
			if err != nil {
				if ctx.Err() == nil {
					s.Log.Warn("a websocket was closed", "subscription", b.ID.String(), "error", err)
				}
				code := websocket.StatusInternalError
				if s.ctx.Err() != nil {
					code = websocket.StatusGoingAway
				}
				_ = conn.Close(code, "")
				return
			}
			if open {
				left = append(left, b)
			}
		}
		if list = left; len(list) == 0 {
			_ = conn.Close(websocket.StatusNormalClosure, "the subscription is off")
			return
		}
		select {
		case <-ctx.Done():
			code := websocket.StatusNormalClosure
			if s.ctx.Err() != nil {
				code = websocket.StatusGoingAway
			}
			_ = conn.Close(code, "")
			return
		case <-fresh:
		case <-time.After(idle):
		}
	}
}

// bind reads the first message, bind-with-token and the token.
func (s *Service) bind(ctx context.Context, conn *websocket.Conn) ([]*bound, error) {
	const op = "event.bind"
	ctx, cancel := context.WithTimeout(ctx, bindTime)
	defer cancel()
	kind, message, err := conn.Read(ctx)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "no token was sent", err)
	}
	token, ok := strings.CutPrefix(string(message), "bind-with-token ")
	if !ok || kind != websocket.MessageText {
		return nil, errs.New(errs.Invalid, op, "the first message is bind-with-token and the token")
	}
	found, err := s.Reader.Binding(ctx, strings.TrimSpace(token))
	if err != nil {
		return nil, err
	}
	var out []*bound
	for _, b := range found {
		body, err := b.Notification(fhir.Handshake, fhir.ContentEmpty, nil, time.Now())
		if err != nil {
			return nil, err
		}
		if err := write(ctx, conn, &b, body); err != nil {
			return nil, err
		}
		out = append(out, &bound{Subscription: b, after: b.Delivered, sent: time.Now()})
	}
	return out, nil
}

// serve sends what there is of one subscription and reports whether it goes on.
func (s *Service) serve(ctx context.Context, conn *websocket.Conn, b *bound) (bool, error) {
	for {
		now, err := s.Reader.Numbered(ctx, b.Number)
		if errs.Is(err, errs.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if b.Subscription = now; b.Status != fhir.StatusActive {
			return false, nil
		}
		if b.Events <= b.after {
			break
		}
		events, err := s.Reader.SubscriptionEvents(ctx, b.Subscription, b.after, b.Batch(), b.Content == fhir.ContentFull)
		if err != nil {
			return false, err
		}
		last := b.Events
		if len(events) > 0 { // or else deleted physically since
			last = events[len(events)-1].Number
			body, err := b.Notification(fhir.Happened, b.Content, events, time.Now())
			if err != nil {
				return false, err
			}
			if err := write(ctx, conn, &b.Subscription, body); err != nil {
				return false, err
			}
		}
		if err := s.Reader.Delivered(ctx, &b.Subscription, last); err != nil {
			return false, err
		}
		b.after, b.sent = last, time.Now()
	}
	if b.Heartbeat > 0 && time.Since(b.sent) >= time.Duration(b.Heartbeat)*time.Second {
		body, err := b.Notification(fhir.Heartbeat, fhir.ContentEmpty, nil, time.Now())
		if err != nil {
			return false, err
		}
		if err := write(ctx, conn, &b.Subscription, body); err != nil {
			return false, err
		}
		b.sent = time.Now()
	}
	return true, nil
}

func write(ctx context.Context, conn *websocket.Conn, s *fhir.Subscription, body []byte) error {
	body, err := s.Serialise(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, body)
}
