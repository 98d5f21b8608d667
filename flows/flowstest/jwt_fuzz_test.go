package flowstest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// FuzzJWT sends arbitrary client assertions, proofs, grants and subject tokens:
// none is accepted, and none stops the server.
func FuzzJWT(f *testing.F) {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes:     []string{flowstest.GrantClientCredentials, flowstest.GrantJWTBearer, flowstest.GrantTokenExchange},
		AuthMethods:    []string{"private_key_jwt", "client_secret_jwt", "none"},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: platform, JWKS: flowstest.KeySet(es256()), Workloads: true, Reuse: true}},
		DPoP:           flowstest.DPoPConfig{Policy: flowstest.DPoPRequired},
		Resource:       flowstest.ResourceIgnored,
		Clients: []flowstest.Client{
			{ID: "machine", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(es256())},
			{ID: "secret", AuthMethod: "client_secret_jwt", Secret: longSecret}, public,
		},
	})
	f.Cleanup(as.Close)
	f.Add("")
	f.Add("a.b.c")
	f.Add(other().Sign(nil, claimsFor("machine", "machine", as.Issuer(), nil)))
	f.Add(other().Sign(nil, claimsFor(platform, "workload", as.Issuer(), nil)))
	f.Add(flowstest.SignSecret(strings.Repeat("x", 32), nil, claimsFor("secret", "secret", as.Issuer(), nil)))
	f.Add(proofOf(es256(), "POST", as.Endpoint("par"), "", nil, nil))
	f.Add(proofOf(es256(), "POST", as.Endpoint("token"), "", members{"jwk": other().JWK()}, nil))
	f.Fuzz(func(t *testing.T, token string) {
		for _, form := range []url.Values{
			machineForm(token), assertionForm(token), exchangeForm(token, "requested_token_type", ""),
		} {
			request := httptest.NewRequest(http.MethodPost, as.Endpoint("token"), strings.NewReader(form.Encode()))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header["Dpop"] = []string{token}
			recorder := httptest.NewRecorder()
			as.Handler().ServeHTTP(recorder, request)
			if recorder.Code/100 != 4 {
				t.Errorf("%q was answered with %d %s", token, recorder.Code, recorder.Body)
			}
		}
		as.ForgetRequests()
	})
}
