// The grants of the suite's extension scenarios.

package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// extension is what the suite says about a scenario of an extension.
type extension struct {
	PrivateKeyPEM    gen.Secret `json:"private_key_pem"`
	SigningAlgorithm string     `json:"signing_algorithm"`
	IDPClientID      string     `json:"idp_client_id"`
	IDPToken         gen.Secret `json:"idp_id_token"`
	IDPTokenEndpoint string     `json:"idp_token_endpoint"`
	WorkloadJWT      gen.Secret `json:"valid_jwt"`
}

// applyGrant turns the configuration into that of a machine, a workload or an
// enterprise's client.
func applyGrant(config *sdk.Config, s scenario) error {
	switch s.name {
	case "auth/client-credentials-basic":
		config.Grant = sdk.ClientCredentials{}
	case "auth/client-credentials-jwt":
		signer, err := signerOf(s.PrivateKeyPEM)
		if err != nil {
			return err
		}
		config.Grant = sdk.ClientCredentials{}
		config.ClientKey = &flows.ClientKey{Signer: signer, Algorithm: s.SigningAlgorithm}
		config.Credentials.TokenEndpointAuthMethod = flows.AuthMethodPrivateKeyJWT
	case "auth/enterprise-managed-authorization":
		config.Grant = sdk.EnterpriseManaged{
			IdentityProvider: s.IDPTokenEndpoint,
			Auth:             flows.ClientAuth{ClientID: s.IDPClientID, Method: flows.AuthMethodNone},
			Subject: func(context.Context) (flows.SubjectToken, error) {
				return flows.SubjectToken{Token: s.IDPToken, Type: flows.TypeIDToken}, nil
			},
		}
	case "auth/wif-jwt-bearer":
		config.Grant = sdk.WorkloadIdentity{Assertion: func(context.Context, string) (gen.Secret, error) {
			return s.WorkloadJWT, nil
		}}
	case "auth/dpop", "auth/dpop-nonce":
		config.DPoP = sdk.DPoPAlways
	}
	return nil
}

func signerOf(key gen.Secret) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(key.Reveal()))
	if block == nil {
		return nil, errors.New("private_key_pem is no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", parsed)
	}
	return signer, nil
}
