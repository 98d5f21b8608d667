// Clients: what the tests register.

package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// codeClient is a native program with a person.
func codeClient(method string) gen.ClientMetadata {
	return gen.ClientMetadata{
		RedirectURIs: []string{"http://127.0.0.1:1/callback"}, TokenEndpointAuthMethod: method,
		GrantTypes: []string{flows.GrantAuthorizationCode, flows.GrantRefreshToken},
	}
}

// machineClient is a program that acts for itself. It has no redirect URIs and
// no response types: the empty lists say so.
func machineClient(method string) gen.ClientMetadata {
	return gen.ClientMetadata{
		RedirectURIs: []string{}, ResponseTypes: []string{}, TokenEndpointAuthMethod: method,
		GrantTypes: []string{flows.GrantClientCredentials},
	}
}

// deviceClient is a program whose person has another device.
func deviceClient() gen.ClientMetadata {
	return gen.ClientMetadata{
		RedirectURIs: []string{}, ResponseTypes: []string{}, TokenEndpointAuthMethod: flows.AuthMethodNone,
		GrantTypes: []string{flows.GrantDeviceCode, flows.GrantRefreshToken},
	}
}

// algorithms are those of the keys that the tests sign with.
var algorithms = []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"}

func newKey(t *testing.T, algorithm string) *flows.ClientKey {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &flows.ClientKey{Signer: key, Algorithm: algorithm, KeyID: "key of " + t.Name()}
}

// keyClient is a machine client that signs with key.
func keyClient(t *testing.T, key *flows.ClientKey) gen.ClientMetadata {
	t.Helper()
	metadata := machineClient(flows.AuthMethodPrivateKeyJWT)
	metadata.TokenEndpointAuthSigningAlg = key.Algorithm
	metadata.JWKS = publicKeys(t, key)
	return metadata
}

func publicKeys(t *testing.T, key *flows.ClientKey) *gen.JSONWebKeySet {
	t.Helper()
	keys, err := flows.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// credentials are those of a registered client.
func (w *world) credentials(client *gen.ClientInformation) *sdk.Credentials {
	return &sdk.Credentials{
		ClientID: client.ClientID, ClientSecret: client.ClientSecret, Issuer: w.issuer,
		TokenEndpointAuthMethod: client.TokenEndpointAuthMethod,
	}
}

// machine turns a configuration into that of a machine client.
func (w *world) machine(client *gen.ClientInformation, key *flows.ClientKey) func(*sdk.Config) {
	return func(c *sdk.Config) {
		c.Authorizer, c.Grant, c.Credentials, c.ClientKey = nil, sdk.ClientCredentials{}, w.credentials(client), key
	}
}
