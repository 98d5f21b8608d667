// DPoP token request: a proof with each sending, and the server's nonce once.

package flows

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// proven carries out a token request with proofs; without DPoP it only sends.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-5
func (c *Client) proven(ctx context.Context, grant string, in TokenRequest, send func(context.Context) (*gen.TokenResponse, error)) (*gen.TokenResponse, error) {
	if in.DPoP == nil {
		return send(ctx)
	}
	p, err := in.DPoP.proving()
	if err != nil {
		return nil, &TokenError{Grant: grant, Err: err}
	}
	limit := time.Now().Add(c.TokenTimeout())
	doc, err := send(context.WithValue(ctx, provingKey{}, p))
	if p.wantsNonce(err) {
		// RFC 9449 §8: the server wants its nonce in the proof and has not
		// looked at the grant. Once more, within the time of one request.
		c.Trace.decided(ctx, "dpop", in.Endpoint, "repeated", "the server wants its nonce in the proof")
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, limit)
		defer cancel()
		doc, err = send(context.WithValue(ctx, provingKey{}, p))
	}
	return doc, p.explain(err)
}

// tokenRules are the options under which an answer to this request is judged.
func (d *DPoP) tokenRules() []validate.Option {
	switch {
	case d == nil:
		return nil
	case d.AllowBearer:
		return []validate.Option{validate.WithDPoPProof()}
	}
	return []validate.Option{validate.RequireDPoP()}
}

// downgrade names the refusal of a bearer token by its own type. Other refusals
// stay as they are.
func (d *DPoP) downgrade(doc *gen.TokenResponse, err error) error {
	if d == nil || d.AllowBearer || !errors.Is(err, validate.RuleTokenType) {
		return err
	}
	return &DowngradeError{TokenType: doc.TokenType, Err: err}
}

// proving is the proofs of one token request, its repetitions included. It is
// for one goroutine.
type proving struct {
	key    *DPoPKey
	nonces *DPoPNonces
	answer http.Header // of the last sending; nil if there was none
	nonce  bool        // it brought a nonce that can be used
}

type provingKey struct{}

func (d *DPoP) proving() (*proving, error) {
	if d.Key == nil {
		return nil, errNoDPoPKey
	}
	p := &proving{key: d.Key, nonces: d.Nonces}
	if p.nonces == nil {
		p.nonces = new(DPoPNonces) // for the repetition
	}
	return p, nil
}

// sign returns a copy of req with a fresh proof.
func (p *proving) sign(req *http.Request) (*http.Request, error) {
	at, err := targetOf(req)
	if err != nil {
		return nil, err
	}
	proof, err := p.key.prove(methodOf(req), at, "", p.nonces.get(roleAuthorizationServer, at))
	if err != nil {
		return nil, err
	}
	signed := new(http.Request)
	*signed = *req
	signed.Header = maps.Clone(req.Header)
	signed.Header[headerDPoP] = []string{proof}
	return signed, nil
}

// observe takes the nonce from an answer to what sign returned.
func (p *proving) observe(signed *http.Request, res *http.Response) {
	nonce, ok := nonceIn(res.Header[headerDPoPNonce])
	at, err := targetOf(signed)
	p.answer, p.nonce = res.Header, ok && err == nil
	if p.nonce {
		p.nonces.put(roleAuthorizationServer, at, nonce)
	}
}

// wantsNonce reports whether the outcome is the demand for a nonce, with one.
func (p *proving) wantsNonce(err error) bool {
	var token *TokenError
	return p.nonce && errors.As(err, &token) && token.Code == errorUseDPoPNonce
}

// explain adds what can be known about a refused proof.
func (p *proving) explain(err error) error {
	var token *TokenError
	if errors.As(err, &token) && token.Err == nil && isProofError(token.Code) {
		_, offered := p.answer[headerDPoPNonce]
		token.Err = newDPoPError(token.Code, offered, p.answer)
	}
	return err
}

// dpopTransport signs each round trip of a token request anew, whatever makes
// the request go out again: a proof that the server may have seen is worth
// nothing. Other requests pass. It has no CloseIdleConnections method, as
// [legTransport] has none.
type dpopTransport struct{ next http.RoundTripper }

func (t dpopTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	p, _ := req.Context().Value(provingKey{}).(*proving)
	if p == nil {
		return t.next.RoundTrip(req)
	}
	signed, err := p.sign(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	res, err := t.next.RoundTrip(signed)
	if err == nil {
		p.observe(signed, res)
	}
	return res, err
}
