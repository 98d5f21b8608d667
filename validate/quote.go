// Strings of others in our own messages: escaped and bounded.

package validate

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted bounds a foreign string in a message. The longest URL that people
// still compare by eye is about this long; two of them and a reason fit into
// one terminal screenful.
const maxQuoted = 160

// quote renders a string of a server for a message: ASCII only, so that
// neither control sequences nor look-alike letters reach a terminal or a log,
// and cut at maxQuoted bytes of input.
//
// SEC-5
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.QuoteToASCII(s)
	}
	cut := maxQuoted
	for cut > maxQuoted-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.QuoteToASCII(s[:cut]) + "..."
}

// quoteURL is quote for URLs. It hides what may be a secret in one: the user
// information, and the query, where servers keep API keys.
func quoteURL(raw string) string {
	return quote(redactURL(raw))
}

func redactURL(raw string) string {
	rest, fragment := raw, ""
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		rest, fragment = rest[:i], "#..."
	}
	query := ""
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, query = rest[:i], "?..."
	}
	if start := strings.Index(rest, "://"); start >= 0 {
		start += len("://")
		end := len(rest)
		if i := strings.IndexByte(rest[start:], '/'); i >= 0 {
			end = start + i
		}
		if at := strings.LastIndexByte(rest[start:end], '@'); at >= 0 {
			rest = rest[:start] + "..." + rest[start+at:]
		}
	}
	return rest + query + fragment
}

// plain renders a JSON pointer for a message: as it is when it is harmless,
// else quoted.
func plain(pointer string) string {
	if len(pointer) > maxQuoted {
		return quote(pointer)
	}
	for i := 0; i < len(pointer); i++ {
		if c := pointer[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return quote(pointer)
		}
	}
	return pointer
}
