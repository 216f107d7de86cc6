package vsa

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Unevaluated is the level of an artifact that passed without one.
const Unevaluated = "SLSA_BUILD_LEVEL_UNEVALUATED"

var slsaLevel = regexp.MustCompile(`^SLSA_([A-Z]+)_LEVEL_([0-4]|UNEVALUATED)$`)

// parseLevel takes a SLSA level apart; Unevaluated is below 0.
func parseLevel(s string) (track string, level int, ok bool) {
	m := slsaLevel.FindStringSubmatch(s)
	if m == nil {
		return "", 0, false
	}
	level, err := strconv.Atoi(m[2])
	if err != nil {
		level = -1
	}
	return m[1], level, true
}

// highest leaves the highest level of each SLSA track, and every other one.
func highest(levels []string) []string {
	var kept []string
	for _, l := range levels {
		track, n, ok := parseLevel(l)
		beaten := ok && slices.ContainsFunc(levels, func(other string) bool {
			t, m, ok := parseLevel(other)
			return ok && t == track && m > n
		})
		if !beaten && !slices.Contains(kept, l) {
			kept = append(kept, l)
		}
	}
	return kept
}

// reaches reports whether the levels include want, or a higher one of its track.
func reaches(levels []string, want string) bool {
	track, least, slsa := parseLevel(want)
	return slices.ContainsFunc(levels, func(l string) bool {
		t, n, ok := parseLevel(l)
		return l == want || slsa && ok && t == track && n >= least
	})
}

// consistent reports whether levels are such as a summary that passed may have: no
// FAILED, nothing empty or twice, one level per track, and no SLSA level that the
// specification does not know.
func consistent(levels []string) bool {
	seen := map[string]bool{}
	for _, l := range levels {
		key := l
		track, _, ok := parseLevel(l)
		if ok {
			key = "SLSA_" + track
		}
		if l == "" || strings.EqualFold(l, Failed) || strings.HasPrefix(l, "SLSA_") && !ok || seen[key] {
			return false
		}
		seen[key] = true
	}
	return len(levels) > 0
}

var slsaVersion = regexp.MustCompile(`^1\.(0|[1-9][0-9]?)$`)

func validVersion(s string) bool { return slsaVersion.MatchString(s) }
