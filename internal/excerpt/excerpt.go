// Package excerpt makes text that somebody else chose fit to stand in a reason:
// short, on one line, and without anything that a terminal or a log would act on.
package excerpt

import "strconv"

// most is how many bytes of a text an excerpt keeps.
const most = 120

// Quote returns s as a Go string literal in ASCII. Of a long text it keeps the
// beginning, followed by three dots outside of the quotes.
func Quote(s string) string {
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
