// Pairs of documents: what each says alone can be right, and the two together
// lead a client nowhere.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ProtectedResourceWithServer judges whether the metadata of an authorization
// server is that of one which the resource names, and whether a token of it can
// be what the resource demands: RFC 9728 §4 and §7.6
// (https://www.rfc-editor.org/rfc/rfc9728#section-4). It finds what only the
// pair shows; each document has its own function. Violations point into the
// resource's document. A nil document is refused.
//
// DISC-11, DISC-14
func ProtectedResourceWithServer(resource *gen.ProtectedResourceMetadata, server *gen.AuthorizationServerMetadata, opts ...Option) Violations {
	return together(documentResource, resource, server, opts)
}

// ClientMetadataWithServer judges whether a server takes a registration
// request, and would serve the client that asks: RFC 7591 §2 and §3.2.2
// (https://www.rfc-editor.org/rfc/rfc7591#section-2). Violations point into the
// client's document. A nil document is refused.
func ClientMetadataWithServer(doc *gen.ClientMetadata, server *gen.AuthorizationServerMetadata, opts ...Option) Violations {
	return together(documentClient, doc, server, opts)
}

// ClientInformationWithServer judges whether a registered client is one that
// the server's metadata has a place for. Violations point into the client's
// document. A nil document is refused. The request that the registration
// answers is an argument of ClientInformation.
func ClientInformationWithServer(doc *gen.ClientInformation, server *gen.AuthorizationServerMetadata, opts ...Option) Violations {
	return together(documentInformation, doc, server, opts)
}

// ClientIDDocumentWithServer judges whether a server takes a Client ID Metadata
// Document, and would serve that client: section 5 of
// https://www.ietf.org/archive/id/draft-ietf-oauth-client-id-metadata-document-00.html#section-5.
// Violations point into the client's document. A nil document is refused.
//
// REG-1
func ClientIDDocumentWithServer(doc *gen.ClientIDMetadataDocument, server *gen.AuthorizationServerMetadata, opts ...Option) Violations {
	return together(documentClientID, doc, server, opts)
}

// pair collects the violations of two documents. They point into the first one,
// or into the second when it is the one that is being judged.
type pair struct {
	*check
	second bool
}

func newPair(document string, opts []Option) *pair {
	return &pair{check: newCheck(document, opts)}
}

// together judges two documents, in the order that judge knows.
func together[A, B Document](document string, first *A, second *B, opts []Option) Violations {
	p := newPair(document, opts)
	if first == nil || second == nil {
		p.add(RuleMissingDocument, "", "one of the two documents is missing")
	} else {
		p.judge(first, second)
	}
	return p.done()
}

// at adds a violation with its pointer in either document.
func (p *pair) at(rule Rule, first, second, detail string) {
	if p.second {
		first = second
	}
	p.add(rule, first, detail)
}

func (p *pair) resource(resource *gen.ProtectedResourceMetadata, server *gen.AuthorizationServerMetadata) {
	p.resourceIssuer(resource.AuthorizationServers, server.Issuer)
	p.resourceScopes(resource.ScopesSupported, server.ScopesSupported)
	if listed := server.ProtectedResources; len(listed) > 0 && !slices.Contains(listed, resource.Resource) {
		p.at(RulePairProtectedResources, "/resource", "/protected_resources",
			quoteURL(resource.Resource)+" is not among the server's protected_resources")
	}
	if missing := firstMissing(resource.AuthorizationDetailsTypesSupported, server.AuthorizationDetailsTypesSupported); missing != "" {
		p.at(RulePairAuthorizationDetails, "/authorization_details_types_supported", "/authorization_details_types_supported",
			"the server does not have "+quote(missing))
	}
	p.boundTokens(resource, server)
}

// RFC 8414 §3.3, RFC 9728 §7.6: the issuer that the resource names is the one
// to ask, and the one that has to answer.
func (p *pair) resourceIssuer(named []string, issuer string) {
	const first, second = "/authorization_servers", "/issuer"
	if len(named) == 0 || issuer == "" || slices.Contains(named, issuer) {
		return
	}
	near := slices.IndexFunc(named, func(other string) bool { return SameIssuer(issuer, other) })
	if near >= 0 {
		p.at(RulePairIssuerSpelling, first+"/"+strconv.Itoa(near), second,
			quoteURL(named[near])+" is named, and the server calls itself "+quoteURL(issuer)+": they differ by a trailing slash")
		return
	}
	detail := "the server calls itself " + quoteURL(issuer) + ", and is not named"
	if len(named) == 1 {
		detail = "the server calls itself " + quoteURL(issuer) + ", and " + quoteURL(named[0]) + " is named: " + issuerReason(issuer, named[0])
	}
	p.at(RulePairIssuer, first, second, detail)
}

func (p *pair) resourceScopes(wanted, known []string) {
	if len(known) == 0 {
		return
	}
	if missing := firstMissing(wanted, known); missing != "" {
		p.at(RulePairScopes, "/scopes_supported", "/scopes_supported", "the server does not list "+quote(missing))
	}
}

// RFC 9449 §5.1, RFC 8705 §3.3: a token can only be bound when both know how.
func (p *pair) boundTokens(resource *gen.ProtectedResourceMetadata, server *gen.AuthorizationServerMetadata) {
	const algorithms = "/dpop_signing_alg_values_supported"
	offered, taken := server.DPoPSigningAlgValuesSupported, resource.DPoPSigningAlgValuesSupported
	switch {
	case resource.DPoPBoundAccessTokensRequired && len(offered) == 0:
		p.at(RulePairDPoP, "/dpop_bound_access_tokens_required", "", "the resource demands DPoP, and the server does not offer it")
	case len(offered) > 0 && len(taken) > 0 && !slices.ContainsFunc(taken, func(a string) bool { return slices.Contains(offered, a) }):
		p.at(RulePairDPoP, algorithms, algorithms, "the resource and the server have no DPoP algorithm in common")
	}
	const bound = "/tls_client_certificate_bound_access_tokens"
	if resource.TLSClientCertificateBoundAccessTokens && !server.TLSClientCertificateBoundAccessTokens {
		p.at(RulePairCertificate, bound, bound, "the resource takes certificate-bound tokens, and the server does not issue them")
	}
}

// firstMissing returns the first of wanted that is not known, or "".
func firstMissing(wanted, known []string) string {
	for _, word := range wanted[:min(len(wanted), maxCompared)] {
		if !slices.Contains(known[:min(len(known), maxCompared)], word) {
			return word
		}
	}
	return ""
}

// maxCompared bounds lists that are compared with each other: Google lists
// hundreds of scopes, nobody thousands.
const maxCompared = 1000

func (p *pair) registration(server *gen.AuthorizationServerMetadata) {
	if server.RegistrationEndpoint == "" {
		p.at(RulePairRegistration, "", "/registration_endpoint", "the server has no registration endpoint")
	}
}

func (p *pair) clientID(server *gen.AuthorizationServerMetadata) {
	if !server.ClientIDMetadataDocumentSupported {
		p.at(RulePairClientID, "/client_id", "/client_id_metadata_document_supported", "the server does not say that it takes metadata documents")
	}
}

// client judges what a client wants by what a server has. Absent members mean
// what RFC 7591 §2 and RFC 8414 §2 say they mean, except for the authentication
// methods of a server: many leave them out and take public clients.
func (p *pair) client(v *client, server *gen.AuthorizationServerMetadata) {
	method := defaultTo(v.method, "client_secret_basic")
	if methods := server.TokenEndpointAuthMethodsSupported; len(methods) > 0 && !slices.Contains(methods, method) {
		p.at(RulePairAuthMethod, "/token_endpoint_auth_method", "/token_endpoint_auth_methods_supported", "the server does not have "+quote(method))
	}
	if known := server.TokenEndpointAuthSigningAlgValuesSupported; len(known) > 0 && v.signingAlgorithm != "" && !slices.Contains(known, v.signingAlgorithm) {
		p.at(RulePairAlgorithm, "/token_endpoint_auth_signing_alg", "/token_endpoint_auth_signing_alg_values_supported",
			"the server does not have "+quote(v.signingAlgorithm))
	}
	p.grants(v, server)
	if missing := firstMissing(v.responseTypes, server.ResponseTypesSupported); missing != "" && len(server.ResponseTypesSupported) > 0 {
		p.at(RulePairResponseType, "/response_types", "/response_types_supported", "the server does not have "+quote(missing))
	}
	if known := server.ScopesSupported; len(known) > 0 {
		if missing := firstMissing(strings.Fields(v.scope), known); missing != "" {
			p.at(RulePairClientScope, "/scope", "/scopes_supported", "the server does not list "+quote(missing))
		}
	}
	if v.requirePushed && server.PushedAuthorizationRequestEndpoint == "" {
		p.at(RulePairPushed, "/require_pushed_authorization_requests", "/pushed_authorization_request_endpoint",
			"the client pushes its requests, and the server has no endpoint for them")
	}
}

func (p *pair) grants(v *client, server *gen.AuthorizationServerMetadata) {
	const first, second = "/grant_types", "/grant_types_supported"
	known := defaultList(server.GrantTypesSupported, grantCode, grantImplicit)
	for _, grant := range defaultList(v.grantTypes, grantCode) {
		switch {
		case slices.Contains(known, grant):
		case grant == grantCode:
			p.at(RulePairGrantCode, first, second, "the server does not have authorization_code")
		default:
			p.at(RulePairGrant, first, second, "the server does not list "+quote(grant))
		}
	}
}

func defaultTo(value, meaning string) string {
	if value == "" {
		return meaning
	}
	return value
}

func defaultList(list []string, meaning ...string) []string {
	if len(list) == 0 {
		return meaning
	}
	return list
}
