// Verification: an ID token says who the user is only after all of this.

package oidclogin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	// Signatures and claims of ID tokens are not to be verified by hand. go-oidc is the library that Kubernetes and Dex
	// use: maintained, Apache-2.0, with go-jose, which package flows has anyway, and x/oauth2 behind it; only where this
	// package is imported.
	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// algorithms are those with a public key: "none" proves nothing, and HS256 only
// that somebody knows the client's secret.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// expectation is what an ID token must say beside what all must.
type expectation struct {
	nonce         string // "" is none
	nonceRequired bool
	subject       string // "" is any
}

// identity is what a verified ID token says.
type identity struct{ expiry time.Time }

// verify judges the ID token of a token answer. An error is an [*IDTokenError],
// or a [*flows.EndpointError] when the keys could not be had.
//
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
func (p *provider) verify(ctx context.Context, keys *keySet, answer *flows.Token, want expectation) (*identity, error) {
	issuer := p.found.Server.Issuer
	if answer.IDToken == "" {
		return nil, &IDTokenError{Issuer: issuer, Err: errNoIDToken}
	}
	// 1. Algorithm, signature, issuer, audience, expiry.
	witness := &witnessedKeys{KeySet: keys}
	verifier := oidc.NewVerifier(issuer, witness, &oidc.Config{
		ClientID: p.auth.ClientID, SupportedSigningAlgs: p.algorithms(),
	})
	token, err := verifier.Verify(ctx, answer.IDToken.Reveal())
	if err != nil {
		if err := unreachable(witness.err); err != nil {
			return nil, err
		}
		return nil, &IDTokenError{Issuer: issuer, Err: err}
	}
	// 2. What go-oidc leaves to us.
	if err := p.judge(token, answer.AccessToken, want); err != nil {
		return nil, &IDTokenError{Issuer: issuer, Err: err}
	}
	return &identity{expiry: token.Expiry}, nil
}

// judge checks what go-oidc leaves to its user.
func (p *provider) judge(token *oidc.IDToken, access gen.Secret, want expectation) error {
	var claims struct {
		Party string `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil {
		return err
	}
	sameNonce := subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(want.nonce)) == 1
	switch {
	case token.Subject == "":
		return errSubject
	case want.subject != "" && token.Subject != want.subject:
		return errOther
	case !sameNonce && (want.nonceRequired || token.Nonce != ""):
		return errNonce
	// A token for several parties can be shown to us by any of them.
	case claims.Party != "" && claims.Party != p.auth.ClientID, claims.Party == "" && len(token.Audience) != 1:
		return errParty
	case token.AccessTokenHash != "":
		return token.VerifyAccessToken(access.Reveal())
	}
	return nil
}

// algorithms are those that the provider lists and that prove something. One
// without a list, which OpenID Connect Discovery demands and RFC 8414 does not
// know, may use any of them: the key decides.
func (p *provider) algorithms() []string {
	listed := p.found.Server.IDTokenSigningAlgValuesSupported
	var out []string
	for _, alg := range algorithms {
		if len(listed) == 0 || slices.Contains(listed, alg) {
			out = append(out, alg)
		}
	}
	return out // empty means RS256 to go-oidc
}

// witnessedKeys remembers why a signature could not be verified, which go-oidc
// passes on as text only: keys that cannot be had say nothing about the token.
type witnessedKeys struct {
	oidc.KeySet
	err error
}

// VerifySignature implements [oidc.KeySet].
func (k *witnessedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	k.err = err
	return payload, err
}

// renewalOf returns what the successor of an ID token must say: the same
// subject, and the same nonce if any. The old one was verified before it was
// stored, so that reading it is enough; ok is false if it cannot be read.
//
// https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
func renewalOf(old gen.Secret) (want expectation, ok bool) {
	var claims struct {
		Subject string `json:"sub"`
		Nonce   string `json:"nonce"`
	}
	parts := strings.Split(old.Reveal(), ".")
	if len(parts) != 3 {
		return expectation{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Subject == "" {
		return expectation{}, false
	}
	return expectation{subject: claims.Subject, nonce: claims.Nonce}, true
}
