// Package auth says who makes a request. It knows two modes: open, in which
// every caller of a loopback address is one local developer, and static
// tokens, in which a bearer token names a configured principal.
package auth

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Authenticator establishes the actor of a request; an errs.Error of kind
// Unauthenticated when it cannot.
type Authenticator func(*http.Request) (ehr.Actor, error)

// MinTokenLength is the least length of a static token, in bytes.
const MinTokenLength = 16

// Open authenticates every caller as the local developer. It answers only
// requests whose Host is a loopback name or address, so that a web page in the
// developer's browser cannot reach the record through a name of its own that
// resolves to this machine.
func Open() Authenticator {
	return func(r *http.Request) (ehr.Actor, error) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !IsLoopback(host) {
			return ehr.Actor{}, errs.New(errs.Forbidden, "auth.Open",
				"without authentication only requests addressed to a loopback host are answered")
		}
		return ehr.Actor{ID: "local", Name: "Local developer"}, nil
	}
}

// IsLoopback reports whether a host name or address is this machine's loopback.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Tokens is a set of static bearer tokens, each for one named principal.
type Tokens struct {
	entries []entry
}

type entry struct {
	sum  [sha256.Size]byte
	name string
}

// ParseTokens reads entries of the form name:token. Names are what the record
// shows as committer; tokens shorter than MinTokenLength are refused.
func ParseTokens(list []string) (*Tokens, error) {
	const op = "auth.ParseTokens"
	t := &Tokens{}
	for i, s := range list {
		name, token, ok := strings.Cut(s, ":")
		name, token = strings.TrimSpace(name), strings.TrimSpace(token)
		if !ok || name == "" {
			return nil, errs.New(errs.Invalid, op, "a token entry has the form name:token (entry "+strconv.Itoa(i+1)+")")
		}
		if len(token) < MinTokenLength {
			return nil, errs.New(errs.Invalid, op, "the token of "+name+" is shorter than 16 characters")
		}
		t.entries = append(t.entries, entry{sha256.Sum256([]byte(token)), name})
	}
	return t, nil
}

// ReadTokens reads a file with one name:token a line; blank lines and lines
// beginning with # are passed over.
func ReadTokens(path string) (*Tokens, error) {
	const op = "auth.ReadTokens"
	f, err := os.Open(path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the token file cannot be read", err)
	}
	defer f.Close()
	var list []string
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the token file cannot be read", err)
	}
	return ParseTokens(list)
}

// Len is the number of tokens.
func (t *Tokens) Len() int {
	if t == nil {
		return 0
	}
	return len(t.entries)
}

// Authenticate finds the principal of the request's bearer token. Every entry
// is compared, by its digest and in constant time, so that the time taken says
// nothing about the tokens.
func (t *Tokens) Authenticate(r *http.Request) (ehr.Actor, error) {
	const op = "auth.Tokens"
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ehr.Actor{}, errs.New(errs.Unauthenticated, op, "a bearer token is required")
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	name := ""
	for i := range t.entries {
		if subtle.ConstantTimeCompare(sum[:], t.entries[i].sum[:]) == 1 {
			name = t.entries[i].name
		}
	}
	if name == "" {
		return ehr.Actor{}, errs.New(errs.Unauthenticated, op, "the bearer token is not known")
	}
	return ehr.Actor{ID: name, Name: name}, nil
}

// Merge is the tokens of both sets.
func (t *Tokens) Merge(o *Tokens) *Tokens {
	return &Tokens{entries: append(append([]entry(nil), t.entries...), o.entries...)}
}
