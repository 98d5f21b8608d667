// Grant: how a session gets tokens when no browser brings a code.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Grant is a way to tokens other than the authorization code. Its
// implementations are the types of this package, by value: [ClientCredentials],
// [WorkloadIdentity], [EnterpriseManaged], [DeviceAuthorization] and
// [StaticBearer].
type Grant interface {
	// acquire gets a token at the discovered server for a client that is known.
	acquire(ctx context.Context, l *login) (*flows.Token, error)
	// client gets the client id; "" is a client that has none.
	client(ctx context.Context, l *login) (*flows.ClientIdentity, error)
	// asksHuman: nobody has to be there for the others, and nobody can be asked
	// for more scope.
	asksHuman() bool
	// stepsUp: asking for more scope makes sense although no human is asked.
	stepsUp() bool
}

// ClientCredentials is the grant of a program that acts for itself. It needs
// Config.Credentials with a secret, or with Config.ClientKey.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4
type ClientCredentials struct{}

func (ClientCredentials) asksHuman() bool { return false }
func (ClientCredentials) stepsUp() bool   { return false }

func (ClientCredentials) client(ctx context.Context, l *login) (*flows.ClientIdentity, error) {
	return l.configuredClient(ctx)
}

func (ClientCredentials) acquire(ctx context.Context, l *login) (*flows.Token, error) {
	return l.flows.ClientCredentials(ctx, flows.ClientCredentialsRequest{TokenRequest: l.tokenRequest()})
}

// WorkloadIdentity presents an assertion that the platform issued to this
// workload, such as the service account token of Kubernetes. It is read anew for
// each request, and a rejection is the end: no other grant is tried.
//
// https://www.rfc-editor.org/rfc/rfc7523.html#section-2.1
type WorkloadIdentity struct {
	// Assertion is where the assertion comes from: [flows.AssertionFile],
	// [flows.AssertionEnv] or a function. Required.
	Assertion flows.AssertionSource
}

func (WorkloadIdentity) asksHuman() bool { return false }
func (WorkloadIdentity) stepsUp() bool   { return false }

func (WorkloadIdentity) client(ctx context.Context, l *login) (*flows.ClientIdentity, error) {
	return l.optionalClient(ctx)
}

func (g WorkloadIdentity) acquire(ctx context.Context, l *login) (*flows.Token, error) {
	return l.flows.JWTBearer(ctx, flows.JWTBearerRequest{
		TokenRequest: l.tokenRequest(), Assertion: g.Assertion, Audience: l.found.Server.Issuer,
	})
}

// EnterpriseManaged gets tokens on the word of the enterprise's identity
// provider (SEP-990): it trades the user's sign-on for an identity assertion
// there, and the assertion for a token at the MCP server's authorization
// server. Config.Credentials are the client at the latter.
//
// https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/enterprise-managed-authorization.mdx
type EnterpriseManaged struct {
	// IdentityProvider is the token endpoint of the identity provider, and
	// Auth the client there. Required.
	IdentityProvider string
	Auth             flows.ClientAuth
	// Params are further parameters for the identity provider. Nil adds none.
	Params url.Values
	// Subject returns the user's sign-on: an ID token or a SAML 2 assertion.
	// It is called for each token. Required.
	Subject func(ctx context.Context) (flows.SubjectToken, error)
	// Interactive says that Subject may ask a human, as that of package
	// oidclogin does: Client.Token then does not call it, and it may take as
	// long as a login.
	Interactive bool
}

func (g EnterpriseManaged) asksHuman() bool { return g.Interactive }

// stepsUp: the identity provider's policy is asked again, not a human.
func (EnterpriseManaged) stepsUp() bool { return true }

func (EnterpriseManaged) client(ctx context.Context, l *login) (*flows.ClientIdentity, error) {
	return l.configuredClient(ctx)
}

func (g EnterpriseManaged) acquire(ctx context.Context, l *login) (*flows.Token, error) {
	request := l.tokenRequest()
	request.Resource = l.found.Resource // the assertion is made for it
	return l.flows.Enterprise(ctx, flows.EnterpriseRequest{
		TokenRequest: request, Issuer: l.found.Server.Issuer,
		IdentityProvider: g.IdentityProvider, IdentityProviderAuth: g.Auth, IdentityProviderParams: g.Params,
		Subject: g.Subject,
	})
}

// DeviceAuthorization lets a human approve on another device: for programs
// without a browser or a reachable redirect URI.
//
// https://www.rfc-editor.org/rfc/rfc8628.html
type DeviceAuthorization struct {
	// Show tells the human where to go and which code to enter. It returns as
	// soon as that is shown. Required.
	Show func(ctx context.Context, device *flows.DeviceAuthorization) error
}

func (DeviceAuthorization) asksHuman() bool { return true }
func (DeviceAuthorization) stepsUp() bool   { return true }

func (DeviceAuthorization) client(ctx context.Context, l *login) (*flows.ClientIdentity, error) {
	// A registration that could serve nothing is not made.
	if flows.Endpoints(l.found.Server, true).DeviceAuthorization == "" {
		return nil, &flows.MissingEndpointError{Endpoint: "device_authorization_endpoint"}
	}
	return l.obtainClient(ctx)
}

func (g DeviceAuthorization) acquire(ctx context.Context, l *login) (*flows.Token, error) {
	request := l.tokenRequest()
	device, err := l.flows.AuthorizeDevice(ctx, flows.DeviceRequest{
		TokenRequest: request, DeviceEndpoint: l.endpoints().DeviceAuthorization,
	})
	if err != nil {
		return nil, err
	}
	if err := g.Show(ctx, device); err != nil {
		return nil, err
	}
	return l.flows.DeviceToken(ctx, flows.DeviceTokenRequest{TokenRequest: request, Device: device})
}

// StaticBearer is a token that was issued by hand, such as a personal access
// token. It is sent as it is; when the resource rejects it, requests end with
// [ErrStaticRejected]. Nothing is discovered, refreshed or stored.
type StaticBearer struct {
	// Token is the bare token. Required.
	Token gen.Secret
}

func (StaticBearer) asksHuman() bool { return false }
func (StaticBearer) stepsUp() bool   { return false }

func (StaticBearer) client(context.Context, *login) (*flows.ClientIdentity, error) {
	return nil, ErrStaticRejected
}

func (StaticBearer) acquire(context.Context, *login) (*flows.Token, error) {
	return nil, ErrStaticRejected
}

// record is what a session with such a token has in place of the store's.
func (g StaticBearer) record() *gen.SessionRecord {
	return &gen.SessionRecord{Version: recordVersion, TokenType: "Bearer", AccessToken: g.Token}
}

// checkGrant refuses a grant that lacks what it needs.
func (c *Config) checkGrant() error {
	switch g := c.Grant.(type) {
	case ClientCredentials:
		if c.Credentials == nil {
			return errors.New("sdk: config: ClientCredentials needs Credentials")
		}
	case WorkloadIdentity:
		if g.Assertion == nil {
			return errors.New("sdk: config: WorkloadIdentity.Assertion is nil")
		}
	case EnterpriseManaged:
		if g.Subject == nil || g.IdentityProvider == "" || c.Credentials == nil {
			return errors.New("sdk: config: EnterpriseManaged needs IdentityProvider, Subject and Credentials")
		}
	case StaticBearer:
		if validate.Token(&gen.TokenResponse{AccessToken: g.Token, TokenType: "Bearer"}).Refuses(validate.UseDocument) != nil {
			return errors.New("sdk: config: StaticBearer.Token is no bearer token")
		}
	case DeviceAuthorization:
		if g.Show == nil {
			return errors.New("sdk: config: DeviceAuthorization.Show is nil")
		}
	case nil:
	default:
		return fmt.Errorf("sdk: config: Grant is a %T: set one of this package's grants by value", g)
	}
	return nil
}

// runGrant gets a new token by the configured grant. It reads like authorize
// without its human.
func (s *session) runGrant(ctx context.Context, f *flight, rec *gen.SessionRecord) (*gen.SessionRecord, error) {
	// 1. One process at a time; another may have got it meanwhile. A server that
	// does not answer machines is not asked by each of their requests.
	if !s.cfg.Grant.asksHuman() {
		if err := s.backingOff(); err != nil && !f.need.login {
			return nil, err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, grantTimeout)
		defer cancel()
	}
	l, lock, err := s.startLogin(ctx, f, rec)
	if err != nil {
		return nil, err
	}
	defer lock.Release(ctx)
	if s.meets(f.need, l.old) {
		return l.old, nil
	}
	// 2. Which authorization server, and may it be asked for this?
	if err := l.locate(ctx); err != nil {
		return nil, err
	}
	if err := l.staysBound(); err != nil {
		return nil, err
	}
	// 3. Who asks, with which proof, and what for.
	if l.identity, err = s.cfg.Grant.client(ctx, l); err != nil {
		return nil, err
	}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	// 4. The token. A refresh token makes the grant superfluous for a while.
	next, err := l.record()
	if err != nil {
		return nil, err
	}
	s.waitsForHuman(f, s.cfg.Grant.asksHuman())
	token, err := s.cfg.Grant.acquire(ctx, l)
	s.waitsForHuman(f, false)
	s.countFailure(err)
	if err != nil {
		return nil, s.withCredentialsHint(err)
	}
	setToken(next, token)
	return s.saveGrant(ctx, next, l.generation())
}

// staysBound: machine credentials belong to the issuer they are configured for,
// else to the first one that they were used with (BIND-4). There is no human to
// notice that a resource suddenly names another.
func (l *login) staysBound() error {
	bound := l.boundIssuer()
	if bound == "" && l.old != nil && !l.cfg.Grant.asksHuman() {
		bound = l.old.Issuer
	}
	return flows.CheckIssuer(l.found.Server, bound)
}

// configuredClient is the client of Config.Credentials.
func (l *login) configuredClient(ctx context.Context) (*flows.ClientIdentity, error) {
	return l.flows.ObtainClient(ctx, flows.ClientRequest{
		Discovery: l.found, PreRegistered: l.cfg.preRegistered(), PreRegisteredIssuer: l.boundIssuer(),
	})
}

// optionalClient: where the assertion says who is asking, a client id may be
// left out (RFC 7521 §4.1).
func (l *login) optionalClient(ctx context.Context) (*flows.ClientIdentity, error) {
	if l.cfg.Credentials != nil {
		return l.configuredClient(ctx)
	}
	return &flows.ClientIdentity{Issuer: l.found.Server.Issuer, Information: &gen.ClientInformation{}}, nil
}

// grantTimeout bounds a grant without a human.
const grantTimeout = 2 * time.Minute
