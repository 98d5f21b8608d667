// Loopback page: what the person sees in the browser at the end.

package sdk

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// loopbackPage is a page of fixed text. Nothing of a request is shown: whether the answer is genuine is not known yet,
// and an error text may be an attacker's (RFC 9207 section 2.4).
type loopbackPage struct {
	status int
	title  string
	text   string
}

var (
	loopbackReceived = &loopbackPage{http.StatusOK, "Sign-in received", "You can close this window and go back to the program."}
	loopbackRefused  = &loopbackPage{http.StatusOK, "Sign-in not completed", "The program has the reason. You can close this window."}
	loopbackStray    = &loopbackPage{http.StatusBadRequest, "Another sign-in", "This answer does not belong to the sign-in that is under way. Please begin again from the program."}

	loopbackForbidden  = &loopbackPage{http.StatusForbidden, "Forbidden", "This address is not served here."}
	loopbackNotFound   = &loopbackPage{http.StatusNotFound, "Not found", "There is nothing at this address."}
	loopbackNotAllowed = &loopbackPage{http.StatusMethodNotAllowed, "Method not allowed", "Only GET is answered here."}
)

const loopbackStyle = `:root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}` +
	`body{max-width:32rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.5rem;font-weight:600}`

const loopbackHTML = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>` + loopbackStyle + `</style>
<h1>{title}</h1>
<p>{text}</p>
</html>
`

// loopbackPolicy lets the browser load nothing and apply the one style of the page.
var loopbackPolicy = func() string {
	sum := sha256.Sum256([]byte(loopbackStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// write sends the page and does not return before the system has it all.
func (p *loopbackPage) write(w http.ResponseWriter) {
	body := strings.NewReplacer("{title}", p.title, "{text}", p.text).Replace(loopbackHTML)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Content-Security-Policy", loopbackPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	// The address of this page holds the code: it is neither kept nor passed on.
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(body))
	_ = http.NewResponseController(w).Flush()
}
