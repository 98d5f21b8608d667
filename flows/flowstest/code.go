// Authorization code grant: redemption of a code.

package flowstest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// exchangeCode redeems a code, once. Whatever is wrong with the attempt, the
// code is spent; a second attempt revokes what the first one was given.
// OAuth 2.1 §4.1.3: https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-4.1.3
func exchangeCode(t *tokenRequest) (map[string]any, *Error) {
	value := t.form.Get("code")
	if value == "" {
		return nil, refuse(errInvalidRequest, "code is missing")
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	c, ok := t.store.codes[value]
	if !ok || c.client != t.client.ID {
		return nil, refuse(errInvalidGrant, "the code is unknown or another client's")
	}
	if c.used {
		t.store.revokeFamily(c.family)
		return nil, refuse(errInvalidGrant, "the code was used before")
	}
	c.used = true
	if !t.now.Before(c.expires) {
		return nil, refuse(errInvalidGrant, "the code has expired")
	}
	if t.form.Get("redirect_uri") != c.redirectURI {
		return nil, refuse(errInvalidGrant, "redirect_uri is not that of the authorization request")
	}
	if err := c.verify(t.form.Get("code_verifier")); err != nil {
		return nil, err
	}
	if err := t.checkResource(t.form["resource"], c.grant.Resource); err != nil {
		return nil, err
	}
	if t.form.Has("scope") {
		return nil, refuse(errInvalidRequest, "scope does not belong into the redemption of a code")
	}
	if c.jkt != "" && c.jkt != t.jkt {
		return nil, refuse(errInvalidGrant, "the proof is not by the key of dpop_jkt")
	}
	grant := t.bind(c.grant)
	info := t.newFamily(grant, t.narrow(grant), t.client)
	c.family = info.Family
	return t.withIDToken(info, c.nonce), nil
}

// verify checks the code_verifier.
// RFC 7636 §4.6: https://www.rfc-editor.org/rfc/rfc7636#section-4.6
func (c *code) verify(verifier string) *Error {
	switch {
	case c.method == "" && verifier == "":
		return nil
	case c.method == "":
		// OAuth 2.1 §4.1.3: a verifier without challenge is a downgrade.
		return refuse(errInvalidGrant, "code_verifier without code_challenge")
	case verifier == "":
		return refuse(errInvalidGrant, "code_verifier is missing")
	case !plainChallenge.MatchString(verifier):
		return refuse(errInvalidGrant, "code_verifier is not 43 to 128 unreserved characters")
	}
	challenge := verifier
	if c.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		challenge = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(challenge), []byte(c.challenge)) != 1 {
		return refuse(errInvalidGrant, "code_verifier does not match")
	}
	return nil
}
