package dsse_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
)

// TestALargePredicateIsHeldOnce bounds what a verification allocates besides the
// payload, which it must decode.
func TestALargePredicateIsHeldOnce(t *testing.T) {
	var predicate bytes.Buffer
	predicate.WriteString(`{"list":[0`)
	for i := range 50_000 {
		fmt.Fprintf(&predicate, `,"entry %d"`, i)
	}
	predicate.WriteString(`]}`)
	s, err := attest.NewStatement("https://example.com/p", json.RawMessage(predicate.Bytes()), attest.Descriptor{Digest: digest.FromBytes(nil).Set()})
	require.NoError(t, err)
	signer, err := dsse.NewAttestor(attesttest.Signer("alice"))
	require.NoError(t, err)
	a, err := signer.Attest(t.Context(), s)
	require.NoError(t, err)
	v := verifier(t, trust(1, "alice"))
	verify := func() {
		got, err := v.Verify(t.Context(), a, attest.Want{AnySubject: true})
		require.NoError(t, err)
		runtime.KeepAlive(got)
	}
	var before, after runtime.MemStats
	verify()
	runtime.ReadMemStats(&before)
	verify()
	runtime.ReadMemStats(&after)
	assert.LessOrEqual(t, float64(after.TotalAlloc-before.TotalAlloc), 1.1*float64(len(s.Bytes())))
	assert.Less(t, after.Mallocs-before.Mallocs, uint64(100))
}
