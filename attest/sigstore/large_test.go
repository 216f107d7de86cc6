package sigstore_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
)

// largeStatement is a statement of 9.8 MB, a tenth of that under the race
// detector: a provenance with many dependencies.
func largeStatement(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"resolvedDependencies":[`)
	dependencies := 60_000
	if raceEnabled {
		dependencies = 6_000 // the shares are the same
	}
	for i := range dependencies {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uri":"pkg:golang/example.com/module%d@v1.2.%d","name":"module %d","digest":{"sha256":"%064x"}}`, i, i, i, i)
	}
	b.WriteString(`]}`)
	s, err := attest.NewStatement("https://slsa.dev/provenance/v1", rawJSON(b.Bytes()), attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return s.Bytes()
}

type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }

// cost returns the allocations of f and their bytes.
func cost(f func()) (count, size uint64) {
	var before, after runtime.MemStats
	f()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
}

func TestALargePredicateIsHeldOnce(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	payload := largeStatement(t)
	require.Greater(t, len(payload), 900_000)
	for name, r := range map[string]virtual.Recipe{"Rekor v1": {Unstamped: true}, "Rekor v2": {Rekor: 2}} {
		small := bundle(t, i, r)
		r.Payload = payload
		large := bundle(t, i, r)
		verify := func(a attest.Attestation) func() {
			return func() {
				got, err := v.Verify(t.Context(), a, anything())
				require.NoError(t, err)
				runtime.KeepAlive(got)
			}
		}
		few, _ := cost(verify(small))
		count, size := cost(verify(large))
		t.Logf("%s: %d bytes: %d allocations of %d bytes; a small one %d", name, len(payload), count, size, few)
		assert.LessOrEqual(t, float64(size), 1.1*float64(len(payload)), "%s: bytes", name)
		assert.Less(t, count, few+50, "%s: allocations", name)
		if !raceEnabled {
			assert.LessOrEqual(t, few, uint64(300), "%s: allocations of a small bundle", name)
		}
	}
}
