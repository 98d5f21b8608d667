// Revocation and introspection of tokens.

package flowstest

import "net/http"

// revoke answers a revocation request: 200 whether or not the token is known.
// RFC 7009 §2: https://www.rfc-editor.org/rfc/rfc7009#section-2
func (x *exchange) revoke() {
	token, client, ok := x.tokenOf()
	if !ok {
		return
	}
	x.store.revoke(token, client)
	x.w.WriteHeader(http.StatusOK)
}

func (s *store) revoke(token string, client Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info, ok := s.access[token]; ok && info.ClientID == client.ID {
		info.Revoked = true
	}
	// §2.1: with a refresh token the access tokens go too.
	if refresh, ok := s.refresh[token]; ok && s.families[refresh.family].ClientID == client.ID {
		s.revokeFamily(refresh.family)
	}
}

// introspect answers an introspection request of any client with a secret.
// RFC 7662 §2: https://www.rfc-editor.org/rfc/rfc7662#section-2
func (x *exchange) introspect() {
	token, client, ok := x.tokenOf()
	if !ok {
		return
	}
	if client.authMethod() == methodNone {
		x.refuse(refuse(errInvalidClient, "introspection needs an authenticated client"))
		return
	}
	x.w.Header().Set("Cache-Control", "no-store")
	document{status: http.StatusOK, body: x.introspection(token)}.write(x.w)
}

func (x *exchange) introspection(token string) map[string]any {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	var grant Grant
	answer := map[string]any{"active": true, "iss": x.issuer(x.config)}
	if info, ok := x.store.access[token]; ok && !info.Revoked && x.now.Before(info.ExpiresAt) {
		grant = info.Grant
		answer["token_type"] = grant.tokenType()
		answer["exp"], answer["iat"] = info.ExpiresAt.Unix(), info.IssuedAt.Unix()
	} else if refresh, ok := x.store.refresh[token]; ok && x.works(refresh) {
		grant = x.store.families[refresh.family].Grant
	} else {
		return map[string]any{"active": false}
	}
	if cnf := grant.confirmation(); cnf != nil {
		answer["cnf"] = cnf
	}
	answer["client_id"], answer["sub"] = grant.ClientID, grant.Subject
	if grant.Scope != "" {
		answer["scope"] = grant.Scope
	}
	if len(grant.Resource) > 0 {
		answer["aud"] = grant.Resource
	}
	return answer
}

func (x *exchange) works(token *refreshToken) bool {
	alive := token.expires.IsZero() || x.now.Before(token.expires)
	return alive && token.rotated.IsZero() && !x.store.families[token.family].Revoked
}

// tokenOf reads the token parameter of an authenticated client's request.
func (x *exchange) tokenOf() (string, Client, bool) {
	if !x.allow(http.MethodPost) {
		return "", Client{}, false
	}
	form, err := x.postForm()
	if err != nil {
		x.refuse(err)
		return "", Client{}, false
	}
	client, err := x.authenticate(form)
	if err == nil && form.Get("token") == "" {
		err = refuse(errInvalidRequest, "token is missing")
	}
	if err != nil {
		x.refuse(err)
		return "", Client{}, false
	}
	return form.Get("token"), client, true
}
