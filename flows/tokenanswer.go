// Token answers: what servers really send back.

package flows

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// readToken turns the outcome of a token leg into a token response or a
// [*TokenError]. OAuth errors arrive with 4xx, but also with 200, as a form,
// or as Slack's {"ok":false}.
func readToken(grant string, res *gen.Response[gen.TokenResponse], err error) (*gen.TokenResponse, error) {
	if err == nil {
		return judged(grant, res.StatusCode, res.Body, res.Document)
	}
	var answer *gen.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		return nil, &TokenError{Grant: grant, Err: err}
	}
	body, ok := formAsJSON(answer)
	if !ok {
		body = answer.Body
	}
	if ok && (answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusCreated) {
		if doc, err := gen.DecodeTokenResponse(body, nil); err == nil {
			return judged(grant, answer.StatusCode, body, doc)
		}
	}
	if oauth := errorIn(body); oauth != nil {
		return nil, oauthError(grant, answer.StatusCode, answer.Header, oauth)
	}
	return nil, &TokenError{
		Grant: grant, StatusCode: answer.StatusCode, RetryAfter: retryAfter(answer.Header),
		Snippet: snippet(answer.Body), Err: answer,
	}
}

// judged refuses a token response that is an error too. Which of the two the
// server means is anyone's guess, so that nothing is final about it (TOK-5,
// TOK-6).
func judged(grant string, status int, body []byte, doc *gen.TokenResponse) (*gen.TokenResponse, error) {
	if errorIn(body) != nil {
		return nil, &TokenError{Grant: grant, StatusCode: status, Err: errTokenAndError}
	}
	return doc, nil
}

var errTokenAndError = fmt.Errorf("an error stands beside an access token: %w", validate.RuleTokenAndError)

func oauthError(grant string, status int, header http.Header, e *gen.ErrorResponse) *TokenError {
	return &TokenError{
		Grant: grant, StatusCode: status, RetryAfter: retryAfter(header),
		Code: e.Code, Description: e.ErrorDescription, URI: e.ErrorURI,
	}
}

// errorIn finds an OAuth error in a JSON body, whatever its status.
func errorIn(body []byte) *gen.ErrorResponse {
	if e, err := gen.DecodeErrorResponse(body, nil); err == nil && e.Code != "" {
		return e
	}
	var slack struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(body, &slack) == nil && slack.OK != nil && !*slack.OK {
		return &gen.ErrorResponse{Code: "invalid_request", ErrorDescription: "the server answered ok:false without an error"}
	}
	return nil
}

// formAsJSON rewrites a form-encoded answer (GitHub's default, at times with
// the type text/plain) as the JSON that RFC 6749 §5.1 asks for. Doubled
// parameters are no answer.
func formAsJSON(answer *gen.ResponseError) ([]byte, bool) {
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" && media != "text/plain" {
		return nil, false
	}
	text := strings.TrimSpace(string(answer.Body))
	if strings.HasPrefix(text, "{") {
		return []byte(text), true // JSON under a wrong label
	}
	values, err := url.ParseQuery(text)
	if err != nil || !(values.Has("access_token") || values.Has("error")) {
		return nil, false
	}
	object := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) != 1 {
			return nil, false
		}
		object[name] = list[0]
	}
	body, err := json.Marshal(object)
	return body, err == nil
}

// retryAfter is what an answer asks to be left alone for; 0 when it does not.
func retryAfter(h http.Header) time.Duration { return askedWait(h.Get("Retry-After"), time.Now()) }

var (
	tokenLike    = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)
	secretMember = regexp.MustCompile(`(?i)(token|secret|code|verifier)["']?\s*[:=]`)
)

// snippet is the start of a body for an error: printable, bounded, and without
// anything long enough to be a token. A body that may be a token response under
// a wrong name or cut off shows nothing: short tokens exist.
func snippet(body []byte) string {
	if len(body) > 1024 {
		body = body[:1024]
	}
	if secretMember.Match(body) {
		return ""
	}
	s := tokenLike.ReplaceAllString(string(body), "[cut]")
	return bounded(strings.Join(strings.Fields(s), " "))
}

// spoken collects the secrets of a request, for servers that repeat them in
// their errors.
type spoken []string

// spokenParams are the parameters of token requests that are secret.
var spokenParams = []string{
	"code", "code_verifier", "refresh_token", "client_secret", "client_assertion", "assertion",
	"subject_token", "actor_token", "device_code", "token", "id_token_hint",
}

// heard wraps the last edit of a request.
func (s *spoken) heard(edit gen.Edit) gen.Edit {
	return func(header http.Header, form url.Values) error {
		err := edit(header, form)
		for _, name := range spokenParams {
			*s = append(*s, form[name]...)
		}
		_, credentials, _ := strings.Cut(header.Get("Authorization"), " ")
		pair, _ := base64.StdEncoding.DecodeString(credentials)
		_, encoded, _ := strings.Cut(string(pair), ":")
		secret, _ := url.QueryUnescape(encoded)
		*s = append(*s, credentials, encoded, secret)
		return err
	}
}

// texts are the server's words in the errors of the endpoints.
func (e *TokenError) texts() []*string { return []*string{&e.Code, &e.Description, &e.URI, &e.Snippet} }
func (e *EndpointError) texts() []*string {
	return []*string{&e.Code, &e.Description, &e.URI, &e.Snippet}
}
func (e *RegistrationError) texts() []*string { return []*string{&e.Code, &e.Description} }

// cut takes the secrets out of the texts that the server wrote. What is
// shorter than four bytes could be part of any word.
func (s spoken) cut(err error) error {
	var e interface{ texts() []*string }
	if !errors.As(err, &e) {
		return err
	}
	for _, secret := range s {
		if len(secret) < 4 {
			continue
		}
		cut := strings.NewReplacer(secret, "[cut]", url.QueryEscape(secret), "[cut]")
		for _, text := range e.texts() {
			*text = cut.Replace(*text)
		}
	}
	return err
}
