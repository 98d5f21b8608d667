package flows_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// TOK-2: which algorithm goes with which key.
func TestClientKeyAlgorithm(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}}
	for _, tt := range []struct {
		key  flows.ClientKey
		want string // "" is an error
	}{
		{flows.ClientKey{Signer: signingKey("ES256").Signer()}, "ES256"},
		{flows.ClientKey{Signer: signingKey("ES384").Signer()}, "ES384"},
		{flows.ClientKey{Signer: signingKey("EdDSA").Signer()}, "EdDSA"},
		{flows.ClientKey{Signer: signingKey("RS256").Signer()}, "RS256"},
		{flows.ClientKey{Signer: signingKey("RS256").Signer(), Algorithm: "PS256"}, "PS256"},
		{flows.ClientKey{Signer: signingKey("ES256").Signer(), Algorithm: "ES256"}, "ES256"},
		{flows.ClientKey{Signer: signingKey("ES256").Signer(), Algorithm: "ES384"}, ""},
		{flows.ClientKey{Signer: signingKey("ES256").Signer(), Algorithm: "EdDSA"}, ""},
		{flows.ClientKey{Signer: signingKey("EdDSA").Signer(), Algorithm: "ES256"}, ""},
		{flows.ClientKey{Signer: signingKey("RS256").Signer(), Algorithm: "none"}, ""},
		{flows.ClientKey{Signer: signingKey("RS256").Signer(), Algorithm: "HS256"}, ""},
		{flows.ClientKey{Signer: signingKey("RS256").Signer(), Algorithm: "rs256"}, ""},
		{flows.ClientKey{Signer: p224}, ""},
		{flows.ClientKey{Signer: short}, ""},
		{flows.ClientKey{}, ""},
	} {
		key := tt.key
		jwk, err := key.JSONWebKey()
		var refused *flows.ClientAuthError
		switch {
		case tt.want == "" && (!errors.As(err, &refused) || refused.Method != flows.AuthMethodPrivateKeyJWT):
			t.Errorf("%v: %v, %v", &tt.key, jwk, err)
		case tt.want != "" && (err != nil || jwk.Alg != tt.want || jwk.Use != "sig"):
			t.Errorf("%v: %v, %v", &tt.key, jwk, err)
		}
	}
}

// REG-2: what is published is public.
func TestPublicKeySet(t *testing.T) {
	keys := []*flows.ClientKey{clientKey("ES256"), clientKey("RS256"), clientKey("EdDSA")}
	set, err := flows.PublicKeySet(keys...)
	if err != nil || len(set.Keys) != 3 {
		t.Fatalf("%v, %v", set, err)
	}
	for i, key := range set.Keys {
		if key.D+key.P+key.Q+key.DP+key.DQ+key.QI+key.K != "" || key.Kid != keys[i].KeyID || key.Kty == "" {
			t.Errorf("%v", key)
		}
	}
	metadata := &gen.ClientMetadata{ClientName: "x", RedirectURIs: []string{loopbackRedirect}, TokenEndpointAuthMethod: "private_key_jwt", ApplicationType: "native", JWKS: set}
	if found := validate.ClientMetadata(metadata).Refuses(validate.UseRegistration); found != nil {
		t.Error(found)
	}
	if empty, err := flows.PublicKeySet(); err != nil || encodeSet(t, empty) != `{"keys":[]}` {
		t.Errorf("%v, %v", empty, err)
	}
	if _, err := flows.PublicKeySet(&flows.ClientKey{}); err == nil {
		t.Error("a set of no key")
	}
}

func encodeSet(t *testing.T, set *gen.JSONWebKeySet) string {
	t.Helper()
	text, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TOK-2: x5t names the certificate as the server computes it.
func TestCertificateThumbprints(t *testing.T) {
	pair := flowstest.NewSelfSignedCertificate("me")
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	short, long := flows.CertificateThumbprints(certificate)
	for text, size := range map[string]int{short: 20, long: 32} {
		if sum, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(sum) != size {
			t.Errorf("%q: %v", text, err)
		}
	}
	if set := string(flowstest.CertificateKeySet(pair)); strings.Contains(set, "x5t#S256") && !strings.Contains(set, long) {
		t.Errorf("%s is not in %s", long, set)
	}
}

// STORE-4: whatever holds a key or an assertion prints nothing of it.
func TestGrantValuesPrintRedacted(t *testing.T) {
	key := clientKey("ES256")
	private, ok := key.Signer.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatal("no ECDSA key")
	}
	scalar, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	auth := flows.ClientAuth{ClientID: "me", Secret: "t0ps3cret", Method: flows.AuthMethodPrivateKeyJWT, Key: key}
	request := flows.TokenRequest{Endpoint: "https://as.example.com/token", Auth: auth}
	token := gen.TokenResponse{AccessToken: "t0ps3cret"}
	secrets := []string{
		"t0ps3cret", new(big.Int).SetBytes(scalar).String(), fmt.Sprintf("%x", scalar), base64.RawURLEncoding.EncodeToString(scalar),
		fmt.Sprintf("%x", "t0ps3cret"), strings.Trim(fmt.Sprint([]byte("t0ps3cret")), "[]"),
	}
	for _, v := range []any{
		auth, &auth, *key, key, request, &request,
		flows.ClientCredentialsRequest{TokenRequest: request},
		flows.JWTBearerRequest{TokenRequest: request},
		flows.ExchangeRequest{TokenRequest: request, SubjectToken: "t0ps3cret", ActorToken: "t0ps3cret"},
		flows.IDJAGRequest{TokenRequest: request, Subject: flows.SubjectToken{Token: "t0ps3cret"}},
		flows.IDJAG{Assertion: "t0ps3cret", Response: &token},
		flows.IDJAGTokenRequest{TokenRequest: request, Grant: &flows.IDJAG{Assertion: "t0ps3cret"}},
		flows.EnterpriseRequest{TokenRequest: request, IdentityProviderAuth: auth},
		flows.DeviceRequest{TokenRequest: request},
		flows.DeviceTokenRequest{TokenRequest: request, Device: &flows.DeviceAuthorization{DeviceCode: "t0ps3cret"}},
		flows.DeviceAuthorization{DeviceCode: "t0ps3cret", Response: &gen.DeviceAuthorizationResponse{DeviceCode: "t0ps3cret"}},
		flows.RevokeRequest{Auth: auth, RefreshToken: "t0ps3cret", AccessToken: "t0ps3cret"},
		flows.IntrospectRequest{Auth: auth, Token: "t0ps3cret"},
		flows.RegisterRequest{InitialAccessToken: "t0ps3cret"},
		flows.ClientRequest{InitialAccessToken: "t0ps3cret", PreRegistered: &gen.ClientInformation{ClientSecret: "t0ps3cret"}},
		flows.ManageRequest{Client: &gen.ClientInformation{ClientSecret: "t0ps3cret", RegistrationAccessToken: "t0ps3cret"}},
		flows.AuthorizeRequest{Auth: auth},
		flows.ClientAuthRequest{Client: &gen.ClientInformation{ClientSecret: "t0ps3cret"}, Key: key},
	} {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) { expectNoSecrets(t, v, secrets) })
	}
}
