package sigstore_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
)

func TestNoCodeStandsTwice(t *testing.T) {
	all := slices.Concat(sigstore.Codes(), chain.Codes(), tsa.Codes(), attest.Codes())
	slices.Sort(all)
	assert.Len(t, slices.Compact(slices.Clone(all)), len(all))
}
