package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/validate"
)

func deviceServer(t testing.TB, change ...func(*flowstest.ServerConfig)) *flowstest.AuthorizationServer {
	t.Helper()
	config := flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantDeviceCode, flowstest.GrantRefreshToken}, AuthMethods: []string{"none", "private_key_jwt"},
		Clients: []flowstest.Client{{ID: "tv"}, keyClient("ES256")},
	}
	for _, f := range change {
		f(&config)
	}
	return newServer(t, config)
}

// deviceLogin is one device authorization, on a clock of its own.
type deviceLogin struct {
	as      *flowstest.AuthorizationServer
	c       *flows.Client
	request flows.TokenRequest
	device  *flows.DeviceAuthorization
	polls   []time.Duration // after the start
	token   *flows.Token
	err     error
}

// run starts a device authorization, does what the human does, and waits.
func (l *deviceLogin) run(ctx context.Context, t *testing.T, human func(userCode string)) {
	t.Helper()
	if l.c == nil {
		l.c = inProcess(l.as)
	}
	if l.request.Endpoint == "" {
		l.request = requestTo(l.as, flows.ClientAuth{ClientID: "tv", Method: flows.AuthMethodNone})
	}
	var err error
	l.device, err = l.c.AuthorizeDevice(ctx, flows.DeviceRequest{TokenRequest: l.request, DeviceEndpoint: l.as.Endpoint("device")})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if human != nil {
		go human(l.device.UserCode)
	}
	l.token, l.err = l.c.DeviceToken(ctx, flows.DeviceTokenRequest{TokenRequest: l.request, Device: l.device})
	for _, poll := range l.as.RequestsOf("token") {
		l.polls = append(l.polls, poll.Time.Sub(start).Round(time.Second))
	}
	synctest.Wait()
}

func seconds(list ...int) string {
	var out []time.Duration
	for _, n := range list {
		out = append(out, time.Duration(n)*time.Second)
	}
	text, _ := json.Marshal(out)
	return string(text)
}

func (l *deviceLogin) expectPolls(t *testing.T, want ...int) {
	t.Helper()
	if got, _ := json.Marshal(l.polls); string(got) != seconds(want...) {
		t.Errorf("polls at %v, want %v", l.polls, want)
	}
}

// EXT-6: the human takes a while.
func TestDevice(t *testing.T) {
	for _, auth := range []flows.ClientAuth{{ClientID: "tv", Method: flows.AuthMethodNone}, {}} {
		as := deviceServer(t)
		if auth.ClientID == "" {
			auth = keyAuth(as, "ES256")
		}
		synctest.Test(t, func(t *testing.T) {
			l := &deviceLogin{as: as, request: requestTo(as, auth)}
			l.run(t.Context(), t, func(userCode string) {
				time.Sleep(12 * time.Second)
				if err := as.ApproveDevice(userCode); err != nil {
					t.Error(err)
				}
			})
			if l.err != nil {
				t.Fatal(l.err)
			}
			l.expectPolls(t, 5, 10, 15)
			if info, ok := as.Token(l.token.AccessToken.Reveal()); !ok || info.ClientID != auth.ClientID || info.Scope != "a b" || len(info.Resource) != 1 {
				t.Errorf("%+v", info)
			}
			if l.token.RefreshToken == "" || l.device.VerificationURI != as.Endpoint("verify") || !strings.Contains(l.device.VerificationURIComplete, l.device.UserCode) {
				t.Errorf("%v, %v", l.device, l.token)
			}
			if form := as.RequestsOf("device")[0].Form; form.Get("scope") != "a b" || form.Get("resource") == "" || form.Has("grant_type") {
				t.Errorf("%v", form)
			}
		})
	}
}

// EXT-6: slow_down adds five seconds, for this and all later polls; the interval
// is the server's.
func TestDeviceSlowDown(t *testing.T) {
	as := deviceServer(t, func(c *flowstest.ServerConfig) {
		c.Device.Interval = 3 * time.Second
		c.Device.Poll = flowstest.ScriptPolls("authorization_pending", "slow_down", "authorization_pending", "slow_down", "authorization_pending")
	})
	synctest.Test(t, func(t *testing.T) {
		l := &deviceLogin{as: as}
		l.run(t.Context(), t, func(userCode string) { _ = as.ApproveDevice(userCode) })
		if l.err != nil {
			t.Fatal(l.err)
		}
		l.expectPolls(t, 3, 6, 14, 22, 35, 48)
	})
}

// EXT-6: no answer is no reason to give up, nor to hurry.
func TestDeviceBacksOff(t *testing.T) {
	as := deviceServer(t, func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:*", flowstest.Times(3, flowstest.Unavailable(0)))
	})
	synctest.Test(t, func(t *testing.T) {
		l := &deviceLogin{as: as}
		l.run(t.Context(), t, func(userCode string) { _ = as.ApproveDevice(userCode) })
		if l.err != nil {
			t.Fatal(l.err)
		}
		l.expectPolls(t, 5, 15, 35, 75)
	})
}

// EXT-6: nor is a network that fails.
func TestDeviceNetworkFails(t *testing.T) {
	as := deviceServer(t)
	synctest.Test(t, func(t *testing.T) {
		server, failures := inProcess(as), 2
		l := &deviceLogin{as: as, c: &flows.Client{HTTP: tripFunc(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/token") && failures > 0 {
				failures--
				return nil, errReset
			}
			return server.HTTP.Transport.RoundTrip(r)
		}).client()}}
		l.run(t.Context(), t, func(userCode string) { _ = as.ApproveDevice(userCode) })
		if l.err != nil {
			t.Fatal(l.err)
		}
		l.expectPolls(t, 35) // after 5 and 15
	})
}

// EXT-6: how it ends without a token.
func TestDeviceEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*flowstest.ServerConfig)
		human  func(as *flowstest.AuthorizationServer, userCode string)
		denied bool
		code   string // of a TokenError; "" is a DeviceError
		polls  int
	}{
		{"the human refuses", nil, func(as *flowstest.AuthorizationServer, code string) { _ = as.DenyDevice(code) }, true, "", 1},
		{"the human does nothing", func(c *flowstest.ServerConfig) { c.Device.Life = time.Minute }, nil, false, "", 11},
		{"the server says that it is over", func(c *flowstest.ServerConfig) { c.Device.Poll = flowstest.ScriptPolls("expired_token") }, nil, false, "", 1},
		{"the code is unknown", func(c *flowstest.ServerConfig) { c.Device.Poll = flowstest.ScriptPolls("invalid_grant") }, nil, false, "invalid_grant", 1},
		{"the client is", func(c *flowstest.ServerConfig) { c.Device.Poll = flowstest.ScriptPolls("invalid_client") }, nil, false, "invalid_client", 1},
		{"the server wants something else", func(c *flowstest.ServerConfig) { c.Device.Poll = flowstest.ScriptPolls("temporarily_unavailable") }, nil, false, "temporarily_unavailable", 1},
		{"a firewall", func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("token:*", flowstest.Firewall()) }, nil, false, "-", 1},
		{"a code that never was good", func(c *flowstest.ServerConfig) { c.Device.Answer = flowstest.With("expires_in", 0) }, nil, false, "", 0},
		{"an interval beyond its life", func(c *flowstest.ServerConfig) { c.Device.Answer = flowstest.With("interval", 1<<40) }, nil, false, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*flowstest.ServerConfig) {}
			}
			as := deviceServer(t, tt.change)
			synctest.Test(t, func(t *testing.T) {
				l := &deviceLogin{as: as}
				var human func(string)
				if tt.human != nil {
					human = func(code string) { tt.human(as, code) }
				}
				l.run(t.Context(), t, human)
				var ended *flows.DeviceError
				var refused *flows.TokenError
				switch {
				case tt.code == "-":
					if !errors.As(l.err, &refused) || refused.StatusCode != http.StatusForbidden {
						t.Errorf("%v", l.err)
					}
				case tt.code == "" && (!errors.As(l.err, &ended) || ended.Denied() != tt.denied):
					t.Errorf("%v", l.err)
				case tt.code != "" && (!errors.As(l.err, &refused) || refused.Code != tt.code || errors.As(l.err, &ended)):
					t.Errorf("%v", l.err)
				}
				if len(l.polls) != tt.polls || l.token != nil {
					t.Errorf("%d polls: %v", len(l.polls), l.err)
				}
				expectNoSecrets(t, l.err, []string{l.device.DeviceCode.Reveal()})
				expectNoSecrets(t, l.device, []string{l.device.DeviceCode.Reveal()})
			})
		})
	}
}

// EXT-6: a caller who leaves is not held.
func TestDeviceCancelled(t *testing.T) {
	as := deviceServer(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		l := &deviceLogin{as: as}
		start := time.Now()
		l.run(ctx, t, nil)
		var refused *flows.TokenError
		if !errors.As(l.err, &refused) || !errors.Is(l.err, context.DeadlineExceeded) || refused.Final() || time.Since(start) != 12*time.Second {
			t.Errorf("after %v: %v", time.Since(start), l.err)
		}
		l.expectPolls(t, 5, 10)
	})
}

// EXT-6, SEC-5: what a human is shown is fit to be shown, and to be opened.
func TestDeviceAnswer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(map[string]any)
		fails  bool
		check  func(*flows.DeviceAuthorization) bool
	}{
		{"plain http", flowstest.With("verification_uri", "http://as.example.com/device"), true, nil},
		{"a script", flowstest.With("verification_uri", "javascript:alert(1)"), true, nil},
		{"userinfo", flowstest.With("verification_uri", "https://you@as.example.com/device"), true, nil},
		{"no URI", flowstest.Without("verification_uri"), true, nil},
		{"control characters", flowstest.With("verification_uri", "https://as.example.com/\x1b[2J"), true, nil},
		{"letters that look like others", flowstest.With("verification_uri", "https://аs.example.com/device"), true, nil},
		{"a very long URI", flowstest.With("verification_uri", "https://as.example.com/"+strings.Repeat("a", 3000)), true, nil},
		{"a very long code", flowstest.With("user_code", strings.Repeat("A", 65)), true, nil},
		{"no code", flowstest.Without("user_code"), true, nil},
		{"no device code", flowstest.Without("device_code"), true, nil},
		{"a fragment", flowstest.With("verification_uri", "https://as.example.com/#device"), false, nil},
		{"an escape sequence in the code", flowstest.With("user_code", "AB\x1b[2JCD\u202e"), false, func(d *flows.DeviceAuthorization) bool {
			return d.UserCode == `AB\x1b[2JCD\u202e`
		}},
		{"a complete URI of plain http", flowstest.With("verification_uri_complete", "http://as.example.com/device"), false, func(d *flows.DeviceAuthorization) bool {
			return d.VerificationURIComplete == "" && d.VerificationURI != ""
		}},
		{"no complete URI", flowstest.Without("verification_uri_complete"), false, func(d *flows.DeviceAuthorization) bool { return d.VerificationURIComplete == "" }},
		{"no interval", flowstest.Without("interval"), false, func(d *flows.DeviceAuthorization) bool { return d.Interval == 5*time.Second }},
		{"an interval of none", flowstest.With("interval", 0), false, func(d *flows.DeviceAuthorization) bool { return d.Interval == time.Second }},
		{"an interval of the past", flowstest.With("interval", -7), false, func(d *flows.DeviceAuthorization) bool { return d.Interval >= time.Second }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := deviceServer(t, func(c *flowstest.ServerConfig) { c.Device.Answer = tt.answer })
			device, err := loopbackClient().AuthorizeDevice(t.Context(), flows.DeviceRequest{
				TokenRequest: requestTo(as, flows.ClientAuth{ClientID: "tv", Method: flows.AuthMethodNone}), DeviceEndpoint: as.Endpoint("device"),
			})
			var failed *flows.EndpointError
			switch {
			case tt.fails && (!errors.As(err, &failed) || device != nil || failed.Endpoint != "device_authorization_endpoint" || failed.StatusCode != http.StatusOK):
				t.Errorf("%v, %v", device, err)
			case !tt.fails && (err != nil || tt.check != nil && !tt.check(device)):
				t.Errorf("%+v, %v", device, err)
			}
		})
	}
}

// EXT-6, META-3: refusals of the first request.
func TestAuthorizeDeviceRefused(t *testing.T) {
	as := deviceServer(t, func(c *flowstest.ServerConfig) { c.Scopes = []string{"c"} })
	request := requestTo(as, flows.ClientAuth{ClientID: "tv", Method: flows.AuthMethodNone})
	ask := func(endpoint string) error {
		_, err := loopbackClient().AuthorizeDevice(t.Context(), flows.DeviceRequest{TokenRequest: request, DeviceEndpoint: endpoint})
		return err
	}
	var failed *flows.EndpointError
	if err := ask(as.Endpoint("device")); !errors.As(err, &failed) || failed.Code != "invalid_scope" || flows.IsTemporary(err) {
		t.Error(err)
	}
	if err := ask(""); !errors.As(err, new(*flows.MissingEndpointError)) {
		t.Error(err)
	}
	if err := ask("http://as.example.com/device"); !errors.Is(err, validate.RuleEndpoint) {
		t.Error(err)
	}
	if as.Count("device") != 1 {
		t.Errorf("%d requests", as.Count("device"))
	}
	as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("device", flowstest.Unavailable(60)) })
	if err := ask(as.Endpoint("device")); !flows.IsTemporary(err) || flows.RetryAfter(err) != time.Minute {
		t.Error(err)
	}
}

// SEC-5: whatever the server answers, what is shown is printable, bounded and
// fit to be opened.
func FuzzDeviceAuthorization(f *testing.F) {
	for _, seed := range []string{
		`{"device_code":"d","user_code":"AB-CD","verification_uri":"https://as.example.com/device","expires_in":600,"interval":5}`,
		`{"device_code":"d","user_code":"\u001b[2J","verification_uri":"https://as.example.com/device","verification_uri_complete":"javascript:1","expires_in":"1e9","interval":-1}`,
		`{"device_code":"","user_code":null,"verification_uri":7,"expires_in":[]}`, `[]`, `{`,
	} {
		f.Add([]byte(seed))
	}
	var body []byte
	c := &flows.Client{HTTP: &http.Client{Transport: tripFunc(func(*http.Request) (*http.Response, error) { return answerOf(body), nil })}}
	in := flows.DeviceRequest{
		TokenRequest:   flows.TokenRequest{Auth: flows.ClientAuth{ClientID: "tv", Method: flows.AuthMethodNone}},
		DeviceEndpoint: asIssuer + "/device",
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		body = answer
		device, err := c.AuthorizeDevice(t.Context(), in)
		if err != nil {
			return
		}
		for _, shown := range []string{device.UserCode, device.VerificationURI, device.VerificationURIComplete} {
			if len(shown) > 2048 || strings.ContainsFunc(shown, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
				t.Errorf("%q", shown)
			}
		}
		if validate.Endpoint(strings.Split(device.VerificationURI, "#")[0]) != nil || device.Interval < time.Second || device.DeviceCode == "" {
			t.Errorf("%+v", device)
		}
	})
}

// EXT-6: a poll goes out on a connection of its own: servers close one that was
// idle for as long as the interval is, in the moment in which the poll is sent.
func TestDevicePollConnection(t *testing.T) {
	as := deviceServer(t, func(c *flowstest.ServerConfig) { c.Device.Interval = time.Second })
	var polls, reused int
	c := &flows.Client{Trace: &flows.Trace{LegDone: func(_ context.Context, leg flows.LegResult) {
		if leg.Operation == "pollDeviceToken" {
			polls++
			if leg.Connection.Reused {
				reused++
			}
		}
	}}}
	request := requestTo(as, flows.ClientAuth{ClientID: "tv", Method: flows.AuthMethodNone})
	device, err := c.AuthorizeDevice(t.Context(), flows.DeviceRequest{TokenRequest: request, DeviceEndpoint: as.Endpoint("device")})
	if err != nil {
		t.Fatal(err)
	}
	if err := as.ApproveDevice(device.UserCode); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeviceToken(t.Context(), flows.DeviceTokenRequest{TokenRequest: request, Device: device}); err != nil || polls != 1 || reused != 0 {
		t.Errorf("%d polls, %d on a connection of another request: %v", polls, reused, err)
	}
}
