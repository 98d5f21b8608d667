// Keys and statements of clients: their rules at work.

package validate

import (
	"slices"
	"strconv"

	"github.com/mcpoauth/mcpoauth/gen"
)

// RFC 7518 §6, RFC 8037 §2: what a public key of each type has.
var keyMembers = map[string][]string{
	"EC":  {"crv", "x", "y"},
	"RSA": {"n", "e"},
	"OKP": {"crv", "x"},
}

// RFC 7517 §4.1 and §4.5
func checkKeyMembers(c *check, v *client) {
	if v.keys == nil {
		return
	}
	for i := range v.keys.Keys {
		k, at := &v.keys.Keys[i], "/jwks/keys/"+strconv.Itoa(i)
		has := map[string]string{"crv": k.Crv, "x": k.X, "y": k.Y, "n": k.N, "e": k.E}
		for _, name := range keyMembers[k.Kty] {
			if has[name] == "" {
				c.add(RuleClientKeyMembers, at+"/"+name, "the member is absent, and the key is of type "+k.Kty+c.why(at+"/"+name))
			}
		}
		if k.Kid != "" && i < maxPerRule && slices.ContainsFunc(v.keys.Keys[:i], func(other gen.JSONWebKey) bool { return other.Kid == k.Kid }) {
			c.add(RuleClientKeyTwice, at+"/kid", quote(k.Kid)+" stands twice")
		}
	}
}

// RFC 8705 §2.1.2 and §2.2.2
func checkCertificates(c *check, v *client) {
	switch v.method {
	case "self_signed_tls_client_auth":
		if v.keys == nil && v.keysURI == "" {
			c.add(RuleClientCertificateKeys, "/jwks", "the certificate is self-signed, and there is neither jwks nor jwks_uri"+c.why("/jwks"))
		}
	case "tls_client_auth":
		n := 0
		for _, subject := range v.subjects {
			if subject != "" {
				n++
			}
		}
		if n != 1 {
			c.add(RuleClientCertificateSubject, "/tls_client_auth_subject_dn", strconv.Itoa(n)+" members say who the certificate is for")
		}
	}
}

// RFC 7591 §2: grant types are those of the registry, or absolute URIs. RFC 6749
// §4.4: client credentials MUST only be used by confidential clients.
func checkClientGrants(c *check, v *client) {
	if slices.Contains(v.grantTypes, "password") {
		c.add(RuleClientGrantPassword, "/grant_types", "password is among the grant types")
	}
	if v.method == "none" && slices.Contains(v.grantTypes, "client_credentials") {
		c.add(RuleClientCredentialsPublic, "/grant_types", "client_credentials is among the grant types, and the method is none")
	}
	c.values(RuleClientGrantKnown, "/grant_types", v.grantTypes, isGrantType, "is no grant type and no URI")
}

// RFC 7591 §2.3
func checkSoftwareStatement(c *check, v *client) {
	if v.statement != "" {
		c.statement(RuleSoftwareStatement, "/software_statement", v.statement)
	}
}
