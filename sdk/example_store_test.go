package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mcpoauth/mcpoauth/sdk"
)

func ExampleNewDirectoryStore() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)

	// A program for users takes the path from sdk.DefaultDirectory.
	store, err := sdk.NewDirectoryStore(filepath.Join(parent, "mcpoauth"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := store.Put(ctx, "client/0a1b", []byte("a record")); err != nil {
		fmt.Println(err)
		return
	}

	// Another process opens the same directory.
	other, err := sdk.NewDirectoryStore(filepath.Join(parent, "mcpoauth"))
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := other.Get(ctx, "client/0a1b")
	fmt.Printf("%s %v\n", value, err)
	// Output: a record <nil>
}

func ExampleNewMemoryStore() {
	store := sdk.NewMemoryStore()
	ctx := context.Background()

	// Two holders of generation 1 write generation 2: the second is told to read again.
	fmt.Println(store.PutIf(ctx, "session/0a/1b", 2, []byte("from the first")))
	err := store.PutIf(ctx, "session/0a/1b", 2, []byte("from the second"))
	fmt.Println(errors.Is(err, sdk.ErrStale))

	_, err = store.Get(ctx, "session/0a/2c")
	fmt.Println(errors.Is(err, sdk.ErrNotFound))
	// Output:
	// <nil>
	// true
	// true
}

func ExampleMemoryStore_Keys() {
	store := sdk.NewMemoryStore()
	ctx := context.Background()
	for _, key := range []string{"session/0a/1b", "session/0a/2c", "session/0b/1b", "client/3d"} {
		if err := store.Put(ctx, key, []byte("a record")); err != nil {
			fmt.Println(err)
		}
	}
	var keys []string
	for key, err := range store.Keys(ctx, "session/0a/") {
		if err != nil {
			fmt.Println(err)
			return
		}
		keys = append(keys, key)
	}
	slices.Sort(keys) // they come in any order
	fmt.Println(keys)
	// Output: [session/0a/1b session/0a/2c]
}
