package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/server"
)

type aqlCmd struct {
	Run     aqlRunCmd     `cmd:"" help:"Run an AQL query on the database and print its rows as JSON lines."`
	Explain aqlExplainCmd `cmd:"" help:"Say how an AQL query is answered: types, plan, SQL, indexes, steps."`
}

// aqlQuery is a query and what it is run with.
type aqlQuery struct {
	server.QueryOptions `embed:""`
	Query               string            `arg:"" help:"The query, @FILE to read it from a file, or - for standard input."`
	Param               map[string]string `short:"p" placeholder:"NAME=VALUE" help:"A parameter of the query; a JSON value, or else a string. May repeat."`
	EHR                 string            `name:"ehr" placeholder:"UUID" help:"The EHR that the query is about."`
	AsOf                time.Time         `name:"as-of" placeholder:"TIME" help:"Query the record as of this time, as 2024-05-01T12:00:00Z."`
}

func (q *aqlQuery) request(stdin io.Reader) (string, server.QueryRequest, error) {
	req := server.QueryRequest{Params: map[string]any{}, AsOf: q.AsOf}
	text := q.Query
	switch {
	case text == "-":
		b, err := io.ReadAll(stdin)
		if err != nil {
			return "", req, err
		}
		text = string(b)
	case strings.HasPrefix(text, "@"):
		b, err := os.ReadFile(text[1:])
		if err != nil {
			return "", req, err
		}
		text = string(b)
	}
	if q.EHR != "" {
		id, err := uuid.Parse(q.EHR)
		if err != nil {
			return "", req, errs.New(errs.Invalid, "aql", "--ehr must be a UUID")
		}
		req.EHR = id
	}
	for name, value := range q.Param {
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil || dec.More() {
			v = value
		}
		req.Params[strings.TrimPrefix(name, "$")] = v
	}
	return text, req, nil
}

type aqlRunCmd struct {
	aqlQuery `embed:""`
	Header   bool `help:"Print the names of the columns first."`
}

func (c *aqlRunCmd) Run(ctx context.Context, out io.Writer) error {
	text, req, err := c.request(os.Stdin)
	if err != nil {
		return err
	}
	return c.With(ctx, func(ctx context.Context, q *server.QueryEngine) error {
		return problems(q.Run(ctx, text, req, &jsonLines{out: out, header: c.Header}))
	})
}

type aqlExplainCmd struct {
	aqlQuery `embed:""`
	Analyze  bool `help:"Run the query and show the rows and times of each step."`
	JSON     bool `name:"json" help:"Print JSON rather than text."`
}

func (c *aqlExplainCmd) Run(ctx context.Context, out io.Writer) error {
	text, req, err := c.request(os.Stdin)
	if err != nil {
		return err
	}
	return c.With(ctx, func(ctx context.Context, q *server.QueryEngine) error {
		x, err := q.Explain(ctx, text, req, c.Analyze)
		if err != nil {
			return problems(err)
		}
		if c.JSON {
			enc := json.NewEncoder(out)
			enc.SetIndent("", "  ")
			enc.SetEscapeHTML(false)
			return enc.Encode(x)
		}
		return x.WriteText(out)
	})
}

// problems shows all that is wrong with a query, each with its line.
func problems(err error) error {
	list := server.QueryProblems(err)
	if len(list) == 0 {
		return err
	}
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "\n%s\n%s", p.Error(), p.Snippet)
	}
	return fmt.Errorf("the query is not valid%s", b.String())
}

// jsonLines prints each row as a JSON array on a line.
type jsonLines struct {
	out    io.Writer
	header bool
}

func (j *jsonLines) Begin(columns []server.QueryColumn) error {
	if !j.header {
		return nil
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	b, err := json.Marshal(names)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "%s\n", b)
	return err
}

func (j *jsonLines) Row(cells [][]byte) error {
	line := []byte{'['}
	for i, c := range cells {
		if i > 0 {
			line = append(line, ", "...)
		}
		if c == nil {
			c = []byte("null")
		}
		line = append(line, c...)
	}
	_, err := j.out.Write(append(line, "]\n"...))
	return err
}
