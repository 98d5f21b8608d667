// Identity assertion grant (ID-JAG): what an enterprise's identity provider lets a user do elsewhere.

package flows

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// SubjectToken is a proof of who the user is, made by the enterprise's identity
// provider at single sign-on.
type SubjectToken struct {
	// Token is the ID token, or the SAML assertion in base64url.
	Token gen.Secret
	// Type is [TypeIDToken] or [TypeSAML2]. Empty means an ID token.
	Type string
}

// IDJAGRequest asks the identity provider for an identity assertion for one
// resource. Endpoint and Auth are those of the identity provider; Resource is
// the MCP server, and required.
type IDJAGRequest struct {
	TokenRequest
	// Subject is the user. Required; an expired one is the identity
	// provider's to refuse.
	Subject SubjectToken
	// Audience is the issuer of the MCP server's authorization server, byte for
	// byte. Required.
	Audience string
}

// Format prints in redacted under every verb.
func (in IDJAGRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest TokenRequest
		Subject      SubjectToken
		Audience     string
	}{in.TokenRequest, in.Subject, in.Audience})
}

// IDJAG is an identity assertion: a grant for one authorization server, and no
// access token. It prints redacted.
type IDJAG struct {
	// Assertion is presented once, to [Client.RedeemIDJAG].
	Assertion gen.Secret
	// Scope is what the identity provider's policy left of what was asked for.
	Scope []string
	// ExpiresAt is when it ends, minutes from now; zero if the answer does not
	// say.
	ExpiresAt time.Time
	// Response is the whole answer.
	Response *gen.TokenResponse
}

// Format prints g redacted under every verb.
func (g IDJAG) Format(f fmt.State, verb rune) {
	type plain IDJAG
	printAs(f, verb, plain(g))
}

// RequestIDJAG is the first leg of enterprise-managed authorization: the
// identity provider trades the user's sign-on for an identity assertion, if the
// administrator's policy allows. A policy that does not is a [*PolicyError];
// any other error is a [*TokenError].
//
// https://www.ietf.org/archive/id/draft-ietf-oauth-identity-assertion-authz-grant-00.html#section-4.3
func (c *Client) RequestIDJAG(ctx context.Context, in IDJAGRequest) (*IDJAG, error) {
	// 1. The parameters that the profile requires of RFC 8693.
	exchange := ExchangeRequest{
		TokenRequest: in.TokenRequest, SubjectToken: in.Subject.Token, SubjectTokenType: in.Subject.Type,
		RequestedTokenType: TypeIDJAG, Audience: []string{in.Audience},
	}
	if exchange.SubjectTokenType == "" {
		exchange.SubjectTokenType = TypeIDToken
	}
	if err := in.complete(exchange.SubjectTokenType); err != nil {
		return nil, &TokenError{Grant: GrantTokenExchange, Err: err}
	}
	// 2. The exchange. Only an ID-JAG will do.
	token, err := c.ExchangeToken(ctx, exchange)
	if err != nil {
		return nil, policyError("identity provider", err)
	}
	// 3. It "is not an OAuth access token": an answer that says otherwise does
	// not come from this profile.
	if token.TokenType != TokenTypeNotApplicable {
		return nil, &TokenError{Grant: GrantTokenExchange, Err: &IssuedTypeError{
			Requested: TypeIDJAG, Issued: token.IssuedTokenType, TokenType: token.TokenType,
		}}
	}
	return &IDJAG{Assertion: token.AccessToken, Scope: token.Scope, ExpiresAt: token.ExpiresAt, Response: token.Response}, nil
}

func (in *IDJAGRequest) complete(subjectType string) error {
	switch {
	case in.Subject.Token == "":
		return errors.New("flows: identity assertion: no subject token")
	case subjectType != TypeIDToken && subjectType != TypeSAML2:
		return fmt.Errorf("flows: identity assertion: subject token of type %q: it must be an ID token or a SAML 2 assertion", bounded(subjectType))
	case in.Audience == "":
		return errors.New("flows: identity assertion: no audience: it is the issuer of the MCP server's authorization server")
	case in.Resource == "":
		return errors.New("flows: identity assertion: no resource")
	}
	return nil
}

// IDJAGTokenRequest presents an identity assertion to the MCP server's
// authorization server. Auth is the client there.
type IDJAGTokenRequest struct {
	TokenRequest
	// Issuer is the authorization server that the assertion was made for.
	// Required; Endpoint must be on its origin.
	Issuer string
	// Grant is fresh from [Client.RequestIDJAG]. Required.
	Grant *IDJAG
}

// Format prints in redacted under every verb.
func (in IDJAGTokenRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest TokenRequest
		Issuer       string
	}{in.TokenRequest, in.Issuer})
}

// RedeemIDJAG is the second leg: the authorization server of the MCP server
// takes the identity assertion for an access token. The assertion says who the
// user is, so it goes to the issuer's own origin and nowhere else
// ([*ForeignEndpointError]). A policy's no is a [*PolicyError]; any other error
// is a [*TokenError].
//
// https://www.ietf.org/archive/id/draft-ietf-oauth-identity-assertion-authz-grant-00.html#section-4.4
func (c *Client) RedeemIDJAG(ctx context.Context, in IDJAGTokenRequest) (*Token, error) {
	if err := onOrigin("token_endpoint", in.Endpoint, in.Issuer); err != nil {
		return nil, &TokenError{Grant: GrantJWTBearer, Err: err}
	}
	if err := looksLikeJWT(in.Grant.Assertion); err != nil {
		return nil, &TokenError{Grant: GrantJWTBearer, Err: &AssertionError{Source: "identity provider", Err: err}}
	}
	token, err := c.presentAssertion(ctx, in.TokenRequest, in.Grant.Assertion)
	return token, policyError("authorization server", err)
}

// EnterpriseRequest is both legs. The embedded request is that of the second:
// the token endpoint of the MCP server's authorization server and the client
// there. Resource is required; Scope goes to both.
type EnterpriseRequest struct {
	TokenRequest
	// Issuer is the MCP server's authorization server. Required.
	Issuer string
	// IdentityProvider is the token endpoint of the enterprise's identity
	// provider, and IdentityProviderAuth the client there. Required.
	IdentityProvider     string
	IdentityProviderAuth ClientAuth
	// IdentityProviderParams are further parameters for it. Nil adds none.
	IdentityProviderParams url.Values
	// Subject returns the user's sign-on. Required; it is called once.
	Subject func(ctx context.Context) (SubjectToken, error)
}

// Enterprise gets an access token by enterprise-managed authorization
// (SEP-990), with an identity assertion made for this very request. Errors are
// those of [Client.RequestIDJAG] and [Client.RedeemIDJAG], or what Subject
// returned.
//
// https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/enterprise-managed-authorization.mdx
func (c *Client) Enterprise(ctx context.Context, in EnterpriseRequest) (*Token, error) {
	// 1. An identity assertion is not asked for in vain.
	if err := onOrigin("token_endpoint", in.Endpoint, in.Issuer); err != nil {
		return nil, &TokenError{Grant: GrantJWTBearer, Err: err}
	}
	// 2. The user has signed on at the identity provider.
	subject, err := in.Subject(ctx)
	if err != nil {
		return nil, err
	}
	// 3. The identity provider applies its policy.
	grant, err := c.RequestIDJAG(ctx, IDJAGRequest{
		TokenRequest: TokenRequest{
			Endpoint: in.IdentityProvider, Auth: in.IdentityProviderAuth,
			Resource: in.Resource, Scope: in.Scope, Params: in.IdentityProviderParams,
		},
		Subject: subject, Audience: in.Issuer,
	})
	if err != nil {
		return nil, err
	}
	// 4. The authorization server takes its word for it.
	return c.RedeemIDJAG(ctx, IDJAGTokenRequest{TokenRequest: in.TokenRequest, Issuer: in.Issuer, Grant: grant})
}

// PolicyError reports that an administrator's policy does not allow this
// client, user, resource or scope. The remedy is the administrator's; asking
// again does not help.
type PolicyError struct {
	// Party is who refused: "identity provider" or "authorization server".
	Party string
	// Err is the refusal.
	Err *TokenError
}

// Error names the party and the refusal.
func (e *PolicyError) Error() string {
	return fmt.Sprintf("flows: policy of the %s: %v", e.Party, e.Err)
}

// Unwrap returns the refusal.
func (e *PolicyError) Unwrap() error { return e.Err }

// policyCodes are what servers answer when they understood and will not.
// invalid_grant is not among them: it says that the sign-on or the assertion is
// no longer good.
//
// https://www.rfc-editor.org/rfc/rfc8693.html#section-2.2.2
var policyCodes = []string{
	"access_denied", "unauthorized_client", "invalid_target", "invalid_scope",
	"consent_required", "interaction_required", "insufficient_user_authentication",
}

func policyError(party string, err error) error {
	var refusal *TokenError
	if errors.As(err, &refusal) && refusal.Final() && slices.Contains(policyCodes, refusal.Code) {
		return &PolicyError{Party: party, Err: refusal}
	}
	return err
}

// ForeignEndpointError reports an endpoint that is not on its issuer's origin,
// for a grant that goes nowhere else. Nothing was sent.
type ForeignEndpointError struct {
	// Endpoint is the metadata member; URL is its value, without a query.
	Endpoint, URL string
	// Issuer is the authorization server.
	Issuer string
}

// Error names endpoint and issuer.
func (e *ForeignEndpointError) Error() string {
	return fmt.Sprintf("flows: %s %s is not on the origin of the issuer %s", e.Endpoint, bounded(e.URL), bounded(e.Issuer))
}

func onOrigin(name, endpoint, issuer string) error {
	if endpoint == "" {
		return &MissingEndpointError{Endpoint: name}
	}
	at, err := url.Parse(endpoint)
	if err == nil {
		var of *url.URL
		if of, err = url.Parse(issuer); err == nil && of.Host != "" && sameOrigin(at, of) {
			return nil
		}
	}
	return &ForeignEndpointError{Endpoint: name, URL: withoutQuery(endpoint), Issuer: issuer}
}
