package local

import (
	"context"
	"fmt"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

var _ terminology.Hierarchy = (*Set)(nil)

// Below implements terminology.Hierarchy. All of the code system must be loaded.
func (s *Set) Below(_ context.Context, code terminology.Code) ([]terminology.Code, error) {
	sys, c, err := s.inHierarchy(code)
	if err != nil {
		return nil, err
	}
	var out []terminology.Code
	for _, d := range sys.list {
		if !sys.isA(d, c.code) {
			continue
		}
		if out = append(out, terminology.Code{System: sys.url, Code: d.code, Display: d.display}); len(out) > MaxExpansion {
			return nil, errs.New(errs.TooLarge, "local.Set", fmt.Sprintf("more than %d codes are below %s", MaxExpansion, c.code))
		}
	}
	return out, nil
}

// Above implements terminology.Hierarchy. All of the code system must be loaded.
func (s *Set) Above(_ context.Context, code terminology.Code) ([]terminology.Code, error) {
	sys, c, err := s.inHierarchy(code)
	if err != nil {
		return nil, err
	}
	var out []terminology.Code
	seen := map[*concept]bool{c: true}
	for stack := []*concept{c}; len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, terminology.Code{System: sys.url, Code: top.code, Display: top.display})
		for _, p := range top.parents {
			if !seen[p] {
				seen[p] = true
				stack = append(stack, p)
			}
		}
	}
	return out, nil
}

// inHierarchy finds a code in a system whose hierarchy is known.
func (s *Set) inHierarchy(code terminology.Code) (*codeSystem, *concept, error) {
	sys := s.system(s.systemURI(code.System), code.Version)
	switch {
	case sys == nil:
		return nil, nil, notFound("the code system %s is not loaded", code.System)
	case !sys.complete:
		return nil, nil, notFound("only a part of the code system %s is loaded", sys.url)
	case !sys.subsuming:
		return nil, nil, errs.New(errs.Unsupported, "local.Set", "the hierarchy of "+sys.url+" does not say what is a kind of what")
	}
	c := sys.find(code.Code)
	if c == nil {
		return nil, nil, notFound("the code system %s has no code %s", sys.url, code.Code)
	}
	return sys, c, nil
}
