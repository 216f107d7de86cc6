package policy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"weak"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// CacheConfig bounds a Cache.
type CacheConfig struct {
	// Entries is how many decisions are kept at most; at least 1. In a large cache
	// the oldest of about a sixty-fourth of them makes room for a new one.
	Entries int
}

// A Cache is a PolicyEngine that answers requests with decisions of another one,
// anew or from memory. A decision serves every request that is equal but for Now,
// while it is Allowed at that Now: from its EvaluatedAt to its ValidUntil. So the
// decision's EvaluatedAt may lie before the request's Now; that is the one way in
// which a Cache differs from its engine.
//
// Only decisions that allow are kept: a refusal may be cured at any time. The
// policy of an engine never changes; a new policy is a new engine and needs a new
// Cache. The key is a SHA-256 over the whole request and everything that was
// verified of its evidence and waivers, so a request that differs in any of it is
// judged by itself.
type Cache struct {
	engine PolicyEngine
	shards []shard
	prints prints
}

var _ PolicyEngine = (*Cache)(nil)

// Cached returns a Cache of the engine's decisions. An engine that is nil, or a
// cache without room, is refused with CodeConfigCache.
func Cached(engine PolicyEngine, c CacheConfig) (*Cache, error) {
	if engine == nil || c.Entries < 1 {
		return nil, attest.Refuse(CodeConfigCache, "Entries", "an engine and at least 1 entry", strconv.Itoa(c.Entries))
	}
	cache := &Cache{engine: engine, shards: make([]shard, min(64, c.Entries))}
	for i := range cache.shards {
		s := &cache.shards[i]
		s.most = c.Entries / len(cache.shards)
		if i < c.Entries%len(cache.shards) {
			s.most++
		}
		s.most = min(s.most, mostEntries)
	}
	return cache, nil
}

// Evaluate implements PolicyEngine.
func (c *Cache) Evaluate(ctx context.Context, req Request) (Decision, error) {
	if c == nil || c.engine == nil {
		return Decision{}, attest.Refuse(CodeConfigCache, "Cache", "a cache made by Cached", "the zero Cache")
	}
	key, known := c.prints.keyOf(&req)
	if known && ctx.Err() == nil { // a request with the key of a valid one is valid
		if d := c.shard(&key).get(&key, req.Now); !d.IsZero() {
			return d, nil
		}
	}
	if err := req.Validate(); err != nil {
		return Decision{}, err
	}
	if err := ctx.Err(); err != nil {
		return Decision{}, fmt.Errorf("policy: evaluation ended early: %w", err)
	}
	d, err := c.engine.Evaluate(ctx, req)
	if err == nil && known && d.Allowed(req.Now) {
		written, err := d.unseal() // so that the cache does not hold the evidence
		if err != nil {
			return Decision{}, err
		}
		d = Decision{sealed: written, at: d.at, until: d.until}
		c.shard(&key).put(&key, d)
	}
	return d, err
}

func (c *Cache) shard(key *cacheKey) *shard { return &c.shards[int(key[0])%len(c.shards)] }

// prints remembers the fingerprints of evidence for as long as somebody else holds
// the evidence, which never changes.
type prints struct {
	held sync.Map // of [sha256.Size]byte by weak.Pointer[attest.Verified]
}

// of returns a SHA-256 over everything that was verified.
func (p *prints) of(v *attest.Verified) [sha256.Size]byte {
	w := weak.Make(v)
	if held, ok := p.held.Load(w); ok {
		return *held.(*[sha256.Size]byte)
	}
	sum := sha256.Sum256(appendVerified(make([]byte, 0, 1024), v))
	if _, twice := p.held.LoadOrStore(w, &sum); !twice {
		runtime.AddCleanup(v, func(w weak.Pointer[attest.Verified]) { p.held.Delete(w) }, w)
	}
	return sum
}

// keyOf returns the key of the request, and whether it has one. Every part is preceded by
// its length, so that no two requests are written alike.
func (p *prints) keyOf(req *Request) (key cacheKey, ok bool) {
	var space [1024]byte
	b := space[:0]
	d := &req.Subject
	b = appendTexts(b, d.Name, d.URI, d.DownloadLocation, d.MediaType)
	b = append(binary.AppendUvarint(b, uint64(len(d.Content))), d.Content...)
	b = binary.AppendUvarint(b, uint64(len(d.Digest)))
	if len(d.Digest) == 1 && len(d.Annotations) == 0 {
		for alg, value := range d.Digest {
			b = appendTexts(b, string(alg), value)
		}
	} else {
		j, err := strictjson.Marshal(*d)
		if err != nil {
			return cacheKey{}, false
		}
		b = append(binary.AppendUvarint(b, uint64(len(j))), j...)
	}
	t := &req.Target
	b = appendTexts(b, string(req.Phase), t.Environment, t.Cluster, t.Namespace, t.Name)
	b = appendIdentity(b, req.Actor)
	for _, list := range [...][]*attest.Verified{req.Evidence, req.Waivers} {
		if slices.ContainsFunc(list, (*attest.Verified).IsZero) {
			return cacheKey{}, false
		}
		list = ordered(list)
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, v := range list {
			sum := p.of(v)
			b = append(b, sum[:]...)
		}
	}
	return sha256.Sum256(b), true
}

// ordered is canonicalOrder, without a copy of what is in order already.
func ordered(list []*attest.Verified) []*attest.Verified {
	for i := 1; i < len(list); i++ {
		if compareVerified(list[i-1], list[i]) >= 0 {
			return canonicalOrder(list)
		}
	}
	return list
}

func appendVerified(b []byte, v *attest.Verified) []byte {
	e := v.Evidence()
	b = appendTexts(b, string(e.Algorithm), e.Hex, v.Authority())
	statement := v.Statement().Bytes()
	b = append(binary.AppendUvarint(b, uint64(len(statement))), statement...)
	signers := v.Signers()
	order(signers, by(compareIdentity))
	b = binary.AppendUvarint(b, uint64(len(signers)))
	for _, id := range signers {
		b = appendIdentity(b, id)
	}
	claims := v.Claims()
	order(claims, by(compareClaim))
	b = binary.AppendUvarint(b, uint64(len(claims)))
	for _, c := range claims {
		b = appendTexts(b, c.Principal, c.Name, c.Value)
	}
	times := v.Times()
	order(times, func(x, y *attest.TrustedTime) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Authority, y.Authority))
	})
	b = binary.AppendUvarint(b, uint64(len(times)))
	for _, t := range times {
		b = binary.AppendVarint(b, t.Time.Unix())
		b = binary.AppendVarint(b, int64(t.Time.Nanosecond()))
		b = appendTexts(b, t.Authority)
	}
	return b
}

func appendIdentity(b []byte, id attest.Identity) []byte {
	return appendTexts(b, id.Issuer, id.Subject, string(id.Key.Algorithm), id.Key.Hex)
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return b
}
