package ledger_test

import (
	"encoding/json"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/require"
)

func FuzzVerifyReceipt(f *testing.F) {
	r := newRecorder(f, newMemDir())
	var good deploy.Receipt
	for _, rec := range chain(f, 3) {
		var err error
		good, err = r.Record(f.Context(), rec)
		require.NoError(f, err)
		b, err := json.Marshal(good)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		receipt, err := deploy.ParseReceipt(b)
		if err == nil {
			_, err = ledger.VerifyReceipt(t.Context(), receipt, trust(), notary())
		}
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.Equal(t, uint64(3), max(receipt.TreeSize, 3), "only three trees were ever signed")
		require.Less(t, receipt.Index, uint64(3))
	})
}
