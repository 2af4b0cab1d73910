// Command build compiles every template source in the working directory with
// Cairn's archetypes and writes the operational template beside it. It is what
// go generate runs in templates/library.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates/oet"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	repository, err := archetypes.Library()
	if err != nil {
		return err
	}
	sources, err := filepath.Glob("*.oet")
	if err != nil {
		return err
	}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		src, err := oet.Read(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		opt, err := oet.Compile(src, oet.Options{Archetypes: repository})
		if err != nil {
			return fmt.Errorf("%s:\n%w", name, err)
		}
		if err := os.WriteFile(strings.TrimSuffix(name, ".oet")+".opt", opt, 0o644); err != nil {
			return err
		}
	}
	return nil
}
