// Metadata: documents that are still fresh, in memory and in the store.

package sdk

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// maxDocuments bounds the documents in memory: a gateway talks to hundreds of
// servers, with two documents each. Past it the ones that end first go.
const maxDocuments = 1024

// documents is the flows.DocumentCache of a configuration or pool: a map in
// front of the store, so that a restarted process and other machines need no
// discovery either (DISC-17).
type documents struct {
	store Store

	mu    sync.Mutex // guards fresh; not held over the store
	fresh map[string]document
}

type document struct {
	body  []byte
	until time.Time
}

// Load returns a fresh document. A store that fails is one that has none.
func (d *documents) Load(ctx context.Context, url string) ([]byte, bool) {
	now := time.Now()
	d.mu.Lock()
	doc, ok := d.fresh[url]
	d.mu.Unlock()
	if ok && doc.until.After(now) {
		return doc.body, true
	}
	value, err := d.store.Get(ctx, metadataKey(url))
	if err != nil {
		return nil, false
	}
	rec, err := decodeRecord(value, gen.DecodeMetadataRecord)
	if err != nil || rec.URL != url || !rec.FreshUntil.After(now) {
		return nil, false
	}
	d.keep(url, document{body: rec.Document, until: rec.FreshUntil})
	return rec.Document, true
}

// Save keeps a document. One that is there already, and fresh for a while, is
// not written again: a fleet that refreshes reads the same bytes each time. That
// a store does not take it is no one's loss.
func (d *documents) Save(ctx context.Context, url string, body []byte, lifetime time.Duration) {
	now := time.Now().Round(0)
	until := now.Add(lifetime)
	if old, ok := d.Load(ctx, url); ok && bytes.Equal(old, body) && d.freshUntil(url).After(now.Add(lifetime/2)) {
		return
	}
	d.keep(url, document{body: body, until: until})
	rec := &gen.MetadataRecord{Version: recordVersion, URL: url, Document: body, FetchedAt: now.UTC(), FreshUntil: until.UTC()}
	if value, err := rec.Encode(); err == nil {
		_ = d.store.Put(ctx, metadataKey(url), value)
	}
}

func (d *documents) freshUntil(url string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fresh[url].until
}

// drop forgets the documents of a discovery that a server's answer has
// contradicted.
func (d *documents) drop(ctx context.Context, found *flows.Discovery) {
	for _, attempt := range found.Attempts {
		d.mu.Lock()
		delete(d.fresh, attempt.URL)
		d.mu.Unlock()
		_ = d.store.Delete(ctx, metadataKey(attempt.URL)) // at worst it ends by itself
	}
}

func (d *documents) keep(url string, doc document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fresh == nil {
		d.fresh = make(map[string]document)
	}
	if _, ok := d.fresh[url]; !ok && len(d.fresh) >= maxDocuments {
		d.evict()
	}
	d.fresh[url] = doc
}

// evict makes room by the document that ends first.
func (d *documents) evict() {
	var first string
	for url, doc := range d.fresh {
		if first == "" || doc.until.Before(d.fresh[first].until) {
			first = url
		}
	}
	delete(d.fresh, first)
}

func metadataKey(url string) string { return "metadata/" + hash(url) }
