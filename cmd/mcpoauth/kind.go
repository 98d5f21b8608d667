// Kinds: how the command names documents, and tells them apart by their files.

package main

import (
	"github.com/mcpoauth/mcpoauth/validate"
)

// kindTitles say what a kind is, in help and in reports.
var kindTitles = map[validate.Kind]string{
	validate.KindResource:    "protected resource metadata",
	validate.KindServer:      "authorization server metadata",
	validate.KindOpenID:      "OpenID provider metadata",
	validate.KindClientID:    "client ID metadata document",
	validate.KindClient:      "registration request",
	validate.KindInformation: "registration answer",
	validate.KindToken:       "token response",
	validate.KindError:       "error response",
	validate.KindCallback:    "authorization response",
	validate.KindChallenge:   "WWW-Authenticate challenge",
	validate.KindState:       "stored record",
}

// titleOf returns the title of a kind; a kind without one stands for itself.
func titleOf(k validate.Kind) string {
	if title, ok := kindTitles[k]; ok {
		return title
	}
	return string(k)
}

// secretive are the kinds most of whose strings are secrets.
var secretive = map[validate.Kind]bool{
	validate.KindInformation: true,
	validate.KindToken:       true,
	validate.KindState:       true,
}

// detect tells the kind of a document by the well-known place that its file is
// named after, which decides what clients take it for, then by its content;
// "" when neither tells.
func detect(name string, data []byte) validate.Kind {
	k, _ := validate.DetectKindOf(name, data)
	return k
}

// expects says what --for is for a kind; kinds without an entry take none.
var expects = map[validate.Kind]string{
	validate.KindResource:  "the URL of the MCP server",
	validate.KindServer:    "the issuer that was asked for",
	validate.KindOpenID:    "the issuer that was asked for",
	validate.KindClientID:  "the URL of the document",
	validate.KindCallback:  "the issuer",
	validate.KindChallenge: "the URL that was asked for",
}
