package sdk_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// A Loopback is given to Config.Authorizer and driven by a Client. This is what happens in between, with a function
// that plays the person, the browser and the authorization server.
func ExampleLoopback() {
	loopback := &sdk.Loopback{
		Open: func(ctx context.Context, authorizationURL string) error {
			target, err := url.Parse(authorizationURL)
			if err != nil {
				return err
			}
			query := target.Query()
			callback := query.Get("redirect_uri") + "?code=SplxlOBe&state=" + query.Get("state")
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			return resp.Body.Close()
		},
	}

	ctx := context.Background()
	attempt, err := loopback.Prepare(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer attempt.Close()

	// The redirect URI is known before the client is registered.
	redirectURI := attempt.RedirectURI()
	callback, err := attempt.Authorize(ctx, "https://as.example/authorize?state=af0ifjsldkj&redirect_uri="+url.QueryEscape(redirectURI))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.TrimPrefix(callback, redirectURI))
	// Output: ?code=SplxlOBe&state=af0ifjsldkj
}

func ExamplePaste() {
	paste := &sdk.Paste{
		In:  strings.NewReader("http://127.0.0.1:42813/callback?code=SplxlOBe&state=af0ifjsldkj\n"),
		Out: new(strings.Builder),
	}
	ctx := context.Background()
	attempt, err := paste.Prepare(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer attempt.Close()
	callback, err := attempt.Authorize(ctx, "https://as.example/authorize?state=af0ifjsldkj")
	fmt.Println(callback, err)
	// Output: http://127.0.0.1:42813/callback?code=SplxlOBe&state=af0ifjsldkj <nil>
}
