package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func receipt() deploy.Receipt {
	return deploy.Receipt{
		Index: 1, LeafHash: deploy.Hash{1}, Checkpoint: []byte("note\n"), TreeSize: 2, Inclusion: []deploy.Hash{{2}},
		Record: attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: []byte("{}")},
		State:  deploy.Live, Generation: 3,
	}
}

func TestAReceiptParsesBackToItself(t *testing.T) {
	b, err := json.Marshal(receipt())
	require.NoError(t, err)
	got, err := deploy.ParseReceipt(b)
	require.NoError(t, err)
	assert.Equal(t, receipt(), got)
}

func TestAReceiptIsRefusedWith(t *testing.T) {
	b, err := json.Marshal(receipt())
	require.NoError(t, err)
	for name, edit := range map[string][2]string{
		"an unknown field":            {`{"index"`, `{"extra":1,"index"`},
		"a key twice":                 {`{"index"`, `{"index":1,"index"`},
		"a key in other letters":      {`{"index"`, `{"Index"`},
		"a negative index":            {`"index":1`, `"index":-1`},
		"an index outside the tree":   {`"index":1`, `"index":2`},
		"an empty tree":               {`"treeSize":2`, `"treeSize":0`},
		"a tree beyond 2^63":          {`"treeSize":2`, `"treeSize":9223372036854775808`},
		"a short hash":                {`"inclusion":["`, `"inclusion":["AAAA","`},
		"a hash with loose bits":      {`AAA=",`, `AAB=",`},
		"a state that is not reached": {`"live"`, `"superseded"`},
		"generation zero":             {`"generation":3`, `"generation":0`},
		"trailing data":               {`"generation":3}`, `"generation":3}{}`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(b), edit[0], edit[1], 1)
			require.NotEqual(t, string(b), changed)
			_, err := deploy.ParseReceipt([]byte(changed))
			requireCode(t, err, deploy.CodeReceipt)
		})
	}
	long := receipt()
	long.Inclusion = make([]deploy.Hash, 65)
	requireCode(t, long.Validate(), deploy.CodeReceipt)
	long = receipt()
	long.Checkpoint = make([]byte, 1<<16+1)
	requireCode(t, long.Validate(), deploy.CodeReceipt)
}

func FuzzParseReceipt(f *testing.F) {
	b, err := json.Marshal(receipt())
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := deploy.ParseReceipt(b)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		again, err := json.Marshal(r)
		require.NoError(t, err)
		back, err := deploy.ParseReceipt(again)
		require.NoError(t, err)
		require.Equal(t, r.Index, back.Index)
		require.Equal(t, r.LeafHash, back.LeafHash)
		require.Less(t, r.Index, r.TreeSize)
	})
}
