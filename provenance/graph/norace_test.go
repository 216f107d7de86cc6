//go:build !race

package graph

// underRace tells that the race detector runs, which makes everything slower.
const underRace = false
