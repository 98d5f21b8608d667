package sdk

import (
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// fullConfig has something in each field that refers to something.
func fullConfig(as *flowstest.AuthorizationServer) Config {
	return Config{
		Paths:          []string{"/messages"},
		Credentials:    &Credentials{ClientID: "app", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}},
		ClientMetadata: &gen.ClientMetadata{ClientName: "app", Contacts: []string{"a"}, JWKS: &gen.JSONWebKeySet{Keys: []gen.JSONWebKey{{Kty: "EC", KeyOps: []string{"sign"}}}}},
		ClientKey:      &flows.ClientKey{Algorithm: "ES256"},
		DPoPKey:        &flows.DPoPKey{},
		Grant: EnterpriseManaged{
			Auth: flows.ClientAuth{Key: &flows.ClientKey{Algorithm: "ES256"}}, Params: url.Values{"audience": {"a"}},
		},
		Metadata:            &gen.AuthorizationServerMetadata{Issuer: as.Issuer(), ScopesSupported: []string{"a"}},
		IssuerAliases:       map[string]string{"https://a.example": "https://b.example"},
		AuthorizationParams: url.Values{"audience": {"a"}}, TokenParams: url.Values{"audience": {"a"}},
		AllowInsecureHTTP: []string{"http://a.example"}, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		PKCEUnadvertised: []string{"https://a.example"},
		HTTPClient:       &http.Client{}, Trace: &flows.Trace{},
	}
}

// What a Config refers to is copied, so that its owner may go on using it. A
// field that is new must be copied too, or be listed here with a reason.
func TestConfigIsCopied(t *testing.T) {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	defer as.Close()
	given := fullConfig(as)
	shared := map[string]string{
		"Authorizer": "an interface, safe for concurrent use", "Store": "an interface, safe for concurrent use",
		"Logger": "immutable", "DPoPKey": "immutable",
	}
	held := newCore(&given).cfg
	from, to := reflect.ValueOf(given), reflect.ValueOf(held)
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		if refers(from.Field(i).Type()) && shared[name] == "" && from.Field(i).IsZero() {
			t.Errorf("%s: not in fullConfig", name)
		}
		if shared[name] == "" {
			wantApart(t, name, from.Field(i), to.Field(i))
		}
	}
	if !reflect.DeepEqual(given, held) {
		t.Errorf("the copy %+v is not equal to %+v", held, given)
	}
}

// A grant is set by value: what its owner may change through a pointer is
// refused, and so is what only contains a grant.
func TestGrantByValue(t *testing.T) {
	for name, grant := range map[string]Grant{
		"a pointer":        &StaticBearer{Token: "x"},
		"a nil pointer":    (*ClientCredentials)(nil),
		"a type around it": struct{ StaticBearer }{StaticBearer{Token: "x"}},
	} {
		if _, err := New(Config{Resource: "https://mcp.example.com/mcp", Grant: grant}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := New(Config{Resource: "https://mcp.example.com/mcp", Grant: StaticBearer{Token: "x"}}); err != nil {
		t.Error(err)
	}
}

func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// wantApart reports memory that two values share.
func wantApart(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Interface:
		wantApart(t, path, a.Elem(), b.Elem())
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared with the caller", path)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		if !a.IsNil() {
			wantApart(t, path, a.Elem(), b.Elem())
		}
	case reflect.Slice:
		for i := range a.Len() {
			wantApart(t, path, a.Index(i), b.Index(i))
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			wantApart(t, path, a.MapIndex(key), b.MapIndex(key))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if field := a.Type().Field(i); field.IsExported() {
				wantApart(t, path+"."+field.Name, a.Field(i), b.Field(i))
			}
		}
	}
}

// A Config is its owner's to change while clients made of it are at work; the
// race detector sees it.
func TestConfigChangedAfterNew(t *testing.T) {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}})
	defer rs.Close()
	cfg := fullConfig(as)
	cfg.Authorizer = script(as.Authorize)
	cfg.Credentials, cfg.ClientKey, cfg.DPoPKey, cfg.Grant, cfg.Metadata = nil, nil, nil, nil, nil
	cfg.ClientMetadata.JWKS = nil
	cfg.HTTPClient.Transport = http.DefaultTransport
	pool, err := NewPool(cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var group sync.WaitGroup
	defer group.Wait()
	stop := make(chan struct{})
	defer close(stop)
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			cfg.Paths[0], cfg.AllowInsecureHTTP[0], cfg.PKCEUnadvertised[0] = "/", "http://b.example", "https://b.example"
			cfg.AllowNetworks[0] = netip.MustParsePrefix("0.0.0.0/0")
			cfg.ClientMetadata.ClientName, cfg.ClientMetadata.Contacts[0] = "changed", "changed"
			cfg.IssuerAliases["https://a.example"] = "changed"
			cfg.AuthorizationParams.Set("audience", "changed")
			cfg.TokenParams.Set("audience", "changed")
			cfg.HTTPClient.Transport, cfg.Trace.Decision = nil, nil
		}
	})
	for _, subject := range []string{"alice", "bob"} {
		client, err := pool.Client(subject, rs.URL())
		if err != nil {
			t.Fatal(err)
		}
		get(t, client.HTTPClient(), rs.URL())
	}
	for _, r := range as.RequestsOf("authorize") {
		if r.Param("audience") != "a" {
			t.Errorf("audience %q, want what the pool was made with", r.Param("audience"))
		}
	}
}
