// Token exchange: one token for another.

package flows

import (
	"context"
	"fmt"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// GrantTokenExchange is the grant type of [Client.ExchangeToken].
const GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// The token types of RFC 8693 §3, and of the identity assertion grant.
const (
	TypeAccessToken  = "urn:ietf:params:oauth:token-type:access_token"
	TypeRefreshToken = "urn:ietf:params:oauth:token-type:refresh_token"
	TypeIDToken      = "urn:ietf:params:oauth:token-type:id_token"
	TypeSAML2        = "urn:ietf:params:oauth:token-type:saml2"
	TypeJWT          = "urn:ietf:params:oauth:token-type:jwt"
	TypeIDJAG        = "urn:ietf:params:oauth:token-type:id-jag"
)

// TokenTypeNotApplicable is the token_type of an exchanged token that is no
// access token (RFC 8693 §2.2.1): it goes nowhere near an Authorization header.
const TokenTypeNotApplicable = "N_A"

// ExchangeRequest trades one token for another. Scope is sent if there is any;
// Resource and Audience say where the new token is to be used.
type ExchangeRequest struct {
	TokenRequest
	// SubjectToken is the token of the party for whom the new one is, of the
	// type SubjectTokenType. Both are required.
	SubjectToken     gen.Secret
	SubjectTokenType string
	// ActorToken is the token of the party that acts; empty without one.
	// ActorTokenType is its type.
	ActorToken     gen.Secret
	ActorTokenType string
	// RequestedTokenType is the type wanted. Another one in the answer is
	// refused. Empty leaves it to the server.
	RequestedTokenType string
	// Audience lists logical names of the target services. Nil sends none.
	Audience []string
}

// Format prints in redacted under every verb.
func (in ExchangeRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest                         TokenRequest
		SubjectToken, ActorToken             gen.Secret
		SubjectTokenType, RequestedTokenType string
		Audience                             []string
	}{in.TokenRequest, in.SubjectToken, in.ActorToken, in.SubjectTokenType, in.RequestedTokenType, in.Audience})
}

// ExchangeToken trades one token for another. The answer's IssuedTokenType says
// what it is; with the TokenType [TokenTypeNotApplicable] it is no access
// token. An error is a [*TokenError], which wraps an [*IssuedTypeError] if
// something else was issued than was asked for.
//
// https://www.rfc-editor.org/rfc/rfc8693.html#section-2
func (c *Client) ExchangeToken(ctx context.Context, in ExchangeRequest) (*Token, error) {
	request := &gen.TokenExchangeRequest{
		SubjectToken: in.SubjectToken, SubjectTokenType: in.SubjectTokenType,
		ActorToken: in.ActorToken, ActorTokenType: in.ActorTokenType,
		RequestedTokenType: in.RequestedTokenType, Audience: in.Audience,
		Scope: strings.Join(in.Scope, " "), Resource: in.resource(), Params: in.Params,
	}
	token, err := c.token(ctx, GrantTokenExchange, in.TokenRequest, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().ExchangeToken(ctx, in.Endpoint, request, edit)
	}, validate.InTokenExchange())
	if err != nil {
		return nil, err
	}
	if in.RequestedTokenType != "" && token.IssuedTokenType != in.RequestedTokenType {
		return nil, &TokenError{Grant: GrantTokenExchange, Err: &IssuedTypeError{
			Requested: in.RequestedTokenType, Issued: token.IssuedTokenType, TokenType: token.TokenType,
		}}
	}
	return token, nil
}

// IssuedTypeError reports a token exchange that issued something else than was
// asked for. It has been thrown away: what was meant for one purpose must not
// be tried for another.
type IssuedTypeError struct {
	// Requested is what was asked for. Issued and TokenType are the answer's:
	// untrusted, escaped and bounded by Error.
	Requested, Issued, TokenType string
}

// Error names the types.
func (e *IssuedTypeError) Error() string {
	return fmt.Sprintf("token exchange: asked for %s, and got %s of token_type %s", bounded(e.Requested), bounded(e.Issued), bounded(e.TokenType))
}
