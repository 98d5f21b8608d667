// Discovery: from a challenged URL to the authorization server to use.

package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Source tells where the endpoints of a [Discovery] come from.
type Source string

// The sources, from the regular one to the last resort.
const (
	// SourceProtectedResource: protected resource metadata named the issuer.
	SourceProtectedResource Source = "protected resource metadata"
	// SourceConfigured: the caller gave the issuer or the whole metadata.
	SourceConfigured Source = "configuration"
	// SourceOrigin: a 2025-03-26 server, with metadata at the resource's origin.
	SourceOrigin Source = "metadata at the resource's origin"
	// SourceDefaultEndpoints: a 2025-03-26 server without any document;
	// /authorize, /token and /register at the resource's origin.
	SourceDefaultEndpoints Source = "default endpoints at the resource's origin"
)

// DiscoverRequest says what to discover. Only URL is required.
type DiscoverRequest struct {
	// URL is what the user asks for, such as "https://mcp.example.com/mcp".
	URL string
	// RequestURL is the URL that was challenged, against which a relative
	// resource_metadata is resolved. Empty means URL.
	RequestURL string
	// Challenge is the Bearer or DPoP challenge of the 401, nil if none came.
	Challenge *Challenge
	// BoundIssuer is the issuer to which stored credentials belong: it is
	// preferred when the resource names several. Empty means none.
	BoundIssuer string
	// SelectIssuer picks one of several issuers when no bound one is among
	// them. It may return "" for no preference. Nil means the document's order.
	SelectIssuer func(issuers []string) string
	// Issuer pins the authorization server: protected resource metadata is
	// not asked for. Empty means discovery.
	Issuer string
	// Metadata pins the whole document: nothing is fetched. Nil means discovery.
	Metadata *gen.AuthorizationServerMetadata
	// IssuerAliases maps an issuer asked for to the other spelling that its
	// metadata may carry (DISC-14). Nil means none.
	IssuerAliases map[string]string
	// Covers decides, instead of the rule of DISC-9, whether the resource in
	// the metadata covers the URL in use. Nil means the rule.
	Covers func(resource, url string) bool
	// Reload asks for the protected resource metadata even when Documents has
	// it: a token was rejected, and the resource may have moved to another
	// authorization server.
	Reload bool
	// NoLegacy switches the 2025-03-26 path off: without protected resource
	// metadata discovery fails.
	NoLegacy bool
}

// Discovery is what discovery found. It is not changed after it was returned.
type Discovery struct {
	// URL is the configured URL that discovery was for.
	URL string
	// Resource is the value of the resource parameter, byte for byte.
	Resource string
	// ResourceMetadata is the protected resource metadata, nil on the
	// configured and legacy paths.
	ResourceMetadata *gen.ProtectedResourceMetadata
	// Server is the authorization server's metadata, never nil. Its Issuer is
	// the document's own spelling: what is recorded, stored and compared.
	Server *gen.AuthorizationServerMetadata
	// Source tells how it was found.
	Source Source
	// Attempts are all documents asked for.
	Attempts []Attempt
	// Warnings are the violations that did not stop the flow.
	Warnings validate.Violations
}

// Undocumented says that no metadata document stands behind Server: PKCE
// support is unverified and a returned iss is refused (DISC-6).
func (d *Discovery) Undocumented() bool { return d.Source == SourceDefaultEndpoints }

// Discover finds the authorization server of a protected resource. A failure
// is a [*DiscoveryError] with every attempt.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery
func (c *Client) Discover(ctx context.Context, in DiscoverRequest) (*Discovery, error) {
	d := &discovery{Client: c, in: in, out: &Discovery{URL: in.URL}}
	if err := d.run(withResource(ctx, in.URL)); err != nil {
		return nil, d.fail(ctx, err)
	}
	c.Trace.decided(ctx, "discover", d.out.Server.Issuer, "found", string(d.out.Source))
	return d.out, nil
}

// ResourceMetadata reads the protected resource metadata alone: who protects
// the resource now? Nil without an error means that there is none.
func (c *Client) ResourceMetadata(ctx context.Context, in DiscoverRequest) (*gen.ProtectedResourceMetadata, error) {
	d := &discovery{Client: c, in: in, out: &Discovery{URL: in.URL}}
	ctx = withResource(ctx, in.URL)
	doc, err := d.protectedResource(ctx)
	if err != nil {
		return nil, d.fail(ctx, err)
	}
	return doc, nil
}

// discovery is one discovery under way.
type discovery struct {
	*Client
	in     DiscoverRequest
	out    *Discovery
	object bool // some PRM candidate answered with a JSON object
	open   bool // some answer may mean anything but "there is nothing here"
}

func (d *discovery) run(ctx context.Context) error {
	// 1. What is sent as resource, unless the metadata says otherwise.
	canonical, err := validate.CanonicalURL(d.in.URL)
	if err != nil {
		return err
	}
	d.out.Resource = canonical

	// 2. A caller who knows the server needs no discovery.
	if d.in.Metadata != nil {
		return d.configured(d.in.Metadata)
	}
	if d.in.Issuer != "" {
		d.out.Source = SourceConfigured
		return d.server(ctx, d.in.Issuer)
	}

	// 3. Ask the resource which authorization servers it trusts.
	doc, err := d.protectedResource(ctx)
	if err != nil {
		return err
	}
	if doc == nil {
		return d.legacy(ctx)
	}
	d.out.ResourceMetadata, d.out.Source = doc, SourceProtectedResource
	d.out.Resource = doc.Resource

	// 4. Ask those servers for their metadata; the first usable one serves.
	return d.firstServer(ctx, doc.AuthorizationServers)
}

// configured uses the caller's own document. It obeys the same rules.
func (d *discovery) configured(doc *gen.AuthorizationServerMetadata) error {
	issuer := d.in.Issuer
	if issuer == "" {
		issuer = doc.Issuer
	}
	found := validate.AuthorizationServer(doc, issuer, d.rules()...)
	if err := found.Refuses(validate.UseDocument); err != nil {
		return err
	}
	d.out.Source, d.out.Server = SourceConfigured, doc
	d.out.Warnings = found
	return nil
}

// firstServer asks the issuers in order of preference (DISC-11): the bound
// one, the selected one, then as listed. A missing answer of a preferred
// server is no reason to go to another.
func (d *discovery) firstServer(ctx context.Context, issuers []string) error {
	order, preferred := d.preference(unique(issuers))
	var failures *verdictError
	for _, issuer := range order {
		err := d.server(ctx, issuer)
		var failure *verdictError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil, !errors.As(err, &failure):
			return err
		case failure.verdict == refused, failure.verdict == unknown && issuer == preferred:
			return err
		}
		failures = failures.and(failure)
	}
	return failures
}

// preference sorts the issuers. A preferred one is known by the spelling that
// the resource's metadata has for it.
func (d *discovery) preference(issuers []string) (order []string, preferred string) {
	if i := slices.IndexFunc(issuers, d.isBound); i >= 0 {
		preferred = issuers[i]
	} else if d.in.SelectIssuer != nil {
		preferred = d.in.SelectIssuer(slices.Clone(issuers))
	}
	if preferred == "" || !slices.Contains(issuers, preferred) {
		return issuers, ""
	}
	order = slices.DeleteFunc(slices.Clone(issuers), func(s string) bool { return s == preferred })
	return append([]string{preferred}, order...), preferred
}

// isBound: credentials carry the spelling of the server's own metadata, from
// which that of the resource may differ as far as DISC-14 tolerates.
func (d *discovery) isBound(issuer string) bool {
	bound := d.in.BoundIssuer
	return bound != "" && (validate.SameIssuer(bound, issuer) || d.in.IssuerAliases[issuer] == bound)
}

// server fetches and judges the metadata of one issuer.
func (d *discovery) server(ctx context.Context, issuer string) error {
	urls, err := AuthorizationServerMetadataURLs(issuer)
	if err != nil {
		return &verdictError{absent, err}
	}
	if err := validate.Endpoint(issuer, d.rules()...); err != nil {
		return &verdictError{absent, fmt.Errorf("issuer: %w", err)}
	}
	// DISC-13: a root issuer's RFC 8414 document is nearly always there; for
	// an issuer with a path any of the three may be it, so all go out at once.
	together := len(urls) > 2 && !d.atHand(ctx, urls[0], false)
	answers := ask(ctx, urls, together, func(ctx context.Context, url string) answer[gen.AuthorizationServerMetadata] {
		return d.askServer(ctx, url, issuer)
	})
	found, err := settle(ctx, d, answers)
	if err != nil {
		return err
	}
	if found == nil {
		return &verdictError{absent, fmt.Errorf("issuer %s: no metadata document found", bounded(issuer))}
	}
	d.out.Server = found
	return nil
}

// askServer fetches one candidate document and judges it against issuer.
func (d *discovery) askServer(ctx context.Context, url, issuer string) answer[gen.AuthorizationServerMetadata] {
	res, err := fetchDocument(ctx, d, url, false, d.Operations().GetAuthorizationServerMetadata, gen.DecodeAuthorizationServerMetadata)
	if err != nil {
		a := failedAnswer[gen.AuthorizationServerMetadata](url, err)
		var decode *gen.DecodeError
		if a.object && errors.As(err, &decode) {
			// An object that cannot be read cannot carry the right issuer.
			a.verdict = refused
		}
		return a
	}
	expected := issuer
	if alias := d.in.IssuerAliases[issuer]; alias != "" && res.Document.Issuer == alias {
		expected = alias
	}
	found := validate.AuthorizationServer(res.Document, expected, d.rules(validate.WithReport(res.Report))...)
	a := answer[gen.AuthorizationServerMetadata]{doc: res.Document, warnings: found, object: true, Attempt: Attempt{URL: url, Status: res.StatusCode}}
	// RFC 8414 §3.3: the issuer in the document must be identical to the one
	// asked for; if it is not, the document must not be used. Nor is another
	// document looked for: something answers in this server's name.
	if err := found.Refuses(validate.UseDocument); err != nil {
		a.refuse(refused, err)
		return a
	}
	keepDocument(ctx, d, url, res)
	return a
}

func (d *discovery) fail(ctx context.Context, err error) error {
	var verdict *verdictError
	temporary := errors.As(err, &verdict) && verdict.verdict == unknown && !isOwnRefusal(err)
	if verdict != nil {
		err = verdict.error
	}
	d.Trace.decided(ctx, "discover", d.in.URL, "failed", err.Error())
	return &DiscoveryError{URL: withoutQuery(d.in.URL), Attempts: d.out.Attempts, Err: err, Temporary: temporary}
}
