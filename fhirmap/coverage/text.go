package coverage

import (
	"fmt"
	"strings"
)

// String is the coverage as text: a line for the template, one for each entry
// and mapping, and one for each thing that is missing.
func (cov *Template) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %.1f %% (%d of %d leaves mapped, %d declared losses)\n", cov.TemplateID, cov.Percent, cov.Mapped, cov.Leaves, cov.Declared)
	for i := range cov.Entries {
		e := &cov.Entries[i]
		fmt.Fprintf(&b, "  %s: %.1f %% (%d of %d)\n", e.Path, e.Percent, e.Mapped, e.Leaves)
		switch {
		case e.Absence:
			b.WriteString("    states an absence and becomes no resource\n")
		case len(e.Mappings) == 0:
			b.WriteString("    no mapping\n")
		}
		for _, m := range e.Mappings {
			fmt.Fprintf(&b, "    %s to %s: %.1f %%\n", m.Name, m.Type, m.Percent)
			for _, el := range m.Mandatory {
				fmt.Fprintf(&b, "      not filled: %s (mandatory)\n", el)
			}
			for _, el := range m.MustSupport {
				fmt.Fprintf(&b, "      not filled: %s (must support)\n", el)
			}
		}
		for _, p := range e.Unmapped {
			fmt.Fprintf(&b, "    not mapped: %s\n", p)
		}
	}
	for _, p := range cov.Context {
		fmt.Fprintf(&b, "  not mapped: %s\n", p)
	}
	return b.String()
}

// BackString is the coverage of the way back as text: for each entry and mapping
// the elements that are kept, those that come back as the mapping writes them, and
// those for which a resource is refused.
func (cov *Template) BackString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cov.TemplateID)
	for i := range cov.Entries {
		e := &cov.Entries[i]
		fmt.Fprintf(&b, "  %s\n", e.Path)
		for _, m := range e.Mappings {
			if m.Back == nil {
				continue
			}
			note := ""
			if !m.Back.Proven {
				note = " (not proven to come back)"
			}
			fmt.Fprintf(&b, "    %s from %s%s\n", m.Name, m.Type, note)
			for _, l := range []struct {
				what string
				list []string
			}{{"keeps", m.Back.Kept}, {"only as the mapping writes it", m.Back.Fixed}, {"refused", m.Back.Refused}} {
				if len(l.list) > 0 {
					fmt.Fprintf(&b, "      %s: %s\n", l.what, strings.Join(l.list, ", "))
				}
			}
		}
	}
	return b.String()
}
