// Command bench measures a Cairn server over HTTP on loopback, in bounded
// closed-loop runs, and writes what it found with the machine's details under
// docs/performance.
//
// The client, the server and Postgres share the machine. So that figures of
// two machines, or of two days, can be compared at all, each run measures two
// baselines of its own: an answer without any work (/health/live), and the
// same documents inserted into one bare table without HTTP, validation or
// projection.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type config struct {
	binary       string
	dir          string
	out          string
	compositions int
	meanSize     int
	patients     int
	rounds       int
	seed         uint64
}

func main() {
	var c config
	flag.StringVar(&c.binary, "cairn", "bin/cairn", "the binary to measure")
	flag.StringVar(&c.dir, "dir", "", "work directory (default: a temporary one, removed at the end)")
	flag.StringVar(&c.out, "out", "docs/performance", "where to write the report; empty writes none")
	flag.IntVar(&c.compositions, "compositions", 6000, "compositions to commit")
	flag.IntVar(&c.meanSize, "mean-size", 18_000, "mean size of vital signs compositions in bytes of JSON")
	flag.IntVar(&c.patients, "patients", 300, "patients to spread them over")
	flag.IntVar(&c.rounds, "rounds", 3, "rounds of each read workload; the median is reported")
	flag.Uint64Var(&c.seed, "seed", 1, "seed of the data")
	aql := flag.Bool("aql", false, "compare AQL with relational tables instead; -compositions is 50000 then, or as given")
	quick := flag.Bool("quick", false, "with -aql: a small run that writes no report")
	commit := flag.Bool("commit", false, "measure commits only, with what they write to each table and to the WAL")
	var variants []string
	flag.Func("variant", "with -commit or -read: a server to compare, as name;cairn=BINARY;args=FLAGS;SETTING=VALUE (all but the name optional); may repeat", func(s string) error {
		variants = append(variants, s)
		return nil
	})
	projection := flag.Bool("projection", false, "with -commit: build the server of this source with and without projection, and report what projection adds to the CPU")
	clients := flag.String("clients", "1,8,32", "with -commit or -read: numbers of clients")
	sets := flag.Int("sets", 0, "with -commit: in each round commit half of the compositions in contributions of so many, and print the ratio")
	reads := flag.Int("reads", 0, "with -commit: after the commits, in each round read so many compositions and Observations")
	read := flag.Bool("read", false, "compare reads of the variants of -variant, in alternating rounds")
	only := flag.String("only", "", "with -read: the workloads to measure, such as read,search; default all")
	library := flag.Bool("library", false, "with -read: ask by Go's HTTP client, to see what it takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *aql {
		given := false
		flag.Visit(func(f *flag.Flag) { given = given || f.Name == "compositions" })
		if !given {
			c.compositions = 50_000
		}
		if err := runAQL(ctx, aqlConfig{c.binary, c.dir, c.out, c.compositions, c.rounds, c.seed, *quick}); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	var counts []int
	for _, s := range strings.Split(*clients, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxClients {
			fmt.Fprintf(os.Stderr, "bench: -clients takes numbers from 1 to %d: %s\n", maxClients, s)
			os.Exit(2)
		}
		counts = append(counts, n)
	}
	if *read {
		rc := readConfig{config: c, variants: variants, clients: counts, library: *library}
		if *only != "" {
			rc.only = strings.Split(*only, ",")
		}
		if err := runRead(ctx, rc); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *commit {
		cc := commitConfig{config: c, variants: variants, clients: counts, sets: *sets, reads: *reads, projection: *projection}
		if err := runCommit(ctx, cc); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "cairn-bench"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
		// The cluster's own user must be able to reach its directory.
		if err := os.Chmod(c.dir, 0o755); err != nil {
			return err
		}
	}
	dataDir, log := filepath.Join(c.dir, "data"), filepath.Join(c.dir, "server.log")
	rep := &report{Date: time.Now().UTC().Format("2006-01-02"), Machine: machine(), Config: map[string]any{
		"compositions": c.compositions, "mean_size": c.meanSize, "patients": c.patients, "rounds": c.rounds, "seed": c.seed,
	}}

	s, err := start(ctx, c.binary, dataDir, log)
	if err != nil {
		return err
	}
	rep.ColdStart = s.startup.Seconds()
	if err := s.stop(); err != nil {
		return err
	}
	// The second start finds the cluster initialised: the case of every day.
	if s, err = start(ctx, c.binary, dataDir, log); err != nil {
		return err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	rep.WarmStart = s.startup.Seconds()
	time.Sleep(2 * time.Second)
	rep.IdleRSS = resident(s.procs.server)
	fmt.Printf("start %.2f s (new cluster), %.2f s (existing); idle %.0f MiB\n", rep.ColdStart, rep.WarmStart, rep.IdleRSS)

	w := &workloads{config: c, server: s, report: rep}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	for _, phase := range []func(context.Context) error{w.commits, w.reads, w.queries, w.fhir, w.baselines, w.sizes, w.contributions, w.operations} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	rep.BusyRSS = resident(s.procs.server)
	if c.out != "" {
		return rep.write(c.out)
	}
	return nil
}
