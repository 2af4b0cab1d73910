package fhir

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// The types of notifications (R5 subscription-notification-type).
const (
	Handshake   = "handshake"
	Heartbeat   = "heartbeat"
	Happened    = "event-notification"
	queryStatus = "query-status"
	queryEvent  = "query-event"
)

// Batch is how many events at most one notification of the subscription has.
func (s *Subscription) Batch() int {
	if s.MaxCount > 0 {
		return s.MaxCount
	}
	return defaultNotified
}

// Patience is what the endpoint may take to answer.
func (s *Subscription) Patience() time.Duration {
	if s.Timeout > 0 {
		return time.Duration(s.Timeout) * time.Second
	}
	return defaultTimeout * time.Second
}

func part(name string, value r4.Field) *r4.Node { return r4.NewObject(str("name", name), value) }

// statusOf is the SubscriptionStatus of a notification, as Parameters (backport
// guide, profile backport-subscription-status-r4). It tells no more of the events
// than the content does.
func (s *Subscription) statusOf(kind, content string, events []Event) *r4.Node {
	last := s.Events
	if kind == Happened && len(events) > 0 {
		last = events[len(events)-1].Number
	}
	parts := []*r4.Node{
		part("subscription", object("valueReference", str("reference", s.Base+"/Subscription/"+s.ID.String()))),
		part("topic", str("valueCanonical", TopicPrefix+s.Type)),
		part("status", str("valueCode", s.Status)),
		part("type", str("valueCode", kind)),
		part("events-since-subscription-start", str("valueString", strconv.FormatInt(last, 10))),
	}
	for _, e := range events {
		event := []*r4.Node{part("event-number", str("valueString", strconv.FormatInt(e.Number, 10))), part("timestamp", str("valueInstant", virtual.Instant(e.Happened)))}
		if content != ContentEmpty && !e.Withheld {
			event = append(event, part("focus", object("valueReference", str("reference", s.Base+"/"+e.Record.Type+"/"+e.Record.ID))))
		}
		parts = append(parts, r4.NewObject(str("name", "notification-event"), array("part", event...)))
	}
	if s.Error != "" && kind == queryStatus {
		parts = append(parts, part("error", object("valueCodeableConcept", str("text", s.Error))))
	}
	return r4.NewObject(str("resourceType", "Parameters"), object("meta", array("profile", r4.NewString(backport+"StructureDefinition/backport-subscription-status-r4"))), array("parameter", parts...))
}

// Notification is a Bundle of type history in JSON that tells of events (backport
// guide, profile backport-subscription-notification-r4), with as much of them as
// the content says; the type is one of the constants above. A resource stands in it
// once for each event, in the version that the event led to.
func (s *Subscription) Notification(kind, content string, events []Event, now time.Time) ([]byte, error) {
	const op = "fhir.Notification"
	status := s.statusOf(kind, content, events)
	dst := []byte(`{"resourceType":"Bundle","id":"` + uuid.NewString() + `","meta":{"profile":["` + backport +
		`StructureDefinition/backport-subscription-notification-r4"]},"type":"history","timestamp":"` + virtual.Instant(now) + `","entry":[{"fullUrl":"urn:uuid:` + uuid.NewString() + `","resource":`)
	dst = append(status.Append(dst), `,"request":{"method":"GET","url":`...)
	dst = append(appendString(dst, s.Base+"/Subscription/"+s.ID.String()+"/$status"), `},"response":{"status":"200"}}`...)
	if content == ContentEmpty {
		return append(dst, "]}"...), nil
	}
	for _, e := range events {
		if e.Withheld {
			continue
		}
		name := e.Record.Type + "/" + e.Record.ID
		dst = append(appendString(append(dst, `,{"fullUrl":`...), s.Base+"/"+name), `,`...)
		method, code := "PUT", "200"
		switch {
		case e.Deleted:
			method, code = "DELETE", "204"
		case e.Record.First:
			method, code = "POST", "201"
		}
		if content == ContentFull && !e.Deleted {
			if e.Record.JSON == nil {
				return nil, errs.New(errs.Internal, op, "an event has no resource")
			}
			var err error
			if dst, err = appendResource(append(dst, `"resource":`...), e.Record); err != nil {
				return nil, err
			}
			dst = append(dst, ',')
		}
		url := name
		if method == "POST" {
			url = e.Record.Type
		}
		dst = appendString(append(dst, `"request":{"method":"`+method+`","url":`...), url)
		dst = appendString(append(dst, `},"response":{"status":"`+code+`","etag":`...), etag(e.Record))
		dst = append(dst, `,"lastModified":"`+virtual.Instant(e.Happened)+`"}}`...)
	}
	return append(dst, "]}"...), nil
}

// Serialise is a notification in the form that the subscription asks for.
func (s *Subscription) Serialise(body []byte) ([]byte, error) {
	if s.Payload != r4.MediaTypeXML {
		return body, nil
	}
	n, err := r4.Parse(body)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "fhir.Serialise", "", err)
	}
	return r4.AppendXML(nil, n)
}
