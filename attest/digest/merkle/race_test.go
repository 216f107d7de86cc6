//go:build race

package merkle_test

// sparseBase stands for 4 GiB: the run without the race detector takes the file
// beyond that size, here the same code runs on a smaller one.
const sparseBase = 64 << 20
