package tee

import (
	"context"
	"crypto/rand"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A NonceStore makes evidence fresh: it issues challenges and lets each be
// used once.
//
// Issue returns a new unpredictable nonce of MinNonce to MaxNonce bytes for one
// audience. Consume reports, by a nil error, that the nonce was issued to that
// audience, has not expired and has not been consumed; of any number of
// concurrent calls for one nonce exactly one succeeds. A store that cannot
// answer returns an error: it never guesses.
//
// Implementations must be safe for concurrent use and must not retain the
// slices.
type NonceStore interface {
	Issue(ctx context.Context, audience string) ([]byte, error)
	Consume(ctx context.Context, audience string, nonce []byte) error
}

// MemoryNonces configures NewMemoryNonces. Now, TTL and Max are mandatory.
type MemoryNonces struct {
	// Now tells the time.
	Now func() time.Time
	// TTL is how long a nonce lives.
	TTL time.Duration
	// Max bounds the nonces that are remembered, consumed ones included; beyond
	// it Issue refuses.
	Max int
	// Rand is the source of nonces; nil means crypto/rand.
	Rand io.Reader
}

type issued struct {
	audience string
	at       time.Time
	consumed bool
}

type memoryNonces struct {
	config MemoryNonces
	mu     sync.Mutex
	live   map[string]*issued
	order  []string // by time of issue: all nonces live equally long
}

// NewMemoryNonces returns a NonceStore for one process. A restart forgets every
// nonce, which refuses evidence and never accepts it twice.
func NewMemoryNonces(c MemoryNonces) (NonceStore, error) {
	if c.Now == nil || c.TTL <= 0 || c.Max <= 0 {
		return nil, attest.Refuse(CodeConfig, "MemoryNonces", "Now, TTL and Max", "a zero field")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &memoryNonces{config: c, live: map[string]*issued{}}, nil
}

func (m *memoryNonces) Issue(ctx context.Context, audience string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkText("audience", audience); err != nil {
		return nil, err
	}
	nonce := make([]byte, 32)
	if _, err := io.ReadFull(m.config.Rand, nonce); err != nil {
		return nil, attest.Refuse(CodeNonceSource, "MemoryNonces.Rand", "32 random bytes", "").Because(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.config.Now()
	m.sweep(now)
	if len(m.order) >= m.config.Max {
		return nil, attest.Refuse(CodeNonceFull, "MemoryNonces", "fewer than "+strconv.Itoa(m.config.Max)+" live nonces", strconv.Itoa(len(m.order)))
	}
	if _, taken := m.live[string(nonce)]; taken {
		return nil, attest.Refuse(CodeNonceSource, "MemoryNonces.Rand", "bytes that never repeat", "a repeated nonce")
	}
	m.live[string(nonce)] = &issued{audience: audience, at: now}
	m.order = append(m.order, string(nonce))
	return nonce, nil
}

// sweep forgets what expired. m.mu is held.
func (m *memoryNonces) sweep(now time.Time) {
	n := 0
	for n < len(m.order) && now.Sub(m.live[m.order[n]].at) >= m.config.TTL {
		delete(m.live, m.order[n])
		n++
	}
	m.order = m.order[n:]
}

func (m *memoryNonces) Consume(ctx context.Context, audience string, nonce []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.live[string(nonce)]
	if !ok {
		return attest.Refuse(CodeNonceUnknown, "nonce", "a nonce that was issued and is alive", "an unknown one")
	}
	if n.consumed {
		return attest.Refuse(CodeNonceReused, "nonce", "a nonce that was not used", "a used one")
	}
	if n.audience != audience {
		return attest.Refuse(CodeNonceAudience, "nonce", "audience "+excerpt.Quote(n.audience), excerpt.Quote(audience))
	}
	// A clock that ran backwards gives a negative age, which proves nothing.
	if age := m.config.Now().Sub(n.at); age < 0 || age >= m.config.TTL {
		return attest.Refuse(CodeNonceExpired, "nonce", "an age below "+m.config.TTL.String(), age.String())
	}
	n.consumed = true
	return nil
}
