// Narrator: makes a line of each request and each decision.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows"
)

// narrator hears of the OAuth requests through a flows.Trace, and sees the
// requests to the MCP server because it is the transport below sdk.Transport.
type narrator struct {
	screen *screen
	base   http.RoundTripper // sends the requests to the MCP server
	hosts  map[string]string // who is behind a host
}

// meanings say what the answer to an operation gives the client.
var meanings = map[string]string{
	"getProtectedResourceMetadata":   "whose tokens it accepts",
	"getAuthorizationServerMetadata": "endpoints, and what it supports",
	"registerClient":                 "a client id for this program",
	"exchangeAuthorizationCode":      "tokens for the code and its PKCE verifier",
	"refreshAccessToken":             "new tokens for the refresh token",
}

// grants are what a token request offers.
var grants = map[string]string{
	"exchangeAuthorizationCode": "  authorization_code",
	"refreshAccessToken":        "  refresh_token",
}

// trace returns the hooks. They get no secrets, so nothing has to be hidden.
func (n *narrator) trace() *flows.Trace {
	return &flows.Trace{
		LegRetry: func(_ context.Context, retry flows.LegRetry) {
			actor, place := n.place(retry.URL)
			n.screen.exchange(actor, method(retry.Method)+place, status(retry.StatusCode), fmt.Sprintf("again in %v", retry.Wait))
		},
		LegDone: func(_ context.Context, result flows.LegResult) {
			actor, place := n.place(result.URL)
			meaning := ""
			if result.StatusCode/100 == 2 {
				meaning = meanings[result.Operation]
			} else if result.Err != nil {
				meaning = result.Err.Error()
			}
			n.screen.exchange(actor, method(result.Method)+place+grants[result.Operation], status(result.StatusCode), meaning)
		},
		Decision: func(_ context.Context, decision flows.Decision) { n.decided(decision) },
	}
}

// decided reports what a flow concluded. That a document is used need not be
// said: the line above shows its status.
func (n *narrator) decided(d flows.Decision) {
	switch d.Step + " " + d.Outcome {
	case "metadata used":
	case "discover found":
		n.screen.remark(actorDecided, "issuer "+d.Subject+", named by "+d.Reason)
	case "client chosen":
		n.screen.remark(actorDecided, "client id by "+d.Reason)
	default:
		text := strings.Join([]string{d.Step, d.Subject, d.Outcome}, " ")
		if d.Reason != "" {
			text += ": " + d.Reason
		}
		n.screen.remark(actorDecided, text)
	}
}

// RoundTrip sends a request to the MCP server and reports it.
func (n *narrator) RoundTrip(req *http.Request) (*http.Response, error) {
	actor, place := n.place(req.URL.String())
	request := method(req.Method) + place + "  " + messageOf(bodyOf(req)).String()
	res, err := n.base.RoundTrip(req)
	if err != nil {
		n.screen.exchange(actor, request, status(0), err.Error())
		return nil, err
	}
	n.screen.exchange(actor, request, status(res.StatusCode), verdict(req, res))
	return res, nil
}

// visited reports where the human is brought to, and what for.
func (n *narrator) visited(authorizationURL string) {
	u, err := url.Parse(authorizationURL)
	if err != nil {
		return
	}
	query := u.Query()
	_, place := n.place(authorizationURL)
	n.screen.exchange(actorBrowser, method(http.MethodGet)+place, "", fmt.Sprintf(
		"allow %q? (PKCE %s)", cmp.Or(query.Get("scope"), "default scope"), query.Get("code_challenge_method")))
}

// place says who is asked, and where: the path alone for those who were
// introduced at the top.
func (n *narrator) place(raw string) (actor, place string) {
	u, err := url.Parse(raw)
	if err != nil {
		return actorIssuer, raw
	}
	if actor, ok := n.hosts[u.Host]; ok {
		return actor, cmp.Or(u.EscapedPath(), "/")
	}
	return actorIssuer, u.Host + u.EscapedPath()
}

// verdict says what the MCP server thinks of the token.
func verdict(req *http.Request, res *http.Response) string {
	challenges := flows.ParseChallenges(res.Header)
	challenge, challenged := flows.BearerChallenge(challenges)
	switch {
	case challenged:
		return fmt.Sprintf("%s: %q", cmp.Or(challenge.ErrorCode(), "wants a token"), strings.Join(challenge.Scope(), " "))
	case res.StatusCode >= 300:
		return http.StatusText(res.StatusCode)
	case req.Header.Get("Authorization") != "":
		return "token accepted"
	}
	return "no token needed"
}

// methodCall is the JSON-RPC method that calls a tool.
const methodCall = "tools/call"

// message is what the story tells of a JSON-RPC message.
type message struct {
	Method string `json:"method"`
	Params struct {
		Name string `json:"name"` // of a tool
	} `json:"params"`
}

func (m message) String() string { return strings.TrimSpace(m.Method + " " + m.Params.Name) }

// messageOf returns the zero message for what is none.
func messageOf(body []byte) message {
	var m message
	if json.Unmarshal(body, &m) != nil {
		return message{}
	}
	return m
}

// bodyOf returns the body of a request that can still be sent.
func bodyOf(req *http.Request) []byte {
	if req.GetBody == nil {
		return nil
	}
	again, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer again.Close()
	body, err := io.ReadAll(again)
	if err != nil {
		return nil
	}
	return body
}

func method(name string) string { return fmt.Sprintf("%-7s", name) }

func status(code int) string {
	if code == 0 {
		return "---"
	}
	return fmt.Sprint(code)
}
