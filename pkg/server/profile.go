package server

import (
	"errors"
	"os"
	"runtime/pprof"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// profile records where the process spends its processor time.
type profile struct{ file *os.File }

// startProfile begins a profile, as go tool pprof reads it, in a new file. There
// can be one at a time in a process.
func startProfile(path string) (*profile, error) {
	const op = "server.startProfile"
	f, err := os.Create(path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the profile cannot be written", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(errs.Wrap(errs.Conflict, op, "a profile is being recorded already", err), f.Close())
	}
	return &profile{f}, nil
}

// end completes the file.
func (p *profile) end() error {
	pprof.StopCPUProfile()
	return p.file.Close()
}
