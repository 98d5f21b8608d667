// Configuration: which identity provider, which client there, and whose sign-on.

package oidclogin

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Config says where and as which client a [Source] signs its user on. Issuer,
// ClientID and Authorizer are required. [New] copies it; what its pointers, maps
// and functions refer to must not be changed afterwards, and the functions may
// be called by several goroutines at once.
type Config struct {
	// Issuer is the identity provider: https, byte for byte as its metadata and
	// its ID tokens spell it. Its endpoints are discovered.
	Issuer string
	// ClientID is the client that is registered there, and the audience of the
	// ID tokens. ClientSecret is empty for a public client.
	ClientID     string
	ClientSecret gen.Secret
	// TokenEndpointAuthMethod is how the client authenticates. Empty means the
	// provider's preference.
	TokenEndpointAuthMethod string
	// ClientKey signs client assertions (private_key_jwt). Nil means none.
	ClientKey *flows.ClientKey
	// RedirectURIs are the registered ones. Nil means unknown: whatever the
	// Authorizer binds is sent, as RFC 8252 §7.3 allows for loopback ports.
	RedirectURIs []string

	// Authorizer brings the user to the provider.
	Authorizer sdk.Authorizer
	// Scopes are asked for beside "openid". With "offline_access" most providers
	// issue a refresh token, which spares the user the browser. Nil adds none.
	Scopes []string
	// Prompt is the prompt parameter; empty sends "consent" with offline_access
	// only, "-" never sends any.
	Prompt string
	// Params are added to the authorization request, such as login_hint or
	// domain_hint. They cannot replace parameters of the protocol. Nil adds none.
	Params url.Values

	// Subject names the user in Store, as in sdk.Config. Empty is the only user.
	Subject string
	// Store keeps the sign-on for later and for other processes. It holds the ID
	// token and the refresh token: seal it (package sealed). One that serves
	// sdk.Config serves here too. Nil means memory.
	Store sdk.Store
	// Skew is how long before its end an ID token is renewed. Zero means a
	// minute, or a quarter of the token's life if that is less.
	Skew time.Duration
	// LoginTimeout bounds a login with a human in it. Zero means 10 minutes.
	LoginTimeout time.Duration

	// HTTPClient sends the requests: proxy, CA, client certificate. It is not
	// changed. Nil means http.DefaultTransport.
	HTTPClient *http.Client
	// PKCEUnadvertised says that the provider supports PKCE with S256 although
	// its metadata leaves code_challenge_methods_supported out, as that of
	// Microsoft Entra ID does.
	PKCEUnadvertised bool
	// AllowInsecureHTTP, AllowPrivateNetworks and AllowNetworks loosen a rule;
	// see [flows.Client]. A provider in a private network needs none of them for
	// endpoints in the same kind of network.
	AllowInsecureHTTP    []string
	AllowPrivateNetworks bool
	AllowNetworks        []netip.Prefix
	// Trace observes each request and decision. Nil observes nothing.
	Trace *flows.Trace
}

// check refuses a configuration that could only fail later.
func (c *Config) check() error {
	switch {
	case c.Issuer == "":
		return errors.New("oidclogin: config: Issuer is empty")
	case c.ClientID == "":
		return errors.New("oidclogin: config: ClientID is empty")
	case c.Authorizer == nil:
		return errors.New("oidclogin: config: Authorizer is nil: use sdk.Loopback or sdk.Paste")
	}
	if _, err := flows.AuthorizationServerMetadataURLs(c.Issuer); err != nil {
		return fmt.Errorf("oidclogin: config: Issuer: %w", err)
	}
	return nil
}

// client is the configured client as the flows know clients.
func (c *Config) client() *gen.ClientInformation {
	return &gen.ClientInformation{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, RedirectURIs: c.RedirectURIs,
	}
}

// scope is what is asked for. Without openid there would be no ID token.
//
// https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
func (c *Config) scope() []string {
	scope := []string{"openid"}
	for _, one := range c.Scopes {
		if !slices.Contains(scope, one) {
			scope = append(scope, one)
		}
	}
	return scope
}

// params are those of one authorization request.
func (c *Config) params(nonce string) url.Values {
	params := url.Values{}
	maps.Copy(params, c.Params)
	params.Set("nonce", nonce)
	return params
}

// renewAt is when an ID token of this life is due.
func (c *Config) renewAt(issued, expires time.Time) time.Time {
	skew := c.Skew
	if skew == 0 {
		skew = min(time.Minute, expires.Sub(issued)/4)
	}
	return expires.Add(-max(skew, 0))
}

func (c *Config) loginTimeout() time.Duration {
	if c.LoginTimeout > 0 {
		return c.LoginTimeout
	}
	return 10 * time.Minute
}
