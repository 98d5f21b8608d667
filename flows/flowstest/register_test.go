package flowstest_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

func registerClient(t *testing.T, as *flowstest.AuthorizationServer, body string) answer {
	t.Helper()
	return send(t, as.Client(), http.MethodPost, as.Endpoint("register"), "application/json", body, nil)
}

// REG-4, REG-9: what a strict registration endpoint takes and refuses.
func TestRegistration(t *testing.T) {
	const metadata, redirect = "invalid_client_metadata", "invalid_redirect_uri"
	tests := map[string]struct {
		body string
		want string
	}{
		"web":                {`{"redirect_uris":["https://c.example.com/cb"]}`, ""},
		"native loopback":    {`{"application_type":"native","redirect_uris":["http://127.0.0.1:1/cb","http://localhost/cb","http://[::1]/"]}`, ""},
		"native claimed":     {`{"application_type":"native","redirect_uris":["https://c.example.com/cb"]}`, ""},
		"native private":     {`{"application_type":"native","redirect_uris":["com.example.app:/cb"]}`, ""},
		"public":             {`{"redirect_uris":["https://c.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}`, ""},
		"unknown member":     {`{"redirect_uris":["https://c.example.com/cb"],"x":{"y":[1]}}`, ""},
		"web loopback":       {`{"redirect_uris":["http://127.0.0.1:1/cb"]}`, redirect},
		"web localhost":      {`{"application_type":"web","redirect_uris":["https://localhost/cb"]}`, redirect},
		"web private":        {`{"redirect_uris":["com.example.app:/cb"]}`, redirect},
		"native http":        {`{"application_type":"native","redirect_uris":["http://c.example.com/cb"]}`, redirect},
		"native short":       {`{"application_type":"native","redirect_uris":["app:/cb"]}`, redirect},
		"script":             {`{"application_type":"native","redirect_uris":["javascript:alert(1)"]}`, redirect},
		"fragment":           {`{"redirect_uris":["https://c.example.com/cb#"]}`, redirect},
		"user":               {`{"redirect_uris":["https://u@c.example.com/cb"]}`, redirect},
		"relative":           {`{"redirect_uris":["/cb"]}`, redirect},
		"no redirect URI":    {`{}`, redirect},
		"empty list":         {`{"redirect_uris":[]}`, redirect},
		"other type":         {`{"application_type":"desktop","redirect_uris":["https://c.example.com/cb"]}`, metadata},
		"null":               {`{"redirect_uris":["https://c.example.com/cb"],"scope":null}`, metadata},
		"empty":              {`{"redirect_uris":["https://c.example.com/cb"],"client_name":""}`, metadata},
		"wrong type":         {`{"redirect_uris":["https://c.example.com/cb"],"client_name":1}`, metadata},
		"string for list":    {`{"redirect_uris":"https://c.example.com/cb"}`, metadata},
		"number in list":     {`{"redirect_uris":[1]}`, metadata},
		"duplicate":          {`{"redirect_uris":["https://c.example.com/cb"],"redirect_uris":["https://c.example.com/cb"]}`, metadata},
		"array":              {`[]`, metadata},
		"null document":      {`null`, metadata},
		"no JSON":            {`client_name=x`, metadata},
		"bad scope":          {`{"redirect_uris":["https://c.example.com/cb"],"scope":"a  b"}`, metadata},
		"unknown method":     {`{"redirect_uris":["https://c.example.com/cb"],"token_endpoint_auth_method":"x"}`, metadata},
		"unknown grant":      {`{"redirect_uris":["https://c.example.com/cb"],"grant_types":["implicit"]}`, metadata},
		"unknown response":   {`{"redirect_uris":["https://c.example.com/cb"],"response_types":["token"]}`, metadata},
		"grant, no response": {`{"redirect_uris":["https://c.example.com/cb"],"grant_types":["authorization_code"],"response_types":[]}`, metadata},
		"response, no grant": {`{"grant_types":["refresh_token"],"response_types":["code"]}`, metadata},
		"two key sets":       {`{"redirect_uris":["https://c.example.com/cb"],"jwks":{"keys":[]},"jwks_uri":"https://c.example.com/jwks"}`, metadata},
		"bad logo":           {`{"redirect_uris":["https://c.example.com/cb"],"logo_uri":"javascript:alert(1)"}`, metadata},
		"own id":             {`{"redirect_uris":["https://c.example.com/cb"],"client_id":"x"}`, metadata},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{})
			a := registerClient(t, as, test.body)
			if test.want != "" {
				a.expect(t, http.StatusBadRequest, test.want)
				return
			}
			a.expect(t, http.StatusCreated, "")
			if a.text("client_id") == "" || a.json["client_id_issued_at"] == nil || a.json["application_type"] == nil || a.json["grant_types"] == nil {
				t.Errorf("answer %s", a.body)
			}
			if secret := a.text("client_secret") != ""; secret == (a.text("token_endpoint_auth_method") == "none") {
				t.Errorf("answer %s", a.body)
			}
		})
	}
}

// REG-10: the initial access token.
func TestInitialAccessToken(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{InitialAccessToken: "secret"})
	const body = `{"redirect_uris":["https://c.example.com/cb"]}`
	registerClient(t, as, body).expect(t, http.StatusUnauthorized, "invalid_token")
	header := http.Header{"Authorization": {"Bearer secret"}}
	send(t, as.Client(), "POST", as.Endpoint("register"), "application/json", body, header).expect(t, http.StatusCreated, "")
	send(t, as.Client(), "POST", as.Endpoint("register"), "text/plain", body, header).expect(t, 400, "invalid_client_metadata")
}

// REG-9: refusals by application type and scope.
func TestRegisterHook(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Register: flowstest.RefuseApplicationType("native")})
	registerClient(t, as, `{"application_type":"native","redirect_uris":["https://c.example.com/cb"]}`).expect(t, 400, "invalid_redirect_uri")
	registerClient(t, as, `{"redirect_uris":["https://c.example.com/cb"]}`).expect(t, 201, "")
	as.Configure(func(c *flowstest.ServerConfig) { c.Register = flowstest.RefuseScope() })
	registerClient(t, as, `{"scope":"a","redirect_uris":["https://c.example.com/cb"]}`).expect(t, 400, "invalid_client_metadata")
	registerClient(t, as, `{"redirect_uris":["https://c.example.com/cb"]}`).expect(t, 201, "")
}

// A registered client can log in; REG-5: with the values that were answered.
func TestRegisteredClient(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{
		RegistrationStatus: 200, RegistrationSecretLife: time.Hour,
		Registration: flowstest.Edits(
			flowstest.With("token_endpoint_auth_method", "client_secret_post"), flowstest.With("client_uri", nil),
		),
	})
	request, err := json.Marshal(map[string]any{"redirect_uris": []string{redirectURI}, "client_name": "Test"})
	if err != nil {
		t.Fatal(err)
	}
	client := registerClient(t, as, string(request)).expect(t, http.StatusOK, "")
	if _, ok := client.json["client_uri"]; !ok || client.json["client_secret_expires_at"].(float64) < 1 {
		t.Errorf("answer %s", client.body)
	}
	id, secret := client.text("client_id"), client.text("client_secret")
	code := callback(t, as, authorizationForm("client_id", id)).Get("code")
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	postBasic(t, as, "token", pair, codeForm(code, "client_id", "")).expect(t, 401, "invalid_client")
	token := post(t, as, "token", codeForm(code, "client_id", id, "client_secret", secret)).expect(t, 200, "")
	if token.json["refresh_token"] != nil {
		t.Error("a refresh token for a client without the grant")
	}
	if list := as.Clients(); len(list) != 2 || !list[0].Dynamic || list[0].Name != "Test" {
		t.Errorf("clients %+v", list)
	}
	as.RemoveClient(id)
	post(t, as, "token", codeForm(code, "client_id", id, "client_secret", secret)).expect(t, 401, "invalid_client")
}

func TestRegistrationDisabled(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{DisableRegistration: true})
	registerClient(t, as, `{"redirect_uris":["https://c.example.com/cb"]}`).expect(t, 404, "")
	if a := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server"); strings.Contains(a.body, "registration_endpoint") {
		t.Errorf("metadata %s", a.body)
	}
}

// REG-2: clients that are described at their own URL.
func TestClientIDDocument(t *testing.T) {
	const id = "https://client.example.com/client.json"
	right := `{"client_id":"` + id + `","client_name":"Test","redirect_uris":["` + redirectURI + `"]}`
	tests := map[string]struct {
		id, document string
		disabled     bool
		want         bool
	}{
		"right":         {id: id, document: right, want: true},
		"disabled":      {id: id, document: right, disabled: true},
		"other id":      {id: id + "?x", document: right},
		"http":          {id: strings.Replace(id, "https", "http", 1), document: right},
		"no path":       {id: "https://client.example.com/", document: strings.ReplaceAll(right, "client.json", "")},
		"fragment":      {id: id + "#", document: strings.ReplaceAll(right, "client.json", "client.json#")},
		"dot segment":   {id: "https://client.example.com/../client.json", document: strings.ReplaceAll(right, "/client.json", "/../client.json")},
		"no name":       {id: id, document: strings.Replace(right, "Test", "", 1)},
		"no redirects":  {id: id, document: `{"client_id":"` + id + `","client_name":"Test"}`},
		"secret":        {id: id, document: strings.Replace(right, "{", `{"client_secret":"x",`, 1)},
		"secret method": {id: id, document: strings.Replace(right, "{", `{"token_endpoint_auth_method":"client_secret_post",`, 1)},
		"duplicate":     {id: id, document: strings.Replace(right, "{", `{"client_id":"x",`, 1)},
		"no JSON":       {id: id, document: "<html>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{
				DisableClientIDDocuments: test.disabled, ClientIDDocuments: map[string]string{test.id: test.document},
			})
			form := authorizationForm("client_id", test.id)
			if !test.want {
				if _, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode()); err == nil {
					t.Error("accepted")
				}
				return
			}
			code := callback(t, as, form).Get("code")
			post(t, as, "token", codeForm(code, "client_id", test.id)).expect(t, 200, "")
		})
	}
}

// A document that is not in the configuration is fetched, without following
// redirects.
func TestClientIDDocumentFetched(t *testing.T) {
	var origin string
	host := flowstest.NewResource(flowstest.ResourceConfig{
		TLS: true, Hostname: "client.example.com",
		Fault: func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/moved.json" {
				return flowstest.RedirectTo(302, "/client.json?as=/moved.json")(kind, n, w, r)
			}
			id := origin + cmp.Or(r.URL.Query().Get("as"), r.URL.Path)
			body := `{"client_id":"` + id + `","client_name":"Test","redirect_uris":["` + redirectURI + `"]}`
			return flowstest.Answer(200, "application/json", body)(kind, n, w, r)
		},
	})
	defer host.Close()
	origin = host.URL()
	id := origin + "/client.json"
	as := newServer(t, flowstest.ServerConfig{})
	code := callback(t, as, authorizationForm("client_id", id)).Get("code")
	post(t, as, "token", codeForm(code, "client_id", id)).expect(t, 200, "")
	if list := as.Clients(); len(list) != 2 || !list[0].Document {
		t.Errorf("clients %+v", list)
	}
	form := authorizationForm("client_id", origin+"/moved.json")
	if _, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode()); err == nil {
		t.Error("a redirect was followed")
	}
}
