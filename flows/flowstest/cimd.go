// Client ID Metadata Document: a client that is described at its own URL.

package flowstest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxClientDocument bounds a document; the draft recommends 5 kB.
const maxClientDocument = 64 << 10

func isClientIDURL(id string) bool { return strings.HasPrefix(id, "https://") }

// documentClient fetches and judges the document of a client.
// OAuth Client ID Metadata Document §3, §4:
// https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document
func (x *exchange) documentClient(id string) (Client, *Error) {
	if reason := refuseClientIDURL(id); reason != "" {
		return Client{}, refuse(errInvalidRequest, "client_id "+reason)
	}
	body, err := x.fetch(id)
	if err != nil {
		return Client{}, refuse(errInvalidRequest, "the client's metadata document cannot be had: "+err.Error())
	}
	members, err := readObject(strings.NewReader(body))
	if err != nil {
		return Client{}, refuse(errInvalidRequest, "the client's metadata document is no JSON object: "+err.Error())
	}
	if err := x.checkClientDocument(members, id); err != nil {
		return Client{}, err
	}
	client := clientOf(members)
	client.Dynamic, client.Document = false, true
	client.AuthMethod = or(client.AuthMethod, methodNone)
	x.store.addClient(client)
	return client, nil
}

func refuseClientIDURL(id string) string {
	u, err := url.Parse(id)
	switch {
	case err != nil || u.Host == "":
		return "is no URL"
	case u.Path == "" || u.Path == "/":
		return "has no path"
	case strings.Contains(id, "#"), u.User != nil:
		return "has a fragment or a user"
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return "has a dot segment"
		}
	}
	return ""
}

// fetch returns a client's JSON document, without following redirects.
func (x *exchange) fetch(target string) (string, error) {
	if body, ok := x.config.ClientIDDocuments[target]; ok {
		return body, nil
	}
	request, err := http.NewRequestWithContext(x.r.Context(), http.MethodGet, target, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "application/json")
	client := *x.config.documentClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxClientDocument))
	if err != nil {
		return "", err
	}
	media := mediaType(response.Header)
	if response.StatusCode != http.StatusOK || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return "", fmt.Errorf("status %d, content type %q", response.StatusCode, media)
	}
	return string(body), nil
}

func (x *exchange) checkClientDocument(members map[string]any, id string) *Error {
	if members["client_id"] != id {
		return refuse(errInvalidRequest, "client_id in the metadata document is not its URL")
	}
	if stringOf(members["client_name"]) == "" {
		return refuse(errInvalidRequest, "client_name is missing in the metadata document")
	}
	if uris, ok := stringsOf(members["redirect_uris"]); !ok || len(uris) == 0 {
		return refuse(errInvalidRequest, "redirect_uris is missing in the metadata document")
	}
	if members["client_secret"] != nil || members["client_secret_expires_at"] != nil {
		return refuse(errInvalidRequest, "the metadata document holds a secret")
	}
	method := or(stringOf(members["token_endpoint_auth_method"]), methodNone)
	if strings.HasPrefix(method, "client_secret_") || !slices.Contains(x.config.authMethods(), method) {
		return refuse(errInvalidRequest, "token_endpoint_auth_method "+method+" is not supported")
	}
	return checkKeys(members, method, errInvalidRequest)
}
