package rm

import "github.com/cairn-ehr/cairn/pkg/errs"

// DecodeStored decodes an object of the class that was stored as canonical JSON. It
// was judged when it came in, so that neither its size nor what is missing in it
// counts; errs.Internal for one that cannot be read.
func DecodeStored(raw []byte, class *Class) (*Node, error) {
	n, problems := DecodeJSON(raw, class, JSONOptions{Limits: Limits{Bytes: len(raw), StringBytes: len(raw)}, Incomplete: true})
	if n == nil || HasErrors(problems) {
		return nil, errs.New(errs.Internal, "rm.DecodeStored", "a stored "+class.Name+" cannot be read")
	}
	return n, nil
}
