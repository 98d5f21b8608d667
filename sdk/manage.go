// Registration management: reading, changing and deleting the registration that the client made.

package sdk

import (
	"bytes"
	"cmp"
	"context"
	"errors"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// ReadRegistration returns this client's dynamic registration as the
// authorization server has it (RFC 7592 §2.1). Like the two methods below it is
// about the registration in the store, which all sessions with the same issuer
// and ClientName share; it waits for a login that is under way, registers
// nothing and asks nobody. What the answer replaces, such as the registration
// access token, is stored.
//
// Without a registration the error is a [*flows.ClientError]. One that the
// server does not let clients manage, and a refusal, are a
// [*flows.RegistrationError]: with status 401 the registration is gone, and the
// next login makes a new one. With a [*StoreError] the answer is returned too.
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.1
func (c *Client) ReadRegistration(ctx context.Context) (*gen.ClientInformation, error) {
	s := c.session
	return s.manage(ctx, s.flows.ReadClient)
}

// UpdateRegistration replaces the registered metadata by metadata, or by what
// Config says if that is nil; what it leaves out is deleted, or set by the
// server. Redirect URIs and authentication method stay as they are registered
// unless metadata names others. A new secret serves this session at once; other
// sessions with this registration take it from the store when the server has
// rejected the old one.
// Errors are as for ReadRegistration.
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.2
func (c *Client) UpdateRegistration(ctx context.Context, metadata *gen.ClientMetadata) (*gen.ClientInformation, error) {
	s := c.session
	return s.manage(ctx, func(ctx context.Context, in flows.ManageRequest) (*gen.ClientInformation, error) {
		return s.flows.UpdateClient(ctx, in, s.cfg.update(metadata, in.Client))
	})
}

// DeleteRegistration ends the registration, and with it all tokens that it got
// (RFC 7592 §2.3): it is forgotten, and so is this session. The next login
// registers anew. Errors are as for ReadRegistration; after one everything is
// kept.
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.3
func (c *Client) DeleteRegistration(ctx context.Context) error {
	s := c.session
	_, err := s.manage(ctx, func(ctx context.Context, in flows.ManageRequest) (*gen.ClientInformation, error) {
		return nil, s.flows.DeleteClient(ctx, in)
	})
	return err
}

// update completes the metadata of an update by what is registered.
func (c *Config) update(metadata *gen.ClientMetadata, client *gen.ClientInformation) *gen.ClientMetadata {
	next := gen.ClientMetadata{ClientName: c.clientName()}
	switch {
	case metadata != nil:
		next = *metadata
	case c.ClientMetadata != nil:
		next = *c.ClientMetadata
	}
	if metadata == nil || len(metadata.RedirectURIs) == 0 {
		next.RedirectURIs = client.RedirectURIs
	}
	next.TokenEndpointAuthMethod = cmp.Or(next.TokenEndpointAuthMethod, client.TokenEndpointAuthMethod)
	next.SoftwareStatement = cmp.Or(next.SoftwareStatement, c.SoftwareStatement)
	return &next
}

// manage carries out one request about the registration. call returns nil
// without an error when there is none any more.
func (s *session) manage(ctx context.Context, call func(context.Context, flows.ManageRequest) (*gen.ClientInformation, error)) (*gen.ClientInformation, error) {
	// 1. No login and no registration meanwhile, in any process.
	l, login, err := s.startLogin(ctx, &flight{}, nil)
	if err != nil {
		return nil, err
	}
	defer login.Release(ctx)
	issuer, err := l.registrar(ctx)
	if err != nil {
		return nil, err
	}
	registration, err := s.hold(ctx, "registration/"+hash(issuer, s.cfg.clientName()))
	if err != nil {
		return nil, err
	}
	defer registration.Release(ctx)
	// 2. The request, with the access token that the last one left.
	client, err := s.managedClient(ctx, issuer)
	if err != nil {
		return nil, err
	}
	next, err := call(ctx, flows.ManageRequest{Client: client, Resource: s.target.url})
	if err != nil {
		return nil, err
	}
	// 3. An answer in hand is written whatever happened to whoever asked for it.
	if same(client, next) {
		return next, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*saveTimeout)
	defer cancel()
	return next, errors.Join(s.saveClient(ctx, issuer, next), s.adopt(ctx, issuer, client, next))
}

// registrar is the issuer whose registration the session uses; before the first
// login it has to be discovered.
func (l *login) registrar(ctx context.Context) (string, error) {
	if l.old != nil && l.old.Issuer != "" {
		return l.old.Issuer, nil
	}
	found, err := l.discover(ctx, l.flight, l.old)
	if err != nil {
		return "", err
	}
	return found.Server.Issuer, nil
}

// managedClient reads the registration made with the issuer.
func (s *session) managedClient(ctx context.Context, issuer string) (*gen.ClientInformation, error) {
	client, err := s.registeredClient(ctx, issuer)
	if err == nil && client == nil {
		err = &flows.ClientError{Issuer: issuer, Reason: "there is no registration of ours: log in first"}
	}
	return client, err
}

// adopt takes the changed registration into the session's own record, which has
// a copy for its refreshes; without a registration nothing is left of it. No
// refresh is under way meanwhile.
func (s *session) adopt(ctx context.Context, issuer string, before, after *gen.ClientInformation) error {
	lock, err := s.hold(ctx, s.key())
	if err != nil {
		return err
	}
	defer lock.Release(ctx)
	rec, err := s.load(ctx)
	if err != nil || rec == nil || rec.Deleted || rec.Issuer != issuer || rec.Client == nil || rec.Client.ClientID != before.ClientID {
		return err
	}
	next := tombstone(rec)
	next.Client = nil
	if after != nil {
		next = withClient(rec, after)
	}
	_, err = s.save(ctx, next, rec.Generation)
	return err
}

func same(a, b *gen.ClientInformation) bool {
	if a == nil || b == nil {
		return a == b
	}
	one, err := a.Encode()
	if err != nil {
		return false
	}
	other, err := b.Encode()
	return err == nil && bytes.Equal(one, other)
}
