// Client ID Metadata Document: from its owner's side, to be built and served.

package flows

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// maxClientIDDocument is the size up to which servers are asked to read.
//
// https://www.ietf.org/archive/id/draft-ietf-oauth-client-id-metadata-document-00.html#section-6.6
const maxClientIDDocument = 5 << 10

// NewClientIDDocument builds the document to be published at url, which is then
// the client id. Without a token_endpoint_auth_method it is private_key_jwt for
// metadata with keys (jwks or jwks_uri; see [PublicKeySet]), else none. The
// document has been judged: an error is a [*validate.Error] with all that is
// wrong, or says that it is too long for servers to read. metadata is not
// changed.
//
// https://www.ietf.org/archive/id/draft-ietf-oauth-client-id-metadata-document-00.html#section-4
func NewClientIDDocument(url string, metadata *gen.ClientMetadata) (*gen.ClientIDMetadataDocument, error) {
	complete := *metadata
	if complete.TokenEndpointAuthMethod == "" {
		complete.TokenEndpointAuthMethod = AuthMethodNone
		if bringsKeys(metadata) {
			complete.TokenEndpointAuthMethod = AuthMethodPrivateKeyJWT
		}
	}
	body, err := withClientID(&complete, url)
	if err != nil {
		return nil, err
	}
	// The decoder keeps what no document may have in it, as a secret, for the
	// rules to find.
	var report gen.Report
	doc, err := gen.DecodeClientIDMetadataDocument(body, &report)
	if err != nil {
		// A required member is missing: the rules say which, and why.
		doc = &gen.ClientIDMetadataDocument{ClientID: url, ClientName: metadata.ClientName, RedirectURIs: metadata.RedirectURIs,
			TokenEndpointAuthMethod: complete.TokenEndpointAuthMethod, JWKS: metadata.JWKS, JWKSURI: metadata.JWKSURI}
	}
	if refusal := validate.ClientIDDocument(doc, url, validate.WithReport(report)).Err(validate.SeverityError); refusal != nil || err != nil {
		return nil, errors.Join(refusal, err)
	}
	if len(body) > maxClientIDDocument {
		return nil, fmt.Errorf("flows: client id document: %d bytes, and servers need not read more than %d: publish keys at jwks_uri", len(body), maxClientIDDocument)
	}
	return doc, nil
}

// ClientIDDocumentOptions say how a document is served. The zero value is
// usable.
type ClientIDDocumentOptions struct {
	// Keys is served at the document's jwks_uri, which must then be on the
	// document's origin. Nil serves the document alone.
	Keys *gen.JSONWebKeySet
	// MaxAge is how long caches may keep both. Zero means an hour: as long as
	// a replaced key has to stay in Keys. Negative means not at all.
	MaxAge time.Duration
}

// ClientIDDocumentHandler serves a Client ID Metadata Document at the path of
// its client id, and its key set at that of its jwks_uri, to GET and HEAD, with
// ETag, Cache-Control and 304. It answers 404 elsewhere. It is immutable: a new
// document or key needs a new handler. It may be used by several goroutines at
// once.
type ClientIDDocumentHandler struct {
	files map[string]servedFile // by escaped path and query
}

// servedFile is one document as it goes over the wire.
type servedFile struct {
	body                      []byte
	mediaType, etag, lifetime string
}

// NewClientIDDocumentHandler encodes the document and the keys once. The error
// is that of a document that breaks a rule, of a private key among the keys, or
// of a jwks_uri elsewhere.
func NewClientIDDocumentHandler(doc *gen.ClientIDMetadataDocument, options ClientIDDocumentOptions) (*ClientIDDocumentHandler, error) {
	if err := validate.ClientIDDocument(doc, "").Err(validate.SeverityRefuse); err != nil {
		return nil, err
	}
	body, err := doc.Encode()
	if err != nil {
		return nil, err
	}
	h := &ClientIDDocumentHandler{files: map[string]servedFile{}}
	if err := h.add(doc.ClientID, "application/json", body, options.MaxAge); err != nil {
		return nil, err
	}
	if options.Keys == nil {
		return h, nil
	}
	if err := onOrigin("jwks_uri", doc.JWKSURI, doc.ClientID); err != nil {
		return nil, err
	}
	// The rules for a key set in the document hold for one beside it.
	inside := *doc
	inside.JWKS, inside.JWKSURI = options.Keys, ""
	if err := validate.ClientIDDocument(&inside, "").Err(validate.SeverityRefuse); err != nil {
		return nil, err
	}
	if body, err = options.Keys.Encode(); err != nil {
		return nil, err
	}
	if err := h.add(doc.JWKSURI, "application/jwk-set+json", body, options.MaxAge); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *ClientIDDocumentHandler) add(location, mediaType string, body []byte, maxAge time.Duration) error {
	u, err := url.Parse(location)
	if err != nil {
		return err
	}
	lifetime := "no-store"
	switch {
	case maxAge == 0:
		lifetime = "public, max-age=3600"
	case maxAge > 0:
		lifetime = "public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10)
	}
	if _, taken := h.files[u.RequestURI()]; taken {
		return errors.New("flows: client id document: its jwks_uri is its own URL")
	}
	sum := sha256.Sum256(body)
	h.files[u.RequestURI()] = servedFile{
		body: body, mediaType: mediaType, lifetime: lifetime,
		etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
	}
	return nil
}

// ServeHTTP serves the document or the key set.
func (h *ClientIDDocumentHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := h.files[r.URL.RequestURI()]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.mediaType)
	header.Set("Cache-Control", file.lifetime)
	header.Set("ETag", file.etag)
	header.Set("X-Content-Type-Options", "nosniff")
	// A zero time leaves Last-Modified out; HEAD, 304 and lengths are done here.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
}
