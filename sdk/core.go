// Core: what all sessions of one configuration share.

package sdk

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/mcpoauth/mcpoauth/flows"
)

// core is shared by the sessions of a [Client] or a [Pool].
type core struct {
	cfg   Config
	flows *flows.Client
	store Store
	docs  *documents

	life context.Context //nolint:containedctx // the life of flights, which ends with Close
	end  context.CancelFunc

	mu      sync.Mutex // guards closed against a flight that starts meanwhile
	closed  bool
	flights sync.WaitGroup

	writing keyLocks     // of the sessions whose record is being written, by its key
	swept   atomic.Int64 // Unix seconds of the last sweep
}

// target is one protected resource. It is immutable but for the count, which
// the mutex of its pool guards.
type target struct {
	url      string
	covers   *coverage
	sessions int
}

func newCore(cfg *Config) *core {
	c := &core{cfg: cfg.copied(), store: cfg.Store}
	cfg = &c.cfg
	if c.store == nil {
		c.store = NewMemoryStore()
	}
	c.docs = &documents{store: c.store}
	c.flows = &flows.Client{
		HTTP: cfg.HTTPClient, Trace: cfg.Trace,
		UserAgent: cfg.UserAgent, ProtocolVersion: cfg.ProtocolVersion, Timeout: cfg.LegTimeout,
		AllowInsecureHTTP: cfg.AllowInsecureHTTP, AllowPrivateNetworks: cfg.AllowPrivateNetworks, AllowNetworks: cfg.AllowNetworks,
		PKCEUnadvertised: cfg.PKCEUnadvertised, Documents: c.docs,
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// start runs f on its own, unless the core is closed.
func (c *core) start(f func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.flights.Go(f)
	return nil
}

// usable returns ErrClosed after close.
func (c *core) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return nil
}

// close ends all flights and waits for them.
func (c *core) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.flights.Wait()
	c.flows.CloseIdleConnections()
}

func (c *core) log(message string, args ...any) {
	if c.cfg.Logger != nil {
		c.cfg.Logger.With(slog.String("component", "mcpoauth")).Info(message, args...)
	}
}
