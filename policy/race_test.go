//go:build race

package policy_test

// underRace tells that the race detector runs, which makes everything slower and
// lets pools forget.
const underRace = true
