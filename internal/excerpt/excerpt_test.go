package excerpt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealwright/sealwright/internal/excerpt"
)

func TestQuote(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a plain text is quoted":              {"abc", `"abc"`},
		"an empty text shows":                 {"", `""`},
		"line breaks and escapes are escaped": {"a\n\x1b[31m", `"a\n\x1b[31m"`},
		"letters that look alike show":        {"p\u0430ypal", `"p\u0430ypal"`},
		"bytes that are no text are escaped":  {"\xff", `"\xff"`},
		"a long text is cut":                  {strings.Repeat("x", 121), `"` + strings.Repeat("x", 120) + `"...`},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, excerpt.Quote(c.in)) })
	}
}
