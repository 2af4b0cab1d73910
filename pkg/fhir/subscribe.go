package fhir

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// SocketPath is where, below the base path, websockets are opened.
const SocketPath = "/$subscription-socket"

// maxQueried is the most events that $events gives at once.
const maxQueried = 100

// subscriptions are the subscriptions of the actor.
func (a *api) subscriptions() owned[Subscription] {
	o := owned[Subscription]{
		typ: "Subscription", limit: maxSubscriptionBody, parse: a.parseSubscription,
		id:      func(s *Subscription) *uuid.UUID { return &s.ID },
		version: func(s *Subscription) int { return s.Version },
		record:  (*Subscription).record, follow: (*Subscription).follow,
		add:     func(c *call, s *Subscription) error { return a.Subscriber.NewSubscription(c.Context(), s) },
		replace: func(c *call, s *Subscription) error { return a.Subscriber.ReplaceSubscription(c.Context(), s) },
		find: func(c *call, id uuid.UUID) (Subscription, error) {
			return a.Subscriber.Subscription(c.Context(), c.who, id)
		},
		drop: func(c *call, id uuid.UUID) error { return a.Subscriber.DropSubscription(c.Context(), c.who, id) },
	}
	if a.Subscriber == nil {
		o.offered = errs.New(errs.Unsupported, "fhir.subscriber", "this server offers no subscriptions")
	}
	return o
}

// subscriptionRoutes are those of Subscription, which no mapping makes. All of
// them concern the subscriptions of the actor alone.
func (a *api) subscriptionRoutes(r chi.Router, both func(string, operation, bool), either func(string, operation)) {
	a.subscriptions().routes(a, r, both, a.findSubscriptions)
	either("/Subscription/$status", a.subscriptionStatus)
	either("/Subscription/{id}/$status", a.subscriptionStatus)
	either("/Subscription/{id}/$events", a.subscriptionEvents)
	either("/Subscription/$get-ws-binding-token", a.bindingToken)
	either("/Subscription/{id}/$get-ws-binding-token", a.bindingToken)
}

// follow makes the subscription the next version of another: it begins again as one
// requested, or is turned off. Headers, which a client cannot read back, stay as they
// are if it sends none and the endpoint is the same.
func (s *Subscription) follow(old *Subscription) error {
	if s.Type != old.Type || s.Channel != old.Channel {
		return errs.New(errs.Unprocessable, "fhir.replaceSubscription", "the topic and the channel of a subscription stay: make another one")
	}
	if len(s.Headers) == 0 && s.Endpoint == old.Endpoint {
		if old.Sealed != nil { // they would be lost
			return old.Sealed
		}
		s.Headers = old.Headers
	}
	s.Number, s.Version, s.Events, s.Delivered = old.Number, old.Version, old.Events, old.Delivered
	return nil
}

// subscriptionParams are the search parameters of Subscription.
var subscriptionParams = []r4.SearchParam{
	{Name: "criteria", Kind: r4.SearchString, Definition: "http://hl7.org/fhir/SearchParameter/Subscription-criteria"},
	{Name: "payload", Kind: r4.SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Subscription-payload"},
	{Name: "status", Kind: r4.SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Subscription-status"},
	{Name: "type", Kind: r4.SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Subscription-type"},
	{Name: "url", Kind: r4.SearchURI, Definition: "http://hl7.org/fhir/SearchParameter/Subscription-url"},
}

// findSubscriptions lists the actor's subscriptions.
func (a *api) findSubscriptions(w http.ResponseWriter, c *call) error {
	if err := a.subscriptions().offered; err != nil {
		return err
	}
	params, err := a.input(c)
	if err != nil {
		return err
	}
	list, err := a.Subscriber.Subscriptions(c.Context(), c.who)
	if err != nil {
		return err
	}
	l := &listing{request: request{path: "Subscription"}}
	for _, p := range params {
		var value func(*Subscription) string
		if taken, err := l.takes(p); err != nil {
			return err
		} else if taken {
			continue
		}
		switch p.name {
		case "_id":
			value = func(s *Subscription) string { return s.ID.String() }
		case "criteria":
			value = func(s *Subscription) string { return TopicPrefix + s.Type }
		case "payload":
			value = func(s *Subscription) string { return s.Payload }
		case "status":
			value = func(s *Subscription) string { return s.Status }
		case "type":
			value = func(s *Subscription) string { return s.Channel }
		case "url":
			value = func(s *Subscription) string { return s.Endpoint }
		default:
			return unsupportedParam(p.name)
		}
		values, err := alternatives(p)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(s Subscription) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return unescape(v) == value(&s) })
		})
		l.used = append(l.used, p)
	}
	return answerListing(a, w, c, l, list, func(s *Subscription) uuid.UUID { return s.ID }, (*Subscription).record)
}

// chosen are the subscriptions that an operation is about: the one in the path,
// or those of the actor with one of the ids and one of the states given.
func (a *api) chosen(c *call) ([]Subscription, error) {
	params, err := a.input(c)
	if err != nil {
		return nil, err
	}
	if err := a.subscriptions().offered; err != nil {
		return nil, err
	}
	given := map[string][]string{}
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
		case "id", "ids", "status":
			name := strings.TrimSuffix(p.name, "s")
			if p.name == "status" {
				name = p.name
			}
			given[name] = append(given[name], strings.Split(p.value, ",")...)
		default:
			return nil, unsupportedParam(p.name)
		}
	}
	var list []Subscription
	if chi.URLParam(c.Request, "id") != "" {
		s, err := a.subscriptions().own(c)
		if err != nil {
			return nil, err
		}
		list = []Subscription{s}
	} else if list, err = a.Subscriber.Subscriptions(c.Context(), c.who); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(s Subscription) bool {
		return given["id"] != nil && !slices.Contains(given["id"], s.ID.String()) || given["status"] != nil && !slices.Contains(given["status"], s.Status)
	}), nil
}

// subscriptionStatus answers $status.
func (a *api) subscriptionStatus(w http.ResponseWriter, c *call) error {
	list, err := a.chosen(c)
	if err != nil {
		return err
	}
	dst := []byte(`{"resourceType":"Bundle","type":"searchset","total":` + strconv.Itoa(len(list)))
	for i := range list {
		dst = append(dst, [...]string{`,"entry":[`, `,`}[min(i, 1)]...)
		dst = append(list[i].statusOf(queryStatus, ContentEmpty, nil).Append(append(dst, `{"fullUrl":"urn:uuid:`+uuid.NewString()+`","resource":`...)), `,"search":{"mode":"match"}}`...)
	}
	if len(list) > 0 {
		dst = append(dst, ']')
	}
	return a.write(w, c, http.StatusOK, append(dst, '}'))
}

// subscriptionEvents answers $events: events that have happened, delivered or
// not, with no more of them than the subscription's own content.
func (a *api) subscriptionEvents(w http.ResponseWriter, c *call) error {
	s, err := a.subscriptions().own(c)
	if err != nil {
		return err
	}
	params, err := a.input(c)
	if err != nil {
		return err
	}
	since, until, content := int64(0), s.Events, s.Content
	levels := []string{ContentEmpty, ContentID, ContentFull}
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
		case "eventsSinceNumber", "eventsUntilNumber":
			n, err := strconv.ParseInt(p.value, 10, 64)
			if err != nil || n < 0 {
				return badParam(p.name, "must be a whole number")
			}
			if p.name == "eventsUntilNumber" {
				until = n
			} else {
				since = n
			}
		case "content":
			level := slices.Index(levels, p.value)
			if level < 0 {
				return badParam(p.name, "is empty, id-only or full-resource")
			}
			if level > slices.Index(levels, s.Content) {
				return badParam(p.name, "is more than the subscription asked for, which is "+s.Content)
			}
			content = p.value
		default:
			return unsupportedParam(p.name)
		}
	}
	// From and to that number; what is not given reaches to either end.
	events, err := a.Subscriber.SubscriptionEvents(c.Context(), s, max(since, 1)-1, maxQueried, content == ContentFull)
	if err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return e.Number > until })
	body, err := s.Notification(queryEvent, content, events, a.Now())
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// bindingToken answers $get-ws-binding-token.
func (a *api) bindingToken(w http.ResponseWriter, c *call) error {
	const op = "fhir.bindingToken"
	list, err := a.chosen(c)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(s Subscription) bool { return s.Channel != ChannelSocket || s.Status == StatusOff })
	if len(list) == 0 {
		return errs.New(errs.NotFound, op, "there is no such Subscription with a websocket that is not off")
	}
	token, expires, err := a.Subscriber.NewBinding(c.Context(), list)
	if err != nil {
		return err
	}
	parts := []*r4.Node{part("token", str("valueString", token)), part("expiration", str("valueDateTime", virtual.Instant(expires)))}
	for _, s := range list {
		parts = append(parts, part("subscription", str("valueString", s.ID.String())))
	}
	parts = append(parts, part("websocket-url", str("valueUrl", "ws"+strings.TrimPrefix(a.base(c.Request), "http")+SocketPath)))
	w.Header().Set("Cache-Control", "no-store")
	return a.write(w, c, http.StatusOK, r4.NewObject(str("resourceType", "Parameters"), array("parameter", parts...)).Append(nil))
}

// topics are the types that there is a topic of: those of mappings, and what is made
// of versions. An AuditEvent has none: it is written after the access that it is of,
// outside its transaction, and who is told of one and reads it makes the next.
func (a *api) topics() []string {
	list := append(slices.Clone(a.Coverage.Types()), virtual.Composition, virtual.DocumentReference, virtual.Provenance)
	slices.Sort(list)
	return slices.Compact(list)
}

// subscriptionCapability is what the CapabilityStatement says of subscriptions.
func (a *api) subscriptionCapability() *r4.Node {
	var topics, params, operations []*r4.Node
	for _, typ := range a.topics() {
		topics = append(topics, r4.NewObject(str("url", extTopic), str("valueCanonical", TopicPrefix+typ)))
	}
	for _, p := range slices.Concat(r4.CommonParams()[:1], subscriptionParams) {
		params = append(params, declared(p))
	}
	for _, o := range []string{"status", "events", "get-ws-binding-token"} {
		operations = append(operations, r4.NewObject(str("name", o), str("definition", backport+"OperationDefinition/backport-subscription-"+o)))
	}
	return r4.NewObject(array("extension", topics...), str("type", "Subscription"),
		str("profile", "http://hl7.org/fhir/StructureDefinition/Subscription"),
		array("supportedProfile", r4.NewString(subscriptionProfile)),
		str("documentation", "Topic-based (Subscriptions R5 Backport). The channels are websocket and, if the operator allows endpoints, rest-hook. Only the owner sees a subscription; its headers are never shown."),
		array("interaction", codes("read", "create", "update", "delete", "search-type")...),
		str("versioning", "versioned-update"),
		array("searchParam", params...), array("operation", operations...))
}
