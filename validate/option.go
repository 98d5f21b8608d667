// Options: what a caller knows beside the document.

package validate

// Option changes how a document is judged. The options a function has no use
// for are ignored.
type Option func(*options)

type options struct {
	profile  Profile
	insecure []urlParts
	source   []byte
	problems []problem

	openID                             bool // authorization server metadata
	proofSent, proofDemanded, exchange bool // token responses
	requestedScope                     string

	url       string // what Bytes judges by
	expecting *CallbackExpectation
	partners  []partner
}

// problem is a finding of the decoder, ready to become a violation.
type problem struct {
	rule            Rule
	pointer, detail string
	offset          int
}

func gather(opts []Option) *options {
	o := &options{}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return o
}

// WithProfile judges by another profile than ProfileMCP20260728.
func WithProfile(profile Profile) Option {
	return func(o *options) { o.profile = profile }
}

// WithSource gives the document's original bytes, so that violations carry Line
// and Column. The bytes are read only when there is a violation, and not kept.
func WithSource(data []byte) Option {
	return func(o *options) { o.source = data }
}

// AllowInsecureHTTP accepts plain http at the given origins
// ("http://10.0.0.5:8080"), beside the loopback hosts that are always accepted.
// Whoever can read or change traffic to such an origin can take over every
// login through it. Strings that are no http origin are ignored; it can be
// given more than once.
//
// META-3
func AllowInsecureHTTP(origins ...string) Option {
	return func(o *options) {
		for _, origin := range origins {
			if u, reason := splitURL(origin); reason == "" {
				o.insecure = append(o.insecure, u)
			}
		}
	}
}

// allowsHTTP reports whether the scheme of u is acceptable: https anywhere,
// http on loopback and on the origins that the caller allowed.
func (o *options) allowsHTTP(u *urlParts) bool {
	if u.secure() || IsLoopbackHost(u.host) {
		return true
	}
	for i := range o.insecure {
		if u.sameOrigin(&o.insecure[i]) {
			return true
		}
	}
	return false
}
