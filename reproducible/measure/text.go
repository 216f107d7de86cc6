package measure

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func sortedPaths(paths []string) []string {
	return slices.SortedFunc(slices.Values(paths), comparePaths)
}

func cleanAbsolute(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.Contains(p, "\x00")
}

// escape spells a name so that it is printable UTF-8 and no two names are spelt
// alike: every other byte, and the percent sign, becomes % and two digits.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '%' || r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// quote bounds and escapes a text that somebody else chose, for a reason.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return escape(s[:most]) + "..."
	}
	return escape(s)
}
