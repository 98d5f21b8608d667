// The client: what every leg of every flow shares.

package flows

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// ProtocolVersion is the revision of the MCP specification that the flows
// follow, and the value of MCP-Protocol-Version unless [Client] names another.
const ProtocolVersion = "2026-07-28"

// Client carries out the legs of the flows. The zero value is usable. Its
// fields must not be changed after the first call; its methods may be called
// by several goroutines at once. A Client must not be copied after first use.
// It needs no closing: idle connections end by themselves, or by
// CloseIdleConnections.
type Client struct {
	// HTTP sends the OAuth requests (proxy, CA, client certificate, test
	// transport). It is copied and wrapped, never changed: its cookie jar and
	// redirect policy are not used. Nil means a client of our own.
	HTTP *http.Client
	// Trace observes each leg and each decision. Nil observes nothing.
	Trace *Trace
	// UserAgent is sent on every leg. Empty means the library's own.
	UserAgent string
	// ProtocolVersion is sent as MCP-Protocol-Version on every leg. Empty
	// means [ProtocolVersion].
	ProtocolVersion string
	// Timeout bounds one leg, from dialing to the last byte of the answer,
	// repetitions included. Zero means 15 s for token requests and 30 s for
	// the others.
	Timeout time.Duration
	// AllowInsecureHTTP lists origins ("http://as.internal:8080") whose
	// endpoints may be plain HTTP. Loopback hosts never need it. Everything
	// sent there, secrets included, can be read on the way.
	AllowInsecureHTTP []string
	// AllowPrivateNetworks lets legs dial private, loopback and shared
	// address ranges although the resource is a public one. Link-local
	// addresses stay refused. Without it a hostile metadata document cannot
	// make this process send requests into its own network.
	AllowPrivateNetworks bool
	// AllowNetworks lists further networks that legs may dial, such as that of
	// an authorization server inside the company. A metadata address of a
	// cloud needs a prefix of its own.
	AllowNetworks []netip.Prefix
	// PKCEUnadvertised lists issuers known to support PKCE with S256 although
	// their metadata leaves code_challenge_methods_supported out. A list that
	// is there without S256 is never excused.
	PKCEUnadvertised []string
	// Documents keeps metadata documents between discoveries. Nil fetches them
	// each time.
	Documents DocumentCache

	once sync.Once
	door *door
	ops  *gen.Client
}

// Operations returns the generated operations behind this client's door:
// its limits, retries, redirect rule and trace hold for them too.
func (c *Client) Operations() *gen.Client {
	c.once.Do(func() {
		c.door = newDoor(doorOptions{
			HTTP:                 c.HTTP,
			Trace:                c.Trace,
			Header:               c.header(),
			Timeout:              c.Timeout,
			AllowPrivateNetworks: c.AllowPrivateNetworks,
			AllowNetworks:        c.AllowNetworks,
		})
		c.ops = &gen.Client{Doer: c.door}
	})
	return c.ops
}

// CloseIdleConnections closes the connections of this client that no leg is
// using; those of HTTP's own transport are left to its owner.
func (c *Client) CloseIdleConnections() {
	c.Operations()
	c.door.CloseIdleConnections()
}

// Decided reports a decision of the caller's own to the trace of this client
// and of ctx, such as that a token is due. Texts are cut and escaped like those
// of the flows.
func (c *Client) Decided(ctx context.Context, step, subject, outcome, reason string) {
	c.Trace.decided(ctx, step, subject, outcome, reason)
}

// TokenTimeout is the time within which a token request ends, one way or the
// other.
func (c *Client) TokenTimeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return grantLimit
}

func (c *Client) header() http.Header {
	version := c.ProtocolVersion
	if version == "" {
		version = ProtocolVersion
	}
	h := http.Header{"Mcp-Protocol-Version": {version}}
	if c.UserAgent != "" {
		h.Set("User-Agent", c.UserAgent)
	}
	return h
}

// rules are the options under which this client judges documents.
func (c *Client) rules(more ...validate.Option) []validate.Option {
	return append(slices.Clip(more), validate.AllowInsecureHTTP(c.AllowInsecureHTTP...))
}

// endpoint refuses an endpoint that is absent or not fit for secrets.
func (c *Client) endpoint(name, endpoint string) error {
	if endpoint == "" {
		return &MissingEndpointError{Endpoint: name}
	}
	return validate.Endpoint(endpoint, c.rules()...)
}
