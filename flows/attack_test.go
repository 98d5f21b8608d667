// The attacks: each test fails when its guard is removed.

package flows_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/validate"
)

// expectQuiet fails if a server was asked for more than documents.
func expectQuiet(t *testing.T, requests []flowstest.Request, kinds ...string) {
	t.Helper()
	for _, request := range requests {
		kind, _, _ := strings.Cut(request.Kind, ":")
		if !slices.Contains(append(kinds, "asm", "prm", "mcp"), kind) {
			t.Errorf("%s %s was sent", request.Method, request.Path)
		}
	}
}

// The metadata of a server claims to be another's: mix-up from the start.
// DISC-14
func TestAttackOtherIssuerInMetadata(t *testing.T) {
	for _, claimed := range []string{"https://honest.example.com", "http://localhost:1", ""} {
		t.Run(claimed, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.With("issuer", claimed)}, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if l.found != nil || !errors.As(err, new(*flows.DiscoveryError)) {
				t.Fatalf("%+v, %v", l.found, err)
			}
			if claimed != "" && !errors.Is(err, validate.RuleIssuerMatch) {
				t.Errorf("%v, want the issuer rule", err)
			}
			expectQuiet(t, w.as.Requests())
		})
	}
}

// The answer comes from another authorization server (RFC 9207).
// AUTHZ-6
func TestAttackIssMismatch(t *testing.T) {
	const text = "call 555-0199 to unlock your account"
	for name, config := range map[string]flowstest.ServerConfig{
		"code":           {Iss: "https://evil.example.com"},
		"not advertised": {Iss: "https://evil.example.com", HideIss: true},
		"missing":        {OmitIss: true},
		"error": {Iss: "https://evil.example.com", Decide: func(flowstest.AuthorizationRequest) flowstest.Decision {
			return flowstest.Decision{Error: "access_denied", ErrorDescription: text, ErrorURI: "https://evil.example.com/help"}
		}},
		"empty": {Decide: flowstest.Respond(func(v url.Values) { v.Set("iss", "") })},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if !errors.As(err, new(*flows.CallbackError)) || l.code != "" {
				t.Fatalf("code %q, %v", l.code.Reveal(), err)
			}
			for _, shown := range printed(err) {
				if strings.Contains(shown, text) || strings.Contains(shown, "access_denied") || strings.Contains(shown, "evil.example.com/help") {
					t.Errorf("the attacker's text is in %s", shown)
				}
			}
			expectNoSecrets(t, err, append(w.secrets(l), query(t, l.callback)["code"]...))
			expectQuiet(t, w.as.Requests(), "authorize", "register")
		})
	}
}

// The answer is to a request that somebody else made.
// AUTHZ-6
func TestAttackStateMismatch(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"another": func(v url.Values) { v.Set("state", "0123456789012345678901234567890123456789012") },
		"none":    func(v url.Values) { v.Del("state") },
		"empty":   func(v url.Values) { v.Set("state", "") },
		"cut":     func(v url.Values) { v.Set("state", v.Get("state")[:10]) },
		"folded":  func(v url.Values) { v.Set("state", strings.ToUpper(v.Get("state"))) },
		"longer":  func(v url.Values) { v.Set("state", v.Get("state")+"x") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Decide: flowstest.Respond(change)}, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if !errors.Is(err, validate.RuleStateMatch) || l.code != "" {
				t.Fatalf("code %q, %v", l.code.Reveal(), err)
			}
			expectNoSecrets(t, err, append(w.secrets(l), query(t, l.callback)["code"]...))
			expectQuiet(t, w.as.Requests(), "authorize", "register")
		})
	}
}

// The metadata of a resource speaks for another one: its token would be
// forwarded there.
// DISC-9
func TestAttackMetadataOfAnotherOrigin(t *testing.T) {
	for _, resource := range []string{"https://bank.example.com/mcp", "https://bank.example.com"} {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{PRM: flowstest.With("resource", resource)})
		l, err := w.attempt(t.Context())
		if l.found != nil || !errors.Is(err, validate.RuleResourceCovers) {
			t.Errorf("%+v, %v", l.found, err)
		}
		if n := len(w.as.Requests()); n != 0 {
			t.Errorf("%d requests to the authorization server", n)
		}
	}
}

// The challenge leads to the metadata of another host's resource.
// DISC-9
func TestAttackChallengeToAnotherResource(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	bank := flowstest.NewResource(flowstest.ResourceConfig{AuthorizationServers: []*flowstest.AuthorizationServer{w.as}, Path: "/mcp"})
	t.Cleanup(bank.Close)
	w.rs.Configure(func(c *flowstest.ResourceConfig) { c.MetadataURL = bank.MetadataURL() })
	l, err := w.attempt(t.Context())
	if l.found != nil || !errors.Is(err, validate.RuleResourceCovers) {
		t.Errorf("%+v, %v", l.found, err)
	}
	expectQuiet(t, slices.Concat(w.as.Requests(), bank.Requests()))
}

// The server does not advertise PKCE: its codes can be injected.
// META-1
func TestAttackPKCENotAdvertised(t *testing.T) {
	for name, edit := range map[string]func(map[string]any){
		"absent":   flowstest.Without("code_challenge_methods_supported"),
		"plain":    flowstest.With("code_challenge_methods_supported", []string{"plain"}),
		"empty":    flowstest.With("code_challenge_methods_supported", []string{}),
		"null":     flowstest.With("code_challenge_methods_supported", nil),
		"a string": flowstest.With("code_challenge_methods_supported", "S256"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Metadata: edit, AllowNoPKCE: true, AllowPlainPKCE: true}, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if l.pending != nil || !errors.Is(err, validate.RulePKCEMissing) && !errors.Is(err, validate.RulePKCEUnsupported) {
				t.Errorf("%+v, %v", l.pending, err)
			}
			expectQuiet(t, w.as.Requests(), "register")
		})
	}
}

// A redirect of a POST would carry code, verifier and secret away.
// SEC-1
func TestAttackRedirectOfPost(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, kind := range []string{"token:authorization_code", "token:refresh_token", "register"} {
			t.Run(fmt.Sprint(code, " ", kind), func(t *testing.T) {
				evil := newServer(t, flowstest.ServerConfig{})
				w := newWorld(t, flowstest.ServerConfig{AuthMethods: []string{"client_secret_post"}}, flowstest.ResourceConfig{})
				for name, target := range map[string]string{"another origin": evil.URL() + "/collect", "the same origin": w.as.URL() + "/collect", "relative": "/collect"} {
					w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On(kind, flowstest.RedirectTo(code, target)) })
					l, err := w.attempt(t.Context())
					if kind == "token:refresh_token" && err == nil {
						_, err = w.refresh(t.Context(), l)
					}
					if err == nil {
						t.Fatalf("%s: accepted", name)
					}
					var refused *flows.TokenError
					if errors.As(err, &refused) && (refused.StatusCode != code || refused.Final()) {
						t.Errorf("%s: status %d, final %t", name, refused.StatusCode, refused.Final())
					}
					expectNoSecrets(t, err, w.secrets(l))
				}
				if n := len(evil.Requests()); n != 0 {
					t.Errorf("%d requests arrived elsewhere", n)
				}
				for _, request := range w.as.Requests() {
					if request.Path == "/collect" {
						t.Errorf("%s %s with %q", request.Method, request.Path, request.Body)
					}
				}
			})
		}
	}
}

// A redirect of a document to another origin would let that origin speak.
// SEC-1, DISC-5
func TestAttackRedirectOfDocument(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
		evil := newServer(t, flowstest.ServerConfig{Fault: flowstest.Answer(200, "application/json", encode(t, prmOf(w.rs.URL(), w.as.URL())))})
		w.rs.Configure(func(c *flowstest.ResourceConfig) {
			c.Fault = flowstest.On("prm", flowstest.RedirectTo(code, evil.URL()+"/prm"))
		})
		l, err := w.attempt(t.Context())
		if l.found != nil || err == nil {
			t.Errorf("%d: %+v", code, l.found)
		}
		if n := len(evil.Requests()); n != 0 {
			t.Errorf("%d: %d requests arrived elsewhere", code, n)
		}
	}
}

// After the resource named a server that has no metadata, the resource's origin
// must not get what is the server's.
// DISC-7
func TestAttackGuessedEndpoints(t *testing.T) {
	for _, code := range []int{404, 405, 410} {
		w := newWorld(t, flowstest.ServerConfig{MetadataStatus: map[flowstest.WellKnown]int{flowstest.WellKnownOAuth: code, flowstest.WellKnownOIDC: code}}, flowstest.ResourceConfig{})
		l, err := w.attempt(t.Context())
		if l.found != nil || !errors.As(err, new(*flows.DiscoveryError)) {
			t.Errorf("%+v, %v", l.found, err)
		}
		if n := w.rs.Count("asm"); n != 0 {
			t.Errorf("%d metadata requests at the resource's origin", n)
		}
		expectQuiet(t, slices.Concat(w.as.Requests(), w.rs.Requests()))
	}
}

// Bodies without end, plain and compressed, on each leg.
// SEC-3
func TestAttackLargeBody(t *testing.T) {
	const size = 100 << 20
	const compressed = 4 << 20 // some kilobytes on the wire, so that the fake makes all of it
	for _, kind := range []string{"prm", "asm", "register", "token:authorization_code", "token:refresh_token"} {
		for name, fault := range map[string]flowstest.Fault{"plain": flowstest.Large(size), "compressed": flowstest.LargeCompressed(compressed)} {
			t.Run(kind+" "+name, func(t *testing.T) {
				w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
				w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On(kind, fault) })
				w.rs.Configure(func(c *flowstest.ResourceConfig) { c.Fault = flowstest.On(kind, fault) })
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				l, err := w.attempt(t.Context())
				if kind == "token:refresh_token" && err == nil {
					_, err = w.refresh(t.Context(), l)
				}
				runtime.ReadMemStats(&after)
				if !errors.As(err, new(*http.MaxBytesError)) {
					t.Fatalf("%v, want a *http.MaxBytesError", err)
				}
				if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 30<<20 {
					t.Errorf("%d MiB allocated", allocated>>20)
				}
				for _, text := range printed(err) {
					if len(text) > 10_000 {
						t.Errorf("%d bytes printed", len(text))
					}
				}
			})
		}
	}
}

// Names in another case and doubled names: two readers would see two documents.
// SEC-4
func TestAttackMemberNames(t *testing.T) {
	const evil = `"https://evil.example.com"`
	type edit = func([]byte) []byte
	both := func(name, value string) map[string]edit {
		return map[string]edit{"before": flowstest.Prepend(name, value), "after": flowstest.Append(name, value)}
	}
	for _, tt := range []struct {
		name, member, value string
		set                 func(*flowstest.ServerConfig, *flowstest.ResourceConfig, edit)
	}{
		{"prm", "resource", evil, func(_ *flowstest.ServerConfig, rs *flowstest.ResourceConfig, e edit) { rs.PRMBytes = e }},
		{"prm", "authorization_servers", "[" + evil + "]", func(_ *flowstest.ServerConfig, rs *flowstest.ResourceConfig, e edit) { rs.PRMBytes = e }},
		{"asm", "issuer", evil, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.MetadataBytes = e }},
		{"asm", "token_endpoint", evil, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.MetadataBytes = e }},
		{"asm", "authorization_endpoint", evil, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.MetadataBytes = e }},
		{"asm", "registration_endpoint", evil, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.MetadataBytes = e }},
		{"client", "client_id", `"evil"`, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.RegistrationBytes = e }},
		{"client", "client_secret", `"evil"`, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.RegistrationBytes = e }},
		{"token", "access_token", `"evil"`, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.TokenBytes = e }},
		{"token", "token_type", `"DPoP"`, func(as *flowstest.ServerConfig, _ *flowstest.ResourceConfig, e edit) { as.TokenBytes = e }},
	} {
		for place, e := range both(tt.member, tt.value) {
			t.Run(tt.name+" "+tt.member+" doubled, "+place, func(t *testing.T) {
				as, rs := flowstest.ServerConfig{AuthMethods: []string{"client_secret_post"}}, flowstest.ResourceConfig{}
				tt.set(&as, &rs, e)
				w := newWorld(t, as, rs)
				l, err := w.attempt(t.Context())
				if l.token != nil || !strings.Contains(fmt.Sprint(err), "/"+tt.member+": duplicate member") {
					t.Errorf("%v, want a doubled member", err)
				}
				expectNoSecrets(t, err, w.secrets(l))
			})
		}
		for _, name := range []string{strings.ToUpper(tt.member[:1]) + tt.member[1:], strings.ToUpper(tt.member), tt.member + " ", strings.ReplaceAll(tt.member, "s", "\u017f")} {
			if name == tt.member {
				continue
			}
			for place, e := range both(name, tt.value) {
				t.Run(tt.name+" "+name+" "+place, func(t *testing.T) {
					as, rs := flowstest.ServerConfig{AuthMethods: []string{"client_secret_post"}}, flowstest.ResourceConfig{}
					tt.set(&as, &rs, e)
					w := newWorld(t, as, rs)
					l := w.login(t) // the exact names count, and no others
					if l.found.Server.Issuer != w.as.Issuer() || l.found.Resource != w.rs.URL() {
						t.Errorf("issuer %s, resource %s", l.found.Server.Issuer, l.found.Resource)
					}
				})
			}
		}
	}
	w := newWorld(t, flowstest.ServerConfig{Metadata: func(m map[string]any) { m["Issuer"] = m["issuer"]; delete(m, "issuer") }}, flowstest.ResourceConfig{})
	if l, err := w.attempt(t.Context()); l.found != nil || err == nil {
		t.Errorf("Issuer was taken for issuer: %+v", l.found)
	}
}

// Endpoints that run code, show files, or send secrets in the clear.
// META-3
func TestAttackEndpoints(t *testing.T) {
	for _, member := range []string{"authorization_endpoint", "token_endpoint", "registration_endpoint"} {
		for _, endpoint := range badEndpoints {
			t.Run(member+" "+endpoint, func(t *testing.T) {
				w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.With(member, endpoint)}, flowstest.ResourceConfig{})
				l, err := w.attempt(t.Context())
				if err == nil || l.pending != nil || flows.IsTemporary(err) {
					t.Fatalf("%+v, %v", l.pending, err)
				}
				expectQuiet(t, w.as.Requests(), "register")
				if member == "registration_endpoint" && w.as.Count("register") != 0 {
					t.Error("registered")
				}
			})
		}
	}
}

// A code beside an error, and parameters twice: one of them was injected.
// AUTHZ-6
func TestAttackCallbackParameters(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"code and error":  func(v url.Values) { v.Set("error", "access_denied") },
		"two codes":       func(v url.Values) { v.Add("code", "injected") },
		"two codes first": func(v url.Values) { v["code"] = append([]string{"injected"}, v["code"]...) },
		"two states":      func(v url.Values) { v.Add("state", "injected") },
		"two issuers":     func(v url.Values) { v.Add("iss", "https://evil.example.com") },
		"the same twice":  func(v url.Values) { v.Add("code", v.Get("code")) },
		"two errors":      func(v url.Values) { v.Del("code"); v["error"] = []string{"a", "b"} },
		"no code":         func(v url.Values) { v.Del("code") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Decide: flowstest.Respond(change)}, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if !errors.As(err, new(*flows.CallbackError)) || l.code != "" {
				t.Fatalf("code %q, %v", l.code.Reveal(), err)
			}
			expectNoSecrets(t, err, append(w.secrets(l), query(t, l.callback)["code"]...))
			expectQuiet(t, w.as.Requests(), "authorize", "register")
		})
	}
}

// A document that leads into the network of this process.
// SEC-2
func TestAttackServerSideRequest(t *testing.T) {
	for _, issuer := range []string{"https://169.254.169.254", "https://10.0.0.1", "https://192.168.0.1:8443", "https://[fd00::1]", "https://[fe80::1]", "https://100.64.0.1", "https://[::ffff:10.0.0.1]", "https://0.0.0.0"} {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{PRM: flowstest.With("authorization_servers", []string{issuer})})
		start := time.Now()
		l, err := w.attempt(t.Context())
		if l.found != nil || err == nil || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %+v after %v", issuer, l.found, time.Since(start))
		}
		if !errors.As(err, new(*flows.GuardError)) && !errors.Is(err, validate.RuleEndpoint) {
			t.Errorf("%s: %v, want the guard's refusal", issuer, err)
		}
	}
}

// What a stranger writes into an error reaches no terminal as it is.
// SEC-5
func TestAttackTextOfServers(t *testing.T) {
	const nasty = "\x1b]0;owned\a\r\nSet-Cookie: x\u202e\u2028 "
	long := nasty + strings.Repeat("A", 100_000)
	for name, config := range map[string]struct {
		as flowstest.ServerConfig
		rs flowstest.ResourceConfig
	}{
		"token":    {as: flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.OAuthError(400, nasty, long))}},
		"page":     {as: flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Answer(500, "text/html", long))}},
		"register": {as: flowstest.ServerConfig{Fault: flowstest.On("register", flowstest.OAuthError(400, nasty, long))}},
		"authorize": {as: flowstest.ServerConfig{Decide: func(flowstest.AuthorizationRequest) flowstest.Decision {
			return flowstest.Decision{Error: nasty, ErrorDescription: long}
		}}},
		"iss":      {as: flowstest.ServerConfig{Iss: long[:4000]}},
		"issuer":   {as: flowstest.ServerConfig{Metadata: flowstest.With("issuer", long)}},
		"resource": {rs: flowstest.ResourceConfig{PRM: flowstest.With("resource", "https://evil.example.com/"+long)}},
		"servers":  {rs: flowstest.ResourceConfig{PRM: flowstest.With("authorization_servers", []string{long, "https://" + long, "https://evil.example.com/" + long})}},
		"method":   {as: flowstest.ServerConfig{RegistrationBytes: flowstest.Append("x", `"y"`), Registration: flowstest.With("token_endpoint_auth_method", long)}},
		"media":    {as: flowstest.ServerConfig{MetadataHeader: http.Header{"Content-Type": {strings.Repeat("x", 5000)}}}},
		"kind":     {as: flowstest.ServerConfig{Token: flowstest.With("token_type", long)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config.as, config.rs)
			_, err := w.attempt(t.Context())
			if err == nil {
				t.Fatal("accepted")
			}
			text := err.Error()
			if len(text) > 4000 {
				t.Errorf("%d bytes", len(text))
			}
			if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' || r == '\u2028' || r == '\u0085' }); i >= 0 {
				t.Errorf("unescaped: %q", text[max(0, i-20):min(len(text), i+20)])
			}
		})
	}
}

// STORE-4: no error of any failing path prints what the fakes issued or were
// sent.
func TestAttackSecretsInErrors(t *testing.T) {
	paths := map[string]flowstest.ServerConfig{}
	for _, code := range []int{200, 400, 401, 403, 404, 500, 503} {
		for _, kind := range []string{"token:authorization_code", "token:refresh_token"} {
			paths[fmt.Sprintf("%s answered %d json", kind, code)] = flowstest.ServerConfig{Fault: flowstest.On(kind, echoing(code, "application/json"))}
			paths[fmt.Sprintf("%s answered %d html", kind, code)] = flowstest.ServerConfig{Fault: flowstest.On(kind, echoing(code, "text/html"))}
			paths[fmt.Sprintf("%s answered %d form", kind, code)] = flowstest.ServerConfig{Fault: flowstest.On(kind, echoing(code, "application/x-www-form-urlencoded"))}
		}
	}
	for name, edit := range map[string]func(map[string]any){
		"DPoP": flowstest.With("token_type", "DPoP"), "mac": flowstest.With("token_type", "mac"), "error beside": flowstest.With("error", "invalid_grant"),
		"spaces": func(m map[string]any) { m["access_token"] = fmt.Sprint(m["access_token"], " x") }, "ok false": flowstest.With("ok", false),
		"camel case": func(m map[string]any) { m["accessToken"] = m["access_token"]; delete(m, "access_token") },
	} {
		paths["token "+name] = flowstest.ServerConfig{Token: edit}
		paths["refresh "+name] = flowstest.ServerConfig{Refresh: edit}
		if name != "ok false" { // a form has no booleans
			paths["form "+name] = flowstest.ServerConfig{Token: edit, TokenForm: true}
		}
	}
	paths["token cut"] = flowstest.ServerConfig{TokenBytes: func(b []byte) []byte { return b[:len(b)-2] }}
	paths["token doubled"] = flowstest.ServerConfig{TokenBytes: flowstest.Append("access_token", `"x"`)}
	paths["token labelled html"] = flowstest.ServerConfig{TokenHeader: http.Header{"Content-Type": {"text/html"}}}
	paths["token with 206"] = flowstest.ServerConfig{TokenStatus: 206}
	paths["token lost"] = flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.LoseAnswer())}
	paths["token reset"] = flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Reset())}
	paths["token truncated"] = flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Truncated("application/json", `{"access_token":"short-at","token_type":"Bearer"}`))}
	paths["registration doubled"] = flowstest.ServerConfig{RegistrationBytes: flowstest.Append("client_secret", `"x"`)}
	paths["registration cut"] = flowstest.ServerConfig{RegistrationBytes: func(b []byte) []byte { return b[:len(b)-2] }}
	paths["registration unknown method"] = flowstest.ServerConfig{RegistrationBytes: replaced("token_endpoint_auth_method", `"magic"`)}
	paths["registration redirect dropped"] = flowstest.ServerConfig{RegistrationBytes: replaced("redirect_uris", `["http://127.0.0.1:1/x"]`)}
	paths["code expired"] = flowstest.ServerConfig{CodeLife: 1}
	paths["client removed"] = flowstest.ServerConfig{}
	for name, config := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config.AuthMethods = []string{"client_secret_basic"}
			if strings.Contains(name, "form") {
				config.AuthMethods = []string{"client_secret_post"}
			}
			var issued captured
			config.Registration = issued.hook(config.Registration)
			config.Token = issued.hook(config.Token)
			config.Decide = flowstest.Respond(func(v url.Values) { issued.add(v.Get("code")) })
			w := newWorld(t, config, flowstest.ResourceConfig{})
			l, err := w.attempt(t.Context())
			if err == nil {
				if name == "client removed" {
					w.as.RemoveClient(l.auth.ClientID)
				}
				_, err = w.refresh(t.Context(), l)
			}
			if err == nil {
				t.Fatal("nothing failed")
			}
			expectNoSecrets(t, err, append(w.secrets(l), issued.list()...))
		})
	}
}
