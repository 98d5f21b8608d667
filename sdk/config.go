// Configuration: everything a client is told, with safe zero values.

package sdk

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Config says for which resource a [Client] is and how it may get authorized.
// Only Resource is required. [New] and [NewPool] copy it with all that its
// slices, maps and pointers lead to, so that the caller may change them and use
// them again afterwards. Its interfaces, functions and keys are shared: they are
// used by several goroutines at once for as long as the client lives.
type Config struct {
	// Resource is the URL of the MCP server, such as
	// "https://mcp.example.com/mcp". It must be https, or http on a loopback
	// host or an origin in AllowInsecureHTTP.
	Resource string
	// Paths are further paths of the resource's origin that get the token,
	// such as the message endpoint of HTTP+SSE. Each covers what is below it.
	Paths []string
	// Subject names the user whose session this is. Empty is the only user.
	Subject string

	// Authorizer brings the human to the authorization server. Nil means that
	// there is no human here: requests get a [*ConsentRequiredError] whose URL
	// the program can show, and Finish takes the answer.
	Authorizer Authorizer
	// RedirectURI is where the answer comes when there is no Authorizer, and for
	// Begin. An Authorizer has its own. Without either, and without a Grant,
	// nobody can log in: the client uses and refreshes what is in the Store.
	RedirectURI string

	// Credentials are those of a pre-registered client. Nil means none.
	Credentials *Credentials
	// ClientIDMetadataURL is the https URL of this program's Client ID
	// Metadata Document, used where the server supports such documents.
	ClientIDMetadataURL string
	// ClientName names the program in registrations and on consent pages, and
	// keeps its sessions apart from those of other programs in one store.
	// Empty means "mcpoauth".
	ClientName string
	// ClientMetadata is what a dynamic registration sends. Its redirect URIs
	// are replaced by the one in use. Nil means the defaults for a native or
	// web client with ClientName.
	ClientMetadata *gen.ClientMetadata
	// InitialAccessToken is a permission to register, for servers that do not
	// let everybody; their operator hands it out. It is sent with nothing but a
	// dynamic registration. Empty sends none.
	InitialAccessToken gen.Secret
	// SoftwareStatement is a JWT in which somebody whom the server trusts says
	// what this program is (RFC 7591 §2.3). A dynamic registration sends it,
	// unless ClientMetadata has one. Empty sends none.
	SoftwareStatement string
	// NoRegistration forbids dynamic registration.
	NoRegistration bool

	// ClientKey signs client assertions (private_key_jwt), for Credentials
	// without a secret and for a metadata document with keys. Nil means none.
	ClientKey *flows.ClientKey
	// ClientAssertionAudience is the audience of client assertions. Empty
	// means the issuer.
	ClientAssertionAudience string
	// ClientCertificate says that HTTPClient presents a certificate by which
	// the authorization server knows the client (RFC 8705).
	ClientCertificate bool
	// Grant gets tokens otherwise than by an authorization code: for machines,
	// enterprises, and humans with another device. Nil means the code, brought
	// by Authorizer.
	Grant Grant
	// DPoP says when tokens are bound to a key; DPoPKey is that key, and then
	// all tokens are. Nil makes a key for each grant and stores it with the
	// token.
	DPoP    DPoPPolicy
	DPoPKey *flows.DPoPKey
	// PushAuthorization sends authorization requests to the server directly
	// (RFC 9126) also when it does not require that.
	PushAuthorization bool

	// Issuer pins the authorization server. Empty means discovery.
	Issuer string
	// Metadata pins its metadata. Nil means discovery.
	Metadata *gen.AuthorizationServerMetadata
	// SelectIssuer picks one of several authorization servers. Nil takes the
	// first usable one.
	SelectIssuer func(issuers []string) string
	// IssuerAliases maps an issuer to the other spelling that its metadata
	// may carry.
	IssuerAliases map[string]string
	// Covers replaces the rule by which protected resource metadata covers
	// the URL in use.
	Covers func(resource, url string) bool
	// NoLegacy refuses servers of the 2025-03-26 revision, which have no
	// protected resource metadata.
	NoLegacy bool

	// Scope has the last word on the scopes of an authorization request; its
	// argument holds the library's choice in Selected. Nil keeps that choice.
	Scope func(flows.ScopeRequest) []string
	// OfflineAccess is the policy for the offline_access scope.
	OfflineAccess flows.OfflineAccess
	// Prompt is the prompt parameter; empty sends "consent" with
	// offline_access only, "-" never sends any.
	Prompt string
	// ResourceParameter returns what is sent as resource to an issuer; ""
	// omits it, for servers that reject it. Nil always sends the resource.
	ResourceParameter func(issuer, resource string) string
	// AuthorizationParams and TokenParams are added to the authorization and
	// token requests. They cannot replace parameters of the protocol.
	AuthorizationParams, TokenParams url.Values
	// ScopeOnRefresh sends the scope with refresh requests, for servers that
	// narrow the token otherwise.
	ScopeOnRefresh bool
	// StepUp says what happens on a 403 with insufficient_scope.
	StepUp StepUpPolicy
	// AllowStepUp is asked before a step-up when StepUp is StepUpAsk, once for
	// all requests that wait for it. StepUpAsk without it is refused; with another
	// policy it is not called.
	AllowStepUp func(scope []string) bool

	// Store keeps sessions and registrations. Nil means memory: a restart
	// loses them.
	Store Store
	// HTTPClient sends the OAuth requests and, through its transport, those
	// of HTTPClient: proxy, CA, client certificate. It is not changed. Nil
	// means http.DefaultTransport.
	HTTPClient *http.Client
	// Skew is how long before its end a token is refreshed. Zero means 30 s,
	// or a quarter of the token's life if that is less; a negative value means
	// that a token is used to its end.
	Skew time.Duration
	// RefreshAhead is the window before Skew in which the first request starts
	// a refresh and goes on with the present token, so that none waits for it.
	// The moment is jittered for each token, and the window no longer than a
	// quarter of its life. Zero means that requests wait; in a [Pool] it means
	// two minutes, and a negative value that they wait.
	RefreshAhead time.Duration
	// LegTimeout bounds one OAuth request, repetitions included. Zero means
	// 15 s for token requests and 30 s for the others.
	LegTimeout time.Duration
	// LoginTimeout bounds a login with a human in it. Zero means 10 minutes.
	LoginTimeout time.Duration
	// UserAgent and ProtocolVersion are sent on OAuth requests; see [flows.Client].
	UserAgent, ProtocolVersion string
	// AllowInsecureHTTP, AllowPrivateNetworks, AllowNetworks and
	// PKCEUnadvertised loosen a rule for named servers; see [flows.Client].
	AllowInsecureHTTP    []string
	AllowPrivateNetworks bool
	AllowNetworks        []netip.Prefix
	PKCEUnadvertised     []string

	// Trace observes each OAuth request and decision. Nil observes nothing.
	Trace *flows.Trace
	// Logger gets at level Info what a user of the program should know, without
	// secrets: rules that metadata breaks and that did not stop a login, refresh
	// tokens that were rejected, resources that moved to another server or offer
	// no Bearer challenge, and trouble with records of the store. A login that
	// goes well logs nothing: for each step there is Trace. Nil logs nothing.
	Logger *slog.Logger
}

// Credentials are a client registered by hand.
type Credentials struct {
	// ClientID is required.
	ClientID string
	// ClientSecret is empty for a public client.
	ClientSecret gen.Secret
	// Issuer is the authorization server that gave them. Empty binds them to
	// the first one they are used with, and only to it from then on.
	Issuer string
	// TokenEndpointAuthMethod is how the client authenticates. Empty means the
	// server's preference.
	TokenEndpointAuthMethod string
	// RedirectURIs are the registered ones. Nil means unknown: whatever the
	// Authorizer binds is sent, as RFC 8252 §7.3 allows for loopback ports.
	RedirectURIs []string
}

// StepUpPolicy says what happens when the resource wants more scope.
type StepUpPolicy int

// The policies.
const (
	// StepUpAutomatic asks the human through a new authorization. The zero
	// value. A machine client has no human to ask and fails, except with
	// EnterpriseManaged, where a policy decides.
	StepUpAutomatic StepUpPolicy = iota
	// StepUpAsk calls Config.AllowStepUp first.
	StepUpAsk
	// StepUpFail gives the request a *StepUpError at once.
	StepUpFail
)

const defaultClientName = "mcpoauth"

// check refuses a configuration that could only fail later.
func (c *Config) check() error {
	if c.Resource == "" {
		return errors.New("sdk: config: Resource is empty: set the URL of the MCP server")
	}
	if err := validate.Endpoint(c.Resource, validate.AllowInsecureHTTP(c.AllowInsecureHTTP...)); err != nil {
		return fmt.Errorf("sdk: config: Resource: %w", withHTTPHint(c.Resource, err))
	}
	return c.checkOptions()
}

// withHTTPHint adds the remedies where the scheme of a resource is all that is
// wrong with it.
func withHTTPHint(resource string, err error) error {
	u, parseErr := url.Parse(resource)
	if parseErr != nil || validate.Endpoint(resource, validate.AllowInsecureHTTP("http://"+u.Host)) != nil {
		return err
	}
	return fmt.Errorf("%w: use https, or name the origin in AllowInsecureHTTP", err)
}

// checkOptions is check without the resource, which a pool learns later.
func (c *Config) checkOptions() error {
	if c.ClientIDMetadataURL != "" {
		if err := validate.ClientIDURL(c.ClientIDMetadataURL); err != nil {
			return fmt.Errorf("sdk: config: ClientIDMetadataURL: %w", err)
		}
	}
	if c.RedirectURI != "" {
		if err := validate.RedirectURI(c.RedirectURI); err != nil {
			return fmt.Errorf("sdk: config: RedirectURI: %w", err)
		}
	}
	if err := c.checkCredentials(); err != nil {
		return err
	}
	if loopback, ok := c.Authorizer.(*Loopback); ok && loopback != nil {
		if _, err := loopback.address(); err != nil {
			return fmt.Errorf("sdk: config: Authorizer: %w", err)
		}
	}
	if c.StepUp == StepUpAsk && c.AllowStepUp == nil {
		return errors.New("sdk: config: StepUpAsk needs AllowStepUp")
	}
	return c.checkGrant()
}

// checkCredentials refuses a client that could not show who it is.
func (c *Config) checkCredentials() error {
	switch {
	case c.Credentials == nil:
		return nil
	case c.Credentials.ClientID == "":
		return errors.New("sdk: config: Credentials.ClientID is empty")
	}
	method := c.Credentials.TokenEndpointAuthMethod
	switch {
	case method != "" && !slices.Contains(authMethods, method):
		return fmt.Errorf("sdk: config: Credentials.TokenEndpointAuthMethod %q is none of %s", method, strings.Join(authMethods, ", "))
	case method == flows.AuthMethodPrivateKeyJWT && c.ClientKey == nil:
		return fmt.Errorf("sdk: config: Credentials.TokenEndpointAuthMethod %s needs ClientKey", method)
	}
	return nil
}

var authMethods = []string{
	flows.AuthMethodNone, flows.AuthMethodBasic, flows.AuthMethodPost, flows.AuthMethodSecretJWT,
	flows.AuthMethodPrivateKeyJWT, flows.AuthMethodTLS, flows.AuthMethodSelfSignedTLS,
}

func (c *Config) clientName() string {
	if c.ClientName != "" {
		return c.ClientName
	}
	return defaultClientName
}

// registration returns the client metadata to register with one redirect URI.
func (c *Config) registration(redirectURI string) *gen.ClientMetadata {
	if c.NoRegistration {
		return nil
	}
	m := gen.ClientMetadata{ClientName: c.clientName()}
	if c.ClientMetadata != nil {
		m = *c.ClientMetadata
	}
	if _, device := c.Grant.(DeviceAuthorization); device && m.GrantTypes == nil {
		// The default is the code; empty response types say that there is none.
		m.GrantTypes = []string{flows.GrantDeviceCode, flows.GrantRefreshToken}
		m.ResponseTypes = []string{}
	}
	if redirectURI != "" {
		m.RedirectURIs = []string{redirectURI}
	}
	return &m
}

// preRegistered returns the configured credentials as a client record.
func (c *Config) preRegistered() *gen.ClientInformation {
	if c.Credentials == nil {
		return nil
	}
	return &gen.ClientInformation{
		ClientID: c.Credentials.ClientID, ClientSecret: c.Credentials.ClientSecret,
		TokenEndpointAuthMethod: c.Credentials.TokenEndpointAuthMethod,
		RedirectURIs:            c.Credentials.RedirectURIs,
	}
}

// documentMethod is the method of the metadata document's client: with a key it
// signs, as its document says.
func (c *Config) documentMethod() string {
	if c.ClientKey != nil {
		return flows.AuthMethodPrivateKeyJWT
	}
	return flows.AuthMethodNone
}

func (c *Config) resourceParameter(issuer, resource string) string {
	if c.ResourceParameter == nil {
		return resource
	}
	return c.ResourceParameter(issuer, resource)
}

// refreshAt returns when a token is due for refresh; zero when that is unknown.
func (c *Config) refreshAt(issued, expires time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	skew := c.Skew
	if skew == 0 {
		skew = min(30*time.Second, expires.Sub(issued)/4)
	}
	return expires.Add(-max(skew, 0))
}

// aheadAt returns when a refresh may run ahead of its due time, in Unix ns: a
// random moment of the window's first half, so that the sessions of a fleet
// that logged in together do not refresh together. 0 means never.
func (c *Config) aheadAt(issued, expires, due time.Time) int64 {
	window := min(c.RefreshAhead, expires.Sub(issued)/4)
	if window <= 0 {
		return 0
	}
	jitter := rand.N(window/2 + 1) //nolint:gosec // jitter is no secret
	return due.Add(jitter - window).UnixNano()
}

func (c *Config) loginTimeout() time.Duration {
	if c.LoginTimeout > 0 {
		return c.LoginTimeout
	}
	return 10 * time.Minute
}
