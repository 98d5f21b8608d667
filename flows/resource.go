// Protected resource: its metadata, and the path for servers without any.

package flows

import (
	"context"
	"errors"
	"fmt"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// errNoMetadata is the end of a discovery that may not guess.
var errNoMetadata = errors.New("no usable protected resource metadata")

// protectedResource finds the resource's metadata; nil means that there is
// none anywhere, which only a server of the 2025-03-26 revision may have.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#protected-resource-metadata-discovery-requirements
func (d *discovery) protectedResource(ctx context.Context) (*gen.ProtectedResourceMetadata, error) {
	wellKnown, err := ProtectedResourceMetadataURLs(d.in.URL)
	if err != nil {
		return nil, err
	}
	// The URL that the challenge names comes first and alone. The root
	// document is then never asked: on a shared host it is someone else's.
	if named := d.in.Challenge.ResourceMetadata(); named != "" {
		url, err := metadataURL(named, d.requestURL())
		if err != nil {
			return nil, &verdictError{refused, err}
		}
		return d.askResource(ctx, false, unique(append([]string{url}, wellKnown[:len(wellKnown)-1]...)))
	}
	return d.askResource(ctx, !d.atHand(ctx, wellKnown[0], d.in.Reload), wellKnown)
}

func (d *discovery) requestURL() string {
	if d.in.RequestURL != "" {
		return d.in.RequestURL
	}
	return d.in.URL
}

func (d *discovery) askResource(ctx context.Context, together bool, urls []string) (*gen.ProtectedResourceMetadata, error) {
	doc, err := settle(ctx, d, ask(ctx, urls, together, d.askResourceAt))
	if err != nil || doc != nil {
		return doc, err
	}
	if d.object {
		// There is metadata, and it is broken: no reason to guess (DISC-6).
		return nil, &verdictError{absent, errNoMetadata}
	}
	return nil, nil
}

// askResourceAt fetches one candidate document and judges it.
func (d *discovery) askResourceAt(ctx context.Context, url string) answer[gen.ProtectedResourceMetadata] {
	if err := validate.Endpoint(url, d.rules()...); err != nil {
		a := answer[gen.ProtectedResourceMetadata]{Attempt: Attempt{URL: url}}
		a.refuse(refused, err)
		return a
	}
	res, err := fetchDocument(ctx, d, url, d.in.Reload, d.Operations().GetProtectedResourceMetadata, gen.DecodeProtectedResourceMetadata)
	if err != nil {
		a := failedAnswer[gen.ProtectedResourceMetadata](url, err)
		var decode *gen.DecodeError
		if errors.As(err, &decode) && decode.Pointer == "/resource" && decode.Kind == gen.ProblemValue {
			a.verdict = refused // what is no URL covers none
		}
		return a
	}
	found := validate.ProtectedResource(res.Document, d.in.URL, d.rules(validate.WithReport(res.Report))...)
	a := answer[gen.ProtectedResourceMetadata]{doc: res.Document, warnings: found, object: true, Attempt: Attempt{URL: url, Status: res.StatusCode}}
	// RFC 9728 §3.3: metadata whose resource is not the one in use must not be
	// used. Nor is a better document looked for (DISC-9).
	err = found.Refuses(validate.UseDocument, d.exceptCovers()...)
	switch {
	case err == nil && d.in.Covers != nil && !d.in.Covers(res.Document.Resource, d.in.URL):
		a.refuse(refused, fmt.Errorf("resource %q does not cover %q: %w",
			bounded(res.Document.Resource), bounded(d.in.URL), validate.RuleResourceCovers))
	case errors.Is(err, validate.RuleResourceCovers), errors.Is(err, validate.RulePRMResourceURL):
		a.refuse(refused, err)
	case err != nil:
		a.refuse(absent, err)
	default:
		keepDocument(ctx, d, url, res)
	}
	return a
}

func (d *discovery) exceptCovers() []validate.Rule {
	if d.in.Covers == nil {
		return nil
	}
	return []validate.Rule{validate.RuleResourceCovers}
}

// legacy is the path of the 2025-03-26 revision: the resource's origin is the
// issuer. Only here, and only when every probe said that nothing is there, are
// endpoints taken by their default names; never once a PRM has named a server.
//
// https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization#fallbacks-for-servers-without-metadata-discovery
func (d *discovery) legacy(ctx context.Context) error {
	if d.in.NoLegacy {
		return &verdictError{absent, errNoMetadata}
	}
	issuer, err := originOf(d.out.Resource)
	if err != nil {
		return err
	}
	d.out.Source = SourceOrigin
	err = d.server(ctx, issuer)
	var verdict *verdictError
	if !errors.As(err, &verdict) || verdict.verdict != absent || d.open {
		return err
	}
	d.out.Source = SourceDefaultEndpoints
	d.out.Server = &gen.AuthorizationServerMetadata{
		Issuer:                issuer,
		AuthorizationEndpoint: issuer + "/authorize",
		TokenEndpoint:         issuer + "/token",
		RegistrationEndpoint:  issuer + "/register",
	}
	return nil
}
