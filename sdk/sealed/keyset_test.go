package sealed

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
)

func TestKeysetRoundTrip(t *testing.T) {
	inner := sdk.NewMemoryStore()
	handle := must(t)(AddKey(newKeyset(t)))
	put(t, newStore(t, inner, handle), key, "value")
	data, err := MarshalKeyset(handle)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKeyset(data)
	if err != nil {
		t.Fatal(err)
	}
	want(t, newStore(t, inner, again), key, "value")
	t.Logf("a keyset of two keys takes %d bytes", len(data))
}

// STORE-4: what is not a keyset is refused, and not quoted.
func TestParseKeysetRefuses(t *testing.T) {
	signing, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var other bytes.Buffer
	if err := insecurecleartextkeyset.Write(signing, keyset.NewJSONWriter(&other)); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"empty":        "",
		"no JSON":      "s3cret",
		"no keyset":    `{"s3cret": 1}`,
		"no keys":      `{"primaryKeyId": 1, "key": []}`,
		"no primary":   strings.Replace(string(marshal(t, newKeyset(t))), `"primaryKeyId":`, `"primaryKeyId":1`, 1),
		"a MAC":        other.String(),
		"half":         string(marshal(t, newKeyset(t))[:100]),
		"1 MiB and up": strings.Repeat(" ", keysetLimit+1),
	} {
		handle, err := ParseKeyset([]byte(data))
		if err == nil || handle != nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: ParseKeyset = %v, error %v", name, handle, err)
		}
	}
}

func marshal(t *testing.T, handle *keyset.Handle) []byte {
	t.Helper()
	data, err := MarshalKeyset(handle)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeysetNil(t *testing.T) {
	for name, f := range map[string]func(*keyset.Handle) (*keyset.Handle, error){
		"AddKey": AddKey, "UseNewestKey": UseNewestKey, "DropOldKeys": DropOldKeys,
	} {
		if handle, err := f(nil); err == nil || handle != nil {
			t.Errorf("%s(nil) = %v, error %v", name, handle, err)
		}
	}
	if _, err := MarshalKeyset(nil); err == nil {
		t.Error("MarshalKeyset(nil): no error")
	}
}
