package flowstest_test

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// say posts a form and prints the status and one member of the answer.
func say(client *http.Client, endpoint string, form url.Values, member string) string {
	response, err := client.PostForm(endpoint, form)
	if err != nil {
		fmt.Println(err)
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	a := readAnswer(response)
	fmt.Println(response.Status, a.text(member))
	return a.text("access_token")
}

// Enterprise-managed authorization: an identity provider that exchanges
// id_tokens, and an authorization server that trusts its ID-JAGs.
func ExampleTrustedIssuer() {
	client := flowstest.Client{ID: "me"}
	idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange}, Clients: []flowstest.Client{client},
	})
	defer idp.Close()
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{client},
		TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
	})
	defer as.Close()

	jag := say(idp.Client(), idp.Endpoint("token"), url.Values{
		"grant_type": {flowstest.GrantTokenExchange}, "client_id": {"me"}, "requested_token_type": {flowstest.TokenTypeIDJAG},
		"audience": {as.Issuer()}, "resource": {"https://mcp.example.com/mcp"},
		"subject_token": {idp.IssueIDToken("me", "alice")}, "subject_token_type": {flowstest.TokenTypeIDToken},
	}, "token_type")
	token := say(as.Client(), as.Endpoint("token"), url.Values{
		"grant_type": {flowstest.GrantJWTBearer}, "client_id": {"me"}, "assertion": {jag},
	}, "token_type")
	info, _ := as.Token(token)
	fmt.Println(info.Subject, info.Resource)
	// Output:
	// 200 OK N_A
	// 200 OK Bearer
	// alice [https://mcp.example.com/mcp]
}

// A device polls, its user approves.
func ExampleAuthorizationServer_ApproveDevice() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantDeviceCode}, Clients: []flowstest.Client{{ID: "tv"}},
		Device: flowstest.DeviceConfig{Poll: flowstest.ScriptPolls("authorization_pending", "slow_down")},
	})
	defer as.Close()
	response, err := as.Client().PostForm(as.Endpoint("device"), url.Values{"client_id": {"tv"}, "resource": {"https://mcp.example.com/mcp"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	device := readAnswer(response)
	for poll := range 3 {
		if poll == 2 {
			fmt.Println(as.ApproveDevice(device.text("user_code")))
		}
		say(as.Client(), as.Endpoint("token"), url.Values{
			"grant_type": {flowstest.GrantDeviceCode}, "client_id": {"tv"}, "device_code": {device.text("device_code")},
		}, "error")
	}
	// Output:
	// 400 Bad Request authorization_pending
	// 400 Bad Request slow_down
	// <nil>
	// 200 OK
}
