//go:build race

package sigstore_test

// The race detector allocates on its own.
const raceEnabled = true
