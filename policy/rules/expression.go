package rules

import "strings"

// An expression is an SPDX licence expression (SPDX 2.3, annex D; 3.0, annex B) that is
// read from the left: licences with AND, OR, WITH, + and parentheses, where WITH binds
// closest, then AND. It is judged while it is read, so that one of n licences takes n
// steps; to list the choices that it gives could take 2^n.
type expression struct {
	rest   string
	token  string // the next one; empty at the end
	broken bool
	nested int
	// accepts tells whether a licence will do. It is asked about each.
	accepts func(licence, exception string) bool
}

// maxParentheses bounds parentheses within parentheses.
const maxParentheses = 32

// satisfied reports whether the expression can be met by licences that are accepted. One
// that is malformed cannot.
func satisfied(text string, accepts func(licence, exception string) bool) bool {
	e := &expression{rest: text, accepts: accepts}
	e.next()
	met := e.choice()
	return met && !e.broken && e.token == ""
}

// next moves to the next token: a parenthesis or a word.
func (e *expression) next() {
	e.rest = strings.TrimLeft(e.rest, " ")
	n := strings.IndexAny(e.rest, " ()")
	switch n {
	case -1:
		n = len(e.rest)
	case 0:
		n = 1
	}
	e.token, e.rest = e.rest[:n], e.rest[n:]
}

// choice reads alternatives, of which one must be met.
func (e *expression) choice() bool {
	met := e.conjunction()
	for e.token == "OR" {
		e.next()
		met = e.conjunction() || met
	}
	return met
}

// conjunction reads licences that must all be met.
func (e *expression) conjunction() bool {
	met := e.licence()
	for e.token == "AND" {
		e.next()
		met = e.licence() && met
	}
	return met
}

// licence reads one licence, or what stands in parentheses.
func (e *expression) licence() bool {
	if e.token == "(" && e.nested < maxParentheses {
		e.nested++
		e.next()
		met := e.choice()
		e.nested--
		return e.closed() && met
	}
	name, exception := e.word("+"), ""
	if e.token == "WITH" {
		e.next()
		exception = e.word("")
	}
	return e.accepts(name, exception)
}

// closed reads the closing parenthesis.
func (e *expression) closed() bool {
	e.broken = e.broken || e.token != ")"
	e.next()
	return !e.broken
}

// word reads an id: of a licence, of a licence that a document defines, or of an
// exception. suffix may follow it.
func (e *expression) word(suffix string) string {
	word := e.token
	id := strings.TrimSuffix(word, suffix)
	switch {
	case id == "", strings.Trim(id, letters) != "", id == "AND", id == "OR", id == "WITH":
		e.broken = true
	}
	e.next()
	return word
}

// letters are what ids consist of.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:"
