// Tests of the syntax of challenges.

package validate_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/validate"
)

var challengeFields = []string{
	``,
	`Bearer`,
	`bEaReR realm="x"`,
	`Bearer realm = "a\"b\\" , scope="a b"`,
	`Bearer scope="a b", error_scope="x"`,
	`Basic realm="x", Bearer scope=a, DPoP algs="ES256"`,
	`Bearer a=1 b=2`,
	`Bearer a=1,,b=2,`,
	`Negotiate abc=, Bearer x=y`,
	`Negotiate`,
	`NTLM abc==`,
	`Bearer resource_metadata=https://h/.well-known/x?y=1, scope=z`,
	`Bearer scope=read write, error="x"`,
	`Bearer scope="unterminated`,
	`Bearer scope="ctl` + "\x01" + `", error="x"`,
	`"stray" Bearer x=1`,
	`x=1, Bearer y=2`,
	`Bearer x=1; y=2`,
	`Bearer x=, y=2`,
	`Bearer x="1" Basic realm=y`,
	`Bearer ,x=1`,
	`Bearer=1`,
	"Bearer\tx=1",
	`Bearer x="a",x="b"`,
	`Digest realm="r", nonce="n", qop="auth, auth-int" Bearer error=invalid_token`,
}

func FuzzParseChallenges(f *testing.F) {
	for _, field := range challengeFields {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		challenges, faults := validate.ParseChallenges(field)
		for _, c := range challenges {
			if field[c.Offset:][:len(c.Scheme)] != c.Scheme {
				t.Fatalf("%q: %q is not at %d", field, c.Scheme, c.Offset)
			}
			for _, p := range c.Params {
				if p.Offset < c.Offset || p.Offset > len(field) {
					t.Fatalf("%q: %+v", field, p)
				}
			}
		}
		for _, fault := range faults {
			if fault.Offset < 0 || fault.Offset > len(field) || fault.Detail == "" {
				t.Fatalf("%q: %+v", field, fault)
			}
		}
	})
}

// A field as RFC 9110 writes it has no faults; each fault has its own words.
func TestChallengeFaults(t *testing.T) {
	for field, offset := range map[string]int{
		`Bearer a=1, b="2 3"`:                 -1,
		`Negotiate abc==, Bearer`:             -1,
		`Bearer a="1"; b=2`:                   12,
		`Bearer a=1 b=2`:                      11,
		`Bearer a="1`:                         9,
		`a=1`:                                 0,
		`Bearer resource_metadata=https://h/`: 25,
	} {
		_, faults := validate.ParseChallenges(field)
		switch {
		case offset < 0 && len(faults) != 0, offset >= 0 && (len(faults) == 0 || faults[0].Offset != offset):
			t.Errorf("%q: %+v, want one at %d", field, faults, offset)
		}
	}
}
