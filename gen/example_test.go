// Examples of the package on its own.

package gen_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/mcpoauth/mcpoauth/gen"
)

// One operation at an absolute URL, with client authentication by an Edit.
func ExampleClient_RefreshAccessToken() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.PostFormValue("refresh_token") != "r1" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"error":"invalid_grant","error_description":"the token was used before"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"access_token":"a2","token_type":"Bearer","expires_in":3600,"refresh_token":"r2"}`)
	}))
	defer server.Close()
	authenticate := func(_ http.Header, form url.Values) error {
		form.Set("client_id", "my-client")
		return nil
	}

	var client gen.Client
	for _, token := range []gen.Secret{"r1", "r0"} {
		request := &gen.RefreshTokenRequest{RefreshToken: token, Resource: []string{"https://mcp.example.com/mcp"}}
		response, err := client.RefreshAccessToken(context.Background(), server.URL+"/token?tenant=7", request, authenticate)
		if refusal := new(gen.ResponseError); errors.As(err, &refusal) && refusal.OAuth != nil {
			fmt.Println(refusal.StatusCode, refusal.OAuth.Code)
			continue
		}
		fmt.Println(response.Document, response.Document.ExpiresIn.Duration())
	}
	// Output:
	// TokenResponse{"access_token":"REDACTED","token_type":"Bearer","expires_in":3600,"refresh_token":"REDACTED"} 1h0m0s
	// 400 invalid_grant
}

// A document with a null and an unknown member: both are still there when it is encoded again.
func ExampleDecodeProtectedResourceMetadata() {
	var report gen.Report
	doc, err := gen.DecodeProtectedResourceMetadata([]byte(`{"resource":"https://mcp.example.com/mcp","jwks_uri":null,"x-tier":1.50}`), &report)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc.ScopesSupported = []string{"files:read"}
	text, err := doc.Encode()
	fmt.Println(string(text), err)
	fmt.Println(report.Problems[0].Pointer, report.Problems[0].Kind)
	// Output:
	// {"resource":"https://mcp.example.com/mcp","jwks_uri":null,"scopes_supported":["files:read"],"x-tier":1.50} <nil>
	// /jwks_uri null
}
