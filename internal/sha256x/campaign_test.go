package sha256x

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCampaign hashes random batches of mostly short messages with each kernel
// in turn and compares every digest with crypto/sha256. SEALWRIGHT_CAMPAIGN is
// the number of messages to hash, 300 000 if it is not set, and
// SEALWRIGHT_CAMPAIGN_SEED makes it another campaign.
func TestCampaign(t *testing.T) {
	number := func(name string, otherwise uint64) uint64 {
		v := os.Getenv(name)
		if v == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(v, 10, 64)
		require.NoError(t, err, name)
		return n
	}
	total := number("SEALWRIGHT_CAMPAIGN", 300_000)
	seed := number("SEALWRIGHT_CAMPAIGN_SEED", 1)

	c := &campaign{t: t, r: rand.New(rand.NewPCG(seed, 0)), pool: randomBytes(seed, 1<<20)}
	ks := machineKernels()
	names := sortedNames(ks)
	done := make(map[string]uint64)
	for hashed := uint64(0); hashed < total; {
		for _, name := range names {
			n := c.batch(ks[name])
			done[name] += n
			hashed += n
		}
	}
	for _, name := range names {
		t.Logf("%-24s %11d messages hashed and compared", name, done[name])
	}
}

// A campaign makes random batches from a pool of random bytes.
type campaign struct {
	t    *testing.T
	r    *rand.Rand
	pool []byte
	buf  []byte
}

// some returns up to n bytes, mostly much fewer.
func (c *campaign) some(n int) []byte {
	if c.r.IntN(16) != 0 {
		n = min(n, 200)
	}
	n = c.r.IntN(n + 1)
	return c.pool[c.r.IntN(len(c.pool)-n):][:n]
}

// check compares a digest with that of crypto/sha256 over prefix || m.
func (c *campaign) check(got [Size]byte, prefix, m []byte) {
	c.buf = append(append(c.buf[:0], prefix...), m...)
	if wanted := sha256.Sum256(c.buf); got != wanted {
		c.t.Fatalf("prefix %x, message %x: got %x, want %x", prefix, m, got, wanted)
	}
}

// batch runs one operation and returns how many digests it has compared.
func (c *campaign) batch(k *kernel) uint64 {
	switch c.r.IntN(8) {
	case 0, 1, 2:
		return c.many(k)
	case 3, 4, 5:
		return c.fixed(k)
	case 6:
		return c.fold(k)
	default:
		return c.leaves(k)
	}
}

func (c *campaign) many(k *kernel) uint64 {
	prefix := c.some(130)
	msgs := make([][]byte, c.r.IntN(40))
	for i := range msgs {
		msgs[i] = c.some(3000)
	}
	dst := make([][Size]byte, len(msgs))
	k.sumMany(dst, prefix, msgs)
	for i, m := range msgs {
		c.check(dst[i], prefix, m)
	}
	return uint64(len(msgs))
}

func (c *campaign) fixed(k *kernel) uint64 {
	prefix := c.some(130)
	size := len(c.some(3000))
	n := c.r.IntN(60)
	src := c.pool[c.r.IntN(len(c.pool)-n*size):][:n*size]
	dst := make([][Size]byte, n)
	k.sumFixed(dst, Midstate{State: IV()}, prefix, src, size)
	for i := range dst {
		c.check(dst[i], prefix, src[i*size:(i+1)*size])
	}
	return uint64(n)
}

func (c *campaign) fold(k *kernel) uint64 {
	data := make([][]byte, c.r.IntN(40))
	states := make([]State, len(data))
	for i := range data {
		p := c.some(3000)
		data[i], states[i] = p[:len(p)&^(BlockSize-1)], IV()
	}
	k.fold(states, data)
	for i, p := range data {
		c.check(finish(k, states[i], len(p)), nil, p)
	}
	return uint64(len(data))
}

func (c *campaign) leaves(k *kernel) uint64 {
	size := BlockSize << c.r.IntN(5)
	n := c.r.IntN(20)
	p := c.pool[c.r.IntN(len(c.pool)-n*size):][:n*size]
	flat, leaves := IV(), make([]State, n)
	k.foldWithLeaves(&flat, IV(), leaves, p, size)
	dst := make([][Size]byte, n)
	k.finishFixed(dst, leaves, uint64(size))
	for i := range dst {
		c.check(dst[i], nil, p[i*size:(i+1)*size])
	}
	c.check(finish(k, flat, len(p)), nil, p)
	return uint64(n) + 1
}
