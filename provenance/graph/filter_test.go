package graph

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFilterHoldsWhatWasAddedAndLittleElse(t *testing.T) {
	const n = 20_000
	filter := newFilter(n)
	holds := func(i int) bool {
		block, which := filterPlace(fingerprint([]byte(strconv.Itoa(i))), uint64(len(filter)))
		return inFilter(filter[block:], which)
	}
	for i := range n {
		addToFilter(filter, fingerprint([]byte(strconv.Itoa(i))))
	}
	others := 0
	for i := range n {
		require.True(t, holds(i))
		if holds(n + i) {
			others++
		}
	}
	assert.Less(t, others, n/50)
	assert.Len(t, newFilter(0), filterBlock)
}
