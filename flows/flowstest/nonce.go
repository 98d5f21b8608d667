// Nonces: what a server gives for the next proof of possession.

package flowstest

import "sync"

// maxNonces bounds those that are given and not yet used; then all are
// forgotten, and clients have to ask again.
const maxNonces = 1 << 16

// A nonces gives nonces and takes them back. The zero value is ready.
type nonces struct {
	mu      sync.Mutex
	present string          // of NonceRequired
	given   map[string]bool // of NonceEachAnswer
}

// next returns a nonce for the next proof.
func (n *nonces) next(policy DPoPNonce) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch policy {
	case NonceRequired:
		if n.present == "" {
			n.present = randomString("nonce-")
		}
		return n.present
	case NonceEachAnswer:
		if n.given == nil || len(n.given) >= maxNonces {
			n.given = map[string]bool{}
		}
		nonce := randomString("nonce-")
		n.given[nonce] = true
		return nonce
	case NonceOff, NonceInsatiable:
	}
	return randomString("nonce-")
}

// accept reports whether the nonce of a proof ("" for none) will do.
func (n *nonces) accept(policy DPoPNonce, nonce string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch policy {
	case NonceRequired:
		return nonce != "" && nonce == n.present
	case NonceEachAnswer:
		good := n.given[nonce]
		delete(n.given, nonce)
		return good
	case NonceInsatiable:
		return false
	case NonceOff:
	}
	return true
}

// rotate lets the nonces so far no longer work.
func (n *nonces) rotate() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.present, n.given = "", nil
}
