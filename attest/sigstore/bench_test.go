package sigstore_test

import (
	"testing"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
)

// BenchmarkVerify measures a whole verification, reading included.
func BenchmarkVerify(b *testing.B) {
	i := virtual.New(b)
	v := verifierOf(b, i, nil)
	for name, recipe := range map[string]virtual.Recipe{"Rekor v1": {Unstamped: true}, "Rekor v2": {Rekor: 2}} {
		a := bundle(b, i, recipe)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), a, anything()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
