// Pool: many subjects and resources, for gateways.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// poolRefreshAhead is the window of a pool's sessions.
const poolRefreshAhead = 2 * time.Minute

// defaultMaxSessions is some 60 MB of sessions beside their tokens.
const defaultMaxSessions = 100_000

// Pool keeps many subjects authorized at many resources. Its sessions share
// the configuration, the store, the metadata, the registrations and the
// connections; a session at rest is some hundred bytes and its token, without a
// goroutine or a timer. Several pools with one store, in one process or on many
// machines, are one pool to their users: any of them finishes what another
// began.
//
// All methods may be called by several goroutines at once. Close it when it is
// no longer used.
type Pool struct {
	core *core
	most int

	mu       sync.Mutex // guards what follows; never held over I/O
	targets  map[string]*target
	sessions map[sessionID]*session
}

type sessionID struct{ subject, resource string }

// NewPool checks the configuration and returns a pool. Resource and Subject of
// cfg must be empty: each call of Client names them. maxSessions bounds the
// sessions in memory, but for those with a login or refresh under way; zero or
// less means 100,000. The ones that are evicted, those that were not used for long,
// come back from the store when they are needed.
//
// Errors are as for [New].
func NewPool(cfg Config, maxSessions int) (*Pool, error) {
	if cfg.Resource != "" || cfg.Subject != "" {
		return nil, errors.New("sdk: pool: Resource and Subject belong to Pool.Client, not to the configuration")
	}
	if err := cfg.checkOptions(); err != nil {
		return nil, err
	}
	if maxSessions <= 0 {
		maxSessions = defaultMaxSessions
	}
	if cfg.RefreshAhead == 0 {
		// A gateway's sessions are busy and many: without the window each
		// refresh is waited for by whoever comes then (BenchmarkRefreshAhead).
		cfg.RefreshAhead = poolRefreshAhead
	}
	return &Pool{
		core: newCore(&cfg), most: maxSessions,
		targets: make(map[string]*target), sessions: make(map[sessionID]*session),
	}, nil
}

// Client returns the client of one subject at one resource. It sends nothing
// and reads nothing. The result may be kept or asked for anew at each request;
// its Close does nothing. An empty subject is an error: a request whose user is
// not known must not get a session that all such requests share. So is a
// resource that Config.Resource could not be, with an error as of [New].
func (p *Pool) Client(subject, resource string) (*Client, error) {
	if subject == "" {
		return nil, errors.New("sdk: pool: subject is empty: name the user whose session it is")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := sessionID{subject, resource}
	s, ok := p.sessions[id]
	if !ok {
		t, err := p.target(resource)
		if err != nil {
			return nil, err
		}
		t.sessions++ // before an eviction may drop the target with its last session
		if len(p.sessions) >= p.most {
			p.evict()
		}
		// The target's string serves all sessions of a resource.
		s = &session{core: p.core, target: t, subject: subject}
		p.sessions[sessionID{subject, t.url}] = s
	}
	s.used.Store(time.Now().Unix())
	return &Client{session: s}, nil
}

func (p *Pool) target(resource string) (*target, error) {
	if t, ok := p.targets[resource]; ok {
		return t, nil
	}
	if err := validate.Endpoint(resource, validate.AllowInsecureHTTP(p.core.cfg.AllowInsecureHTTP...)); err != nil {
		return nil, fmt.Errorf("sdk: pool: resource: %w", withHTTPHint(resource, err))
	}
	t, err := newTarget(&p.core.cfg, resource)
	if err != nil {
		return nil, err
	}
	p.targets[resource] = t
	return t, nil
}

// evictSample is how many sessions are looked at to find one to evict: the
// oldest of a sample is nearly the oldest of all, without a list to maintain.
const evictSample = 16

// evict drops the longest unused of a sample of sessions. A session with a
// flight or an unsaved record stays; one that somebody still holds lives on
// beside its successor, and the store's lock keeps the two apart.
func (p *Pool) evict() {
	var oldest sessionID
	var used int64
	looked := 0
	for id, s := range p.sessions {
		if looked == evictSample {
			break
		}
		if !s.idle() {
			continue
		}
		if at := s.used.Load(); looked == 0 || at < used {
			oldest, used = id, at
		}
		looked++
	}
	if looked == 0 {
		return
	}
	p.remove(oldest)
}

// remove drops a session, and its target with the last session of it.
func (p *Pool) remove(id sessionID) {
	s, ok := p.sessions[id]
	if !ok {
		return
	}
	delete(p.sessions, id)
	if s.target.sessions--; s.target.sessions == 0 {
		delete(p.targets, id.resource)
	}
}

func (s *session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight == nil && s.unsaved == nil
}

// Finish completes a login that any pool with the same store began; see
// [Client.Finish]. The resource is the one that the login was begun for.
func (p *Pool) Finish(ctx context.Context, subject, callback string) (*Client, error) {
	if err := p.core.usable(); err != nil {
		return nil, err
	}
	state := stateOf(callback)
	if state == "" {
		return nil, &flows.CallbackError{Err: errNoState}
	}
	value, err := p.core.store.Get(ctx, pendingKey(state))
	if errors.Is(err, ErrNotFound) {
		return nil, &flows.CallbackError{Err: errUnknownState}
	}
	if err != nil {
		return nil, forCaller(ctx, &StoreError{Op: "read", Err: err})
	}
	pending, err := decodeRecord(value, gen.DecodePendingRecord)
	if err != nil {
		return nil, err
	}
	if pending.Deleted {
		return nil, &flows.CallbackError{Err: ErrLoginOver}
	}
	client, err := p.Client(subject, pending.ResourceURL)
	if err != nil {
		return nil, err
	}
	return client, client.Finish(ctx, subject, callback)
}

// Sessions iterates over the sessions in memory: subject and resource of each.
// Those that were evicted, or belong to other processes, are in the store only:
// see [Pool.Stored].
func (p *Pool) Sessions() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		p.mu.Lock()
		ids := make([]sessionID, 0, len(p.sessions))
		for id := range p.sessions {
			ids = append(ids, id)
		}
		p.mu.Unlock()
		for _, id := range ids {
			if !yield(id.subject, id.resource) {
				return
			}
		}
	}
}

// Logout ends the sessions of one subject, as [Client.Logout] does, and drops
// them from memory: those at the named resources, all that this pool has in
// memory, and, with a store that is a [Lister], all that are in the store,
// whichever process logged them in. A session with a login under way stays in
// memory until that ends. Another process that has a token in memory
// sends it until the resource rejects it, at once where the authorization server
// has revoked it, or until it is due; it then asks for a login. Sessions under
// another ClientName are another program's and stay.
//
// With a store that does not list its keys, name the resources that the gateway
// serves. Logout does all that it can, and its error says what could not be done
// or seen: a record in the store that cannot be read is a [*RecordError].
func (p *Pool) Logout(ctx context.Context, subject string, resources ...string) error {
	for who, resource := range p.Sessions() {
		if who == subject && !slices.Contains(resources, resource) {
			resources = append(slices.Clip(resources), resource)
		}
	}
	var failed []error
	var failedAt []string
	for _, resource := range resources {
		client, err := p.Client(subject, resource)
		if err != nil {
			failed = append(failed, logoutError(resource, err))
			continue
		}
		if err := p.logout(ctx, client); err != nil {
			failed, failedAt = append(failed, logoutError(resource, err)), append(failedAt, resource)
		}
	}
	// Last, since it takes the longest. What is alive there now is another
	// process's, or one that an earlier Logout could not write.
	for rec, err := range p.core.sessions(ctx, "session/"+hash(subject)+"/") {
		broken := (*RecordError)(nil)
		switch {
		case errors.As(err, &broken), err != nil && !errors.Is(err, errors.ErrUnsupported):
			failed = append(failed, fmt.Errorf("sdk: logout: %w", err))
		case err == nil && !slices.Contains(failedAt, rec.ResourceURL):
			if err := p.logout(ctx, p.stored(rec)); err != nil {
				failed = append(failed, logoutError(rec.ResourceURL, err))
			}
		}
	}
	return errors.Join(failed...)
}

func logoutError(resource string, err error) error {
	return fmt.Errorf("sdk: logout from %s: %w", resource, err)
}

// stored returns the client of a record. A resource that this configuration does
// not allow has no session in the pool, and can be logged out from all the same.
func (p *Pool) stored(rec *gen.SessionRecord) *Client {
	client, err := p.Client(rec.Subject, rec.ResourceURL)
	if err != nil {
		return &Client{session: &session{core: p.core, target: &target{url: rec.ResourceURL}, subject: rec.Subject}}
	}
	return client
}

func (p *Pool) logout(ctx context.Context, client *Client) error {
	if err := client.Logout(ctx); err != nil {
		return err
	}
	p.drop(sessionID{client.session.subject, client.session.target.url})
	return nil
}

func (p *Pool) drop(id sessionID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.sessions[id]; ok && s.idle() {
		p.remove(id)
	}
}

// Close ends what is under way in all sessions and waits for it. What its
// clients do from then on is what [Client.Close] says.
func (p *Pool) Close() error {
	p.core.close()
	return nil
}
