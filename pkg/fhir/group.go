package fhir

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Limits on groups: those of one owner, and their length as a resource in bytes.
const (
	MaxGroups    = 1000
	maxGroupBody = 4 << 20
)

// Grouper is the store of groups of patients. They are lists that clients make
// for exports and no part of any record; nobody sees those of another.
//
// Errors are errs.Error values: NotFound if the actor has no such group,
// Unprocessable if a member is not an EHR that the actor may query, Precondition
// if the group is at another version, and Conflict if the actor has too many.
type Grouper interface {
	// NewGroup stores a group under its ID, and sets Version and LastUpdated.
	NewGroup(ctx context.Context, actor ehr.Actor, g *PatientGroup) error
	// Group reads a group with its members.
	Group(ctx context.Context, actor ehr.Actor, id uuid.UUID) (PatientGroup, error)
	// Groups lists the groups of the actor by id, with the number of their
	// members. With a member only those that have it are listed.
	Groups(ctx context.Context, actor ehr.Actor, member string) ([]PatientGroup, error)
	// ReplaceGroup stores the next version of a group that is at g.Version, and
	// sets Version and LastUpdated.
	ReplaceGroup(ctx context.Context, actor ehr.Actor, g *PatientGroup) error
	// DropGroup deletes a group.
	DropGroup(ctx context.Context, actor ehr.Actor, id uuid.UUID) error
}

// PatientGroup is a group of patients by list.
type PatientGroup struct {
	ID          uuid.UUID
	Version     int
	LastUpdated time.Time
	// Content is the resource as JSON, without id, meta, quantity and members.
	Content []byte
	// Members are the ids of the patients, without those whose EHR was deleted
	// physically; Count is their number.
	Members []string
	Count   int
}

// groups are the groups of the actor.
func (a *api) groups() owned[PatientGroup] {
	o := owned[PatientGroup]{
		typ: "Group", limit: maxGroupBody, parse: a.parseGroup,
		id:      func(g *PatientGroup) *uuid.UUID { return &g.ID },
		version: func(g *PatientGroup) int { return g.Version },
		record:  func(g *PatientGroup) (Record, error) { return g.record(true) },
		follow:  func(next, old *PatientGroup) error { next.Version = old.Version; return nil },
		add:     func(c *call, g *PatientGroup) error { return a.Grouper.NewGroup(c.Context(), c.who, g) },
		replace: func(c *call, g *PatientGroup) error { return a.Grouper.ReplaceGroup(c.Context(), c.who, g) },
		find:    func(c *call, id uuid.UUID) (PatientGroup, error) { return a.Grouper.Group(c.Context(), c.who, id) },
		drop:    func(c *call, id uuid.UUID) error { return a.Grouper.DropGroup(c.Context(), c.who, id) },
	}
	if a.Grouper == nil {
		o.offered = errs.New(errs.Unsupported, "fhir.Group", "this server offers no groups")
	}
	return o
}

// groupRoutes are those of Group, which no mapping makes.
func (a *api) groupRoutes(r chi.Router, both func(string, operation, bool)) {
	a.groups().routes(a, r, both, a.findGroups)
	r.Get("/Group/{id}/$export", a.handle(a.export, false))
	r.Post("/Group/{id}/$export", a.handle(a.export, false))
}

// groupParams are the search parameters of Group.
var groupParams = []r4.SearchParam{
	{Name: "identifier", Kind: r4.SearchToken, Definition: "http://hl7.org/fhir/SearchParameter/Group-identifier"},
	{Name: "member", Kind: r4.SearchReference, Definition: "http://hl7.org/fhir/SearchParameter/Group-member"},
}

func (a *api) groupCapability() *r4.Node {
	var params []*r4.Node
	for _, p := range slices.Concat(r4.CommonParams()[:1], groupParams) {
		params = append(params, declared(p))
	}
	var operations []*r4.Node
	if a.Exporter != nil {
		operations = append(operations, r4.NewObject(str("name", "export"), str("definition", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export")))
	}
	return r4.NewObject(
		str("type", "Group"), str("profile", "http://hl7.org/fhir/StructureDefinition/Group"),
		str("documentation", "Lists of patients for exports, seen by their owner alone: type person, actual, with identifier, active, name and members. A search gives them without members."),
		array("interaction", codes("create", "read", "update", "delete", "search-type")...),
		str("versioning", "versioned-update"),
		r4.Field{Name: "updateCreate", Value: r4.NewBool(false)},
		array("searchParam", params...), array("operation", operations...))
}

// parseGroup reads a group that was sent.
func (a *api) parseGroup(c *call, n *r4.Node) (*PatientGroup, error) {
	const op = "fhir.Group"
	var issues []issue
	bad := func(element, text string) {
		issues = append(issues, issue{severity: "error", code: "invalid", text: element + ": " + text, expression: "Group." + element})
	}
	if n.Str("resourceType") != "Group" {
		return nil, errs.New(errs.Invalid, op, "the body is not a Group")
	}
	for _, p := range r4.ValidateNode(n) {
		if !p.Warning {
			issues = append(issues, issue{severity: "error", code: "structure", text: p.Message, expression: p.Path})
		}
	}
	if n.Str("type") != "person" {
		bad("type", "is person")
	}
	if actual := n.Get("actual"); actual == nil || actual.Text != "true" {
		bad("actual", "is true: the members are listed")
	}
	g := &PatientGroup{}
	content := r4.NewObject()
	for _, f := range n.Fields {
		switch f.Name {
		case "id", "meta", "quantity", "member":
		case "resourceType", "identifier", "active", "type", "actual", "code", "name":
			content.Fields = append(content.Fields, f)
		default:
			bad(f.Name, "is not kept")
		}
	}
	for i, m := range n.List("member") {
		at := fmt.Sprintf("member[%d]", i)
		for _, f := range m.Fields {
			if f.Name != "entity" {
				bad(at+"."+f.Name, "is not kept: a member is in the group until it is left out")
			}
		}
		reference := strings.TrimPrefix(m.Str("entity", "reference"), a.base(c.Request)+"/")
		id, ok := strings.CutPrefix(reference, "Patient/")
		if parsed, err := uuid.Parse(id); !ok || err != nil || parsed.String() != id {
			bad(at+".entity", "is not a reference to a Patient of this server")
			continue
		}
		if !slices.Contains(g.Members, id) {
			g.Members = append(g.Members, id)
		}
		if len(g.Members) > maxExportPatients {
			return nil, errs.New(errs.TooLarge, op, fmt.Sprintf("a group has at most %d members", maxExportPatients))
		}
	}
	if len(issues) > 0 {
		return nil, &refusal{errs.New(errs.Unprocessable, op, "the group cannot be kept"), issues[:min(len(issues), 100)]}
	}
	g.Content, g.Count = content.Append(nil), len(g.Members)
	return g, nil
}

// record is the group as a resource; without its members it is a part of it.
func (g *PatientGroup) record(whole bool) (Record, error) {
	n, err := r4.Parse(g.Content)
	if err != nil {
		return Record{}, errs.Wrap(errs.Internal, "fhir.Group.record", "a stored group is not valid", err)
	}
	n.Fields = slices.Insert(n.Fields, 1, str("id", g.ID.String()))
	n.Fields = append(n.Fields, r4.Field{Name: "quantity", Value: r4.NewNumber(strconv.Itoa(g.Count))})
	if whole {
		var members []*r4.Node
		for _, id := range g.Members {
			members = append(members, r4.NewObject(object("entity", str("reference", "Patient/"+id))))
		}
		if len(members) > 0 {
			n.Fields = append(n.Fields, array("member", members...))
		}
	}
	return Record{Type: "Group", ID: g.ID.String(), Version: VersionID{Trunk: g.Version}, LastUpdated: g.LastUpdated, JSON: n.Append(nil)}, nil
}

// findGroups lists the actor's groups, without members.
func (a *api) findGroups(w http.ResponseWriter, c *call) error {
	if err := a.groups().offered; err != nil {
		return err
	}
	params, err := a.input(c)
	if err != nil {
		return err
	}
	l := &listing{request: request{path: "Group"}, count: MaxGroups}
	l.subset.elements = []string{"identifier", "active", "type", "actual", "code", "name", "quantity"}
	member := ""
	var keep []func(*PatientGroup, *r4.Node) bool
	for _, p := range params {
		if taken, err := l.takes(p); err != nil {
			return err
		} else if taken {
			continue
		}
		switch p.name {
		case "_id":
			ids, err := alternatives(p)
			if err != nil {
				return err
			}
			keep = append(keep, func(g *PatientGroup, _ *r4.Node) bool { return slices.Contains(ids, g.ID.String()) })
		case "identifier":
			f := Filter{}
			if err := a.values(&f, p, func(s string) (Value, error) { return tokenValue(pair{p.name, s}) }); err != nil {
				return err
			}
			keep = append(keep, func(_ *PatientGroup, n *r4.Node) bool {
				return slices.ContainsFunc(n.List("identifier"), func(id *r4.Node) bool {
					return slices.ContainsFunc(f.Values, func(v Value) bool {
						return (v.Code == "" || v.Code == id.Str("value")) && (!v.HasSystem || v.System == id.Str("system"))
					})
				})
			})
		case "member":
			_, id, err := a.target(c, pair{p.name, unescape(p.value)}, "")
			if err != nil {
				return err
			}
			if member != "" {
				return badParam(p.name, "is given once")
			}
			member = id
		default:
			return unsupportedParam(p.name)
		}
		l.used = append(l.used, p)
	}
	list, err := a.Grouper.Groups(c.Context(), c.who, member)
	if err != nil {
		return err
	}
	kept := list[:0]
	for i := range list {
		n, err := r4.Parse(list[i].Content)
		if err != nil {
			return errs.Wrap(errs.Internal, "fhir.findGroups", "a stored group is not valid", err)
		}
		if !slices.ContainsFunc(keep, func(k func(*PatientGroup, *r4.Node) bool) bool { return !k(&list[i], n) }) {
			kept = append(kept, list[i])
		}
	}
	return answerListing(a, w, c, l, kept,
		func(g *PatientGroup) uuid.UUID { return g.ID }, func(g *PatientGroup) (Record, error) { return g.record(false) })
}
