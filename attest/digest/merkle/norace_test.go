//go:build !race

package merkle_test

const sparseBase = 4 << 30 // counters of 32 bits would show
