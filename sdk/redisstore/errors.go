// Errors: what Redis did not do, one type per remedy.

package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// UnavailableError tells that Redis did not answer, or said that it cannot do so for now: it is away, starts, fails
// over, or is overloaded. A later try may do; whether this one was carried out is not known. errors.As finds it, also in
// an [*sdk.StoreError].
type UnavailableError struct {
	Op  string // "get", "put", "delete", "keys", "lock", "renew" or "unlock"
	Key string // key of the record or lock, or the prefix of keys
	Err error  // the client's
}

// Error implements error.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("redisstore: %s: record %s: Redis is away: %v", e.Op, e.Key, e.Err)
}

// Unwrap returns Err.
func (e *UnavailableError) Unwrap() error { return e.Err }

// RefusedError tells that Redis answered and did nothing: the password is wrong, the user may not run scripts, the
// memory is full, another program's data is at that name. Somebody has to mend that. errors.As finds it, also in an
// [*sdk.StoreError].
type RefusedError struct {
	Op      string // as in UnavailableError
	Key     string // as in UnavailableError
	Code    string // first word of the answer, such as NOAUTH, NOPERM, OOM, MISCONF or WRONGTYPE
	Message string // the rest of it, without what it quotes of the command
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("redisstore: %s: record %s: Redis refuses: %s %s", e.Op, e.Key, e.Code, e.Message)
}

// passing are the first words of answers that are different a little later.
//
// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
var passing = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "BUSY", "MOVED", "ASK", "UNBLOCKED",
}

const (
	tooManyClients = "max number of clients reached"
	quoting        = "with args beginning with"
	answerLimit    = 200
)

// failure gives an error of the client its type. redis.Nil and nil stay as they are.
func failure(op, key string, err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return err
	}
	if errors.Is(err, redis.ErrClosed) {
		return fmt.Errorf("redisstore: %s: record %s: %w", op, key, err)
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		return &UnavailableError{Op: op, Key: key, Err: err}
	}
	code, message := cutAnswer(answer.Error())
	if slices.Contains(passing, code) || message == tooManyClients {
		return &UnavailableError{Op: op, Key: key, Err: fmt.Errorf("%s %s", code, message)}
	}
	return &RefusedError{Op: op, Key: key, Code: code, Message: message}
}

// cutAnswer splits an error of the server, and removes the part that quotes arguments: values are among them.
func cutAnswer(answer string) (code, message string) {
	answer, _, _ = strings.Cut(answer, quoting)
	if len(answer) > answerLimit {
		answer = answer[:answerLimit] + "…"
	}
	answer = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return '?'
	}, answer)
	code, message, _ = strings.Cut(answer, " ")
	return code, strings.TrimSuffix(message, ", ")
}
