//go:build unix

package sdk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// directoryChildren are what TestDirectoryChild does in a process of its own.
var directoryChildren = map[string]func(t *testing.T, store *DirectoryStore){
	"count":    countInDirectory,
	"write":    writeInDirectory,
	"stall":    stallInDirectory,
	"fullDisk": fullDiskInDirectory,
}

// TestDirectoryChild is the program of the processes that the tests below start.
func TestDirectoryChild(t *testing.T) {
	run, ok := directoryChildren[os.Getenv("MCPOAUTH_TEST_CHILD")]
	if !ok {
		t.Skip("runs only as the child of another test")
	}
	store, err := NewDirectoryStore(os.Getenv("MCPOAUTH_TEST_DIRECTORY"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, store)
}

// child returns the command for one of directoryChildren.
func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "-test.run=^TestDirectoryChild$", "-test.v")
	command.Env = append(os.Environ(), "MCPOAUTH_TEST_CHILD="+name, "MCPOAUTH_TEST_DIRECTORY="+path,
		"GORACE=atexit_sleep_ms=0") // the race detector would wait a second at each exit
	return command
}

const childRounds = 25

// REF-5: processes that read, change and write under the lock lose nothing.
func TestDirectoryProcessesExclude(t *testing.T) {
	store := openDirectory(t)
	if err := store.Put(t.Context(), directoryKey, []byte("0")); err != nil {
		t.Fatal(err)
	}
	const processes = 4
	var group sync.WaitGroup
	for range processes {
		command := child(t, "count", store.path)
		group.Go(func() {
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("process: %v\n%s", err, out)
			}
		})
	}
	group.Wait()
	value, err := store.Get(t.Context(), directoryKey)
	if err != nil || string(value) != strconv.Itoa(processes*childRounds) {
		t.Errorf("counted to %s, error %v, want %d", value, err, processes*childRounds)
	}
}

func countInDirectory(t *testing.T, store *DirectoryStore) {
	t.Helper()
	for range childRounds {
		lock, err := store.Lock(t.Context(), directoryKey)
		if err != nil {
			t.Fatal(err)
		}
		value, err := store.Get(t.Context(), directoryKey)
		if err != nil {
			t.Fatal(err)
		}
		count, err := strconv.Atoi(string(value))
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Put(t.Context(), directoryKey, strconv.AppendInt(nil, int64(count)+1, 10)); err != nil {
			t.Fatal(err)
		}
		if err := lock.Unlock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// STORE-3: kill -9 at any moment leaves the old record or the new one, and nothing that stops the next process.
func TestDirectorySurvivesKill(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	store := openDirectory(t)
	if err := store.PutIf(t.Context(), directoryKey, 0, killedRecord(0)); err != nil {
		t.Fatal(err)
	}
	var old, renewed int
	for range rounds {
		acknowledged := killWriter(t, store.path)
		value, err := store.Get(t.Context(), directoryKey)
		if err != nil {
			t.Fatalf("after generation %d: %v", acknowledged, err)
		}
		switch generation := killedGeneration(t, value); generation {
		case acknowledged:
			old++
		case acknowledged + 1:
			renewed++
		default:
			t.Fatalf("generation %d, after %d was acknowledged", generation, acknowledged)
		}
	}
	t.Logf("%d kills: %d left the old record, %d the new one", rounds, old, renewed)
	next, err := NewDirectoryStore(store.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(next.temporary(directoryStripe(directoryKey))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a temporary file is left: %v", err)
	}
	lock, err := next.Lock(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	_ = lock.Unlock(t.Context())
}

// killWriter starts a writer, kills it at a random moment and returns the last generation that it acknowledged.
func killWriter(t *testing.T, path string) int64 {
	t.Helper()
	command := child(t, "write", path)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := int64(-1)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "wrote ")
		if !ok {
			continue
		}
		generation, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			break // the kill cut the line off
		}
		if last < 0 {
			time.AfterFunc(rand.N(12*time.Millisecond), func() { _ = command.Process.Kill() })
		}
		last = generation
	}
	_ = command.Wait()
	if last < 0 {
		t.Fatal("the writer wrote nothing")
	}
	return last
}

func writeInDirectory(t *testing.T, store *DirectoryStore) {
	t.Helper()
	value, err := store.Get(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	for generation := killedGeneration(t, value); ; {
		lock, err := store.Lock(t.Context(), directoryKey)
		if err != nil {
			t.Fatal(err)
		}
		generation++
		if err := store.PutIf(t.Context(), directoryKey, generation, killedRecord(generation)); err != nil {
			t.Fatal(err)
		}
		// One write, so that a kill leaves no half of a line that looks like a whole one: the line ends with its end.
		_, _ = os.Stdout.WriteString(fmt.Sprintf("wrote %d\n", generation))
		_ = lock.Unlock(t.Context())
	}
}

// killedRecord is long enough for a write to be cut in the middle.
func killedRecord(generation int64) []byte {
	line := fmt.Appendf(nil, "%020d", generation)
	return bytes.Repeat(line, 2000)
}

func killedGeneration(t *testing.T, value []byte) int64 {
	t.Helper()
	generation, err := strconv.ParseInt(string(value[:20]), 10, 64)
	if err != nil || !bytes.Equal(value, killedRecord(generation)) {
		t.Fatalf("a record of parts: %d bytes, error %v", len(value), err)
	}
	return generation
}

// STORE-1: a holder that was stopped while somebody logged out does not bring the session back.
func TestDirectoryStalledHolder(t *testing.T) {
	store := openDirectory(t)
	if err := store.PutIf(t.Context(), directoryKey, 1, []byte("tokens")); err != nil {
		t.Fatal(err)
	}
	command := child(t, "stall", store.path)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	await(t, lines, "locked")
	if err := command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := store.PutIf(t.Context(), directoryKey, 2, []byte("tombstone")); err != nil {
		t.Errorf("logout beside a stopped holder: %v", err)
	}
	if err := command.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "go on\n"); err != nil {
		t.Fatal(err)
	}
	await(t, lines, "stale")
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	if value, err := store.Get(t.Context(), directoryKey); string(value) != "tombstone" {
		t.Errorf("Get = %q, error %v, want the tombstone", value, err)
	}
}

func stallInDirectory(t *testing.T, store *DirectoryStore) {
	t.Helper()
	if _, err := store.Lock(t.Context(), directoryKey); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	err := store.PutIf(t.Context(), directoryKey, 2, []byte("refreshed tokens"))
	if !errors.Is(err, ErrStale) {
		t.Fatalf("PutIf: error %v, want ErrStale", err)
	}
	fmt.Println("stale")
}

func await(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the process ended before it said %q", want)
}

// STORE-2: when the disk takes no more, the old record stays and nothing is left over.
func TestDirectoryFullDisk(t *testing.T) {
	store := openDirectory(t)
	putRecord(t, store)
	if out, err := child(t, "fullDisk", store.path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if value, err := store.Get(t.Context(), directoryKey); string(value) != "a s3cret value" {
		t.Errorf("Get = %q, error %v, want the old record", value, err)
	}
}

// fullDiskInDirectory sets a limit on the size of files, which makes a write fail in its middle as a full disk does.
func fullDiskInDirectory(t *testing.T, store *DirectoryStore) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var former syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
		t.Fatal(err)
	}
	limit := former
	limit.Cur = 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &former) }() // the coverage report has a size too
	big := bytes.Repeat([]byte("s3cret"), 10000)
	for method, err := range map[string]error{
		"Put":   store.Put(t.Context(), directoryKey, big),
		"PutIf": store.PutIf(t.Context(), directoryKey, 4, big),
	} {
		if !errors.Is(err, syscall.EFBIG) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s on a full disk: error %v", method, err)
		}
	}
	if _, err := os.Lstat(store.temporary(directoryStripe(directoryKey))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a temporary file is left: %v", err)
	}
	if err := store.PutIf(t.Context(), directoryKey, 5, []byte("a s3cret value")); err != nil {
		t.Errorf("a record that fits: %v", err)
	}
}

// STORE-2: a pipe in the place of a record is refused, and not waited for.
func TestDirectoryRefusesPipe(t *testing.T) {
	store := openDirectory(t)
	file := putRecord(t, store)
	remove(t, file)
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := store.Get(context.Background(), directoryKey)
		read <- err
	}()
	select {
	case err := <-read:
		if err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("Get: error %v, want another", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Get waits for somebody to write")
	}
}
