//go:build !race

package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// All checks on a verified statement, its decoding included, stay cheap.
func TestACheckAllocatesLittle(t *testing.T) {
	checker, err := verify.New(roots(), expectations())
	require.NoError(t, err)
	evidence, artifact := []*attest.Verified{signed(t, nil)}, provenancetest.Artifact()
	allocations := testing.AllocsPerRun(200, func() {
		if _, err := checker.Verify(t.Context(), artifact, evidence); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, allocations, 60.0)
}

// A Checker keeps what it was made of, whatever becomes of the arguments.
func TestACheckerKeepsCopies(t *testing.T) {
	r, want := roots(), expectations()
	checker, err := verify.New(r, want)
	require.NoError(t, err)
	r.Authorities[0], r.Grants[0].Signer = "test:other", "mallory"
	want.Sources[0].URI = "git+https://example.com/evil/app"
	want.Parameters.Equal["target"] = []byte(`"evil"`)
	want.Parameters.Ignore[0] = "evil"
	v, err := checker.Verify(t.Context(), provenancetest.Artifact(), []*attest.Verified{signed(t, nil)})
	require.NoError(t, err)
	require.Equal(t, 3, v.Level())
	_, err = verify.New(verify.Roots{}, want)
	require.ErrorIs(t, err, attest.Is(verify.CodeRoots))
}
