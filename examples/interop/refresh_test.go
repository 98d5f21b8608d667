package interop

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// always makes every token due, so that each request refreshes.
func always(c *sdk.Config) { c.Skew = 2 * time.Hour }

// REF-1, REF-3: each refresh brings another refresh token, and that one is used.
func TestRefreshRotation(t *testing.T) {
	w := begin(t, open)
	client := w.client(always)
	for range 4 {
		w.call(client, http.MethodGet, scopeRead)
	}
	w.logins(1)
	seen := map[gen.Secret]bool{}
	for _, record := range w.written(4) {
		if record.RefreshToken == "" || seen[record.RefreshToken] || seen[record.AccessToken] {
			t.Errorf("a token was written twice, or none")
		}
		seen[record.RefreshToken], seen[record.AccessToken] = true, true
	}
	for _, refresh := range w.sent(4, "token")[1:] {
		refresh.sent(t, "client_id", "grant_type", "refresh_token", "resource")
		refresh.had(t, "grant_type", "refresh_token")
		refresh.had(t, "resource", w.resource.url)
		if refresh.Authorization != "" || refresh.Status != http.StatusOK {
			t.Error(refresh)
		}
	}
}

// REF-4: the server would end the family at the second use of a refresh token.
func TestRefreshOnceInAStorm(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	w.resource.reject(t)
	var storm sync.WaitGroup
	for range 50 {
		storm.Go(func() {
			if _, err := w.try(client, http.MethodGet); err != nil {
				t.Error(err)
			}
		})
	}
	storm.Wait()
	w.logins(1)
	w.sent(2, "token")
}

// REF-2, REF-6: somebody else showed an old refresh token. The server ended the
// family; one login mends it.
func TestRefreshTokenReuse(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	w.resource.reject(t)
	w.call(client, http.MethodGet, scopeRead)
	old := w.written(2)[0]

	_, err := w.flows.Refresh(w.ctx(), flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: old.TokenEndpoint, Resource: w.resource.url,
			Auth: flows.ClientAuth{ClientID: old.Client.ClientID, Method: flows.AuthMethodNone},
		},
		RefreshToken: old.RefreshToken,
	})
	refused(t, err, "invalid_grant")
	if said, err := w.resource.introspect(w.ctx(), w.resource.last(t).Reveal()); err != nil || said.Active {
		t.Errorf("the access token of the family is still active (%v)", err)
	}

	w.call(client, http.MethodGet, scopeRead)
	w.logins(2)
	w.sent(1, "registration")
	tokens := w.sent(5, "token") // code, refresh, the reuse, a refresh that is refused, code
	tokens[3].had(t, "grant_type", "refresh_token")
	tokens[4].had(t, "grant_type", "authorization_code")
	if tokens[3].Error != "invalid_grant" {
		t.Error(tokens[3])
	}
}

// REG-8: the server has lost the registration. The client registers once more.
func TestForgottenRegistration(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	registered := w.written(1)[0].Client
	if err := w.flows.DeleteClient(w.ctx(), flows.ManageRequest{Client: registered, Resource: w.resource.url}); err != nil {
		t.Fatal(err)
	}
	w.resource.reject(t)
	w.call(client, http.MethodGet, scopeRead)
	w.logins(2)
	w.sent(2, "registration")
	if refresh := w.sent(3, "token")[1]; refresh.Error != "invalid_client" {
		t.Error(refresh)
	}
}

// EXT-8: the refresh token first, then the access token; both are over.
func TestLogout(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	record := w.written(1)[0]
	if err := client.Logout(w.ctx()); err != nil {
		t.Fatal(err)
	}
	for _, token := range []gen.Secret{record.RefreshToken, record.AccessToken} {
		if said, err := w.resource.introspect(w.ctx(), token.Reveal()); err != nil || said.Active {
			t.Errorf("a token is active after the logout (%v)", err)
		}
	}
	for i, revocation := range w.sent(2, "revocation") {
		revocation.sent(t, "client_id", "token", "token_type_hint")
		revocation.had(t, "token_type_hint", []string{"refresh_token", "access_token"}[i])
	}
	if _, err := client.Token(w.ctx()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("Token after Logout: %v", err)
	}
	w.call(client, http.MethodGet, scopeRead)
	w.logins(2)
	w.sent(1, "registration")
}

// refused fails the test unless err is the token endpoint's refusal.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var refusal *flows.TokenError
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Errorf("error = %v, want a *flows.TokenError with %s", err, code)
	}
}
