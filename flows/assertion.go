// Client assertion: the signed JWT by which a client authenticates.

package flows

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// assertionType is the value of client_assertion_type.
//
// https://www.rfc-editor.org/rfc/rfc7523.html#section-2.2
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// An assertion lives for assertionLife: it is made when it is sent. It is dated
// back a little, since a clock that is some seconds fast would otherwise make
// tokens of the future, which strict servers refuse.
const (
	assertionLife = 60 * time.Second
	assertionLead = 5 * time.Second
)

// assertionClaims are the claims of RFC 7523 §3. The audience is one string:
// servers that take only one value need not look into lists.
type assertionClaims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	ID        string `json:"jti"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

// assert signs a new assertion and puts it into a request. client_id stays out:
// the subject of the assertion names the client.
//
// https://www.rfc-editor.org/rfc/rfc7523.html#section-3
func (a ClientAuth) assert(ctx context.Context, form url.Values) error {
	now := time.Now().Add(-assertionLead)
	claims, err := json.Marshal(assertionClaims{
		Issuer: a.ClientID, Subject: a.ClientID, Audience: a.audience(), ID: randomString(16),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return err
	}
	assertion, err := a.sign(ctx, claims)
	if err != nil {
		return &ClientAuthError{Method: a.Method, Reason: "the assertion cannot be signed", Err: err}
	}
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", assertion)
	return nil
}

// sign makes a JWT in compact form.
//
// https://www.rfc-editor.org/rfc/rfc7515.html#section-7.1
func (a ClientAuth) sign(ctx context.Context, claims []byte) (string, error) {
	options := (&jose.SignerOptions{}).WithType("JWT")
	key := jose.SigningKey{Algorithm: jose.HS256, Key: []byte(a.Secret.Reveal())}
	if a.Method == AuthMethodPrivateKeyJWT {
		algorithm, err := a.Key.algorithm()
		if err != nil {
			return "", err
		}
		key = jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: a.Key.opaque(ctx)}
		for name, value := range map[jose.HeaderKey]string{"kid": a.Key.KeyID, "x5t": a.Key.X5T, "x5t#S256": a.Key.X5TS256} {
			if value != "" {
				options = options.WithHeader(name, value)
			}
		}
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func (a ClientAuth) audience() string {
	if a.Audience != "" {
		return a.Audience
	}
	return a.Issuer
}

// canAssert says whether an assertion can be made at all.
func (a ClientAuth) canAssert() error {
	_, err := a.assertionAlgorithm()
	return err
}

// canSign says whether a server can verify what this method signs, as far as it
// tells: an empty list of algorithms says nothing.
func (a ClientAuth) canSign(listed []string) error {
	if a.Method != AuthMethodPrivateKeyJWT && a.Method != AuthMethodSecretJWT {
		return nil
	}
	algorithm, err := a.assertionAlgorithm()
	if err != nil {
		return err
	}
	if len(listed) > 0 && !slices.Contains(listed, algorithm) {
		return &ClientAuthError{Method: a.Method, Algorithm: algorithm,
			Reason: "the server does not list it: it takes " + bounded(strings.Join(listed, " "))}
	}
	return nil
}

func (a ClientAuth) assertionAlgorithm() (string, error) {
	refuse := func(reason string) (string, error) { return "", &ClientAuthError{Method: a.Method, Reason: reason} }
	switch {
	case a.ClientID == "":
		return refuse("it needs a client id")
	case a.audience() == "":
		return refuse("it needs the issuer of the server, or another audience")
	case a.Method == AuthMethodPrivateKeyJWT:
		return a.Key.algorithm()
	}
	return string(jose.HS256), nil
}
