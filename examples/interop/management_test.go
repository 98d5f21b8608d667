package interop

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// REG-10, RFC 7592
func TestRegistrationManagement(t *testing.T) {
	w := begin(t, open)
	first := w.register(codeClient(flows.AuthMethodBasic))
	manage := flows.ManageRequest{Client: first, Resource: w.resource.url}

	read, err := w.flows.ReadClient(w.ctx(), manage)
	if err != nil {
		t.Fatal(err)
	}
	if read.ClientName != t.Name() || read.ClientSecret != first.ClientSecret {
		t.Errorf("read %+v", read)
	}

	change := codeClient(flows.AuthMethodBasic)
	change.ClientName, change.RedirectURIs = "another name", []string{"http://127.0.0.1:2/callback"}
	manage.Client = read
	updated, err := w.flows.UpdateClient(w.ctx(), manage, &change)
	if err != nil {
		t.Fatal(err)
	}
	if updated.ClientID != first.ClientID || updated.ClientName != "another name" || updated.RedirectURIs[0] != change.RedirectURIs[0] {
		t.Errorf("updated to %+v", updated)
	}
	if updated.RegistrationAccessToken == first.RegistrationAccessToken {
		t.Error("the server rotates the registration access token, and the old one came back")
	}

	// The old token is over.
	_, err = w.flows.ReadClient(w.ctx(), manage)
	unmanaged(t, err)
	manage.Client = updated
	if err := w.flows.DeleteClient(w.ctx(), manage); err != nil {
		t.Fatal(err)
	}
	_, err = w.flows.ReadClient(w.ctx(), manage)
	unmanaged(t, err)

	requests := slices.DeleteFunc(w.log(), func(e entry) bool { return !strings.HasPrefix(e.Path, "/reg/") })
	for i, method := range []string{http.MethodGet, http.MethodPut, http.MethodGet, http.MethodDelete, http.MethodGet} {
		if i >= len(requests) {
			t.Fatalf("%d requests", len(requests))
		}
		if requests[i].Method != method || requests[i].Authorization != "Bearer" {
			t.Errorf("request %d was %v", i, requests[i])
		}
	}
	requests[1].sent(t, "application_type", "client_id", "client_name", "client_secret", "grant_types", "redirect_uris", "response_types", "token_endpoint_auth_method")
}

func unmanaged(t *testing.T, err error) {
	t.Helper()
	var refusal *flows.RegistrationError
	if !errors.As(err, &refusal) || refusal.StatusCode != http.StatusUnauthorized {
		t.Errorf("error = %v, want a *flows.RegistrationError with 401", err)
	}
}

// REG-10: registration by the operator's permission.
func TestInitialAccessToken(t *testing.T) {
	w := begin(t, closed)
	metadata := codeClient(flows.AuthMethodNone)
	metadata.ClientName = t.Name()
	register := func(token gen.Secret) (*gen.ClientInformation, error) {
		return w.flows.RegisterClient(w.here(), flows.RegisterRequest{
			Endpoint: w.metadata().RegistrationEndpoint, Metadata: &metadata, InitialAccessToken: token,
		})
	}
	for _, wrong := range []gen.Secret{"", "not the operator's"} {
		_, err := register(wrong)
		var refusal *flows.RegistrationError
		if !errors.As(err, &refusal) || refusal.StatusCode < 400 || refusal.Code == "" {
			t.Errorf("token %q: %v, want a *flows.RegistrationError", wrong.Reveal(), err)
		}
	}
	client, err := register(w.provider.secret)
	if err != nil {
		t.Fatal(err)
	}
	if client.ClientID == "" || client.RegistrationAccessToken == "" {
		t.Errorf("registered %+v", client)
	}
}
