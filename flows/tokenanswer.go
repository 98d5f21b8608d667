// Token answers: what servers really send back.

package flows

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// readToken turns the outcome of a token leg into a token response or a
// [*TokenError]. OAuth errors arrive with 4xx, but also with 200, as a form,
// or as Slack's {"ok":false}.
func readToken(grant string, res *gen.Response[gen.TokenResponse], err error) (*gen.TokenResponse, error) {
	if err == nil {
		if oauth := errorIn(res.Body); oauth != nil {
			return nil, oauthError(grant, res.StatusCode, res.Header, oauth)
		}
		return res.Document, nil
	}
	var answer *gen.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		return nil, &TokenError{Grant: grant, Err: err}
	}
	if answer.OAuth != nil {
		return nil, oauthError(grant, answer.StatusCode, answer.Header, answer.OAuth)
	}
	body, ok := formAsJSON(answer)
	if !ok {
		body = answer.Body
	}
	if oauth := errorIn(body); oauth != nil {
		return nil, oauthError(grant, answer.StatusCode, answer.Header, oauth)
	}
	if ok && (answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusCreated) {
		doc, err := gen.DecodeTokenResponse(body, nil)
		if err == nil {
			return doc, nil
		}
		return nil, &TokenError{Grant: grant, StatusCode: answer.StatusCode, Err: err}
	}
	return nil, &TokenError{
		Grant: grant, StatusCode: answer.StatusCode, RetryAfter: retryAfter(answer.Header),
		Snippet: snippet(answer.Body), Err: answer.Err,
	}
}

func oauthError(grant string, status int, header http.Header, e *gen.ErrorResponse) *TokenError {
	return &TokenError{
		Grant: grant, StatusCode: status, RetryAfter: retryAfter(header),
		Code: string(e.Code), Description: e.ErrorDescription, URI: e.ErrorURI,
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

// retryAfter reads seconds or a date; 0 when there is none or it is absurd.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

var tokenLike = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)

// snippet is the start of a body for an error: printable, bounded, and without
// anything long enough to be a token.
func snippet(body []byte) string {
	if len(body) > 1024 {
		body = body[:1024]
	}
	s := tokenLike.ReplaceAllString(string(body), "[cut]")
	return bounded(strings.Join(strings.Fields(s), " "))
}
