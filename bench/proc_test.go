package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestScheduling(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, autogroup, cgroup string
		weight                  string // a file
		want                    string
	}{
		{"no autogroup in the kernel", "", "0::/\n", "", "processes"},
		{"turned off", "0\n", "0::/\n", "", "processes"},
		{"in no group", "1\n", "9:name=systemd:/\n1:cpu:/\n0::/\n", "", "sessions"},
		{"in a group for memory", "1\n", "4:memory:/x\n1:cpu,cpuacct:/\n", "", "sessions"},
		{"in a group for processors", "1\n", "4:memory:/\n1:cpu,cpuacct:/x\n", "", "processes"},
		{"version 2, processors not controlled", "1\n", "0::/system.slice/cairn.service\n", "", "sessions"},
		{"version 2, processors controlled", "1\n", "0::/system.slice/cairn.service\n", "sys/fs/cgroup/system.slice/cairn.service/cpu.weight", "processes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			write := func(name, text string) {
				t.Helper()
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if test.autogroup != "" {
				write("proc/sys/kernel/sched_autogroup_enabled", test.autogroup)
			}
			write("proc/self/cgroup", test.cgroup)
			if test.weight != "" {
				write(test.weight, "100\n")
			}
			if got := scheduling(root); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
