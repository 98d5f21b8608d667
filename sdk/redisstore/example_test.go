package redisstore_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/alicebob/miniredis/v2"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/redisstore"
	"github.com/redis/go-redis/v9"
)

func ExampleOpen() {
	server, err := miniredis.Run() // in the place of a real one
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	store, err := redisstore.Open("redis://"+server.Addr(), redisstore.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	ctx := context.Background()

	// Two machines that hold generation 1 write generation 2: the second is told to read again.
	fmt.Println(store.PutIf(ctx, "session/0a/1b", 2, []byte("from the first")))
	err = store.PutIf(ctx, "session/0a/1b", 2, []byte("from the second"))
	fmt.Println(errors.Is(err, sdk.ErrStale))
	// Output:
	// <nil>
	// true
}

// A cluster with TLS, client certificates and its password from the environment.
func ExampleNew() {
	certificate, err := tls.LoadX509KeyPair("client.pem", "client.key")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	client := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:     []string{"redis-1.example.com:6379", "redis-2.example.com:6379"},
		Username:  "mcpoauth",
		Password:  os.Getenv("REDIS_PASSWORD"),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}},
	})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{Prefix: "gateway:"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	_ = sdk.Config{Store: store, RedirectURI: "https://gateway.example.com/callback"}
}
