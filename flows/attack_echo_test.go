// Servers that give away what they were sent, and what they issued.

package flows_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// echoing answers with everything secret in the request.
func echoing(status int, media string) flowstest.Fault {
	return func(_ string, _ int, w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		credentials := strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
		pair, _ := base64.StdEncoding.DecodeString(credentials)
		_, encoded, _ := strings.Cut(string(pair), ":")
		secret, _ := url.QueryUnescape(encoded)
		text := strings.Join([]string{form.Get("code"), form.Get("code_verifier"), form.Get("refresh_token"), form.Get("client_secret"), credentials, encoded, secret}, " ")
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		switch media {
		case "application/json":
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": text, "error_uri": "https://as.example.com/?" + url.QueryEscape(text)})
		case "text/html":
			_, _ = io.WriteString(w, "<html>bad request: "+text+"</html>")
		default:
			_, _ = io.WriteString(w, url.Values{"error": {"invalid_grant"}, "error_description": {text}}.Encode())
		}
		return true
	}
}

// captured collects what a fake issues.
type captured struct {
	mu     sync.Mutex
	values []string
}

func (c *captured) add(value any) {
	if text, ok := value.(string); ok && text != "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.values = append(c.values, text)
	}
}

func (c *captured) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.values...)
}

// hook notes the secrets of a document before next changes it.
func (c *captured) hook(next func(map[string]any)) func(map[string]any) {
	return func(document map[string]any) {
		for _, name := range []string{"access_token", "refresh_token", "id_token", "client_secret", "registration_access_token"} {
			c.add(document[name])
		}
		if next != nil {
			next(document)
		}
	}
}

// replaced returns a byte hook that gives a member another value.
func replaced(name, value string) func([]byte) []byte {
	return func(document []byte) []byte {
		var all map[string]json.RawMessage
		if json.Unmarshal(document, &all) != nil {
			return document
		}
		all[name] = json.RawMessage(value)
		body, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		return body
	}
}
