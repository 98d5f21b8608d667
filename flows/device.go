// Device authorization: the human logs in on another device.

package flows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// GrantDeviceCode is the grant type of [Client.DeviceToken].
const GrantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"

// The rhythm of polling (RFC 8628 §3.5), and bounds for servers that know none.
const (
	defaultPollInterval = 5 * time.Second
	slowDownStep        = 5 * time.Second
	minPollInterval     = time.Second
	maxPollBackoff      = time.Minute
)

// Bounds of what a human is shown. Codes have 8 to 12 characters (RFC 8628
// §6.1), and the URL is to be typed in.
const (
	maxUserCode        = 64
	maxVerificationURI = 2 << 10
)

// DeviceRequest starts a device authorization. Of the embedded request the
// token endpoint is not used yet. Scope is sent if there is any.
type DeviceRequest struct {
	TokenRequest
	// DeviceEndpoint is the device_authorization_endpoint. Required.
	DeviceEndpoint string
}

// DeviceAuthorization is what the human is to be told, and what is polled
// with. UserCode and the URIs are printable ASCII, or escaped, and bounded. It
// prints redacted.
type DeviceAuthorization struct {
	// UserCode is to be entered at VerificationURI.
	UserCode string
	// VerificationURI is https, or on a loopback host.
	VerificationURI string
	// VerificationURIComplete has the code in it, for a QR code or a browser
	// on this machine; the human compares the code all the same. Empty if the
	// server offers none that is fit.
	VerificationURIComplete string
	// DeviceCode is for the token request.
	DeviceCode gen.Secret
	// ExpiresAt is when both codes end.
	ExpiresAt time.Time
	// Interval is the least time between two polls.
	Interval time.Duration
	// Response is the whole answer.
	Response *gen.DeviceAuthorizationResponse
}

// Format prints d without the device code under every verb.
func (d DeviceAuthorization) Format(f fmt.State, verb rune) {
	type plain DeviceAuthorization
	printAs(f, verb, plain(d))
}

// AuthorizeDevice asks for a code that the human enters on another device. Show
// what comes back, then call [Client.DeviceToken]. An error is an
// [*EndpointError].
//
// https://www.rfc-editor.org/rfc/rfc8628.html#section-3.1
func (c *Client) AuthorizeDevice(ctx context.Context, in DeviceRequest) (*DeviceAuthorization, error) {
	request := &gen.DeviceAuthorizationRequest{
		Scope: strings.Join(in.Scope, " "), Resource: in.resource(), Params: in.Params,
	}
	call := endpointCall{name: "device_authorization_endpoint", url: in.DeviceEndpoint, auth: in.Auth, resource: in.Resource}
	sent := time.Now().Round(0)
	res, err := at(ctx, c, call, func(ctx context.Context, url string, edit ...gen.Edit) (*gen.Response[gen.DeviceAuthorizationResponse], error) {
		return c.Operations().AuthorizeDevice(ctx, url, request, edit...)
	})
	if err != nil {
		return nil, err
	}
	device, err := c.newDevice(res.Document, sent)
	if err != nil {
		return nil, &EndpointError{Endpoint: call.name, StatusCode: res.StatusCode, Err: err}
	}
	return device, nil
}

// newDevice makes the answer fit for a human. A code that would have to be cut
// and a page that must not be opened are no answer.
func (c *Client) newDevice(doc *gen.DeviceAuthorizationResponse, sent time.Time) (*DeviceAuthorization, error) {
	if len(doc.UserCode) > maxUserCode {
		return nil, fmt.Errorf("flows: user_code: longer than %d bytes", maxUserCode)
	}
	if err := c.verificationURI(doc.VerificationURI); err != nil {
		return nil, fmt.Errorf("flows: verification_uri: %w", err)
	}
	d := &DeviceAuthorization{
		UserCode: bounded(doc.UserCode), VerificationURI: doc.VerificationURI, DeviceCode: doc.DeviceCode,
		ExpiresAt: sent.Add(lifetime(doc.ExpiresIn)), Interval: defaultPollInterval, Response: doc,
	}
	if doc.Interval != nil {
		d.Interval = max(minPollInterval, lifetime(*doc.Interval))
	}
	if complete := doc.VerificationURIComplete; complete != "" && c.verificationURI(complete) == nil {
		d.VerificationURIComplete = complete
	}
	return d, nil
}

// verificationURI refuses what a human must not be sent to. A fragment is the
// page's own matter.
func (c *Client) verificationURI(raw string) error {
	if len(raw) > maxVerificationURI || !isPlain(raw) {
		return errors.New("too long, or with characters that no URL has")
	}
	page, _, _ := strings.Cut(raw, "#")
	return validate.Endpoint(page, c.rules()...)
}

// DeviceTokenRequest asks for the token of a device authorization.
type DeviceTokenRequest struct {
	TokenRequest
	// Device is what [Client.AuthorizeDevice] returned. Required.
	Device *DeviceAuthorization
}

// Format prints in redacted under every verb.
func (in DeviceTokenRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest TokenRequest
		Device       *DeviceAuthorization
	}{in.TokenRequest, in.Device})
}

// DeviceToken waits until the human has finished, asking the server in the
// rhythm that it wants: it waits before the first request, slows down when told
// to, and backs off when there is no answer. It ends with ctx. A human who
// refused and a code that ended are a [*DeviceError]; any other error is a
// [*TokenError].
//
// https://www.rfc-editor.org/rfc/rfc8628.html#section-3.4
func (c *Client) DeviceToken(ctx context.Context, in DeviceTokenRequest) (*Token, error) {
	interval := max(minPollInterval, in.Device.Interval)
	for {
		// 1. Not faster than the server allows, and not beyond the code's life.
		if !time.Now().Add(interval).Before(in.Device.ExpiresAt) {
			return nil, &DeviceError{Code: errorExpiredToken}
		}
		if err := pause(ctx, interval); err != nil {
			return nil, &TokenError{Grant: GrantDeviceCode, Err: err}
		}
		// 2. Ask once, on a new connection: many servers close one that was idle
		// for as long as an interval, and a poll that is lost then costs the
		// human a longer one.
		c.CloseIdleConnections()
		token, err := c.pollDevice(ctx, in)
		// 3. The token, an end, or another round.
		var refusal *TokenError
		if err == nil || !errors.As(err, &refusal) {
			return token, err
		}
		switch refusal.Code {
		case errorAuthorizationPending:
		case errorSlowDown:
			// RFC 8628 §3.5: "the interval MUST be increased by 5 seconds for
			// this and all subsequent requests".
			interval += slowDownStep
		case errorAccessDenied, errorExpiredToken:
			return nil, &DeviceError{Code: refusal.Code, Err: refusal}
		default:
			// "any other error code": the client "MUST stop polling".
			if !refusal.unanswered() || ctx.Err() != nil {
				return nil, err
			}
			// §3.5: an exponential backoff on connection timeouts.
			interval = max(interval, min(2*interval, maxPollBackoff), min(refusal.RetryAfter, maxPollBackoff))
		}
		c.Trace.decided(ctx, "device", in.Endpoint, "waiting", refusal.Code)
	}
}

// The errors of RFC 8628 §3.5.
const (
	errorAuthorizationPending = "authorization_pending"
	errorSlowDown             = "slow_down"
	errorAccessDenied         = "access_denied"
	errorExpiredToken         = "expired_token"
)

// unanswered: the network failed, or the server was too busy, and nothing was
// said about this device.
func (e *TokenError) unanswered() bool {
	if e.StatusCode != 0 {
		return mayPass(e.StatusCode)
	}
	return isNetworkError(e)
}

func (c *Client) pollDevice(ctx context.Context, in DeviceTokenRequest) (*Token, error) {
	request := &gen.DeviceTokenRequest{DeviceCode: in.Device.DeviceCode, Resource: in.resource(), Params: in.Params}
	return c.token(ctx, GrantDeviceCode, in.TokenRequest, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().PollDeviceToken(ctx, in.Endpoint, request, edit)
	})
}

// DeviceError is the end of a device authorization without a token. The remedy
// is to start a new one, if the human wants it.
type DeviceError struct {
	// Code is "access_denied" when the human refused, "expired_token" when the
	// codes ended before.
	Code string
	// Err is the server's answer, nil when the time was up without one.
	Err *TokenError
}

// Error says which of the two it is.
func (e *DeviceError) Error() string {
	if e.Denied() {
		return "flows: device authorization: the user refused"
	}
	return "flows: device authorization: the code ended before the user had finished"
}

// Unwrap returns the server's answer, or nil.
func (e *DeviceError) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	return e.Err
}

// Denied says that the human refused; otherwise the codes ended.
func (e *DeviceError) Denied() bool { return e.Code == errorAccessDenied }

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
