package fhirmap

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// The ids of the record that the objects of test cases belong to, from which
// those of their resources follow.
const (
	CaseEHR    = "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"
	CaseObject = "8849182c-82ad-4088-a07f-48ead4180515"
	CaseSystem = "test.cairn"
)

// The files of a test case: the object, facts about its version that differ
// from the ordinary (optional), and what a library makes of it.
const (
	CaseIn        = "in.json"
	CaseInput     = "input.json"
	CaseResources = "resources.ndjson"
	CaseLosses    = "losses.json"
)

// NewInput reads a COMPOSITION or EHR_STATUS in canonical JSON and takes it for
// the complete first version of an object of the record of test cases.
func NewInput(data []byte) (Input, error) {
	const op = "fhirmap.NewInput"
	var head struct {
		Type string `json:"_type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Input{}, errs.Wrap(errs.Invalid, op, "not a JSON object: "+err.Error(), err)
	}
	switch head.Type {
	case "":
		head.Type = "COMPOSITION"
	case "COMPOSITION", "EHR_STATUS":
	default:
		return Input{}, errs.New(errs.Invalid, op, "only a COMPOSITION or EHR_STATUS is projected, not a "+head.Type)
	}
	root, problems := rm.DecodeJSON(data, rm.Lookup(head.Type), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		e := errs.New(errs.Invalid, op, "the object is not valid")
		e.Detail = problems
		return Input{}, e
	}
	return Input{
		Root: root, EHRID: CaseEHR, ObjectID: CaseObject, SystemID: CaseSystem,
		VersionUID: CaseObject + "::" + CaseSystem + "::1", Lifecycle: lifecycleComplete,
	}, nil
}

// ReadCase reads the input of the test case in a folder.
func ReadCase(dir fs.FS) (Input, error) {
	const op = "fhirmap.ReadCase"
	data, err := fs.ReadFile(dir, CaseIn)
	if err != nil {
		return Input{}, errs.Wrap(errs.NotFound, op, "a test case needs "+CaseIn, err)
	}
	in, err := NewInput(data)
	if err != nil {
		return Input{}, err
	}
	data, err = fs.ReadFile(dir, CaseInput)
	if errors.Is(err, fs.ErrNotExist) {
		return in, nil
	}
	if err != nil {
		return Input{}, errs.Wrap(errs.Invalid, op, CaseInput+" cannot be read", err)
	}
	var facts struct {
		Lifecycle string `json:"lifecycle"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&facts); err != nil {
		return Input{}, errs.Wrap(errs.Invalid, op, CaseInput+": "+err.Error(), err)
	}
	if lifecycleNames[facts.Lifecycle] == "" {
		return Input{}, errs.New(errs.Invalid, op, CaseInput+": lifecycle is not a code of a version lifecycle state")
	}
	in.Lifecycle = facts.Lifecycle
	return in, nil
}

// Case is the result as the expected files of a test case hold it: before each
// resource a line that says where it comes from.
func (r *Result) Case() (resources, losses []byte, err error) {
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
