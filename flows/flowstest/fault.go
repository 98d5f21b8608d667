// Faults: ready-made answers in place of a fake's own.

package flowstest

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"sync/atomic"
	"time"
)

// On restricts a fault to one kind of request. The kind may be a pattern of
// path.Match, such as "token:*".
func On(kind string, fault Fault) Fault {
	return func(k string, n int, w http.ResponseWriter, r *http.Request) bool {
		if matched, err := path.Match(kind, k); err != nil || !matched {
			return false
		}
		return fault(k, n, w, r)
	}
}

// OnPath restricts a fault to one URL path.
func OnPath(urlPath string, fault Fault) Fault {
	return func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Path == urlPath && fault(kind, n, w, r)
	}
}

// Times lets a fault act on the next count requests that reach it.
func Times(count int, fault Fault) Fault {
	var reached atomic.Int64
	return func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
		return reached.Add(1) <= int64(count) && fault(kind, n, w, r)
	}
}

// Faults tries one fault after the other.
func Faults(faults ...Fault) Fault {
	return func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
		for _, fault := range faults {
			if fault != nil && fault(kind, n, w, r) {
				return true
			}
		}
		return false
	}
}

// Answer answers with a status, a content type ("" for none) and a body.
func Answer(status int, contentType, body string) Fault {
	return func(_ string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header()["Content-Type"] = nil
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// OAuthError answers with an OAuth error object (RFC 6749 §5.2).
func OAuthError(status int, code, description string) Fault {
	body, err := json.Marshal(Error{Code: code, Description: description})
	if err != nil {
		panic("flowstest: encode: " + err.Error())
	}
	return Answer(status, "application/json", string(body))
}

// Unavailable answers 503 with Retry-After in seconds, which a negative value
// leaves out.
func Unavailable(retryAfter int) Fault {
	answer := Answer(http.StatusServiceUnavailable, "text/html", "<h1>503 Service Unavailable</h1>")
	return func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
		if retryAfter >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		return answer(kind, n, w, r)
	}
}

// Firewall answers 403 with an HTML page, as a web application firewall does.
func Firewall() Fault {
	return Answer(http.StatusForbidden, "text/html; charset=utf-8",
		"<!DOCTYPE html><title>Access denied</title><h1>Sorry, you have been blocked</h1>")
}

// RedirectTo answers with a redirect to a URL.
func RedirectTo(status int, url string) Fault {
	return func(_ string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", url)
		w.WriteHeader(status)
		return true
	}
}

// Slow waits before the fake answers by itself, less when the client leaves.
func Slow(delay time.Duration) Fault {
	return func(_ string, _ int, _ http.ResponseWriter, r *http.Request) bool {
		if !wait(r.Context(), delay) {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// Hang never answers; it ends when the client leaves or the fake is closed.
func Hang() Fault {
	return func(_ string, _ int, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// LoseAnswer lets the fake act and cuts the connection instead of answering:
// a refresh token is rotated and nobody learns the new one.
func LoseAnswer() Fault {
	return hold(func(*http.Request) { panic(http.ErrAbortHandler) })
}

// SlowAnswer lets the fake act at once and answer after a delay.
func SlowAnswer(delay time.Duration) Fault {
	return hold(func(r *http.Request) {
		if !wait(r.Context(), delay) {
			panic(http.ErrAbortHandler)
		}
	})
}

// hold runs a function between the fake's act and its answer.
func hold(pause func(*http.Request)) Fault {
	return func(_ string, _ int, w http.ResponseWriter, r *http.Request) bool {
		if answer, ok := w.(*answerWriter); ok {
			answer.hold = func() { pause(r) }
		}
		return false
	}
}

// Reset reads the request's body and resets the connection without acting on
// the request, which the client cannot know.
func Reset() Fault {
	return func(_ string, _ int, w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		return true
	}
}

// Truncated announces the whole body, sends half of it, and cuts the
// connection.
func Truncated(contentType, body string) Fault {
	return func(_ string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Large answers with a JSON object of about size bytes.
func Large(size int) Fault {
	return func(_ string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		if writePadding(w, size) != nil {
			panic(http.ErrAbortHandler)
		}
		return true
	}
}

// LargeCompressed is like Large with Content-Encoding gzip, which makes about
// a thousandth of it.
func LargeCompressed(size int) Fault {
	return func(_ string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		compressor := gzip.NewWriter(w)
		if writePadding(compressor, size) != nil || compressor.Close() != nil {
			panic(http.ErrAbortHandler)
		}
		return true
	}
}

func writePadding(w io.Writer, size int) error {
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	if _, err := io.WriteString(w, `{"padding":"`); err != nil {
		return err
	}
	for sent := 0; sent < size; sent += len(chunk) {
		if _, err := w.Write(chunk[:min(len(chunk), size-sent)]); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, `"}`)
	return err
}
