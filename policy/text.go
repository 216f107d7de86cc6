package policy

import (
	"strconv"
	"strings"
	"unicode"
)

// maxText bounds every text of a reason, in bytes.
const maxText = 300

// quote renders text that somebody else chose.
func quote(s string) string {
	if len(s) > maxText {
		return strconv.Quote(s[:maxText]) + "..."
	}
	return strconv.Quote(s)
}

// clean returns s, quoted when it is long or holds anything that a terminal or a
// log would interpret.
func clean(s string) string {
	if len(s) > maxText+10 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return quote(s)
	}
	return s
}

func bytesText(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }
