// Registration: where the client id comes from.

package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// ClientSource tells where a client id comes from.
type ClientSource string

// The sources in their order of preference.
const (
	ClientPreRegistered ClientSource = "pre-registered"
	ClientStored        ClientSource = "stored registration"
	ClientIDMetadata    ClientSource = "client id metadata document"
	ClientDynamic       ClientSource = "dynamic client registration"
)

// ClientRequest says what is at hand to become a client of an issuer.
type ClientRequest struct {
	// Discovery is the issuer. Required.
	Discovery *Discovery
	// RedirectURI is the one that will be used. Required for the code flow.
	RedirectURI string
	// PreRegistered are the caller's credentials, nil without.
	PreRegistered *gen.ClientInformation
	// PreRegisteredIssuer is the issuer that they belong to; empty binds them
	// to the first issuer they are used with, which the caller must record.
	PreRegisteredIssuer string
	// Stored is an earlier registration, nil without; StoredIssuer is where
	// it was made.
	Stored       *gen.ClientInformation
	StoredIssuer string
	// ClientIDMetadataURL is the https URL of the caller's Client ID Metadata
	// Document; empty if it has none. ClientIDMetadataAuthMethod is the
	// token_endpoint_auth_method in it; empty means "none".
	ClientIDMetadataURL        string
	ClientIDMetadataAuthMethod string
	// Metadata is what a dynamic registration sends; nil forbids it.
	Metadata *gen.ClientMetadata
	// InitialAccessToken and SoftwareStatement are what the server's operator
	// handed out to registering clients; empty without. The statement gives
	// way to one that Metadata has.
	InitialAccessToken gen.Secret
	SoftwareStatement  string
	// Now is the time against which a secret's expiry is judged. Zero means
	// the present.
	Now time.Time
}

// ClientIdentity is a client id for one issuer.
type ClientIdentity struct {
	// Issuer is the metadata's own spelling.
	Issuer string
	// Source tells where the id comes from.
	Source ClientSource
	// Information is never nil.
	Information *gen.ClientInformation
}

// ObtainClient gets a client id for the discovered issuer: pre-registered,
// stored, Client ID Metadata Document, dynamic registration, in this order.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration
func (c *Client) ObtainClient(ctx context.Context, in ClientRequest) (*ClientIdentity, error) {
	server := in.Discovery.Server
	// 1. Credentials that the caller has. They belong to one issuer and are
	// never silently replaced (BIND-2).
	if in.PreRegistered != nil {
		if err := CheckIssuer(server, in.PreRegisteredIssuer); err != nil {
			return nil, err
		}
		if !registered(in.PreRegistered.RedirectURIs, in.RedirectURI) {
			return nil, &ClientError{Issuer: server.Issuer, Reason: fmt.Sprintf(
				"redirect URI %s is none of the registered ones (%s): register it, or free the port of a registered one",
				bounded(in.RedirectURI), bounded(strings.Join(in.PreRegistered.RedirectURIs, " ")))}
		}
		return c.identity(ctx, server, ClientPreRegistered, in.PreRegistered), nil
	}
	// 2. A registration made earlier, with this issuer and this redirect URI.
	if in.Stored != nil && in.storedServes() {
		return c.identity(ctx, server, ClientStored, in.Stored), nil
	}
	// 3. The caller's own document, when the server reads such documents.
	if in.ClientIDMetadataURL != "" && server.ClientIDMetadataDocumentSupported {
		if err := validate.ClientIDURL(in.ClientIDMetadataURL); err != nil {
			return nil, err
		}
		return c.identity(ctx, server, ClientIDMetadata, &gen.ClientInformation{
			ClientID: in.ClientIDMetadataURL, TokenEndpointAuthMethod: cmp.Or(in.ClientIDMetadataAuthMethod, AuthMethodNone),
		}), nil
	}
	// 4. Dynamic registration.
	if in.Metadata != nil && server.RegistrationEndpoint != "" {
		information, err := c.registerWith(ctx, in)
		if err != nil {
			return nil, err
		}
		return c.identity(ctx, server, ClientDynamic, information), nil
	}
	// 5. Nothing left: say what the user can do.
	if in.Metadata == nil && server.RegistrationEndpoint != "" {
		return nil, &ClientError{Issuer: server.Issuer, Reason: "dynamic registration is switched off," +
			" and there are no credentials for this issuer: configure Credentials, or allow registration"}
	}
	return nil, &ClientError{Issuer: server.Issuer, Reason: "the server has no usable registration endpoint" +
		" and takes no client id metadata document of ours: register a client there by hand and configure its client id"}
}

// registerWith registers the caller's metadata, completed by what the server
// takes. A redirect URI that would not be registered is never sent (REG-11).
func (c *Client) registerWith(ctx context.Context, in ClientRequest) (*gen.ClientInformation, error) {
	server, metadata := in.Discovery.Server, *in.Metadata
	if metadata.TokenEndpointAuthMethod == "" {
		metadata.TokenEndpointAuthMethod = methodToRegister(server, &metadata)
	}
	if len(metadata.RedirectURIs) == 0 && in.RedirectURI != "" {
		metadata.RedirectURIs = []string{in.RedirectURI}
	}
	if !registered(metadata.RedirectURIs, in.RedirectURI) {
		return nil, &ClientError{Issuer: server.Issuer, Reason: fmt.Sprintf(
			"redirect URI %s is not in the client metadata (%s)",
			bounded(in.RedirectURI), bounded(strings.Join(metadata.RedirectURIs, " ")))}
	}
	metadata.SoftwareStatement = cmp.Or(metadata.SoftwareStatement, in.SoftwareStatement)
	return c.RegisterClient(withResource(ctx, in.Discovery.URL), RegisterRequest{
		Endpoint: server.RegistrationEndpoint, Metadata: &metadata, InitialAccessToken: in.InitialAccessToken,
	})
}

func (c *Client) identity(ctx context.Context, server *gen.AuthorizationServerMetadata, source ClientSource, information *gen.ClientInformation) *ClientIdentity {
	c.Trace.decided(ctx, "client", server.Issuer, "chosen", string(source))
	return &ClientIdentity{Issuer: server.Issuer, Source: source, Information: information}
}

// storedServes: client ids are unique to the issuer that gave them (BIND-1). The
// URL of a metadata document is portable and was never registered: the document
// is asked, not what was once stored of it (REG-3). An expired secret, or a
// redirect URI that was never registered, needs a new registration.
func (in *ClientRequest) storedServes() bool {
	if in.ClientIDMetadataURL != "" && in.Stored.ClientID == in.ClientIDMetadataURL {
		return false
	}
	if in.StoredIssuer != in.Discovery.Server.Issuer {
		return false
	}
	now := in.Now
	if now.IsZero() {
		now = time.Now()
	}
	if SecretExpired(in.Stored, now) {
		return false
	}
	return registered(in.Stored.RedirectURIs, in.RedirectURI)
}

// registered: a redirect URI is compared byte for byte. Only a loopback URI that
// was registered without a port stands for every port (RFC 8252 §7.3). No list
// means that the caller does not know it.
func registered(uris []string, redirectURI string) bool {
	if len(uris) == 0 || redirectURI == "" || slices.Contains(uris, redirectURI) {
		return true
	}
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" || !validate.IsLoopbackHost(u.Hostname()) {
		return false
	}
	u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	return slices.Contains(uris, u.String())
}

// methodToRegister asks for a public client where the server takes one: PKCE
// protects the code, and a secret in an installed program is none. A server that
// lists its methods without "none" gets the first of them that a secret allows.
// A client that brings keys wants to use them.
func methodToRegister(server *gen.AuthorizationServerMetadata, metadata *gen.ClientMetadata) string {
	listed := server.TokenEndpointAuthMethodsSupported
	if bringsKeys(metadata) && slices.Contains(listed, AuthMethodPrivateKeyJWT) {
		return AuthMethodPrivateKeyJWT
	}
	for _, method := range []string{AuthMethodNone, AuthMethodBasic, AuthMethodPost} {
		if slices.Contains(listed, method) {
			return method
		}
	}
	return AuthMethodNone
}

// SecretExpired tells whether the client's secret is past its
// client_secret_expires_at; 0 or absence means never.
//
// https://www.rfc-editor.org/rfc/rfc7591.html#section-3.2.1
func SecretExpired(client *gen.ClientInformation, now time.Time) bool {
	at := client.ClientSecretExpiresAt
	return client.ClientSecret != "" && at != nil && *at != 0 && now.Unix() >= *at
}

func bringsKeys(m *gen.ClientMetadata) bool { return m.JWKS != nil || m.JWKSURI != "" }

// Register is [Client.RegisterClient] where anyone may register.
func (c *Client) Register(ctx context.Context, endpoint string, metadata *gen.ClientMetadata) (*gen.ClientInformation, error) {
	return c.RegisterClient(ctx, RegisterRequest{Endpoint: endpoint, Metadata: metadata})
}

// RegisterRequest is a dynamic registration.
type RegisterRequest struct {
	// Endpoint is the registration endpoint. Required.
	Endpoint string
	// Metadata is what is registered. Required. A software statement is a
	// member of it.
	Metadata *gen.ClientMetadata
	// InitialAccessToken is the operator's permission to register. Empty where
	// none is needed.
	InitialAccessToken gen.Secret
}

// RegisterClient registers a client (RFC 7591). It is sent again only with
// something changed: once with the other application_type after a redirect URI
// was rejected, once without scope after the metadata was (REG-9). An error is a
// [*RegistrationError], and nothing of the answer should be stored then.
//
// https://www.rfc-editor.org/rfc/rfc7591.html#section-3
func (c *Client) RegisterClient(ctx context.Context, in RegisterRequest) (*gen.ClientInformation, error) {
	endpoint, metadata := in.Endpoint, in.Metadata
	if err := c.endpoint("registration_endpoint", endpoint); err != nil {
		return nil, &RegistrationError{Request: metadata, Err: err}
	}
	request, err := registrationRequest(metadata)
	if err != nil {
		return nil, &RegistrationError{Request: metadata, Err: err}
	}
	var retyped, unscoped bool
	for {
		information, err := c.registerOnce(ctx, in, request)
		var rejected *RegistrationError
		if err == nil || !errors.As(err, &rejected) {
			return information, err
		}
		next := *request
		switch {
		case !retyped && rejected.Code == "invalid_redirect_uri" && otherTypeIsLegal(request):
			retyped, next.ApplicationType = true, otherType(request.ApplicationType)
		case !unscoped && rejected.Code == "invalid_client_metadata" && request.Scope != "":
			unscoped, next.Scope = true, ""
		default:
			return nil, err
		}
		c.Trace.decided(ctx, "register", endpoint, "again", rejected.Code)
		request = &next
	}
}

// registerOnce is one registration request and the judgement of its answer.
func (c *Client) registerOnce(ctx context.Context, in RegisterRequest, request *gen.ClientMetadata) (*gen.ClientInformation, error) {
	var secrets spoken
	res, err := c.Operations().RegisterClient(ctx, in.Endpoint, request, secrets.heard(bearer(in.InitialAccessToken)))
	if err != nil {
		return nil, secrets.cut(registrationFailed(request, err))
	}
	// RFC 7591 §3.2.1: the server may substitute what it likes; the client
	// checks whether it can live with that.
	err = validate.ClientInformation(res.Document, request).Refuses(validate.UseRegistration)
	if method := res.Document.TokenEndpointAuthMethod; err == nil && method != "" && method != request.TokenEndpointAuthMethod {
		err = credentialsOf(res.Document.ClientSecret, bringsKeys(request), false).allow(method)
	}
	if err != nil {
		return nil, &RegistrationError{Request: request, StatusCode: res.StatusCode, Err: err}
	}
	if res.Document.ClientSecret == "" && res.Document.TokenEndpointAuthMethod == "" {
		res.Document.TokenEndpointAuthMethod = AuthMethodNone
		if m := request.TokenEndpointAuthMethod; credentialsOf("", bringsKeys(request), true).allow(m) == nil {
			res.Document.TokenEndpointAuthMethod = m
		}
	}
	if len(res.Document.RedirectURIs) == 0 {
		res.Document.RedirectURIs = request.RedirectURIs
	}
	return res.Document, nil
}

// registrationRequest completes the metadata to be sent; the caller's stays as
// it is.
func registrationRequest(metadata *gen.ClientMetadata) (*gen.ClientMetadata, error) {
	request := *metadata
	if request.ApplicationType == "" {
		kind, err := ApplicationType(request.RedirectURIs)
		if err != nil {
			return nil, err
		}
		request.ApplicationType = kind
	}
	for _, uri := range request.RedirectURIs {
		if err := validate.RedirectURI(uri); err != nil {
			return nil, err
		}
	}
	if request.GrantTypes == nil {
		request.GrantTypes = []string{GrantAuthorizationCode, GrantRefreshToken}
	}
	if request.ResponseTypes == nil {
		// RFC 7591 §2: left out it means "code", which a client without that
		// grant must not say.
		request.ResponseTypes = []string{}
		if slices.Contains(request.GrantTypes, GrantAuthorizationCode) {
			request.ResponseTypes = []string{"code"}
		}
	}
	return &request, validate.ClientMetadata(&request).Refuses(validate.UseRegistration)
}

// ApplicationType infers application_type from redirect URIs: "native" for
// loopback and private-use schemes, "web" for https. A mixture is an error: no
// OpenID server accepts it under either type. No URI at all gives "".
//
// https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
func ApplicationType(redirectURIs []string) (string, error) {
	kind := ""
	for _, raw := range redirectURIs {
		one, err := applicationTypeOf(raw)
		if err != nil {
			return "", err
		}
		if kind != "" && kind != one {
			return "", fmt.Errorf("flows: redirect_uris %s: loopback and web redirect URIs cannot be registered together: use two clients",
				bounded(strings.Join(redirectURIs, " ")))
		}
		kind = one
	}
	return kind, nil
}

func applicationTypeOf(redirectURI string) (string, error) {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return "", fmt.Errorf("flows: redirect_uri %q: not a URL", bounded(redirectURI))
	}
	if u.Scheme == "https" && !validate.IsLoopbackHost(u.Hostname()) {
		return "web", nil
	}
	return "native", nil
}

// otherTypeIsLegal: a native client may try as web (only the implicit grant
// forbids loopback there); a web client's https URIs are not legal for native.
func otherTypeIsLegal(m *gen.ClientMetadata) bool { return m.ApplicationType == "native" }

func otherType(kind string) string {
	if kind == "native" {
		return "web"
	}
	return "native"
}
