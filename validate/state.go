// Persisted state: the rules of its records at work.

package validate

import (
	"bytes"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// recordVersion is the version of the records' form that this module knows.
const recordVersion = 1

// recordLine begins the line that the directory store writes before a record.
const recordLine = "mcpoauth-record "

// SessionRecord judges the stored state of a session: section Records of
// https://github.com/mcpoauth/mcpoauth/blob/main/spec/README.md. A nil doc is
// refused. Nothing secret of a record appears in a violation.
//
// BIND-1, STORE-1
func SessionRecord(doc *gen.SessionRecord, opts ...Option) Violations {
	return run(newCheck(documentSession, opts), doc, sessionRules)
}

// ClientRecord judges a stored registration. A nil doc is refused.
//
// BIND-1, STORE-1
func ClientRecord(doc *gen.ClientRecord, opts ...Option) Violations {
	return run(newCheck(documentRegistration, opts), doc, []func(*check, *gen.ClientRecord){checkClientRecord})
}

// MetadataRecord judges a stored metadata document, not what is in it. A nil
// doc is refused.
//
// DISC-17, STORE-1
func MetadataRecord(doc *gen.MetadataRecord, opts ...Option) Violations {
	return run(newCheck(documentMetadata, opts), doc, []func(*check, *gen.MetadataRecord){checkMetadataRecord})
}

// PendingRecord judges the stored state of an authorization under way. A nil
// doc is refused.
//
// AUTHZ-8, STORE-1
func PendingRecord(doc *gen.PendingRecord, opts ...Option) Violations {
	return run(newCheck(documentPending, opts), doc, []func(*check, *gen.PendingRecord){checkPendingRecord})
}

var sessionRules = []func(*check, *gen.SessionRecord){
	checkSessionTokens,
	checkSessionServer,
	checkSessionResource,
}

// judgeState tells the four records apart by the members that only one of them
// has.
func judgeState(data []byte, opts []Option) Violations {
	body := recordBody(data)
	names := readNames(documentText(body[:min(len(body), gen.MaxSize)]))
	switch {
	case names.has("code_verifier", "state", "redirect_uri"):
		return judge(body, opts, PendingRecord)
	case names.has("url", "document", "fetched_at", "fresh_until"):
		return judge(body, opts, MetadataRecord)
	case names.has("registered_at"):
		return judge(body, opts, ClientRecord)
	}
	return judge(body, opts, SessionRecord)
}

// recordBody makes spaces of the line before a record.
func recordBody(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte(recordLine)) || len(data) > gen.MaxSize {
		return data
	}
	body := bytes.Clone(data)
	copy(body, bytes.Repeat([]byte(" "), max(documentStart(data)-1, 0)))
	return body
}

// version judges what all records have, and reports whether the rest of the
// record can be judged: it is of a known version and no tombstone. A tombstone
// keeps none of the secrets that it buries.
func (c *check) version(version int64, deleted bool, buried map[string]gen.Secret) bool {
	if version != recordVersion {
		c.add(RuleStateVersion, "/version", "the version of the record's form is not 1")
		return false
	}
	if !deleted {
		return true
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token", "code_verifier"} {
		if buried[name] != "" {
			c.add(RuleStateTombstone, "/"+name, name+" is in a deleted record")
		}
	}
	return false
}

// RFC 6750 §2.1 for the token; a lifetime ends after it begins.
func checkSessionTokens(c *check, doc *gen.SessionRecord) {
	if !c.version(doc.Version, doc.Deleted, map[string]gen.Secret{
		"access_token": doc.AccessToken, "refresh_token": doc.RefreshToken, "id_token": doc.IDToken,
	}) {
		return
	}
	switch token := doc.AccessToken.Reveal(); {
	case token == "" && doc.RefreshToken == "":
		c.add(RuleStateToken, "/access_token", "there is neither an access token nor a refresh token")
	case token != "" && !isVisibleASCII(token):
		c.add(RuleAccessTokenSyntax, "/access_token", "the access token has a character that a header field cannot carry")
	}
	c.ordered("/expires_at", doc.IssuedAt, doc.ExpiresAt)
	c.scopeWords(RuleTokenScopeSyntax, doc.Scope)
}

// BIND-1: credentials are shown to the issuer that they came from. REF-1: a
// restarted process refreshes with what the record holds.
func checkSessionServer(c *check, doc *gen.SessionRecord) {
	if doc.Version != recordVersion || doc.Deleted {
		return
	}
	if doc.AccessToken != "" || doc.RefreshToken != "" || doc.Client != nil {
		c.issuer(doc.Issuer)
	}
	c.recordEndpoints(doc.AuthorizationEndpoint, doc.TokenEndpoint, doc.RevocationEndpoint, doc.RegistrationEndpoint)
	if doc.RefreshToken != "" {
		c.tokenLeg(doc.TokenEndpoint, doc.TokenEndpointAuthMethod, doc.Client)
	}
}

// DISC-9, DISC-10
func checkSessionResource(c *check, doc *gen.SessionRecord) {
	if doc.Version == recordVersion && !doc.Deleted {
		c.recordResource(doc.Resource, doc.ResourceURL)
	}
}

func checkClientRecord(c *check, doc *gen.ClientRecord) {
	if !c.version(doc.Version, doc.Deleted, nil) {
		return
	}
	c.issuer(doc.Issuer)
	c.client(doc.Client, "")
}

func checkMetadataRecord(c *check, doc *gen.MetadataRecord) {
	if !c.version(doc.Version, false, nil) {
		return
	}
	if doc.URL == "" {
		c.add(RuleStateMetadata, "/url", "the URL of the document is absent"+c.why("/url"))
	} else if reason := endpointReason(doc.URL, c.options); reason != "" {
		c.add(RuleStateMetadata, "/url", quoteURL(doc.URL)+": "+reason)
	}
	if !strings.HasPrefix(strings.TrimLeft(string(doc.Document), " \t\r\n"), "{") {
		c.add(RuleStateMetadata, "/document", "the document is absent"+c.why("/document"))
	}
	c.ordered("/fresh_until", doc.FetchedAt, doc.FreshUntil)
}

// AUTHZ-8: the record is enough to finish in another process.
func checkPendingRecord(c *check, doc *gen.PendingRecord) {
	if !c.version(doc.Version, doc.Deleted, map[string]gen.Secret{"code_verifier": doc.CodeVerifier}) {
		return
	}
	for _, member := range []struct{ pointer, value string }{
		{"/state", doc.State}, {"/code_verifier", doc.CodeVerifier.Reveal()}, {"/redirect_uri", doc.RedirectURI},
	} {
		if member.value == "" {
			c.add(RuleStatePending, member.pointer, "the member is absent, and the login cannot be finished without it"+c.why(member.pointer))
		}
	}
	if doc.CodeVerifier != "" && !isVerifier(doc.CodeVerifier.Reveal()) {
		c.add(RuleStateVerifier, "/code_verifier", "the verifier is not 43 to 128 unreserved characters")
	}
	if doc.ExpiresAt.IsZero() {
		c.add(RuleStateExpiry, "/expires_at", "the end is absent"+c.why("/expires_at"))
	}
	if doc.RedirectURI != "" {
		c.require(RuleRedirectURI, "/redirect_uri", doc.RedirectURI, redirectReason(doc.RedirectURI))
	}
	c.issuer(doc.Issuer)
	c.recordEndpoints(doc.AuthorizationEndpoint, doc.TokenEndpoint, doc.RevocationEndpoint, doc.RegistrationEndpoint)
	c.tokenLeg(doc.TokenEndpoint, doc.TokenEndpointAuthMethod, doc.Client)
	c.recordResource(doc.Resource, doc.ResourceURL)
}

// issuer judges the issuer that a record's credentials belong to.
func (c *check) issuer(issuer string) {
	const pointer = "/issuer"
	if issuer == "" {
		c.add(RuleStateIssuer, pointer, "the issuer is absent: nobody knows whose credentials these are"+c.why(pointer))
	} else if reason := issuerURLReason(issuer, c.options); reason != "" {
		c.add(RuleStateIssuer, pointer, quoteURL(issuer)+": "+reason)
	}
}

// META-3
func (c *check) recordEndpoints(authorization, token, revocation, registration string) {
	for _, e := range []struct{ pointer, url string }{
		{"/authorization_endpoint", authorization}, {"/token_endpoint", token},
		{"/revocation_endpoint", revocation}, {"/registration_endpoint", registration},
	} {
		c.endpoint(RuleStateEndpoint, RuleInsecureHTTP, e.pointer, e.url)
	}
}

// tokenLeg judges what the next token request needs.
func (c *check) tokenLeg(endpoint, method string, client *gen.ClientInformation) {
	if endpoint == "" {
		c.add(RuleStateTokenEndpoint, "/token_endpoint", "the token endpoint is absent"+c.why("/token_endpoint"))
	}
	c.client(client, method)
}

func (c *check) client(client *gen.ClientInformation, method string) {
	if client == nil || client.ClientID == "" {
		c.add(RuleStateClient, "/client", "the client or its identifier is absent"+c.why("/client"))
		return
	}
	if method == "" {
		method = client.TokenEndpointAuthMethod
	}
	if sharesSecret(method) && client.ClientSecret == "" {
		c.add(RuleStateClientSecret, "/client", "the secret is absent, and the method is "+quote(method)+c.why("/client/client_secret"))
	}
}

func (c *check) recordResource(resource, url string) {
	if resource == "" || url == "" {
		return
	}
	if reason := coverReason(resource, url); reason != "" {
		c.add(RuleStateResource, "/resource", quoteURL(resource)+" does not cover "+quoteURL(url)+": "+reason)
	}
}

func (c *check) ordered(pointer string, begin, end time.Time) {
	if !begin.IsZero() && !end.IsZero() && end.Before(begin) {
		c.add(RuleStateTimes, pointer, "the end is before the beginning")
	}
}

// isVerifier: RFC 7636 §4.1, 43*128unreserved.
func isVerifier(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) && strings.IndexByte("-._~", s[i]) < 0 {
			return false
		}
	}
	return 43 <= len(s) && len(s) <= 128
}
