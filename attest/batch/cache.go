package batch

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Cache remembers successes of verifiers, the most recently used ones. It is safe
// for concurrent use and may stand before several verifiers. A refusal is never
// remembered: time may heal it.
type Cache struct {
	most int
	now  func() time.Time
	mu   sync.Mutex
	held map[cacheKey]*list.Element
	used *list.List // of *remembered, the most recent first
}

type cacheKey [sha256.Size]byte

type remembered struct {
	key         cacheKey
	verified    *attest.Verified
	since, edge time.Time
}

// NewCache returns a cache of at most entries successes; a Verified holds its
// statement. now tells the time that is compared with validity edges.
func NewCache(entries int, now func() time.Time) (*Cache, error) {
	if entries < 1 || now == nil {
		return nil, attest.Refuse(CodeCache, "NewCache", "entries above zero and a clock", "not both")
	}
	return &Cache{most: entries, now: now, held: map[cacheKey]*list.Element{}, used: list.New()}, nil
}

// Scope tells under what a success holds. A Cache answers only within the scope in
// which it learned.
type Scope struct {
	// Policy is the digest of all that the verifier was constructed with.
	Policy digest.Digest
	// Epoch names the state of the trust that it was constructed with, such as the
	// version of a trust root; not empty. Withdrawn trust has another epoch.
	Epoch string
	// Edge returns until when a success holds: the earliest end of a validity that
	// the verification rested on. It must not return a later one; the zero Time says
	// that it holds at no other time, and is not remembered.
	Edge func(*attest.Verified) time.Time
}

// Verifier returns a Verifier that asks c and then v. At or after a success's edge,
// and before the time when it was learned, it is not used.
func (c *Cache) Verifier(v attest.Verifier, s Scope) (attest.Verifier, error) {
	if c == nil || v == nil || s.Edge == nil || s.Epoch == "" || s.Policy.Validate() != nil {
		return nil, attest.Refuse(CodeCache, "Cache.Verifier", "a cache, a verifier, a policy, an epoch and an edge", "not all")
	}
	return &cachedVerifier{c, v, s}, nil
}

type cachedVerifier struct {
	cache *Cache
	next  attest.Verifier
	scope Scope
}

func (v *cachedVerifier) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	key := v.scope.key(a, want)
	now := v.cache.now()
	if verified := v.cache.get(key, now); verified != nil {
		return verified, nil
	}
	verified, err := v.next.Verify(ctx, a, want)
	if err != nil || verified.IsZero() {
		return verified, err
	}
	if edge := v.scope.Edge(verified); edge.After(now) {
		v.cache.put(&remembered{key, verified, now, edge})
	}
	return verified, nil
}

// key covers evidence, want, policy and epoch, each with its length.
func (s Scope) key(a attest.Attestation, w attest.Want) cacheKey {
	h := sha256.New()
	length := func(n int) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	field := func(b []byte) {
		length(len(b))
		h.Write(b)
	}
	field([]byte(s.Policy.String()))
	field([]byte(s.Epoch))
	field([]byte(a.MediaType))
	field(a.Body)
	anySubject := 0
	if w.AnySubject {
		anySubject = 1
	}
	length(anySubject)
	length(len(w.Subjects))
	for _, subject := range w.Subjects {
		var lines []string
		for algorithm, value := range subject {
			lines = append(lines, string(algorithm)+":"+value)
		}
		slices.Sort(lines)
		length(len(lines))
		for _, l := range lines {
			field([]byte(l))
		}
	}
	length(len(w.PredicateTypes))
	for _, p := range w.PredicateTypes {
		field([]byte(p))
	}
	return cacheKey(h.Sum(nil))
}

func (c *Cache) get(key cacheKey, now time.Time) *attest.Verified {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.held[key]
	if e == nil {
		return nil
	}
	r := e.Value.(*remembered)
	if now.Before(r.since) || !now.Before(r.edge) {
		c.drop(e)
		return nil
	}
	c.used.MoveToFront(e)
	return r.verified
}

func (c *Cache) put(r *remembered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.held[r.key]; e != nil {
		c.drop(e)
	}
	c.held[r.key] = c.used.PushFront(r)
	if c.used.Len() > c.most {
		c.drop(c.used.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	delete(c.held, e.Value.(*remembered).key)
	c.used.Remove(e)
}
