package flowstest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// manage sends a registration management request.
func manage(t *testing.T, as *flowstest.AuthorizationServer, method, token string, info, body map[string]any) answer {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	data := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		data = string(encoded)
	}
	uri, _ := info["registration_client_uri"].(string)
	return send(t, as.Client(), method, uri, "application/json", data, header)
}

func registered(t *testing.T, as *flowstest.AuthorizationServer, request string) answer {
	t.Helper()
	return send(t, as.Client(), "POST", as.Endpoint("register"), "application/json", request, nil).expect(t, 201, "")
}

const registration = `{"client_name":"Test","redirect_uris":["https://client.example.com/callback"]}`

// REG-10: read, update, delete.
func TestManagement(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
	info := registered(t, as, registration)
	token, secret := info.text("registration_access_token"), info.text("client_secret")
	if token == "" || info.text("registration_client_uri") != as.Endpoint("manage")+"/"+info.text("client_id") {
		t.Fatalf("answer %s", info.body)
	}
	if a := manage(t, as, "GET", token, info.json, nil).expect(t, 200, ""); a.body != info.body {
		t.Errorf("answer %s, want %s", a.body, info.body)
	}
	update := map[string]any{
		"client_id": info.text("client_id"), "client_secret": secret, "client_name": "New", "redirect_uris": []string{"https://client.example.com/new"},
	}
	a := manage(t, as, "PUT", token, info.json, update).expect(t, 200, "")
	if a.text("client_name") != "New" || a.text("client_secret") != secret || a.text("registration_access_token") != token ||
		a.json["client_id_issued_at"] != info.json["client_id_issued_at"] {
		t.Errorf("answer %s", a.body)
	}
	if uris := as.Clients()[0].RedirectURIs; len(uris) != 1 || uris[0] != "https://client.example.com/new" {
		t.Errorf("redirect URIs %q", uris)
	}
	issued := as.IssueToken(flowstest.Grant{ClientID: info.text("client_id")})
	manage(t, as, "DELETE", token, info.json, nil).expect(t, 204, "")
	manage(t, as, "GET", token, info.json, nil).expect(t, 401, "invalid_token")
	if after, _ := as.Token(issued.AccessToken); !after.Revoked || len(as.Clients()) != 1 {
		t.Errorf("token %+v, clients %+v", after, as.Clients())
	}
	if as.Count("manage") != 4 {
		t.Errorf("%d requests", as.Count("manage"))
	}
}

// REG-10: what is refused.
func TestManagementRefused(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
	info, second := registered(t, as, registration), registered(t, as, registration)
	token := info.text("registration_access_token")
	for _, wrong := range []string{"", "x", second.text("registration_access_token")} {
		if a := manage(t, as, "GET", wrong, info.json, nil).expect(t, 401, "invalid_token"); a.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("challenge %q", a.header.Get("WWW-Authenticate"))
		}
	}
	manage(t, as, "GET", token, map[string]any{"registration_client_uri": as.Endpoint("manage") + "/public"}, nil).expect(t, 401, "invalid_token")
	manage(t, as, "POST", token, info.json, nil).expect(t, 405, "")
	good := map[string]any{"client_id": info.text("client_id"), "redirect_uris": []string{"https://client.example.com/new"}}
	tests := map[string]struct {
		edits members
		want  string
	}{
		"no client_id":    {members{"client_id": nil}, "invalid_request"},
		"other client_id": {members{"client_id": second.text("client_id")}, "invalid_request"},
		"other secret":    {members{"client_secret": "x"}, "invalid_request"},
		"access token":    {members{"registration_access_token": token}, "invalid_request"},
		"client URI":      {members{"registration_client_uri": "x"}, "invalid_request"},
		"issued at":       {members{"client_id_issued_at": 1}, "invalid_request"},
		"expires at":      {members{"client_secret_expires_at": 1}, "invalid_request"},
		"no redirect URI": {members{"redirect_uris": nil}, "invalid_redirect_uri"},
		"unknown method":  {members{"token_endpoint_auth_method": "x"}, "invalid_client_metadata"},
		"empty member":    {members{"client_name": ""}, "invalid_client_metadata"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			manage(t, as, "PUT", token, info.json, edited(maps.Clone(good), test.edits)).expect(t, 400, test.want)
		})
	}
	off := newServer(t, flowstest.ServerConfig{})
	if a := registered(t, off, registration); a.json["registration_access_token"] != nil || a.json["registration_client_uri"] != nil {
		t.Errorf("answer %s", a.body)
	}
	get(t, off.Client(), off.Endpoint("manage")+"/x").expect(t, 404, "")
}

// REG-10: reads and updates rotate the token, updates the secret.
func TestManagementRotation(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true, RotateToken: true, RotateSecret: true}})
	info := registered(t, as, registration)
	first := info.text("registration_access_token")
	a := manage(t, as, "GET", first, info.json, nil).expect(t, 200, "")
	second := a.text("registration_access_token")
	manage(t, as, "GET", first, info.json, nil).expect(t, 401, "invalid_token")
	update := map[string]any{"client_id": info.text("client_id"), "redirect_uris": []string{"https://client.example.com/new"}}
	b := manage(t, as, "PUT", second, info.json, update).expect(t, 200, "")
	if second == first || b.text("registration_access_token") == second || b.text("client_secret") == info.text("client_secret") {
		t.Errorf("answers %s, %s", a.body, b.body)
	}
	// To a client without a secret.
	update["token_endpoint_auth_method"] = "none"
	c := manage(t, as, "PUT", b.text("registration_access_token"), info.json, update).expect(t, 200, "")
	if c.json["client_secret"] != nil || c.json["client_secret_expires_at"] != nil {
		t.Errorf("answer %s", c.body)
	}
}

// REG-10: a software statement is ignored, or judged and heeded.
func TestSoftwareStatement(t *testing.T) {
	request := `{"redirect_uris":["https://client.example.com/callback"],"client_name":"Says I","software_statement":"S"}`
	as := newServer(t, flowstest.ServerConfig{})
	if a := registered(t, as, request); a.text("client_name") != "Says I" || a.text("software_statement") != "S" {
		t.Errorf("answer %s", a.body)
	}
	as.Configure(func(c *flowstest.ServerConfig) {
		c.SoftwareStatement = func(statement string) (map[string]any, *flowstest.Error) {
			if statement != "S" {
				return nil, &flowstest.Error{Code: "invalid_software_statement"}
			}
			return map[string]any{"client_name": "Vendor"}, nil
		}
	})
	if a := registered(t, as, request); a.text("client_name") != "Vendor" {
		t.Errorf("answer %s", a.body)
	}
	request = `{"redirect_uris":["https://client.example.com/callback"],"software_statement":"X"}`
	send(t, as.Client(), "POST", as.Endpoint("register"), "application/json", request, nil).expect(t, 400, "invalid_software_statement")
}

// REG-6: what each method needs at registration.
func TestRegistrationOfKeys(t *testing.T) {
	const start = `{"redirect_uris":["https://client.example.com/callback"],"token_endpoint_auth_method":`
	keys := string(flowstest.KeySet(es256()))
	tests := map[string]struct {
		rest string
		want string
	}{
		"keys":             {`"private_key_jwt","jwks":` + keys + `}`, ""},
		"URL of keys":      {`"private_key_jwt","jwks_uri":"https://client.example.com/jwks"}`, ""},
		"alg":              {`"private_key_jwt","token_endpoint_auth_signing_alg":"ES256","jwks":` + keys + `}`, ""},
		"secret":           {`"client_secret_jwt","token_endpoint_auth_signing_alg":"HS256"}`, ""},
		"name":             {`"tls_client_auth","tls_client_auth_san_dns":"client.example.com"}`, ""},
		"no keys":          {`"private_key_jwt"}`, "invalid_client_metadata"},
		"private keys":     {`"private_key_jwt","jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}`, "invalid_client_metadata"},
		"no key set":       {`"private_key_jwt","jwks":{"keys":1}}`, "invalid_client_metadata"},
		"alg of secrets":   {`"private_key_jwt","token_endpoint_auth_signing_alg":"HS256","jwks":` + keys + `}`, "invalid_client_metadata"},
		"unknown alg":      {`"private_key_jwt","token_endpoint_auth_signing_alg":"ES512","jwks":` + keys + `}`, "invalid_client_metadata"},
		"no certificate":   {`"self_signed_tls_client_auth"}`, "invalid_client_metadata"},
		"no name":          {`"tls_client_auth"}`, "invalid_client_metadata"},
		"two names":        {`"tls_client_auth","tls_client_auth_san_dns":"x","tls_client_auth_subject_dn":"CN=x"}`, "invalid_client_metadata"},
		"name is a number": {`"tls_client_auth","tls_client_auth_san_dns":1}`, "invalid_client_metadata"},
	}
	as := newServer(t, flowstest.ServerConfig{AuthMethods: []string{
		"private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth",
	}})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := send(t, as.Client(), "POST", as.Endpoint("register"), "application/json", start+test.rest, nil)
			if test.want != "" {
				a.expect(t, 400, test.want)
				return
			}
			a.expect(t, 201, "")
			if secret := a.text("client_secret"); (secret != "") != (name == "secret") {
				t.Errorf("answer %s", a.body)
			}
		})
	}
}
