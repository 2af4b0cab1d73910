package store

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// wave is a part of a contribution with at most one version of each object,
// which is what commit_contribution takes at once.
type wave struct {
	ehr.Contribution
	// continues is set for all waves but the first.
	continues bool
	// workflow is set if what compositions say about workflows is kept.
	workflow bool
	// alone are the objects that must be locked as a whole already, because a
	// later wave will have to: in another order of locks, two commits could each
	// wait for the other.
	alone map[uuid.UUID]bool
}

// waves splits a contribution. The versions of an object are taken in the order
// of their version tree ids, so that each comes after the one it follows, and
// each object has its first version in the first wave. Attestations go with
// their version, those of versions of before with the first wave.
func waves(c ehr.Contribution) []wave {
	of, n := waveNumbers(c.Versions)
	if n <= 1 {
		return []wave{{Contribution: c}}
	}
	out := make([]wave, n)
	for i := range out {
		w := &out[i]
		w.Contribution = c
		w.Versions, w.Attestations, w.Tags = nil, nil, nil
		if i > 0 {
			w.continues = true
			w.NewEHR, w.StatusObject, w.StatusTrunk = nil, uuid.Nil, 0
		}
	}
	out[0].alone = map[uuid.UUID]bool{}
	for i := range c.Versions {
		v := &c.Versions[i]
		w := &out[of[i]]
		w.Versions = append(w.Versions, *v)
		if w.continues && (v.UID.IsBranch() || v.Item != nil || v.ChosenObject) {
			out[0].alone[v.UID.Object] = true
		}
	}
	for _, a := range c.Attestations {
		at := 0
		for i := range c.Versions {
			if c.Versions[i].UID.Equal(a.Version) {
				at = of[i]
			}
		}
		out[at].Attestations = append(out[at].Attestations, a)
	}
	return out
}

// waveNumbers gives the wave of each version, counted from 0, and how many
// waves there are.
func waveNumbers(versions []ehr.NewVersion) (of []int, n int) {
	if len(versions) < 2 {
		return nil, len(versions)
	}
	objects := make(map[uuid.UUID][]int, len(versions))
	for i := range versions {
		o := versions[i].UID.Object
		objects[o] = append(objects[o], i)
		n = max(n, len(objects[o]))
	}
	if n == 1 {
		return nil, 1
	}
	of = make([]int, len(versions))
	for _, list := range objects {
		slices.SortStableFunc(list, func(i, j int) int {
			a, b := versions[i].UID, versions[j].UID
			return cmp.Or(a.Trunk-b.Trunk, a.Branch-b.Branch, a.BranchVersion-b.BranchVersion)
		})
		for at, i := range list {
			of[i] = at
		}
	}
	return of, n
}

// outOfOrder is the error of a contribution whose versions do not follow each
// other. To the guards one of them is the latest of its object, but it is undone
// with the rest and must not be named as such.
func outOfOrder(err error, before []wave) error {
	e := errs.As(err)
	if e == nil {
		return err
	}
	latest, ok := e.Detail.(ehr.VersionUID)
	if !ok {
		return err
	}
	for i := range before {
		for j := range before[i].Versions {
			if before[i].Versions[j].UID.Equal(latest) {
				return errs.New(errs.Invalid, e.Op, "the versions of an object in a contribution must follow each other, and none a deletion")
			}
		}
	}
	return err
}
