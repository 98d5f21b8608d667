package sealed_test

import (
	"context"
	"fmt"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
)

// A keyset is made once and kept as a secret; each start of the program reads it.
func Example() {
	made, err := sealed.NewKeyset()
	if err != nil {
		fmt.Println(err)
		return
	}
	secret, err := sealed.MarshalKeyset(made)
	if err != nil {
		fmt.Println(err)
		return
	}

	keys, err := sealed.ParseKeyset(secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	inner := sdk.NewMemoryStore() // or a directory, or Redis
	store, err := sealed.New(inner, keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := store.Put(ctx, "session/0a/1b", []byte("tokens")); err != nil {
		fmt.Println(err)
		return
	}
	value, err := store.Get(ctx, "session/0a/1b")
	fmt.Printf("%s %v\n", value, err)
	kept, err := inner.Get(ctx, "session/0a/1b")
	fmt.Printf("%.17s %v\n", kept, err)
	// Output:
	// tokens <nil>
	// mcpoauth-sealed 1 <nil>
}

// A rotation in three steps. Between them all machines get the new keyset.
func Example_rotation() {
	keys, err := sealed.NewKeyset()
	for _, step := range []func() error{
		func() error { keys, err = sealed.AddKey(keys); return err },
		func() error { keys, err = sealed.UseNewestKey(keys); return err },
		func() error { keys, err = sealed.DropOldKeys(keys); return err },
	} {
		if err := step(); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(keys.Len())
	}
	// Output:
	// 2
	// 2
	// 1
}
