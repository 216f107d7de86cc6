package tee_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/tee"
)

// Test_tiersAreThoseOfEAR: draft-ietf-rats-ear section 3.2 and
// draft-ietf-rats-ar4si section 2.3.2.
func Test_tiersAreThoseOfEAR(t *testing.T) {
	for c := -128; c < 128; c++ {
		want := tee.StatusNone
		switch {
		case c >= 96:
			want = tee.StatusContraindicated
		case c >= 32:
			want = tee.StatusWarning
		case c >= 2:
			want = tee.StatusAffirming
		}
		require.Equal(t, want, tee.TrustClaim(c).Tier(), "%d", c)
	}
	for s, name := range map[tee.Status]string{
		tee.StatusNone: "none", tee.StatusAffirming: "affirming", tee.StatusWarning: "warning",
		tee.StatusContraindicated: "contraindicated", 1: "none",
	} {
		require.Equal(t, name, s.String())
	}
	var names []string
	for a := tee.InstanceIdentity; a <= tee.SourcedData+1; a++ {
		names = append(names, a.String())
	}
	require.Equal(t, []string{
		"instance-identity", "configuration", "executables", "file-system",
		"hardware", "runtime-opaque", "storage-opaque", "sourced-data", "unknown",
	}, names)
}

func Test_vectorIsAsGoodAsItsWorstPart(t *testing.T) {
	good := tee.Vector{tee.Hardware: 2, tee.Configuration: 2, tee.Executables: 3}
	require.Equal(t, tee.StatusAffirming, good.Status())
	require.Equal(t, tee.StatusNone, tee.Vector{}.Status())
	for a := tee.InstanceIdentity; a <= tee.SourcedData; a++ {
		v := good
		v[a] = tee.ClaimUnsafe
		require.Equal(t, tee.StatusWarning, v.Status(), a)
		v[a] = tee.ClaimCryptoFailed
		require.Equal(t, tee.StatusContraindicated, v.Status(), a)
	}
	for _, a := range []tee.Aspect{tee.Hardware, tee.Configuration, tee.Executables} {
		v := good
		v[a] = tee.ClaimNone
		require.Equal(t, tee.StatusNone, v.Status(), a)
	}
}

func Test_zeroClaimsAreUnknown(t *testing.T) {
	var c tee.Claims
	require.Equal(t, "unknown", c.Debug.String())
	require.Equal(t, "unknown", c.TCB.String())
	require.Equal(t, "unknown", tee.Tri(9).String())
	require.Equal(t, "unknown", tee.TCBStatus(9).String())
	require.Nil(t, (*tee.Claims)(nil).Clone())
}
