// Pairing: what the other document of --with says about the first.

package main

import (
	"bytes"
	"fmt"
	"net/url"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// pairing makes an option of a document of --with. For an authorization
// response it is what the client expects of it. Challenges and records go with
// nothing: to ask for it is a mistake that must not pass for a comparison. For
// all else package validate knows the pairs.
func pairing(d *document, other input) (validate.Option, error) {
	k := detect(other.name, other.data)
	switch d.kind {
	case validate.KindCallback:
		if want, ok := expectation(d, k, other.data); ok {
			return validate.Expecting(want), nil
		}
	case validate.KindChallenge, validate.KindState:
	default:
		return validate.With(k, other.data), nil
	}
	return nil, fmt.Errorf("there are no rules for %s with %s", titleOf(d.kind), titleOf(k))
}

// expectation is what the record of the login that is under way expects of its
// answer, or what metadata does. Metadata knows no state: any will do then, but
// none will not.
//
// AUTHZ-6
func expectation(d *document, k validate.Kind, data []byte) (want validate.CallbackExpectation, ok bool) {
	switch k {
	case validate.KindState:
		record, err := gen.DecodePendingRecord(data[max(0, bytes.IndexByte(data, '{')):], nil)
		if err != nil {
			return want, false
		}
		return validate.CallbackExpectation{
			State: record.State, Issuer: record.Issuer, IssParameterSupported: record.IssParameterSupported,
		}, true
	case validate.KindServer, validate.KindOpenID:
		server, err := gen.DecodeAuthorizationServerMetadata(data, nil)
		if err != nil {
			return want, false
		}
		return validate.CallbackExpectation{
			State: stateOf(d.data), Issuer: server.Issuer,
			IssParameterSupported: server.AuthorizationResponseIssParameterSupported,
		}, true
	}
	return want, false
}

// stateOf returns the state of a redirect, and something else than it when
// there is none.
func stateOf(data []byte) string {
	query := string(bytes.TrimSpace(data))
	if u, err := url.Parse(query); err == nil && u.RawQuery != "" {
		query = u.RawQuery
	}
	if values, err := url.ParseQuery(query); err == nil && values.Get("state") != "" {
		return values.Get("state")
	}
	return "absent"
}
