package rm

import "strings"

// Rules that tie a LOCATABLE to its archetype. Inside a COMPOSITION or PARTY
// they are errors. Elsewhere, as in EHR_STATUS and FOLDER, the published API
// examples themselves break them, so that only a warning is given.
//
// The invariant Archetyped_valid is checked as two rules. Where archetype_details
// is absent although archetype_node_id gives the archetype id, nothing about the
// content is in doubt, and so many systems write their data that way that
// refusing it would only keep data out: archetype_details_missing warns. Every
// other breach is an error.

// looksLikeArchetypeID tells archetype ids from node codes without judging
// their syntax.
func looksLikeArchetypeID(nodeID string) bool {
	return strings.Contains(nodeID, "-") && strings.Contains(nodeID, ".")
}

// isNodeCode accepts at0001, at0001.1.2 and id5.
func isNodeCode(s string) bool {
	rest, ok := strings.CutPrefix(s, "at")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "id"); !ok {
			return false
		}
	}
	for i := 0; i < len(rest); i++ {
		if !isDigit(rest[i]) && (rest[i] != '.' || i == 0 || i == len(rest)-1 || rest[i-1] == '.') {
			return false
		}
	}
	return rest != ""
}

func checkNodeIDForm(c *checker, n *Node) {
	id := n.NodeID()
	if id == "" || isNodeCode(id) {
		return
	}
	if _, ok := parseArchetypeID(id); !ok {
		c.fail(n, "archetype_node_id", "a node code or an archetype id", id)
	}
}

// failArchetyped reports as the place demands.
func (c *checker) failArchetyped(n *Node, attribute, expected, actual string) {
	if c.clinical || c.current.warning {
		c.fail(n, attribute, expected, actual)
		return
	}
	mild := *c.current
	mild.warning = true
	strict := c.current
	c.current = &mild
	c.fail(n, attribute, expected, actual)
	c.current = strict
}

func checkArchetyped(c *checker, n *Node) {
	id := n.NodeID()
	if n.Attr("archetype_details") != nil {
		if isNodeCode(id) {
			c.failArchetyped(n, "archetype_details", "none at the node "+id, n.ArchetypeID())
		}
		return
	}
	if n.Class.alwaysRoot && !c.incomplete && (n.Class == ClassComposition || !looksLikeArchetypeID(id)) {
		c.failArchetyped(n, "archetype_details", n.Class.Name+" as the root of an archetype", "")
	}
}

func checkArchetypeDetails(c *checker, n *Node) {
	id := n.NodeID()
	if n.Class != ClassComposition && n.Attr("archetype_details") == nil && looksLikeArchetypeID(id) {
		c.fail(n, "archetype_details", "the details of "+id, "")
	}
}

func checkArchetypeID(c *checker, n *Node) {
	archetype, id := n.ArchetypeID(), n.NodeID()
	if archetype == "" || id == "" || isNodeCode(id) {
		return
	}
	if !EqualID(archetype, id) {
		c.failArchetyped(n, "archetype_node_id", archetype, id)
	}
}

func checkArchetypeClass(c *checker, n *Node) {
	text := n.NodeID()
	if !looksLikeArchetypeID(text) {
		if text = n.ArchetypeID(); text == "" {
			return
		}
	}
	id, ok := parseArchetypeID(text)
	if !ok {
		return
	}
	if class := Lookup(id.Class); class == nil || !n.Class.IsA(class) {
		c.failArchetyped(n, "archetype_node_id", "an archetype of "+n.Class.Name, text)
	}
}
