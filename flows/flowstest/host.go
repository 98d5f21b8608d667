// Host: one loopback listener, its client, and the requests it received.

package flowstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxRecorded bounds what is kept of a request body: an OAuth request is
	// some kilobytes, an MCP request rarely more than one megabyte.
	maxRecorded = 1 << 20
	// closeGrace is how long Close waits for handlers whose context ended.
	closeGrace = 5 * time.Second
)

// A part answers some of the paths of a host.
type part interface {
	owns(path string) bool
	kind(r *http.Request, form url.Values) string
	fault() Fault
	latency() time.Duration
	serve(kind string, w http.ResponseWriter, r *http.Request)
}

// A host listens on a loopback address and hands each request, recorded, to
// the part that owns its path.
type host struct {
	recorder
	listener net.Listener
	server   *http.Server
	base     string
	client   *http.Client
	cancel   context.CancelFunc
	close    sync.Once

	mu    sync.RWMutex
	parts []part // the first that owns a path answers it
}

// newHost starts to listen. Like httptest it panics when it cannot.
// certificates asks the clients of a secure host for one.
func newHost(name string, secure, certificates bool, listener net.Listener) *host {
	if listener == nil {
		listener = listen(name)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		panic(fmt.Sprintf("flowstest: listener: %v is not a loopback address", listener.Addr()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &host{listener: listener, client: newClient(), cancel: cancel}
	h.base = baseURL(secure, or(name, address.IP.String()), address.Port)
	h.server = &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}
	go h.run(secure, certificates)
	return h
}

func (h *host) run(secure, certificates bool) {
	var err error
	if secure {
		h.server.TLSConfig = serverTLS(certificates)
		err = h.server.ServeTLS(h.listener, "", "")
	} else {
		err = h.server.Serve(h.listener)
	}
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		panic("flowstest: serve: " + err.Error())
	}
}

func listen(name string) net.Listener {
	address := "127.0.0.1:0"
	if strings.Trim(name, "[]") == "::1" {
		address = "[::1]:0"
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		panic("flowstest: listen: " + err.Error())
	}
	return listener
}

func baseURL(secure bool, name string, port int) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(strings.Trim(name, "[]"), fmt.Sprint(port))
}

// Client returns an http.Client that trusts the certificates of this package
// and resolves every name below example.com to the loopback address. It
// follows redirects as http.Client does. Its Transport is an *http.Transport
// of its own. All calls return the same client; Close closes its idle
// connections.
func (h *host) Client() *http.Client { return h.client }

// Handler returns the fake as a handler, for a server of the caller's own. The
// URLs in its documents stay those of its own listener.
func (h *host) Handler() http.Handler { return h }

// ServeHTTP records a request and lets the part that owns its path answer.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := h.owner(r.URL.Path)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	body := readBody(r)
	form := bodyForm(r.Header, body.start)
	kind := p.kind(r, form)
	request, n := h.begin(kind, r, form, body.start)
	answer := &answerWriter{ResponseWriter: w}
	defer func() { h.end(request, answer.answered()) }()
	if !wait(r.Context(), p.latency()) {
		panic(http.ErrAbortHandler)
	}
	if fault := p.fault(); fault != nil {
		r.Body = body.replay()
		if fault(kind, n, answer, r) {
			answer.done = true
			return
		}
	}
	r.Body = body.replay()
	p.serve(kind, answer, r)
	answer.release()
	answer.done = true
}

func (h *host) owner(path string) part {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, p := range h.parts {
		if p.owns(path) {
			return p
		}
	}
	return nil
}

// mount adds a part before the others.
func (h *host) mount(p part) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts = append([]part{p}, h.parts...)
}

func (h *host) unmount(p part) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts = slices.DeleteFunc(h.parts, func(q part) bool { return q == p })
}

// Close stops the fake: it ends the contexts of the requests that are still
// being answered, waits for their handlers for a few seconds, and closes all
// connections. What was recorded can still be read, and Leaks says what was
// under way. It may be called more than once.
func (h *host) Close() {
	h.close.Do(func() {
		h.noteLeaks()
		h.cancel()
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		h.client.CloseIdleConnections()
		_ = h.listener.Close()
		h.waitIdle(ctx)
		_ = h.server.Close()
	})
}
