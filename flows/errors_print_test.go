package flows_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// printed is all that a program may print of a value: the verbs of fmt, JSON
// and slog, of the value and of each error it wraps.
func printed(v any) []string {
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out = append(out, fmt.Sprintf(verb, v))
	}
	if body, err := json.Marshal(v); err == nil {
		out = append(out, string(body))
	}
	var text, object strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&object, nil)).Info("x", "v", v)
	out = append(out, text.String(), object.String())
	err, ok := v.(error)
	if !ok {
		return out
	}
	if many, ok := v.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			out = append(out, printed(e)...)
		}
	} else if inner := errors.Unwrap(err); inner != nil {
		out = append(out, printed(inner)...)
	}
	return out
}
