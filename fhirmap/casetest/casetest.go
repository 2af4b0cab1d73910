// Package casetest reads the test cases of mappings and writes what a library makes
// of them in the form of their files, so that whoever writes mappings tests them
// without Go: a case is a folder with an object and the resources it becomes, or
// for the way back with a resource and the composition it becomes.
package casetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// The ids of the record that the objects of test cases belong to, from which
// those of their resources follow.
const (
	EHR    = "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"
	Object = "8849182c-82ad-4088-a07f-48ead4180515"
	System = "test.cairn"
)

// lifecycleCompleted is that of a version that is complete.
const lifecycleCompleted = "532"

// The files of a test case: the object, facts about its version that differ
// from the ordinary (optional), and what a library makes of it.
const (
	InFile        = "in.json"
	FactsFile     = "input.json"
	ResourcesFile = "resources.ndjson"
	LossesFile    = "losses.json"
)

// The files of a test case of the way back: the resource, what surrounds it, and
// the composition that it becomes or why it is refused.
const (
	ResourceFile = "resource.json"
	BackFile     = "back.json"
	OutcomeFile  = "outcome.json"
)

// NewInput reads a COMPOSITION, EHR_STATUS or party in canonical JSON and takes it for
// the complete first version of an object of the record of test cases.
func NewInput(data []byte) (fhirmap.Input, error) {
	const op = "casetest.NewInput"
	var head struct {
		Type string `json:"_type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fhirmap.Input{}, errs.Wrap(errs.Invalid, op, "not a JSON object: "+err.Error(), err)
	}
	switch head.Type {
	case "":
		head.Type = "COMPOSITION"
	case "COMPOSITION", "EHR_STATUS":
	default:
		if c := rm.Lookup(head.Type); c == nil || !c.IsA(rm.Lookup("PARTY")) {
			return fhirmap.Input{}, errs.New(errs.Invalid, op, "only a COMPOSITION, EHR_STATUS or party is projected, not a "+head.Type)
		}
	}
	root, problems := rm.DecodeJSON(data, rm.Lookup(head.Type), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		e := errs.New(errs.Invalid, op, "the object is not valid")
		e.Detail = problems
		return fhirmap.Input{}, e
	}
	return fhirmap.Input{
		Root: root, EHRID: EHR, ObjectID: Object, SystemID: System,
		VersionUID: Object + "::" + System + "::1", Lifecycle: lifecycleCompleted,
	}, nil
}

// Read reads the input of the test case in a folder.
func Read(dir fs.FS) (fhirmap.Input, error) {
	const op = "casetest.Read"
	data, err := fs.ReadFile(dir, InFile)
	if err != nil {
		return fhirmap.Input{}, errs.Wrap(errs.NotFound, op, "a test case needs "+InFile, err)
	}
	in, err := NewInput(data)
	if err != nil {
		return fhirmap.Input{}, err
	}
	data, err = fs.ReadFile(dir, FactsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return in, nil
	}
	if err != nil {
		return fhirmap.Input{}, errs.Wrap(errs.Invalid, op, FactsFile+" cannot be read", err)
	}
	var facts struct {
		Workflow  []fhirmap.WorkflowAction `json:"workflow"`
		Lifecycle string                   `json:"lifecycle"`
		Person    string                   `json:"person"`  // the file of what $person is
		Roles     []string                 `json:"roles"`   // and of $roles
		Parties   map[string]string        `json:"parties"` // types of resources by the ids of parties
		// Links are what the targets of LINKs are shown as, by their URIs.
		Links map[string][]fhirmap.LinkedResource `json:"links"`
	}
	facts.Lifecycle = in.Lifecycle
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&facts); err != nil {
		return fhirmap.Input{}, errs.Wrap(errs.Invalid, op, FactsFile+": "+err.Error(), err)
	}
	if !terminology.OpenEHR.Has("version_lifecycle_state", facts.Lifecycle) {
		return fhirmap.Input{}, errs.New(errs.Invalid, op, FactsFile+": lifecycle is not a code of a version lifecycle state")
	}
	in.Lifecycle = facts.Lifecycle
	party := func(name, class string) (*rm.Node, error) {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, op, name+" cannot be read", err)
		}
		n, problems := rm.DecodeJSON(data, rm.Lookup(class), rm.JSONOptions{})
		if rm.HasErrors(problems) {
			return nil, &errs.Error{Op: op, Kind: errs.Invalid, Msg: name + " is not a valid " + class, Detail: problems}
		}
		return n, nil
	}
	if facts.Person != "" {
		if in.Person, err = party(facts.Person, "PERSON"); err != nil {
			return fhirmap.Input{}, err
		}
	}
	for _, name := range facts.Roles {
		role, err := party(name, "ROLE")
		if err != nil {
			return fhirmap.Input{}, err
		}
		in.Roles = append(in.Roles, role)
	}
	if facts.Parties != nil {
		in.Resolve = func(ref *rm.Node) string { return facts.Parties[ref.String("id", "value")] }
	}
	if facts.Links != nil {
		in.Link = func(target string) fhirmap.LinkTarget {
			list, there := facts.Links[target]
			if !there {
				return fhirmap.LinkTarget{Reason: fhirmap.LinkMissing}
			}
			return fhirmap.LinkTarget{Resources: list}
		}
	}
	in.Workflow = facts.Workflow
	for i := range in.Workflow {
		if in.Workflow[i].Lifecycle == "" {
			in.Workflow[i].Lifecycle = lifecycleCompleted
		}
	}
	return in, nil
}

// Outcome is a result as the expected files of a test case hold it: before each
// resource a line that says where it comes from.
func Outcome(r *fhirmap.Result) (resources, losses []byte, err error) {
	for i := range r.Resources {
		res := &r.Resources[i]
		line, err := json.Marshal(map[string]any{"path": res.Path, "profiles": res.Profiles, "mapping": res.Mapping + " " + res.MappingVersion})
		if err != nil {
			return nil, nil, err
		}
		resources = append(append(resources, line...), '\n')
		resources = append(append(resources, res.JSON...), '\n')
	}
	losses, err = json.MarshalIndent(r.Losses, "", " ")
	return resources, append(losses, '\n'), err
}

// ReadBack reads the test case of the way back in a folder: its input, still
// without the template, and the path of that from the folder.
func ReadBack(dir fs.FS) (in fhirmap.ComposeInput, template string, err error) {
	const op = "casetest.ReadBack"
	if in.Resource, err = fs.ReadFile(dir, ResourceFile); err != nil {
		return in, "", errs.Wrap(errs.NotFound, op, "a test case of the way back needs "+ResourceFile, err)
	}
	if in.Resource, in.Linked, err = bundled(in.Resource); err != nil {
		return in, "", errs.Wrap(errs.Invalid, op, ResourceFile+": "+err.Error(), err)
	}
	data, err := fs.ReadFile(dir, BackFile)
	if err != nil {
		return in, "", errs.Wrap(errs.NotFound, op, "a test case of the way back needs "+BackFile, err)
	}
	facts := struct {
		Template  string    `json:"template"`
		Language  string    `json:"language"`
		Territory string    `json:"territory"`
		Composer  string    `json:"composer"`
		Time      time.Time `json:"time"`
		// System is that of a FEEDER_AUDIT, Descriptive as in ComposeInput.
		System      string `json:"system"`
		Descriptive bool   `json:"descriptive"`
		// Stance is that of ComposeInput by its name.
		Stance string `json:"stance"`
		// Joins are the resources of other compositions, by the text of references.
		Joins map[string]fhirmap.Join `json:"joins"`
		// Parties are those that references lead to.
		Parties map[string]fhirmap.Party `json:"parties"`
	}{Territory: "DE", Composer: "Test case"}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&facts); err != nil {
		return in, "", errs.Wrap(errs.Invalid, op, BackFile+": "+err.Error(), err)
	}
	if facts.Template == "" {
		return in, "", errs.New(errs.Invalid, op, BackFile+" needs the path of the template")
	}
	in.EHRID, in.Language, in.Territory, in.Time = EHR, facts.Language, facts.Territory, facts.Time
	in.Composer = rm.Object("PARTY_IDENTIFIED", rm.Str("name", facts.Composer))
	if in.Stance, err = fhirmap.ParseStance(facts.Stance); err != nil {
		return in, "", errs.Wrap(errs.Invalid, op, BackFile+": "+err.Error(), err)
	}
	in.Descriptive, in.Joins, in.Parties = facts.Descriptive, facts.Joins, facts.Parties
	if facts.System != "" {
		in.Feeder = rm.Object("FEEDER_AUDIT", rm.Child("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", rm.Str("system_id", facts.System))))
	}
	return in, facts.Template, nil
}

// bundled takes a Bundle apart: the resource of its first entry, and the others by
// their fullUrl. Any other resource is left as it is.
func bundled(data []byte) ([]byte, map[string]*r4.Node, error) {
	n, err := r4.Parse(data)
	if err != nil || n.Str("resourceType") != "Bundle" {
		return data, nil, err
	}
	var first []byte
	linked := map[string]*r4.Node{}
	for i, e := range n.List("entry") {
		switch r := e.Get("resource"); {
		case r == nil:
			return nil, nil, fmt.Errorf("entry %d has no resource", i)
		case i == 0:
			first = r.Append(nil)
		default:
			linked[e.Str("fullUrl")] = r
		}
	}
	return first, linked, nil
}

// BackOutcome is the outcome of Compose as the expected file of a test case holds
// it: the mapping and the composition, or the refusal with the differences. Any
// other error is returned.
func BackOutcome(c fhirmap.Composed, err error) ([]byte, error) {
	var out any
	switch e := errs.As(err); {
	case err == nil:
		out = struct {
			Mapping     string               `json:"mapping"`
			Omitted     []fhirmap.Difference `json:"omitted,omitempty"`
			Composition json.RawMessage      `json:"composition"`
		}{c.Mapping, c.Omitted, rm.AppendJSON(nil, c.Root)}
	case e != nil && (e.Kind == errs.Unprocessable || e.Kind == errs.Unsupported):
		list, _ := e.Detail.([]fhirmap.Difference)
		out = struct {
			Refused     string               `json:"refused"`
			Differences []fhirmap.Difference `json:"differences,omitempty"`
		}{e.Msg, list}
	default:
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
