// JWT bearer grant: the assertion of a trusted issuer for an access token.

package flowstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A TrustedIssuer is one whose assertions the JWT bearer grant takes: an
// enterprise identity provider with ID-JAGs, or a workload platform.
type TrustedIssuer struct {
	// Issuer is the iss of its assertions; "" is that of Server.
	Issuer string
	// JWKS is its key set; see [KeySet]. nil is that of Server.
	JWKS json.RawMessage
	// Server is the fake identity provider that the issuer is; nil is none.
	Server *AuthorizationServer
	// Workloads takes the JWTs of workloads from this issuer and no ID-JAGs:
	// aud is this server's issuer or token endpoint, sub the workload. Without
	// it ID-JAGs are taken and nothing else, so that no id_token passes for
	// one.
	Workloads bool
	// Reuse takes an assertion with the same jti again, and assertions of
	// workloads without one. ID-JAGs always need a jti.
	Reuse bool
	// Check may refuse an assertion that is otherwise right; nil refuses none.
	Check func(claims map[string]any) *Error
}

// typIDJAG is the type of identity assertion authorization grants. Enterprise-
// Managed Authorization §4.3.
const typIDJAG = "oauth-id-jag+jwt"

func (i TrustedIssuer) issuer() string {
	if i.Issuer == "" && i.Server != nil {
		return i.Server.Issuer()
	}
	return i.Issuer
}

func (i TrustedIssuer) keys() json.RawMessage {
	if i.JWKS == nil && i.Server != nil {
		return KeySet(i.Server.signingKeys(i.Server.config.Load())...)
	}
	return i.JWKS
}

// takesIDJAG reports whether the server takes ID-JAGs from anybody.
func (c *ServerConfig) takesIDJAG() bool {
	return slices.Contains(c.grantTypes(), GrantJWTBearer) &&
		slices.ContainsFunc(c.TrustedIssuers, func(issuer TrustedIssuer) bool { return !issuer.Workloads })
}

// exchangeAssertion answers a JWT bearer request. There is no refresh token:
// the client gets a new assertion (RFC 7521 §4.1).
// RFC 7523 §2.1: https://www.rfc-editor.org/rfc/rfc7523#section-2.1
func exchangeAssertion(t *tokenRequest) (map[string]any, *Error) {
	value := t.form.Get("assertion")
	if value == "" {
		return nil, refuse(errInvalidRequest, "assertion is missing")
	}
	token, err := parseJWT(value, asymmetric)
	if err != nil {
		return nil, refuse(errInvalidGrant, "the assertion is no signed JWT: "+err.Error())
	}
	issuer, err := t.trusted(token)
	if err == nil {
		err = t.judge(issuer, token)
	}
	if err != nil {
		return nil, refuse(errInvalidGrant, "the assertion is refused: "+err.Error())
	}
	if issuer.Check != nil {
		if err := issuer.Check(token.claims); err != nil {
			return nil, err
		}
	}
	grant, refused := t.assertedGrant(issuer, token.claims)
	if refused != nil {
		return nil, refused
	}
	// The last check, so that only an assertion that was used is used up.
	if !t.firstUse(issuer, token.claims) {
		return nil, refuse(errInvalidGrant, "the assertion is refused: its jti was used before")
	}
	return t.issue(grant), nil
}

// trusted finds the issuer of an assertion and verifies its signature.
func (t *tokenRequest) trusted(token *signedJWT) (TrustedIssuer, error) {
	name := token.claims.text("iss")
	for _, issuer := range t.config.TrustedIssuers {
		if name != "" && issuer.issuer() == name {
			return issuer, token.verifyIn(issuer.keys())
		}
	}
	return TrustedIssuer{}, fmt.Errorf("iss %q is not trusted", name)
}

// judge checks what every assertion needs: RFC 7523 §3.
func (t *tokenRequest) judge(issuer TrustedIssuer, token *signedJWT) error {
	claims, typ := token.claims, token.headerText("typ")
	accepted := []string{t.issuer(t.config)}
	if issuer.Workloads {
		accepted = append(accepted, t.endpoint(t.config, kindToken))
	}
	audience := claims.audience()
	switch {
	case issuer.Workloads == strings.EqualFold(typ, typIDJAG):
		return fmt.Errorf("typ is %q", typ)
	case claims.text("sub") == "":
		return errors.New("sub is missing")
	case len(audience) == 0:
		return errors.New("aud is missing")
	case claims.text("jti") == "" && !(issuer.Workloads && issuer.Reuse):
		return errors.New("jti is missing")
	case !issuer.Workloads && len(audience) != 1:
		return errors.New("aud names several")
	case !slices.ContainsFunc(audience, func(value string) bool { return slices.Contains(accepted, value) }):
		return fmt.Errorf("aud %q is not this server", audience)
	}
	if err := claims.checkTimes(t.now, 0); err != nil {
		return err
	}
	if issuer.Workloads {
		return nil
	}
	return t.judgeIDJAG(claims)
}

// judgeIDJAG checks what an ID-JAG needs beside.
// Enterprise-Managed Authorization §4.3, §5.1:
// https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/enterprise-managed-authorization.mdx
func (t *tokenRequest) judgeIDJAG(claims claims) error {
	switch {
	case claims.text("client_id") != t.client.ID:
		return fmt.Errorf("client_id is not %q, which authenticated", t.client.ID)
	case claims["iat"] == nil:
		return errors.New("iat is missing")
	case claims["scope"] != nil && claims.text("scope") == "":
		return errors.New("scope is no string")
	}
	if resources, ok := claimedResources(claims); !ok || len(resources) == 0 {
		return errors.New("resource is missing")
	}
	return nil
}

func claimedResources(claims claims) ([]string, bool) {
	if one := claims.text("resource"); one != "" {
		return []string{one}, true
	}
	return stringsOf(claims["resource"])
}

// assertedGrant returns what an assertion allows and the request asks for. The
// scope and resource of an ID-JAG are bounds, and the default.
func (t *tokenRequest) assertedGrant(issuer TrustedIssuer, claims claims) (Grant, *Error) {
	named, scope, bound := t.form["resource"], t.form.Get("scope"), t.client.Scope
	if !issuer.Workloads {
		resources, _ := claimedResources(claims)
		if err := t.checkResource(resources, nil); err != nil {
			return Grant{}, err
		}
		if len(named) == 0 {
			named = resources
		}
		if err := t.checkResource(named, resources); err != nil {
			return Grant{}, err
		}
		bound = claims.text("scope")
		scope = or(scope, bound)
		bound = or(bound, " ") // "" would not bound
		if err := t.checkScope(scope, t.client.Scope); err != nil {
			return Grant{}, err
		}
	} else if err := t.checkResource(named, nil); err != nil {
		return Grant{}, err
	}
	if err := t.checkScope(scope, bound); err != nil {
		return Grant{}, err
	}
	grant := t.asked(claims.text("sub"))
	grant.Scope = or(scope, grant.Scope)
	if t.config.Resource != ResourceIgnored {
		grant.Resource = slices.Clone(named)
	}
	return grant, nil
}

func (t *tokenRequest) firstUse(issuer TrustedIssuer, claims claims) bool {
	if issuer.Reuse {
		return true
	}
	expires, _ := claims.time("exp")
	return t.assertions.first("grant "+issuer.issuer()+" "+claims.text("jti"), t.now, expires)
}

// An IDJAG is the content of an identity assertion authorization grant.
type IDJAG struct {
	// Audience is the issuer of the resource's authorization server.
	Audience string
	// ClientID is the client at that server.
	ClientID string
	// Subject is the user; "" is "user".
	Subject string
	// Resource is the protected resource.
	Resource []string
	// Scope bounds the access token; "" leaves the claim out.
	Scope string
	// Life is how long it is good; 0 is five minutes. A negative one is an
	// assertion that has expired.
	Life time.Duration
}

// IssueIDJAG returns an ID-JAG as the server's token exchange would; edits
// change its claims before it is signed.
func (s *AuthorizationServer) IssueIDJAG(content IDJAG, edits ...func(claims map[string]any)) string {
	config := s.config.Load()
	now := config.now()
	claims := map[string]any{
		"iss": s.issuer(config), "sub": or(content.Subject, defaultSubject), "aud": content.Audience, "client_id": content.ClientID,
		"jti": randomString("jag-"), "iat": now.Unix(), "exp": now.Add(or(content.Life, assertionLife)).Unix(),
		"resource": content.Resource,
	}
	if len(content.Resource) == 1 {
		claims["resource"] = content.Resource[0]
	}
	if content.Scope != "" {
		claims["scope"] = content.Scope
	}
	for _, edit := range edits {
		edit(claims)
	}
	return s.signingKeys(config)[0].Sign(map[string]any{"typ": typIDJAG}, claims)
}
