package fhir

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// TopicPrefix begins the canonical URLs of topics. There is one for each
// resource type that mappings produce, and for Composition, DocumentReference and
// Provenance: its resources are created, changed and deleted.
const TopicPrefix = "https://github.com/cairn-ehr/cairn/SubscriptionTopic/"

// backport begins the URLs of the guide Subscriptions R5 Backport 1.1.0.
const backport = "http://hl7.org/fhir/uv/subscriptions-backport/"

const (
	subscriptionProfile = backport + "StructureDefinition/backport-subscription"
	extFilter           = backport + "StructureDefinition/backport-filter-criteria"
	extContent          = backport + "StructureDefinition/backport-payload-content"
	extHeartbeat        = backport + "StructureDefinition/backport-heartbeat-period"
	extTimeout          = backport + "StructureDefinition/backport-timeout"
	extMaxCount         = backport + "StructureDefinition/backport-max-count"
	extTopic            = backport + "StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
)

// The states of a subscription (FHIR R4 subscription-status).
const (
	StatusRequested = "requested" // the endpoint has not answered yet
	StatusActive    = "active"
	StatusError     = "error" // given up after repeated failures; the client resumes it
	StatusOff       = "off"
)

// The channels.
const (
	ChannelHook   = "rest-hook"
	ChannelSocket = "websocket"
)

// The contents of notifications: how much of what has changed they tell.
const (
	ContentEmpty = "empty"         // that there was an event
	ContentID    = "id-only"       // which resource it was
	ContentFull  = "full-resource" // the resource
)

// Limits on a subscription.
const (
	maxSubscriptionBody = 64 << 10
	maxFilters          = 16
	maxHeaders          = 16
	maxSubscriptionText = 4096 // of a filter, header, endpoint or reason, in bytes
	maxNotified         = 100  // events in one notification
	defaultNotified     = 20
	maxHeartbeat        = 24 * 60 * 60
	maxTimeout          = 60
	defaultTimeout      = 20
)

// Terms are what a subscription asks for.
type Terms struct {
	// Type is the resource type of the topic, Filters are searches of it, all of
	// which a resource must meet.
	Type    string
	Filters []string
	Reason  string
	// Contact is a list of ContactPoint; nil for none.
	Contact json.RawMessage `json:",omitempty"`
	Channel string
	// Endpoint is the URL that a rest-hook is sent to.
	Endpoint string
	// Payload is the media type of notifications, Content is how much they tell.
	Payload, Content string
	// Heartbeat is the time without a notification after which an empty one is
	// sent, Timeout what an endpoint may take to answer, in seconds; 0 is none,
	// or the server's own. MaxCount is the most events in a notification.
	Heartbeat, Timeout, MaxCount int
	// Base is the URL of the API that the client has used.
	Base string
}

// Subscription is a subscription to a topic.
type Subscription struct {
	Terms
	// Number is the store's key.
	Number      int32
	ID          uuid.UUID
	Version     int
	LastUpdated time.Time
	// Owner is who made it, as authenticated then: nobody else sees it, and its
	// notifications tell what the owner may read.
	Owner  ehr.Actor
	Status string
	// Error is why the last attempt to deliver failed.
	Error string
	// Headers are sent to the endpoint, as Name: value. They are secret. Sealed is
	// why they could not be read, Current that they are stored as they would be now.
	Headers []string
	Sealed  error
	Current bool
	// Ends is when it turns itself off; zero is never.
	Ends time.Time
	// Events is the number of the last event, Delivered of the last delivered.
	Events, Delivered int64
	// Sent is when the last notification was delivered.
	Sent time.Time
}

// Event is one change of a resource, numbered within its subscription.
type Event struct {
	Number int64
	// Happened is the time of the commit.
	Happened time.Time
	// Record is the version of the resource that the change led to: without JSON
	// if it was deleted, or if it was not asked for.
	Record  Record
	Deleted bool
	// Withheld means that the owner may not read the record.
	Withheld bool
}

// Subscriber is what the API needs of the store for subscriptions. Errors are
// errs.Error values; of a subscription of somebody else NotFound.
type Subscriber interface {
	// NewSubscription stores s, whose ID is given, and fills in the rest.
	// Forbidden if the decision point refuses the search that it amounts to,
	// TooLarge if the owner has too many.
	NewSubscription(ctx context.Context, s *Subscription) error
	// Subscription reads one, Subscriptions all of an owner by their id.
	Subscription(ctx context.Context, who ehr.Actor, id uuid.UUID) (Subscription, error)
	Subscriptions(ctx context.Context, who ehr.Actor) ([]Subscription, error)
	// ReplaceSubscription stores new terms, status and headers of a subscription
	// at the version that s has, and counts that; Precondition if it is another.
	ReplaceSubscription(ctx context.Context, s *Subscription) error
	// DropSubscription deletes one.
	DropSubscription(ctx context.Context, who ehr.Actor, id uuid.UUID) error
	// SubscriptionEvents reads at most limit events of a subscription with
	// numbers above after, in their order, with their resources if whole.
	SubscriptionEvents(ctx context.Context, s Subscription, after int64, limit int, whole bool) ([]Event, error)
	// NewBinding makes a token by which a websocket is bound to subscriptions.
	NewBinding(ctx context.Context, list []Subscription) (token string, expires time.Time, err error)
}

// Query is the search that the resources of the subscription are found by.
func (s *Subscription) Query() (Query, error) {
	a := &api{Config: Config{Origin: s.Base, Now: time.Now}}
	c := &call{Request: &http.Request{URL: &url.URL{}}}
	req := &request{query: Query{Type: s.Type, Count: 1}, path: s.Type}
	for _, filter := range s.Filters {
		typ, raw, ok := strings.Cut(filter, "?")
		if !ok || typ != s.Type {
			return Query{}, badParam(filter, "is not a search of the topic's type, as "+s.Type+"?name=value")
		}
		params, err := parsePairs(raw)
		if err != nil {
			return Query{}, err
		}
		if len(params) == 0 {
			return Query{}, badParam(filter, "has no parameter")
		}
		for _, p := range params {
			if strings.Contains(p.name, ".") || strings.HasPrefix(p.name, "_") && p.name != "_id" && p.name != "_profile" {
				return Query{}, badParam(p.name, "cannot filter events: parameters of the resource itself do, _id and _profile")
			}
			if name, _, _ := strings.Cut(p.name, ":"); s.Type == virtual.Composition && name == "entry" {
				return Query{}, badParam(p.name, "cannot filter events: what a Composition named before is not known")
			}
			if err := a.param(c, req, p); err != nil {
				return Query{}, err
			}
		}
	}
	return req.query, nil
}

// extension is the value of an extension as text, "" without it.
func extension(n *r4.Node, url string) string {
	for _, e := range n.List("extension") {
		if e.Str("url") == url {
			for _, f := range e.Fields {
				if strings.HasPrefix(f.Name, "value") {
					return f.Value.Text
				}
			}
		}
	}
	return ""
}

// reader of a Subscription resource: it collects what is wrong with it.
type subscriptionReader struct{ issues []issue }

func (r *subscriptionReader) bad(element, text string) {
	r.issues = append(r.issues, issue{severity: "error", code: "not-supported", text: "Subscription." + element + ": " + text, expression: "Subscription." + element})
}

// known refuses elements and extensions that would not be obeyed.
func (r *subscriptionReader) known(element string, n *r4.Node, fields []string, extensions ...string) {
	if n == nil {
		return
	}
	for _, f := range n.Fields {
		if f.Name == "extension" {
			for _, e := range n.List("extension") {
				if !slices.Contains(extensions, e.Str("url")) {
					r.bad(strings.TrimPrefix(element+".extension", "."), "the extension "+strconv.Quote(e.Str("url"))+" is not supported here")
				}
			}
			continue
		}
		if !slices.Contains(fields, f.Name) {
			r.bad(strings.TrimPrefix(element+"."+f.Name, "."), "is not supported")
		}
	}
}

// count reads a number within a range from an extension; 0 without it.
func (r *subscriptionReader) count(n *r4.Node, url string, most int) int {
	text := extension(n, url)
	if text == "" {
		return 0
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 || v > most {
		r.bad("channel.extension", fmt.Sprintf("%s is not a number from 1 to %d", url[strings.LastIndexByte(url, '/')+1:], most))
	}
	return v
}

// parseSubscription reads a resource that a client has sent.
func (a *api) parseSubscription(c *call, n *r4.Node) (*Subscription, error) {
	const op = "fhir.parseSubscription"
	if n.Str("resourceType") != "Subscription" {
		return nil, errs.New(errs.Invalid, op, "the body is not a Subscription")
	}
	var r subscriptionReader
	for _, p := range r4.ValidateNode(n) {
		if !p.Warning {
			r.issues = append(r.issues, issue{severity: "error", code: "invalid", text: p.String(), expression: p.Path})
		}
	}
	if len(r.issues) > 0 {
		return nil, &refusal{errs.New(errs.Invalid, op, "the resource is not a valid Subscription"), r.issues}
	}
	channel := n.Get("channel")
	r.known("", n, []string{"resourceType", "id", "meta", "implicitRules", "text", "status", "contact", "end", "reason", "criteria", "_criteria", "error", "channel"})
	r.known("criteria", n.Get("_criteria"), nil, extFilter)
	r.known("channel", channel, []string{"type", "endpoint", "payload", "_payload", "header"}, extHeartbeat, extTimeout, extMaxCount)
	r.known("channel.payload", channel.Get("_payload"), nil, extContent)
	if n.Get("implicitRules") != nil {
		r.bad("implicitRules", "is not supported")
	}
	s := &Subscription{Owner: c.who, Status: StatusRequested, Terms: Terms{
		Reason: n.Str("reason"), Channel: channel.Str("type"), Endpoint: channel.Str("endpoint"), Base: a.base(c.Request),
		Payload: cmp.Or(channel.Str("payload"), r4.MediaTypeJSON), Content: cmp.Or(extension(channel.Get("_payload"), extContent), ContentEmpty),
		Heartbeat: r.count(channel, extHeartbeat, maxHeartbeat), Timeout: r.count(channel, extTimeout, maxTimeout), MaxCount: r.count(channel, extMaxCount, maxNotified),
	}}
	switch status := n.Str("status"); status {
	case StatusRequested, StatusActive: // how a client resumes one
	case StatusOff:
		s.Status = StatusOff
	default:
		r.bad("status", "a client asks for requested, active or off")
	}
	topic, _, _ := strings.Cut(n.Str("criteria"), "|")
	typ, ok := strings.CutPrefix(topic, TopicPrefix)
	if !ok || !slices.Contains(a.topics(), typ) {
		r.bad("criteria", "is not a topic of this server; the CapabilityStatement lists them")
	}
	s.Type = typ
	for _, e := range n.Get("_criteria").List("extension") {
		s.Filters = append(s.Filters, e.Str("valueString"))
	}
	if list := n.Get("contact"); list != nil {
		s.Contact = list.Append(nil)
	}
	if end := n.Str("end"); end != "" {
		low, _, valid := dateRange(end)
		if !valid || !low.After(a.Now()) {
			r.bad("end", "is not an instant to come")
		}
		s.Ends = low
	}
	if s.Payload != r4.MediaTypeJSON && s.Payload != r4.MediaTypeXML {
		r.bad("channel.payload", "is "+r4.MediaTypeJSON+" or "+r4.MediaTypeXML)
	}
	if s.Content != ContentEmpty && s.Content != ContentID && s.Content != ContentFull {
		r.bad("channel.payload", "its content is empty, id-only or full-resource")
	}
	for _, h := range channel.List("header") {
		s.Headers = append(s.Headers, h.Text)
	}
	a.checkChannel(&r, s)
	for _, text := range slices.Concat(s.Filters, s.Headers, []string{s.Endpoint, s.Reason, string(s.Contact)}) {
		if len(text) > maxSubscriptionText || !plainText(text) {
			return nil, errs.New(errs.TooLarge, op, fmt.Sprintf("a text of the subscription is longer than %d bytes or holds control characters", maxSubscriptionText))
		}
	}
	if len(s.Filters) > maxFilters || len(s.Headers) > maxHeaders {
		return nil, errs.New(errs.TooLarge, op, fmt.Sprintf("a subscription has at most %d filters and %d headers", maxFilters, maxHeaders))
	}
	if len(r.issues) == 0 {
		if _, err := s.Query(); err != nil {
			r.bad("criteria", errs.As(err).Msg)
		}
	}
	if len(r.issues) > 0 {
		return nil, &refusal{errs.New(errs.Unprocessable, op, "the subscription cannot be obeyed"), r.issues}
	}
	return s, nil
}

// reserved are headers that belong to the request itself.
var reserved = []string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer", "Expect", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding"}

// checkChannel checks where the notifications go.
func (a *api) checkChannel(r *subscriptionReader, s *Subscription) {
	switch s.Channel {
	case ChannelHook:
		if a.Endpoint == nil {
			r.bad("channel.type", "this server sends nothing to endpoints: its operator has allowed none")
		} else if err := a.Endpoint(s.Endpoint); err != nil {
			r.bad("channel.endpoint", errs.As(err).Msg)
		}
		if len(s.Headers) > 0 && !a.KeepHeaders {
			r.bad("channel.header", "is not taken: this server has no key to encrypt headers with")
		}
		for _, h := range s.Headers {
			name, value, ok := strings.Cut(h, ":")
			canonical := textproto.CanonicalMIMEHeaderKey(name)
			if !ok || !headerName(name) || strings.TrimSpace(value) == "" {
				r.bad("channel.header", "has the form Name: value") // the header itself is secret
			} else if slices.Contains(reserved, canonical) {
				r.bad("channel.header", canonical+" cannot be set")
			}
		}
	case ChannelSocket:
		if s.Endpoint != "" || len(s.Headers) > 0 || s.Timeout > 0 {
			r.bad("channel", "a websocket has no endpoint, headers or timeout: the client connects with a token of $get-ws-binding-token")
		}
	default:
		r.bad("channel.type", "is rest-hook or websocket")
	}
}

// headerName reports whether a text is a token of HTTP (RFC 9110 §5.6.2).
func headerName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// record is the subscription as a resource, without its headers.
func (s *Subscription) record() (Record, error) {
	var filters, extensions []*r4.Node
	for _, f := range s.Filters {
		filters = append(filters, r4.NewObject(str("url", extFilter), str("valueString", f)))
	}
	for _, e := range []struct {
		url, value string
		n          int
	}{{extHeartbeat, "valueUnsignedInt", s.Heartbeat}, {extTimeout, "valueUnsignedInt", s.Timeout}, {extMaxCount, "valuePositiveInt", s.MaxCount}} {
		if e.n > 0 {
			extensions = append(extensions, r4.NewObject(str("url", e.url), r4.Field{Name: e.value, Value: r4.NewNumber(strconv.Itoa(e.n))}))
		}
	}
	channel := r4.NewObject(array("extension", extensions...), str("type", s.Channel))
	if s.Endpoint != "" {
		channel.Fields = append(channel.Fields, str("endpoint", s.Endpoint))
	}
	channel.Fields = append(channel.Fields, str("payload", s.Payload),
		object("_payload", array("extension", r4.NewObject(str("url", extContent), str("valueCode", s.Content)))))
	n := r4.NewObject(str("resourceType", "Subscription"), str("id", s.ID.String()), str("status", s.Status))
	if s.Contact != nil {
		contact, err := r4.Parse(s.Contact)
		if err != nil {
			return Record{}, errs.Wrap(errs.Internal, "fhir.Subscription", "", err)
		}
		n.Fields = append(n.Fields, r4.Field{Name: "contact", Value: contact})
	}
	if !s.Ends.IsZero() {
		n.Fields = append(n.Fields, str("end", virtual.Instant(s.Ends)))
	}
	n.Fields = append(n.Fields, str("reason", s.Reason), str("criteria", TopicPrefix+s.Type))
	if len(filters) > 0 {
		n.Fields = append(n.Fields, object("_criteria", array("extension", filters...)))
	}
	if s.Error != "" {
		n.Fields = append(n.Fields, str("error", s.Error))
	}
	n.Fields = append(n.Fields, r4.Field{Name: "channel", Value: channel})
	return Record{
		Type: "Subscription", ID: s.ID.String(), Version: VersionID{Trunk: s.Version}, LastUpdated: s.LastUpdated,
		Profiles: []string{subscriptionProfile}, JSON: n.Append(nil),
	}, nil
}
