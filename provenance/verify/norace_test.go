//go:build !race

package verify_test

// underRace tells that the race detector runs, which makes everything slower.
const underRace = false
