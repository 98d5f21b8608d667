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
	want := o.expectation()
	if want.State != "" {
		return Callback(doc, want, opts...)
	}
	c := newCheck(documentCallback, opts)
	return run(c, doc, []func(*check, *gen.AuthorizationResponse){
		func(c *check, doc *gen.AuthorizationResponse) { checkCallbackAlone(c, doc, want) },
	})
}

// expectation returns what the caller says, what the record of the login under
// way says, or what the metadata of the server says, which knows no state.
func (o *options) expectation() CallbackExpectation {
	if o.expecting != nil {
		return *o.expecting
	}
	for _, p := range o.partners {
		switch p.kind {
		case KindState:
			if doc, err := gen.DecodePendingRecord(recordBody(p.data), nil); err == nil && doc.State != "" {
				return CallbackExpectation{doc.State, doc.Issuer, doc.IssParameterSupported, doc.Undocumented}
			}
		case KindServer, KindOpenID:
			if doc, err := gen.DecodeAuthorizationServerMetadata(p.data, nil); err == nil {
				return CallbackExpectation{Issuer: doc.Issuer, IssParameterSupported: doc.AuthorizationResponseIssParameterSupported}
			}
		}
	}
	return CallbackExpectation{Issuer: o.url}
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
