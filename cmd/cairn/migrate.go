package main

import (
	"context"
	"fmt"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type migrateCmd struct {
	Up      migrateUpCmd      `cmd:"" help:"Apply all migrations that are missing."`
	Down    migrateDownCmd    `cmd:"" help:"Undo migrations. This drops tables and what they hold."`
	Version migrateVersionCmd `cmd:"" help:"Print the schema's version."`
}

type migrateUpCmd struct {
	server.Database `embed:""`
}

func (c *migrateUpCmd) Run(ctx context.Context) error {
	return c.With(ctx, func(ctx context.Context, m server.Migrator) error {
		if err := m.Up(ctx); err != nil {
			return err
		}
		return printVersion(ctx, m)
	})
}

type migrateDownCmd struct {
	server.Database `embed:""`
	Steps           int `default:"1" help:"How many migrations to undo; 0 is all of them."`
}

func (c *migrateDownCmd) Run(ctx context.Context) error {
	return c.With(ctx, func(ctx context.Context, m server.Migrator) error {
		if err := m.Down(ctx, c.Steps); err != nil {
			return err
		}
		return printVersion(ctx, m)
	})
}

type migrateVersionCmd struct {
	server.Database `embed:""`
}

func (c *migrateVersionCmd) Run(ctx context.Context) error {
	return c.With(ctx, printVersion)
}

func printVersion(ctx context.Context, m server.Migrator) error {
	v, dirty, err := m.Version(ctx)
	if err != nil {
		return err
	}
	if dirty {
		_, err = fmt.Printf("%d (dirty: a migration ended half-way)\n", v)
	} else {
		_, err = fmt.Println(v)
	}
	return err
}
