package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// processes knows the server under test and the Postgres cluster it runs, and
// reads their processor time from /proc. On a system without /proc the
// figures are zero and the report says so.
type processes struct {
	server     int // pid
	postmaster int // pid
}

// cpu is processor time in microseconds since the process began, children of
// the postmaster included, finished ones too.
type cpu struct{ server, postgres float64 }

// tick is the unit of /proc/*/stat on every Linux that Go supports.
const tick = 10_000 // microseconds

func (p *processes) sample() cpu {
	if p == nil {
		return cpu{}
	}
	var c cpu
	if s, ok := readStat(p.server); ok {
		c.server = s.own
	}
	if p.postmaster != 0 {
		if s, ok := readStat(p.postmaster); ok {
			c.postgres = s.own + s.reaped
		}
		dirs, _ := filepath.Glob("/proc/[0-9]*")
		for _, d := range dirs {
			pid, err := strconv.Atoi(filepath.Base(d))
			if err != nil {
				continue
			}
			if s, ok := readStat(pid); ok && s.parent == p.postmaster {
				c.postgres += s.own + s.reaped
			}
		}
	}
	return c
}

type stat struct {
	parent      int
	own, reaped float64
}

func readStat(pid int) (stat, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, false
	}
	// The command name is in parentheses and may hold blanks.
	i := bytes.LastIndexByte(data, ')')
	if i < 0 {
		return stat{}, false
	}
	f := strings.Fields(string(data[i+1:]))
	if len(f) < 15 {
		return stat{}, false
	}
	num := func(k int) float64 {
		v, _ := strconv.ParseFloat(f[k], 64)
		return v * tick
	}
	parent, _ := strconv.Atoi(f[1])
	return stat{parent: parent, own: num(11) + num(12), reaped: num(13) + num(14)}, true
}

// resident is a process's resident memory in MiB; 0 if unknown.
func resident(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// machine describes the hardware for the report.
func machine() map[string]string {
	m := map[string]string{"cores": strconv.Itoa(runtime.NumCPU()), "go": runtime.Version()}
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				m["processor"] = strings.TrimSpace(v)
				break
			}
		}
	}
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
				m["memory"] = strings.TrimSpace(rest)
			}
		}
	}
	if data, err := os.ReadFile("/proc/version"); err == nil {
		m["kernel"] = strings.Fields(string(data))[2]
	}
	m["scheduling"] = scheduling("/")
	return m
}

// scheduling says by which groups the kernel shares out the processors, in the file
// system at root: "sessions" if each session is a group (autogroup), as which every
// process of PostgreSQL counts, else "processes".
func scheduling(root string) string {
	on, err := os.ReadFile(filepath.Join(root, "proc/sys/kernel/sched_autogroup_enabled"))
	if err != nil || strings.TrimSpace(string(on)) != "1" {
		return "processes"
	}
	data, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return "sessions"
	}
	// What is in a control group for processors is in no group of a session.
	for line := range strings.Lines(string(data)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 || part[2] == "/" {
			continue
		}
		if slices.Contains(strings.Split(part[1], ","), "cpu") {
			return "processes"
		}
		if part[0] == "0" {
			if _, err := os.Stat(filepath.Join(root, "sys/fs/cgroup", part[2], "cpu.weight")); err == nil {
				return "processes"
			}
		}
	}
	return "sessions"
}
