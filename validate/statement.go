// Signed statements: JWTs inside documents, looked at and not trusted.

package validate

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// statement judges signed_metadata (RFC 8414 §2.1, RFC 9728 §2.2) and software
// statements (RFC 7591 §2.3): a JWT that is digitally signed or MACed, with an
// iss claim. Nothing is verified.
func (c *check) statement(rule Rule, pointer, jwt string) {
	if reason := statementReason(jwt); reason != "" {
		c.add(rule, pointer, reason)
	}
}

func statementReason(jwt string) string {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return "the value is no JWT: it does not have three parts"
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	if !readPart(parts[0], &header) {
		return "the header of the JWT cannot be read"
	}
	if header.Algorithm == "" || strings.EqualFold(header.Algorithm, "none") || parts[2] == "" {
		return "the JWT is not signed"
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if !readPart(parts[1], &claims) {
		return "the claims of the JWT cannot be read"
	}
	if claims.Issuer == "" {
		return "the JWT has no iss claim"
	}
	return ""
}

func readPart(part string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, into) == nil
}
