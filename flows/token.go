// Token requests: a code or a refresh token becomes an access token.

package flows

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// The grant types of the token requests in this package.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
)

// TokenRequest is what all token requests share.
type TokenRequest struct {
	// Endpoint is the token endpoint of the issuer to which the credentials
	// belong. Required.
	Endpoint string
	// Auth is the client. Required.
	Auth ClientAuth
	// Resource is sent as resource (RFC 8707 §2.2); empty omits it.
	Resource string
	// Scope is what was asked for. It is sent on refresh when SendScope is
	// set, and recorded as granted when the answer names no scope.
	Scope []string
	// Params are further parameters; they cannot replace those of the
	// protocol. Nil adds none.
	Params url.Values
	// DPoP binds the token to its key, and then refuses one that is not bound.
	// A refresh needs the key that the refresh token was issued with. Nil asks
	// for a bearer token.
	DPoP *DPoP
}

// CodeRequest redeems an authorization code.
type CodeRequest struct {
	TokenRequest
	// Code is what [Pending.Code] returned.
	Code gen.Secret
	// Verifier and RedirectURI are those of the [Pending] request, byte for byte.
	Verifier    gen.Secret
	RedirectURI string
}

// RefreshRequest trades a refresh token.
type RefreshRequest struct {
	TokenRequest
	// RefreshToken is the present one. It may be spent once the request was
	// sent: store the answer's before anything else.
	RefreshToken gen.Secret
	// SendScope sends Scope, for the servers that narrow the token without it.
	SendScope bool
}

// Token is an access token and what came with it. It prints redacted.
type Token struct {
	AccessToken gen.Secret
	// TokenType is "Bearer" or "DPoP", spelled so whatever the server's case;
	// in a token exchange also [TokenTypeNotApplicable].
	TokenType string
	// IssuedTokenType is what a token exchange issued (RFC 8693 §3); empty for
	// other grants.
	IssuedTokenType string
	// RefreshToken is the one to use next; empty if there is none.
	RefreshToken gen.Secret
	IDToken      gen.Secret
	// Scope is what was granted: the answer's, else what was asked for.
	Scope []string
	// IssuedAt is when the request was sent.
	IssuedAt time.Time
	// ExpiresAt is IssuedAt plus expires_in; zero when the answer names none.
	ExpiresAt time.Time
	// Response is the whole answer, with the members that are not known here.
	Response *gen.TokenResponse
}

// ExchangeCode redeems an authorization code. An error is a [*TokenError].
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.3
func (c *Client) ExchangeCode(ctx context.Context, in CodeRequest) (*Token, error) {
	request := &gen.AuthorizationCodeTokenRequest{
		Code: in.Code, CodeVerifier: in.Verifier, RedirectURI: in.RedirectURI,
		Resource: in.resource(), Params: in.Params,
	}
	return c.token(ctx, GrantAuthorizationCode, in.TokenRequest, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().ExchangeAuthorizationCode(ctx, in.Endpoint, request, edit)
	})
}

// Refresh trades a refresh token. A scope or refresh token that the answer
// leaves out carries over. An error is a [*TokenError]; only when it is Final
// is the refresh token spent.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-6
func (c *Client) Refresh(ctx context.Context, in RefreshRequest) (*Token, error) {
	request := &gen.RefreshTokenRequest{
		RefreshToken: in.RefreshToken,
		Resource:     in.resource(), Params: in.Params,
	}
	if in.SendScope {
		request.Scope = strings.Join(in.Scope, " ")
	}
	token, err := c.token(ctx, GrantRefreshToken, in.TokenRequest, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().RefreshAccessToken(ctx, in.Endpoint, request, edit)
	})
	if err != nil {
		return nil, err
	}
	if token.RefreshToken == "" {
		token.RefreshToken = in.RefreshToken
	}
	return token, nil
}

func (in TokenRequest) resource() []string {
	if in.Resource == "" {
		return nil
	}
	return []string{in.Resource}
}

type tokenCall func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error)

// token is the sequence of every grant. rules are what the grant judges its
// answer by, beside what holds for all.
func (c *Client) token(ctx context.Context, grant string, in TokenRequest, call tokenCall, rules ...validate.Option) (*Token, error) {
	// 1. The endpoint may be given secrets, and the client can authenticate.
	if err := c.endpoint("token_endpoint", in.Endpoint); err != nil {
		return nil, &TokenError{Grant: grant, Err: err}
	}
	edit, err := in.Auth.edit(ctx)
	if err != nil {
		return nil, &TokenError{Grant: grant, Err: err}
	}
	var secrets spoken
	// 2. One request. It is sent again only if it certainly never arrived, or
	// to put the server's nonce into the DPoP proof.
	sent := time.Now().Round(0) // wall clock: a suspended machine ages its tokens too
	doc, err := c.proven(forResource(ctx, in.Resource), grant, in, func(ctx context.Context) (*gen.TokenResponse, error) {
		heard := secrets.heard(edit)
		res, failure := call(withRenewal(ctx, heard), heard)
		// 3. Whatever came back becomes a token response or a typed error.
		doc, err := readToken(grant, res, failure)
		return doc, in.Auth.blameClock(err, failure)
	})
	if err != nil {
		return nil, secrets.cut(err)
	}
	// 4. Some answers must not be used although they look right.
	if err := validate.Token(doc, append(rules, in.DPoP.tokenRules()...)...).Refuses(validate.UseDocument); err != nil {
		return nil, &TokenError{Grant: grant, Err: in.DPoP.downgrade(doc, err)}
	}
	return newToken(doc, in.Scope, sent), nil
}

// forResource lets the guard know where the resource is, unless ctx does.
func forResource(ctx context.Context, resource string) context.Context {
	if resource == "" || resourceFrom(ctx) != nil {
		return ctx
	}
	return withResource(ctx, resource)
}

func newToken(doc *gen.TokenResponse, requested []string, sent time.Time) *Token {
	t := &Token{
		AccessToken: doc.AccessToken, TokenType: canonicalTokenType(doc.TokenType),
		RefreshToken: doc.RefreshToken, IDToken: doc.IDToken, IssuedTokenType: doc.IssuedTokenType,
		Scope: SplitScope(doc.Scope), IssuedAt: sent, Response: doc,
	}
	if len(t.Scope) == 0 {
		// RFC 6749 §5.1: scope may be left out if identical to the request's.
		t.Scope = requested
	}
	if doc.ExpiresIn != nil {
		t.ExpiresAt = sent.Add(lifetime(*doc.ExpiresIn))
	}
	return t
}

// lifetime bounds expires_in to what a duration holds; a negative one is over.
func lifetime(s gen.Seconds) time.Duration {
	const century = 100 * 365 * 24 * 3600
	return time.Duration(min(max(s, 0), century)) * time.Second
}

// canonicalTokenType: the type is case-insensitive (RFC 6749 §5.1); without
// one a token is taken as Bearer, as many servers mean it.
func canonicalTokenType(s string) string {
	for _, other := range []string{"DPoP", TokenTypeNotApplicable} {
		if strings.EqualFold(s, other) {
			return other
		}
	}
	return "Bearer"
}

// RetryAfter returns how long the server that caused err asked to be left alone;
// 0 when it did not.
func RetryAfter(err error) time.Duration {
	var token *TokenError
	var endpoint *EndpointError
	switch {
	case errors.As(err, &token):
		return token.RetryAfter
	case errors.As(err, &endpoint):
		return endpoint.RetryAfter
	}
	return 0
}

// IsTemporary says that err came from something that may pass: the network, a
// 5xx, 429, or an answer that was none. Nothing stored is invalid because of it.
func IsTemporary(err error) bool {
	var token *TokenError
	var discovery *DiscoveryError
	var registration *RegistrationError
	var endpoint *EndpointError
	switch {
	case err == nil:
		return false
	case errors.As(err, &token) && token.StatusCode != 0:
		return !token.Final() && !errors.As(err, new(*validate.Error))
	case errors.As(err, &discovery):
		return discovery.Temporary
	case errors.As(err, &registration) && registration.StatusCode != 0:
		return mayPass(registration.StatusCode)
	case errors.As(err, &endpoint) && endpoint.StatusCode != 0:
		return endpoint.temporary()
	case errors.As(err, new(*fs.PathError)):
		return false // its errors pass for the network's
	}
	return isNetworkError(err)
}
