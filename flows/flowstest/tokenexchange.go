// Token exchange: one token for another, or for an ID-JAG.

package flowstest

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// The token types of RFC 8693 §3 and Enterprise-Managed Authorization §4.
const (
	TokenTypeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	TokenTypeIDToken     = "urn:ietf:params:oauth:token-type:id_token"
	TokenTypeSAML2       = "urn:ietf:params:oauth:token-type:saml2"
	TokenTypeIDJAG       = "urn:ietf:params:oauth:token-type:id-jag"
)

// An ExchangeRequest is what a policy of token exchange decides about: a
// request that is right in itself.
type ExchangeRequest struct {
	ClientID string
	// Subject is the user that the subject token is about.
	Subject            string
	SubjectTokenType   string
	RequestedTokenType string
	// Actor is the subject of the actor token; "" is none.
	Actor    string
	Audience []string
	Resource []string
	Scope    string
}

// An ExchangeDecision is what a policy says. The zero value approves.
type ExchangeDecision struct {
	// Error refuses; nil does not.
	Error *Error
	// Scope is what is granted; nil grants what was asked for.
	Scope *string
	// ClientID is the client at the resource's authorization server, which the
	// identity provider knows by other means; "" is that of the request.
	ClientID string
	// Subject is the user at the resource; "" is that of the subject token.
	Subject string
	// Claims changes the claims of an ID-JAG before it is signed.
	Claims func(claims map[string]any)
}

// DenyExchange returns a ServerConfig.Exchange hook that refuses with an error
// code, such as "access_denied".
func DenyExchange(code, description string) func(ExchangeRequest) ExchangeDecision {
	return func(ExchangeRequest) ExchangeDecision {
		return ExchangeDecision{Error: &Error{Code: code, Description: description}}
	}
}

// A subjectToken is what is known of a token that is exchanged.
type subjectToken struct {
	subject string
	scope   string // bounds what can be had for it; "" does not
}

// exchangeToken answers a token exchange.
// RFC 8693 §2.1: https://www.rfc-editor.org/rfc/rfc8693#section-2.1
func exchangeToken(t *tokenRequest) (map[string]any, *Error) {
	subject, err := t.exchanged("subject_token")
	if err != nil {
		return nil, err
	}
	request := ExchangeRequest{
		ClientID: t.client.ID, Subject: subject.subject, SubjectTokenType: t.form.Get("subject_token_type"),
		RequestedTokenType: or(t.form.Get("requested_token_type"), TokenTypeAccessToken),
		Audience:           slices.Clone(t.form["audience"]), Resource: slices.Clone(t.form["resource"]), Scope: t.form.Get("scope"),
	}
	if t.form.Has("actor_token") || t.form.Has("actor_token_type") {
		actor, err := t.exchanged("actor_token")
		if err != nil {
			return nil, err
		}
		request.Actor = actor.subject
	}
	answer, err := t.checkExchange(request, subject)
	if err != nil {
		return nil, err
	}
	if request.RequestedTokenType == TokenTypeAccessToken {
		request.Scope = or(request.Scope, strings.TrimSpace(subject.scope))
	}
	decision := ExchangeDecision{}
	if t.config.Exchange != nil {
		decision = t.config.Exchange(request)
	}
	if decision.Error != nil {
		return nil, decision.Error
	}
	if decision.Scope != nil {
		request.Scope = *decision.Scope
	}
	request.Subject = or(decision.Subject, request.Subject)
	members := answer(request, decision)
	members["issued_token_type"] = request.RequestedTokenType
	return members, nil
}

// exchanged judges the subject or the actor token.
func (t *tokenRequest) exchanged(name string) (subjectToken, *Error) {
	value, typ := t.form.Get(name), t.form.Get(name+"_type")
	if value == "" || typ == "" {
		return subjectToken{}, refuse(errInvalidRequest, name+" or "+name+"_type is missing")
	}
	var found subjectToken
	var err error
	switch typ {
	case TokenTypeIDToken:
		found.subject, err = t.checkIDToken(value)
	case TokenTypeSAML2:
		found.subject, err = t.checkSAML(value)
	case TokenTypeAccessToken:
		found, err = t.checkOwnToken(value)
	default:
		return subjectToken{}, refuse(errInvalidRequest, name+"_type is not supported")
	}
	if err != nil {
		// §2.2.2: a token that is not valid is an invalid request. Enterprise-
		// Managed Authorization §4.2.1 answers invalid_grant for identities.
		code := errInvalidRequest
		if t.form.Get("requested_token_type") == TokenTypeIDJAG {
			code = errInvalidGrant
		}
		return subjectToken{}, refuse(code, name+" is refused: "+err.Error())
	}
	return found, nil
}

// checkOwnToken judges an access token of this server, of any client: one that
// received a token may exchange it for another.
func (t *tokenRequest) checkOwnToken(value string) (subjectToken, error) {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	info, ok := t.store.access[value]
	if !ok || info.Revoked || !t.now.Before(info.ExpiresAt) {
		return subjectToken{}, errors.New("it is unknown, expired or revoked")
	}
	return subjectToken{subject: info.Subject, scope: or(info.Scope, " ")}, nil
}

// checkExchange judges a request by the type that it asks for, and returns
// what answers it.
func (t *tokenRequest) checkExchange(request ExchangeRequest, subject subjectToken) (func(ExchangeRequest, ExchangeDecision) map[string]any, *Error) {
	switch request.RequestedTokenType {
	case TokenTypeIDJAG:
		return t.exchangeForIDJAG, checkIDJAGRequest(request)
	case TokenTypeAccessToken:
	default:
		return nil, refuse(errInvalidRequest, "requested_token_type is not supported")
	}
	if len(request.Resource) > 0 || len(request.Audience) == 0 {
		if err := t.checkResource(request.Resource, nil); err != nil {
			return nil, err
		}
	}
	if err := t.checkScope(request.Scope, t.client.Scope); err != nil {
		return nil, err
	}
	return t.exchangeForToken, t.checkScope(request.Scope, subject.scope)
}

// checkIDJAGRequest demands what an ID-JAG is asked for with.
// Enterprise-Managed Authorization §4.
func checkIDJAGRequest(request ExchangeRequest) *Error {
	switch {
	case request.SubjectTokenType == TokenTypeAccessToken:
		return refuse(errInvalidRequest, "an access token is no identity assertion")
	case request.Actor != "":
		return refuse(errInvalidRequest, "actor_token does not belong into a request for an ID-JAG")
	case len(request.Audience) != 1 || !isWebURL(request.Audience[0]):
		return refuse(errInvalidRequest, "audience is not one issuer")
	case len(request.Resource) == 0:
		return refuse(errInvalidTarget, "resource is missing")
	case slices.ContainsFunc(request.Resource, func(value string) bool { return !isWebURL(value) }):
		return refuse(errInvalidTarget, "resource is no URL")
	}
	return nil
}

// exchangeForIDJAG issues an ID-JAG, which is no access token.
// Enterprise-Managed Authorization §4.2.
func (t *tokenRequest) exchangeForIDJAG(request ExchangeRequest, decision ExchangeDecision) map[string]any {
	content := IDJAG{
		Audience: request.Audience[0], ClientID: or(decision.ClientID, request.ClientID),
		Subject: request.Subject, Resource: request.Resource, Scope: request.Scope,
	}
	edits := []func(map[string]any){}
	if decision.Claims != nil {
		edits = append(edits, decision.Claims)
	}
	members := map[string]any{
		"access_token": t.IssueIDJAG(content, edits...), "token_type": "N_A", "expires_in": int64(assertionLife / time.Second),
	}
	if request.Scope != "" {
		members["scope"] = request.Scope
	}
	return members
}

// exchangeForToken issues an access token of this server, for the resources
// and audiences named.
func (t *tokenRequest) exchangeForToken(request ExchangeRequest, _ ExchangeDecision) map[string]any {
	grant := t.bind(Grant{ClientID: t.client.ID, Subject: request.Subject, Scope: or(request.Scope, t.config.DefaultScope)})
	if t.config.Resource != ResourceIgnored {
		grant.Resource = append(slices.Clone(request.Resource), request.Audience...)
	}
	return t.issue(grant)
}
