//go:build unix

package pgembed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// ctypes are the locales tried for character classification, in order. The
// collation is always C: AQL orders strings by code point.
var ctypes = []string{"C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8", "C"}

// initialise makes the cluster beside its final place and moves it there when
// it is complete, so that data/ is always a whole cluster.
func (c *Cluster) initialise(ctx context.Context) error {
	old, err := filepath.Glob(filepath.Join(c.dir, "init-*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing an unfinished cluster: %w", err)
		}
	}
	var out []byte
	for _, ctype := range ctypes {
		tmp, err := os.MkdirTemp(c.dir, "init-")
		if err != nil {
			return err
		}
		if err := c.acct.give(tmp); err != nil {
			return fmt.Errorf("giving %s to user id %d: %w", tmp, c.acct.uid, err)
		}
		out, err = c.runInitdb(ctx, tmp, ctype)
		if err == nil {
			return c.adopt(tmp)
		}
		rmErr := os.RemoveAll(tmp)
		if !bytes.Contains(out, []byte("invalid locale")) || rmErr != nil {
			return errors.Join(fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out)), rmErr)
		}
	}
	return fmt.Errorf("initdb: none of the locales %s exists: %s", strings.Join(ctypes, ", "), bytes.TrimSpace(out))
}

func (c *Cluster) runInitdb(ctx context.Context, dir, ctype string) ([]byte, error) {
	cmd, release, err := c.acct.command(ctx, dir, c.bin.initdb(), func(dir string) []string {
		args := []string{
			"--pgdata=" + dir, "--username=" + Superuser, "--encoding=UTF8", "--data-checksums",
			// Who can enter the socket's directory is the cluster's owner or root.
			"--auth-local=trust", "--auth-host=reject", "--no-instructions",
			"--lc-collate=C", "--lc-ctype=" + ctype,
			"--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C", "--text-search-config=simple",
		}
		if c.bin.Major() >= 17 {
			args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
		}
		if c.opts.Throwaway {
			args = append(args, "--no-sync")
		}
		return args
	})
	if err != nil {
		return nil, err
	}
	defer release()
	return cmd.CombinedOutput()
}

// adopt makes the new cluster include the settings file and renames it into
// place.
func (c *Cluster) adopt(tmp string) error {
	conf, err := os.OpenFile(filepath.Join(tmp, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = conf.WriteString("\ninclude_if_exists = '" + settingsFile + "'\n")
	if err = errors.Join(err, conf.Sync(), conf.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", conf.Name(), err)
	}
	if err := os.Rename(tmp, c.data); err != nil {
		return err
	}
	return syncDir(c.dir)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const settingsFile = "cairn.conf"

// settings are the server's settings for this machine. Operators change them
// with ALTER SYSTEM, which has the last word.
func settings(opts Options) map[string]string {
	s := map[string]string{
		"shared_buffers":       "512MB",
		"effective_cache_size": "2GB",
		"work_mem":             "16MB",
		"maintenance_work_mem": "128MB",
		"max_connections":      "100",
		"max_parallel_workers": strconv.Itoa(runtime.NumCPU()),
		"random_page_cost":     "1.1",
		"jit":                  "off", // compiling costs more than our queries
		"wal_buffers":          "16MB",
		"min_wal_size":         "256MB",
		"max_wal_size":         "4GB",
		"checkpoint_timeout":   "15min",
		"wal_compression":      "lz4", // of page images; documents need lz4 anyway
		"timezone":             "UTC",
		"log_timezone":         "UTC",
		"log_line_prefix":      "%m [%p] ",
		"log_checkpoints":      "off",
		// Statements and DETAIL lines quote row values, which are patients'.
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
		"fsync":                   "on",
		"full_page_writes":        "on",
		"synchronous_commit":      "on",
	}
	if opts.Throwaway {
		maps.Copy(s, map[string]string{
			"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
			"shared_buffers": "128MB", "min_wal_size": "80MB", "max_connections": "300",
		})
	}
	maps.Copy(s, opts.Settings)
	return s
}

func (c *Cluster) writeSettings() error {
	s := settings(c.opts)
	var b strings.Builder
	b.WriteString("# Written by cairn at each start. For settings of your own use ALTER SYSTEM.\n")
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(s[name], "'", "''"))
	}
	path := filepath.Join(c.data, settingsFile)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("writing the server's settings: %w", err)
	}
	return c.acct.give(path)
}
