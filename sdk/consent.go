// Consent: a login in two halves, for programs that have no human at hand.

package sdk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// Consent is a login that was begun: where the human goes, and until when the
// answer is taken. It is immutable.
type Consent struct {
	// Resource is what the consent is for.
	Resource string
	// Issuer is the authorization server that will ask.
	Issuer string
	// Scope is what will be asked for; nil leaves it to the server.
	Scope []string
	// ExpiresAt is until when Finish takes the answer.
	ExpiresAt time.Time

	url string
}

// URL is where the human goes. It carries the state of the request: whoever
// has it can begin this login in another browser. That is why it is no field
// that is printed.
func (c *Consent) URL() string { return c.url }

// Format prints what the consent is for, and not the URL, under every verb.
func (c Consent) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "consent for %s at %s", c.Resource, c.Issuer)
}

// pendingLife is how long an answer is waited for. Authorization servers give
// a login page less than this.
const pendingLife = 10 * time.Minute

// Begin starts a login and returns where the human must go. What is needed to
// finish is in the store, so that any process with the same store can: Finish
// asks no metadata again. It needs Config.RedirectURI.
func (c *Client) Begin(ctx context.Context) (*Consent, error) {
	rec, err := c.session.load(ctx)
	if err != nil {
		return nil, err
	}
	f := &flight{need: need{login: true}}
	found, err := c.session.discover(ctx, f, rec)
	if err != nil {
		return nil, err
	}
	return c.session.beginConsent(ctx, f, found, rec)
}

// Finish completes a login that Begin, or a [*ConsentRequiredError], started
// here or in another process. callback is the URL to which the browser was
// sent, or its query. subject must be the one for whom it was begun: a program
// with many users takes it from its own session, never from the callback. An
// answer is taken once.
func (c *Client) Finish(ctx context.Context, subject, callback string) error {
	ctx = flows.WithResource(ctx, c.session.cfg.Resource)
	pending, l, err := c.session.takePending(ctx, subject, callback)
	if err != nil {
		return err
	}
	old, err := c.session.load(ctx)
	if err != nil {
		return err
	}
	if old != nil {
		l.old = old.Generation
		l.rec.Extra = old.Extra
	}
	if pending.ResourceURL != c.session.cfg.Resource || pending.ClientName != c.session.cfg.clientName() {
		return errors.New("sdk: finish: this login was begun for another resource or client")
	}
	_, err = c.session.finish(ctx, l, callback)
	c.session.forget(nil)
	return err
}

func (s *session) requireConsent(ctx context.Context, f *flight, found *flows.Discovery, rec *gen.SessionRecord) error {
	consent, err := s.beginConsent(ctx, f, found, rec)
	if err != nil {
		return err
	}
	return &ConsentRequiredError{Consent: consent}
}

func (s *session) beginConsent(ctx context.Context, f *flight, found *flows.Discovery, rec *gen.SessionRecord) (*Consent, error) {
	if s.cfg.RedirectURI == "" {
		return nil, errors.New("sdk: login: no Authorizer and no RedirectURI configured: set one of them")
	}
	stored := s.storedClient(ctx, found.Server.Issuer, rec)
	l, err := s.begin(ctx, f, found, rec, stored, s.cfg.RedirectURI)
	if err != nil {
		return nil, err
	}
	record := s.pendingRecord(l)
	if err := put(ctx, s.store, pendingKey(l.pending.State), record.Generation, record); err != nil {
		return nil, &StoreError{Op: "write", Err: err}
	}
	return &Consent{
		Resource: s.cfg.Resource, Issuer: record.Issuer, Scope: l.pending.Scope,
		ExpiresAt: record.ExpiresAt, url: l.pending.URL,
	}, nil
}

func (s *session) pendingRecord(l *login) *gen.PendingRecord {
	return &gen.PendingRecord{
		Version: recordVersion, Generation: 1,
		State: l.pending.State, CodeVerifier: l.pending.Verifier, RedirectURI: l.pending.RedirectURI,
		Issuer: l.pending.Issuer, IssParameterSupported: l.pending.IssParameterSupported, Undocumented: l.pending.Undocumented,
		AuthorizationEndpoint: l.rec.AuthorizationEndpoint, TokenEndpoint: l.rec.TokenEndpoint,
		RevocationEndpoint: l.rec.RevocationEndpoint, RegistrationEndpoint: l.rec.RegistrationEndpoint,
		TokenEndpointAuthMethod: l.auth.Method, Client: l.rec.Client,
		ResourceURL: l.rec.ResourceURL, Resource: l.rec.Resource, ResourceParameter: l.pending.Resource,
		Scope: l.rec.RequestedScope, Subject: l.rec.Subject, ClientName: l.rec.ClientName,
		ExpiresAt: time.Now().Add(pendingLife).UTC(),
	}
}

// takePending reads the record that belongs to an answer and takes it out of
// the store, so that it serves once. Another subject's record stays.
func (s *session) takePending(ctx context.Context, subject, callback string) (*gen.PendingRecord, *login, error) {
	state := stateOf(callback)
	if state == "" {
		return nil, nil, &flows.CallbackError{Err: errors.New("it has no state")}
	}
	value, err := s.store.Get(ctx, pendingKey(state))
	if errors.Is(err, ErrNotFound) {
		return nil, nil, &flows.CallbackError{Err: errors.New("no login with its state is under way")}
	}
	if err != nil {
		return nil, nil, &StoreError{Op: "read", Err: err}
	}
	p, err := decodeRecord(value, gen.DecodePendingRecord)
	switch {
	case err != nil:
		return nil, nil, err
	case p.Deleted || !time.Now().Before(p.ExpiresAt):
		return nil, nil, &flows.CallbackError{Err: errors.New("the login with its state is over")}
	case subtle.ConstantTimeCompare([]byte(p.Subject), []byte(subject)) != 1 || subject != s.cfg.Subject:
		return nil, nil, &flows.CallbackError{Err: errors.New("the login was begun by another subject")}
	}
	spent := &gen.PendingRecord{Version: recordVersion, Generation: p.Generation + 1, Deleted: true, State: p.State, ExpiresAt: p.ExpiresAt}
	if err := put(ctx, s.store, pendingKey(state), spent.Generation, spent); errors.Is(err, ErrStale) {
		return nil, nil, &flows.CallbackError{Err: errors.New("the login with its state is over")}
	} else if err != nil {
		return nil, nil, &StoreError{Op: "write", Err: err}
	}
	return p, loginOf(p), nil
}

func loginOf(p *gen.PendingRecord) *login {
	return &login{
		pending: &flows.Pending{
			State: p.State, Verifier: p.CodeVerifier, RedirectURI: p.RedirectURI, Resource: p.ResourceParameter,
			Scope: flows.SplitScope(p.Scope), Issuer: p.Issuer,
			IssParameterSupported: p.IssParameterSupported, Undocumented: p.Undocumented,
		},
		auth: flows.ClientAuth{ClientID: p.Client.ClientID, Secret: p.Client.ClientSecret, Method: p.TokenEndpointAuthMethod},
		rec: gen.SessionRecord{
			ResourceURL: p.ResourceURL, Resource: p.Resource, Subject: p.Subject, ClientName: p.ClientName,
			Issuer: p.Issuer, IssParameterSupported: p.IssParameterSupported,
			AuthorizationEndpoint: p.AuthorizationEndpoint, TokenEndpoint: p.TokenEndpoint,
			RevocationEndpoint: p.RevocationEndpoint, RegistrationEndpoint: p.RegistrationEndpoint,
			TokenEndpointAuthMethod: p.TokenEndpointAuthMethod, Client: p.Client, RequestedScope: p.Scope,
		},
	}
}

func stateOf(callback string) string {
	_, query, ok := strings.Cut(callback, "?")
	if !ok {
		query = callback
	}
	query, _, _ = strings.Cut(query, "#")
	values, err := url.ParseQuery(query)
	if err != nil || len(values["state"]) != 1 {
		return ""
	}
	return values.Get("state")
}
