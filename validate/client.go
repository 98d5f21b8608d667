// Client metadata and client information: their rules at work.

package validate

import (
	"github.com/mcpoauth/mcpoauth/gen"
)

// ClientMetadata judges what a client is about to register: RFC 7591 §2
// (https://www.rfc-editor.org/rfc/rfc7591#section-2). A nil doc is refused.
//
// REG-4, REG-11
func ClientMetadata(doc *gen.ClientMetadata, opts ...Option) Violations {
	return run(newCheck(documentClient, opts), doc, []func(*check, *gen.ClientMetadata){checkClientMetadata})
}

func checkClientMetadata(c *check, doc *gen.ClientMetadata) {
	v := viewMetadata(doc)
	for _, rule := range clientRules {
		rule(c, v)
	}
	checkClientRedirects(c, v)
	checkApplicationType(c, v)
	checkClientKeys(c, v)
	if doc.ClientURI == "" && !c.reported("/client_uri") {
		c.add(RuleClientURI, "/client_uri", "the page is absent")
	}
	if doc.ClientName == "" {
		c.add(RuleClientName, "/client_name", "the name is absent"+c.why("/client_name"))
	}
	c.names(doc, doc.Extra, true)
}

// ClientInformation judges the answer to a registration: RFC 7591 §3.2.1
// (https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1). The metadata that was
// requested tells whether the server dropped a redirect URI; nil means that it
// is not known. A nil doc is refused. An issuer member, which some servers add,
// is not looked at.
//
// A flow stores nothing and opens no browser unless Refuses(UseRegistration) is
// nil.
//
// REG-5, REG-6
func ClientInformation(doc *gen.ClientInformation, requested *gen.ClientMetadata, opts ...Option) Violations {
	c := newCheck(documentInformation, opts)
	return run(c, doc, []func(*check, *gen.ClientInformation){
		checkClientInformation,
		checkClientSecret,
		func(c *check, doc *gen.ClientInformation) { checkAnswer(c, doc, requested) },
		checkClientConfiguration,
		func(c *check, doc *gen.ClientInformation) { c.names(doc, doc.Extra, false) },
	})
}

func checkClientInformation(c *check, doc *gen.ClientInformation) {
	if doc.ClientID == "" {
		c.add(RuleClientID, "/client_id", "the client identifier is absent"+c.why("/client_id"))
	}
	v := viewInformation(doc)
	for _, rule := range clientRules {
		rule(c, v)
	}
}

// RFC 7591 §3.2.1: client_secret_expires_at is REQUIRED if a secret was issued.
// A method that the server names and that needs a secret is useless without
// one; a method that it does not name is for the client to choose.
//
// REG-6
func checkClientSecret(c *check, doc *gen.ClientInformation) {
	hasSecret := doc.ClientSecret != ""
	if sharesSecret(doc.TokenEndpointAuthMethod) && !hasSecret {
		c.add(RuleClientSecretMissing, "/client_secret",
			"the secret is absent, and the method is "+quote(doc.TokenEndpointAuthMethod)+c.why("/client_secret"))
	}
	if hasSecret && doc.ClientSecretExpiresAt == nil {
		c.add(RuleClientSecretExpiry, "/client_secret_expires_at", "the expiry is absent"+c.why("/client_secret_expires_at"))
	}
	if issued, expires := doc.ClientIDIssuedAt, doc.ClientSecretExpiresAt; issued != nil && expires != nil && *expires != 0 && *expires <= *issued {
		c.add(RuleClientSecretTimes, "/client_secret_expires_at", "the secret expires before it is issued")
	}
}

// RFC 7592 §3: the two members come together; the token goes to that URL.
func checkClientConfiguration(c *check, doc *gen.ClientInformation) {
	const pointer = "/registration_client_uri"
	usable := c.endpoint(RuleRegistrationClientURI, RuleRegistrationClientURI, pointer, doc.RegistrationClientURI)
	if usable && (doc.RegistrationClientURI != "") != (doc.RegistrationAccessToken != "") {
		c.add(RuleRegistrationClientURI, pointer, "only one of registration_client_uri and registration_access_token is there")
	}
}
