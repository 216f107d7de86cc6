package layout

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

const maxPath = 4096

// A pattern matches paths as in-toto has it: like a shell's, but "*" and "?" match
// slashes too, and only "!" negates a class.
type pattern struct {
	text    string
	literal string // if it is its own only match
	glob    string // for path.Match, with slashes disguised
}

// disguise hides the slashes that path.Match would treat apart. No path and no
// pattern has a NUL.
func disguise(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

func parsePattern(text, where string) (pattern, error) {
	if text == "" || len(text) > maxPath || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return pattern{}, attest.Refuse(CodeRule, where, "a pattern", excerpt.Quote(text))
	}
	if path.Clean(text) != text || text == "." {
		return pattern{}, attest.Refuse(CodeRule, where, "a pattern in its shortest form", excerpt.Quote(text))
	}
	p := pattern{text: text}
	if !strings.ContainsAny(text, `*?[\`) {
		p.literal = text
		return p, nil
	}
	p.glob = translate(text)
	if _, err := path.Match(p.glob, ""); err != nil {
		return pattern{}, attest.Refuse(CodeRule, where, "a well-formed pattern", excerpt.Quote(text)).Because(err)
	}
	return p, nil
}

// translate writes in-toto's negation as that of package path, and escapes what
// would negate there alone.
func translate(text string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			b.WriteByte(text[i])
		case !inClass && c == '[':
			inClass = true
			b.WriteByte(c)
			if i+1 < len(text) && text[i+1] == '!' {
				i++
				b.WriteByte('^')
			} else if i+1 < len(text) && text[i+1] == '^' {
				b.WriteByte('\\')
			}
		case inClass && c == ']':
			inClass = false
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return disguise(b.String())
}

// match reports whether p matches a path.
func (p pattern) match(name string) bool {
	if p.glob == "" {
		return p.literal == name
	}
	if p.glob == "*" {
		return true
	}
	ok, err := path.Match(p.glob, disguise(name))
	return err == nil && ok
}

// cost is what match may cost, in comparisons of a character.
func (p pattern) cost(name string) int64 {
	if p.glob == "" || p.glob == "*" {
		return 1
	}
	return int64(len(p.glob)+1) * int64(len(name)+1)
}
