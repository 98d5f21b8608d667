// Token: what is issued, and the families that refreshes make of it.

package flowstest

import (
	"slices"
	"strings"
	"time"
)

// A Grant is what an authorization was given for.
type Grant struct {
	ClientID string
	// Subject is the user.
	Subject string
	// Scope is the granted scope, values separated by spaces.
	Scope string
	// Resource is the audience; nil is good anywhere.
	Resource []string
	// JKT is the thumbprint of the DPoP key that the tokens are bound to
	// (RFC 9449 §6); "" binds them to none.
	JKT string
	// CertificateThumbprint is the x5t#S256 of the client certificate that the
	// tokens are bound to (RFC 8705 §3); "" binds them to none.
	CertificateThumbprint string
}

// tokenType returns the type of access tokens (RFC 6749 §7.1).
func (g Grant) tokenType() string {
	if g.JKT != "" {
		return "DPoP"
	}
	return "Bearer"
}

// confirmation returns the cnf of an introspection answer (RFC 9449 §6.2,
// RFC 8705 §3.2); nil for tokens that are bound to nothing.
func (g Grant) confirmation() map[string]any {
	members := map[string]any{}
	if g.JKT != "" {
		members["jkt"] = g.JKT
	}
	if g.CertificateThumbprint != "" {
		members["x5t#S256"] = g.CertificateThumbprint
	}
	if len(members) == 0 {
		return nil
	}
	return members
}

// TokenInfo describes an access token.
type TokenInfo struct {
	Grant
	AccessToken string
	// RefreshToken was issued together with the access token; "" if none was.
	RefreshToken string
	IssuedAt     time.Time
	ExpiresAt    time.Time
	Revoked      bool
	// Family identifies the authorization that the token descends from.
	Family string
}

// Scopes returns the granted scope values.
func (i TokenInfo) Scopes() []string { return strings.Fields(i.Scope) }

// A Family is all tokens that descend from one authorization.
type Family struct {
	Grant
	ID string
	// Refreshes counts the refreshes that succeeded.
	Refreshes int
	// Reuses counts the times that a rotated refresh token came again.
	Reuses  int
	Revoked bool
}

// members returns the token answer of RFC 6749 §5.1.
func (i TokenInfo) members(now time.Time) map[string]any {
	members := map[string]any{
		"access_token": i.AccessToken,
		"token_type":   i.tokenType(),
		"expires_in":   int64(i.ExpiresAt.Sub(now) / time.Second),
	}
	if i.RefreshToken != "" {
		members["refresh_token"] = i.RefreshToken
	}
	if i.Scope != "" {
		members["scope"] = i.Scope
	}
	return members
}

// newFamily issues the first tokens of an authorization; the access token is
// for less, if narrowed is. The store is locked.
func (x *exchange) newFamily(grant, narrowed Grant, client Client) TokenInfo {
	family := x.addFamily(grant, client)
	info := x.newAccessToken(narrowed, family)
	offline := !x.config.RefreshNeedsOfflineAccess || slices.Contains(strings.Fields(grant.Scope), "offline_access")
	if !x.config.NoRefreshTokens && offline && client.mayUse(GrantRefreshToken) && slices.Contains(x.config.grantTypes(), GrantRefreshToken) {
		info.RefreshToken = x.newRefreshToken(family)
	}
	return info
}

// addFamily adds a family without tokens. The refresh tokens of public clients
// are bound to the key of the first request, those of others to the client
// authentication (RFC 9449 §5, RFC 8705 §4).
func (x *exchange) addFamily(grant Grant, client Client) *Family {
	if client.authMethod() != methodNone {
		grant.JKT, grant.CertificateThumbprint = "", ""
	}
	family := &Family{Grant: grant, ID: randomString("family-")}
	x.store.families[family.ID] = family
	x.store.order = append(x.store.order, family.ID)
	return family
}

// newAccessToken issues an access token. The store is locked.
func (x *exchange) newAccessToken(grant Grant, family *Family) TokenInfo {
	info := &TokenInfo{
		Grant: grant, AccessToken: randomString("at-"), Family: family.ID,
		IssuedAt: x.now, ExpiresAt: x.now.Add(or(x.config.TokenLife, time.Hour)),
	}
	x.store.access[info.AccessToken] = info
	return *info
}

// newRefreshToken issues a refresh token. The store is locked.
func (x *exchange) newRefreshToken(family *Family) string {
	token := &refreshToken{family: family.ID}
	if x.config.RefreshLife > 0 {
		token.expires = x.now.Add(x.config.RefreshLife)
	}
	value := randomString("rt-")
	x.store.refresh[value] = token
	return value
}

// revokeFamily revokes all tokens of a family. The store is locked.
func (s *store) revokeFamily(id string) {
	family, ok := s.families[id]
	if !ok {
		return
	}
	family.Revoked = true
	for _, info := range s.access {
		if info.Family == id {
			info.Revoked = true
		}
	}
}

// IssueToken issues tokens without any request, in a family of their own. A
// ClientID that is not registered is not checked.
func (s *AuthorizationServer) IssueToken(grant Grant) TokenInfo {
	config := s.config.Load()
	x := &exchange{AuthorizationServer: s, config: config, now: config.now()}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	grant.Resource = slices.Clone(grant.Resource)
	return x.newFamily(grant, grant, s.store.clients[grant.ClientID])
}

// Token returns what is known of an access token, expired and revoked ones
// too, and whether the server issued it.
func (s *AuthorizationServer) Token(accessToken string) (TokenInfo, bool) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	info, ok := s.store.access[accessToken]
	if !ok {
		return TokenInfo{}, false
	}
	return *info, true
}

// Families returns all families, oldest first.
func (s *AuthorizationServer) Families() []Family {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	list := make([]Family, 0, len(s.store.order))
	for _, id := range s.store.order {
		list = append(list, *s.store.families[id])
	}
	return list
}

// RevokeAccessToken makes resources refuse an access token; its refresh token
// stays good.
func (s *AuthorizationServer) RevokeAccessToken(accessToken string) {
	s.eachAccessToken(func(info *TokenInfo) {
		info.Revoked = info.Revoked || info.AccessToken == accessToken
	})
}

// RevokeAccessTokens makes resources refuse all access tokens so far.
func (s *AuthorizationServer) RevokeAccessTokens() {
	s.eachAccessToken(func(info *TokenInfo) { info.Revoked = true })
}

// ExpireAccessTokens ends the life of all access tokens so far, without the
// client's knowledge.
func (s *AuthorizationServer) ExpireAccessTokens() {
	now := s.config.Load().now()
	s.eachAccessToken(func(info *TokenInfo) { info.ExpiresAt = now })
}

func (s *AuthorizationServer) eachAccessToken(change func(*TokenInfo)) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, info := range s.store.access {
		change(info)
	}
}

// RevokeRefreshToken makes the token endpoint answer a refresh token with
// invalid_grant, without counting as reuse. Access tokens stay good.
func (s *AuthorizationServer) RevokeRefreshToken(refreshToken string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	delete(s.store.refresh, refreshToken)
}

// RevokeRefreshTokens does so for all refresh tokens so far.
func (s *AuthorizationServer) RevokeRefreshTokens() {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	clear(s.store.refresh)
}

// RevokeFamily revokes all tokens that descend from one authorization.
func (s *AuthorizationServer) RevokeFamily(id string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.revokeFamily(id)
}
