package ehr

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// maxLinks bounds how many other objects are read to check the references of
// one.
const maxLinks = 16

var (
	classEHRURI             = rm.Lookup("DV_EHR_URI")
	classInstructionDetails = rm.Lookup("INSTRUCTION_DETAILS")
	// linkMarks are in whatever may have links. A document has thousands of
	// quotes, and hardly any U, by which a search gets on fast.
	linkMarks = [][]byte{[]byte(`URI"`), []byte(`UCTION_DETAILS"`)}
)

// link is a reference of an object to a place in the same EHR.
type link struct {
	place, aql string
	text       string // as written
	object     uuid.UUID
	trunk      int    // 0 is the latest version
	path       string // within the object; "" for all of it
	activity   string // below the instruction that path leads to
}

// checkLinks finds out whether the references of the objects of a contribution
// within the EHR lead anywhere: ehr: URIs, and the instructions and activities
// of actions. It is advice unless the policy says otherwise. Other systems and
// other EHRs are not asked.
func (s *Service) checkLinks(ctx context.Context, ehrID uuid.UUID, versions []NewVersion) ([][]rm.Problem, error) {
	severity := rm.Warning
	switch s.cfg.Policy.Link {
	case validate.Off:
		return nil, nil
	case validate.AsError:
		severity = rm.Error
	}
	var out [][]rm.Problem
	targets := map[string]*rm.Node{}
	var last map[uuid.UUID]*NewVersion
	read := 0
	for i := range versions {
		v := &versions[i]
		if v.Root == nil || !bytes.Contains(v.Raw, linkMarks[0]) && !bytes.Contains(v.Raw, linkMarks[1]) {
			continue
		}
		if last == nil {
			last = lastVersions(versions)
		}
		for _, l := range s.links(ehrID, v.Root) {
			key := l.object.String() + " " + strconv.Itoa(l.trunk)
			target, known := targets[key]
			if !known {
				var found bool
				if target, found = sibling(versions, last, l); !found {
					if read++; read > maxLinks {
						out = addProblem(out, len(versions), i, l.problem(validate.CodeLinkUnchecked, rm.Warning, "too many references to check them all"))
						break
					}
					var err error
					if target, err = s.linked(ctx, ehrID, l); err != nil {
						return nil, err
					}
				}
				targets[key] = target
			}
			if p, wrong := l.check(target, severity); wrong {
				out = addProblem(out, len(versions), i, p)
			}
		}
	}
	return out, nil
}

func addProblem(out [][]rm.Problem, n, i int, p rm.Problem) [][]rm.Problem {
	if out == nil {
		out = make([][]rm.Problem, n)
	}
	out[i] = append(out[i], p)
	return out
}

// sibling finds the target among the versions of the same contribution; nil if
// that is a deletion. The latest version of an object is its last one there.
func sibling(versions []NewVersion, last map[uuid.UUID]*NewVersion, l link) (root *rm.Node, found bool) {
	v := last[l.object]
	switch {
	case v == nil:
		return nil, false
	case l.trunk == 0:
		return v.Root, true
	}
	for i := range versions {
		if v := &versions[i]; v.UID.Object == l.object && v.UID.Trunk == l.trunk && !v.UID.IsBranch() {
			return v.Root, true
		}
	}
	return nil, false
}

// linked reads the target of a link; nil if there is none.
func (s *Service) linked(ctx context.Context, ehrID uuid.UUID, l link) (*rm.Node, error) {
	for _, kind := range []Kind{KindComposition, KindFolder, KindEHRStatus} {
		rec, err := s.cfg.Store.Version(ctx, ehrID, kind, VersionSelector{Object: l.object, Trunk: l.trunk})
		switch {
		case errs.Is(err, errs.NotFound), errs.Is(err, errs.Gone):
			continue
		case err != nil:
			return nil, err
		case rec.Deleted:
			return nil, nil
		}
		root, _ := rm.DecodeJSON(rec.Raw, rm.Lookup("LOCATABLE"), rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(rec.Raw)}})
		return root, nil
	}
	return nil, nil
}

// check says what is wrong with a link whose target was found or not.
func (l link) check(target *rm.Node, severity rm.Severity) (rm.Problem, bool) {
	if target == nil {
		return l.problem(validate.CodeLinkTarget, severity, "there is no such object in the EHR, or it is deleted"), true
	}
	nodes := []*rm.Node{target}
	for _, path := range []string{l.path, l.activity} {
		if path == "" {
			continue
		}
		p, err := rm.ParsePath(path)
		if err != nil {
			return l.problem(validate.CodeLinkPath, severity, "the path within the object is malformed"), true
		}
		var found []*rm.Node
		for _, n := range nodes {
			found = append(found, p.Resolve(n)...)
		}
		if nodes = found; len(nodes) == 0 {
			return l.problem(validate.CodeLinkPath, severity, "the object has nothing at the path "+path), true
		}
	}
	return rm.Problem{}, false
}

func (l link) problem(code string, severity rm.Severity, why string) rm.Problem {
	return rm.Problem{
		Code: code, Severity: severity, Path: l.place, AQLPath: l.aql, Actual: l.text,
		Message: "The reference " + l.text + " leads nowhere: " + why,
	}
}

// links gathers the references of an object to its own EHR.
func (s *Service) links(ehrID uuid.UUID, root *rm.Node) []link {
	var out []link
	var walk rm.Walk
	walk.Start(root, "")
	var visit func(n *rm.Node)
	visit = func(n *rm.Node) {
		var l link
		ok := false
		switch {
		case n.Class.IsA(classEHRURI):
			var to EHRURI
			to, ok = ParseEHRURI(n.String("value"), ehrID, s.cfg.SystemID)
			l = link{text: n.String("value"), object: to.Object, trunk: to.Trunk, path: to.Path}
		case n.Class.IsA(classInstructionDetails):
			l, ok = s.instruction(n)
		}
		if ok {
			l.place, l.aql = walk.Path(), walk.AQLPath()
			out = append(out, l)
		}
		for i := range n.Attrs {
			a := &n.Attrs[i]
			if a.Def.Type.Primitive != rm.NotPrimitive {
				continue
			}
			for k, item := range a.Items {
				walk.Enter(a.Def, k, item)
				visit(item)
				walk.Leave()
			}
		}
	}
	visit(root)
	return out
}

// instruction is the reference of an ACTION to its instruction; false if that
// is kept elsewhere.
func (s *Service) instruction(n *rm.Node) (link, bool) {
	ref := n.Get("instruction_id")
	if ref == nil || !s.isLocal(ref) && !strings.EqualFold(ref.String("namespace"), "ehr") {
		return link{}, false
	}
	l := link{text: ref.String("id", "value"), path: ref.String("path"), activity: n.String("activity_id")}
	if !l.names(l.text) {
		return link{}, false
	}
	if l.path == "" {
		l.activity = "" // it is relative to an instruction that is not named
	}
	l.text += l.path
	return l, true
}

// names takes the object, and the version if it is given, from a uid.
func (l *link) names(uid string) bool {
	object, rest, _ := strings.Cut(uid, "::")
	id, err := uuid.Parse(object)
	if err != nil {
		return false
	}
	l.object = id
	if i := strings.LastIndex(rest, "::"); i >= 0 {
		if n, err := strconv.Atoi(rest[i+2:]); err == nil {
			l.trunk = n
		}
	}
	return true
}

// EHRURI is what a URI of the scheme ehr leads to.
type EHRURI struct {
	Object uuid.UUID
	// Trunk is the version on the trunk, 0 for the latest; Path is within the
	// object, "" for all of it.
	Trunk int
	Path  string
}

// ParseEHRURI reads a URI of the scheme ehr (Architecture overview, "EHR URIs"):
// ehr://SYSTEM/EHR/OBJECT/PATH, or ehr:/OBJECT/PATH within the same EHR. It is
// false for other systems and EHRs, and for forms that name no object.
func ParseEHRURI(text string, ehrID uuid.UUID, systemID string) (EHRURI, bool) {
	rest, ok := strings.CutPrefix(text, "ehr:")
	if !ok {
		return EHRURI{}, false
	}
	if after, authority := strings.CutPrefix(rest, "//"); authority {
		system, path, _ := strings.Cut(after, "/")
		if system != "" && !strings.EqualFold(system, systemID) {
			return EHRURI{}, false
		}
		owner, path, _ := strings.Cut(path, "/")
		if id, err := uuid.Parse(owner); err != nil || id != ehrID {
			return EHRURI{}, false
		}
		rest = path
	}
	rest = strings.TrimPrefix(rest, "/")
	if owner, path, ok := strings.Cut(rest, "/"); ok && strings.EqualFold(owner, ehrID.String()) {
		rest = path
	}
	for _, folder := range []string{"compositions/", "folders/", "directory/"} {
		rest = strings.TrimPrefix(rest, folder)
	}
	uid, path, inside := strings.Cut(rest, "/")
	var l link
	if !l.names(uid) {
		return EHRURI{}, false
	}
	if inside && path != "" {
		l.path = "/" + path
	}
	return EHRURI{l.object, l.trunk, l.path}, true
}
