// Renewal: what of a request must not be sent twice.

package flows

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/mcpoauth/mcpoauth/gen"
)

type renewalKey struct{}

// withRenewal returns a context whose legs call edit before they are sent again:
// it replaces what serves only once, such as a client assertion, whose jti the
// server may have seen already (TOK-2).
func withRenewal(ctx context.Context, edit gen.Edit) context.Context {
	return context.WithValue(ctx, renewalKey{}, edit)
}

func renewalFrom(ctx context.Context) gen.Edit {
	edit, _ := ctx.Value(renewalKey{}).(gen.Edit)
	return edit
}

// setBody gives the request a body that can be sent more than once, each time
// as renew left it.
func (l *leg) setBody(prepared *retryablehttp.Request, body []byte) error {
	l.body = body
	return prepared.SetBody(retryablehttp.ReaderFunc(func() (io.Reader, error) { return bytes.NewReader(l.body), nil }))
}

// renew is the leg's [retryablehttp.PrepareRetry]. The body that it leaves is
// read next. Only forms hold what is to be renewed; documents are fetched, and
// clients registered, without it.
func (l *leg) renew(req *http.Request) error {
	edit := renewalFrom(l.caller)
	if edit == nil || req.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil
	}
	// The attempt that failed may still be writing its header.
	req.Header = maps.Clone(req.Header)
	body, err := renewForm(edit, req.Header, l.body)
	if err != nil {
		return err
	}
	l.body, req.ContentLength = body, int64(len(body))
	return nil
}

// renewForm returns a form as edit leaves it.
func renewForm(edit gen.Edit, header http.Header, body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if err := edit(header, form); err != nil {
		return nil, err
	}
	return []byte(form.Encode()), nil
}
