package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// more is what few versions have, as commit_contribution reads it (p_more).
type more struct {
	Versions     map[string]moreVersion `json:"versions,omitempty"`
	Attestations []moreAttestation      `json:"attestations,omitempty"`
	Continues    bool                   `json:"continues,omitempty"`
	Workflow     bool                   `json:"workflow,omitempty"`
}

type moreVersion struct {
	Tree      []int           `json:"tree,omitempty"`
	System    string          `json:"system,omitempty"`
	Preceding string          `json:"preceding,omitempty"`
	Inputs    []string        `json:"inputs,omitempty"`
	Audit     json.RawMessage `json:"audit,omitempty"`
	Item      string          `json:"item,omitempty"`
	Chosen    bool            `json:"chosen,omitempty"`
	Only      bool            `json:"only,omitempty"`
	Alone     bool            `json:"alone,omitempty"`
}

type moreAttestation struct {
	I           int             `json:"i,omitempty"`
	Object      string          `json:"object,omitempty"`
	System      string          `json:"system,omitempty"`
	Ver         int             `json:"ver,omitempty"`
	Tree        []int           `json:"tree,omitempty"`
	Change      int             `json:"change"`
	Committer   json.RawMessage `json:"committer"`
	Description json.RawMessage `json:"description,omitempty"`
	More        json.RawMessage `json:"more"`
}

// moreArg is p_more; nil, as for almost every contribution, if nothing is to be
// said. It refuses versions of other systems that are not imports and versions
// that do not follow another: the rules of commit_contribution rest on both.
func moreArg(c *ehr.Contribution, w wave) (*string, error) {
	const op = "store.Commit"
	m := more{Continues: w.continues, Workflow: w.workflow}
	for i := range c.Versions {
		v := &c.Versions[i]
		var x moreVersion
		switch {
		case v.Item != nil:
			x = moreVersion{System: v.UID.System, Item: string(v.Item), Preceding: systemTree(v.Preceding)}
		case !strings.EqualFold(v.UID.System, c.SystemID):
			return nil, errs.New(errs.Invalid, op, "a version that another system created can only be imported")
		case (v.UID.Trunk > 1 || v.UID.IsBranch()) && v.Preceding.IsZero():
			return nil, errs.New(errs.Invalid, op, "a version after the first needs its preceding version uid")
		case v.UID.IsBranch():
			x.Preceding = systemTree(v.Preceding)
		case v.UID.Trunk > 1 && v.Preceding.IsBranch():
			return nil, errs.New(errs.Invalid, op, "a version of the trunk cannot follow one of a branch: that is one of its other inputs")
		}
		if v.UID.IsBranch() {
			x.Tree = []int{v.UID.Trunk, v.UID.Branch, v.UID.BranchVersion}
		}
		x.Inputs, x.Audit, x.Chosen, x.Only = v.OtherInputs, v.AuditAttestation, v.ChosenObject, v.OnlyPersistent
		x.Alone = w.alone[v.UID.Object]
		if x.Tree != nil || x.Item != "" || x.Inputs != nil || x.Audit != nil || x.Chosen || x.Only || x.Alone {
			if m.Versions == nil {
				m.Versions = map[string]moreVersion{}
			}
			m.Versions[strconv.Itoa(i+1)] = x
		}
		for _, a := range v.Attestations {
			m.Attestations = append(m.Attestations, moreAttestation{
				I: i + 1, Change: a.ChangeType, Committer: a.Committer, Description: a.Description, More: a.More,
			})
		}
	}
	for _, a := range c.Attestations {
		x := moreAttestation{
			Object: a.Version.Object.String(), System: a.Version.System,
			Change: a.ChangeType, Committer: a.Committer, Description: a.Description, More: a.More,
		}
		if a.Version.IsBranch() {
			x.Tree = []int{a.Version.Trunk, a.Version.Branch, a.Version.BranchVersion}
		} else {
			x.Ver = a.Version.Trunk
		}
		m.Attestations = append(m.Attestations, x)
	}
	if m.Versions == nil && m.Attestations == nil && !m.Continues && !m.Workflow {
		return nil, nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	return jsonText(b), nil
}

func systemTree(uid ehr.VersionUID) string {
	if uid.IsZero() {
		return ""
	}
	return uid.System + "::" + uid.Tree().String()
}
