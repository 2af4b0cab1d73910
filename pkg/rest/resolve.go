package rest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/changecontrol"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// maxResolved bounds the references that one answer resolves; further ones stay
// references.
const maxResolved = 1000

// wantsResolved reports whether the client prefers references to be resolved
// (ITS-REST overview, Prefer resolving Object references).
func wantsResolved(h http.Header) bool {
	for _, item := range header.ListItems(h.Values("Prefer")) {
		name, _, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), "resolve_refs") {
			return true
		}
	}
	return false
}

// resolver replaces references by what they refer to, in canonical JSON: no
// class of the RM has both, so that XML cannot show it.
type resolver struct {
	a     *api
	r     *request
	owner uuid.UUID
	left  int
}

// resolving prepares an answer whose references the client wants resolved; nil
// if it does not, or the format cannot. What is referred to changes without a new
// tag of the answer.
func (a *api) resolving(w *answer, r *request, media string, owner uuid.UUID) *resolver {
	if media != mediatype.JSON || !wantsResolved(r.Header) {
		return nil
	}
	r.Header.Del("If-None-Match")
	r.Header.Del("If-Modified-Since")
	h := w.Header()
	h.Add("Vary", "Prefer")
	h.Set("Preference-Applied", "resolve_refs")
	return &resolver{a, r, owner, maxResolved}
}

// unresolvable tells what leaves a reference as it is: that it leads nowhere, or
// where the client must not look.
func unresolvable(err error) bool {
	return errs.Is(err, errs.NotFound) || errs.Is(err, errs.Forbidden)
}

// contribution is a CONTRIBUTION with its versions.
func (s *resolver) contribution(c ehr.ContributionRecord) ([]byte, error) {
	audit, err := changecontrol.AuditDetails(c.Audit)
	if err != nil {
		return nil, err
	}
	b := rm.AppendJSON(nil, rm.Object("CONTRIBUTION", rm.Child("uid", rm.ID("HIER_OBJECT_ID", c.ID.String()))))
	b = append(b[:len(b)-1], `,"versions":[`...)
	for i, v := range c.Versions {
		if i > 0 {
			b = append(b, ',')
		}
		json, err := s.version(v)
		if err != nil {
			return nil, err
		}
		b = append(b, json...)
	}
	b = append(b, `],"audit":`...)
	return append(rm.AppendJSON(b, audit), '}'), nil
}

func (s *resolver) version(v ehr.ContributionVersion) ([]byte, error) {
	ref := rm.AppendJSON(nil, changecontrol.LocalRef("OBJECT_VERSION_ID", v.UID.String(), v.Kind.String()))
	if s.left == 0 {
		return ref, nil
	}
	s.left--
	rec, err := s.a.versionOf(s.r, s.owner, v.Kind, v.UID)
	if err == nil {
		rec, err = s.a.Records.VersionDetails(s.r.Context(), s.r.who, s.owner, rec)
	}
	if unresolvable(err) {
		return ref, nil
	}
	if err != nil {
		return nil, err
	}
	_, json, err := changecontrol.Version(rec)
	return json, err
}

// versionOf reads one version of an object of any kind.
func (a *api) versionOf(r *request, owner uuid.UUID, kind ehr.Kind, uid ehr.VersionUID) (ehr.VersionRecord, error) {
	if kind == ehr.KindFolder {
		return a.Records.DirectoryVersion(r.Context(), r.who, owner, uid)
	}
	return a.objectVersion(r, owner, kind, uid)
}

// folder is a FOLDER whose items are what they refer to.
func (s *resolver) folder(raw []byte) ([]byte, error) {
	root, err := rm.DecodeStored(raw, rm.ClassFolder)
	if err != nil {
		return nil, err
	}
	return s.appendFolder(nil, root)
}

func (s *resolver) appendFolder(b []byte, f *rm.Node) ([]byte, error) {
	b = rm.AppendJSON(b, f.With("items").With("folders"))
	b = b[:len(b)-1]
	list := func(name string, nodes []*rm.Node, one func([]byte, *rm.Node) ([]byte, error)) error {
		if len(nodes) == 0 {
			return nil
		}
		b = append(b, `,"`+name+`":[`...)
		for i, n := range nodes {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = one(b, n); err != nil {
				return err
			}
		}
		b = append(b, ']')
		return nil
	}
	if err := list("items", f.List("items"), s.appendItem); err != nil {
		return nil, err
	}
	if err := list("folders", f.List("folders"), s.appendFolder); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// errNotHere is that a reference does not lead to content of this EHR.
var errNotHere = errors.New("not here")

// appendItem adds what an item of a FOLDER refers to, a version or the latest
// version of an object in the EHR, or else the reference.
func (s *resolver) appendItem(b []byte, ref *rm.Node) ([]byte, error) {
	rec, err := s.item(ref)
	switch {
	case errors.Is(err, errNotHere) || unresolvable(err) || err == nil && rec.Deleted:
		return rm.AppendJSON(b, ref), nil
	case err != nil:
		return nil, err
	}
	return append(b, rec.Raw...), nil
}

func (s *resolver) item(ref *rm.Node) (ehr.VersionRecord, error) {
	none := ehr.VersionRecord{}
	if s.left == 0 || !strings.EqualFold(ref.String("namespace"), "local") && !strings.EqualFold(ref.String("namespace"), s.a.SystemID) {
		return none, errNotHere
	}
	s.left--
	id := ref.String("id", "value")
	if strings.Contains(id, "::") {
		uid, err := ehr.ParseVersionUID(id)
		if err != nil {
			return none, errNotHere
		}
		return s.a.objectVersion(s.r, s.owner, ehr.KindComposition, uid)
	}
	object, ok := parseUUID(id)
	if !ok {
		return none, errNotHere
	}
	return s.a.object(s.r, s.owner, ehr.KindComposition, object, noTime)
}
