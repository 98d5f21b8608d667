package flows_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// A token that only the holder of the key can use: made for it at the token
// endpoint, stored with it, and proven with each request.
func ExampleDPoP() {
	as := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"secret","token_type":"DPoP","expires_in":300}`)
	}))
	defer as.Close()
	rs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := readProof(r.Header)
		fmt.Println("proof for", p.HTM, r.URL.Path, "with nonce", p.Nonce, err)
		if p.Nonce == "" {
			w.Header().Set("DPoP-Nonce", "n-0S6_WzA2Mj")
			w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer rs.Close()
	ctx := context.Background()

	// The key has an algorithm that the server lists in its metadata.
	algorithm, err := flows.SelectDPoPAlgorithm([]string{"RS256", "ES256"})
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := flows.NewDPoPKey(algorithm)
	if err != nil {
		fmt.Println(err)
		return
	}
	dpop := flows.NewDPoP(key)

	// The answer must be of type DPoP; a bearer token would be refused.
	token, err := new(flows.Client).Refresh(ctx, flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: as.URL, Resource: rs.URL, DPoP: dpop,
			Auth: flows.ClientAuth{ClientID: "client", Method: flows.AuthMethodNone},
		},
		RefreshToken: gen.Secret("refresh-token"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := key.Encode() // into the same record as the token
	fmt.Println(token.TokenType, "token, key", stored, err)

	// Each request is signed anew; each response is shown to Observe.
	bound := dpop.Bind(token.AccessToken)
	for again := true; again; {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, rs.URL+"/mcp?session=1", nil)
		if err := bound.Sign(req); err != nil {
			fmt.Println(err)
			return
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		if again, err = dpop.Observe(res); err != nil {
			fmt.Println(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.StatusCode)
	}

	// Output:
	// DPoP token, key REDACTED <nil>
	// proof for POST /mcp with nonce  <nil>
	// 401
	// proof for POST /mcp with nonce n-0S6_WzA2Mj <nil>
	// 200
}
