// Challenges of protected resources: their rules at work.

package validate

import (
	"slices"
	"strings"
)

// Challenge judges the parameters of one Bearer or DPoP challenge of a
// WWW-Authenticate field: RFC 6750 §3 (https://www.rfc-editor.org/rfc/rfc6750#section-3)
// and RFC 9728 §5.1. The names of parameters are in lower case; ChallengeField
// takes them from the text of a header. The url is the one that was asked, "" when it
// is not known. Violations point to "/" and the name of a parameter.
func Challenge(params map[string]string, url string, opts ...Option) Violations {
	c := newCheck(documentChallenge, opts)
	c.challenge(params, url)
	return c.done()
}

func (c *check) challenge(params map[string]string, url string) {
	checkChallengeMetadata(c, params, url)
	checkChallengeError(c, params)
	checkChallengeScope(c, params)
	checkChallengeProof(c, params)
}

// RFC 9728 §5.1: the URL of the metadata. Clients resolve a relative one, which
// the specification does not know. §3: it is derived from the resource's own URL,
// between host and path.
//
// DISC-4
func checkChallengeMetadata(c *check, params map[string]string, url string) {
	const pointer = "/resource_metadata"
	metadata, ok := params["resource_metadata"]
	if !ok {
		c.add(RuleChallengeMetadata, pointer, "the URL of the metadata is absent")
		return
	}
	if reason := endpointReason(metadata, c.options); reason != "" {
		c.require(RuleChallengeMetadataURL, pointer, metadata, reason)
		return
	}
	u, reason := splitURL(url)
	if m, _ := splitURL(metadata); reason == "" && !m.sameOrigin(&u) {
		c.add(RuleChallengeMetadataOrigin, pointer, quoteURL(metadata)+" is not on the origin of "+quoteURL(url))
	}
}

// RFC 6750 §3 and §3.1, RFC 9449 §7.1
func checkChallengeError(c *check, params map[string]string) {
	code, known := params["error"]
	switch code {
	case "invalid_request", "invalid_token", "insufficient_scope", "invalid_dpop_proof", "use_dpop_nonce":
	default:
		if known && isErrorText(code) {
			c.add(RuleChallengeError, "/error", quote(code)+" is no error code of a resource")
		}
	}
	if uri := params["error_uri"]; uri != "" {
		_, reason := splitURL(uri)
		c.require(RuleChallengeErrorURI, "/error_uri", uri, reason)
	}
	for _, name := range []string{"error", "error_description"} {
		if !isErrorText(params[name]) {
			c.add(RuleChallengeText, "/"+name, name+" has a character that it may not have")
		}
	}
}

// RFC 9449 §7.1: algs has the algorithms of proofs, with spaces between. §11.6:
// only asymmetric ones can make a proof.
func checkChallengeProof(c *check, params map[string]string) {
	for algorithm := range strings.FieldsSeq(params["algs"]) {
		if !isProofAlgorithm(algorithm) {
			c.add(RuleChallengeProof, "/algs", quote(algorithm)+" is no asymmetric algorithm")
		}
	}
}

// MCP, Scope Selection Strategy and Refresh Tokens
func checkChallengeScope(c *check, params map[string]string) {
	const pointer = "/scope"
	scope, ok := params["scope"]
	if !ok {
		c.add(RuleChallengeScope, pointer, "the scope is absent")
		return
	}
	c.scopeWords(RuleChallengeScopeSyntax, scope)
	if slices.Contains(strings.Fields(scope), "offline_access") {
		c.add(RuleChallengeOfflineAccess, pointer, "offline_access is in the scope")
	}
}
