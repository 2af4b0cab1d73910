package r4

// Arena makes nodes that live until its next Reset and are then used again.
// A tree of such nodes must not be kept; the strings in it may be. The zero
// value is ready for use, by one goroutine at a time.
type Arena struct {
	chunks [][]Node
	n      int
}

const chunkSize = 128

// Reset takes back all nodes.
func (a *Arena) Reset() { a.n = 0 }

func (a *Arena) node(kind NodeKind, text string) *Node {
	if a.n == len(a.chunks)*chunkSize {
		a.chunks = append(a.chunks, make([]Node, chunkSize))
	}
	n := &a.chunks[a.n/chunkSize][a.n%chunkSize]
	a.n++
	n.Kind, n.Free, n.From, n.Text, n.Fields, n.Items = kind, Fixed, 0, text, n.Fields[:0], n.Items[:0]
	return n
}

// String is a string node.
func (a *Arena) String(s string) *Node { return a.node(String, s) }

// FreeString is a string node whose text is free.
func (a *Arena) FreeString(f Free, s string) *Node {
	n := a.node(String, s)
	n.Free = f
	return n
}

// FreeNumber is a number node whose text is free, from its JSON form.
func (a *Arena) FreeNumber(s string) *Node {
	n := a.node(Number, s)
	n.Free = FreeNumber
	return n
}

// Number is a number node from its JSON form.
func (a *Arena) Number(s string) *Node { return a.node(Number, s) }

// Bool is a boolean node from its JSON form.
func (a *Arena) Bool(s string) *Node { return a.node(Bool, s) }

// Null is a null.
func (a *Arena) Null() *Node { return a.node(Null, "") }

// Object is an object of the fields given; a field with a nil value is left out.
func (a *Arena) Object(fields ...Field) *Node {
	n := a.node(Object, "")
	for i := range fields {
		if fields[i].Value != nil {
			n.Fields = append(n.Fields, fields[i])
		}
	}
	return n
}

// Array is an array of the members given.
func (a *Arena) Array(items ...*Node) *Node {
	n := a.node(Array, "")
	n.Items = append(n.Items, items...)
	return n
}
