//go:build !race

package digest_test

const (
	sizeStep   = 1       // every size
	sparseBase = 4 << 30 // counters of 32 bits would show
)
