// Authorization responses as text: the URL of the redirect, or its query.

package validate

import (
	"bytes"
	"errors"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// judgeCallback judges an authorization response from text. Without an
// expectation it is judged alone: there is a state, and iss is a URL.
func judgeCallback(data []byte, o *options, opts []Option) Violations {
	start, end := queryStart(data), len(data)
	if i := bytes.IndexByte(data[start:], '#'); i >= 0 {
		end = start + i
	}
	query := bytes.TrimRight(data[start:end], " \t\r\n")
	var report gen.Report
	doc, err := Decode[gen.AuthorizationResponse](query, &report)
	if failure := (*Error)(nil); errors.As(err, &failure) {
		for i := range failure.Violations {
			failure.Violations[i].offset += start
		}
		failure.Violations.Locate(data)
		return failure.Violations
	}
	for i := range report.Problems {
		report.Problems[i].Offset += start
	}
	opts = append(slices.Clip(opts), WithReport(report), WithSource(data))
	if end < len(data) && isRedirect(data[end+1:]) && doc.Code == "" && doc.ErrorCode == "" {
		c := newCheck(documentCallback, opts)
		c.addAt(RuleCallbackFragment, "", "the response stands behind a #", end+1)
		return c.done()
	}
	p := newPair(documentCallback, opts)
	want := p.expectation(o)
	if want.State != "" {
		return append(Callback(doc, want, opts...), p.done()...)
	}
	c := newCheck(documentCallback, opts)
	found := run(c, doc, []func(*check, *gen.AuthorizationResponse){
		func(c *check, doc *gen.AuthorizationResponse) { checkCallbackAlone(c, doc, want) },
	})
	return append(found, p.done()...)
}

// expectation returns what the caller says, what the record of the login under
// way says, or what the metadata of the server says, which knows no state. It
// adds a violation for each partner that says nothing.
func (p *pair) expectation(o *options) CallbackExpectation {
	if o.expecting != nil {
		return *o.expecting
	}
	want, known := CallbackExpectation{Issuer: o.url}, false
	for _, other := range o.partners {
		told, ok := p.expectationOf(other)
		if ok && (!known || want.State == "" && told.State != "") {
			want, known = told, true
		}
	}
	return want
}

func (p *pair) expectationOf(other partner) (want CallbackExpectation, ok bool) {
	switch other.kind {
	case KindState:
		doc, err := Decode[gen.PendingRecord](recordBody(other.data), nil)
		switch {
		case err != nil:
			p.unread(err)
		case doc.State == "":
			p.add(RulePartner, "", "the record has no login under way")
		default:
			return CallbackExpectation{doc.State, doc.Issuer, doc.IssParameterSupported, doc.Undocumented}, true
		}
	case KindServer, KindOpenID:
		doc, err := Decode[gen.AuthorizationServerMetadata](other.data, nil)
		if err == nil {
			return CallbackExpectation{Issuer: doc.Issuer, IssParameterSupported: doc.AuthorizationResponseIssParameterSupported}, true
		}
		p.unread(err)
	default:
		if _, err := other.decode(); err != nil {
			p.unread(err)
		} else {
			p.unrelated(KindCallback, other.kind)
		}
	}
	return want, false
}

// checkCallbackAlone keeps the order of checkCallback.
func checkCallbackAlone(c *check, doc *gen.AuthorizationResponse, want CallbackExpectation) {
	if doc.State == "" {
		c.add(RuleStateMatch, "/state", "the state is absent"+c.why("/state"))
		return
	}
	if want.Issuer != "" && !checkIss(c, doc, want) {
		return
	}
	checkIssURL(c, doc)
	checkCode(c, doc)
}

// queryStart returns where the query of a URL begins, and 0 for a bare query.
func queryStart(data []byte) int {
	if i := bytes.IndexByte(data, '?'); i >= 0 && !bytes.ContainsAny(data[:i], "=&") {
		return i + 1
	}
	return 0
}
