// ID token and SAML assertion: what an identity provider says of a user.

package flowstest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	scopeOpenID    = "openid"
	defaultSubject = "user"
	// assertionLife is how long an ID-JAG is good.
	assertionLife = 5 * time.Minute
	// identityLife is how long id_tokens and SAML assertions are good.
	identityLife = time.Hour
)

// SigningKey returns the key that signs the server's id_tokens and ID-JAGs,
// for tests that make their own.
func (s *AuthorizationServer) SigningKey() *SigningKey { return s.signingKeys(s.config.Load())[0] }

func (s *AuthorizationServer) signingKeys(config *ServerConfig) []*SigningKey {
	if len(config.SigningKeys) > 0 {
		return config.SigningKeys
	}
	return []*SigningKey{s.key()}
}

// IssueIDToken returns an id_token for a client and a user ("" is "user")
// without any request; edits change its claims before it is signed, after
// ServerConfig.IDToken.
func (s *AuthorizationServer) IssueIDToken(clientID, subject string, edits ...func(claims map[string]any)) string {
	config := s.config.Load()
	x := &exchange{AuthorizationServer: s, config: config, now: config.now()}
	return x.idToken(clientID, or(subject, defaultSubject), "", edits...)
}

// idToken returns an id_token. OpenID Connect Core 1.0 §2:
// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
func (x *exchange) idToken(clientID, subject, nonce string, edits ...func(claims map[string]any)) string {
	claims := map[string]any{
		"iss": x.issuer(x.config), "sub": subject, "aud": clientID,
		"iat": x.now.Unix(), "exp": x.now.Add(identityLife).Unix(),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	for _, edit := range append([]func(map[string]any){x.config.IDToken}, edits...) {
		if edit != nil {
			edit(claims)
		}
	}
	return x.signingKeys(x.config)[0].Sign(map[string]any{"typ": "JWT"}, claims)
}

// withIDToken returns the token answer of a user's login, with an id_token if
// openid was granted.
func (x *exchange) withIDToken(info TokenInfo, nonce string) map[string]any {
	members := info.members(x.now)
	if slices.Contains(info.Scopes(), scopeOpenID) {
		members["id_token"] = x.idToken(info.ClientID, info.Subject, nonce)
	}
	return members
}

// checkIDToken judges an id_token of this server that a client presents, and
// returns its subject. OpenID Connect Core 1.0 §3.1.3.7.
func (t *tokenRequest) checkIDToken(value string) (subject string, err error) {
	token, err := parseJWT(value, asymmetric)
	if err != nil {
		return "", err
	}
	if err := token.verifyIn(KeySet(t.signingKeys(t.config)...)); err != nil {
		return "", err
	}
	if typ := token.headerText("typ"); typ != "" && !strings.EqualFold(typ, "JWT") {
		return "", fmt.Errorf("typ is %q", typ)
	}
	claims := token.claims
	if claims.text("iss") != t.issuer(t.config) || claims.text("sub") == "" {
		return "", fmt.Errorf("it is of another issuer or of nobody")
	}
	if err := t.checkIdentityAudience(claims.audience()); err != nil {
		return "", err
	}
	return claims.text("sub"), claims.checkTimes(t.now, 0)
}

// checkIdentityAudience demands that an identity assertion was issued to the
// client that presents it. Enterprise-Managed Authorization §4.1.
func (t *tokenRequest) checkIdentityAudience(audience []string) error {
	if len(audience) != 1 || audience[0] != t.client.ID {
		return fmt.Errorf("aud %q is not the client %q", audience, t.client.ID)
	}
	return nil
}

// A samlAssertion is a SAML assertion that the server issued.
type samlAssertion struct {
	clientID string
	subject  string
	expires  time.Time
}

// IssueSAML returns a SAML 2.0 assertion for a client and a user ("" is
// "user"), base64url-encoded as RFC 8693 §3 demands of subject tokens. It
// carries no XML signature: the server knows its assertions by heart.
func (s *AuthorizationServer) IssueSAML(clientID, subject string) string {
	config := s.config.Load()
	issued := samlAssertion{clientID: clientID, subject: or(subject, defaultSubject), expires: config.now().Add(identityLife)}
	document := fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID=%q Version="2.0">`+
		`<saml:Issuer>%s</saml:Issuer><saml:Subject><saml:NameID>%s</saml:NameID></saml:Subject>`+
		`<saml:Conditions NotOnOrAfter=%q><saml:AudienceRestriction><saml:Audience>%s</saml:Audience>`+
		`</saml:AudienceRestriction></saml:Conditions></saml:Assertion>`,
		randomString("_"), escapeXML(s.issuer(config)), escapeXML(issued.subject),
		issued.expires.UTC().Format(time.RFC3339), escapeXML(clientID))
	encoded := base64.RawURLEncoding.EncodeToString([]byte(document))
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.saml[encoded] = issued
	return encoded
}

func escapeXML(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a strings.Builder takes all
	return escaped.String()
}

// checkSAML judges a SAML assertion that a client presents.
func (t *tokenRequest) checkSAML(value string) (subject string, err error) {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	issued, ok := t.store.saml[strings.TrimRight(value, "=")]
	switch {
	case !ok:
		return "", fmt.Errorf("it is not of this server")
	case !t.now.Before(issued.expires):
		return "", fmt.Errorf("it has expired")
	}
	return issued.subject, t.checkIdentityAudience([]string{issued.clientID})
}
