//go:build race

package digest_test

// The race detector makes hashing in Go many times slower and finds nothing in the
// arithmetic. The run without it takes every size and the file beyond 4 GiB; here
// the same code runs on fewer sizes, whose step is odd so that they end everywhere
// in a block, and on a smaller file.
const (
	sizeStep   = 13
	sparseBase = 64 << 20
)
