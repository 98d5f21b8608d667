// Registration: what it needs beforehand, and what can be done with it after.

package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// REG-10: the operator's permission and statement go out with the registration.
func TestRegistrationPermitted(t *testing.T) {
	seen := ""
	server := flowstest.ServerConfig{
		InitialAccessToken: "initial-4711",
		SoftwareStatement: func(statement string) (map[string]any, *flowstest.Error) {
			seen = statement
			return map[string]any{"client_name": "as the operator says"}, nil
		},
	}
	w := newWorld(t, server, flowstest.ResourceConfig{})
	var refused *flows.RegistrationError
	if _, _, err := try(t, w.client(t).HTTPClient(), w.rs.URL(), "{}"); !errors.As(err, &refused) || refused.StatusCode != 401 {
		t.Errorf("without: %v", err)
	}
	auth := w.client(t, func(c *sdk.Config) {
		c.InitialAccessToken, c.SoftwareStatement = "initial-4711", "e30.e30.x"
		if printed := fmt.Sprintf("%v %+v %#v", *c, *c, *c); strings.Contains(printed, "initial-4711") {
			t.Errorf("STORE-4: %s", printed)
		}
	})
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	if seen != "e30.e30.x" || w.as.Clients()[0].Name != "as the operator says" {
		t.Errorf("statement %q, client %q", seen, w.as.Clients()[0].Name)
	}
	for _, r := range append(w.as.Requests(), w.rs.Requests()...) {
		if r.Kind != "register" && strings.Contains(r.Header.Get("Authorization"), "initial-4711") {
			t.Errorf("a %s request has the initial access token", r.Kind)
		}
	}
}

// confidential makes registrations with a secret that may manage themselves.
func confidential(management flowstest.ManagementConfig) flowstest.ServerConfig {
	return flowstest.ServerConfig{AuthMethods: []string{"client_secret_basic"}, Management: management}
}

// REG-10: each answer's access token and secret take the place of the former,
// in the store and in the session.
func TestManageRegistration(t *testing.T) {
	w := newWorld(t, confidential(flowstest.ManagementConfig{Enabled: true, RotateToken: true, RotateSecret: true}), flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	configure := func(c *sdk.Config) { c.Store = store }
	auth := w.client(t, configure)
	client := auth.HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	first, err := auth.ReadRegistration(t.Context())
	if err != nil || first.ClientName != "mcpoauth" {
		t.Fatalf("read: %v, %v", first, err)
	}
	// Another process with the same store has the rotated token.
	updated, err := w.client(t, configure).UpdateRegistration(t.Context(), &gen.ClientMetadata{ClientName: "renamed"})
	if err != nil || updated.ClientName != "renamed" || updated.ClientSecret == first.ClientSecret ||
		updated.RedirectURIs[0] != first.RedirectURIs[0] || updated.TokenEndpointAuthMethod != "client_secret_basic" {
		t.Fatalf("update: %v, %v", updated, err)
	}
	// The session refreshes with the new secret.
	w.as.RevokeAccessTokens()
	wantStatus(t, client, w.rs.URL(), 200)
	if again, err := auth.UpdateRegistration(t.Context(), nil); err != nil || again.ClientName != "mcpoauth" {
		t.Errorf("update by the configuration: %v, %v", again, err)
	}
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 1, "token:refresh_token": 1})

	if err := auth.DeleteRegistration(t.Context()); err != nil || len(w.as.Clients()) != 0 {
		t.Fatalf("delete: %v, %d clients", err, len(w.as.Clients()))
	}
	if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("token of a deleted registration: %v", err)
	}
	var none *flows.ClientError
	if _, err := auth.ReadRegistration(t.Context()); !errors.As(err, &none) || !sdk.NeedsHuman(err) {
		t.Errorf("read after delete: %v", err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"register": 2, "authorize": 2, "token:refresh_token": 1})
}

// REG-10: what cannot be managed is an error, and nothing is changed by it.
func TestManageRegistrationRefused(t *testing.T) {
	w := newWorld(t, confidential(flowstest.ManagementConfig{}), flowstest.ResourceConfig{})
	auth := w.client(t)
	var none *flows.ClientError
	if _, err := auth.ReadRegistration(t.Context()); !errors.As(err, &none) || none.Issuer != w.as.Issuer() {
		t.Errorf("before the first login: %v", err)
	}
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	var refused *flows.RegistrationError
	if err := auth.DeleteRegistration(t.Context()); !errors.As(err, &refused) || refused.StatusCode != 0 {
		t.Errorf("a server without management: %v", err)
	}

	w = newWorld(t, confidential(flowstest.ManagementConfig{Enabled: true}), flowstest.ResourceConfig{})
	auth = w.client(t)
	client := auth.HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("manage", flowstest.Unavailable(0))
	})
	if err := auth.DeleteRegistration(t.Context()); !errors.As(err, &refused) || refused.StatusCode != 503 {
		t.Errorf("unavailable: %v", err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = nil })
	w.as.RemoveClient(w.as.Clients()[0].ID)
	if _, err := auth.ReadRegistration(t.Context()); !errors.As(err, &refused) || refused.StatusCode != 401 {
		t.Errorf("gone: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"register": 1})
}

// REG-10, AUTHZ-12: managing waits for a login, and leaves with its caller.
func TestManageRegistrationWaits(t *testing.T) {
	w := newWorld(t, confidential(flowstest.ManagementConfig{Enabled: true}), flowstest.ResourceConfig{})
	auth := w.client(t)
	client := auth.HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		close(asked)
		<-answer
		return w.as.Authorize(ctx, url)
	}
	login := make(chan error)
	go func() { login <- auth.Login(t.Context()) }()
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := auth.DeleteRegistration(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside a login: %v", err)
	}
	close(answer)
	if err := <-login; err != nil {
		t.Error(err)
	}
	wantCounts(t, w.as, map[string]int{"manage": 0})
}
