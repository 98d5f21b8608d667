// Registration: which client the session is at its issuer.

package sdk

import (
	"context"
	"errors"
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
	value, err := l.store.Get(ctx, clientKey(issuer, l.cfg.clientName()))
	if err == nil {
		client, err := decodeRecord(value, gen.DecodeClientRecord)
		if err != nil || client.Deleted || client.Issuer != issuer {
			return nil
		}
		return client.Client
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
	return l.saveClient(ctx, l.found.Server.Issuer, nil)
}

// saveClient keeps a registration for other sessions and later processes; a nil
// client leaves a tombstone in its place.
func (s *session) saveClient(ctx context.Context, issuer string, client *gen.ClientInformation) error {
	key := clientKey(issuer, s.cfg.clientName())
	generation := int64(1)
	value, err := s.store.Get(ctx, key)
	switch {
	case err == nil:
		old, err := decodeRecord(value, gen.DecodeClientRecord)
		if err != nil {
			return err
		}
		generation = old.Generation + 1
	case !errors.Is(err, ErrNotFound):
		return &StoreError{Op: "read", Err: err}
	}
	err = put(ctx, s.store, key, generation, &gen.ClientRecord{
		Version: recordVersion, Generation: generation, Deleted: client == nil, Issuer: issuer,
		ClientName: s.cfg.clientName(), RegisteredAt: time.Now().UTC(), Client: client,
	})
	if err != nil && !errors.Is(err, ErrStale) {
		return &StoreError{Op: "write", Err: err}
	}
	return nil
}
