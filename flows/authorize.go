// Authorization request: what the browser is sent to, and what is remembered
// until it comes back.

package flows

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// AuthorizeRequest says what to ask the human for.
type AuthorizeRequest struct {
	// Discovery is where to ask. Required.
	Discovery *Discovery
	// Client is who asks. Required.
	Client *gen.ClientInformation
	// RedirectURI is where the answer comes. Required; sent byte for byte.
	RedirectURI string
	// Resource is sent as resource; empty omits it, for the servers that
	// reject it.
	Resource string
	// Scope is sent as scope; nil omits it.
	Scope []string
	// Prompt is sent as prompt. Empty sends "consent" with offline_access,
	// which OpenID servers need to grant it, and nothing otherwise; "-" sends
	// nothing in either case.
	Prompt string
	// Params are further parameters, such as audience or login_hint. They
	// cannot replace those of the protocol. Nil adds none.
	Params url.Values
	// DPoPKey binds the code to a key: the token request must then have a
	// [DPoP] with the same one. Nil binds the code to PKCE's verifier only.
	DPoPKey *DPoPKey
	// Auth authenticates the client where the request is pushed; see
	// [Client.AuthorizePushed]. A zero Auth is a public client.
	Auth ClientAuth
	// Push pushes the request although the server does not require it.
	Push bool
}

// Pending is an authorization request under way: the URL for the browser and
// the values that the answer is checked against and redeemed with. It belongs
// to one answer.
type Pending struct {
	// URL is where the browser goes. It holds the state: do not log it.
	URL string
	// State and Verifier are fresh for each request.
	State    string
	Verifier gen.Secret
	// RedirectURI, Resource and Scope are as sent.
	RedirectURI string
	Resource    string
	Scope       []string
	// Issuer is the metadata's own spelling, recorded before the redirect.
	Issuer string
	// IssParameterSupported is what the metadata advertised (RFC 9207).
	IssParameterSupported bool
	// Undocumented says that there was no metadata (DISC-6).
	Undocumented bool
	// URLExpiresAt is when a pushed request's URL stops working, often a minute
	// from now; zero for others.
	URLExpiresAt time.Time
}

// Format prints issuer and scope, and not the values that an attacker needs,
// under every verb.
func (p Pending) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "authorization request at %s for scope %q", p.Issuer, strings.Join(p.Scope, " "))
}

// Authorize prepares an authorization request with PKCE. It refuses before
// anything is sent when the server does not advertise S256, the endpoint is not
// fit for use, or the request must be pushed ([Client.AuthorizePushed]).
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-flow-steps
func (c *Client) Authorize(in AuthorizeRequest) (*Pending, error) {
	if in.pushes() {
		return nil, errMustPush
	}
	p, err := c.prepare(in)
	if err != nil {
		return nil, err
	}
	// The URL. The endpoint's own query is kept.
	if p.URL, err = withQuery(in.Discovery.Server.AuthorizationEndpoint, in.values(p)); err != nil {
		return nil, err
	}
	return p, nil
}

// prepare makes the request without its URL.
func (c *Client) prepare(in AuthorizeRequest) (*Pending, error) {
	d := in.Discovery
	// 1. There must be somewhere to come back to (AUTHZ-13).
	if in.RedirectURI == "" {
		return nil, errors.New("flows: authorize: no redirect URI")
	}
	if err := validate.RedirectURI(in.RedirectURI); err != nil {
		return nil, err
	}
	// 2. The server must be fit for the code flow: PKCE with S256, the code
	// response type, an endpoint that may be opened.
	if err := c.fitForCode(d); err != nil {
		return nil, err
	}
	// 3. Fresh secrets, and the issuer recorded beside them.
	return &Pending{
		State: newState(), Verifier: newVerifier(),
		RedirectURI: in.RedirectURI, Resource: in.Resource, Scope: in.Scope,
		Issuer:                d.Server.Issuer,
		IssParameterSupported: d.Server.AuthorizationResponseIssParameterSupported,
		Undocumented:          d.Undocumented(),
	}, nil
}

// fitForCode applies the rules that refuse the code flow (META-1, META-5).
func (c *Client) fitForCode(d *Discovery) error {
	if err := c.endpoint("authorization_endpoint", d.Server.AuthorizationEndpoint); err != nil {
		return err
	}
	if err := c.endpoint("token_endpoint", d.Server.TokenEndpoint); err != nil {
		return err
	}
	if d.Undocumented() {
		return nil
	}
	var except []validate.Rule
	if d.Server.CodeChallengeMethodsSupported == nil && slices.Contains(c.PKCEUnadvertised, d.Server.Issuer) {
		except = append(except, validate.RulePKCEMissing)
	}
	found := validate.AuthorizationServer(d.Server, d.Server.Issuer, c.rules()...)
	return found.Refuses(validate.UseAuthorizationCode, except...)
}

func (in *AuthorizeRequest) values(p *Pending) url.Values {
	q := maps.Clone(in.Params)
	if q == nil {
		q = url.Values{}
	}
	q.Set("response_type", "code")
	q.Set("client_id", in.Client.ClientID)
	q.Set("redirect_uri", in.RedirectURI)
	q.Set("state", p.State)
	q.Set("code_challenge", challengeS256(p.Verifier))
	q.Set("code_challenge_method", "S256")
	if in.Resource != "" {
		q.Set("resource", in.Resource)
	}
	if len(in.Scope) > 0 {
		q.Set("scope", strings.Join(in.Scope, " "))
	}
	if in.DPoPKey != nil {
		q.Set("dpop_jkt", in.DPoPKey.Thumbprint()) // RFC 9449 §10
	}
	switch {
	case in.Prompt == "-":
	case in.Prompt != "":
		q.Set("prompt", in.Prompt)
	case slices.Contains(in.Scope, scopeOfflineAccess):
		// OpenID Connect Core §11: without consent the request for offline
		// access must be ignored.
		q.Set("prompt", "consent")
	}
	return q
}

// withQuery adds q to an endpoint whose own query stays as it is.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-3.1
func withQuery(endpoint string, q url.Values) (string, error) {
	u, err := parseHTTPURL("authorization_endpoint", endpoint)
	if err != nil {
		return "", err
	}
	for name := range u.Query() {
		// A parameter must not appear twice; the protocol's own one counts.
		if q.Has(name) {
			return "", errors.New("flows: authorization_endpoint: its query already has " + bounded(name))
		}
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += q.Encode()
	return u.String(), nil
}
