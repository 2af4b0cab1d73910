package server

import (
	"context"
	"slices"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/templates"
)

// guide tells authors of queries what the stored templates have.
type guide struct{ service *ehr.Service }

// maxGuideTemplates bounds the templates that suggestions are taken from.
const maxGuideTemplates = 500

// NodePaths implements aql.Guide.
func (g guide) NodePaths(ctx context.Context) (map[string][]string, error) {
	list, err := g.service.TemplateTrees(ctx, maxGuideTemplates)
	if err != nil {
		return nil, err
	}
	known := map[string][]string{}
	for _, t := range list {
		nodePaths(t.Root, t.Root.ArchetypeID, "", known)
	}
	for id, paths := range known {
		slices.Sort(paths)
		known[id] = slices.Compact(paths)
	}
	return known, nil
}

// nodePaths adds the paths below an object of an archetype.
func nodePaths(o *templates.Object, archetype, at string, known map[string][]string) {
	if at == "" && known[archetype] == nil {
		known[archetype] = []string{}
	}
	for _, a := range o.Attributes {
		for _, c := range a.Children {
			path := a.Name
			if at != "" {
				path = at + "/" + a.Name
			}
			switch {
			case c.ArchetypeID != "":
				known[archetype] = append(known[archetype], path+"["+c.ArchetypeID+"]")
				nodePaths(c, c.ArchetypeID, "", known)
			case c.NodeID != "":
				path += "[" + c.NodeID + "]"
				known[archetype] = append(known[archetype], path)
				nodePaths(c, archetype, path, known)
			default:
				nodePaths(c, archetype, path, known)
			}
		}
	}
}
