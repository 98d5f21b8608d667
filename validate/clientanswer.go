// Registrations: what a server made of a request.

package validate

import (
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// checkAnswer compares a registration with its request; nil when that is not known.
func checkAnswer(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if requested == nil {
		return
	}
	checkDropped(c, doc, requested)
	checkDroppedGrants(c, doc, requested)
	checkReturned(c, doc, requested)
	checkSubstituted(c, doc, requested)
}

// RFC 7591 §3.2.1: a grant that was not registered cannot be used.
func checkDroppedGrants(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if len(doc.GrantTypes) == 0 {
		return
	}
	for _, grant := range requested.GrantTypes {
		switch {
		case slices.Contains(doc.GrantTypes, grant):
		case grant == grantCode:
			c.add(RuleClientGrantDropped, "/grant_types", "authorization_code was asked for and is not registered")
		case grant == grantRefresh:
			c.add(RuleClientRefreshDropped, "/grant_types", "refresh_token was asked for and is not registered")
		}
	}
}

// RFC 7591 §3.2.1: the server MUST return all registered metadata. Without
// redirect_uris a client takes them as sent.
func checkReturned(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if len(requested.RedirectURIs) > 0 && len(doc.RedirectURIs) == 0 {
		c.add(RuleClientReturned, "/redirect_uris", "redirect_uris was sent and is not in the answer"+c.why("/redirect_uris"))
	}
}

// RFC 7591 §3.2.1: the server may replace any requested value, and the client
// has to look at what it got.
//
// REG-5
func checkSubstituted(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	for _, member := range []struct{ pointer, asked, got string }{
		{"/token_endpoint_auth_method", requested.TokenEndpointAuthMethod, doc.TokenEndpointAuthMethod},
		{"/application_type", requested.ApplicationType, doc.ApplicationType},
		{"/scope", requested.Scope, doc.Scope},
		{"/grant_types", strings.Join(requested.GrantTypes, " "), strings.Join(doc.GrantTypes, " ")},
		{"/response_types", strings.Join(requested.ResponseTypes, " "), strings.Join(doc.ResponseTypes, " ")},
	} {
		if member.asked != "" && member.got != "" && member.asked != member.got {
			c.add(RuleClientSubstituted, member.pointer, quote(member.got)+" was registered for "+quote(member.asked))
		}
	}
}

// RFC 7591 §3.2.1: the answer has the metadata as registered; without
// redirect_uris in it, the server kept what was sent. RFC 8252 §7.3: a loopback
// redirect URI that is registered without a port stands for every port.
//
// REG-6
func checkDropped(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if len(doc.RedirectURIs) == 0 {
		return
	}
	for _, uri := range requested.RedirectURIs {
		if !slices.ContainsFunc(doc.RedirectURIs, func(kept string) bool { return keepsRedirect(kept, uri) }) {
			c.add(RuleRedirectURIDropped, "/redirect_uris", quoteURL(uri)+" was asked for and is not registered")
		}
	}
}

func keepsRedirect(kept, uri string) bool {
	if kept == uri {
		return true
	}
	k, reason := splitURL(kept)
	if reason != "" || k.port != "" || !isLoopbackRedirect(k.host) {
		return false
	}
	u, reason := splitURL(uri)
	return reason == "" && k.scheme == u.scheme && k.host == u.host && k.path == u.path && k.query == u.query && !k.secure()
}
