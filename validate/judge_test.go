// Helpers of the tests: judge any kind of document from its bytes.

package validate

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// subject is a document with what it is judged by.
type subject struct {
	kind      string // prm, asm, client, dcr, cimd, token or callback
	expected  string // the URL in use, the issuer asked for, ...
	requested *gen.ClientMetadata
	want      CallbackExpectation
	opts      []Option
}

// judge decodes and judges. A document that cannot be decoded gives the one
// violation of its *Error.
func (s subject) judge(data []byte) Violations {
	switch s.kind {
	case "prm":
		return judgeAs(data, s.opts, func(d *gen.ProtectedResourceMetadata, o ...Option) Violations {
			return ProtectedResource(d, s.expected, o...)
		})
	case "asm":
		return judgeAs(data, s.opts, func(d *gen.AuthorizationServerMetadata, o ...Option) Violations {
			return AuthorizationServer(d, s.expected, o...)
		})
	case "client":
		return judgeAs(data, s.opts, ClientMetadata)
	case "dcr":
		return judgeAs(data, s.opts, func(d *gen.ClientInformation, o ...Option) Violations {
			return ClientInformation(d, s.requested, o...)
		})
	case "cimd":
		return judgeAs(data, s.opts, func(d *gen.ClientIDMetadataDocument, o ...Option) Violations {
			return ClientIDDocument(d, s.expected, o...)
		})
	case "state":
		return Bytes(KindState, data, s.opts...)
	case "token":
		return judgeAs(data, s.opts, Token)
	case "error":
		return judgeAs(data, s.opts, ErrorResponse)
	case "callback":
		return judgeAs(data, s.opts, func(d *gen.AuthorizationResponse, o ...Option) Violations {
			return Callback(d, s.want, o...)
		})
	}
	panic("no such kind: " + s.kind)
}

func judgeAs[T Document](data []byte, opts []Option, judge func(*T, ...Option) Violations) Violations {
	var report gen.Report
	doc, err := Decode[T](data, &report)
	if failure := (*Error)(nil); errors.As(err, &failure) {
		return failure.Violations
	}
	return judge(doc, append([]Option{WithReport(report), WithSource(data)}, opts...)...)
}

// object is a JSON object under construction.
type object map[string]any

// without is the value of a member that is taken away.
type without struct{}

// with returns a copy with members changed or taken away.
func (o object) with(changes object) object {
	changed := maps.Clone(o)
	for name, value := range changes {
		if _, gone := value.(without); gone {
			delete(changed, name)
		} else {
			changed[name] = value
		}
	}
	return changed
}

func (o object) bytes(t *testing.T) []byte {
	t.Helper()
	return []byte(o.text())
}

func (o object) text() string {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err) // the tests build objects that marshal
	}
	return string(data)
}

type list []any

// The documents that mutations start from: conforming ones, written for these tests.
var (
	goodResource = object{
		"resource":                 "https://mcp.example.com/mcp",
		"authorization_servers":    list{"https://as.example.com"},
		"jwks_uri":                 "https://mcp.example.com/jwks.json",
		"scopes_supported":         list{"files:read", "files:write"},
		"bearer_methods_supported": list{"header"},
		"resource_name":            "Example",
		"resource_documentation":   "https://docs.example.com/mcp",
		"x-vendor":                 object{"depth": 1},
	}
	goodServer = object{
		"issuer":                                "https://as.example.com",
		"authorization_endpoint":                "https://as.example.com/authorize?tenant=1",
		"token_endpoint":                        "https://as.example.com/token",
		"jwks_uri":                              "https://as.example.com/jwks.json",
		"registration_endpoint":                 "https://as.example.com/register",
		"scopes_supported":                      list{"openid", "files:read"},
		"response_types_supported":              list{"code"},
		"response_modes_supported":              list{"query"},
		"grant_types_supported":                 list{"authorization_code", "refresh_token", deviceGrantURN},
		"token_endpoint_auth_methods_supported": list{"none", "client_secret_basic", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": list{"RS256"},
		"revocation_endpoint":                              "https://as.example.com/revoke",
		"introspection_endpoint":                           "https://as.example.com/introspect",
		"pushed_authorization_request_endpoint":            "https://as.example.com/par",
		"device_authorization_endpoint":                    "https://as.example.com/device",
		"userinfo_endpoint":                                "https://as.example.com/userinfo",
		"code_challenge_methods_supported":                 list{"S256"},
		"authorization_response_iss_parameter_supported":   true,
		"client_id_metadata_document_supported":            true,
		"claims_supported":                                 list{"sub"},
		"subject_types_supported":                          list{"public"},
		"id_token_signing_alg_values_supported":            list{"RS256"},
		"mtls_endpoint_aliases":                            object{"token_endpoint": "https://mtls.as.example.com/token"},
	}
	goodClient = object{
		"client_name":                "Example",
		"client_uri":                 "https://app.example.com/",
		"redirect_uris":              list{"http://127.0.0.1:4711/callback"},
		"grant_types":                list{"authorization_code", "refresh_token"},
		"response_types":             list{"code"},
		"token_endpoint_auth_method": "none",
		"application_type":           "native",
		"scope":                      "files:read files:write",
	}
	goodInformation = goodClient.with(object{
		"client_id":                  "s6BhdRkqt3",
		"client_secret":              "hunter2-hunter2",
		"client_secret_expires_at":   0,
		"token_endpoint_auth_method": "client_secret_basic",
		"registration_client_uri":    "https://as.example.com/register/s6BhdRkqt3",
		"registration_access_token":  "hunter3-hunter3",
	})
	goodDocument = goodClient.with(object{"client_id": "https://app.example.com/client.json"})
	goodToken    = object{
		"access_token":  "hunter2-hunter2",
		"token_type":    "Bearer",
		"expires_in":    3600,
		"refresh_token": "hunter3-hunter3",
		"scope":         "files:read",
	}
)

var goodError = object{
	"error": "invalid_grant", "error_description": "The code was used before", "error_uri": "https://docs.example.com/errors#1",
}

var goodSubjects = map[string]struct {
	subject
	document object
}{
	"prm":    {subject{kind: "prm", expected: "https://mcp.example.com/mcp"}, goodResource},
	"asm":    {subject{kind: "asm", expected: "https://as.example.com"}, goodServer},
	"client": {subject{kind: "client"}, goodClient},
	"dcr": {subject{kind: "dcr", requested: &gen.ClientMetadata{
		RedirectURIs: []string{"http://127.0.0.1:4711/callback"}}}, goodInformation},
	"cimd":  {subject{kind: "cimd", expected: "https://app.example.com/client.json"}, goodDocument},
	"token": {subject{kind: "token"}, goodToken},
	"error": {subject{kind: "error"}, goodError},

	"session":  {subject{kind: "state"}, modelObject("session")},
	"pending":  {subject{kind: "state"}, modelObject("pending")},
	"document": {subject{kind: "state"}, modelObject("document")},
	"record": {subject{kind: "state"}, object{"version": 1, "generation": 1, "registered_at": "2026-08-01T12:00:00Z",
		"issuer": "https://as.example.com", "client": object{"client_id": "s6BhdRkqt3"}}},
}

func modelObject(name string) (o object) {
	if err := json.Unmarshal([]byte(models[name].text), &o); err != nil {
		panic(err) // the models are JSON
	}
	return o
}

func TestGoodDocumentsHaveNoViolations(t *testing.T) {
	for name, good := range goodSubjects {
		if found := good.judge(good.document.bytes(t)); len(found) != 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
