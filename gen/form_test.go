// Forms: parameters out and in.

package gen_test

import (
	"fmt"
	"net/url"
	"reflect"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// AUTHZ-13, AUTHZ-2: the code request repeats redirect_uri and carries verifier and each resource.
func TestValues(t *testing.T) {
	request := &gen.AuthorizationCodeTokenRequest{
		Code: "c&=", RedirectURI: "http://127.0.0.1:1/cb?x=1", CodeVerifier: "v",
		Resource: []string{"https://a.example/", "https://b.example"},
		Params:   url.Values{"audience": {"x", "y"}, "grant_type": {"evil"}, "client_secret": {"evil"}},
	}
	want := url.Values{
		"grant_type": {"authorization_code"}, "code": {"c&="}, "redirect_uri": {"http://127.0.0.1:1/cb?x=1"}, "code_verifier": {"v"},
		"resource": {"https://a.example/", "https://b.example"}, "audience": {"x", "y"},
	}
	got := request.Values()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	got["resource"][0] = "changed"
	if request.Resource[0] != "https://a.example/" {
		t.Error("Values shares the list")
	}
	if got := (&gen.AuthorizationRequest{MaxAge: new(int64(0)), Resource: []string{}}).Values(); !reflect.DeepEqual(got, url.Values{"max_age": {"0"}}) {
		t.Errorf("%v", got)
	}
}

func TestFormRoundTrip(t *testing.T) {
	schemas := readSchemas(t)
	for _, s := range schemas {
		if !s.Form {
			continue
		}
		doc := full(schemas, s)
		doc["unknown"] = []any{"1", "2"}
		text := formText(doc)
		decoded, err := decoders[s.Title]([]byte(text), nil)
		if err != nil {
			t.Fatalf("%s: %v", s.Title, err)
		}
		if again, err := decoded.Encode(); err != nil || string(again) != text {
			t.Errorf("%s: %s, want %s (%v)", s.Title, again, text, err)
		}
	}
}

// AUTHZ-6: a callback's parameters are taken once each, by their exact names.
func TestDecodeAuthorizationResponse(t *testing.T) {
	tests := []struct {
		text string
		want gen.AuthorizationResponse
		kind gen.ProblemKind
	}{
		{text: "", want: gen.AuthorizationResponse{}},
		{text: "code=a%2Bb+c&state=s&iss=https%3A%2F%2Fas.example", want: gen.AuthorizationResponse{Code: "a+b c", State: "s", Iss: "https://as.example"}},
		{text: "&&code=a&&state=&", want: gen.AuthorizationResponse{Code: "a"}},
		{text: "error=access_denied&error_description=no&Code=x&co;de=1&flag", want: gen.AuthorizationResponse{
			ErrorCode: "access_denied", ErrorDescription: "no", Params: url.Values{"Code": {"x"}, "co;de": {"1"}, "flag": {""}},
		}},
		{text: "code=a&code=b", kind: gen.ProblemDuplicate},
		{text: "code=a&%63ode=a", kind: gen.ProblemDuplicate},
		{text: "code=%zz", kind: gen.ProblemSyntax},
	}
	for _, test := range tests {
		got, err := gen.DecodeAuthorizationResponse([]byte(test.text), nil)
		if test.kind != "" {
			if refusal := refused(t, err); refusal.Kind != test.kind {
				t.Errorf("%s: %v", test.text, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: %v %v", test.text, err, got)
		}
	}
}

func TestFormProblems(t *testing.T) {
	var report gen.Report
	got, err := gen.DecodeAuthorizationRequest([]byte("max_age=x&redirect_uri=nope&state=&scope=a&resource="), &report)
	if err != nil || got.Scope != "a" || got.MaxAge != nil || got.RedirectURI != "" {
		t.Fatal(err, got)
	}
	var found []string
	for _, p := range report.Problems {
		found = append(found, fmt.Sprint(p.Pointer, " ", p.Kind, " ", p.Offset))
	}
	if want := "[/max_age type 0 /redirect_uri value 10 /state empty 28 /resource empty 43]"; fmt.Sprint(found) != want {
		t.Errorf("%s, want %s", found, want)
	}
	for text, kind := range map[string]gen.ProblemKind{
		"grant_type=authorization_code&code=c": "",
		"grant_type=refresh_token&code=c":      gen.ProblemValue,
		"code=c":                               gen.ProblemMissing,
		"grant_type=authorization_code":        gen.ProblemMissing,
	} {
		_, err := gen.DecodeAuthorizationCodeTokenRequest([]byte(text), nil)
		if kind == "" && err != nil || kind != "" && refused(t, err).Kind != kind {
			t.Errorf("%s: %v, want %q", text, err, kind)
		}
	}
}
