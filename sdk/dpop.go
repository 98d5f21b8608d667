// DPoP: tokens that are bound to a key of this session.

package sdk

import (
	"net/http"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// DPoPPolicy says when tokens are bound to a key (RFC 9449).
type DPoPPolicy int

// The policies.
const (
	// DPoPAuto binds tokens when the resource demands it, by its metadata or
	// by a challenge that offers nothing else. The zero value.
	DPoPAuto DPoPPolicy = iota
	// DPoPAlways binds tokens, and refuses servers that will not.
	DPoPAlways
	// DPoPNever asks for bearer tokens only.
	DPoPNever
)

// newProof decides whether the tokens of a login are bound to a key, and to
// which: the configured one, or a new one for this grant, by which no two
// servers can tell that they serve the same client.
func (l *login) newProof() (*flows.DPoP, error) {
	wanted := l.cfg.DPoP == DPoPAlways || l.cfg.DPoPKey != nil ||
		l.flight.need.dpop || flows.DPoPDemanded(l.found.ResourceMetadata, nil)
	if l.cfg.DPoP == DPoPNever || !wanted {
		return nil, nil
	}
	lists := [][]string{l.found.Server.DPoPSigningAlgValuesSupported, flows.DPoPAlgorithms(l.flight.need.challenge)}
	if prm := l.found.ResourceMetadata; prm != nil {
		lists = append(lists, prm.DPoPSigningAlgValuesSupported)
	}
	if key := l.cfg.DPoPKey; key != nil {
		return l.proof(key), key.AcceptedBy(lists...)
	}
	algorithm, err := flows.SelectDPoPAlgorithm(lists...)
	if err != nil {
		return nil, err
	}
	key, err := flows.NewDPoPKey(algorithm)
	if err != nil {
		return nil, err
	}
	return l.proof(key), nil
}

// proof uses key with the nonces of this session.
func (s *session) proof(key *flows.DPoPKey) *flows.DPoP {
	return &flows.DPoP{Key: key, Nonces: &s.nonces}
}

// proofOf returns the DPoP of a record, nil for bearer tokens.
func (s *session) proofOf(rec *gen.SessionRecord) (*flows.DPoP, error) {
	switch {
	case rec.DPoPKey != "":
		key, err := flows.DecodeDPoPKey(rec.DPoPKey)
		if err != nil {
			return nil, err
		}
		return s.proof(key), nil
	case s.cfg.DPoPKey != nil && s.cfg.DPoP != DPoPNever && rec.TokenType != "Bearer":
		return s.proof(s.cfg.DPoPKey), nil
	}
	return nil, nil
}

// storedKey is what a record keeps of a key: nothing of one that the caller has.
func (c *Config) storedKey(proof *flows.DPoP) (gen.Secret, error) {
	if proof == nil || c.DPoPKey != nil {
		return "", nil
	}
	return proof.Key.Encode()
}

// proven takes the nonce from a response to a request that carried a proof.
// again says that the request is to be signed anew: with that nonce, or because
// the proof had been sent before (once each).
func (s *session) proven(snap *snapshot, sent *http.Request, res *http.Response, round *Round) (again bool, err error) {
	if snap == nil || snap.dpop == nil {
		return false, nil
	}
	again, err = (&flows.DPoP{Nonces: &s.nonces}).Observe(res)
	switch {
	case err != nil && !round.resent && resent(sent):
		round.resent = true
		return true, nil
	case again && round.nonces:
		return false, nil
	}
	round.nonces = round.nonces || again
	return again, err
}
