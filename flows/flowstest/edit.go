// Edits: hooks that change a document before it is sent.

package flowstest

import "strconv"

// With returns a hook that sets a member of a document, for
// ServerConfig.Metadata and its like. nil writes null.
func With(name string, value any) func(map[string]any) {
	return func(document map[string]any) { document[name] = value }
}

// Without returns a hook that removes members from a document.
func Without(names ...string) func(map[string]any) {
	return func(document map[string]any) {
		for _, name := range names {
			delete(document, name)
		}
	}
}

// Edits returns a hook that runs other hooks in order.
func Edits(edits ...func(map[string]any)) func(map[string]any) {
	return func(document map[string]any) {
		for _, edit := range edits {
			edit(document)
		}
	}
}

// Prepend returns a hook for encoded JSON objects, such as
// ServerConfig.MetadataBytes, that writes a member before the others, even
// one that is there already. value is JSON.
func Prepend(name, value string) func([]byte) []byte {
	return func(document []byte) []byte {
		return append([]byte("{"+strconv.Quote(name)+":"+value+","), document[1:]...)
	}
}

// Append is like Prepend and writes the member behind the others.
func Append(name, value string) func([]byte) []byte {
	return func(document []byte) []byte {
		return append(document[:len(document)-1:len(document)-1], ","+strconv.Quote(name)+":"+value+"}"...)
	}
}
