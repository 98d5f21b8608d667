//go:build unix

package redisstore

import (
	"syscall"
	"testing"
)

// pause stops the server's process, as a machine that swaps does.
func (s *server) pause(t *testing.T) (resume func()) {
	t.Helper()
	if s.mini != nil {
		t.Skip("no redis-server is installed: an in-process one cannot be paused")
	}
	if err := s.process.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	return func() { _ = s.process.Process.Signal(syscall.SIGCONT) }
}
