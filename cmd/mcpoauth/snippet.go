// Snippets: the offending line of a document, with a mark under the value.

package main

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// The widths of what is shown of a line: a terminal's 80 columns with some room
// for the wider ones that people use, and enough before the mark to see the name
// of the member.
const (
	maxSnippetWidth = 100
	snippetLead     = 40
)

// snippet is a part of a line, printable, and the columns of the mark in it.
type snippet struct {
	text        string
	start, size int
}

// wholeDocument reports whether the mark is under the bracket that opens the
// document: what is absent has no line of its own.
func (s *snippet) wholeDocument() bool { return s.start == 0 && strings.HasPrefix(s.text, "{") }

// snippetAt shows the value at a line and column, which count from 1, columns
// in code points, in a width of more than snippetLead and its dots. ok is false
// where there is nothing worth showing.
func snippetAt(data []byte, line, column, width int) (s snippet, ok bool) {
	row := lineOf(bytes.TrimPrefix(data, byteOrderMark), line)
	if column < 1 || len(bytes.Trim(row, " \t\r{}[]")) == 0 {
		return s, false
	}
	start := runeOffset(row, column-1)
	before := leadOf(row[:start])
	room := width - len(before)
	end := min(start+room, start+valueSize(row[start:]))
	value := printable(string(row[start:end]))
	text := before + value + printable(string(row[end:min(end+room, len(row))]))
	s = snippet{text: text, start: len(before), size: len(value)}
	if len(text) > width {
		s.text = text[:width] + "..."
		s.size = min(s.size, width-s.start)
	}
	return s, true
}

// leadOf renders what stands before the value on its line: the end of it, if it
// is long, else all but the indentation.
func leadOf(row []byte) string {
	row = bytes.TrimLeft(row, " \t")
	near := row[len(row)-min(len(row), snippetLead):]
	lead := printable(string(near))
	if len(near) < len(row) || len(lead) > snippetLead { // escapes are longer than what they stand for
		lead = "..." + lead[max(0, len(lead)-snippetLead):]
	}
	return lead
}

// valueRunes returns the length of the value at a line and column in code
// points, 0 where there is none.
func valueRunes(data []byte, line, column int) int {
	row := lineOf(bytes.TrimPrefix(data, byteOrderMark), line)
	if start := runeOffset(row, column-1); start < len(row) {
		return utf8.RuneCount(row[start : start+valueSize(row[start:])])
	}
	return 0
}

// lineOf returns a line without its end.
func lineOf(data []byte, line int) []byte {
	for ; line > 1; line-- {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return nil
		}
		data = data[end+1:]
	}
	data, _, _ = bytes.Cut(data, []byte{'\n'})
	return bytes.TrimSuffix(data, []byte{'\r'})
}

func runeOffset(row []byte, runes int) int {
	offset := 0
	for ; runes > 0 && offset < len(row); runes-- {
		_, n := utf8.DecodeRune(row[offset:])
		offset += n
	}
	return offset
}

// valueSize is the length of the value at the beginning of row: a string with
// its quotes, a bracket, or what goes on up to the next separator.
func valueSize(row []byte) int {
	if len(row) == 0 {
		return 0
	}
	switch row[0] {
	case '"':
		return stringEnd(row, 0)
	case '{', '}', '[', ']', ':', ',':
		return 1
	}
	end := bytes.IndexAny(row, ",&}] \t")
	if quote := bytes.IndexByte(row, '"'); quote >= 0 && quote < end {
		end = stringEnd(row, quote)
	}
	if end < 0 {
		return len(row)
	}
	return max(end, 1)
}
