// Scanning JSON that may be broken, piece by piece.

package main

import (
	"encoding/json"
	"strings"
)

// byteOrderMark may begin a file; it is in no line and no column.
var byteOrderMark = []byte("\xef\xbb\xbf")

// lexeme is a piece of JSON text. Strings have their quotes, and end where the
// input or the line does if nobody closed them.
type lexeme struct {
	start, end int
	kind       byte // '"' string, one of {}[]:, , or 'w' for any other run of bytes
}

// lexemes calls visit for each piece of data that is no white space, until it
// returns false. It never fails.
func lexemes(data []byte, visit func(lexeme) bool) {
	for i := 0; i < len(data); {
		end, kind := i+1, data[i]
		switch kind {
		case ' ', '\t', '\r', '\n':
			i++
			continue
		case '"':
			end = stringEnd(data, i)
		case '{', '}', '[', ']', ':', ',':
		default:
			kind = 'w'
			for end < len(data) && strings.IndexByte(" \t\r\n\"{}[]:,", data[end]) < 0 {
				end++
			}
		}
		if !visit(lexeme{start: i, end: end, kind: kind}) {
			return
		}
		i = end
	}
}

// stringEnd returns the offset after the string that begins at start.
func stringEnd(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			if i+1 < len(data) && data[i+1] != '\n' {
				i++
			}
		case '"':
			return i + 1
		case '\n':
			return i
		}
	}
	return len(data)
}

// unquoted decodes a string lexeme, as well as it can.
func unquoted(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.Trim(string(raw), `"`)
}
