//go:build unix

// Command pgfind prints the version and folder of the PostgreSQL server that
// Cairn would run, and fails when there is none.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/cairn-ehr/cairn/pkg/pgembed"
)

func main() {
	b, err := pgembed.Find(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("PostgreSQL %s in %s\n", b.Version, b.Dir)
}
