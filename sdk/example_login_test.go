package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// An HTTP client for one MCP server: the first request that needs it opens the
// browser, and any MCP library takes the client.
func Example() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:   server.URL(),
		ClientName: "Notes for Ada",
		Authorizer: &sdk.Loopback{Open: browser(issuer)}, // without Open: the browser of this machine
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	client := auth.HTTPClient()
	ping(client, server.URL())
	ping(client, server.URL())
	fmt.Println(issuer.Count("authorize"), "login")
	// Output:
	// 200 OK
	// 200 OK
	// 1 login
}

// A web application begins a login in one request and finishes it in another,
// which may come to another machine with the same Store.
func ExampleClient_Begin() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()
	ctx := context.Background()

	auth, err := sdk.New(sdk.Config{
		Resource:    server.URL(),
		RedirectURI: "https://app.example.com/callback",
		Subject:     "ada",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	consent, err := auth.Begin(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	callback, err := issuer.Authorize(ctx, consent.URL()) // the browser is redirected there, and comes back
	if err != nil {
		fmt.Println(err)
		return
	}
	// The subject is that of the application's own session.
	if err := auth.Finish(ctx, "ada", callback); err != nil {
		fmt.Println(err)
		return
	}
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// A request without a session says where its user has to go.
func ExampleConsentRequiredError() {
	_, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), RedirectURI: "https://app.example.com/callback"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	_, err = auth.HTTPClient().Get(server.URL())
	if required, ok := errors.AsType[*sdk.ConsentRequiredError](err); ok {
		fmt.Println("redirect the user:", required.Consent.URL() != "")
	}
	// Output: redirect the user: true
}

// A gateway has one pool for all its users and servers.
func ExamplePool() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()

	pool, err := sdk.NewPool(sdk.Config{Authorizer: &sdk.Loopback{Open: browser(issuer)}}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	for _, user := range []string{"ada", "grace", "ada"} {
		client, err := pool.Client(user, server.URL())
		if err != nil {
			fmt.Println(err)
			return
		}
		ping(client.HTTPClient(), server.URL())
	}
	fmt.Println(issuer.Count("authorize"), "logins,", issuer.Count("register"), "registration")
	// Output:
	// 200 OK
	// 200 OK
	// 200 OK
	// 2 logins, 1 registration
}

// Logout revokes the tokens and forgets them; the next request logs in again.
func ExampleClient_Logout() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()
	ctx := context.Background()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), Authorizer: &sdk.Loopback{Open: browser(issuer)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	if err := auth.Logout(ctx); err != nil {
		fmt.Println(err) // the tokens are forgotten all the same
	}
	_, err = auth.Token(ctx)
	fmt.Println(errors.Is(err, sdk.ErrNotAuthorized))
	// Output:
	// 200 OK
	// true
}

// With a library that owns its requests, Authorize and Observe do what the
// transport does.
func ExampleClient_Authorize() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), Authorizer: &sdk.Loopback{Open: browser(issuer)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	var round sdk.Round
	for again := true; again; {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL(), http.NoBody)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := auth.Authorize(req); err != nil {
			fmt.Println(err)
			return
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		if again, err = auth.Observe(req, res, &round); err != nil {
			fmt.Println(err)
			return
		}
		_ = res.Body.Close()
		fmt.Println(res.Status)
	}
	// Output:
	// 401 Unauthorized
	// 200 OK
}

// A person who says no is not asked again by the next request; Login asks.
func ExampleNeedsHuman() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{Decide: flowstest.Deny()})
	defer stop()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), Authorizer: &sdk.Loopback{Open: browser(issuer)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	err = auth.Login(context.Background())
	var denied *flows.AuthorizationError
	fmt.Println(errors.As(err, &denied) && denied.Code == "access_denied", sdk.NeedsHuman(err))
	// Output: true true
}
