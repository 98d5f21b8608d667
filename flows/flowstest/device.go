// Device authorization: device and user codes, and the polls for a token.

package flowstest

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DeviceConfig says how device authorization goes (RFC 8628), which GrantTypes
// has to list. The zero value gives codes that last ten minutes and are polled
// every five seconds, and waits until a test or a browser decides.
type DeviceConfig struct {
	// Life is the life of the codes; 0 is ten minutes.
	Life time.Duration
	// Interval is the least time between polls; 0 is five seconds. It may be
	// as short as milliseconds: interval is rounded down to seconds, and left
	// out when that is 0. A poll that comes too early is answered with
	// slow_down and adds five seconds, or Interval if that is less.
	Interval time.Duration
	// Poll may answer the poll with number n, from 1, of a device code in
	// place of the server, such as with slow_down. nil and a nil answer leave
	// it to the server.
	Poll func(n int) *Error
	// Answer changes the device authorization answer before it is encoded:
	// a verification_uri of http or javascript, another interval.
	Answer func(document map[string]any)
}

// ScriptPolls returns a DeviceConfig.Poll hook that answers the first polls
// with these error codes, one each, and leaves the others to the server.
func ScriptPolls(codes ...string) func(n int) *Error {
	return func(n int) *Error {
		if n > len(codes) {
			return nil
		}
		return refuse(codes[n-1], "as the test wants it")
	}
}

func (c DeviceConfig) interval() time.Duration { return or(c.Interval, 5*time.Second) }

// A device is a device authorization under way.
type device struct {
	userCode string
	grant    Grant
	form     url.Values
	expires  time.Time
	interval time.Duration
	polled   time.Time // zero before the first poll
	polls    int
	decision *Decision // nil while there is none
	used     bool
}

// userCodeLetters are the consonants that RFC 8628 §6.1 recommends.
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newUserCode() string {
	random := randomString("")
	code := make([]byte, 0, 9)
	for i := range 8 {
		if i == 4 {
			code = append(code, '-')
		}
		code = append(code, userCodeLetters[int(random[i])%len(userCodeLetters)])
	}
	return string(code)
}

// plainUserCode leaves out what users add: RFC 8628 §6.1.
func plainUserCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(code))
}

// authorizeDevice answers a device authorization request.
// RFC 8628 §3.1: https://www.rfc-editor.org/rfc/rfc8628#section-3.1
func (x *exchange) authorizeDevice() {
	if !slices.Contains(x.config.grantTypes(), GrantDeviceCode) {
		http.NotFound(x.w, x.r)
		return
	}
	if !x.allow(http.MethodPost) {
		return
	}
	answer, err := x.newDevice()
	if err != nil {
		x.refuse(err)
		return
	}
	x.w.Header().Set("Cache-Control", "no-store")
	document{status: http.StatusOK, body: answer, edit: []func(map[string]any){x.config.Device.Answer}}.write(x.w)
}

func (x *exchange) newDevice() (map[string]any, *Error) {
	form, err := x.postForm()
	if err != nil {
		return nil, err
	}
	client, err := x.authenticate(form)
	switch {
	case err != nil:
		return nil, err
	case !client.mayUse(GrantDeviceCode):
		return nil, refuse(errUnauthorizedClient, "the client may not use the device grant")
	case form.Has("grant_type"):
		return nil, refuse(errInvalidRequest, "grant_type does not belong into a device authorization request")
	}
	if err := x.checkResource(form["resource"], nil); err != nil {
		return nil, err
	}
	if err := x.checkScope(form.Get("scope"), client.Scope); err != nil {
		return nil, err
	}
	d := &device{
		userCode: newUserCode(), form: form, interval: x.config.Device.interval(),
		expires: x.now.Add(or(x.config.Device.Life, 10*time.Minute)),
		grant:   Grant{ClientID: client.ID, Scope: or(form.Get("scope"), x.config.DefaultScope)},
	}
	if x.config.Resource != ResourceIgnored {
		d.grant.Resource = slices.Clone(form["resource"])
	}
	code := randomString("device-")
	x.store.mu.Lock()
	x.store.devices[code] = d
	x.store.mu.Unlock()
	uri := x.endpoint(x.config, kindVerify)
	members := map[string]any{
		"device_code": code, "user_code": d.userCode, "verification_uri": uri,
		"verification_uri_complete": uri + "?user_code=" + d.userCode,
		"expires_in":                int64(d.expires.Sub(x.now) / time.Second),
	}
	if seconds := int64(d.interval / time.Second); seconds > 0 {
		members["interval"] = seconds
	}
	return members, nil
}

// exchangeDeviceCode answers a poll.
// RFC 8628 §3.4, §3.5: https://www.rfc-editor.org/rfc/rfc8628#section-3.4
func exchangeDeviceCode(t *tokenRequest) (map[string]any, *Error) {
	value := t.form.Get("device_code")
	if value == "" {
		return nil, refuse(errInvalidRequest, "device_code is missing")
	}
	d, n, err := t.findDevice(value)
	if err != nil {
		return nil, err
	}
	if t.config.Device.Poll != nil {
		if err := t.config.Device.Poll(n); err != nil {
			return nil, err
		}
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	if err := t.poll(d); err != nil {
		return nil, err
	}
	if err := t.checkPollResource(d.grant.Resource); err != nil {
		return nil, err
	}
	d.used = true
	d.grant.Subject = or(d.decision.Subject, defaultSubject)
	if d.decision.Scope != nil {
		d.grant.Scope = *d.decision.Scope
	}
	grant := t.bind(d.grant)
	return t.withIDToken(t.newFamily(grant, t.narrow(grant), t.client), ""), nil
}

// findDevice finds the device of a poll and counts the poll.
func (t *tokenRequest) findDevice(code string) (d *device, n int, err *Error) {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	d, ok := t.store.devices[code]
	if !ok || d.grant.ClientID != t.client.ID {
		return nil, 0, refuse(errInvalidGrant, "the device code is unknown or another client's")
	}
	d.polls++
	return d, d.polls, nil
}

// checkPollResource bounds the resource that a poll names. It need not name
// one: RFC 8707 §2.2 leaves that to the client, and the codes hold it.
func (t *tokenRequest) checkPollResource(granted []string) *Error {
	if len(t.form["resource"]) == 0 && t.config.Resource == ResourceRequired {
		return nil
	}
	return t.checkResource(t.form["resource"], granted)
}

// poll says why a poll gets no token; nil when it does.
func (t *tokenRequest) poll(d *device) *Error {
	early := !d.polled.IsZero() && t.now.Sub(d.polled) < d.interval
	d.polled = t.now
	switch {
	case d.used:
		return refuse(errInvalidGrant, "the device code was used before")
	case !t.now.Before(d.expires):
		return refuse(errExpired, "the device code has expired")
	case early:
		// The interval grows for this and all later polls.
		d.interval += min(5*time.Second, t.config.Device.interval())
		return refuse(errSlowDown, fmt.Sprintf("the poll came less than %v after the last", d.interval))
	case d.decision == nil:
		return refuse(errPending, "the user has not decided")
	case d.decision.Error != "":
		return &Error{Code: d.decision.Error, Description: d.decision.ErrorDescription, URI: d.decision.ErrorURI}
	}
	return nil
}

// ApproveDevice plays the user who enters a user code and approves. It is an
// error when no authorization with this code waits for a decision.
func (s *AuthorizationServer) ApproveDevice(userCode string) error {
	return s.DecideDevice(userCode, Decision{})
}

// DenyDevice plays the user who enters a user code and refuses, which the next
// poll is answered with access_denied.
func (s *AuthorizationServer) DenyDevice(userCode string) error {
	return s.DecideDevice(userCode, Decision{Error: errAccessDenied, ErrorDescription: "the user said no"})
}

// DecideDevice plays a user who enters a user code and decides; Delay and
// Response have no effect.
func (s *AuthorizationServer) DecideDevice(userCode string, decision Decision) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	d := s.store.waiting(userCode)
	if d == nil {
		return notWaiting(userCode)
	}
	d.decision = &decision
	return nil
}

func notWaiting(userCode string) error {
	return fmt.Errorf("flowstest: device: no authorization with user code %q waits for a decision", userCode)
}

// waiting finds the device that waits for a user code; nil when none does. The
// store is locked.
func (s *store) waiting(userCode string) *device {
	for _, d := range s.devices {
		if d.decision == nil && plainUserCode(d.userCode) == plainUserCode(userCode) {
			return d
		}
	}
	return nil
}

// verify is the page where the user enters the code; ServerConfig.Decide is
// the user who presses its button.
// RFC 8628 §3.3: https://www.rfc-editor.org/rfc/rfc8628#section-3.3
func (x *exchange) verify() {
	if !slices.Contains(x.config.grantTypes(), GrantDeviceCode) {
		http.NotFound(x.w, x.r)
		return
	}
	if x.r.Method != http.MethodGet && !x.allow(http.MethodPost) {
		return
	}
	code := x.r.FormValue("user_code")
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.Header().Set("Cache-Control", "no-store")
	if x.r.Method == http.MethodGet {
		_, _ = fmt.Fprintf(x.w, `<!DOCTYPE html><title>Connect a device</title><form method="post" action="%s">`+
			`<input name="user_code" value="%s"><button>Allow</button></form>`,
			html.EscapeString(x.endpoint(x.config, kindVerify)), html.EscapeString(code))
		return
	}
	if err := x.decideDevice(code); err != nil {
		x.page(refuse(errInvalidRequest, err.Error()))
		return
	}
	_, _ = fmt.Fprint(x.w, "<!DOCTYPE html><title>Done</title><p>Go back to your device.\n")
}

func (x *exchange) decideDevice(userCode string) error {
	grant, form, ok := x.store.undecided(userCode)
	if !ok {
		return notWaiting(userCode)
	}
	decision := x.config.decide(AuthorizationRequest{
		ClientID: grant.ClientID, Scope: grant.Scope, Resource: slices.Clone(grant.Resource), Form: cloneValues(form),
	})
	if !wait(x.r.Context(), decision.Delay) {
		panic(http.ErrAbortHandler)
	}
	return x.DecideDevice(userCode, decision)
}

// undecided returns what the user is asked to decide.
func (s *store) undecided(userCode string) (Grant, url.Values, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.waiting(userCode); d != nil {
		return d.grant, d.form, true
	}
	return Grant{}, nil, false
}
