package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is left out for the comparison is still where it is looked for.
func TestWithoutProjection(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", projectingFile))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := withoutProjection(source)
	if err != nil {
		t.Fatal(err)
	}
	if len(changed) <= len(source) {
		t.Error("nothing is left out")
	}
	if _, err := withoutProjection([]byte("package server\n")); err == nil {
		t.Error("a source without the projection is taken")
	}
}

func TestProjectionShare(t *testing.T) {
	t.Parallel()
	run := func(clients int, server, postgres float64) Run {
		return Run{Clients: clients, Count: 10, ServerCPU: server, PostgresCPU: postgres}
	}
	with := &variant{Runs: []Run{run(8, 900, 500), run(8, 1100, 700), run(1, 5, 5)}}
	without := &variant{Runs: []Run{run(8, 600, 400), run(8, 600, 400)}}
	got := projectionShare(with, without, []int{1, 8})
	if !strings.Contains(got, "projection adds 60 %") || strings.Contains(got, " 1 clients") {
		t.Errorf("got %s", got)
	}
}
