// Consent: a login in two halves, for programs that have no human at hand.

package sdk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
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
//
// An error is a [*flows.DiscoveryError] or another one of package flows, a
// [*StoreError], ErrClosed, or ctx's own; without a RedirectURI it has no type.
func (c *Client) Begin(ctx context.Context) (*Consent, error) {
	s := c.session
	if err := s.usable(); err != nil {
		return nil, err
	}
	l := &login{session: s, flight: &flight{need: need{login: true}}}
	var err error
	if l.old, err = s.load(ctx); err != nil {
		return nil, forCaller(ctx, err)
	}
	if l.found, err = s.discover(ctx, l.flight, l.old); err != nil {
		return nil, err
	}
	return l.beginConsent(flows.WithResource(ctx, s.target.url))
}

// Finish completes a login that Begin, or a [*ConsentRequiredError], started
// here or in another process. callback is the URL to which the browser was
// sent, or its query. subject must be the one for whom it was begun: a program
// with many users takes it from its own session, never from the callback. An
// answer is taken once.
//
// An answer that is not taken is a [*flows.CallbackError]: errors.Is tells with
// ErrLoginOver a second click from ErrOtherSubject, an answer that was begun for
// somebody else. A human who refused is a [*flows.AuthorizationError], a code that
// brought no token a [*flows.TokenError]. Otherwise the error is a [*StoreError],
// ErrClosed, or ctx's own.
func (c *Client) Finish(ctx context.Context, subject, callback string) error {
	s := c.session
	if err := s.usable(); err != nil {
		return err
	}
	ctx = flows.WithResource(ctx, s.target.url)
	// The record serves once: what can fail without it goes first.
	old, err := s.load(ctx)
	if err != nil {
		return forCaller(ctx, err)
	}
	pending, err := s.takePending(ctx, subject, callback)
	if err != nil {
		return forCaller(ctx, err)
	}
	a := answerOf(pending)
	if old != nil {
		a.old, a.rec.Extra = old.Generation, old.Extra
	}
	if _, err = a.finish(ctx, s, callback); err != nil {
		return err
	}
	s.forget(math.MaxInt64)
	return nil
}

func (l *login) requireConsent(ctx context.Context) error {
	consent, err := l.beginConsent(ctx)
	if err != nil {
		return err
	}
	return &ConsentRequiredError{Consent: consent}
}

// beginConsent prepares a request and stores what its answer needs.
func (l *login) beginConsent(ctx context.Context) (*Consent, error) {
	if l.cfg.RedirectURI == "" {
		return nil, errors.New("sdk: login: no Authorizer and no RedirectURI configured: set one of them")
	}
	if err := l.begin(ctx, l.cfg.RedirectURI); err != nil {
		return nil, err
	}
	a, err := l.answer()
	if err != nil {
		return nil, err
	}
	record := pendingRecord(a)
	if err := put(ctx, l.store, pendingKey(record.State), record.Generation, record); err != nil {
		return nil, &StoreError{Op: "write", Err: err}
	}
	l.sweepLater()
	return &Consent{
		Resource: l.target.url, Issuer: record.Issuer, Scope: l.pending.Scope,
		ExpiresAt: record.ExpiresAt, url: l.pending.URL,
	}, nil
}

func pendingRecord(a *answer) *gen.PendingRecord {
	return &gen.PendingRecord{
		Version: recordVersion, Generation: 1,
		State: a.pending.State, CodeVerifier: a.pending.Verifier, RedirectURI: a.pending.RedirectURI,
		Issuer: a.pending.Issuer, IssParameterSupported: a.pending.IssParameterSupported, Undocumented: a.pending.Undocumented,
		AuthorizationEndpoint: a.rec.AuthorizationEndpoint, TokenEndpoint: a.rec.TokenEndpoint,
		RevocationEndpoint: a.rec.RevocationEndpoint, RegistrationEndpoint: a.rec.RegistrationEndpoint,
		TokenEndpointAuthMethod: a.rec.TokenEndpointAuthMethod, RevocationEndpointAuthMethod: a.rec.RevocationEndpointAuthMethod, Client: a.rec.Client,
		ResourceURL: a.rec.ResourceURL, Resource: a.rec.Resource, ResourceParameter: a.pending.Resource,
		Scope: a.rec.RequestedScope, Subject: a.rec.Subject, ClientName: a.rec.ClientName, DPoPKey: a.rec.DPoPKey,
		ExpiresAt: time.Now().Add(pendingLife).UTC(),
	}
}

// answerOf is the inverse of pendingRecord.
func answerOf(p *gen.PendingRecord) *answer {
	return &answer{
		pending: &flows.Pending{
			State: p.State, Verifier: p.CodeVerifier, RedirectURI: p.RedirectURI, Resource: p.ResourceParameter,
			Scope: flows.SplitScope(p.Scope), Issuer: p.Issuer,
			IssParameterSupported: p.IssParameterSupported, Undocumented: p.Undocumented,
		},
		rec: &gen.SessionRecord{
			ResourceURL: p.ResourceURL, Resource: p.Resource, Subject: p.Subject, ClientName: p.ClientName,
			Issuer: p.Issuer, IssParameterSupported: p.IssParameterSupported,
			AuthorizationEndpoint: p.AuthorizationEndpoint, TokenEndpoint: p.TokenEndpoint,
			RevocationEndpoint: p.RevocationEndpoint, RegistrationEndpoint: p.RegistrationEndpoint,
			TokenEndpointAuthMethod: p.TokenEndpointAuthMethod, RevocationEndpointAuthMethod: p.RevocationEndpointAuthMethod,
			Client: p.Client, RequestedScope: p.Scope,
			DPoPKey: p.DPoPKey,
		},
	}
}

// takePending reads the record that belongs to an answer and takes it out of
// the store, so that it serves once. A record that is another's stays.
func (s *session) takePending(ctx context.Context, subject, callback string) (*gen.PendingRecord, error) {
	state := stateOf(callback)
	if state == "" {
		return nil, &flows.CallbackError{Err: errNoState}
	}
	value, err := s.store.Get(ctx, pendingKey(state))
	if errors.Is(err, ErrNotFound) {
		return nil, &flows.CallbackError{Err: errUnknownState}
	}
	if err != nil {
		return nil, &StoreError{Op: "read", Err: err}
	}
	p, err := decodeRecord(value, gen.DecodePendingRecord)
	if err != nil {
		return nil, err
	}
	if err := s.owns(p, subject); err != nil {
		return nil, &flows.CallbackError{Err: err}
	}
	spent := &gen.PendingRecord{Version: recordVersion, Generation: p.Generation + 1, Deleted: true, State: p.State, ExpiresAt: p.ExpiresAt}
	if err := put(ctx, s.store, pendingKey(state), spent.Generation, spent); errors.Is(err, ErrStale) {
		return nil, &flows.CallbackError{Err: ErrLoginOver}
	} else if err != nil {
		return nil, &StoreError{Op: "write", Err: err}
	}
	return p, nil
}

var (
	errNoState      = errors.New("it has no state")
	errUnknownState = errors.New("no login with its state is under way")
)

// owns refuses a pending record that is spent, expired or somebody else's.
func (s *session) owns(p *gen.PendingRecord, subject string) error {
	switch {
	case p.Deleted || p.Client == nil || !time.Now().Before(p.ExpiresAt):
		return ErrLoginOver
	case subtle.ConstantTimeCompare([]byte(p.Subject), []byte(subject)) != 1 || subject != s.subject:
		return ErrOtherSubject
	case p.ResourceURL != s.target.url || p.ClientName != s.cfg.clientName():
		return errors.New("the login was begun for another resource or client")
	}
	return nil
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
