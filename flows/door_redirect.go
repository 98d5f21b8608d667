// Redirects: which ones a leg follows.

package flows

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects bounds the redirects of one leg. One for a trailing slash and
// one for a moved document are seen in practice.
const maxRedirects = 3

// RedirectError reports a GET of an OAuth document that was redirected to where
// a leg does not go. Nothing was sent there. For discovery it means that the
// document is not at this URL.
type RedirectError struct {
	// StatusCode is the status of the redirecting answer.
	StatusCode int
	// From and To are the URLs without their queries; To is empty when the
	// Location could not be read.
	From, To string
	// Reason says why the redirect was not followed.
	Reason string
}

// Error names both URLs and the reason.
func (e *RedirectError) Error() string {
	to := e.To
	if to == "" {
		to = "an unreadable Location"
	}
	return fmt.Sprintf("flows: redirect: status %d to %s refused: %s", e.StatusCode, to, e.Reason)
}

// checkRedirect is the CheckRedirect of the door's client. A request other than
// GET and HEAD carries a code, a secret or a registration, which 307 and 308
// would have resent to whatever host the answer names (RFC 9700, section 4.12,
// https://www.rfc-editor.org/rfc/rfc9700.html#section-4.12): its 3xx is
// returned as the answer. Documents are followed within their origin only,
// since a document is believed because of the origin it came from.
func (d *door) checkRedirect(req *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	if first.Method != http.MethodGet && first.Method != http.MethodHead {
		d.trace.decided(req.Context(), "redirect", displayURL(req.URL), OutcomeRefused, first.Method+" is not redirected")
		return http.ErrUseLastResponse
	}
	var reason string
	switch {
	case !sameOrigin(first.URL, req.URL):
		reason = "it leads to another origin"
	case req.URL.User != nil:
		reason = "it carries credentials"
	case len(via) > maxRedirects:
		reason = fmt.Sprintf("more than %d in a row", maxRedirects)
	default:
		req.Header.Del("Referer")
		d.trace.decided(req.Context(), "redirect", displayURL(req.URL), OutcomeFollowed, "same origin")
		return nil
	}
	d.trace.decided(req.Context(), "redirect", displayURL(req.URL), OutcomeRefused, reason)
	refused := &RedirectError{From: bounded(displayURL(last.URL)), To: bounded(displayURL(req.URL)), Reason: reason}
	if req.Response != nil {
		refused.StatusCode = req.Response.StatusCode
	}
	return refused
}

// sameOrigin compares scheme, host and port (RFC 6454, section 5); default
// ports and case do not count.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}
