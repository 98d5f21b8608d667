// DPoP nonces: what a server wants to find in the next proof it gets.

package flows

import (
	"slices"
	"strings"
	"sync/atomic"
)

// Bounds of nonces. Those in use have 20 to some 300 bytes (encrypted
// timestamps); a session talks to a resource and its authorization server, and
// to a few more when they move.
const (
	maxNonceBytes   = 1 << 10
	maxNonceServers = 8
)

// DPoPNonces remembers the newest nonce of each server. The zero value
// is ready; it must not be copied, and may be used by several goroutines at
// once without one waiting for another. It need not be stored: losing it costs
// one more request.
//
// A nonce goes back only to the origin that issued it, and only to the
// role: an authorization server and a resource at one origin have nonces of
// their own.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-8
type DPoPNonces struct {
	servers atomic.Pointer[nonceList]
}

// serverNonce is the newest nonce of one server.
type serverNonce struct {
	role         serverRole
	scheme, host string
	newest       atomic.Pointer[string]
}

type serverRole uint8

const (
	roleAuthorizationServer serverRole = iota
	roleResource
)

// nonceIn returns the one nonce of a response. More than one is forbidden
// (RFC 9449 §8), and what is none (1*NQCHAR, §8.1) or overlong does not get
// into a proof.
func nonceIn(values []string) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	nonce := strings.Trim(values[0], " \t")
	return nonce, nonce != "" && len(nonce) <= maxNonceBytes && isPlain(nonce)
}

// get returns the nonce for a request, empty if there is none. A nil n has none.
func (n *DPoPNonces) get(role serverRole, t target) string {
	if n == nil {
		return ""
	}
	if known := n.servers.Load().find(role, t); known != nil {
		return *known.newest.Load()
	}
	return ""
}

// put remembers a nonce. Of two answers at once either may win: servers take
// recent nonces, and otherwise send a new one.
func (n *DPoPNonces) put(role serverRole, t target, nonce string) {
	nonce = strings.Clone(nonce) // lets go of the response's header
	for {
		before := n.servers.Load()
		if known := before.find(role, t); known != nil {
			known.newest.Store(&nonce)
			return
		}
		added := &serverNonce{role: role, scheme: t.scheme, host: strings.Clone(t.host)}
		added.newest.Store(&nonce)
		if n.servers.CompareAndSwap(before, before.with(added)) {
			return
		}
	}
}

// nonceList is immutable; the nonces in it are not. A nil one is empty.
type nonceList []*serverNonce

func (l *nonceList) find(role serverRole, t target) *serverNonce {
	if l == nil {
		return nil
	}
	for _, s := range *l {
		if s.role == role && s.host == t.host && s.scheme == t.scheme {
			return s
		}
	}
	return nil
}

// with returns a list with one more server, for which the oldest makes room.
func (l *nonceList) with(added *serverNonce) *nonceList {
	var list nonceList
	if l != nil {
		list = slices.Clone(*l)
	}
	list = append(list, added)
	list = list[max(0, len(list)-maxNonceServers):]
	return &list
}
