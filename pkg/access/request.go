package access

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// Middleware records the requests to the two APIs.
func (l *Log) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door, path, ok := l.door(r.URL.Path)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		t := &trail{}
		out := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		returned := false
		defer func() {
			status := out.Status()
			switch {
			case !returned:
				status = http.StatusInternalServerError
			case status == 0:
				status = http.StatusOK
			}
			l.add(l.entries(t, r, door, path, status)...)
		}()
		ctx := context.WithValue(r.Context(), trailKey{}, t)
		switch interaction, reading := interactionOf(door, r.Method, path); {
		case !reading || door != "fhir" || interaction == "read" || interaction == "vread":
		default:
			ctx = ehr.WithShown(ctx, t.saw)
		}
		next.ServeHTTP(out, r.WithContext(ctx))
		returned = true
	})
}

// door is the API of a path and the rest of it.
func (l *Log) door(path string) (door, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(path, l.FHIR); ok && (rest == "" || rest[0] == '/') {
		return "fhir", strings.Trim(rest, "/"), true
	}
	if rest, ok = strings.CutPrefix(path, l.OpenEHR); ok && (rest == "" || rest[0] == '/') {
		return "openehr", strings.Trim(rest, "/"), true
	}
	return "", "", false
}

// entries are what a request leaves: one for each EHR that it was about, or one.
// A write that succeeded leaves none: its version has an audit.
func (l *Log) entries(t *trail, r *http.Request, door, path string, status int) []ehr.Access {
	t.mu.Lock()
	defer t.mu.Unlock()
	interaction, reading := interactionOf(door, r.Method, path)
	entry := ehr.Access{At: l.Now(), Door: door, Interaction: interaction, Actor: t.who, Status: status}
	if l.RequestID != nil {
		entry.RequestID = l.RequestID(r.Context())
	}
	if t.who.ID == "" {
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			entry.Action = actionOf(interaction)
			return []ehr.Access{entry}
		}
		return nil // open to everyone: nothing of a record
	}
	var list []ehr.Access
	definitions := len(t.asked) > 0
	for _, d := range t.asked {
		if d.class == "TEMPLATE" || d.class == "QUERY" {
			if !d.refused {
				continue
			}
		}
		definitions = false
		e := entry
		switch d.what {
		case ehr.ActionRead, ehr.ActionQuery:
			if !reading && !d.refused {
				continue
			}
			if e.Action = actionOf(interaction); !reading {
				e.Action = "R"
			}
		case ehr.ActionCreate:
			e.Action, e.Interaction = "C", "create"
		case ehr.ActionUpdate:
			e.Action, e.Interaction = "U", "update"
		case ehr.ActionDelete, ehr.ActionErase:
			e.Action, e.Interaction = "D", "delete"
		default:
			e.Action = "E"
		}
		if !d.refused && strings.Contains("CUD", e.Action) {
			continue
		}
		if d.refused {
			e.Status = http.StatusForbidden
		}
		e.Subject, e.Object = named(door, path, d.class, status)
		e.EHR, _ = uuid.Parse(d.ehrID) // nil for none
		list = merged(list, e)
	}
	if !reading || definitions {
		return list
	}
	e := entry
	e.Action = actionOf(interaction)
	class := ""
	if len(t.asked) > 0 {
		class = t.asked[0].class
	}
	e.Subject, e.Object = named(door, path, class, status)
	if len(t.shown) > 0 { // then it is known whose data it was about
		list = slices.DeleteFunc(list, func(x ehr.Access) bool { return x.EHR == uuid.Nil && x.Status == e.Status })
	}
	for _, no := range t.shown {
		e.EHRNo = no
		list = append(list, e)
	}
	if len(list) == 0 && personal(door, path) {
		list = append(list, e)
	}
	return list
}

// merged adds an entry unless there is one for the EHR that ended the same way.
// An entry without an EHR gives way to those that have one.
func merged(list []ehr.Access, e ehr.Access) []ehr.Access {
	for i := range list {
		same := list[i].Status == e.Status && list[i].Action == e.Action
		switch {
		case same && (list[i].EHR == e.EHR || e.EHR == uuid.Nil):
			return list
		case same && list[i].EHR == uuid.Nil:
			list[i] = e
			return list
		}
	}
	return append(list, e)
}

// personal reports whether a read at the path, of which nobody has asked the
// decision point, can have been for somebody's data.
func personal(door, path string) bool {
	first, _, _ := strings.Cut(path, "/")
	if door == "openehr" {
		return first == "ehr" || first == "query" || first == "demographic" || first == "admin"
	}
	switch {
	case first == "metadata", strings.HasPrefix(first, "Subscription"), strings.HasSuffix(path, "$validate"):
		return false
	}
	return true
}

// interactionOf is the interaction of a request, in the codes of FHIR, and
// whether it is for reading.
func interactionOf(door, method, path string) (code string, reading bool) {
	get := method == http.MethodGet || method == http.MethodHead
	segments := strings.Split(path, "/")
	last := segments[len(segments)-1]
	if door == "openehr" {
		switch {
		case segments[0] == "query" && (get || method == http.MethodPost):
			return "operation", true
		case get && last == "revision_history":
			return "history-instance", true
		case get && strings.Contains(last, "::"):
			return "vread", true
		case get && len(segments) == 1:
			return "search-type", true
		case get:
			return "read", true
		}
	} else {
		operation := false
		for _, s := range segments {
			operation = operation || strings.HasPrefix(s, "$")
		}
		switch {
		case operation && (get || method == http.MethodPost):
			return "operation", true
		case method == http.MethodPost && path == "":
			return "batch", true
		case method == http.MethodPost && last == "_search":
			return "search-type", true
		case get && last == "_history":
			return [...]string{"history-system", "history-type", "history-instance"}[min(len(segments), 3)-1], true
		case get && len(segments) == 1:
			return "search-type", true
		case get && len(segments) > 2 && segments[len(segments)-2] == "_history":
			return "vread", true
		case get:
			return "read", true
		}
	}
	switch method {
	case http.MethodPost:
		return "create", false
	case http.MethodDelete:
		return "delete", false
	case http.MethodOptions:
		return "capabilities", false
	}
	return "update", false
}

func actionOf(interaction string) string {
	switch interaction {
	case "search-type", "operation", "batch", "capabilities":
		return "E"
	case "create":
		return "C"
	case "update":
		return "U"
	case "delete":
		return "D"
	}
	return "R"
}

// maxObject bounds the ids that are kept, in bytes.
const maxObject = 200

// named is what a request was about. Only what was found names itself: what a
// client has made up could be anything, and somebody's name.
func named(door, path, class string, status int) (subject, object string) {
	subject = class
	if status >= http.StatusBadRequest {
		if door == "openehr" && strings.HasPrefix(path, "query/") {
			subject = "AQL"
		}
		return subject, ""
	}
	segments := strings.Split(path, "/")
	if door == "openehr" {
		if segments[0] == "query" {
			return "AQL", ""
		}
		last := segments[len(segments)-1]
		if id, _, _ := strings.Cut(last, "::"); len(segments) > 2 && len(last) <= maxObject {
			if _, err := uuid.Parse(id); err == nil {
				object = last
			}
		}
		return subject, object
	}
	for _, s := range segments {
		if strings.HasPrefix(s, "$") {
			return s, ""
		}
	}
	if len(segments) >= 2 && segments[1] != "_history" && segments[1] != "_search" && len(path) <= maxObject {
		object = strings.TrimSuffix(path, "/_history")
	}
	if subject == "" && len(segments[0]) > 0 && segments[0][0] != '_' {
		subject = segments[0]
	}
	return subject, object
}
