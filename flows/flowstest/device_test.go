package flowstest_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// clock is a clock that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Unix(1_800_000_000, 0).Add(time.Duration(c.offset.Load()))
}
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func withDevices(t *testing.T, config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	t.Helper()
	config.GrantTypes = []string{flowstest.GrantDeviceCode, flowstest.GrantRefreshToken}
	config.Clients = []flowstest.Client{public, {ID: "second"}, {ID: "web", GrantTypes: []string{"authorization_code"}}}
	return newServer(t, config)
}

func deviceForm(changes ...string) url.Values {
	return change(url.Values{"client_id": {"public"}, "scope": {"a b"}, "resource": {resource}}, changes)
}

func pollForm(a answer, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {flowstest.GrantDeviceCode}, "device_code": {a.text("device_code")}, "client_id": {"public"}, "resource": {resource},
	}, changes)
}

// EXT-6: pending, too early, approved, used.
func TestDevice(t *testing.T) {
	var c clock
	as := withDevices(t, flowstest.ServerConfig{Now: c.now})
	a := post(t, as, "device", deviceForm()).expect(t, 200, "")
	if a.text("verification_uri") != as.Endpoint("verify") || a.json["expires_in"] != 600.0 || a.json["interval"] != 5.0 ||
		a.text("verification_uri_complete") != as.Endpoint("verify")+"?user_code="+a.text("user_code") {
		t.Fatalf("answer %s", a.body)
	}
	post(t, as, "token", pollForm(a)).expect(t, 400, "authorization_pending")
	c.advance(4 * time.Second)
	post(t, as, "token", pollForm(a)).expect(t, 400, "slow_down")
	c.advance(9 * time.Second) // the interval is ten now
	post(t, as, "token", pollForm(a)).expect(t, 400, "slow_down")
	c.advance(15 * time.Second)
	post(t, as, "token", pollForm(a)).expect(t, 400, "authorization_pending")
	if err := as.ApproveDevice("WRONG"); err == nil {
		t.Error("a wrong user code was approved")
	}
	if err := as.ApproveDevice(strings.ToLower(strings.ReplaceAll(a.text("user_code"), "-", ""))); err != nil {
		t.Fatal(err)
	}
	if err := as.DenyDevice(a.text("user_code")); err == nil {
		t.Error("a user code was decided twice")
	}
	c.advance(15 * time.Second)
	token := post(t, as, "token", pollForm(a)).expect(t, 200, "")
	info, _ := as.Token(token.text("access_token"))
	if info.Scope != "a b" || info.Subject != "user" || info.Resource[0] != resource || token.text("refresh_token") == "" {
		t.Errorf("token %+v, answer %s", info, token.body)
	}
	c.advance(15 * time.Second)
	post(t, as, "token", pollForm(a)).expect(t, 400, "invalid_grant")
	post(t, as, "token", refreshForm(token.text("refresh_token"))).expect(t, 200, "")
	if as.Count("device") != 1 || as.Count("token:"+flowstest.GrantDeviceCode) != 6 {
		t.Errorf("%d and %d requests", as.Count("device"), as.Count("token:"+flowstest.GrantDeviceCode))
	}
}

// EXT-6: denied, expired, another client's, a script.
func TestDeviceEnds(t *testing.T) {
	var c clock
	as := withDevices(t, flowstest.ServerConfig{Now: c.now, Device: flowstest.DeviceConfig{Life: time.Minute}})
	denied := post(t, as, "device", deviceForm()).expect(t, 200, "")
	if err := as.DenyDevice(denied.text("user_code")); err != nil {
		t.Fatal(err)
	}
	post(t, as, "token", pollForm(denied)).expect(t, 400, "access_denied")
	narrow := "a"
	narrowed := post(t, as, "device", deviceForm()).expect(t, 200, "")
	if err := as.DecideDevice(narrowed.text("user_code"), flowstest.Decision{Scope: &narrow, Subject: "bob"}); err != nil {
		t.Fatal(err)
	}
	a := post(t, as, "token", pollForm(narrowed, "resource", "")).expect(t, 200, "")
	if info, _ := as.Token(a.text("access_token")); info.Scope != "a" || info.Subject != "bob" || info.Resource[0] != resource {
		t.Errorf("token %+v", info)
	}
	expired := post(t, as, "device", deviceForm()).expect(t, 200, "")
	post(t, as, "token", pollForm(expired, "device_code", "x")).expect(t, 400, "invalid_grant")
	post(t, as, "token", pollForm(expired, "device_code", "")).expect(t, 400, "invalid_request")
	post(t, as, "token", pollForm(expired, "client_id", "second")).expect(t, 400, "invalid_grant")
	c.advance(time.Minute)
	post(t, as, "token", pollForm(expired)).expect(t, 400, "expired_token")

	as.Configure(func(c *flowstest.ServerConfig) {
		c.Device = flowstest.DeviceConfig{
			Interval: time.Millisecond,
			Poll:     flowstest.ScriptPolls("slow_down", "authorization_pending"),
			Answer:   flowstest.With("verification_uri", "javascript:alert(1)"),
		}
	})
	scripted := post(t, as, "device", deviceForm()).expect(t, 200, "")
	if scripted.text("verification_uri") != "javascript:alert(1)" || scripted.json["interval"] != nil {
		t.Errorf("answer %s", scripted.body)
	}
	if err := as.ApproveDevice(scripted.text("user_code")); err != nil {
		t.Fatal(err)
	}
	post(t, as, "token", pollForm(scripted)).expect(t, 400, "slow_down")
	post(t, as, "token", pollForm(scripted)).expect(t, 400, "authorization_pending")
	post(t, as, "token", pollForm(scripted, "resource", "https://x.example.com")).expect(t, 400, "invalid_target")
	c.advance(time.Second)
	post(t, as, "token", pollForm(scripted)).expect(t, 200, "")
}

func TestDeviceRefused(t *testing.T) {
	tests := map[string]struct {
		changes []string
		status  int
		want    string
	}{
		"no client":      {[]string{"client_id", ""}, 401, "invalid_client"},
		"unknown client": {[]string{"client_id", "x"}, 401, "invalid_client"},
		"no grant":       {[]string{"client_id", "web"}, 400, "unauthorized_client"},
		"no resource":    {[]string{"resource", ""}, 400, "invalid_target"},
		"unknown scope":  {[]string{"scope", "c"}, 400, "invalid_scope"},
		"grant type":     {[]string{"grant_type", flowstest.GrantDeviceCode}, 400, "invalid_request"},
	}
	as := withDevices(t, flowstest.ServerConfig{Scopes: []string{"a", "b"}})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			post(t, as, "device", deviceForm(test.changes...)).expect(t, test.status, test.want)
		})
	}
	off := newServer(t, flowstest.ServerConfig{})
	for _, endpoint := range []string{"device", "verify"} {
		post(t, off, endpoint, deviceForm()).expect(t, 404, "")
	}
	if a := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server"); a.text("device_authorization_endpoint") != as.Endpoint("device") {
		t.Errorf("metadata %s", a.body)
	}
	get(t, as.Client(), as.Endpoint("device")).expect(t, 405, "")
}

// The page where a user enters the code asks ServerConfig.Decide.
func TestDevicePage(t *testing.T) {
	as := withDevices(t, flowstest.ServerConfig{Decide: flowstest.Deny()})
	a := post(t, as, "device", deviceForm()).expect(t, 200, "")
	if page := get(t, as.Client(), a.text("verification_uri_complete")); !strings.Contains(page.body, a.text("user_code")) {
		t.Errorf("page %s", page.body)
	}
	const media = "application/x-www-form-urlencoded"
	enter := func(code string) int {
		return send(t, as.Client(), http.MethodPost, a.text("verification_uri"), media, url.Values{"user_code": {code}}.Encode(), nil).status
	}
	if enter("x") != 400 || enter(a.text("user_code")) != 200 || enter(a.text("user_code")) != 400 {
		t.Error("the page takes what it should not, or not what it should")
	}
	post(t, as, "token", pollForm(a)).expect(t, 400, "access_denied")
}
