package interop

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// device turns a configuration into that of a program whose person is
// elsewhere. The server names no interval; five seconds are the standard's.
func (w *world) device(abort bool) func(*sdk.Config) {
	return func(c *sdk.Config) {
		c.Authorizer = nil
		c.Grant = sdk.DeviceAuthorization{Show: func(ctx context.Context, device *flows.DeviceAuthorization) error {
			if device.VerificationURI != w.issuer+"/device" || device.Interval != 5*time.Second {
				w.Errorf("the person is shown %s, every %s", device.VerificationURI, device.Interval)
			}
			return w.browser.enter(ctx, device.VerificationURI, device.UserCode, abort)
		}}
	}
}

// EXT-6
func TestDevice(t *testing.T) {
	w := begin(t, open)
	client := w.client(w.device(false))
	w.call(client, http.MethodGet, scopeRead)
	w.resource.reject(t)
	w.call(client, http.MethodGet, scopeRead) // by its refresh token
	registration := w.sent(1, "registration")[0]
	registration.sent(t, "client_name", "grant_types", "response_types", "token_endpoint_auth_method")
	registration.had(t, "grant_types", flows.GrantDeviceCode, flows.GrantRefreshToken)
	request := w.sent(1, "device_authorization")[0]
	request.sent(t, "client_id", "resource", "scope")
	request.had(t, "resource", w.resource.url)
	tokens := w.sent(2, "token")
	tokens[0].sent(t, "client_id", "device_code", "grant_type", "resource")
	tokens[0].had(t, "grant_type", flows.GrantDeviceCode)
	tokens[1].had(t, "grant_type", "refresh_token")
}

// EXT-6: a person who refuses is asked once, and nothing is stored.
func TestDeviceDenied(t *testing.T) {
	w := begin(t, open)
	_, err := w.try(w.client(w.device(true)), http.MethodGet)
	var end *flows.DeviceError
	if !errors.As(err, &end) || !end.Denied() {
		t.Errorf("error = %v, want a *flows.DeviceError that was denied", err)
	}
	if poll := w.sent(1, "token")[0]; poll.Error != "access_denied" {
		t.Error(poll)
	}
	w.written(0)
}

// EXT-6: pending, then expired, by the server's word; and without asking it when
// the next poll would be too late.
func TestDeviceExpired(t *testing.T) {
	w := begin(t, brief)
	known := w.register(deviceClient())
	metadata := w.metadata()
	request := flows.TokenRequest{
		Endpoint: metadata.TokenEndpoint, Resource: w.resource.url, Scope: []string{scopeRead},
		Auth: flows.ClientAuth{ClientID: known.ClientID, Method: flows.AuthMethodNone},
	}
	device, err := w.flows.AuthorizeDevice(w.ctx(), flows.DeviceRequest{
		TokenRequest: request, DeviceEndpoint: metadata.DeviceAuthorizationEndpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	expired := func() {
		t.Helper()
		_, err := w.flows.DeviceToken(w.ctx(), flows.DeviceTokenRequest{TokenRequest: request, Device: device})
		var end *flows.DeviceError
		if !errors.As(err, &end) || end.Denied() {
			t.Errorf("error = %v, want a *flows.DeviceError that expired", err)
		}
	}
	expired()
	w.sent(0, "token")
	device.ExpiresAt, device.Interval = time.Now().Add(time.Minute), time.Second
	expired()
	polls := w.log()
	if first, last := polls[len(polls)-2], polls[len(polls)-1]; first.Error != "authorization_pending" || last.Error != "expired_token" {
		t.Errorf("polls: %v, %v", first, last)
	}
}

// EXT-6: a server that is polled too soon says so once; the client then waits
// five seconds longer, and gets its token.
func TestDeviceSlowDown(t *testing.T) {
	w := begin(t, paced)
	known := w.register(deviceClient())
	metadata := w.metadata()
	request := flows.TokenRequest{
		Endpoint: metadata.TokenEndpoint, Resource: w.resource.url, Scope: []string{scopeRead},
		Auth: flows.ClientAuth{ClientID: known.ClientID, Method: flows.AuthMethodNone},
	}
	device, err := w.flows.AuthorizeDevice(w.ctx(), flows.DeviceRequest{
		TokenRequest: request, DeviceEndpoint: metadata.DeviceAuthorizationEndpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	device.Interval = time.Second // the server's is five
	time.AfterFunc(3*time.Second, func() {
		if err := w.browser.enter(w.ctx(), device.VerificationURI, device.UserCode, false); err != nil {
			t.Error(err)
		}
	})
	token, err := w.flows.DeviceToken(w.ctx(), flows.DeviceTokenRequest{TokenRequest: request, Device: device})
	if err != nil || token.AccessToken == "" {
		t.Fatalf("no token: %v", err)
	}
	for i, poll := range w.sent(3, "token") {
		if want := []string{"authorization_pending", "slow_down", ""}[i]; poll.Error != want {
			t.Errorf("poll %d: %q, want %q", i, poll.Error, want)
		}
	}
}
