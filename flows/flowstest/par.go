// Pushed authorization requests: the endpoint and its request URIs.

package flowstest

import (
	"net/http"
	"net/url"
	"time"
)

// PARConfig says how authorization requests are pushed (RFC 9126). The zero
// value lists the endpoint and demands nothing.
type PARConfig struct {
	Policy PARPolicy
	// Life is the life of a request URI; 0 is one minute.
	Life time.Duration
	// Answer changes the answer before it is encoded.
	Answer func(document map[string]any)
}

// PARPolicy says whether authorization requests are pushed.
type PARPolicy int

// The policies of pushed authorization requests.
const (
	// PAROptional takes both kinds of authorization requests.
	PAROptional PARPolicy = iota
	// PARRequired lists require_pushed_authorization_requests and refuses
	// requests that were not pushed.
	PARRequired
	// PARDisabled has no endpoint.
	PARDisabled
)

const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// A pushed request waits for its one use.
type pushed struct {
	client  string
	form    url.Values
	expires time.Time
}

// push answers a pushed authorization request.
// RFC 9126 §2: https://www.rfc-editor.org/rfc/rfc9126#section-2
func (x *exchange) push() {
	if x.config.PAR.Policy == PARDisabled {
		http.NotFound(x.w, x.r)
		return
	}
	if !x.allow(http.MethodPost) {
		return
	}
	x.offerNonce()
	answer, err := x.pushRequest()
	if err != nil {
		x.refuse(err)
		return
	}
	x.w.Header().Set("Cache-Control", "no-store")
	document{status: http.StatusCreated, body: answer, edit: []func(map[string]any){x.config.PAR.Answer}}.write(x.w)
}

func (x *exchange) pushRequest() (map[string]any, *Error) {
	form, err := x.postForm()
	if err != nil {
		return nil, err
	}
	if _, err := x.authenticate(form); err != nil {
		return nil, err
	}
	// §2.1: request_uri must not be sent.
	if form.Has("request_uri") {
		return nil, refuse(errInvalidRequest, "request_uri does not belong into a pushed request")
	}
	for _, name := range []string{"client_assertion", "client_assertion_type", "client_secret"} {
		form.Del(name)
	}
	client, err := x.redirectTarget(form)
	if err != nil {
		return nil, err
	}
	if err := x.checkAuthorization(client, form); err != nil {
		return nil, err
	}
	if err := x.checkPushedKey(client, form); err != nil {
		return nil, err
	}
	life := or(x.config.PAR.Life, time.Minute)
	uri := randomString(requestURIPrefix)
	x.store.mu.Lock()
	x.store.pushed[uri] = pushed{client: client.ID, form: form, expires: x.now.Add(life)}
	x.store.mu.Unlock()
	return map[string]any{"request_uri": uri, "expires_in": int64(life / time.Second)}, nil
}

// checkPushedKey takes the key of a proof for dpop_jkt.
// RFC 9449 §10.1: https://www.rfc-editor.org/rfc/rfc9449#section-10.1
func (x *exchange) checkPushedKey(client Client, form url.Values) *Error {
	if len(x.r.Header.Values(headerDPoP)) == 0 {
		return nil
	}
	jkt, err := x.proof(client)
	switch {
	case err != nil:
		return err
	case jkt == "":
		return nil
	case form.Has("dpop_jkt") && form.Get("dpop_jkt") != jkt:
		return refuse(errInvalidProof, "the proof is not by the key of dpop_jkt")
	}
	form.Set("dpop_jkt", jkt)
	return nil
}

// hidden are the parameters that a pushed request keeps out of the URL.
var hidden = []string{
	"response_type", "redirect_uri", "scope", "state", "resource", "nonce", "code_challenge", "code_challenge_method", "dpop_jkt",
}

// unpush returns the form of an authorization request, that of the pushed one
// if it names one. A request URI is good once: RFC 9126 §4.
func (x *exchange) unpush(form url.Values) (url.Values, *Error) {
	uri := form.Get("request_uri")
	if uri == "" {
		return form, nil
	}
	for _, name := range hidden {
		if form.Has(name) {
			return nil, refuse(errInvalidRequest, name+" does not go with request_uri")
		}
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	request, ok := x.store.pushed[uri]
	if !ok || request.client != form.Get("client_id") {
		return nil, refuse("invalid_request_uri", "the request URI is unknown, used, or another client's")
	}
	delete(x.store.pushed, uri)
	if !x.now.Before(request.expires) {
		return nil, refuse("invalid_request_uri", "the request URI has expired")
	}
	return request.form, nil
}

// demandsPAR reports whether a request of this client has to be pushed.
func (x *exchange) demandsPAR(client Client) bool {
	return x.config.PAR.Policy == PARRequired || x.config.PAR.Policy != PARDisabled && client.RequirePAR
}
