// Probes: fetching one document from several candidate URLs.

package flows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// verdict is what an answer means for the candidates after it (DISC-5).
type verdict int

const (
	usable  verdict = iota // this is the document
	absent                 // nothing here: the next candidate
	unknown                // no answer that means anything: discovery ends
	refused                // an answer that must not be used: discovery ends
)

// verdictError carries the verdict of an error up the sequence.
type verdictError struct {
	verdict verdict
	error
}

func (e *verdictError) Unwrap() error { return e.error }

// and adds the failure of another server. An answer that is missing anywhere
// leaves the whole open.
func (e *verdictError) and(other *verdictError) *verdictError {
	if e == nil {
		return other
	}
	return &verdictError{max(e.verdict, other.verdict), fmt.Errorf("%w; %w", e.error, other.error)}
}

// fetchDocument gets a document from the cache or from its URL.
func fetchDocument[T any](ctx context.Context, d *discovery, url string, reload bool,
	fetch func(context.Context, string, ...gen.Edit) (*gen.Response[T], error), decode func([]byte, *gen.Report) (*T, error),
) (*gen.Response[T], error) {
	if d.Documents == nil || reload {
		return fetch(ctx, url)
	}
	body, ok := d.Documents.Load(ctx, url)
	if !ok {
		return fetch(ctx, url)
	}
	res := &gen.Response[T]{StatusCode: http.StatusOK, URL: url, Body: body}
	var err error
	if res.Document, err = decode(body, &res.Report); err != nil {
		return fetch(ctx, url)
	}
	return res, nil
}

// atHand: the cache answers for url, so that nothing needs to be asked beside it.
func (d *discovery) atHand(ctx context.Context, url string, reload bool) bool {
	if d.Documents == nil || reload {
		return false
	}
	_, ok := d.Documents.Load(ctx, url)
	return ok
}

// keepDocument offers a document that came from its URL to the cache.
func keepDocument[T any](ctx context.Context, d *discovery, url string, res *gen.Response[T]) {
	if d.Documents == nil || res.Header == nil {
		return
	}
	if lifetime := freshness(res.Header, time.Now()); lifetime > 0 {
		d.Documents.Save(ctx, url, res.Body, lifetime)
	}
}

// answer is what one candidate URL gave.
type answer[T any] struct {
	Attempt
	doc      *T
	verdict  verdict
	object   bool // the body was a JSON object, whatever else was wrong
	warnings validate.Violations
}

func (a *answer[T]) refuse(v verdict, err error) {
	a.verdict, a.doc, a.Err, a.Reason = v, nil, err, bounded(err.Error())
}

// failedAnswer sorts the error of a metadata leg.
func failedAnswer[T any](url string, err error) answer[T] {
	a := answer[T]{Attempt: Attempt{URL: url}}
	a.refuse(unknown, err)
	var res *gen.ResponseError
	var redirect *RedirectError
	switch {
	case errors.As(err, &redirect):
		a.Status = redirect.StatusCode
		a.verdict = absent
	case errors.As(err, &res):
		a.Status = res.StatusCode
		a.verdict = verdictOf(res)
		a.object = isObject(res)
	}
	return a
}

// verdictOf: 4xx except 408, 425 and 429, a redirect that was not followed, and
// a 2xx that is not the document are "absent"; the rest says nothing.
func verdictOf(res *gen.ResponseError) verdict {
	if mayPass(res.StatusCode) {
		return unknown
	}
	var decode *gen.DecodeError
	var tooLarge *http.MaxBytesError
	switch {
	case res.StatusCode >= 300, errors.As(res.Err, &decode):
		return absent
	case errors.As(res.Err, &tooLarge):
		return unknown
	case res.StatusCode == 0, isNetworkError(res.Err):
		return unknown
	}
	return absent // a 2xx of another media type
}

// mayPass: a status that says nothing about what the server would have answered
// at another time.
func mayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// isOwnRefusal: the guard and the size limit would refuse the same again.
func isOwnRefusal(err error) bool {
	return errors.As(err, new(*GuardError)) || errors.As(err, new(*http.MaxBytesError))
}

// isObject tells a JSON object that broke a rule, or came under another media
// type or 2xx status, from something else.
func isObject(res *gen.ResponseError) bool {
	if res.StatusCode < 200 || res.StatusCode >= 300 {
		return false
	}
	var decode *gen.DecodeError
	if !errors.As(res.Err, &decode) {
		return bytes.HasPrefix(bytes.TrimSpace(res.Body), []byte("{")) && json.Valid(res.Body)
	}
	switch decode.Kind {
	case gen.ProblemSyntax:
		return false
	case gen.ProblemType, gen.ProblemNull:
		return decode.Pointer != ""
	}
	return true
}

// ask fetches the candidates, all at once or one after the other, and returns
// the answers up to the first that is not "absent": in both cases an earlier
// candidate wins over a later one. It returns after its last leg has ended.
func ask[T any](ctx context.Context, urls []string, together bool, fetch func(context.Context, string) answer[T]) []answer[T] {
	answers := make([]answer[T], 0, len(urls))
	if !together {
		for _, url := range urls {
			answers = append(answers, fetch(ctx, url))
			if answers[len(answers)-1].verdict != absent {
				break
			}
		}
		return answers
	}
	ctx, cancel := context.WithCancel(ctx)
	var legs sync.WaitGroup
	defer legs.Wait()
	defer cancel()
	pending := make([]chan answer[T], len(urls))
	for i, url := range urls {
		pending[i] = make(chan answer[T], 1)
		legs.Go(func() { pending[i] <- fetch(ctx, url) })
	}
	for _, ch := range pending {
		answers = append(answers, <-ch)
		if answers[len(answers)-1].verdict != absent {
			break
		}
	}
	return answers
}

// settle books the answers and returns the document among them, nil if all
// were absent, an error if one of them ends the discovery.
func settle[T any](ctx context.Context, d *discovery, answers []answer[T]) (*T, error) {
	for _, a := range answers {
		a.URL, _, _ = strings.Cut(a.URL, "?")
		d.out.Attempts = append(d.out.Attempts, a.Attempt)
		d.object = d.object || a.object
		d.open = d.open || !meansNothingHere(a.Attempt, a.object)
		switch a.verdict {
		case usable:
			d.out.Warnings = append(d.out.Warnings, a.warnings...)
			d.Trace.decided(ctx, "metadata", a.URL, "used", "")
			return a.doc, nil
		case absent:
			d.Trace.decided(ctx, "metadata", a.URL, "passed over", a.Reason)
		default:
			d.Trace.decided(ctx, "metadata", a.URL, "refused", a.Reason)
			return nil, &verdictError{a.verdict, a.Err}
		}
	}
	return nil, nil
}

// meansNothingHere: 404, 405, 410, or a 2xx that is no object (DISC-6).
func meansNothingHere(a Attempt, object bool) bool {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return true
	}
	return a.Status >= 200 && a.Status < 300 && !object
}
