package interop

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// REG-1, REG-2: the client id is the URL of a document that this program
// serves, and there is no registration; with keys the client signs.
func TestClientIDMetadataDocument(t *testing.T) {
	for name, algorithm := range map[string]string{"public": "", "with keys": "ES256"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, open)
			var key *flows.ClientKey
			if algorithm != "" {
				key = newKey(t, algorithm)
			}
			clientID := publish(t, key)
			client := w.client(func(c *sdk.Config) {
				always(c)
				c.ClientIDMetadataURL, c.ClientKey = clientID, key
			})
			w.call(client, http.MethodGet, scopeRead)
			w.call(client, http.MethodGet, scopeRead)
			w.logins(1)
			w.sent(0, "registration")
			w.authorizations(1)[0].had(t, "client_id", clientID)
			tokens := w.sent(2, "token")
			if key == nil {
				tokens[0].sent(t, "client_id", "code", "code_verifier", "grant_type", "redirect_uri", "resource")
				tokens[0].had(t, "client_id", clientID)
				return
			}
			for _, request := range tokens {
				if request.Assertion == nil || request.Assertion.Iss != clientID || request.Assertion.Alg != algorithm {
					t.Error(request)
				}
			}
		})
	}
}

// publish serves a document, and its keys beside it, as the library has them
// served. It returns the client id.
func publish(t *testing.T, key *flows.ClientKey) string {
	t.Helper()
	var handler http.Handler
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	// The document has no port, and the server takes any (RFC 8252 §7.3).
	metadata := gen.ClientMetadata{
		ClientName: t.Name(), RedirectURIs: []string{"http://127.0.0.1/callback"}, ApplicationType: "native",
		GrantTypes: []string{flows.GrantAuthorizationCode, flows.GrantRefreshToken}, ResponseTypes: []string{"code"},
	}
	var options flows.ClientIDDocumentOptions
	if key != nil {
		metadata.JWKSURI, options.Keys = server.URL+"/keys", publicKeys(t, key)
		metadata.TokenEndpointAuthSigningAlg = key.Algorithm
	}
	doc, err := flows.NewClientIDDocument(server.URL+"/client", &metadata)
	if err != nil {
		t.Fatal(err)
	}
	if handler, err = flows.NewClientIDDocumentHandler(doc, options); err != nil {
		t.Fatal(err)
	}
	return doc.ClientID
}
