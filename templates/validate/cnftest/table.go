package cnftest

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed testdata/*.tsv
var files embed.FS

// Table is one test case of the schedule.
type Table struct {
	// File is the name of the data file without its extension.
	File string
	// ID is the identifier of the test case; #2 marks the second case that the
	// schedule gives the same one.
	ID string
	// Class is the class of the value, or the structure that is constrained.
	Class string
	Rows  []Row
}

// Row is one row of a decision table.
type Row struct {
	Line              int
	Value, Constraint string
	// Expected is accepted or rejected, Violated the constraints that the
	// schedule names, in the words of this package.
	Expected string
	Violated []string
	// Answer is what Cairn says instead, and Reason the key of the reason.
	Answer, Reason string
}

// Reason says why Cairn answers otherwise than a row.
type Reason struct {
	Key string
	// Kind is wrong where the row is judged wrong, form where OPT 1.4 has no form
	// for the constraint, more where only the constraints named differ.
	Kind string
	Text string
}

// Load reads all tables and the reasons for differences.
func Load() ([]Table, map[string]Reason, error) {
	reasons := map[string]Reason{}
	var tables []Table
	err := fs.WalkDir(files, "testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(d.Name(), ".tsv")
		for i, line := range strings.Split(string(data), "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			col := strings.Split(line, "\t")
			switch {
			case name == "reasons" && len(col) == 3:
				reasons[col[0]] = Reason{Key: col[0], Kind: col[1], Text: col[2]}
			case name == "reasons":
				return fmt.Errorf("%s:%d: a reason has three columns", path, i+1)
			case col[0] == "table" && len(col) == 3:
				tables = append(tables, Table{File: name, ID: col[1], Class: col[2]})
			case len(tables) == 0 || tables[len(tables)-1].File != name:
				return fmt.Errorf("%s:%d: a row before the first table", path, i+1)
			default:
				row, err := readRow(col)
				if err != nil {
					return fmt.Errorf("%s:%d: %w", path, i+1, err)
				}
				row.Line = i + 1
				t := &tables[len(tables)-1]
				t.Rows = append(t.Rows, row)
			}
		}
		return nil
	})
	return tables, reasons, err
}

func readRow(col []string) (Row, error) {
	if len(col) < 3 || len(col) > 6 || len(col) == 5 {
		return Row{}, fmt.Errorf("a row has 3, 4 or 6 columns, not %d", len(col))
	}
	row := Row{Value: col[0], Constraint: col[1], Expected: col[2]}
	if row.Expected != "accepted" && row.Expected != "rejected" {
		return Row{}, fmt.Errorf("%q is no verdict", row.Expected)
	}
	if len(col) > 3 {
		row.Violated = strings.Fields(col[3])
	}
	if len(col) > 4 {
		row.Answer, row.Reason = col[4], col[5]
	}
	return row, nil
}

// values are the entries of a value or constraint.
type values map[string]string

func parseValues(s string) (values, error) {
	v := values{}
	if s == "" {
		return v, nil
	}
	for _, part := range strings.Split(s, "; ") {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not key=value", part)
		}
		v[key] = value
	}
	return v, nil
}

// has reports whether a key is there.
func (v values) has(key string) bool { _, ok := v[key]; return ok }

// of gives the entries of one attribute: those with the prefix name., and the
// entry of the name itself under the key "".
func (v values) of(name string) values {
	out := values{}
	for key, value := range v {
		if key == name {
			out[""] = value
		} else if rest, ok := strings.CutPrefix(key, name+"."); ok {
			out[rest] = value
		}
	}
	return out
}
