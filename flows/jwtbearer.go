// JWT bearer: an assertion of who this workload is becomes an access token.

package flows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// GrantJWTBearer is the grant type of [Client.JWTBearer] and of
// [Client.RedeemIDJAG].
const GrantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// maxAssertionBytes bounds an assertion. Workload tokens have 1 to 2 KiB;
// servers take some 8 KiB in a header and 64 KiB in a form.
const maxAssertionBytes = 64 << 10

// AssertionSource returns a JWT that says who the workload is, for the
// audience: the issuer of the authorization server. It is called for each token
// request and must return a token that is still good; a platform's rotate. It
// may be called by several goroutines at once.
type AssertionSource func(ctx context.Context, audience string) (gen.Secret, error)

// AssertionFile reads the assertion from a file, anew each time: platforms
// project tokens into files and replace them there. White space round it goes.
// The path must name a regular file, or a link to one.
func AssertionFile(path string) AssertionSource {
	return func(context.Context, string) (gen.Secret, error) {
		text, err := readAssertion(path)
		if err != nil {
			return "", &AssertionError{Source: "file " + path, Err: err}
		}
		return text, nil
	}
}

// AssertionEnv takes the assertion from an environment variable, read anew each
// time.
func AssertionEnv(name string) AssertionSource {
	return func(context.Context, string) (gen.Secret, error) {
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", &AssertionError{Source: "environment variable " + name, Err: errors.New("it is not set")}
		}
		return gen.Secret(strings.TrimSpace(value)), nil
	}
}

// AssertionError reports that there is no assertion to present. Nothing was
// sent. The remedy lies with whatever provides it.
type AssertionError struct {
	// Source says where it should have come from; empty for a callback.
	Source string
	// Err is the cause: for a file that is missing, [fs.ErrNotExist].
	Err error
}

// Error names the source and the cause, and nothing of the assertion.
func (e *AssertionError) Error() string {
	source := e.Source
	if source == "" {
		source = "callback"
	}
	return fmt.Sprintf("flows: assertion: %s: %v", bounded(source), e.Err)
}

// Unwrap returns the cause.
func (e *AssertionError) Unwrap() error { return e.Err }

// JWTBearerRequest presents an assertion that somebody else signed. Auth may be
// zero: RFC 7523 §3.1 leaves client authentication to the server. Scope is sent
// if there is any.
type JWTBearerRequest struct {
	TokenRequest
	// Assertion is asked once. Required.
	Assertion AssertionSource
	// Audience is handed to Assertion: the issuer of the authorization server.
	Audience string
}

// JWTBearer trades an assertion for a token. A refusal is final: the assertion
// is not presented again and no other grant is tried (SEP-1933). An error is a
// [*TokenError], which wraps an [*AssertionError] if there was nothing to send.
//
// https://www.rfc-editor.org/rfc/rfc7523.html#section-2.1
func (c *Client) JWTBearer(ctx context.Context, in JWTBearerRequest) (*Token, error) {
	// 1. No assertion is made for an endpoint that cannot be given one.
	if err := c.endpoint("token_endpoint", in.Endpoint); err != nil {
		return nil, &TokenError{Grant: GrantJWTBearer, Err: err}
	}
	// 2. A fresh assertion that looks like one.
	assertion, err := in.Assertion.assertion(ctx, in.Audience)
	if err != nil {
		return nil, &TokenError{Grant: GrantJWTBearer, Err: err}
	}
	// 3. One request.
	return c.presentAssertion(ctx, in.TokenRequest, assertion)
}

// presentAssertion is the request that both uses of the grant share.
func (c *Client) presentAssertion(ctx context.Context, in TokenRequest, assertion gen.Secret) (*Token, error) {
	if in.Auth.Method == "" && in.Auth.ClientID == "" {
		in.Auth.Method = AuthMethodNone
	}
	request := &gen.JWTBearerTokenRequest{
		Assertion: assertion, Scope: strings.Join(in.Scope, " "), Resource: in.resource(), Params: in.Params,
	}
	return c.token(ctx, GrantJWTBearer, in, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().ExchangeJWTBearer(ctx, in.Endpoint, request, edit)
	})
}

// assertion asks the source and looks at the answer. An error is an
// [*AssertionError].
func (s AssertionSource) assertion(ctx context.Context, audience string) (gen.Secret, error) {
	if s == nil {
		return "", &AssertionError{Err: errors.New("there is no source")}
	}
	text, err := s(ctx, audience)
	if err == nil {
		err = looksLikeJWT(text)
	}
	var known *AssertionError
	if err == nil || errors.As(err, &known) {
		return text, err
	}
	return "", &AssertionError{Err: err}
}

// looksLikeJWT keeps what is no compact JWS or JWE (RFC 7515 §7.1) from being
// sent: a key file or an error page in the place of a token is a secret, or
// nonsense, that is none of the server's business.
func looksLikeJWT(text gen.Secret) error {
	parts := strings.Split(text.Reveal(), ".")
	switch {
	case text == "":
		return errors.New("it is empty")
	case len(text) > maxAssertionBytes:
		return errTooLong
	case len(parts) != 3 && len(parts) != 5 || parts[0] == "":
		return errors.New("it is no JWT")
	}
	for _, part := range parts {
		if strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return errors.New("it is no JWT")
		}
	}
	return nil
}

var errTooLong = fmt.Errorf("it is longer than %d bytes", maxAssertionBytes)

// readAssertion reads a regular file up to the bound. Anything else could block
// for ever.
func readAssertion(path string) (gen.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer func() { _ = file.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(file, maxAssertionBytes+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(text) > maxAssertionBytes {
		return "", errTooLong
	}
	return gen.Secret(strings.TrimSpace(string(text))), nil
}

// withoutPath: the source has the path already, escaped.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return &pathless{path}
	}
	return err
}

type pathless struct{ *fs.PathError }

func (e *pathless) Error() string { return e.Op + ": " + e.Err.Error() }
func (e *pathless) Unwrap() error { return e.PathError }
