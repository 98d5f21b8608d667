// Request: what a fake received and how it answered.

package flowstest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Request is one request that a fake received. It holds secrets as they were
// sent.
type Request struct {
	// Kind says what was asked:
	//
	//	asm                 authorization server metadata, at any well-known URL
	//	prm                 protected resource metadata, at any well-known URL
	//	authorize           the authorization endpoint
	//	login               the form of a login page
	//	token:<grant_type>  the token endpoint
	//	register            client registration
	//	manage              one client's registration (RFC 7592)
	//	par                 pushed authorization requests
	//	device              device authorization
	//	verify              the page for user codes
	//	revoke, introspect, jwks
	//	mcp                 the protected resource
	//	other               anything else
	//
	// Whether the fake has such an endpoint does not matter.
	Kind   string
	Time   time.Time
	Method string
	Host   string
	Path   string      // escaped, as sent
	Query  url.Values  // of the URL
	Header http.Header // a copy
	Form   url.Values  // of a form body, else nil
	Body   []byte      // the first megabyte
	// Status is the status of the answer; 0 while there is none, and when the
	// connection was cut before.
	Status int
}

// Param returns the first value of a parameter in the form, else in the query.
func (r Request) Param(name string) string {
	if r.Form.Has(name) {
		return r.Form.Get(name)
	}
	return r.Query.Get(name)
}

// A recorder keeps the requests of a host. Its methods may be called by
// several goroutines at once.
type recorder struct {
	guard    sync.Mutex
	requests []*Request
	counts   map[string]int
	open     map[*Request]bool
	leaks    []string
}

// begin records a request and returns it with its number among those of its
// kind.
func (c *recorder) begin(kind string, r *http.Request, form url.Values, body []byte) (request *Request, n int) {
	request = &Request{
		Kind: kind, Time: time.Now(), Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(),
		Query: r.URL.Query(), Header: r.Header.Clone(), Form: form, Body: body,
	}
	c.guard.Lock()
	defer c.guard.Unlock()
	if c.counts == nil {
		c.counts, c.open = map[string]int{}, map[*Request]bool{}
	}
	c.requests = append(c.requests, request)
	c.counts[kind]++
	c.open[request] = true
	return request, c.counts[kind]
}

func (c *recorder) end(request *Request, status int) {
	c.guard.Lock()
	defer c.guard.Unlock()
	request.Status = status
	delete(c.open, request)
}

// Requests returns all requests so far, oldest first.
func (c *recorder) Requests() []Request {
	c.guard.Lock()
	defer c.guard.Unlock()
	list := make([]Request, 0, len(c.requests))
	for _, r := range c.requests {
		request := *r
		request.Query, request.Form = cloneValues(r.Query), cloneValues(r.Form)
		request.Header, request.Body = r.Header.Clone(), slices.Clone(r.Body)
		list = append(list, request)
	}
	return list
}

// RequestsOf returns the requests of one kind, oldest first. "token" selects
// all grants.
func (c *recorder) RequestsOf(kind string) []Request {
	return slices.DeleteFunc(c.Requests(), func(r Request) bool { return !isKind(r.Kind, kind) })
}

// Count returns the number of requests of one kind. "token" counts all grants.
func (c *recorder) Count(kind string) int {
	c.guard.Lock()
	defer c.guard.Unlock()
	n := 0
	for _, r := range c.requests {
		if isKind(r.Kind, kind) {
			n++
		}
	}
	return n
}

// ForgetRequests empties the record; the n of Fault goes on counting.
func (c *recorder) ForgetRequests() {
	c.guard.Lock()
	defer c.guard.Unlock()
	c.requests = nil
}

// Leaks returns, after Close, a line for each request that was still being
// answered when Close was called.
func (c *recorder) Leaks() []string {
	c.guard.Lock()
	defer c.guard.Unlock()
	return slices.Clone(c.leaks)
}

func (c *recorder) noteLeaks() {
	c.guard.Lock()
	defer c.guard.Unlock()
	for r := range c.open {
		age := time.Since(r.Time).Round(time.Millisecond)
		c.leaks = append(c.leaks, fmt.Sprintf("%s %s (%s) under way for %v", r.Method, r.Path, r.Kind, age))
	}
}

// waitIdle waits until no request is being answered, or until ctx ends.
func (c *recorder) waitIdle(ctx context.Context) {
	for pause := time.Millisecond; ; pause *= 2 {
		c.guard.Lock()
		busy := len(c.open)
		c.guard.Unlock()
		if busy == 0 || !wait(ctx, pause) {
			return
		}
	}
}

func isKind(kind, want string) bool {
	return kind == want || strings.HasPrefix(kind, want+":")
}

func cloneValues(values url.Values) url.Values {
	return url.Values(http.Header(values).Clone())
}
