package sdk

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// REG-8: what makes another try with the store's registration worth while, and
// what keeps it from being forgotten.
func TestSameCredentials(t *testing.T) {
	client := func(id, secret, method string) *gen.ClientInformation {
		return &gen.ClientInformation{ClientID: id, ClientSecret: gen.Secret(secret), TokenEndpointAuthMethod: method}
	}
	const basic, post = "client_secret_basic", "client_secret_post"
	for name, tt := range map[string]struct {
		a, b *gen.ClientInformation
		want bool
	}{
		"equal":            {client("a", "s", basic), client("a", "s", basic), true},
		"another client":   {client("a", "s", basic), client("b", "s", basic), false},
		"another secret":   {client("a", "s", basic), client("a", "t", basic), false},
		"a longer secret":  {client("a", "s", basic), client("a", "ss", basic), false},
		"another method":   {client("a", "s", basic), client("a", "s", post), false},
		"no method named":  {client("a", "s", basic), client("a", "s", ""), true},
		"no client at all": {nil, nil, false},
		"one of two":       {client("a", "s", basic), nil, false},
	} {
		if sameCredentials(tt.a, tt.b) != tt.want || sameCredentials(tt.b, tt.a) != tt.want {
			t.Errorf("%s: want %v", name, tt.want)
		}
	}
}
