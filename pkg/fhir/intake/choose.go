package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// TemplateHeader names the template that a resource is to become, as it does in
// the openEHR API.
const TemplateHeader = "openehr-template-id"

// TemplateSystem is the system of a meta.tag whose code is the id of the template
// that the resource is to become.
const TemplateSystem = "http://openehr.org/templates"

// choose finds the only template that takes a resource, of all or of the one
// that the client has chosen.
func (i *Intake) choose(ctx context.Context, who ehr.Actor, in fhirmap.ComposeInput, n *r4.Node, chosen string) (Prepared, error) {
	typ := n.Str("resourceType")
	names, err := i.candidates(ctx, who, chosen)
	if err != nil {
		return Prepared{}, err
	}
	var found []Prepared
	var reasons [][]Issue // by template
	for _, name := range names {
		t, err := i.cfg.Records.CompiledTemplate(ctx, who, name, 0)
		switch {
		case errs.Is(err, errs.NotFound) && chosen != "":
			return Prepared{}, refuse(Issue{typ, "not-found", "the template " + name + " is not stored"})
		case errs.Is(err, errs.NotFound):
			continue // gone meanwhile, or listed in the configuration and not stored
		case err != nil:
			return Prepared{}, err
		}
		if !i.cfg.Mappings.Takes(t, typ, in.Stance) {
			if chosen != "" {
				return Prepared{}, refuse(Issue{typ, "processing", "the template " + name + " has no entry that is mapped to " + typ})
			}
			continue
		}
		before := "template " + name + ": "
		in.Template = t
		c, err := i.cfg.Mappings.Compose(in)
		if err == nil {
			lost := claims(n, typ, c.Profiles, before)
			for url, l := range c.Linked {
				lost = append(lost, claims(in.Linked[url], in.Linked[url].Str("resourceType"), l.Profiles, before)...)
			}
			if len(lost) > 0 {
				reasons = append(reasons, lost)
				continue
			}
			p := Prepared{Template: name, Mapping: c.Mapping, Root: c.Root, composed: c}
			if c.Bound {
				if p.object, err = uuid.Parse(in.ObjectID); err != nil {
					return Prepared{}, errs.Wrap(errs.Internal, "intake.choose", "", err)
				}
			}
			for _, d := range c.Omitted {
				p.Omitted = append(p.Omitted, Issue{d.Path, "informational", d.Message})
			}
			found = append(found, p)
			continue
		}
		e := errs.As(err)
		if e == nil || e.Kind != errs.Unprocessable && e.Kind != errs.Unsupported {
			return Prepared{}, err
		}
		reasons = append(reasons, issues(before, e))
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var list []string
		for _, f := range found {
			list = append(list, f.Template)
		}
		return Prepared{}, refuse(Issue{typ, "multiple-matches", fmt.Sprintf(
			"%d templates take the resource without loss: choose one with the header %s or a meta.tag of the system %s: %s",
			len(found), TemplateHeader, TemplateSystem, strings.Join(list, "; "))})
	case len(reasons) == 0:
		return Prepared{}, refuse(Issue{typ, "not-supported", "no template that may be written has an entry that is mapped to " + typ})
	}
	// What the client can change comes first: elements, then what a template needs.
	slices.SortStableFunc(reasons, func(a, b []Issue) int {
		return cmp.Or(cmp.Compare(pathless(a), pathless(b)), cmp.Compare(len(a), len(b)))
	})
	return Prepared{}, refuse(append([]Issue{{typ, "processing", "no template takes the resource without loss"}}, slices.Concat(reasons...)...)...)
}

// pathless counts the issues that are about no element of the resource.
func pathless(list []Issue) int {
	n := 0
	for _, i := range list {
		if i.Path == "" {
			n++
		}
	}
	return min(n, 1)
}

// candidates are the ids of templates that may be written, sorted.
func (i *Intake) candidates(ctx context.Context, who ehr.Actor, chosen string) ([]string, error) {
	if chosen != "" {
		if len(i.cfg.Templates) > 0 && !slices.Contains(i.cfg.Templates, chosen) {
			return nil, refuse(Issue{"", "forbidden", "the template " + chosen + " is not one that FHIR resources may become here"})
		}
		return []string{chosen}, nil
	}
	if len(i.cfg.Templates) > 0 {
		return i.cfg.Templates, nil
	}
	list, err := i.cfg.Records.Templates(ctx, who)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list))
	for _, t := range list {
		names = append(names, t.TemplateID)
	}
	slices.Sort(names)
	return names, nil
}

// claims are the profiles that a resource claims and would not when it is read.
func claims(n *r4.Node, typ string, profiles []string, before string) []Issue {
	var lost []Issue
	for k, p := range n.Get("meta").List("profile") {
		if !slices.Contains(profiles, p.Text) {
			lost = append(lost, Issue{fmt.Sprintf("%s.meta.profile[%d]", typ, k), "processing", before + "the resource would not claim the profile any more"})
		}
	}
	return lost
}
