package redisstore

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/redis/go-redis/v9"
)

// reply is an error as a server sends it.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// STORE-4: each answer has the type that says what to do, and quotes no value.
func TestFailure(t *testing.T) {
	for _, tc := range []struct {
		err  error
		away bool
		want string
	}{
		{errors.New("dial tcp 127.0.0.1:1: connection refused"), true, "connection refused"},
		{reply("LOADING Redis is loading the dataset in memory"), true, "LOADING"},
		{reply("READONLY You can't write against a read only replica."), true, "READONLY"},
		{reply("CLUSTERDOWN Hash slot not served"), true, "CLUSTERDOWN"},
		{reply("ERR max number of clients reached"), true, "clients"},
		{reply("NOAUTH Authentication required."), false, "NOAUTH"},
		{reply("WRONGPASS invalid username-password pair or user is disabled."), false, "WRONGPASS"},
		{reply("OOM command not allowed when used memory > 'maxmemory'."), false, "OOM"},
		{reply("ERR unknown command 'evalsha', with args beginning with: 's3cret' "), false, "unknown command"},
		{reply("WRONGTYPE " + strings.Repeat("long ", 1000)), false, "WRONGTYPE"},
		{reply("ERR"), false, "ERR"},
		{reply(""), false, "refuses"},
		{reply(strings.Repeat("x", 1000)), false, "xxx"},
		{reply("ERR two\nlines\x1b[31m\xff"), false, "two?lines"},
	} {
		err := failure("get", key, tc.err)
		var away *UnavailableError
		var refused *RefusedError
		if errors.As(err, &away) != tc.away || errors.As(err, &refused) == tc.away {
			t.Errorf("%v: %T", tc.err, err)
		}
		text := err.Error()
		if !strings.Contains(text, tc.want) || !strings.Contains(text, key) || strings.Contains(text, "s3cret") || len(text) > 400 {
			t.Errorf("%v: error %q", tc.err, text)
		}
	}
	if failure("get", key, nil) != nil || !errors.Is(failure("get", key, redis.Nil), redis.Nil) {
		t.Error("no error is made one")
	}
}

// What the server says goes into a line of a log.
func FuzzCutAnswer(f *testing.F) {
	f.Add("ERR unknown command 'evalsha', with args beginning with: 's3cret' ")
	f.Add("NOAUTH Authentication required.")
	f.Add("")
	f.Fuzz(func(t *testing.T, answer string) {
		code, message := cutAnswer(answer)
		text := code + " " + message
		if len(text) > 2*answerLimit || strings.Contains(text, quoting) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("cutAnswer(%q) = %q, %q", answer, code, message)
		}
	})
}

// A password, and a user who may do less: the errors of the server arrive typed.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--requirepass", "right", "--user", "reader", "on", ">right", "~*", "+get")
	for url, want := range map[string]string{
		"redis://" + s.addr:               "NOAUTH",
		"redis://:wrong@" + s.addr:        "WRONGPASS",
		"redis://reader:right@" + s.addr:  "NOPERM",
		"redis://default:right@" + s.addr: "",
		"redis://:right@" + s.addr:        "",
	} {
		store, err := Open(url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		err = store.Put(t.Context(), key, []byte("s3cret"))
		var refused *RefusedError
		if want == "" && err != nil || want != "" && (!errors.As(err, &refused) || refused.Code != want) {
			t.Errorf("%s: error %v, want code %q", url, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wrong@")) {
			t.Errorf("error %v", err)
		}
	}
}

// A full memory and a name that another program uses are refusals; the old record stays.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--maxmemory-policy", "noeviction")
	store, admin := s.open(t, Options{}), s.client(t)
	putIf(t, store, 1, "old")
	if err := admin.Set(t.Context(), "mcpoauth:{client/0a}", "another program's", 0).Err(); err != nil {
		t.Fatal(err)
	}
	var refused *RefusedError
	if _, err := store.Get(t.Context(), "client/0a"); !errors.As(err, &refused) || refused.Code != "WRONGTYPE" {
		t.Errorf("Get of another program's data: error %v", err)
	}
	if err := admin.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.PutIf(t.Context(), key, 2, []byte("s3cret")); !errors.As(err, &refused) || refused.Code != "OOM" {
		t.Errorf("PutIf with a full memory: error %v", err)
	}
	want(t, store, key, "old")
}

// TLS, with a CA of the caller's own.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, pool := newCertificate(t)
	s := newServer(t, "--tls-port", "0")
	s.stop(t)
	_, port, _ := net.SplitHostPort(s.addr)
	s.args = append(s.args, "--port", "0", "--tls-port", port, "--tls-auth-clients", "no",
		"--tls-cert-file", certificate, "--tls-key-file", certificate, "--tls-ca-cert-file", certificate)
	s.start(t)
	client := redis.NewClient(&redis.Options{Addr: s.addr, TLSConfig: &tls.Config{RootCAs: pool}})
	defer client.Close()
	store, err := New(client, Options{})
	if err != nil {
		t.Fatal(err)
	}
	putIf(t, store, 1, "over TLS")
	want(t, store, key, "over TLS")

	strange, err := Open("rediss://"+s.addr+"?max_retries=-1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer strange.Close()
	_, err = strange.Get(t.Context(), key)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		t.Errorf("a CA that nobody trusts: error %v", err)
	}
}

// newCertificate returns the file of a new certificate for 127.0.0.1 and its key, and the pool that trusts it.
func newCertificate(t *testing.T) (string, *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	content := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	path := filepath.Join(t.TempDir(), "tls.pem")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(content)
	return path, pool
}

// STORE-4: a URL that is refused is not quoted.
func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{
		"", "http://u:s3cret@host", "redis://u:s3cret@host:port", "redis://u:p@ss/s3cret@host", "redis://u:s3cret%zz@host",
		"redis://u:s3cret@host/one", "redis://host?nothing=s3cret", "redis://host?dial_timeout=s3cret",
		"http://u:s3cret@host?addr=b", "redis://host?addr=b&nothing=s3cret",
		"redis://host?pool_size=9999999999", "redis://host?addr=b&pool_size=-1", "redis://host?master_name=m&min_idle_conns=s3cret",
		"http://u:s3cret@host?master_name=m", "redis://host/s3cret?master_name=m", "unix://",
	} {
		store, err := Open(url, Options{})
		if err == nil || store != nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "ss/") {
			t.Errorf("Open(%q) = %v, error %v", url, store, err)
		}
	}
	for url, kind := range map[string]string{
		"redis://host": "client", "rediss://u:p@host:1/3?read_timeout=1s": "client", "unix:///run/redis.sock": "client",
		"redis://a?addr=b:1": "cluster", "redis://a:26379?master_name=main": "client",
	} {
		store, err := Open(url, Options{})
		if err != nil {
			t.Errorf("Open(%q): %v", url, err)
			continue
		}
		if _, cluster := store.client.(*redis.ClusterClient); cluster != (kind == "cluster") {
			t.Errorf("Open(%q) made a %T", url, store.client)
		}
		_ = store.Close()
	}
}

// A URL comes from the environment. What is wrong with it is told without the password in it.
func FuzzParse(f *testing.F) {
	f.Add("redis://user:", "@host:6379/0?read_timeout=1s")
	f.Add("rediss://:", "@host:6379?addr=host2:6379")
	f.Add("redis://u:", "/@host:26379?master_name=main")
	f.Add("unix://u:", "@/run/redis.sock?db=x")
	f.Fuzz(func(t *testing.T, before, after string) {
		const password = "s3cr3t-password"
		if dial, err := parse(before + password + after); err != nil && strings.Contains(err.Error(), password) || (dial == nil) != (err != nil) {
			t.Errorf("parse(%q) = error %v", before+password+after, err)
		}
	})
}

// Redis away: the error says so, soon, and the caller's context ends the wait at once.
func TestAway(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	store := s.open(t, Options{})
	putIf(t, store, 1, "one")
	held := lockOf(t, store)
	until := held.Expires()
	s.stop(t)
	var group sync.WaitGroup
	for method, try := range map[string]func() error{
		"Get":   func() error { _, err := store.Get(t.Context(), key); return err },
		"Lock":  func() error { _, err := store.Lock(t.Context(), key); return err },
		"Renew": func() error { return held.Renew(t.Context()) },
		"PutIf": func() error { return store.PutIf(t.Context(), key, 2, []byte("s3cret")) },
	} {
		group.Go(func() {
			start := time.Now()
			err := try()
			var away *UnavailableError
			if !errors.As(err, &away) || strings.Contains(err.Error(), "s3cret") || errors.Is(err, sdk.ErrLockLost) {
				t.Errorf("%s: error %v, want an *UnavailableError", method, err)
			}
			t.Logf("%s: %.1f s", method, time.Since(start).Seconds())
		})
	}
	group.Wait()
	if !held.Expires().Equal(until) {
		t.Error("a Renew without answer moved Expires")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := store.Get(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get: error %v, want context.DeadlineExceeded", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Get left after %v", took)
	}
}
