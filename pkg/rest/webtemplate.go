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
	made map[*templates.Template]*webTemplate
}

type webTemplate struct {
	tree *webtemplate.Template
	json []byte
}

// of is the web template of a compiled template.
func (c *webTemplates) of(t *templates.Template) *webTemplate {
	c.mu.Lock()
	known := c.made[t]
	c.mu.Unlock()
	if known != nil {
		return known
	}
	made := &webTemplate{tree: webtemplate.Build(t)}
	made.json = made.tree.JSON()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= maxWebTemplates {
		c.made = map[*templates.Template]*webTemplate{}
	}
	c.made[t] = made
	return made
}
