package rest

import (
	"sync"

	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// maxWebTemplates bounds the web templates kept at hand.
const maxWebTemplates = 256

// webTemplates keeps the web templates of compiled templates, which take many
// times as long to make as to send. The zero value is empty.
type webTemplates struct {
	mu   sync.Mutex
	byID map[string]*webTemplate
}

type webTemplate struct {
	of   *templates.Template
	tree *webtemplate.Template
	json []byte
}

// of is the web template of a compiled template.
func (c *webTemplates) of(t *templates.Template) *webTemplate {
	c.mu.Lock()
	known := c.byID[t.ID]
	c.mu.Unlock()
	if known != nil && known.of == t {
		return known
	}
	made := &webTemplate{of: t, tree: webtemplate.Build(t)}
	made.json = made.tree.JSON()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil || len(c.byID) >= maxWebTemplates {
		c.byID = map[string]*webTemplate{}
	}
	c.byID[t.ID] = made
	return made
}
