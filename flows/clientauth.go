// Client authentication at the token endpoint.

package flows

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"encoding/base64"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The client authentication methods of the "OAuth Token Endpoint
// Authentication Methods" registry that the flows carry out.
const (
	AuthMethodNone  = "none"
	AuthMethodBasic = "client_secret_basic"
	AuthMethodPost  = "client_secret_post"
)

// ClientAuth is a client and the way in which it authenticates.
type ClientAuth struct {
	// ClientID is sent byte for byte.
	ClientID string
	// Secret is empty for a public client.
	Secret gen.Secret
	// Method is one of the AuthMethod constants; see [SelectAuthMethod].
	Method string
	// NoClientIDParam leaves client_id out of the body of a public client's
	// request, for servers that reject it there. Basic never has it.
	NoClientIDParam bool
}

// SelectAuthMethod chooses how client authenticates: the caller's method, else
// the one that the registration recorded, else the first of basic, post
// and none that the server lists and the credentials allow; a server without a
// list means basic (RFC 8414 §2). Without a secret it is "none". A method that
// cannot be carried out is an error before anything is sent.
func SelectAuthMethod(override string, client *gen.ClientInformation, server *gen.AuthorizationServerMetadata) (string, error) {
	hasSecret := client.ClientSecret != ""
	for _, method := range []string{override, client.TokenEndpointAuthMethod} {
		if method != "" {
			return method, usableMethod(method, hasSecret)
		}
	}
	if !hasSecret {
		return AuthMethodNone, nil
	}
	listed := server.TokenEndpointAuthMethodsSupported
	if len(listed) == 0 {
		return AuthMethodBasic, nil
	}
	for _, method := range []string{AuthMethodBasic, AuthMethodPost, AuthMethodNone} {
		if slices.Contains(listed, method) {
			return method, nil
		}
	}
	return "", fmt.Errorf("flows: client authentication: the server takes none of the methods that a secret allows (it lists %s)",
		bounded(fmt.Sprint(listed)))
}

func usableMethod(method string, hasSecret bool) error {
	switch method {
	case AuthMethodNone:
		return nil
	case AuthMethodBasic, AuthMethodPost:
		if hasSecret {
			return nil
		}
		return fmt.Errorf("flows: client authentication: %s needs a client secret", method)
	}
	return fmt.Errorf("flows: client authentication: unknown method %q", bounded(method))
}

// edit puts the authentication into a token request.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-2.3.1
func (a ClientAuth) edit() (gen.Edit, error) {
	if err := usableMethod(a.Method, a.Secret != ""); err != nil {
		return nil, err
	}
	return func(header http.Header, form url.Values) error {
		switch a.Method {
		case AuthMethodBasic:
			// Both parts are form-encoded before they are joined.
			pair := url.QueryEscape(a.ClientID) + ":" + url.QueryEscape(a.Secret.Reveal())
			header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		case AuthMethodPost:
			form.Set("client_id", a.ClientID)
			form.Set("client_secret", a.Secret.Reveal())
		case AuthMethodNone:
			if !a.NoClientIDParam {
				form.Set("client_id", a.ClientID)
			}
		}
		return nil
	}, nil
}
