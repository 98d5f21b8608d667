// Refresh grant: rotation and the detection of reuse.

package flowstest

import "time"

// A refreshToken is one generation of a family's refresh token.
type refreshToken struct {
	family  string
	expires time.Time // zero is never
	rotated time.Time // zero while it is the newest
}

// refresh answers a refresh request. A refresh token that was rotated away and
// comes again shows that two parties hold it, so its family is revoked.
// OAuth 2.1 §4.3.1: https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-4.3.1
func refresh(t *tokenRequest) (map[string]any, *Error) {
	value := t.form.Get("refresh_token")
	if value == "" {
		return nil, refuse(errInvalidRequest, "refresh_token is missing")
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	token, ok := t.store.refresh[value]
	if !ok {
		return nil, refuse(errInvalidGrant, "the refresh token is unknown or revoked")
	}
	family := t.store.families[token.family]
	if family.ClientID != t.client.ID {
		return nil, refuse(errInvalidGrant, "the refresh token is another client's")
	}
	if err := t.checkGeneration(token, family); err != nil {
		return nil, err
	}
	if err := t.checkBinding(family); err != nil {
		return nil, err
	}
	if err := t.checkResource(t.form["resource"], family.Resource); err != nil {
		return nil, err
	}
	if t.config.RefreshNeedsScope && !t.form.Has("scope") {
		return nil, refuse(errInvalidScope, "scope is missing")
	}
	bound := or(family.Scope, " ") // "" would not bound
	if err := t.checkScope(t.form.Get("scope"), bound); err != nil {
		return nil, err
	}
	return t.rotate(value, token, family), nil
}

func (t *tokenRequest) checkGeneration(token *refreshToken, family *Family) *Error {
	switch {
	case family.Revoked:
		return refuse(errInvalidGrant, "the refresh token is revoked")
	case !token.expires.IsZero() && !t.now.Before(token.expires):
		return refuse(errInvalidGrant, "the refresh token has expired")
	case !token.rotated.IsZero() && t.now.Sub(token.rotated) >= t.config.RefreshGrace:
		family.Reuses++
		t.store.revokeFamily(family.ID)
		return refuse(errInvalidGrant, "the refresh token was used before; all tokens of its family are revoked")
	}
	return nil
}

// checkBinding demands the key that a refresh token is bound to.
// RFC 9449 §5: https://www.rfc-editor.org/rfc/rfc9449#section-5
// RFC 8705 §4: https://www.rfc-editor.org/rfc/rfc8705#section-4
func (t *tokenRequest) checkBinding(family *Family) *Error {
	switch {
	case family.JKT != "" && t.jkt == "":
		return refuse(errInvalidProof, "the refresh token is bound to a key, and there is no proof of it")
	case family.JKT != "" && t.jkt != family.JKT:
		return refuse(errInvalidGrant, "the refresh token is bound to another key")
	case family.CertificateThumbprint != "" && t.certificate != family.CertificateThumbprint:
		return refuse(errInvalidGrant, "the refresh token is bound to another certificate")
	}
	return nil
}

// rotate issues the next access token and, by policy, the next refresh token.
func (t *tokenRequest) rotate(value string, token *refreshToken, family *Family) map[string]any {
	grant := t.bind(t.narrow(family.Grant))
	grant.Scope = or(t.form.Get("scope"), grant.Scope)
	family.Refreshes++
	info := t.newAccessToken(grant, family)
	switch t.config.Rotation {
	case RotateRefreshToken:
		if token.rotated.IsZero() {
			token.rotated = t.now
		}
		info.RefreshToken = t.newRefreshToken(family)
	case RepeatRefreshToken:
		info.RefreshToken = value
	case OmitRefreshToken:
	}
	return info.members(t.now)
}
