// Package intake stores FHIR resources as openEHR compositions, and only those
// of which nothing is lost: a resource is taken if exactly one of the stored
// templates has an entry whose mapping, run backwards, gives a valid composition
// that is shown as that resource again. It is committed as any composition is.
package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/stance"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Records are the use cases of the repository that an Intake needs; *ehr.Service
// has them.
type Records interface {
	Templates(ctx context.Context, who ehr.Actor) ([]ehr.TemplateInfo, error)
	CompiledTemplate(ctx context.Context, who ehr.Actor, id string, revision int) (*templates.Template, error)
	Composition(ctx context.Context, who ehr.Actor, ehrID, object uuid.UUID, at time.Time) (ehr.VersionRecord, error)
	CommitContribution(ctx context.Context, who ehr.Actor, in ehr.CommitContribution) (ehr.ContributionRecord, []rm.Problem, error)
	Once(ctx context.Context, k ehr.OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error)
}

// Mappings are the way back; *fhirmap.Library has them.
type Mappings interface {
	Creatable() []string
	Takes(t *templates.Template, typ string, s fhirmap.Stance) bool
	CanDeny(typ string) bool
	Admit(resource *r4.Node) error
	Compose(in fhirmap.ComposeInput) (fhirmap.Composed, error)
	JoinElements(typ string) []string
	PlaceOf(in fhirmap.Input, typ, id string) (fhirmap.Place, bool, error)
}

// Config is what an Intake is made of. Records, Mappings, SystemID and
// Territory are required.
type Config struct {
	Records  Records
	Mappings Mappings
	// SystemID is that of the repository, which versions are created in.
	SystemID string
	// Territory is the ISO 3166-1 code that the compositions get.
	Territory string
	// Templates are the ids of those that resources may become; none means every
	// stored template.
	Templates []string
	// Stance decides what codes do of types that can deny what they name; nil
	// knows the tables of its package alone.
	Stance *stance.Decider
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Intake stores resources. It is safe for concurrent use.
type Intake struct{ cfg Config }

// New makes an Intake; errs.Invalid if the configuration lacks something.
func New(cfg Config) (*Intake, error) {
	const op = "intake.New"
	switch {
	case cfg.Records == nil || cfg.Mappings == nil:
		return nil, errs.New(errs.Invalid, op, "an intake needs the records and the mappings")
	case cfg.SystemID == "":
		return nil, errs.New(errs.Invalid, op, "an intake needs the id of the system")
	case !territory(cfg.Territory):
		return nil, errs.New(errs.Invalid, op, "writing FHIR needs the territory of the compositions: two capital letters of ISO 3166-1, such as NL")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Stance == nil {
		cfg.Stance = &stance.Decider{}
	}
	return &Intake{cfg}, nil
}

func territory(s string) bool {
	return len(s) == 2 && strings.IndexFunc(s, func(c rune) bool { return c < 'A' || c > 'Z' }) < 0
}

// Types are the resource types of which some are taken, sorted.
func (i *Intake) Types() []string { return i.cfg.Mappings.Creatable() }

// Takes reports whether resources of a type are taken at all.
func (i *Intake) Takes(typ string) bool { return slices.Contains(i.Types(), typ) }

// Resource is one that is to be stored.
type Resource struct {
	// Node is the resource. Its subject or patient refers to a Patient of this
	// server as Patient/id.
	Node *r4.Node
	// Original is the resource as it came and Format its media type. They are
	// kept in the FEEDER_AUDIT of the composition.
	Original, Format string
	// Template is the id of the template that the client has chosen beside the
	// resource; "" for none.
	Template string
	// Descriptive allows to leave out what only describes, as the client has
	// declared that it can do without it.
	Descriptive bool
	// Linked are resources that came with it, that it refers to and that become
	// part of the same composition, by the text of the reference. Original then
	// holds them too.
	Linked map[string]*r4.Node
	// Joins are resources of other compositions, Parties registered ones, that it
	// or those that came with it refer to, by the text of the reference.
	Joins   map[string]fhirmap.Join
	Parties map[string]fhirmap.Party
}

// Issue is one reason for a refusal.
type Issue struct {
	// Path is the element concerned; "" for none.
	Path string
	// Code is of the FHIR value set issue-type.
	Code string
	// Text holds no value of the resource.
	Text string
}

// Refused is a resource that is not stored.
type Refused struct {
	cause *errs.Error
	// Issues are the reasons; at least one.
	Issues []Issue
}

func (r *Refused) Error() string { return r.cause.Error() }

// Unwrap gives the kind of the refusal to package errs.
func (r *Refused) Unwrap() error { return r.cause }

func refuse(issues ...Issue) *Refused {
	return &Refused{errs.New(errs.Unprocessable, "intake", issues[0].Text), issues}
}

// Prepared is a resource with the composition that it becomes.
type Prepared struct {
	EHRID uuid.UUID
	// Type of the resource; Template and Mapping that take it.
	Type, Template, Mapping string
	// Root is the COMPOSITION.
	Root *rm.Node
	// Omitted are elements that the resource is not shown with any more.
	Omitted []Issue
	// subject is the element that names the patient.
	subject string
	// composed tells which resource of the composition is which.
	composed fhirmap.Composed
	// object is the id of the versioned object, if it or something else refers to it, and
	// linkedTypes are the types of those that came with the resource, by their url.
	object      uuid.UUID
	linkedTypes map[string]string
}

// Created is a resource as it is stored.
type Created struct {
	ehr.Resource
	Version ehr.VersionUID
	// Template is that of the composition.
	Template string
	// Time is that of the commit.
	Time time.Time
	// Warnings are what validation found and did not refuse.
	Warnings []rm.Problem
	// Omitted are elements that the resource is not shown with any more.
	Omitted []Issue
	// Linked are the resources that came with it, by the text of the reference.
	Linked map[string]ehr.Resource
}

// Prepare finds the template and the mapping that take a resource, or says in a
// *Refused why none does. Nothing is written, and nothing of a record is read.
func (i *Intake) Prepare(ctx context.Context, who ehr.Actor, in Resource) (Prepared, error) {
	typ := in.Node.Str("resourceType")
	if err := i.offered(typ); err != nil {
		return Prepared{}, err
	}
	id, subject, err := patient(in.Node, typ)
	if err != nil {
		return Prepared{}, err
	}
	if err := admitted(i.cfg.Mappings.Admit(in.Node)); err != nil {
		return Prepared{}, err
	}
	chosen, err := surroundings(in.Node, typ)
	if err != nil {
		return Prepared{}, err
	}
	for _, url := range slices.Sorted(maps.Keys(in.Linked)) {
		if err := i.partOf(in.Linked[url], id, chosen); err != nil {
			return Prepared{}, err
		}
	}
	if chosen != "" && in.Template != "" && chosen != in.Template {
		return Prepared{}, refuse(Issue{typ + ".meta.tag", "invalid", "the resource and the request name different templates"})
	}
	n, held, err := i.decide(ctx, in.Node, typ)
	if err != nil {
		return Prepared{}, err
	}
	compose := fhirmap.ComposeInput{
		Stance: held, Resource: n.Append(nil), EHRID: id.String(), ObjectID: uuid.NewString(), Composer: composer(who, in.Node, in.Parties),
		Territory: i.cfg.Territory, Time: start(in.Node, i.cfg.Now()), Feeder: feederAudit(who, in, i.cfg.Now()),
		Descriptive: in.Descriptive, Linked: in.Linked, Joins: in.Joins, Parties: in.Parties,
	}
	found, err := i.choose(ctx, who, compose, in.Node, cmp.Or(chosen, in.Template))
	if err != nil {
		return Prepared{}, err
	}
	found.EHRID, found.Type, found.subject, found.linkedTypes = id, typ, subject, map[string]string{}
	for url, n := range in.Linked {
		found.linkedTypes[url] = n.Str("resourceType")
	}
	return found, nil
}

// decide finds out whether a resource names or denies, if its type can do either.
// A concept without words gets a name of its code: openEHR needs one.
func (i *Intake) decide(ctx context.Context, n *r4.Node, typ string) (*r4.Node, fhirmap.Stance, error) {
	if !stance.Concerns(typ) {
		return n, fhirmap.Undecided, nil
	}
	v, err := i.cfg.Stance.Decide(ctx, n)
	if err != nil {
		return nil, fhirmap.Undecided, err
	}
	if len(v.Doubts) > 0 {
		var list []Issue
		for _, d := range v.Doubts {
			list = append(list, Issue{d.Path, "business-rule", d.Text})
		}
		return nil, fhirmap.Undecided, refuse(list...)
	}
	if v.Words == "" {
		return n, v.Stance, nil
	}
	// What came stays as it came.
	named, err := r4.Parse(n.Append(nil))
	if err != nil {
		return nil, fhirmap.Undecided, errs.Wrap(errs.Internal, "intake.decide", "", err)
	}
	concept := named.Get(v.Element)
	concept.Fields = append(concept.Fields, r4.Field{Name: "text", Value: &r4.Node{Kind: r4.String, Text: v.Words}})
	return named, v.Stance, nil
}

// partOf checks a resource that is to become part of the composition of another:
// it is about the same patient and says nothing more that would be lost.
func (i *Intake) partOf(n *r4.Node, record uuid.UUID, chosen string) error {
	typ := n.Str("resourceType")
	id, element, err := patient(n, typ)
	if err != nil {
		return err
	}
	if id != record {
		return refuse(Issue{typ + "." + element, "not-supported", "the resource is about another patient than the one that refers to it"})
	}
	if stance.Concerns(typ) || i.cfg.Mappings.CanDeny(typ) {
		return refuse(Issue{typ, "not-supported", "a resource whose code can deny what it names is not made part of another one: it comes by itself"})
	}
	if err := admitted(i.cfg.Mappings.Admit(n)); err != nil {
		return err
	}
	other, err := surroundings(n, typ)
	if err != nil {
		return err
	}
	if other != "" && other != chosen {
		return refuse(Issue{typ + ".meta.tag", "invalid", "the resource names another template than the one that refers to it"})
	}
	return nil
}

// offered refuses types of which nothing is taken, with the reason.
func (i *Intake) offered(typ string) error {
	if i.Takes(typ) {
		return nil
	}
	why := "no mapping of " + typ + " is proven to lose nothing on the way back"
	switch typ {
	case "Patient":
		why = "a Patient is an EHR, which is created with its EHR_STATUS over the openEHR API"
	case "Provenance":
		why = "a Provenance is made of the audit of a version"
	}
	return refuse(Issue{typ, "not-supported", "the type " + typ + " cannot be created: " + why})
}

// admitted is the outcome of Mappings.Admit as a refusal.
func admitted(err error) error {
	e := errs.As(err)
	switch {
	case err == nil:
		return nil
	case e != nil && e.Kind == errs.Unprocessable:
		return refuse(issues("", e)...)
	}
	return err
}

// issues are the reasons in an error of the way back.
func issues(before string, e *errs.Error) []Issue {
	var out []Issue
	switch list := e.Detail.(type) {
	case []fhirmap.Difference:
		for _, d := range list {
			out = append(out, Issue{d.Path, "processing", before + d.Message})
		}
	case []rm.Problem:
		for _, p := range list {
			if p.Severity == rm.Error {
				out = append(out, Issue{"", "processing", before + "the composition would not be valid: " + p.Path + ": " + p.Message})
			}
		}
	}
	if len(out) == 0 {
		out = []Issue{{"", "processing", before + e.Msg}}
	}
	return out
}

// Commit stores resources of one record, all or none.
func (i *Intake) Commit(ctx context.Context, who ehr.Actor, list []Prepared) ([]Created, error) {
	const op = "intake.Commit"
	in := ehr.CommitContribution{EHRID: list[0].EHRID, AtOnce: true, Audit: ehr.AuditInput{ChangeType: ehr.ChangeCreation}}
	for _, p := range list {
		if p.EHRID != in.EHRID {
			return nil, errs.New(errs.Internal, op, "the resources are of several records")
		}
		var uid ehr.VersionUID
		if p.object != uuid.Nil {
			uid = ehr.VersionUID{Object: p.object, System: i.cfg.SystemID, Trunk: 1}
		}
		in.Changes = append(in.Changes, ehr.Change{
			UID: uid, Content: ehr.Content{JSON: rm.AppendJSON(nil, p.Root)},
			Audit: ehr.AuditInput{ChangeType: ehr.ChangeCreation, Description: "created from a FHIR " + p.Type},
		})
	}
	rec, warnings, err := i.cfg.Records.CommitContribution(ctx, who, in)
	if e := errs.As(err); e != nil && e.Kind == errs.Unprocessable {
		return nil, refuse(issues("", e)...)
	}
	if errs.Is(err, errs.NotFound) {
		return nil, refuse(Issue{list[0].Type + "." + list[0].subject, "not-found", "there is no such Patient here"})
	}
	if err != nil {
		return nil, err
	}
	out := make([]Created, len(list))
	for k, made := range rec.Made {
		c, all := list[k].composed, made.Projected.Resources
		if len(all) != c.Resources || all[c.Index].Type != list[k].Type {
			return nil, errs.New(errs.Internal, op, fmt.Sprintf("a stored composition is shown as %d resources instead of %d", len(all), c.Resources))
		}
		out[k] = Created{Resource: all[c.Index], Template: list[k].Template, Version: made.UID, Time: rec.Audit.TimeCommitted, Omitted: list[k].Omitted, Linked: map[string]ehr.Resource{}}
		for url, l := range c.Linked {
			out[k].Linked[url] = all[l.Index]
		}
		for _, w := range warnings {
			if strings.HasPrefix(w.Path, fmt.Sprintf("/versions[%d]/", k)) {
				out[k].Warnings = append(out[k].Warnings, w)
			}
		}
	}
	return out, nil
}

// errTried ends a transaction that was only to show what would happen.
var errTried = errors.New("tried")

// Check tells what Commit would do: it is done, and undone with the transaction
// it is in.
func (i *Intake) Check(ctx context.Context, who ehr.Actor, list []Prepared) (warnings []rm.Problem, err error) {
	k := ehr.OnceKey{Principal: who.ID, Method: "$validate", Key: uuid.NewString(), Lifetime: time.Minute}
	_, _, err = i.cfg.Records.Once(ctx, k, func(ctx context.Context) ([]byte, error) {
		created, err := i.Commit(ctx, who, list)
		for _, c := range created {
			warnings = append(warnings, c.Warnings...)
		}
		if err == nil {
			err = errTried
		}
		return nil, err
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return warnings, err
}

// Once carries a request out once for its key; see ehr.Service.
func (i *Intake) Once(ctx context.Context, k ehr.OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error) {
	return i.cfg.Records.Once(ctx, k, do)
}
