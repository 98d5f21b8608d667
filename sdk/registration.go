// Registration: which client the session is at its issuer.

package sdk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// obtainClient gets a client id. A registration is made once for all sessions
// and processes that share the store: lock, look again, register, write (REG-7).
func (l *login) obtainClient(ctx context.Context) (*flows.ClientIdentity, error) {
	issuer := l.found.Server.Issuer
	lock, err := l.hold(ctx, "registration/"+hash(issuer, l.cfg.clientName()))
	if err != nil {
		return nil, err
	}
	defer lock.Release(ctx)
	identity, err := l.flows.ObtainClient(ctx, flows.ClientRequest{
		Discovery: l.found, RedirectURI: l.redirectURI,
		PreRegistered: l.cfg.preRegistered(), PreRegisteredIssuer: l.boundIssuer(),
		Stored: l.storedClient(ctx), StoredIssuer: issuer,
		ClientIDMetadataURL: l.cfg.ClientIDMetadataURL, ClientIDMetadataAuthMethod: l.cfg.documentMethod(),
		Metadata:           l.cfg.registration(l.redirectURI),
		InitialAccessToken: l.cfg.InitialAccessToken, SoftwareStatement: l.cfg.SoftwareStatement,
	})
	if err != nil || identity.Source != flows.ClientDynamic {
		return identity, err
	}
	// A registration that cannot be used is not stored (REG-6).
	l.identity = identity
	if _, err := l.selectAuth(); err != nil {
		return nil, err
	}
	return identity, l.saveClient(ctx, issuer, identity.Information)
}

// boundIssuer is the issuer that pre-registered credentials belong to: the
// configured one, else the first that they were used with (BIND-2).
func (l *login) boundIssuer() string {
	credentials := l.cfg.Credentials
	switch {
	case credentials == nil:
		return ""
	case credentials.Issuer != "":
		return credentials.Issuer
	case l.old != nil && l.old.Client != nil && l.old.Client.ClientID == credentials.ClientID:
		return l.old.Issuer
	}
	return ""
}

// storedClient returns the registration made earlier with the issuer: the
// store's, which other sessions share, else the session's own; nil without.
func (l *login) storedClient(ctx context.Context) *gen.ClientInformation {
	issuer := l.found.Server.Issuer
	if rec, err := l.clientRecord(ctx, issuer); err == nil && rec != nil {
		if rec.Deleted || rec.Issuer != issuer {
			return nil
		}
		return rec.Client
	}
	if l.old != nil && !l.old.Deleted && l.old.Issuer == issuer {
		return l.old.Client
	}
	return nil // none, or none to be had: a new registration does no harm
}

// registeredURIs are those that the receiver should try first.
func (l *login) registeredURIs(ctx context.Context) []string {
	if l.cfg.Credentials != nil {
		return l.cfg.Credentials.RedirectURIs
	}
	if stored := l.storedClient(ctx); stored != nil {
		return stored.RedirectURIs
	}
	return nil
}

// clientForgotten: the token endpoint does not know a client that we
// registered. Pre-registered credentials are the user's to mend (REG-8).
func (l *login) clientForgotten(err error) bool {
	var refusal *flows.TokenError
	return errors.As(err, &refusal) && refusal.ClientRejected() &&
		l.identity != nil && (l.identity.Source == flows.ClientStored || l.identity.Source == flows.ClientDynamic)
}

// forgetClient leaves nothing of the registration that this login used.
func (l *login) forgetClient(ctx context.Context) error {
	if l.old != nil {
		without := *l.old
		without.Client = nil
		l.old = &without
	}
	return l.dropClient(ctx, l.found.Server.Issuer, l.identity.Information)
}

// saveClient keeps a registration for other sessions and later processes; a nil
// client leaves a tombstone in its place.
func (s *session) saveClient(ctx context.Context, issuer string, client *gen.ClientInformation) error {
	old, err := s.clientRecord(ctx, issuer)
	if err != nil {
		return err
	}
	generation := int64(1)
	if old != nil {
		generation = old.Generation + 1
	}
	return s.putClient(ctx, generation, issuer, client)
}

// dropClient forgets a registration that the server has rejected. Another one
// stays, which another session has made or changed since (REG-7).
func (s *session) dropClient(ctx context.Context, issuer string, rejected *gen.ClientInformation) error {
	rec, err := s.clientRecord(ctx, issuer)
	if err != nil || rec == nil || !sameCredentials(rec.Client, rejected) {
		return err
	}
	return s.putClient(ctx, rec.Generation+1, issuer, nil)
}

func (s *session) putClient(ctx context.Context, generation int64, issuer string, client *gen.ClientInformation) error {
	err := put(ctx, s.store, clientKey(issuer, s.cfg.clientName()), generation, &gen.ClientRecord{
		Version: recordVersion, Generation: generation, Deleted: client == nil, Issuer: issuer,
		ClientName: s.cfg.clientName(), RegisteredAt: time.Now().UTC(), Client: client,
	})
	if err != nil && !errors.Is(err, ErrStale) {
		return &StoreError{Op: "write", Err: err}
	}
	return nil
}

// clientRecord reads what the store has of the registration with the issuer, be
// it a tombstone; nil when there is nothing.
func (s *session) clientRecord(ctx context.Context, issuer string) (*gen.ClientRecord, error) {
	value, err := s.store.Get(ctx, clientKey(issuer, s.cfg.clientName()))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, &StoreError{Op: "read", Err: err}
	}
	return decodeRecord(value, gen.DecodeClientRecord)
}

// registeredClient is the registration that all sessions with the issuer share;
// nil when the store has none.
func (s *session) registeredClient(ctx context.Context, issuer string) (*gen.ClientInformation, error) {
	rec, err := s.clientRecord(ctx, issuer)
	if err != nil || rec == nil || rec.Deleted || rec.Issuer != issuer {
		return nil, err
	}
	return rec.Client, nil
}

// asClient makes a request as the client of rec. A session has a copy of the
// registration; when the server rejects it, and another session has had the
// secret changed meanwhile (RFC 7592 §2.2), the request is made once more with
// the present one: a server that does not know the client has not looked at its
// grant. What is returned is the record that was used last.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2
func (s *session) asClient(ctx context.Context, rec *gen.SessionRecord, request func(*gen.SessionRecord) error) (*gen.SessionRecord, error) {
	err := request(rec)
	if !clientRejected(err) {
		return rec, err
	}
	present, failed := s.registeredClient(ctx, rec.Issuer)
	if failed != nil || present == nil || present.ClientID != rec.Client.ClientID || sameCredentials(present, rec.Client) {
		return rec, s.withCredentialsHint(err)
	}
	rec = withClient(rec, present)
	return rec, request(rec)
}

// clientRejected: the endpoint does not know the client, or not any more.
func clientRejected(err error) bool {
	var token *flows.TokenError
	var endpoint *flows.EndpointError
	switch {
	case errors.As(err, &token):
		return token.ClientRejected()
	case errors.As(err, &endpoint):
		return endpoint.Code == "invalid_client"
	}
	return false
}

// withCredentialsHint adds the remedy for configured credentials that a server
// does not take: nothing but their owner can mend them (REG-8).
func (s *session) withCredentialsHint(err error) error {
	var refusal *flows.TokenError
	if s.cfg.Credentials == nil || !errors.As(err, &refusal) || refusal.Code != "invalid_client" {
		return err
	}
	return fmt.Errorf("%w: check the configured client id and its secret or key", err)
}

// sameCredentials: the same client shows the same who it is. A method that is
// not named is no other one.
func sameCredentials(a, b *gen.ClientInformation) bool {
	if a == nil || b == nil || a.ClientID != b.ClientID || otherMethod(a, b) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(a.ClientSecret), []byte(b.ClientSecret)) == 1
}

func otherMethod(a, b *gen.ClientInformation) bool {
	one, other := a.TokenEndpointAuthMethod, b.TokenEndpointAuthMethod
	return one != other && one != "" && other != ""
}

// withClient is rec with another state of its client's registration.
func withClient(rec *gen.SessionRecord, client *gen.ClientInformation) *gen.SessionRecord {
	next := *rec
	if otherMethod(client, rec.Client) {
		next.TokenEndpointAuthMethod, next.RevocationEndpointAuthMethod = client.TokenEndpointAuthMethod, ""
	}
	next.Client = client
	return &next
}
