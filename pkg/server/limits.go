package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// Limits bound what one request may be made of. Each refusal names its limit.
type Limits struct {
	Body       int64 `default:"16777216" env:"CAIRN_MAX_BODY" help:"Largest request body in bytes, after decompression (413)."`
	Expansion  int   `default:"100" env:"CAIRN_MAX_EXPANSION" help:"Greatest factor by which a compressed request body may expand (413)."`
	Path       int   `default:"4096" env:"CAIRN_MAX_PATH" help:"Longest path of a URL in bytes (414)."`
	Query      int   `default:"65536" env:"CAIRN_MAX_QUERY" help:"Longest query string of a URL in bytes (414)."`
	Parameters int   `default:"1000" env:"CAIRN_MAX_PARAMETERS" help:"Most parameters in a query string (400)."`
	Headers    int   `default:"65536" env:"CAIRN_MAX_HEADERS" help:"Most bytes of request headers together (431)."`
	Fields     int   `default:"200" env:"CAIRN_MAX_FIELDS" help:"Most request header lines (431)."`
	Depth      int   `default:"256" env:"CAIRN_MAX_DEPTH" help:"Deepest nesting of objects and arrays in a body (413)."`
	Items      int   `default:"100000" env:"CAIRN_MAX_ITEMS" help:"Most members of one array in a body (413)."`
	Tags       int   `default:"100" env:"CAIRN_MAX_TAGS" help:"Most item tags of one target (413)."`
	Versions   int   `default:"1000" env:"CAIRN_MAX_VERSIONS" help:"Most versions in one contribution (413)."`
}

// check refuses a request whose URL or headers exceed a limit.
func (l Limits) check(r *http.Request) error {
	const op = "server.Limits"
	over := func(kind errs.Kind, code, what string, limit int) error {
		e := errs.New(kind, op, what+" exceeds the limit of "+strconv.Itoa(limit)+" (max-"+code+")")
		e.Code = "limit." + code
		return e
	}
	path := len(r.URL.EscapedPath())
	fields, size := 0, 0
	for name, values := range r.Header {
		fields += len(values)
		for _, v := range values {
			size += len(name) + len(v) + 4 // colon, blank and the end of the line
		}
	}
	switch query := r.URL.RawQuery; {
	case l.Path > 0 && path > l.Path:
		return over(errs.URITooLong, "path", "the path of the URL in bytes", l.Path)
	case l.Query > 0 && len(query) > l.Query:
		return over(errs.URITooLong, "query", "the query string of the URL in bytes", l.Query)
	case l.Parameters > 0 && query != "" && strings.Count(query, "&")+1 > l.Parameters:
		return over(errs.Invalid, "parameters", "the number of query parameters", l.Parameters)
	case l.Fields > 0 && fields > l.Fields:
		return over(errs.HeadersTooLarge, "fields", "the number of header lines", l.Fields)
	case l.Headers > 0 && size > l.Headers:
		return over(errs.HeadersTooLarge, "headers", "the size of the headers in bytes", l.Headers)
	}
	return nil
}

// parameterBytes is the limit on parameters wherever they stand: that of the query
// string, or without any that of bodies.
func (l Limits) parameterBytes() int {
	if l.Query > 0 {
		return l.Query
	}
	return int(l.Body)
}

// ownBytes bounds what the server itself puts in and has stored: the limit of
// request bodies is for clients, and the shipped templates are no request.
func (l Limits) ownBytes() int { return max(int(l.Body), rest.DefaultMaxBody) }

// headerBytes is what net/http may read before it gives up by itself, without
// naming a limit: more than check lets pass.
func (l Limits) headerBytes() int {
	return 2*(l.Path+l.Query+l.Headers) + 64<<10
}
