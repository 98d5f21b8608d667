// Object: strict reading of JSON objects and of their members.

package flowstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"
)

// readObject decodes one JSON object of bounded size without repeated members.
func readObject(body io.Reader) (map[string]any, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxRecorded))
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("null")
	}
	return object, checkRepeated(json.NewDecoder(bytes.NewReader(data)))
}

// checkRepeated refuses repeated members of the value that a decoder is
// before, at any depth.
func checkRepeated(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[json.Token]bool{}
	for decoder.More() {
		if opening == '{' {
			name, err := decoder.Token()
			if err != nil {
				return err
			}
			if seen[name] {
				return fmt.Errorf("member %v is repeated", name)
			}
			seen[name] = true
		}
		if err := checkRepeated(decoder); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

func stringOf(value any) string {
	text, _ := value.(string)
	return text
}

// stringsOf returns a list of strings; nil and true for an absent one.
func stringsOf(value any) ([]string, bool) {
	if list, ok := value.([]string); ok {
		return list, true
	}
	values, ok := value.([]any)
	if !ok {
		return nil, value == nil
	}
	list := []string{}
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

func isWebURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// clientOf reads a client from client information or a metadata document.
func clientOf(members map[string]any) Client {
	client := Client{
		ID: stringOf(members["client_id"]), Secret: stringOf(members["client_secret"]),
		AuthMethod: stringOf(members["token_endpoint_auth_method"]), Name: stringOf(members["client_name"]),
		Metadata: members, Dynamic: true,
		JWKSURI: stringOf(members["jwks_uri"]), SigningAlg: stringOf(members["token_endpoint_auth_signing_alg"]),
		CertificateSubject: stringOf(members["tls_client_auth_subject_dn"]),
		DPoPBound:          members["dpop_bound_access_tokens"] == true,
		RequirePAR:         members["require_pushed_authorization_requests"] == true,
		RegistrationToken:  stringOf(members["registration_access_token"]),
	}
	for _, name := range sanMembers {
		client.CertificateSAN = or(client.CertificateSAN, stringOf(members[name]))
	}
	client.RedirectURIs, _ = stringsOf(members["redirect_uris"])
	client.GrantTypes, _ = stringsOf(members["grant_types"])
	if members["jwks"] != nil {
		client.JWKS = encodeJSON(members["jwks"])
	}
	var expires int64
	switch value := members["client_secret_expires_at"].(type) {
	case int64:
		expires = value
	case int:
		expires = int64(value)
	case float64:
		expires = int64(value)
	}
	if expires > 0 {
		client.SecretExpires = time.Unix(expires, 0)
	}
	return client
}
