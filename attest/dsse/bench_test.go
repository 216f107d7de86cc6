package dsse_test

import (
	"testing"
	"time"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
)

// BenchmarkVerify measures Verify against the primitive alone, by turns, on a
// small statement: the metric "x-primitive" is their ratio.
func BenchmarkVerify(b *testing.B) {
	for name, signer := range map[string]attest.Signer{"Ed25519": attesttest.Signer("alice"), "P-256": p256(b)} {
		b.Run(name, func(b *testing.B) {
			attestor, err := dsse.NewAttestor(signer)
			require.NoError(b, err)
			a, err := attestor.Attest(b.Context(), aStatement(b))
			require.NoError(b, err)
			message := wire.PAE(attest.MediaTypeInToto, aStatement(b).Bytes())
			sig, err := signer.Sign(b.Context(), message)
			require.NoError(b, err)
			v := verifier(b, dsse.Trust{Authority: "test:bench", Threshold: 1, Keys: []dsse.Key{{Principal: "alice", Public: signer.Public()}}})

			var primitive, whole time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				err1 := key.Verify(signer.Public(), message, sig)
				middle := time.Now()
				_, err2 := v.Verify(b.Context(), a, anything)
				whole += time.Since(middle)
				primitive += middle.Sub(start)
				if err1 != nil || err2 != nil {
					b.Fatal(err1, err2)
				}
			}
			b.ReportMetric(float64(whole)/float64(primitive), "x-primitive")
		})
	}
}
