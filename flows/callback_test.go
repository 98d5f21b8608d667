package flows_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/validate"
)

const testState = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

func pendingOf(issuer string, advertised, undocumented bool) *flows.Pending {
	return &flows.Pending{State: testState, Verifier: "v", Issuer: issuer, IssParameterSupported: advertised, Undocumented: undocumented}
}

// AUTHZ-6, AUTHZ-7: the order of the checks and the four rows of the table.
func TestCallback(t *testing.T) {
	const (
		state = "state=" + testState
		iss   = "&iss=https%3A%2F%2Fas.example.com"
		evil  = "&iss=https%3A%2F%2Fevil.example.com"
	)
	advertised := pendingOf(asIssuer, true, false)
	silent := pendingOf(asIssuer, false, false)
	undocumented := pendingOf(asIssuer, false, true)
	tests := []struct {
		name     string
		pending  *flows.Pending
		callback string
		code     string
		rule     validate.Rule // "" and no code: any *CallbackError
		oauth    string        // an *AuthorizationError with this code
	}{
		{"row 1, equal", advertised, "code=c&" + state + iss, "c", "", ""},
		{"row 1, different", advertised, "code=c&" + state + evil, "", validate.RuleIssMatch, ""},
		{"row 2", advertised, "code=c&" + state, "", validate.RuleIssMissing, ""},
		{"row 3, equal", silent, "code=c&" + state + iss, "c", "", ""},
		{"row 3, different", silent, "code=c&" + state + evil, "", validate.RuleIssMatch, ""},
		{"row 4", silent, "code=c&" + state, "c", "", ""},
		{"empty iss is not an absent one", silent, "code=c&" + state + "&iss=", "", "", ""},
		{"iss without value", silent, "code=c&iss&" + state, "", "", ""},
		{"trailing slash", silent, "code=c&" + state + iss + "%2F", "", validate.RuleIssMatch, ""},
		{"host case", silent, "code=c&" + state + "&iss=https%3A%2F%2FAS.example.com", "", validate.RuleIssMatch, ""},
		{"default port", silent, "code=c&" + state + "&iss=https%3A%2F%2Fas.example.com%3A443", "", validate.RuleIssMatch, ""},
		{"escaped twice", silent, "code=c&" + state + "&iss=https%253A%252F%252Fas.example.com", "", validate.RuleIssMatch, ""},
		{"no metadata, no iss", undocumented, "code=c&" + state, "c", "", ""},
		{"no metadata, iss", undocumented, "code=c&" + state + iss, "", validate.RuleIssUnexpected, ""},

		{"no state", silent, "code=c", "", validate.RuleStateMatch, ""},
		{"empty state", silent, "code=c&state=", "", validate.RuleStateMatch, ""},
		{"wrong state", silent, "code=c&state=" + strings.ToUpper(testState), "", validate.RuleStateMatch, ""},
		{"prefix of the state", silent, "code=c&state=" + testState[:42], "", validate.RuleStateMatch, ""},
		{"state before iss", advertised, "code=c&state=x" + evil, "", validate.RuleStateMatch, ""},
		{"state before error", silent, "error=access_denied&state=x", "", validate.RuleStateMatch, ""},
		{"iss before error", advertised, "error=access_denied&" + state + evil, "", validate.RuleIssMatch, ""},
		{"missing iss before error", advertised, "error=access_denied&" + state, "", validate.RuleIssMissing, ""},
		{"no recorded state", &flows.Pending{Issuer: asIssuer}, "code=c&state=", "", validate.RuleStateMatch, ""},

		{"error", advertised, "error=access_denied&" + state + iss, "", "", "access_denied"},
		{"code and error", silent, "code=c&error=access_denied&" + state, "", validate.RuleCodeAndError, ""},
		{"neither", silent, state, "", validate.RuleCodeMissing, ""},
		{"empty code", silent, "code=&" + state, "", validate.RuleCodeMissing, ""},
		{"nothing", silent, "", "", validate.RuleStateMatch, ""},

		{"two codes", silent, "code=c&code=d&" + state, "", "", ""},
		{"the same code twice", silent, "code=c&code=c&" + state, "", "", ""},
		{"two states", silent, "code=c&" + state + "&" + state, "", "", ""},
		{"two states, the wrong one last", silent, "code=c&" + state + "&state=x", "", "", ""},
		{"two issuers", silent, "code=c&" + state + iss + evil, "", "", ""},
		{"two issuers, one escaped in its name", silent, "code=c&" + state + iss + "&%69ss=https%3A%2F%2Fevil.example.com", "", "", ""},
		{"two issuers, one empty", silent, "code=c&" + state + "&iss=" + iss, "", "", ""},
		{"two errors", silent, "error=a&error=b&" + state, "", "", ""},
		{"bad escape", silent, "code=%zz&" + state, "", "", ""},

		{"whole URL", silent, "http://127.0.0.1:7777/callback?code=c&" + state, "c", "", ""},
		{"URL with a query of its own", silent, "https://c.example.com/cb?tenant=1&code=c&" + state, "c", "", ""},
		{"path", silent, "/callback?code=c&" + state, "c", "", ""},
		{"query with its mark", silent, "?code=c&" + state, "c", "", ""},
		{"pasted with blanks", silent, " \thttp://127.0.0.1:7777/callback?code=c&" + state + "\n", "c", "", ""},
		{"fragment of Facebook", silent, "http://127.0.0.1:7777/callback?code=c&" + state + "#_=_", "c", "", ""},
		{"fragment response", silent, "http://127.0.0.1:7777/callback#code=c&" + state, "", validate.RuleStateMatch, ""},
		{"no query at all", silent, "http://127.0.0.1:7777/callback", "", validate.RuleStateMatch, ""},
		{"question mark in a bare query", silent, "code=a?b&" + state, "a?b", "", ""},
		{"question mark in the code of a URL", silent, "http://127.0.0.1:7777/callback?code=a?b&" + state, "a?b", "", ""},
		{"plus and escapes", silent, "code=a%2Bb%3D&" + state, "a+b=", "", ""},
		{"upper case scheme", silent, "HTTPS://c.example.com/cb?code=c&" + state, "c", "", ""},
		{"unknown parameters", silent, "code=c&session_state=x&session_state=y&" + state, "c", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, err := tt.pending.Code(tt.callback)
			var refused *flows.CallbackError
			var denied *flows.AuthorizationError
			switch {
			case tt.code != "":
				if err != nil || code.Reveal() != tt.code {
					t.Errorf("code %q, %v; want %q", code.Reveal(), err, tt.code)
				}
				return
			case tt.oauth != "":
				if !errors.As(err, &denied) || denied.Code != tt.oauth {
					t.Errorf("%v, want the server's %s", err, tt.oauth)
				}
			case !errors.As(err, &refused):
				t.Errorf("%v, want a *CallbackError", err)
			case tt.rule != "" && !errors.Is(err, tt.rule):
				t.Errorf("%v, want rule %s", err, tt.rule)
			}
			var violations *validate.Error
			if errors.As(err, &violations) && len(violations.Violations) != 1 {
				t.Errorf("judged on after the first refusal: %v", err)
			}
			if code != "" {
				t.Errorf("code %q beside %v", code.Reveal(), err)
			}
			if flows.IsTemporary(err) {
				t.Errorf("temporary: %v", err)
			}
		})
	}
}

// AUTHZ-7: what an error redirect becomes; SEC-5: escaped and bounded.
func TestCallbackAuthorizationError(t *testing.T) {
	q := url.Values{"state": {testState}, "error": {"access_denied"}, "error_description": {"no\x1b[31m\r\n" + strings.Repeat("x", 5000)}, "error_uri": {"https://as.example.com/help"}}
	_, err := pendingOf(asIssuer, false, false).Code("?" + q.Encode())
	var denied *flows.AuthorizationError
	if !errors.As(err, &denied) {
		t.Fatal(err)
	}
	if denied.Code != "access_denied" || denied.Description != q.Get("error_description") || denied.URI != "https://as.example.com/help" {
		t.Errorf("%+q", denied)
	}
	if text := err.Error(); strings.ContainsAny(text, "\x1b\r\n") || len(text) > 600 || !strings.Contains(text, "access_denied") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

// AUTHZ-6: on a wrong state or iss nothing of error* is acted on or shown, and
// the code is nowhere.
func TestCallbackShowsNothing(t *testing.T) {
	const shown = "error=sh0wn_error&error_description=sh0wn+text&error_uri=https%3A%2F%2Fsh0wn.example.com&code=sh0wn-code"
	for name, callback := range map[string]string{
		"state":          shown + "&state=sh0wn-state&iss=https%3A%2F%2Fas.example.com",
		"iss":            shown + "&state=" + testState + "&iss=https%3A%2F%2Fevil.example.com",
		"iss missing":    shown + "&state=" + testState,
		"code and error": shown + "&iss=https%3A%2F%2Fas.example.com&state=" + testState,
		"doubled":        shown + "&code=sh0wn-too&state=" + testState,
		"bad escape":     shown + "&x=%sh0wn&state=" + testState,
	} {
		_, err := pendingOf(asIssuer, true, false).Code(callback)
		if errors.As(err, new(*flows.AuthorizationError)) {
			t.Errorf("%s: acted on: %v", name, err)
		}
		for _, text := range printed(err) {
			if strings.Contains(text, "sh0wn") || strings.Contains(text, testState) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

var escapes = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// No callback is accepted without the state, whatever its bytes are.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{
		"code=c&state=" + testState, "http://127.0.0.1/cb?code=c&state=" + testState + "&iss=https%3A%2F%2Fas.example.com",
		"?error=access_denied&state=" + testState, "code=%zz", "&&==&", "a?b?code=c", "code=c&state=" + testState + "#_=_", "/cb?;code=c",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, callback string, advertised bool) {
		code, err := pendingOf(asIssuer, advertised, false).Code(callback)
		if err != nil {
			if code != "" {
				t.Fatalf("code beside %v", err)
			}
			if !errors.As(err, new(*flows.CallbackError)) && !errors.As(err, new(*flows.AuthorizationError)) {
				t.Fatalf("%T", err)
			}
			if text := err.Error(); len(text) > 1500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("%q", text)
			}
			return
		}
		if code == "" {
			t.Fatal("no code and no error")
		}
		unescaped := escapes.ReplaceAllStringFunc(callback, func(escape string) string {
			text, _ := url.QueryUnescape(escape)
			return text
		})
		if !strings.Contains(unescaped, testState) {
			t.Fatalf("accepted without the state: %q", callback)
		}
		if advertised && !strings.Contains(unescaped, asIssuer) {
			t.Fatalf("accepted without iss: %q", callback)
		}
	})
}
