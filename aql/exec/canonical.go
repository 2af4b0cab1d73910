package exec

import "github.com/cairn-ehr/cairn/pkg/rm"

// canonical puts objects into canonical form: the database orders the
// attributes of a jsonb value in its own way, clients expect _type first and
// the rest as the Reference Model has it.
type canonical struct{ buf []byte }

// reset lets go of what was written.
func (c *canonical) reset() { c.buf = c.buf[:0] }

// object gives the canonical form of a JSON object, valid until the reset. One
// that does not read as an object of the Reference Model is given as it is:
// its order of attributes matters less than its content.
func (c *canonical) object(v []byte) []byte {
	n, problems := rm.DecodeJSON(v, rm.ClassAny, rm.JSONOptions{Incomplete: true})
	if n == nil || len(problems) > 0 {
		return v
	}
	start := len(c.buf)
	c.buf = rm.AppendJSON(c.buf, n)
	return c.buf[start:]
}
