// Answer: reading a request's body and writing an answer that is recorded.

package flowstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
)

const mediaForm = "application/x-www-form-urlencoded"

// A body is what a request carried: its beginning, and the rest unread.
type body struct {
	io.Closer
	start []byte
	rest  io.Reader
}

// readBody reads the beginning of a request's body.
func readBody(r *http.Request) body {
	if r.Body == nil || r.Body == http.NoBody {
		return body{Closer: http.NoBody, rest: http.NoBody}
	}
	start, err := io.ReadAll(io.LimitReader(r.Body, maxRecorded))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = errorReader{err}
	}
	return body{Closer: r.Body, start: start, rest: rest}
}

// replay returns the body from its first byte. Only the first megabyte can be
// read more than once.
func (b body) replay() io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b.start), b.rest), b.Closer}
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

// bodyForm parses a form body; nil when it is none.
func bodyForm(header http.Header, body []byte) url.Values {
	if mediaType(header) != mediaForm {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return form
}

func mediaType(header http.Header) string {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// An answerWriter remembers the status of an answer. It forwards flushing and
// hijacking.
type answerWriter struct {
	http.ResponseWriter
	status   int
	hijacked bool
	done     bool   // the handler returned by itself
	hold     func() // runs once, before the first byte; nil does not
}

// release lets the answer begin.
func (w *answerWriter) release() {
	if hold := w.hold; hold != nil {
		w.hold = nil
		hold()
	}
}

func (w *answerWriter) WriteHeader(status int) {
	w.release()
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(data []byte) (int, error) {
	w.release()
	w.status = or(w.status, http.StatusOK)
	return w.ResponseWriter.Write(data)
}

// Flush implements http.Flusher.
func (w *answerWriter) Flush() {
	w.release()
	w.status = or(w.status, http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker.
func (w *answerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hijacked = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap serves http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answered returns the status that the client got, 0 for none.
func (w *answerWriter) answered() int {
	if w.status == 0 && w.done && !w.hijacked {
		return http.StatusOK
	}
	return w.status
}

// A document is an answer before it is encoded.
type document struct {
	status int
	header http.Header // over the defaults
	body   map[string]any
	edit   []func(map[string]any)
	bytes  func([]byte) []byte
	form   bool
}

// write encodes a document after its hooks have changed it.
func (d document) write(w http.ResponseWriter) {
	for _, edit := range d.edit {
		if edit != nil {
			edit(d.body)
		}
	}
	body, media := encodeJSON(d.body), "application/json"
	if d.form {
		body, media = encodeForm(d.body), mediaForm
	}
	if d.bytes != nil {
		body = d.bytes(body)
	}
	w.Header().Set("Content-Type", media)
	maps.Copy(w.Header(), d.header)
	w.WriteHeader(d.status)
	_, _ = w.Write(body)
}

func encodeJSON(value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("flowstest: encode: " + err.Error())
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

func encodeForm(body map[string]any) []byte {
	form := url.Values{}
	for name, value := range body {
		if text, ok := value.(string); ok {
			form.Set(name, text)
		} else {
			form.Set(name, string(encodeJSON(value)))
		}
	}
	return []byte(form.Encode())
}
