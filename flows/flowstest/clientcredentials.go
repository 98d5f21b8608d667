// Client credentials grant: a token for the client itself.

package flowstest

// clientCredentials answers a client that acts on its own behalf. There is no
// refresh token: the client has its credentials.
// OAuth 2.1 §4.2: https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-4.2
func clientCredentials(t *tokenRequest) (map[string]any, *Error) {
	// Only confidential clients may.
	if t.client.authMethod() == methodNone {
		return nil, refuse(errUnauthorizedClient, "a public client may not use the client credentials grant")
	}
	if err := t.checkResource(t.form["resource"], nil); err != nil {
		return nil, err
	}
	if err := t.checkScope(t.form.Get("scope"), t.client.Scope); err != nil {
		return nil, err
	}
	return t.issue(t.asked(t.client.ID)), nil
}
