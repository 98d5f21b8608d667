// Authorization endpoint: what it refuses, who decides, and the redirect.

package flowstest

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An AuthorizationRequest is what the user is asked to approve.
type AuthorizationRequest struct {
	ClientID    string
	RedirectURI string
	State       string
	Scope       string
	Resource    []string
	// Form holds all parameters.
	Form url.Values
}

// A Decision is the user's answer. The zero Decision approves.
type Decision struct {
	// Error refuses with an error redirect, such as "access_denied", unless
	// it is "".
	Error            string
	ErrorDescription string
	ErrorURI         string
	// Delay is how long the user takes.
	Delay time.Duration
	// Scope is what is granted; nil grants what was asked for.
	Scope *string
	// Subject is the user; "" is "user".
	Subject string
	// Response changes the parameters of the redirect just before it is sent:
	// another state, another iss, a code beside an error.
	Response func(url.Values)
}

// Deny returns a ServerConfig.Decide hook that refuses with access_denied.
func Deny() func(AuthorizationRequest) Decision {
	return func(AuthorizationRequest) Decision {
		return Decision{Error: errAccessDenied, ErrorDescription: "the user said no"}
	}
}

// Respond returns a ServerConfig.Decide hook that approves and changes the
// parameters of the redirect.
func Respond(change func(url.Values)) func(AuthorizationRequest) Decision {
	return func(AuthorizationRequest) Decision { return Decision{Response: change} }
}

// A code is an authorization code with what it was granted for.
type code struct {
	client      string
	redirectURI string
	challenge   string
	method      string // of the challenge; "" without one
	grant       Grant
	expires     time.Time
	used        bool
	family      string // of the tokens it was exchanged for
	nonce       string // of OpenID Connect
	jkt         string // of dpop_jkt
}

// A PKCE challenge is 43 to 128 unreserved characters; that of S256 is 43.
// RFC 7636 §4.2: https://www.rfc-editor.org/rfc/rfc7636#section-4.2
var (
	plainChallenge = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	hashChallenge  = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
)

// repeatable parameters may be sent more than once: RFC 8707 §2, RFC 8693
// §2.1. All others may not: RFC 6749 §3.1, §3.2.
var repeatable = []string{"resource", "audience"}

// secrets are parameters that may not stand in a URL of their endpoint.
var secrets = []string{
	"access_token", "assertion", "client_assertion", "client_secret", "code", "code_verifier",
	"device_code", "password", "refresh_token", "subject_token", "token",
}

// authorize answers an authorization request.
// OAuth 2.1 §4.1.1: https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-4.1.1
func (x *exchange) authorize() {
	if x.r.Method != http.MethodGet && !x.allow(http.MethodPost) {
		return
	}
	if err := x.r.ParseForm(); err != nil {
		x.page(refuse(errInvalidRequest, "the parameters are malformed"))
		return
	}
	err := checkRepeatedParameters(x.r.Form)
	form := x.r.Form
	if err == nil {
		form, err = x.unpush(form)
	}
	if err != nil {
		x.page(err)
		return
	}
	// Until client and redirect URI are known to belong together, an error
	// stays on the page: RFC 6749 §4.1.2.1.
	client, err := x.redirectTarget(form)
	if err != nil {
		x.page(err)
		return
	}
	if !x.r.Form.Has("request_uri") && x.demandsPAR(client) {
		err = refuse(errInvalidRequest, "the authorization request was not pushed")
	} else {
		err = x.checkAuthorization(client, form)
	}
	if err != nil {
		x.redirect(form, errorResponse(err), nil)
		return
	}
	if x.config.LoginPage {
		x.loginPage(form)
		return
	}
	x.conclude(form)
}

func checkRepeatedParameters(form url.Values) *Error {
	for name, values := range form {
		if len(values) > 1 && !slices.Contains(repeatable, name) {
			return refuse(errInvalidRequest, "the parameter "+name+" is repeated")
		}
	}
	return nil
}

// redirectTarget finds the client and checks that it may be redirected to.
func (x *exchange) redirectTarget(form url.Values) (Client, *Error) {
	client, err := x.findClient(form.Get("client_id"))
	if err != nil {
		return Client{}, err
	}
	uri := form.Get("redirect_uri")
	switch {
	case uri == "":
		return Client{}, refuse(errInvalidRequest, "redirect_uri is missing")
	case !client.redirects(uri, x.config.LoopbackPort):
		return Client{}, refuse(errInvalidRequest, "redirect_uri is not registered for this client")
	}
	return client, nil
}

// findClient finds a registered client, or one that its metadata document
// describes.
func (x *exchange) findClient(id string) (Client, *Error) {
	if id == "" {
		return Client{}, refuse(errInvalidRequest, "client_id is missing")
	}
	client, ok := x.store.client(id)
	if ok && !client.Document {
		return client, nil
	}
	if isClientIDURL(id) && !x.config.DisableClientIDDocuments {
		return x.documentClient(id)
	}
	return Client{}, &Error{Code: errInvalidClient, Description: "client_id is unknown", Status: http.StatusBadRequest}
}

func (x *exchange) checkAuthorization(client Client, form url.Values) *Error {
	for _, name := range secrets {
		if form.Has(name) {
			return refuse(errInvalidRequest, name+" does not belong into an authorization request")
		}
	}
	switch {
	case form.Has("request"):
		return refuse("request_not_supported", "request objects are not supported")
	case form.Has("dpop_jkt") && !hashChallenge.MatchString(form.Get("dpop_jkt")):
		return refuse(errInvalidRequest, "dpop_jkt is no thumbprint")
	case form.Get("response_type") == "":
		return refuse(errInvalidRequest, "response_type is missing")
	case form.Get("response_type") != "code":
		return refuse(errUnsupportedResponse, "response_type is not code")
	case form.Has("response_mode") && form.Get("response_mode") != "query":
		return refuse(errInvalidRequest, "response_mode is not query")
	case !client.mayUse(GrantAuthorizationCode) || !slices.Contains(x.config.grantTypes(), GrantAuthorizationCode):
		return refuse(errUnauthorizedClient, "the client may not use the authorization code grant")
	}
	if err := x.checkChallenge(form); err != nil {
		return err
	}
	if err := x.checkResource(form["resource"], nil); err != nil {
		return err
	}
	return x.checkScope(form.Get("scope"), client.Scope)
}

// checkChallenge demands PKCE with S256.
// OAuth 2.1 §7.5.1: https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-7.5
func (x *exchange) checkChallenge(form url.Values) *Error {
	challenge := form.Get("code_challenge")
	if challenge == "" {
		if x.config.AllowNoPKCE && !form.Has("code_challenge_method") {
			return nil
		}
		return refuse(errInvalidRequest, "code_challenge is missing")
	}
	// RFC 7636 §4.3: without code_challenge_method the method is plain.
	switch form.Get("code_challenge_method") {
	case "S256":
		if !hashChallenge.MatchString(challenge) {
			return refuse(errInvalidRequest, "code_challenge is no S256 challenge")
		}
	case "plain", "":
		if !x.config.AllowPlainPKCE {
			return refuse(errInvalidRequest, "code_challenge_method is not S256")
		}
		if !plainChallenge.MatchString(challenge) {
			return refuse(errInvalidRequest, "code_challenge is malformed")
		}
	default:
		return refuse(errInvalidRequest, "code_challenge_method is not S256")
	}
	return nil
}

// checkResource judges resource indicators; granted bounds them unless it is
// nil. RFC 8707 §2: https://www.rfc-editor.org/rfc/rfc8707#section-2
func (x *exchange) checkResource(values, granted []string) *Error {
	switch x.config.Resource {
	case ResourceIgnored:
		return nil
	case ResourceRefused:
		if len(values) > 0 {
			return refuse(errInvalidTarget, "the resource parameter is not supported")
		}
		return nil
	case ResourceRequired:
		if len(values) == 0 {
			return refuse(errInvalidTarget, "resource is missing")
		}
	}
	for _, value := range values {
		if target, err := url.Parse(value); err != nil || !target.IsAbs() || target.Host == "" || strings.Contains(value, "#") {
			return refuse(errInvalidTarget, "resource is not an absolute URL without fragment")
		}
		if x.config.Resources != nil && !slices.Contains(x.config.Resources, value) {
			return refuse(errInvalidTarget, "resource is unknown")
		}
		if granted != nil && !slices.Contains(granted, value) {
			return refuse(errInvalidTarget, "resource was not granted")
		}
	}
	return nil
}

// checkScope judges a scope; bound limits it unless it is "".
// RFC 6749 §3.3: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
func (x *exchange) checkScope(scope, bound string) *Error {
	if scope == "" {
		return nil
	}
	for token := range strings.SplitSeq(scope, " ") {
		if token == "" || strings.ContainsFunc(token, func(r rune) bool {
			return r < 0x21 || r > 0x7e || r == '"' || r == '\\'
		}) {
			return refuse(errInvalidScope, "scope is malformed")
		}
		if x.config.Scopes != nil && !slices.Contains(x.config.Scopes, token) {
			return refuse(errInvalidScope, "scope holds an unknown value")
		}
		if bound != "" && !slices.Contains(strings.Fields(bound), token) {
			return refuse(errInvalidScope, "scope exceeds what the client may have")
		}
	}
	return nil
}

// conclude asks the user and redirects with a code or an error.
func (x *exchange) conclude(form url.Values) {
	decision := x.config.decide(AuthorizationRequest{
		ClientID: form.Get("client_id"), RedirectURI: form.Get("redirect_uri"), State: form.Get("state"),
		Scope: form.Get("scope"), Resource: slices.Clone(form["resource"]), Form: cloneValues(form),
	})
	if !wait(x.r.Context(), decision.Delay) {
		panic(http.ErrAbortHandler)
	}
	if decision.Error != "" {
		err := &Error{Code: decision.Error, Description: decision.ErrorDescription, URI: decision.ErrorURI}
		x.redirect(form, errorResponse(err), decision.Response)
		return
	}
	x.redirect(form, url.Values{"code": {x.newCode(form, decision)}}, decision.Response)
}

func (x *exchange) newCode(form url.Values, decision Decision) string {
	grant := Grant{
		ClientID: form.Get("client_id"),
		Subject:  or(decision.Subject, defaultSubject),
		Scope:    or(form.Get("scope"), x.config.DefaultScope),
	}
	if x.config.Resource != ResourceIgnored {
		grant.Resource = slices.Clone(form["resource"])
	}
	if decision.Scope != nil {
		grant.Scope = *decision.Scope
	}
	c := &code{
		client: grant.ClientID, redirectURI: form.Get("redirect_uri"),
		challenge: form.Get("code_challenge"), grant: grant,
		nonce:   form.Get("nonce"),
		expires: x.config.now().Add(or(x.config.CodeLife, time.Minute)),
	}
	if x.config.DPoP.Policy != DPoPOff {
		c.jkt = form.Get("dpop_jkt")
	}
	if c.challenge != "" {
		c.method = or(form.Get("code_challenge_method"), "plain")
	}
	value := randomString("code-")
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	x.store.codes[value] = c
	return value
}

func errorResponse(err *Error) url.Values {
	response := url.Values{}
	for name, value := range err.members() {
		response.Set(name, stringOf(value))
	}
	return response
}

// redirect answers with the authorization response, errors too with state and
// iss. RFC 9207 §2: https://www.rfc-editor.org/rfc/rfc9207#section-2
func (x *exchange) redirect(form, response url.Values, change func(url.Values)) {
	if form.Get("state") != "" {
		response.Set("state", form.Get("state"))
	}
	if !x.config.OmitIss {
		response.Set("iss", or(x.config.Iss, x.issuer(x.config)))
	}
	if change != nil {
		change(response)
	}
	uri, query := form.Get("redirect_uri"), response.Encode()
	if strings.Contains(uri, "?") {
		uri += "&" + query
	} else {
		uri += "?" + query
	}
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Location", uri)
	// RFC 9700 §4.12: not 307, which would repeat a POST with credentials.
	x.w.WriteHeader(http.StatusSeeOther)
}

// page shows an error to the user.
func (x *exchange) page(err *Error) {
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprintf(x.w, "<!DOCTYPE html><title>Error</title><p>%s\n", html.EscapeString(err.Error()))
}
